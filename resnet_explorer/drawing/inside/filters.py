"""The first layer's filters as grids of colours from the scale."""

from collections.abc import Iterator
from math import ceil
from typing import Any, NamedTuple

from resnet_explorer.analysis.inside import Filters
from resnet_explorer.drawing.chart import Axis, ColourScale
from resnet_explorer.drawing.chart.colour import level_bar
from resnet_explorer.drawing.chart.head import BUDGETS, PAD, head, head_marks
from resnet_explorer.drawing.chart.numbers import number
from resnet_explorer.drawing.chart.words import sizes
from resnet_explorer.drawing.marks import Box, Group, Ink, Mark, Picture

MOST = 256
"""Filters that are drawn; the words tell of the others."""
PLANES = 8
"""Input channels of a filter that are drawn."""
GAP, LARGEST = 12.0, 44.0
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
        cell = min((wide - GAP * (columns - 1)) / columns / across, (high - GAP * (rows - 1)) / rows / down, LARGEST)
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
