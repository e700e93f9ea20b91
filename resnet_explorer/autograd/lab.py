"""The autograd graph of a network as PyTorch records it, each operation with the layer that made it; and torchviz's."""

import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import lru_cache, partial

import torch
from torch import Tensor, nn
from torch.autograd.graph import Node
from torch.nn import functional

from resnet_explorer.autograd.clusters import Recorded, clusters
from resnet_explorer.autograd.graphviz import GraphvizError, layout
from resnet_explorer.autograd.values import AutogradGraph, DrawTorchviz, GraphNode, NodeKind, RecordGraph, highway
from resnet_explorer.autograd.writer import INPUT, LOSS, OUTPUT, Functions, Saved, Writer, in_forward_order
from resnet_explorer.module import build
from resnet_explorer.module.blocks import Block, Gate
from resnet_explorer.module.meta import BareShapes
from resnet_explorer.network import compile_spec
from resnet_explorer.network.kinds import Shape
from resnet_explorer.probes.models import check_trains, restored
from resnet_explorer.readings import analyse
from resnet_explorer.readings.progress import Progress

Makers = dict[Node, str]
"""The address of the layer that made each function."""
_SAVED = "_saved_"


def functions(root: Node, enter: Callable[[Node], None] = lambda fn: None) -> tuple[Node, ...]:
    """Return all functions behind a root in forward order, each after those that it depends on.

    ``enter`` is called with each when it is first visited, in torchviz's order.
    """
    return in_forward_order(root, _before, enter)


def _before(fn: Node) -> Iterator[Node | None]:
    return (before for before, _ in fn.next_functions)


def graph_of(
    y: Tensor, model: nn.Module, x: Tensor, makers: Makers, *, device: str, saved: bool = False
) -> AutogradGraph:
    """Return the graph behind y with the names of the model's parameters; x is the leaf ``input``."""
    names = {id(parameter): name for name, parameter in model.named_parameters()} | {id(x): INPUT}
    root = y.grad_fn
    assert root is not None, "the input asks for its gradient"

    def node(fn: Node) -> GraphNode:
        return GraphNode(_name(fn), NodeKind.OPERATION, makers[fn], _shape(fn), tuple(_attributes(fn)))

    def variable(fn: Node) -> tuple[object, str, Shape] | None:
        leaf: Tensor | None = getattr(fn, "variable", None)
        return None if leaf is None else (leaf, names[id(leaf)], tuple(leaf.shape))

    output = GraphNode(OUTPUT if y.ndim else LOSS, NodeKind.OUTPUT, makers[root], tuple(y.shape))
    writer: Writer[Node] = Writer(Functions(_before, node, _saved_tensors, variable))
    return writer.graph(root, output, device=device, torch=str(torch.__version__), saved=saved)


def _saved_tensors(fn: Node) -> list[Saved]:
    """Return the tensors that a function has saved; those of a list are numbered, a custom function's have no name."""
    held: list[Saved] = []
    for attribute in _saved_names(type(fn)):
        value, name = getattr(fn, attribute), attribute.removeprefix(_SAVED)
        several = isinstance(value, tuple)
        for number, tensor in enumerate(value if several else (value,)):
            if isinstance(tensor, Tensor):
                held.append((f"{name}[{number}]" if several else name, tensor, tuple(tensor.shape)))
    custom: tuple[Tensor, ...] = getattr(fn, "saved_tensors", ())
    return [*held, *(("", tensor, tuple(tensor.shape)) for tensor in custom)]


def _name(fn: Node) -> str:
    """Return PyTorch's name of a function without its namespace (``torch::autograd::``)."""
    return type(fn).__name__.rpartition("::")[2]


def _shape(fn: Node) -> Shape | None:
    """Return the shape of an operation's first output: the gradient that comes back has the same."""
    outputs = fn._input_metadata
    return tuple(outputs[0].shape) if outputs else None


def _attributes(fn: Node) -> Iterator[tuple[str, str]]:
    """Yield what an operation saves besides tensors, as PyTorch prints it."""
    for attribute in _saved_names(type(fn)):
        value = getattr(fn, attribute)
        if not any(isinstance(part, Tensor) for part in (value if isinstance(value, tuple) else (value,))):
            yield attribute.removeprefix(_SAVED), _UNSIGNED.sub(_signed, str(value))


_UNSIGNED = re.compile(r"\b1844674407\d{10}\b")
"""Small negative numbers, such as an axis of -1, as PyTorch prints them."""


def _signed(number: re.Match[str]) -> str:
    return str(int(number[0]) - 2**64)


@lru_cache(maxsize=256)
def _saved_names(kind: type[Node]) -> tuple[str, ...]:
    return tuple(name for name in dir(kind) if name.startswith(_SAVED))


