"""The training lab on the real window: recorded, live, paused, kept, and what goes wrong."""

from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QSignalSpy
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from resnet_explorer.app.main_window import MainWindow
from resnet_explorer.runs.folder import list_runs, read, summarize_run
from resnet_explorer.runs.recipe import Recipe, Schedule
from resnet_explorer.spec import ResNetSpec
from resnet_explorer.spec.catalogue import find
from resnet_explorer.spec.change import assign
from resnet_explorer.training.controller import RunStatus
from resnet_explorer.training.page import TrainingPage
from resnet_explorer.training.part import Measure
from resnet_explorer.training.presets import PRESETS
from resnet_explorer.training.recipe_form import RateDialog
from resnet_explorer.training.values import RateTest
from resnet_explorer.ui import dialogs
from resnet_explorer.ui.fields import ChoiceField
from resnet_explorer.ui.job_state import Phase
from tests import pages
from tests.narrow import of_kind, present

PATIENCE = 120_000
SHORT = Recipe(steps=12, batch=16, evaluate_every=6, measure_every=4)


def _small(name: str) -> tuple[str, ResNetSpec]:
    return name, assign(find(name), "width=4", "blocks=1,1,1", "in_channels=1")


@pytest.fixture
def page(window: MainWindow, qtbot: QtBot) -> TrainingPage:
    """The lab with two tiny networks and a short recipe."""
    window.tabs.setCurrentWidget(pages.training(window))
    page = pages.training(window)
    page.setup.networks.show_networks([_small("resnet20"), _small("plain20")])
    page.setup.recipe.show_recipe(SHORT)
    page.setup._on_changed()
    return page


def _wait(page: TrainingPage, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: not page.trainer.is_busy, timeout=PATIENCE)
    qtbot.waitUntil(lambda: not page.kept._turns.is_busy)
    page.draw()


def test_an_experiment_shows_its_recording_at_once_and_says_so(window: MainWindow, qtbot: QtBot) -> None:
    window.tabs.setCurrentWidget(pages.training(window))
    page = pages.training(window)
    assert page.setup.preset is PRESETS["degradation"]
    assert page.replay.is_on and page.replay.isVisible()
    assert "replayed" in present(page.first.chart.chart).subtitle
    names = [one.name for one in page.shown]
    assert names == ["plain-20", "plain-56", "resnet-20", "resnet-56"]
    plain, deep, _, residual = (one.run.final_loss() for one in page.shown)
    assert deep > plain > residual
    assert "plain-56, is worse than plain-20" in page.text.measured.text()


def test_a_replay_says_where_this_processor_computes_otherwise(window: MainWindow) -> None:
    window.tabs.setCurrentWidget(pages.training(window))
    page = pages.training(window)
    recorded = page.shown[0].run.environment
    assert recorded and f"CPU ({recorded.instruction_set})" in page.text.measured.text()
    for here, differs in ((recorded.instruction_set, False), ("another", True)):
        window.document.tell_instruction_set(here)
        assert ("computes with another: the last digits may differ" in page.text.measured.text()) is differs


def test_escape_ends_a_range_test_and_what_comes_late_goes_nowhere(
    window: MainWindow, page: TrainingPage, qtbot: QtBot
) -> None:
    page._on_rate_wanted()
    dialog = present(page.findChild(RateDialog))
    qtbot.waitUntil(lambda: window.jobs.states[0].phase is Phase.RUNNING, timeout=PATIENCE)
    gone, state = QSignalSpy(dialog.destroyed), window.jobs.states[0]
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: window.jobs.states[0].phase is Phase.CANCELLED and gone.count() == 1, timeout=PATIENCE)
    callbacks, test = window.jobs._callbacks[state.number], RateTest((1e-3, 1e-2), (2.3, 2.2))
    callbacks.so_far(state.job, test)
    callbacks.then(state.job, test)
    callbacks.otherwise("PyTorch's process ended.")


