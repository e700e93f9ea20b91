"""Scrolled columns settle, whatever their words do when the scroll bar takes room from them."""

import pytest
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QApplication, QScrollArea, QWidget
from pytestqt.qtbot import QtBot

from resnet_explorer.ui.parts import fill

WIDE, HIGH = 282, 588


class Odd(QWidget):
    """Higher where it is wider, as words in two columns may be: it needs the scroll bar only where there is none."""

    def resizeEvent(self, event: QResizeEvent) -> None:
        self.setFixedHeight(HIGH + 12 if self.width() > WIDE - 7 else HIGH - 88)


@pytest.mark.parametrize("least", [0, WIDE + 50])
def test_a_column_settles_that_is_higher_where_it_is_wider(qapp: QApplication, qtbot: QtBot, least: int) -> None:
    """Qt alone would show and hide the bar until its stack is full."""
    area, odd = QScrollArea(), Odd()
    odd.setMinimumWidth(least)
    fill(area, odd)
    qtbot.addWidget(area)
    area.resize(WIDE, HIGH)
    area.show()
    qapp.processEvents()
    assert odd.width() == max(least, WIDE - area.verticalScrollBar().sizeHint().width())
    odd.setMinimumWidth(WIDE + 99)
    qapp.processEvents()
    assert odd.width() == WIDE + 99, "what needs more is scrolled sideways"
