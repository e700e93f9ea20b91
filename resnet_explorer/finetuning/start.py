"""A plan's network with its first weights: published, from a file, or drawn; and what was and was not loaded."""

from collections.abc import Callable, Collection, Mapping
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor, nn

from resnet_explorer.errors import CheckpointError, ExplorerError
from resnet_explorer.finetuning.choices import (
    IMAGENET,
    PORTS,
    GreyWay,
    Preprocess,
    WeightsKind,
    adapts,
    mixing,
    normalisation,
)
from resnet_explorer.finetuning.plan import TunePlan
from resnet_explorer.finetuning.results import GreyMeasure, GreyReport, Started
from resnet_explorer.finetuning.weights import find_published
from resnet_explorer.module.build import ResNet, add_adapter, build
from resnet_explorer.network import compile_spec
from resnet_explorer.network.tree import first_convolution
from resnet_explorer.probes.models import seeded
from resnet_explorer.spec import ResNetSpec
from resnet_explorer.spec.catalogue import title
from resnet_explorer.weights import checkpoint
from resnet_explorer.weights.from_file import head_words, refusal
from resnet_explorer.weights.identify import Identified, identify
from resnet_explorer.weights.reader import read as read_weights

HEAD = ("fc.weight", "fc.bias")
"""The tensors of the classifier."""


def drawn(spec: ResNetSpec, seed: int) -> ResNet:
    """Return a network with the first weights of a seed, on the CPU in training mode."""
    with seeded(seed):
        return build(spec)


def give(model: nn.Module, state: Mapping[str, Tensor], leave: Collection[str] = ()) -> int:
    """Copy tensors into those of a model by their names, except those of ``leave``; return how many."""
    count = 0
    with torch.no_grad():
        for name, tensor in model.state_dict().items():
            if name in state and name not in leave:
                tensor.copy_(state[name])
                count += 1
    return count


def mixed(kernels: Tensor, way: GreyWay, channels: int) -> Tensor:
    """Return a convolution's kernels for images of so many channels: sums of those that it has."""
    matrix = torch.tensor(mixing(way, channels, kernels.shape[1]), dtype=torch.float64)
    return torch.einsum("okhw,kc->ochw", kernels.double(), matrix).to(kernels.dtype)


def port(model: ResNet, spec: ResNetSpec, way: GreyWay, channels: int) -> ResNet:
    """Give a network a first convolution for images of so many channels, in place; raises ExplorerError in groups."""
    path, layer = first_convolution(compile_spec(spec))
    conv = model.get_submodule(path)
    assert isinstance(conv, nn.Conv2d)
    if layer.groups != 1:
        raise ExplorerError(path, "A first convolution in groups cannot be mixed.", "Choose an adapter.")
    conv.weight = nn.Parameter(mixed(conv.weight.detach(), way, channels), conv.weight.requires_grad)
    conv.in_channels = channels
    return model


def measure_grey(
    model: ResNet, spec: ResNetSpec, grey: Tensor, preprocess: Preprocess = IMAGENET, seed: int = 0
) -> GreyReport:
    """Return how far each way's answers lie from those of a network on the repeated channel; the model is left alone.

    ``grey`` are images (N, 1, H, W) from 0 to 1. All are normed by one mean and deviation, the network's own for
    grey. Raises ExplorerError where the network takes one channel already.
    """
    if spec.in_channels == 1:
        raise ExplorerError("in_channels", "The network takes grey images as it is.", "Choose one of colour.")
    mean, std = normalisation(preprocess, spec, 1, GreyWay.SUM)
    x = (grey - mean[0]) / std[0]
    repeated = x.expand(-1, spec.in_channels, -1, -1)
    modes = [_errors(model, spec, x, repeated, seed, training=training) for training in (False, True)]
    means, stds = (torch.tensor(values).view(-1, 1, 1) for values in normalisation(preprocess, spec, 1, GreyWay.REPEAT))
    by_colour = (grey - means) / stds
    run = _runner(model, seed, training=False)
    own = _far(run(lambda made: made, by_colour), run(lambda made: made, repeated))
    measures = tuple(GreyMeasure(way, modes[0][way], modes[1][way]) for way in modes[0])
    return GreyReport(measures, own, len(grey))


def _errors(
    model: ResNet, spec: ResNetSpec, x: Tensor, repeated: Tensor, seed: int, *, training: bool
) -> dict[GreyWay, float]:
    run = _runner(model, seed, training=training)
    wanted = run(lambda made: made, repeated)
    found = {GreyWay.REPEAT: _far(run(lambda made: made, repeated), wanted)}
    for way in PORTS:
        if way is GreyWay.LUMINANCE and spec.in_channels != 3:
            continue
        found[way] = _far(run(lambda made, way=way: port(made, spec, way, 1), x), wanted)  # type: ignore[misc]
    found[GreyWay.ADAPTER] = _far(run(lambda made: add_adapter(made, 1, spec.in_channels), x), wanted)
    return found