def test_another_theme_names_and_hides_no_run(window: MainWindow) -> None:
    window.tabs.setCurrentWidget(pages.training(window))
    table, heard = pages.training(window).table, list[object]()
    table.renamed.connect(lambda place, name: heard.append(name))
    table.toggled_row.connect(lambda: heard.append("a curve"))
    before = [item.icon(0).cacheKey() for item in table._items]
    window.choose_theme("dark")
    assert len(before) == 4 and all(
        item.icon(0).cacheKey() != key for item, key in zip(table._items, before, strict=True)
    )
    assert not heard
    window.choose_theme("light")


def test_a_recording_plays_from_any_moment(window: MainWindow, qtbot: QtBot) -> None:
    window.tabs.setCurrentWidget(pages.training(window))
    page = pages.training(window)
    page.replay.slider.setValue(500)
    steps = [len(run.metrics) for run in page.runs]
    assert 0 < min(steps) < max(steps) and sum(steps) < 4 * 150
    page.replay.play.click()
    qtbot.waitUntil(lambda: sum(len(run.metrics) for run in page.runs) > sum(steps), timeout=5000)
    page.replay.play.click()
    page.replay.close_button.click()
    assert not page.replay.is_on and page.replay.isHidden()


def test_networks_are_trained_live_and_kept(page: TrainingPage, qtbot: QtBot) -> None:
    assert not page.replay.is_on, "another setup is no replay"
    page.bar.start.click()
    assert page.trainer.is_busy
    qtbot.waitUntil(lambda: any(run.metrics for run in page.trainer.runs), timeout=PATIENCE)
    own, trains = psutil.Process().nice(), page._jobs._pool._workers[0].process.pid
    assert psutil.Process(trains).nice() > own, "the window comes first"
    _wait(page, qtbot)
    assert [run.status for run in page.trainer.runs] == [RunStatus.DONE, RunStatus.DONE]
    for run in page.trainer.runs:
        assert [metric.step for metric in run.metrics] == list(range(12))
        kept = read(run.folder)
        assert [metric.loss for metric in kept.metrics] == [metric.loss for metric in run.metrics]
    texts = [page.table._items[row].text(1) for row in range(2)]
    assert texts == ["12 / 12", "12 / 12"]
    assert page.table._items[0].text(6) == "done"
    assert page.kept.tree.topLevelItemCount() >= 1
    assert not page.bar.pause.isEnabled()


def test_pause_step_and_resume_give_the_run_that_was_never_paused(page: TrainingPage, qtbot: QtBot) -> None:
    page.bar.start.click()
    _wait(page, qtbot)
    whole = [[metric.loss for metric in run.metrics] for run in page.trainer.runs]
    page.bar.start.click()
    qtbot.waitUntil(lambda: all(run.metrics for run in page.trainer.runs), timeout=PATIENCE)
    page.bar.pause.click()
    if page.trainer.runs[0].is_open:
        qtbot.waitUntil(lambda: all(state.is_over for state in page._jobs.states), timeout=PATIENCE)
        made = summarize_run(page.trainer.runs[0].folder).steps
        page.bar.step.click()
        _wait(page, qtbot)
        assert len(page.trainer.runs[0].metrics) == min(12, made + 1) or page.trainer.runs[0].is_finished
        page.bar.pause.click()
        _wait(page, qtbot)
    assert [[metric.loss for metric in run.metrics] for run in page.trainer.runs] == whole


