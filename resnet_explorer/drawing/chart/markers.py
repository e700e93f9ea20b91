"""The signs at the points of a series: unlike in shape, and filled or open."""

from resnet_explorer.drawing.chart.model import Marker
from resnet_explorer.drawing.marks import Area, Arrow, Box, Ink, Mark, Point

_OPEN = {Marker.OPEN_SQUARE, Marker.OPEN_DIAMOND, Marker.OPEN_CIRCLE, Marker.OPEN_TRIANGLE}
_ROUND = {Marker.CIRCLE, Marker.OPEN_CIRCLE}
_SQUARE = {Marker.SQUARE, Marker.OPEN_SQUARE}
_TRIANGLE = {Marker.TRIANGLE, Marker.OPEN_TRIANGLE}
THICKNESS = 1.4
HATCH = 5.0
"""In px: between the strokes over the bars of every second series."""


def sign(marker: Marker, x: float, y: float, half: float, ink: Ink, hollow: bool = False) -> list[Mark]:
    """Return the sign of a series around a point; ``hollow`` is one of a hidden series."""
    if marker is Marker.NONE:
        return []
    is_open = hollow or marker in _OPEN
    fill, line = (Ink.PAGE, ink) if is_open else (ink, None)
    if marker in _ROUND:
        return [Box(x - half, y - half, 2 * half, 2 * half, fill, line, THICKNESS, half)]
    if marker in _SQUARE:
        side = 0.9 * half
        return [Box(x - side, y - side, 2 * side, 2 * side, fill, line, THICKNESS)]
    corners = _triangle(x, y, half) if marker in _TRIANGLE else _diamond(x, y, half)
    return [Area(corners, fill, line, THICKNESS)]


def underflow(x: float, bottom: float, half: float, ink: Ink) -> Area:
    """Return the sign of a value below the axis: an open triangle that points down, on the bottom edge."""
    top = bottom - 1.9 * half
    return Area(((x - 1.15 * half, top), (x + 1.15 * half, top), (x, bottom)), Ink.PAGE, ink, THICKNESS)


def overflow(x: float, top: float, half: float, ink: Ink) -> Area:
    """Return the sign of what is infinite: an open triangle that points up, on the top edge."""
    bottom = top + 1.9 * half
    return Area(((x - 1.15 * half, bottom), (x + 1.15 * half, bottom), (x, top)), Ink.PAGE, ink, THICKNESS)


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
    corners = ((x, y), (x + wide, y), (x + wide, y + high), (x, y + high))
    marks: list[Mark] = [Area(corners, ink, ink, 1.0, 0.3)]
    start = HATCH
    while start < wide + high:
        one = (x + start, y) if start <= wide else (x + wide, y + start - wide)
        two = (x, y + start) if start <= high else (x + start - high, y + high)
        marks.append(Arrow((one, two), ink, 1.0, head=False))
        start += HATCH
    return marks


def _triangle(x: float, y: float, half: float) -> tuple[Point, ...]:
    return (x, y - 1.2 * half), (x + 1.15 * half, y + 0.85 * half), (x - 1.15 * half, y + 0.85 * half)


def _diamond(x: float, y: float, half: float) -> tuple[Point, ...]:
    far = 1.3 * half
    return (x, y - far), (x + far, y), (x, y + far), (x - far, y)
