"""From values to px and back."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain, pairwise
from math import isfinite, log10
from typing import NamedTuple

from resnet_explorer.dataclass import dataclass
from resnet_explorer.picture.chart.markers import Frame
from resnet_explorer.picture.chart.model import Axis, Chart, Kind, Scale, Series
from resnet_explorer.picture.marks import Ink


@dataclass(frozen=True, slots=True)
class AxisScale:
    """An axis between two px: ``start`` is where ``low`` is."""

    low: float
    high: float
    start: float
    end: float
    scale: Scale = Scale.LINEAR

    def px(self, value: float) -> float:
        """Return where a value is; infinitely far at the low end for what a logarithm does not have."""
        if self.scale is Scale.LINEAR:
            return self.start + (value - self.low) * (self.end - self.start) / (self.high - self.low)
        if value <= 0:
            return self.start - (self.end - self.start) * 1e6
        first, last = log10(self.low), log10(self.high)
        return self.start + (log10(value) - first) * (self.end - self.start) / (last - first)

    def pxs(self, values: Sequence[float]) -> list[float]:
        """Return where each of many values is."""
        if self.scale is Scale.LOG:
            first, last = log10(self.low), log10(self.high)
            factor, far = (self.end - self.start) / (last - first), self.start - (self.end - self.start) * 1e6
            shift = self.start - first * factor
            return [shift + log10(value) * factor if value > 0 else far if value <= 0 else value for value in values]
        factor = (self.end - self.start) / (self.high - self.low)
        shift, low = self.start, self.low
        return [shift + (value - low) * factor for value in values]

    def value(self, px: float) -> float:
        """Return the value at a place."""
        part = (px - self.start) / (self.end - self.start)
        if self.scale is Scale.LINEAR:
            return self.low + part * (self.high - self.low)
        first, last = log10(self.low), log10(self.high)
        return float(10.0 ** max(-300.0, min(300.0, first + part * (last - first))))


class Read(NamedTuple):
    """What one series says at a crosshair; ``px`` is where, and ``path`` the block's address if it has one.

    ``low`` and ``high`` are the ends of its band there.
    """

    key: str
    label: str
    x: float
    y: float
    px: tuple[float, float]
    ink: Ink
    path: str = ""
    low: float | None = None
    high: float | None = None


class Reading(NamedTuple):
    """What a crosshair reads: the nearest x that any series has, and the nearest point of each series."""

    x: float
    px: float
    values: tuple[Read, ...]


@dataclass(frozen=True, slots=True)
class ChartScale:
    """Where values are in a chart that was drawn: the frame lies between the ends of both axes."""

    x: AxisScale
    y: AxisScale
    chart: Chart

    @property
    def frame(self) -> Frame:
        """Return the rectangle of the curves."""
        return Frame(self.x.start, self.y.end, self.x.end, self.y.start)

    def at(self, x_px: float) -> Reading | None:
        """Return what a crosshair reads at a place; None where nothing is shown."""
        curves = [series for series in self.chart.shown if series.kind is not Kind.SCATTER and len(series.x)]
        if not curves:
            return None
        near = [series.x[_nearest(series, self.x.value(x_px))] for series in curves]
        x = min(near, key=lambda value: abs(self.x.px(value) - x_px))
        return Reading(x, self.x.px(x), tuple(self._read(series, _nearest(series, x)) for series in curves))

    def _read(self, series: Series, index: int) -> Read:
        x, y = series.x[index], series.y[index]
        top, bottom = self.y.end, self.y.start
        px = self.x.px(x), min(bottom, max(top, self.y.px(y))) if isfinite(y) else top
        path = series.points[index].path if series.points else ""
        ends = (None, None) if series.low is None or series.high is None else (series.low[index], series.high[index])
        return Read(series.key, series.label, x, y, px, series.style.ink, path, *ends)


def _nearest(series: Series, x: float) -> int:
    """Return the index of the point nearest to x, in a series whose x only grow."""
    after = bisect_left(series.x, x)
    if after == 0:
        return 0
    if after == len(series.x):
        return after - 1
    return after if series.x[after] - x < x - series.x[after - 1] else after - 1


DEEPEST = 1e-7
"""An axis is zoomed no further than to this part of its largest value."""


def zoomed(chart: Chart, scale: ChartScale, factor: float, x_px: float, y_px: float) -> Chart:
    """Return the chart zoomed in by a factor (out below 1), with the point under the mouse kept in place.

    Left or right of the frame only y is zoomed, above or below it only x.
    """
    frame = scale.frame
    x = _zoomed(chart.x_axis, scale.x, factor, x_px) if frame.left <= x_px <= frame.right else chart.x_axis
    y = _zoomed(chart.y_axis, scale.y, factor, y_px) if frame.top <= y_px <= frame.bottom else chart.y_axis
    return replace(chart, x_axis=x, y_axis=y)


def panned(chart: Chart, scale: ChartScale, dx: float, dy: float) -> Chart:
    """Return the chart after a drag by so many px."""
    x = _between(chart.x_axis, scale.x, scale.x.start - dx, scale.x.end - dx)
    y = _between(chart.y_axis, scale.y, scale.y.start - dy, scale.y.end - dy)
    return replace(chart, x_axis=x, y_axis=y)


def toggled(chart: Chart, key: str) -> Chart:
    """Return the chart with one series hidden, or shown again; the raw data behind it goes with it."""
    labels = {series.label for series in chart.series if series.key == key}

    def switched(series: Series) -> Series:
        is_meant = series.key == key or (series.faint and series.label in labels)
        return replace(series, hidden=not series.hidden) if is_meant else series

    return replace(chart, series=tuple(map(switched, chart.series)))


def _zoomed(axis: Axis, scale: AxisScale, factor: float, px: float) -> Axis:
    start, end = px + (scale.start - px) / factor, px + (scale.end - px) / factor
    return _between(axis, scale, start, end)


def _between(axis: Axis, scale: AxisScale, start: float, end: float) -> Axis:
    """Return an axis from one place of a scale to another; unchanged where that would be too fine or too wide."""
    low, high = scale.value(start), scale.value(end)
    if axis.scale is Scale.LOG:
        is_fine = 1e-4 < log10(high / low) < 600 if low > 0 else False
    else:
        is_fine = high - low > DEEPEST * max(abs(low), abs(high), 1e-300)
    if not is_fine or max(abs(low), abs(high)) > 1e300:
        return axis
    return replace(axis, low=low, high=high)


SMALLEST, LARGEST = 1e-300, 1e300
FINEST = 1e-9
"""An axis spans at least this part of its largest value: below, ticks could not be told apart."""
MARGIN_Y, MARGIN_X = 0.06, 0.025
FEW = 120
"""Series of at most so many points get a margin to the left and the right, so that their signs stay whole."""


class Range(NamedTuple):
    """The two ends of an axis."""

    low: float
    high: float


def x_range(chart: Chart) -> Range:
    """Return the part of the x axis to show."""
    shown = chart.shown or chart.series
    values: list[float] = []
    for series in shown:
        half = bar_gap(series) / 2 if series.kind is Kind.BARS else 0.0
        values += [value + side for value in series.x for side in (-half, half)] if half else series.x
    margin = MARGIN_X if shown and max(len(series.x) for series in shown) <= FEW else 0.0
    shown_range = spread(chart.x_axis, values, margin, margin)
    spans = [value for span in chart.spans for value in (span.low, span.high)]
    if spans and chart.x_axis.scale is Scale.LINEAR:
        inner = spread(chart.x_axis, values, 0.0, 0.0)
        low = min(spans) if min(spans) < inner.low else shown_range.low
        shown_range = Range(low, max(spans) if max(spans) > inner.high else shown_range.high)
    return with_limits(chart.x_axis, shown_range)


def y_range(chart: Chart) -> Range:
    """Return the part of the y axis to show; bars stand on 0, and below a logarithm's smallest value is room for 0."""
    series = chart.shown or chart.series
    values = list(_heights(chart, series))
    is_log = chart.y_axis.scale is Scale.LOG
    bars = not is_log and any(shown.kind is Kind.BARS for shown in series)
    values += [0.0] if bars else []
    lower = MARGIN_Y * (2 if is_log and any(value <= 0 for value in values) else 1)
    has_words = bars and any(guide.vertical and guide.label for guide in chart.guides)
    shown_range = spread(chart.y_axis, values, lower, MARGIN_Y * (2 if has_words else 1))
    if bars and min(values) >= 0:
        shown_range = Range(0.0, shown_range.high)
    return with_limits(chart.y_axis, shown_range)


