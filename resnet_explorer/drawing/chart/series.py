"""A series as marks: its line, band or bars, and its points."""

from collections.abc import Sequence
from math import isfinite, nan

from resnet_explorer.drawing.chart import clip
from resnet_explorer.drawing.chart.bars import bar_marks
from resnet_explorer.drawing.chart.layout import Layout
from resnet_explorer.drawing.chart.model import Kind, Series
from resnet_explorer.drawing.chart.points import point_marks
from resnet_explorer.drawing.marks import Area, Arrow, Group, Mark, Point

BAND = 0.16
THICK, FAINT = 2.0, 1.0
FAINT_OPACITY = 0.45


def series_marks(lay: Layout, stacks: dict[str, list[tuple[float, float]]]) -> list[Mark]:
    """Return all series that are shown: bands and bars lie under all lines, the first series over the others."""
    shown = lay.scale.chart.shown
    under = [mark for series in shown for mark in _under(lay, series, stacks)]
    return [*under, *(_over(lay, series, place) for place, series in reversed(list(enumerate(shown))))]


def _under(lay: Layout, series: Series, stacks: dict[str, list[tuple[float, float]]]) -> list[Mark]:
    if series.kind is Kind.BARS:
        return bar_marks(lay, series, stacks)
    return list(_band(lay, series)) if series.low is not None and series.high is not None else []


def _over(lay: Layout, series: Series, place: int) -> Group:
    """Return the line of a series and its points as one group."""
    marks = [] if series.kind in (Kind.BARS, Kind.SCATTER) else _line(lay, series)
    marks += [] if series.kind is Kind.BARS else point_marks(lay, series, place)
    words = ", ".join(one for one in (series.label, series.note) if one)
    suffix = f":{lay.scale.chart.key}{series.key}"
    return Group("", "series", words or series.key, 0, 0, lay.width, lay.height, tuple(marks), suffix)


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
    kept = clip.thin(ys)
    xs = lay.scale.x.pxs([series.x[seen[index]] for index in kept])
    points = list(zip(xs, lay.scale.y.pxs([ys[index] for index in kept]), strict=True))
    thickness, opacity = (FAINT, FAINT_OPACITY) if series.faint else (THICK, 1.0)
    return [
        Arrow(tuple(part), series.look.ink, thickness, series.look.dash, head=False, opacity=opacity)
        for run in _runs(_held(lay, points))
        for part in clip.lines(_stairs(run) if series.kind is Kind.STEPS else run, lay.frame)
    ]


def _held(lay: Layout, points: Sequence[Point]) -> list[Point]:
    """Return the points with 0 on a logarithmic axis put to the bottom edge: the line falls to it."""
    bottom, far = lay.frame.bottom, lay.frame.bottom + 1e5
    return [(x, bottom if y > far else y) for x, y in points]


def _runs(points: Sequence[Point]) -> list[list[Point]]:
    """Return the parts of a line between the values that are not numbers."""
    runs: list[list[Point]] = [[]]
    for point in points:
        if isfinite(point[0]) and isfinite(point[1]):
            runs[-1].append(point)
        elif runs[-1]:
            runs.append([])
    return [run for run in runs if run]


def _stairs(points: Sequence[Point]) -> list[Point]:
    """Return a line that keeps each value until the next."""
    if not points:
        return []
    steps = [points[0]]
    for x, y in points[1:]:
        steps += [(x, steps[-1][1]), (x, y)]
    return steps


def _band(lay: Layout, series: Series) -> list[Area]:
    low, high = series.low or (), series.high or ()
    seen = _seen(lay, series)
    xs = lay.scale.x.pxs(clip.gathered([series.x[index] for index in seen], lambda part: part[0]))
    tops = lay.scale.y.pxs(clip.gathered([high[index] for index in seen], max))
    bottoms = lay.scale.y.pxs(clip.gathered([low[index] for index in seen], min))
    areas = []
    above = _runs(_held(lay, [(x, y if isfinite(z) else nan) for x, y, z in zip(xs, tops, bottoms, strict=True)]))
    below = _runs(_held(lay, [(x, y if isfinite(z) else nan) for x, y, z in zip(xs, bottoms, tops, strict=True)]))
    for one, other in zip(above, below, strict=True):
        corners = clip.polygon([*one, *reversed(other)], lay.frame)
        if len(corners) > 2:
            areas.append(Area(corners, series.look.ink, opacity=BAND))
    return areas
