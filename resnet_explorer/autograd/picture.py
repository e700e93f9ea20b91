"""The whole autograd graph: clusters flow in rows inside of their stages, with the highway as one bold line."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from math import sqrt

from resnet_explorer.autograd.cluster_marks import LOOKS, Drawn, Known, Rect, closed, opened
from resnet_explorer.autograd.clusters import Cluster, Recorded, count_words
from resnet_explorer.autograd.values import AutogradGraph, NodeKind, PathLengths
from resnet_explorer.diagram.overview import stage_ink
from resnet_explorer.network import Network, Stage
from resnet_explorer.picture.chart import RESIDUAL, Axis, Chart, Kind, Series
from resnet_explorer.picture.marks import Anchor, Arrow, Box, Dash, Group, Ink, Label, Mark, Picture, Style, width

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
    """The picture, and where each cluster lies in it, by its path."""

    picture: Picture
    spots: dict[str, tuple[Rect, Drawn | None]]

    def place(self, cluster: str, number: int) -> Rect:
        """Return the box of the node with that number in a cluster, or the box that hides it."""
        (x, y, wide, high), drawn = self.spots[cluster]
        if drawn is None or drawn.places is None:
            return (x, y, wide, high)
        nx, ny, nw, nh = drawn.places[number]
        return (x + nx, y + ny, nw, nh)


@dataclass(frozen=True, slots=True, eq=False)
class _Item:
    """Something that flows: a cluster or a stage, drawn at (0, 0), with the height at which lines meet it."""

    group: Group
    spots: dict[str, tuple[Rect, Drawn | None]]
    port_in: float
    port_out: float


def graph_picture(
    recorded: Recorded,
    network: Network,
    view: GraphView,
    title: str,
    facts: str,
    room: tuple[float, float] = (1200.0, 600.0),
) -> GraphPicture:
    """Return the picture of a recorded graph, in the proportions of a room (width, height)."""
    graph, parts, bold = recorded.graph, recorded.clusters, frozenset(recorded.highway.way)
    same: Known = {}
    drawn = [_draw(graph, part, view, bold, network, same) for part in parts]
    area = sum((one.group.width + SPACE) * (one.group.height + SPACE) for one in drawn)
    aspect = max(1.0, room[0] / max(1.0, room[1] - HEADING))
    limit = max(sqrt(area * aspect) * 1.08, *(one.group.width for one in drawn), 560.0)
    items: list[_Item] = []
    for stage, members in groupby(zip(parts, drawn, strict=True), lambda pair: pair[0].stage):
        blocks = list(members)
        items += [_stage(stage, network, blocks, view, limit, bold)] if stage else [_item(*one) for one in blocks]
    return _whole(items, limit, title, facts, graph, bold)


def _item(part: Cluster, drawn: Drawn) -> _Item:
    place = (0.0, 0.0, drawn.group.width, drawn.group.height)
    return _Item(drawn.group, {part.path: (place, drawn)}, drawn.port, drawn.port)


def _draw(
    graph: AutogradGraph, part: Cluster, view: GraphView, bold: frozenset[int], network: Network, same: Known
) -> Drawn:
    stage = network.stage_at(part.path)
    ink = stage_ink(stage) if stage else Ink.HEAD if part.path == "head" else Ink.STEM
    if part.path in view.blocks and part.stage not in view.closed_stages:
        return opened(graph, part, bold, ink, same)
    return closed(part, sum(index in bold for index in part.operations), ink)


def _stage(
    path: str,
    network: Network,
    members: list[tuple[Cluster, Drawn]],
    view: GraphView,
    limit: float,
    bold: frozenset[int],
) -> _Item:
    """Return a stage as a frame around its blocks in rows, or as one box."""
    stage = next(stage for stage in network.stages if stage.path == path)
    operations = sum(len(part.operations) for part, _ in members)
    met = sum(index in bold for part, _ in members for index in part.operations)
    blocks = f"{len(members)} block{'' if len(members) == 1 else 's'}"
    facts = f"{blocks} · {operations:,} operations · highway {met:,}"
    if path in view.closed_stages:
        return _closed_stage(stage, members, facts, bool(met))
    flow = _flow([_item(*one) for one in members], limit - 2 * STAGE_PAD, STAGE_PAD, STAGE_HEADER + 6, bold)
    title_wide = STAGE_PAD * 2 + width(stage.title, 13, Style.SEMIBOLD) + width(facts, 10) + 12
    wide, high = max(flow.right + STAGE_PAD, title_wide), flow.bottom + STAGE_PAD - 6
    after = STAGE_PAD + width(stage.title, 13, Style.SEMIBOLD) + 12
    enter = Arrow(((0, flow.first), (STAGE_PAD, flow.first)), *_weight(bool(met)), head=False)
    leave = _out(flow, wide, bool(met))
    marks: tuple[Mark, ...] = (
        Box(0, 0, wide, high, None, stage_ink(stage), 1, 9),
        Label(STAGE_PAD, 20, stage.title, 13, Ink.TEXT, style=Style.SEMIBOLD),
        Label(after, 20, facts, 10, Ink.MUTED),
        enter,
        leave,
        *flow.marks,
    )
    group = Group(path, "stage", f"{stage.title}: {facts}", 0, 0, wide, high, marks, brief=2, detail=30.0)
    return _Item(group, flow.spots, flow.first, flow.last)


def _closed_stage(stage: Stage, members: list[tuple[Cluster, Drawn]], facts: str, is_bold: bool) -> _Item:
    wide = max(210.0, width(facts, 10) + 28)
    marks: tuple[Mark, ...] = (
        Box(0, 0, wide, 64, Ink.OPEN, stage_ink(stage), 2, 8),
        Label(wide / 2, 24, stage.title, 14, Ink.TEXT, Anchor.MIDDLE, Style.SEMIBOLD),
        Label(wide / 2, 40, facts, 10, Ink.MUTED, Anchor.MIDDLE),
        *((Arrow(((0, 53), (wide, 53)), Ink.SHORTCUT, 3, head=False),) if is_bold else ()),
    )
    hidden: dict[str, tuple[Rect, Drawn | None]] = {part.path: ((0.0, 0.0, wide, 64.0), None) for part, _ in members}
    return _Item(Group(stage.path, "stage", f"{stage.title}: {facts}", 0, 0, wide, 64, marks), hidden, 53.0, 53.0)


def _out(flow: "_Flow", wide: float, bold: bool) -> Arrow:
    return Arrow(((flow.end, flow.last), (wide, flow.last)), *_weight(bold), head=False)


def _weight(bold: bool) -> tuple[Ink, float, Dash]:
    return (Ink.SHORTCUT, 3.0, Dash.SOLID) if bold else (Ink.MUTED, 1.4, Dash.SOLID)


@dataclass(frozen=True, slots=True, eq=False)
class _Flow:
    """Items in rows: their marks and the arrows between them, and where the line through all begins and ends."""

    marks: tuple[Mark, ...]
    spots: dict[str, tuple[Rect, Drawn | None]]
    right: float
    bottom: float
    first: float
    last: float
    end: float


def _flow(items: Sequence[_Item], limit: float, x0: float, y0: float, bold: frozenset[int]) -> _Flow:
    """Return items in rows no wider than the limit; the items of a row share their main line."""
    rows: list[list[_Item]] = []
    used = 0.0
    for item in items:
        if not rows or used + item.group.width > limit + 0.5:
            rows.append([])
            used = 0.0
        rows[-1].append(item)
        used += item.group.width + SPACE
    marks: list[Mark] = []
    inside: dict[str, tuple[Rect, Drawn | None]] = {}
    spots: list[tuple[_Item, float, float]] = []
    y, right = y0, x0
    for row in rows:
        line = max(item.port_in for item in row)
        x = x0
        for item in row:
            top = y + line - item.port_in
            spots.append((item, x, top))
            marks.append(replace(item.group, x=x, y=top))
            for path, ((px, py, wide, high), drawn) in item.spots.items():
                inside[path] = ((x + px, top + py, wide, high), drawn)
            x += item.group.width + SPACE
        right = max(right, x - SPACE)
        y = max(top + item.group.height for item, _, top in spots[-len(row) :]) + SPACE
    lines = [_link(one, other, bool(bold)) for one, other in pairwise(spots)]
    first, last = spots[0], spots[-1]
    return _Flow(
        (*lines, *marks), inside, right, y - SPACE, first[2] + first[0].port_in, last[2] + last[0].port_out,
        last[1] + last[0].group.width,
    )  # fmt: skip


def _link(one: tuple[_Item, float, float], other: tuple[_Item, float, float], bold: bool) -> Arrow:
    """Return the arrow between two neighbours: straight, or around to the start of the next row."""
    (first, x, y), (second, ex, ey) = one, other
    start, end = (x + first.group.width, y + first.port_out), (ex, ey + second.port_in)
    if ex > x:
        points: tuple[tuple[float, float], ...] = (start, end)
        if start[1] != end[1]:
            middle = (start[0] + end[0]) / 2
            points = (start, (middle, start[1]), (middle, end[1]), end)
    else:
        low = ey - SPACE / 2
        points = (start, (start[0] + 8, start[1]), (start[0] + 8, low), (ex - 8, low), (ex - 8, end[1]), end)
    return Arrow(points, *_weight(bold))


def _whole(
    items: list[_Item], limit: float, title: str, facts: str, graph: AutogradGraph, bold: frozenset[int]
) -> GraphPicture:
    flow = _flow(items, limit, MARGIN + 12, HEADING, bold)
    legend, wide = _legend(graph)
    right = max(flow.right + 12, MARGIN + width(facts, 12), MARGIN + wide) + MARGIN
    heading: tuple[Mark, ...] = (
        Box(0, 0, right - 2 * MARGIN, HEADING - MARGIN),
        Label(0, 18, title, 20, style=Style.SEMIBOLD),
        Label(0, 38, facts, 12, Ink.MUTED),
        *(replace(mark, y=mark.y + 44) for mark in legend),
    )
    head = Group("", "heading", f"{title}. {facts}", MARGIN, 14, right - 2 * MARGIN, HEADING - MARGIN, heading)
    count = f"{len(graph.nodes):,} nodes and {len(graph.edges):,} edges"
    picture = Picture(right, flow.bottom + MARGIN, (head, *flow.marks), title, f"{title}: {count}. {facts}")
    return GraphPicture(picture, flow.spots)


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
