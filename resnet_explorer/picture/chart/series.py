"""A series as marks: its line, band or bars, and its points."""

from collections.abc import Sequence
from itertools import chain
from math import ceil, inf, isfinite, isnan, nan
from typing import NamedTuple

from resnet_explorer.picture.chart import markers
from resnet_explorer.picture.chart.layout import Layout
from resnet_explorer.picture.chart.markers import Frame, bar, odd_sign, sign
from resnet_explorer.picture.chart.model import Chart, Kind, Scale, Series, number
from resnet_explorer.picture.chart.scale import bar_gap
from resnet_explorer.picture.marks import Area, Arrow, Group, Mark, Point

CLOSE, LOOSE = 3.6, 10.0
"""Points nearer to each other than so many px cannot be told apart: a few get signs. Those without a name need more."""
SPARSE = 56.0
"""In px: from sign to sign where not every point has one."""
MOST = 2000
"""Points of a scatter plot."""


class _Spacing(NamedTuple):
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
    inner = tuple(sign(series.style.marker, reach, reach, spacing.half, series.style.ink))
    ys = lay.scale.y.pxs([series.y[index] for index in spacing.indices])
    for index, y in zip(spacing.indices, ys, strict=True):
        if inner and frame.top - 0.5 <= y <= frame.bottom + 0.5:
            marks.append(_point(lay, series, index, xs[index], y, reach, inner))
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
    last, half = -1e9, lay.sizes.sign
    reach = 1.6 * half
    least = lay.scale.y.low * (1 - 1e-9) if lay.scale.y.scale is Scale.LOG else -inf
    marks: list[Mark] = []
    if least == -inf and all(map(isfinite, series.y)):
        return marks
    for index in seen:
        value = series.y[index]
        if (least <= value < inf and isfinite(value)) or xs[index] - last < CLOSE:
            continue
        last = xs[index]
        y = lay.frame.bottom - half
        if isnan(value) or value == inf:
            y = lay.frame.top + (1.3 * half if isnan(value) else half)
        inner = odd_sign(value, reach, reach, half, series.style.ink)
        marks.append(_point(lay, series, index, last, y, reach, (inner,)))
    return marks


def _point(lay: Layout, series: Series, index: int, x: float, y: float, reach: float, inner: tuple[Mark, ...]) -> Group:
    return _group(lay, series, "point", index, Frame(x - reach, y - reach, x + reach, y + reach), inner)


def _group(lay: Layout, series: Series, kind: str, index: int, at: Frame, inner: tuple[Mark, ...]) -> Group:
    given = series.points[index] if series.points else None
    prefix = lay.scale.chart.prefix
    path, side = (given.path, f"{prefix}{series.key}:") if given and given.path else (series.key, prefix)
    size = at.right - at.left, at.bottom - at.top
    return Group(path, kind, title(lay.scale.chart, series, index), at.left, at.top, *size, inner, f":{index}", side)


def title(chart: Chart, series: Series, index: int) -> str:
    """Return what a point says: ``plain-56, block 12: 0.0412 (0.031 to 0.055)``."""
    given = series.points[index] if series.points else None
    name = given.name if given else f"{chart.x_axis.title.partition(',')[0]} {number(series.x[index])}".strip()
    value = series.y[index]
    unit = f" {chart.y_axis.unit}" if chart.y_axis.unit else ""
    text = number(value) + (" (underflow)" if value == 0 and chart.y_axis.scale is Scale.LOG else unit)
    if series.low is not None and series.high is not None:
        text += f" ({number(series.low[index])} to {number(series.high[index])})"
    return f"{series.label}, {name}: {text}" if series.label else f"{name}: {text}"


FILLED = 0.86
"""The part of the distance between two bars that a bar fills."""


def bar_marks(lay: Layout, series: Series, stacks: dict[str, list[tuple[float, float]]]) -> list[Mark]:
    """Return the bars of a series as groups with titles."""
    bars = [bars for bars in lay.scale.chart.shown if bars.kind is Kind.BARS]
    beside = 1 if lay.scale.chart.stacked else len(bars)
    place = 0 if lay.scale.chart.stacked else bars.index(series)
    gap = bar_gap(series)
    wide = gap * FILLED / beside
    is_hatched = lay.scale.chart.is_hatched(series)
    marks: list[Mark] = []
    for index, x in enumerate(series.x):
        low, high = (series.low[index] if series.low is not None else 0.0), series.y[index]
        if lay.scale.chart.stacked:
            low, high = stacks[series.key][index]
        start = x - gap * FILLED / 2 + place * wide
        box = _clipped(lay, start, start + wide, low, high)
        if box is not None:
            inner = bar(0, 0, box.right - box.left, box.bottom - box.top, series.style.ink, is_hatched)
            marks.append(_group(lay, series, "bar", index, box, tuple(inner)))
    return marks


