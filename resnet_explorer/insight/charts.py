"""The confusion matrix: a heat map whose cells say their numbers."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import ceil
from typing import Any, NamedTuple

from resnet_explorer.insight.values import Confusion, Filters
from resnet_explorer.picture.chart import Axis, ColourScale, HeatMap, Row, heatmap
from resnet_explorer.picture.chart.heatmap import level_bar
from resnet_explorer.picture.chart.model import number
from resnet_explorer.picture.chart.text import BUDGETS, PAD, head, head_marks, sizes
from resnet_explorer.picture.marks import SCALE, Anchor, Box, Group, Ink, Label, Mark, Picture, Style, width

MOST = 256
"""Filters that are drawn; the words tell of the others."""
PLANES = 8
"""Input channels of a filter that are drawn."""
GAP, LARGEST_TILE = 12.0, 44.0
"""In px: between filters, and the side of a weight at most."""


class _Grid(NamedTuple):
    columns: int
    cell: float
    wide: float
    high: float


def filters_picture(shown: Filters, width: float, height: float, text: float = 1.0) -> Picture:
    """Return the filters of that picture size, each scaled by its own largest weight, each with its address."""
    count, planes, rows, columns = shown.weights.shape
    size = sizes(text)
    drawn, kept = min(count, MOST), min(planes, PLANES)
    notes = "" if (drawn, kept) == (count, planes) else f", the first {drawn} and {kept} of their channels"
    words = head(
        f"What the first convolution of {shown.request.plan.name} looks for",
        f"{shown.path}: {count} filters over {planes} × {rows}×{columns} pixels{notes} · each filter by its own "
        "largest weight, so that strong and weak ones are seen alike",
        (),
        width,
        size,
        BUDGETS[0],
    )
    bar = level_bar(ColourScale(-1.0, 1.0), Axis("weight / largest of its filter"), width - 2 * PAD, size)
    top = words.above + GAP + bar.height + GAP
    grid = _grid(drawn, kept * (columns + 0.5) - 0.5, rows, width - 2 * PAD, height - top - PAD)
    place = Group("", "scale", bar.title, PAD, words.above + GAP, bar.width, bar.height, bar.marks)
    marks: list[Mark] = [*head_marks(words, height, size), place]
    for index in range(drawn):
        at = PAD + (index % grid.columns) * (grid.wide + GAP), top + (index // grid.columns) * (grid.high + GAP)
        marks.append(_filter(shown.weights[index, :kept], shown.path, index, at, grid))
    said = f"{count} filters of {rows}×{columns} as colours from −1 to 1"
    return Picture(width, height, tuple(marks), f"Filters of {shown.path}", said)


def _grid(count: int, across: float, down: float, wide: float, high: float) -> _Grid:
    """Return the columns and the side of a weight that make filters as large as there is room for."""
    best = _Grid(1, 0.0, 0.0, 0.0)
    for columns in range(1, count + 1):
        rows = ceil(count / columns)
        cell = min(
            (wide - GAP * (columns - 1)) / columns / across, (high - GAP * (rows - 1)) / rows / down, LARGEST_TILE
        )
        if cell >= best.cell:
            best = _Grid(columns, cell, cell * across, cell * down)
    return best if best.cell >= 1 else _Grid(best.columns, 1.0, across, down)


def _filter(weights: Any, path: str, index: int, at: tuple[float, float], grid: _Grid) -> Group:
    """Return one filter: a grid of cells for each of its channels, side by side."""
    low, high = float(weights.min()), float(weights.max())
    largest = max(abs(low), abs(high)) or 1.0
    cells = tuple(_cells(weights / largest, grid.cell))
    words = f"filter {index}: weights from {number(low)} to {number(high)}"
    frame = Box(-2, -2, grid.wide + 4, grid.high + 4, None, Ink.LINE)
    return Group(path, "filter", words, *at, grid.wide, grid.high, (frame, *cells), f":{index}")


def _cells(weights: Any, side: float) -> Iterator[Box]:
    colours = ColourScale(-1.0, 1.0)
    planes, rows, columns = weights.shape
    for plane in range(planes):
        left = plane * (columns + 0.5) * side
        for row in range(rows):
            inks = colours.inks(weights[plane, row].tolist())
            for column, ink in enumerate(inks):
                yield Box(left + column * side, row * side, side + 0.4, side + 0.4, ink or Ink.PAGE)


LAST_PALE, FIRST_DEEP = 5, 9
"""On colours up to the one, words have a contrast of 4.5 to 1; on those from the other, words in the page's colour."""


