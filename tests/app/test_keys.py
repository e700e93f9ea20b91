"""Who gets the keys: the window's shortcuts, or the field that has the keyboard."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from resnet_explorer import features
from resnet_explorer.app.field_keys import is_edited
from resnet_explorer.app.main_window import MainWindow
from resnet_explorer.ui.fields import FractionField, NumberField
from tests.narrow import of_kind, present

CTRL = Qt.KeyboardModifier.ControlModifier


def focused() -> QWidget:
    return present(QApplication.focusWidget())


def press(qtbot: QtBot, keys: str) -> None:
    """Press keys where the keyboard is, as the system would."""
    for key in keys.split():
        qtbot.keySequence(focused(), QKeySequence(key))


def choose(window: MainWindow, qtbot: QtBot, text: str) -> None:
    window.build.preset.setFocus()
    window.build.preset.selectAll()
    qtbot.keyClicks(window.build.preset, text)
    qtbot.keyClick(window.build.preset, Qt.Key.Key_Return)


@pytest.fixture(autouse=True)
def active(window: MainWindow, qtbot: QtBot) -> None:
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)


def test_the_diagram_has_the_keyboard_again_once_a_network_is_chosen(window: MainWindow, qtbot: QtBot) -> None:
    choose(window, qtbot, "rn50")
    assert window.document.state.spec.name == "resnet50"
    assert focused() is window.diagram
    press(qtbot, "Ctrl+Z")
    assert window.document.state.spec.name == "resnet18"


def test_escape_leaves_the_name_as_it_was(window: MainWindow, qtbot: QtBot) -> None:
    window.build.preset.setFocus()
    qtbot.keyClicks(window.build.preset, "wide")
    press(qtbot, "Esc")
    assert window.build.preset.text() == "ResNet-18" and focused() is window.diagram


def test_shortcuts_of_the_window_win_over_a_field_whose_text_is_committed(window: MainWindow, qtbot: QtBot) -> None:
    choose(window, qtbot, "rn50")
    for field in (window.build.preset, window.build.stages.numbers["blocks"][0]):
        field.setFocus()
        press(qtbot, "Ctrl+Z")
        assert window.document.state.spec.name == "resnet18"
        press(qtbot, "Ctrl+Y")
        assert window.document.state.spec.name == "resnet50"


def test_a_text_that_is_edited_keeps_its_own_keys(window: MainWindow, qtbot: QtBot) -> None:
    choose(window, qtbot, "rn50")
    field = window.build.stages.numbers["blocks"][0]
    field.setFocus()
    field.lineEdit().selectAll()
    qtbot.keyClicks(field, "x")
    press(qtbot, "Ctrl+Z")
    assert window.document.state.spec.name == "resnet50" and field.text() == "3"


def test_ctrl_u_and_ctrl_enter_load_no_other_network(window: MainWindow, qtbot: QtBot) -> None:
    choose(window, qtbot, "rn50")
    preset = window.build.preset
    preset.setFocus()
    press(qtbot, "Ctrl+U")
    assert window.shown_page() is window.page("tuning") and preset.text() == "ResNet-50"
    for typed in ("wide", "\b"):
        window.show_page("diagram")
        preset.setFocus()
        preset.selectAll()
        qtbot.keyClicks(preset, typed)
        assert preset.popup.isVisible()
        qtbot.keyClick(preset.popup, Qt.Key.Key_Return, CTRL)
        qtbot.waitUntil(lambda: preset.text() == "ResNet-50")
        assert window.document.state.spec.name == "resnet50" and focused() is window.diagram


def test_an_empty_name_chooses_nothing(window: MainWindow, qtbot: QtBot) -> None:
    choose(window, qtbot, "rn50")
    window.build.preset.setFocus()
    window.build.preset.selectAll()
    qtbot.keyClick(window.build.preset, Qt.Key.Key_Delete)
    qtbot.keyClick(window.build.preset.popup, Qt.Key.Key_Return)
    assert window.document.state.spec.name == "resnet50"


def test_ctrl_and_a_number_show_each_page_and_ctrl_tab_the_next(window: MainWindow, qtbot: QtBot) -> None:
    pages = ["diagram", *(page.key for page in features.pages())]
    window.build.preset.setFocus()
    for place, key in enumerate(pages, start=1):
        press(qtbot, f"Ctrl+{place}")
        page = window.shown_page()
        assert window.tabs.currentIndex() == place - 1
        assert page is (None if key == "diagram" else window.page(key))
    press(qtbot, "Ctrl+Tab")
    assert window.tabs.currentIndex() == 0 and focused() is window.diagram
    press(qtbot, "Ctrl+Shift+Tab")
    assert window.tabs.currentIndex() == len(pages) - 1
    press(qtbot, "Ctrl+1")
    assert focused() is window.diagram


def test_a_number_that_cannot_be_is_explained_also_where_its_beginning_can(window: MainWindow, qtbot: QtBot) -> None:
    field, row = window.build.stages.numbers["blocks"][0], window.build.rows["stages"]
    field.setFocus()
    field.lineEdit().selectAll()
    qtbot.keyClicks(field, "9999")
    assert window.document.state.spec.blocks[0] == 99, "what is typed shows at once"
    press(qtbot, "Return")
    assert focused() is field, "Enter does not take what cannot be"
    window.diagram.setFocus()
    assert field.text() == "99" and "cannot be 9,999" in row.problem
    field.setFocus()
    field.lineEdit().selectAll()
    qtbot.keyClicks(field, "3")
    assert row.problem == "" and window.document.state.spec.blocks[0] == 3
    press(qtbot, "Return")
    assert focused() is window.diagram


def test_a_dropout_of_two_is_explained_after_the_field_is_left(window: MainWindow, qtbot: QtBot) -> None:
    row = window.build.rows["shortcut_dropout"]
    field = of_kind(FractionField, row.control)
    window.build.sections["Shortcut"].header.setChecked(True)
    field.setFocus()
    field.selectAll()
    qtbot.keyClicks(field, "2")
    window.diagram.setFocus()
    assert field.text() == "0" and "cannot be 2" in row.problem


def test_every_field_of_the_panel_gives_way(window: MainWindow) -> None:
    fields = window.build.findChildren(QLineEdit) + window.build.findChildren(NumberField)
    assert len(fields) > 20
    for field in fields:
        assert not field.isVisible() or not is_edited(field), field.accessibleName()
