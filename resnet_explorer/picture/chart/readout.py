"""What is read off a chart: a line at an x with a box of every curve's value there, or the value of one thing.

It lies over the picture on screen, and is no part of it: no file has it.
"""

from typing import NamedTuple

from resnet_explorer.picture.chart.heatmap import value_text
from resnet_explorer.picture.chart.markers import Frame, sign
from resnet_explorer.picture.chart.model import Kind, Series, number
from resnet_explorer.picture.chart.scale import ChartScale, Read, Reading
from resnet_explorer.picture.chart.text import ASCENT, Sizes, line, shorten, sizes
from resnet_explorer.picture.marks import Anchor, Arrow, Box, Group, Ink, Label, Mark, Picture, Style, placed, width

PAD, AWAY, SAMPLE = 8.0, 12.0, 20.0
LABEL = 190.0
"""A curve's name takes at most so many px."""
KINDS = frozenset({"bar", "cell", "block", "point"})


class Readout(NamedTuple):
    """What lies over a chart, in groups as small as can be, and the same in words."""

    marks: tuple[Group, ...]
    text: str
    path: str = ""


class Spot(NamedTuple):
    """A thing with a value in a picture: a bar, a cell, a block, a point."""

    kind: str
    path: str
    title: str
    frame: Frame


def spots(picture: Picture) -> list[Spot]:
    """Return everything in a picture that has a value, from the lowest to the uppermost."""
    return [
        Spot(group.kind, path, group.title, Frame(x, y, x + group.width, y + group.height))
        for group, path, x, y in placed(picture.marks)
        if group.kind in KINDS
    ]


def steps(scale: ChartScale) -> list[float]:
    """Return the x of all points of curves and bars that are in view, in order."""
    low, high = scale.x.low, scale.x.high
    curves = (series for series in scale.chart.shown if series.kind is not Kind.SCATTER)
    return sorted({x for series in curves for x in series.x if low <= x <= high})


def read_at(scale: ChartScale, x_px: float, wide: float, text: float = 1.0) -> Readout | None:
    """Return the line at the x that is nearest to a place, and its box; None where nothing is to be read in view."""
    reading = scale.at(x_px)
    if reading is None or not scale.frame.left - 0.5 <= reading.px <= scale.frame.right + 0.5:
        return None
    curves = {series.key: series for series in scale.chart.shown}
    rows = [(curves[read.key], read) for read in reading.values if not curves[read.key].faint]
    paths = {read.path for _, read in rows}
    path = paths.pop() if len(paths) == 1 else ""
    name = name_of(scale, reading, path)
    said = ", ".join(f"{read.label} {value_of(scale, reading, read)}".strip() for _, read in rows)
    crosshair = _crosshair(scale, reading, [read for _, read in rows])
    return Readout((crosshair, _box(scale, reading, name, rows, wide, sizes(text))), f"{name}: {said}", path)


def name_of(scale: ChartScale, reading: Reading, path: str) -> str:
    """Return what is read: the place on the x axis, and the path of the block that all values belong to."""
    axis = scale.chart.x_axis
    given = dict(axis.ticks or ()).get(reading.x)
    text = given or f"{axis.title.partition(',')[0]} {number(reading.x)}".strip()
    text += f" {axis.unit}" if axis.unit and not given else ""
    return f"{text} · {path}" if path else text


def value_of(scale: ChartScale, reading: Reading, read: Read) -> str:
    """Return a value with its range; with its own x where the curve has no point at the line."""
    text = value_text(scale.chart.y_axis, read.y)
    if read.low is not None and read.high is not None and read.low != read.high:
        text += f" ({number(read.low)} to {number(read.high)})"
    return text if read.x == reading.x else f"{text} at {number(read.x)}"


def _crosshair(scale: ChartScale, reading: Reading, values: list[Read]) -> Group:
    half, top, high = 5.0, scale.frame.top, scale.frame.bottom - scale.frame.top
    marks: list[Mark] = [Arrow(((half, 0), (half, high)), Ink.MUTED, 1.0, head=False)]
    marks += [
        Box(half - 4, read.px[1] - top - 4, 8, 8, Ink.PAGE, read.ink, 2.0, 4) for read in values if read.x == reading.x
    ]
    body = Box(0, 0, 2 * half, high)
    return Group("", "crosshair", "", reading.px - half, top, 2 * half, high, (body, *marks))


