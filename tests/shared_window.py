"""A window that one test leaves to the next: put back, and given away only where it then equals a new one."""

import os
from concurrent.futures import wait
from typing import Any

from PySide6.QtCore import QEvent, QModelIndex, QRect
from PySide6.QtWidgets import QApplication, QDialog, QLineEdit
from shiboken6 import delete, isValid

from resnet_explorer.app.app import build
from resnet_explorer.app.build_panel import OPEN
from resnet_explorer.app.main_window import MainWindow
from resnet_explorer.diagram.view import View
from resnet_explorer.scenes.scene import State as Shown
from resnet_explorer.spec.axes import AXES
from resnet_explorer.ui import last_session
from resnet_explorer.ui.frame import Frame
from resnet_explorer.ui.preferences import FOLDER_VARIABLE, folder
from tests.narrow import present
from tests.window_state import State, differences, state_of


def new_window(app: QApplication) -> MainWindow:
    """Return the window on ResNet-18 as a user gets it, without transitions."""
    made = build(app)
    made.resize(1280, 800)
    made.show()
    made.build_panels()
    made.diagram.animated = False
    settle(app, made)
    return made


def settle(app: QApplication, window: MainWindow) -> None:
    """Let everything come that a window does by itself after its first paint, and all layouts that it asked for."""
    app.processEvents()
    window.diagram._say.stop()
    window.diagram._announce(window.document.selection)
    for _ in range(3):
        app.sendPostedEvents()
        app.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def end(window: MainWindow) -> None:
    """Close a window, and all that belongs to it."""
    window.end()
    delete(window)


class SharedWindow:
    """Gives a window to one test after another, and a new one where the last one cannot be made as a new one."""

    def __init__(self) -> None:
        self._window: MainWindow | None = None
        self._state: State = {}
        self._shown: Shown | None = None
        self._layouts: list[tuple[Frame, dict[str, tuple[str, int]]]] = []
        self._place = QRect()
        self._folder = ""

    def take(self, app: QApplication) -> MainWindow:
        """Return a window that equals a new one."""
        window = self._window
        if window is None or not self._is_as_new(app, window):
            self.end()
            window = self._keep(new_window(app))
        self._folder = os.environ[FOLDER_VARIABLE]
        return window

    def end(self) -> None:
        """Close the window, where there is one; what it keeps goes where its own test has its settings."""
        window, self._window = self._window, None
        if window and isValid(window):
            now, os.environ[FOLDER_VARIABLE] = os.environ.get(FOLDER_VARIABLE), self._folder
            end(window)
            os.environ.pop(FOLDER_VARIABLE)
            if now is not None:
                os.environ[FOLDER_VARIABLE] = now

    def _keep(self, window: MainWindow) -> MainWindow:
        _keep_nothing(window)
        self._window, self._state, self._shown = window, state_of(window), window.document.state
        self._layouts = [(frame, frame.layout_state()) for frame in (window.panels, window._window_frame)]
        self._place = window.geometry()
        return window

    def _is_as_new(self, app: QApplication, window: MainWindow) -> bool:
        if folder().exists() or not isValid(window) or not _can_go_back(window):
            return False
        _end_gestures(app, window)
        self._put_back(window)
        settle(app, window)
        _keep_nothing(window)
        if differences(self._state, state_of(window)):
            return False
        _keep_session_in_new_folder(window)
        return True

    def _put_back(self, window: MainWindow) -> None:
        if self._shown:
            _show(window, self._shown)
        for frame, layout in self._layouts:
            frame.set_layout_state(layout)
        _close_sections(window)
        _show_whole_table(window)
        _forget_code(window)
        window.setGeometry(self._place)
        window.diagram.animated = False
        window.diagram._fitted = True
        window.diagram.redraw()


SHARED = SharedWindow()


def _can_go_back(window: MainWindow) -> bool:
    """Return whether a window has nothing that stays: pages, jobs, processes, a lesson, a stage, a file, a dialog."""
    pages, jobs = window._pages, window.jobs
    if pages is None or pages.built or window.sessions._autosave is None or not window.isVisible():
        return False
    has_worked = bool(jobs.states) or any(worker.process for worker in (*jobs._engine._workers, *jobs._pool._workers))
    is_elsewhere = window.lesson or window.stage or window.sessions.file or window.findChildren(QDialog)
    return not (has_worked or is_elsewhere)


def _end_gestures(app: QApplication, window: MainWindow) -> None:
    """Close what lies over the window, and let the diagram have the keyboard."""
    if popup := app.activePopupWidget():
        popup.close()
    app.processEvents()
    window.activateWindow()
    window.diagram.setFocus()
    app.processEvents()
    for line in window.findChildren(QLineEdit):
        line.setModified(False)
    window.statusBar().clearMessage()


def _keep_nothing(window: MainWindow) -> None:
    """Let the session wait for its first save, as after the start."""
    autosave: Any = window.sessions._autosave
    autosave._stop()
    if autosave._writing:
        wait([autosave._writing])
        autosave._writing = None
    autosave.start()
    window.layouts, window.sessions._plain = {}, {}


def _show(window: MainWindow, shown: Shown) -> None:
    """Show a network and nothing else, without steps to undo."""
    document = window.document
    document.show_state(shown)
    document.show_view(View())
    document.select("")
    document.hover_over("")
    document.use_device("cpu")
    for key in tuple(document.overlays):
        document.show_overlay(key, None)
    document.undo_stack.clear()
    window.tabs.setCurrentIndex(0)


def _close_sections(window: MainWindow) -> None:
    """Open the sections of the Build panel that are open at first, and forget what was typed into it."""
    panel = window.build
    panel._base = 0
    for text, section in panel.sections.items():
        section.header.setChecked(text in OPEN)
    for key in [key for key in panel._axes if AXES[key].section not in OPEN]:
        panel.sections[AXES[key].section].form.removeRow(panel._axes.pop(key))
        del panel.rows[key]
    if (head := panel.sections["Head"].form).rowCount():
        head.takeRow(panel.no_head)
    for row in panel.rows.values():
        for name in {"_words", "offer"} & set(vars(row)):
            vars(row).pop(name).deleteLater()
    for field in panel._axes.values():
        field._is_wanted = False
    panel.show_results(window.session.results)
    panel.verticalScrollBar().setValue(0)
    window.inspector.verticalScrollBar().setValue(0)


def _show_whole_table(window: MainWindow) -> None:
    """Show all layers as a tree that is closed, with columns of the widths that they need."""
    table, model = window.table, window.table.model
    table.filter.clear()
    table.filter.setModified(False)
    table.filter.setClearButtonEnabled(False)  # its button fades away
    table.filter.setClearButtonEnabled(True)
    table.kinds.setCurrentIndex(0)
    next(shape for shape in table.flat.group().buttons() if shape is not table.flat).setChecked(True)
    model.sort(-1)
    model.open_all(False)
    model.kind, model._places, model._texts_of, model._known_texts = "", None, None, {}
    model.refresh()
    table.view.clearSelection()
    table.view.setCurrentIndex(QModelIndex())
    table.view.fit(anew=True)
    table.view.scrollToTop()
    table._chosen, table._top = set(), 0


def _forget_code(window: MainWindow) -> None:
    code = window.code
    code.text.clear()
    code.count.clear()
    code._is_fresh = False


def _keep_session_in_new_folder(window: MainWindow) -> None:
    """Let a window keep its session where the settings are now."""
    sessions: Any = window.sessions
    sessions._start.slot.release()
    window._start = sessions._start = last_session.start()
    autosave = sessions._autosave
    autosave._path, autosave._saved, autosave._thread = present(window._start.slot).path, None, None
