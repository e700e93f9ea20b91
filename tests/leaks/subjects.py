"""What is opened and closed again and again: windows, pages, dialogs, menus, the stage, lessons, jobs."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple
from unittest.mock import patch

import shiboken6
from PySide6.QtCore import QEvent, QPoint, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QMenu, QWidget

from resnet_explorer import features
from resnet_explorer.app import context_menu
from resnet_explorer.app.app import build
from resnet_explorer.app.main_window import MainWindow
from resnet_explorer.app.session_files import list_recent
from resnet_explorer.engine.jobs import Job
from resnet_explorer.engine.requests import FindDevices, Verify
from resnet_explorer.errors import ExplorerError
from resnet_explorer.scenes.scene import State
from resnet_explorer.spec import InputShape, codec
from resnet_explorer.spec.catalogue import find
from resnet_explorer.ui import dialogs
from resnet_explorer.ui.job_state import Phase
from resnet_explorer.ui.preferences import folder

SMALL = InputShape(1, 32, 32)
DIALOGS = ("export", "timeline", "verdict", "shortcuts", "about", "lessons", "help", "guide", "disk-space", "palette")
"""The actions that open a dialog or a window over the picture and need no file."""
FILES = ("open", "open-session", "save", "save-source", "export-table", "save-session-as")
PATIENCE_MS = 30_000


class Subject(NamedTuple):
    """What is opened and closed by ``round``, which is called again and again."""

    name: str
    round: Callable[[], object]


def close_all(app: QApplication, window: QWidget) -> None:
    """Leave menus and dialogs by Escape, as a user does."""
    app.processEvents()
    for _ in range(4):
        QTest.keyClick(app.focusWidget() or window, Qt.Key.Key_Escape)
        for top in [app.activePopupWidget(), app.activeModalWidget(), *app.topLevelWidgets()]:
            if top is not None and shiboken6.isValid(top) and top is not window and top.isVisible():
                QTest.keyClick(top.focusWidget() or top, Qt.Key.Key_Escape)
    for top in app.topLevelWidgets():
        if top is not window and top.isVisible():
            top.close()
    app.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def opened(app: QApplication) -> MainWindow:
    """Return a window on a small network, with its panels."""
    window = build(app, find("resnet20"))
    window.resize(1280, 800)
    window.show()
    window.build_panels()
    window.set_reduced_motion()
    app.processEvents()
    return window


def end(window: MainWindow) -> None:
    window.end()
    shiboken6.delete(window)


def open_and_end(app: QApplication, *pages: str) -> None:
    """Open a window, show these of its pages, all where none are named, and end it."""
    window = opened(app)
    for key in pages or [page.key for page in features.pages()]:
        window.show_page(key)
        app.processEvents()
    end(window)
    app.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def windows(app: QApplication) -> Iterator[Subject]:
    """Yield windows, each with a page that is built in it."""
    for page in ("diagram", *(page.key for page in features.pages())):
        yield Subject(f"window on {page}", lambda page=page: open_and_end(app, page))  # type: ignore[misc]


def in_window(app: QApplication, window: MainWindow) -> Iterator[Subject]:
    """Yield what is opened and closed in a window that stays, and does not keep its session meanwhile."""
    window.sessions._autosave = None

    def act(key: str) -> None:
        QTimer.singleShot(0, lambda: close_all(app, window))
        window.actions_by_key[key].trigger()
        app.processEvents()
        close_all(app, window)

    for key in DIALOGS:
        yield Subject(f"action {key}", lambda key=key: act(key))  # type: ignore[misc]
    yield Subject("boxes", lambda: _show_boxes(app, window))
    yield Subject("menus", lambda: _show_menus(app, window))
    yield Subject("stage", lambda: _present(app, window))
    yield Subject("lesson", lambda: _take_lesson(app, window))
    yield Subject("networks", lambda: _change_network(app, window))
    for page in features.pages():
        yield Subject(f"page {page.key}", lambda key=page.key: _go_there_and_back(app, window, key))  # type: ignore[misc]
    yield Subject("themes", lambda: _change_theme(window))


def _go_there_and_back(app: QApplication, window: MainWindow, key: str) -> None:
    window.show_page(key)
    app.processEvents()
    window.show_page("diagram")
    app.processEvents()


def _show_boxes(app: QApplication, window: MainWindow) -> None:
    error = ExplorerError("here", "This is wrong.", "Do that.")
    for ask in (
        lambda: dialogs.confirm(window, "Start?"),
        lambda: dialogs.confirm_quit(window, 1),
        lambda: dialogs.warn(window, "This", error),
        lambda: dialogs.offer(window, "This", "text", "more", "instead"),
    ):
        QTimer.singleShot(0, lambda: close_all(app, window))
        ask()


def _show_menus(app: QApplication, window: MainWindow) -> None:
    for show in (context_menu.show_for_diagram, context_menu.show_for_table):
        show(window, QPoint(100, 100))
        app.processEvents()
        close_all(app, window)
    for action in window.menuBar().actions():
        menu = action.menu()
        menu.popup(QPoint(50, 50))  # type: ignore[attr-defined]
        app.processEvents()
        close_all(app, window)


def _present(app: QApplication, window: MainWindow) -> None:
    window.present(True)
    app.processEvents()
    window.present(False)
    app.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def _take_lesson(app: QApplication, window: MainWindow) -> None:
    from resnet_explorer.app.lessons import open_lesson

    player = open_lesson(window, "02-what-a-block-computes")
    assert player
    player.go(1)
    app.processEvents()
    player.leave()
    app.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    window.document.undo_stack.clear()


def _change_network(app: QApplication, window: MainWindow) -> None:
    for name in ("resnet32", "resnet20"):
        window.document.propose(State(find(name), SMALL), "change")
        app.processEvents()
    window.document.undo_stack.clear()


def _change_theme(window: MainWindow) -> None:
    for theme in ("dark", "light"):
        window.choose_theme(theme)


@contextmanager
def answered(path: Path) -> Iterator[None]:
    """Let every question for a file be answered by a path."""
    with patch.multiple(
        QFileDialog,
        getOpenFileName=lambda *_, **__: (str(path), ""),
        getSaveFileName=lambda parent, title, start, kinds="", *_: (str(path), kinds.split(";;")[0]),
    ):
        yield


def files(app: QApplication, window: MainWindow) -> Iterator[Subject]:
    """Yield what opens and saves files."""

    path = folder() / "net.json"
    path.parent.mkdir(parents=True, exist_ok=True)

    def act(key: str) -> None:
        path.write_text(codec.dumps(find("resnet20")), encoding="utf-8")
        with answered(path):
            QTimer.singleShot(0, lambda: close_all(app, window))
            window.actions_by_key[key].trigger()
            close_all(app, window)
        window.document.undo_stack.clear()

    for key in FILES:
        yield Subject(f"action {key}", lambda key=key: act(key))  # type: ignore[misc]
    recent = QMenu(window)
    yield Subject("recent files", lambda: list_recent(window, recent))


def jobs(window: MainWindow) -> Iterator[Subject]:
    """Yield jobs that end in every way."""

    def ask(job: Job, then: Callable[[int], object] = lambda number: None) -> None:
        number = window.jobs.submit(job, "job", lambda job, result: None, anew=True)
        then(number)
        end = PATIENCE_MS
        while (state := window.jobs.state(number)) is not None and not state.is_over and end > 0:
            QTest.qWait(5)
            end -= 5
        assert state is None or state.phase is not Phase.RUNNING

    def kill(number: int) -> None:
        process = window.jobs._engine._workers[0].process
        with suppress(ProcessLookupError, AttributeError, TypeError):
            os.kill(process.pid, signal.SIGKILL)

    small = Verify(find("resnet20"), SMALL)
    yield Subject("job done", lambda: ask(FindDevices()))
    yield Subject("job cancelled", lambda: ask(small, window.jobs.cancel))
    yield Subject("job whose process dies", lambda: ask(small, kill))
