"""Networks that start from the same numbers, and the losses that are differentiated."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor
from torch.nn import functional

from resnet_explorer.module import build
from resnet_explorer.module.build import ResNet
from resnet_explorer.readings.quantities import Loss
from resnet_explorer.spec import ResNetSpec
from resnet_explorer.spec.readers import MAX_CLASSES

_FIRST_WEIGHTS = ("init", "zero_init", "gain", "gate_bias")
"""The axes that say with which numbers a tensor starts."""


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Draw what is random from a seed, and leave the process's own random state as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield


def alike(specs: Sequence[ResNetSpec], seed: int) -> list[ResNet]:
    """Return the networks, all drawn from a seed, on the CPU in training mode.

    A network that differs from the first in no choice of the first weights gets its tensors wherever name and shape
    agree: so the plain twin has the very branches of the residual network.
    """
    models: list[ResNet] = []
    for spec in specs:
        with seeded(seed):
            model = build(spec)
        if models and all(getattr(spec, axis) == getattr(specs[0], axis) for axis in _FIRST_WEIGHTS):
            _take(model, models[0])
        models.append(model)
    return models


def common(specs: Sequence[ResNetSpec]) -> ResNetSpec:
    """Return the network with the fewest classes: what it can name, all can."""
    return min(specs, key=lambda spec: spec.classes or MAX_CLASSES)


def _take(model: ResNet, source: ResNet) -> None:
    given = dict(source.named_parameters())
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name in given and given[name].shape == parameter.shape:
                parameter.copy_(given[name])


def _mean_square(output: Tensor, labels: Tensor) -> Tensor:
    if output.ndim > 2:
        return output.square().mean()
    return functional.mse_loss(output, functional.one_hot(labels, output.shape[1]).to(output.dtype))


LOSSES: Mapping[Loss, Callable[[Tensor, Tensor], Tensor]] = {
    Loss.CROSS_ENTROPY: functional.cross_entropy,
    Loss.MEAN_SQUARE: _mean_square,
    Loss.SUM: lambda output, labels: output.sum(),
}


def accuracy(output: Tensor, labels: Tensor) -> float | None:
    """Return the share of images whose class has the highest score; None for the maps of a backbone."""
    return float((output.argmax(dim=1) == labels).float().mean()) if output.ndim == 2 else None
