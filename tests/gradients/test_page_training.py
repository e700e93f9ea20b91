"""A training in the gradient lab: it streams, its steps can be gone through, and heat maps show all of them."""

from pathlib import Path

import pytest
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from resnet_explorer.app.main_window import MainWindow
from resnet_explorer.gradients.descent import Descent, DescentRequest, DescentStep
from resnet_explorer.gradients.page import GradientPage
from resnet_explorer.gradients.part import DescentView, When
from resnet_explorer.readings.quantities import Quantity
from resnet_explorer.spec.catalogue import find
from tests import pages

PATIENCE = 120_000


@pytest.fixture
def trained(window: MainWindow, qtbot: QtBot) -> GradientPage:
    """The lab with a small pair trained for 12 steps, every second measured."""
    page = pages.gradients(window)
    page.controls.network.setCurrentIndex(page.controls.network.findData(8))
    page.controls.steps.setValue(12)
    page.controls.every.setValue(2)
    page.controls.when.setCurrentIndex(page.controls.when.findData(When.TRAINING))
    page.controls.side.setValue(8)
    window.tabs.setCurrentWidget(page)
    qtbot.waitUntil(lambda: isinstance(page.shown, Descent) and page.shown.complete, timeout=PATIENCE)
    return page


def test_a_training_is_shown_at_the_newest_step_until_the_user_moves_the_slider(
    trained: GradientPage, qtbot: QtBot
) -> None:
    bar, canvas = trained.pictures.bar, trained.pictures.chart
    assert isinstance(trained.shown, Descent) and bar.follows
    assert bar.step is not None and bar.step.number == 10 and "Step 10 of 12" in bar.text.text()
    assert canvas.chart is not None and canvas.chart.title.endswith("step 10 of 12")
    bar.slider.triggerAction(bar.slider.SliderAction.SliderSingleStepSub)
    assert not bar.follows and bar.step.number == 8 and canvas.chart.title.endswith("step 8 of 12")
    bar.show_result(trained.shown)
    assert bar.step.number == 8
    bar.slider.triggerAction(bar.slider.SliderAction.SliderToMaximum)
    assert bar.follows
    with qtbot.waitSignal(trained.values_changed):
        bar.slider.setValue(0)
    told = trained.values_shown()
    assert told is not None and told[0] == trained.shown.request.specs[0]
    assert list(told[2].values) == ["layer1.0", "layer2.0", "layer3.0"]
    assert tuple(told[2].values.values()) == trained.shown.heat(0, Quantity.INPUT)[0][1]
    bar.slider.setValue(bar.slider.maximum())
    bar._clock.setInterval(1)
    bar.play.click()
    assert bar.playing and bar.slider.value() == 0
    qtbot.waitUntil(lambda: not bar.playing)
    assert bar.slider.value() == bar.slider.maximum() and bar.follows


def test_heat_maps_of_both_networks_share_their_colours(window: MainWindow, trained: GradientPage) -> None:
    trained.pictures.bar.views[DescentView.HEAT].click()
    heat = trained.pictures.heat
    assert window.canvas is heat and len(heat.maps) == 2
    assert heat.maps[0].value == heat.maps[1].value and list(heat.maps[0].x) == [0, 2, 4, 6, 8, 10]
    trained.pictures.bar.slider.setValue(3)
    frames = [place for place, _ in heat.marked()]
    assert len(frames) == 2 and all(place.isValid() for place in frames)
    heat.clicked("layer2.0")
    assert window.document.selection == "layer2.0" and len(heat.marked()) == 4
    trained.pictures.bar.views[DescentView.LOSS].click()
    assert trained.pictures.losses.isHidden() and trained.pictures.chart.chart
    assert trained.pictures.chart.chart.title == "Training loss, step by step"


@pytest.mark.parametrize(("kind", "ending"), [("CSV (*.csv)", "csv"), ("JSON (*.json)", "json")])
def test_what_is_shown_is_saved_as_a_table(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, ending: str
) -> None:
    page = pages.gradients(window)
    page.shown = Descent(
        DescentRequest((find("resnet20"),)), ((),), (DescentStep(0, (2.5,), (0.5,)),), "digits", "2.6", 1.0
    )
    file = tmp_path / f"table.{ending}"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *rest: (str(file), kind))
    page.save_table.click()
    assert "training-loss" in file.read_text() and "resnet20" in file.read_text()
