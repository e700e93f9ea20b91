"""The menu of what can be done with a part: by the right mouse button, and by the Menu key."""

import re

import pytest
from PySide6.QtCore import QPoint
from PySide6.QtGui import QContextMenuEvent, QGuiApplication
from PySide6.QtWidgets import QApplication, QMenu, QWidget

from resnet_explorer.app.main_window import MainWindow
from tests.app.test_actions import twice
from tests.app.test_journeys import choose, where
from tests.narrow import of_kind

ENTRIES = {
    "Compare with plain twin", "Copy path", "Copy picture", "Copy as CSV", "Show in diagram", "Show in code",
    "Show in autograd graph", "Export table…", "Export picture…",
}  # fmt: skip
MOUSE, KEY = QContextMenuEvent.Reason.Mouse, QContextMenuEvent.Reason.Keyboard


def ask(widget: QWidget, reason: QContextMenuEvent.Reason, place: QPoint) -> QMenu:
    QApplication.sendEvent(widget, QContextMenuEvent(reason, place, widget.mapToGlobal(place)))
    return of_kind(QMenu, QApplication.activePopupWidget())


def texts(menu: QMenu) -> list[str]:
    shown = [action.text() for action in menu.actions() if action.text()]
    letters = [found[1].lower() for text in shown if (found := re.search("&(.)", text))]
    assert not twice(letters), shown
    return [text.replace("&", "") for text in shown]


def take(menu: QMenu, start: str) -> None:
    next(action for action in menu.actions() if action.text().replace("&", "").startswith(start)).trigger()
    menu.close()


def test_the_right_button_is_about_what_lies_under_it(window: MainWindow) -> None:
    menu = ask(window.diagram, MOUSE, where(window, "layer2.0"))
    assert window.document.selection == "layer2.0"
    assert texts(menu) == [
        "Open block 1", "Compare with plain twin", "Copy picture", "Copy path", "Show in Layers", "Show in code",
        "Show in autograd graph", "Export picture…",
    ]  # fmt: skip
    take(menu, "Open")
    assert window.document.view.expanded == {"layer2.0"}


def test_the_menu_key_is_about_the_selection(window: MainWindow) -> None:
    window.document.select("layer2.0.conv1")
    menu = ask(window.diagram, KEY, QPoint(0, 0))
    take(menu, "Copy path")
    assert QGuiApplication.clipboard().text() == "layer2.0.conv1" == window.document.selection


def test_a_long_stage_is_unfolded_and_the_ground_opens_nothing(window: MainWindow) -> None:
    choose(window, "resnet152")
    window.document.select("layer3")
    menu = ask(window.diagram, KEY, QPoint(0, 0))
    take(menu, "Open conv4_x")
    assert window.document.view.unfolded == {"layer3"}
    assert texts(ask(window.diagram, MOUSE, QPoint(1, 1)))[0] == "Compare with plain twin"
    assert window.document.selection == ""


@pytest.mark.parametrize(("entry", "drawer"), [("Show in Layers", "Layers"), ("Show in code", "Code")])
def test_a_part_is_shown_in_layers_and_code(window: MainWindow, entry: str, drawer: str) -> None:
    window.document.select("layer3.0.conv2")
    take(ask(window.diagram, KEY, QPoint(0, 0)), entry)
    assert window.panels.drawer(drawer).isVisible()
    assert [line.path for line in window.table.selected_lines()] == ["layer3.0.conv2"]
    assert drawer == "Layers" or window.code.text.extraSelections()


def test_lines_of_the_table_have_a_menu_too(window: MainWindow) -> None:
    window.panels.open(window.panels.drawer("Layers"))
    window.document.select("layer2")
    view = window.table.view
    for reason in (MOUSE, KEY):
        menu = ask(view.viewport() if reason is MOUSE else view, reason, view.visualRect(view.currentIndex()).center())
        assert set(texts(menu)) > ENTRIES
        take(menu, "Open" if reason is MOUSE else "Close")
    assert "layer2.0" not in [line.path for line in window.table.model.lines]
    take(ask(view, KEY, QPoint(0, 0)), "Show in diagram")
    assert window.focusWidget() is window.diagram
