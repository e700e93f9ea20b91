"""What a diagram shows over a network: blocks coloured by values, parts that are frozen, each with its legend.

Nothing is told by colour alone. A value stands on its block too, and 0 on a logarithmic scale, infinity and what is not
a number have a sign and a broken outline; a lock marks what never trains, a snowflake what opens at a later epoch.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from math import ceil, cos, isfinite, isnan, pi, sin, sqrt
from typing import ClassVar

from resnet_explorer.dataclass import dataclass
from resnet_explorer.network import Block, Network
from resnet_explorer.picture.chart.heatmap import ColourScale, colour_scale, level_bar, value_text
from resnet_explorer.picture.chart.markers import Frame, odd_sign
from resnet_explorer.picture.chart.model import Axis, Scale, number
from resnet_explorer.picture.chart.text import line, shorten, sizes, wrap
from resnet_explorer.picture.contrast import WASH, text_inks
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
    Point,
    Style,
    address,
    width,
)


class Overlay(ABC):
    """Colours, hatching or signs over the parts of a diagram; ``legend_height`` is what its legend takes in px."""

    legend_height: ClassVar[float]

    @property
    @abstractmethod
    def caption(self) -> str:
        """Return what is shown, as a sentence of the picture's description."""

    @abstractmethod
    def describe(self, path: str) -> str:
        """Return what is shown on a part; empty where nothing is."""

    @abstractmethod
    def legend(self, network: Network, x: float, y: float, wide: float) -> Group:
        """Return the legend at a place, in a width."""

    @property
    def tints(self) -> "BlockValues | None":
        """Return the values that colour blocks; None for an overlay that has none."""
        return None

    def draw_over(self, mark: Mark) -> Mark:
        """Return a mark of the picture with what lies over it."""
        return mark


def _heading(text: str, wide: float) -> tuple[list[Mark], float]:
    """Return the first lines of a legend, at most two, and where the next part begins."""
    lines = wrap(text, wide, 12, 2, Style.SEMIBOLD)
    labels: list[Mark] = [Label(0, 14 + n * line(12), part, 12, style=Style.SEMIBOLD) for n, part in enumerate(lines)]
    return labels, (len(lines) - 1) * line(12)


NARROWEST = 3.0
"""In px: how narrow a block in a fold may become; where there are more, several share a cell."""


@dataclass(frozen=True, slots=True)
class Tint:
    """How a block with a value is painted; an ``odd`` one has no place on the scale."""

    value: float
    fill: Ink
    text: Ink
    wash: Ink
    value_text: str
    odd: bool

    @property
    def dash(self) -> Dash:
        """Return how the outline is broken."""
        return Dash.DASHED if self.odd else Dash.SOLID

    def plate(self, wide: float, high: float) -> Area:
        """Return what the words on a block of that size stand on."""
        return Area(Frame(4.0, 4.0, wide - 4.0, high - 4.0).corners, self.wash, opacity=WASH)

    def sign(self, x: float, y: float, half: float) -> list[Mark]:
        """Return the sign of a value without a place on the scale, around a point; none for others."""
        return [odd_sign(self.value, x, y, half, self.text)] if self.odd else []


