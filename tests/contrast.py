"""Which ink stands on which ground in a picture, and how well it can be read there."""

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from resnet_explorer.picture.contrast import contrast, mixed
from resnet_explorer.picture.marks import Anchor, Area, Box, Group, Ink, Label, Mark, Picture, Point, width
from resnet_explorer.picture.theme import Theme

IN_WINDOW, ON_STAGE = 4.5, 7.0
PAGE = ((Ink.PAGE, 1.0),)
"""The ground where there is no filling."""


class Pair(NamedTuple):
    """A text's ink and the fillings under it with their opacity, from the opaque one upwards."""

    ink: Ink
    ground: tuple[tuple[Ink, float], ...] = PAGE

    def contrast(self, theme: Theme) -> float:
        """Return the contrast in a theme, from 1 to 21."""
        colours = theme.colours
        colour = colours[self.ground[0][0]]
        for ink, opacity in self.ground[1:]:
            colour = mixed(colour, colours[ink], opacity)
        return contrast(colours[self.ink], colour)

    def __str__(self) -> str:
        return f"{self.ink} on {' under '.join(ink for ink, _ in self.ground)}"


class _Fill(NamedTuple):
    corners: tuple[Point, ...]
    ink: Ink
    opacity: float
    least: Point
    most: Point

    def covers(self, x: float, y: float) -> bool:
        if not (self.least[0] <= x <= self.most[0] and self.least[1] <= y <= self.most[1]):
            return False
        crossings = (
            (ax + (y - ay) / (by - ay) * (bx - ax) > x) if (ay > y) != (by > y) else False
            for (ax, ay), (bx, by) in pairwise((*self.corners, self.corners[0]))
        )
        return sum(crossings) % 2 == 1


def _fill(corners: tuple[Point, ...], ink: Ink, opacity: float) -> _Fill:
    xs, ys = zip(*corners, strict=True)
    return _Fill(corners, ink, opacity, (min(xs), min(ys)), (max(xs), max(ys)))


def pairs(picture: Picture) -> set[Pair]:
    """Return the inks of all labels, each with what is filled under its middle."""
    return set(_pairs(picture.marks, 0.0, 0.0, []))


def _pairs(marks: tuple[Mark, ...], x: float, y: float, fills: list[_Fill]) -> Iterator[Pair]:
    for mark in marks:
        match mark:
            case Group():
                yield from _pairs(mark.marks, x + mark.x, y + mark.y, fills)
            case Box(fill=Ink() as ink):
                left, top = x + mark.x, y + mark.y
                right, bottom = left + mark.width, top + mark.height
                fills.append(_fill(((left, top), (right, top), (right, bottom), (left, bottom)), ink, 1.0))
            case Area():
                fills.append(_fill(tuple((x + px, y + py) for px, py in mark.points), mark.fill, mark.opacity))
            case Label() if mark.text.strip():
                yield Pair(mark.ink, _ground(*_middle(mark, x, y), fills))


def _middle(label: Label, x: float, y: float) -> Point:
    wide = width(label.text, label.size, label.style)
    along = {Anchor.START: wide / 2, Anchor.MIDDLE: 0.0, Anchor.END: -wide / 2}[label.anchor]
    if label.turned:
        return x + label.x - 0.35 * label.size, y + label.y - along
    return x + label.x + along, y + label.y - 0.35 * label.size


def _ground(x: float, y: float, fills: list[_Fill]) -> tuple[tuple[Ink, float], ...]:
    ground: list[tuple[Ink, float]] = []
    for fill in reversed(fills):
        if fill.covers(x, y):
            ground.append((fill.ink, fill.opacity))
            if fill.opacity >= 1.0:
                return tuple(reversed(ground))
    return (*PAGE, *reversed(ground))


def faint(found: set[Pair], theme: Theme, least: float) -> list[str]:
    """Return the pairs of less than a contrast in a theme."""
    return sorted(f"{pair}: {value:.2f}" for pair in found if (value := pair.contrast(theme)) < least)
