"""The overview: stem, stages with their blocks, and head; shortcuts as arcs over the blocks they bridge."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from resnet_explorer.diagram.nodes import Changes
from resnet_explorer.diagram.view import View, folded
from resnet_explorer.network import Block, Form, Gated, Network, Stage, flat
from resnet_explorer.picture.marks import Anchor, Arrow, Box, Dash, Group, Ink, Label, Mark, Point, Style, width
from resnet_explorer.readings import Analysis
from resnet_explorer.readings.text import compact, si

if TYPE_CHECKING:
    from resnet_explorer.diagram.overlays import BlockValues, Tint


BLOCK_HEIGHT = 40.0
ARC = 26.0
GAP = 18.0
PAD = 22.0
HEADER = 30.0
ROW = ARC + BLOCK_HEIGHT + 12.0
BETWEEN = 26.0
MIDDLE = HEADER + ARC + BLOCK_HEIGHT / 2
"""Where the line runs from card to card."""
MIN_BLOCK = 76.0
FOLD_WIDTH = 46.0
CELL, WIDEST_FOLD = 14.0, 224.0
"""In a coloured diagram a fold shows its blocks: so wide is one, and all of them together at most."""

ALMOST = 0.9
"""Fewer rows are easier to read: they may cost a tenth of the size,"""
READABLE = 0.8
"""unless that makes the labels hard to read."""

STAGE_INKS = (Ink.STAGE1, Ink.STAGE2, Ink.STAGE3, Ink.STAGE4)


def stage_ink(stage: Stage) -> Ink:
    """Return the ink of a stage; eight stages use four hues twice."""
    return STAGE_INKS[(stage.number - 1) % len(STAGE_INKS)]


_GATES = {"se": "SE", "eca": "ECA", "cbam_channel": "CBAM"}


def caption(form: Form) -> str:
    """Return what a block is made of in few words, such as ``1×1, 3×3 /2, 1×1, SE``."""
    steps = form.before + form.branch
    texts = (_GATES.get(step.name, "") if isinstance(step, Gated) else step.layer.short for step in steps)
    return ", ".join(filter(None, texts))


@dataclass(frozen=True, slots=True)
class Grid:
    """How the blocks of all stages of a view are laid out: their width, the most in a row, whether they have values."""

    view: View
    block_width: float
    columns: int
    coloured: bool

    def columns_of(self, stage: Stage) -> int:
        """Return how many blocks of a stage stand in a row; a folded stage is one row."""
        return 3 if folded(stage, self.view) else min(self.columns, len(stage.blocks))

    def rows_of(self, stage: Stage) -> int:
        """Return how many rows a stage has."""
        return 1 if folded(stage, self.view) else -(-len(stage.blocks) // self.columns)

    def stage_width(self, stage: Stage) -> float:
        """Return the width of a stage's card, its title and shape included."""
        if folded(stage, self.view):
            return 2 * PAD + 2 * (self.block_width + GAP) + self.fold_width(stage)
        columns = self.columns_of(stage)
        return 2 * PAD + columns * self.block_width + (columns - 1) * GAP

    def fold_width(self, stage: Stage) -> float:
        """Return the width of what stands for the folded blocks of a stage."""
        return min(WIDEST_FOLD, max(FOLD_WIDTH, CELL * (len(stage.blocks) - 2))) if self.coloured else FOLD_WIDTH

    def terminal_width(self, block: Block | None) -> float:
        """Return the width of stem or head: as wide as a block, or as its caption needs."""
        return max(self.block_width, width(caption(block.form), 9) + 14) if block else 0.0

    def height(self, network: Network) -> float:
        """Return the height of the cards of all stages, which are equally high."""
        return HEADER + max(map(self.rows_of, network.stages)) * ROW + 14.0

    def place(self, index: int, columns: int) -> Point:
        """Return the corner of a block of a stage."""
        return PAD + (index % columns) * (self.block_width + GAP), HEADER + ARC + (index // columns) * ROW


def best_grid(
    analysis: Analysis, view: View, room: tuple[float, float], tints: "BlockValues | None" = None
) -> tuple[Grid, float]:
    """Return the grid under which the overview is shown largest in a room of that width and height, and its zoom."""
    network, stages = analysis.network, analysis.network.stages
    forms = {block.form for stage in stages for block in (stage.blocks[0], stage.blocks[-1])}
    block = max(MIN_BLOCK, tints.width() if tints else 0.0, *(width(caption(form), 9) + 12 for form in forms))
    longest = max((len(stage.blocks) for stage in stages if not folded(stage, view)), default=1)
    grids = [Grid(view, block, columns, tints is not None) for columns in range(1, longest + 1)]
    ends = grids[0].terminal_width(network.stem) + grids[0].terminal_width(network.head) + 2 * BETWEEN

    def zoom(grid: Grid) -> float:
        wide = sum(grid.stage_width(stage) + BETWEEN for stage in stages) + ends
        return min(1.0, room[0] / wide, room[1] / grid.height(network))

    zooms = [(grid, zoom(grid)) for grid in grids]
    most = max(reached for _, reached in zooms)
    enough = min(most, max(ALMOST * most, READABLE))
    return next(pair for pair in reversed(zooms) if pair[1] >= enough)


@dataclass(frozen=True, slots=True)
class Overview:
    """Draws one network; ``ghosts`` is the residual twin whose shortcuts a plain network has lost.

    Blocks that ``marked`` names have a second frame and a Δ; those that ``tints`` knows a value of have its colour.
    """

    analysis: Analysis
    grid: Grid
    ghosts: Analysis | None = None
    marked: Changes | None = None
    tints: "BlockValues | None" = None

    def draw(self) -> Group:
        """Return the overview as a group."""
        network, grid = self.analysis.network, self.grid
        height = grid.height(network)
        marks: list[Mark] = [self._terminal(network.stem, "Stem", Ink.STEM, 0)]
        x, leave = grid.terminal_width(network.stem), MIDDLE
        for stage in network.stages:
            marks.append(_between(x, leave))
            x += BETWEEN
            marks.append(self._stage(stage, x, height))
            x += grid.stage_width(stage)
            leave = MIDDLE + (grid.rows_of(stage) - 1) * ROW
        if network.head:
            marks.append(_between(x, leave))
            x += BETWEEN
            marks.append(self._terminal(network.head, "Head", Ink.HEAD, x))
            x += grid.terminal_width(network.head)
        body = Box(0, 0, x, height)
        return Group("", "overview", "The network from input to output", 0, 0, x, height, (body, *marks))

    def _terminal(self, block: Block, name: str, ink: Ink, x: float) -> Group:
        wide, high = self.grid.terminal_width(block), 56.0
        tint = self._tint(block)
        marks: tuple[Mark, ...] = (
            self._card(block, wide, high, ink, (2.2, 1.4), 6),
            Box(0, 0, wide, 5, ink, None, 0, 2.5),
            *_block_text(block, wide, high, 26, name, 12, tint),
            Label(wide / 2, high + 15, compact(self.analysis.sums[block.path].output), 10, Ink.MUTED, Anchor.MIDDLE),
            *self._frame(block, wide, high, None),
        )
        return Group(block.path, "block", self._title(block, name), x, MIDDLE - high / 2, wide, high + 18, marks)

    def _tint(self, block: Block) -> "Tint | None":
        return self.tints.tint(block.path) if self.tints else None

    def _title(self, block: Block, name: str) -> str:
        sums = self.analysis.sums[block.path]
        end = self.tints.title_end(block.path) if self.tints else ""
        return f"{name}: {sums.params:,} parameters, {si(sums.macs)}MACs{end}"

    def _card(self, block: Block, wide: float, high: float, ink: Ink, weights: Point, radius: float) -> Box:
        """Return the body of a block: in the colour of its value, where it has one; ``weights`` are open and closed."""
        is_open, tint = block.path in self.grid.view.expanded, self._tint(block)
        fill, dash = (tint.fill, tint.dash) if tint else (Ink.OPEN if is_open else Ink.CARD, Dash.SOLID)
        return Box(0, 0, wide, high, fill, ink, weights[0 if is_open else 1], radius, dash)

    def _frame(self, block: Block, wide: float, high: float, tint: "Tint | None") -> list[Mark]:
        """Return the frame and the Δ of a block that differs from what it was."""
        if not self.marked or not self.marked.touches(block):
            return []
        return [
            Box(-3, -3, wide + 6, high + 6, None, Ink.CHANGED, 1.6, 8, Dash.DOTTED),
            Label(wide - 4, 12, "Δ", 10, tint.text if tint else Ink.CHANGED, Anchor.END, Style.SEMIBOLD),
        ]

    def _stage(self, stage: Stage, x: float, height: float) -> Group:
        grid, sums, ink = self.grid, self.analysis.sums[stage.path], stage_ink(stage)
        wide, columns = grid.stage_width(stage), grid.columns_of(stage)
        marks: list[Mark] = [
            Box(0, 0, wide, height, Ink.CARD, Ink.LINE, 1.2, 8),
            Label(12, 20, stage.title, 12, style=Style.SEMIBOLD),
            Label(wide - 12, 20, compact(sums.output), 10, Ink.MUTED, Anchor.END),
        ]
        if more := self.marked.blocks_more(stage) if self.marked else 0:
            beside = 12 + width(stage.title, 12, Style.SEMIBOLD) + 6
            marks.append(Label(beside, 20, f"{more:+d}".replace("-", "−"), 11, Ink.CHANGED, style=Style.SEMIBOLD))
        is_folded = folded(stage, grid.view)
        marks.append(Arrow(((0, MIDDLE), (PAD, MIDDLE))))
        last = grid.place(0, columns)
        for index, block in enumerate(stage.blocks[:2] if is_folded else stage.blocks):
            at = grid.place(index, columns)
            if index:
                marks.append(_step(last, at, grid.block_width))
            marks += self._block(block, stage, at)
            last = at
        if is_folded:
            fold = (last[0] + grid.block_width + GAP, last[1])
            marks.append(_step(last, fold, grid.block_width))
            marks += self._fold(stage, fold, last[0], ink)
            last = (fold[0] + grid.fold_width(stage) - grid.block_width, last[1])
        y = last[1] + BLOCK_HEIGHT / 2
        marks.append(Arrow(((last[0] + grid.block_width, y), (wide, y)), head=False))
        title = f"{stage.title} ({stage.path}): {len(stage.blocks)} blocks, {sums.params:,} parameters"
        return Group(stage.path, "stage", title, x, 0, wide, height, tuple(marks))

    def _block(self, block: Block, stage: Stage, at: Point) -> list[Mark]:
        wide, tint = self.grid.block_width, self._tint(block)
        marks: tuple[Mark, ...] = (
            self._card(block, wide, BLOCK_HEIGHT, stage_ink(stage), (2.6, 1.5), 5),
            *_block_text(block, wide, BLOCK_HEIGHT, 17, f"block {block.number}", 11, tint),
            *self._frame(block, wide, BLOCK_HEIGHT, tint),
        )
        title = self._title(block, f"{stage.title}, block {block.number}")
        relative = block.path.removeprefix(stage.path)
        group = Group(relative, "block", title, *at, wide, BLOCK_HEIGHT, marks)
        lost = self.ghosts.network.block_at(block.path) if self.ghosts else None
        return [group, *_arcs(block, relative, at, wide, lost)]

    def _fold(self, stage: Stage, at: Point, bracket_from: float, ink: Ink) -> list[Mark]:
        """Return the folded rest of a stage, and the bracket that says how many blocks are alike."""
        wide, count, y = self.grid.fold_width(stage), len(stage.blocks) - 1, at[1] + BLOCK_HEIGHT + 5
        dots = () if self.tints else (-9.0, 0.0, 9.0)
        marks: tuple[Mark, ...] = (
            Box(0, 0, wide, BLOCK_HEIGHT, Ink.CARD, ink, 1.5, 5, Dash.DASHED),
            *(Box(wide / 2 + dx - 2, BLOCK_HEIGHT / 2 - 2, 4, 4, ink, None, 0, 2) for dx in dots),
        )
        title = f"Blocks 3 to {count + 1} are like block 2; double-click to unfold"
        end = at[0] + wide
        bracket = Arrow(((bracket_from, y), (bracket_from, y + 5), (end, y + 5), (end, y)), Ink.MUTED, 1.1, head=False)
        text = Label((bracket_from + end) / 2, y + 17, f"× {count}", 10, Ink.TEXT, Anchor.MIDDLE, Style.SEMIBOLD)
        fold = Group("", "fold", title, *at, wide, BLOCK_HEIGHT, marks, suffix=":fold")
        inside, rest = (at[0] + 3, at[1] + 3), stage.blocks[2:]
        cells = self.tints.cells(rest, stage.path, inside, wide - 4.5, BLOCK_HEIGHT - 6) if self.tints else []
        return [fold, *cells, bracket, text]


def _between(x: float, start: float) -> Arrow:
    """Return the arrow to the next card, from the row in which the last block stands."""
    if start == MIDDLE:
        return Arrow(((x, start), (x + BETWEEN, start)))
    half = x + BETWEEN / 2
    return Arrow(((x, start), (half, start), (half, MIDDLE), (x + BETWEEN, MIDDLE)))


def _step(start: Point, end: Point, wide: float) -> Arrow:
    """Return the arrow from one block to the next, around the corner where the next begins a row."""
    y, to = start[1] + BLOCK_HEIGHT / 2, end[1] + BLOCK_HEIGHT / 2
    right = start[0] + wide
    if y == to:
        return Arrow(((right, y), (end[0], to)), thickness=1.2)
    gap = start[1] + BLOCK_HEIGHT + 6
    out, left = right + PAD / 2 + 3, end[0] - PAD / 2 - 3
    return Arrow(((right, y), (out, y), (out, gap), (left, gap), (left, to), (end[0], to)), thickness=1.2)


def _block_text(
    block: Block, wide: float, high: float, y: float, name: str, size: int, tint: "Tint | None"
) -> tuple[Mark, ...]:
    """Return a block's name and, under it, what it is made of; its value instead, where it has one."""
    middle, below = wide / 2, y + (14 if size == 11 else 16)
    if tint is None:
        return (
            Label(middle, y, name, size, anchor=Anchor.MIDDLE, style=Style.SEMIBOLD),
            Label(middle, below, caption(block.form), 9, Ink.MUTED, Anchor.MIDDLE),
        )
    return (
        tint.plate(wide, high),
        Label(middle, y, name, size, tint.text, Anchor.MIDDLE, Style.SEMIBOLD),
        Label(middle, below, tint.value_text, 10, tint.text, Anchor.MIDDLE),
        *tint.sign(10, 11, 4.0),
    )


def _arcs(block: Block, relative: str, at: Point, wide: float, lost: Block | None) -> list[Mark]:
    """Return the shortcut's arc over a block, or the ghost of the one that the plain twin has lost."""
    form, path = block.form, relative + block.shortcut_path.removeprefix(block.path)
    if form.shortcut is not None:
        dash, kind = (Dash.DOTTED, "Altered") if form.alters else (Dash.SOLID, "Identity")
        dash, kind = (Dash.DASHED, "Projection") if form.projects else (dash, kind)
        return [_arc(path, "shortcut", f"{kind} shortcut", at, wide, dash, Ink.SHORTCUT)]
    if lost is None:
        return []
    title = "The shortcut that the plain twin has lost"
    ghost = _arc(f"{relative}.gone", "gone", title, at, wide, Dash.DOTTED, Ink.GONE)
    cost = sum(part.layer.params for part in flat(lost.form.shortcut or ()))
    text = Label(at[0] + wide / 2, at[1] - 6, f"−{cost:,}", 9, Ink.SHORTCUT, Anchor.MIDDLE, Style.SEMIBOLD)
    return [ghost, text] if cost else [ghost]


def _arc(path: str, kind: str, title: str, at: Point, wide: float, dash: Dash, ink: Ink) -> Group:
    left, foot, span = at[0] - 8, ARC + BLOCK_HEIGHT / 2, wide + 15
    arrow = Arrow(((0, foot), (0, -6), (span, -6), (span, foot)), ink, 1.7, dash, curved=True, head=kind == "shortcut")
    return Group(path, kind, title, left, at[1] - ARC, span, ARC - 1, (arrow,), suffix=":arc")
