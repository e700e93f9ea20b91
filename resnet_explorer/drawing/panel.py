"""A block opened to its layers: branch F(x) above, shortcut below, the addition where they meet."""

from dataclasses import dataclass, field

from resnet_explorer.analysis import Analysis, Reading
from resnet_explorer.analysis.words import compact, si
from resnet_explorer.blueprint import Block, Form, Part
from resnet_explorer.blueprint.layers import Conv2d, ZeroPad
from resnet_explorer.drawing.marks import Anchor, Arrow, Box, Group, Ink, Label, Mark
from resnet_explorer.drawing.nodes import ADD_SIZE, node, node_width
from resnet_explorer.drawing.shortcut import STEP, shortcut
from resnet_explorer.drawing.text import Style, width

MARGIN = 18.0
BRANCH_Y = 104.0
TALL = 240.0
WITH_IDENTITY = 204.0
LOW = 158.0


def panel(analysis: Analysis, block: Block, title: str, ink: Ink, known: "Known") -> Group:
    """Return the open picture of a block, as wide as its layers need.

    ``known`` holds the inner marks of forms drawn before in the same picture: equal blocks share them.
    """
    sums = analysis.sums[block.path]
    start = analysis.starts[block.path]
    readings = tuple(row.reading for row in analysis.rows[start : start + sums.layers])
    key = (block.form, sums.input)
    flow = known.get(key)
    if flow is None:
        flow = known[key] = _Flow(block, readings).draw()
    header = _header(block, sums.params, sums.macs, analysis, title)
    wide = max(flow.width, _header_width(header))
    high = LOW if block.form.shortcut is None else TALL if block.form.projects else WITH_IDENTITY
    body = Box(0, 0, wide, high, Ink.CARD, ink, 1.8, 8)
    marks = (body, *(_right(mark, wide) for mark in header), *flow.marks)
    return Group(block.path, "open-block", title, 0, 0, wide, high, marks, suffix=":open")


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """The marks of a form's flow and the width they take."""

    marks: tuple[Mark, ...]
    width: float


Known = dict[tuple[Form, tuple[int, ...]], Drawn]


def _header(block: Block, params: int, macs: int, analysis: Analysis, title: str) -> list[Label]:
    """Return the title at the left and the costs at the right (x = 0 stands for the right end)."""
    share = 100 * macs / analysis.total.macs if analysis.total.macs else 0.0
    shortcut = sum(part.layer.params for part in block.form.shortcut or ())
    apart = f"F(x) {params - shortcut:,} · shortcut {shortcut:,} · " if shortcut else ""
    name_width = width(title, 13, Style.SEMIBOLD)
    return [
        Label(MARGIN, 27, title, 13, style=Style.SEMIBOLD),
        Label(MARGIN + name_width + 10, 27, kind_words(block), 11, Ink.MUTED),
        Label(0, 24, f"{params:,} parameters", 11, Ink.TEXT, Anchor.END, Style.SEMIBOLD),
        Label(0, 40, f"{apart}{si(macs)}MACs · {share:.1f} % of the network's", 10, Ink.MUTED, Anchor.END),
    ]


def _header_width(header: list[Label]) -> float:
    left = header[1].x + width(header[1].text, header[1].size)
    right = max(width(label.text, label.size, label.style) for label in header[2:])
    return left + right + 30 + MARGIN


def _right(label: Label, wide: float) -> Label:
    if label.anchor is Anchor.START:
        return label
    return Label(wide - MARGIN, label.y, label.text, label.size, label.ink, label.anchor, label.style)


def kind_words(block: Block) -> str:
    """Return what kind of block it is, such as ``bottleneck block, stride 2, projection shortcut``."""
    convs = [part.layer for part in block.form.branch if isinstance(part.layer, Conv2d)]
    if not block.number:
        return "stem" if convs else "head"
    words = ["bottleneck block" if len(convs) == 3 else "basic block"]
    stride = max(conv.stride for conv in convs)
    if stride > 1:
        words.append(f"stride {stride}")
    form = block.form
    if form.shortcut is None:
        return ", ".join([*words, "plain: no shortcut"])
    if form.shortcut and isinstance(form.shortcut[0].layer, ZeroPad):
        return ", ".join([*words, "zero-padded shortcut"])
    return ", ".join([*words, "projection shortcut" if form.shortcut else "identity shortcut"])


@dataclass(slots=True)
class _Flow:
    """Lays a form out from x on the left to y on the right; used once, then thrown away."""

    block: Block
    readings: tuple[Reading, ...]
    marks: list[Mark] = field(default_factory=list)
    x: float = MARGIN

    def draw(self) -> Drawn:
        form, readings = self.block.form, list(self.readings)
        self._end("x", compact(readings[0].input))
        self._arrow(STEP + (8 if form.shortcut is not None else 0))
        junction = self.x - STEP
        first = self.x
        branch = [readings.pop(0) for _ in form.branch]
        self._row(form.branch, branch)
        self._branch_words(first)
        if form.shortcut is not None:
            self._shortcut(junction, form.shortcut, [readings.pop(0) for _ in form.shortcut])
        for part, reading in zip(form.after, readings, strict=True):
            self._arrow(STEP)
            self._node(part, reading)
        self._arrow(STEP)
        self._end("y", compact((self.readings[-1]).output))
        return Drawn(tuple(self.marks), self.x + MARGIN)

    def _end(self, letter: str, shape: str) -> None:
        wide = max(width(shape, 10), 16.0)
        middle = self.x + wide / 2
        self.marks.append(Label(middle, BRANCH_Y + 5, letter, 17, anchor=Anchor.MIDDLE, style=Style.ITALIC))
        self.marks.append(Label(middle, BRANCH_Y + 30, shape, 10, Ink.MUTED, Anchor.MIDDLE))
        self.x += wide

    def _arrow(self, length: float) -> None:
        self.marks.append(Arrow(((self.x + 3, BRANCH_Y), (self.x + length, BRANCH_Y))))
        self.x += length

    def _row(self, parts: tuple[Part, ...], readings: list[Reading]) -> None:
        for index, (part, reading) in enumerate(zip(parts, readings, strict=True)):
            if index:
                self._arrow(STEP)
            self._node(part, reading)

    def _branch_words(self, first: float) -> None:
        if self.block.number:
            middle = (first + self.x) / 2
            words = "residual branch F(x; W)" if self.block.form.shortcut is not None else "F(x; W), nothing added"
            self.marks.append(Label(middle, BRANCH_Y - 26, words, 11, Ink.CONV, Anchor.MIDDLE, Style.SEMIBOLD))

    def _node(self, part: Part, reading: Reading) -> None:
        path = f".{part.name}" if self.block.number else part.name
        self.marks.append(node(part, reading, self.x, BRANCH_Y, path))
        self.x += node_width(part.layer)

    def _shortcut(self, junction: float, parts: tuple[Part, ...], readings: list[Reading]) -> None:
        """Draw the shortcut before the branch, so that the branch's boxes lie on top."""
        path = self.block.shortcut_path.removeprefix(self.block.path)
        span = self.x + STEP + ADD_SIZE / 2 - junction
        self.marks.insert(0, shortcut(path, parts, readings, junction, BRANCH_Y, span))
        self.marks.append(Box(junction - 3, BRANCH_Y - 3, 6, 6, Ink.SHORTCUT, None, 0, 3))
