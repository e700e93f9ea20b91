"""A block opened to its layers: branch F(x) above, shortcut below, the addition where they meet."""

from collections.abc import Collection, Iterator
from dataclasses import field, replace
from functools import partial

from resnet_explorer.dataclass import dataclass
from resnet_explorer.diagram.gate_wires import is_row, lines, wires
from resnet_explorer.diagram.lanes import Lanes, Measures, fork_title
from resnet_explorer.diagram.nodes import ADD_SIZE, NODE_HEIGHT, Changes, node, node_width
from resnet_explorer.network import Block, Fork, Form, Gated, Part, flat
from resnet_explorer.network.kinds import Role, Shape
from resnet_explorer.network.kinds.blocks import Scale
from resnet_explorer.network.tree import Chain
from resnet_explorer.picture.marks import Anchor, Arrow, Box, Dash, Group, Ink, Label, Mark, Point, Style, room, width
from resnet_explorer.readings import Analysis, Reading
from resnet_explorer.readings.read import weight_layers
from resnet_explorer.readings.text import compact, si
from resnet_explorer.spec import Order

LANE = 70.0
"""Height of a gate above what it rescales."""
GATE_STEP = 22.0
GATE_TURN = 20.0
TEXTS = {
    "se": "squeeze-and-excitation",
    "eca": "efficient channel attention",
    "splat": "attention of one split",
    "cbam_channel": "channel attention",
    "cbam_spatial": "spatial attention",
    "gc": "global context",
    "gca": "global context",
    "nl": "non-local attention",
    "bam": "bottleneck attention",
    "gate": "gate g(x)",
}
DROP = 80.0
"""How far the shortcut runs below the branch."""
TOP = 20.0
"""Where its group begins below the branch, so that the two do not cover each other."""
SIDE_LOW = DROP - TOP
SIDE_STEP = 24.0
TURN = 34.0
MARGIN = 18.0
BRANCH_Y = 104.0
TALL = 240.0
WITH_IDENTITY = 204.0
LOW = 158.0

_LANES = Measures(78.0, GATE_STEP, NODE_HEIGHT / 2, LANE, lambda part: node_width(part.layer))
_LOW_LANES = Measures(66.0, GATE_STEP, NODE_HEIGHT / 2, LANE, lambda part: node_width(part.layer), down=True)

Drawn = tuple[tuple[Mark, ...], float]
"""The marks of a form's flow and the width that they take."""


def panel(
    analysis: Analysis, block: Block, title: str, ink: Ink, drawn: dict[object, Drawn], marked: Changes | None = None
) -> Group:
    """Return the open picture of a block, as wide as its layers need.

    ``drawn`` holds what was drawn before in the same picture: equal blocks share it. The layers that ``marked`` names
    have a frame.
    """
    sums, form = analysis.sums[block.path], block.form
    lift = _gate_rise(form) + 8 if form.gate else _rise(form)
    key = (form, sums.input)
    if key not in drawn:
        start = analysis.starts[block.path]
        readings = (row.reading for row in analysis.rows[start : start + sums.layers])
        changed = marked.of(block) if marked else frozenset()
        drawn[key] = _Flow(block, readings, BRANCH_Y + lift, changed).draw(sums.input, sums.output)
    flow, flow_width = drawn[key]
    left, right = _header(analysis, block, title)
    left_width = left[1].x + room(left[1].text, left[1].size)
    right_width = max(room(label.text, label.size, label.style) for label in right)
    wide = max(flow_width, left_width + right_width + 14 + MARGIN)
    low = LOW if form.shortcut is None else TALL if form.shortcut else WITH_IDENTITY
    high = lift + low + max((_LOW_LANES.height(fork) for fork in _forks(form.shortcut or ())), default=0.0)
    body = Box(0, 0, wide, high, Ink.CARD, ink, 1.8, 8)
    marks = (body, *left, *(replace(label, x=wide - MARGIN) for label in right), *flow)
    return Group(block.path, "open-block", title, 0, 0, wide, high, marks, suffix=":open")


