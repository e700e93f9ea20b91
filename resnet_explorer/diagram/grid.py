"""How the overview is laid out: cards in lines, blocks in rows and columns, so that a room shows it largest."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import accumulate, combinations, pairwise
from typing import TYPE_CHECKING, NamedTuple

from resnet_explorer.dataclass import dataclass
from resnet_explorer.diagram.view import View, folded
from resnet_explorer.network import Block, Fork, Form, Gated, Network, Stage, flat
from resnet_explorer.network.kinds import Role
from resnet_explorer.network.tree import Step
from resnet_explorer.picture.marks import Point, Style, room, width
from resnet_explorer.picture.page import largest_zoom
from resnet_explorer.readings import Analysis
from resnet_explorer.readings.text import compact

if TYPE_CHECKING:
    from resnet_explorer.diagram.overlays import BlockValues

STAGE_NAME, BLOCK_NAME, CAPTION = 12, 11, 10
"""Sizes of text in px; that of a caption is the smallest in a diagram."""
BLOCK_HEIGHT = 40.0
ARC = 26.0
GAP = 18.0
PAD = 22.0
HEADER = 30.0
ROW = ARC + BLOCK_HEIGHT + 12.0
BETWEEN = 26.0
MIDDLE = HEADER + ARC + BLOCK_HEIGHT / 2
"""Where the line runs from card to card."""
LINE_GAP = 34.0
"""Between two lines of cards; the arrow to the next line runs in it,"""
TURN = 12.0
"""and beside the cards so far out."""
MIN_BLOCK = 76.0
FOLD_WIDTH = 46.0
CELL, WIDEST_FOLD = 14.0, 224.0
"""In a coloured diagram a fold shows its blocks: so wide is one, and all of them together at most."""

READABLE = 0.9
"""Where there is room, a picture is not shown so small that captions are under 9 px."""
ALMOST = 0.85
"""Fewer lines and rows are easier to read: they may cost this part of the size."""
MOST_LINES = 4
_GATES = {
    **{"splat": "split att.", "se": "SE", "eca": "ECA", "cbam_channel": "CBAM"},
    **{"gc": "GC", "gca": "GC", "nl": "NL", "bam": "BAM"},
}

Card = Block | Stage


def caption(form: Form) -> str:
    """Return what a block is made of in few words, such as ``1×1, 3×3 /2, 1×1, SE``."""
    steps = form.before + form.branch + tuple(gate for gate in form.gates if gate in form.after)
    return ", ".join(filter(None, map(_short, steps)))


def _short(step: Step) -> str:
    """Return a step's word in the caption of a block; of parallel paths, how many of which layers there are."""
    if isinstance(step, Fork):
        inside = [part.layer.short for part in flat(step.paths[0]) if part.layer.short]
        count = sum(any(part.layer.role is Role.CONVOLUTION for part in flat(path)) for path in step.paths)
        if not count:
            return "split att."
        return f"{count}×({', '.join(inside)})" if len(inside) > 1 else f"{count}× {inside[0]}"
    return _GATES.get(step.name, "") if isinstance(step, Gated) else step.layer.short


