"""A monkey at a real window: does one step after the other, also inside of menus and dialogs, and looks each time."""

import faulthandler
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TextIO

import psutil
import shiboken6
from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from resnet_explorer.app.app import Collector, build
from resnet_explorer.app.main_window import MainWindow
from tests.monkey.controls import Key
from tests.monkey.faults import Faults
from tests.monkey.hands import Hands, cancel_all, engine_pids
from tests.monkey.outside import Outside, fill
from tests.monkey.steps import Step, to_text
from tests.monkey.views import disagreements

EVERY = 20
"""Steps from one look at all views to the next."""
PATIENCE_S = 600
"""A step that takes longer hangs: where it stands is written, and the process ends."""
GUARD_MS = 3000
"""How long nothing is done before a dialog is left that opened while another one was being left."""
OPENS_MS = 30
"""How long after a step a menu or dialog that it opened is worked in."""
AT_MOST = 8
"""Steps inside of a dialog before it is left."""
MEMORY = 2 * 2**30
"""Bytes that jobs are told to be free, and that the engine's processes may have together before they are killed."""
JOBS_END_S = 30
"""How long a cancelled job, or a process whose window is closed, may live."""
PROGRESS = 1000


def open_window(app: QApplication) -> MainWindow:
    """Return the window as the app opens it, with its engine."""
    window = build(app)
    window.resize(1280, 800)
    window.show()
    app.processEvents()
    window.start_engine()
    window.build_panels()
    Collector(app).setParent(window)
    window.wake_engine()
    window.jobs.free = lambda: MEMORY
    app.processEvents()
    return window


