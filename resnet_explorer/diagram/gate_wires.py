"""The lines inside a gate whose layers are no single row: what reads x anew, and what skips over its neighbours."""

from collections.abc import Sequence

from resnet_explorer.network import Part
from resnet_explorer.network.tree import Chain, follow
from resnet_explorer.picture.marks import Arrow, Ink, Point

Wire = tuple[int, int]
"""The places, in the order in which they run, of a layer and of one that reads it; -1 is the gate's own input."""
UNDER, OVER, CORNER = 46.0, 22.0, 5.0
"""How far below and above the row of boxes a line runs, and how far from its corner it enters a box."""


def wires(chain: Chain) -> tuple[Wire, ...]:
    """Return what each layer of a gate reads."""
    found: list[Wire] = []
    count = 0

    def step(part: Part, sources: tuple[int, ...]) -> int:
        nonlocal count
        found.extend((source, count) for source in sources)
        count += 1
        return count - 1

    follow(chain, -1, step)
    return tuple(found)


def is_row(found: Sequence[Wire]) -> bool:
    """Return whether each layer reads the one before it and nothing else."""
    return all(source == place - 1 for source, place in found)


def lines(found: Sequence[Wire], boxes: Sequence[Point], y: float, high: float) -> list[Arrow]:
    """Return the lines that no two neighbours share; ``boxes`` are left and right of each, in a row at ``y``."""
    linked = {place for source, place in found if source == place - 1}
    made: list[Arrow] = []
    for source, place in found:
        left, right = boxes[place]
        if source == place - 1:
            continue
        if source >= 0:
            start, over = sum(boxes[source]) / 2, y - OVER
            end = (left + right) / 2
            points: tuple[Point, ...] = ((start, y - high / 2), (start, over), (end, over), (end, y - high / 2))
        elif place in linked:
            points = ((0, y + UNDER), (left + CORNER, y + UNDER), (left + CORNER, y + high / 2))
        else:
            gap = left - 2 * CORNER
            points = ((0, y + UNDER), (gap, y + UNDER), (gap, y), (left, y))
        made.append(Arrow(points, Ink.GATE, 1.6))
    return made
