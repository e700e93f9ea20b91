"""Marks to QPainter: the screen, PDF and PNG are painted by the same few lines.

What is too small on screen to be read is not painted (semantic zoom), and what is not visible is skipped: a pan
over a network of thousands of layers costs as much as what the window shows.
"""

import itertools
from dataclasses import replace
from functools import lru_cache
from math import ceil, inf
from typing import NamedTuple, assert_never

from PySide6.QtCore import QLineF, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QBrush, QColor, QFont, QPainter, QPainterPath, QPen, QPixmap, QPolygonF

from resnet_explorer.picture import marks
from resnet_explorer.picture.marks import Anchor, Area, Arrow, Box, Dash, Group, Ink, Label, Mark, Picture, Point, Style
from resnet_explorer.picture.theme import Theme

FAMILY = "Inter"
READABLE = 9.0
"""Text smaller than this many px on screen is left out; names of blocks and stages are painted as large as this."""
BODY_ONLY = 11.0
"""A group less high than this many px on screen is painted as its body alone."""
HEADS_ABOVE = 0.55
"""Arrow heads are left out below this zoom, where they are specks."""
ROUND_BELOW = 160
"""Lines of at least as many legs have no round corners: each leg would take six times as long.

Nor are they kept in Qt's terms: a curve that grows is another one at every step, and is painted once.
"""

_NO_PEN = QPen(Qt.PenStyle.NoPen)
_NO_BRUSH = QBrush(Qt.BrushStyle.NoBrush)


def paint(
    painter: QPainter, picture: Picture, theme: Theme, visible: QRectF | None = None, scale: float | None = None
) -> None:
    """Paint a picture in its own coordinates; ``visible`` is the part to paint and ``scale`` the zoom on screen.

    Without a scale everything is painted, as for print.
    """
    whole = QRectF(0, 0, picture.width, picture.height)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setRenderHint(QPainter.RenderHint.TextAntialiasing)
    brush = Brush(painter, theme, scale)
    brush.marks(picture.marks, whole if visible is None else visible)


def paint_group(painter: QPainter, group: Group, theme: Theme, scale: float) -> None:
    """Paint one group of a picture at its place, as ``paint`` does with all."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    Brush(painter, theme, scale).marks((group,), QRectF(-1e6, -1e6, 2e6, 2e6))


def blank(size: QSize, ratio: float, theme: Theme) -> QPixmap:
    """Return the empty page of a theme in pixels, ``ratio`` of them for each of a widget's."""
    pixels = QPixmap(size * ratio)
    pixels.setDevicePixelRatio(ratio)
    pixels.fill(QColor(theme.colours[Ink.PAGE]))
    return pixels


def paint_onto(pixels: QPixmap, picture: Picture, theme: Theme) -> None:
    """Paint a picture as it is on screen at its own size, over what is painted there."""
    painter = QPainter(pixels)
    paint(painter, picture, theme, QRectF(QPointF(), pixels.deviceIndependentSize()), 1.0)
    painter.end()


@lru_cache(maxsize=256)
def font(size: float, style: Style) -> QFont:
    """Return the app's font at a size in whole px, unhinted, so that text is as wide as it was measured."""
    made = QFont(FAMILY)
    made.setPixelSize(round(size))
    made.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    made.setKerning(False)
    if style is Style.SEMIBOLD:
        made.setWeight(QFont.Weight.DemiBold)
    made.setItalic(style is Style.ITALIC)
    return made


@lru_cache(maxsize=512)
def _pen(colour: str, thickness: float, dash: Dash, is_round: bool = False, opacity: float = 1.0) -> QPen:
    pen = QPen(_colour(colour, opacity), thickness)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap if is_round else Qt.PenCapStyle.FlatCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    if dash in marks.DASHES:
        pen.setDashPattern([length / thickness for length in marks.DASHES[dash]])
    return pen


@lru_cache(maxsize=256)
def _brush(colour: str, opacity: float = 1.0) -> QBrush:
    return QBrush(_colour(colour, opacity))


def _colour(colour: str, opacity: float) -> QColor:
    made = QColor(colour)
    made.setAlphaF(opacity)
    return made


@lru_cache(maxsize=8192)
def _readable(name: Label, size: int, wide: float) -> Label | None:
    """Return a name as large as can be read, its number alone where there is no room for all; None for neither."""
    number = name.text.rpartition(" ")[2]
    for text in (name.text, *((number,) if number.isdecimal() else ())):
        if marks.width(text, size, name.style) <= wide:
            x = min(name.x, wide - marks.width(text, size, name.style)) if name.anchor is Anchor.START else name.x
            return replace(name, text=text, size=size, x=x, y=name.y + 0.36 * (size - name.size))
    return None


