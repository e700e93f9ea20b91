"""The engine seen from the window: verdicts, the list of jobs, cancel, a crash, retry."""

import os
import re
import signal
import sys
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from resnet_explorer.app.main_window import MainWindow
from resnet_explorer.app.verdict import VerdictDialog
from resnet_explorer.engine.messages import Failed, Finished
from resnet_explorer.engine.requests import Device, FindDevices, Verify
from resnet_explorer.spec import InputShape
from resnet_explorer.spec.catalogue import find
from resnet_explorer.spec.change import assign
from resnet_explorer.ui import jobs
from resnet_explorer.ui.job_state import JobState, Phase
from resnet_explorer.ui.jobs_panel import JobsPanel, describe_progress
from resnet_explorer.verify.values import Verdict
from tests.narrow import of_kind

PATIENCE = 60_000


def wait_for(window: MainWindow, qtbot: QtBot, phase: Phase) -> None:
    qtbot.waitUntil(lambda: bool(window.jobs.states) and window.jobs.states[0].phase is phase, timeout=PATIENCE)


def test_what_rests_is_verified_and_what_changes_is_verified_anew(window: MainWindow, qtbot: QtBot) -> None:
    assert window.verdict.text() == "not verified yet"
    window.wake_engine()
    qtbot.waitUntil(lambda: "Agrees with PyTorch: 69 rows" in window.verdict.text(), timeout=PATIENCE)
    window.build.preset.chosen.emit("seresnet50")
    assert window.verdict.text() == "not verified yet"
    qtbot.waitUntil(lambda: "Agrees with PyTorch: 271 rows" in window.verdict.text(), timeout=PATIENCE)
    assert [state.label for state in window.jobs.states] == ["Verify seresnet50", "Verify resnet18", "Find devices"]
    assert {state.phase for state in window.jobs.states} == {Phase.DONE}


def test_the_devices_that_pytorch_sees_can_be_chosen(window: MainWindow, qtbot: QtBot) -> None:
    box = window.build.device
    assert [box.itemData(index) for index in range(box.count())] == ["cpu"]
    told: list[str] = []
    window.document.device_changed.connect(told.append)
    box._show((Device("cpu", "CPU"), Device("cuda:0", "H100", 80 * 2**30, 70 * 2**30)))
    assert box.itemText(1) == "H100 · 80.0 GiB" and box.free("cuda:0") == 70 * 2**30
    box.setCurrentIndex(1)
    assert told == ["cuda:0"] and window.document.device == "cuda:0"
    window.wake_engine()
    qtbot.waitUntil(lambda: box.count() == 1, timeout=PATIENCE)
    assert told == ["cuda:0", "cpu"], "a device that is gone is not used any longer"


def test_the_figures_are_behind_a_click(window: MainWindow, qtbot: QtBot) -> None:
    window.build.preset.chosen.emit("resnet20")
    qtbot.mouseClick(window.verdict, Qt.MouseButton.LeftButton)
    dialog = window.findChild(VerdictDialog)
    assert isinstance(dialog, VerdictDialog)
    qtbot.waitUntil(lambda: "Agrees" in dialog.text.text(), timeout=PATIENCE)
    assert dialog.table.rows[0].texts[2] == dialog.table.rows[0].texts[3] == "269,722"
    qtbot.mouseClick(dialog.ask, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "and fvcore" in dialog.text.text(), timeout=PATIENCE)
    assert "batch_norm" in dialog.notes.text()
    dialog.close()


def test_a_difference_names_its_rows(window: MainWindow, qtbot: QtBot) -> None:
    from resnet_explorer.verify.values import Check, Difference

    wrong = Verdict(69, (Check("PyTorch", "MACs", 1, 2),), (Difference("conv1", "MACs", "1", "2"),), "2.0")
    state = window.document.state
    window.verdict._on_verdict(Verify(state.spec, state.image), wrong)
    assert window.verdict.text() == "⚠ Differs from PyTorch in 1 place"
    window.actions_by_key["verdict"].trigger()
    dialog = window.findChild(VerdictDialog)
    assert isinstance(dialog, VerdictDialog)
    assert dialog.table.rows[1].texts[0] == "conv1"
    dialog.close()


def test_a_job_can_be_cancelled_and_asked_for_again(window: MainWindow, qtbot: QtBot) -> None:
    window.jobs_drawer.handle.click()
    window.build.preset.chosen.emit("resnet1202")
    window.verdict.verify()
    wait_for(window, qtbot, Phase.RUNNING)
    panel = of_kind(JobsPanel, window.jobs_drawer.widget)
    line = panel.lines[0]
    assert "Verify resnet1202" in line.label.text() and line.cancel.isVisibleTo(line)
    qtbot.mouseClick(line.cancel, Qt.MouseButton.LeftButton)
    wait_for(window, qtbot, Phase.CANCELLED)
    assert window.verdict.text() == "verifying…" or "not verified" in window.verdict.text()
    window.jobs.retry(window.jobs.states[0].number)
    wait_for(window, qtbot, Phase.DONE)
    assert "Agrees" in window.verdict.text()


