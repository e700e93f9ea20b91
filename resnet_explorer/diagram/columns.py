"""Parallel paths in the picture for the back row: stacks side by side between two lines."""

from collections.abc import Callable
from dataclasses import dataclass

from resnet_explorer.network import Fork, Part
from resnet_explorer.network.kinds import Role
from resnet_explorer.network.tree import Chain
from resnet_explorer.picture.marks import Arrow, Group, Ink, Mark, Style, elbow, width

HIGH, STEP, LEAD, NAME = 30.0, 11.0, 14.0, 13
"""In px: the height of a layer, from one to the next, from a line to the stacks, and the size of names."""


@dataclass(slots=True)
class Columns:
    """Draws the paths of a fork from ``x`` on, under a line at ``y``.

    ``wide`` returns the width of a layer, ``draw`` its marks, and ``boxes`` which layers of a path share a box. Then
    ``right`` is where the line that joins the paths ends, and ``foot`` its height.
    """

    fork: Fork
    x: float
    y: float
    gap: float
    wide: Callable[[Part], float]
    draw: Callable[..., Group]
    boxes: Callable[[Chain], list[tuple[Part, ...]]]
    right: float = 0.0
    foot: float = 0.0

    def marks(self, least: float) -> list[Mark]:
        """Return the marks; the line that joins the paths is at ``least`` or lower."""
        made: list[Mark] = []
        stacks = [self.boxes(path) for path in self.fork.paths]
        room = max(16.0, self.gap * 0.8)
        x = self.x + room / 2
        middles: list[float] = []
        feet: list[float] = []
        for stack in stacks:
            wide = max(map(self._box, stack))
            middle = x + wide / 2
            made.append(Arrow(((middle, self.y), (middle, self.y + LEAD)), Ink.MUTED, 1.8))
            feet.append(self._stack(made, stack, x, wide, (middles[-1], feet[-1]) if feet else None, room))
            middles.append(middle)
            x += wide + room
        self.foot, self.right = max(max(feet) + LEAD, least), x + 8
        made.append(Arrow(((self.x, self.y), (middles[-1], self.y)), Ink.MUTED, 1.8, head=False))
        for middle, foot in zip(middles, feet, strict=True):
            made.append(Arrow(((middle, foot), (middle, self.foot)), Ink.MUTED, 1.8, head=False))
        made.append(Arrow(((middles[0], self.foot), (x, self.foot)), Ink.MUTED, 1.8, head=False))
        return made

    def _box(self, parts: tuple[Part, ...]) -> float:
        together = width(self._label(parts), NAME, Style.SEMIBOLD) + 10 if len(parts) > 1 else 0.0
        return max(together, *map(self.wide, parts))

    @staticmethod
    def _label(parts: tuple[Part, ...]) -> str:
        return ", ".join(part.layer.label for part in parts)

    def _stack(
        self,
        made: list[Mark],
        stack: list[tuple[Part, ...]],
        x: float,
        wide: float,
        before: tuple[float, float] | None,
        room: float,
    ) -> float:
        """Draw the layers of a path under each other, and return where they end."""
        y, middle = self.y + LEAD, x + wide / 2
        for index, parts in enumerate(stack):
            if index:
                made.append(Arrow(((middle, y - STEP + 1), (middle, y)), Ink.MUTED, 1.8))
            if before and parts[0].layer.role is Role.MERGE:
                side, start = x - room / 2, before[1] + LEAD / 2
                points = (before[0], start), (side, start), (side, y + HIGH / 2), (middle - HIGH / 2, y + HIGH / 2)
                made += elbow(Arrow(points, Ink.GATE, 1.8))
            made.append(self.draw(parts[0], x, y, wide, label=self._label(parts)))
            y += HIGH + STEP
        return y - STEP
