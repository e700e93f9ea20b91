"""Outlines of formulas as Qt's paths, to be printed: QSvgRenderer strokes them in a PDF, whatever pen it is given."""

import re
from functools import lru_cache

from fontTools.pens.basePen import BasePen
from fontTools.svgLib.path import parse_path
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainterPath

from resnet_explorer.share.elements import formula_source

_PATH = re.compile(r'<path d="([^"]*)"/>')
_BOX = re.compile(r'viewBox="([^"]*)"')


class _PathPen(BasePen):  # type: ignore[misc]  # fontTools has no types
    """Draws on a path of Qt's."""

    def __init__(self, path: QPainterPath) -> None:
        super().__init__(None)
        self._path = path

    def _moveTo(self, point: tuple[float, float]) -> None:
        self._path.moveTo(*point)

    def _lineTo(self, point: tuple[float, float]) -> None:
        self._path.lineTo(*point)

    def _curveToOne(self, first: tuple[float, float], second: tuple[float, float], end: tuple[float, float]) -> None:
        self._path.cubicTo(*first, *second, *end)

    def _closePath(self) -> None:
        self._path.closeSubpath()


@lru_cache(maxsize=64)
def formula_path(key: str) -> tuple[QPainterPath, QRectF]:
    """Return the outlines of a formula of resources/formulas, and the box in which they lie."""
    source, path = formula_source(key), QPainterPath()
    path.setFillRule(Qt.FillRule.WindingFill)
    for outline in _PATH.findall(source):
        parse_path(outline, _PathPen(path))
    box = _BOX.search(source)
    assert box, "every formula has one"
    return path, QRectF(*map(float, box[1].split()))
