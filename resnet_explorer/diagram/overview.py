"""The overview: stem, stages with their blocks, and head; shortcuts as arcs over the blocks they bridge."""

from typing import TYPE_CHECKING

from resnet_explorer.dataclass import dataclass
from resnet_explorer.diagram.grid import (
    ARC,
    BETWEEN,
    BLOCK_HEIGHT,
    BLOCK_NAME,
    CAPTION,
    GAP,
    LINE_GAP,
    MIDDLE,
    PAD,
    ROW,
    STAGE_NAME,
    TURN,
    Grid,
    caption,
)
from resnet_explorer.diagram.nodes import Changes
from resnet_explorer.network import Block, Stage, flat
from resnet_explorer.picture.marks import Anchor, Arrow, Box, Dash, Group, Ink, Label, Mark, Point, Style, room
from resnet_explorer.readings import Analysis
from resnet_explorer.readings.text import compact, si

if TYPE_CHECKING:
    from resnet_explorer.diagram.overlays import BlockValues, Tint


STAGE_INKS = (Ink.STAGE1, Ink.STAGE2, Ink.STAGE3, Ink.STAGE4)


def stage_ink(stage: Stage) -> Ink:
    """Return the ink of a stage; more than four use the hues again."""
    return STAGE_INKS[(stage.number - 1) % len(STAGE_INKS)]


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
        cards, marks = grid.cards(network), list[Mark]()
        top, leave, number = 0.0, (0.0, 0.0), 0
        for count in grid.lines:
            x, line = 0.0, cards[number : number + count]
            height = grid.line_height(line)
            for card in line:
                enter = (x + BETWEEN if x else 0.0, top + MIDDLE)
                if number:
                    marks.append(_between(leave, enter) if x else _to_next_line(leave, enter, top))
                x = enter[0]
                marks.append(self._card(card, x, top, height))
                x += grid.card_width(card)
                leave = (x, top + MIDDLE + (grid.rows_of(card) - 1) * ROW)
                number += 1
            top += height + LINE_GAP
        wide, high = grid.size(network)
        return Group(
            "", "overview", "The network from input to output", 0, 0, wide, high, (Box(0, 0, wide, high), *marks)
        )

    def _card(self, card: Block | Stage, x: float, top: float, height: float) -> Group:
        if isinstance(card, Stage):
            return self._stage(card, x, top, height)
        network = self.analysis.network
        name, ink = ("Stem", Ink.STEM) if card is network.stem else ("Head", Ink.HEAD)
        return self._terminal(card, name, ink, x, top)

    def _terminal(self, block: Block, name: str, ink: Ink, x: float, top: float) -> Group:
        wide, high = self.grid.card_width(block), 56.0
        tint = self._tint(block)
        marks: tuple[Mark, ...] = (
            self._body(block, wide, high, ink, (2.2, 1.4), 6),
            Box(0, 0, wide, 5, ink, None, 0, 2.5),
            *_block_text(block, wide, high, 26, name, STAGE_NAME, tint),
            Label(wide / 2, high + 15, compact(self.analysis.sums[block.path].output), 10, Ink.MUTED, Anchor.MIDDLE),
            *self._frame(block, wide, high, None),
        )
        return Group(block.path, "block", self._title(block, name), x, top + MIDDLE - high / 2, wide, high + 18, marks)

    def _tint(self, block: Block) -> "Tint | None":
        return self.tints.tint(block.path) if self.tints else None

    def _title(self, block: Block, name: str) -> str:
        sums = self.analysis.sums[block.path]
        end = self.tints.title_end(block.path) if self.tints else ""
        return f"{name}: {sums.params:,} parameters, {si(sums.macs)}MACs{end}"

    def _body(self, block: Block, wide: float, high: float, ink: Ink, weights: Point, radius: float) -> Box:
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

    def _stage(self, stage: Stage, x: float, top: float, height: float) -> Group:
        grid, sums, ink = self.grid, self.analysis.sums[stage.path], stage_ink(stage)
        wide, columns = grid.card_width(stage), grid.columns_of(stage)
        marks: list[Mark] = [
            Box(0, 0, wide, height, Ink.CARD, Ink.LINE, 1.2, 8),
            Label(12, 20, stage.title, STAGE_NAME, style=Style.SEMIBOLD, is_name=True),
            Label(wide - 12, 20, compact(sums.output), 10, Ink.MUTED, Anchor.END),
        ]
        if more := self.marked.blocks_more(stage) if self.marked else 0:
            beside = 12 + room(stage.title, STAGE_NAME, Style.SEMIBOLD) + 6
            marks.append(Label(beside, 20, f"{more:+d}".replace("-", "−"), 11, Ink.CHANGED, style=Style.SEMIBOLD))
        is_folded = stage.path in grid.folds
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
        return Group(stage.path, "stage", title, x, top, wide, height, tuple(marks))

    def _block(self, block: Block, stage: Stage, at: Point) -> list[Mark]:
        wide, tint = self.grid.block_width, self._tint(block)
        marks: tuple[Mark, ...] = (
            self._body(block, wide, BLOCK_HEIGHT, stage_ink(stage), (2.6, 1.5), 5),
            *_block_text(block, wide, BLOCK_HEIGHT, 17, f"block {block.number}", BLOCK_NAME, tint),
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


def _between(start: Point, end: Point) -> Arrow:
    """Return the arrow to the next card, from the row in which the last block stands."""
    if start[1] == end[1]:
        return Arrow((start, end))
    half = end[0] - BETWEEN / 2
    return Arrow((start, (half, start[1]), (half, end[1]), end))


def _to_next_line(start: Point, end: Point, top: float) -> Arrow:
    """Return the arrow from the last card of a line to the first of the next, through the gap between the lines."""
    (x, y), gap = start, top - LINE_GAP / 2
    return Arrow(((x, y), (x + TURN, y), (x + TURN, gap), (end[0] - TURN, gap), (end[0] - TURN, end[1]), end))


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
    middle, below = wide / 2, y + (14 if size == BLOCK_NAME else 16)
    if tint is None:
        return (
            Label(middle, y, name, size, anchor=Anchor.MIDDLE, style=Style.SEMIBOLD, is_name=True),
            Label(middle, below, caption(block.form), CAPTION, Ink.MUTED, Anchor.MIDDLE),
        )
    return (
        tint.plate(wide, high),
        Label(middle, y, name, size, tint.text, Anchor.MIDDLE, Style.SEMIBOLD, is_name=True),
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
    text = Label(at[0] + wide / 2, at[1] - 6, f"−{cost:,}", CAPTION, Ink.SHORTCUT, Anchor.MIDDLE, Style.SEMIBOLD)
    return [ghost, text] if cost else [ghost]


def _arc(path: str, kind: str, title: str, at: Point, wide: float, dash: Dash, ink: Ink) -> Group:
    left, foot, span = at[0] - 8, ARC + BLOCK_HEIGHT / 2, wide + 15
    arrow = Arrow(((0, foot), (0, -6), (span, -6), (span, foot)), ink, 1.7, dash, curved=True, head=kind == "shortcut")
    return Group(path, kind, title, left, at[1] - ARC, span, ARC - 1, (arrow,), suffix=":arc")
