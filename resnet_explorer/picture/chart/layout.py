"""Where everything is in a chart: margins as wide as the words in them, and the frame in what is left."""

from collections.abc import Sequence
from itertools import pairwise
from math import isfinite
from typing import NamedTuple

from resnet_explorer.picture.chart.markers import Frame, bar, sign
from resnet_explorer.picture.chart.model import Axis, Chart, Kind, Scale, Series, Tick, Ticks, ticks
from resnet_explorer.picture.chart.scale import AxisScale, ChartScale, Range, x_range, y_range
from resnet_explorer.picture.chart.text import (
    ASCENT,
    BARE,
    BUDGETS,
    FRAME_AREA,
    FRAME_PART,
    GAP,
    PAD,
    ROOMY,
    Budget,
    Head,
    Sizes,
    apart,
    head,
    line,
    shorten,
    sizes,
)
from resnet_explorer.picture.marks import Arrow, Box, Group, Ink, Label, Mark, Point, Style, width

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
    labelled = [series for series in chart.series if series.label and not series.faint]
    if not labelled or not budget.legend:
        return Legend()
    entries = [Entry(series, series.label, series.note if budget.with_notes else "") for series in labelled]
    column = max(_beside_width(entry, size) for entry in entries) + _beside_sample(entries)
    fits = (
        budget.beside and column <= BESIDE_PART * wide and sum(_beside_height(entry, size) for entry in entries) <= high
    )
    if fits and all(series.kind in (Kind.LINE, Kind.STEPS) for series in labelled):
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


def legend_marks(legend: Legend, scale: ChartScale, top: float, size: Sizes) -> list[Mark]:
    """Return the names as groups that can be clicked, and lines from the curves' ends to names that were moved."""
    if legend.beside:
        return _beside_marks(legend.entries, scale, size)
    high = line(size.label)
    return [
        _entry(scale, entry, (entry.x, top + entry.y, entry.wide, high), _sample_width(entry.series) + 6, size)
        for entry in legend.entries
    ]


def _entry(
    scale: ChartScale, entry: Entry, place: tuple[float, float, float, float], start: float, size: Sizes
) -> Group:
    """Return a name with a sample of its series before it, where there is room for one; ``place`` is x, y, w and h."""
    series, base = entry.series, ASCENT * size.label + 1
    ink, style = (Ink.MUTED, Style.ITALIC) if series.hidden else (series.style.ink, Style.SEMIBOLD)
    marks: list[Mark] = [Label(start, base, entry.label, size.label, ink, style=style)]
    if start:
        marks += _sample(scale.chart, series, base - 0.36 * size.label, size)
    if entry.note:
        after = start + width(entry.label, size.label, Style.SEMIBOLD) + 6
        at = (after, base) if entry.wide else (start, base + line(size.note))
        marks.append(Label(*at, entry.note, size.note, Ink.MUTED))
    name = ", ".join(text for text in (series.label, series.note) if text)
    title = f"{name} ({'hidden' if series.hidden else 'shown'})"
    return Group(series.key, "legend", title, *place, tuple(marks), ":legend", scale.chart.prefix)


def _sample(chart: Chart, series: Series, y: float, size: Sizes) -> list[Mark]:
    style, wide = series.style, _sample_width(series)
    ink = Ink.GONE if series.hidden else style.ink
    if series.kind is Kind.BARS:
        high = 0.72 * wide
        if series.hidden:
            return [Box(0, y - high / 2, wide, high, None, ink)]
        return bar(0, y - high / 2, wide, high, ink, chart.is_hatched(series))
    rule: list[Mark] = [Arrow(((0, y), (wide, y)), ink, 2.0, style.dash, head=False)]
    signs = sign(style.marker, wide / 2, y, size.sign, ink, series.hidden)
    return signs if series.kind is Kind.SCATTER else rule + signs


def _beside_marks(entries: tuple[Entry, ...], scale: ChartScale, size: Sizes) -> list[Mark]:
    frame = scale.frame
    ends = [_end(entry.series, scale) for entry in entries]
    heights = [_beside_height(entry, size) for entry in entries]
    wanted = [end[1] if end else frame.bottom + index for index, end in enumerate(ends)]
    tops = apart(wanted, heights, frame.top - GAP / 2, frame.bottom + GAP / 2)
    marks: list[Mark] = []
    for entry, end, high, top in zip(entries, ends, heights, tops, strict=True):
        middle = top + line(size.label) / 2
        far = frame.right - end[0] if end else NEAR
        if end and len(ends) <= FEW and far < NEAR and (far > 6 or abs(middle - end[1]) > 3):
            leader = (end[0] + 5, end[1]), (frame.right + 9, middle)
            marks.append(Arrow(leader, entry.series.style.ink, 0.8, head=False))
        before = _beside_sample(entries)
        place = frame.right + 12, top, before + _beside_width(entry, size), high
        marks.append(_entry(scale, entry, place, before, size))
    return marks


def _end(series: Series, scale: ChartScale) -> Point | None:
    frame = scale.frame
    if series.hidden:
        return None
    for x, y in zip(reversed(series.x), reversed(series.y), strict=True):
        if isfinite(x) and isfinite(y):
            px, py = scale.x.px(x), min(frame.bottom, max(frame.top, scale.y.px(y)))
            if frame.left <= px <= frame.right + 0.5:
                return px, py
    return None


class Layout(NamedTuple):
    """Where everything is."""

    width: float
    height: float
    sizes: Sizes
    budget: Budget
    head: Head
    legend: Legend
    scale: ChartScale
    x_ticks: Ticks
    y_ticks: Ticks

    @property
    def frame(self) -> Frame:
        """Return the rectangle of the curves."""
        return self.scale.frame


