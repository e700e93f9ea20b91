"""The timeline: ideas by year, and one click shows what a network changes."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from resnet_explorer.app.main_window import MainWindow
from resnet_explorer.app.timeline_dialog import NAME, TimelineDialog
from resnet_explorer.spec.catalogue import CATALOGUE
from resnet_explorer.spec.families import FAMILIES


@pytest.fixture
def dialog(window: MainWindow, qtbot: QtBot) -> Iterator[TimelineDialog]:
    window.actions_by_key["timeline"].trigger()
    shown = window.findChild(TimelineDialog)
    assert isinstance(shown, TimelineDialog)
    yield shown
    shown.close()


def names(dialog: TimelineDialog) -> list[str]:
    return [dialog.networks.item(row).data(NAME) for row in range(dialog.networks.count())]


def test_it_opens_on_the_network_of_the_window(dialog: TimelineDialog) -> None:
    assert names(dialog)[0] == "resnet18"
    assert dialog.networks.currentItem().data(NAME) == "resnet18"


def test_a_click_on_a_family_lists_its_networks_and_changes_nothing(dialog: TimelineDialog, window: MainWindow) -> None:
    before = window.document.state
    dialog.picture.clicked.emit("se")
    assert names(dialog) == [name for name, entry in CATALOGUE.items() if entry.family.key == "se"]
    assert window.document.state == before


def test_a_click_on_a_network_shows_it_with_its_changes_marked(dialog: TimelineDialog, window: MainWindow) -> None:
    dialog.show_family("tricks")
    dialog.networks.setCurrentRow(names(dialog).index("resnet50d"))
    assert window.document.state.spec == CATALOGUE["resnet50d"].spec
    assert window.document.view.changes and window.actions_by_key["changes"].isChecked()
    assert "ResNet-50-D = ResNet-50 with 2 changes" in str(window.diagram.picture.marks)
    assert "with 2 changes" in dialog.changes.text()


def test_walking_through_the_list_is_one_step_to_undo(dialog: TimelineDialog, window: MainWindow, qtbot: QtBot) -> None:
    steps = window.document.undo_stack.count()
    dialog.show_family("rs")
    for _ in range(3):
        qtbot.keyClick(dialog.networks, Qt.Key.Key_Down)
    assert window.document.state.spec.name.startswith("resnetrs")
    assert window.document.undo_stack.count() == steps + 1
    window.document.undo_stack.undo()
    assert window.document.state.spec.name == "resnet18"


def test_it_follows_the_window(dialog: TimelineDialog, window: MainWindow) -> None:
    window.build.preset.chosen.emit("wrn28_10")
    assert dialog.networks.currentItem().data(NAME) == "wrn28_10"


def test_marking_can_be_switched_off(window: MainWindow) -> None:
    window.build.preset.chosen.emit("resnet50d")
    window.actions_by_key["changes"].trigger()
    assert "with 2 changes" in str(window.diagram.picture.marks)
    window.actions_by_key["changes"].trigger()
    assert "with 2 changes" not in str(window.diagram.picture.marks)


def test_the_ideas_are_walked_by_keyboard(dialog: TimelineDialog, window: MainWindow, qtbot: QtBot) -> None:
    dialog.picture.setFocus()
    qtbot.keyClick(dialog.picture, Qt.Key.Key_Right)
    assert names(dialog)[0] == "resnet20"
    families = list(FAMILIES)
    for _ in range(len(families) + 3):
        qtbot.keyClick(dialog.picture, Qt.Key.Key_Right)
    assert CATALOGUE[names(dialog)[0]].family.key == families[-1]
    qtbot.keyClick(dialog.picture, Qt.Key.Key_Left)
    assert CATALOGUE[names(dialog)[0]].family.key == families[-2]
    assert window.document.state.spec.name == "resnet18", "a network is shown only when it is chosen"
