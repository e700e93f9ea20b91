"""Which part of each axis a chart shows: what was asked for, or all of the data and a little more."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from math import isfinite, log10
from typing import NamedTuple

from resnet_explorer.drawing.chart.model import Axis, Chart, Kind, Scale, Series

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
    series = chart.shown or chart.series
    values = [value for one in series for value in _widened_by_bars(one)]
    margin = MARGIN_X if series and max(len(one.x) for one in series) <= FEW else 0.0
    found = spread(chart.x_axis, values, margin, margin)
    spans = [value for span in chart.spans for value in (span.low, span.high)]
    if spans and chart.x_axis.scale is Scale.LINEAR:
        inner = spread(chart.x_axis, values, 0.0, 0.0)
        low = min(spans) if min(spans) < inner.low else found.low
        found = Range(low, max(spans) if max(spans) > inner.high else found.high)
    return asked(chart.x_axis, found)


def y_range(chart: Chart) -> Range:
    """Return the part of the y axis to show; bars stand on 0, and below a logarithm's smallest value is room for 0."""
    series = chart.shown or chart.series
    values = list(_heights(chart, series))
    is_log = chart.y_axis.scale is Scale.LOG
    bars = not is_log and any(one.kind is Kind.BARS for one in series)
    values += [0.0] if bars else []
    lower = MARGIN_Y * (2 if is_log and any(value <= 0 for value in values) else 1)
    has_words = bars and any(guide.vertical and guide.label for guide in chart.guides)
    found = spread(chart.y_axis, values, lower, MARGIN_Y * (2 if has_words else 1))
    if bars and min(values) >= 0:
        found = Range(0.0, found.high)
    return asked(chart.y_axis, found)


def spread(axis: Axis, values: Iterable[float], below: float, above: float) -> Range:
    """Return the range of the values that an axis can show, with margins as parts of its length."""
    is_log = axis.scale is Scale.LOG
    usable = [value for value in values if isfinite(value) and (value > 0 or not is_log)]
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


def asked(axis: Axis, found: Range) -> Range:
    """Return the range with the ends that the axis asks for, where it can show them."""
    is_log = axis.scale is Scale.LOG
    ends = [
        found[index] if end is None or not isfinite(end) or (is_log and end <= 0) else end
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


def _widened_by_bars(series: Series) -> Sequence[float]:
    if series.kind is not Kind.BARS:
        return series.x
    half = bar_gap(series) / 2
    return [value + side for value in series.x for side in (-half, half)]


def _heights(chart: Chart, series: tuple[Series, ...]) -> Iterator[float]:
    for one in series:
        yield from one.y
        yield from one.low or ()
        yield from one.high or ()
    if chart.stacked:
        for tops in stacks(series).values():
            yield from (top for _, top in tops)


def stacks(series: tuple[Series, ...]) -> dict[str, list[tuple[float, float]]]:
    """Return where each bar of each series begins and ends where bars of one x stand on each other."""
    tops: dict[float, float] = {}
    found: dict[str, list[tuple[float, float]]] = {}
    for one in series:
        if one.kind is Kind.BARS:
            found[one.key] = []
            for x, y in zip(one.x, one.y, strict=True):
                base = tops.get(x, 0.0)
                top = base + y if isfinite(y) else base
                tops[x] = top
                found[one.key].append((base, top))
    return found