def spread(axis: Axis, values: Iterable[float], below: float, above: float) -> Range:
    """Return the range of the values that an axis can show, with margins as parts of its length."""
    is_log = axis.scale is Scale.LOG
    usable = [value for value in filter(isfinite, values) if value > 0] if is_log else list(filter(isfinite, values))
    if not usable:
        return Range(0.1, 10.0) if is_log else Range(0.0, 1.0)
    limit = SMALLEST if is_log else -LARGEST
    low, high = (min(LARGEST, max(limit, end)) for end in (min(usable), max(usable)))
    if is_log:
        first, last = _opened(log10(low), log10(high), 0.5)
        length = last - first
        ends = (max(-300.0, first - below * length), min(300.0, last + above * length))
        return Range(10.0 ** ends[0], 10.0 ** ends[1])
    low, high = _opened(_sized(low), _sized(high), max(abs(low), abs(high)) * 0.1)
    length = high - low
    return Range(low - below * length, high + above * length)


def _sized(value: float) -> float:
    """Return a value, 0 for what is too small to be divided."""
    return value if abs(value) > SMALLEST else 0.0


def _opened(low: float, high: float, by: float) -> tuple[float, float]:
    """Return both ends, taken apart where they are one."""
    if high - low > FINEST * max(abs(low), abs(high)):
        return low, high
    return (low - by, high + by) if by > SMALLEST else (-1.0, 1.0)


