"""A chart zoomed, moved, and with series hidden: each the chart that the next picture is drawn from."""

from dataclasses import replace
from math import log10

from resnet_explorer.drawing.chart.model import Axis, Chart, Scale
from resnet_explorer.drawing.chart.scale import AxisScale, ChartScale

DEEPEST = 1e-7
"""An axis is zoomed no further than to this part of its largest value."""


def zoomed(chart: Chart, scale: ChartScale, factor: float, x_px: float, y_px: float) -> Chart:
    """Return the chart zoomed in by a factor (out below 1), with the point under the mouse kept in place.

    Left or right of the frame only y is zoomed, above or below it only x.
    """
    inside_x, inside_y = scale.left <= x_px <= scale.right, scale.top <= y_px <= scale.bottom
    x = _zoomed(chart.x_axis, scale.x, factor, x_px) if inside_x else chart.x_axis
    y = _zoomed(chart.y_axis, scale.y, factor, y_px) if inside_y else chart.y_axis
    return replace(chart, x_axis=x, y_axis=y)


def panned(chart: Chart, scale: ChartScale, dx: float, dy: float) -> Chart:
    """Return the chart after a drag by so many px."""
    x = _between(chart.x_axis, scale.x, scale.x.start - dx, scale.x.end - dx)
    y = _between(chart.y_axis, scale.y, scale.y.start - dy, scale.y.end - dy)
    return replace(chart, x_axis=x, y_axis=y)


def whole(chart: Chart) -> Chart:
    """Return the chart with all of its data in view."""
    return replace(
        chart,
        x_axis=replace(chart.x_axis, low=None, high=None),
        y_axis=replace(chart.y_axis, low=None, high=None),
    )


def toggled(chart: Chart, key: str) -> Chart:
    """Return the chart with one series hidden, or shown again; the raw data behind it goes with it."""
    labels = {one.label for one in chart.series if one.key == key}
    hit = {one.key for one in chart.series if one.key == key or (one.faint and one.label in labels)}
    series = tuple(replace(one, hidden=not one.hidden) if one.key in hit else one for one in chart.series)
    return replace(chart, series=series)


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
