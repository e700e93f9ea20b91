"""The Build panel: every change shows at once, or says beside its control why it cannot be."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QAbstractSpinBox, QComboBox, QSlider, QWidget
from pytestqt.qtbot import QtBot

from resnet_explorer.drawing.theme import PROJECTOR
from resnet_explorer.gui.main_window import MainWindow
from resnet_explorer.gui.views.fields import NumberField
from resnet_explorer.spec import Block
from resnet_explorer.spec.axes import AXES
from resnet_explorer.spec.catalogue import CATALOGUE


def type_into(qtbot: QtBot, field: NumberField, text: str) -> None:
    field.setFocus()
    field.lineEdit().selectAll()
    qtbot.keyClicks(field.lineEdit(), text)


def pick(combo: QComboBox, value: object) -> None:
    index = combo.findData(value)
    combo.setCurrentIndex(index)
    combo.activated.emit(index)


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_preset_shows_its_network_and_its_image_size(window: MainWindow, name: str) -> None:
    pick(window.build.preset, name)
    entry = CATALOGUE[name]
    assert window.document.state.spec == entry.spec
    assert window.document.state.image.height == entry.size
    assert window.build.preset.currentText() == entry.title


def test_choosing_a_preset_is_one_step_to_undo(window: MainWindow) -> None:
    pick(window.build.preset, "resnet56")
    assert window.document.undo_stack.undoText() == "choose ResNet-56"
    window.document.undo_stack.undo()
    assert window.build.preset.currentText() == "ResNet-18"
    assert window.build.input.fields["height"].value() == 224


def test_editing_an_axis_marks_the_preset_as_edited(window: MainWindow, qtbot: QtBot) -> None:
    type_into(qtbot, window.build.stages.fields[2], "5")
    assert window.document.state.spec.blocks == (2, 2, 5, 2)
    assert window.build.preset.placeholderText() == "ResNet-18, edited"
    assert window.document.undo_stack.undoText() == "change blocks of stage 3"
    type_into(qtbot, window.build.stages.fields[2], "2")
    assert window.build.preset.currentText() == "ResNet-18"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("0", "cannot be 0"),
        ("-3", "cannot be -3"),
        ("1000000000", "cannot be 1,000,000,000"),
        ("99999999999999999999", "cannot be"),
        ("abc", "'abc' is not a whole number"),
        ("2.5", "'2.5' is not a whole number"),
    ],
)
@pytest.mark.parametrize("which", ["blocks", "width", "classes", "input"])
def test_a_value_that_cannot_be_is_explained_beside_its_control(
    window: MainWindow, qtbot: QtBot, which: str, text: str, words: str
) -> None:
    build = window.build
    field = {
        "blocks": build.stages.fields[0],
        "width": build.rows["width"].control,
        "classes": build.rows["classes"].control,
        "input": build.input.fields["height"],
    }[which]
    assert isinstance(field, NumberField)
    good = field.value()
    before = window.document.state
    field.lineEdit().setText(text)
    field.lineEdit().textEdited.emit(text)
    assert words in build.rows[which].problem
    assert window.document.state == before
    assert build.facts.values["params"].text() == "11,689,512"
    field.setFocus()
    window.diagram.setFocus()
    field.left.emit()
    assert build.rows[which].problem == ""
    window.session.results_changed.emit(window.session.results)
    assert field.value() == good


def test_a_field_that_is_left_returns_to_its_last_good_value(window: MainWindow, qtbot: QtBot) -> None:
    field = window.build.input.fields["width"]
    type_into(qtbot, field, "96")
    type_into(qtbot, field, "x")
    window.diagram.setFocus()
    qtbot.waitUntil(lambda: field.text() == "96")


def test_one_to_eight_stages(window: MainWindow, qtbot: QtBot) -> None:
    for _ in range(4):
        qtbot.mouseClick(window.build.stages.more, Qt.MouseButton.LeftButton)
    assert window.document.state.spec.blocks == (2,) * 8
    assert not window.build.stages.more.isEnabled()
    for _ in range(7):
        qtbot.mouseClick(window.build.stages.fewer, Qt.MouseButton.LeftButton)
    assert window.document.state.spec.blocks == (2,)
    assert not window.build.stages.fewer.isEnabled()


def test_widths_double_only_where_they_are_told_to(window: MainWindow) -> None:
    window.build.stages.doubles[2].click()
    assert window.document.state.spec.widths == (64, 128, 128, 256)


def test_axes_without_effect_are_off_and_say_why(window: MainWindow) -> None:
    stride = window.build.rows["stride"].control
    assert not stride.isEnabled()
    assert stride.toolTip().startswith("Only bottleneck blocks have this choice.")
    pick(window.build.rows["block"].control, Block.BOTTLENECK)
    assert stride.isEnabled()
    window.build.rows["residual"].control.click()
    assert not window.build.rows["shortcut"].control.isEnabled()


def test_a_backbone_has_no_head_and_gets_it_back(window: MainWindow) -> None:
    window.build.no_head.click()
    assert window.document.state.spec.classes is None
    assert not window.build.rows["classes"].control.isEnabled()
    window.build.no_head.click()
    assert window.document.state.spec.classes == 1000


def test_dragging_the_slider_is_one_step_to_undo(window: MainWindow) -> None:
    steps = window.document.undo_stack.count()
    for value in (20, 16, 12, 9):
        window.build.input.slider.setValue(value)
    assert window.document.state.image.height == window.document.state.image.width == 72
    assert window.document.undo_stack.count() == steps + 1
    window.build.input.slider.sliderReleased.emit()
    window.build.input.slider.setValue(4)
    assert window.document.undo_stack.count() == steps + 2
    assert window.build.facts.values["map"].text() == "512×1×1"


def test_an_input_too_small_to_train_is_said(window: MainWindow, qtbot: QtBot) -> None:
    window.build.input.slider.setValue(4)  # 32 pixels: the last map is 1×1
    words = window.build.facts.needs.text()
    assert "layer4.0.bn1" in words
    assert "33×33" in words
    type_into(qtbot, window.build.input.fields["batch"], "2")
    assert window.build.facts.needs.text().startswith("Inference runs from 1×1")


def test_every_control_has_a_tooltip_and_an_accessible_name(window: MainWindow) -> None:
    kinds = (QAbstractSpinBox, QComboBox, QAbstractButton, QSlider)
    controls = [child for child in window.build.findChildren(QWidget) if isinstance(child, kinds) and child.isVisible()]
    assert len(controls) > 15
    for control in controls:
        assert control.toolTip(), control.objectName()
        assert control.accessibleName() or (isinstance(control, QAbstractButton) and control.text())


def test_every_axis_has_its_control(window: MainWindow) -> None:
    shown = set(window.build.rows) | {"doubling", "in_channels"}
    assert set(AXES) <= shown


def test_nothing_is_clipped_in_any_theme(window: MainWindow) -> None:
    for name in ("light", PROJECTOR.name):
        window.choose_theme(name)
        inner = window.build.widget()
        assert inner.minimumSizeHint().width() <= window.build.minimumWidth() + 2, name
    window.choose_theme("light")
