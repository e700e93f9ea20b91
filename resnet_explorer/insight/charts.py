"""Drawings: the filters of the first convolution and the confusion matrix."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import ceil
from typing import Any, NamedTuple

from resnet_explorer.insight.values import Confusion, Filters
from resnet_explorer.picture.chart import Axis, ColourScale, HeatMap, Row, heatmap
from resnet_explorer.picture.chart.heatmap import level_bar
from resnet_explorer.picture.chart.model import number
from resnet_explorer.picture.chart.text import BUDGETS, PAD, Head, head, head_marks, sizes
from resnet_explorer.picture.contrast import FIRST_DEEP, LAST_PALE
from resnet_explorer.picture.marks import (
    SCALE,
    Anchor,
    Box,
    Group,
    Ink,
    Label,
    Mark,
    Picture,
    Style,
    width,
)

MOST_FILTERS = 256
"""The largest number of filters that are drawn; the subtitle counts all."""
PLANES = 8
"""The largest number of input channels of a filter that are drawn."""
SPACE, LARGEST_TILE = 12.0, 44.0
"""In px: between filters, and the largest side of a weight."""


NO_HEAD = Head((), (), (), 0.0, 0.0)


class _Grid(NamedTuple):
    columns: int
    cell: float
    wide: float
    high: float


def filters_picture(shown: Filters, width: float, height: float, text: float = 1.0, is_bare: bool = False) -> Picture:
    """Return a picture of filters, each scaled by its own largest weight, and with an address.

    An ``is_bare`` one has no title and no conditions.
    """
    count, planes, rows, columns = shown.weights.shape
    size = sizes(text)
    drawn, kept = min(count, MOST_FILTERS), min(planes, PLANES)
    notes = "" if (drawn, kept) == (count, planes) else f", the first {drawn} and {kept} of their channels"
    heading = (
        NO_HEAD
        if is_bare
        else head(
            f"Filters of the first convolution of {shown.request.plan.name}",
            f"{shown.path}: {count} filters over {planes} × {rows}×{columns} pixels{notes} · each filter scaled "
            "by its own largest weight",
            (),
            width,
            size,
            BUDGETS[0],
        )
    )
    bar = level_bar(ColourScale(-1.0, 1.0), Axis("weight / largest of its filter"), width - 2 * PAD, size)
    top = heading.above + SPACE + bar.height + SPACE
    grid = _grid(drawn, kept * (columns + 0.5) - 0.5, rows, width - 2 * PAD, height - top - PAD)
    place = Group("", "scale", bar.title, PAD, heading.above + SPACE, bar.width, bar.height, bar.marks)
    marks: list[Mark] = [*head_marks(heading, height, size), place]
    for index in range(drawn):
        at = PAD + (index % grid.columns) * (grid.wide + SPACE), top + (index // grid.columns) * (grid.high + SPACE)
        marks.append(_filter(shown.weights[index, :kept], shown.path, index, at, grid))
    said = f"{count} filters of {rows}×{columns} as colours from −1 to 1"
    width = max(bar.width, grid.columns * (grid.wide + SPACE) - SPACE) + 2 * PAD if is_bare else width
    return Picture(width, height, tuple(marks), f"Filters of {shown.path}", said)


def _grid(count: int, across: float, down: float, wide: float, high: float) -> _Grid:
    """Return the number of columns and the size of a weight that make the filters as large as possible."""
    best = _Grid(1, 0.0, 0.0, 0.0)
    for columns in range(1, count + 1):
        rows = ceil(count / columns)
        cell = min(
            (wide - SPACE * (columns - 1)) / columns / across, (high - SPACE * (rows - 1)) / rows / down, LARGEST_TILE
        )
        if cell >= best.cell:
            best = _Grid(columns, cell, cell * across, cell * down)
    even = best._replace(columns=ceil(count / ceil(count / best.columns)))
    return even if best.cell >= 1 else _Grid(even.columns, 1.0, across, down)


def _filter(weights: Any, path: str, index: int, at: tuple[float, float], grid: _Grid) -> Group:
    low, high = float(weights.min()), float(weights.max())
    largest = max(abs(low), abs(high)) or 1.0
    cells = _filter_cells(weights / largest, grid.cell)
    text = f"filter {index}: weights from {number(low)} to {number(high)}"
    frame = Box(-2, -2, grid.wide + 4, grid.high + 4, None, Ink.LINE)
    return Group(path, "filter", text, *at, grid.wide, grid.high, (frame, *cells), f":{index}")


def _filter_cells(weights: Any, side: float) -> Iterator[Box]:
    colours = ColourScale(-1.0, 1.0)
    planes, rows, columns = weights.shape
    for plane in range(planes):
        left = plane * (columns + 0.5) * side
        for row in range(rows):
            for column, ink in enumerate(colours.inks(weights[plane, row].tolist())):
                yield Box(left + column * side, row * side, side + 0.4, side + 0.4, ink or Ink.PAGE)


def readable(ink: Ink) -> Ink:
    """Return the nearest colour of the scale on which text is readable; other inks unchanged."""
    if ink not in SCALE:
        return ink
    step = SCALE.index(ink)
    if LAST_PALE < step < FIRST_DEEP:
        step = LAST_PALE if 2 * step < LAST_PALE + FIRST_DEEP else FIRST_DEEP
    return SCALE[step]


def on(ink: Ink) -> Ink:
    """Return the ink of text on a colour of the scale."""
    return Ink.PAGE if ink in SCALE[(LAST_PALE + FIRST_DEEP) // 2 + 1 :] else Ink.TEXT


MOST_NUMBERS = 40
"""Classes beyond which cells are too small for numbers."""
LARGEST, SMALLEST = 17, 9
"""In px: the largest and the smallest size of numbers."""


def confusion_picture(
    shown: Confusion, names: Sequence[str], width: float, height: float, text: float = 1.0, is_bare: bool = False
) -> Picture:
    """Return a picture of the matrix: a row for each true class, a column for each predicted one.

    An ``is_bare`` one has no title, no conditions and no notes.
    A cell's path is ``true3.given5``, a row's ``true3``.
    """
    classes, plan = len(shown.counts), shown.request.plan
    labels = [class_name(names, label) for label in range(classes)]
    ticks = tuple((float(label), name) for label, name in enumerate(labels))
    rows = tuple(Row(name, shown.counts[label].tolist(), f"true{label}") for label, name in enumerate(labels))
    right = round(shown.accuracy * shown.tested)
    made = HeatMap(
        f"Confusion matrix of {plan.name}, test images",
        Axis("predicted class", ticks=ticks),
        Axis("images", low=0.0, high=max(1.0, float(shown.counts.max()))),
        [float(label) for label in range(classes)],
        rows,
        "true class",
        f"{right:,} of {shown.tested:,} correct, {100 * shown.accuracy:.1f} % · mean loss {shown.loss:.3g} · "
        f"evaluation mode · {shown.data}",
        ("The diagonal holds correct predictions; every other number is a mistake.",),
    )
    made = replace(made, title="", subtitle="", notes=()) if is_bare else made
    picture = heatmap(made, width, height, text)
    return replace(picture, marks=tuple(_numbered(mark, shown, labels, text) for mark in picture.marks))


def class_name(names: Sequence[str], label: int) -> str:
    """Return the name of a class; its number where it has none."""
    return names[label] if label < len(names) and names[label] else str(label)


def _numbered(row: Mark, shown: Confusion, labels: Sequence[str], text: float) -> Mark:
    """Return a row whose cells have addresses and titles, and show their counts where there is room."""
    if not isinstance(row, Group) or row.kind != "row":
        return row
    truth = int(row.path.removeprefix("true"))
    cells = []
    for cell in row.marks:
        assert isinstance(cell, Group)
        given = int(cell.suffix.removeprefix(":"))
        count, of = int(shown.counts[truth, given]), int(shown.counts[truth].sum())
        title = f"{count:,} of {of:,} images of “{labels[truth]}” were predicted as “{labels[given]}”"
        marks = _cell(cell, count, text) if len(labels) <= MOST_NUMBERS else cell.marks
        cells.append(replace(cell, path=f".given{given}", suffix="", title=title, marks=marks))
    recall = shown.recall(truth)
    said = "no images" if recall is None else f"{100 * recall:.1f} % correct"
    return replace(row, marks=tuple(cells), title=f"{labels[truth]}: {said}")


def _cell(cell: Group, count: int, text: float) -> tuple[Mark, ...]:
    box = cell.marks[0]
    if not isinstance(box, Box) or box.fill is None:
        return cell.marks
    if not count:
        return (replace(box, fill=None),)
    number, room = f"{count:,}", min(LARGEST * text, 0.5 * cell.height)
    size = int(min(room, room * 0.85 * cell.width / max(1.0, width(number, room, Style.SEMIBOLD))))
    fill = readable(box.fill)
    if size < SMALLEST:
        return (replace(box, fill=fill),)
    base = box.height / 2 + 0.36 * size
    return (replace(box, fill=fill), Label(box.width / 2, base, number, size, on(fill), Anchor.MIDDLE, Style.SEMIBOLD))