_JOINS = {Block: ".add", Gate: ".scale"}
"""The path suffix of what a block or a gate itself computes."""


def record(request: RecordGraph) -> Iterator[Progress | Recorded]:
    """Yield progress and, last, the graph of a network at an input with its highway.

    The CPU's graph is recorded on the meta device, where nothing is computed and the graph is the same; on another
    device the network really runs. Raises InputError where the network cannot take the input, or not train on it.
    """
    yield Progress(0, 3, "building the network")
    model, x = prepare(request)
    yield Progress(1, 3, f"running it forward on {request.device}")
    with restored(model, training=request.training):
        y, makers = forward(model, x, loss=request.loss)
        yield Progress(2, 3, f"walking back from the {LOSS if request.loss else OUTPUT}")
        graph = graph_of(y, model, x, makers, device=request.device, saved=request.saved)
    yield Recorded(graph, highway(graph), clusters(graph, compile_spec(request.spec)))


def prepare(request: RecordGraph) -> tuple[nn.Module, Tensor]:
    """Return the network of a request, and an input that requires its gradient, on the device that records it."""
    if request.training:
        check_trains(analyse(compile_spec(request.spec), request.image), "the graph of inference")
    device = "meta" if request.device == "cpu" else request.device
    shape = request.image.shape(request.spec.in_channels, request.spec.dims)
    torch.manual_seed(0)
    x = torch.rand(shape, device=device, requires_grad=True)
    return build(request.spec, device=device, initialise=False).train(request.training), x


def forward(model: nn.Module, x: Tensor, *, loss: bool) -> tuple[Tensor, Makers]:
    """Return a network's output, or its loss, and which layer made each function of the backward graph."""
    with _noting(model) as makers, BareShapes(products=True):
        y: Tensor = model(x)
        if loss and y.ndim == 2:
            y = functional.cross_entropy(y, torch.zeros(len(y), dtype=torch.long, device=y.device))
        elif loss:
            y = y.mean()
    _note(LOSS, makers, y)
    return y, makers


@contextmanager
def _noting(model: nn.Module) -> Iterator[Makers]:
    """Context manager with hooks that note which layer made each function."""
    makers: Makers = {}
    with ExitStack() as stack:
        for path, module in model.named_modules():
            address = path + _JOINS.get(type(module), "")
            if path:
                stack.callback(module.register_forward_hook(partial(_left, address, makers)).remove)
            if isinstance(module, Block) and module.chains.after:
                after = module.get_submodule(module.chains.after[0])
                stack.callback(after.register_forward_pre_hook(partial(_entered, address, makers)).remove)
        yield makers


def _left(path: str, makers: Makers, module: nn.Module, inputs: object, output: Tensor) -> None:
    _note(path, makers, output)


def _entered(path: str, makers: Makers, module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
    _note(path, makers, inputs[0])


def _note(path: str, makers: Makers, output: Tensor) -> None:
    """Assign to a layer all functions behind its output that belong to no layer yet.

    A block's addition is what remains once its inner layers are assigned: at the first layer after it, or at the end.
    An in-place ReLU gives the tensor another ``grad_fn``; the function assigned before keeps its layer.
    """
    open_ends = [output.grad_fn]
    while open_ends:
        fn = open_ends.pop()
        if fn is not None and fn not in makers:
            makers[fn] = path
            open_ends += [before for before, _ in fn.next_functions]


def torchviz_dot(request: RecordGraph) -> str:
    """Return the DOT source that torchviz writes of a network at an input.

    Raises GraphvizError where the network is too deep for it, and InputError where it cannot take the input.
    """
    model, x = prepare(request)
    try:
        with warnings.catch_warnings(), restored(model, training=request.training):
            y, _ = forward(model, x, loss=request.loss)
            warnings.simplefilter("ignore")  # it compares versions with what Python has dropped
            from torchviz import make_dot

            params = dict(model.named_parameters()) | {"input": x}
            return str(make_dot(y, params, show_saved=request.saved).source)
    except ImportError as error:
        what = f"torchviz cannot be loaded: {error}."
        raise GraphvizError("torchviz", what, "Install torchviz and setuptools.") from error
    except RecursionError as error:
        what = "This network is too deep for torchviz, which follows the graph by recursion."
        remedy = "Use the drawing that needs no torchviz: it has no such limit."
        raise GraphvizError("torchviz", what, remedy) from error


def draw_torchviz(request: DrawTorchviz) -> Iterator[object]:
    """Yield progress, and last the SVG file with its DOT source."""
    yield Progress(0, 1, "torchviz is walking the graph")
    source = torchviz_dot(request.graph)
    for step in layout(source):
        yield step if isinstance(step, Progress) else (step, source)
