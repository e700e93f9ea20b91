"""The frame of a chart: grid, ticks, titles of the axes, names of parts of the x axis."""

from resnet_explorer.drawing.chart.clip import Frame
from resnet_explorer.drawing.chart.head import PAD
from resnet_explorer.drawing.chart.layout import Layout
from resnet_explorer.drawing.chart.model import Axis, Span
from resnet_explorer.drawing.chart.scale import AxisScale
from resnet_explorer.drawing.chart.ticks import Ticks
from resnet_explorer.drawing.chart.words import ASCENT, Sizes, line, shorten
from resnet_explorer.drawing.marks import Anchor, Arrow, Box, Dash, Group, Ink, Label, Mark, Point
from resnet_explorer.drawing.text import width

SHORT = 3.5
LEAST = 3
"""A name of a part that would be cut to fewer letters than this is left out."""


def frame_marks(lay: Layout) -> list[Mark]:
    """Return the frame with its grid, under the curves."""
    frame = lay.frame
    xs, ys = ([axis.px(tick.value) for tick in found.ticks] for axis, found in _axes(lay))
    marks: list[Mark] = [_line((x, frame.top), (x, frame.bottom)) for x in xs]
    marks += [_line((frame.left, y), (frame.right, y)) for y in ys]
    marks += _dividers(lay)
    box = Box(frame.left, frame.top, frame.right - frame.left, frame.bottom - frame.top, None, Ink.LINE, 1.0)
    return [*marks, box, *_minor(lay)]


def _axes(lay: Layout) -> tuple[tuple[AxisScale, Ticks], ...]:
    return (lay.scale.x, lay.x_ticks), (lay.scale.y, lay.y_ticks)


def _line(one: Point, two: Point, ink: Ink = Ink.GRID) -> Arrow:
    return Arrow((one, two), ink, 1.0, head=False)


def _minor(lay: Layout) -> list[Mark]:
    """Return the short ticks of logarithmic axes."""
    frame = lay.frame
    xs, ys = ([axis.px(value) for value in found.minor] for axis, found in _axes(lay))
    marks: list[Mark] = [_line((x, frame.bottom), (x, frame.bottom - SHORT), Ink.LINE) for x in xs]
    return marks + [_line((frame.left, y), (frame.left + SHORT, y), Ink.LINE) for y in ys]


def _dividers(lay: Layout) -> list[Mark]:
    """Return dotted lines between the parts of the x axis."""
    frame, places = lay.frame, {span.low for span in lay.scale.chart.spans}
    found = sorted(lay.scale.x.px(value) for value in places)[1:]
    return [
        Arrow(((x, frame.top), (x, frame.bottom)), Ink.GONE, 1.0, Dash.DOTTED, head=False)
        for x in found
        if frame.left + 4 < x < frame.right - 4
    ]


def axis_marks(lay: Layout) -> list[Mark]:
    """Return the words around the frame."""
    chart, frame, size = lay.scale.chart, lay.frame, lay.sizes
    y = frame.bottom + size.gap
    marks = [*x_labels(lay.x_ticks, lay.scale.x, y, size), *y_labels(lay.y_ticks, lay.scale.y, frame.left, size)]
    y += line(size.tick)
    if chart.spans and lay.budget.spans:
        marks += [group for span in chart.spans for group in _span(lay, span, y)]
        y += line(size.tick)
    if lay.budget.axis_titles:
        marks += axis_titles(chart.x_axis, chart.y_axis, frame, y, lay.width, lay.height, size)
    return marks


def x_labels(found: Ticks, scale: AxisScale, y: float, size: Sizes) -> list[Mark]:
    """Return the labels of the x axis; y is where they begin."""
    base = y + ASCENT * size.tick + 1
    return [
        Label(scale.px(tick.value), base, tick.label, size.tick, Ink.MUTED, Anchor.MIDDLE)
        for tick in found.ticks
        if tick.label
    ]


def y_labels(found: Ticks, scale: AxisScale, left: float, size: Sizes) -> list[Mark]:
    """Return the labels of the y axis, which end left of the frame."""
    return [
        Label(
            left - size.gap - 2, scale.px(tick.value) + 0.36 * size.tick, tick.label, size.tick, Ink.MUTED, Anchor.END
        )
        for tick in found.ticks
        if tick.label
    ]


def axis_titles(
    x_axis: Axis, y_axis: Axis, frame: Frame, y: float, wide: float, high: float, size: Sizes
) -> list[Mark]:
    """Return the titles of both axes: that of x in the middle under the frame, that of y turned beside it."""
    marks: list[Mark] = []
    middle = (frame.left + frame.right) / 2
    words = shorten(x_axis.words, 2 * min(middle - PAD, wide - PAD - middle), size.axis)
    if words:
        marks.append(Label(middle, y + ASCENT * size.axis + 3, words, size.axis, Ink.TEXT, Anchor.MIDDLE))
    words = shorten(y_axis.words, frame.bottom - frame.top, size.axis)
    if words:
        place = PAD + ASCENT * size.axis, (frame.top + frame.bottom) / 2
        marks.append(Label(*place, words, size.axis, Ink.TEXT, Anchor.MIDDLE, turned=True))
    return marks


def _span(lay: Layout, span: Span, y: float) -> list[Mark]:
    """Return the name of a part of the x axis, in the middle of what is seen of it; none where it does not fit."""
    frame, size = lay.frame, lay.sizes
    start, end = max(frame.left, lay.scale.x.px(span.low)), min(frame.right, lay.scale.x.px(span.high))
    room = end - start - 6
    words = shorten(span.label, room, size.tick) if room > 0 else ""
    if not words or len(words) <= LEAST < len(span.label):
        return []
    wide, high = width(words, size.tick), line(size.tick)
    label = Label(wide / 2, ASCENT * size.tick + 1, words, size.tick, Ink.MUTED, Anchor.MIDDLE)
    suffix = f":{lay.scale.chart.key}span{span.low:g}"
    return [Group(span.path, "span", span.label, (start + end) / 2 - wide / 2, y, wide, high, (label,), suffix)]
