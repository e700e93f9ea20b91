"""PyTorch's backward functions to nodes and edges: the graph that torchviz draws, node for node.

It is walked without recursion: a network of a thousand layers is no deeper than one.
"""

from collections.abc import Callable, Iterator
from functools import lru_cache

import torch
from torch import Tensor, nn
from torch.autograd.graph import Node

from resnet_explorer.analysis.autograd import AutogradGraph, GraphNode, NodeKind
from resnet_explorer.blueprint.kinds import Shape

INPUT, LOSS, OUTPUT = "input", "loss", "output"
Makers = dict[Node, str]
"""The address of the layer that made each function."""
_SAVED = "_saved_"


def functions(root: Node, enter: Callable[[Node], None] = lambda fn: None) -> tuple[Node, ...]:
    """Return all functions behind a root in the order in which the data went, each after those that it needs.

    ``enter`` is called with each when it is first met, in the order in which torchviz meets them.
    """
    found: list[Node] = []
    seen = {root}
    enter(root)
    stack = [(root, iter(root.next_functions))]
    while stack:
        fn, rest = stack[-1]
        for before, _ in rest:
            if before is not None and before not in seen:
                seen.add(before)
                enter(before)
                stack.append((before, iter(before.next_functions)))
                break
        else:
            found.append(fn)
            stack.pop()
    return tuple(found)


def graph_of(
    y: Tensor, model: nn.Module, x: Tensor, makers: Makers, *, device: str, saved: bool = False
) -> AutogradGraph:
    """Return the graph behind y with the names of the model's parameters; x is the leaf ``input``."""
    names = {id(parameter): name for name, parameter in model.named_parameters()} | {id(x): INPUT}
    writer = _Writer(names, makers)
    root = y.grad_fn
    assert root is not None, "the input asks for its gradient"
    for fn in functions(root, writer.keep if saved else lambda fn: None):
        writer.add(fn)
    index = writer.index[id(root)]
    output = writer.node(GraphNode(OUTPUT if y.ndim else LOSS, NodeKind.OUTPUT, makers[root], tuple(y.shape)), y)
    writer.edges.append((index, output))
    return AutogradGraph(tuple(writer.nodes), tuple(writer.edges), index, output, device, str(torch.__version__))


class _Writer:
    """Collects the nodes and edges of one graph; a thing of PyTorch is known by its ``id``."""

    def __init__(self, names: dict[int, str], makers: Makers) -> None:
        self.nodes: list[GraphNode] = []
        self.edges: list[tuple[int, int]] = []
        self.index: dict[int, int] = {}
        self._names, self._makers = names, makers
        self._kept: dict[Node, list[Tensor]] = {}
        self._kept_names: dict[int, str] = {}

    def node(self, node: GraphNode, thing: object) -> int:
        """Add a node and return its index."""
        self.index[id(thing)] = index = len(self.nodes)
        self.nodes.append(node)
        return index

    def add(self, fn: Node) -> None:
        """Add a function after all that it needs, with its leaf or its saved tensors."""
        variable: Tensor | None = getattr(fn, "variable", None)
        if variable is not None:
            self._leaf(fn, variable)
            return
        path = self._makers[fn]
        node = GraphNode(_name(fn), NodeKind.OPERATION, path, _shape(fn), tuple(_attributes(fn)))
        index = self.node(node, fn)
        self.edges += [(self.index[id(before)], index) for before, _ in fn.next_functions if before is not None]
        for tensor in self._kept.get(fn, ()):
            known = self.index.get(id(tensor))
            if known is None:
                name = self._kept_names[id(tensor)]
                known = self.node(GraphNode(name, NodeKind.SAVED, path, tuple(tensor.shape)), tensor)
            self.edges.append((min(known, index), max(known, index)))

    def _leaf(self, fn: Node, variable: Tensor) -> None:
        name, shape = self._names[id(variable)], tuple(variable.shape)
        path = name if name == INPUT else name.rpartition(".")[0]
        leaf = self.node(GraphNode(name, NodeKind.LEAF, path, shape), variable)
        accumulate = self.node(GraphNode(_name(fn), NodeKind.ACCUMULATE, path, shape), fn)
        self.edges.append((leaf, accumulate))

    def keep(self, fn: Node) -> None:
        """Hold the tensors that a function has saved; one that several have saved bears its last name."""
        held = self._kept.setdefault(fn, [])
        for attribute in _saved_names(type(fn)):
            value, name = getattr(fn, attribute), attribute.removeprefix(_SAVED)
            several = isinstance(value, tuple)
            for number, tensor in enumerate(value if several else (value,)):
                if isinstance(tensor, Tensor):
                    held.append(tensor)
                    self._kept_names[id(tensor)] = f"{name}[{number}]" if several else name


def _name(fn: Node) -> str:
    """Return torch's name of a function, without the space of names that a few carry (``torch::autograd::``)."""
    return type(fn).__name__.rpartition("::")[2]


def _shape(fn: Node) -> Shape | None:
    """Return the shape of what a function's operation put out first: what comes back into it has the same."""
    outputs = fn._input_metadata
    return tuple(outputs[0].shape) if outputs else None


def _attributes(fn: Node) -> Iterator[tuple[str, str]]:
    """Yield what an operation keeps besides tensors, in PyTorch's words."""
    for attribute in _saved_names(type(fn)):
        value = getattr(fn, attribute)
        if not any(isinstance(one, Tensor) for one in (value if isinstance(value, tuple) else (value,))):
            yield attribute.removeprefix(_SAVED), str(value)


@lru_cache(maxsize=256)
def _saved_names(kind: type[Node]) -> tuple[str, ...]:
    return tuple(name for name in dir(kind) if name.startswith(_SAVED))
