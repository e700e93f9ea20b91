"""Lesions of trained networks: a block taken out, or swapped with the next (Veit et al. 2016, sections 4.1 and 4.3)."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from time import perf_counter

import torch
from torch import Tensor

from resnet_explorer.analysis.descent import Descent
from resnet_explorer.analysis.lesions import LesionRequest, Lesions, LesionStudy
from resnet_explorer.analysis.partial import Partial
from resnet_explorer.lab.data import Images
from resnet_explorer.lab.progress import Progress
from resnet_explorer.lab.record import blocks_of, restored
from resnet_explorer.lab.steps import training
from resnet_explorer.model.build import ResNet
from resnet_explorer.model.layers import ZeroPad
from resnet_explorer.model.modules import Block, run

CHUNK = 250
"""Images that are named at a time."""
Named = Callable[..., float]
"""Says which share of the test a model names right; with ``train=True`` in training mode."""


def study(request: LesionRequest) -> Iterator[Progress | Partial[Descent] | Partial[LesionStudy] | LesionStudy]:
    """Yield progress, the training as far as it is, and network by network what it can do without each block.

    Raises ExplorerError as ``measure`` does.
    """
    began = perf_counter()
    steps = request.recipe.steps + len(request.specs)
    descent, models, images = yield from training(request.training, steps, tests=True)
    rows = zip(models, request.specs, descent.places, strict=True)
    found: list[Lesions] = []
    for model, spec, where in rows:
        yield Progress(request.recipe.steps + len(found), steps, "taking out each block")
        found.append(Lesions(spec, where, *lesions(model, partial(right, model, images, request.device))))
        seconds = perf_counter() - began
        known = LesionStudy(request, tuple(found), len(images.test), images.words, str(torch.__version__), seconds)
        yield known if len(found) == len(models) else Partial(known)


def lesions(model: ResNet, named: Named) -> tuple[float, float, tuple[float, ...], tuple[float | None, ...]]:
    """Return what a model names right whole, with the batch's statistics, without each block, and after each swap."""
    whole, shapes = named(), _shapes(model, named)
    dropped: list[float] = []
    swapped: list[float | None] = []
    for index, block in enumerate(blocks_of(model)):
        with dropping(block, shapes[index][1]):
            dropped.append(named())
        swapped.append(None)
        if swappable(shapes, index):
            with swapping(model, index):
                swapped[-1] = named()
    return whole, named(train=True), tuple(dropped), tuple(swapped)


def swappable(shapes: Sequence[tuple[Sequence[int], Sequence[int]]], index: int) -> bool:
    """Say whether a block and the next one put out what they take in, and both the same; ``shapes`` are in and out."""
    both = shapes[index : index + 2]
    return len(both) == 2 and len({tuple(shape) for pair in both for shape in pair}) == 1


@torch.no_grad()
def right(model: ResNet, images: Images, device: str, *, train: bool = False) -> float:
    """Return the share of the test's images that a model names right, in training or evaluation mode.

    Each call leaves the model as it was: in training mode, too, its running statistics do not learn from the test.
    """
    count = 0
    with restored(model, training=train):
        for indices in torch.split(images.test, CHUNK):
            x, y = images.take(indices)
            count += int((model(x.to(device)).argmax(dim=1).cpu() == y).sum())
    return count / len(images.test)


def _shapes(model: ResNet, named: Named) -> list[tuple[torch.Size, torch.Size]]:
    """Return the shapes of a map before and after each block, without the batch."""
    found: list[tuple[torch.Size, torch.Size]] = []
    with ExitStack() as lent:
        for block in blocks_of(model):
            hook = block.register_forward_hook(lambda _, x, y: found.append((x[0].shape[1:], y.shape[1:])))
            lent.callback(hook.remove)
        named()
    return found[: len(blocks_of(model))]


@contextmanager
def dropping(block: Block, shape: torch.Size) -> Iterator[None]:
    """Take a block out: of a residual one the branch, so that x takes the shortcut alone; a plain one altogether.

    Where a plain block brings x to another shape, every second position passes, with zeros in the channels that it
    lacks (option A).
    """
    without = partial(_skipped, shape) if block.chains.shortcut is None else partial(_branchless, block)
    block.forward = without  # type: ignore[method-assign]  # taken away below
    try:
        yield
    finally:
        del block.forward  # the class's own is there again


def _branchless(block: Block, x: Tensor) -> Tensor:
    """Return what a residual block gives for F = 0."""
    x = run(block, block.chains.before, x)
    y = run(block, block.chains.shortcut or (), x)
    if block.chains.gate:
        y = (1 - run(block, block.chains.gate, x)) * y
    return run(block, block.chains.after, y)


def _skipped(shape: torch.Size, x: Tensor) -> Tensor:
    """Return x in the shape that a block would have given it."""
    y: Tensor = x if x.shape[1:] == shape else ZeroPad(shape[0] - x.shape[1], -(-x.shape[2] // shape[1]))(x)
    return y.clone()  # what follows may work in place


@contextmanager
def swapping(model: ResNet, index: int) -> Iterator[None]:
    """Let two neighbouring blocks of one shape run in the other order; ``index`` is the first one's."""
    first, second = blocks_of(model)[index : index + 2]
    first.forward, second.forward = second.forward, first.forward  # type: ignore[method-assign]  # taken away below
    try:
        yield
    finally:
        del first.forward, second.forward
