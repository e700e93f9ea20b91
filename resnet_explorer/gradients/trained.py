"""The gradient along paths of every length, exactly, by dynamic programming over the blocks.

Backwards through a block, v_k <- S^T v_k + J_F^T v_(k-1): what passed k branches so far either takes the shortcut, or
this branch as one more. After the first block v_k is the sum over all paths of length k, and the sum of all v_k is
autograd's gradient (Veit et al. 2016, section 3).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random
from time import perf_counter

import torch
from torch import Tensor
from torch.nn import functional

from resnet_explorer.gradients.descent import Descent, Paths, PathsRequest
from resnet_explorer.gradients.lab import training
from resnet_explorer.module.blocks import Block, run
from resnet_explorer.module.build import ResNet
from resnet_explorer.probes.models import blocks_of, places, restored, seeded
from resnet_explorer.probes.record import forward_with_terms
from resnet_explorer.readings.progress import Partial, Progress, Throttle
from resnet_explorer.readings.quantities import Mode
from resnet_explorer.spec import Order


@dataclass(frozen=True, slots=True, eq=False)
class Crossing:
    """A block's own piece of the graph: its input, where its two paths part, how they begin, and its output."""

    x: Tensor
    parting: Tensor
    shortcut: Tensor
    branch: Tensor
    y: Tensor

    def back(self, gradient: Tensor, *, shortcut: bool = True, branch: bool = True) -> list[Tensor]:
        """Return what a gradient at the output becomes at the input, by the shortcut, by the branch, or by each."""
        starts = [node for node, wanted in ((self.shortcut, shortcut), (self.branch, branch)) if wanted]
        arrived = torch.autograd.grad(self.y, starts, gradient, retain_graph=True)
        if self.parting is self.x:
            return list(arrived)
        return [torch.autograd.grad(self.parting, self.x, one, retain_graph=True)[0] for one in arrived]


def follow(request: PathsRequest) -> Iterator[Progress | Partial[Descent] | Partial[Paths] | Paths]:
    """Yield progress, the training as far as it is, and last what came along the paths.

    The sums over all paths come first, single paths as they are followed. Raises ExplorerError as ``measure`` does.
    """
    began = perf_counter()
    steps, count = request.recipe.steps, len(places(request.spec, request.image, request.mode))
    of = steps + 2 * count + 1
    _, (model,), images = yield from training(request.training, of)
    batch = images.draw(request.image.batch, request.seed)
    with restored(model, training=request.mode is Mode.TRAIN):
        with seeded(request.seed):
            crossings, gradient = cross(model, batch.x.to(request.device), batch.y.to(request.device))
        sums = [gradient]
        for crossing in reversed(crossings):
            yield Progress(steps + len(sums), of, "following all paths")
            sums = through(crossing, sums)
        whole, throttle = _whole(crossings, gradient), Throttle()
        singles: list[float | None] = [None] * len(sums)
        for length, one in enumerate(walk(crossings, gradient, request.walks, request.seed)):
            if throttle.is_due:
                with throttle.reporting():
                    yield Partial(_told(request, sums, whole, singles, batch.words, began))
            yield Progress(steps + count + length, of, "following single paths")
            singles[length] = one
        yield _told(request, sums, whole, singles, batch.words, began)


def _told(
    request: PathsRequest, sums: list[Tensor], whole: Tensor, singles: list[float | None], words: str, began: float
) -> Paths:
    exact, total = torch.stack(sums).double(), float(whole.norm())
    return Paths(
        request,
        tuple(float(one.norm()) for one in exact),
        tuple(float((one * whole).sum()) / total**2 if total else 0.0 for one in exact),
        tuple(singles),
        total,
        float((exact.sum(dim=0) - whole).norm()) / total if total else 0.0,
        request.spec.order is Order.V2,
        words,
        str(torch.__version__),
        perf_counter() - began,
    )


def cross(model: ResNet, x: Tensor, y: Tensor) -> tuple[list[Crossing], Tensor]:
    """Return each block's piece of the graph, and the gradient of the loss at the last block's output."""
    with torch.no_grad():
        x = run(model, model.stem, x)
    crossings = []
    for block in blocks_of(model):
        crossings.append(_cross(block, x.detach().requires_grad_()))
        x = crossings[-1].y
    last = x.detach().requires_grad_()
    loss = functional.cross_entropy(run(model, model.head, last), y)
    return crossings, torch.autograd.grad(loss, last)[0]


def _cross(block: Block, x: Tensor) -> Crossing:
    nodes: list[Tensor] = []
    y = forward_with_terms(block, lambda *told: nodes.extend(told), x)
    u, shortcut, branch = nodes
    return Crossing(x, u, shortcut, branch, y)


def through(crossing: Crossing, sums: Sequence[Tensor]) -> list[Tensor]:
    """Return the sums of the gradients at a block's input, by the branches passed, from those at its output."""
    passed = [crossing.back(one) for one in sums]
    kept, moved = [shortcut for shortcut, _ in passed], [branch for _, branch in passed]
    return [kept[0], *(one + other for one, other in zip(kept[1:], moved[:-1], strict=True)), moved[-1]]


def _whole(crossings: Sequence[Crossing], gradient: Tensor) -> Tensor:
    """Return autograd's own gradient at the first block's input, in float64."""
    for crossing in reversed(crossings):
        gradient = torch.autograd.grad(crossing.y, crossing.x, gradient, retain_graph=True)[0]
    return gradient.double()


def walk(crossings: Sequence[Crossing], gradient: Tensor, walks: int, seed: int) -> Iterator[float | None]:
    """Yield for each length the mean norm of single paths, drawn at random among those of that length."""
    draw = Random(seed)
    for length in range(len(crossings) + 1):
        found = []
        for _ in range(walks):
            branches = set(draw.sample(range(len(crossings)), length))
            one = gradient
            for index in reversed(range(len(crossings))):
                (one,) = crossings[index].back(one, shortcut=index not in branches, branch=index in branches)
            found.append(float(one.double().norm()))
        yield sum(found) / len(found) if found else None
