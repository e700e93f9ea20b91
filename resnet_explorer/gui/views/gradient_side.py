"""The left side of the gradient lab: its conditions on one page, its experiments on the other."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QScrollArea, QTabWidget, QVBoxLayout, QWidget

from resnet_explorer.drawing.theme import Theme
from resnet_explorer.gui.style import USUAL_POINTS

WIDTH, MORE = 318, 190
"""In px at the usual size of text, and how much more for text of twice that size."""


def fit_side(panel: QTabWidget, theme: Theme) -> None:
    """Give the panel the width that a theme's text needs."""
    panel.setFixedWidth(WIDTH + round(MORE * (theme.font_points / USUAL_POINTS - 1)))


def side_panel(controls: QWidget, buttons: Sequence[QPushButton], state: QLabel, experiments: QWidget) -> QTabWidget:
    """Return the two pages; each has the whole height, so that neither needs to be scrolled in a usual window."""
    column = QVBoxLayout()
    column.setContentsMargins(0, 0, 0, 6)
    column.setSpacing(4)
    column.addWidget(controls)
    row = QHBoxLayout()
    row.setContentsMargins(14, 0, 12, 0)
    for button in buttons:
        row.addWidget(button, 1)
    column.addLayout(row)
    told = QHBoxLayout()
    told.setContentsMargins(14, 0, 12, 0)
    told.addWidget(state)
    column.addLayout(told)
    column.addStretch(1)
    inner = QWidget()
    inner.setLayout(column)
    scroll = QScrollArea()
    scroll.setWidget(inner)
    scroll.setWidgetResizable(True)
    scroll.setFrameShape(QScrollArea.Shape.NoFrame)
    scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    made = QTabWidget()
    made.setDocumentMode(True)
    made.setFixedWidth(WIDTH)
    made.addTab(scroll, "Conditions")
    made.addTab(experiments, "Experiments")
    made.setTabToolTip(0, "Which networks are measured, and how")
    made.setTabToolTip(1, "Claims from the literature, to be checked on this machine")
    return made
