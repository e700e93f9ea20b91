"""What a trained network can do without each of its blocks, or with two neighbours swapped (Veit et al. 2016)."""

from collections.abc import Generator, Iterator, Sequence
from dataclasses import replace
from time import perf_counter

import torch
from torch import Tensor

from resnet_explorer.analysis import analyse
from resnet_explorer.analysis.gradients import Place
from resnet_explorer.analysis.inside import Look, RunLesions, RunLesionsRequest, RunLesionStudy
from resnet_explorer.analysis.partial import Partial
from resnet_explorer.analysis.quantities import Mode
from resnet_explorer.analysis.training import RunPlan
from resnet_explorer.blueprint import compile_spec
from resnet_explorer.blueprint.layers import Shape
from resnet_explorer.lab.inside.subject import Load, Seen, load, subject, tested
from resnet_explorer.lab.lesion import CHUNK, dropping, swappable, swapping
from resnet_explorer.lab.probe import places
from resnet_explorer.lab.progress import Progress
from resnet_explorer.lab.record import blocks_of, restored
from resnet_explorer.model.build import ResNet

ROOM = 256 * 2**20
"""Test images of at most so many bytes are prepared once, others for each lesion anew."""
Course = Generator[str, None, float]
"""Says after each batch what is measured, and returns the share that is named wrongly."""


def lesions(
    request: RunLesionsRequest, source: Load = load
) -> Iterator[Progress | Partial[RunLesionStudy] | RunLesionStudy]:
    """Yield progress, what is known after each lesion, and last the whole; raises ExplorerError without test images."""
    began, done = perf_counter(), 0
    of = sum(_count(run.plan) for run in request.runs)
    known = RunLesionStudy(request, (), 0.0)
    for run in request.runs:
        yield Progress(done, of, f"loading {run.plan.name}")
        model, images = subject(run, source)
        finished = known.networks
        for step in one_by_one(model, images, run):
            if isinstance(step, str):
                yield Progress(done, of, step)
                continue
            done += 1
            known = RunLesionStudy(request, (*finished, step), perf_counter() - began)
            yield Partial(known)
    yield known


def one_by_one(model: ResNet, images: Seen, run: Look) -> Iterator[str | RunLesions]:
    """Yield what is known of a network after each lesion, and between batches what is measured.

    Its test images are named in evaluation mode; afterwards everything is as before, however the work ends.
    """
    where, shapes, name = _places(run.plan), _shapes(run.plan), run.plan.name
    unknown = (None,) * len(where)
    test = _Test(images, run.device)
    with restored(model, training=False):
        whole = yield from test.error(model, f"{name} as it is")
        known = RunLesions(run, where, whole, unknown, unknown, len(test.indices), images.words)
        yield known
        for index, block in enumerate(blocks_of(model)):
            with dropping(block, torch.Size(shapes[index][1])):
                error = yield from test.error(model, f"{name} without {where[index].path}")
            known = replace(known, dropped=_with(known.dropped, index, error))
            yield known
            if swappable(shapes, index):
                words = f"{name} with {where[index].path} and {where[index + 1].path} swapped"
                with swapping(model, index):
                    error = yield from test.error(model, words)
                known = replace(known, swapped=_with(known.swapped, index, error))
                yield known


class _Test:
    """All test images of a run on its device, batch by batch; raises ExplorerError where there are none."""

    def __init__(self, images: Seen, device: str) -> None:
        self.indices = tested(images)
        self._images, self._device = images, device
        self._kept: list[tuple[Tensor, Tensor]] = []
        self._keeps = images.take(self.indices[:1])[0].nbytes * len(self.indices) <= ROOM

    def error(self, model: ResNet, words: str) -> Course:
        """Return the share of the images that a model names wrongly."""
        wrong = 0
        for number, chunk in enumerate(torch.split(self.indices, CHUNK)):
            yield words
            wrong += _wrong(model, *self._batch(number, chunk))
        return wrong / len(self.indices)

    def _batch(self, number: int, chunk: Tensor) -> tuple[Tensor, Tensor]:
        if number < len(self._kept):
            return self._kept[number]
        x, y = self._images.take(chunk)
        made = x.to(self._device), y.to(self._device)
        if self._keeps:
            self._kept.append(made)
        return made


@torch.no_grad()
def _wrong(model: ResNet, x: Tensor, y: Tensor) -> int:
    return int((model(x).argmax(dim=1) != y).sum())


def _with(values: Sequence[float | None], index: int, value: float) -> tuple[float | None, ...]:
    return (*values[:index], value, *values[index + 1 :])


def _places(plan: RunPlan) -> tuple[Place, ...]:
    return places(plan.spec, plan.image, Mode.EVAL)


def _shapes(plan: RunPlan) -> tuple[tuple[Shape, Shape], ...]:
    """Return the shapes of a map before and after each block, without the batch."""
    analysis = analyse(compile_spec(plan.spec), plan.image)
    sums = [analysis.sums[block.path] for stage in analysis.network.stages for block in stage.blocks]
    return tuple((one.input[1:], one.output[1:]) for one in sums)


def _count(plan: RunPlan) -> int:
    """Return how often the test images are named: by the whole network, and with each lesion."""
    shapes = _shapes(plan)
    return 1 + len(shapes) + sum(swappable(shapes, index) for index in range(len(shapes)))
