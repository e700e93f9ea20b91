"""What the curves are called: beside their ends where there is room, else in rows above the frame."""

from collections.abc import Sequence
from math import isfinite
from typing import NamedTuple

from resnet_explorer.drawing.chart.clip import Frame
from resnet_explorer.drawing.chart.head import GAP, PAD, Budget
from resnet_explorer.drawing.chart.markers import bar, sign
from resnet_explorer.drawing.chart.model import Chart, Kind, Series
from resnet_explorer.drawing.chart.scale import ChartScale
from resnet_explorer.drawing.chart.words import ASCENT, Sizes, apart, line, shorten
from resnet_explorer.drawing.marks import Arrow, Box, Dash, Group, Ink, Label, Mark
from resnet_explorer.drawing.text import Style, width

SAMPLE, SHORT_SAMPLE = 26.0, 14.0
BESIDE_PART = 0.3
"""Labels at the curves' ends take at most this part of the width."""
NEAR = 90.0
"""A curve that ends further to the left than this many px has no line to its label."""
FEW = 3
"""So many labels are tied to their curves by lines; more have a sample of the curve instead."""


class Entry(NamedTuple):
    """The name of a series, as it fits."""

    series: Series
    label: str
    note: str
    x: float = 0.0
    y: float = 0.0
    wide: float = 0.0


class Legend(NamedTuple):
    """The names of all series; ``above`` and ``right`` are the room that they take there."""

    entries: tuple[Entry, ...] = ()
    beside: bool = False
    above: float = 0.0
    right: float = 0.0


def legend(chart: Chart, wide: float, high: float, size: Sizes, budget: Budget) -> Legend:
    """Return the names of a chart's series and the room that they need; ``high`` is what the frame would have."""
    named = [one for one in chart.series if one.label and not one.faint]
    if not named or not budget.legend:
        return Legend()
    entries = [Entry(one, one.label, one.note if budget.with_notes else "") for one in named]
    column = max(_beside_width(entry, size) for entry in entries) + _beside_sample(entries)
    fits = column <= BESIDE_PART * wide and sum(_beside_height(entry, size) for entry in entries) <= high
    if fits and all(one.kind in (Kind.LINE, Kind.STEPS) for one in named):
        return Legend(tuple(entries), True, 0.0, column + 12 + PAD)
    return _rows(entries, wide - 2 * PAD, size)


def _beside_width(entry: Entry, size: Sizes) -> float:
    return max(width(entry.label, size.label, Style.SEMIBOLD), width(entry.note, size.note)) + 2


def _beside_sample(entries: Sequence[Entry]) -> float:
    return SAMPLE + 6 if len(entries) > FEW else 0.0


def _beside_height(entry: Entry, size: Sizes) -> float:
    return line(size.label) + (line(size.note) if entry.note else 0.0) + 2


def _rows(entries: list[Entry], room: float, size: Sizes) -> Legend:
    x, row, placed = 0.0, 0, []
    for entry in entries:
        before = _sample_width(entry.series) + 6
        label = shorten(entry.label, room - before, size.label, Style.SEMIBOLD)
        wide = before + width(label, size.label, Style.SEMIBOLD)
        note = entry.note if wide + 6 + width(entry.note, size.note) <= room else ""
        wide += 6 + width(note, size.note) if note else 0.0
        if x and x + wide > room:
            x, row = 0.0, row + 1
        placed.append(Entry(entry.series, label, note, PAD + x, row * (line(size.label) + 2), wide))
        x += wide + 20
    return Legend(tuple(placed), False, (row + 1) * (line(size.label) + 2))


def _sample_width(series: Series) -> float:
    return SAMPLE if series.kind in (Kind.LINE, Kind.STEPS) else SHORT_SAMPLE


def legend_marks(found: Legend, scale: ChartScale, top: float, size: Sizes) -> list[Mark]:
    """Return the names as groups that can be clicked, and lines from the curves' ends to names that were moved."""
    if found.beside:
        return _beside_marks(found, scale, size)
    return [_row_entry(scale, entry, top, size) for entry in found.entries]


