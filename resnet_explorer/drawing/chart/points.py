"""The points of a series: signs that can be hovered over, clicked and read aloud."""

from math import ceil, inf, isfinite, isinf, isnan
from typing import NamedTuple

from resnet_explorer.drawing.chart.layout import Layout
from resnet_explorer.drawing.chart.markers import cross, overflow, sign, underflow
from resnet_explorer.drawing.chart.model import Chart, Kind, Scale, Series
from resnet_explorer.drawing.chart.numbers import number
from resnet_explorer.drawing.marks import Group, Ink, Mark

CLOSE, LOOSE = 3.6, 10.0
"""Points nearer to each other than so many px cannot be told apart: a few get signs. Those without a name need more."""
SPARSE = 56.0
"""In px: from sign to sign where not every point has one."""
MOST = 2000
"""Points of a scatter plot."""


class _Spacing(NamedTuple):
    """Which points get a sign, and how large it is."""

    indices: list[int]
    half: float
    reach: float


def point_marks(lay: Layout, series: Series, place: int) -> list[Mark]:
    """Return the points that are in the frame, or at its edge where their value has no place on the axis."""
    frame = lay.frame
    xs = lay.scale.x.pxs(series.x)
    seen = [index for index, x in enumerate(xs) if frame.left - 0.5 <= x <= frame.right + 0.5]
    marks = _odd_marks(lay, series, seen, xs)
    spacing = _spacing(lay, series, seen, xs, place)
    reach = spacing.reach
    inner = tuple(sign(series.look.marker, reach, reach, spacing.half, series.look.ink))
    ys = lay.scale.y.pxs([series.y[index] for index in spacing.indices])
    for index, y in zip(spacing.indices, ys, strict=True):
        if inner and frame.top - 0.5 <= y <= frame.bottom + 0.5:
            marks.append(_group(lay, series, index, (xs[index], y), reach, inner))
    return marks


def _spacing(lay: Layout, series: Series, seen: list[int], xs: list[float], place: int) -> _Spacing:
    half = lay.sizes.sign
    if series.kind is Kind.SCATTER:
        return _Spacing(seen[:: max(1, ceil(len(seen) / MOST))], half, 2 * half)
    if series.faint or not seen:
        return _Spacing([], half, half)
    gap = (xs[seen[-1]] - xs[seen[0]]) / (len(seen) - 1) if len(seen) > 1 else SPARSE
    if gap < (CLOSE if series.points else LOOSE):
        every = max(1, round(SPARSE / max(gap, 1e-3)))
        first = (place * every // max(1, len(lay.scale.chart.shown))) % every
        return _Spacing(seen[first::every], half, 2 * half)
    return _Spacing(seen, min(half, max(1.6, 0.4 * gap)), min(2 * half, max(gap / 2, 2.0)))


def _odd_marks(lay: Layout, series: Series, seen: list[int], xs: list[float]) -> list[Mark]:
    """Return signs on the edges for what has no place on the axis; those too close to each other are left out."""
    last, reach = -1e9, 1.6 * lay.sizes.sign
    least = lay.scale.y.low * (1 - 1e-9) if lay.scale.y.scale is Scale.LOG else -inf
    marks: list[Mark] = []
    for index in seen:
        value = series.y[index]
        if (least <= value < inf and isfinite(value)) or xs[index] - last < CLOSE:
            continue
        last = xs[index]
        inner, y = _edge_sign(lay, value, reach, series.look.ink)
        marks.append(_group(lay, series, index, (last, y), reach, (inner,)))
    return marks


def _edge_sign(lay: Layout, value: float, middle: float, ink: Ink) -> tuple[Mark, float]:
    """Return the sign of a value without a place on the axis, and where its middle is."""
    half = lay.sizes.sign
    if isnan(value):
        return cross(middle, middle, half, ink), lay.frame.top + 1.3 * half
    if value > 0 and isinf(value):
        return overflow(middle, middle - half, half, ink), lay.frame.top + half
    return underflow(middle, middle + half, half, ink), lay.frame.bottom - half


def _group(
    lay: Layout, series: Series, index: int, at: tuple[float, float], reach: float, inner: tuple[Mark, ...]
) -> Group:
    """Return a point with its title; the marks are around the middle of its square."""
    given = series.points[index] if series.points else None
    key = f"{lay.scale.chart.key}:" if lay.scale.chart.key else ""
    path, side = (given.path, f"{key}{series.key}:") if given and given.path else (series.key, key)
    place = at[0] - reach, at[1] - reach, 2 * reach, 2 * reach
    return Group(path, "point", title(lay.scale.chart, series, index), *place, inner, f":{index}", side)


def title(chart: Chart, series: Series, index: int) -> str:
    """Return what a point says: ``plain-56, block 12: 0.0412 (0.031 to 0.055)``."""
    given = series.points[index] if series.points else None
    name = given.name if given else f"{chart.x_axis.title.partition(',')[0]} {number(series.x[index])}".strip()
    value = series.y[index]
    unit = f" {chart.y_axis.unit}" if chart.y_axis.unit else ""
    words = number(value) + (" (underflow)" if value == 0 and chart.y_axis.scale is Scale.LOG else unit)
    if series.low is not None and series.high is not None:
        words += f" ({number(series.low[index])} to {number(series.high[index])})"
    return f"{series.label}, {name}: {words}" if series.label else f"{name}: {words}"
