"""A cluster as marks: closed, a box with its sums; open, its operations with their parameters above them."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from resnet_explorer.autograd.clusters import Cluster
from resnet_explorer.autograd.values import AutogradGraph, GraphNode, NodeKind, kind_of
from resnet_explorer.picture.marks import Anchor, Arrow, Box, Dash, Group, Ink, Label, Mark, Point, Style, width
from resnet_explorer.readings.text import size as shape_text

CLOSED_WIDTH, CLOSED_HEIGHT, CLOSED_PORT = 66.0, 42.0, 35.5
HEADER, PAD, GAP = 26.0, 16.0, 18.0
NODE, CHIP, LANE = 26.0, 16.0, 56.0
TITLE_WIDTH = 190.0
"""The least width of an open cluster: that of its title."""
ABOVE = 2 * CHIP + 16.0
"""The room over a lane for leaves and what accumulates their gradients."""
SIDE = 9.0
"""How far from its corner a line meets a node from below, beside the words under it."""
DETAIL = 56.0
"""An open cluster less high than this on screen shows its title alone."""

Rect = tuple[float, float, float, float]
"""Corner, width and height."""

LOOKS: Mapping[NodeKind, tuple[Ink, Ink, float, str]] = {
    NodeKind.OPERATION: (Ink.CARD, Ink.TEXT, 5.0, "operation"),
    NodeKind.LEAF: (Ink.CONV, Ink.ON_DARK, CHIP / 2, "parameter or input (leaf)"),
    NodeKind.ACCUMULATE: (Ink.NORM, Ink.ON_DARK, 0.0, "accumulates a leaf's gradient"),
    NodeKind.SAVED: (Ink.ACTIVATION, Ink.ON_LIGHT, 0.0, "saved tensor"),
    NodeKind.OUTPUT: (Ink.POOL, Ink.ON_DARK, NODE / 2, "output"),
}
"""For each kind of node its fill, the ink of its words, the radius of its corners, and its words in the legend."""


Spots = dict[str, tuple[Rect, tuple[Rect, ...]]]
"""By path the box of a cluster, and in it the boxes of its nodes in the order of ``nodes_of``; none where hidden."""


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """A cluster or a stage at (0, 0), where its clusters lie, and the heights at which lines enter and leave it."""

    group: Group
    spots: Spots
    port_in: float
    port_out: float


def short(name: str) -> str:
    """Return an operation's name as it fits into its box: ``Convolution`` for ``ConvolutionBackward0``."""
    return kind_of(name.rpartition("::")[2]) or name


def closed(cluster: Cluster, on_highway: int, ink: Ink) -> Drawn:
    """Return a cluster as a box with its title and number of operations; ``on_highway`` of them are on the highway."""
    count = len(cluster.operations)
    facts = {"input": "leaf", "output": "tensor"}.get(cluster.path, f"{count} op{'' if count == 1 else 's'}")
    wide = max(CLOSED_WIDTH, width(cluster.name, 12, Style.SEMIBOLD) + 16, width(facts, 10) + 12)
    marks: list[Mark] = [
        Box(0, 0, wide, CLOSED_HEIGHT, Ink.CARD, ink, 1.4, 6),
        Label(wide / 2, 16, cluster.name, 12, Ink.TEXT, Anchor.MIDDLE, Style.SEMIBOLD, is_name=True),
        Label(wide / 2, 29, facts, 10, Ink.MUTED, Anchor.MIDDLE),
    ]
    if on_highway:
        marks.append(Arrow(((0, CLOSED_PORT), (wide, CLOSED_PORT)), Ink.SHORTCUT, 3, head=False))
    text = cluster.text + (f"; the highway passes {on_highway} of them" if on_highway else "")
    place = (0.0, 0.0, wide, CLOSED_HEIGHT)
    group = Group(cluster.path, "cluster", text, *place, tuple(marks))
    return Drawn(group, {cluster.path: (place, ())}, CLOSED_PORT, CLOSED_PORT)


def nodes_of(cluster: Cluster) -> list[int]:
    """Return all nodes of a cluster, leaves included."""
    hung = [node for pairs in cluster.leaves.values() for pair in pairs for node in pair if node is not None]
    return [*cluster.operations, *hung]


class Inside(NamedTuple):
    """The inside of an open cluster, shared by clusters with equal nodes and edges."""

    marks: tuple[Mark, ...]
    places: tuple[Rect, ...]
    wide: float
    high: float
    port: float


Insides = dict[Hashable, Inside]
"""The insides of clusters that are drawn already, by ``_likeness``."""


