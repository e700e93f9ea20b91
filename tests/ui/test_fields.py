"""Fields hold whatever is typed."""

from pytestqt.qtbot import QtBot

from resnet_explorer.ui.fields import NumberField


def test_a_number_larger_than_qt_holds_is_shown(qtbot: QtBot) -> None:
    """As in the conditions of the gradient lab, which show each value that is typed, and say where it is too large."""
    field, entered = NumberField(1, 64), list[int]()
    qtbot.addWidget(field)
    field.value_entered.connect(entered.append)
    field.value_entered.connect(field.show_value)
    field.lineEdit().selectAll()
    field.lineEdit().insert("99,999,999,999")  # as pasted
    assert entered[-1] == 99_999_999_999 and field.text() == "99999999999"
    field.clearFocus()
    assert field.text() == "99999999999"
