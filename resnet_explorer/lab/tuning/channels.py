"""Images of other channels in a network: kernels mixed anew, an adapter before them, and what that changes."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace

import torch
from torch import Tensor, nn

from resnet_explorer.analysis.tuning.channels import ADAPTER, PORTS, first_convolution, mixing, normalisation, spread
from resnet_explorer.analysis.tuning.choices import IMAGENET, GreyWay, Preprocess
from resnet_explorer.analysis.tuning.results import GreyMeasure, GreyReport
from resnet_explorer.blueprint import compile_spec
from resnet_explorer.errors import ExplorerError
from resnet_explorer.lab.alike import seeded
from resnet_explorer.model.build import ResNet
from resnet_explorer.spec import ResNetSpec


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


def add_adapter(model: ResNet, channels: int, into: int) -> ResNet:
    """Put a learnt 1x1 convolution before a network, in place; it starts by repeating the image's channels."""
    adapter = nn.Conv2d(channels, into, 1, bias=False)
    with torch.no_grad():
        adapter.weight.copy_(torch.tensor(spread((1.0,) * into, channels))[:, :, None, None])
    model.add_module(ADAPTER, adapter.to(next(model.parameters()).device))
    model.stem = (ADAPTER, *model.stem)
    return model


def folded(model: ResNet, spec: ResNetSpec) -> tuple[ResNet, ResNetSpec]:
    """Return a copy of a network with its adapter in its first convolution, and the spec of that.

    Both are linear and have no bias, so that zeros at the border stay zeros and the answers are the same. Without an
    adapter it is the model itself.
    """
    adapter = getattr(model, ADAPTER, None)
    if adapter is None:
        return model, spec
    made = deepcopy(model)
    conv = made.get_submodule(first_convolution(compile_spec(spec))[0])
    assert isinstance(conv, nn.Conv2d)
    weight = torch.einsum("okhw,kc->ochw", conv.weight.double(), adapter.weight[:, :, 0, 0].double())
    conv.weight = nn.Parameter(weight.to(conv.weight.dtype).detach(), conv.weight.requires_grad)
    conv.in_channels = adapter.in_channels
    delattr(made, ADAPTER)
    made.stem = tuple(name for name in made.stem if name != ADAPTER)
    return made, replace(spec, in_channels=adapter.in_channels)


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
