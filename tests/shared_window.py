"""One window for many tests: put back after each, and handed out again only where it equals what it was when new."""

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any

from PySide6.QtCore import QAbstractItemModel, QEvent, QObject, QRect, QTimer, SignalInstance
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QDialog,
    QLabel,
    QLineEdit,
    QMenu,
    QPlainTextEdit,
    QScrollBar,
    QStackedWidget,
    QTabWidget,
    QWidget,
)
from shiboken6 import delete, getCppPointer, isValid

from resnet_explorer.app.app import build
from resnet_explorer.app.build_panel import OPEN
from resnet_explorer.app.formula import Formula
from resnet_explorer.app.inspector import _Lines, _ShareBar
from resnet_explorer.app.layer_table import LayerTable
from resnet_explorer.app.main_window import MainWindow
from resnet_explorer.diagram.view import View
from resnet_explorer.spec import InputShape
from resnet_explorer.spec.catalogue import find
from resnet_explorer.ui.document import Document, Results, State
from resnet_explorer.ui.frame import OpenState
from resnet_explorer.ui.preferences import Preferences

START = State(find("resnet18"), InputShape())
_SHOWN: Mapping[type, tuple[str, ...]] = {
    QAction: ("text", "isChecked", "isEnabled", "isVisible"),
    QAbstractButton: ("text", "isChecked"),
    QAbstractSlider: ("value", "minimum", "maximum"),
    QAbstractSpinBox: ("text",),
    QComboBox: ("currentText", "currentIndex", "count"),
    QLabel: ("text",),
    QLineEdit: ("text", "isModified", "placeholderText"),
    QPlainTextEdit: ("toPlainText",),
    QStackedWidget: ("currentIndex",),
    QTabWidget: ("currentIndex", "count"),
    QTimer: ("isActive",),
}
_OF_WIDGETS = ("isHidden", "isEnabled", "toolTip", "accessibleName", "accessibleDescription", "hasFocus")
_CACHES = {
    "__METAOBJECT__", "_base", "_cells", "_chosen", "_dragged", "_heights", "_is_fresh", "_known_texts", "_places",
    "_texts_of", "_thread", "_top",
}  # fmt: skip
"""Attributes that say nothing of what is shown."""

Snapshot = dict[int, tuple[object, ...]]


class SharedWindow:
    """A window on ResNet-18 as a user gets it, without transitions, for one test after the other."""

    def __init__(self, app: QApplication) -> None:
        self._app = app
        self._window: MainWindow | None = None
        self._first: Snapshot = {}

    def take(self) -> MainWindow:
        """Return the window if it is as it was when new, else a new one."""
        if self._window is not None and not self._is_as_new(self._window):
            self.end()
        if self._window is None:
            self._window = fresh(self._app)
            put_back(self._window)
            self._settle(self._window)
            self._first = snapshot(self._window)
        return self._window

    def _is_as_new(self, window: MainWindow) -> bool:
        self._settle(window)
        return not differences(self._first, snapshot(window))

    def put_back(self) -> None:
        """Put the window back after a test; one that has asked the engine for something is ended."""
        window = self._window
        if window is None or not isValid(window):
            self._window = None
            return
        if window.isVisible() and not window.jobs.states:
            while left := self._left_over(window):
                delete(left)  # with what is in it
            put_back(window)
        else:
            self.end()

    def _left_over(self, window: MainWindow) -> QWidget | None:
        """Return a dialog or menu that a test has opened."""
        tops = (*window.findChildren(QDialog), *window.findChildren(QMenu))
        return next((top for top in tops if _key(top) not in self._first), None)

    def end(self) -> None:
        """Close the window, if there is one; it saves where it was in the settings' folder."""
        if self._window is not None and isValid(self._window):
            end(self._window)
        self._window = None

    def _settle(self, window: MainWindow) -> None:
        self._app.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        for _ in range(2):
            self._app.processEvents()
        window.activateWindow()
        window.diagram.setFocus()
        self._app.processEvents()


def fresh(app: QApplication) -> MainWindow:
    """Return a new window on ResNet-18 as a user gets it, without transitions."""
    made = build(app)
    made.resize(1280, 800)
    made.show()
    made.build_panels()
    made.diagram.animated = False
    app.processEvents()
    return made


def end(window: MainWindow) -> None:
    """Close a window with all that belongs to it."""
    window.end()
    delete(window)


def put_back(window: MainWindow) -> None:
    """Let a window be as when it was new, by what its parts offer; ``snapshot`` tells whether it is."""
    while popup := QApplication.activePopupWidget():
        popup.close()
    window.present(False)
    window.tabs.setCurrentIndex(0)
    _put_back_document(window.document)
    _put_back_look(window)
    _put_back_table(window.table)
    for text, section in window.build.sections.items():
        section.header.setChecked(text in OPEN)
    window.build.show_results(window.session.results)
    window.layouts.clear()
    window.resize(1280, 800)
    for drawer, size in zip(window.panels.drawers, (296, 284, 270, 270), strict=True):
        drawer.state, drawer.wanted = OpenState.AUTO, size
    window.panels._place()
    window.jobs_drawer.state = OpenState.CLOSED
    for bar in window.findChildren(QScrollBar):
        bar.setValue(0)
    for line in window.findChildren(QLineEdit):
        line.setModified(False)
    window.statusBar().clearMessage()
    window.diagram.fit()
    window._autosave._rest.stop()


