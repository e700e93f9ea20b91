"""Where everything is in a chart: margins as wide as the words in them, and the frame in what is left."""

from itertools import pairwise
from math import isfinite
from typing import NamedTuple

from resnet_explorer.drawing.chart.clip import Frame
from resnet_explorer.drawing.chart.head import BUDGETS, FRAME_PART, GAP, PAD, Budget, Head, head
from resnet_explorer.drawing.chart.legend import Legend, legend
from resnet_explorer.drawing.chart.model import Axis, Chart, Scale
from resnet_explorer.drawing.chart.ranges import Range, x_range, y_range
from resnet_explorer.drawing.chart.scale import AxisScale, ChartScale
from resnet_explorer.drawing.chart.ticks import Tick, Ticks, ticks
from resnet_explorer.drawing.chart.words import Sizes, line, sizes
from resnet_explorer.drawing.text import width

UNDERFLOW = "▽ 0 or too small for the axis"
NAN = "× not a number"
INFINITE = "△ infinite"


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
        scale = self.scale
        return Frame(scale.left, scale.top, scale.right, scale.bottom)


def lay_out(chart: Chart, wide: float, high: float, text: float) -> Layout:
    """Return where everything is in a picture of that size; what there is no room for is left out."""
    ranges = x_range(chart), y_range(chart)
    made = _lay_out(chart, wide, high, sizes(text), BUDGETS[0], ranges)
    for budget in BUDGETS[1:]:
        if made.scale.bottom - made.scale.top >= FRAME_PART * high:
            break
        made = _lay_out(chart, wide, high, sizes(text), budget, ranges)
    return made


def _lay_out(
    chart: Chart, wide: float, high: float, size: Sizes, budget: Budget, ranges: tuple[Range, Range]
) -> Layout:
    words = head(chart.title, chart.subtitle, (*chart.notes, *_signs(chart, ranges)), wide, size, budget)
    below = words.below + under_frame(chart.x_axis, size, budget, bool(chart.spans))
    rows = legend(chart, wide, high - words.above - below - GAP, size, budget)
    top = words.above + rows.above + GAP
    bottom = max(top + 20.0, high - below)
    y_ticks = y_axis_ticks(chart.y_axis, ranges[1], bottom - top, size)
    left = left_of_frame(chart.y_axis.words, y_ticks.ticks, size, budget)
    x_ticks, right = x_axis_ticks(chart.x_axis, ranges[0], left, wide - max(PAD, rows.right), wide, size)
    scale = ChartScale(
        AxisScale(*ranges[0], left, right, chart.x_axis.scale),
        AxisScale(*ranges[1], bottom, top, chart.y_axis.scale),
        chart,
    )
    return Layout(wide, high, size, budget, words, rows, scale, x_ticks, y_ticks)


def _signs(chart: Chart, ranges: tuple[Range, Range]) -> tuple[str, ...]:
    """Return what the signs at the edges mean, where there are any."""
    values = [value for one in chart.shown for value in one.y]
    is_log = chart.y_axis.scale is Scale.LOG
    found = {
        UNDERFLOW: is_log and any(value < ranges[1].low * (1 - 1e-9) for value in values),
        NAN: any(value != value for value in values),
        INFINITE: any(value == float("inf") for value in values),
    }
    said = [words for words, present in found.items() if present]
    return (" · ".join(said),) if said else ()


def under_frame(axis: Axis, size: Sizes, budget: Budget, has_spans: bool) -> float:
    """Return the height of what stands under the frame: ticks, spans, and the axis' title."""
    under = size.gap + line(size.tick)
    under += line(size.tick) if has_spans and budget.spans else 0.0
    return under + (line(size.axis) + 2 if axis.words and budget.axis_titles else 0.0)


def left_of_frame(title: str, found: tuple[Tick, ...], size: Sizes, budget: Budget) -> float:
    """Return the width of what stands left of the frame: the axis' title and the ticks' labels."""
    widest = max((width(tick.label, size.tick) for tick in found), default=0.0)
    return PAD + (line(size.axis) + 4 if title and budget.axis_titles else 0.0) + widest + size.gap + 2


def y_axis_ticks(axis: Axis, shown: Range, high: float, size: Sizes) -> Ticks:
    """Return the ticks of the y axis, with a label's height between two at least."""
    most = max(2, int(high / (2.0 * size.tick)))
    found = ticks(axis, *shown, most)
    while len(found.ticks) > 2 and high / len(found.ticks) < 1.5 * size.tick and most > 1:
        most -= 1
        found = ticks(axis, *shown, most)
    return found if _fits_upright(axis, shown, found, high, size) else Ticks(found.ticks[:1])


def _fits_upright(axis: Axis, shown: Range, found: Ticks, high: float, size: Sizes) -> bool:
    scale = AxisScale(*shown, high, 0.0, axis.scale)
    places = [scale.px(tick.value) for tick in found.ticks]
    return all(one - other >= 1.2 * size.tick for one, other in pairwise(places))


def x_axis_ticks(axis: Axis, shown: Range, left: float, right: float, wide: float, size: Sizes) -> tuple[Ticks, float]:
    """Return the ticks of the x axis, none of whose labels touch, and where the frame ends so that the last fits."""
    for most in (12, 10, 8, 7, 6, 5, 4, 3, 2, 1):
        found = ticks(axis, *shown, most)
        last = width(found.ticks[-1].label, size.tick) / 2 if found.ticks else 0.0
        end = max(left + 20.0, min(right, wide - last - 4))
        scale = AxisScale(*shown, left, end, axis.scale)
        if _fits(found.ticks, scale, wide, size):
            return found, end
    return Ticks(()), max(left + 20.0, right)


def _fits(found: tuple[Tick, ...], scale: AxisScale, wide: float, size: Sizes) -> bool:
    edge = 2.0
    for tick in found:
        half = width(tick.label, size.tick) / 2
        middle = scale.px(tick.value)
        if not isfinite(middle) or middle - half < edge or middle + half > wide - 2:
            return False
        edge = middle + half + 0.8 * size.tick
    return True
