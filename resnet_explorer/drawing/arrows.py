"""Where an arrow's shaft ends and its head begins: the same for every renderer."""

from math import hypot

from resnet_explorer.drawing.marks import Arrow, Point

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
