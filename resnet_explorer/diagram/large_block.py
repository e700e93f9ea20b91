"""An open block composed for the back row: its layers in stacks from x to y, the shortcut under them."""

from dataclasses import dataclass, field, replace

from resnet_explorer.diagram.columns import Columns
from resnet_explorer.diagram.lanes import Lanes, Measures, fork_title
from resnet_explorer.diagram.panel import TEXTS
from resnet_explorer.diagram.units import SUB, Unit, gate_height, gate_lines, units
from resnet_explorer.network import Block, Fork, Gated, Part, flat
from resnet_explorer.network.kinds import Role, Shape
from resnet_explorer.network.kinds.blocks import Scale
from resnet_explorer.network.tree import Chain
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
    Style,
    elbow,
    width,
)
from resnet_explorer.readings import Analysis, Reading
from resnet_explorer.readings.text import compact

NAME, END = 13, 20
HIGH, STEP, TOP = 30.0, 11.0, 22.0
"""In px: the height of a layer, from one to the next below it, and the room for words above a stack."""
_SMALL = {Role.NORM, Role.ACTIVATION, Role.SHIFT, Role.FACTOR, Role.DROP}
_ON = {Ink.ACTIVATION: Ink.ON_LIGHT, Ink.SHORTCUT: Ink.ON_SHORTCUT}


_TRIES = (
    (1, 28.0, True), (1, 18.0, True), (1, 14.0, False), (1, 8.0, False), (2, 20.0, True), (2, 14.0, False),
    (2, 5.0, False), (3, 14.0, False), (3, 6.0, False),
)  # fmt: skip
"""Rows of stacks, the gap between two, and whether the shapes of outputs are said; else norm and activation are one."""


def large_block(analysis: Analysis, block: Block, room: tuple[float, float]) -> Picture:
    """Return the picture of a block with all its layers: in one row of stacks, or in as many as a room needs.

    Where parallel paths have no room, each fork is one box of words.
    """
    made: list[Picture] = []
    for in_words in (False, True) if block.form.forks else (False,):
        for rows, gap, shapes in _TRIES:
            made.append(_Flow(analysis, block, rows, gap, shapes, in_words).draw())
            if made[-1].width <= room[0] and made[-1].height <= room[1]:
                return made[-1]
    return min(made, key=lambda picture: max(picture.width / room[0], picture.height / room[1]))


