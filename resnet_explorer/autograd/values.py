"""The autograd graph as PyTorch recorded it: every operation of the way back, and which layer made it."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from math import comb

from resnet_explorer.engine.jobs import job
from resnet_explorer.network import Block, Network, Part
from resnet_explorer.network.kinds import Role, Shape
from resnet_explorer.network.tree import Chain
from resnet_explorer.spec import InputShape, ResNetSpec


@job("resnet_explorer.autograd.lab:record")
@dataclass(frozen=True, slots=True)
class RecordGraph:
    """Record the autograd graph of a network at an input on a device, with its highway.

    With ``loss`` it ends at the cross-entropy against class 0 (without a head: the mean of the last map), else at the
    output. With ``saved`` the tensors that each operation saves for its derivative are nodes too.
    """

    spec: ResNetSpec
    image: InputShape
    device: str = "cpu"
    loss: bool = True
    training: bool = True
    saved: bool = False


@job("resnet_explorer.autograd.lab:draw_torchviz")
@dataclass(frozen=True, slots=True)
class DrawTorchviz:
    """Draw the same graph with torchviz and Graphviz; the result is the SVG file and its DOT source."""

    graph: RecordGraph


class NodeKind(StrEnum):
    """What a node of the graph is; torchviz draws each kind in a colour of its own."""

    OPERATION = "operation"
    ACCUMULATE = "accumulate"
    LEAF = "leaf"
    SAVED = "saved"
    OUTPUT = "output"


@dataclass(frozen=True, slots=True)
class GraphNode:
    """A node: an operation's backward function, a leaf (a parameter, the input), a saved tensor, or the output.

    ``name`` is torch's name of the function (``ConvolutionBackward0``), or the leaf's (``layer1.0.conv1.weight``,
    ``input``). ``path`` is the address of the layer that made it (``layer1.0.conv1``, ``layer1.0.add``, ``loss``);
    a leaf has its layer's. ``shape`` is that of what the operation put out, or of the tensor; None where unknown.
    ``attributes`` are the operation's own, in torch's words, without saved tensors.
    """

    name: str
    kind: NodeKind
    path: str
    shape: Shape | None = None
    attributes: tuple[tuple[str, str], ...] = ()


Edge = tuple[int, int]


@dataclass(frozen=True, slots=True, eq=False)
class AutogradGraph:
    """All nodes and edges; an edge leads as the data went, as torchviz draws it: the gradient goes against it.

    ``nodes`` are in the order in which the data went: every edge leads from an earlier to a later node. No gradient
    goes along the edge of a saved tensor, nor along that from a leaf straight to an operation, which has saved it;
    a tensor that several have saved is one node, after the first of them. ``output`` is the index of the output's
    node, ``root`` that of the operation that made it. ``device`` and ``torch`` tell where the graph comes from.
    """

    nodes: tuple[GraphNode, ...]
    edges: tuple[Edge, ...]
    root: int
    output: int
    device: str
    torch: str


@dataclass(frozen=True, slots=True)
class Highway:
    """The shortest way from the loss to the input, as indices of operations, and how many operations the longest has.

    ``way`` begins at the operation that made the output; it is empty where no way leads to the input.
    """

    way: tuple[int, ...]
    longest: int

    @property
    def shortest(self) -> int:
        """Return the number of operations on the shortest way."""
        return len(self.way)


def highway(graph: AutogradGraph) -> Highway:
    """Return the shortest way back to the input and the length of the longest, in linear time.

    Of two ways of equal length the shortcut's is taken: the one that comes last in its addition.
    """
    before = _operations_before(graph)
    shortest: dict[int, int] = {}
    longest: dict[int, int] = {}
    onward: dict[int, int | None] = {}
    for index in range(graph.root + 1):
        ways = [one for one in reversed(before[index]) if one is None or one in shortest]
        if ways:
            lengths = {one: 0 if one is None else shortest[one] for one in ways}
            onward[index] = min(ways, key=lengths.__getitem__)
            shortest[index] = 1 + min(lengths.values())
            longest[index] = 1 + max(0 if one is None else longest[one] for one in ways)
    way: list[int] = []
    step = graph.root if graph.root in shortest else None
    while step is not None:
        way.append(step)
        step = onward[step]
    return Highway(tuple(way), longest.get(graph.root, 0))


def _operations_before(graph: AutogradGraph) -> Mapping[int, list[int | None]]:
    """Return, for each operation, those that receive its gradient; None stands for the input."""
    before: dict[int, list[int | None]] = defaultdict(list)
    inputs = {
        start for start, node in enumerate(graph.nodes) if node.kind is NodeKind.ACCUMULATE and node.path == "input"
    }
    for start, end in graph.edges:
        if graph.nodes[end].kind is NodeKind.OPERATION:
            if start in inputs:
                before[end].append(None)
            elif graph.nodes[start].kind is NodeKind.OPERATION:
                before[end].append(start)
    return before


Ways = tuple[int, int | None]
"""The weight layers of a block's branch, and of its shortcut where it has one."""


@dataclass(frozen=True, slots=True)
class PathLengths:
    """The paths through a network's residual blocks: each passes a block by its branch or by its shortcut.

    ``ways`` holds, for each kind of block, the weight layers on its ways and how many blocks there are of the kind.
    Weight layers are convolutions and fc, those of projections included and those of gates not: these weigh a path and
    lie beside it. Veit, Wilber and Belongie 2016, sections 3 and 4.
    """

    ways: tuple[tuple[Ways, int], ...]

    @property
    def blocks(self) -> int:
        """Return the number of residual blocks: 0 in a plain network."""
        return sum(number for (_, shortcut), number in self.ways if shortcut is not None)

    @property
    def count(self) -> int:
        """Return the number of paths: 2 to the power of ``blocks``."""
        return 1 << self.blocks

    @property
    def by_branches(self) -> tuple[int, ...]:
        """Return the number of paths that take 0, 1, 2, ... branches: the binomial coefficients."""
        return tuple(comb(self.blocks, taken) for taken in range(self.blocks + 1))

    @property
    def by_layers(self) -> Mapping[int, int]:
        """Return how many paths pass each number of weight layers, worked out anew at each call.

        Of n equal blocks, k are passed by their branch on as many paths as n over k.
        """
        layers: Mapping[int, int] = {0: 1}
        for (branch, shortcut), number in self.ways:
            least = branch if shortcut is None else shortcut
            grown: Counter[int] = Counter()
            for taken in range(1 if shortcut is None else number + 1):
                more, ways = taken * branch + (number - taken) * least, comb(number, taken)
                for length, count in layers.items():
                    grown[length + more] += count * ways
            layers = grown
        return dict(sorted(layers.items()))


def path_lengths(network: Network) -> PathLengths:
    """Return which paths lead through a network: how many there are and how long they are, exactly."""
    return PathLengths(tuple(Counter(map(_ways, network.blocks)).items()))


def _ways(block: Block) -> Ways:
    form = block.form
    both = _weights(form.before) + _weights(form.after)
    return both + _weights(form.branch), None if form.shortcut is None else both + _weights(form.shortcut)


def _weights(chain: Chain) -> int:
    return sum(isinstance(step, Part) and step.layer.role in (Role.CONVOLUTION, Role.LINEAR) for step in chain)