def _put_back_document(document: Document) -> None:
    document.propose(START, "")
    document.undo_stack.clear()
    for key in tuple(document.overlays):
        document.show_overlay(key, None)
    document.show_view(View())
    document.select("")
    document.hover_over("")


def _put_back_look(window: MainWindow) -> None:
    if window.preferences.theme != Preferences().theme:
        window.actions_by_key[Preferences().theme].trigger()
    window.preferences = Preferences()
    window.set_reduced_motion(False)
    window.diagram.animated = False


def _put_back_table(table: LayerTable) -> None:
    table.filter.clear()
    table.kinds.setCurrentIndex(0)
    if table.flat.isChecked():
        next(button for button in table.flat.group().buttons() if button is not table.flat).click()
    table.model.sort(-1)
    table.model.open_all(False)
    table._on_bar_changed()
    table.view.selectionModel().clear()
    table.view.fit(anew=True)


def differences(first: Snapshot, now: Snapshot) -> list[str]:
    """Return where two snapshots of a window differ."""
    return [_difference(first.get(key), now.get(key)) for key in {**first, **now} if first.get(key) != now.get(key)]


def _difference(before: tuple[object, ...] | None, after: tuple[object, ...] | None) -> str:
    if before is None or after is None:
        return f"{(before or after or ('',))[0]} {'is gone' if before else 'is new'}"
    pairs: list[tuple[object, object]] = [*zip(before, after, strict=True)]
    if isinstance(before[-1], dict) and isinstance(after[-1], dict):
        pairs[-1:] = [(f"{key}: {value}", f"{key}: {after[-1].get(key)}") for key, value in before[-1].items()]
    return f"{before[0]}: " + "; ".join(f"{one} is now {other}" for one, other in pairs if one != other)


def snapshot(window: MainWindow) -> Snapshot:
    """Return what a window and its document hold and show: widgets, actions, models, and our own attributes."""
    document, known = window.document, dict[int, object]()
    stack = document.undo_stack
    whole = (stack.count(), window.statusBar().currentMessage(), [type(top) for top in _others(window)])
    parts = (window, *window.findChildren(QObject), document, *document.children())
    return {0: whole} | {
        _key(part): (type(part), *_seen(part), _attributes(part, known)) for part in parts if _counts(part)
    }


def _others(window: MainWindow) -> list[QWidget]:
    return [top for top in QApplication.topLevelWidgets() if top.isVisible() and top is not window]


def _key(part: QObject) -> int:
    return int(getCppPointer(part)[0])


def _is_ours(part: object) -> bool:
    return type(part).__module__.startswith("resnet_explorer")


def _counts(part: QObject) -> bool:
    """Return whether a part holds anything: one of a panel that is hidden waits for what it shows next."""
    if isinstance(part, _Lines) or isinstance(part.parent(), Formula):
        return False
    if isinstance(part, QLabel | Formula | _ShareBar) or type(part) is QWidget:
        return part.isVisible()
    if isinstance(part, QAbstractSpinBox | QComboBox):
        return not part.isHidden()
    if isinstance(part, QScrollBar | QPlainTextEdit) or isinstance(
        part.parent(), QLineEdit | QAbstractSpinBox | QComboBox
    ):
        return isinstance(part, QWidget) and part.isVisible()
    return isinstance(part, QWidget | QAbstractItemModel | QAction | QTimer) or _is_ours(part)


def _seen(part: QObject) -> Iterator[object]:
    """Yield what Qt knows of a part."""
    names = next((names for kind, names in _SHOWN.items() if isinstance(part, kind)), ())
    for name in (*names, *(_OF_WIDGETS if isinstance(part, QWidget) else ())):
        yield getattr(part, name)()
    if isinstance(part, QWidget):
        yield part.geometry().getRect() if part.isVisible() else None


def _attributes(part: QObject, known: dict[int, object]) -> object:
    if not _is_ours(part):
        return None
    return {name: _frozen(value, known) for name, value in vars(part).items() if name not in _CACHES}


def _frozen(value: Any, known: dict[int, object]) -> object:
    """Return a value in a form that does not change with it."""
    if value is None or isinstance(value, str | int | float | bytes | Enum | frozenset | QObject | SignalInstance):
        return value if not isinstance(value, QObject | SignalInstance) else type(value)
    if id(value) not in known:
        known[id(value)] = type(value)
        known[id(value)] = _taken_apart(value, known)
    return known[id(value)]


def _taken_apart(value: Any, known: dict[int, object]) -> object:
    if isinstance(value, Results):
        return value.state
    if isinstance(value, Mapping):
        return {key: _frozen(entry, known) for key, entry in value.items()}
    if isinstance(value, list | tuple | set):
        return [_frozen(entry, known) for entry in value]
    if isinstance(value, QRect):
        return value.getRect()
    if not _is_ours(value):
        return type(value)
    if is_dataclass(value):
        return {field.name: _frozen(getattr(value, field.name), known) for field in fields(value)}
    return {name: _frozen(entry, known) for name, entry in getattr(value, "__dict__", {}).items()}