@dataclass(frozen=True, slots=True)
class Grid:
    """How a view is laid out: the blocks' width, the most in a row, whether they have values, the cards in each line.

    Cards are the stem, the stages and the head; ``folds`` are the paths of the stages that are folded, and ``titles``
    is the width of the widest title of a stage with its shape.
    """

    view: View
    block_width: float
    columns: int
    coloured: bool
    folds: frozenset[str]
    titles: float
    lines: tuple[int, ...] = ()

    @staticmethod
    def cards(network: Network) -> tuple[Card, ...]:
        """Return the stem, the stages, and the head where there is one."""
        return (network.stem, *network.stages, *((network.head,) if network.head else ()))

    def columns_of(self, stage: Stage) -> int:
        """Return how many blocks of a stage stand in a row; a folded stage is one row."""
        return 3 if stage.path in self.folds else min(self.columns, len(stage.blocks))

    def rows_of(self, card: Card) -> int:
        """Return how many rows of blocks a card has."""
        if isinstance(card, Block) or card.path in self.folds:
            return 1
        return -(-len(card.blocks) // self.columns)

    def card_width(self, card: Card) -> float:
        """Return the width of a card: that of its blocks, or as its title or caption needs."""
        if isinstance(card, Block):
            return max(self.block_width, width(caption(card.form), CAPTION) + 14)
        if card.path in self.folds:
            return 2 * PAD + 2 * (self.block_width + GAP) + self.fold_width(card)
        columns = self.columns_of(card)
        return max(self.titles, 2 * PAD + columns * self.block_width + (columns - 1) * GAP)

    def fold_width(self, stage: Stage) -> float:
        """Return the width of what stands for the folded blocks of a stage."""
        return min(WIDEST_FOLD, max(FOLD_WIDTH, CELL * (len(stage.blocks) - 2))) if self.coloured else FOLD_WIDTH

    def line_height(self, cards: Sequence[Card]) -> float:
        """Return the height of the cards of a line."""
        return _line_height(max(map(self.rows_of, cards)))

    def size(self, network: Network) -> Point:
        """Return width and height of the overview."""
        cards = self.cards(network)
        return _size(self.lines, [self.card_width(card) for card in cards], [self.rows_of(card) for card in cards])

    def place(self, index: int, columns: int) -> Point:
        """Return the corner of a block of a stage."""
        return PAD + (index % columns) * (self.block_width + GAP), HEADER + ARC + (index // columns) * ROW


class Room(NamedTuple):
    """The room in px for so many overviews ``across`` and ``down``.

    ``beside`` and ``above`` are what stands around them all in the picture, ``each`` what stands above and below each,
    and ``least`` the width of the picture that other things need.
    """

    width: float
    height: float
    beside: float = 0.0
    above: float = 0.0
    across: int = 1
    down: int = 1
    each: float = 0.0
    least: float = 0.0

    def zoom(self, wide: float, high: float) -> float:
        """Return how large overviews of that size are shown."""
        across = max(self.across * wide + self.beside, self.least)
        down = self.down * (high + self.each) + self.above
        return min(largest_zoom(self.width, self.height), self.width / across, self.height / down)


def best_grid(analysis: Analysis, view: View, room: Room, tints: "BlockValues | None" = None) -> tuple[Grid, float]:
    """Return the grid under which a room shows the overview largest, or almost with fewer lines, and its zoom."""
    zooms = [(grid, room.zoom(*size)) for grid, size in _grids(analysis, view, tints)]
    most = max(zoom for _, zoom in zooms)
    enough = min(most, max(ALMOST * most, READABLE))
    return next(pair for pair in zooms if pair[1] >= enough)


def _grids(analysis: Analysis, view: View, tints: "BlockValues | None") -> Iterator[tuple[Grid, Point]]:
    """Yield grids with their sizes: few lines first, and then many columns; the widest line is as narrow as can be."""
    network, stages = analysis.network, analysis.network.stages
    cards, folds = Grid.cards(network), frozenset(stage.path for stage in stages if folded(stage, view))
    forms = {block.form for stage in stages for block in (stage.blocks[0], stage.blocks[-1])}
    block = max(MIN_BLOCK, tints.width() if tints else 0.0, *(width(caption(form), CAPTION) + 12 for form in forms))
    longest = max((len(stage.blocks) for stage in stages if stage.path not in folds), default=1)
    titles = max((_title_width(analysis, stage) for stage in stages), default=0.0)
    grids = [Grid(view, block, columns, tints is not None, folds, titles) for columns in _columns(longest)]
    sizes = [([grid.card_width(card) for card in cards], [grid.rows_of(card) for card in cards]) for grid in grids]
    for count in range(1, min(MOST_LINES, len(cards)) + 1):
        for grid, (widths, rows) in zip(grids, sizes, strict=True):
            lines = _broken(widths, count)
            yield replace(grid, lines=lines), _size(lines, widths, rows)


def _columns(longest: int) -> Iterator[int]:
    """Yield numbers of columns from the most to one; where they are many, in steps of a fifth."""
    columns = longest
    while columns >= 1:
        yield columns
        columns = min(columns - 1, int(columns * 0.8)) if columns > 12 else columns - 1


def _title_width(analysis: Analysis, stage: Stage) -> float:
    shape = compact(analysis.sums[stage.path].output)
    return 24 + room(stage.title, STAGE_NAME, Style.SEMIBOLD) + 8 + room(shape, CAPTION)


def _broken(widths: Sequence[float], count: int) -> tuple[int, ...]:
    """Return how many cards stand in each of so many lines, so that the widest line is as narrow as can be."""
    ends = list(accumulate((wide + BETWEEN for wide in widths), initial=0.0))

    def widest(cuts: tuple[int, ...]) -> float:
        return max(ends[end] - ends[start] for start, end in pairwise((0, *cuts, len(widths))))

    cuts = min(combinations(range(1, len(widths)), count - 1), key=widest)
    return tuple(end - start for start, end in pairwise((0, *cuts, len(widths))))


def _size(lines: Sequence[int], widths: Sequence[float], rows: Sequence[int]) -> Point:
    spans = list(pairwise(accumulate(lines, initial=0)))
    wide = max(sum(widths[start:end]) + BETWEEN * (end - start - 1) for start, end in spans)
    high = sum(_line_height(max(rows[start:end])) for start, end in spans) + LINE_GAP * (len(spans) - 1)
    return wide + (TURN if len(spans) > 1 else 0.0), high


def _line_height(rows: int) -> float:
    return HEADER + rows * ROW + 14.0
