"""A block opened to its layers: branch F(x) above, shortcut below, the addition where they meet."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from resnet_explorer.diagram.nodes import ADD_SIZE, NODE_HEIGHT, Changes, node, node_width
from resnet_explorer.network import Block, Form, Gated, Part, flat
from resnet_explorer.network.kinds import Role, Shape
from resnet_explorer.network.kinds.blocks import Scale
from resnet_explorer.network.tree import ALTERING, Chain
from resnet_explorer.picture.marks import Anchor, Arrow, Box, Dash, Group, Ink, Label, Mark, Point, Style, width
from resnet_explorer.readings import Analysis, Reading
from resnet_explorer.readings.text import compact, si
from resnet_explorer.spec import Order

LANE = 70.0
"""Height of a gate above what it rescales."""
GATE_STEP = 22.0
GATE_TURN = 20.0
WORDS = {
    "se": "squeeze-and-excitation",
    "eca": "efficient channel attention",
    "cbam_channel": "channel attention",
    "cbam_spatial": "spatial attention",
    "gate": "gate g(x)",
}


def lane_width(parts: Sequence[Part], name: str) -> float:
    """Return how long the line that a gate bridges must be."""
    inner = sum(node_width(part.layer) for part in parts) + GATE_STEP * (len(parts) - 1)
    return max(inner, width(WORDS[name], 11, Style.SEMIBOLD) + 8) + 2 * (GATE_TURN + 6)


def gate(
    name: str,
    parts: Sequence[Part],
    readings: Sequence[Reading],
    x: float,
    y: float,
    span: float,
    rise: float,
    changed: frozenset[str] = frozenset(),
) -> Group:
    """Return a gate from (x, y) to the circle ``span`` further right, ``rise`` above the line that it leaves."""
    top, floor = 30.0, 30.0 + rise
    inner = sum(node_width(part.layer) for part in parts) + GATE_STEP * (len(parts) - 1)
    at = max(GATE_TURN + 6, span / 2 - inner / 2)
    marks: list[Mark] = [
        Box(0, 0, span, floor - NODE_HEIGHT / 2),
        Label(at, top - 20, WORDS[name], 11, Ink.GATE, Anchor.START, Style.SEMIBOLD),
        Arrow(((0, floor), (0, top), (at, top)), Ink.GATE, 1.6),
    ]
    for index, (part, reading) in enumerate(zip(parts, readings, strict=True)):
        if index:
            marks.append(Arrow(((at, top), (at + GATE_STEP, top)), Ink.GATE, 1.6))
            at += GATE_STEP
        path = f".{part.name.removeprefix(f'{name}.')}"
        marks.append(node(part, reading, at, top, path, changed=part.name in changed))
        at += node_width(part.layer)
    marks.append(Arrow(((at, top), (span, top), (span, floor - ADD_SIZE / 2)), Ink.GATE, 1.6))
    title = f"{WORDS[name].capitalize()}: rescales what passes"
    return Group(f".{name}", "gate", title, x, y - floor, span, floor - NODE_HEIGHT / 2, tuple(marks))


DROP = 80.0
"""How far the shortcut runs below the branch."""
TOP = 20.0
"""Where its group begins below the branch, so that the two do not cover each other."""
SIDE_LOW = DROP - TOP
SIDE_STEP = 24.0
TURN = 34.0


def shortcut(
    path: str,
    parts: tuple[Part, ...],
    readings: list[Reading],
    x: float,
    y: float,
    span: float,
    changed: frozenset[str] = frozenset(),
) -> Group:
    """Return the shortcut from (x, y) to the addition ``span`` further right; solid for identity, else dashed."""
    title, text = _words(parts)
    marks = _identity(span) if not parts else _projection(parts, readings, span, changed)
    middle = span / 2 if not parts else (_start(parts, span) + _length(parts) + span) / 2 - 4
    rise = 9 if not parts else 8
    label = Label(middle, SIDE_LOW - rise, text, 11, Ink.SHORTCUT, Anchor.MIDDLE, Style.SEMIBOLD)
    return Group(path, "shortcut", title, x, y + TOP, span, SIDE_LOW + 16, (*marks, label))


def _words(parts: tuple[Part, ...]) -> tuple[str, str]:
    if not parts:
        return "Identity shortcut: x passes unchanged", "identity shortcut: x"
    if parts[0].layer.role is Role.PAD:
        return "Shortcut with zero-padding (option A): no parameters", "zero-padded"
    if parts[0].layer.role in ALTERING:
        return "Shortcut with x altered: no longer the identity", "x, altered"
    return "Projection shortcut: brings x to the shape of F(x)", "projection"


_DOWN: tuple[Point, ...] = ((0, -TOP), (0, SIDE_LOW - 24), (0, SIDE_LOW), (TURN, SIDE_LOW))


def _up(span: float) -> tuple[Point, ...]:
    return ((span, SIDE_LOW), (span, SIDE_LOW - 24), (span, ADD_SIZE / 2 - TOP))


def _along(start: float, end: float) -> tuple[Point, ...]:
    return ((start + 4, SIDE_LOW), (end - 4, SIDE_LOW), (end, SIDE_LOW))


def _identity(span: float) -> list[Mark]:
    points = (*_DOWN, *_along(TURN, span - TURN), *_up(span))
    return [Arrow(points, Ink.SHORTCUT, 1.8, curved=True)]


def _length(parts: tuple[Part, ...]) -> float:
    return sum(node_width(part.layer) for part in parts) + SIDE_STEP * (len(parts) - 1)


def _start(parts: tuple[Part, ...], span: float) -> float:
    return max(TURN + SIDE_STEP, span * 0.42 - _length(parts) / 2)


def _projection(parts: tuple[Part, ...], readings: list[Reading], span: float, changed: frozenset[str]) -> list[Mark]:
    x = _start(parts, span)
    marks: list[Mark] = [Arrow((*_DOWN, *_along(TURN, x)), Ink.SHORTCUT, 1.8, Dash.DASHED, curved=True)]
    for index, (part, reading) in enumerate(zip(parts, readings, strict=True)):
        if index:
            marks.append(Arrow(((x, SIDE_LOW), (x + SIDE_STEP, SIDE_LOW)), Ink.SHORTCUT, 1.8))
            x += SIDE_STEP
        name, new = f".{part.name.partition('.')[2]}", part.name in changed
        marks.append(node(part, reading, x, SIDE_LOW, name, is_shortcut=True, changed=new))
        x += node_width(part.layer)
    points = ((x, SIDE_LOW), *_along(x, span - TURN), *_up(span))
    return [*marks, Arrow(points, Ink.SHORTCUT, 1.8, Dash.DASHED, curved=True)]


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
        Label(MARGIN + name_width + 10, 27, kind_text(block, analysis.network.spec.order), 11, Ink.MUTED),
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


def kind_text(block: Block, order: Order) -> str:
    """Return what kind of block it is, such as ``bottleneck block, stride 2, projection shortcut``."""
    steps = [step for step in block.form.branch if isinstance(step, Part)]
    convs = [step for step in steps if step.layer.role is Role.CONVOLUTION]
    if not block.number:
        return "stem" if convs else "head"
    text = ["bottleneck block" if len(convs) == 3 else "basic block"]
    text += [_ORDERS[order]] if order in _ORDERS else []
    stride = max(part.layer.window[1] for part in flat(block.form.branch))
    if stride > 1:
        text.append(f"stride {stride}")
    return ", ".join([*text, _shortcut_text(block.form)])


def _shortcut_text(form: Form) -> str:
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
        self._arrow(SIDE_STEP + (8 if form.shortcut is not None else 0))
        junction, first = self.x - SIDE_STEP, self.x
        self._chain(form.branch, leading=False)
        self._branch_text(first)
        if form.shortcut is not None:
            self._shortcut(junction, flat(form.shortcut))
        if form.gate:
            self._gate(
                "gate", flat(form.gate), junction, self.x + SIDE_STEP + ADD_SIZE / 2 - junction, _gate_rise(form)
            )
        self._chain(form.after)
        self._arrow(SIDE_STEP)
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
                self._arrow(SIDE_STEP)
            self._node(step)

    def _gated(self, gated: Gated) -> None:
        """Draw the line on, its gate above it, and the circle where they meet."""
        start, span = self.x + SIDE_STEP / 2, lane_width(gated.parts, gated.name)
        self._gate(gated.name, gated.parts, start, span, LANE)
        self._arrow(start + span - ADD_SIZE / 2 - self.x)
        self.marks.append(Box(start - 3, self.y - 3, 6, 6, Ink.GATE, None, 0, 3))
        self._node(gated.scale)

    def _gate(self, name: str, parts: tuple[Part, ...], start: float, span: float, rise: float) -> None:
        readings = [next(self.readings) for _ in parts]
        self.marks.append(gate(name, parts, readings, start, self.y, span, rise, self.changed))

    def _branch_text(self, first: float) -> None:
        if self.block.number:
            text = "residual branch F(x; W)" if self.block.form.shortcut is not None else "F(x; W), nothing added"
            self.marks.append(Label(first, self.y - 26, text, 11, Ink.CONV, style=Style.SEMIBOLD))

    def _node(self, part: Part) -> None:
        path = f".{part.name}" if self.block.number else part.name
        self.marks.append(node(part, next(self.readings), self.x, self.y, path, changed=part.name in self.changed))
        self.x += node_width(part.layer)

    def _shortcut(self, junction: float, parts: tuple[Part, ...]) -> None:
        """Draw the shortcut before the branch, so that the branch's boxes lie on top."""
        path = self.block.shortcut_path.removeprefix(self.block.path)
        span = self.x + SIDE_STEP + ADD_SIZE / 2 - junction
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