@dataclass(slots=True)
class _Flow:
    """Lays a block out from x on the left to y on the right; used once."""

    analysis: Analysis
    block: Block
    rows: int
    gap: float
    shapes: bool
    in_words: bool = False
    marks: list[Mark] = field(default_factory=list)
    x: float = 0.0
    y: float = TOP + HIGH / 2
    """The height of the line through the first layers of the stacks of a row."""
    right: float = 0.0
    bottom: float = 0.0

    readings: dict[str, Reading] = field(default_factory=dict)

    def __post_init__(self) -> None:
        start, sums = self.analysis.starts[self.block.path], self.analysis.sums[self.block.path]
        rows = self.analysis.rows[start : start + sums.layers]
        self.readings = {part.name: row.reading for part, row in zip(self.block.form.parts, rows, strict=True)}

    def draw(self) -> Picture:
        form, sums = self.block.form, self.analysis.sums[self.block.path]
        self._end("x", sums.input)
        self._inline(flat(form.before))
        junction = self.x + self.gap * 0.6
        stacks, places = units(form.branch), []
        stacks = [unit.compact for unit in stacks] if self.in_words else stacks
        each = -(-len(stacks) // self.rows)
        last: tuple[float, float] | None = None
        start = self.x
        for index, unit in enumerate(stacks):
            if index and index % each == 0:  # the next row
                self.x, self.y = start, self.bottom + TOP + 16 + HIGH / 2
            left = self.x + self.gap * (1.6 if index % each == 0 else 1.0)
            last = self._unit(unit, left, last, start)
            places.append(left)
        text = "F(x): nothing is added to it" if form.shortcut is None else "F(x)"
        if stacks[0].fork and not self.in_words:
            text = f"{text}: {fork_title(stacks[0].fork)}"
        if self.block.number:
            self.marks.append(Label(places[0], TOP - 9, text, NAME, Ink.ACCENT, style=Style.SEMIBOLD))
        self._after(tuple(step for step in form.after if isinstance(step, Part)), last, junction)
        self._stage_end(tuple(step for step in form.after if isinstance(step, Gated)))
        self._end("y", sums.output)
        marks = tuple(self.marks)
        group = Group(self.block.path, "open-block", "", 0, 0, self.right, self.bottom, marks, ":open")
        return Picture(self.right, self.bottom, (group,), "The layers of the block")

    def _end(self, letter: str, shape: Shape) -> None:
        text = compact(shape)
        wide = max(width(text, SUB + 1), 16.0)
        if self.marks:
            self._arrow(self.gap)
        self.marks.append(Label(self.x + wide / 2, self.y + 6, letter, END, Ink.TEXT, Anchor.MIDDLE, Style.ITALIC))
        self.marks.append(Label(self.x + wide / 2, self.y + 26, text, SUB + 1, Ink.MUTED, Anchor.MIDDLE))
        self.x += wide
        self._reach(self.x, self.y + 32)

    def _reach(self, x: float, y: float) -> None:
        self.right, self.bottom = max(self.right, x), max(self.bottom, y)

    def _arrow(self, length: float) -> None:
        self.marks.append(Arrow(((self.x + 4, self.y), (self.x + length, self.y)), Ink.MUTED, 1.8))
        self.x += length

    def _inline(self, parts: tuple[Part, ...]) -> None:
        for part in parts:
            self._arrow(self.gap)
            self.marks.append(self._node(part, self.x, self.y - HIGH / 2, self._wide(part)))
            self.x += self._wide(part)
        self._reach(self.x, self.y + HIGH)

    def _wide(self, part: Part) -> float:
        """Return the width of a layer's box: that of its words."""
        layer = part.layer
        if layer.is_round:
            return HIGH
        text = self._caption(part)
        pad = 16 if self.shapes else 10
        return max(46.0, width(layer.label, NAME, Style.SEMIBOLD) + pad, width(text, SUB) + pad)

    def _caption(self, part: Part) -> str:
        layer = part.layer
        shape = compact(self.readings[part.name].output) if layer.shows_map and self.shapes else ""
        return " · ".join(filter(None, (layer.caption, shape if layer.caption else "")))

    def _unit_width(self, unit: Unit) -> float:
        if unit.name:
            texts = (width(unit.name, SUB + 1, Style.SEMIBOLD), *(width(text, SUB) for text in gate_lines(unit)))
            return max(texts) + (16 if self.shapes else 10)
        labels = [", ".join(part.layer.label for part in parts) for parts in self._boxes(unit) if len(parts) > 1]
        both = [width(label, NAME, Style.SEMIBOLD) + 10 for label in labels]
        return max(56.0, *map(self._wide, unit.parts), *both)

    def _boxes(self, unit: Unit) -> list[tuple[Part, ...]]:
        """Return the layers of a stack by the boxes that they are drawn in."""
        boxes: list[tuple[Part, ...]] = []
        small = _SMALL if self.rows == 1 else {*_SMALL, Role.POOLING}
        for part in unit.parts:
            if boxes and not self.shapes and {boxes[-1][0].layer.role, part.layer.role} <= small:
                boxes[-1] = (*boxes[-1], part)
            else:
                boxes.append((part,))
        return boxes

    def _unit(self, unit: Unit, left: float, last: tuple[float, float] | None, start: float) -> tuple[float, float]:
        """Draw a stack and the arrow to it, and return where it is left."""
        if unit.fork and not unit.name:
            return self._fork(unit.fork, left, last, start)
        wide = self._unit_width(unit)
        self.marks += elbow(self._way(last, left, start))
        self.x = left + wide
        if unit.name:
            self.marks.append(self._gate(unit, left, wide))
            self._reach(self.x, self.y + HIGH)
            return self.x, self.y
        y = self.y - HIGH / 2
        middle = left + wide / 2
        for index, parts in enumerate(self._boxes(unit)):
            if index:
                self.marks.append(Arrow(((middle, y - STEP + 1), (middle, y)), Ink.MUTED, 1.8))
            label = ", ".join(part.layer.label for part in parts)
            self.marks.append(self._node(parts[0], left, y, wide, label=label))
            foot = y + HIGH
            y = foot + STEP
        self._reach(self.x, foot + 4)
        return self.x, foot - HIGH / 2

    def _fork(self, fork: Fork, left: float, last: tuple[float, float] | None, start: float) -> tuple[float, float]:
        """Draw parallel paths as stacks side by side, and return where what joins them is left."""
        self.marks += elbow(replace(self._way(last, left, start), head=False))
        gate = Unit((*flat(fork.gate), fork.join), fork_title(fork)) if fork.gate else None
        high = gate_height(gate) + 18 if gate else 0.0
        columns = Columns(fork, left, self.y, self.gap, self._wide, self._node, self._boxes_of)
        self.marks += columns.marks(self.y + high)
        x, y, join = columns.right, columns.foot, self._wide(fork.join)
        wide = max(join, self._unit_width(gate)) if gate else join
        if gate:
            top = y - HIGH / 2 - high
            self.marks.append(replace(self._gate(gate, x, wide), y=top))
            enter, floor = top + (high - 18) / 2, top + high - 18
            up = ((x - 8, y), (x - 8, enter), (x, enter))
            self.marks += elbow(Arrow(up, Ink.GATE, 1.8))
            self.marks.append(Arrow(((x + wide / 2, floor), (x + wide / 2, y - HIGH / 2)), Ink.GATE, 1.8))
        self.marks.append(Arrow(((x - 8, y), (x + (wide - join) / 2, y)), Ink.MUTED, 1.8))
        self.marks.append(self._node(fork.join, x + (wide - join) / 2, y - HIGH / 2, join))
        self.x = x + wide
        self._reach(self.x, y + HIGH / 2 + 4)
        return x + (wide + join) / 2, y

    def _boxes_of(self, path: Chain) -> list[tuple[Part, ...]]:
        return self._boxes(Unit(flat(path)))

    def _gate(self, unit: Unit, left: float, wide: float) -> Group:
        """Return a gate as one box: its name, and its layers in words."""
        lines, high = gate_lines(unit), gate_height(unit)
        marks: list[Mark] = [
            Box(0, 0, wide, high, Ink.GATE, None, 0, 6),
            Label(wide / 2, 19, unit.name, SUB + 1, Ink.ON_DARK, Anchor.MIDDLE, Style.SEMIBOLD),
        ]
        marks += [
            Label(wide / 2, 34 + 13 * place, text, SUB, Ink.ON_DARK, Anchor.MIDDLE) for place, text in enumerate(lines)
        ]
        path = unit.parts[0].name.partition(".")[0]
        top = self.y - HIGH / 2
        self._reach(left + wide, top + high)
        return Group(f".{path}", "gate", unit.name, left, top, wide, high, tuple(marks))

    def _way(self, last: tuple[float, float] | None, left: float, start: float) -> Arrow:
        """Return the arrow to the first layer of a stack: from x, from the stack before it, or from the row above."""
        if last is None:
            return Arrow(((start + 4, self.y), (left, self.y)), Ink.MUTED, 1.8)
        if left > last[0]:
            middle = (last[0] + left) / 2
            points = (last, (middle, last[1]), (middle, self.y), (left, self.y))
            return Arrow(points if last[1] != self.y else (last, (left, self.y)), Ink.MUTED, 1.8)
        lane, out = self.y - HIGH / 2 - TOP - 4, last[0] + 10
        around = (last, (out, last[1]), (out, lane), (left - 14, lane), (left - 14, self.y), (left, self.y))
        return Arrow(around, Ink.MUTED, 1.8)

    def _after(
        self,
        after: tuple[Part, ...],
        last: tuple[float, float] | None,
        junction: float,
    ) -> None:
        """Draw the addition with the shortcut, and what comes after it."""
        form = self.block.form
        joins = bool(after) and after[0].layer.role is Role.JOIN
        if last is not None and not joins and last[1] != self.y:
            self.marks.append(replace(self._way(last, self.x + self.gap, 0.0), head=False))
            self.x += self.gap - 4
        if joins:
            left = max(self.x + self.gap, junction + 36 + self._shortcut_length(form.shortcut or ()) - HIGH / 2)
            self.marks += elbow(self._way(last, left, self.x))
            self.marks.append(self._node(after[0], left, self.y - HIGH / 2, HIGH))
            self.x = left + HIGH
            self._shortcut(junction, left + HIGH / 2, form.shortcut or ())
            after = after[1:]
        self._inline(after)

    def _stage_end(self, gates: tuple[Gated, ...]) -> None:
        """Draw what ends a stage after its last block, each as one box."""
        for gate in gates:
            unit = Unit((*flat(gate.parts), gate.scale), TEXTS[gate.name])
            wide = self._unit_width(unit)
            self._arrow(self.gap)
            self.marks.append(self._gate(unit, self.x, wide))
            self.x += wide
            self._reach(self.x, self.y + HIGH)

    def _shortcut(self, junction: float, end: float, chain: Chain) -> None:
        """Draw the shortcut from the junction under all stacks to the addition: solid for the identity."""
        parts = flat(chain)
        form, start, text = self.block.form, TOP + HIGH / 2, _shortcut_text(parts, bool(self.block.form.gate))
        lanes, total = self._lanes(), self._shortcut_length(chain)
        at = junction + max(16.0, (end - junction - total) / 2)
        long = width(text, NAME, Style.SEMIBOLD)
        fits = not parts or at + total + 12 + long <= end - 6
        low = self.bottom + (30 if fits else 44)
        dash = Dash.DASHED if form.projects else Dash.DOTTED if form.alters else Dash.SOLID
        line = Arrow((), Ink.SHORTCUT, 2.6, dash, head=False)
        self.marks.append(Box(junction - 4, start - 4, 8, 8, Ink.SHORTCUT, None, 0, 4))
        points = [(junction, start), (junction, low)]
        x = junction
        deep = 0.0
        for each in chain:
            points.append((at, low))
            self.marks += elbow(replace(line, points=tuple(points), head=not isinstance(each, Fork)))
            if isinstance(each, Fork):
                made, x = Lanes(each, (at, low), lanes, replace(line, dash=Dash.SOLID), self._aside).run()
                self.marks += made
                deep = lanes.height(each)
            else:
                part = flat((each,))[0]
                self.marks.append(self._node(part, at, low - HIGH / 2, self._wide(part), True))
                x = at + self._wide(part)
            points, at = [(x, low)], x + self.gap
        up = ((end, low), (end, self.y + HIGH / 2))
        self.marks += elbow(replace(line, points=(*points, *up), head=True))
        place, anchor = ((junction + end) / 2, low - 9), Anchor.MIDDLE
        if parts:
            place, anchor = (x + 12, low - 9) if fits else (junction + 10, low - HIGH / 2 - 7), Anchor.START
        self.marks.append(Label(*place, text, NAME, Ink.SHORTCUT, anchor, Style.SEMIBOLD))
        self._reach(max(end, x), low + HIGH / 2 + 4 + deep)

    def _lanes(self) -> Measures:
        return Measures(HIGH + 12, max(self.gap, 14.0), HIGH / 2, 0.0, self._wide, down=True)

    def _shortcut_length(self, chain: Chain) -> float:
        spans = [self._lanes().span(each) if isinstance(each, Fork) else self._wide(flat((each,))[0]) for each in chain]
        return sum(spans) + self.gap * max(0, len(chain) - 1)

    def _aside(self, part: Part, x: float, y: float) -> Group:
        """Return a layer of the shortcut's lanes."""
        return self._node(part, x, y - HIGH / 2, self._wide(part), True)

    def _node(self, part: Part, x: float, y: float, wide: float, aside: bool = False, label: str = "") -> Group:
        """Return a layer: its name and channels in a box of its colour; on the shortcut in the shortcut's."""
        layer = part.layer
        own = not (aside and (layer.role is Role.CONVOLUTION or isinstance(layer, Scale)))
        ink = Ink(layer.ink) if own else Ink.SHORTCUT
        on = _ON.get(ink, Ink.ON_DARK)
        size = END if layer.is_round else NAME
        radius = HIGH / 2 if layer.is_round else 6
        if layer.is_round:
            x, wide = x + (wide - HIGH) / 2, HIGH
        marks: list[Mark] = [Box(0, 0, wide, HIGH, ink, None, 0, radius)]
        has_more = bool(layer.caption)
        base = HIGH / 2 - 1 if has_more else HIGH / 2 + 0.36 * size
        marks.append(Label(wide / 2, base, label or layer.label, size, on, Anchor.MIDDLE, Style.SEMIBOLD))
        if has_more:
            text = self._caption(part)
            marks.append(Label(wide / 2, HIGH / 2 + 11, text, SUB, on, Anchor.MIDDLE))
        path = f".{part.name}" if self.block.number else part.name
        return Group(path, layer.kind, layer.kind, x, y, wide, HIGH, tuple(marks))


def _shortcut_text(parts: tuple[Part, ...], has_gate: bool) -> str:
    if has_gate:
        return "shortcut, weighted by a gate"
    if not parts:
        return "identity shortcut: x"
    roles = {part.layer.role for part in parts}
    return "projection" if Role.CONVOLUTION in roles else "zero-padded" if Role.PAD in roles else "x, altered"
