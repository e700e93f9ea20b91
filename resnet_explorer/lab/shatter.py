"""Gradients at neighbouring inputs: Balduzzi et al. 2017, section 3, and the same for the networks at hand."""

from collections.abc import Callable, Iterator, Mapping
from itertools import product
from math import sqrt
from time import perf_counter

import torch
from torch import Tensor
from torch.nn import functional

from resnet_explorer.analysis.progress import Partial, Progress, Throttle
from resnet_explorer.analysis.quantities import Mode
from resnet_explorer.analysis.shattering import LAGS, Line, Neighbours, Shattering, ShatterRequest
from resnet_explorer.lab.alike import alike, common, seeded
from resnet_explorer.lab.data import Batch, Images
from resnet_explorer.lab.probe import places
from resnet_explorer.lab.record import restored
from resnet_explorer.model.build import ResNet

POINTS, REACH = 256, 2.0
_EPS = 1e-5


def shatter(request: ShatterRequest) -> Iterator[Progress | Partial[Shattering] | Shattering]:
    """Yield progress, what is known so far, and last how gradients along lines agree.

    Raises ExplorerError as ``measure`` does.
    """
    began, steps = perf_counter(), len(request.seeds) + len(KINDS) * len(request.depths)
    rows: list[list[tuple[float, ...]]] = [[] for _ in request.specs]
    lines: list[Line] = []
    throttle, words = Throttle(), ""

    def so_far() -> Shattering:
        known = tuple(Neighbours(spec, tuple(row)) for spec, row in zip(request.specs, rows, strict=True) if row)
        return Shattering(request, known, tuple(lines), words, str(torch.__version__), perf_counter() - began)

    for done, batch in enumerate(_lines_of_images(request)):
        yield Progress(done, steps, f"gradients between two images, seed {request.seeds[done]}")
        words = f"{request.image.batch} points between two images: {batch.words}"
        x = between(batch.x, request.image.batch)
        for row, model in zip(rows, alike(request.specs, request.seeds[done]), strict=True):
            row.append(neighbours(model, x, request.mode))
        with throttle.reporting():
            yield Partial(so_far())
    for kind, depth in product(KINDS, sorted(request.depths, reverse=True)):
        yield Progress(len(request.seeds) + len(lines), steps, f"{kind}, {depth} layers")
        lines.append(_line(kind, depth, request))
        if throttle.is_due:
            with throttle.reporting():
                yield Partial(so_far())
    lines.sort(key=lambda line: (list(KINDS).index(line.kind), line.depth))
    yield so_far()


def _lines_of_images(request: ShatterRequest) -> Iterator[Batch]:
    """Yield two images for each seed; none where there are no networks to put them through."""
    for spec in request.specs:
        places(spec, request.image, request.mode)
    if request.specs:
        images = Images(request.data, common(request.specs), request.image)
        yield from (images.draw(2, seed) for seed in request.seeds)


def between(ends: Tensor, points: int) -> Tensor:
    """Return images on the straight line from one image to another."""
    along = torch.linspace(0, 1, points).view(-1, 1, 1, 1)
    return torch.lerp(ends[:1], ends[1:], along)


def neighbours(model: ResNet, x: Tensor, mode: Mode) -> tuple[float, ...]:
    """Return for each lag the mean cosine of the gradients of the first output at inputs so many points apart.

    In training mode the line itself is the batch whose statistics batch norm uses, as in the paper.
    """
    x = x.clone().requires_grad_()
    with restored(model, training=mode is Mode.TRAIN), seeded(0):
        (gradient,) = torch.autograd.grad(model(x)[:, 0].sum(), x)
    unit = functional.normalize(gradient.double().flatten(1), dim=1, eps=1e-300)
    return tuple(float((unit[:-lag] * unit[lag:]).sum(dim=1).mean()) for lag in LAGS)


def _line(kind: str, depth: int, request: ShatterRequest) -> Line:
    slopes = []
    for seed in request.seeds:
        with seeded(seed):
            slopes.append(slope(depth, request.width, *KINDS[kind](request.beta)))
    first = slopes[0] / slopes[0].abs().max().clamp(min=1e-300)
    return Line(kind, depth, tuple(autocorrelation(one) for one in slopes), tuple(first.tolist()))


KINDS: Mapping[str, Callable[[float], tuple[bool, float | None]]] = {
    "plain, batch norm": lambda beta: (True, None),
    "residual, batch norm": lambda beta: (True, beta),
    "plain, no norm": lambda beta: (False, None),
}
"""The kinds of fully connected network: whether they normalise, and the factor on their branches (None: plain)."""


def slope(depth: int, width: int, normed: bool, beta: float | None) -> Tensor:
    """Return df/dx at 256 points for a network with random weights: h <- W relu(norm(h)), or h + beta W relu(norm(h)).

    Weights are He's, in float64; batch norm takes the 256 points as its batch. Random shifts in the first layer put
    the units' corners at different x. f is a random combination of the last layer.
    """
    x = torch.linspace(-REACH, REACH, POINTS, dtype=torch.float64).view(-1, 1).requires_grad_()
    h = x @ _normal(1, width) + _normal(1, width)
    for _ in range(depth):
        branch = torch.relu(_norm(h) if normed else h) @ _normal(width, width) * sqrt(2 / width)
        h = branch if beta is None else h + beta * branch
    f = torch.relu(_norm(h) if normed else h) @ _normal(width, 1) / sqrt(width)
    return torch.autograd.grad(f.sum(), x)[0].view(-1)


def _normal(rows: int, columns: int) -> Tensor:
    return torch.randn(rows, columns, dtype=torch.float64)


def _norm(h: Tensor) -> Tensor:
    return (h - h.mean(dim=0)) / torch.sqrt(h.var(dim=0, correction=0) + _EPS)


def autocorrelation(values: Tensor) -> tuple[float, ...]:
    """Return how a signal, its mean taken away, correlates with itself so many points on: 1 at 0, 0 for white noise."""
    centred = values - values.mean()
    whole = float(centred @ centred)
    return tuple(float(centred[:-lag] @ centred[lag:]) / whole if whole else 0.0 for lag in LAGS)
