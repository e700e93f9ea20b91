"""The first start offers ways in and takes nothing; the tour points at real parts, and only when it is asked for."""

import pytest
from PySide6.QtCore import QRect, Qt
from pytestqt.qtbot import QtBot

from resnet_explorer.app import app, doors, tour
from resnet_explorer.app.doors import DOORS, Doors
from resnet_explorer.app.main_window import MainWindow
from resnet_explorer.app.tour import CALLOUTS, Tour
from resnet_explorer.ui import preferences

WORDS_A_MINUTE = 180
"""Fewer than adults read, silently (Brysbaert 2019: 238)."""


@pytest.fixture(autouse=True)
def active(window: MainWindow, qtbot: QtBot) -> None:
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)


def shown(window: MainWindow) -> list[Doors]:
    return [made for made in window.findChildren(Doors) if made.isVisible()]


def test_the_doors_are_there_until_they_are_left_and_never_again(window: MainWindow, qtbot: QtBot) -> None:
    assert not shown(window), "only the app itself shows them"
    app._welcome(window)
    (offered,) = shown(window)
    assert window.diagram.hasFocus(), "they take no focus"
    assert window.diagram.geometry().contains(offered.geometry())
    for width in (1024, 1600):
        window.resize(width, 720)
        assert window.diagram.geometry().contains(offered.geometry())
    qtbot.keyClick(offered, Qt.Key.Key_Escape)
    assert not shown(window) and preferences.load().was_welcomed
    app._welcome(window)
    assert not shown(window)


def test_each_door_leads_somewhere(window: MainWindow) -> None:
    there = [door for door in DOORS if all(key in window.actions_by_key for key in door.actions)]
    for place, door in enumerate(there):
        doors.show(window)
        (offered,) = shown(window)
        button = offered.doors[place]
        assert button.text() == door.text
        if menu := button.menu():
            assert [action.objectName() for action in menu.actions()] == list(door.actions)
            menu.actions()[-1].trigger()
            assert window.shown_page() is window.page("tuning")
            window.show_page("diagram")
        else:
            button.click()
            if door.run is not None:
                assert window.build.preset.popup.isVisible() and window.panels.drawer("Build").isVisible()
                window.build.preset.give_up()
        assert not shown(window)


def test_the_tour_points_at_what_can_be_seen_in_under_a_minute(window: MainWindow, qtbot: QtBot) -> None:
    words = sum(len(f"{callout.title} {callout.text}".split()) for callout in CALLOUTS)
    assert 5 <= len(CALLOUTS) <= 6 and 60 * words / WORDS_A_MINUTE < 55
    window.show_page("timing")
    window.actions_by_key["tour"].trigger()
    (shown_tour,) = [made for made in window.findChildren(Tour) if made.isVisible()]
    assert window.shown_page() is None and shown_tour.next.hasFocus()
    for callout in CALLOUTS:
        part = callout.part(window)
        assert part.isVisible()
        assert window.rect().contains(shown_tour.geometry()) and shown_tour._text.text() == callout.text
        assert shown_tour.height() >= shown_tour.sizeHint().height()
        place = QRect(part.mapTo(window, part.rect().topLeft()), part.size())
        assert part is window.diagram or not shown_tour.geometry().intersects(place)
        qtbot.keyClick(shown_tour.next, Qt.Key.Key_Space)
    assert not shown_tour.isVisible() and window.diagram.hasFocus()
    tour.start(window)
    (shown_tour,) = [made for made in window.findChildren(Tour) if made.isVisible()]
    qtbot.keyClick(shown_tour.next, Qt.Key.Key_Escape)
    assert not shown_tour.isVisible()
