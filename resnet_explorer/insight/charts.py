"""Drawings: the filters of the first convolution, the confusion matrix, and the loss surface."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from math import ceil, dist, floor, isfinite, log10
from typing import Any, NamedTuple

from resnet_explorer.insight.values import Confusion, Filters, Slice, Surface, SurfaceRequest
from resnet_explorer.picture.chart import Axis, AxisScale, ColourScale, HeatMap, Row, Scale, heatmap
from resnet_explorer.picture.chart.frame import axis_titles, x_labels, y_labels
from resnet_explorer.picture.chart.heatmap import level_bar, upright_bar
from resnet_explorer.picture.chart.markers import Frame
from resnet_explorer.picture.chart.model import number, ticks
from resnet_explorer.picture.chart.text import ASCENT, BUDGETS, GAP, PAD, Sizes, head, head_marks, line, shorten, sizes
from resnet_explorer.picture.contrast import FIRST_DEEP, LAST_PALE
from resnet_explorer.picture.marks import (
    SCALE,
    Anchor,
    Arrow,
    Box,
    Group,
    Ink,
    Label,
    Mark,
    Picture,
    Point,
    Style,
    width,
)

MOST_FILTERS = 256
"""The largest number of filters that are drawn; the subtitle counts all."""
PLANES = 8
"""The largest number of input channels of a filter that are drawn."""
SPACE, LARGEST_TILE = 12.0, 44.0
"""In px: between filters, and the largest side of a weight."""


class _Grid(NamedTuple):
    columns: int
    cell: float
    wide: float
    high: float


def filters_picture(shown: Filters, width: float, height: float, text: float = 1.0) -> Picture:
    """Return a picture of filters, each scaled by its own largest weight, and with an address."""
    count, planes, rows, columns = shown.weights.shape
    size = sizes(text)
    drawn, kept = min(count, MOST_FILTERS), min(planes, PLANES)
    notes = "" if (drawn, kept) == (count, planes) else f", the first {drawn} and {kept} of their channels"
    heading = head(
        f"Filters of the first convolution of {shown.request.plan.name}",
        f"{shown.path}: {count} filters over {planes} × {rows}×{columns} pixels{notes} · each filter scaled "
        "by its own largest weight",
        (),
        width,
        size,
        BUDGETS[0],
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
    return best if best.cell >= 1 else _Grid(best.columns, 1.0, across, down)


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


MOST_LINES = 20
"""The largest number of contour lines that can be distinguished."""
_STEPS = ((1.0, 1.5, 2.0, 3.0, 5.0, 7.0), (1.0, 2.0, 5.0), (1.0,))


def levels(low: float, high: float) -> tuple[float, ...]:
    """Return round values between two, evenly spaced on a logarithmic scale, at most ``MOST_LINES``."""
    if not 0 < low < high:
        return ()
    powers = range(floor(log10(low)), ceil(log10(high)) + 1)
    for steps in _STEPS:
        between = [step * 10.0**power for power in powers for step in steps if low < step * 10.0**power < high]
        if len(between) <= MOST_LINES:
            break
    return tuple(between[:: ceil(len(between) / MOST_LINES) or 1])


def contours(x: Sequence[float], y: Sequence[float], values: Any, at: float) -> Iterator[list[tuple[float, float]]]:
    """Yield the lines along which values[row of y, column of x] are ``at``, interpolated between logarithms.

    There are no lines around NaN.
    """
    import numpy as np
    from contourpy import contour_generator  # with numpy, which the start does not need

    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.ma.masked_invalid(np.log10(np.asarray(values, np.float64)))
    for curve in contour_generator(x, y, logs).lines(log10(at)):
        yield [(float(across), float(up)) for across, up in np.asarray(curve)]


LOSS = Axis("loss", Scale.LOG)
LOWEST, HIGHEST = 1e-4, 1e5
"""The scale begins at the first at least, and spans at most the second as a factor: far out losses reach 10⁹."""
NAMED_FROM = 60.0
"""In px: contour lines of at least this length are labelled."""
_NOTE = (
    "Each axis is a random direction, each filter scaled to the norm of the trained one (Li et al. 2018, section 4); "
    "biases and the parameters of norms are fixed. + marks the trained weights."
)


def surface_picture(shown: Surface, wide: float, high: float, text: float = 1.0) -> Picture:
    """Return a picture of the planes; points that are not measured yet are empty."""
    size, request, count = sizes(text), shown.request, len(shown.request.runs)
    losses = [float(loss) for plane in shown.slices for loss in plane.losses[plane.measured]]
    low, top = _range([loss for loss in losses if isfinite(loss) and loss > 0])
    notes = (f"Losses above {number(float(f'{top:.3g}'))} have its colour.",) if any(x > top for x in losses) else ()
    norms = "of these images" if request.batch_statistics else "as trained (running)"
    subtitle = (
        f"mean cross-entropy of {shown.used:,} training images · batch norm's statistics {norms}, no dropout · "
        f"{request.size}×{request.size} points · seed {request.seed} · {shown.data}"
    )
    heading = head("The loss around the trained weights", subtitle, (_NOTE, *notes), wide, size, BUDGETS[0])
    colours = ColourScale(low, top, Scale.LOG)
    above = round(heading.above + GAP + 2 * line(size.label) + 4)
    below = heading.below + 2 * line(size.tick) + size.gap + line(size.axis)
    bar = upright_bar(colours, LOSS, max(60.0, high - above - below), size)
    margin = round(PAD + line(size.axis) + width("−0.5", size.tick) + size.gap + 4)
    each = (wide - 1.5 * PAD - bar.width - GAP) / count
    side = round(max(60.0, min(each - margin - GAP, high - above - below)))
    bar = upright_bar(colours, LOSS, side, size)
    panels = [_Panel(plane, request, margin, side, colours, levels(low, top), size) for plane in shown.slices]
    marks: list[Mark] = [*head_marks(heading, high, size)]
    marks += [panel.group(index, above) for index, panel in enumerate(panels)]
    right = count * (margin + side + GAP) + 4
    marks.append(Group("", "scale", bar.title, right, above, bar.width, bar.height, bar.marks))
    description = ". ".join(panel.title for panel in panels)
    return Picture(wide, high, tuple(marks), "The loss around the trained weights", description)


def _range(losses: list[float]) -> tuple[float, float]:
    if not losses:
        return 0.1, 10.0
    low = max(min(losses), min(LOWEST, max(losses)))
    high = min(max(losses), low * HIGHEST)
    return (low, high) if low < high else (0.9 * low, 1.1 * high)


class _Panel:
    """One network's plane with name, cells, contour lines and axes."""

    def __init__(
        self,
        plane: Slice,
        request: SurfaceRequest,
        margin: float,
        side: float,
        colours: ColourScale,
        levels: tuple[float, ...],
        size: Sizes,
    ) -> None:
        self.plane, self.request, self.colours, self.levels, self.size = plane, request, colours, levels, size
        top = round(2 * line(size.label) + 4)
        self.frame = Frame(margin, top, margin + side, top + side)
        half = request.reach * (1 + 1 / (request.size - 1))
        self.x = AxisScale(-half, half, self.frame.left, self.frame.right)
        self.y = AxisScale(-half, half, self.frame.bottom, self.frame.top)
        self.steps = [-request.reach + 2 * request.reach * index / (request.size - 1) for index in range(request.size)]
        most = float(plane.losses[plane.measured].max())
        middle, most_text = (number(float(f"{value:.3g}")) for value in (plane.middle, most))
        self.facts = f"{middle} in the middle, up to {most_text}"
        self.title = f"{plane.run.plan.name}: {self.facts}"

    def group(self, index: int, above: float) -> Group:
        frame, size, reach = self.frame, self.size, self.request.reach
        side = frame.right - frame.left
        labels = ticks(Axis(), -reach, reach, max(2, round(side / (5 * size.tick))))
        name, facts = (shorten(text, side, size.label) for text in (self.plane.run.plan.name, self.facts))
        under = frame.bottom + size.gap
        high = under + line(size.tick) + line(size.axis)
        x, y, ink = self.x.px(0.0), self.y.px(0.0), on(self.colours.ink(self.plane.middle) or Ink.PAGE)
        marks: list[Mark] = [
            Label(frame.left, ASCENT * size.label, name, size.label, style=Style.SEMIBOLD),
            Label(frame.left, ASCENT * size.label + line(size.label), facts, size.label, Ink.MUTED),
            *self._cells(),
            Box(frame.left, frame.top, side, side, None, Ink.LINE),
            *self._lines(),
            Arrow(((x - 6, y), (x + 6, y)), ink, 2.0, head=False),
            Arrow(((x, y - 6), (x, y + 6)), ink, 2.0, head=False),
            *x_labels(labels, self.x, under, size),
            *y_labels(labels, self.y, frame.left, size),
        ]
        titles = Axis("first direction"), Axis("second direction")
        marks += axis_titles(*titles, frame, under + line(size.tick), frame.right + frame.left, high, size)
        place = index * (frame.right + GAP), above - frame.top
        return Group(f"surface{index}", "surface", self.title, *place, frame.right, high, tuple(marks))

    def _cells(self) -> Iterator[Group]:
        count, frame = self.request.size, self.frame
        edges = [round((frame.right - frame.left) * index / count) for index in range(count + 1)]
        for row in reversed(range(count)):  # downwards, so that each covers what the one above it overlaps
            if not self.plane.measured[row].any():
                continue
            top, bottom = edges[count - 1 - row], edges[count - row]
            losses = self.plane.losses[row].tolist()
            for column, (loss, ink) in enumerate(zip(losses, self.colours.inks(losses), strict=True)):
                wide, high = edges[column + 1] - edges[column], bottom - top
                place = frame.left + edges[column], frame.top + top
                first, second = self.steps[column], self.steps[row]
                text = f"loss {number(loss)} at {number(first)}, {number(second)}"
                box = Box(0, 0, wide + 0.5, high + 0.5, ink or Ink.PAGE)
                yield Group(f".{row}-{column}", "cell", text, *place, wide, high, (box,))

    def _lines(self) -> list[Mark]:
        """Return the contour lines, and the values of the long ones where there is room."""
        if self.plane.measured.any(axis=1).sum() < 2:
            return []
        marks: list[Mark] = []
        labels: list[Mark] = []
        taken: list[Point] = [(self.x.px(0.0), self.y.px(0.0))]  # nothing over the sign of the trained weights
        for level in self.levels:
            ink = on(self.colours.ink(level) or Ink.PAGE)
            for curve in contours(self.steps, self.steps, self.plane.losses, level):
                points = tuple((round(self.x.px(a), 1), round(self.y.px(b), 1)) for a, b in curve)
                marks.append(Arrow(points, ink, 1.0, head=False, opacity=0.75))
                tried = [points[len(points) * part // 4] for part in (2, 1, 3)]
                free = [at for at in tried if all(dist(at, other) > 3.5 * self.size.tick for other in taken)]
                if free and sum(dist(*pair) for pair in pairwise(points)) > NAMED_FROM:
                    taken.append(free[0])
                    labels += _value(level, free[0], self.x, self.size.tick)
        return marks + labels


def _value(level: float, at: Point, x: AxisScale, size: int) -> list[Mark]:
    text = number(level)
    wide = width(text, size) + 6
    left = min(max(at[0] - wide / 2, x.start), x.end - wide)
    box = Box(left, at[1] - 0.65 * size, wide, 1.3 * size, Ink.PAGE, None, 1.0, 3.0)
    return [box, Label(left + wide / 2, at[1] + 0.36 * size, text, size, Ink.TEXT, Anchor.MIDDLE)]
