"""Whatever goes wrong unseen is in the log, and in one quiet bar with a report to copy; repeats are counted."""

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QRunnable, Qt, QThreadPool, QTimer, qCritical, qWarning
from PySide6.QtGui import QGuiApplication, QPaintEvent
from PySide6.QtWidgets import QApplication, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from resnet_explorer.app.crash_reports import CrashReports
from resnet_explorer.app.main_window import MainWindow
from resnet_explorer.engine.messages import Died
from resnet_explorer.engine.requests import FindDevices, Verify
from resnet_explorer.errors import ExplorerError
from resnet_explorer.spec import InputShape
from resnet_explorer.spec.catalogue import find
from resnet_explorer.ui import crash_log, last_words
from resnet_explorer.ui.crash_bar import CrashBar
from resnet_explorer.ui.job_state import JobState
from resnet_explorer.ui.last_session import Start
from tests.narrow import present

pytestmark = pytest.mark.filterwarnings("default")


@pytest.fixture
def reports(fresh_window: MainWindow) -> Iterator[CrashReports]:
    """The window with all hooks, as the app has them."""
    made = CrashReports(fresh_window, Start())
    made.install()
    made.watch()
    yield made
    made.uninstall()


def bars(window: QWidget) -> list[CrashBar]:
    return window.findChildren(CrashBar)


def fail(*of: object) -> None:
    raise ValueError("so it is")


class Failing(QWidget):
    def paintEvent(self, event: QPaintEvent) -> None:
        fail()


class Work(QRunnable):
    def run(self) -> None:
        fail()


class Lost:
    def __del__(self) -> None:
        fail()


def from_slot(window: MainWindow) -> None:
    button = QPushButton(window)
    button.clicked.connect(fail)
    button.click()


def from_timer(window: MainWindow) -> None:
    QTimer.singleShot(0, fail)


def from_paint(window: MainWindow) -> None:
    failing = Failing(window)
    failing.resize(40, 40)
    failing.show()
    QTimer.singleShot(50, failing.hide)


def from_thread(window: MainWindow) -> None:
    threading.Thread(target=fail, name="reader").start()


def from_pool(window: MainWindow) -> None:
    QThreadPool.globalInstance().start(Work())


def from_nowhere(window: MainWindow) -> None:
    Lost()


def from_qt(window: MainWindow) -> None:
    qWarning("so it is")


def from_qt_twice_as_bad(window: MainWindow) -> None:
    qCritical("so it is")


def from_engine(window: MainWindow) -> None:
    window.document.tell_instruction_set("AVX2")
    window.jobs.died.emit(JobState(1, "Find devices", FindDevices()), Died(-11, 0, "Fatal: here"))


SOURCES = (
    (from_slot, "Internal error: ValueError: so it is (test_crash_reports.py, line"),
    (from_timer, "Internal error: ValueError: so it is (test_crash_reports.py, line"),
    (from_paint, "Internal error: ValueError: so it is (test_crash_reports.py, line"),
    (from_thread, "Internal error in the thread reader: ValueError: so it is"),
    (from_pool, "Internal error: ValueError: so it is"),
    (from_nowhere, "Internal error in Lost.__del__: ValueError: so it is"),
    (from_qt, "Qt reports: so it is."),
    (from_qt_twice_as_bad, "Qt reports: so it is."),
    (from_engine, "Find devices: PyTorch's process crashed (SIGSEGV)."),
)


@pytest.mark.qt_no_exception_capture
@pytest.mark.parametrize(("source", "said"), SOURCES, ids=[source.__name__ for source, _ in SOURCES])
def test_each_source_is_told_once(
    fresh_window: MainWindow, reports: CrashReports, qtbot: QtBot, source: Callable[[MainWindow], None], said: str
) -> None:
    fresh_window.diagram.setFocus()
    source(fresh_window)
    qtbot.waitUntil(lambda: bool(bars(fresh_window)))
    (bar,) = bars(fresh_window)
    assert said in bar.text.text() and bar.isVisible() and bar.report.isVisible() and bar.session.isHidden()
    assert fresh_window.diagram.hasFocus(), "it takes no focus"
    logged = present(crash_log.last())
    assert said in logged.what and re.fullmatch(r"\d{4}(-\d\d){2} \d\d:\d\d:\d\d", logged.when)


@pytest.mark.qt_no_exception_capture
def test_repeats_are_counted_and_not_stacked(fresh_window: MainWindow, reports: CrashReports, qtbot: QtBot) -> None:
    for _ in range(12):
        QTimer.singleShot(0, fail)
    qtbot.waitUntil(lambda: bool(bars(fresh_window)) and ", 12 times." in bars(fresh_window)[0].text.text())
    text = crash_log.path().read_text(encoding="utf-8")
    assert text.count(" UTC ") == 1 and text.count("10 times so far") == 1
    from_qt(fresh_window)
    (bar,) = bars(fresh_window)
    qtbot.waitUntil(lambda: bar.text.text().endswith("so it is. And 1 other problem."))
    fresh_window.build.setFocus()
    focused = fresh_window.focusWidget()
    qtbot.mouseClick(bar.dismiss, Qt.MouseButton.LeftButton)
    assert bar.isHidden() and fresh_window.focusWidget() is focused
    from_qt(fresh_window)
    from_slot(fresh_window)
    QApplication.processEvents()
    assert bar.isHidden(), "what was dismissed stays so"
    QTimer.singleShot(0, lambda: [][1])
    qtbot.waitUntil(bar.isVisible)
    assert bar.text.text().startswith("⚠ Internal error: IndexError") and "other problem" not in bar.text.text()
    assert list(reports.counts.values()) == [13, 2, 1]


