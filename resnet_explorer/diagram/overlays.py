"""Measured values as the colours of blocks: in the diagram, in its folds, and in the legend under it.

No value is told by its colour alone: it stands on the block too, and 0 on a logarithmic scale, what is infinite and
what is not a number have a sign and a broken outline.
"""

from dataclasses import dataclass
from math import ceil, isfinite, isinf, isnan, sqrt

from resnet_explorer.diagram.view import BlockValues
from resnet_explorer.network import Block, Network
from resnet_explorer.picture.chart.heatmap import ColourScale, colour_scale, level_bar, value_words
from resnet_explorer.picture.chart.markers import cross, overflow, underflow
from resnet_explorer.picture.chart.model import Axis, Scale, number
from resnet_explorer.picture.chart.text import line, shorten, sizes, wrap
from resnet_explorer.picture.marks import SCALE, Anchor, Area, Box, Dash, Group, Ink, Label, Mark, Point, Style, width

WASH = 0.3
"""Words stand on a pale plate of the page's colour, or of the text's: with it each of the 16 colours, in each theme, is
far enough from the words (WCAG 2.2, 1.4.3), which neither text nor page is from the colours in the middle."""
NARROWEST = 3.0
"""In px: how narrow a block in a fold may become; where there are more, several share a cell."""


def value_of(values: BlockValues, path: str) -> str | None:
    """Return the value of a block in words; None where it has none."""
    value = values.values.get(path)
    return None if value is None else value_words(_axis(values), value)


def _axis(values: BlockValues) -> Axis:
    return Axis(values.symbol, Scale.LOG if values.log else Scale.LINEAR)


@dataclass(frozen=True, slots=True)
class Tint:
    """How a block with a value is painted; an ``odd`` one has no place on the scale."""

    value: float
    fill: Ink
    text: Ink
    wash: Ink
    words: str
    odd: bool

    @property
    def dash(self) -> Dash:
        """Return how the outline is broken."""
        return Dash.DASHED if self.odd else Dash.SOLID

    def plate(self, wide: float, high: float) -> Area:
        """Return what the words on a block of that size stand on."""
        left, top, right, bottom = 4.0, 4.0, wide - 4.0, high - 4.0
        return Area(((left, top), (right, top), (right, bottom), (left, bottom)), self.wash, opacity=WASH)

    def sign(self, x: float, y: float, half: float) -> list[Mark]:
        """Return the sign of a value without a place on the scale, around a point; none for others."""
        if not self.odd:
            return []
        if isnan(self.value):
            return [cross(x, y, half, self.text)]
        if isinf(self.value) and self.value > 0:
            return [overflow(x, y - half, half, self.text)]
        return [underflow(x, y + half, half, self.text)]


def tint(ink: Ink) -> tuple[Ink, Ink]:
    """Return the inks of the words on a colour of the scale, and of the plate under them."""
    return (Ink.TEXT, Ink.PAGE) if SCALE.index(ink) < len(SCALE) // 2 else (Ink.PAGE, Ink.TEXT)