def _clipped(lay: Layout, start: float, end: float, low: float, high: float) -> Frame | None:
    """Return the part of a bar in the frame; None where nothing of it is seen."""
    if not all(map(isfinite, (start, end, low, high))):
        return None
    frame, x, y = lay.frame, lay.scale.x, lay.scale.y
    left, right = sorted((max(frame.left, min(frame.right, x.px(start))), max(frame.left, min(frame.right, x.px(end)))))
    top, bottom = sorted(max(frame.top, min(frame.bottom, y.px(value))) for value in (low, high))
    return Frame(left, top, right, bottom) if right > left and bottom > top else None


BAND = 0.16
THICK, FAINT = 2.0, 1.0
FAINT_OPACITY = 0.45


def series_marks(lay: Layout, stacks: dict[str, list[tuple[float, float]]]) -> list[Mark]:
    """Return all series that are shown: bands and bars lie under all lines, the first series over the others."""
    shown = lay.scale.chart.shown
    under: list[Mark] = []
    for series in shown:
        if series.kind is Kind.BARS:
            under += bar_marks(lay, series, stacks)
        elif series.low is not None and series.high is not None:
            under += _band(lay, series, series.low, series.high)
    return [*under, *(_over(lay, series, place) for place, series in reversed(list(enumerate(shown))))]


def _over(lay: Layout, series: Series, place: int) -> Group:
    marks = [] if series.kind in (Kind.BARS, Kind.SCATTER) else _line(lay, series)
    marks += [] if series.kind is Kind.BARS else point_marks(lay, series, place)
    text = ", ".join(filter(None, (series.label, series.note)))
    suffix = f":{lay.scale.chart.key}{series.key}"
    return Group("", "series", text or series.key, 0, 0, lay.width, lay.height, tuple(marks), suffix)


def _seen(lay: Layout, series: Series) -> range:
    """Return the points that the frame shows, and one more on each side."""
    low, high = lay.scale.x.low, lay.scale.x.high
    inside = [index for index, x in enumerate(series.x) if low <= x <= high]
    if inside:
        return range(max(0, inside[0] - 1), min(len(series.x), inside[-1] + 2))
    return range(len(series.x))


def _line(lay: Layout, series: Series) -> list[Mark]:
    seen = _seen(lay, series)
    ys = series.y if len(seen) == len(series.y) else [series.y[index] for index in seen]
    kept = markers.thin(ys)
    xs = lay.scale.x.pxs([series.x[seen[index]] for index in kept])
    points = list(zip(xs, lay.scale.y.pxs([ys[index] for index in kept]), strict=True))
    thickness, opacity = (FAINT, FAINT_OPACITY) if series.faint else (THICK, 1.0)
    return [
        Arrow(tuple(part), series.style.ink, thickness, series.style.dash, head=False, opacity=opacity)
        for run in _runs(_held(lay, points))
        for part in markers.lines(_stairs(run) if series.kind is Kind.STEPS else run, lay.frame)
    ]


def _held(lay: Layout, points: Sequence[Point]) -> list[Point]:
    """Return the points with 0 on a logarithmic axis put to the bottom edge: the line falls to it."""
    bottom, far = lay.frame.bottom, lay.frame.bottom + 1e5
    return [(x, bottom if y > far else y) for x, y in points]


def _runs(points: Sequence[Point]) -> list[list[Point]]:
    """Return the parts of a line between the values that are not numbers."""
    if all(map(isfinite, chain.from_iterable(points))):
        return [list(points)] if points else []
    runs: list[list[Point]] = [[]]
    for point in points:
        if isfinite(point[0]) and isfinite(point[1]):
            runs[-1].append(point)
        elif runs[-1]:
            runs.append([])
    return [run for run in runs if run]


def _stairs(points: Sequence[Point]) -> list[Point]:
    """Return a line that keeps each value until the next."""
    steps = list(points[:1])
    for x, y in points[1:]:
        steps += [(x, steps[-1][1]), (x, y)]
    return steps


def _band(lay: Layout, series: Series, low: Sequence[float], high: Sequence[float]) -> list[Area]:
    seen = _seen(lay, series)
    xs = lay.scale.x.pxs(markers.gathered([series.x[index] for index in seen], lambda part: part[0]))
    tops = lay.scale.y.pxs(markers.gathered([high[index] for index in seen], max))
    bottoms = lay.scale.y.pxs(markers.gathered([low[index] for index in seen], min))
    areas = []
    above = _runs(_held(lay, [(x, y if isfinite(z) else nan) for x, y, z in zip(xs, tops, bottoms, strict=True)]))
    below = _runs(_held(lay, [(x, y if isfinite(z) else nan) for x, y, z in zip(xs, bottoms, tops, strict=True)]))
    for upper, lower in zip(above, below, strict=True):
        corners = markers.polygon([*upper, *reversed(lower)], lay.frame)
        if len(corners) > 2:
            areas.append(Area(corners, series.style.ink, opacity=BAND))
    return areas
