"""Drawings of the loss around trained weights: planes with contour lines."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import ceil, dist, floor, isfinite, log10
from typing import Any

from resnet_explorer.insight.charts import NO_HEAD, on
from resnet_explorer.insight.values import Slice, Surface, SurfaceRequest
from resnet_explorer.picture.chart import Axis, AxisScale, ColourScale, Scale
from resnet_explorer.picture.chart.frame import axis_titles, x_labels, y_labels
from resnet_explorer.picture.chart.heatmap import upright_bar
from resnet_explorer.picture.chart.markers import Frame
from resnet_explorer.picture.chart.model import number, ticks
from resnet_explorer.picture.chart.text import ASCENT, BUDGETS, GAP, PAD, Sizes, head, head_marks, line, shorten, sizes
from resnet_explorer.picture.marks import Anchor, Arrow, Box, Group, Ink, Label, Mark, Picture, Point, Style, width

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


TITLE = "The loss around the trained weights"
LOSS = Axis("loss", Scale.LOG)
LOWEST, HIGHEST = 1e-4, 1e5
"""The scale begins at the first at least, and spans at most the second as a factor: far out losses reach 10⁹."""
PLANE_PART = 0.5
"""The part of the height that the planes get; where there is less, less is said around them."""
NAMED_FROM = 60.0
"""In px: contour lines of at least this length are labelled."""
_NOTE = (
    "Each axis is a random direction, each filter scaled to the norm of the trained one (Li et al. 2018, section 4); "
    "biases and the parameters of norms are fixed. + marks the trained weights."
)


def surface_picture(shown: Surface, wide: float, high: float, text: float = 1.0, is_bare: bool = False) -> Picture:
    """Return a picture of the planes; points that are not measured yet are empty.

    An ``is_bare`` one has no title, no conditions and no notes.
    """
    size, request, count = sizes(text), shown.request, len(shown.request.runs)
    losses = [float(loss) for plane in shown.slices for loss in plane.losses[plane.measured]]
    low, top = _range([loss for loss in losses if isfinite(loss) and loss > 0])
    notes = (f"Losses above {number(float(f'{top:.3g}'))} have its colour.",) if any(x > top for x in losses) else ()
    colours = ColourScale(low, top, Scale.LOG)
    margin = round(PAD + line(size.axis) + width("−0.5", size.tick) + size.gap + 4)
    across = (wide - 1.5 * PAD - upright_bar(colours, LOSS, high, size).width - GAP) / count - margin - GAP
    for budget in BUDGETS[:-1]:
        heading = NO_HEAD if is_bare else head(TITLE, _subtitle(shown), (*notes, _NOTE), wide, size, budget)
        above = round(heading.above + GAP + 2 * line(size.label) + 4)
        down = high - above - heading.below - 2 * line(size.tick) - size.gap - line(size.axis)
        if down >= min(across, PLANE_PART * high):
            break
    side = round(max(60.0, min(across, down)))
    bar = upright_bar(colours, LOSS, side, size)
    panels = [_Panel(plane, request, margin, side, colours, levels(low, top), size) for plane in shown.slices]
    marks: list[Mark] = [*head_marks(heading, high, size)]
    marks += [panel.group(index, above) for index, panel in enumerate(panels)]
    right = count * (margin + side + GAP) + 4
    marks.append(Group("", "scale", bar.title, right, above, bar.width, bar.height, bar.marks))
    description = ". ".join(panel.title for panel in panels)
    wide = right + bar.width + PAD if is_bare else wide
    return Picture(wide, high, tuple(marks), TITLE, description)


def _subtitle(shown: Surface) -> str:
    request = shown.request
    norms = "of these images" if request.batch_statistics else "as trained (running)"
    return (
        f"mean cross-entropy of {shown.used:,} training images · batch norm's statistics {norms}, no dropout · "
        f"{request.size}×{request.size} points · seed {request.seed} · {shown.data}"
    )


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
        facts = f"{middle} in the middle, up to {most_text}"
        self.facts = facts if width(facts, size.label) <= side else f"{middle} at +"
        self.title = f"{plane.run.plan.name}: {facts}"

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
