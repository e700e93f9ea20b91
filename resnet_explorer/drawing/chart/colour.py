"""Values as colours: the same sixteen steps in heat maps, in strips of blocks, and in the diagram."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from resnet_explorer.drawing.chart.frame import x_labels
from resnet_explorer.drawing.chart.layout import x_axis_ticks, y_axis_ticks
from resnet_explorer.drawing.chart.markers import cross, underflow
from resnet_explorer.drawing.chart.model import Axis, Scale
from resnet_explorer.drawing.chart.numbers import number
from resnet_explorer.drawing.chart.ranges import Range, asked, spread
from resnet_explorer.drawing.chart.scale import AxisScale
from resnet_explorer.drawing.chart.words import ASCENT, Sizes, line, shorten
from resnet_explorer.drawing.marks import SCALE, Anchor, Box, Dash, Group, Ink, Label, Mark
from resnet_explorer.drawing.text import width

BAR = 14.0


@dataclass(frozen=True, slots=True)
class ColourScale:
    """The colours of values from ``low`` to ``high``; what is beyond has the colour of the nearer end."""

    low: float
    high: float
    scale: Scale = Scale.LINEAR

    def ink(self, value: float) -> Ink | None:
        """Return the colour of a value; None for what is not a number."""
        return self.inks((value,))[0]

    def inks(self, values: Sequence[float]) -> list[Ink | None]:
        """Return the colours of many values."""
        parts = AxisScale(self.low, self.high, 0.0, len(SCALE), self.scale).pxs(values)
        top = len(SCALE) - 1.0
        return [None if part != part else SCALE[int(max(0.0, min(top, part)))] for part in parts]

    def is_under(self, value: float) -> bool:
        """Say whether a value is 0 or less on a logarithmic scale."""
        return value <= 0 and self.scale is Scale.LOG


def colour_scale(axis: Axis, values: Iterable[float]) -> ColourScale:
    """Return the colours for an axis and all values that it is to show."""
    return ColourScale(*asked(axis, spread(axis, values, 0.0, 0.0)), axis.scale)


def value_words(axis: Axis, value: float) -> str:
    """Return a value as a title says it."""
    if value == 0 and axis.scale is Scale.LOG:
        return "0 (underflow)"
    return number(value) + (f" {axis.unit}" if axis.unit else "")


def tile(
    ink: Ink | None, is_under: bool, wide: float, high: float, radius: float = 0.0, line: Ink | None = None
) -> list[Mark]:
    """Return a rectangle in a colour; with a sign where there is none, and where the value is 0 on a log scale."""
    half = min(4.0, 0.3 * min(wide, high))
    if ink is None:
        empty = Box(0.5, 0.5, wide - 1, high - 1, Ink.PAGE, Ink.GONE, 1.0, radius, Dash.DOTTED)
        return [empty, cross(wide / 2, high / 2, half, Ink.MUTED)]
    marks: list[Mark] = [Box(0, 0, wide, high, ink, line, 1.0, radius)]
    if is_under:
        marks.append(underflow(wide / 2, high / 2 + half, half, Ink.MUTED))
    return marks


def upright_bar(colours: ColourScale, axis: Axis, high: float, size: Sizes) -> Group:
    """Return the bar that says which colour is which value, low values at its bottom, and its title turned."""
    step = high / len(SCALE)
    marks: list[Mark] = [Box(0, round(high - step * (n + 1)), BAR, round(step) + 1, ink) for n, ink in enumerate(SCALE)]
    found = y_axis_ticks(axis, Range(colours.low, colours.high), high, size)
    scale = AxisScale(colours.low, colours.high, high, 0.0, colours.scale)
    for tick in found.ticks:
        base = scale.px(tick.value) + 0.36 * size.tick
        marks.append(Label(BAR + size.gap, base, tick.label, size.tick, Ink.MUTED))
    wide = BAR + size.gap + max((width(tick.label, size.tick) for tick in found.ticks), default=0.0)
    words = shorten(axis.words, high, size.axis)
    if words:
        wide += line(size.axis)
        marks.append(Label(wide - 2, high / 2, words, size.axis, Ink.TEXT, Anchor.MIDDLE, turned=True))
    return Group("", "scale", f"Colours: {axis.words}", 0, 0, wide, high, tuple(marks))


def level_bar(colours: ColourScale, axis: Axis, wide: float, size: Sizes) -> Group:
    """Return the bar that says which colour is which value from left to right, after its title."""
    words = shorten(axis.words, wide / 2, size.tick)
    start = width(words, size.tick) + 2.0 * size.tick if words else 1.5 * size.tick
    long = max(60.0, min(20.0 * size.tick, wide - start - 30))
    step = long / len(SCALE)
    marks: list[Mark] = [Label(0, ASCENT * size.tick + 1, words, size.tick, Ink.MUTED)] if words else []
    marks += [Box(start + step * n, 2, step + 0.5, BAR - 2, ink) for n, ink in enumerate(SCALE)]
    shown = Range(colours.low, colours.high)
    found, _ = x_axis_ticks(axis, shown, start, start + long, wide, size)
    scale = AxisScale(*shown, start, start + long, colours.scale)
    marks += x_labels(found, scale, BAR + 1, size)
    return Group("", "scale", f"Colours: {axis.words}", 0, 0, start + long, BAR + 1 + line(size.tick), tuple(marks))
