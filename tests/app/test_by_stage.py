"""The Build panel: an axis for each stage, and widths for each block."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox
from pytestqt.qtbot import QtBot

from resnet_explorer.app.axis_field import AxisField
from resnet_explorer.app.main_window import MainWindow
from resnet_explorer.app.optional_field import OptionalField
from resnet_explorer.scenes.scene import State
from resnet_explorer.spec import Attention, InputShape
from resnet_explorer.spec.search import find_network
from resnet_explorer.ui.fields import NumberField
from tests.narrow import of_kind

SE = Attention.SE


def row(window: MainWindow, key: str) -> AxisField:
    return of_kind(AxisField, window.build.rows[key])


def show(window: MainWindow, name: str, *settings: str) -> None:
    window.document.propose(State(find_network(name, settings), InputShape(1, 64, 64)), "show")


def pick(field: AxisField, number: int, value: object) -> None:
    combo = of_kind(QComboBox, field.stages[number - 1])
    combo.activated.emit(combo.findData(value))


def click(qtbot: QtBot, field: AxisField) -> None:
    qtbot.mouseClick(field.switch, Qt.MouseButton.LeftButton)


def test_a_switch_shows_a_control_for_each_stage(window: MainWindow, qtbot: QtBot) -> None:
    field, steps = row(window, "attention"), window.document.undo_stack.count()
    click(qtbot, field)
    assert [stage.isVisibleTo(field) for stage in field.stages] == [True] * 4 and field.control.isHidden()
    assert window.document.undo_stack.count() == steps, "to look at the stages changes nothing"
    pick(field, 3, SE)
    pick(field, 4, SE)
    spec = window.document.state.spec
    assert spec.value("attention") == (Attention.NONE, Attention.NONE, SE, SE)
    assert "attention none, none, SE, SE" in window.build.sections["Block"].summary
    assert field.stages[3].accessibleName() == "Attention of stage 4" and field.stages[3].toolTip()
    reduction = row(window, "reduction")
    click(qtbot, reduction)
    assert [stage.isEnabled() for stage in reduction.stages] == [False, False, True, True]
    assert reduction.stages[0].toolTip().startswith("No attention")


def test_switched_off_all_stages_take_the_first_one_s_value_in_one_step(window: MainWindow, qtbot: QtBot) -> None:
    show(window, "resnet50", "attention=se,none,none,eca", "cardinality=1,2,4,8")
    field, before = row(window, "attention"), window.document.state
    assert field.switch.isChecked() and row(window, "cardinality").switch.isChecked()
    click(qtbot, field)
    assert window.document.state.spec.value("attention") is SE and field.control.isVisibleTo(field)
    window.document.undo_stack.undo()
    assert window.document.state == before and field.switch.isChecked() and field.control.isHidden()


def test_what_a_stage_cannot_be_is_explained_and_typed_text_is_one_step(window: MainWindow, qtbot: QtBot) -> None:
    show(window, "resnet50", "cardinality=1,1,1,2")
    field, steps = row(window, "cardinality"), window.document.undo_stack.count()
    third = of_kind(NumberField, field.stages[2])
    for text in ("1", "16"):
        third.lineEdit().setText(text)
        third.lineEdit().textEdited.emit(text)
    assert window.document.state.spec.value("cardinality") == (1, 1, 16, 2)
    assert window.document.undo_stack.count() == steps + 1
    third.lineEdit().textEdited.emit("0")
    assert "cannot be 0" in field.problem and window.document.state.spec.value("cardinality") == (1, 1, 16, 2)
    third.lineEdit().textEdited.emit("x")
    assert "'x' is not a whole number" in field.problem
    assert field.stages[2].accessibleName() == "Cardinality of stage 3"


def test_a_group_width_may_be_none(window: MainWindow, qtbot: QtBot) -> None:
    show(window, "resnet50", "expansion=1")
    field = row(window, "group_width")
    control = of_kind(OptionalField, field.control)
    assert control.text() == "none"
    for text, value in (("16", 16), ("none", None), ("8", 8)):
        control.setText(text)
        control.textEdited.emit(text)
        assert window.document.state.spec.group_width == value and not field.problem
    control.textEdited.emit("many")
    assert "nor none" in field.problem


def test_stages_that_come_and_go_take_their_controls_along(window: MainWindow, qtbot: QtBot) -> None:
    show(window, "resnet18", "attention=se,none,none,none")
    field = row(window, "attention")
    qtbot.mouseClick(window.build.stages.more, Qt.MouseButton.LeftButton)
    assert [stage.isVisibleTo(field) for stage in field.stages] == [True] * 5
    for _ in range(4):
        qtbot.mouseClick(window.build.stages.fewer, Qt.MouseButton.LeftButton)
    assert not field.switch.isVisibleTo(field) and field.control.isVisibleTo(field), "one stage differs from none"


def test_what_may_be_left_out_has_a_field_that_takes_none(window: MainWindow) -> None:
    control = of_kind(OptionalField, row(window, "head_channels").control)
    assert control.isEnabled() and control.text() == "none"
    control.setText("256")
    control.textEdited.emit("256")
    assert window.document.state.spec.head_channels == 256


@pytest.mark.parametrize("key", ["stem", "in_channels", "classes", "output_stride"])
def test_what_the_whole_network_has_has_no_switch(window: MainWindow, key: str) -> None:
    assert key not in window.build.rows or not row(window, key).switch.isVisibleTo(row(window, key))


def test_widths_by_block_are_typed_and_shown(window: MainWindow, qtbot: QtBot) -> None:
    show(window, "resnet20")
    stages = window.build.stages
    qtbot.mouseClick(stages.by_block, Qt.MouseButton.LeftButton)
    assert stages.widths.isVisibleTo(stages) and stages.widths.text() == "16, 32, 64"
    for text in ("16+", "16+4", "16+45"):
        stages.widths.setText(text)
        stages.widths.textEdited.emit(text)
        assert bool(window.build.rows["stages"].problem) is (text == "16+")
    spec = window.document.state.spec
    assert spec.block_widths == ((21, 26, 31), (36, 41, 46), (51, 56, 61))
    stages.widths.clearFocus()
    stages.show_spec(spec)
    assert stages.widths.text() == "16+45 (α)"
    first = stages.numbers["widths"][0]
    first.lineEdit().textEdited.emit("20")
    assert window.document.state.spec.block_widths[0] == (20, 20, 20)
    assert window.document.state.spec.block_widths[1] == (36, 41, 46), "the other stages keep theirs"
    window.document.undo_stack.undo()
    qtbot.mouseClick(stages.by_block, Qt.MouseButton.LeftButton)
    assert window.document.state.spec.block_widths == () and window.document.state.spec.widths == (31, 46, 61)
    window.document.undo_stack.undo()
    assert window.document.state.spec == spec and stages.widths.isVisibleTo(stages)
