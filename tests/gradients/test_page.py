"""The gradient lab in the window: what it measures, that it streams, links, and keeps the last good result."""

from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QPoint, Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from resnet_explorer.app.main_window import MainWindow
from resnet_explorer.gradients.descent import DescentRequest
from resnet_explorer.gradients.page import GradientPage
from resnet_explorer.gradients.presets import PRESETS
from resnet_explorer.gradients.tables import to_csv as gradients_csv
from resnet_explorer.gradients.values import GradientRequest, GradientResult
from resnet_explorer.images.choice import DataChoice, DataKind
from resnet_explorer.picture.chart import Chart
from resnet_explorer.readings.quantities import IN_TRAINING, Mode, Quantity
from resnet_explorer.ui.chart_view import ChartView
from tests import pages
from tests.narrow import of_kind, present

PATIENCE = 120_000


@pytest.fixture
def page(window: MainWindow, qtbot: QtBot, shared_results: None) -> GradientPage:
    """The lab with the pair of 20 layers on small digits measured."""
    lab = pages.gradients(window)
    lab.controls.network.setCurrentIndex(lab.controls.network.findData(20))
    for field, value in ((lab.controls.batch, 16), (lab.controls.side, 16), (lab.controls.seeds, 2)):
        field.setValue(value)
    window.tabs.setCurrentWidget(lab)
    qtbot.waitUntil(lambda: (result := gradients(lab)) is not None and result.complete, timeout=PATIENCE)
    return lab


def gradients(page: GradientPage) -> GradientResult | None:
    return page.shown if isinstance(page.shown, GradientResult) else None


def chart(page: GradientPage) -> Chart:
    return present(of_kind(ChartView, page.canvas).chart)


def test_with_batch_norm_the_plain_nets_gradient_grows_and_the_residual_ones_far_less(page: GradientPage) -> None:
    """He et al. 2015, section 4.1; Yang et al. 2019: it does not vanish, it grows towards the input."""
    result = gradients(page)
    assert result is not None and result.request.mode is Mode.TRAIN
    residual, plain = (network.ratio(Quantity.INPUT) for network in result.networks)
    assert residual is not None and plain is not None
    assert plain > 2 * residual > 2
    assert "grows" in page.text.shows.text() and "seeds 0, 1" in page.text.conditions.text()


def test_the_lab_has_the_whole_window_and_the_panels_come_back(window: MainWindow, page: GradientPage) -> None:
    assert not window.panels.isVisible() and not window.build.isVisible()
    window.show_page("diagram")
    assert window.build.isVisible()


def test_a_block_is_selected_everywhere(window: MainWindow, page: GradientPage) -> None:
    page.canvas.clicked("layer2.1")
    assert window.document.selection == "layer2.1"
    assert page.text.block.text() == "Block 5 of ResNet-20 · layer2.1"
    assert "the shortcut contributes" in page.text.terms.text() and "cosine" in page.text.terms.text()
    assert len(page.canvas.marked()) == 4, "both curves and both rows of blocks"
    key = QContextMenuEvent(QContextMenuEvent.Reason.Keyboard, QPoint(), QPoint())
    QCoreApplication.sendEvent(page.canvas, key)
    menu = page.canvas.findChildren(QMenu)[-1]
    offered = {action.text().replace("&", ""): action for action in menu.actions() if action.isEnabled()}
    assert {"Copy picture", "Copy path", "Export picture…", "Show in code", "Show in autograd graph"} <= offered.keys()
    offered["Show in diagram"].trigger()
    assert window.shown_page() is None and window.document.selection == "layer2.1"
    menu.close()


def test_every_quantity_can_be_shown(page: GradientPage) -> None:
    for index in range(page.quantity.count()):
        page.quantity.setCurrentIndex(index)
        assert chart(page).title == page.quantity.currentText()


def test_at_initialisation_there_is_no_step_whose_update_could_be_shown(page: GradientPage) -> None:
    page.quantity.setCurrentIndex(page.quantity.findData(Quantity.UPDATE))
    assert page.quantity.currentData() == Quantity.ESTIMATE and "estimate for plain SGD" in page.quantity.currentText()
    assert chart(page).y_axis.title == "η‖∂L/∂W‖₂ / ‖W‖₂"


def test_a_change_measures_anew_and_keeps_the_old_until_then(page: GradientPage, qtbot: QtBot) -> None:
    before = gradients(page)
    page.controls.norm.setCurrentIndex(page.controls.norm.findData("none"))
    assert gradients(page) is before
    qtbot.waitUntil(lambda: gradients(page) is not before and present(gradients(page)).complete, timeout=PATIENCE)
    assert present(gradients(page)).request.specs[0].norm.value == "none"
    residual, plain = (network.ratio(Quantity.INPUT) for network in present(gradients(page)).networks)
    assert plain is not None and residual is not None and plain < residual, "without norm it is the other way round"


def test_choices_that_exclude_each_other_say_so_and_change_nothing(page: GradientPage, qtbot: QtBot) -> None:
    before = gradients(page)
    page.controls.zero.setChecked(True)
    page.controls.scaling.setCurrentIndex(1)
    page.controls.norm.setCurrentIndex(page.controls.norm.findData("frn"))
    page.controls.batch.setValue(1)
    page.controls.side.setValue(1)
    page.ask()
    qtbot.waitUntil(lambda: bool(page.controls.problem.text()), timeout=PATIENCE)
    assert page.controls.problem.text().startswith("⚠") and gradients(page) is before


