"""The fine-tuning lab's page on made-up answers of the engine: every step, what trains, and what comes of it."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QPointF, Qt
from PySide6.QtWidgets import QAbstractButton, QAbstractSpinBox, QComboBox, QLineEdit, QSlider, QWidget
from pytestqt.qtbot import QtBot

from resnet_explorer.finetuning.choices import MNIST_WEIGHTS, BnMode, GreyWay, Strategy, TuneData, TuneKind, WeightsKind
from resnet_explorer.finetuning.data_report import ClassCount, DataReport
from resnet_explorer.finetuning.features import features_budget, features_folder, features_size
from resnet_explorer.finetuning.page import TuningPage
from resnet_explorer.finetuning.plan import TunePlan, plan_to_text, run_plan
from resnet_explorer.finetuning.plan_view import HINT
from resnet_explorer.finetuning.state import shortened
from resnet_explorer.finetuning.values import CheckData, EvaluateTuned, SaveTuned, ShowSamples, TuneRun
from resnet_explorer.readings.progress import Progress
from resnet_explorer.runs.folder import RUN, TUNE, dumps
from resnet_explorer.runs.plan import RunEnvironment
from resnet_explorer.scenes.scene import State
from resnet_explorer.spec import InputShape
from resnet_explorer.spec.catalogue import find
from resnet_explorer.training.controller import RunStatus
from resnet_explorer.ui.document import read
from resnet_explorer.ui.scene import places
from tests.narrow import present
from tests.tuning_jobs import REPORT, TuningJobsHere, failing

PATIENCE = 20_000
RESNET18 = State(find("resnet18"), InputShape(1, 224, 224))


def _train(page: TuningPage, qtbot: QtBot) -> None:
    page.state.propose("rates", epochs=2)
    page.bar.start.click()
    qtbot.waitUntil(lambda: bool(page.trainer.runs) and not page.trainer.is_busy, timeout=PATIENCE)
    page.draw()


def _spot(page: TuningPage, path: str) -> QPointF:
    """Return a point of the diagram's widget in what has a path."""
    view = page.network.view
    corner = places(view.picture, page.state.results.analysis.network, path)[0].topLeft() + QPointF(6, 12)
    return corner * view.camera.zoom + QPointF(view.camera.x, view.camera.y)


def _click(page: TuningPage, path: str) -> None:
    page.network.view.clicked(page.network.view.path_at(_spot(page, path)))


