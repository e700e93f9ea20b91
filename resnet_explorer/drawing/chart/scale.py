"""From values to px and back."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite, log10
from typing import NamedTuple

from resnet_explorer.drawing.chart.model import Chart, Kind, Scale, Series
from resnet_explorer.drawing.marks import Ink


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
    def left(self) -> float:
        return self.x.start

    @property
    def right(self) -> float:
        return self.x.end

    @property
    def top(self) -> float:
        return self.y.end

    @property
    def bottom(self) -> float:
        return self.y.start

    def holds(self, x_px: float, y_px: float) -> bool:
        """Say whether a place is inside of the frame."""
        return self.left <= x_px <= self.right and self.top <= y_px <= self.bottom

    def at(self, x_px: float) -> Reading | None:
        """Return what a crosshair reads at a place; None where nothing is shown."""
        found = [(series, _nearest(series, self.x.value(x_px))) for series in self.chart.shown]
        near = [(series, index) for series, index in found if index is not None and series.kind is not Kind.SCATTER]
        if not near:
            return None
        x = min((series.x[index] for series, index in near), key=lambda value: abs(self.x.px(value) - x_px))
        again = [(series, _nearest(series, x)) for series, _ in near]
        values = tuple(self._read(series, index) for series, index in again if index is not None)
        return Reading(x, self.x.px(x), values)

    def _read(self, series: Series, index: int) -> Read:
        x, y = series.x[index], series.y[index]
        px = self.x.px(x), min(self.bottom, max(self.top, self.y.px(y))) if isfinite(y) else self.top
        path = series.points[index].path if series.points else ""
        ends = (None, None) if series.low is None or series.high is None else (series.low[index], series.high[index])
        return Read(series.key, series.label, x, y, px, series.look.ink, path, *ends)


def _nearest(series: Series, x: float) -> int | None:
    """Return the index of the point nearest to x, in a series whose x only grow."""
    if len(series.x) == 0:
        return None
    after = bisect_left(series.x, x)
    if after == 0:
        return 0
    if after == len(series.x):
        return after - 1
    return after if series.x[after] - x < x - series.x[after - 1] else after - 1