class Monkey:
    """Does steps to a window; ``done`` are those that were done, each with the name of what it was done to."""

    def __init__(self, app: QApplication, folder: Path, faults: Faults, log: TextIO) -> None:
        fill(folder)
        self._app, self._faults, self._log = app, faults, log
        self._outside = Outside(folder)
        self.window = open_window(app)
        self.hands = Hands(app, self.window, self._outside)
        self.done: list[Step] = []
        self._steps: Iterator[Step] = iter(())
        self._loop = QEventLoop()
        self._look_at = EVERY
        self.slowest = (0.0, "")
        self._stepped = time.monotonic()
        self._guard()

    def run(self, steps: Iterable[Step]) -> None:
        """Do steps, then let every job end.

        Each is an event of one loop, as a user's are: what is to be deleted later lives until the step is over, also
        where that opens a dialog.
        """
        self._steps = iter(steps)
        self._app.setQuitOnLastWindowClosed(False)
        QTimer.singleShot(0, self._turn)
        self._loop.exec()
        faulthandler.cancel_dump_traceback_later()
        self.leave_everything()
        self._settle()

    def _turn(self) -> None:
        if not self._next():
            self._loop.quit()
            return
        try:
            self._look()
        finally:
            QTimer.singleShot(0, self._turn)

    def _next(self) -> bool:
        step = next(self._steps, None)
        if step is None:
            return False
        self._faults.step = len(self.done)
        faulthandler.dump_traceback_later(PATIENCE_S, exit=True)
        place = len(self.done)
        self.done.append(step)
        self._stepped = time.monotonic()
        if place % PROGRESS == 0:
            size = psutil.Process().memory_info().rss / 2**20
            print(f"{place} steps, {len(self._app.allWidgets())} widgets, {size:.0f} MiB", flush=True)
        print(to_text([step]), end="", file=self._log, flush=True)
        self._outside.dice.seed(step.value)
        before = self._app.activePopupWidget(), self._app.activeModalWidget()
        inside = QTimer(singleShot=True, interval=OPENS_MS)
        inside.timeout.connect(lambda: self._work_inside(inside, before, step.value))
        inside.start()
        start = time.perf_counter()
        try:
            self.done[place] = step._replace(target=self.hands.do(step))
            took = time.perf_counter() - start
            self._app.processEvents()
        except Exception:  # of what Qt calls: it comes out where Qt was called
            self._faults.on_exception(*sys.exc_info())
            took = 0.0
        if len(self.done) == place + 1:
            self.slowest = max(self.slowest, (took, f"{self.done[place]}"))
        inside.stop()
        return True

    def _work_inside(self, timer: QTimer, before: tuple[QWidget | None, QWidget | None], value: int) -> None:
        """Do some steps in a menu or a dialog that keeps the step before from its end, and leave it."""
        top = self._app.activePopupWidget() or self._app.activeModalWidget()
        if top is None or top in before:
            timer.start()
            return
        for _ in range(value % AT_MOST):
            if not _is_there(top) or not self._next():
                break
        self._leave(top)
        timer.start()

    def _guard(self) -> None:
        """Leave what opened while a dialog was being left, where nobody else looks for it."""
        QTimer.singleShot(GUARD_MS, self._guard)
        top = self._app.activePopupWidget() or self._app.activeModalWidget()
        if top is not None and time.monotonic() > self._stepped + GUARD_MS / 1000:
            self._leave(top)

    def _leave(self, top: QWidget) -> None:
        """Leave a menu or dialog as a user can: by Escape."""
        for _ in range(5):
            if not _is_there(top):
                return
            QTest.keyClick(top.focusWidget() or top, Key.Key_Escape)
            self._app.processEvents()
        if _is_there(top):
            self._faults.add(f"Escape does not leave {type(top).__name__} {top.windowTitle()!r}")
            top.close()

    def leave_everything(self) -> None:
        """Leave menus, dialogs, the stage and the lesson."""
        for _ in range(10):
            top = self._app.activePopupWidget() or self._app.activeModalWidget()
            if top is None:
                break
            self._leave(top)
        self.window.present(False)
        self.window.leave_lesson()
        for widget in self._app.topLevelWidgets():
            if widget is not self.window and widget.isVisible():
                widget.close()
        self._app.processEvents()

    def _look(self) -> None:
        top = self._app.activePopupWidget() or self._app.activeModalWidget()
        if top is not None and len(self.done) % AT_MOST == 0:
            self._leave(top)
        if len(self.done) >= self._look_at:
            self._look_at = len(self.done) + EVERY
            self._compare()
            self._spare_memory()

    def _compare(self) -> None:
        if not self.window.isVisible():
            self._faults.add("the window is gone")
            self.window.show()
        self._app.processEvents()
        try:
            for text in disagreements(self.window):
                self._faults.add(f"views: {text}")
        except Exception:
            self._faults.on_exception(*sys.exc_info())

    def _spare_memory(self) -> None:
        """End a process that takes more memory than there is for it, as the system does."""
        for pid in engine_pids(self.window):
            with suppress(psutil.NoSuchProcess):
                process = psutil.Process(pid)
                if process.memory_info().rss > MEMORY:
                    process.kill()

    def _settle(self) -> None:
        """Cancel every job, and wait until all are over."""
        cancel_all(self.window)
        end = time.monotonic() + JOBS_END_S
        while any(not state.is_over for state in self.window.jobs.states) and time.monotonic() < end:
            QTest.qWait(50)
        for state in self.window.jobs.states:
            if not state.is_over:
                self._faults.add(f"a cancelled job does not end: {type(state.job).__name__} {state.phase}")
        self._compare()

    def close(self) -> None:
        """Close the window, and look whether it leaves processes behind."""
        pids = engine_pids(self.window)
        self.window.end()
        end = time.monotonic() + JOBS_END_S
        while any(_runs(pid) for pid in pids) and time.monotonic() < end:
            QTest.qWait(50)
        if any(_runs(pid) for pid in pids):
            self._faults.add("a process of the engine outlives the window")


def _runs(pid: int) -> bool:
    with suppress(psutil.NoSuchProcess):
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    return False


def _is_there(widget: QWidget) -> bool:
    return shiboken6.isValid(widget) and widget.isVisible()
