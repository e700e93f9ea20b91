"""A heat map: values by row and column as colours, blocks by steps for example."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from math import ceil
from typing import NamedTuple

from resnet_explorer.dataclass import dataclass
from resnet_explorer.picture.chart.frame import axis_titles, x_labels
from resnet_explorer.picture.chart.layout import under_frame, x_axis_ticks, y_axis_ticks
from resnet_explorer.picture.chart.markers import Frame, cross, underflow
from resnet_explorer.picture.chart.model import Axis, HeatMap, Row, Scale, number, ticks
from resnet_explorer.picture.chart.scale import AxisScale, Range, spread, with_limits
from resnet_explorer.picture.chart.text import (
    ASCENT,
    BUDGETS,
    FRAME_PART,
    GAP,
    PAD,
    Budget,
    Head,
    Sizes,
    head,
    head_marks,
    line,
    shorten,
    sizes,
)
from resnet_explorer.picture.marks import SCALE, Anchor, Box, Dash, Group, Ink, Label, Mark, Picture, width

BESIDE_FROM = 3
"""So many heat maps stand in two columns."""
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
    return ColourScale(*with_limits(axis, spread(axis, values, 0.0, 0.0)), axis.scale)


def value_text(axis: Axis, value: float) -> str:
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
    made = y_axis_ticks(axis, Range(colours.low, colours.high), high, size)
    scale = AxisScale(colours.low, colours.high, high, 0.0, colours.scale)
    for tick in made.ticks:
        base = scale.px(tick.value) + 0.36 * size.tick
        marks.append(Label(BAR + size.gap, base, tick.label, size.tick, Ink.MUTED))
    wide = BAR + size.gap + max((width(tick.label, size.tick) for tick in made.ticks), default=0.0)
    text = shorten(axis.text, high, size.axis)
    if text:
        wide += line(size.axis)
        marks.append(Label(wide - 2, high / 2, text, size.axis, Ink.TEXT, Anchor.MIDDLE, turned=True))
    return Group("", "scale", f"Colours: {axis.text}", 0, 0, wide, high, tuple(marks))


def bar_height(size: Sizes) -> float:
    """Return the height of the bar that says which colour is which value."""
    return BAR + 1 + line(size.tick)


def level_bar(colours: ColourScale, axis: Axis, wide: float, size: Sizes) -> Group:
    """Return the bar that says which colour is which value from left to right, after its title."""
    text = shorten(axis.text, wide / 2, size.tick)
    start = width(text, size.tick) + 2.0 * size.tick if text else 1.5 * size.tick
    long = max(60.0, min(20.0 * size.tick, wide - start - 30))
    step = long / len(SCALE)
    marks: list[Mark] = [Label(0, ASCENT * size.tick + 1, text, size.tick, Ink.MUTED)] if text else []
    marks += [Box(start + step * n, 2, step + 0.5, BAR - 2, ink) for n, ink in enumerate(SCALE)]
    shown = Range(colours.low, colours.high)
    made, _ = x_axis_ticks(axis, shown, start, start + long, wide, size)
    scale = AxisScale(*shown, start, start + long, colours.scale)
    marks += x_labels(made, scale, BAR + 1, size)
    return Group("", "scale", f"Colours: {axis.text}", 0, 0, start + long, bar_height(size), tuple(marks))


NARROWEST = 3.0
"""In px: where columns would be narrower, the middle one of each few is shown."""
SINGLE = 2000
"""Above so many cells, neighbours of one colour are one mark."""
GAPS_FROM = 7.0
"""Cells of so many px have a gap between them."""
OVERLAP = 0.5
"""In px: cells without a gap reach into the next, so that no seam shows at any zoom."""
LABEL_PART = 0.25


class _Place(NamedTuple):
    head: Head
    frame: Frame
    sizes: Sizes
    budget: Budget
    columns: list[int]
    colours: ColourScale
    bar: Group


def heatmap(shown: HeatMap, width: float, height: float, text: float = 1.0) -> Picture:
    """Return the picture of a heat map of that size, the first row on top, all columns equally wide."""
    place = _placed(shown, width, height, sizes(text))
    frame, size = place.frame, place.sizes
    box = Box(frame.left, frame.top, frame.right - frame.left, frame.bottom - frame.top, None, Ink.LINE)
    bar = place.bar
    marks: list[Mark] = [
        *head_marks(place.head, height, size),
        box,
        *(_row(shown, place, index) for index in range(len(shown.rows))),
        *_row_labels(shown, place),
        *_column_labels(shown, place),
        Group("", "scale", bar.title, frame.right + GAP + 4, frame.top, bar.width, bar.height, bar.marks),
    ]
    if place.budget.axis_titles:
        y = frame.bottom + size.gap + line(size.tick)
        marks += axis_titles(shown.x_axis, Axis(shown.y_title), frame, y, width, height, size)
    description = f"{shown.value.text} by {shown.y_title or 'row'} and {shown.x_axis.text or 'column'}"
    return Picture(width, height, tuple(marks), shown.title, description)


def _placed(shown: HeatMap, wide: float, high: float, size: Sizes) -> _Place:
    colours = colour_scale(shown.value, (value for row in shown.rows for value in row.values))
    labels = max((width(row.label, size.tick) for row in shown.rows), default=0.0)
    for budget in BUDGETS:
        text = head(shown.title, shown.subtitle, (*shown.notes, *_signs(shown)), wide, size, budget)
        top = text.above + GAP
        bottom = high - text.below - under_frame(shown.x_axis, size, budget, False)
        if bottom - top >= FRAME_PART * high:
            break
    bottom = max(bottom, top + 20.0)
    bar = upright_bar(colours, shown.value, bottom - top, size)
    title = line(size.axis) + 4 if shown.y_title and budget.axis_titles else 0.0
    left = round(PAD + title + min(labels, LABEL_PART * wide) + size.gap + 2)
    right = max(left + 20.0, wide - PAD - bar.width - GAP - 4)
    count = max(1, len(shown.x))
    every = max(1, ceil(count * NARROWEST / (right - left)))
    columns = list(range(len(shown.x)))[every // 2 :: every] or list(range(len(shown.x)))[:1]
    frame = Frame(left, round(top), round(right), round(bottom))
    return _Place(text, frame, size, budget, columns, colours, bar)


def _signs(shown: HeatMap) -> tuple[str, ...]:
    values = [value for row in shown.rows for value in row.values]
    is_log = shown.value.scale is Scale.LOG
    signs = ["▽ 0"] if is_log and any(value <= 0 for value in values) else []
    signs += ["× not a number"] if any(value != value for value in values) else []
    return (" · ".join(signs),) if signs else ()


def _edges(start: float, end: float, count: int) -> list[int]:
    """Return the edges of equal cells on whole px, so that no seam shows between them."""
    return [round(start + (end - start) * index / max(1, count)) for index in range(count + 1)]


def _row(shown: HeatMap, place: _Place, index: int) -> Group:
    row, frame = shown.rows[index], place.frame
    top, bottom = _edges(frame.top, frame.bottom, len(shown.rows))[index : index + 2]
    edges = _edges(0, frame.right - frame.left, len(place.columns))
    cells = tuple(_cells(shown, place, row, edges, float(bottom - top)))
    prefix = f"{shown.key}:" if shown.key else ""
    values = [value for value in row.values if value == value]
    text = "no value"
    if values:
        text = f"{value_text(shown.value, min(values))} to {value_text(shown.value, max(values))}"
    size = (frame.left, top, frame.right - frame.left, bottom - top)
    return Group(row.path, "row", f"{row.label}: {text}", *size, cells, f":heat{index}", prefix)


def _cells(shown: HeatMap, place: _Place, row: Row, edges: list[int], high: float) -> Iterator[Group]:
    columns, colours = place.columns, place.colours
    is_single = len(columns) * len(shown.rows) <= SINGLE
    inks = colours.inks([row.values[column] for column in columns])
    start = 0
    while start < len(columns):
        end = start + 1
        while not is_single and end < len(columns) and inks[end] is inks[start]:
            end += 1
        left, right = edges[start], edges[end]
        gap = 1.0 if is_single and min(right - left, high) >= GAPS_FROM else -OVERLAP
        is_under = colours.is_under(row.values[columns[start]])
        marks = tuple(tile(inks[start], is_under, right - left - gap, high - gap))
        text = _cell_text(shown, row, columns[start], columns[end - 1])
        yield Group("", "cell", text, left, 0, right - left, high, marks, f":{start}")
        start = end


def _cell_text(shown: HeatMap, row: Row, first: int, last: int) -> str:
    name, axis = shown.x_axis.title.partition(",")[0], shown.value
    values = [value for value in row.values[first : last + 1] if value == value]
    text = value_text(axis, min(values)) if values else "not a number"
    if values and max(values) != min(values):
        text += f" to {value_text(axis, max(values))}"
    where = number(shown.x[first]) + (f" to {number(shown.x[last])}" if last > first else "")
    return f"{row.label}, {name} {where}: {text}"


def _row_labels(shown: HeatMap, place: _Place) -> list[Mark]:
    """Return the names of the rows: every second, third ... where they are narrow."""
    frame, size = place.frame, place.sizes.tick
    high = (frame.bottom - frame.top) / max(1, len(shown.rows))
    every = max(1, ceil(1.25 * size / high))
    title = line(place.sizes.axis) if shown.y_title and place.budget.axis_titles else 0
    room = frame.left - place.sizes.gap - 2 - PAD - title
    marks: list[Mark] = []
    for index in range(0, len(shown.rows), every):
        base = frame.top + (index + 0.5) * high + 0.36 * size
        text = shorten(shown.rows[index].label, room, size)
        marks += [Label(frame.left - place.sizes.gap, base, text, size, Ink.MUTED, Anchor.END)] if text else []
    return marks


def _column_labels(shown: HeatMap, place: _Place) -> list[Mark]:
    """Return the positions of the columns: round ones where there are such, else of every second, third ..."""
    frame, size = place.frame, place.sizes.tick
    edges = _edges(frame.left, frame.right, len(place.columns))
    base = frame.bottom + place.sizes.gap + ASCENT * size + 1
    last = -1e9
    marks: list[Mark] = []
    for index, text in _column_texts(shown, place):
        middle, half = (edges[index] + edges[index + 1]) / 2, width(text, size) / 2
        if text and middle - half > last and middle + half < frame.right + GAP + BAR:
            marks.append(Label(middle, base, text, size, Ink.MUTED, Anchor.MIDDLE))
            last = middle + half + 0.8 * size
    return marks


def _column_texts(shown: HeatMap, place: _Place) -> list[tuple[int, str]]:
    """Return which of the columns that are drawn are named, and how; at most about as many as there is room for."""
    names = {x: number(x) for x in shown.x} | dict(shown.x_axis.ticks or ())
    widest = max((width(text, place.sizes.tick) for text in names.values()), default=0.0) + place.sizes.tick
    most = max(1, int((place.frame.right - place.frame.left) / widest))
    steps = {x: shown.x.index(x) for x in shown.x}
    made = ticks(shown.x_axis, min(shown.x), max(shown.x), most).ticks if len(steps) > 1 else ()
    round_ones = [(steps[tick.value], tick.label) for tick in made if tick.value in steps]
    if len(round_ones) > 1:
        drawn = range(len(place.columns))
        return [(min(drawn, key=lambda n: abs(place.columns[n] - index)), text) for index, text in round_ones]
    every = max(1, ceil(len(place.columns) / most))
    return [(n, names[shown.x[column]]) for n, column in enumerate(place.columns)][::every]


def heat_picture(maps: Sequence[HeatMap], wide: float, high: float, text: float = 1.0) -> Picture:
    """Return heat maps under each other, or in two columns where there are many, as one picture of that size."""
    columns = 2 if len(maps) >= BESIDE_FROM else 1
    rows = -(-len(maps) // columns)
    size = wide / columns, high / max(1, rows)
    marks, texts = [], []
    for index, shown in enumerate(maps):
        picture, suffix = heatmap(shown, *size, text), f":{shown.key}"
        x, y = index % columns * size[0], index // columns * size[1]
        inner = tuple(
            replace(mark, suffix=suffix) if isinstance(mark, Group) and mark.kind == "scale" else mark
            for mark in picture.marks  # each map has a bar of colours, whose id has to be its own
        )
        marks.append(Group("", "picture", picture.title, x, y, *size, inner, suffix))
        texts.append(f"{picture.title}: {picture.description}")
    return Picture(wide, high, tuple(marks), maps[0].title if maps else "", ". ".join(texts))