def readable(ink: Ink) -> Ink:
    """Return the nearest colour of the scale on which words can be read; other inks as they are."""
    if ink not in SCALE:
        return ink
    step = SCALE.index(ink)
    if LAST_PALE < step < FIRST_DEEP:
        step = LAST_PALE if 2 * step < LAST_PALE + FIRST_DEEP else FIRST_DEEP
    return SCALE[step]


def on(ink: Ink) -> Ink:
    """Return the ink for what is written on a colour of the scale."""
    return Ink.PAGE if ink in SCALE[(LAST_PALE + FIRST_DEEP) // 2 + 1 :] else Ink.TEXT


MOST_NUMBERS = 40
"""Classes beyond which cells are too small for numbers."""
LARGEST, SMALLEST = 17, 6
"""In px: numbers larger than the one are not needed, smaller than the other are not read."""


def confusion_picture(
    shown: Confusion, names: Sequence[str], width: float, height: float, text: float = 1.0
) -> Picture:
    """Return the matrix in that size: a row for each true class, a column for each given one.

    A cell's path is ``true3.given5``, a row's ``true3``.
    """
    classes, plan = len(shown.counts), shown.request.plan
    labels = [class_name(names, label) for label in range(classes)]
    ticks = tuple((float(label), name) for label, name in enumerate(labels))
    rows = tuple(Row(name, shown.counts[label].tolist(), f"true{label}") for label, name in enumerate(labels))
    right = round(shown.accuracy * shown.tested)
    made = HeatMap(
        f"How {plan.name} names the test images",
        Axis("class that the network gives", ticks=ticks),
        Axis("images", low=0.0, high=max(1.0, float(shown.counts.max()))),
        [float(label) for label in range(classes)],
        rows,
        "true class",
        f"{right:,} of {shown.tested:,} named right, {100 * shown.accuracy:.1f} % · mean loss {shown.loss:.3g} · "
        f"evaluation mode · {shown.data}",
        ("On the diagonal is what was named right; every number beside it is a mistake.",),
    )
    picture = heatmap(made, width, height, text)
    marks = tuple(_numbered(mark, shown, labels, text) if _is(mark, "row") else mark for mark in picture.marks)
    return replace(picture, marks=marks)


def class_name(names: Sequence[str], label: int) -> str:
    """Return the name of a class; its number where it has none."""
    return names[label] if label < len(names) and names[label] else str(label)


def _is(mark: Mark, kind: str) -> bool:
    return isinstance(mark, Group) and mark.kind == kind


def _numbered(row: Mark, shown: Confusion, labels: Sequence[str], text: float) -> Mark:
    """Return a row whose cells have addresses, say what they count, and show it where there is room."""
    assert isinstance(row, Group)
    truth = int(row.path.removeprefix("true"))
    cells = []
    for cell in row.marks:
        assert isinstance(cell, Group)
        given = int(cell.suffix.removeprefix(":"))
        count, of = int(shown.counts[truth, given]), int(shown.counts[truth].sum())
        words = f"{count:,} of {of:,} images of “{labels[truth]}” were named “{labels[given]}”"
        marks = _cell(cell, count, text) if len(labels) <= MOST_NUMBERS else cell.marks
        cells.append(replace(cell, path=f".given{given}", suffix="", title=words, marks=marks))
    recall = shown.recall(truth)
    said = "no images" if recall is None else f"{100 * recall:.1f} % named right"
    return replace(row, marks=tuple(cells), title=f"{labels[truth]}: {said}")


def _cell(cell: Group, count: int, text: float) -> tuple[Mark, ...]:
    """Return a cell with its number; empty where there is none."""
    box = cell.marks[0]
    if not isinstance(box, Box) or box.fill is None:
        return cell.marks
    if not count:
        return (replace(box, fill=None),)
    words, room = f"{count:,}", min(LARGEST * text, 0.5 * cell.height)
    size = int(min(room, room * 0.85 * cell.width / max(1.0, width(words, room, Style.SEMIBOLD))))
    fill = readable(box.fill)
    if size < SMALLEST:
        return (replace(box, fill=fill),)
    base = box.height / 2 + 0.36 * size
    return (
        replace(box, fill=fill),
        Label(box.width / 2, base, words, size, on(fill), Anchor.MIDDLE, Style.SEMIBOLD),
    )
