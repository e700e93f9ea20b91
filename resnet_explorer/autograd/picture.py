"""The whole autograd graph: clusters flow in rows inside of their stages, with the highway as one bold line."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from math import sqrt

from resnet_explorer.autograd.cluster_marks import LOOKS, Drawn, Insides, Rect, Spots, closed, opened
from resnet_explorer.autograd.clusters import Cluster, Recorded, count_words
from resnet_explorer.autograd.values import AutogradGraph, NodeKind, PathLengths
from resnet_explorer.diagram.overview import stage_ink
from resnet_explorer.network import Network, Stage
from resnet_explorer.picture.chart import RESIDUAL, Axis, Chart, Kind, Series
from resnet_explorer.picture.marks import Anchor, Arrow, Box, Group, Ink, Label, Mark, Picture, Point, Style, width

MARGIN, SPACE, STAGE_PAD, STAGE_HEADER = 20.0, 18.0, 16.0, 24.0
HEADING = 78.0
MANY = 64
"""A stage of more blocks than this is closed at first."""


@dataclass(frozen=True, slots=True)
class GraphView:
    """Which blocks are open to their nodes, and which stages are closed to one box."""

    blocks: frozenset[str] = frozenset()
    closed_stages: frozenset[str] = frozenset()

    @classmethod
    def first(cls, network: Network) -> "GraphView":
        """Return the initial view: every block a box, and stages with very many blocks one box each."""
        return cls(closed_stages=frozenset(stage.path for stage in network.stages if len(stage.blocks) > MANY))

    @classmethod
    def all_open(cls, parts: Sequence[Cluster]) -> "GraphView":
        return cls(frozenset(part.path for part in parts))

    def toggled(self, path: str, network: Network) -> "GraphView":
        """Return the view with the stage, or else the block, of a path opened or closed."""
        if any(stage.path == path for stage in network.stages):
            return replace(self, closed_stages=self.closed_stages ^ {path})
        return replace(self, blocks=self.blocks ^ {path})


@dataclass(frozen=True, slots=True, eq=False)
class GraphPicture:
    """The picture, and where each cluster and its nodes lie in it."""

    picture: Picture
    spots: Spots

    def place(self, cluster: str, number: int) -> Rect:
        """Return the box of the node with that number in a cluster, or the box that hides it."""
        (x, y, wide, high), nodes = self.spots[cluster]
        if not nodes:
            return (x, y, wide, high)
        node_x, node_y, node_wide, node_high = nodes[number]
        return (x + node_x, y + node_y, node_wide, node_high)


def graph_picture(
    recorded: Recorded,
    network: Network,
    view: GraphView,
    title: str,
    facts: str,
    room: tuple[float, float] = (1200.0, 600.0),
) -> GraphPicture:
    """Return the picture of a recorded graph, in the proportions of a room (width, height)."""
    return _Drawing(recorded, network, view, room).whole(title, facts)


class _Drawing:
    def __init__(self, recorded: Recorded, network: Network, view: GraphView, room: tuple[float, float]) -> None:
        self.graph, self.network, self.view = recorded.graph, network, view
        self.highway = frozenset(recorded.highway.way)
        self.insides: Insides = {}
        self.members = [(cluster, self._cluster(cluster)) for cluster in recorded.clusters]
        sizes = [(drawn.group.width, drawn.group.height) for _, drawn in self.members]
        area = sum((wide + SPACE) * (high + SPACE) for wide, high in sizes)
        aspect = max(1.0, room[0] / max(1.0, room[1] - HEADING))
        self.limit = max(sqrt(area * aspect) * 1.08, *(wide for wide, _ in sizes), 560.0)

    def _cluster(self, cluster: Cluster) -> Drawn:
        stage = self.network.stage_at(cluster.path)
        ink = stage_ink(stage) if stage else Ink.HEAD if cluster.path == "head" else Ink.STEM
        if cluster.path in self.view.blocks and cluster.stage not in self.view.closed_stages:
            return opened(self.graph, cluster, self.highway, ink, self.insides)
        return closed(cluster, self._met(cluster), ink)

    def _met(self, *clusters: Cluster) -> int:
        """Return the number of operations on the highway."""
        return sum(index in self.highway for cluster in clusters for index in cluster.operations)

    def _stage(self, stage: Stage, clusters: list[Cluster], drawn: list[Drawn]) -> Drawn:
        """Return a stage as a frame around its blocks in rows, or as one box."""
        operations, met = sum(len(cluster.operations) for cluster in clusters), self._met(*clusters)
        blocks = f"{len(clusters)} block{'' if len(clusters) == 1 else 's'}"
        facts = f"{blocks} · {operations:,} operations · highway {met:,}"
        if stage.path in self.view.closed_stages:
            return _closed_stage(stage, clusters, facts, bool(met))
        flow = self._flow(drawn, self.limit - 2 * STAGE_PAD, STAGE_PAD, STAGE_HEADER + 6)
        after = STAGE_PAD + width(stage.title, 13, Style.SEMIBOLD) + 12
        wide = max(flow.right, after + width(facts, 10)) + STAGE_PAD
        high = flow.bottom + STAGE_PAD - 6
        marks: tuple[Mark, ...] = (
            Box(0, 0, wide, high, None, stage_ink(stage), 1, 9),
            Label(STAGE_PAD, 20, stage.title, 13, Ink.TEXT, style=Style.SEMIBOLD, is_name=True),
            Label(after, 20, facts, 10, Ink.MUTED),
            Arrow(((0, flow.first), (STAGE_PAD, flow.first)), *_weight(bool(met)), head=False),
            Arrow(((flow.end, flow.last), (wide, flow.last)), *_weight(bool(met)), head=False),
            *flow.marks,
        )
        group = Group(stage.path, "stage", f"{stage.title}: {facts}", 0, 0, wide, high, marks, brief=2, detail=30.0)
        return Drawn(group, flow.spots, flow.first, flow.last)

    def _flow(self, items: Sequence[Drawn], limit: float, x0: float, y0: float) -> "_Flow":
        """Return items in rows no wider than the limit; the items of a row share their main line."""
        rows: list[list[Drawn]] = []
        used = 0.0
        for item in items:
            if not rows or used + item.group.width > limit + 0.5:
                rows.append([])
                used = 0.0
            rows[-1].append(item)
            used += item.group.width + SPACE
        spots: Spots = {}
        placed: list[Drawn] = []
        y, right = y0, x0
        for row in rows:
            line = max(item.port_in for item in row)
            x = x0
            for item in row:
                placed.append(replace(item, group=replace(item.group, x=x, y=y + line - item.port_in)))
                for path, ((left, top, wide, high), nodes) in item.spots.items():
                    spots[path] = (x + left, placed[-1].group.y + top, wide, high), nodes
                x += item.group.width + SPACE
            right = max(right, x - SPACE)
            y = max(item.group.y + item.group.height for item in placed[-len(row) :]) + SPACE
        links = [_link(item, other, bool(self.highway)) for item, other in pairwise(placed)]
        first, last = placed[0], placed[-1]
        return _Flow(
            (*links, *(item.group for item in placed)), spots, right, y - SPACE, first.group.y + first.port_in,
            last.group.y + last.port_out, last.group.x + last.group.width,
        )  # fmt: skip

    def whole(self, title: str, facts: str) -> GraphPicture:
        items: list[Drawn] = []
        for path, pairs in groupby(self.members, lambda pair: pair[0].stage):
            clusters, drawn = map(list, zip(*pairs, strict=True))
            stage = self.network.stage_at(path)
            items += [self._stage(stage, clusters, drawn)] if stage else drawn
        flow = self._flow(items, self.limit, MARGIN + 12, HEADING)
        legend, wide = _legend(self.graph)
        right = max(flow.right + 12, MARGIN + width(facts, 12), MARGIN + wide) + MARGIN
        heading: tuple[Mark, ...] = (
            Box(0, 0, right - 2 * MARGIN, HEADING - MARGIN),
            Label(0, 18, title, 20, style=Style.SEMIBOLD),
            Label(0, 38, facts, 12, Ink.MUTED),
            *(replace(mark, y=mark.y + 44) for mark in legend),
        )
        head = Group("", "heading", f"{title}. {facts}", MARGIN, 14, right - 2 * MARGIN, HEADING - MARGIN, heading)
        count = f"{len(self.graph.nodes):,} nodes and {len(self.graph.edges):,} edges"
        description = f"{title}: {count}. {facts}"
        picture = Picture(right, flow.bottom + MARGIN, (head, *flow.marks), title, description)
        return GraphPicture(picture, flow.spots)


@dataclass(frozen=True, slots=True, eq=False)
class _Flow:
    """Items in rows: their marks and the arrows between them, and where the line through all begins and ends."""

    marks: tuple[Mark, ...]
    spots: Spots
    right: float
    bottom: float
    first: float
    last: float
    end: float


def _closed_stage(stage: Stage, clusters: list[Cluster], facts: str, is_bold: bool) -> Drawn:
    wide = max(210.0, width(facts, 10) + 28)
    marks: tuple[Mark, ...] = (
        Box(0, 0, wide, 64, Ink.OPEN, stage_ink(stage), 2, 8),
        Label(wide / 2, 24, stage.title, 14, Ink.TEXT, Anchor.MIDDLE, Style.SEMIBOLD, is_name=True),
        Label(wide / 2, 40, facts, 10, Ink.MUTED, Anchor.MIDDLE),
        *((Arrow(((0, 53), (wide, 53)), Ink.SHORTCUT, 3, head=False),) if is_bold else ()),
    )
    hidden: Spots = {cluster.path: ((0.0, 0.0, wide, 64.0), ()) for cluster in clusters}
    return Drawn(Group(stage.path, "stage", f"{stage.title}: {facts}", 0, 0, wide, 64, marks), hidden, 53.0, 53.0)


def _weight(is_bold: bool) -> tuple[Ink, float]:
    return (Ink.SHORTCUT, 3.0) if is_bold else (Ink.MUTED, 1.4)


def _link(item: Drawn, other: Drawn, is_bold: bool) -> Arrow:
    """Return the arrow between two neighbours: straight, or around to the start of the next row."""
    start = item.group.x + item.group.width, item.group.y + item.port_out
    end = other.group.x, other.group.y + other.port_in
    points: tuple[Point, ...] = (start, end)
    if other.group.x <= item.group.x:
        low = other.group.y - SPACE / 2
        points = (start, (start[0] + 8, start[1]), (start[0] + 8, low), (end[0] - 8, low), (end[0] - 8, end[1]), end)
    elif start[1] != end[1]:
        middle = (start[0] + end[0]) / 2
        points = (start, (middle, start[1]), (middle, end[1]), end)
    return Arrow(points, *_weight(is_bold))


def _legend(graph: AutogradGraph) -> tuple[list[Box | Label], float]:
    marks: list[Box | Label] = []
    x = 0.0
    present = {node.kind for node in graph.nodes}
    for kind, (fill, _, radius, text) in LOOKS.items():
        if kind in present:
            line = Ink.MUTED if kind is NodeKind.OPERATION else None
            marks.append(Box(x, 0, 22, 11, fill, line, 1.2, min(radius, 5.5)))
            marks.append(Label(x + 28, 9.5, text, 10, Ink.MUTED))
            x += 28 + width(text, 10) + 20
    text = "highway: the shortest way from the loss back to the input"
    marks += [Box(x, 4, 24, 3, Ink.SHORTCUT), Label(x + 30, 9.5, text, 10, Ink.MUTED)]
    return marks, x + 30 + width(text, 10)


def path_chart(lengths: PathLengths, title: str) -> Chart:
    """Return the chart of a network's paths: the share of those that take k of its n branches."""
    count = lengths.count
    shares = [100 * number / count for number in lengths.by_branches]
    layers = sorted(lengths.by_layers)
    span = f"{layers[0]:,} to {layers[-1]:,} weight layers long"
    return Chart(
        f"{title}: how long the paths are",
        Axis("branches that a path takes; it passes the other blocks by their shortcuts"),
        Axis("share of all paths", unit="%", low=0.0),
        (Series("paths", "paths", list(range(len(shares))), shares, RESIDUAL, Kind.BARS),),
        f"{count_words(lengths.blocks)}, {span}; the plain twin has one path, through all {lengths.blocks} branches",
    )
