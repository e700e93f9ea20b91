"""The tensor between two stops: a box to scale that passes through what changes it, and the way under it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from resnet_explorer.journey.values import Stop
from resnet_explorer.network.kinds import Shape
from resnet_explorer.network.kinds.convolutions import ITEMS
from resnet_explorer.picture.marks import (
    Anchor,
    Area,
    Arrow,
    Box,
    Dash,
    Group,
    Ink,
    Label,
    Mark,
    Picture,
    Point,
    Style,
    room,
)
from resnet_explorer.readings.text import compact, mib, pixels

NAME, SUB = 17, 12
TOP, TRACK, MARGIN = 62.0, 76.0, 24.0
"""In px: the words above the box, the way under it, the edges."""
BETWEEN, AT = 0.46, 0.42
"""From stop to stop, and where the tensor is, as shares of the width."""
SLANT = (0.30, 0.18)
"""How far to the right and upwards a pixel of the tensor's width goes."""
THIN = 3.0
"""No box is drawn thinner than this."""
THROUGH = (0.36, 0.64)
"""The part of the way from stop to stop in which the box passes through what changes it."""
GATE, ROOM = 12.0, 34.0
"""The width of what changes the tensor, and the room above and under the tallest box."""
CLEAR, FAINT = (0.55, 0.75, 0.95), (0.14, 0.18, 0.25)
"""The opacity of side, top and front: of the tensor, and of where it was."""
BYTES = 4


@dataclass(frozen=True, slots=True)
class Scale:
    """How many px of the picture a channel is wide, and a pixel of the image high."""

    channel: float
    pixel: float

    def box(self, size: tuple[float, float, float]) -> tuple[float, float, float]:
        """Return the width and height in px of a box's front, and how far it goes back."""
        channels, high, wide = size
        return max(THIN, channels * self.channel), max(THIN, high * self.pixel), wide * self.pixel

    @property
    def text(self) -> str:
        """Return how large the box is drawn, for people."""
        channels, pixels = 10 / self.channel, 10 / self.pixel
        return f"to scale, {channels:.3g} channels and {pixels:.3g} positions for 10 px, and none under {THIN:g} px"


def scale_for(way: Sequence[Stop], wide: float, high: float) -> Scale:
    """Return the scale at which every tensor of a way fits into a picture."""
    tallest = max(size[1] + SLANT[1] * size[2] for size in (stop.size for stop in way))
    pixel = (high - TOP - TRACK - 2.5 * ROOM) / tallest
    length = BETWEEN * wide * 0.86 - GATE
    back = max(SLANT[0] * pixel * stop.size[2] for stop in way)
    pixel *= min(1.0, 0.6 * length / back)
    channel = min((length - SLANT[0] * pixel * stop.size[2]) / stop.size[0] for stop in way)
    return Scale(channel, pixel)


def journey_picture(way: Sequence[Stop], place: float, size: tuple[float, float], title: str = "") -> Picture:
    """Return the picture of a moment: ``place`` 2.5 is half way from the third stop to the fourth."""
    wide, high = size
    place = min(max(place, 0.0), len(way) - 1.0)
    moment, at = _Moment(way, place, size), way[round(place)]
    scale = Label(wide - MARGIN, high - 56, moment.scale.text, SUB - 1, Ink.MUTED, Anchor.END)
    marks = (*words(at, wide), *moment.marks(), scale, *track(way, wide, high), pointer(way, place, wide, high))
    text = f"{at.name}: {at.does}, {compact(at.shape)}. The boxes are drawn {moment.scale.text}."
    return Picture(wide, high, marks, title or "A tensor's way", text)


class _Moment:
    """What is seen between the words and the track at one moment."""

    def __init__(self, way: Sequence[Stop], place: float, size: tuple[float, float]) -> None:
        self._way, self._place, (self._wide, high) = way, place, size
        self.scale = scale_for(way, *size)
        self._middle = middle(high)

    def marks(self) -> Iterator[Mark]:
        near = range(max(0, int(self._place) - 1), min(len(self._way), int(self._place) + 3))
        for number in near:
            if abs(number - self._place) > 0.02:
                yield from self._ghost(number)
        yield from self._traveller()
        for number in near:
            if number:
                x = self._x(number - 0.5)
                if GATE <= x <= self._wide - GATE:
                    yield from gate(self._way, number, self.scale, x, self._middle, self._wide)

    def _x(self, number: float) -> float:
        return self._wide * (AT + BETWEEN * (number - self._place))

    def _ghost(self, number: int) -> Iterator[Mark]:
        stop, x = self._way[number], self._x(number)
        faces = slab(self.scale, stop.size, x, self._middle)
        if any(not 0 <= px <= self._wide for face in faces for px, _ in face):
            return
        if number < self._place:
            yield from (Area(face, stop.ink, opacity=opacity) for face, opacity in zip(faces, FAINT, strict=True))
        else:
            yield from (Arrow((*face, face[0]), Ink.MUTED, 1.0, Dash.DOTTED, head=False) for face in faces)

    def _traveller(self) -> Iterator[Mark]:
        size, ink = size_at(self._way, self._place)
        x, at = AT * self._wide, self._way[round(self._place)]
        if at.waiting is not None:
            yield from waiting(at.waiting, x, self._wide)
        faces = slab(self.scale, size, x, self._middle)
        yield from (Area(face, ink, Ink.TEXT, 1.0, opacity) for face, opacity in zip(faces, CLEAR, strict=True))
        yield size_label(at, faces, x)


