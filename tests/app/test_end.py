"""The window is closed at any moment, from its first paint on: no process of its outlives it."""

import os
import signal
import subprocess
import sys
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest
from PySide6.QtWidgets import QApplication
from shiboken6 import delete

from resnet_explorer.app.app import build
from resnet_explorer.app.main_window import MainWindow
from resnet_explorer.ui import preferences

MOMENTS = (0, 0, 20, 40, 60, 80, 100, 130, 160, 200, 250, 300, 350, 400, 500, 600, 800, 1000, 1400, 2000)
"""Milliseconds after the first paint: panels are being built, PyTorch is imported, the engine starts, it is at work."""
WAYS = ("close", "terminate", "close while training starts", "hang up", "kill")
SIGNALS = {"terminate": "SIGTERM", "hang up": "SIGHUP", "kill": "SIGKILL"}
HANGS = 60
"""Seconds after which a window is taken to hang."""
DRIVER = """
import signal
import sys

from PySide6.QtCore import QTimer
from resnet_explorer.app.app import main
from resnet_explorer.app.main_window import MainWindow


def shown(window, show=MainWindow.show):
    show(window)
    window.diagram.first_painted.connect(lambda: painted(window, int(sys.argv[1]), sys.argv[2]))


def painted(window, moment, way):
    if way == "close while training starts":
        QTimer.singleShot(moment // 2, lambda: window.jobs.start_training())
    if way.startswith("close"):
        QTimer.singleShot(moment, window.close)
    QTimer.singleShot(moment, lambda: print("now", flush=True))


if __name__ == "__main__":
    MainWindow.show = shown
    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # the tests may run under nohup, which the app heeds
    sys.exit(main([]))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no signals")
def test_no_process_outlives_a_window_that_is_closed_at_twenty_moments(tmp_path: Path) -> None:
    driver = tmp_path / "driver.py"
    driver.write_text(DRIVER, encoding="utf-8")
    ways = [WAYS[place % len(WAYS)] for place in range(len(MOMENTS))]
    with ThreadPoolExecutor(4) as several:
        problems = list(several.map(lambda moment, way: _closed(driver, moment, way), MOMENTS, ways))
    assert problems == [""] * len(MOMENTS)


def _closed(driver: Path, moment: int, way: str) -> str:
    """Close a window at a moment, and return what was wrong with its end."""
    mark = uuid.uuid4().hex
    environment = {**os.environ, "RESNET_EXPLORER_CONFIG": str(driver.parent / mark), "MARK": mark}
    command = [sys.executable, str(driver), str(moment), way]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as window:
        assert window.stdout and window.stderr
        if window.stdout.readline() != "now\n":
            return window.stderr.read()
        if way in SIGNALS:
            window.send_signal(getattr(signal, SIGNALS[way]))
        try:
            status = window.wait(HANGS)
        except subprocess.TimeoutExpired:
            for one in (*_marked(mark), psutil.Process(window.pid)):
                one.kill()
            return f"{way} after {moment} ms: hangs"
        end = time.monotonic() + 2
        while (left := _marked(mark)) and time.monotonic() < end:
            time.sleep(0.02)
        for one in left:
            one.kill()
        said = [line for line in window.stderr if "propagateSizeHints" not in line]
    is_well = status == (-signal.SIGKILL if way == "kill" else 0) and not left and not said
    return "" if is_well else f"{way} after {moment} ms: {status} {left} {said}"


def _marked(mark: str) -> list[psutil.Process]:
    """Return the processes that live and were started from the window, at whatever remove."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("MARK") == mark and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except psutil.Error:
            continue
    return found


def test_a_window_that_is_closed_before_its_panels_are_there_keeps_no_layout(qapp: QApplication) -> None:
    window = build(qapp)
    window.close()
    assert not (preferences.folder() / "window.ini").exists()
    window.start_engine()
    assert window.jobs._engine._workers[0].process is None, "closed jobs start nothing"
    delete(window)


def test_the_system_knows_the_window_by_the_apps_name(qapp: QApplication, window: MainWindow) -> None:
    assert (qapp.desktopFileName(), qapp.applicationName()) == ("resnet-explorer", "resnet-explorer")
