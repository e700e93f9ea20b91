"""The autograd graph as a reading of the tree: the nodes that PyTorch would record, without PyTorch."""

from collections.abc import Iterator
from itertools import zip_longest
from math import prod

from resnet_explorer.autograd.clusters import Recorded, clusters
from resnet_explorer.autograd.values import AutogradGraph, GraphNode, NodeKind, RecordGraph, highway
from resnet_explorer.autograd.writer import INPUT, LOSS, OUTPUT, Functions, Saved, Writer
from resnet_explorer.network import Block, Network, Part, compile_spec
from resnet_explorer.network.kinds.blocks import GatedAdd
from resnet_explorer.network.kinds.tape import CHECKED_WITH, Operation, Shape, Tape, Value
from resnet_explorer.network.tree import Chain, follow


def read_graph(request: RecordGraph) -> AutogradGraph:
    """Return the graph that PyTorch would record, node for node: names, attributes, shapes, saved tensors and edges.

    It is that of the versions in ``CHECKED_WITH``.
    """
    network, image = compile_spec(request.spec), request.image
    tape = Tape(request.training)
    x = tape.leaf(INPUT, image.shape(network.spec.in_channels, network.spec.dims))
    y = _Walk(network, tape).run(x)
    y = _loss(tape, y) if request.loss else y
    root = y.operation
    assert root is not None, "the input asks for its gradient"
    output = GraphNode(OUTPUT if y.shape else LOSS, NodeKind.OUTPUT, root.path, y.shape)
    writer = Writer(FUNCTIONS)
    return writer.graph(root, output, device=request.device, torch=CHECKED_WITH[-1], saved=request.saved)


def read(request: RecordGraph) -> Recorded:
    """Return what ``RecordGraph`` would, without PyTorch."""
    graph = read_graph(request)
    return Recorded(graph, highway(graph), clusters(graph, compile_spec(request.spec)))


def differing(ours: AutogradGraph, theirs: AutogradGraph) -> int:
    """Return how many nodes of two graphs differ, or have other edges."""
    edges = set(ours.edges) ^ set(theirs.edges)
    pairs = enumerate(zip_longest(ours.nodes, theirs.nodes))
    return len({place for place, (left, right) in pairs if left != right} | {end for _, end in edges})


def _loss(tape: Tape, y: Value) -> Value:
    """Record the cross-entropy of scores, or the mean of a map."""
    tape.path = LOSS
    if len(y.shape) > 2:
        return tape.op("MeanBackward0", (), y, self_sym_numel=prod(y.shape), self_sym_sizes=y.shape)
    scores = tape.result("LogSoftmaxBackward0", y, {"dim": 1})
    saved = {"self": scores, "target": Value(y.shape[:1]), "total_weight": Value(()), "weight": None}
    return tape.op("NllLossBackward0", (), scores, saved=saved, ignore_index=-100, reduction=1)


class _Walk:
    """One forward pass over the tree, as the module makes it."""

    def __init__(self, network: Network, tape: Tape) -> None:
        self._network, self._tape = network, tape

    def run(self, x: Value) -> Value:
        """Return the output of the network."""
        for block in self._network.blocks:
            self._tape.skip = block.skip
            x = self._block(block, x)
        return x

    def _block(self, block: Block, x: Value) -> Value:
        form, paths = block.form, iter(block.layer_paths)
        x = self._chain(form.before, x, paths)
        y = self._chain(form.branch, x, paths)
        if form.shortcut is None:
            return self._chain(form.after, y, paths)
        shortcut = self._chain(form.shortcut, x, paths)
        gate = self._chain(form.gate, x, paths) if form.gate else None
        join = form.after[0]
        assert isinstance(join, Part)
        self._tape.path = next(paths)
        y = self._tape.add(y, shortcut) if gate is None else self._weighted(join, y, shortcut, gate)
        return self._chain(form.after[1:], y, paths)

    def _weighted(self, join: Part, y: Value, shortcut: Value, gate: Value) -> Value:
        """Record g F(x) + (1 - g) x, or F(x) + (1 - g) x."""
        tape = self._tape
        rest = tape.multiply(tape.op("RsubBackward1", gate.shape, gate, alpha=1), shortcut)
        is_exclusive = isinstance(join.layer, GatedAdd) and join.layer.exclusive
        return tape.add(tape.multiply(gate, y) if is_exclusive else y, rest)

    def _chain(self, chain: Chain, x: Value, paths: Iterator[str]) -> Value:
        def step(part: Part, inputs: tuple[Value, ...]) -> Value:
            self._tape.path = next(paths)
            return part.layer.record_all(self._tape, inputs)

        return follow(chain, x, step)


def _node(fn: Operation) -> GraphNode:
    return GraphNode(fn.name, NodeKind.OPERATION, fn.path, fn.shape, fn.attributes)


def _saved(fn: Operation) -> list[Saved]:
    return [(name, value, value.shape) for name, value in fn.saved]


def _variable(fn: Operation) -> tuple[object, str, Shape] | None:
    return None if fn.variable is None else (fn.variable, fn.variable_name, fn.shape)


FUNCTIONS: Functions[Operation] = Functions(lambda fn: fn.before, _node, _saved, _variable)
"""What is asked of the operations on a tape."""