def _box(
    scale: ChartScale, reading: Reading, name: str, rows: list[tuple[Series, Read]], wide: float, size: Sizes
) -> Group:
    """Return the values at the line, beside it; those that there is no room for are counted."""
    high, start = line(size.tick), SAMPLE + 6
    room = max(1, int((scale.frame.bottom - scale.frame.top - 2 * PAD) / high) - 1)
    shown = rows if len(rows) <= room else rows[: max(0, room - 1)]
    rest = f"and {len(rows) - len(shown)} more" if len(shown) < len(rows) else ""
    labels = [shorten(read.label, LABEL, size.tick) for _, read in shown]
    values = [value_of(scale, reading, read) for _, read in shown]
    label_width = max((width(text, size.tick) for text in labels), default=0.0)
    value_width = max((width(text, size.tick, Style.SEMIBOLD) for text in values), default=0.0)
    inner = max(width(name, size.tick, Style.SEMIBOLD), start + label_width + 12 + value_width, width(rest, size.tick))
    marks: list[Mark] = [Label(PAD, PAD + ASCENT * size.tick, name, size.tick, style=Style.SEMIBOLD)]
    for index, ((series, read), label, value) in enumerate(zip(shown, labels, values, strict=True), start=1):
        base = PAD + index * high + ASCENT * size.tick
        marks += _sample(series, read.ink, base - 0.36 * size.tick, size)
        marks.append(Label(PAD + start, base, label, size.tick))
        marks.append(Label(PAD + inner, base, value, size.tick, Ink.TEXT, Anchor.END, Style.SEMIBOLD))
    count = len(shown) + 1
    if rest:
        marks.append(Label(PAD, PAD + count * high + ASCENT * size.tick, rest, size.tick, Ink.MUTED))
    return _placed(marks, inner, (count + bool(rest)) * high, reading.px, scale.frame.top + 6, wide)


def _sample(series: Series, ink: Ink, y: float, size: Sizes) -> list[Mark]:
    if series.kind is Kind.BARS:
        return [Box(PAD, y - 4, SAMPLE, 8, ink)]
    rule = Arrow(((PAD, y), (PAD + SAMPLE, y)), ink, 2.0, series.style.dash, head=False)
    return [rule, *sign(series.style.marker, PAD + SAMPLE / 2, y, size.sign, ink)]


def _placed(marks: list[Mark], inner: float, high: float, x: float, y: float, wide: float) -> Group:
    across, down = inner + 2 * PAD, high + 2 * PAD - 3
    left = x + AWAY if x + AWAY + across <= wide else x - AWAY - across
    body = Box(0, 0, across, down, Ink.CARD, Ink.MUTED, 1.0, 5)
    return Group("", "readout", "", max(2.0, min(left, wide - across - 2)), y, across, down, (body, *marks))


def read_spot(spot: Spot, wide: float, text: float = 1.0) -> Readout:
    """Return the frame around a bar, a cell, a block or a point, and its value beside it."""
    size, frame = sizes(text), spot.frame
    across, down = frame.right - frame.left, frame.bottom - frame.top
    outline = Box(0, 0, across, down, None, Ink.TEXT, 1.6)
    name, colon, value = spot.title.rpartition(": ")
    texts = [(name, Style.REGULAR), (value, Style.SEMIBOLD)] if colon else [(spot.title, Style.SEMIBOLD)]
    lines = [(shorten(text, wide - 2 * PAD - 8, size.tick), style) for text, style in texts]
    high = line(size.tick)
    marks: list[Mark] = [
        Label(PAD, PAD + n * high + ASCENT * size.tick, text, size.tick, style=style)
        for n, (text, style) in enumerate(lines)
    ]
    inner = max(width(text, size.tick, style) for text, style in lines)
    top = frame.top - (len(lines) * high + 2 * PAD) - 4
    box = _placed(marks, inner, len(lines) * high, frame.right - 4, top if top > 2 else frame.bottom + 4, wide)
    ring = Group("", "ring", "", frame.left, frame.top, across, down, (outline,))
    return Readout((ring, box), spot.title, spot.path)
