"""The loss around trained weights: a plane for each network side by side, coloured by one scale, with contour lines."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import ceil, dist, floor, isfinite, log10
from typing import Any, NamedTuple

from resnet_explorer.insight.charts import on
from resnet_explorer.insight.values import Slice, Surface
from resnet_explorer.picture.chart import Axis, AxisScale, ColourScale, Scale
from resnet_explorer.picture.chart.frame import axis_titles, x_labels, y_labels
from resnet_explorer.picture.chart.heatmap import upright_bar
from resnet_explorer.picture.chart.markers import Frame
from resnet_explorer.picture.chart.model import number, ticks
from resnet_explorer.picture.chart.text import ASCENT, BUDGETS, GAP, PAD, Sizes, head, head_marks, line, shorten, sizes
from resnet_explorer.picture.marks import Anchor, Arrow, Box, Group, Ink, Label, Mark, Picture, Point, Style, width

MOST = 20
"""Lines that can be told apart."""
_STEPS = ((1.0, 1.5, 2.0, 3.0, 5.0, 7.0), (1.0, 2.0, 5.0), (1.0,))


def levels(low: float, high: float) -> tuple[float, ...]:
    """Return round values between two, evenly spread on a logarithmic scale, as many as can be told apart."""
    if not 0 < low < high:
        return ()
    found: list[float] = []
    for steps in _STEPS:
        powers = range(floor(log10(low)), ceil(log10(high)) + 1)
        found = [step * 10.0**power for power in powers for step in steps if low < step * 10.0**power < high]
        if len(found) <= MOST:
            break
    return tuple(found[:: ceil(len(found) / MOST)] if found else ())


def contours(x: Sequence[float], y: Sequence[float], values: Any, at: float) -> Iterator[list[tuple[float, float]]]:
    """Yield the lines along which values[row of y, column of x] are ``at``, interpolated between logarithms.

    What is not a number has no lines around it.
    """
    import numpy as np
    from contourpy import contour_generator  # with numpy, which the start does not need

    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.ma.masked_invalid(np.log10(np.asarray(values, np.float64)))
    for curve in contour_generator(x, y, logs).lines(log10(at)):
        yield [(float(one), float(other)) for one, other in np.asarray(curve)]


LOSS = Axis("loss", Scale.LOG)
LOWEST, HIGHEST = 1e-4, 1e5
"""Lower losses than the one have its colour, so have those above so many times the least: far out they grow to 10⁹."""
NAMED_FROM = 60.0
"""In px: contour lines of at least this length say their value."""
_NOTE = (
    "Each axis is a random direction in which every filter is as long as the trained one (Li et al. 2018, section 4); "
    "biases and the parameters of norms stay. + the trained weights."
)


class _Place(NamedTuple):
    side: float
    left: float
    step: float
    top: float
    colours: ColourScale
    levels: tuple[float, ...]
    sizes: Sizes


def surface_picture(shown: Surface, wide: float, high: float, text: float = 1.0) -> Picture:
    """Return the planes in that size; what is not measured yet is left empty."""
    size, asked, count = sizes(text), shown.request, len(shown.request.runs)
    low, top = _range(shown)
    words = head("The loss around the trained weights", _subtitle(shown), _notes(shown, top), wide, size, BUDGETS[0])
    colours = ColourScale(low, top, Scale.LOG)
    above = round(words.above + GAP + 2 * line(size.label) + 4)
    below = words.below + 2 * line(size.tick) + size.gap + line(size.axis)
    bar = upright_bar(colours, LOSS, max(60.0, high - above - below), size)
    margin = round(PAD + line(size.axis) + width("−0.5", size.tick) + size.gap + 4)
    each = (wide - 1.5 * PAD - bar.width - GAP) / count
    side = round(max(60.0, min(each - margin - GAP, high - above - below)))
    bar = upright_bar(colours, LOSS, side, size)
    place = _Place(side, margin, side / asked.size, above, colours, levels(low, top), size)
    marks: list[Mark] = [*head_marks(words, high, size)]
    marks += [_panel(one, shown, place, index) for index, one in enumerate(shown.slices)]
    right = count * (margin + side + GAP) + 4
    marks.append(Group("", "scale", bar.title, right, above, bar.width, bar.height, bar.marks))
    said = ". ".join(f"{one.run.plan.name}: {_facts(one)}" for one in shown.slices)
    return Picture(wide, high, tuple(marks), "The loss around the trained weights", said)


def _subtitle(shown: Surface) -> str:
    asked = shown.request
    norms = "of these images" if asked.batch_statistics else "as trained (running)"
    words = f"mean cross-entropy of {shown.used:,} training images · batch norm's statistics {norms}, no dropout"
    return f"{words} · {asked.size}×{asked.size} points · seed {asked.seed} · {shown.data}"


def _notes(shown: Surface, top: float) -> tuple[str, ...]:
    above = any(float(value) > top for one in shown.slices for value in one.losses[one.known])
    return (_NOTE, f"Losses above {number(float(f'{top:.3g}'))} have its colour.") if above else (_NOTE,)


def _range(shown: Surface) -> tuple[float, float]:
    """Return the losses at both ends of the scale."""
    found = [float(value) for one in shown.slices for value in one.losses[one.known] if isfinite(value) and value > 0]
    if not found:
        return 0.1, 10.0
    low = max(min(found), min(LOWEST, max(found)))
    high = min(max(found), low * HIGHEST)
    return (low, high) if low < high else (0.9 * low, 1.1 * high)


def _facts(one: Slice) -> str:
    known = one.losses[one.known]
    middle, most = (number(float(f"{value:.3g}")) for value in (one.middle, float(known.max())))
    return f"{middle} in the middle, up to {most}"


def _panel(one: Slice, shown: Surface, place: _Place, index: int) -> Group:
    """Return a network's plane with its name, its cells, its lines and its axes."""
    size, side, top = place.sizes, place.side, round(2 * line(place.sizes.label) + 4)
    frame = Frame(place.left, top, place.left + side, top + side)
    half = shown.request.reach * (1 + 1 / (shown.request.size - 1))
    x = AxisScale(-half, half, frame.left, frame.right)
    y = AxisScale(-half, half, frame.bottom, frame.top)
    found = ticks(Axis(), -shown.request.reach, shown.request.reach, max(2, round(side / (5 * size.tick))))
    name, facts = (shorten(words, side, size.label) for words in (one.run.plan.name, _facts(one)))
    under = frame.bottom + size.gap
    high = under + line(size.tick) + line(size.axis)
    marks: list[Mark] = [
        Label(frame.left, ASCENT * size.label, name, size.label, style=Style.SEMIBOLD),
        Label(frame.left, ASCENT * size.label + line(size.label), facts, size.label, Ink.MUTED),
        *_cells(one, shown, place, frame),
        Box(frame.left, frame.top, side, side, None, Ink.LINE),
        *_lines(one, shown, place, x, y),
        *_cross(x.px(0.0), y.px(0.0), on(place.colours.ink(one.middle) or Ink.PAGE)),
        *x_labels(found, x, under, size),
        *y_labels(found, y, frame.left, size),
    ]
    moved = Frame(frame.left, frame.top, frame.right, frame.bottom)
    names = Axis("first direction"), Axis("second direction")
    marks += axis_titles(*names, moved, under + line(size.tick), frame.right + place.left, high, size)
    at = index * (place.left + side + GAP), place.top - top
    return Group(
        f"surface{index}", "surface", f"{one.run.plan.name}: {_facts(one)}", *at, frame.right, high, tuple(marks)
    )