@pytest.mark.qt_no_exception_capture
def test_the_report_says_what_it_depends_on_and_holds_no_paths_of_the_user(
    fresh_window: MainWindow, reports: CrashReports, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "home", lambda: Path(__file__).parents[1])
    fresh_window.actions_by_key["compare"].trigger()
    from_slot(fresh_window)
    from_engine(fresh_window)
    qtbot.waitUntil(lambda: bool(bars(fresh_window)))
    bars(fresh_window)[0].report.click()
    text = QGuiApplication.clipboard().text()
    facts = (
        "Versions: Python 3",
        "Shown: ResNet-18, diagram",
        "Last actions: Compare with",
        "Qt said: nothing",
    )
    for part in ("ValueError: so it is", "Job: FindDevices", "Fatal: here", "Instruction set: AVX2", *facts):
        assert part in text, part
    assert str(Path(__file__).parents[1]) not in text and "~/app/test_crash_reports.py" in text
    assert "on the clipboard" in fresh_window.statusBar().currentMessage()


@pytest.mark.qt_no_exception_capture
def test_what_the_user_can_mend_is_said_and_no_crash(fresh_window: MainWindow, reports: CrashReports) -> None:
    def refuse() -> None:
        raise ExplorerError("here", "That cannot be.", "Choose another.")

    button = QPushButton(fresh_window)
    button.clicked.connect(refuse)
    button.click()
    assert fresh_window.statusBar().currentMessage() == "That cannot be. Choose another."
    assert not bars(fresh_window) and crash_log.last() is None


def test_what_qt_says_of_a_desktop_at_the_start_is_logged_and_not_shown(fresh_window: MainWindow) -> None:
    reports = CrashReports(fresh_window, Start())
    reports.install()
    qWarning("This plugin does not support raise()")
    qWarning("There is no portal")
    reports.uninstall()
    QApplication.processEvents()
    assert not bars(fresh_window) and crash_log.last() is None, "a warning is no crash"
    text = crash_log.path().read_text(encoding="utf-8")
    assert "no portal" in text and "raise()" not in text


def test_the_log_rotates(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crash_log, "LARGEST", 2000)
    for number in range(60):
        crash_log.write(crash_log.crash("it", f"Problem {number}.", "line\n" * 20))
    files = sorted(path.name for path in crash_log.path().parent.iterdir())
    assert files == ["crashes.log", "crashes.log.1", "crashes.log.2"]
    assert all(path.stat().st_size <= 2100 for path in crash_log.path().parent.iterdir())
    assert present(crash_log.last()).what == "Problem 59."


def test_a_log_that_cannot_be_written_is_no_second_crash(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("RESNET_EXPLORER_CONFIG", str(tmp_path / "file"))
    crash_log.write(crash_log.crash("it", "Problem."))
    last_words.begin()
    last_words.end()


@pytest.mark.skipif(sys.platform == "win32", reason="no signals")
def test_a_window_that_crashed_is_told_of_by_the_next(fresh_window: MainWindow, reports: CrashReports) -> None:
    program = (
        "import os, signal\nfrom resnet_explorer.ui import last_words\n"
        "last_words.begin()\nos.kill(os.getpid(), signal.SIGSEGV)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], check=False)
    assert done.returncode == -signal.SIGSEGV and last_words.died_young()
    reports.watch()
    (bar,) = bars(fresh_window)
    assert "ResNet Explorer crashed the last time: Segmentation fault." in bar.text.text()
    assert not last_words.left() and "Segmentation fault" in present(crash_log.last()).what


@pytest.mark.skipif(sys.platform == "win32", reason="no signals")
def test_an_engine_that_crashes_tells_its_job_its_signal_and_where_it_was(
    fresh_window: MainWindow, reports: CrashReports, qtbot: QtBot
) -> None:
    jobs = fresh_window.jobs
    jobs.submit(FindDevices(), "Find devices", lambda job, result: None)
    qtbot.waitUntil(lambda: jobs.states[0].is_over, timeout=60_000)
    os.kill(jobs._engine._workers[0].process.pid, signal.SIGSEGV)
    qtbot.waitUntil(lambda: len(reports.crashes) == 1, timeout=60_000)
    assert (
        "PyTorch's process crashed (SIGSEGV) between two jobs. The next one starts it anew."
        in bars(fresh_window)[0].text.text()
    )
    jobs.submit(Verify(find("resnet1202"), InputShape(8, 32, 32)), "Compare with PyTorch", lambda job, result: None)
    qtbot.waitUntil(lambda: bool(jobs.states[0].log), timeout=60_000)
    os.kill(jobs._engine._workers[0].process.pid, signal.SIGSEGV)
    qtbot.waitUntil(lambda: len(reports.crashes) == 2, timeout=60_000)
    assert "Compare with PyTorch: PyTorch's process crashed (SIGSEGV)" in bars(fresh_window)[0].text.text()
    idle, crash = reports.crashes.values()
    assert "Job: none" in idle.details and "Job: Verify" in crash.details
    for each in (idle, crash):
        assert "Fatal Python error: Segmentation fault" in each.details
        assert "server.py" in each.details, "where its threads were"
