"""timm's networks beside ours with the same random weights: timm is the reference, and a dependency of tests alone."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from typing import Any
from unittest.mock import patch

import timm
import torch
from timm.models.resnet import BasicBlock, Bottleneck, ResNet
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from resnet_explorer.module import build
from resnet_explorer.network import compile_spec
from resnet_explorer.spec import ResNetSpec
from resnet_explorer.weights.compare import renamed

ROW = 1_048_573


@cache
def _normal(count: int) -> Tensor:
    """Return so many normal values in which those of one row, a prime number, recur."""
    row = torch.randn(ROW, generator=torch.Generator().manual_seed(0))
    return row.repeat(-(-count // ROW))


def _drawn(shape: torch.Size, generator: torch.Generator) -> Tensor:
    """Return normal values, of which most recur, from a random place on."""
    count = shape.numel()
    start = int(torch.randint(ROW, (1,), generator=generator))
    return _normal(2 ** (start + count).bit_length())[start : start + count].view(shape)


def shaken(model: nn.Module, seed: int = 0) -> nn.Module:
    """Give every tensor random values of a size that neither explodes nor hides a layer."""
    generator = torch.Generator().manual_seed(seed)
    for name, tensor in model.state_dict().items():
        if not tensor.is_floating_point():
            continue
        if name.endswith("running_var"):
            tensor.uniform_(0.5, 1.5, generator=generator)
        elif tensor.ndim >= 2:
            torch.mul(_drawn(tensor.shape, generator), tensor[0].numel() ** -0.5, out=tensor)
        else:
            tensor.uniform_(-0.3, 0.3, generator=generator).add_(1.0 if name.endswith("weight") else 0.0)
    return model


def state_for(theirs: nn.Module, spec: ResNetSpec) -> dict[str, Tensor]:
    """Return timm's tensors under our names, and timm's 1x1 head as a matrix."""
    state = theirs.state_dict()
    names = renamed(state, compile_spec(spec))
    renamed_state = {names[name]: tensor for name, tensor in state.items()}
    if "fc.weight" in renamed_state:
        renamed_state["fc.weight"] = renamed_state["fc.weight"].flatten(1)
    return renamed_state


def twins(spec: ResNetSpec, theirs: nn.Module) -> tuple[nn.Module, nn.Module]:
    """Return timm's network and ours, with the same random weights."""
    shaken(theirs)
    ours = build(spec, initialise=False)
    ours.load_state_dict(state_for(theirs, spec), strict=True, assign=True)
    return theirs, ours


@contextmanager
def uninitialised() -> Iterator[None]:
    """Leave the weights of modules built inside as they come: ``shaken`` sets them all."""
    names = [name for name in vars(nn.init) if name.endswith("_") and not name.startswith("_")]
    with ExitStack() as stack:
        for name in names:
            stack.enter_context(patch.object(nn.init, name, lambda tensor, *_, **__: tensor))
        yield


def named(name: str) -> nn.Module:
    """Return timm's network of that name, with weights that are not set yet."""
    with uninitialised():
        model: nn.Module = timm.create_model(name, pretrained=False)
    return model


def macs(model: nn.Module, side: int) -> int:
    """Return the multiply-accumulates of a model on the meta device for one colour image."""
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        model.eval()(torch.empty(1, 3, side, side, device="meta"))
    return int(counter.get_total_flops()) // 2


def custom(block: tuple[str, ...], **arguments: Any) -> nn.Module:
    """Return timm's ResNet with these arguments."""
    kinds = {"basic": BasicBlock, "bottleneck": Bottleneck}
    with uninitialised():
        model: nn.Module = ResNet(tuple(kinds[kind] for kind in block), **arguments)
    return model