def opened(graph: AutogradGraph, cluster: Cluster, highway: frozenset[int], ink: Ink, insides: Insides) -> Drawn:
    """Return a cluster with all its nodes; those on the highway are bold."""
    key = _likeness(graph, cluster, highway)
    inside = insides.get(key)
    if inside is None:
        inside = insides[key] = _Open(graph, cluster, highway).inside()
    head = (
        Box(0, 0, inside.wide, inside.high, Ink.OPEN, ink, 1.4, 7),
        Label(PAD, 18, cluster.title, 13, Ink.TEXT, style=Style.SEMIBOLD, is_name=True),
    )
    place = (0.0, 0.0, inside.wide, inside.high)
    marks = (*head, *inside.marks)
    group = Group(cluster.path, "cluster", cluster.text, *place, marks, ":graph", brief=2, detail=DETAIL)
    return Drawn(group, {cluster.path: (place, inside.places)}, inside.port, inside.port)


def _likeness(graph: AutogradGraph, cluster: Cluster, highway: frozenset[int]) -> Hashable:
    nodes = nodes_of(cluster)
    number = {index: place for place, index in enumerate(nodes)}
    cut = len(cluster.path)
    content = tuple(
        (node.name if node.kind is not NodeKind.LEAF else "", node.path[cut:], node.shape, node.attributes)
        for node in (graph.nodes[index] for index in nodes)
    )
    edges = tuple((number[start], number[end]) for start, end in cluster.inner)
    ends = tuple(map(number.__getitem__, cluster.entries)), tuple(map(number.__getitem__, cluster.exits))
    leaves = tuple((number[index], len(hung)) for index, hung in cluster.leaves.items())
    shared = tuple((number[start], number[end]) for start, end in cluster.shared)
    return content, edges, ends, leaves, shared, tuple(index in highway for index in cluster.operations)