def _header(analysis: Analysis, block: Block, title: str) -> tuple[list[Label], list[Label]]:
    sums = analysis.sums[block.path]
    share = 100 * sums.macs / analysis.total.macs if analysis.total.macs else 0.0
    shortcut = sum(part.layer.params for part in flat(block.form.shortcut or ()))
    apart = f"F(x) {sums.params - shortcut:,} · shortcut {shortcut:,} · " if shortcut else ""
    costs = f"{apart}{si(sums.macs)}MACs · {share:.1f} % of the network's"
    beside = MARGIN + room(title, 13, Style.SEMIBOLD) + 10
    return [
        Label(MARGIN, 27, title, 13, style=Style.SEMIBOLD),
        Label(beside, 27, _kind_text(block, analysis.network.spec_of(block).order), 11, Ink.MUTED),
    ], [
        Label(0, 24, f"{sums.params:,} parameters", 11, Ink.TEXT, Anchor.END, Style.SEMIBOLD),
        Label(0, 40, costs, 10, Ink.MUTED, Anchor.END),
    ]


_ORDERS = {
    Order.BN_AFTER: "norm after addition",
    Order.RELU_BEFORE: "ReLU before addition",
    Order.RELU_ONLY: "ReLU-only pre-activation",
    Order.V2: "pre-activation",
    Order.NORM_FIRST: "norm first",
}


def _kind_text(block: Block, order: Order) -> str:
    """Return what kind of block it is, such as ``bottleneck block, stride 2, projection shortcut``."""
    convs = weight_layers(block.form.branch)
    if not block.number:
        return "head" if block.path == "head" else "stem"
    texts = ["bottleneck block" if len(convs) == 3 else "basic block"]
    texts += [_ORDERS[order]] if order in _ORDERS else []
    stride = max(part.layer.window[1] for part in flat(block.form.branch))
    if stride > 1:
        texts.append(f"stride {stride}")
    return ", ".join([*texts, _shortcut_text(block.form)])