@pytest.mark.skipif(sys.platform == "win32", reason="no signals")
def test_a_crash_is_a_sentence_and_retry_works(window: MainWindow, qtbot: QtBot) -> None:
    before = window.session.results
    window.verdict.verify()
    qtbot.waitUntil(lambda: window.jobs.states[0].done > 0 or window.jobs.states[0].text != "", timeout=PATIENCE)
    os.kill(window.jobs._engine._workers[0].process.pid, signal.SIGKILL)
    qtbot.waitUntil(lambda: window.jobs.states[0].is_over, timeout=PATIENCE)
    if window.jobs.states[0].phase is Phase.FAILED:
        assert "SIGKILL" in window.jobs.states[0].problem and "Try again" in window.jobs.states[0].problem
        assert window.verdict.text() == "⚠ not verified"
    assert window.session.results is before
    window.jobs.retry(window.jobs.states[0].number)
    wait_for(window, qtbot, Phase.DONE)


def test_an_engine_without_pytorch_is_said_for_good(window: MainWindow, qtbot: QtBot) -> None:
    window.verdict.verify()
    line = "python -m pip install torch torchvision"
    number = window.jobs.states[0].number
    window.jobs._hand_over(Failed(number, "PyTorch is not installed.", f"Install it with: {line}", lasts=True))
    notice = window._notice
    qtbot.waitUntil(lambda: notice.isVisible() and line in notice.text(), timeout=PATIENCE)
    assert notice.textInteractionFlags() & Qt.TextInteractionFlag.TextSelectableByMouse, "the line can be copied"
    assert window.verdict.text() == "⚠ not verified" and line in window.verdict.toolTip()


def test_a_job_that_needs_more_than_half_of_the_free_memory_is_asked_about(window: MainWindow, qtbot: QtBot) -> None:
    asked: list[str] = []

    def no(text: str) -> bool:
        asked.append(text)
        return False

    window.jobs.confirm, window.jobs.free = no, lambda: 100 * 2**20
    window.build.preset.chosen.emit("resnet50")
    window.verdict.verify(fvcore=True)
    assert "Verify resnet50 with fvcore is estimated to need" in asked[0] and "100.0 MiB" in asked[0]
    assert not window.jobs.states and "smaller batch" in window.verdict.toolTip()
    window.jobs.free = lambda: None
    window.verdict.verify(fvcore=True)
    assert len(asked) == 1 and window.jobs.states
    window.jobs.free = lambda: 100 * 2**20
    window.jobs.retry(window.jobs.states[0].number)
    assert len(asked) == 2 and len(window.jobs.states) == 1, "so is one that is asked for again"


def test_one_verdict_is_asked_for_at_a_time(window: MainWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    """However often the dialog is opened, and its buttons are pressed, while PyTorch starts."""
    monkeypatch.setattr(window.jobs._engine, "_next", lambda: None)
    for fvcore in (False, False, True, True, False):
        window.verdict.verify(fvcore)
    phases = [state.phase for state in window.jobs.states]
    assert phases == [Phase.WAITING, Phase.CANCELLED, Phase.CANCELLED]
    window.verdict.verify(anew=True)
    assert [state.phase for state in window.jobs.states].count(Phase.WAITING) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="no signals")
def test_a_job_that_does_not_stop_by_itself_is_killed_and_counts_as_cancelled(window: MainWindow, qtbot: QtBot) -> None:
    problems: list[str] = []
    job = Verify(find("resnet1202"), InputShape(1, 32, 32))
    number = window.jobs.submit(job, "slow", lambda job, result: None, problems.append)
    wait_for(window, qtbot, Phase.RUNNING)
    window.jobs._cancelled.add(number)  # as Cancel does, whose message a step of minutes would not read
    qtbot.waitUntil(lambda: window.jobs._engine._workers[0].process.pid is not None, timeout=PATIENCE)
    window.jobs._engine.kill(number)
    wait_for(window, qtbot, Phase.CANCELLED)
    assert problems == []


def test_an_older_question_is_withdrawn(window: MainWindow, qtbot: QtBot) -> None:
    window.verdict.verify()
    state = window.document.state
    for width in (32, 48, 80):
        from dataclasses import replace

        window.document.propose(replace(state, spec=assign(state.spec, f"width={width}")), "change width")
        window.verdict.verify()
    qtbot.waitUntil(lambda: all(job.is_over for job in window.jobs.states), timeout=PATIENCE)
    assert window.jobs.states[0].phase is Phase.DONE
    assert window.verdict.verdict is not None
    assert window.verdict.verdict.checks[0].ours == window.session.results.analysis.total.params


def test_an_answer_that_comes_too_late_is_not_shown(window: MainWindow) -> None:
    late = Verdict(1, (), (), "2.0")
    window.verdict._on_verdict(Verify(find("resnet50"), InputShape()), late)
    assert window.verdict.verdict is None and window.verdict.text() == "not verified yet"


def test_the_time_that_a_job_tells_itself_is_told_once() -> None:
    state = JobState(1, "Train", Verify(find("resnet18"), InputShape()), Phase.RUNNING, 120, 256, "120 of 256 images")
    assert re.fullmatch(r"120 of 256 images, about .+ left", describe_progress(state))
    own = replace(state, text="120 of 256 images, about 20 s left")
    assert describe_progress(own) == own.text


def test_jobs_that_are_no_longer_listed_are_forgotten(qapp: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a job calls in the end holds its page, and all that was asked there."""
    monkeypatch.setattr(jobs, "KEPT", 2)
    made = jobs.Jobs()
    monkeypatch.setattr(made, "_start", lambda number, job: None)
    for _ in range(6):
        made._take(Finished(made.submit(FindDevices(), "job", lambda job, result: None), None))
    assert made._callbacks.keys() == {state.number for state in made.states}
    assert len(made._callbacks) == 2
