"""The overview composed for the back row: every word large, blocks in as many rows as fill the room."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import ceil
from typing import TYPE_CHECKING

from resnet_explorer.diagram.grid import caption
from resnet_explorer.diagram.overview import stage_ink
from resnet_explorer.diagram.view import foldable
from resnet_explorer.network import Block, Form, Stage
from resnet_explorer.picture.chart.heatmap import level_bar
from resnet_explorer.picture.chart.text import sizes
from resnet_explorer.picture.marks import (
    Anchor,
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
    elbow,
    width,
)
from resnet_explorer.readings import Analysis
from resnet_explorer.readings.text import compact

if TYPE_CHECKING:
    from resnet_explorer.diagram.overlays import BlockValues, Overlay

NAME, TITLE, SUB, LEGEND = 13, 15, 10, 12
"""Sizes of text in px; a room is as high as 42 times the smallest."""
BETWEEN, LEGEND_HIGH, COLOURS_HIGH, LINE = 14.0, 26.0, 34.0, 1.6
APART = 32.0
"""In px: from one sample of the legend to the next."""
MANY = 80
"""More blocks than this do not fit on a screen side by side."""
SCALES = (1.6, 1.45, 1.3, 1.2, 1.1, 1.0)


@dataclass(frozen=True, slots=True)
class Level:
    """How much is said of each block: its name and what it is made of, or its number; ``folds`` long stages.

    ``counts`` says of each stage how many blocks it has, and ``terse`` leaves out what they are made of.
    """

    named: bool
    folds: bool
    high: float
    rise: float
    pad: float
    gap: float = 20.0
    counts: bool = False
    terse: bool = False


_LEVELS = (
    Level(True, False, 46.0, 24.0, 21.0),
    Level(False, False, 28.0, 16.0, 17.0),
    Level(False, False, 28.0, 16.0, 12.0, 18.0, terse=True),
    Level(False, True, 28.0, 16.0, 17.0),
    Level(False, True, 28.0, 16.0, 12.0, 18.0, terse=True),
    Level(False, True, 28.0, 16.0, 9.0, counts=True),
    Level(False, True, 28.0, 16.0, 9.0, counts=True, terse=True),
)
"""From all that can be said to the least; the first that fits is taken."""


@dataclass(frozen=True, slots=True)
class _Cell:
    """A block in a stage, or what stands for several: their number as ``text``."""

    block: Block
    text: str
    stands_for: int = 1


def large_overview(
    analysis: Analysis,
    room: tuple[float, float],
    selected: str = "",
    lost: Analysis | None = None,
    overlays: Sequence["Overlay"] = (),
) -> Picture:
    """Return a network's picture no larger than a room, and the larger its words the fewer its blocks.

    ``selected`` is the path of the block that is framed. ``lost`` is the residual twin of a plain network: what it has
    lost is dotted.
    """
    tints = next((values for overlay in overlays if (values := overlay.tints)), None)
    others = [overlay for overlay in overlays if overlay is not tints]
    below = LEGEND_HIGH + sum(overlay.legend(analysis.network, 0.0, 0.0, room[0]).height for overlay in others)
    below += COLOURS_HIGH - LEGEND_HIGH if tints else 0.0
    made = None
    blocks = sum(len(stage.blocks) for stage in analysis.network.stages)
    for level in _LEVELS:
        if blocks > MANY and not level.folds:
            continue
        words = _Words(analysis, level, tints)
        for scale in SCALES:
            made = _Large(words, (room[0] / scale, room[1] / scale - below), selected, lost)
            if made.fits:
                return made.picture(others)
    assert made is not None
    return made.picture(others)


class _Words:
    """What is said at a level, and how wide that is, whatever the room."""

    def __init__(self, analysis: Analysis, level: Level, tints: "BlockValues | None") -> None:
        self.analysis, self.level, self.tints, self.network = analysis, level, tints, analysis.network
        self.header = 54.0 if level.named else 57.0
        self.cells = [self._cells(stage) for stage in self.network.stages]
        texts = {self.texts(cell.block, cell.text) for cells in self.cells for cell in cells}
        least, pad = (76.0, 14.0) if level.named else (32.0, 12.0)
        wide = max(max(width(name, NAME, Style.SEMIBOLD), width(sub, SUB)) for name, sub in texts)
        self.block = max(least, wide + pad)
        self.heads = [self._head(stage) for stage in self.network.stages]
        self.least = [self._head_width(*head) for head in self.heads]
        ends = [block for block in (self.network.stem, self.network.head) if block]
        self.terminals = {block.path: self._terminal_width(block) for block in ends}

    def _cells(self, stage: Stage) -> list[_Cell]:
        blocks = stage.blocks
        if self.level.counts:
            return [_Cell(blocks[0], f"× {len(blocks)}", len(blocks))]
        if self.level.folds and foldable(stage):
            first, second = (_Cell(block, str(block.number)) for block in blocks[:2])
            return [first, second, _Cell(blocks[2], f"× {len(blocks) - 2}", len(blocks) - 2)]
        return [_Cell(block, f"block {block.number}" if self.level.named else str(block.number)) for block in blocks]

    def texts(self, block: Block, name: str) -> tuple[str, str]:
        """Return the words on a block: its value where it has one."""
        if not self.level.named:
            return name, ""
        return name, (self.tints.value_text(block.path) if self.tints else "") or caption(block.form)

    def _head(self, stage: Stage) -> tuple[str, str, str]:
        shape = compact(self.analysis.sums[stage.path].output).replace("×", " × ", 1)
        typical = stage.blocks[min(1, len(stage.blocks) - 1)]
        says = not self.level.named and not self.level.terse
        return stage.title, shape, caption(typical.form) if says else ""

    def _head_width(self, title: str, shape: str, made: str) -> float:
        texts = max(width(title, TITLE, Style.SEMIBOLD), width(shape, LEGEND), width(made, SUB))
        return texts + (14 if self.level.terse else 20)

    def terminal_lines(self, block: Block) -> list[str]:
        return [*caption(block.form).split(", "), compact(self.analysis.sums[block.path].output)]

    def _terminal_width(self, block: Block) -> float:
        pad = 8 if self.level.terse else 16
        return max(50.0, *(width(text, 11) + pad for text in self.terminal_lines(block)))


class _Large:
    """One try to lay a network out in a room."""

    def __init__(self, words: _Words, room: tuple[float, float], selected: str, lost: Analysis | None) -> None:
        self.words, self.selected, self.lost, self.block = words, selected, lost, words.block
        self.network, self.level, self.header, self.cells = words.network, words.level, words.header, words.cells
        self.terminals = words.terminals
        pitch = self.level.rise + self.level.high + (14.0 if self.level.named else 10.0)
        free = room[1] - self.header - 6.0
        most = max(1, int(free / pitch))
        self.columns = [ceil(len(cells) / most) for cells in self.cells]
        self.rows = max(ceil(len(cells) / columns) for cells, columns in zip(self.cells, self.columns, strict=True))
        self.pitch = min(max(pitch, free / self.rows), 1.5 * pitch)
        self.high = self.header + self.rows * self.pitch + 6.0
        self.widths = [
            max(least, self._inner(columns)) for least, columns in zip(words.least, self.columns, strict=True)
        ]
        count = len(self.widths) + len(self.terminals) - 1
        self.wide = sum(self.widths) + sum(self.terminals.values()) + BETWEEN * count
        self.fits = self.wide <= room[0] and self.high <= room[1]
        if self.fits:  # what is left makes the blocks wider
            more = min(0.5 * self.block, (room[0] - self.wide) / sum(self.columns))
            self.block += more
            self.widths = [wide + more * columns for wide, columns in zip(self.widths, self.columns, strict=True)]
            self.wide += more * sum(self.columns)

    def _inner(self, columns: int) -> float:
        return 2 * self.level.pad + columns * self.block + (columns - 1) * self.level.gap

    @property
    def middle(self) -> float:
        """Return the height at which the line runs from card to card."""
        return self.header + self.level.rise + self.level.high / 2

    def picture(self, overlays: Sequence["Overlay"]) -> Picture:
        marks: list[Mark] = [self._terminal(self.network.stem, "Stem", Ink.STEM, 0.0)]
        x, leave = self.terminals[self.network.stem.path], self.middle
        for stage, cells, columns, wide in zip(self.network.stages, self.cells, self.columns, self.widths, strict=True):
            marks.append(self._between(x, leave))
            x += BETWEEN
            marks.append(self._stage(stage, cells, columns, x, wide))
            x += wide
            leave = self.middle + ((len(cells) - 1) // columns) * self.pitch
        if self.network.head:
            marks.append(self._between(x, leave))
            marks.append(self._terminal(self.network.head, "Head", Ink.HEAD, x + BETWEEN))
        y = self.high
        marks += self._legend(y + 18)
        y += LEGEND_HIGH if self.words.tints is None else COLOURS_HIGH
        for overlay in overlays:
            marks = [overlay.draw_over(mark) for mark in marks]
            legend = overlay.legend(self.network, 0.0, y, self.wide)
            marks.append(legend)
            y += legend.height
        wide = max(self.wide, self._arc_samples(0.0)[1] - APART)
        return Picture(wide, y, tuple(marks), "The network from input to output")

    def _between(self, x: float, start: float) -> Arrow:
        """Return the line to the next card, from the row in which the last block stands."""
        half, end = x + BETWEEN / 2, x + BETWEEN
        corners = () if start == self.middle else ((half, start), (half, self.middle))
        return Arrow(((x, start), *corners, (end, self.middle)), Ink.MUTED, LINE, head=False)

    def _terminal(self, block: Block, name: str, ink: Ink, x: float) -> Group:
        wide, lines = self.terminals[block.path], self.words.terminal_lines(block)
        high = 34.0 + 15.0 * len(lines)
        top = max(0.0, self.middle - high / 2)
        labels = [
            Label(wide / 2, 40 + 15 * place, text, 11, Ink.MUTED, Anchor.MIDDLE) for place, text in enumerate(lines)
        ]
        marks: list[Mark] = [Box(0, 0, wide, high, self._fill(block), ink, 2.2, 7)]
        marks += [Label(wide / 2, 22, name, TITLE, Ink.TEXT, Anchor.MIDDLE, Style.SEMIBOLD), *labels]
        return Group(block.path, "block", name, x, top, wide, high, (*marks, *self._frame(block.path, wide, high)))

    def _fill(self, block: Block) -> Ink:
        tint = self.words.tints.tint(block.path) if self.words.tints else None
        return tint.fill if tint else Ink.CARD

    def _frame(self, path: str, wide: float, high: float) -> list[Mark]:
        return [Box(-4, -4, wide + 8, high + 8, None, Ink.ACCENT, 3.4, 9)] if path == self.selected else []

    def _stage(self, stage: Stage, cells: list[_Cell], columns: int, x: float, wide: float) -> Group:
        title, shape, made = self.words.heads[stage.number - 1]
        edge = 7.0 if self.level.terse else 10.0
        marks: list[Mark] = [
            Box(0, 0, wide, self.high, Ink.CARD, Ink.LINE, 1.6, 9),
            Label(edge, 21, title, TITLE, style=Style.SEMIBOLD),
            Label(edge, 36, shape, LEGEND, Ink.MUTED),
        ]
        marks += [Label(edge, 49, made, SUB, Ink.MUTED)] if made else []
        taken = columns * self.block + (columns - 1) * self.level.gap
        left = (wide - taken) / 2
        places = [self._place(left, index, columns) for index in range(len(cells))]
        marks.append(Arrow(((0, self.middle), (places[0][0], self.middle)), Ink.MUTED, LINE))
        for place, following in pairwise(places):
            marks += elbow(self._step(place, following))
        for cell, place in zip(cells, places, strict=True):
            marks += self._block(stage, cell, place)
        y = places[-1][1] + self.level.high / 2
        marks.append(Arrow(((places[-1][0] + self.block, y), (wide, y)), Ink.MUTED, LINE, head=False))
        return Group(stage.path, "stage", f"{title}, {len(stage.blocks)} blocks", x, 0, wide, self.high, tuple(marks))

    def _place(self, left: float, index: int, columns: int) -> Point:
        x = left + (index % columns) * (self.block + self.level.gap)
        return x, self.header + self.level.rise + (index // columns) * self.pitch

    def _step(self, start: Point, end: Point) -> Arrow:
        """Return the arrow from one block to the next, around the corner where the next begins a row."""
        y, to, right = start[1] + self.level.high / 2, end[1] + self.level.high / 2, start[0] + self.block
        if y == to:
            return Arrow(((right, y), (end[0], to)), Ink.MUTED, LINE)
        lane = start[1] + self.level.high + max(5.0, (self.pitch - self.level.high - self.level.rise) / 2)
        out, left = right + self.level.pad * 0.66, end[0] - self.level.pad * 0.66
        return Arrow(((right, y), (out, y), (out, lane), (left, lane), (left, to), (end[0], to)), Ink.MUTED, LINE)

    def _block(self, stage: Stage, cell: _Cell, at: Point) -> list[Mark]:
        block, wide, high = cell.block, self.block, self.level.high
        name, sub = self.words.texts(block, cell.text)
        is_several = cell.stands_for > 1
        fill, dash = (Ink.CARD, Dash.DASHED) if is_several else (self._fill(block), Dash.SOLID)
        marks: list[Mark] = [Box(0, 0, wide, high, fill, stage_ink(stage), 2.2, 7, dash)]
        if is_several and self.words.tints:
            rest = stage.blocks[stage.blocks.index(block) :]
            marks += self.words.tints.cells(rest, stage.path, (3.0, 3.0), wide - 6, high - 6)
            plate = width(name, NAME, Style.SEMIBOLD) + 8
            marks.append(Box((wide - plate) / 2, 6, plate, high - 12, Ink.CARD, None, 0, 4))
        elif fill is not Ink.CARD:
            plate = max(width(name, NAME, Style.SEMIBOLD), width(sub, SUB)) + 10
            marks.append(Box((wide - plate) / 2, 4, plate, high - 8, Ink.CARD, None, 0, 4))
        base = high / 2 - 4 if sub else high / 2 + 0.36 * NAME
        marks.append(Label(wide / 2, base, name, NAME, Ink.TEXT, Anchor.MIDDLE, Style.SEMIBOLD))
        marks += [Label(wide / 2, high / 2 + 12, sub, SUB, Ink.TEXT, Anchor.MIDDLE)] if sub else []
        relative = block.path.removeprefix(stage.path)
        suffix = ":fold" if is_several else ""
        marks += self._frame(block.path, wide, high)
        group = Group(relative, "block", f"{stage.title}, {name}", *at, wide, high, tuple(marks), suffix)
        return [group, *self._arcs(cell, relative, at)]

    def _arcs(self, cell: _Cell, relative: str, at: Point) -> list[Mark]:
        """Return the shortcut's arc over a block, or the dotted one of what the plain twin has lost."""
        block, form, rise = cell.block, self._form(cell), self.level.rise
        reach = min(0.45 * self.level.gap, 0.45 * self.level.pad)
        foot, span = rise + self.level.high / 2, self.block + 2 * reach
        points = ((0.0, foot), (0.0, -6.0), (span, -6.0), (span, foot))
        place = (at[0] - reach, at[1] - rise, span, rise)
        if form.shortcut is not None:
            dash = Dash.DASHED if form.projects else Dash.DOTTED if form.alters else Dash.SOLID
            path = relative + block.shortcut_path.removeprefix(block.path)
            arrow = Arrow(points, Ink.SHORTCUT, 2.4, dash, curved=True)
            return [
                Group(path, "shortcut", "shortcut", *place, (arrow,), ":fold-arc" if cell.stands_for > 1 else ":arc")
            ]
        before = self.lost.network.block_at(block.path) if self.lost else None
        if before is None:
            return []
        ghost = Arrow(points, Ink.GONE, 2.0, Dash.DOTTED, curved=True, head=False)
        return [Group(f"{relative}.gone", "gone", "The shortcut that is gone", *place, (ghost,), ":arc")]

    def _form(self, cell: _Cell) -> Form:
        """Return what a block does; for several the last one's, since the first may change the shape."""
        if cell.stands_for == 1:
            return cell.block.form
        return next(stage.blocks[-1].form for stage in self.network.stages if cell.block in stage.blocks)

    def _legend(self, y: float) -> list[Mark]:
        """Return a sample of each kind of arc that is drawn, side by side, and which colour is which value."""
        arcs, x = self._arc_samples(y)
        if self.words.tints is None:
            return arcs
        bar = level_bar(self.words.tints.colours, self.words.tints.axis, 330.0, sizes(1.0))
        place = max(0.0, self.wide - bar.width - 10)
        return [*(arcs if x <= place else []), replace(bar, x=place, y=y - 16)]

    def _arc_samples(self, y: float) -> tuple[list[Mark], float]:
        forms = [self._form(cell) for cells in self.cells for cell in cells]
        kinds = [
            ("identity: x is added unchanged", Dash.SOLID, Ink.SHORTCUT,
             any(form.shortcut is not None and not form.projects and not form.alters for form in forms)),
            ("projection: the shape changes", Dash.DASHED, Ink.SHORTCUT, any(form.projects for form in forms)),
            ("altered: gate, factor or dropout", Dash.DOTTED, Ink.SHORTCUT,
             any(form.alters and not form.projects for form in forms)),
            ("shortcut that is gone", Dash.DOTTED, Ink.GONE, self.lost is not None),
        ]  # fmt: skip
        marks: list[Mark] = []
        x = 0.0
        for text, dash, ink, is_there in kinds:
            if is_there:
                marks.append(Arrow(((x, y - 4), (x + 34, y - 4)), ink, 2.4, dash, head=False))
                marks.append(Label(x + 42, y, text, LEGEND))
                x += 42 + width(text, LEGEND) + APART
        return marks, x
