"""Parallel paths as lanes: one above the other, parted from one line and joined into it again."""

from collections.abc import Callable
from dataclasses import field, replace

from resnet_explorer.dataclass import dataclass
from resnet_explorer.network import Fork, Part, flat
from resnet_explorer.network.kinds import Role
from resnet_explorer.network.tree import Chain
from resnet_explorer.picture.marks import Arrow, Mark, Point, elbow

_TITLES = {
    "scales": "slices in a chain",
    "scales_apart": "slices side by side",
    "selective": "selective kernels",
    "split_attention": "split attention",
    "shake": "two branches, mixed at random in training",
}


def fork_title(fork: Fork) -> str:
    """Return the words over the lanes of a fork."""
    from resnet_explorer.readings.explain.forks import key_of  # 3 ms that networks without forks do not need

    return _TITLES[key_of(fork)]


@dataclass(frozen=True, slots=True)
class Measures:
    """In px: from lane to lane, between two layers, half a layer's height, and how far a gate runs above the line.

    ``width`` returns that of a layer; ``below`` is the room for words under it. Lanes that go ``down`` begin at the
    line, others end at it.
    """

    step: float
    gap: float
    half: float
    rise: float
    width: Callable[[Part], float]
    below: float = 0.0
    down: bool = False

    def length(self, chain: Chain) -> float:
        """Return the length of layers with the lines between them."""
        parts = flat(chain)
        return sum(map(self.width, parts)) + self.gap * max(0, len(parts) - 1)

    def height(self, fork: Fork) -> float:
        """Return how far lanes and gate run from the line."""
        return max((len(fork.paths) - 1) * self.step, self.rise if fork.gate else 0.0)

    def span(self, fork: Fork) -> float:
        """Return how long the lanes of a fork are, with the layer that joins them."""
        reach = 3.0 * self.gap + max(map(self.length, fork.paths)) + self.width(fork.join)
        return reach + (self.length(fork.gate) + 1.5 * self.gap if fork.gate else 0.0)


@dataclass(slots=True)
class Lanes:
    """Draws a fork from a point of a line; ``draw`` gives the marks of a layer at its left end and middle height."""

    fork: Fork
    at: Point
    measures: Measures
    line: Arrow
    draw: Callable[[Part, float, float], Mark]
    marks: list[Mark] = field(default_factory=list)

    def run(self) -> tuple[tuple[Mark, ...], float]:
        """Return the marks, and where the line goes on behind the layer that joins the paths."""
        (x, y), measures = self.at, self.measures
        ends: list[Point] = []
        first = x + 1.5 * measures.gap
        bus = first + max(map(measures.length, self.fork.paths)) + 0.75 * measures.gap
        for index, path in enumerate(self.fork.paths):
            level = y + self._offset(index)
            self.marks += elbow(self._line((x, y), (x, level), (first, level)))
            ends.append((self._path(path, first, level, ends), level))
            end = (bus, level), (bus, y)
            self.marks.append(self._line(ends[-1], *end, head=False))
        join = bus + 0.75 * measures.gap
        wide = measures.width(self.fork.join)
        if self.fork.gate:
            join = self._gate(bus, wide)
        self.marks.append(self._line((bus, y), (join, y)))
        self.marks.append(self.draw(self.fork.join, join, y))
        return tuple(self.marks), join + wide

    def _offset(self, index: int) -> float:
        below = index if self.measures.down else index + 1 - len(self.fork.paths)
        return below * self.measures.step

    def _line(self, *points: Point, head: bool = True) -> Arrow:
        return replace(self.line, points=tuple(dict.fromkeys(points)), head=head)

    def _path(self, path: Chain, x: float, y: float, ends: list[Point]) -> float:
        """Draw the layers of a path and return where the last one ends."""
        for index, part in enumerate(flat(path)):
            if index:
                self.marks.append(self._line((x, y), (x + self.measures.gap, y)))
                x += self.measures.gap
            wide = self.measures.width(part)
            if part.layer.role is Role.MERGE:
                self._carry(ends[-1], (x + wide / 2, y))
            self.marks.append(self.draw(part, x, y))
            x += wide
        return x

    def _carry(self, end: Point, plus: Point) -> None:
        """Draw the line from the end of the path before to the sum that takes it."""
        x, lane = end[0] + 0.35 * self.measures.gap, plus[1] - self.measures.half - 8
        top = plus[1] - self.measures.half
        self.marks += elbow(self._line((x, end[1]), (x, lane), (plus[0], lane), (plus[0], top)))

    def _gate(self, bus: float, wide: float) -> float:
        """Draw what leads to the weights, and return where the layer that takes them begins."""
        measures, y = self.measures, self.at[1]
        level, x = y - measures.rise, bus + measures.gap
        self.marks += elbow(self._line((bus, y), (bus, level), (x, level)))
        for index, part in enumerate(flat(self.fork.gate)):
            if index:
                self.marks.append(self._line((x, level), (x + measures.gap, level)))
                x += measures.gap
            self.marks.append(self.draw(part, x, level))
            x += measures.width(part)
        middle = max(x + measures.gap, bus + measures.gap + wide / 2)
        self.marks += elbow(self._line((x, level), (middle, level), (middle, y - measures.half)))
        return middle - wide / 2
