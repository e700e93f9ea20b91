"""A safe start leaves out session and preferences, keeps both, and comes by itself after a crash at the start."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from shiboken6 import delete

from resnet_explorer.app import crash_reports
from resnet_explorer.app.app import build
from resnet_explorer.app.crash_reports import CrashReports
from resnet_explorer.app.main_window import MainWindow
from resnet_explorer.cli import main
from resnet_explorer.scenes.scene import State
from resnet_explorer.spec import InputShape
from resnet_explorer.spec.catalogue import find
from resnet_explorer.ui import crash_log, last_session, preferences
from resnet_explorer.ui.crash_bar import CrashBar
from resnet_explorer.ui.last_session import Start
from resnet_explorer.ui.preferences import folder
from resnet_explorer.ui.recent import recent_files
from tests.narrow import present

KEPT = "kept-session-1.rnx"


@pytest.fixture
def left(fresh_window: MainWindow) -> dict[str, bytes]:
    """What a window on ResNet-50 in the dark theme has left when it was closed, by its files."""
    fresh_window.choose_theme("dark")
    fresh_window.document.propose(State(find("resnet50"), InputShape()), "choose ResNet-50")
    fresh_window.close()
    return {path.name: path.read_bytes() for path in folder().iterdir() if path.is_file()}


def killed(start: Start, has_opened: bool = False) -> None:
    """End a start as the system does."""
    slot = present(start.slot)
    if has_opened:
        slot.note_opened()
    os.close(present(slot._lock))
    slot._lock = None


@pytest.fixture
def opened(qapp: QApplication) -> Iterator[MainWindow]:
    """The window of a safe start, as the app opens it."""
    start = last_session.start(is_safe=True)
    window = build(qapp, None, start)
    reports = CrashReports(window, start)
    window.show()
    window.build_panels()
    reports.watch()
    yield window
    window.end()
    delete(window)


def test_session_and_preferences_are_left_out_and_kept(
    left: dict[str, bytes], opened: MainWindow, qtbot: QtBot
) -> None:
    assert opened.document.state.spec.name == "resnet18" and opened.preferences.theme == "system"
    assert opened.windowTitle() == "ResNet-18 (safe start)"
    (bar,) = opened.findChildren(CrashBar)
    assert bar.text.text() == "⚠ Safe start: the last session and the preferences are left out, and kept."
    assert bar.session.isVisible() and bar.report.isHidden()
    assert (folder() / KEPT).read_bytes() == left["session-1.rnx"] and recent_files()[0].name == KEPT
    opened.choose_theme("projector")
    opened.close()
    for name in ("preferences.json", "window.ini"):
        assert (folder() / name).read_bytes() == left[name], "nothing is written over"
    assert preferences.load().theme == "dark"
    assert (folder() / "session-1.rnx").exists(), "its own session is kept as any other"


def test_the_session_can_be_opened_again(left: dict[str, bytes], opened: MainWindow) -> None:
    (bar,) = opened.findChildren(CrashBar)
    bar.session.click()
    assert opened.document.state.spec.name == "resnet50" and bar.isHidden()


def test_two_starts_that_do_not_open_are_followed_by_a_safe_one(left: dict[str, bytes]) -> None:
    killed(last_session.start())
    again = last_session.start()
    assert not again.is_safe and present(again.shown).scene.state.spec.name == "resnet50", "one may be chance"
    killed(again, has_opened=True)
    killed(last_session.start())
    killed(last_session.start())
    third = last_session.start()
    assert third.is_safe and third.shown is None and "did not start the last time" in third.left_out
    assert (folder() / KEPT).read_bytes() == left["session-1.rnx"]
    killed(third, has_opened=True)
    assert not last_session.start().is_safe


def test_a_network_that_is_named_needs_no_safe_start(left: dict[str, bytes]) -> None:
    killed(last_session.start())
    killed(last_session.start())
    named = last_session.start(is_new=True)
    assert not named.is_safe and present(named.slot).path.name == "session-2.rnx"
    assert last_session.start().is_safe


def test_a_window_that_cannot_be_made_is_a_sentence_and_the_next_start_is_safe(left: dict[str, bytes]) -> None:
    start = last_session.start()
    error = crash_reports.not_opened(ValueError("so it is"), start)
    assert str(error).startswith("The window cannot be opened. Internal error: ValueError: so it is.")
    assert "so it is" in present(crash_log.last()).what
    assert crash_reports.not_opened(error, start) is error
    assert last_session.start().is_safe


@pytest.mark.qt_no_exception_capture
def test_a_session_that_cannot_be_shown_is_kept_from_what_the_window_saves(
    left: dict[str, bytes], qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = last_session.start()
    window = build(qapp, None, start)
    reports = CrashReports(window, start)
    reports.install()
    window.show()
    try:
        raise ValueError("so it is")
    except ValueError as error:
        sys.excepthook(ValueError, error, error.__traceback__)
    qapp.processEvents()
    (bar,) = window.findChildren(CrashBar)
    assert "The next start leaves it out, and keeps it. Internal error: ValueError" in bar.text.text()
    reports.uninstall()
    window.end()
    delete(window)
    assert (folder() / KEPT).read_bytes() == left["session-1.rnx"]
    assert last_session.start().is_safe


def test_a_session_that_cannot_be_moved_is_not_written_over(
    left: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*of: object) -> None:
        raise OSError(13, "Permission denied")

    monkeypatch.setattr(os, "replace", refuse)
    start = last_session.start(is_safe=True)
    assert start.slot is None and start.left_out.endswith("This window's session is not kept.")
    assert (folder() / "session-1.rnx").read_bytes() == left["session-1.rnx"]


def test_a_session_is_not_named_with_safe(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lecture.rnx", "--safe"]) == 2
    assert "--safe starts without a session." in capsys.readouterr().err


DRIVER = """
import os, signal, sys
from PySide6.QtCore import QTimer
from resnet_explorer.app.app import main
from resnet_explorer.app.main_window import MainWindow
from resnet_explorer.ui.crash_bar import CrashBar

built = MainWindow.build_panels


def build_panels(window):
    if window.document.state.spec.name == "resnet50":
        os.kill(os.getpid(), signal.SIGSEGV)
    built(window)
    QTimer.singleShot(400, lambda: (print(window.findChild(CrashBar).text.text()), window.close()))


MainWindow.build_panels = build_panels
sys.exit(main([]))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no signals")
def test_a_session_that_crashes_at_load_locks_nobody_out(left: dict[str, bytes], tmp_path: Path) -> None:
    driver = tmp_path / "driver.py"
    driver.write_text(DRIVER, encoding="utf-8")
    first = subprocess.run([sys.executable, str(driver)], capture_output=True, text=True, timeout=120, check=False)
    assert first.returncode == -signal.SIGSEGV, first.stderr
    second = subprocess.run([sys.executable, str(driver)], capture_output=True, text=True, timeout=120, check=False)
    assert second.returncode == 0, second.stderr
    assert "this is a safe start" in second.stdout and "crashed the last time: Segmentation fault." in second.stdout
    assert (folder() / KEPT).read_bytes() == left["session-1.rnx"]
    logged = crash_log.path().read_text(encoding="utf-8")
    assert "build_panels" in logged and [*crash_log.path().parent.iterdir()] == [crash_log.path()], "none is left"
