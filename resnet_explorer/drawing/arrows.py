"""Where an arrow's shaft ends and its head begins, and how lines are broken: the same for every renderer."""

from collections.abc import Iterator, Mapping
from itertools import cycle, pairwise
from math import hypot

from resnet_explorer.drawing.marks import Arrow, Dash, Point

DASHES: Mapping[Dash, tuple[float, ...]] = {
    Dash.DASHED: (5.0, 3.5),
    Dash.DOTTED: (1.5, 3.5),
    Dash.DASH_DOT: (7.0, 3.0, 1.5, 3.0),
}
"""In px, strokes and gaps in turn."""

HEAD_LENGTH = 7.0
HEAD_HALF = 3.4


def head(arrow: Arrow) -> tuple[Point, Point, Point]:
    """Return the triangle at the end of an arrow: its tip first."""
    (bx, by), (x, y) = arrow.points[-2:]
    length = hypot(x - bx, y - by) or 1.0
    ux, uy = (x - bx) / length, (y - by) / length
    size = HEAD_LENGTH * (0.7 + 0.2 * arrow.thickness)
    half = size * HEAD_HALF / HEAD_LENGTH
    cx, cy = x - ux * size, y - uy * size
    return (x, y), (cx - uy * half, cy + ux * half), (cx + uy * half, cy - ux * half)


def shaft(arrow: Arrow) -> tuple[Point, ...]:
    """Return the points of the line, ending inside the head so that its tip stays sharp."""
    if not arrow.head:
        return arrow.points
    tip, one, other = head(arrow)
    middle = ((one[0] + other[0]) / 2, (one[1] + other[1]) / 2)
    return (*arrow.points[:-1], ((middle[0] + tip[0] * 0.2) / 1.2, (middle[1] + tip[1] * 0.2) / 1.2))


def broken(points: tuple[Point, ...], dash: Dash) -> Iterator[tuple[Point, Point]]:
    """Yield the straight strokes of a broken line; the pattern runs on around its corners, as it does in SVG."""
    pattern = cycle(DASHES[dash])
    left, is_stroke = next(pattern), True
    for (x, y), (to_x, to_y) in pairwise(points):
        length = hypot(to_x - x, to_y - y)
        done = 0.0
        while done < length:
            step = min(left, length - done)
            if is_stroke:
                one, two = done / length, (done + step) / length
                yield (x + (to_x - x) * one, y + (to_y - y) * one), (x + (to_x - x) * two, y + (to_y - y) * two)
            done, left = done + step, left - step
            if left <= 0:
                left, is_stroke = next(pattern), not is_stroke
