"""Nodes to clusters: each block of the tree holds the operations of its layers, in columns and lanes.

No general layout engine is needed: a network is series-parallel, so the clusters follow each other, and inside of one
the longest chain is the main lane and every other chain lies beside it. All of it takes linear time.
"""

from collections import defaultdict

from resnet_explorer.autograd.values import AutogradGraph, Edge, Highway, NodeKind, path_lengths
from resnet_explorer.dataclass import dataclass
from resnet_explorer.network import Network

Hung = dict[int, list[tuple[int, int | None]]]
"""What hangs on each operation: a leaf or saved tensor, and the node that accumulates its gradient, or None."""
ENDS = ("input", "loss", "output")
"""Clusters that are not blocks of the tree."""


@dataclass(frozen=True, slots=True, eq=False)
class Cluster:
    """The nodes of one block, by their indices in the graph.

    ``operations`` are in forward order, each with its ``column`` and ``lane``; ``leaves`` are the parameters of an
    operation, each with the node that accumulates its gradient, or None; one that several operations use is the first
    one's, and ``shared`` are its edges to the others. ``inner`` are edges between operations, ``entries`` the
    operations with inputs from other clusters, ``exits`` those with outputs to others.
    """

    path: str
    title: str
    stage: str
    operations: tuple[int, ...]
    column: dict[int, int]
    lane: dict[int, int]
    leaves: dict[int, tuple[tuple[int, int | None], ...]]
    shared: tuple[Edge, ...]
    inner: tuple[Edge, ...]
    entries: tuple[int, ...]
    exits: tuple[int, ...]

    @property
    def name(self) -> str:
        return self.title.rpartition(" · ")[2]

    @property
    def lanes(self) -> int:
        return 1 + max(self.lane.values(), default=0)

    @property
    def columns(self) -> int:
        return 1 + max(self.column.values(), default=0)

    @property
    def text(self) -> str:
        parameters = sum(len(hung) for hung in self.leaves.values())
        return f"{self.title}: {len(self.operations)} operations, {parameters} parameters"


@dataclass(frozen=True, slots=True, eq=False)
class Recorded:
    """The result of ``RecordGraph``: the graph, its highway, and its nodes in the clusters in which they are drawn."""

    graph: AutogradGraph
    highway: Highway
    clusters: tuple[Cluster, ...]


def clusters(graph: AutogradGraph, network: Network) -> tuple[Cluster, ...]:
    """Return the clusters of a graph in forward order."""
    home = _homes(graph, network)
    hung, users = _hung(graph)
    members: dict[str, list[int]] = defaultdict(list)
    for index, node in enumerate(graph.nodes):
        if node.kind in (NodeKind.OPERATION, NodeKind.OUTPUT) or home[index] == "input":
            members[home[index]].append(index)
    order = [path for path in ("input", *(block.path for block in network.blocks), "loss", "output") if path in members]
    edges: dict[str, list[Edge]] = defaultdict(list)
    entries: dict[str, dict[int, None]] = defaultdict(dict)
    exits: dict[str, dict[int, None]] = defaultdict(dict)
    drawn = {index for path in order for index in members[path]}
    for start, end in graph.edges:
        if start not in drawn or end not in drawn:
            continue
        if home[start] == home[end]:
            edges[home[start]].append((start, end))
        else:
            exits[home[start]][start] = None
            entries[home[end]][end] = None
    made = []
    for path in order:
        stage, block = network.stage_at(path), network.block_at(path)
        title = f"{stage.title} · block {block.number}" if stage and block else path.capitalize()
        leaves = {index: tuple(hung[index]) for index in members[path] if index in hung}
        shared = tuple(
            (last, other)
            for pairs in leaves.values()
            for leaf, accumulate in pairs
            for last in (leaf if accumulate is None else accumulate,)
            for other in users[last][1:]
            if home[other] == path
        )
        made.append(Cluster(
            path, title, stage.path if stage else "", tuple(members[path]), *_layout(members[path], edges[path]),
            leaves, shared, tuple(edges[path]), tuple(entries[path]), tuple(exits[path]),
        ))  # fmt: skip
    return tuple(made)