def test_quitting_while_training_asks_and_the_next_start_offers_the_runs(
    window: MainWindow, page: TrainingPage, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def refuse(parent: object, running: int) -> bool:
        asked.append(running)
        return False

    monkeypatch.setattr(dialogs, "confirm_quit", refuse)
    page.setup.recipe.show_recipe(replace(SHORT, steps=400))
    page.setup._on_changed()
    page.bar.start.click()
    window.close()
    assert asked == [2] and window.isVisible()
    qtbot.waitUntil(lambda: any(run.metrics for run in page.trainer.runs), timeout=PATIENCE)
    page.bar.pause.click()
    folders = [run.folder for run in page.trainer.runs]
    again = TrainingPage(window.document, window.jobs)
    qtbot.addWidget(again)
    assert [Path(run.folder) for run in again.trainer.left] == folders, "also the one that has not begun"
    assert not again.offer.isHidden() and "2 runs were not finished" in again.offer.text.text()
    again.kept.refresh()
    begun = present(present(again.kept.tree.topLevelItem(0)).child(0))
    assert "of 400 steps" in begun.text(1)
    again.offer.proceed.click()
    assert [run.folder for run in again.trainer.runs] == folders and again.trainer.is_busy and again.offer.isHidden()
    again.bar.stop.click()
    assert not TrainingPage(window.document, window.jobs).trainer.left, "what was stopped is not offered"


def test_stopped_runs_are_continued_from_the_list(page: TrainingPage, qtbot: QtBot) -> None:
    page.trainer.start(page.setup.plans(), "short")
    qtbot.waitUntil(lambda: all(run.metrics for run in page.trainer.runs), timeout=PATIENCE)
    page.bar.stop.click()
    qtbot.waitUntil(lambda: all(state.is_over for state in page._jobs.states), timeout=PATIENCE)
    assert all(run.status in (RunStatus.STOPPED, RunStatus.DONE) for run in page.trainer.runs)
    folders = [run.folder for run in page.trainer.runs]
    page._on_continue(folders)
    _wait(page, qtbot)
    assert all(read(folder).is_finished for folder in folders)


def test_runs_are_renamed_deleted_and_fetched_back(page: TrainingPage, window: MainWindow, qtbot: QtBot) -> None:
    page.bar.start.click()
    _wait(page, qtbot)
    group = present(page.kept.tree.topLevelItem(0))
    group.setExpanded(True)
    present(group.child(0)).setText(0, "my run")
    assert "my run" in {run.name for run in list_runs(page.trainer.root)}
    page.kept.tree.clearSelection()
    present(page.kept.tree.topLevelItem(0)).setSelected(True)
    qtbot.keyClick(page.kept.tree, Qt.Key.Key_Delete)
    assert list_runs(page.trainer.root) == ()
    window.document.undo_stack.undo()
    assert len(list_runs(page.trainer.root)) == 2


def test_hidden_rows_are_not_drawn_and_come_back(page: TrainingPage, qtbot: QtBot) -> None:
    page.bar.start.click()
    _wait(page, qtbot)
    page.table._items[1].setCheckState(0, Qt.CheckState.Unchecked)
    assert {series.label for series in present(page.first.chart.chart).shown} == {"resnet20"}
    page.table._items[1].setCheckState(0, Qt.CheckState.Checked)
    assert {series.label for series in present(page.first.chart.chart).shown} == {"resnet20", "plain20"}


def test_every_picture_can_be_shown_and_exported(page: TrainingPage) -> None:
    page.replay.show_runs(page._read(sorted((Path(__file__).parents[2] / "resources/runs/degradation").iterdir())))
    for key in (*map(str, Measure), "seeds", "planned", "blocks:output-gradient", "heat:weight-norm"):
        page.first.choose(key)
        assert page.first.key == key
        assert page.canvas.picture.title, key


def test_what_cannot_be_is_said_beside_the_fields(page: TrainingPage, qtbot: QtBot) -> None:
    field = of_kind(QLineEdit, page.setup.recipe.fields["rate"])
    field.clear()
    qtbot.keyClicks(field, "-1")
    assert "A learning rate of -1.0 cannot be" in page.setup.recipe.problem.text()
    assert page.setup.recipe.recipe.learning_rate == SHORT.learning_rate, "the last good recipe stays"
    field.clear()
    qtbot.keyClicks(field, "0.1")
    assert page.setup.recipe.recipe.learning_rate == 0.1
    assert page.setup.recipe.problem.text() == ""
    page.setup.networks.show_networks([])
    page.bar.start.click()
    assert "There is no network to train" in page.setup.problem.text()
    assert not page.trainer.is_busy


def test_the_papers_figure_asks_for_its_images(page: TrainingPage, qtbot: QtBot) -> None:
    page.setup.choose(next(one for one in PRESETS.values() if one.needs))
    page.bar.start.click()
    assert "CIFAR-10" in page.setup.problem.text()
    assert not page.trainer.is_busy


def test_a_diverging_run_ends_with_a_sentence_and_is_kept(page: TrainingPage, qtbot: QtBot) -> None:
    page.setup.networks.show_networks([_small("plain20")])
    page.setup.recipe.show_recipe(Recipe(steps=60, batch=16, learning_rate=1e20, evaluate_every=0, measure_every=0))
    page.setup._on_changed()
    page.bar.start.click()
    _wait(page, qtbot)
    run = page.trainer.runs[0]
    assert run.status is RunStatus.FAILED
    assert "lower" in run.problem
    assert read(run.folder).problem == run.problem


def test_the_schedule_is_drawn_before_it_runs(page: TrainingPage, qtbot: QtBot) -> None:
    page.first.choose("planned")
    page.setup.recipe.show_recipe(Recipe(steps=100, learning_rate=0.1, schedule=Schedule.COSINE, warmup=10))
    page.setup._on_changed()
    y = present(page.first.chart.chart).series[0].y
    assert y[0] == pytest.approx(0.001)
    assert max(y) == pytest.approx(0.1)
    assert y[-1] < 0.001


def test_one_cycle_says_what_it_does_not_use(page: TrainingPage) -> None:
    form = page.setup.recipe
    schedule = form.fields["schedule"]
    assert isinstance(schedule, ChoiceField) and form.note.isHidden() and form.fields["warmup"].isEnabled()
    schedule.setCurrentIndex(schedule.findData(Schedule.ONE_CYCLE))
    assert not form.note.isHidden() and not form.fields["warmup"].isEnabled()
    assert "the warm-up is not used; the momentum stays constant" in form.note.text()
    schedule.setCurrentIndex(schedule.findData(Schedule.COSINE))
    assert form.note.isHidden() and form.fields["warmup"].isEnabled()


def test_networks_are_added_as_twins_and_taken_out(page: TrainingPage, window: MainWindow, qtbot: QtBot) -> None:
    networks = page.setup.networks
    networks.shown.click()
    networks.twin.click()
    assert [name for name, _ in networks.networks][2:] == ["ResNet-18", "Plain-18"]
    qtbot.keyClick(networks.list, Qt.Key.Key_Delete)
    assert len(networks.networks) == 3
    while len(networks.networks) < 8:
        networks.shown.click()
    assert not networks.shown.isEnabled(), "eight networks are trained side by side at most"


def test_epochs_are_steps_by_another_name(page: TrainingPage, qtbot: QtBot) -> None:
    page.setup.recipe.show_recipe(Recipe(steps=46, batch=64))
    page.setup._on_changed()
    assert page.setup.epochs.text() == "2", "1,500 digits are 23 batches of 64"
    page.setup.epochs.clear()
    qtbot.keyClicks(page.setup.epochs, "10")
    assert page.setup.recipe.recipe.steps == 230
    assert page.setup.recipe.fields["steps"].text() == "230"
    page.setup.epochs.clear()
    qtbot.keyClicks(page.setup.epochs, "-1")
    assert "not a valid number of epochs" in page.setup.problem.text()
    assert page.setup.recipe.recipe.steps == 230


def test_the_runs_of_the_lab_that_is_looked_at_are_saved_as_a_table(
    page: TrainingPage, window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved: dict[str, str] = {}
    monkeypatch.setattr(
        "resnet_explorer.training.page.save_text",
        lambda window, name, kinds: saved.update({kind: text() for kind, text in kinds.items()}),
    )
    window.actions_by_key["save-runs"].trigger()
    assert not saved and "No run has made a step yet" in window.statusBar().currentMessage()
    page.bar.start.click()
    _wait(page, qtbot)
    window.actions_by_key["save-runs"].trigger()
    lines = saved["CSV (*.csv)"].splitlines()
    assert lines[0].startswith("run,network,seed,step") and len(lines) == 1 + 2 * 12
    saved.clear()
    window.tabs.setCurrentWidget(pages.tuning(window))
    window.actions_by_key["save-runs"].trigger()
    assert window.tabs.currentWidget() is pages.tuning(window)
    assert "from MNIST" in saved["CSV (*.csv)"], "the recording that is shown"
