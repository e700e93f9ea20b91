"""Kept results in the window: shown at once, without PyTorch's process and with their age, and measured again."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot
from shiboken6 import delete

from resnet_explorer import features
from resnet_explorer.app.app import build
from resnet_explorer.app.disk_space import DiskSpaceDialog
from resnet_explorer.app.main_window import MainWindow
from resnet_explorer.app.verdict import VerdictDialog
from resnet_explorer.engine import processes
from resnet_explorer.engine.requests import Verify
from resnet_explorer.features import Cache
from resnet_explorer.gradients.page import RECORDED
from resnet_explorer.gradients.part import Conditions, GradientPart
from resnet_explorer.gradients.recorded import DEFAULT
from resnet_explorer.gradients.values import GradientResult
from resnet_explorer.insight.page import InsideView
from resnet_explorer.insight.part import Inside
from resnet_explorer.insight.values import ConfusionRequest, RunReference, SurfaceRequest
from resnet_explorer.picture.theme import LIGHT
from resnet_explorer.runs import kept_results
from resnet_explorer.runs.recorded import Recording, made_here, to_values
from resnet_explorer.scenes.scene import State
from resnet_explorer.spec import InputShape
from resnet_explorer.spec.catalogue import find
from resnet_explorer.timing.values import Measured, MeasureTime
from resnet_explorer.training.recipe_form import RateDialog
from resnet_explorer.training.values import FindRate
from resnet_explorer.ui.document import Document
from resnet_explorer.ui.job_state import Phase
from resnet_explorer.ui.jobs import Jobs
from resnet_explorer.ui.jobs_panel import JobLine, Question
from resnet_explorer.ui.preferences import folder, load, results_folder
from tests import pages
from tests.geometry import results
from tests.geometry.results import VERDICT
from tests.inside_subject import IMAGE, plan
from tests.narrow import of_kind, present

PATIENCE = 240_000
REQUEST = Verify(find("resnet20"), InputShape(2, 16, 16))


def keep(request: object, result: object) -> None:
    """Keep a result as if it had been measured in a window before."""
    kept_results.save(request, result, kept_results.conditions(request), results_folder(), 10**8)


@pytest.fixture
def no_process(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Let no process start; return what would have been started."""
    started: list[object] = []
    monkeypatch.setattr(processes, "start_thread", lambda *arguments: started.append(arguments))
    return started


@pytest.fixture
def jobs(qapp: QApplication) -> Iterator[Jobs]:
    made = Jobs()
    yield made
    made.close()


def wait_for_end(jobs: Jobs, number: int, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: (state := jobs.state(number)) is not None and state.is_over, timeout=PATIENCE)


def nothing(job: object, result: object) -> None:
    pass


def test_the_same_request_is_answered_without_a_process(jobs: Jobs, no_process: list[object], qtbot: QtBot) -> None:
    keep(REQUEST, VERDICT)
    answers: list[object] = []
    number = jobs.submit(REQUEST, "Verify", lambda job, result: answers.append((job, result)))
    assert jobs.is_loading(number) and not answers, "never before submit has returned"
    wait_for_end(jobs, number, qtbot)
    assert answers == [(REQUEST, VERDICT)] and not no_process
    state = jobs.state(number)
    assert state and state.phase is Phase.DONE and state.kept and jobs.kept_from(REQUEST) == state.kept


