"""Lines and areas cut at the edges of a frame, and long ones thinned out."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from math import ceil, isnan
from typing import NamedTuple

from resnet_explorer.drawing.marks import Point

MOST = 500
"""Points of a curve: more are not seen, and take long to paint."""


class Frame(NamedTuple):
    """The rectangle that a chart's curves stay inside of."""

    left: float
    top: float
    right: float
    bottom: float

    def holds(self, x: float, y: float, by: float = 0.5) -> bool:
        """Say whether a point is inside."""
        return self.left - by <= x <= self.right + by and self.top - by <= y <= self.bottom + by


def lines(points: Sequence[Point], frame: Frame) -> list[list[Point]]:
    """Return the parts of a line that are inside of a frame."""
    if all(frame.holds(*point, by=0.0) for point in points):
        return [list(points)] if len(points) > 1 else []
    parts: list[list[Point]] = []
    for one, other in pairwise(points):
        cut = _segment(one, other, frame)
        if cut is None:
            continue
        if parts and parts[-1][-1] == cut[0]:
            parts[-1].append(cut[1])
        else:
            parts.append([*cut])
    return parts


def _segment(one: Point, other: Point, frame: Frame) -> tuple[Point, Point] | None:
    """Return the part of a straight line inside of a frame (Liang and Barsky 1984)."""
    (x, y), (to_x, to_y) = one, other
    dx, dy = to_x - x, to_y - y
    first, last = 0.0, 1.0
    for step, room in ((-dx, x - frame.left), (dx, frame.right - x), (-dy, y - frame.top), (dy, frame.bottom - y)):
        if step == 0:
            if room < 0:
                return None
        elif step < 0:
            first = max(first, room / step)
        else:
            last = min(last, room / step)
    if first >= last:
        return None
    start = one if first == 0 else (x + first * dx, y + first * dy)
    return start, other if last == 1 else (x + last * dx, y + last * dy)


def polygon(points: Sequence[Point], frame: Frame) -> tuple[Point, ...]:
    """Return the part of an area inside of a frame (Sutherland and Hodgman 1974)."""
    kept = list(points)
    if all(frame.holds(*point, by=0.0) for point in kept):
        return tuple(kept)
    for axis, limit, sign in ((0, frame.left, 1), (0, frame.right, -1), (1, frame.top, 1), (1, frame.bottom, -1)):
        kept = _cut(kept, axis, limit, sign)
    return tuple(kept)


def _cut(points: list[Point], axis: int, limit: float, sign: int) -> list[Point]:
    kept: list[Point] = []
    for one, other in zip(points, points[1:] + points[:1], strict=True):
        a, b = sign * (one[axis] - limit), sign * (other[axis] - limit)
        if a >= 0:
            kept.append(one)
        if (a >= 0) != (b >= 0):
            part = a / (a - b)
            cut = [one[0] + part * (other[0] - one[0]), one[1] + part * (other[1] - one[1])]
            cut[axis] = limit
            kept.append((cut[0], cut[1]))
    return kept


def thin(values: Sequence[float], most: int = MOST) -> list[int]:
    """Return the indices of the points to draw: the lowest and highest of each of so many parts, and the ends.

    A part with a value that is not a number keeps one, so that the line stays broken there.
    """
    count = len(values)
    if count <= most:
        return list(range(count))
    kept = {0, count - 1}
    for part in _parts(count, most // 2):
        known = [index for index in part if values[index] == values[index]]
        if known:
            kept |= {min(known, key=values.__getitem__), max(known, key=values.__getitem__)}
        if len(known) < len(part):
            kept.add(next(index for index in part if isnan(values[index])))
    return sorted(kept)


def gathered(values: Sequence[float], pick: Callable[[list[float]], float], most: int = MOST) -> list[float]:
    """Return one value for each of so many parts: its lowest or highest, say."""
    parts = _parts(len(values), min(most, len(values)))
    known = [[values[index] for index in part if not isnan(values[index])] for part in parts]
    return [pick(part) if part else float("nan") for part in known]


def _parts(count: int, most: int) -> list[range]:
    size = max(1, ceil(count / max(1, most)))
    return [range(start, min(count, start + size)) for start in range(0, count, size)]