def with_limits(axis: Axis, data_range: Range) -> Range:
    """Return the range with the ends that the axis asks for, where it can show them."""
    is_log = axis.scale is Scale.LOG
    ends = [
        data_range[index] if end is None or not isfinite(end) or (is_log and end <= 0) else end
        for index, end in enumerate((axis.low, axis.high))
    ]
    limit = SMALLEST if is_log else -LARGEST
    low, high = sorted(min(LARGEST, max(limit, end)) for end in ends)
    if is_log:
        return Range(low, high) if high / low > 1 + 1e-6 else Range(low / 1.5, high * 1.5)
    return Range(*_opened(_sized(low), _sized(high), max(abs(low), abs(high)) * 0.1))


def bar_gap(series: Series) -> float:
    """Return the smallest distance between two bars; 1 where there is one."""
    steps = [abs(b - a) for a, b in pairwise(series.x) if isfinite(a) and isfinite(b) and a != b]
    return min(steps, default=1.0)


def _heights(chart: Chart, series: tuple[Series, ...]) -> Iterator[float]:
    for shown in series:
        yield from chain(shown.y, shown.low or (), shown.high or ())
    if chart.stacked:
        for tops in stacks(series).values():
            yield from (top for _, top in tops)


def stacks(series: tuple[Series, ...]) -> dict[str, list[tuple[float, float]]]:
    """Return where each bar of each series begins and ends where bars of one x stand on each other."""
    tops: dict[float, float] = {}
    bars: dict[str, list[tuple[float, float]]] = {}
    for shown in series:
        if shown.kind is Kind.BARS:
            bars[shown.key] = []
            for x, y in zip(shown.x, shown.y, strict=True):
                base = tops.get(x, 0.0)
                tops[x] = base + y if isfinite(y) else base
                bars[shown.key].append((base, tops[x]))
    return bars