def test_a_training_can_be_started_at_once(page: TuningPage, jobs: TuningJobsHere, qtbot: QtBot) -> None:
    page.state.use_weights(MNIST_WEIGHTS)
    plan = page.state.plan
    assert (plan.data.kind, plan.strategy, plan.weights.kind) == (TuneKind.DIGITS, Strategy.A, WeightsKind.BUILT_IN)
    assert plan.classes == tuple("0123456789") and plan.image.height <= 32
    _train(page, qtbot)
    run = page.trainer.runs[0]
    assert run.status is RunStatus.DONE and len(run.metrics) == run.plan.recipe.steps == 2 * (REPORT.train // 32)
    assert page.curves.table._items[0].text(1) == f"{run.plan.recipe.steps} / {run.plan.recipe.steps}"
    asked = jobs.of(TuneRun)[0]
    assert asked.plan.classes == (), "mean and deviation of the images are measured where no weights bring them"


def test_clicks_and_keys_freeze_and_thaw_what_is_drawn(page: TuningPage, qtbot: QtBot) -> None:
    view, state = page.network.view, page.state
    state.use_strategy(Strategy.FULL)
    before = state.groups.counts(0)
    assert before.tensors == before.of_tensors == 62
    _click(page, "layer1.0")
    assert state.plan.frozen == {"layer1.0"}
    assert state.groups.counts(0).tensors == 62 - 6
    assert page.network.document.overlays["frozen"].describe("layer1.0") == "frozen: never trains"
    page.network.document.select("layer1.1")
    qtbot.keyClick(view, Qt.Key.Key_Space)
    assert state.plan.frozen == {"layer1"}, "the two blocks are the stage"
    page.network.document.select("layer1.0.conv1")
    qtbot.keyClick(view, Qt.Key.Key_Space)
    frozen = {one.name for one in state.plan.tensors if one.name in state.plan.never}
    assert frozen == {one.name for one in state.plan.tensors if one.unit == "layer1"} - {"layer1.0.conv1.weight"}
    page.setup.trains.thaw.click()
    assert state.plan.frozen == frozenset()


def test_a_double_click_opens_a_block_and_freezes_nothing(page: TuningPage) -> None:
    view = page.network.view
    _click(page, "layer2.0")
    found = view.found_at(_spot(page, "layer2.0"))
    assert found is not None
    view.double_clicked(found)
    assert page.state.plan.frozen == frozenset() and "layer2.0" in page.network.document.view.expanded


def test_what_is_frozen_is_said_in_titles_and_told_to_those_who_hear(page: TuningPage) -> None:
    page.state.use_strategy(Strategy.C)
    page.network.document.select("layer1")
    assert "frozen until epoch" in page.network.view.accessibleDescription()
    assert "In epoch 1: 2 of 62 tensors train" in page.network.view.picture.description


def test_everything_frozen_is_refused_and_the_last_plan_stays(page: TuningPage) -> None:
    page.state.use_strategy(Strategy.PROBE)
    good = page.state.plan
    page.state.toggle("head")
    assert page.state.plan is good and "Do not freeze the head" in page.setup.trains.problem.text()
    assert page.network.problem.text() == page.setup.trains.problem.text()
    page.state.use_strategy(Strategy.A)
    assert page.setup.trains.problem.isHidden()


@pytest.mark.parametrize(("strategy", "first", "last"), [("A", 2, 62), ("B", 62, 62), ("C", 2, 62), ("probe", 2, 2)])
def test_strategies_tell_what_trains_by_epoch(page: TuningPage, strategy: str, first: int, last: int) -> None:
    page.state.use_strategy(Strategy(strategy))
    assert f"Epoch 1: {first} of 62 tensors train" in page.setup.trains.counts.text()
    page.network.epoch.setValue(page.state.plan.epochs)
    assert page.state.epoch == page.state.plan.epochs - 1
    assert f"Epoch 6: {last} of 62 tensors train" in page.setup.trains.counts.text()


def test_the_groups_say_what_names_would_miss(page: TuningPage) -> None:
    assert "would miss 3: layer2.0.downsample.1.weight" in page.groups.text.text()
    rows = page.groups.table.rows
    assert sum(int(row.texts[1]) for row in rows) == 62
    assert page.groups.chart.chart is not None and page.groups.chart.chart.series[0].label == "head"


def test_what_is_wrong_with_images_is_said_before_anything_trains(
    page: TuningPage, jobs: TuningJobsHere, qtbot: QtBot, tmp_path: Path
) -> None:
    one = DataReport("folder", (ClassCount("cat", 5, 1),), (), (), (), (), (), None, {3: 6})
    jobs.answers[CheckData] = lambda job: iter((one,))
    page.setup.images.state.use_data(TuneData(TuneKind.FOLDER, str(tmp_path)))
    qtbot.waitUntil(lambda: page.state.report is one, timeout=PATIENCE)
    assert "only one class" in page.setup.images.wrong.text()
    page.bar.start.click()
    assert not page.trainer.runs and "only one class" in page.bar.problem.text()
    assert (page.state.plan.channels, page.state.plan.image.height) == (3, 128)


def test_a_folder_without_images_leaves_a_sentence(
    page: TuningPage, jobs: TuningJobsHere, qtbot: QtBot, tmp_path: Path
) -> None:
    jobs.answers[CheckData] = failing("data", "There is no image here.", "Choose another folder.")
    page.setup.images.state.use_data(TuneData(TuneKind.FOLDER, str(tmp_path)))
    qtbot.waitUntil(lambda: "no image here" in page.setup.images.checking.problem.text(), timeout=PATIENCE)


def test_skipped_files_and_leaks_are_listed(page: TuningPage) -> None:
    step = page.setup.images
    assert step.skipped.item(0).text() == "a/broken.jpg: it is cut off"
    assert "in several parts" in step.warned.text()
    assert "10 classes, 1,430 images" in step.text.text()
    assert "the test images both choose the best epoch and judge it" in step.notes.text()
    parted = replace(REPORT, classes=(ClassCount("cat", 8, 4, 3), ClassCount("dog", 9, 4, 3)), notes=("Read so.",))
    page.state.take_report(parted)
    assert "17 images for training, 6 for validation, 8 for testing" in step.text.text()
    assert step.notes.text() == "Read so.\nThe validation images choose the best epoch, and the test images judge it."


def test_a_way_is_chosen_in_the_table_and_measured(page: TuningPage, jobs: TuningJobsHere, qtbot: QtBot) -> None:
    step = page.setup.channels
    step.header.setChecked(True)
    step.ways.setFocus()
    qtbot.keyClick(step.ways, Qt.Key.Key_Down)
    assert page.state.plan.grey is GreyWay.SUM
    assert page.state.plan.network_spec.in_channels == 1
    assert page.network.document.state.spec.in_channels == 1
    step.measure.click()
    qtbot.waitUntil(lambda: page.state.grey is not None, timeout=PATIENCE)
    mean = present(page.ways.table.topLevelItem(list(GreyWay).index(GreyWay.MEAN)))
    assert mean.text(5) == "60.0 %"
    assert page.views.currentWidget() is page.ways


def test_more_channels_take_a_way_that_can_be(page: TuningPage) -> None:
    assert page.state.propose("channels", channels=5)
    assert page.state.plan.grey is GreyWay.SUM, "five channels cannot be repeated"
    assert present(page.setup.channels.ways.topLevelItem(0)).isDisabled()
    assert not page.state.propose("channels", channels=0)
    assert page.state.plan.channels == 5 and "0 channels cannot be" in page.setup.channels.problem.text()


@pytest.mark.parametrize(
    ("step", "field", "text", "words"),
    [
        ("rates", "epochs", "many", "is not a number"),
        ("rates", "epochs", "0", "Epochs cannot be 0"),
        ("images", "side", "0", "choose 1 to 1,024"),
        ("images", "share", "2", "cannot be"),
        ("head", "dropout", "1.5", "Dropout cannot be 1.5"),
        ("trains", "epoch", "99", "There are 6 epochs"),
        ("trains", "budget", "-1", "Choose 0 to 1,000,000"),
    ],
)
def test_what_cannot_be_is_said_beside_the_field(
    page: TuningPage, qtbot: QtBot, step: str, field: str, text: str, words: str
) -> None:
    part, good = getattr(page.setup, step), page.state.plan
    part.header.setChecked(True)
    widget = part.form.fields[field]
    line = widget if isinstance(widget, QLineEdit) else widget.lineEdit()
    line.clear()
    qtbot.keyClicks(line, text)
    assert words in part.problem.text() and not part.problem.isHidden()
    assert page.state.plan is good


def test_epochs_of_opening_are_written_as_people_count(page: TuningPage, qtbot: QtBot) -> None:
    step = page.setup.trains
    step.opens.setText("5")
    step.opens.editingFinished.emit()
    assert page.state.plan.unfreeze == (4,)
    for text, words in (("x", "is not a list of epochs"), ("0", "count from 1"), ("2, 3", "opens at 1 epochs at most")):
        step.opens.setText(text)
        step.opens.editingFinished.emit()
        assert words in step.problem.text()
    assert page.state.plan.unfreeze == (4,)


def test_batch_norm_is_a_switch_of_its_own(page: TuningPage) -> None:
    step = page.setup.trains
    before = page.state.plan.bn
    assert before is BnMode.FROZEN and step.warning.isHidden()
    assert "20 batch norms use running statistics" in step.bn_text.text()
    step.bn.setCurrentIndex(step.bn.findData(BnMode.TRAIN))
    assert page.state.plan.bn is BnMode.TRAIN and not step.warning.isHidden()
    assert "⚠ 20 batch norms of frozen layers update their running statistics" in step.warning.text()


def test_what_is_computed_once_is_said_with_its_size(page: TuningPage, qtbot: QtBot) -> None:
    step, state = page.setup.trains, page.state
    state.use_strategy(Strategy.PROBE)
    line = step.once.text
    images = REPORT.train + REPORT.test
    assert f"flatten (512) for epochs 1 to 6: {images * 512 * 4 / 1e6:.2g} MB of 2 GB." in line.text()
    assert page.network.hint.text().endswith("Computed once, up to flatten (512).")
    assert step.form.fields["views"].isHidden() and step.once.clear.isHidden()
    state.propose("rates", recipe=replace(state.plan.recipe, flip=True))
    assert not step.form.fields["views"].isHidden() and line.text().startswith("Augmentation is drawn anew")
    qtbot.keyClicks(step.form.fields["views"].lineEdit(), "3")
    assert state.plan.views == 3 and line.text().startswith("Features of 3 views computed once")
    step.form.fields["budget"].clear()
    qtbot.keyClicks(step.form.fields["budget"], "0.001")
    assert features_budget() == 10**6 and "and the budget is 1 MB" in line.text()
    state.use_strategy(Strategy.FULL)
    assert step.once.isHidden() and page.network.hint.text() == HINT


def test_features_are_deleted_by_a_button(page: TuningPage) -> None:
    features_folder().mkdir(parents=True)
    (features_folder() / "some.features").write_bytes(bytes(12_000_000))
    once = page.setup.trains.once
    once.show_plan()
    assert once.clear.text() == "Delete features, 12 MB"
    once.clear.click()
    assert features_size() == 0 and once.clear.isHidden()


def test_the_bar_tells_how_far_features_are(page: TuningPage, jobs: TuningJobsHere, qtbot: QtBot) -> None:
    text = "computing features once, 120 of 256 images, about 20 s left"
    tune = jobs.answers[TuneRun]

    def slow(job: TuneRun) -> Iterator[object]:
        for _ in range(20):
            yield Progress(120, 256, text)
        yield from tune(job)

    jobs.answers[TuneRun] = slow
    page.bar.start.click()
    qtbot.waitUntil(lambda: page.bar.text.text() == text, timeout=PATIENCE)
    assert (page.bar.progress.value(), page.bar.progress.maximum()) == (120, 256)
    qtbot.waitUntil(lambda: not page.trainer.is_busy, timeout=PATIENCE)
    assert page.bar.text.text() == "all runs have ended"


def test_what_would_open_after_the_last_epoch_is_said_to_stay_frozen(page: TuningPage) -> None:
    page.state.propose("rates", epochs=4)
    page.state.use_strategy(Strategy.C)
    assert "⚠ stem stays frozen: it would train from epoch 5" in page.setup.trains.warning.text()
    page.state.propose("rates", epochs=6)
    assert page.setup.trains.warning.isHidden()


def test_strategies_are_compared_on_equal_budget(page: TuningPage, jobs: TuningJobsHere, qtbot: QtBot) -> None:
    page.state.propose("rates", epochs=2)
    page.bar.compare.click()
    plans = [job.plan for job in jobs.of(TuneRun)]
    assert [plan.strategy for plan in plans] == [Strategy.A, Strategy.B, Strategy.C]
    assert len({(plan.epochs, plan.seed, plan.recipe, plan.data, plan.spec) for plan in plans}) == 1
    qtbot.waitUntil(lambda: not page.trainer.is_busy, timeout=PATIENCE)
    page.draw()
    assert [run.status for run in page.trainer.runs] == [RunStatus.DONE] * 3
    assert len(present(page.curves.first.chart.chart).shown) >= 3


def test_before_and_after_are_judged_when_they_are_looked_at(
    page: TuningPage, jobs: TuningJobsHere, qtbot: QtBot
) -> None:
    page.views.setCurrentWidget(page.judged)
    assert "No results yet" in page.judged.text.text()
    _train(page, qtbot)
    page.trainer.runs[0].folder.mkdir(parents=True)
    assert not jobs.of(EvaluateTuned)
    page.views.setCurrentWidget(page.judged)
    qtbot.waitUntil(lambda: page.judged.judged is not None, timeout=PATIENCE)
    assert "Before: 10.0 %" in page.judged.text.text() and "100.0 % of 90 test images" in page.judged.text.text()
    assert page.judged.table.rows[3].texts == ("3", "9", "10.0 %", "100.0 %", "+90.0")
    page.judged.when.setCurrentIndex(1)
    assert "(before)" in page.judged.matrix.picture.title


def test_a_model_is_taken_away_and_names_images(page: TuningPage, jobs: TuningJobsHere, qtbot: QtBot) -> None:
    page.views.setCurrentWidget(page.export)
    assert not page.export.buttons[".onnx"].isEnabled()
    _train(page, qtbot)
    page.trainer.runs[0].folder.mkdir(parents=True)
    page.views.setCurrentWidget(page.export)
    page.export.save("/somewhere/model.onnx")
    qtbot.waitUntil(lambda: "Saved /somewhere/model.onnx" in page.export.saved.text(), timeout=PATIENCE)
    assert jobs.of(SaveTuned)[0].folder == str(page.trainer.runs[0].folder)
    page.export.name(["/pictures/a.png", "/pictures/b.png"])
    qtbot.waitUntil(lambda: page.export.results.topLevelItemCount() == 2, timeout=PATIENCE)
    assert present(page.export.results.topLevelItem(0)).text(2) == "90.0 %"


def test_samples_are_fetched_anew_where_they_would_look_otherwise(
    page: TuningPage, jobs: TuningJobsHere, qtbot: QtBot
) -> None:
    page.views.setCurrentWidget(page.samples)
    qtbot.waitUntil(lambda: page.samples.grid.count() > 0, timeout=PATIENCE)
    page.state.propose("rates", epochs=9)
    assert len(jobs.of(ShowSamples)) == 1, "epochs change no image"
    page.state.propose("images", image=InputShape(1, 48, 48))
    assert len(jobs.of(ShowSamples)) == 2


def test_another_network_in_the_window_is_tuned_from_then_on(page: TuningPage) -> None:
    page.state.propose("trains", frozen=frozenset({"layer1", "layer2.1.conv2"}))
    page.show_results(read(State(find("resnet50"), RESNET18.image)))
    assert page.state.plan.spec == find("resnet50")
    assert page.state.plan.frozen == {"layer1", "layer2.1.conv2"}
    assert page.state.groups.counts(0).of_tensors == 161
    page.show_results(read(State(find("resnet20"), RESNET18.image)))
    assert page.state.plan.frozen == {"layer1", "layer2.1.conv2"}


def test_a_kept_fine_tuning_is_shown_and_goes_on(page: TuningPage, jobs: TuningJobsHere, qtbot: QtBot) -> None:
    plan = page.state.plan
    folder = page.trainer.root / "before" / "1 mine"
    folder.mkdir(parents=True)
    setting = RunEnvironment("digits", plan.classes, (), REPORT.train, 360, "2", "1", "cpu", "2026-01-01T00:00")
    (folder / RUN).write_text(dumps(run_plan(plan, REPORT.train), setting))
    (folder / TUNE).write_text(plan_to_text(plan))
    page.curves.list_kept()
    qtbot.waitUntil(lambda: page.curves.kept.count() > 1, timeout=PATIENCE)
    assert page.curves.kept.itemText(1).startswith("resnet18 A, 2026-01-01")
    page.curves.kept.activated.emit(1)
    assert page.trainer.runs[0].status is RunStatus.PAUSED
    page.bar.pause.click()
    qtbot.waitUntil(lambda: page.trainer.runs[0].status is RunStatus.DONE, timeout=PATIENCE)
    assert jobs.of(TuneRun)[0].folder == str(folder)
    page.trainer.root.joinpath("before", "1 mine", TUNE).unlink()
    said: list[str] = []
    page.said.connect(said.append)
    page.curves.kept.activated.emit(1)
    assert "holds no fine-tuning" in said[0]


def test_why_a_training_came_to_nothing_is_said(page: TuningPage, jobs: TuningJobsHere, qtbot: QtBot) -> None:
    jobs.answers[TuneRun] = failing("weights", "This file is of another network.", "Choose another file.")
    page.bar.start.click()
    qtbot.waitUntil(lambda: "another network" in page.bar.problem.text(), timeout=PATIENCE)
    assert page.trainer.runs[0].status is RunStatus.FAILED


@settings(max_examples=25, deadline=None)
@given(
    st.sets(st.sampled_from(["stem", "layer1", "layer2.0", "layer2.1", "layer3.0.downsample", "layer4.1.bn2", "fc"]))
)
def test_short_addresses_freeze_exactly_what_was_meant(paths: set[str]) -> None:
    plan = TunePlan(find("resnet18"), classes=("a", "b"), frozen=frozenset(paths))
    short = shortened(plan, set(plan.never))
    assert replace(plan, frozen=short).never == plan.never
    assert len(short) <= len(paths)


def test_every_control_says_what_it_is(page: TuningPage) -> None:
    kinds = (QAbstractButton, QComboBox, QLineEdit, QAbstractSpinBox, QSlider)
    nameless = []
    for widget in page.setup.findChildren(QWidget) + page.bar.findChildren(QWidget):
        if isinstance(widget, kinds) and widget.objectName() not in ("qt_spinbox_lineedit", "offer"):
            text = widget.accessibleName() or getattr(widget, "text", str)()
            inside = isinstance(widget.parent(), QComboBox | QAbstractSpinBox)
            if not inside and not (text and widget.toolTip()):
                nameless.append(f"{type(widget).__name__} {widget.objectName()} {text}")
    assert nameless == []
