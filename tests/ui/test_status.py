"""Texts that end in … where there is no room: all of them is in the tooltip; buttons beside the tabs give way."""

from PySide6.QtWidgets import QLabel, QWidget
from pytestqt.qtbot import QtBot

from resnet_explorer.ui.page_tabs import PageTabs
from resnet_explorer.ui.parts import label
from resnet_explorer.ui.status import ElidedLabel

TEXT = "Press Measure to see which layers are limited by arithmetic and which by memory."


def test_a_label_that_is_cut_says_all_in_its_tooltip(qtbot: QtBot) -> None:
    made = label(TEXT, cut=True)
    assert isinstance(made, ElidedLabel)
    qtbot.addWidget(made)
    made.resize(100, 20)
    made.show()
    assert made.is_cut and made.toolTip() == TEXT and made.text() == TEXT
    made.note = "round 3 of 10"
    made.resize(90, 20)
    assert made.toolTip() == f"{TEXT}\nround 3 of 10"
    made.resize(2000, 20)
    assert not made.is_cut and made.toolTip() == "round 3 of 10"


def test_buttons_beside_tabs_give_way_to_them(qtbot: QtBot) -> None:
    tabs, corner = PageTabs(), QLabel("some buttons")
    qtbot.addWidget(tabs)
    for title in ("Diagram", "Autograd graph", "Timing"):
        tabs.addTab(QWidget(), title)
    tabs.setCornerWidget(corner)
    needed = tabs.tabBar().sizeHint().width() + corner.sizeHint().width()
    tabs.resize(needed + 20, 200)
    tabs.show()
    assert corner.isVisible()
    tabs.resize(needed - 20, 200)
    assert corner.isHidden() and tabs.tabBar().width() >= tabs.tabBar().sizeHint().width()
    tabs.resize(needed + 20, 200)
    assert corner.isVisible()
