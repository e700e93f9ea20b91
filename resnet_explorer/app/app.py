"""The application: builds everything once, shows the window, and hands over to the event loop."""

import gc
import os
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtGui import QGuiApplication, QIcon
from PySide6.QtWidgets import QApplication

from resnet_explorer import assets, features
from resnet_explorer.app import crash_reports
from resnet_explorer.app.application import Application
from resnet_explorer.app.main_window import MainWindow
from resnet_explorer.scenes.scene import State
from resnet_explorer.scenes.session import SUFFIX
from resnet_explorer.spec import ResNetSpec
from resnet_explorer.spec.catalogue import CATALOGUE
from resnet_explorer.spec.search import default_input, find_network
from resnet_explorer.ui import last_session, last_words, preferences, style
from resnet_explorer.ui.document import Document, Session
from resnet_explorer.ui.last_session import Start
from resnet_explorer.ui.preferences import Preferences
from resnet_explorer.ui.style import load_fonts

PAUSE_MS = 1000
WHOLE_S = 600
"""Seconds between two collections of everything, at least."""


class Collector(QObject):
    """Runs Python's garbage collection once a second when due, instead of whenever some thread allocates."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._due = gc.get_threshold()[0]
        self._last = time.monotonic()
        gc.disable()
        self._clock = QTimer(self)
        self._clock.timeout.connect(self.collect)
        self._clock.start(PAUSE_MS)

    def collect(self) -> None:
        """Collect what is new where that has grown past Python's own bound, and everything now and then."""
        is_watched = QGuiApplication.applicationState() == Qt.ApplicationState.ApplicationActive
        if not is_watched and time.monotonic() > self._last + WHOLE_S:
            self._last = time.monotonic()
            gc.unfreeze()
            self.settle()
        elif gc.get_count()[0] > self._due:
            self.settle()

    def settle(self) -> None:
        """Collect what is new, and leave what is left of it out of the next collections."""
        gc.collect()
        gc.freeze()


NAME = "resnet-explorer"
"""What the system calls the app: the class of its windows under X, their id under Wayland."""
QUIT_VARIABLE = "RESNET_EXPLORER_QUIT_AFTER_PAINT"


def main(nets: list[str], platform: str = "", lesson: str = "", is_safe: bool = False) -> int:
    """Open the window on a network or a session's file, where the last one was closed if none is named.

    Return the exit status. ``platform`` is the platform plugin that Qt shall take, where it would not find it itself.
    ``lesson`` is the file or the key of one that is opened then. One that ``is_safe`` leaves out the last session and
    the preferences. Raises SpecError or SpecFileError where the name or file is no network, ExplorerError where a file
    is no session.
    """
    file = Path(nets[0]) if nets and nets[0].lower().endswith(SUFFIX) else None
    spec = find_network(nets[0]) if nets and not file else None
    start = last_session.start(is_new=spec is not None, file=file, is_safe=is_safe)
    last_words.begin()
    app = Application([NAME, *(("-platform", platform) if platform else ())])
    try:
        window = build(app, spec, start)
    except Exception as error:
        raise crash_reports.not_opened(error, start) from error
    reports = crash_reports.CrashReports(window, start)
    reports.install()
    later: list[Callable[[], object]] = [reports.watch, partial(app.open_files_with, partial(_open_file, window))]
    if lesson:
        later.append(lambda: features.resolve("resnet_explorer.app.lessons:open_lesson")(window, lesson))
    if os.environ.get(QUIT_VARIABLE):
        later.append(window.close)
    elif not nets and not lesson:
        later.append(partial(_welcome, window))
    _show(app, window, later)
    status = app.exec()
    reports.uninstall()
    last_words.end()
    return status


def _show(app: QApplication, window: MainWindow, later: list[Callable[[], object]]) -> None:
    """Show the window, then start what the first paint must not wait for, and do what comes ``later``."""
    steps = [
        partial(_end_when_asked, window),
        window.start_engine,
        window.build_panels,
        Collector(app).settle,
        window.wake_engine,
        *later,
    ]
    for step in steps:
        window.diagram.first_painted.connect(step, Qt.ConnectionType.QueuedConnection)
    window.show()


def _end_when_asked(window: MainWindow) -> None:
    from resnet_explorer.app.end_signals import EndSignals

    EndSignals(window).arrived.connect(window.end)


def _open_file(window: MainWindow, path: str) -> None:
    features.resolve("resnet_explorer.app.commands:open_dropped")(window, path)


def _welcome(window: MainWindow) -> None:
    """Offer ways in at the first start."""
    if not window.preferences.was_welcomed:
        from resnet_explorer.app import doors

        doors.show(window)


def build(app: QApplication, spec: ResNetSpec | None = None, start: Start | None = None) -> MainWindow:
    """Return the window with its diagram, not yet shown; ``build_panels`` builds its panels.

    Without a spec it is on the network of the last time, and goes on there once the panels are built; on ResNet-18
    where there was no last time.
    """
    app.setApplicationName(NAME)
    app.setDesktopFileName(os.environ.get("FLATPAK_ID", NAME))
    app.setApplicationDisplayName("ResNet Explorer")
    app.setStyle("Fusion")
    load_fonts()
    start = start or last_session.start(is_new=spec is not None)
    saved = Preferences(was_welcomed=True) if start.is_safe else preferences.load()
    style.apply(app, style.theme_named(saved.theme))
    app.setWindowIcon(QIcon(str(assets.path("icons", "resnet-explorer.svg"))))
    window = MainWindow(app, Session(_document(spec, start)), saved, start)
    if start.notice:
        window.say(start.notice)
    return window


def _document(spec: ResNetSpec | None, start: Start) -> Document:
    if spec is not None or start.shown is None:
        shown = spec or CATALOGUE["resnet18"].spec
        return Document(State(shown, default_input(shown)))
    scene = start.shown.scene
    document = Document(scene.state)
    document.view, document.selection = scene.view, scene.selection
    return document
