"""The gradient along paths of every length, exactly, by dynamic programming over the blocks.

Backwards through a block, v_k <- S^T v_k + J_F^T v_(k-1): what passed k branches so far either takes the shortcut, or
this branch as one more. After the first block v_k is the sum over all paths of length k, and the sum of all v_k is
autograd's gradient (Veit et al. 2016, section 3).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from random import Random
from statistics import fmean
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

    def back(self, gradient: Tensor, *nodes: Tensor) -> list[Tensor]:
        """Return the gradients at the input that come through each of the nodes ``shortcut`` and ``branch``."""
        terms = torch.autograd.grad(self.y, nodes, gradient, retain_graph=True)
        if self.parting is self.x:
            return list(terms)
        return [torch.autograd.grad(self.parting, self.x, term, retain_graph=True)[0] for term in terms]


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
        whole = gradient
        for crossing in reversed(crossings):
            whole = torch.autograd.grad(crossing.y, crossing.x, whole, retain_graph=True)[0]
        paths = _paths(request, torch.stack(sums).double(), whole.double(), batch.text)
        throttle, singles = Throttle(), list(paths.singles)
        for length, norm in enumerate(walk(crossings, gradient, request.walks, request.seed)):
            if throttle.is_due:
                with throttle.reporting():
                    yield Partial(replace(paths, singles=tuple(singles), seconds=perf_counter() - began))
            yield Progress(steps + count + length, of, "following single paths")
            singles[length] = norm
        yield replace(paths, singles=tuple(singles), seconds=perf_counter() - began)


def _paths(request: PathsRequest, sums: Tensor, whole: Tensor, data: str) -> Paths:
    """Return the result before single paths are followed."""
    total = float(whole.norm())
    return Paths(
        request,
        norms=tuple(float(gradient.norm()) for gradient in sums),
        shares=tuple(float((gradient * whole).sum()) / total**2 if total else 0.0 for gradient in sums),
        singles=(None,) * len(sums),
        total=total,
        error=float((sums.sum(dim=0) - whole).norm()) / total if total else 0.0,
        exact=all(stage.order is Order.V2 for stage in request.spec.by_stages),
        data=data,
        torch=str(torch.__version__),
        seconds=0.0,
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
    y = forward_with_terms(block, lambda *terms: nodes.extend(terms), x)
    parting, shortcut, branch = nodes
    return Crossing(x, parting, shortcut, branch, y)


def through(crossing: Crossing, sums: Sequence[Tensor]) -> list[Tensor]:
    """Return the sums of the gradients at a block's input, by the branches passed, from those at its output."""
    passed = [crossing.back(gradient, crossing.shortcut, crossing.branch) for gradient in sums]
    kept, moved = zip(*passed, strict=True)
    return [kept[0], *map(torch.add, kept[1:], moved[:-1]), moved[-1]]


def walk(crossings: Sequence[Crossing], gradient: Tensor, walks: int, seed: int) -> Iterator[float | None]:
    """Yield for each length the mean norm of single paths, drawn at random among those of that length."""
    draw = Random(seed)
    for length in range(len(crossings) + 1):
        norms = []
        for _ in range(walks):
            branches = set(draw.sample(range(len(crossings)), length))
            term = gradient
            for index, crossing in reversed(list(enumerate(crossings))):
                (term,) = crossing.back(term, crossing.branch if index in branches else crossing.shortcut)
            norms.append(float(term.double().norm()))
        yield fmean(norms) if norms else None