def test_the_table_has_a_line_for_every_block_seed_and_quantity(page: GradientPage) -> None:
    lines = gradients_csv(present(gradients(page))).splitlines()
    assert len(lines) == 1 + 2 * 9 * 2 * (len(Quantity) - len(IN_TRAINING))
    assert lines[0] == "network,block,path,stage,quantity,seed,value,underflow"


def test_the_keyboard_measures_again(window: MainWindow, page: GradientPage, qtbot: QtBot) -> None:
    jobs = len(window.jobs.states)
    qtbot.mouseClick(page.measure, Qt.MouseButton.LeftButton)
    assert len(window.jobs.states) == jobs + 1


@pytest.mark.parametrize("key", ["shattered", "lesions"])
def test_an_experiment_says_what_to_look_for_and_shows_what_was_measured(
    page: GradientPage, qtbot: QtBot, key: str
) -> None:
    preset = PRESETS[key]
    page.choose(preset)
    qtbot.waitUntil(lambda: getattr(page.shown, "request", None) == preset.request, timeout=PATIENCE)
    assert preset.look_for in page.text.shows.text() and chart(page)
    assert not page.quantity.isEnabled() and preset.references[0].text in page.text.sources.text()
    page.controls.seeds.stepBy(-1)
    qtbot.waitUntil(lambda: gradients(page) is not None, timeout=PATIENCE)
    assert page.quantity.isEnabled()


def test_each_when_keeps_its_own_learning_rate(window: MainWindow) -> None:
    controls = pages.gradients(window).controls
    assert of_kind(GradientRequest, controls.request()).rate == 0.1
    controls.rate.value_entered.emit(0.3)
    controls.when.setCurrentIndex(1)
    assert of_kind(DescentRequest, controls.request()).recipe.learning_rate == 0.05 and controls.rate.text() == "0.05"
    controls.when.setCurrentIndex(0)
    assert of_kind(GradientRequest, controls.request()).rate == 0.3 and controls.rate.text() == "0.3"


def test_a_number_that_is_typed_stays_when_the_field_is_left(window: MainWindow, qtbot: QtBot) -> None:
    page = pages.gradients(window)
    window.tabs.setCurrentWidget(page)
    field = page.controls.batch
    field.setFocus()
    field.lineEdit().selectAll()
    qtbot.keyClicks(field, "24")
    page.controls.norm.setFocus()
    assert field.value() == 24 and field.text() == "24" and page.controls.request().image.batch == 24


def test_two_depths_are_measured_beside_each_other(page: GradientPage, qtbot: QtBot) -> None:
    page.controls.beside.setCurrentIndex(page.controls.beside.findData(8))
    qtbot.waitUntil(lambda: len(present(gradients(page)).networks) == 4, timeout=PATIENCE)
    assert page.pictures.chart.chart
    looks = [series.style for series in page.pictures.chart.chart.series]
    assert len(set(looks)) == 4 and [len(one.places) for one in present(gradients(page)).networks] == [9, 9, 3, 3]


def test_images_that_are_not_there_are_said_beside_the_list_and_the_result_stays(
    page: GradientPage, qtbot: QtBot, tmp_path: Path
) -> None:
    before = page.shown
    page.controls.images.use(DataChoice(DataKind.CIFAR10, str(tmp_path)))
    qtbot.waitUntil(lambda: page.controls.images.problem.isVisible(), timeout=PATIENCE)
    assert (
        "CIFAR-10 is missing or incomplete in" in page.controls.images.problem.text()
        and not page.controls.problem.text()
    )
    assert page.shown is before and page.controls.images.list.toolTip() == str(tmp_path)
    page.controls.images.use(DataChoice(DataKind.NOISE))
    qtbot.waitUntil(lambda: page.shown is not before, timeout=PATIENCE)
    assert page.controls.images.problem.isHidden()


def test_an_experiment_is_run_by_the_keyboard(window: MainWindow, qtbot: QtBot) -> None:
    page = pages.gradients(window)
    window.tabs.setCurrentWidget(page)
    assert page.pictures.isVisible() and page.is_recorded, "there is no own result yet"
    page.experiments.handle.click()
    page.presets.setFocus()
    page.presets.setCurrentRow(list(PRESETS).index("two-terms"))
    qtbot.keyClick(page.presets, Qt.Key.Key_Return)
    assert page.preset is PRESETS["two-terms"] and page.quantity.currentData() == Quantity.SHARE
    page.measure.click()
    assert page.preset is None and not page.presets.selectedItems()


def test_the_diagram_is_coloured_by_what_the_lab_shows(window: MainWindow, page: GradientPage) -> None:
    page.colour.click()
    network = present(gradients(page)).networks[0]
    spec = network.spec
    assert window.document.state.spec == spec and window.shown_page() is None
    said = window.statusBar().currentMessage()
    assert said.endswith("is shown in place of ResNet-18. Ctrl+Z brings it back."), said
    values = window.document.measured
    assert values is not None and dict(values.values).keys() == {place.path for place in network.places}
    assert window.actions_by_key["measured"].isChecked()
    page.quantity.setCurrentIndex(page.quantity.findData(Quantity.ACTIVATION))
    assert present(window.document.measured).title != values.title, "the colours follow the lab"
    window.actions_by_key["measured"].trigger()
    assert window.document.measured is None
    window.actions_by_key["measured"].trigger()
    window.document.undo_stack.undo()
    assert window.document.measured is None, "the values are another network's"
    assert not window.actions_by_key["measured"].isChecked()
