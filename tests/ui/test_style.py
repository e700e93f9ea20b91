"""Themes in Qt's terms: a widget is styled anew once, however deep in others it is."""

from unittest.mock import patch

from PySide6.QtCore import QEvent
from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

from resnet_explorer.picture.theme import DARK, LIGHT, PROJECTOR
from resnet_explorer.ui import style
from resnet_explorer.ui.parts import vbox


class Listener(QLabel):
    """Counts how often Qt tells of another style."""

    def __init__(self) -> None:
        super().__init__("text")
        self.count = 0

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        self.count += event.type() == QEvent.Type.StyleChange


def test_a_theme_reaches_a_widget_as_often_deep_down_as_on_top(qapp: QApplication, qtbot: QtBot) -> None:
    style.apply(qapp, LIGHT)
    top, deep = Listener(), Listener()
    inner: QWidget = deep
    for _ in range(6):
        outer = QWidget()
        vbox(inner, of=outer)
        inner = outer
    window = QWidget()
    vbox(top, inner, of=window)
    qtbot.addWidget(window)
    window.show()
    top.count = deep.count = 0
    style.apply(qapp, DARK)
    assert deep.count == top.count <= 2
    assert deep.palette() == qapp.palette() == top.palette()
    style.apply(qapp, PROJECTOR)
    assert deep.font().pointSizeF() == top.font().pointSizeF() == PROJECTOR.font_points
    style.apply(qapp, LIGHT)


def test_a_theme_reaches_a_window_that_was_never_shown(qapp: QApplication, qtbot: QtBot) -> None:
    style.apply(qapp, LIGHT)
    window, inner = QWidget(), QLabel("text")
    vbox(inner, of=window)
    qtbot.addWidget(window)
    style.apply(qapp, PROJECTOR)
    window.show()
    assert window.font().pointSizeF() == inner.font().pointSizeF() == PROJECTOR.font_points
    assert window.palette() == inner.palette() == qapp.palette()
    style.apply(qapp, LIGHT)


def test_fonts_are_loaded_once(qapp: QApplication) -> None:
    style.load_fonts()
    with patch.object(QFontDatabase, "addApplicationFont") as load:
        style.load_fonts()
    assert not load.called and "Inter" in QFontDatabase.families()