def _row_entry(scale: ChartScale, entry: Entry, top: float, size: Sizes) -> Group:
    series, high = entry.series, line(size.label)
    base = ASCENT * size.label + 1
    ink = Ink.MUTED if series.hidden else series.look.ink
    start = _sample_width(series) + 6
    after = start + width(entry.label, size.label, Style.SEMIBOLD) + 6
    marks = [
        Label(start, base, entry.label, size.label, ink, style=_style(series)),
        *_sample(scale.chart, series, base - 0.36 * size.label, size),
    ]
    if entry.note:
        marks.append(Label(after, base, entry.note, size.note, Ink.MUTED))
    return _group(scale, entry, entry.x, top + entry.y, entry.wide, high, marks)


def _sample(chart: Chart, series: Series, y: float, size: Sizes) -> list[Mark]:
    """Return a short piece of a series: its line with its sign, or a small bar."""
    look, half, wide = series.look, size.sign, _sample_width(series)
    ink = Ink.GONE if series.hidden else look.ink
    if series.kind is Kind.BARS:
        high = 0.72 * wide
        if series.hidden:
            return [Box(0, y - high / 2, wide, high, None, ink)]
        return bar(0, y - high / 2, wide, high, ink, chart.is_hatched(series))
    rule: list[Mark] = [Arrow(((0, y), (wide, y)), ink, 2.0, look.dash, head=False)]
    signs = sign(look.marker, wide / 2, y, half, ink, series.hidden)
    return signs if series.kind is Kind.SCATTER else rule + signs


def _beside_marks(found: Legend, scale: ChartScale, size: Sizes) -> list[Mark]:
    frame = Frame(scale.left, scale.top, scale.right, scale.bottom)
    ends = [_end(entry.series, scale, frame) for entry in found.entries]
    heights = [_beside_height(entry, size) for entry in found.entries]
    wanted = [end[1] if end else frame.bottom + index for index, end in enumerate(ends)]
    tops = apart(wanted, heights, frame.top - GAP / 2, frame.bottom + GAP / 2)
    marks: list[Mark] = []
    for entry, end, high, top in zip(found.entries, ends, heights, tops, strict=True):
        middle = top + line(size.label) / 2
        if end and len(ends) <= FEW and _is_apart(frame.right - end[0], middle - end[1]):
            marks.append(_leader(end, (scale.right + 9, middle), entry.series.look.ink))
        marks.append(_beside_entry(scale, entry, top, high, size, _beside_sample(found.entries)))
    return marks


def _is_apart(dx: float, dy: float) -> bool:
    """Say whether a label is not just beside its curve's end, and yet near enough for a line to it."""
    return dx < NEAR and (dx > 6 or abs(dy) > 3)


def _leader(start: tuple[float, float], end: tuple[float, float], ink: Ink) -> Arrow:
    return Arrow(((start[0] + 5, start[1]), end), ink, 0.8, Dash.SOLID, head=False)


def _beside_entry(scale: ChartScale, entry: Entry, top: float, high: float, size: Sizes, before: float) -> Group:
    ink = Ink.MUTED if entry.series.hidden else entry.series.look.ink
    base = ASCENT * size.label + 1
    marks: list[Mark] = [Label(before, base, entry.label, size.label, ink, style=_style(entry.series))]
    if before:
        marks += _sample(scale.chart, entry.series, base - 0.36 * size.label, size)
    if entry.note:
        marks.append(Label(before, base + line(size.note), entry.note, size.note, Ink.MUTED))
    wide = before + _beside_width(entry, size)
    return _group(scale, entry, scale.right + 12, top, wide, high, marks)


def _style(series: Series) -> Style:
    return Style.ITALIC if series.hidden else Style.SEMIBOLD


def _end(series: Series, scale: ChartScale, frame: Frame) -> tuple[float, float] | None:
    """Return where the last point of a series that is seen is."""
    if series.hidden:
        return None
    for x, y in zip(reversed(series.x), reversed(series.y), strict=True):
        if isfinite(x) and isfinite(y):
            px, py = scale.x.px(x), min(frame.bottom, max(frame.top, scale.y.px(y)))
            if frame.left <= px <= frame.right + 0.5:
                return px, py
    return None


def _group(scale: ChartScale, entry: Entry, x: float, y: float, wide: float, high: float, marks: list[Mark]) -> Group:
    series, key = entry.series, scale.chart.key
    words = ", ".join(one for one in (series.label, series.note) if one)
    title = f"{words} ({'hidden' if series.hidden else 'shown'})"
    side = f"{key}:" if key else ""
    return Group(series.key, "legend", title, x, y, wide, high, tuple(marks), suffix=":legend", side=side)
