"""The session of a window: kept by itself, saved into files and opened from them."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from resnet_explorer.app.autosave import Autosave, Snapshot
from resnet_explorer.app.pages import Pages
from resnet_explorer.errors import ExplorerError
from resnet_explorer.runs.recorded import Recording, to_values
from resnet_explorer.scenes.scene import DIAGRAM
from resnet_explorer.scenes.session import SavedResult, SavedSession, is_inside, read, save
from resnet_explorer.ui.dialogs import confirm, warn
from resnet_explorer.ui.last_session import Start
from resnet_explorer.ui.preferences import runs_folder
from resnet_explorer.ui.recent import add_recent
from resnet_explorer.ui.window import PageView, Window

_MOST_TOLD = 5
OPENED_MS = 250
"""When a window that shows its session is taken to have opened: all of it was painted by then."""


class Sessions(QObject):
    """Reads the session of a window, keeps it, and shows another one; ``file_changed`` tells of another ``file``.

    What belongs to pages that are not built yet waits for them.
    """

    file_changed = Signal()

    def __init__(self, window: Window, pages: Pages, start: Start) -> None:
        super().__init__(window)
        self._window, self._pages, self._start = window, pages, start
        self.file = ""
        self._results: Sequence[SavedResult] = ()
        self._runs: dict[str, tuple[str, ...]] = {}
        self._plain: dict[int, tuple[Recording, SavedResult]] = {}
        self._autosave = Autosave(self._take, start.slot.path, self) if start.slot else None
        if self._autosave:
            self._autosave.failed.connect(window.say)
        pages.built_page.connect(self._on_built)

    def current(self) -> SavedSession:
        """Return all that the window holds."""
        window = self._window
        return replace(self._take()(), scene=window.scene(), history=window.document.history)

    def _take(self) -> Snapshot:
        """Return what makes the session of now: results become plain values only when that is called.

        While a lesson drives the window it is the user's own work from before.
        """
        window, built = self._window, self._pages.built
        scene, history = window.own_work
        window.layouts[DIAGRAM] = window.panels.layout_state()
        window.layouts |= {key: page.layout_state() for key, page in built.items()}
        runs = {key: names for key, page in built.items() if (names := _names_of_runs(page))}
        session = SavedSession(scene, dict(window.layouts), history, (), {**self._runs, **runs}, self.file)
        measured = [(key, recording) for key, page in built.items() for recording in page.measurements()]
        return partial(self._with_results, session, tuple(self._results), measured)

    def _with_results(
        self, session: SavedSession, waiting: Sequence[SavedResult], measured: Sequence[tuple[str, Recording]]
    ) -> SavedSession:
        plain = {}
        for page, recording in measured:
            key = id(recording.result)
            plain[key] = self._plain.get(key) or (recording, SavedResult(page, to_values(recording)))
        self._plain = plain
        return replace(session, results=(*(result for _, result in plain.values()), *waiting))

    def resume(self) -> str:
        """Go on where the window was last time, and return what the user is told."""
        notices = [self._start.notice]
        try:
            if opened := self._start.opened():
                self.file = opened.session.file
                self._window.document.restore(opened.session.history)
                self._show(self._allowed(opened.session) if self._start.file else opened.session, "")
                if opened.problems:
                    notices.append(f"Part of the last session cannot be read: {opened.problems[0]}")
        except ExplorerError as error:
            notices.append(f"The last session cannot be read. {error}")
        self._pages.built_page.connect(self._open_runs)
        self.file_changed.emit()
        if self._start.slot:
            QTimer.singleShot(OPENED_MS, self._start.slot.note_opened)
        if self._start.file:
            add_recent(Path(self.file))
        if self._autosave and (self._start.file or not self._start.shown):  # the slot holds another session, or none
            self._autosave.start()
        return " ".join(filter(None, notices))

    def note_change(self) -> None:
        """Keep the session, soon."""
        if self.file:
            self._window.setWindowModified(True)
        if self._autosave:
            self._autosave.start()

    def finish(self) -> None:
        """Keep the session now, and leave its file to other windows."""
        if self._autosave:
            self._autosave.finish()
        if self._start.slot:
            self._start.slot.release()

    def open(self, path: Path) -> bool:
        """Go to the session of a file, as one step that can be undone; a broken one is explained."""
        window = self._window
        try:
            opened = read(path)
        except ExplorerError as error:
            warn(window, "This session cannot be opened", error)
            return False
        window.leave_lesson()
        self._show(self._allowed(opened.session), f"open {path.name}")
        self._use(path)
        window.say(f"Opened {path}.")
        if opened.problems:
            told = [*opened.problems[:_MOST_TOLD], *(["…"] if len(opened.problems) > _MOST_TOLD else [])]
            problem = ExplorerError(str(path), "\n".join(told), "Everything else is open.")
            warn(window, "Parts of this session cannot be read", problem)
        return True

    def save(self, path: Path) -> bool:
        """Save the session into a file, which it belongs to from now on; a failure is explained."""
        try:
            save(replace(self.current(), file=""), path)
        except ExplorerError as error:
            warn(self._window, "The session could not be saved", error)
            return False
        self._use(path)
        self._window.say(f"Saved {path}.")
        return True

    def _use(self, path: Path) -> None:
        self.file = str(path.absolute())
        self.file_changed.emit()
        self._window.setWindowModified(False)
        add_recent(path)
        self._window.remember(replace(self._window.preferences, export_folder=str(path.parent)))
        if self._autosave:
            self._autosave.start()

    def _allowed(self, session: SavedSession) -> SavedSession:
        """Return a session without the pages that name files of this computer, unless the user lets it read them."""
        scene = session.scene
        paths = "\n".join(dict.fromkeys(scene.files))
        text = f"This session reads files of this computer. Only allow that where you know who made it.\n\n{paths}"
        if not paths or confirm(self._window, text, "Read these files?"):
            return session
        parts = {page: part for page, part in scene.parts.items() if not getattr(part, "files", ())}
        return replace(session, scene=replace(scene, parts=parts))

    def _show(self, session: SavedSession, label: str) -> None:
        window = self._window
        window.layouts |= {page: dict(layout) for page, layout in session.layouts.items()}
        self._results, self._runs = session.results, dict(session.runs)
        for key, page in self._pages.built.items():
            page.set_layout_state(window.layouts.get(key, {}))
            self._give_results(key)
        window.panels.set_layout_state(window.layouts.get(DIAGRAM, {}))
        window.go_to(session.scene, label)
        for key in self._pages.built:
            self._open_runs(key)

    def _on_built(self, key: str) -> None:
        self._window.page(key).measurements_changed.connect(self.note_change)
        self._give_results(key)

    def _give_results(self, key: str) -> None:
        """Give a page the results that wait for it, before it shows its part of the scene."""
        results = [result.content for result in self._results if result.page == key]
        self._results = [result for result in self._results if result.page != key]
        try:
            if results:
                self._window.page(key).show_measurements(results)
        except ExplorerError as error:
            self._window.say(f"A result of the session cannot be shown: {error}")

    def _open_runs(self, key: str) -> None:
        """Open the runs that wait for a page that shows none, once it shows its part of the scene."""
        folders = [runs_folder() / name for name in self._runs.pop(key, ())]
        page = self._window.page(key)
        if not any(run.metrics for run in page.runs) and (left := [folder for folder in folders if folder.is_dir()]):
            page.open_runs(left)


def _names_of_runs(page: PageView) -> tuple[str, ...]:
    """Return the folders of a page's runs by their paths in the folder of saved runs."""
    root = runs_folder()
    folders = [Path(run.folder) for run in page.runs if run.folder]
    paths = [folder.relative_to(root).as_posix() for folder in folders if folder.is_relative_to(root)]
    return tuple(path for path in paths if is_inside(path))
