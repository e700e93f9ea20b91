"""Bars: of a histogram, beside each other, or stacked as shares of a whole."""

from math import isfinite

from resnet_explorer.drawing.chart.layout import Layout
from resnet_explorer.drawing.chart.markers import bar
from resnet_explorer.drawing.chart.model import Kind, Series
from resnet_explorer.drawing.chart.points import title
from resnet_explorer.drawing.chart.ranges import bar_gap
from resnet_explorer.drawing.marks import Group, Mark

FILLED = 0.86
"""The part of the distance between two bars that a bar fills."""


def bar_marks(lay: Layout, series: Series, stacks: dict[str, list[tuple[float, float]]]) -> list[Mark]:
    """Return the bars of a series as groups with titles."""
    bars = [one for one in lay.scale.chart.shown if one.kind is Kind.BARS]
    beside = 1 if lay.scale.chart.stacked else len(bars)
    place = 0 if lay.scale.chart.stacked else bars.index(series)
    gap = bar_gap(series)
    wide = gap * FILLED / beside
    marks: list[Mark] = []
    for index, x in enumerate(series.x):
        low, high = _ends(lay, series, index, stacks)
        start = x - gap * FILLED / 2 + place * wide
        box = _clipped(lay, start, start + wide, low, high)
        if box is not None:
            marks.append(_bar(lay, series, index, box))
    return marks


def _ends(lay: Layout, series: Series, index: int, stacks: dict[str, list[tuple[float, float]]]) -> tuple[float, float]:
    if lay.scale.chart.stacked:
        return stacks[series.key][index]
    base = series.low[index] if series.low is not None else 0.0
    return base, series.y[index]


def _clipped(
    lay: Layout, start: float, end: float, low: float, high: float
) -> tuple[float, float, float, float] | None:
    """Return left, top, right and bottom of a bar in the frame; None where nothing of it is seen."""
    if not all(map(isfinite, (start, end, low, high))):
        return None
    frame, x, y = lay.frame, lay.scale.x, lay.scale.y
    left, right = sorted((max(frame.left, min(frame.right, x.px(start))), max(frame.left, min(frame.right, x.px(end)))))
    top, bottom = sorted(max(frame.top, min(frame.bottom, y.px(value))) for value in (low, high))
    return (left, top, right, bottom) if right > left and bottom > top else None


def _bar(lay: Layout, series: Series, index: int, box: tuple[float, float, float, float]) -> Group:
    left, top, right, bottom = box
    wide, high = right - left, bottom - top
    ink, key = series.look.ink, lay.scale.chart.key
    marks = tuple(bar(0, 0, wide, high, ink, lay.scale.chart.is_hatched(series)))
    given = series.points[index] if series.points else None
    prefix = f"{key}:" if key else ""
    path, side = (given.path, f"{prefix}{series.key}:") if given and given.path else (series.key, prefix)
    words = title(lay.scale.chart, series, index)
    return Group(path, "bar", words, left, top, wide, high, marks, f":{index}", side)
