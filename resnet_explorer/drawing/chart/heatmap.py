"""A heat map: values by row and column as colours, blocks by steps for example."""

from collections.abc import Iterator
from math import ceil
from typing import NamedTuple

from resnet_explorer.drawing.chart.clip import Frame
from resnet_explorer.drawing.chart.colour import BAR, ColourScale, colour_scale, tile, upright_bar, value_words
from resnet_explorer.drawing.chart.frame import axis_titles
from resnet_explorer.drawing.chart.head import BUDGETS, FRAME_PART, GAP, PAD, Budget, Head, head, head_marks
from resnet_explorer.drawing.chart.layout import under_frame
from resnet_explorer.drawing.chart.model import Axis, HeatMap, Row, Scale
from resnet_explorer.drawing.chart.numbers import number
from resnet_explorer.drawing.chart.ticks import ticks
from resnet_explorer.drawing.chart.words import ASCENT, Sizes, line, shorten, sizes
from resnet_explorer.drawing.marks import Anchor, Box, Group, Ink, Label, Mark, Picture
from resnet_explorer.drawing.text import width

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
    words = f"{shown.value.words} by {shown.y_title or 'row'} and {shown.x_axis.words or 'column'}"
    return Picture(width, height, tuple(marks), shown.title, words)


def _placed(shown: HeatMap, wide: float, high: float, size: Sizes) -> _Place:
    colours = colour_scale(shown.value, (value for row in shown.rows for value in row.values))
    labels = max((width(row.label, size.tick) for row in shown.rows), default=0.0)
    for budget in BUDGETS:
        words = head(shown.title, shown.subtitle, (*shown.notes, *_signs(shown)), wide, size, budget)
        top = words.above + GAP
        bottom = high - words.below - under_frame(shown.x_axis, size, budget, False)
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
    return _Place(words, frame, size, budget, columns, colours, bar)


def _signs(shown: HeatMap) -> tuple[str, ...]:
    values = [value for row in shown.rows for value in row.values]
    is_log = shown.value.scale is Scale.LOG
    said = ["▽ 0"] if is_log and any(value <= 0 for value in values) else []
    said += ["× not a number"] if any(value != value for value in values) else []
    return (" · ".join(said),) if said else ()


def _edges(start: float, end: float, count: int) -> list[int]:
    """Return the edges of equal cells on whole px, so that no seam shows between them."""
    return [round(start + (end - start) * index / max(1, count)) for index in range(count + 1)]


def _row(shown: HeatMap, place: _Place, index: int) -> Group:
    """Return a row as a group: its address, and its cells."""
    row, frame = shown.rows[index], place.frame
    top, bottom = _edges(frame.top, frame.bottom, len(shown.rows))[index : index + 2]
    edges = _edges(0, frame.right - frame.left, len(place.columns))
    cells = tuple(_cells(shown, place, row, edges, float(bottom - top)))
    prefix = f"{shown.key}:" if shown.key else ""
    known = [value for value in row.values if value == value]
    words = f"{value_words(shown.value, min(known))} to {value_words(shown.value, max(known))}" if known else "no value"
    size = (frame.left, top, frame.right - frame.left, bottom - top)
    return Group(row.path, "row", f"{row.label}: {words}", *size, cells, f":heat{index}", prefix)


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
        words = _cell_words(shown, row, columns[start], columns[end - 1])
        yield Group("", "cell", words, left, 0, right - left, high, marks, f":{start}")
        start = end


def _cell_words(shown: HeatMap, row: Row, first: int, last: int) -> str:
    name, axis = shown.x_axis.title.partition(",")[0], shown.value
    values = [value for value in row.values[first : last + 1] if value == value]
    words = value_words(axis, min(values)) if values else "not a number"
    if values and max(values) != min(values):
        words += f" to {value_words(axis, max(values))}"
    where = number(shown.x[first]) + (f" to {number(shown.x[last])}" if last > first else "")
    return f"{row.label}, {name} {where}: {words}"


def _row_labels(shown: HeatMap, place: _Place) -> list[Mark]:
    """Return the names of the rows: every second, third ... where they are narrow."""
    frame, size = place.frame, place.sizes.tick
    high = (frame.bottom - frame.top) / max(1, len(shown.rows))
    every = max(1, ceil(1.25 * size / high))
    room = (
        frame.left
        - place.sizes.gap
        - 2
        - PAD
        - (line(place.sizes.axis) if shown.y_title and place.budget.axis_titles else 0)
    )
    marks: list[Mark] = []
    for index in range(0, len(shown.rows), every):
        base = frame.top + (index + 0.5) * high + 0.36 * size
        words = shorten(shown.rows[index].label, room, size)
        marks += [Label(frame.left - place.sizes.gap, base, words, size, Ink.MUTED, Anchor.END)] if words else []
    return marks


def _column_labels(shown: HeatMap, place: _Place) -> list[Mark]:
    """Return the positions of the columns: round ones where there are such, else of every second, third ..."""
    frame, size = place.frame, place.sizes.tick
    edges = _edges(frame.left, frame.right, len(place.columns))
    base = frame.bottom + place.sizes.gap + ASCENT * size + 1
    last = -1e9
    marks: list[Mark] = []
    for index, words in _column_words(shown, place):
        middle, half = (edges[index] + edges[index + 1]) / 2, width(words, size) / 2
        if words and middle - half > last and middle + half < frame.right + GAP + BAR:
            marks.append(Label(middle, base, words, size, Ink.MUTED, Anchor.MIDDLE))
            last = middle + half + 0.8 * size
    return marks


def _column_words(shown: HeatMap, place: _Place) -> list[tuple[int, str]]:
    """Return which of the columns that are drawn are named, and how; at most about as many as there is room for."""
    names = {x: number(x) for x in shown.x} | dict(shown.x_axis.ticks or ())
    widest = max((width(words, place.sizes.tick) for words in names.values()), default=0.0) + place.sizes.tick
    most = max(1, int((place.frame.right - place.frame.left) / widest))
    steps = {x: shown.x.index(x) for x in shown.x}
    found = ticks(shown.x_axis, min(shown.x), max(shown.x), most).ticks if len(steps) > 1 else ()
    round_ones = [(steps[tick.value], tick.label) for tick in found if tick.value in steps]
    if len(round_ones) > 1:
        drawn = range(len(place.columns))
        return [(min(drawn, key=lambda n: abs(place.columns[n] - index)), words) for index, words in round_ones]
    every = max(1, ceil(len(place.columns) / most))
    return [(n, names[shown.x[column]]) for n, column in enumerate(place.columns)][::every]
