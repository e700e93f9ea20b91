"""The loss in a plane through trained weights, with filter-wise normalised directions (Li et al. 2018, section 4)."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from time import perf_counter
from typing import TypeGuard

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.modules.batchnorm import _BatchNorm

from resnet_explorer.insight.lab import Load, load, subject
from resnet_explorer.insight.values import RunLesionsRequest, RunReference, Slice, Surface, SurfaceRequest
from resnet_explorer.probes.models import restored
from resnet_explorer.readings.lesions import LesionStudy
from resnet_explorer.readings.progress import Partial, Progress
from resnet_explorer.runs.lesions import Subject, count, study

SURFACE_CHUNK = 512
"""Images whose loss is computed at a time; with the images' own statistics they are one batch of this size."""
Direction = Mapping[str, Tensor]


def surface(request: SurfaceRequest, source: Load = load) -> Iterator[Progress | Partial[Surface] | Surface]:
    """Yield progress, the planes after each row, and last the whole; raises ExplorerError as ``Images`` does."""
    began = perf_counter()
    rows = request.size * len(request.runs)
    done = 0
    finished: tuple[Slice, ...] = ()
    known = Surface(request, (), 0, "", 0.0)
    for run in request.runs:
        yield Progress(done, rows, f"loading {run.plan.name}")
        model, images = subject(run, source)
        x, y, words = images.draw(min(request.images, len(images.train)), request.seed)
        x, y = x.to(run.device), y.to(run.device)
        for one in plane(model, x, y, run, request):
            done += 1
            known = Surface(request, (*finished, one), len(y), words, perf_counter() - began)
            yield Progress(done, rows, f"{run.plan.name}: the loss around its weights")
            yield Partial(known)
        finished = known.slices
    yield known


def plane(model: nn.Module, x: Tensor, y: Tensor, run: RunReference, request: SurfaceRequest) -> Iterator[Slice]:
    """Yield the plane of a model after each row, the middle row first; its weights are as before afterwards."""
    steps = np.linspace(-request.reach, request.reach, request.size)
    steps[request.size // 2] = 0.0
    losses = np.full((request.size, request.size), np.nan, np.float32)
    known = np.zeros(losses.shape, np.bool_)
    first, second = directions(model, request.seed)
    with restored(model, training=False), moved(model) as move:
        if request.batch_statistics:
            _use_batches(model)
        middle = mean_loss(model, x, y)
        for row in sorted(range(request.size), key=lambda index: abs(index - request.size // 2)):
            for column, step in enumerate(steps):
                move((float(step), first), (float(steps[row]), second))
                losses[row, column] = mean_loss(model, x, y)
            known[row] = True
            yield Slice(run, losses.copy(), known.copy(), middle)


def directions(model: nn.Module, seed: int) -> tuple[Direction, Direction]:
    """Return two random directions whose every filter is as long as the model's own (Li et al. 2018, section 4).

    A filter is what makes one output channel, in a fully connected layer what makes one output. Biases and the
    parameters of norms do not move, as in the paper's code.
    """
    generator = torch.Generator().manual_seed(seed)
    filters = {
        f"{path}.weight": module.weight.detach() for path, module in model.named_modules() if _has_filters(module)
    }
    found = [{name: _as_long(one, generator) for name, one in filters.items()} for _ in range(2)]
    return found[0], found[1]


def _has_filters(module: nn.Module) -> TypeGuard[nn.Conv1d | nn.Conv2d | nn.Linear]:
    return isinstance(module, nn.Conv1d | nn.Conv2d | nn.Linear)


def _as_long(weight: Tensor, generator: torch.Generator) -> Tensor:
    """Return random numbers in a weight's shape whose every filter is as long as the weight's."""
    drawn = torch.randn(weight.shape, generator=generator).to(weight)
    over = tuple(range(1, weight.ndim))
    own, given = (torch.linalg.vector_norm(one, dim=over, keepdim=True) for one in (weight, drawn))
    scaled: Tensor = drawn * own / given
    return scaled


class Move:
    """Puts a model's weights to θ + Σ step · direction, each time from the weights that it had."""

    def __init__(self, model: nn.Module) -> None:
        self._parameters = dict(model.named_parameters())
        self._kept = {name: one.detach().clone() for name, one in self._parameters.items()}

    @torch.no_grad()
    def __call__(self, *steps: tuple[float, Direction]) -> None:
        for name in steps[0][1]:
            place = self._kept[name]
            for length, direction in steps:
                place = place + length * direction[name]
            self._parameters[name].copy_(place)

    @torch.no_grad()
    def back(self) -> None:
        """Put every weight to what it was, bit for bit."""
        for name, kept in self._kept.items():
            self._parameters[name].copy_(kept)


@contextmanager
def moved(model: nn.Module) -> Iterator[Move]:
    """Lend the weights of a model to be moved, and put them back, however the work ends."""
    move = Move(model)
    try:
        yield move
    finally:
        move.back()


def _use_batches(model: nn.Module) -> None:
    """Let batch norms use the statistics of what passes; the running ones are put back by ``restored``."""
    for module in model.modules():
        if isinstance(module, _BatchNorm):
            module.train()


@torch.no_grad()
def mean_loss(model: nn.Module, x: Tensor, y: Tensor) -> float:
    """Return the mean cross-entropy of some images."""
    pairs = zip(torch.split(x, SURFACE_CHUNK), torch.split(y, SURFACE_CHUNK), strict=True)
    total = sum(float(functional.cross_entropy(model(some).float(), names, reduction="sum")) for some, names in pairs)
    return total / len(y)


def lesions(request: RunLesionsRequest, source: Load = load) -> Iterator[Progress | Partial[LesionStudy] | LesionStudy]:
    """Yield progress, what is known after each lesion, and last the whole; raises ExplorerError without test images."""
    subjects = (Subject(run.plan, *subject(run, source)) for run in request.runs)
    return study(request, subjects, 0, sum(count(run.plan) for run in request.runs))
