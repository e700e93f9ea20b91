"""The autograd graph of a network as PyTorch records it, each operation with the layer that made it."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils._python_dispatch import TorchDispatchMode

from resnet_explorer.analysis import Analysis, analyse
from resnet_explorer.analysis.autograd import AutogradGraph
from resnet_explorer.analysis.progress import Progress
from resnet_explorer.blueprint import compile_spec
from resnet_explorer.errors import InputError
from resnet_explorer.lab.record import restored
from resnet_explorer.lab.walk import LOSS, OUTPUT, Makers, graph_of
from resnet_explorer.model import build
from resnet_explorer.model.modules import Block, Gate
from resnet_explorer.spec import InputShape, ResNetSpec

_JOINS = {Block: ".add", Gate: ".scale"}
"""What a block, and a gate, computes itself."""


def record(
    spec: ResNetSpec,
    image: InputShape,
    *,
    device: str = "cpu",
    loss: bool = True,
    training: bool = True,
    seed: int = 0,
    saved: bool = False,
) -> Iterator[Progress | AutogradGraph]:
    """Yield progress and, last, the graph of a network at an input; with ``loss`` it ends there, else at the output.

    The loss is the cross-entropy against class 0, or the mean of the last map where there is no head. With ``saved``
    the tensors that each operation keeps for its derivative are nodes too. The CPU's graph is recorded on the meta
    device, where nothing is computed and it is the same; on another device the network really runs. Raises InputError
    where the network cannot take the input, or not train on it.
    """
    yield Progress(0, 3, "building the network")
    model, x = prepared(spec, image, device=device, training=training, seed=seed)
    yield Progress(1, 3, f"running it forward on {device}")
    with restored(model, training=training):
        y, makers = forward(model, x, loss=loss)
        yield Progress(2, 3, f"walking back from the {LOSS if loss else OUTPUT}")
        graph = graph_of(y, model, x, makers, device=device, saved=saved)
    yield graph


def prepared(
    spec: ResNetSpec, image: InputShape, *, device: str, training: bool, seed: int = 0
) -> tuple[nn.Module, Tensor]:
    """Return the network of a spec and an input that asks for its gradient, for a graph of that device."""
    _check(analyse(compile_spec(spec), image), training)
    place = "meta" if device == "cpu" else device
    torch.manual_seed(seed)
    shape = (image.batch, spec.in_channels, image.height, image.width)
    x = torch.rand(shape, device=place, requires_grad=True)
    return build(spec, device=place, initialise=False).train(training), x


def _check(analysis: Analysis, training: bool) -> None:
    """Refuse what PyTorch would refuse with a trace: a batch norm that trains on one value per channel."""
    for row in analysis.rows if training else ():
        if row.part.layer.starves(row.reading.input):
            raise InputError(
                row.path,
                f"In training, {row.path} would see one value per channel.",
                "Use a batch of 2 or more, a larger image, or the graph of inference.",
            )


def forward(model: nn.Module, x: Tensor, *, loss: bool) -> tuple[Tensor, Makers]:
    """Return what a network makes of x, or its loss, and which layer made each function on the way back."""
    with _noting(model) as makers, _BareNorms():  # type: ignore[no-untyped-call]
        y: Tensor = model(x)
        if loss and y.ndim == 2:
            y = functional.cross_entropy(y, torch.zeros(len(y), dtype=torch.long, device=y.device))
        elif loss:
            y = y.mean()
    _note(LOSS, makers, y)
    return y, makers


@contextmanager
def _noting(model: nn.Module) -> Iterator[Makers]:
    """Lend the layers hooks that note what each has made."""
    makers: Makers = {}
    handles = []
    try:
        for path, module in model.named_modules():
            address = path + _JOINS.get(type(module), "")
            handles += [module.register_forward_hook(partial(_left, address, makers))] if path else []
            if isinstance(module, Block) and module.chains.after:
                after = module.get_submodule(module.chains.after[0])
                handles.append(after.register_forward_pre_hook(partial(_entered, address, makers)))
        yield makers
    finally:
        for handle in handles:
            handle.remove()


def _left(path: str, makers: Makers, module: nn.Module, inputs: object, output: Tensor) -> None:
    _note(path, makers, output)


def _entered(path: str, makers: Makers, module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
    _note(path, makers, inputs[0])


def _note(path: str, makers: Makers, output: Tensor) -> None:
    """Give a layer all functions behind its output that nobody has: those before it are noted already.

    A block's addition is what is left when its inner layers are noted: at the first layer after it, or at the end. A
    ReLU in place gives the tensor another ``grad_fn``; the function that was noted before stays what it is.
    """
    open_ends = [output.grad_fn]
    while open_ends:
        fn = open_ends.pop()
        if fn is not None and fn not in makers:
            makers[fn] = path
            open_ends += [before for before, _ in fn.next_functions]


class _BareNorms(TorchDispatchMode):
    """Lets a batch norm on the meta device tell its shapes alone, as the other layers do there.

    PyTorch's own works them out in Python, step by step: nine tenths of a forward pass. Autograd sees no difference.
    """

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        if func is not torch.ops.aten.native_batch_norm.default or args[0].device.type != "meta":
            return func(*args, **(kwargs or {}))
        x, training = args[0], args[5]
        statistics = (x.shape[1],) if training else (0,)
        return torch.empty_like(x), x.new_empty(statistics), x.new_empty(statistics)
