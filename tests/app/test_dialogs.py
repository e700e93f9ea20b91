"""Every dialog of the window stays within it and its screen, with the largest text too."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication, QDialog
from pytestqt.qtbot import QtBot

from resnet_explorer.app.commands import ShortcutsPage
from resnet_explorer.app.main_window import MainWindow
from resnet_explorer.app.module_dialog import ModuleDialog, RunDialog
from resnet_explorer.app.timeline_dialog import TimelineDialog
from resnet_explorer.app.verdict import VerdictDialog
from resnet_explorer.app.weights_dialog import WeightsDialog
from resnet_explorer.engine.requests import ReadModule
from resnet_explorer.picture.theme import LIGHT, PROJECTOR
from resnet_explorer.spec.catalogue import find
from resnet_explorer.ui import style
from resnet_explorer.weights.values import Identified, Weights

LONG = "A sentence of usual length, as it is said of a tensor that nobody expected there. "


def dialogs(window: MainWindow) -> Iterator[QDialog]:
    yield TimelineDialog(window.document, PROJECTOR, window)
    yield VerdictDialog(window.verdict, window)
    yield ShortcutsPage(window)
    yield RunDialog(Path("/a/rather/deep/folder/that/nobody/would/choose/without/need/mine.py"), window)
    found = Identified(find("resnet50"), {}, assumed=(LONG,) * 9, missing=(LONG,) * 9)
    yield WeightsDialog("flowers.pth", Weights("flowers.pth", found, {}, notes=(LONG,), keys=("net", "ema")), window)
    module = ModuleDialog(window.jobs, ReadModule("mine.py", "net"), window)
    module.details.setText(LONG * 40)
    yield module


@pytest.fixture
def large_text(window: MainWindow, qapp: QApplication) -> Iterator[None]:
    style.apply(qapp, replace(PROJECTOR, font_points=1.5 * PROJECTOR.font_points))
    yield
    style.apply(qapp, LIGHT)


def test_a_dialog_is_no_larger_than_a_small_window(window: MainWindow, qtbot: QtBot, large_text: None) -> None:
    window.resize(1024, 700)
    for dialog in dialogs(window):
        dialog.show()
        qtbot.waitExposed(dialog)
        assert dialog.width() <= 1024 and dialog.height() <= 700, (type(dialog), dialog.size())
        needed = dialog.minimumSizeHint().expandedTo(dialog.minimumSize())
        assert needed.width() <= 1008 and needed.height() <= 652, (type(dialog), needed)
        dialog.close()


def test_the_map_of_the_timeline_is_seen_while_it_has_the_keyboard(window: MainWindow, qtbot: QtBot) -> None:
    dialog = TimelineDialog(window.document, LIGHT, window)
    dialog.show()
    qtbot.waitExposed(dialog)
    dialog.networks.setFocus()
    without = dialog.picture.grab().toImage()
    dialog.picture.setFocus()
    qtbot.waitUntil(dialog.picture.hasFocus)
    focused = dialog.picture.grab().toImage()
    inside = [(x, y) for x in range(4, without.width() - 4, 7) for y in range(4, without.height() - 4, 5)]
    assert all(QColor(focused.pixel(x, y)) == QColor(without.pixel(x, y)) for x, y in inside)
    assert focused != without, "a frame shows who has the keyboard"
    for _ in range(30):
        qtbot.keyClick(dialog.picture, Qt.Key.Key_Right)
        shown = dialog.picture.visibleRegion().boundingRect()
        assert shown.contains(dialog.picture.place(dialog.family).center()), "the chosen idea is in sight"
    dialog.close()