def _runner(model: ResNet, seed: int, *, training: bool) -> Callable[[Callable[[ResNet], ResNet], Tensor], Tensor]:
    """Return what runs a changed copy of a model: in training dropout drops alike in all."""

    def run(change: Callable[[ResNet], ResNet], x: Tensor) -> Tensor:
        made = change(deepcopy(model)).train(training)
        with seeded(seed), torch.no_grad():
            answer: Tensor = made(x)
        return answer

    return run


def _far(answer: Tensor, wanted: Tensor) -> float:
    return float((answer - wanted).norm() / wanted.norm().clamp(min=1e-30))


def start(plan: TunePlan) -> tuple[ResNet, Started]:
    """Return the network to tune, on the CPU in training mode, and what it starts from.

    What no file gives is drawn from the plan's seed. Raises ExplorerError where published weights are not on this
    machine, and CheckpointError where a file's weights are those of another network.
    """
    model = drawn(plan.network_spec, plan.seed)
    if plan.weights.kind is WeightsKind.NONE:
        started = Started((f"All weights are drawn from seed {plan.seed}.",), 0, False)
    else:
        state, words, same = _published(plan) if plan.weights.kind is WeightsKind.PUBLISHED else _file(plan)
        loaded = give(model, _ported(plan, state), () if same else HEAD)
        started = Started(words, loaded, same)
    return (add_adapter(model, *plan.adapter) if plan.adapter else model), started


def bare(plan: TunePlan) -> ResNet:
    """Return the network to tune with no weights of its own: for some that are loaded next."""
    model = drawn(plan.network_spec, plan.seed)
    return add_adapter(model, *plan.adapter) if plan.adapter else model


def check_file(path: Path, spec: ResNetSpec, key: str = "") -> tuple[Mapping[str, Tensor], Identified, tuple[str, ...]]:
    """Return a file's tensors by the names of a network, what was found in the file, and notes on what was read of it.

    ``key`` chooses where it holds several networks.

    Raises CheckpointError where they are another network's, or not all of them are finite.
    """
    read = read_weights(path, key=key or None)
    found = checkpoint.identified(read)
    shapes = {name: tuple(tensor.shape) for name, tensor in read.tensors.items()}
    own = [read.tensors[name] for name in found.names]
    why = refusal(path.name, found, spec, *checkpoint.strange_values(own))
    if why:
        raise CheckpointError(str(path), why, "Choose that network, or another file.")
    fitting = identify(shapes, replace(spec, classes=found.spec.classes))
    return checkpoint.state_of(read, fitting), found, read.notes


def _published(plan: TunePlan) -> tuple[Mapping[str, Tensor], tuple[str, ...], bool]:
    """Return the tensors by our names, what is said of them, and whether their classes are the plan's."""
    one = find_published(plan.spec, plan.weights.name)
    if not one.cached:
        raise ExplorerError("weights", f"{one.name} of {title(plan.spec)} is not on this machine.", "Download it.")
    state, found, _ = check_file(Path(one.cached), plan.spec)
    same = plan.classes == one.classes
    first = f"The backbone starts from {one.name} of {title(plan.spec)}."
    return state, (first, *_head(one.name, found, len(plan.classes), same=same)), same


def _file(plan: TunePlan) -> tuple[Mapping[str, Tensor], tuple[str, ...], bool]:
    path = Path(plan.weights.name)
    state, found, notes = check_file(path, plan.spec, plan.weights.key)
    same = found.spec.classes == len(plan.classes)
    first = f"The backbone starts from {path.name}."
    return state, (first, *_head(path.name, found, len(plan.classes), same=same), *notes), same


def _head(file: str, found: Identified, classes: int, *, same: bool) -> tuple[str, ...]:
    """Return what is said of the head: that of another thousand classes is new, too."""
    if found.spec.classes == classes and not same:
        return (f"The head of {classes:,} classes was not loaded: these are other classes; it is new.",)
    return head_words(file, found, classes)


def _ported(plan: TunePlan, state: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
    """Return the tensors with the first convolution for the images' channels."""
    if plan.grey not in PORTS or not adapts(plan.spec, plan.channels):
        return state
    name = f"{first_convolution(plan.network)[0]}.weight"
    return {**state, name: mixed(state[name], plan.grey, plan.channels)}