def _shortcut_text(form: Form) -> str:
    if form.shortcut is None:
        return "plain: no shortcut"
    layers = [part.layer for part in flat(form.shortcut)]
    kind = "projection" if form.projects else "identity"
    if layers and layers[0].role is Role.PAD:
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
    lanes: Point | None = None
    """Where the first lanes of the branch begin, and how far they rise."""

    def draw(self, start: Shape, end: Shape) -> Drawn:
        form = self.block.form
        self._end("x", compact(start))
        self._chain(form.before)
        self._arrow(SIDE_STEP + (8 if form.shortcut is not None else 0), head=not isinstance(form.branch[0], Fork))
        junction, first = self.x - SIDE_STEP, self.x
        self._chain(form.branch, leading=False)
        if self.block.number:
            text = "residual branch F(x; W)" if form.shortcut is not None else "F(x; W), nothing added"
            label = Label(first, self.y - 26, text, 11, Ink.ACCENT, style=Style.SEMIBOLD)
            if self.lanes and self.lanes[0] < first + room(text, 11, Style.SEMIBOLD) + 6:
                label = replace(label, y=self.y - self.lanes[1] - 46)
            self.marks.append(label)
        if form.shortcut is not None:
            self._shortcut(junction, form.shortcut)
        if form.gate:
            self._gate("gate", flat(form.gate), junction, self._end_of_side() - junction, _gate_rise(form))
        self._chain(form.after)
        self._arrow(SIDE_STEP)
        self._end("y", compact(end))
        return tuple(self.marks), self.x + MARGIN

    def _end(self, letter: str, shape: str) -> None:
        wide = max(width(shape, 10), 16.0)
        middle = self.x + wide / 2
        self.marks.append(Label(middle, self.y + 5, letter, 17, anchor=Anchor.MIDDLE, style=Style.ITALIC))
        self.marks.append(Label(middle, self.y + 30, shape, 10, Ink.MUTED, Anchor.MIDDLE))
        self.x += wide

    def _arrow(self, length: float, *, head: bool = True) -> None:
        self.marks.append(Arrow(((self.x + 3, self.y), (self.x + length, self.y)), head=head))
        self.x += length

    def _chain(self, chain: Chain, leading: bool = True) -> None:
        for index, step in enumerate(chain):
            if isinstance(step, Gated):
                self._gated(step)
                continue
            if isinstance(step, Fork):
                self._forked(step)
                continue
            if index or leading:
                self._arrow(SIDE_STEP)
            self._node(step)

    def _gated(self, gated: Gated) -> None:
        """Draw the line on, its gate above it, and the circle where they meet."""
        start = self.x + SIDE_STEP / 2
        title = width(TEXTS[gated.name], 11, Style.SEMIBOLD) + 8
        span = max(_length(flat(gated.parts), GATE_STEP), title) + 2 * (GATE_TURN + 6)
        self._gate(gated.name, gated.parts, start, span, LANE)
        self._arrow(start + span - ADD_SIZE / 2 - self.x)
        self.marks.append(Box(start - 3, self.y - 3, 6, 6, Ink.GATE, None, 0, 3))
        self._node(gated.scale)

    def _forked(self, fork: Fork) -> None:
        """Draw parallel paths as lanes over the line, and what joins them."""
        start, high = self.x + SIDE_STEP / 2, _LANES.height(fork)
        self.lanes = self.lanes or (start, high)
        self.marks.append(Arrow(((self.x, self.y), (start, self.y)), head=False))
        top, space = self.y - high - NODE_HEIGHT / 2, 34.0
        line = Arrow((), Ink.MUTED, 1.4)
        lanes, end = Lanes(fork, (0.0, self.y - top + space), _LANES, line, partial(self._lane_node, fork.name)).run()
        lead = max(map(_LANES.length, fork.paths)) + 2.0 * GATE_STEP
        over = lead if fork.gate and (len(fork.paths) - 1) * _LANES.step < high else 1.5 * GATE_STEP
        text = fork_title(fork)
        title = Label(over, space - 10, text, 11, Ink.TEXT, Anchor.START, Style.SEMIBOLD)
        deep = high + space + NODE_HEIGHT / 2
        marks: tuple[Mark, ...] = (Box(0, 0, end, deep), title, *lanes)
        place = (start, top - space, end, deep + NODE_HEIGHT / 2)
        self.marks.append(Group(f".{fork.name}", "fork", text.capitalize(), *place, marks))
        self.x = start + end

    def _lane_node(self, name: str, part: Part, x: float, y: float) -> Group:
        """Return a layer of a fork, in whose group its own name goes on."""
        path = part.name.removeprefix(name)
        return node(part, next(self.readings), x, y, path, changed=part.name in self.changed)

    def _gate(self, name: str, chain: Chain, start: float, span: float, rise: float) -> None:
        """Draw a gate to the circle ``span`` further right, ``rise`` above the line that it leaves."""
        top, floor, parts, found = 30.0, 30.0 + rise, flat(chain), wires(chain)
        at = max(GATE_TURN + 6, span / 2 - _length(parts, GATE_STEP) / 2)
        linked = {place for source, place in found if source == place - 1}
        nodes, end = self._nodes(parts, at, top, GATE_STEP, Arrow((), Ink.GATE, 1.6), linked)
        label = Label(at, top - 20, TEXTS[name], 11, Ink.TEXT, Anchor.START, Style.SEMIBOLD)
        if not is_row(found):
            label = replace(label, x=span - 6, anchor=Anchor.END)
            nodes += lines(found, _boxes(parts, at, GATE_STEP), top, NODE_HEIGHT)
        marks: tuple[Mark, ...] = (
            Box(0, 0, span, floor - NODE_HEIGHT / 2),
            label,
            Arrow(((0, floor), (0, top), (at, top)), Ink.GATE, 1.6),
            *nodes,
            Arrow(((end, top), (span, top), (span, floor - ADD_SIZE / 2)), Ink.GATE, 1.6),
        )
        does = "adds to" if name in ("gca", "nl") else "rescales"
        title, high = f"{TEXTS[name].capitalize()}: {does} what passes", floor - NODE_HEIGHT / 2
        self.marks.append(Group(f".{name}", "gate", title, start, self.y - floor, span, high, marks))

    def _nodes(
        self, chain: Chain, x: float, y: float, step: float, line: Arrow, linked: Collection[int] | None = None
    ) -> tuple[list[Mark], float]:
        """Return layers in a row and where it ends; an arrow leads to those that read the one before (None: all)."""
        marks: list[Mark] = []
        for index, part in enumerate(chain):
            if index:
                arrow = replace(line, points=((x, y), (x + step, y)))
                marks += [arrow] if linked is None or index in linked else []
                x += step
            if isinstance(part, Fork):
                lanes, x = Lanes(part, (x, y), _LOW_LANES, line, self._low_node).run()
                marks += lanes
                continue
            assert isinstance(part, Part), "no gate on the way of another"
            path, changed = f".{part.name.partition('.')[2]}", part.name in self.changed
            marks.append(node(part, next(self.readings), x, y, path, line.ink is Ink.SHORTCUT, changed))
            x += node_width(part.layer)
        return marks, x

    def _low_node(self, part: Part, x: float, y: float) -> Group:
        """Return a layer of the shortcut's lanes."""
        path, changed = f".{part.name.partition('.')[2]}", part.name in self.changed
        return node(part, next(self.readings), x, y, path, True, changed)

    def _node(self, part: Part) -> None:
        path = f".{part.name}" if self.block.number else part.name
        self.marks.append(node(part, next(self.readings), self.x, self.y, path, changed=part.name in self.changed))
        self.x += node_width(part.layer)

    def _end_of_side(self) -> float:
        """Return the middle of the addition, where shortcut and gate end."""
        return self.x + SIDE_STEP + ADD_SIZE / 2

    def _shortcut(self, junction: float, chain: Chain) -> None:
        """Draw the shortcut under the boxes of the branch: solid for identity, else dashed."""
        span = self._end_of_side() - junction
        down = ((0.0, -TOP), (0.0, SIDE_LOW - 24), (0.0, SIDE_LOW), (TURN, SIDE_LOW))
        up = ((span, SIDE_LOW), (span, SIDE_LOW - 24), (span, ADD_SIZE / 2 - TOP))
        line = Arrow((), Ink.SHORTCUT, 1.8)
        parts, deep = flat(chain), max((_LOW_LANES.height(fork) for fork in _forks(chain)), default=0.0)
        if parts:
            start = max(TURN + SIDE_STEP, span * 0.42 - _chain_length(chain, SIDE_STEP) / 2)
            nodes, end = self._nodes(chain, start, SIDE_LOW, SIDE_STEP, line)
            dashed = replace(line, dash=Dash.DASHED, curved=True)
            first = replace(dashed, points=(*down, *_along(TURN, start)))
            last = replace(dashed, points=((end, SIDE_LOW), *_along(end, span - TURN), *up))
            marks, middle, rise = [first, *nodes, last], (end + span) / 2 - 4, 8
        else:
            points = (*down, *_along(TURN, span - TURN), *up)
            marks, middle, rise = [replace(line, points=points, curved=True)], span / 2, 9
        title, text = _shortcut_titles(parts)
        label = Label(middle, SIDE_LOW - rise, text, 11, Ink.SHORTCUT, Anchor.MIDDLE, Style.SEMIBOLD)
        path, high = self.block.shortcut_path.removeprefix(self.block.path), SIDE_LOW + 16 + deep
        self.marks.insert(0, Group(path, "shortcut", title, junction, self.y + TOP, span, high, (*marks, label)))
        self.marks.append(Box(junction - 3, self.y - 3, 6, 6, Ink.SHORTCUT, None, 0, 3))


