"""The overview: stem, stages with their blocks, and head; shortcuts as arcs over the blocks they bridge."""

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from resnet_explorer.diagram.nodes import Changes
from resnet_explorer.diagram.view import View, folded
from resnet_explorer.network import Block, Form, Gated, Stage, flat
from resnet_explorer.network.tree import Step
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
    text = [_step_words(step) for step in form.before + form.branch]
    return ", ".join(word for word in text if word)


def _step_words(step: Step) -> str:
    if isinstance(step, Gated):
        return _GATES.get(step.name, "")
    return step.layer.short


@dataclass(frozen=True, slots=True)
class Grid:
    """How the blocks of all stages are laid out: their width, the most in a row, and whether they have values."""

    block_width: float
    columns: int
    coloured: bool = False

    def columns_of(self, stage: Stage, view: View) -> int:
        """Return how many blocks of a stage stand in a row; a folded stage is one row."""
        return 3 if folded(stage, view) else min(self.columns, len(stage.blocks))

    def rows_of(self, stage: Stage, view: View) -> int:
        """Return how many rows a stage has."""
        return 1 if folded(stage, view) else -(-len(stage.blocks) // self.columns)

    def stage_width(self, stage: Stage, view: View) -> float:
        """Return the width of a stage's card, its title and shape included."""
        if folded(stage, view):
            return 2 * PAD + 2 * (self.block_width + GAP) + self.fold_width(stage)
        columns = self.columns_of(stage, view)
        return 2 * PAD + columns * self.block_width + (columns - 1) * GAP

    def fold_width(self, stage: Stage) -> float:
        """Return the width of what stands for the folded blocks of a stage."""
        return min(WIDEST_FOLD, max(FOLD_WIDTH, CELL * (len(stage.blocks) - 2))) if self.coloured else FOLD_WIDTH

    def stage_height(self, rows: int) -> float:
        """Return the height of a card of that many rows; all cards of a picture are equally high."""
        return HEADER + rows * ROW + 14.0


def block_width(analysis: Analysis, tints: "BlockValues | None" = None) -> float:
    """Return the width that fits every block's caption, and its value."""
    network = analysis.network
    forms = {block.form for stage in network.stages for block in (stage.blocks[0], stage.blocks[-1])}
    return max(MIN_BLOCK, tints.width() if tints else 0.0, *(width(caption(form), 9) + 12 for form in forms))


def terminal_width(block: Block | None, wide: float) -> float:
    """Return the width of stem or head: as wide as a block, or as its caption needs."""
    return max(wide, width(caption(block.form), 9) + 14) if block else 0.0


def best_grid(
    analysis: Analysis, view: View, room: tuple[float, float], tints: "BlockValues | None" = None
) -> tuple[Grid, float]:
    """Return the grid under which the overview is shown largest in a room of that width and height, and its zoom."""
    network, one = analysis.network, block_width(analysis, tints)
    stages, ends = network.stages, [terminal_width(block, one) for block in (network.stem, network.head)]
    longest = max((len(stage.blocks) for stage in stages if not folded(stage, view)), default=1)

    def zoom(columns: int) -> float:
        grid = Grid(one, columns, tints is not None)
        wide = sum(grid.stage_width(stage, view) + BETWEEN for stage in stages) + sum(ends) + 2 * BETWEEN
        high = grid.stage_height(max(grid.rows_of(stage, view) for stage in stages))
        return min(1.0, room[0] / wide, room[1] / high)

    zooms = {columns: zoom(columns) for columns in range(1, longest + 1)}
    most = max(zooms.values())
    enough = min(most, max(ALMOST * most, READABLE))
    best = max(columns for columns, reached in zooms.items() if reached >= enough)
    return Grid(one, best, tints is not None), zooms[best]


def overview(
    analysis: Analysis,
    view: View,
    grid: Grid,
    ghosts: Analysis | None = None,
    marked: Changes | None = None,
    tints: "BlockValues | None" = None,
) -> Group:
    """Return the overview as a group; ``ghosts`` is the residual twin whose shortcuts a plain network has lost.

    Blocks that ``marked`` names have a second frame and a Δ; those that ``tints`` knows a value of have its colour.
    """
    network = analysis.network
    rows = max(grid.rows_of(stage, view) for stage in network.stages)
    height = grid.stage_height(rows)
    middle = HEADER + ARC + BLOCK_HEIGHT / 2
    marks: list[Mark] = []
    marks.append(_terminal(analysis, network.stem, "Stem", Ink.STEM, 0, middle, grid, view, marked, tints))
    x, leave = terminal_width(network.stem, grid.block_width), middle
    for index, stage in enumerate(network.stages):
        marks.append(_between(x, leave, middle))
        x += BETWEEN
        lost = ghosts.network.stages[index] if ghosts else None
        marks.append(_stage(analysis, stage, view, grid, x, height, lost, marked, tints))
        x += grid.stage_width(stage, view)
        leave = middle + (grid.rows_of(stage, view) - 1) * ROW
    if network.head:
        marks.append(_between(x, leave, middle))
        x += BETWEEN
        marks.append(_terminal(analysis, network.head, "Head", Ink.HEAD, x, middle, grid, view, marked, tints))
        x += terminal_width(network.head, grid.block_width)
    body = Box(0, 0, x, height)
    return Group("", "overview", "The network from input to output", 0, 0, x, height, (body, *marks))


def _between(x: float, start: float, end: float) -> Arrow:
    if start == end:
        return Arrow(((x, start), (x + BETWEEN, end)))
    half = x + BETWEEN / 2
    return Arrow(((x, start), (half, start), (half, end), (x + BETWEEN, end)))


def _terminal(
    analysis: Analysis,
    block: Block,
    text: str,
    ink: Ink,
    x: float,
    middle: float,
    grid: Grid,
    view: View,
    marked: Changes | None,
    tints: "BlockValues | None",
) -> Group:
    """Return stem or head: a card with a coloured top, and its output's shape under it."""
    sums, wide, high = analysis.sums[block.path], terminal_width(block, grid.block_width), 56.0
    is_open, tint = block.path in view.expanded, tints.tint(block.path) if tints else None
    marks: tuple[Mark, ...] = (
        _card(wide, high, ink, is_open, (2.2, 1.4), 6, tint),
        Box(0, 0, wide, 5, ink, None, 0, 2.5),
        *_words(wide, high, 26, text, 12, caption(block.form), tint),
        Label(wide / 2, high + 15, compact(sums.output), 10, Ink.MUTED, Anchor.MIDDLE),
        *_frame(marked, block, wide, high),
    )
    title = f"{text}: {sums.params:,} parameters, {si(sums.macs)}MACs{tints.title_end(block.path) if tints else ''}"
    return Group(block.path, "block", title, x, middle - high / 2, wide, high + 18, marks)


def _stage(
    analysis: Analysis,
    stage: Stage,
    view: View,
    grid: Grid,
    x: float,
    height: float,
    lost: Stage | None,
    marked: Changes | None,
    tints: "BlockValues | None",
) -> Group:
    sums, ink, wide = analysis.sums[stage.path], stage_ink(stage), grid.stage_width(stage, view)
    marks: list[Mark] = [
        Box(0, 0, wide, height, Ink.CARD, Ink.LINE, 1.2, 8),
        Label(12, 20, stage.title, 12, style=Style.SEMIBOLD),
        Label(wide - 12, 20, compact(sums.output), 10, Ink.MUTED, Anchor.END),
    ]
    if more := marked.blocks_more(stage) if marked else 0:
        beside = 12 + width(stage.title, 12, Style.SEMIBOLD) + 6
        marks.append(Label(beside, 20, f"{more:+d}".replace("-", "−"), 11, Ink.CHANGED, style=Style.SEMIBOLD))
    is_folded = folded(stage, view)
    shown = stage.blocks[:2] if is_folded else stage.blocks
    place = partial(_place, grid=grid, columns=grid.columns_of(stage, view))
    marks.append(Arrow(((0, place(0)[1] + BLOCK_HEIGHT / 2), (PAD, place(0)[1] + BLOCK_HEIGHT / 2))))
    for index, block in enumerate(shown):
        if index:
            marks.append(_step(place(index - 1), place(index), grid.block_width))
        was = lost.blocks[index] if lost else None
        marks += _block(analysis, block, stage, view, place(index), grid.block_width, ink, was, marked, tints)
    last = place(len(shown) - 1)
    if is_folded:
        fold = (last[0] + grid.block_width + GAP, last[1])
        marks.append(_step(last, fold, grid.block_width))
        marks += _fold(stage, fold, last[0], ink, grid.fold_width(stage), tints)
        last = (fold[0] + grid.fold_width(stage) - grid.block_width, last[1])
    y = last[1] + BLOCK_HEIGHT / 2
    marks.append(Arrow(((last[0] + grid.block_width, y), (wide, y)), head=False))
    title = f"{stage.title} ({stage.path}): {len(stage.blocks)} blocks, {sums.params:,} parameters"
    return Group(stage.path, "stage", title, x, 0, wide, height, tuple(marks))


def _place(index: int, grid: Grid, columns: int) -> Point:
    return PAD + (index % columns) * (grid.block_width + GAP), HEADER + ARC + (index // columns) * ROW


def _step(start: Point, end: Point, wide: float) -> Arrow:
    """Return the arrow from one block to the next, around the corner where the next begins a row."""
    y, to = start[1] + BLOCK_HEIGHT / 2, end[1] + BLOCK_HEIGHT / 2
    right = start[0] + wide
    if y == to:
        return Arrow(((right, y), (end[0], to)), thickness=1.2)
    gap = start[1] + BLOCK_HEIGHT + 6
    out, left = right + PAD / 2 + 3, end[0] - PAD / 2 - 3
    return Arrow(((right, y), (out, y), (out, gap), (left, gap), (left, to), (end[0], to)), thickness=1.2)


def _block(
    analysis: Analysis,
    block: Block,
    stage: Stage,
    view: View,
    at: Point,
    wide: float,
    ink: Ink,
    lost: Block | None,
    marked: Changes | None,
    tints: "BlockValues | None",
) -> list[Mark]:
    sums, tint = analysis.sums[block.path], tints.tint(block.path) if tints else None
    marks: tuple[Mark, ...] = (
        _card(wide, BLOCK_HEIGHT, ink, block.path in view.expanded, (2.6, 1.5), 5, tint),
        *_words(wide, BLOCK_HEIGHT, 17, f"block {block.number}", 11, caption(block.form), tint),
        *_frame(marked, block, wide, BLOCK_HEIGHT, tint),
    )
    title = f"{stage.title}, block {block.number}: {sums.params:,} parameters, {si(sums.macs)}MACs"
    title += tints.title_end(block.path) if tints else ""
    relative = block.path.removeprefix(stage.path)
    group = Group(relative, "block", title, at[0], at[1], wide, BLOCK_HEIGHT, marks)
    return [group, *_arcs(block, relative, at, wide, lost)]


def _card(
    wide: float, high: float, ink: Ink, is_open: bool, weights: tuple[float, float], radius: float, tint: "Tint | None"
) -> Box:
    """Return the body of a block: in the colour of its value, where it has one."""
    plain = Ink.OPEN if is_open else Ink.CARD
    weight, dash = weights[0 if is_open else 1], tint.dash if tint else Dash.SOLID
    return Box(0, 0, wide, high, tint.fill if tint else plain, ink, weight, radius, dash)


def _words(
    wide: float, high: float, y: float, name: str, size: int, made_of: str, tint: "Tint | None"
) -> tuple[Mark, ...]:
    """Return a block's name and, under it, what it is made of; its value instead, where it has one."""
    middle, below = wide / 2, y + (14 if size == 11 else 16)
    if tint is None:
        return (
            Label(middle, y, name, size, anchor=Anchor.MIDDLE, style=Style.SEMIBOLD),
            Label(middle, below, made_of, 9, Ink.MUTED, Anchor.MIDDLE),
        )
    return (
        tint.plate(wide, high),
        Label(middle, y, name, size, tint.text, Anchor.MIDDLE, Style.SEMIBOLD),
        Label(middle, below, tint.value_text, 10, tint.text, Anchor.MIDDLE),
        *tint.sign(10, 11, 4.0),
    )


def _frame(marked: Changes | None, block: Block, wide: float, high: float, tint: "Tint | None" = None) -> list[Mark]:
    """Return the frame and the Δ of a block that differs from what it was."""
    if not marked or not marked.touches(block):
        return []
    return [
        Box(-3, -3, wide + 6, high + 6, None, Ink.CHANGED, 1.6, 8, Dash.DOTTED),
        Label(wide - 4, 12, "Δ", 10, tint.text if tint else Ink.CHANGED, Anchor.END, Style.SEMIBOLD),
    ]


def _arcs(block: Block, relative: str, at: Point, wide: float, lost: Block | None) -> list[Mark]:
    """Return the shortcut's arc over a block, or the ghost of the one that the plain twin has lost."""
    suffix = block.shortcut_path.removeprefix(block.path)
    if block.form.shortcut is not None:
        dash, text = _arc_look(block.form)
        return [_arc(relative + suffix, "shortcut", text, at, wide, dash, Ink.SHORTCUT)]
    if lost is None:
        return []
    ghost = _arc(
        f"{relative}.gone", "gone", "The shortcut that the plain twin has lost", at, wide, Dash.DOTTED, Ink.GONE
    )
    cost = sum(part.layer.params for part in flat(lost.form.shortcut or ()))
    if not cost:
        return [ghost]
    text = f"−{cost:,}"
    return [ghost, Label(at[0] + wide / 2, at[1] - 6, text, 9, Ink.SHORTCUT, Anchor.MIDDLE, Style.SEMIBOLD)]


def _arc_look(form: Form) -> tuple[Dash, str]:
    if form.projects:
        return Dash.DASHED, "Projection shortcut"
    return (Dash.DOTTED, "Altered shortcut") if form.alters else (Dash.SOLID, "Identity shortcut")


def _arc(path: str, kind: str, title: str, at: Point, wide: float, dash: Dash, ink: Ink) -> Group:
    left, foot, span = at[0] - 8, ARC + BLOCK_HEIGHT / 2, wide + 15
    arrow = Arrow(((0, foot), (0, -6), (span, -6), (span, foot)), ink, 1.7, dash, curved=True, head=kind == "shortcut")
    return Group(path, kind, title, left, at[1] - ARC, span, ARC - 1, (arrow,), suffix=":arc")


def _fold(
    stage: Stage, at: Point, bracket_from: float, ink: Ink, wide: float, tints: "BlockValues | None"
) -> list[Mark]:
    """Return the folded rest of a stage, and the bracket that says how many blocks are alike."""
    count, y = len(stage.blocks) - 1, at[1] + BLOCK_HEIGHT + 5
    marks: tuple[Mark, ...] = (
        Box(0, 0, wide, BLOCK_HEIGHT, Ink.CARD, ink, 1.5, 5, Dash.DASHED),
        *(
            Box(wide / 2 + dx - 2, BLOCK_HEIGHT / 2 - 2, 4, 4, ink, None, 0, 2)
            for dx in (() if tints else (-9.0, 0.0, 9.0))
        ),
    )
    title = f"Blocks 3 to {count + 1} are like block 2; double-click to unfold"
    end = at[0] + wide
    middle = (bracket_from + end) / 2
    bracket = Arrow(((bracket_from, y), (bracket_from, y + 5), (end, y + 5), (end, y)), Ink.MUTED, 1.1, head=False)
    text = Label(middle, y + 17, f"× {count}", 10, Ink.TEXT, Anchor.MIDDLE, Style.SEMIBOLD)
    fold = Group("", "fold", title, at[0], at[1], wide, BLOCK_HEIGHT, marks, suffix=":fold")
    inside = (at[0] + 3, at[1] + 3)
    cells = tints.cells(stage.blocks[2:], stage.path, inside, wide - 4.5, BLOCK_HEIGHT - 6) if tints else []
    return [fold, *cells, bracket, text]
