"""The networks of an experiment: built from one seed, run in pieces, given back as they were; and their losses."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from resnet_explorer.errors import InputError
from resnet_explorer.module import build
from resnet_explorer.module.blocks import Block
from resnet_explorer.module.build import ResNet
from resnet_explorer.network import Network, compile_spec
from resnet_explorer.readings import Analysis, analyse
from resnet_explorer.readings.needs import needs
from resnet_explorer.readings.quantities import Loss, Mode, Place
from resnet_explorer.spec import InputShape, ResNetSpec
from resnet_explorer.spec.readers import MAX_CLASSES

_FIRST_WEIGHTS = ("init", "zero_init", "gain", "gate_bias")
"""The axes that determine a tensor's initial values."""


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Context manager that seeds PyTorch's random numbers and restores their state on exit."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield


def build_from_seed(specs: Sequence[ResNetSpec], seed: int) -> list[ResNet]:
    """Return the networks, each initialised from the same seed, on the CPU in training mode.

    A network with the first one's choices of initialisation gets the first one's tensors wherever name and shape
    agree: the plain twin has exactly the branches of the residual network.
    """
    models: list[ResNet] = []
    for spec in specs:
        with seeded(seed):
            model = build(spec)
        if models and all(spec.value(axis) == specs[0].value(axis) for axis in _FIRST_WEIGHTS):
            with torch.no_grad():
                first = dict(models[0].named_parameters())
                for name, parameter in model.named_parameters():
                    if name in first and first[name].shape == parameter.shape:
                        parameter.copy_(first[name])
        models.append(model)
    return models


def common(specs: Sequence[ResNetSpec]) -> ResNetSpec:
    """Return the network with the fewest classes: images of these suit all the others."""
    return min(specs, key=lambda spec: spec.classes or MAX_CLASSES)


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


@contextmanager
def restored(model: nn.Module, *, training: bool) -> Iterator[None]:
    """Context manager for measurements of a model in training or evaluation mode.

    The parameters start without gradients. On exit every module's mode, every buffer (the running statistics of norms)
    and every gradient is restored bit for bit. Code that only measures a model goes through here.
    """
    buffers = [(buffer, buffer.clone()) for buffer in model.buffers()]
    modes = [(module, module.training) for module in model.modules()]
    gradients = [(parameter, parameter.grad) for parameter in model.parameters()]
    model.train(training)
    for parameter, _ in gradients:
        parameter.grad = None
    try:
        yield
    finally:
        with torch.no_grad():
            for buffer, kept in buffers:
                buffer.copy_(kept)
        for module, mode in modes:
            module.training = mode
        for parameter, gradient in gradients:
            parameter.grad = gradient


def blocks_of(model: nn.Module) -> list[Block]:
    """Return the blocks of a network in the order in which they run."""
    return [module for module in model.modules() if isinstance(module, Block)]


def check_trains(analysis: Analysis, remedy: str) -> None:
    """Raise InputError where a batch norm would train on one value per channel; ``remedy`` is what else can be done."""
    for row in analysis.rows:
        if row.part.layer.starves(row.reading.input):
            raise InputError(
                row.path,
                f"In training, {row.path} would see one value per channel.",
                f"Use a batch of 2 or more, a larger image, or {remedy}.",
            )


def places(spec: ResNetSpec, image: InputShape, mode: Mode) -> tuple[Place, ...]:
    """Return the blocks of a network; raises InputError where it cannot take the image, or not in that mode."""
    analysis = analyse(compile_spec(spec), image)
    if mode is Mode.TRAIN and (failing := needs(analysis).failing):
        raise InputError(failing, needs(analysis).text)
    return tuple(
        Place(block.path, stage.number, analysis.sums[block.path].output)
        for stage in analysis.network.stages
        for block in stage.blocks
    )


class Piece(NamedTuple):
    """The stem, a block or the head: its path, and the names of its modules in the order in which they run."""

    path: str
    names: tuple[str, ...]


def pieces(network: Network) -> Iterator[Piece]:
    """Yield stem, blocks and head in the order in which they run: together they are the network's forward pass."""
    for block in network.blocks:
        modules = dict.fromkeys(step.name.partition(".")[0] for step in block.form.branch)
        yield Piece(block.path, (block.path,) if block.number else tuple(modules))