class Brush:
    """Paints marks with one painter, theme and zoom."""

    def __init__(self, painter: QPainter, theme: Theme, scale: float | None) -> None:
        self._painter = painter
        self._colours = theme.colours
        self._weight = theme.line_weight
        self._smallest_text = (READABLE - 0.05) / scale if scale else 0.0
        self._smallest_group = BODY_ONLY / scale if scale else 0.0
        self._px = 1 / scale if scale else 0.0
        self._shows_heads = scale is None or scale > HEADS_ABOVE
        self._thinnest = 0.7 / scale if scale else 0.0

    def marks(self, marks: tuple[Mark, ...], visible: QRectF, wide: float = inf) -> None:
        """Paint marks whose coordinates are those of ``visible``; groups outside of it are skipped.

        ``wide`` is the width of the group that they are in.
        """
        left, top, right, bottom = visible.left(), visible.top(), visible.right(), visible.bottom()
        for mark in marks:
            if isinstance(mark, Group):
                x, y = mark.x, mark.y
                if x > right or y > bottom or x + mark.width < left or y + mark.height + 40 < top:
                    continue
                self._group(mark, visible)
            elif isinstance(mark, Label) and mark.size < self._smallest_text:
                if mark.is_name and (larger := _readable(mark, ceil(READABLE * self._px), wide)):
                    self._label(larger)
            else:
                self._mark(mark)

    def _group(self, group: Group, visible: QRectF) -> None:
        self._painter.translate(group.x, group.y)
        if group.height < max(self._smallest_group, group.detail * self._px):
            for body in group.marks[: group.brief]:
                if not isinstance(body, Group):
                    self._mark(body)
        else:
            self.marks(group.marks, visible.translated(-group.x, -group.y), group.width)
        self._painter.translate(-group.x, -group.y)

    def _mark(self, mark: Box | Label | Arrow | Area) -> None:
        match mark:
            case Box():
                self._box(mark)
            case Arrow():
                self._arrow(mark)
            case Label():
                self._label(mark)
            case Area():
                self._area(mark)
            case _:
                assert_never(mark)

    def _pen(self, ink: Ink, thickness: float, dash: Dash) -> QPen:
        return _pen(self._colours[ink], max(thickness * self._weight, self._thinnest), dash)

    def _box(self, box: Box) -> None:
        if box.fill is None and box.line is None:
            return
        painter = self._painter
        painter.setPen(self._pen(box.line, box.thickness, box.dash) if box.line else _NO_PEN)
        painter.setBrush(_brush(self._colours[box.fill]) if box.fill else _NO_BRUSH)
        if box.radius:
            painter.drawRoundedRect(QRectF(box.x, box.y, box.width, box.height), box.radius, box.radius)
        else:
            painter.drawRect(QRectF(box.x, box.y, box.width, box.height))

    def _label(self, label: Label) -> None:
        back = 0.0
        if label.anchor is not Anchor.START:
            wide = marks.width(label.text, label.size, label.style)
            back = wide / 2 if label.anchor is Anchor.MIDDLE else wide
        painter = self._painter
        painter.setPen(self._pen(label.ink, 1.0, Dash.SOLID))
        painter.setFont(font(label.size, label.style))
        if not label.turned:
            painter.drawText(QPointF(label.x - back, label.y), label.text)
            return
        painter.save()
        painter.translate(label.x, label.y)
        painter.rotate(-90)
        painter.drawText(QPointF(-back, 0), label.text)
        painter.restore()

    def _area(self, area: Area) -> None:
        painter = self._painter
        painter.setPen(self._pen(area.line, area.thickness, Dash.SOLID) if area.line else _NO_PEN)
        painter.setBrush(_brush(self._colours[area.fill], area.opacity))
        painter.drawPolygon(_polygon(area.points))

    def _arrow(self, arrow: Arrow) -> None:
        painter, shape = self._painter, (_shape if len(arrow.points) <= ROUND_BELOW else _made_shape)(arrow)
        thickness = max(arrow.thickness * self._weight, self._thinnest)
        dash = Dash.SOLID if shape.is_broken else arrow.dash
        painter.setPen(_pen(self._colours[arrow.ink], thickness, dash, shape.is_round, arrow.opacity))
        if shape.path is None:
            painter.drawLines(shape.lines)
        else:
            painter.setBrush(_NO_BRUSH)
            painter.drawPath(shape.path)
        if shape.head is not None and self._shows_heads:
            painter.setPen(_NO_PEN)
            painter.setBrush(_brush(self._colours[arrow.ink]))
            painter.drawPolygon(shape.head)


class _Shape(NamedTuple):
    """An arrow in Qt's terms: straight lines or a curve, and a head.

    Lines are painted one by one, which is many times faster than as a whole: where there are several, they are broken
    into strokes here, and their ends are round so that corners are. Of a long curve nobody sees the corners.
    """

    lines: list[QLineF]
    path: QPainterPath | None
    head: QPolygonF | None
    is_broken: bool = False
    is_round: bool = False


@lru_cache(maxsize=8192)
def _shape(arrow: Arrow) -> _Shape:
    return _made_shape(arrow)


def _made_shape(arrow: Arrow) -> _Shape:
    points = marks.shaft(arrow)
    tip = QPolygonF([QPointF(*point) for point in marks.head(arrow)]) if arrow.head else None
    if arrow.curved:
        return _Shape([], _curve(points), tip)
    if arrow.dash in marks.DASHES and len(points) > 2:
        return _Shape([QLineF(*a, *b) for a, b in marks.broken(points, arrow.dash)], None, tip, is_broken=True)
    lines = [QLineF(*a, *b) for a, b in itertools.pairwise(points)]
    is_round = not arrow.head and 1 < len(lines) < ROUND_BELOW and arrow.opacity == 1
    return _Shape(lines, None, tip, is_round=is_round)


@lru_cache(maxsize=4096)
def _polygon(points: tuple[Point, ...]) -> QPolygonF:
    return QPolygonF([QPointF(*point) for point in points])


def _curve(points: tuple[Point, ...]) -> QPainterPath:
    path = QPainterPath(QPointF(*points[0]))
    for index in range(1, len(points) - 2, 3):
        control, other, end = points[index : index + 3]
        path.cubicTo(*control, *other, *end)
    return path