class _Open:
    """The measures of one open cluster while it is drawn."""

    def __init__(self, graph: AutogradGraph, cluster: Cluster, highway: frozenset[int]) -> None:
        self.graph, self.cluster, self.highway = graph, cluster, highway
        self.number = {index: place for place, index in enumerate(nodes_of(cluster))}
        self.chips = {index: [max(46.0, width(_leaf(graph.nodes[leaf]), 9) + 12) for leaf, _ in hung]
                      for index, hung in cluster.leaves.items()}  # fmt: skip
        widths = {
            index: max(48.0, width(short(graph.nodes[index].name), 11, Style.SEMIBOLD) + 16)
            for index in cluster.operations
        }
        columns = [0.0] * cluster.columns
        for index, column in cluster.column.items():
            chips = self.chips.get(index, [])
            columns[column] = max(columns[column], widths[index], sum(chips) + 4 * len(chips))
        self.left = left = [PAD + sum(columns[:place]) + GAP * (place + 1) for place in range(len(columns) + 1)]
        self.wide = max(left[-1] + PAD, TITLE_WIDTH)
        lanes_with_leaves = {cluster.lane[index] for index in cluster.leaves}
        self.lane_y = [HEADER + ABOVE] * cluster.lanes
        for lane in range(1, cluster.lanes):
            self.lane_y[lane] = self.lane_y[lane - 1] + LANE + (ABOVE - 10 if lane in lanes_with_leaves else 0)
        self.high = self.lane_y[-1] + NODE + 30
        self.places: dict[int, Rect] = {}
        for index, column in cluster.column.items():
            x = left[column] + (columns[column] - widths[index]) / 2
            self.places[index] = (x, self.lane_y[cluster.lane[index]], widths[index], NODE)

    def inside(self) -> Inside:
        cluster = self.cluster
        lines = [self._edge(start, end) for start, end in cluster.inner]
        lines += [self._enter(index) for index in cluster.entries] + [self._leave(index) for index in cluster.exits]
        nodes: list[Mark] = []
        for index in cluster.operations:
            nodes.append(self._node(index))
            nodes += self._hung(index)
        lines += [self._share(start, end) for start, end in cluster.shared]
        places = tuple(self.places[index] for index in self.number)
        return Inside((*lines, *nodes), places, self.wide, self.high, self.lane_y[0] + NODE / 2)

    def _bold(self, *indices: int) -> bool:
        return all(index in self.highway for index in indices)

    def _line(self, points: tuple[Point, ...], bold: bool, curved: bool = False) -> Arrow:
        ink, thickness = (Ink.SHORTCUT, 3.0) if bold else (Ink.MUTED, 1.2)
        return Arrow(points, ink, thickness, Dash.SOLID, curved)

    def _edge(self, start: int, end: int) -> Arrow:
        (x, y, wide, _), (ex, ey, _, _) = self.places[start], self.places[end]
        if y > ey:
            middle, bold = y + NODE / 2, self._bold(start, end)
            return self._line(((x + wide, middle), (ex + SIDE, middle), (ex + SIDE, ey + NODE)), bold)
        return self._between((x + wide, y + NODE / 2), (ex, ey + NODE / 2), self._bold(start, end))

    def _between(self, start: Point, end: Point, bold: bool) -> Arrow:
        if start[1] == end[1] and end[0] - start[0] < 2 * GAP + 90:
            return self._line((start, end), bold)
        bend = min(40.0, (end[0] - start[0]) / 2)
        return self._line((start, (start[0] + bend, start[1]), (end[0] - bend, end[1]), end), bold, curved=True)

    def _enter(self, index: int) -> Arrow:
        """Return the line from the cluster's edge: straight, or below all lanes where nodes are in the way."""
        x, y, _, _ = self.places[index]
        port = (0.0, self.lane_y[0] + NODE / 2)
        if self.cluster.column[index] == 0:
            return self._between(port, (x, y + NODE / 2), self._bold(index))
        low = self.high - 10
        under = ((8.0, port[1]), (8.0, low), (x + SIDE, low), (x + SIDE, y + NODE))
        return self._line((port, *under), self._bold(index))

    def _leave(self, index: int) -> Arrow:
        x, y, wide, _ = self.places[index]
        return self._between((x + wide, y + NODE / 2), (self.wide, self.lane_y[0] + NODE / 2), self._bold(index))

    def _share(self, leaf: int, index: int) -> Arrow:
        """Return the line from a leaf to one more operation: under the leaves, and along the gap before its column."""
        (x, y, wide, _), (ex, ey, _, _) = self.places[leaf], self.places[index]
        is_alone = self.graph.nodes[leaf].kind is not NodeKind.ACCUMULATE
        middle, low = x + wide / 2, y + CHIP + 3 + (CHIP + 4) * is_alone
        gap, end = self.left[self.cluster.column[index]] - GAP / 2, ey + NODE / 2
        points = ((middle, y + CHIP), (middle, low), (gap, low), (gap, end), (ex, end))
        return Arrow(points, Ink.MUTED, 0.9)

    def _node(self, index: int) -> Group:
        node, wide = self.graph.nodes[index], self.places[index][2]
        fill, on, radius, _ = LOOKS[node.kind]
        line, thickness = (Ink.SHORTCUT, 2.4) if index in self.highway else (Ink.MUTED, 1.2)
        layer = node.path.removeprefix(f"{self.cluster.path}.")
        return self._group(
            index,
            Box(0, 0, wide, NODE, fill, line, thickness, radius),
            Label(wide / 2, NODE / 2 + 4, short(node.name), 11, on, Anchor.MIDDLE, Style.SEMIBOLD),
            Label(wide / 2, NODE + 12, layer, 9, Ink.MUTED, Anchor.MIDDLE),
        )

    def _group(self, index: int, *marks: Mark) -> Group:
        """Return the marks of a node; inside the cluster its path is relative, so that equal clusters share it."""
        node, cluster = self.graph.nodes[index], self.cluster.path
        path = node.path.removeprefix(cluster) if node.path.startswith(f"{cluster}.") else node.path
        key = f":{self.number[index]}"
        return Group(path, node.kind.value, describe_node(node), *self.places[index], marks, key)

    def _hung(self, index: int) -> list[Mark]:
        """Return an operation's leaves above it, with the nodes that accumulate their gradients in between."""
        x, y, wide, _ = self.places[index]
        chips, hung = self.chips.get(index, []), self.cluster.leaves.get(index, ())
        left = x + wide / 2 - (sum(chips) + 4 * max(0, len(chips) - 1)) / 2
        marks: list[Mark] = []
        for chip, (leaf, accumulate) in zip(chips, hung, strict=True):
            middle, end = left + chip / 2, x + min(max(left + chip / 2 - x, 8), wide - 8)
            top = y - ABOVE + 6
            marks.append(self._chip(leaf, left, top, chip))
            if accumulate is not None:
                marks.append(self._chip(accumulate, left, top + CHIP + 4, chip))
            marks.append(Arrow(((middle, top + 2 * CHIP + 4), (end, y)), Ink.MUTED, 0.9))
            left += chip + 4
        return marks

    def _chip(self, index: int, x: float, y: float, wide: float) -> Group:
        node = self.graph.nodes[index]
        fill, on, radius, _ = LOOKS[node.kind]
        self.places[index] = (x, y, wide, CHIP)
        text = Label(wide / 2, CHIP - 4, _leaf(node), 9, on, Anchor.MIDDLE)
        return self._group(index, Box(0, 0, wide, CHIP, fill, None, 0, radius), text)


def _leaf(node: GraphNode) -> str:
    if node.kind is NodeKind.ACCUMULATE:
        return "+="
    return node.name.rpartition(".")[2] or node.name or "saved"


def describe_node(node: GraphNode) -> str:
    """Return a node's name, the shape of its output, and its attributes, a line each."""
    name = node.name.rpartition(".")[2] if node.kind is NodeKind.LEAF else node.name or "saved tensor"
    lines = [name + (f", {shape_text((0, *node.shape))}" if node.shape else "")]
    lines += [f"{name} = {value}" for name, value in node.attributes]
    return "\n".join(lines)
