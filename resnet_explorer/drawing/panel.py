"""A block opened to its layers: branch F(x) above, shortcut below, the addition where they meet."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from resnet_explorer.analysis import Analysis, Reading
from resnet_explorer.analysis.words import compact, si
from resnet_explorer.blueprint import Block, Form, Gated, Part, flat
from resnet_explorer.blueprint.kinds import Role, Shape
from resnet_explorer.blueprint.kinds.blocks import Scale
from resnet_explorer.blueprint.tree import Chain
from resnet_explorer.drawing.changes import Changes
from resnet_explorer.drawing.gates import LANE, gate, lane_width
from resnet_explorer.drawing.marks import Anchor, Arrow, Box, Group, Ink, Label, Mark
from resnet_explorer.drawing.nodes import ADD_SIZE, node, node_width
from resnet_explorer.drawing.shortcut import STEP, shortcut
from resnet_explorer.drawing.text import Style, width
from resnet_explorer.spec import Order

MARGIN = 18.0
BRANCH_Y = 104.0
TALL = 240.0
WITH_IDENTITY = 204.0
LOW = 158.0


def panel(
    analysis: Analysis, block: Block, title: str, ink: Ink, known: "Known", marked: Changes | None = None
) -> Group:
    """Return the open picture of a block, as wide as its layers need.

    ``known`` holds the inner marks of forms drawn before in the same picture: equal blocks share them. The layers that
    ``marked`` names have a frame.
    """
    sums = analysis.sums[block.path]
    start = analysis.starts[block.path]
    readings = tuple(row.reading for row in analysis.rows[start : start + sums.layers])
    key = (block.form, sums.input)
    flow, lift = known.get(key), _lift(block.form)
    if flow is None:
        flow = known[key] = _Flow(block, iter(readings), BRANCH_Y + lift, _changed(marked, block)).draw(
            sums.input, sums.output
        )
    header = _header(block, sums.params, sums.macs, analysis, title)
    wide = max(flow.width, _header_width(header))
    high = lift + (LOW if block.form.shortcut is None else TALL if block.form.shortcut else WITH_IDENTITY)
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
    shortcut = sum(part.layer.params for part in flat(block.form.shortcut or ()))
    apart = f"F(x) {params - shortcut:,} · shortcut {shortcut:,} · " if shortcut else ""
    name_width = width(title, 13, Style.SEMIBOLD)
    return [
        Label(MARGIN, 27, title, 13, style=Style.SEMIBOLD),
        Label(MARGIN + name_width + 10, 27, kind_words(block, analysis.network.spec.order), 11, Ink.MUTED),
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


_ORDERS = {
    Order.BN_AFTER: "norm after addition",
    Order.RELU_BEFORE: "ReLU before addition",
    Order.RELU_ONLY: "ReLU-only pre-activation",
    Order.V2: "pre-activation",
}


def kind_words(block: Block, order: Order) -> str:
    """Return what kind of block it is, such as ``bottleneck block, stride 2, projection shortcut``."""
    steps = [step for step in block.form.branch if isinstance(step, Part)]
    convs = [step for step in steps if step.layer.role is Role.CONVOLUTION]
    if not block.number:
        return "stem" if convs else "head"
    words = ["bottleneck block" if len(convs) == 3 else "basic block"]
    words += [_ORDERS[order]] if order in _ORDERS else []
    stride = max(part.layer.window[1] for part in flat(block.form.branch))
    if stride > 1:
        words.append(f"stride {stride}")
    return ", ".join([*words, _shortcut_words(block.form)])


def _shortcut_words(form: Form) -> str:
    if form.shortcut is None:
        return "plain: no shortcut"
    layers = [part.layer for part in flat(form.shortcut)]
    kind = "projection" if form.projects else "identity"
    if any(layer.role is Role.PAD for layer in layers):
        kind = "zero-padded"
    gated = "gated " if form.gate else ""
    scaled = "scaled " if any(isinstance(layer, Scale) for layer in layers) else ""
    return f"{gated}{scaled}{kind} shortcut"


@dataclass(slots=True)
class _Flow:
    """Lays a form out from x on the left to y on the right; used once, then thrown away."""

    block: Block
    readings: Iterator[Reading]
    y: float
    changed: frozenset[str] = frozenset()
    marks: list[Mark] = field(default_factory=list)
    x: float = MARGIN

    def draw(self, start: Shape, end: Shape) -> Drawn:
        form = self.block.form
        self._end("x", compact(start))
        self._chain(form.before)
        self._arrow(STEP + (8 if form.shortcut is not None else 0))
        junction, first = self.x - STEP, self.x
        self._chain(form.branch, leading=False)
        self._branch_words(first)
        if form.shortcut is not None:
            self._shortcut(junction, flat(form.shortcut))
        if form.gate:
            self._gate("gate", flat(form.gate), junction, self.x + STEP + ADD_SIZE / 2 - junction, _gate_rise(form))
        self._chain(form.after)
        self._arrow(STEP)
        self._end("y", compact(end))
        return Drawn(tuple(self.marks), self.x + MARGIN)

    def _end(self, letter: str, shape: str) -> None:
        wide = max(width(shape, 10), 16.0)
        middle = self.x + wide / 2
        self.marks.append(Label(middle, self.y + 5, letter, 17, anchor=Anchor.MIDDLE, style=Style.ITALIC))
        self.marks.append(Label(middle, self.y + 30, shape, 10, Ink.MUTED, Anchor.MIDDLE))
        self.x += wide

    def _arrow(self, length: float) -> None:
        self.marks.append(Arrow(((self.x + 3, self.y), (self.x + length, self.y))))
        self.x += length

    def _chain(self, chain: Chain, leading: bool = True) -> None:
        for index, step in enumerate(chain):
            if isinstance(step, Gated):
                self._gated(step)
                continue
            if index or leading:
                self._arrow(STEP)
            self._node(step)

    def _gated(self, gated: Gated) -> None:
        """Draw the line on, its gate above it, and the circle where they meet."""
        start, span = self.x + STEP / 2, lane_width(gated.parts, gated.name)
        self._gate(gated.name, gated.parts, start, span, LANE)
        self._arrow(start + span - ADD_SIZE / 2 - self.x)
        self.marks.append(Box(start - 3, self.y - 3, 6, 6, Ink.GATE, None, 0, 3))
        self._node(gated.scale)

    def _gate(self, name: str, parts: tuple[Part, ...], start: float, span: float, rise: float) -> None:
        readings = [next(self.readings) for _ in parts]
        self.marks.append(gate(name, parts, readings, start, self.y, span, rise, self.changed))

    def _branch_words(self, first: float) -> None:
        if self.block.number:
            words = "residual branch F(x; W)" if self.block.form.shortcut is not None else "F(x; W), nothing added"
            self.marks.append(Label(first, self.y - 26, words, 11, Ink.CONV, style=Style.SEMIBOLD))

    def _node(self, part: Part) -> None:
        path = f".{part.name}" if self.block.number else part.name
        self.marks.append(node(part, next(self.readings), self.x, self.y, path, changed=part.name in self.changed))
        self.x += node_width(part.layer)

    def _shortcut(self, junction: float, parts: tuple[Part, ...]) -> None:
        """Draw the shortcut before the branch, so that the branch's boxes lie on top."""
        path = self.block.shortcut_path.removeprefix(self.block.path)
        span = self.x + STEP + ADD_SIZE / 2 - junction
        readings = [next(self.readings) for _ in parts]
        self.marks.insert(0, shortcut(path, parts, readings, junction, self.y, span, self.changed))
        self.marks.append(Box(junction - 3, self.y - 3, 6, 6, Ink.SHORTCUT, None, 0, 3))


def _changed(marked: Changes | None, block: Block) -> frozenset[str]:
    return marked.of(block) if marked else frozenset()


def _gate_rise(form: Form) -> float:
    return LANE + (LANE if form.gates else 14)


def _lift(form: Form) -> float:
    """Return how much room the gates need above the branch."""
    return _gate_rise(form) + 8 if form.gate else LANE if form.gates else 0.0
