"""A typeset formula: an SVG of outlines in the theme's text colour."""

import json
from functools import cache
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QRectF, QSize, QSizeF, Qt
from PySide6.QtGui import QAction, QColor, QGuiApplication, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from resnet_explorer import assets

if TYPE_CHECKING:
    from PySide6.QtSvg import QSvgRenderer


_MARGIN = 3


@cache
def _texts() -> dict[str, str]:
    try:
        texts: dict[str, str] = json.loads(assets.path("formulas", "index.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return texts


@cache
def _renderer(key: str, colour: str) -> "QSvgRenderer | None":
    from PySide6.QtSvg import QSvgRenderer  # only the inspector needs it, and not for its first paint

    try:
        drawing = assets.path("formulas", f"{key}.svg").read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    return QSvgRenderer(QByteArray(drawing.replace("<svg ", f'<svg fill="{colour}" ', 1).encode()))


class Formula(QWidget):
    """Shows one formula, shrunk where the panel is narrow; its LaTeX is read to those who cannot see it.

    Where its drawing is missing, its LaTeX is shown instead. ``latex`` is also what its menu copies.
    """

    def __init__(self) -> None:
        super().__init__()
        self.key = ""
        self._colour, self._scale = "#000000", 1.0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        copy = QAction("Copy LaTeX", self)
        copy.triggered.connect(self.copy_latex)
        self.addAction(copy)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)

    @property
    def latex(self) -> str:
        """Return the formula in LaTeX."""
        return _texts().get(self.key, self.key)

    def show_formula(self, key: str, colour: str, scale: float = 1.0) -> None:
        """Show the formula of a key in a colour, ``scale`` times its usual size."""
        self.key, self._colour, self._scale = key, colour, scale
        self.setAccessibleName(self.latex)
        self.setFixedHeight(self.sizeHint().height())
        self.update()

    def copy_latex(self) -> None:
        """Copy the formula as LaTeX."""
        QGuiApplication.clipboard().setText(self.latex)

    def natural_size(self) -> tuple[float, float]:
        """Return width and height in px at the scale at which it is shown."""
        size = self._natural()
        return size.width(), size.height()

    def _natural(self) -> QSizeF:
        renderer = _renderer(self.key, self._colour) if self.key else None
        if renderer is None:
            return QSizeF(self.fontMetrics().size(0, self.latex))
        return QSizeF(renderer.viewBoxF().size()) * self._scale

    def sizeHint(self) -> QSize:
        return QSize(120, round(self._natural().height()) + 2 * _MARGIN)

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self.key:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        renderer = _renderer(self.key, self._colour)
        if renderer is None:
            painter.setPen(QColor(self._colour))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignVCenter, self.latex)
        else:
            size = self._natural()
            size *= min(1.0, self.width() / size.width())
            top = (self.height() - size.height()) / 2
            renderer.render(painter, QRectF(0, top, size.width(), size.height()))
        painter.end()
