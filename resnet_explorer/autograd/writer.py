"""The nodes and edges of a graph, written alike from PyTorch's functions and from what the tree says of them."""

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Generic, TypeVar

from resnet_explorer.autograd.values import AutogradGraph, Edge, GraphNode, NodeKind
from resnet_explorer.dataclass import dataclass
from resnet_explorer.network.kinds import Shape

F = TypeVar("F", bound=Hashable)
INPUT, LOSS, OUTPUT = "input", "loss", "output"
Saved = tuple[str, object, Shape]
"""A saved tensor: the name under which it is saved, what identifies it, and its shape."""


@dataclass(frozen=True, slots=True)
class Functions(Generic[F]):
    """What is asked of a backward function: where its gradients go, its node, what it saves, its variable.

    ``variable`` gives the leaf of an AccumulateGrad with its name and shape; None for any other function.
    """

    before: Callable[[F], Iterable[F | None]]
    node: Callable[[F], GraphNode]
    saved: Callable[[F], Sequence[Saved]]
    variable: Callable[[F], tuple[object, str, Shape] | None]


def in_forward_order(
    root: F, before: Callable[[F], Iterable[F | None]], enter: Callable[[F], None] = lambda fn: None
) -> tuple[F, ...]:
    """Return all functions behind a root, each after those that it depends on.

    ``enter`` is called with each when it is first visited, in torchviz's order.
    """
    ordered: list[F] = []
    seen = {root}
    enter(root)
    stack = [(root, iter(before(root)))]
    while stack:
        fn, rest = stack[-1]
        for other in rest:
            if other is not None and other not in seen:
                seen.add(other)
                enter(other)
                stack.append((other, iter(before(other))))
                break
        else:
            ordered.append(fn)
            stack.pop()
    return tuple(ordered)


class Writer(Generic[F]):
    """Collects the nodes and edges of one graph; things are identified by their ``id``."""

    def __init__(self, functions: Functions[F]) -> None:
        self._functions = functions
        self._nodes: list[GraphNode] = []
        self._edges: list[Edge] = []
        self._index: dict[int, int] = {}
        self._kept: dict[F, Sequence[Saved]] = {}
        self._kept_names: dict[int, str] = {}

    def graph(self, root: F, output: GraphNode, *, device: str, torch: str, saved: bool = False) -> AutogradGraph:
        """Return the graph behind a function, which made ``output``; with ``saved`` its saved tensors are nodes too."""
        enter = self._keep if saved else lambda fn: None
        for fn in in_forward_order(root, self._functions.before, enter):
            self._add(fn)
        index, end = self._index[id(root)], len(self._nodes)
        nodes, edges = (*self._nodes, output), (*self._edges, (index, end))
        return AutogradGraph(nodes, edges, index, end, device, torch)

    def _node(self, node: GraphNode, thing: object) -> int:
        self._index[id(thing)] = index = len(self._nodes)
        self._nodes.append(node)
        return index

    def _add(self, fn: F) -> None:
        """Add a function, after all that it depends on, with its leaf or its saved tensors."""
        leaf = self._functions.variable(fn)
        if leaf is not None:
            self._leaf(fn, *leaf)
            return
        node = self._functions.node(fn)
        index = self._node(node, fn)
        self._edges += [(self._index[id(other)], index) for other in self._functions.before(fn) if other is not None]
        for _, tensor, shape in self._kept.get(fn, ()):
            kept = self._index.get(id(tensor))
            if kept is None:
                name = self._kept_names[id(tensor)]
                kept = self._node(GraphNode(name, NodeKind.SAVED, node.path, shape), tensor)
            self._edges.append((min(kept, index), max(kept, index)))

    def _leaf(self, fn: F, variable: object, name: str, shape: Shape) -> None:
        path = name if name == INPUT else name.rpartition(".")[0]
        leaf = self._node(GraphNode(name, NodeKind.LEAF, path, shape), variable)
        accumulate = self._node(GraphNode("AccumulateGrad", NodeKind.ACCUMULATE, path, shape), fn)
        self._edges.append((leaf, accumulate))

    def _keep(self, fn: F) -> None:
        """Keep the tensors that a function has saved; a tensor saved several times gets its last name."""
        self._kept[fn] = self._functions.saved(fn)
        self._kept_names |= {id(tensor): name for name, tensor, _ in self._kept[fn]}