def lay_out(chart: Chart, wide: float, high: float, text: float, area: float = FRAME_AREA) -> Layout:
    """Return where everything is in a picture of that size; what there is no room for is left out.

    The curves get the part ``area`` of the picture where names in rows above them, and fewer words, make that possible.
    """
    ranges, size = (x_range(chart), y_range(chart)), sizes(text)
    best: Layout | None = None
    for budget in ROOMY:
        made = _lay_out(chart, wide, high, size, budget, ranges)
        if made.frame.bottom - made.frame.top >= FRAME_PART * high:
            if _area(made.frame) >= area * wide * high:
                return made
            best = made if best is None or _area(made.frame) > _area(best.frame) else best
    for budget in BARE if text > 1 and not _signs(chart, ranges) else ():
        made = _lay_out(chart, wide, high, size, budget, ranges)
        if _area(made.frame) >= area * wide * high:
            return made
    if best:
        return best
    made = _lay_out(chart, wide, high, size, BUDGETS[-2], ranges)
    is_high = made.frame.bottom - made.frame.top >= FRAME_PART * high
    return made if is_high else _lay_out(chart, wide, high, size, BUDGETS[-1], ranges)


def _area(frame: Frame) -> float:
    return (frame.right - frame.left) * (frame.bottom - frame.top)


def _lay_out(
    chart: Chart, wide: float, high: float, size: Sizes, budget: Budget, ranges: tuple[Range, Range]
) -> Layout:
    text = head(chart.title, chart.subtitle, (*chart.notes, *_signs(chart, ranges)), wide, size, budget)
    below = text.below + under_frame(chart.x_axis, size, budget, bool(chart.spans))
    rows = legend(chart, wide, high - text.above - below - GAP, size, budget)
    top = text.above + rows.above + GAP
    bottom = max(top + 20.0, high - below)
    y_ticks = y_axis_ticks(chart.y_axis, ranges[1], bottom - top, size)
    title = line(size.axis) + 4 if chart.y_axis.text and budget.axis_titles else 0.0
    left = PAD + title + max((width(tick.label, size.tick) for tick in y_ticks.ticks), default=0.0) + size.gap + 2
    x_ticks, right = x_axis_ticks(chart.x_axis, ranges[0], left, wide - max(PAD, rows.right), wide, size)
    scale = ChartScale(
        AxisScale(*ranges[0], left, right, chart.x_axis.scale),
        AxisScale(*ranges[1], bottom, top, chart.y_axis.scale),
        chart,
    )
    return Layout(wide, high, size, budget, text, rows, scale, x_ticks, y_ticks)


def _signs(chart: Chart, ranges: tuple[Range, Range]) -> tuple[str, ...]:
    """Return what the signs at the edges mean, where there are any."""
    values = [value for series in chart.shown for value in series.y]
    is_log = chart.y_axis.scale is Scale.LOG
    if not is_log and all(map(isfinite, values)):
        return ()
    signs = (
        ("▽ 0 or too small for the axis", is_log and any(value < ranges[1].low * (1 - 1e-9) for value in values)),
        ("× not a number", any(value != value for value in values)),
        ("△ infinite", any(value == float("inf") for value in values)),
    )
    text = " · ".join(text for text, present in signs if present)
    return (text,) if text else ()


def under_frame(axis: Axis, size: Sizes, budget: Budget, has_spans: bool) -> float:
    """Return the height of what stands under the frame: ticks, spans, and the axis' title."""
    under = size.gap + line(size.tick)
    under += line(size.tick) if has_spans and budget.spans else 0.0
    return under + (line(size.axis) + 2 if axis.text and budget.axis_titles else 0.0)


def y_axis_ticks(axis: Axis, shown: Range, high: float, size: Sizes) -> Ticks:
    """Return the ticks of the y axis, with a label's height between two at least."""
    most = max(2, int(high / (2.0 * size.tick)))
    made = ticks(axis, *shown, most)
    while len(made.ticks) > 2 and high / len(made.ticks) < 1.5 * size.tick and most > 1:
        most -= 1
        made = ticks(axis, *shown, most)
    places = AxisScale(*shown, high, 0.0, axis.scale).pxs([tick.value for tick in made.ticks])
    fits = all(lower - upper >= 1.2 * size.tick for lower, upper in pairwise(places))
    return made if fits else Ticks(made.ticks[:1])


def x_axis_ticks(axis: Axis, shown: Range, left: float, right: float, wide: float, size: Sizes) -> tuple[Ticks, float]:
    """Return the ticks of the x axis, none of whose labels touch, and where the frame ends so that the last fits."""
    for most in (12, 10, 8, 7, 6, 5, 4, 3, 2, 1):
        made = ticks(axis, *shown, most)
        last = width(made.ticks[-1].label, size.tick) / 2 if made.ticks else 0.0
        end = max(left + 20.0, min(right, wide - last - 4))
        scale = AxisScale(*shown, left, end, axis.scale)
        if _fits(made.ticks, scale, wide, size):
            return made, end
    return Ticks(()), max(left + 20.0, right)


def _fits(ticks: tuple[Tick, ...], scale: AxisScale, wide: float, size: Sizes) -> bool:
    edge = 2.0
    for tick in ticks:
        half = width(tick.label, size.tick) / 2
        middle = scale.px(tick.value)
        if not isfinite(middle) or middle - half < edge or middle + half > wide - 2:
            return False
        edge = middle + half + 0.8 * size.tick
    return True