def test_what_is_not_kept_or_out_of_date_starts_a_process(
    jobs: Jobs, no_process: list[object], monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    jobs.submit(REQUEST, "Verify", nothing)
    assert len(no_process) == 1, "nothing is kept"
    other = Jobs()
    keep(REQUEST, VERDICT)
    monkeypatch.setattr(kept_results, "_torch_version", lambda: "99")
    number = other.submit(REQUEST, "Verify", nothing)
    qtbot.waitUntil(lambda: len(no_process) == 2, timeout=PATIENCE)
    assert not other.is_loading(number) and other.states[0].phase is Phase.RUNNING
    other.close()


def test_memory_is_asked_for_only_where_the_job_must_be_done(
    jobs: Jobs, no_process: list[object], monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    asked: list[str] = []

    def refuse(text: str) -> bool:
        asked.append(text)
        return False

    jobs.free, jobs.confirm = lambda: 1000, refuse
    keep(REQUEST, VERDICT)
    wait_for_end(jobs, jobs.submit(REQUEST, "Verify", nothing, needs=10**9), qtbot)
    assert not asked and jobs.states[0].phase is Phase.DONE
    monkeypatch.setattr(kept_results, "_torch_version", lambda: "99")
    problems: list[str] = []
    wait_for_end(jobs, jobs.submit(REQUEST, "Verify", nothing, problems.append, needs=10**9), qtbot)
    assert len(asked) == 1 and not no_process and "too much memory" in problems[0]


def test_measure_again_starts_a_process_though_a_result_is_kept(
    jobs: Jobs, no_process: list[object], qtbot: QtBot
) -> None:
    keep(REQUEST, VERDICT)
    jobs.submit(REQUEST, "Verify", nothing, anew=True)
    assert len(no_process) == 1 and jobs.kept_from(REQUEST) is None


def test_reading_a_kept_result_can_be_cancelled(jobs: Jobs, no_process: list[object], qtbot: QtBot) -> None:
    keep(REQUEST, VERDICT)
    answers: list[object] = []
    number = jobs.submit(REQUEST, "Verify", lambda job, result: answers.append(result))
    jobs.cancel(number)
    assert jobs.states[0].phase is Phase.CANCELLED
    jobs._keeper._in_thread().submit(int).result()
    QApplication.processEvents()
    assert not answers and not no_process and jobs.states[0].phase is Phase.CANCELLED


def test_the_line_of_a_kept_result_says_so_and_offers_to_measure_again(
    jobs: Jobs, no_process: list[object], qtbot: QtBot
) -> None:
    keep(REQUEST, VERDICT)
    line = JobLine(jobs)
    qtbot.addWidget(line)
    number = jobs.submit(REQUEST, "Verify", nothing)
    wait_for_end(jobs, number, qtbot)
    state = jobs.state(number)
    assert state
    line.show_state(state)
    line.show()
    assert "measured just now on this machine, PyTorch 2" in line.text.text()
    assert line.retry.isVisible() and line.retry.text() == "Measure again"
    qtbot.keyClick(line.retry, Qt.Key.Key_Space)
    assert len(no_process) == 1


def test_a_question_says_that_its_answer_was_kept(jobs: Jobs, no_process: list[object], qtbot: QtBot) -> None:
    keep(REQUEST, VERDICT)
    answers: list[object] = []
    question = Question(jobs)
    qtbot.addWidget(question)
    question.ask(REQUEST, "Verify", answers.append)
    qtbot.waitUntil(lambda: bool(answers), timeout=PATIENCE)
    assert question.kept.text().startswith("Measured just now on this machine") and question.isVisible()
    qtbot.mouseClick(question.again, Qt.MouseButton.LeftButton)
    assert question.is_open and len(no_process) == 1 and not question.kept.isVisible()


@pytest.fixture
def start(qapp: QApplication, no_process: list[object]) -> Iterator[Callable[[], MainWindow]]:
    """Return what opens the window as it was left, without PyTorch's process."""
    windows: list[MainWindow] = []

    def start() -> MainWindow:
        made = build(qapp)
        windows.append(made)
        made.resize(1280, 720)
        made.show()
        made.build_panels()
        qapp.processEvents()
        return made

    yield start
    for made in windows:
        made.end()
        delete(made)


def test_the_gradient_lab_shows_what_was_measured_before(
    start: Callable[[], MainWindow], no_process: list[object], qtbot: QtBot
) -> None:
    """It stands before the result that comes with the app, of the same request."""
    keep(DEFAULT, results.gradients(DEFAULT))
    window = start()
    page = pages.gradients(window)
    window.show_page("gradients")
    assert page.shown is None and not page.is_recorded
    qtbot.waitUntil(lambda: page.shown is not None, timeout=PATIENCE)
    assert page.state.text().startswith("measured just now on this machine, PyTorch 2") and not page.is_recorded
    assert not no_process and page.measure.isVisible() and page.measure.text() == "Measure again"
    assert page.measurements()[0].made.began == page._jobs.states[0].kept.began  # type: ignore[union-attr]
    qtbot.keyClick(page, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: len(no_process) == 1, timeout=PATIENCE)
    assert page.state.text() == "measuring…" and page.shown is not None, "it stays until the new one is there"


def test_an_old_result_gives_way_to_the_recorded_one(
    start: Callable[[], MainWindow], no_process: list[object], monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    keep(DEFAULT, results.gradients(DEFAULT))
    monkeypatch.setattr(kept_results, "_torch_version", lambda: "99")
    window = start()
    page = pages.gradients(window)
    window.show_page("gradients")
    qtbot.waitUntil(lambda: page.is_recorded, timeout=PATIENCE)
    assert page.state.text() == RECORDED and len(no_process) == 1


PART = GradientPart(conditions=Conditions(network=20, batch=8, side=8, seeds=1))


def look(window: MainWindow, qtbot: QtBot) -> tuple[GradientResult, Measured]:
    """Go to both pages, and return what they show once they do."""
    window.document.propose(State(find("resnet20"), InputShape(2, 32, 32)), "choose resnet20")
    times, gradients = pages.timing(window), pages.gradients(window)
    times.repeats.setCurrentIndex(0)
    window.show_page("timing")
    qtbot.waitUntil(lambda: times.measured is not None, timeout=PATIENCE)
    gradients.show_part(PART)
    window.show_page("gradients")
    qtbot.waitUntil(lambda: bool(gradients.measurements()), timeout=PATIENCE)
    return of_kind(GradientResult, gradients.shown), present(times.measured)


def test_what_was_measured_is_there_after_a_restart(
    window: MainWindow, qapp: QApplication, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    """Measured by the engine in one window, and shown in the next one, which has another session."""
    before = look(window, qtbot)
    window.close()
    qtbot.waitUntil(lambda: len(list(results_folder().glob("*.gz"))) == 2, timeout=PATIENCE)
    for session in folder().glob("session*"):
        session.unlink()
    monkeypatch.setattr(processes, "start_thread", lambda *arguments: pytest.fail("a process is started"))
    again = build(qapp)
    again.show()
    again.build_panels()
    after = look(again, qtbot)
    for one, other in zip(before, after, strict=True):
        made = made_here("cpu", "")
        assert to_values(Recording(one, made)) == to_values(Recording(other, made))
    for text in (pages.timing(again).text.text(), pages.gradients(again).state.text()):
        assert text.startswith("measured just now on this machine, PyTorch 2"), text
    again.end()
    delete(again)


def test_times_come_back_with_their_network(
    start: Callable[[], MainWindow], no_process: list[object], qtbot: QtBot
) -> None:
    small, other = (MeasureTime(find(name), InputShape(2, 32, 32)) for name in ("resnet20", "resnet32"))
    keep(small, results.times(small))
    keep(other, results.times(other))
    window = start()
    window.document.propose(State(small.spec, small.image), "choose resnet20")
    window.show_page("timing")
    page = pages.timing(window)
    qtbot.waitUntil(lambda: page.measured is not None, timeout=PATIENCE)
    assert page.text.text().startswith("measured just now on this machine, PyTorch 2")
    assert "resnet20 at 2×32×32 on cpu: forward" in page.text.text() and page.measure.text() == "Measure again"
    window.document.propose(State(other.spec, other.image), "choose resnet32")
    qtbot.waitUntil(lambda: page.measured is not None and page.measured.job == other, timeout=PATIENCE)
    assert not no_process
    window.document.propose(State(find("resnet44"), small.image), "choose resnet44")
    assert page.measure.text() == "Measure" and "Measure again for the current network" in page.text.text()
    window.document.undo_stack.undo()
    assert page.measure.text() == "Measure again" and not no_process
    page.measure.click()
    assert len(no_process) == 1 and page.measured is not None


def test_a_verdict_comes_back_at_once_and_can_be_asked_for_again(
    start: Callable[[], MainWindow], no_process: list[object], qtbot: QtBot
) -> None:
    window = start()
    state = window.document.state
    keep(Verify(state.spec, state.image), VERDICT)
    window.verdict.watch()
    qtbot.waitUntil(lambda: window.verdict.verdict is not None, timeout=PATIENCE)
    assert "This was measured just now" in window.verdict.toolTip() and not no_process
    dialog = VerdictDialog(window.verdict, window)
    assert "This was measured just now." in dialog.text.text()
    dialog.again.click()
    assert len(no_process) == 1
    dialog.close()


def test_inspect_shows_what_was_measured_of_the_same_weights(
    tmp_path: Path, jobs: Jobs, no_process: list[object], qtbot: QtBot
) -> None:
    run = RunReference(str(tmp_path), plan())
    confusion, surface = ConfusionRequest(run.folder, run.plan), SurfaceRequest((run,))
    keep(confusion, results.confusion(confusion))
    keep(surface, results.surface(surface))
    view = InsideView(Document(State(plan().spec, IMAGE)), jobs)
    for part in (view, *view.tools):
        qtbot.addWidget(part)
        part.show()
    view.show_run(run.folder, run.plan)
    qtbot.waitUntil(lambda: "measured just now on this machine, PyTorch 2" in view.state.text(), timeout=PATIENCE)
    assert view.controls.measure.isVisible() and view.controls.measure.text() == "Measure again"
    view.show_view(Inside.SURFACE)
    qtbot.waitUntil(lambda: "measured just now on this machine, PyTorch 2" in view.state.text(), timeout=PATIENCE)
    assert not no_process
    view.controls.measure.click()
    assert len(no_process) == 1 and view.answers.to(surface) is None


def test_a_range_test_comes_back_and_can_be_run_again(jobs: Jobs, no_process: list[object], qtbot: QtBot) -> None:
    request, parent = FindRate(plan()), QWidget()
    qtbot.addWidget(parent)
    keep(request, results.rates(request))
    dialog = RateDialog(plan(), Document(State(plan().spec, IMAGE)), jobs, LIGHT, parent)
    dialog.show()
    dialog.ask()
    qtbot.waitUntil(lambda: dialog.again.isVisible(), timeout=PATIENCE)
    assert dialog.text.text().startswith("Measured just now. ") and "on this machine" in dialog.text.toolTip()
    dialog.again.click()
    assert len(no_process) == 1 and not dialog.again.isVisible()


def test_how_much_is_kept_is_shown_and_can_be_cleared(
    start: Callable[[], MainWindow], no_process: list[object], qtbot: QtBot
) -> None:
    keep(REQUEST, VERDICT)
    window = start()
    window.actions_by_key["disk-space"].trigger()
    dialog = of_kind(DiskSpaceDialog, window.findChild(DiskSpaceDialog))
    store = next(iter(dialog.clears))
    shown, field = dialog.sizes[store], dialog.budgets[store]
    qtbot.waitUntil(lambda: shown.text() == "0.1 MB of 200 MB", timeout=PATIENCE)
    assert store.size() == kept_results.BLOCK
    field.selectAll()
    qtbot.keyClicks(field, "5")
    assert load().kept_megabytes == 200, "not while it is typed"
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert load().kept_megabytes == window.preferences.kept_megabytes == 5
    qtbot.waitUntil(lambda: shown.text() == "0.1 MB of 5 MB", timeout=PATIENCE)
    field.selectAll()
    qtbot.keyClicks(field, "x")
    assert "not a number" in dialog.problem.text()
    assert kept_results.has(REQUEST, results_folder())
    qtbot.mouseClick(dialog.clears[store], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: shown.text() == "0 MB of 5 MB", timeout=PATIENCE)
    assert not kept_results.has(REQUEST, results_folder())
    dialog.close()
    assert window.preferences.kept_megabytes == 5


LAB = {"bytes": 40_000_000, "budget": 100_000_000}
"""What a made-up lab keeps, and may keep."""


def lab_size() -> int:
    return LAB["bytes"]


def lab_clear() -> None:
    LAB["bytes"] = 0


def lab_budget() -> int:
    return LAB["budget"]


def lab_choose_budget(count: int) -> None:
    LAB["budget"] = count


def test_what_a_lab_keeps_stands_beside_it(
    start: Callable[[], MainWindow], monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    names = (f"{__name__}:lab_{name}" for name in ("size", "clear", "budget", "choose_budget"))
    monkeypatch.setattr(features, "caches", lambda: (Cache("Features", "Outputs of frozen layers", *names),))
    dialog = DiskSpaceDialog(start())
    dialog.show()
    _, store = dialog.clears
    qtbot.waitUntil(lambda: dialog.sizes[store].text() == "40 MB of 100 MB", timeout=PATIENCE)
    dialog.budgets[store].stepBy(1)
    dialog.clears[store].click()
    qtbot.waitUntil(lambda: dialog.sizes[store].text().startswith("0 MB"), timeout=PATIENCE)
    dialog.close()
    assert LAB == {"bytes": 0, "budget": 101_000_000}
