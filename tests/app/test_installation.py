"""PyTorch that is installed while the window is used: what waits for it, what becomes of it, and how it ends."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from resnet_explorer.app import palette_entries
from resnet_explorer.app.main_window import MainWindow
from resnet_explorer.engine import pytorch
from resnet_explorer.engine.requests import FindDevices
from resnet_explorer.ui.job_state import Phase
from resnet_explorer.ui.jobs import HELD
from resnet_explorer.ui.jobs_panel import JobLine, JobsPanel
from tests.narrow import of_kind
from tests.shared_window import end, new_window

PATIENCE = 60_000
_BOOTSTRAP = """
import json, sys, time
from pathlib import Path
assert sys.argv[1:] == ["pytorch"]
told = Path(__file__).with_name("told")
print(json.dumps({"done": 7.5e8, "of": 3e9, "text": "750 MB of about 3.0 GB"}), flush=True)
while not told.exists():
    time.sleep(0.02)
text = told.read_text()
told.unlink()
if text:
    print("Resolved 45 packages")
    print("error: No space left on device (os error 28)")
    sys.exit("bootstrap: The installation failed; see the lines above.")
"""
"""Stands for the bootstrap: it ends when the test tells how, with nothing for an end that is good."""
_WITHOUT = """
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {missing!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Absent())
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a bootstrap, which has not installed PyTorch yet."""
    (tmp_path / "bootstrap.py").write_text(_BOOTSTRAP, encoding="utf-8")
    monkeypatch.setenv(pytorch.VARIABLE, str(tmp_path / "bootstrap.py"))
    return tmp_path


@pytest.fixture
def window(folder: Path, qapp: QApplication, qtbot: QtBot) -> Iterator[MainWindow]:
    """A window that has begun to install PyTorch, and whose first step was told."""
    made = new_window(qapp)
    made.start_engine()
    made.wake_engine()
    qtbot.waitUntil(lambda: made.jobs.states[0].text == "750 MB of about 3.0 GB", timeout=PATIENCE)
    yield made
    end(made)


def _line(window: MainWindow, place: int = 0) -> JobLine:
    return of_kind(JobsPanel, window.jobs_drawer.widget).lines[place]


def _is_offered(window: MainWindow) -> bool:
    texts = {entry.text for entry in palette_entries.commands(window)}
    return window.actions_by_key["install-pytorch"].isVisible() and "Install PyTorch" in texts


def test_it_is_a_job_for_which_others_wait_and_ends_with_a_verdict(
    window: MainWindow, folder: Path, qtbot: QtBot
) -> None:
    line = _line(window)
    assert window.jobs_drawer.handle.isChecked() and line.cancel.isVisibleTo(line) and _is_offered(window)
    assert (line.bar.value(), line.bar.maximum()) == (750, 3000) and "750 MB of about 3.0 GB, about" in line.text.text()
    assert window.jobs._engine._workers[0].connection is None, "no process was started that could not import PyTorch"
    devices = window.jobs.submit(FindDevices(), "Find devices", lambda job, result: None)
    waiting = window.jobs.submit(FindDevices(), "Find them again", lambda job, result: None)
    assert _line(window).text.text() == HELD
    window.jobs.cancel(waiting)
    (folder / "told").write_text("")
    qtbot.waitUntil(lambda: "Agrees with PyTorch" in window.verdict.text(), timeout=PATIENCE)
    phases = {state.number: state.phase for state in window.jobs.states}
    assert phases[1] is Phase.DONE and phases[devices] is Phase.DONE and phases[waiting] is Phase.CANCELLED
    assert not window.jobs_drawer.handle.isChecked() and not _is_offered(window) and not window._notice.isVisible()


def test_a_failure_is_a_sentence_and_can_be_tried_again(window: MainWindow, folder: Path, qtbot: QtBot) -> None:
    problems: list[str] = []
    window.jobs.submit(FindDevices(), "Find devices", lambda job, result: None, problems.append)
    (folder / "told").write_text("badly")
    qtbot.waitUntil(lambda: bool(problems), timeout=PATIENCE)
    told = "PyTorch is not installed. Install it: Help › Install PyTorch."
    assert problems == [told] and window._notice.text() == f"⚠ {told}"
    line = _line(window, 1)
    why = "PyTorch could not be installed: No space left on device (os error 28)."
    assert line.text.text() == f"{why} Install PyTorch tries again, and goes on with what was downloaded."
    assert "Resolved 45 packages" in line.text.note and line.retry.text() == "Install PyTorch"
    qtbot.mouseClick(line.retry, Qt.MouseButton.LeftButton)
    assert not window._notice.isVisible()
    (folder / "told").write_text("")
    qtbot.waitUntil(lambda: window.jobs.states[0].label == "Find devices", timeout=PATIENCE)
    window.open_beside(window.jobs_drawer, True)
    assert not line.retry.isVisibleTo(line), "it is there now"


def test_cancel_is_a_sentence_too_and_the_action_begins_anew(window: MainWindow, qtbot: QtBot) -> None:
    qtbot.mouseClick(_line(window).cancel, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.jobs.states[0].phase is Phase.FAILED, timeout=PATIENCE)
    assert _line(window).text.text().startswith("Cancelled: PyTorch is not installed. Install PyTorch tries again")
    for _ in range(2):
        window.actions_by_key["install-pytorch"].trigger()
    assert [state.label for state in window.jobs.states] == ["Install PyTorch"] * 2, "once at a time"


def test_the_installation_ends_when_the_window_closes(window: MainWindow) -> None:
    running = [child for child in psutil.Process().children() if "bootstrap.py" in " ".join(child.cmdline())]
    assert len(running) == 1
    window.end()
    assert not psutil.wait_procs(running, timeout=60)[1]


def test_without_a_bootstrap_the_line_to_type_is_told(
    fresh_window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pytorch, "find_spec", lambda name: None)
    fresh_window.jobs.absent = pytorch.absence()
    fresh_window.actions_by_key["install-pytorch"].trigger()
    assert "pip install torch torchvision" in fresh_window.statusBar().currentMessage()


def test_the_window_opens_with_what_is_installed_first_and_without_a_traceback(tmp_path: Path) -> None:
    import environment

    missing = {"torchgen", "tensorboardX", "fvcore", *environment.NEEDS_PYTORCH}
    (tmp_path / "sitecustomize.py").write_text(_WITHOUT.format(missing=missing), encoding="utf-8")
    variables = {**os.environ, "RESNET_EXPLORER_QUIT_AFTER_PAINT": "1"}
    variables["PYTHONPATH"] = os.pathsep.join((str(tmp_path), str(Path(__file__).parents[2])))
    command = [sys.executable, "-m", "resnet_explorer"]
    done = subprocess.run(command, env=variables, capture_output=True, text=True, timeout=120, check=False)
    said = [line for line in done.stderr.splitlines() if "propagateSizeHints" not in line]  # Qt's own, without a screen
    assert (done.returncode, done.stdout, said) == (0, "", [])
