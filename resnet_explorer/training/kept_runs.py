"""The list of saved runs and of the app's recordings: shown, continued, renamed and deleted."""

import re
from collections.abc import Callable, Generator, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QKeyEvent, QUndoCommand, QUndoStack
from PySide6.QtWidgets import QAbstractItemView, QGridLayout, QHeaderView, QTreeWidget, QTreeWidgetItem, QWidget

from resnet_explorer.errors import ExplorerError
from resnet_explorer.runs.folder import RunFolder, Trashed, fetch_back, found_runs, newest_first, rename, throw_away
from resnet_explorer.training.presets import PRESETS
from resnet_explorer.ui.parts import button, describe, label, vbox
from resnet_explorer.ui.turns import Turns

T = TypeVar("T")
_PATH = Qt.ItemDataRole.UserRole


def _grouped(root: Path) -> Generator[None, None, list[tuple[str, list[RunFolder]]]]:
    """Return the saved runs under the name of the folder that they share, the newest group first, in pieces."""
    found: list[RunFolder] = []
    for run in found_runs(root):
        found.append(run)
        yield
    groups: dict[Path, list[RunFolder]] = {}
    for run in newest_first(found):
        groups.setdefault(run.path.parent, []).append(run)
    return [
        ("Others" if folder == root else folder.name, sorted(runs, key=lambda run: run.path.name))
        for folder, runs in groups.items()
    ]


class _Deletion(QUndoCommand):
    def __init__(self, owner: "KeptRuns", runs: Sequence[RunFolder]) -> None:
        super().__init__(f"delete {runs[0].name if len(runs) == 1 else f'{len(runs)} runs'}")
        self._owner, self._paths = owner, [run.path for run in runs]
        self._trashed: list[Trashed] = []

    def redo(self) -> None:
        attempts = [self._owner.attempt(partial(throw_away, path)) for path in self._paths]
        self._trashed = [trashed for trashed in attempts if trashed is not None]
        self._owner.refresh()

    def undo(self) -> None:
        for trashed in self._trashed:
            self._owner.attempt(partial(fetch_back, trashed))
        self._owner.refresh()


