"""The Build panel: every change shows at once, or says beside its control why it cannot be."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QAbstractSpinBox, QCheckBox, QComboBox, QSlider, QWidget
from pytestqt.qtbot import QtBot

from resnet_explorer.app.main_window import MainWindow
from resnet_explorer.picture.theme import PROJECTOR
from resnet_explorer.spec import Block, Norm, Order
from resnet_explorer.spec.axes import AXES
from resnet_explorer.spec.catalogue import CATALOGUE
from resnet_explorer.spec.families import FAMILIES
from resnet_explorer.ui.fields import NumberField
from resnet_explorer.ui.preset_box import NAME
from tests.narrow import of_kind, present


def type_into(qtbot: QtBot, field: NumberField, text: str) -> None:
    field.setFocus()
    field.lineEdit().selectAll()
    qtbot.keyClicks(field.lineEdit(), text)


def choose(window: MainWindow, qtbot: QtBot, text: str) -> None:
    """Type into the preset box and take the first network found."""
    window.build.preset.setFocus()
    window.build.preset.selectAll()
    qtbot.keyClicks(window.build.preset, text)
    qtbot.keyClick(window.build.preset, Qt.Key.Key_Return)


def pick(combo: QComboBox, value: object) -> None:
    index = combo.findData(value)
    combo.setCurrentIndex(index)
    combo.activated.emit(index)


def test_every_preset_shows_its_network_and_its_image_size(window: MainWindow) -> None:
    for name, entry in CATALOGUE.items():
        window.build.preset.chosen.emit(name)
        assert window.document.state.spec == entry.spec, name
        assert window.document.state.image.height == entry.size, name
        assert window.build.preset.text() == entry.title, name


def test_typing_finds_a_network(window: MainWindow, qtbot: QtBot) -> None:
    names = {
        "resnet56": "resnet56",
        "rn50": "resnet50",
        "50d": "resnet50d",
        "WRN-28-10": "wrn28_10",
        "senet": "senet154",
    }
    for text, name in names.items():
        choose(window, qtbot, text)
        assert window.document.state.spec == CATALOGUE[name].spec, text


def test_the_list_is_grouped_by_family(window: MainWindow, qtbot: QtBot) -> None:
    window.build.preset.setFocus()
    qtbot.keyClick(window.build.preset, Qt.Key.Key_Down)
    items = [window.build.preset.list.item(row) for row in range(window.build.preset.list.rowCount())]
    assert len(items) == len(CATALOGUE) + len(FAMILIES)
    assert not items[0].isEnabled() and "2015" in items[0].text()
    assert window.build.preset.popup.isVisible()
    qtbot.keyClick(window.build.preset, Qt.Key.Key_Escape)
    assert not window.build.preset.popup.isVisible()
    assert window.build.preset.text() == "ResNet-18"


def test_the_list_is_walked_and_chosen_from_by_keyboard(window: MainWindow, qtbot: QtBot) -> None:
    preset = window.build.preset
    preset.setFocus()
    qtbot.keyClick(preset, Qt.Key.Key_Down)
    qtbot.keyClick(preset.popup, Qt.Key.Key_Down)
    qtbot.keyClick(preset.popup, Qt.Key.Key_Down)
    chosen = preset.popup.currentIndex().data(NAME)
    assert chosen
    qtbot.keyClick(preset.popup, Qt.Key.Key_Return)
    assert window.document.state.spec.name == chosen
    assert not preset.popup.isVisible()


def test_typing_goes_on_while_the_list_is_open(window: MainWindow, qtbot: QtBot) -> None:
    preset = window.build.preset
    preset.setFocus()
    preset.selectAll()
    qtbot.keyClicks(preset, "res")
    qtbot.keyClicks(preset.popup, "net56")
    assert preset.text() == "resnet56"
    qtbot.keyClick(preset.popup, Qt.Key.Key_Return)
    assert window.document.state.spec.name == "resnet56"


def test_the_list_is_chosen_from_by_mouse(window: MainWindow, qtbot: QtBot) -> None:
    preset = window.build.preset
    preset.setFocus()
    preset.offer("wrn28")
    place = preset.popup.visualRect(preset.popup.model().index(0, 0)).center()
    qtbot.mouseClick(preset.popup.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert window.document.state.spec.name == "wrn28_10"


def test_a_name_that_nothing_has_changes_nothing(window: MainWindow, qtbot: QtBot) -> None:
    before = window.document.state
    choose(window, qtbot, "foonet")
    assert window.document.state == before
    assert "fewer letters" in window.build.preset.list.item(0).text()
    window.build.preset.popup.hide()
    qtbot.waitUntil(lambda: window.build.preset.text() == "ResNet-18")


def test_a_relative_that_cannot_be_built_is_explained_and_chosen_by_nobody(window: MainWindow, qtbot: QtBot) -> None:
    before, preset = window.document.state, window.build.preset
    choose(window, qtbot, "densenet121")
    assert window.document.state == before and preset.popup.isVisible()
    lines = [preset.list.item(row).text() for row in range(preset.list.rowCount())]
    assert lines[0] == "DenseNet cannot be built here" and "concatenates" in " ".join(lines)
    qtbot.keyClick(preset.popup, Qt.Key.Key_Down)
    qtbot.keyClick(preset.popup, Qt.Key.Key_Return)
    assert window.document.state.spec.name == "preresnet110", "what comes nearest is offered"


def test_choosing_a_preset_is_one_step_to_undo(window: MainWindow, qtbot: QtBot) -> None:
    choose(window, qtbot, "resnet56")
    assert window.document.undo_stack.undoText() == "choose ResNet-56"
    window.document.undo_stack.undo()
    assert window.build.preset.text() == "ResNet-18"
    assert window.build.input.fields["height"].value() == 224


def test_editing_an_axis_marks_the_preset_as_edited(window: MainWindow, qtbot: QtBot) -> None:
    type_into(qtbot, window.build.stages.numbers["blocks"][2], "5")
    assert window.document.state.spec.blocks == (2, 2, 5, 2)
    assert window.build.preset.text() == "ResNet-18, edited"
    assert window.document.undo_stack.undoText() == "change blocks of stage 3"
    type_into(qtbot, window.build.stages.numbers["blocks"][2], "2")
    assert window.build.preset.text() == "ResNet-18"


REFUSED = {
    "0": "cannot be 0",
    "-3": "cannot be -3",
    "1000000000": "cannot be 1,000,000,000",
    "99999999999999999999": "cannot be",
    "abc": "'abc' is not a whole number",
    "2.5": "'2.5' is not a whole number",
}
"""What is said of each text that is no value of a field."""


def test_a_value_that_cannot_be_is_explained_beside_its_control(window: MainWindow) -> None:
    build = window.build
    fields = (
        ("blocks", build.stages.numbers["blocks"][0], "stages"),
        ("width", build.stages.numbers["widths"][0], "stages"),
        ("classes", build.rows["classes"].control, "classes"),
        ("input", build.input.fields["height"], "input"),
    )
    before = window.document.state
    for name, field, row in fields:
        assert isinstance(field, NumberField)
        good = field.value()
        for text, words in REFUSED.items():
            field.lineEdit().setText(text)
            field.lineEdit().textEdited.emit(text)
            assert words in build.rows[row].problem, (name, text)
            assert window.document.state == before, (name, text)
            assert build.facts.values["params"].text() == "11,689,512", (name, text)
            field.setFocus()
            window.diagram.setFocus()
            field.focus_left.emit()
            assert words in build.rows[row].problem, "it stays to be read where the last good value is shown again"
            assert (field.value(), field.text()) == (good, str(good)), (name, text)
            assert window.document.state == before, (name, text)
            window.session.results_changed.emit(window.session.results)
            assert build.rows[row].problem == "" and field.value() == good, (name, text)


def test_a_field_that_is_left_returns_to_its_last_good_value(window: MainWindow, qtbot: QtBot) -> None:
    field = window.build.input.fields["width"]
    type_into(qtbot, field, "96")
    type_into(qtbot, field, "x")
    window.diagram.setFocus()
    qtbot.waitUntil(lambda: field.text() == "96")


def test_one_to_sixteen_stages(window: MainWindow, qtbot: QtBot) -> None:
    for _ in range(12):
        qtbot.mouseClick(window.build.stages.more, Qt.MouseButton.LeftButton)
    assert list(window.document.state.spec.blocks) == [2] * 16
    assert not window.build.stages.more.isEnabled()
    for _ in range(15):
        qtbot.mouseClick(window.build.stages.fewer, Qt.MouseButton.LeftButton)
    assert window.document.state.spec.blocks == (2,)
    assert not window.build.stages.fewer.isEnabled()


def test_each_stage_has_its_own_width_stride_and_kind(window: MainWindow, qtbot: QtBot) -> None:
    stages = window.build.stages
    type_into(qtbot, stages.numbers["widths"][1], "96")
    assert window.document.state.spec.widths == (64, 96, 256, 512)
    type_into(qtbot, stages.numbers["strides"][3], "1")
    assert window.document.state.spec.strides == (1, 2, 2, 1)
    pick(stages.kinds[2], Block.BOTTLENECK)
    assert window.document.state.spec.block == (Block.BASIC, Block.BASIC, Block.BOTTLENECK, Block.BASIC)
    assert window.document.undo_stack.undoText() == "change the blocks of stage 3"


def test_axes_without_effect_are_off_or_hidden(window: MainWindow) -> None:
    rows = window.build.rows
    expansion = rows["expansion"].control
    assert not expansion.isEnabled()
    assert expansion.toolTip().startswith("Only bottleneck blocks have this choice.")
    assert rows["cardinality"].isHidden() and rows["gate_bias"].isHidden()
    for kind in window.build.stages.kinds[:4]:
        pick(kind, Block.BOTTLENECK)
    assert expansion.isEnabled() and not rows["cardinality"].isHidden()
    of_kind(QCheckBox, rows["residual"].control).click()
    assert not rows["shortcut"].control.isEnabled()


def test_a_choice_that_others_exclude_offers_to_change_them_too(window: MainWindow, qtbot: QtBot) -> None:
    row = window.build.rows["norm"]
    norm = of_kind(QComboBox, row.control)
    before = window.document.state
    window.build.sections["Layers"].header.click()
    pick(norm, Norm.FRN)
    assert window.document.state == before
    assert "activate as they normalise" in row.problem
    assert norm.currentText() == "batch norm"
    assert row.offer.isVisible() and row.offer.text() == "Also set order to v2"
    qtbot.mouseClick(row.offer, Qt.MouseButton.LeftButton)
    spec = window.document.state.spec
    assert (spec.norm, spec.order) == (Norm.FRN, Order.V2)
    assert row.problem == "" and norm.currentText() == "FRN"


def test_every_choice_of_every_axis_shows_a_network_or_says_why_not(window: MainWindow) -> None:
    first = window.document.state
    for key in (key for key, axis in AXES.items() if axis.choices and key != "block"):
        window.document.propose(first, "begin")
        row = window.build.rows[key]
        assert row.problem == "", key
        for index, choice in enumerate(AXES[key].choices):
            of_kind(QComboBox, row.control).activated.emit(index)
            chosen = getattr(window.document.state.spec, key) == choice.value
            assert chosen != bool(row.problem), (key, choice.label)


def test_a_section_says_what_is_unusual_in_it(window: MainWindow) -> None:
    window.build.preset.chosen.emit("resnetrs50")
    stem = window.build.sections["Stem"]
    assert "deep" in stem.summary and "3×3 conv" in stem.summary
    assert window.build.sections["Training depth"].summary == ""


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
    text = window.build.facts.needs.text()
    assert "layer4.0.bn1" in text
    assert "33×33" in text
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
    for section in window.build.sections.values():
        section.header.setChecked(True)
    shown = set(window.build.rows) | {"block", "blocks", "widths", "strides", "in_channels"}
    assert set(AXES) <= shown


def test_nothing_is_clipped_in_any_theme(window: MainWindow) -> None:
    for name in ("light", PROJECTOR.name):
        window.choose_theme(name)
        inner = present(window.build.widget())
        assert inner.minimumSizeHint().width() <= window.build.minimumWidth() + 2, name
    window.choose_theme("light")