class Tints:
    """The colours of one network's blocks, on a scale from their least to their greatest value."""

    def __init__(self, values: BlockValues) -> None:
        self.values = values
        self.axis = _axis(values)
        self.colours: ColourScale = colour_scale(self.axis, values.values.values())

    def of(self, path: str) -> Tint | None:
        """Return how a block is painted; None where it has no value."""
        value = self.values.values.get(path)
        if value is None:
            return None
        ink = self.colours.ink(value)
        text, wash = tint(ink) if ink else (Ink.TEXT, Ink.PAGE)
        odd = not isfinite(value) or self.colours.is_under(value)
        return Tint(value, ink or Ink.PAGE, text, wash, value_words(self.axis, value), odd)

    def said(self, path: str) -> str:
        """Return what is added to a block's title: what was measured, and its value there."""
        words = value_of(self.values, path)
        return f". {self.values.title}, {self.values.symbol}: {words}" if words else ""

    def width(self) -> float:
        """Return how wide a block must be for its value, with room for a sign in its corner."""
        return max((width(value_words(self.axis, one), 10) for one in self.values.values.values()), default=0.0) + 16

    def cells(self, blocks: tuple[Block, ...], stage: str, at: Point, wide: float, high: float) -> list[Group]:
        """Return the blocks of a fold as cells beside each other; where they are too many, several share one."""
        each = max(1, ceil(len(blocks) * NARROWEST / wide))
        parts = [blocks[start : start + each] for start in range(0, len(blocks), each)]
        step = wide / len(parts)
        return [
            self._cell(part, stage, (at[0] + index * step, at[1]), step, high)
            for index, part in enumerate(parts)
            if any(block.path in self.values.values for block in part)
        ]

    def _cell(self, blocks: tuple[Block, ...], stage: str, at: Point, wide: float, high: float) -> Group:
        known = [(block, found) for block in blocks if (found := self.of(block.path))]
        block, shown = next((pair for pair in known if pair[1].odd), known[len(known) // 2])
        gap = 1.5 if wide >= 7 else -0.5  # narrow ones reach into the next, so that no seam shows
        half = min(4.0, 0.3 * wide)
        box = Box(0, 0, wide - gap, high, shown.fill, Ink.TEXT if shown.odd else None, 1.0, 0, shown.dash)
        marks = (box, *shown.sign((wide - gap) / 2, high / 2, half))
        more = f", and {len(blocks) - 1} more" if len(blocks) > 1 else ""
        title = f"block {block.number}{more}{self.said(block.path)}"
        return Group(block.path.removeprefix(stage), "block", title, *at, wide - gap, high, marks)

    def signs(self) -> str:
        """Return what the signs mean that are on the blocks."""
        values = self.values.values.values()
        found = (
            ("▽ 0 or less, which a logarithm does not have", any(self.colours.is_under(one) for one in values)),
            ("× not a number", any(map(isnan, values))),
            ("△ infinite", any(one == float("inf") for one in values)),
        )
        return " · ".join(words for words, present in found if present)

    def legend(self, network: Network, x: float, y: float, wide: float) -> Group:
        """Return what the colours mean, in a width: what was measured, the scale from least to greatest, the signs."""
        size = sizes(1.0)
        lines = wrap(self.values.words, wide, 12, 2, Style.SEMIBOLD)
        marks: list[Mark] = [
            Label(0, 14 + n * line(12), words, 12, style=Style.SEMIBOLD) for n, words in enumerate(lines)
        ]
        top = 22 + (len(lines) - 1) * line(12)
        bar = level_bar(self.colours, self._marked_axis(), wide, size)
        marks.append(Group("", "scale", bar.title, 0, top, bar.width, bar.height, bar.marks, ":colours"))
        blocks = [block.path for stage in network.stages for block in stage.blocks]
        lacking = "no colour: not measured" if any(path not in self.values.values for path in blocks) else ""
        beside = " · ".join(words for words in (self.signs(), lacking) if words)
        start = bar.width + 40
        room = width(beside, 10) <= wide - start
        high = top + bar.height + (0 if room or not beside else line(10))
        if beside:
            place = (start, top + 10) if room else (0.0, high - 4)
            marks.append(Label(*place, shorten(beside, wide - place[0], 10), 10, Ink.MUTED, Anchor.START))
        return Group("", "measured", self.values.words, x, y, wide, high, (Box(0, 0, wide, high), *marks), ":measured")

    def _marked_axis(self) -> Axis:
        """Return the axis of the legend: named least, middle and greatest."""
        low, high = self.colours.low, self.colours.high
        middle = sqrt(low) * sqrt(high) if self.values.log else (low + high) / 2
        ticks = tuple((value, number(value)) for value in (low, middle, high))
        scale = ", logarithmic" if self.values.log else ""
        return Axis(f"{self.values.symbol}{scale}", self.axis.scale, ticks=ticks)
