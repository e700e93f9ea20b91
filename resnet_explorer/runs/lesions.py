"""Lesions of trained networks: a block taken out, or swapped with the next (Veit et al. 2016, sections 4.1 and 4.3)."""

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from time import perf_counter
from typing import NamedTuple

import torch
from torch import Tensor

from resnet_explorer.module.blocks import Block, run
from resnet_explorer.module.build import ResNet
from resnet_explorer.module.layers import ZeroPad
from resnet_explorer.network import compile_spec
from resnet_explorer.network.kinds import Shape
from resnet_explorer.probes.data import Tested, tested
from resnet_explorer.probes.models import blocks_of, places, restored, seeded
from resnet_explorer.readings import analyse
from resnet_explorer.readings.lesions import Lesions, LesionsAsked, LesionStudy
from resnet_explorer.readings.progress import Partial, Progress
from resnet_explorer.readings.quantities import Mode
from resnet_explorer.runs.plan import RunPlan

CHUNK = 250
"""Images in a batch."""
ROOM = 256 * 2**20
"""Test images of up to this many bytes are cached; others are loaded again for each lesion."""
LesionSteps = Generator[str, None, float]
"""Yields a description after each batch, and returns the test error."""


class Subject(NamedTuple):
    """A trained network on its device, and its images."""

    plan: RunPlan
    model: ResNet
    images: Tested


def study(
    request: LesionsAsked, subjects: Iterator[Subject], done: int, of: int, *, by_batch: bool = False
) -> Iterator[Progress | Partial[LesionStudy] | LesionStudy]:
    """Yield progress, the study after each lesion, and last the result; raises ExplorerError without test images.

    ``done`` of the ``of`` steps are made already; ``subjects`` may be loaded lazily. With ``by_batch`` each network is
    also tested with batch statistics.
    """
    began = perf_counter()
    result = LesionStudy(request, (), str(torch.__version__), 0.0)
    for _ in request.specs:
        yield Progress(done, of, "loading the network")
        finished = result.networks
        for step in one_by_one(next(subjects), by_batch=by_batch):
            if isinstance(step, str):
                yield Progress(done, of, step)
                continue
            done += 1
            result = replace(result, networks=(*finished, step), seconds=perf_counter() - began)
            yield Partial(result)
    yield result


def one_by_one(subject: Subject, *, by_batch: bool = False) -> Iterator[str | Lesions]:
    """Yield the lesions of a network so far after each one, and a description between batches.

    The network is tested in evaluation mode and unchanged afterwards, however the work ends.
    """
    plan, model, images = subject
    where, shapes, name = places(plan.spec, plan.image, Mode.EVAL), _shapes(plan), plan.name
    unknown = (None,) * len(where)
    test = _Test(images, plan.device)
    with restored(model, training=False):
        whole = yield from test.error(model, f"{name} unmodified")
        batch = None
        if by_batch:
            with seeded(plan.seed), restored(model, training=True):  # the running statistics are put back afterwards
                batch = yield from test.error(model, f"{name} with batch statistics")
        lesions = Lesions(name, plan.spec, where, whole, batch, unknown, unknown, len(test.indices), images.text)
        yield lesions
        for index, block in enumerate(blocks_of(model)):
            with dropping(block, torch.Size(shapes[index][1])):
                error = yield from test.error(model, f"{name} without {where[index].path}")
            lesions = replace(lesions, dropped=_with(lesions.dropped, index, error))
            yield lesions
            if swappable(shapes, index):
                text = f"{name} with {where[index].path} and {where[index + 1].path} swapped"
                with swapping(model, index):
                    error = yield from test.error(model, text)
                lesions = replace(lesions, swapped=_with(lesions.swapped, index, error))
                yield lesions


class _Test:
    """All test images on a device, batch by batch; raises ExplorerError where there are none."""

    def __init__(self, images: Tested, device: str) -> None:
        self.indices = tested(images)
        self._images, self._device = images, device
        self._kept: list[tuple[Tensor, Tensor]] = []
        self._keeps = images.take(self.indices[:1])[0].nbytes * len(self.indices) <= ROOM

    def error(self, model: ResNet, text: str) -> LesionSteps:
        """Return the fraction of the images that a model misclassifies."""
        wrong = 0
        for number, chunk in enumerate(torch.split(self.indices, CHUNK)):
            yield text
            x, y = self._batch(number, chunk)
            with torch.no_grad():
                wrong += int((model(x).argmax(dim=1) != y).sum())
        return wrong / len(self.indices)

    def _batch(self, number: int, chunk: Tensor) -> tuple[Tensor, Tensor]:
        if number < len(self._kept):
            return self._kept[number]
        x, y = self._images.take(chunk)
        made = x.to(self._device), y.to(self._device)
        if self._keeps:
            self._kept.append(made)
        return made


def _with(values: Sequence[float | None], index: int, value: float) -> tuple[float | None, ...]:
    return (*values[:index], value, *values[index + 1 :])


def _shapes(plan: RunPlan) -> tuple[tuple[Shape, Shape], ...]:
    """Return the input and output shape of each block, without the batch."""
    analysis = analyse(compile_spec(plan.spec), plan.image)
    sums = [analysis.sums[block.path] for stage in analysis.network.stages for block in stage.blocks]
    return tuple((shapes.input[1:], shapes.output[1:]) for shapes in sums)


def count(plan: RunPlan) -> int:
    """Return the number of tests: of the unmodified network, and with each lesion."""
    shapes = _shapes(plan)
    return 1 + len(shapes) + sum(swappable(shapes, index) for index in range(len(shapes)))


def swappable(shapes: Sequence[tuple[Sequence[int], Sequence[int]]], index: int) -> bool:
    """Return whether a block and the next have one shape for all inputs and outputs; ``shapes`` are pairs of these."""
    both = shapes[index : index + 2]
    return len(both) == 2 and len({tuple(shape) for pair in both for shape in pair}) == 1


@contextmanager
def dropping(block: Block, shape: torch.Size) -> Iterator[None]:
    """Context manager that drops a block: the branch of a residual one, all of a plain one.

    Where a plain block changes the shape of x, x is subsampled and padded with zero channels (option A).
    """
    without = partial(_skipped, shape) if block.chains.shortcut is None else partial(_branchless, block)
    block.forward = without  # type: ignore[method-assign]  # deleted below
    try:
        yield
    finally:
        del block.forward  # the class's own is there again


def _branchless(block: Block, x: Tensor) -> Tensor:
    """Return the output of a residual block for F = 0."""
    x = run(block, block.chains.before, x)
    y = run(block, block.chains.shortcut or (), x)
    if block.chains.gate:
        y = (1 - run(block, block.chains.gate, x)) * y
    return run(block, block.chains.after, y)


def _skipped(shape: torch.Size, x: Tensor) -> Tensor:
    """Return x in the output shape of a block."""
    y: Tensor = x if x.shape[1:] == shape else ZeroPad(shape[0] - x.shape[1], -(-x.shape[2] // shape[1]))(x)
    return y.clone()  # what follows may work in place


@contextmanager
def swapping(model: ResNet, index: int) -> Iterator[None]:
    """Context manager that swaps two neighbouring blocks of equal shape; ``index`` is that of the first."""
    first, second = blocks_of(model)[index : index + 2]
    first.forward, second.forward = second.forward, first.forward  # type: ignore[method-assign]  # deleted below
    try:
        yield
    finally:
        del first.forward, second.forward
