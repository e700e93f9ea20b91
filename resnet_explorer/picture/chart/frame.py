"""A chart as a picture, with its frame: grid, ticks, titles of the axes, names of parts of the x axis."""

from bisect import bisect_left, bisect_right
from typing import NamedTuple

from resnet_explorer.picture.chart.layout import Layout, lay_out, legend_marks
from resnet_explorer.picture.chart.markers import Frame, lines
from resnet_explorer.picture.chart.model import Axis, Chart, Guide, Kind, Span, Ticks, number
from resnet_explorer.picture.chart.scale import AxisScale, ChartScale, stacks
from resnet_explorer.picture.chart.series import series_marks
from resnet_explorer.picture.chart.text import ASCENT, FRAME_AREA, PAD, Sizes, head_marks, line, shorten
from resnet_explorer.picture.marks import Anchor, Area, Arrow, Box, Dash, Group, Ink, Label, Mark, Picture, Style, width

SHORT = 3.5
LEAST = 3
"""A name of a part that would be cut to fewer letters than this is left out."""


class Drawn(NamedTuple):
    """A chart's picture, and where values are in it."""

    picture: Picture
    scale: ChartScale


def chart(chart: Chart, width: float, height: float, text: float = 1.0) -> Picture:
    """Return the picture of a chart of that size; ``text`` makes words and signs larger (1.3 for a projector)."""
    return draw(chart, width, height, text).picture


def draw(chart: Chart, width: float, height: float, text: float = 1.0, area: float = FRAME_AREA) -> Drawn:
    """Return the picture of a chart, and its scale: for crosshairs, zoom, and what is to be aligned with it.

    The curves get the part ``area`` of the picture, if that is possible.
    """
    lay = lay_out(chart, width, height, text, area)
    marks: list[Mark] = [
        *head_marks(lay.head, height, lay.sizes),
        *_frame_marks(lay),
        *series_marks(lay, stacks(chart.shown) if chart.stacked else {}),
        *_guide_marks(lay),
        *_axis_marks(lay),
        *legend_marks(lay.legend, lay.scale, lay.head.above + 2, lay.sizes),
    ]
    return Drawn(Picture(width, height, tuple(marks), chart.title, _described(chart, lay)), lay.scale)


def _described(chart: Chart, lay: Layout) -> str:
    text = [chart.subtitle] if chart.subtitle else []
    text.append(f"{chart.y_axis.text or 'y'} against {chart.x_axis.text or 'x'}")
    for series in chart.shown:
        if len(series.y) and series.label:
            text.append(f"{series.label}: from {number(series.y[0])} to {number(series.y[-1])}")
    return ". ".join((*text, *lay.head.notes))


def stack(*pictures: Picture, gap: float = 0.0) -> Picture:
    """Return pictures under each other, named after the first; their ids have to differ."""
    y = 0.0
    marks: list[Mark] = []
    for index, picture in enumerate(pictures):
        size = picture.width, picture.height
        marks.append(Group("", "picture", picture.title, 0, y, *size, picture.marks, f":{index}"))
        y += picture.height + gap
    wide = max((picture.width for picture in pictures), default=0.0)
    text = ". ".join(picture.description for picture in pictures if picture.description)
    return Picture(wide, max(0.0, y - gap), tuple(marks), pictures[0].title if pictures else "", text)


def _frame_marks(lay: Layout) -> list[Mark]:
    frame, x_axis, y_axis = lay.frame, lay.scale.x, lay.scale.y
    marks: list[Mark] = []
    for x in [x_axis.px(tick.value) for tick in lay.x_ticks.ticks]:
        marks.append(_line((x, frame.top), (x, frame.bottom)))
    for y in [y_axis.px(tick.value) for tick in lay.y_ticks.ticks]:
        marks.append(_line((frame.left, y), (frame.right, y)))
    for x in sorted(map(x_axis.px, {span.low for span in lay.scale.chart.spans}))[1:]:
        if frame.left + 4 < x < frame.right - 4:
            marks.append(Arrow(((x, frame.top), (x, frame.bottom)), Ink.GONE, 1.0, Dash.DOTTED, head=False))
    marks.append(Box(frame.left, frame.top, frame.right - frame.left, frame.bottom - frame.top, None, Ink.LINE, 1.0))
    for x in map(x_axis.px, lay.x_ticks.minor):
        marks.append(_line((x, frame.bottom), (x, frame.bottom - SHORT), Ink.LINE))
    for y in map(y_axis.px, lay.y_ticks.minor):
        marks.append(_line((frame.left, y), (frame.left + SHORT, y), Ink.LINE))
    return marks


def _line(start: tuple[float, float], end: tuple[float, float], ink: Ink = Ink.GRID) -> Arrow:
    return Arrow((start, end), ink, 1.0, head=False)


def _axis_marks(lay: Layout) -> list[Mark]:
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


def x_labels(ticks: Ticks, scale: AxisScale, y: float, size: Sizes) -> list[Mark]:
    """Return the labels of the x axis; y is where they begin."""
    base = y + ASCENT * size.tick + 1
    return [
        Label(scale.px(tick.value), base, tick.label, size.tick, Ink.MUTED, Anchor.MIDDLE)
        for tick in ticks.ticks
        if tick.label
    ]