def _homes(graph: AutogradGraph, network: Network) -> list[str]:
    owner = {path: block.path for block in network.blocks for path in (block.path, *block.layer_paths)}
    homes = []
    for node in graph.nodes:
        path = "output" if node.kind is NodeKind.OUTPUT else node.path
        if path not in owner and path not in ENDS:
            block = network.block_at(path) if path else None
            path = (block or network.head or network.blocks[-1]).path
        homes.append(owner.get(path, path))
    return homes


def _hung(graph: AutogradGraph) -> tuple[Hung, dict[int, list[int]]]:
    """Return the leaves and saved tensors of each operation, each with the node that accumulates its gradient.

    Each hangs on the first operation that uses it; the second result are all that do, by the last of the two nodes.
    """
    accumulated = {start for start, end in graph.edges if graph.nodes[end].kind is NodeKind.ACCUMULATE}
    behind: dict[int, int] = {}
    users: dict[int, list[int]] = defaultdict(list)
    leaves: Hung = defaultdict(list)

    def hang(operation: int, leaf: int, accumulate: int | None = None) -> None:
        using = users[leaf if accumulate is None else accumulate]
        if not using:
            leaves[operation].append((leaf, accumulate))
        if operation not in using:
            using.append(operation)

    for start, end in graph.edges:
        first, last = graph.nodes[start], graph.nodes[end]
        if last.kind is NodeKind.ACCUMULATE:
            behind[end] = start
        elif first.kind is NodeKind.ACCUMULATE and graph.nodes[behind[start]].path != "input":
            hang(end, behind[start], start)
        elif first.kind in (NodeKind.SAVED, NodeKind.LEAF) and first.path != "input" and start not in accumulated:
            hang(end, start)
        elif last.kind is NodeKind.SAVED:
            hang(start, end)
    return leaves, users


def _layout(members: list[int], edges: list[Edge]) -> tuple[dict[int, int], dict[int, int]]:
    """Return each operation's column, and its lane: 0 for the longest chain, the first free one for every other."""
    before: dict[int, list[int]] = defaultdict(list)
    for start, end in edges:
        before[end].append(start)
    column: dict[int, int] = {}  # one after the last operation that it depends on
    for index in members:
        column[index] = 1 + max((column[start] for start in before[index]), default=-1)
    lane: dict[int, int] = {}
    ends: list[list[tuple[int, int]]] = []
    for index in sorted(members, key=column.__getitem__, reverse=True):
        if index in lane:
            continue
        chain = [index]
        while free := [start for start in before[chain[-1]] if start not in lane and start not in chain]:
            chain.append(max(free, key=column.__getitem__))
        lane |= dict.fromkeys(chain, _free(ends, column[chain[-1]], column[index]))
    return column, lane


def _free(taken: list[list[tuple[int, int]]], low: int, high: int) -> int:
    """Return the first lane that is free between two columns, and reserve it."""
    for place, spans in enumerate(taken):
        if all(high < left or low > right for left, right in spans):
            spans.append((low, high))
            return place
    taken.append([(low, high)])
    return len(taken) - 1


SHORT = 34
"""Below this number of blocks the number of paths is written in full."""


def count_words(blocks: int) -> str:
    """Return the number of paths through so many residual blocks, as text."""
    if not blocks:
        return "1 path"
    return f"2^{blocks}" + (f" = {2**blocks:,}" if blocks < SHORT else "") + " paths"


def facts(recorded: Recorded, network: Network, twin: int | None = None) -> str:
    """Return the number of operations, the shortest and longest way back, the plain twin's, and the number of paths."""
    graph, way = recorded.graph, recorded.highway
    operations = sum(node.kind is NodeKind.OPERATION for node in graph.nodes)
    text = f"{operations:,} operations · way back: shortest {way.shortest:,}, longest {way.longest:,}"
    text += f" · plain twin's shortest {twin:,}" if twin is not None else ""
    return (
        f"{text} · {count_words(path_lengths(network).blocks)} · {graph.device}, torch {graph.torch.partition('+')[0]}"
    )
