"""A typeset formula: an SVG of outlines in the theme's text colour."""

import json
from functools import cache

from PySide6.QtCore import QByteArray, QRectF, QSize, QSizeF
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QSizePolicy, QWidget

from resnet_explorer import assets


@cache
def _texts() -> dict[str, str]:
    texts: dict[str, str] = json.loads(assets.path("formulas", "index.json").read_text(encoding="utf-8"))
    return texts


@cache
def _drawing(key: str) -> str:
    return assets.path("formulas", f"{key}.svg").read_text(encoding="utf-8")


@cache
def _renderer(key: str, colour: str) -> QSvgRenderer:
    """Return the formula in a colour: its outlines have none of their own, and so take that of the whole."""
    return QSvgRenderer(QByteArray(_drawing(key).replace("<svg ", f'<svg fill="{colour}" ', 1).encode()))


class Formula(QWidget):
    """Shows one formula, shrunk where the panel is narrow; its LaTeX is read to those who cannot see it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._key, self._colour = "", "#000000"
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_formula(self, key: str, colour: str) -> None:
        """Show the formula of a key in a colour."""
        self._key, self._colour = key, colour
        self.setAccessibleName(_texts()[key])
        self.setFixedHeight(round(self._natural().height()) + 6)
        self.updateGeometry()
        self.update()

    def _natural(self) -> QSizeF:
        return QSizeF(_renderer(self._key, self._colour).viewBoxF().size()) if self._key else QSizeF()

    def sizeHint(self) -> QSize:
        return QSize(120, round(self._natural().height()) + 6)

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._key:
            return
        size = self._natural()
        scale = min(1.0, self.width() / size.width())
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        top = (self.height() - size.height() * scale) / 2
        _renderer(self._key, self._colour).render(painter, QRectF(0, top, size.width() * scale, size.height() * scale))
        painter.end()