def _along(start: float, end: float) -> tuple[Point, ...]:
    """Return the points of a level part of the shortcut after its start."""
    return ((start + 4, SIDE_LOW), (end - 4, SIDE_LOW), (end, SIDE_LOW))


def _forks(chain: Chain) -> tuple[Fork, ...]:
    return tuple(step for step in chain if isinstance(step, Fork))


def _chain_length(chain: Chain, step: float) -> float:
    """Return the length of layers in a row, and of lanes among them."""
    spans = (_LOW_LANES.span(each) if isinstance(each, Fork) else _length(flat((each,)), step) for each in chain)
    return sum(spans) + step * (len(chain) - 1)


def _length(parts: tuple[Part, ...], step: float) -> float:
    return sum(node_width(part.layer) for part in parts) + step * (len(parts) - 1)


def _boxes(parts: tuple[Part, ...], x: float, step: float) -> list[Point]:
    """Return left and right of each layer of a row that begins at ``x``."""
    made: list[Point] = []
    for part in parts:
        made.append((x, x + node_width(part.layer)))
        x = made[-1][1] + step
    return made


def _rise(form: Form) -> float:
    """Return how far gates and lanes of the branch run over its line."""
    lanes = (_LANES.height(fork) + 20 for fork in form.forks)
    return max(LANE if form.gates else 0.0, *lanes) if form.forks else LANE if form.gates else 0.0


def _gate_rise(form: Form) -> float:
    return LANE + (_rise(form) or 14)


def _shortcut_titles(parts: tuple[Part, ...]) -> tuple[str, str]:
    if not parts:
        return "Identity shortcut: x passes unchanged", "identity shortcut: x"
    if any(part.layer.role is Role.CONVOLUTION for part in parts):
        return "Projection shortcut: brings x to the shape of F(x)", "projection"
    if parts[0].layer.role is Role.PAD:
        return "Shortcut with zero-padding (option A): no parameters", "zero-padded"
    if any(part.layer.role is Role.PAD for part in parts):
        return "Shortcut with average pool and zero-padding: no parameters", "pooled, zero-padded"
    return "Shortcut with x altered: no longer the identity", "x, altered"