def _cells(one: Slice, shown: Surface, place: _Place, frame: Frame) -> Iterator[Group]:
    count, reach = shown.request.size, shown.request.reach
    edges = [round(place.side * index / count) for index in range(count + 1)]
    for row in reversed(range(count)):  # downwards, so that each covers what the one above it overlaps
        if not one.known[row].any():
            continue
        top, bottom = edges[count - 1 - row], edges[count - row]
        inks = place.colours.inks(_finite(one.losses[row].tolist(), place.colours))
        for column, ink in enumerate(inks):
            wide, high = edges[column + 1] - edges[column], bottom - top
            at = frame.left + edges[column], frame.top + top
            first, second = (-reach + 2 * reach * index / (count - 1) for index in (column, row))
            words = f"loss {number(float(one.losses[row, column]))} at {number(first)}, {number(second)}"
            box = Box(0, 0, wide + 0.5, high + 0.5, ink or Ink.PAGE)
            yield Group(f".{row}-{column}", "cell", words, *at, wide, high, (box,))


def _finite(values: list[float], colours: ColourScale) -> list[float]:
    """Return losses with the infinite ones as high as the scale, and 0 as low as it."""
    return [value if value != value else min(max(value, colours.low), colours.high) for value in values]


def _lines(one: Slice, shown: Surface, place: _Place, x: AxisScale, y: AxisScale) -> list[Mark]:
    """Return the contour lines, and on the long ones their values where these leave each other room."""
    count, reach = shown.request.size, shown.request.reach
    if one.known.any(axis=1).sum() < 2:
        return []
    steps = [-reach + 2 * reach * index / (count - 1) for index in range(count)]
    marks: list[Mark] = []
    named: list[Point] = [(x.px(0.0), y.px(0.0))]  # nothing over the sign of the trained weights
    labels: list[Mark] = []
    for level in place.levels:
        ink = on(place.colours.ink(level) or Ink.PAGE)
        for found in contours(steps, steps, one.losses, level):
            points = tuple((round(x.px(a), 1), round(y.px(b), 1)) for a, b in found)
            marks.append(Arrow(points, ink, 1.0, head=False, opacity=0.75))
            tried = [points[len(points) * part // 4] for part in (2, 1, 3)]
            free = [at for at in tried if all(dist(at, other) > 3.5 * place.sizes.tick for other in named)]
            if free and sum(dist(*pair) for pair in pairwise(points)) > NAMED_FROM:
                named.append(free[0])
                labels += _value(level, free[0], x, place.sizes.tick)
    return marks + labels


def _value(level: float, at: Point, x: AxisScale, size: int) -> list[Mark]:
    words = number(level)
    wide = width(words, size) + 6
    left = min(max(at[0] - wide / 2, x.start), x.end - wide)
    box = Box(left, at[1] - 0.65 * size, wide, 1.3 * size, Ink.PAGE, None, 1.0, 3.0)
    return [box, Label(left + wide / 2, at[1] + 0.36 * size, words, size, Ink.TEXT, Anchor.MIDDLE)]


def _cross(x: float, y: float, ink: Ink) -> list[Mark]:
    """Return the sign of the trained weights."""
    ways = (((x - 6, y), (x + 6, y)), ((x, y - 6), (x, y + 6)))
    return [Arrow(way, ink, 2.0, head=False) for way in ways]