def size_label(stop: Stop, faces: tuple[tuple[Point, ...], ...], x: float) -> Label:
    """Return the size of a tensor, written over its box."""
    channels, high, across = stop.size
    top = min(y for face in faces for _, y in face)
    return Label(x, top - 20, f"{channels:,} channels × {high:,} × {across:,}", SUB, Ink.TEXT, Anchor.MIDDLE)


def middle(high: float) -> float:
    """Return the height at which the tensor goes through a picture of that height."""
    return (TOP + ROOM + high - TRACK) / 2


def words(at: Stop, wide: float) -> Iterator[Mark]:
    """Yield what is said of the tensor at a stop."""
    yield Label(MARGIN, 26, at.name, NAME, Ink.TEXT, style=Style.SEMIBOLD, is_name=True)
    if at.unit != at.name:
        yield Label(MARGIN + room(at.name, NAME, Style.SEMIBOLD) + 10, 26, at.unit, SUB, Ink.MUTED)
    yield Label(MARGIN, 46, at.does, SUB, Ink.TEXT)
    figures = f"{compact(at.shape)} = {at.values:,} values, {mib(BYTES * at.values)}"
    yield Label(wide - MARGIN, 26, figures, SUB + 1, Ink.TEXT, Anchor.END, Style.SEMIBOLD)
    dims = {3: 1, 5: 3}.get(len(at.shape), 2)
    item = ITEMS[dims]
    seen = f"the whole {item}" if at.receptive_field is None else f"{pixels(at.receptive_field, dims)} of the {item}"
    if at.path:
        yield Label(wide - MARGIN, 46, f"each position depends on {seen}", SUB, Ink.MUTED, Anchor.END)


def size_at(way: Sequence[Stop], place: float) -> tuple[tuple[float, float, float], Ink]:
    """Return the size and the colour of the tensor, which change while it passes through a gate."""
    before, after = way[int(place)], way[min(len(way) - 1, int(place) + 1)]
    part = (place - int(place) - THROUGH[0]) / (THROUGH[1] - THROUGH[0])
    part = min(1.0, max(0.0, part))
    part = part * part * (3 - 2 * part)
    channels, high, across = (old + (new - old) * part for old, new in zip(before.size, after.size, strict=True))
    return (channels, high, across), (after if part > 0.5 else before).ink


def slab(scale: Scale, size: tuple[float, float, float], x: float, y: float) -> tuple[tuple[Point, ...], ...]:
    """Return the side, the top and the front of a box that is centred on a point."""
    wide, high, back = scale.box(size)
    dx, dy = SLANT[0] * back, SLANT[1] * back
    left, right = x - (wide + dx) / 2, x + (wide - dx) / 2
    low, top = y + (high + dy) / 2, y + (dy - high) / 2
    front = ((left, low), (right, low), (right, top), (left, top))
    lid = ((left, top), (right, top), (right + dx, top - dy), (left + dx, top - dy))
    side = ((right, low), (right + dx, low - dy), (right + dx, top - dy), (right, top))
    return side, lid, front


def waiting(shape: Shape, x: float, wide: float) -> Iterator[Mark]:
    """Yield the way of the copy of the block's input, over the box to the addition, with the shape of what waits."""
    y, text = TOP + 10, f"x, {compact(shape)}, waits for the addition"
    half = room(text, SUB) / 2 + 8
    for start, end in ((MARGIN, x - half), (x + half, wide - MARGIN)):
        yield Arrow(((start, y), (end, y)), Ink.SHORTCUT, 2.0, Dash.DASHED, head=end > x)
    yield Label(x, y + 4, text, SUB, Ink.TEXT, Anchor.MIDDLE)


def gate(way: Sequence[Stop], number: int, scale: Scale, x: float, y: float, wide: float) -> Iterator[Mark]:
    """Yield what changes the tensor on its way to a stop: a bar in the colour of its part of the network, and its name.

    The name is left out where the picture has no room for it.
    """
    stop, before = way[number], way[number - 1]
    tallest = max(scale.box(part.size)[1] + SLANT[1] * scale.box(part.size)[2] for part in (before, stop)) + 28
    bar = Box(0, 0, GATE, tallest, stop.ink, Ink.TEXT, 0.8, 4)
    yield Group(stop.path, "gate", f"{stop.name}: {stop.does}", x - GATE / 2, y - tallest / 2, GATE, tallest, (bar,))
    half = room(stop.name, SUB) / 2
    if half < x < wide - half:
        yield Label(x, y + tallest / 2 + 16, stop.name, SUB, Ink.MUTED, Anchor.MIDDLE)


def track(way: Sequence[Stop], wide: float, high: float) -> Iterator[Mark]:
    """Yield the whole way as a row of stops in the colours of the network's parts."""
    step, top, free, done = _step(way, wide), high - 36, MARGIN, 0
    gap = min(2.0, step / 4)
    for unit, same in groupby(way, key=lambda stop: stop.unit):
        x = MARGIN + step * done
        for stop in same:
            yield Box(MARGIN + step * done + gap / 2, top, step - gap, 9, stop.ink, None, 0, gap)
            done += 1
        if x >= free:
            yield Label(x, top + 24, unit, SUB - 1, Ink.MUTED)
            free = x + room(unit, SUB - 1) + 8


def pointer(way: Sequence[Stop], place: float, wide: float, high: float) -> Area:
    """Return the mark over the track where the tensor is."""
    x, top = MARGIN + _step(way, wide) * (place + 0.5), high - 36
    return Area(((x - 6, top - 10), (x + 6, top - 10), (x, top - 1)), Ink.TEXT)


def _step(way: Sequence[Stop], wide: float) -> float:
    return (wide - 2 * MARGIN) / len(way)
