"""A module of the user's beside a network of ours with the same weights: their outputs, layer by layer."""

import math
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from resnet_explorer.errors import ExplorerError
from resnet_explorer.module import build
from resnet_explorer.network import compile_spec
from resnet_explorer.network.tree import tensors
from resnet_explorer.spec import InputShape, ResNetSpec
from resnet_explorer.verify.values import TOLERANCE

BATCH = 2
SEED = 0


def is_fresh(state: Mapping[str, Tensor]) -> bool:
    """Return whether weights are those of a start, or none at all: no norm has seen an image, or a value is not finite.

    Fresh norms hide what they follow: their shift is 0, and some have a factor of 0.
    """
    means = [tensor for name, tensor in state.items() if name.endswith("running_mean")]
    real = [tensor for tensor in state.values() if tensor.is_floating_point()]
    return all(not mean.any() for mean in means) or not all(bool(torch.isfinite(values).all()) for values in real)


@torch.no_grad()
def draw(state: Mapping[str, Tensor]) -> None:
    """Fill tensors in place from seed 0, so that every one of them matters and no deep network overflows."""
    random = torch.Generator().manual_seed(SEED)
    for name, tensor in state.items():
        if not tensor.is_floating_point():
            continue
        values = torch.randn(tensor.shape, generator=random)
        if name.endswith("running_var"):
            values = values.abs().clamp(0.2, 1) * 1.5
        elif tensor.ndim in (1, 3) and name.endswith("weight"):
            values = values.abs().clamp(0.2, 1) * 0.5
        elif tensor.ndim in (2, 4):
            values *= math.sqrt(2 / max(1, tensor[0].numel()))
        else:
            values *= 0.1
        tensor.copy_(values)


def network(spec: ResNetSpec, state: Mapping[str, Tensor], names: Mapping[str, str]) -> nn.Module:
    """Return a network of ours in eval mode with the tensors of a module; ``names`` gives ours for each of theirs."""
    model = build(spec, initialise=False)
    own = model.state_dict()
    given = {names[name]: tensor for name, tensor in state.items() if name in names}
    shaped = {name: tensor.reshape(own[name].shape) for name, tensor in given.items() if name in own}
    model.load_state_dict(shaped, strict=False, assign=True)  # both read the same memory
    return model.eval()


def image(shape: InputShape, spec: ResNetSpec) -> Tensor:
    """Return the same random images for everybody."""
    random = torch.Generator().manual_seed(SEED)
    return torch.randn(BATCH, *shape.shape(spec.in_channels, spec.dims)[1:], generator=random)


def output(module: nn.Module, x: Tensor) -> Tensor:
    """Return what a module says of images; of several tensors the scores, or the first."""
    with torch.no_grad():
        return _tensor(module(x.clone()))


def _tensor(said: Any) -> Tensor:
    if isinstance(said, Tensor):
        return said
    if hasattr(said, "logits"):
        return _tensor(said.logits)
    parts = list(said.values()) if isinstance(said, Mapping) else list(said) if isinstance(said, list | tuple) else []
    for part in parts:
        with suppress(TypeError):
            return _tensor(part)
    raise TypeError(f"the module returns {type(said).__name__}, not a tensor")


def error(given: Tensor, wanted: Tensor) -> float:
    """Return the greatest difference as a share of the largest value; infinite where shapes differ."""
    if given.shape != wanted.shape:
        return math.inf
    if not wanted.numel():
        return 0.0
    share = float((given - wanted).abs().max()) / (float(wanted.abs().max()) or 1.0)
    return math.inf if math.isnan(share) else share


@dataclass(frozen=True, slots=True)
class Call:
    """One layer at work: its name in its own network, what went in and what came out."""

    name: str
    into: Tensor
    out: Tensor


def calls(module: nn.Module, names: Mapping[str, str], x: Tensor) -> tuple[dict[str, Call], Exception | None]:
    """Return the first call of each layer in the order of execution under the names that ``names`` gives them.

    What the module raises on the way comes beside the calls before it.
    """
    first_calls: dict[str, Call] = {}

    def note(theirs: str, ours: str, layer: nn.Module, args: tuple[Any, ...], out: Any) -> None:
        if ours not in first_calls and args and isinstance(args[0], Tensor) and isinstance(out, Tensor):
            first_calls[ours] = Call(theirs, args[0].clone(), out.clone())  # the next layer may work in place

    with ExitStack() as hooks, torch.no_grad():
        for theirs, ours in names.items():
            with suppress(AttributeError):  # what holds a tensor and is no layer
                layer = module.get_submodule(theirs)
                hooks.callback(layer.register_forward_hook(partial(note, theirs, ours)).remove)
        try:
            module(x[:1].clone())
        except Exception as problem:
            return first_calls, problem
    return first_calls, None


def layers(names: Mapping[str, str]) -> dict[str, str]:
    """Return the path of our layer for the path of each of theirs, from the names of their tensors."""
    pairs = {theirs.rpartition(".")[0]: ours.rpartition(".")[0] for theirs, ours in names.items()}
    return {theirs: ours for theirs, ours in pairs.items() if theirs and ours}


def agreeing(theirs: Mapping[str, Call], ours: Mapping[str, Call]) -> tuple[int, str]:
    """Return how many layers agree before the first that does not, and its path; empty where all do."""
    for place, (path, call) in enumerate(theirs.items()):
        if path not in ours or error(call.out, ours[path].out) > TOLERANCE:
            return place, path
    return len(theirs), ""


def same_tensors(spec: ResNetSpec, other: ResNetSpec) -> Mapping[str, str] | None:
    """Return the other network's name for each tensor of a network; None where their tensors differ."""
    try:
        first, second = tensors(compile_spec(spec)), tensors(compile_spec(other))
    except ExplorerError:
        return None
    return dict(zip(first, second, strict=True)) if list(first.values()) == list(second.values()) else None