def y_labels(ticks: Ticks, scale: AxisScale, left: float, size: Sizes) -> list[Mark]:
    """Return the labels of the y axis, which end left of the frame."""
    x, down = left - size.gap - 2, 0.36 * size.tick
    return [
        Label(x, scale.px(tick.value) + down, tick.label, size.tick, Ink.MUTED, Anchor.END)
        for tick in ticks.ticks
        if tick.label
    ]


def axis_titles(
    x_axis: Axis, y_axis: Axis, frame: Frame, y: float, wide: float, high: float, size: Sizes
) -> list[Mark]:
    """Return the titles of both axes: that of x in the middle under the frame, that of y turned beside it."""
    marks: list[Mark] = []
    middle = (frame.left + frame.right) / 2
    text = shorten(x_axis.text, 2 * min(middle - PAD, wide - PAD - middle), size.axis)
    if text:
        marks.append(Label(middle, y + ASCENT * size.axis + 3, text, size.axis, Ink.TEXT, Anchor.MIDDLE))
    text = shorten(y_axis.text, frame.bottom - frame.top, size.axis)
    if text:
        place = PAD + ASCENT * size.axis, (frame.top + frame.bottom) / 2
        marks.append(Label(*place, text, size.axis, Ink.TEXT, Anchor.MIDDLE, turned=True))
    return marks


def _span(lay: Layout, span: Span, y: float) -> list[Mark]:
    """Return the name of a part of the x axis, in the middle of what is seen of it; none where it does not fit."""
    frame, size = lay.frame, lay.sizes
    start, end = max(frame.left, lay.scale.x.px(span.low)), min(frame.right, lay.scale.x.px(span.high))
    room = end - start - 6
    text = shorten(span.label, room, size.tick) if room > 0 else ""
    if not text or len(text) <= LEAST < len(span.label):
        return []
    wide, high = width(text, size.tick), line(size.tick)
    label = Label(wide / 2, ASCENT * size.tick + 1, text, size.tick, Ink.MUTED, Anchor.MIDDLE)
    suffix = f":{lay.scale.chart.key}span{span.low:g}"
    return [Group(span.path, "span", span.label, (start + end) / 2 - wide / 2, y, wide, high, (label,), suffix)]


ROWS = 3
"""Words of vertical lines stand in at most so many rows, one under the other."""


def _guide_marks(lay: Layout) -> list[Mark]:
    """Return the guides that are in the frame; words that would lie on others are left to the titles."""
    taken: list[Frame] = []
    marks: list[Mark] = []
    for index, guide in enumerate(lay.scale.chart.guides):
        frame, axis = lay.frame, lay.scale.x if guide.vertical else lay.scale.y
        place = axis.px(guide.value)
        if not (frame.left <= place <= frame.right if guide.vertical else frame.top <= place <= frame.bottom):
            continue
        across, down = ((frame.left, place), (frame.right, place)), ((place, frame.top), (place, frame.bottom))
        rule = Arrow(down if guide.vertical else across, Ink.MUTED, 1.2, Dash.DASHED, head=False)
        key, size = lay.scale.chart.key, (lay.width, lay.height)
        marks.append(
            Group(
                "", "guide", guide.label, 0, 0, *size, (rule, *_guide_text(lay, guide, place, taken)), f":{key}{index}"
            )
        )
    return marks


def _guide_text(lay: Layout, guide: Guide, place: float, taken: list[Frame]) -> list[Mark]:
    """Return a guide's words where there is room, if possible where they cover no curve."""
    size, frame = lay.sizes.note, lay.frame
    wide, high = width(guide.label, size, Style.ITALIC) + 6, line(size)
    boxes = [Frame(x, y, x + wide, y + high) for x, y in _places(lay, guide, place, wide, high)]
    free = [
        box
        for box in boxes
        if frame.holds(*box[:2], by=0.0) and frame.holds(*box[2:], by=0.0) and not any(map(box.touches, taken))
    ]
    if not guide.label or not free:
        return []
    box = next((box for box in free if not _covers_a_curve(lay.scale, box)), free[0])
    taken.append(box)
    text = Label(box.left + 3, box.top + ASCENT * size + 2, guide.label, size, Ink.MUTED, Anchor.START, Style.ITALIC)
    return [Area(box.corners, Ink.PAGE, opacity=0.85), text]


def _covers_a_curve(scale: ChartScale, box: Frame) -> bool:
    for series in scale.chart.shown:
        if series.kind in (Kind.LINE, Kind.STEPS):
            first = max(0, bisect_left(series.x, box.left, key=scale.x.px) - 1)
            part = slice(first, bisect_right(series.x, box.right, key=scale.x.px) + 1)
            if lines(list(zip(scale.x.pxs(series.x[part]), scale.y.pxs(series.y[part]), strict=True)), box):
                return True
    return False


def _places(lay: Layout, guide: Guide, place: float, wide: float, high: float) -> list[tuple[float, float]]:
    frame = lay.frame
    if guide.vertical:
        sides = (place + 3, place - wide - 3)
        return [(x, frame.top + 3 + row * high) for row in range(ROWS) for x in sides]
    heights = (place - high - 1, place + 2)
    return [(x, y) for x in (frame.right - wide - 4, frame.left + 6) for y in heights]
