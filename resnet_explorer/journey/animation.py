"""The whole way as one animated SVG, and as frames.

The animation is SMIL, which browsers play without a script; a program that does not play it shows the first stop.
"""

from collections.abc import Iterator, Sequence
from html import escape

from resnet_explorer.journey.picture import (
    AT,
    BETWEEN,
    CLEAR,
    THROUGH,
    gate,
    journey_picture,
    middle,
    pointer,
    scale_for,
    size_label,
    slab,
    track,
    waiting,
    words,
)
from resnet_explorer.journey.values import Stop
from resnet_explorer.picture.marks import Area, Ink, Mark, Picture
from resnet_explorer.picture.svg import elements
from resnet_explorer.picture.theme import Theme

SIZE = (960.0, 480.0)
REST, TRAVEL = 0.8, 1.2
"""Seconds at a stop, and from one to the next."""
FRAMES = 24
"""Frames from stop to stop."""


def seconds(way: Sequence[Stop]) -> float:
    """Return how long the animation takes."""
    return len(way) * REST + (len(way) - 1) * TRAVEL


def frames(way: Sequence[Stop], between: int = FRAMES, size: tuple[float, float] = SIZE) -> Iterator[Picture]:
    """Yield the pictures from the image to the last stop, so many from one stop to the next."""
    for number in range((len(way) - 1) * between + 1):
        yield journey_picture(way, number / between, size)


def animated(way: Sequence[Stop], theme: Theme, title: str, size: tuple[float, float] = SIZE) -> str:
    """Return the text of an SVG file in which the tensor goes its way, again and again."""
    return "\n".join([*_Animation(way, theme, size).lines(title), "</svg>", ""])


class _Animation:
    def __init__(self, way: Sequence[Stop], theme: Theme, size: tuple[float, float]) -> None:
        self._way, self._theme, (self._wide, self._high) = way, theme, size
        self._scale, self._middle = scale_for(way, *size), middle(size[1])
        self._whole = seconds(way)
        starts = [number * (REST + TRAVEL) for number in range(len(way))]
        self._times = [(start / self._whole, (start + REST) / self._whole) for start in starts]
        """When the tensor comes to each stop and when it leaves it, as shares of the whole."""

    def lines(self, title: str) -> Iterator[str]:
        wide, high = f"{self._wide:g}", f"{self._high:g}"
        yield f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide}" height="{high}" viewBox="0 0 {wide} {high}"'
        yield ' font-family="Inter, Helvetica, Arial, sans-serif" role="img">'
        yield f"<title>{escape(title)}</title><desc>The boxes are drawn {escape(self._scale.text)}.</desc>"
        yield f'<rect width="100%" height="100%" fill="{self._theme.colours[Ink.PAGE]}"/>'
        yield from self._tensor()
        yield from self._gates()
        for number in range(len(self._way)):
            yield from self._at(number)
        yield from self._drawn(*track(self._way, self._wide, self._high))
        start = pointer(self._way, 0, self._wide, self._high)
        end = pointer(self._way, len(self._way) - 1, self._wide, self._high)
        yield from self._moving([start], end.points[0][0] - start.points[0][0])

    def _drawn(self, *marks: Mark) -> list[str]:
        return elements(marks, self._theme)

    def _moving(self, marks: Sequence[Mark], by: float) -> Iterator[str]:
        """Yield marks that move sideways with the tensor, by so many px from the first stop to the last."""
        last = len(self._way) - 1 or 1
        values = [f"{by * number / last:.1f} 0" for number in range(len(self._way)) for _ in range(2)]
        yield "<g>"
        yield from self._drawn(*marks)
        yield (
            f'<animateTransform attributeName="transform" type="translate" {self._clock(values)}'
            f' keyTimes="{self._keys()}"/></g>'
        )

    def _clock(self, values: Sequence[str]) -> str:
        return f'dur="{self._whole:g}s" repeatCount="indefinite" values="{";".join(values)}"'

    def _keys(self) -> str:
        times = [f"{time:.5f}" for pair in self._times for time in pair]
        return ";".join([*times[:-1], "1"])

    def _gates(self) -> Iterator[str]:
        """Yield all gates in a row, which passes by as the tensor stays in its place."""
        marks: list[Mark] = []
        for number in range(1, len(self._way)):
            x = self._wide * (AT + BETWEEN * (number - 0.5))
            marks += gate(self._way, number, self._scale, x, self._middle, 1e9)
        yield from self._moving(marks, -self._wide * BETWEEN * (len(self._way) - 1))

    def _tensor(self) -> Iterator[str]:
        """Yield the faces of the tensor, which change while it passes through a gate."""
        x, first = AT * self._wide, self._way[0]
        sides = [slab(self._scale, stop.size, x, self._middle) for stop in self._way]
        keys = ";".join(f"{key:.5f}" for key in self._passing())
        colours = ";".join(self._theme.colours[stop.ink] for stop in self._way for _ in range(2))
        for number, opacity in enumerate(CLEAR):
            (line,) = self._drawn(Area(sides[0][number], first.ink, Ink.TEXT, 1.0, opacity))
            values = [_path(faces[number]) for faces in sides for _ in range(2)]
            yield line.removesuffix("/>") + ">"
            yield f'<animate attributeName="d" {self._clock(values)} keyTimes="{keys}"/>'
            yield (
                f'<animate attributeName="fill" dur="{self._whole:g}s" repeatCount="indefinite" values="{colours}"'
                f' keyTimes="{keys}"/></path>'
            )

    def _passing(self) -> Iterator[float]:
        """Yield for each stop when its shape is reached and when it begins to change."""
        for number, (comes, leaves) in enumerate(self._times):
            is_last = number == len(self._way) - 1
            yield comes - (1 - THROUGH[1]) * TRAVEL / self._whole if number else 0.0
            yield 1.0 if is_last else leaves + THROUGH[0] * TRAVEL / self._whole

    def _at(self, number: int) -> Iterator[str]:
        """Yield the words of a stop, which are seen from half way to it until half way from it."""
        stop, (comes, leaves) = self._way[number], self._times[number]
        half = TRAVEL / 2 / self._whole
        start, end = max(0.0, comes - half), min(1.0, leaves + half)
        values, keys = ["0", "1", "0"], [0.0, start, end]
        if start <= 0:
            values, keys = values[1:], [0.0, end]
        if end >= 1:
            values, keys = values[:-1], keys[:-1]
        marks: list[Mark] = [*words(stop, self._wide)]
        if stop.waiting is not None:
            marks += waiting(stop.waiting, AT * self._wide, self._wide)
        x = AT * self._wide
        marks.append(size_label(stop, slab(self._scale, stop.size, x, self._middle), x))
        yield f'<g opacity="{0 if number else 1}">'
        yield from self._drawn(*marks)
        times = ";".join(f"{key:.5f}" for key in keys)
        yield f'<animate attributeName="opacity" calcMode="discrete" {self._clock(values)} keyTimes="{times}"/></g>'


def _path(points: Sequence[tuple[float, float]]) -> str:
    return f"M{'L'.join(f'{x:.1f} {y:.1f}' for x, y in points)}Z"