@dataclass(frozen=True, eq=False)
class BlockValues(Overlay):
    """A value for each block that has one, by the block's path; blocks are coloured from the least to the greatest.

    ``title`` and ``symbol`` say what was measured (``Gradient at the block's input``, ``‖∂L/∂x‖₂``), ``source`` under
    which conditions (``median of 3 seeds, digits 8×8, CPU``); ``log`` asks for a logarithmic scale.
    """

    title: str
    symbol: str
    values: Mapping[str, float]
    log: bool = True
    source: str = ""
    legend_height = 72.0

    @property
    def text(self) -> str:
        """Return what was measured, and how, in one line."""
        return f"{self.title} · {self.source}" if self.source else self.title

    @property
    def caption(self) -> str:
        return f"Coloured by: {self.text}"

    @property
    def tints(self) -> "BlockValues":
        return self

    @cached_property
    def axis(self) -> Axis:
        """Return the axis of the values."""
        return Axis(self.symbol, Scale.LOG if self.log else Scale.LINEAR)

    @cached_property
    def colours(self) -> ColourScale:
        """Return the scale of colours from the least to the greatest value."""
        return colour_scale(self.axis, self.values.values())

    def value_text(self, path: str) -> str:
        """Return the value of a block as text; empty where it has none."""
        return value_text(self.axis, self.values[path]) if path in self.values else ""

    def describe(self, path: str) -> str:
        text = self.value_text(path)
        return text and f"{self.title}: {text}"

    def tint(self, path: str) -> Tint | None:
        """Return how a block is painted; None where it has no value."""
        if path not in self.values:
            return None
        value = self.values[path]
        ink = self.colours.ink(value)
        text, wash = text_inks(ink) if ink else (Ink.TEXT, Ink.PAGE)
        odd = not isfinite(value) or self.colours.is_under(value)
        return Tint(value, ink or Ink.PAGE, text, wash, self.value_text(path), odd)

    def title_end(self, path: str) -> str:
        """Return what is added to a block's title: what was measured, and its value there."""
        text = self.value_text(path)
        return text and f". {self.title}, {self.symbol}: {text}"

    def width(self) -> float:
        """Return how wide a block must be for its value, with room for a sign in its corner."""
        return max((width(self.value_text(path), 10) for path in self.values), default=0.0) + 16

    def cells(self, blocks: tuple[Block, ...], stage: str, at: Point, wide: float, high: float) -> list[Group]:
        """Return the blocks of a fold as cells beside each other; where they are too many, several share one."""
        each = max(1, ceil(len(blocks) * NARROWEST / wide))
        parts = [blocks[start : start + each] for start in range(0, len(blocks), each)]
        step = wide / len(parts)
        return [
            self._cell(part, stage, (at[0] + index * step, at[1]), step, high)
            for index, part in enumerate(parts)
            if any(block.path in self.values for block in part)
        ]

    def _cell(self, blocks: tuple[Block, ...], stage: str, at: Point, wide: float, high: float) -> Group:
        tinted = [(block, tint) for block in blocks if (tint := self.tint(block.path))]
        block, shown = next((pair for pair in tinted if pair[1].odd), tinted[len(tinted) // 2])
        gap = 1.5 if wide >= 7 else -0.5  # narrow ones reach into the next, so that no seam shows
        half = min(4.0, 0.3 * wide)
        box = Box(0, 0, wide - gap, high, shown.fill, Ink.TEXT if shown.odd else None, 1.0, 0, shown.dash)
        marks = (box, *shown.sign((wide - gap) / 2, high / 2, half))
        more = f", and {len(blocks) - 1} more" if len(blocks) > 1 else ""
        title = f"block {block.number}{more}{self.title_end(block.path)}"
        return Group(block.path.removeprefix(stage), "block", title, *at, wide - gap, high, marks)

    def legend(self, network: Network, x: float, y: float, wide: float) -> Group:
        marks, below = _heading(self.text, wide)
        top = 22 + below
        bar = level_bar(self.colours, self._marked_axis(), wide, sizes(1.0))
        marks.append(Group("", "scale", bar.title, 0, top, bar.width, bar.height, bar.marks, ":colours"))
        blocks = [block.path for stage in network.stages for block in stage.blocks]
        values = self.values.values()
        notes = (
            ("▽ 0 or less, which a logarithm does not have", any(map(self.colours.is_under, values))),
            ("× not a number", any(map(isnan, values))),
            ("△ infinite", any(value == float("inf") for value in values)),
            ("no colour: not measured", any(path not in self.values for path in blocks)),
        )
        beside = " · ".join(text for text, present in notes if present)
        start = bar.width + 40
        room = width(beside, 10) <= wide - start
        high = top + bar.height + (0 if room or not beside else line(10))
        if beside:
            place = (start, top + 10) if room else (0.0, high - 4)
            marks.append(Label(*place, shorten(beside, wide - place[0], 10), 10, Ink.MUTED, Anchor.START))
        return Group("", "measured", self.text, x, y, wide, high, (Box(0, 0, wide, high), *marks), ":measured")

    def _marked_axis(self) -> Axis:
        low, high = self.colours.low, self.colours.high
        middle = sqrt(low) * sqrt(high) if self.log else (low + high) / 2
        ticks = tuple((value, number(value)) for value in (low, middle, high))
        scale = ", logarithmic" if self.log else ""
        return Axis(f"{self.symbol}{scale}", self.axis.scale, ticks=ticks)


@dataclass(frozen=True, slots=True)
class Cold:
    """How much of a part stands still: so many tensors of all; ``opens`` is the epoch at which the last one starts.

    It counts from 0; None where some never train.
    """

    tensors: int
    of: int
    opens: int | None

    @property
    def is_whole(self) -> bool:
        """Return whether nothing of it trains."""
        return self.tensors == self.of

    @property
    def text(self) -> str:
        """Return how much is frozen, and until when."""
        how = "frozen" if self.is_whole else f"partly frozen, {self.tensors:,} of {self.of:,} tensors"
        return f"{how}: never trains" if self.opens is None else f"{how} until epoch {self.opens + 1:,}"


GAP = 7.0
"""In px: from one line of the hatching to the next."""
INSET, FROZEN_WASH = 6.0, 0.82
"""How far the plate under a block's text is from its edges, and how much it covers of the hatching."""


@dataclass(frozen=True, eq=False)
class Frozen(Overlay):
    """What is frozen at an epoch, by the address of each part, and how much trains, in a sentence.

    Parts that train whole are left out.
    """

    parts: Mapping[str, Cold]
    text: str
    legend_height = 50.0

    @property
    def caption(self) -> str:
        return self.text

    def describe(self, path: str) -> str:
        return self.parts[path].text if path in self.parts else ""

    def draw_over(self, mark: Mark) -> Mark:
        return self._drawn(mark, "")

    def _drawn(self, mark: Mark, parent: str) -> Mark:
        if not isinstance(mark, Group) or mark.side:
            return mark
        path = address(parent, mark)
        inner = tuple(self._drawn(part, path) for part in mark.marks)
        if all(part is before for part, before in zip(inner, mark.marks, strict=True)):
            inner = mark.marks
        cold = self.parts.get(path) if mark.path or mark.kind == "fold" else None
        if cold is None:
            return mark if inner is mark.marks else replace(mark, marks=inner)
        title = f"{mark.title}. {cold.text[:1].upper()}{cold.text[1:]}"
        return replace(mark, title=title, marks=_frozen_marks(mark, inner, cold))

    def legend(self, network: Network, x: float, y: float, wide: float) -> Group:
        marks, below = _heading(self.text, wide)
        high, left = 20.0 + below, 0.0
        present = {cold.opens is None for cold in self.parts.values()}
        for text, cold in (
            ("frozen: never trains", Cold(1, 1, None)),
            ("frozen now, opens at a later epoch", Cold(1, 1, 1)),
        ):
            if (cold.opens is None) in present:
                marks += _sample(text, cold, left, high + 4)
                left += 34 + width(text, 10) + 28
        return Group("", "frozen", self.text, x, y, wide, high + 22, (Box(0, 0, wide, high + 22), *marks), ":frozen")


def _frozen_marks(mark: Group, inner: tuple[Mark, ...], cold: Cold) -> tuple[Mark, ...]:
    wide, high = mark.width, mark.height
    if mark.kind == "shortcut":
        return inner
    if mark.kind == "stage":
        return (*_broken(inner, cold), *_pinned(3, 3, cold))
    if mark.kind == "open-block":
        return (*_broken(inner, cold), *sign(9, 22, cold, 5.0))
    if mark.kind == "fold":
        return (*_broken(inner, cold)[:1], *hatching(wide, high), *inner[1:]) if cold.is_whole else inner
    if mark.kind == "block":
        body = next(part for part in inner if isinstance(part, Box))
        corners = Frame(INSET, INSET, body.width - INSET, body.height - INSET).corners
        plate = Area(corners, body.fill or Ink.CARD, opacity=FROZEN_WASH)
        ground = (*hatching(body.width, body.height), plate) if cold.is_whole else ()
        return (*_broken(inner, cold)[:1], *ground, *inner[1:], *_pinned(1, body.height, cold))
    frame = Box(-3, -3, wide + 6, high + 6, None, Ink.TEXT, 1.3, 7, Dash.DASHED)
    return (*inner, *((frame,) if cold.is_whole else ()), *_pinned(wide, -1, cold))


def _broken(inner: tuple[Mark, ...], cold: Cold) -> tuple[Mark, ...]:
    """Return marks whose body has a broken outline, where nothing of it trains."""
    body = inner[0]
    return (replace(body, dash=Dash.DASHED), *inner[1:]) if cold.is_whole and isinstance(body, Box) else inner


def _pinned(x: float, y: float, cold: Cold) -> tuple[Mark, ...]:
    disc = Box(x - 8, y - 8, 16, 16, Ink.PAGE, Ink.TEXT, 1.0, 8)
    return (disc, *sign(x, y, cold, 4.5))


def hatching(wide: float, high: float) -> tuple[Mark, ...]:
    """Return lines from the lower left to the upper right that fill a rectangle."""
    marks = []
    for step in range(1, int((wide + high) / GAP) + 1):
        far = step * GAP
        start = (max(1.0, far - high), min(far, high - 1.0))
        end = (min(far, wide - 1.0), max(1.0, far - wide))
        marks.append(Arrow((start, end), Ink.MUTED, 0.9, head=False, opacity=0.75))
    return tuple(marks)


def sign(x: float, y: float, cold: Cold, half: float) -> tuple[Mark, ...]:
    """Return the sign of a frozen part around a point: a lock for good, a snowflake for a time."""
    return lock(x, y, half) if cold.opens is None else snowflake(x, y, half)


def lock(x: float, y: float, half: float) -> tuple[Mark, ...]:
    """Return a padlock around a point."""
    shackle = Box(x - 0.55 * half, y - half, 1.1 * half, 1.4 * half, None, Ink.TEXT, 1.2, 0.55 * half)
    return (shackle, Box(x - 0.85 * half, y - 0.15 * half, 1.7 * half, 1.25 * half, Ink.TEXT, None, 0, 1.0))


def snowflake(x: float, y: float, half: float) -> tuple[Mark, ...]:
    """Return a snowflake around a point: six arms, each with a fork."""
    marks: list[Mark] = []
    for arm in range(6):
        at = pi * arm / 3 + pi / 6
        end = (x + half * cos(at), y + half * sin(at))
        marks.append(Arrow(((x, y), end), Ink.TEXT, 1.0, head=False))
        fork = (x + 0.55 * half * cos(at), y + 0.55 * half * sin(at))
        for turn in (-pi / 4, pi / 4):
            tip = (fork[0] + 0.4 * half * cos(at + turn), fork[1] + 0.4 * half * sin(at + turn))
            marks.append(Arrow((fork, tip), Ink.TEXT, 0.8, head=False))
    return tuple(marks)


def _sample(text: str, cold: Cold, x: float, y: float) -> list[Mark]:
    box = Box(0, 0, 26, 14, Ink.CARD, Ink.MUTED, 1.2, 3, Dash.DASHED)
    plate = Area(Frame(8, 1, 18, 13).corners, Ink.CARD, opacity=FROZEN_WASH)
    swatch = Group("", "sample", text, x, y, 26, 14, (box, *hatching(26, 14), plate, *sign(13, 7, cold, 4.5)))
    return [swatch, Label(x + 34, y + 11, text, 10, Ink.MUTED, Anchor.START)]
