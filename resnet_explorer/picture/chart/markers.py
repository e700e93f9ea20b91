"""The signs at the points of a series: unlike in shape, and filled or open."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from math import ceil, inf, isnan
from typing import NamedTuple

from resnet_explorer.picture.chart.model import Marker
from resnet_explorer.picture.marks import Area, Arrow, Box, Ink, Mark, Point

THICKNESS = 1.4
HATCH = 5.0
"""In px: between the strokes over the bars of every second series."""


def sign(marker: Marker, x: float, y: float, half: float, ink: Ink, hollow: bool = False) -> list[Mark]:
    """Return the sign of a series around a point; ``hollow`` is one of a hidden series."""
    if marker is Marker.NONE:
        return []
    shape = marker.removeprefix("open ")
    fill, line = (Ink.PAGE, ink) if hollow or shape != marker else (ink, None)
    if shape == Marker.CIRCLE:
        return [Box(x - half, y - half, 2 * half, 2 * half, fill, line, THICKNESS, half)]
    if shape == Marker.SQUARE:
        side = 0.9 * half
        return [Box(x - side, y - side, 2 * side, 2 * side, fill, line, THICKNESS)]
    if shape == Marker.TRIANGLE:
        corners = (x, y - 1.2 * half), (x + 1.15 * half, y + 0.85 * half), (x - 1.15 * half, y + 0.85 * half)
        return [Area(corners, fill, line, THICKNESS)]
    far = 1.3 * half
    return [Area(((x, y - far), (x + far, y), (x, y + far), (x - far, y)), fill, line, THICKNESS)]


def underflow(x: float, bottom: float, half: float, ink: Ink) -> Area:
    """Return the sign of a value below the axis: an open triangle that points down, on the bottom edge."""
    top = bottom - 1.9 * half
    return Area(((x - 1.15 * half, top), (x + 1.15 * half, top), (x, bottom)), Ink.PAGE, ink, THICKNESS)


def overflow(x: float, top: float, half: float, ink: Ink) -> Area:
    """Return the sign of what is infinite: an open triangle that points up, on the top edge."""
    bottom = top + 1.9 * half
    return Area(((x - 1.15 * half, bottom), (x + 1.15 * half, bottom), (x, top)), Ink.PAGE, ink, THICKNESS)


def odd_sign(value: float, x: float, y: float, half: float, ink: Ink) -> Area:
    """Return the sign of a value without a place on its axis, around a point."""
    if isnan(value):
        return cross(x, y, half, ink)
    return overflow(x, y - half, half, ink) if value == inf else underflow(x, y + half, half, ink)


def cross(x: float, y: float, half: float, ink: Ink) -> Area:
    """Return the sign of what is not a number."""
    arm, far = 0.35 * half, 1.05 * half
    near = far - arm
    corners = ((0, arm), (near, far), (far, near), (arm, 0), (far, -near), (near, -far))
    other = ((0, -arm), (-near, -far), (-far, -near), (-arm, 0), (-far, near), (-near, far))
    return Area(tuple((x + dx, y + dy) for dx, dy in corners + other), ink)


def bar(x: float, y: float, wide: float, high: float, ink: Ink, is_hatched: bool) -> list[Mark]:
    """Return a bar: filled, or light with slanted strokes."""
    if not is_hatched or high < HATCH / 2:
        return [Box(x, y, wide, high, ink)]
    marks: list[Mark] = [Area(Frame(x, y, x + wide, y + high).corners, ink, ink, 1.0, 0.3)]
    start = HATCH
    while start < wide + high:
        begin = (x + start, y) if start <= wide else (x + wide, y + start - wide)
        end = (x, y + start) if start <= high else (x + start - high, y + high)
        marks.append(Arrow((begin, end), ink, 1.0, head=False))
        start += HATCH
    return marks


MOST = 500
"""Points of a curve: more are not seen, and take long to paint."""


class Frame(NamedTuple):
    """The rectangle that a chart's curves stay inside of."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def corners(self) -> tuple[Point, ...]:
        """Return the corners, as an area has them."""
        left, top, right, bottom = self
        return (left, top), (right, top), (right, bottom), (left, bottom)

    def holds(self, x: float, y: float, by: float = 0.5) -> bool:
        """Say whether a point is inside."""
        return self.left - by <= x <= self.right + by and self.top - by <= y <= self.bottom + by

    def touches(self, other: "Frame") -> bool:
        """Say whether two rectangles overlap."""
        return (self.left < other.right and other.left < self.right
                and self.top < other.bottom and other.top < self.bottom)  # fmt: skip


def lines(points: Sequence[Point], frame: Frame) -> list[list[Point]]:
    """Return the parts of a line that are inside of a frame."""
    if len(points) < 2:
        return []
    xs, ys = zip(*points, strict=True)  # all at once: a curve has hundreds of points
    if frame.holds(min(xs), min(ys), by=0.0) and frame.holds(max(xs), max(ys), by=0.0):
        return [list(points)]
    parts: list[list[Point]] = []
    for start, end in pairwise(points):
        cut = _segment(start, end, frame)
        if cut is None:
            continue
        if parts and parts[-1][-1] == cut[0]:
            parts[-1].append(cut[1])
        else:
            parts.append([*cut])
    return parts


def _segment(begin: Point, end: Point, frame: Frame) -> tuple[Point, Point] | None:
    """Return the part of a straight line inside of a frame (Liang and Barsky 1984)."""
    x, y = begin
    dx, dy = end[0] - x, end[1] - y
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
    start = begin if first == 0 else (x + first * dx, y + first * dy)
    return start, end if last == 1 else (x + last * dx, y + last * dy)


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
    for start, end in zip(points, points[1:] + points[:1], strict=True):
        a, b = sign * (start[axis] - limit), sign * (end[axis] - limit)
        if a >= 0:
            kept.append(start)
        if (a >= 0) != (b >= 0):
            part = a / (a - b)
            cut = [start[0] + part * (end[0] - start[0]), start[1] + part * (end[1] - start[1])]
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
        numbers = [index for index in part if values[index] == values[index]]
        if numbers:
            kept |= {min(numbers, key=values.__getitem__), max(numbers, key=values.__getitem__)}
        if len(numbers) < len(part):
            kept.add(next(index for index in part if isnan(values[index])))
    return sorted(kept)


def gathered(values: Sequence[float], pick: Callable[[list[float]], float], most: int = MOST) -> list[float]:
    """Return one value for each of so many parts: its lowest or highest, say."""
    parts = _parts(len(values), min(most, len(values)))
    numbers = [[values[index] for index in part if not isnan(values[index])] for part in parts]
    return [pick(part) if part else float("nan") for part in numbers]


def _parts(count: int, most: int) -> list[range]:
    size = max(1, ceil(count / max(1, most)))
    return [range(start, min(count, start + size)) for start in range(0, count, size)]