class KeptRuns(QWidget):
    """Signals give the folders to show, to continue, or to save as a table; ``said`` is for the status bar."""

    show_wanted = Signal(list)
    continue_wanted = Signal(list)
    save_wanted = Signal(list)
    said = Signal(str)

    def __init__(self, root: Path, recorded: Path, undo: QUndoStack, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._root, self._recorded, self._undo = root, recorded, undo
        self._turns = Turns(self)
        self.tree = describe(_Tree(), "Saved runs")
        self.tree.setHeaderHidden(True)
        self.tree.setColumnCount(2)
        self.tree.header().setStretchLastSection(False)
        self.tree.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.tree.header().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self.tree.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.tree.setEditTriggers(QAbstractItemView.EditTrigger.EditKeyPressed)
        self.empty = label("Nothing has been trained here yet.", "muted", wrap=True)
        self.play = button("Show", "Show and replay the selected runs (Enter)", self._on_show)
        tip = "Continue the selected runs where they stopped"
        self.proceed = button("Continue", tip, self._on_continue)
        tip = "Save every step of the selected runs as CSV or JSON"
        self.save = button("Save…", tip, lambda: self.save_wanted.emit([run.path for run in self.chosen]))
        self.name = button("Rename", "Rename the selected run (F2)", self._on_name)
        self.delete = button("Delete", "Delete the selected runs (Delete); Undo restores them", self._on_delete)
        buttons = QGridLayout()
        buttons.setSpacing(4)
        for index, widget in enumerate((self.play, self.proceed, self.save, self.name, self.delete)):
            buttons.addWidget(widget, index // 3, index % 3)
        vbox(self.empty, (self.tree, 1), buttons, of=self, margins=(8, 8, 8, 8))
        self.tree.itemSelectionChanged.connect(self._on_selection)
        self.tree.itemActivated.connect(self._on_show)
        self.tree.itemChanged.connect(self._on_renamed)
        self.tree.unwanted.connect(self._on_delete)
        self._on_selection()

    def refresh(self) -> None:
        """Read the folders anew, now."""
        self._turns.stop()
        for _ in self._refreshing():
            pass

    def refresh_soon(self) -> None:
        """Read the folders anew in pieces, between the window's events."""
        self._turns.begin(self._refreshing())

    def _refreshing(self) -> Iterator[None]:
        own = yield from _grouped(self._root)
        recorded = yield from _grouped(self._recorded)
        items = []
        for title, runs in own:
            items.append(_item(title, runs, editable=True))
            yield
        for title, runs in recorded:
            items.append(_item(PRESETS[title].title if title in PRESETS else title, runs, editable=False))
            yield
        with QSignalBlocker(self.tree):
            self.tree.clear()
            self.tree.addTopLevelItems(items)
        self.empty.setVisible(not own)
        self._on_selection()

    @property
    def chosen(self) -> list[RunFolder]:
        """Return the selected runs; a group stands for all of its runs."""
        chosen: dict[RunFolder, None] = {}
        for item in self.tree.selectedItems():
            rows = [item.child(row) for row in range(item.childCount())] or [item]
            chosen |= {run: None for row in rows if row and (run := row.data(0, _PATH))}
        return list(chosen)

    def _own(self) -> list[RunFolder]:
        return [run for run in self.chosen if self._recorded not in run.path.parents]

    def _on_selection(self) -> None:
        chosen, own = self.chosen, self._own()
        self.play.setEnabled(bool(chosen))
        self.save.setEnabled(bool(chosen))
        self.delete.setEnabled(bool(own))
        self.name.setEnabled(len(own) == 1)
        self.proceed.setEnabled(any(not run.is_finished for run in own))

    def _on_show(self) -> None:
        if self.chosen:
            self.show_wanted.emit([run.path for run in self.chosen])

    def _on_continue(self) -> None:
        self.continue_wanted.emit([run.path for run in self._own()])

    def _on_name(self) -> None:
        item = next((item for item in self.tree.selectedItems() if item.parent()), None)
        if item is not None:
            self.tree.editItem(item, 0)

    def _on_renamed(self, item: QTreeWidgetItem) -> None:
        run = item.data(0, _PATH)
        if run is not None and item.text(0) != run.name and self._recorded not in run.path.parents:
            self.attempt(lambda: rename(run.path, item.text(0)))
            self.refresh()

    def _on_delete(self) -> None:
        own = self._own()
        if own:
            self._undo.push(_Deletion(self, own))
            self.said.emit(f"{len(own)} run{'s' if len(own) > 1 else ''} deleted: Undo (Ctrl+Z) restores them.")

    def attempt(self, work: Callable[[], T]) -> T | None:
        """Return what ``work`` returns; an error is shown in the status bar."""
        try:
            return work()
        except ExplorerError as error:
            self.said.emit(str(error))
            return None


class _Tree(QTreeWidget):
    unwanted = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Delete:
            self.unwanted.emit()
        else:
            super().keyPressEvent(event)


def _item(title: str, runs: Sequence[RunFolder], editable: bool) -> QTreeWidgetItem:
    match = re.fullmatch(r"\d{4}-(\d{2}-\d{2}) (\d{2})\.(\d{2})\.\d{2} (.+)", title)
    text, when = (match[4], f"{match[1]} {match[2]}:{match[3]}") if match else (title, "")
    parent = QTreeWidgetItem([text, when if editable else "recorded"])
    parent.setToolTip(0, title)
    for run in runs:
        left = "" if run.is_finished else f"{run.steps:,} of {run.plan.recipe.steps:,} steps"
        item = QTreeWidgetItem([run.name, left])
        item.setData(0, _PATH, run)
        item.setToolTip(0, _describe(run))
        if editable:
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsEditable)
        parent.addChild(item)
    return parent


def _describe(run: RunFolder) -> str:
    recipe = run.plan.recipe
    state = f"{run.steps:,} of {recipe.steps:,} steps"
    lines = [
        f"{run.name}: {state}",
        f"{run.environment.data}, seed {run.plan.seed}",
        f"batch {recipe.batch}, {recipe.optimiser}, rate {recipe.learning_rate:g} {recipe.schedule}",
        f"{run.environment.began[:16]} on {run.environment.machine}, PyTorch {run.environment.torch}",
        str(run.path),
    ]
    return "\n".join([*lines, run.problem] if run.problem else lines)
