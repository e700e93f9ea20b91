"""Gradients block by block: networks side by side, seed by seed."""

from collections.abc import Callable, Generator, Iterator, Mapping
from copy import deepcopy
from dataclasses import replace
from functools import partial
from itertools import product
from math import sqrt
from time import perf_counter
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from resnet_explorer.gradients import values
from resnet_explorer.gradients.descent import Descent, DescentRequest, DescentStep, LesionRequest
from resnet_explorer.module.build import ResNet
from resnet_explorer.probes.data import Batch, Images, tested
from resnet_explorer.probes.models import LOSSES, accuracy, build_from_seed, common, places, restored, seeded
from resnet_explorer.probes.record import recording
from resnet_explorer.readings.lesions import LesionStudy
from resnet_explorer.readings.progress import Partial, Progress, Throttle
from resnet_explorer.readings.quantities import GRADIENTS, Mode, Precision
from resnet_explorer.runs.lesions import Subject, count, study
from resnet_explorer.training.feed import Feed
from resnet_explorer.training.trainer import Trainer, conditions

_DTYPES = {Precision.FLOAT32: torch.float32, Precision.FLOAT64: torch.float64}


def measure(
    request: values.GradientRequest,
) -> Iterator[Progress | Partial[values.GradientResult] | values.GradientResult]:
    """Yield progress, a partial result after each seed, and last the result.

    Raises ExplorerError where the images are missing, and InputError where a network cannot take them.
    """
    began = perf_counter()
    networks = [values.NetworkGradients(spec, places(spec, request.image, request.mode), ()) for spec in request.specs]
    steps = len(request.seeds) * len(networks)
    yield Progress(0, steps, "fetching the images")
    images = Images(request.data, common(request.specs), request.image)
    for done, seed in enumerate(request.seeds):
        batch = images.draw(request.image.batch, seed)
        for index, model in enumerate(build_from_seed(request.specs, seed)):
            network = networks[index]
            yield Progress(done * len(networks) + index, steps, f"{network.title}, seed {seed}")
            sample = _sample(model, batch, request, seed)
            networks[index] = replace(network, samples=(*network.samples, sample))
        seconds = perf_counter() - began
        result = values.GradientResult(request, tuple(networks), batch.text, str(torch.__version__), seconds)
        yield result if result.complete else Partial(result)


def _sample(model: ResNet, batch: Batch, request: values.GradientRequest, seed: int) -> values.Sample:
    model = model.to(request.device, _DTYPES[request.precision])
    sample = _pass(model, batch, request, seed)
    zeros = any(value == 0 for quantity in GRADIENTS for value in sample.values[quantity])
    if request.precision is not Precision.FLOAT32 or not zeros:
        return sample
    exact = _pass(deepcopy(model).double(), batch, request, seed).values
    underflow = {
        quantity: tuple(
            value == 0 and bool(double) for value, double in zip(sample.values[quantity], exact[quantity], strict=True)
        )
        for quantity in GRADIENTS
    }
    return replace(sample, underflow=underflow)


def _pass(model: ResNet, batch: Batch, request: values.GradientRequest, seed: int) -> values.Sample:
    """Return loss, accuracy and every quantity of one forward and backward pass."""
    x, y = batch.x.to(request.device, next(model.parameters()).dtype), batch.y.to(request.device)
    with seeded(seed), restored(model, training=request.mode is Mode.TRAIN), recording(model) as record:
        output: Tensor = model(x)
        loss = LOSSES[request.loss](output, y)
        torch.autograd.backward(loss)
        quantities = record.values(request.rate)
    return values.Sample(seed, loss.item(), accuracy(output, y), quantities, {})


POINTS, REACH = 256, 2.0
_EPS = 1e-5


def shatter(request: values.ShatterRequest) -> Iterator[Progress | Partial[values.Shattering] | values.Shattering]:
    """Yield progress, partial results, and last how well gradients along lines agree.

    Raises ExplorerError as ``measure`` does.
    """
    began, steps = perf_counter(), len(request.seeds) + len(KINDS) * len(request.depths)
    rows: list[list[tuple[float, ...]]] = [[] for _ in request.specs]
    lines: list[values.Line] = []
    throttle, data = Throttle(), ""

    def so_far() -> values.Shattering:
        networks = tuple(
            values.Neighbours(spec, tuple(row)) for spec, row in zip(request.specs, rows, strict=True) if row
        )
        return values.Shattering(request, networks, tuple(lines), data, str(torch.__version__), perf_counter() - began)

    for done, batch in enumerate(_lines_of_images(request)):
        yield Progress(done, steps, f"gradients between two images, seed {request.seeds[done]}")
        data = f"{request.image.batch} points between two images: {batch.text}"
        x = between(batch.x, request.image.batch)
        for row, model in zip(rows, build_from_seed(request.specs, request.seeds[done]), strict=True):
            row.append(neighbours(model, x, request.mode))
        with throttle.reporting():
            yield Partial(so_far())
    for kind, depth in product(KINDS, sorted(request.depths, reverse=True)):
        yield Progress(len(request.seeds) + len(lines), steps, f"{kind}, {depth} layers")
        correlations = []
        for seed in request.seeds:
            with seeded(seed):
                correlations.append(autocorrelation(slope(depth, request.width, *KINDS[kind](request.beta))))
        lines.append(values.Line(kind, depth, tuple(correlations)))
        if throttle.is_due:
            with throttle.reporting():
                yield Partial(so_far())
    lines.sort(key=lambda line: (list(KINDS).index(line.kind), line.depth))
    yield so_far()


def _lines_of_images(request: values.ShatterRequest) -> Iterator[Batch]:
    """Yield two images for each seed; none where there are no networks."""
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
    """Return the mean cosine of the gradients of the first output at inputs each of ``LAGS`` apart.

    In training mode the line itself is the batch whose statistics batch norm uses, as in the paper.
    """
    x = x.clone().requires_grad_()
    with restored(model, training=mode is Mode.TRAIN), seeded(0):
        (gradient,) = torch.autograd.grad(model(x)[:, 0].sum(), x)
    unit = functional.normalize(gradient.double().flatten(1), dim=1, eps=1e-300)
    return tuple(float((unit[:-lag] * unit[lag:]).sum(dim=1).mean()) for lag in values.LAGS)


KINDS: Mapping[str, Callable[[float], tuple[bool, float | None]]] = {
    "plain, batch norm": lambda beta: (True, None),
    "residual, batch norm": lambda beta: (True, beta),
    "plain, no norm": lambda beta: (False, None),
}
"""The kinds of fully connected network: whether they normalise, and the factor on their branches (None: plain)."""


def slope(depth: int, width: int, normed: bool, beta: float | None) -> Tensor:
    """Return df/dx at 256 points for a network with random weights: h <- W relu(norm(h)), or h + beta W relu(norm(h)).

    Weights are He's, in float64; batch norm takes the 256 points as its batch. Random biases in the first layer put
    the kinks of the units at different x. f is a random combination of the last layer.
    """
    x = torch.linspace(-REACH, REACH, POINTS, dtype=torch.float64).view(-1, 1).requires_grad_()
    normal = partial(torch.randn, dtype=torch.float64)
    h = x @ normal(1, width) + normal(1, width)
    for _ in range(depth):
        branch = torch.relu(_norm(h) if normed else h) @ normal(width, width) * sqrt(2 / width)
        h = branch if beta is None else h + beta * branch
    f = torch.relu(_norm(h) if normed else h) @ normal(width, 1) / sqrt(width)
    return torch.autograd.grad(f.sum(), x)[0].view(-1)


def _norm(h: Tensor) -> Tensor:
    return (h - h.mean(dim=0)) / torch.sqrt(h.var(dim=0, correction=0) + _EPS)


def autocorrelation(signal: Tensor) -> tuple[float, ...]:
    """Return the autocorrelation of a signal, less its mean, at each of ``LAGS``: 0 for white noise."""
    centred = signal - signal.mean()
    whole = float(centred @ centred)
    return tuple(float(centred[:-lag] @ centred[lag:]) / whole if whole else 0.0 for lag in values.LAGS)


class Trained(NamedTuple):
    """A finished training with its networks, in the contiguous format, and its images."""

    descent: Descent
    models: list[ResNet]
    images: Images


def train(request: DescentRequest) -> Iterator[Progress | Partial[Descent] | Descent]:
    """Yield progress with each step, at times all steps so far, and last the finished training.

    Raises ExplorerError as ``measure`` does.
    """
    trained = yield from training(request)
    yield trained.descent


def lesions(request: LesionRequest) -> Iterator[Progress | Partial[Descent] | Partial[LesionStudy] | LesionStudy]:
    """Yield progress, the training so far, and then the test error of each network without each block.

    Raises ExplorerError as ``measure`` does.
    """
    plans, steps = request.training.plans, request.recipe.steps
    of = steps + sum(map(count, plans))
    _, models, images = yield from training(request.training, of, tests=True)
    subjects = (Subject(plan, model, images) for plan, model in zip(plans, models, strict=True))
    yield from study(request, subjects, steps, of, by_batch=True)


def training(
    request: DescentRequest, of: int = 0, *, tests: bool = False
) -> Generator[Progress | Partial[Descent], None, Trained]:
    """Yield what ``train`` yields before its end, and return the training with its networks.

    ``of`` is the number of steps of the whole experiment; with ``tests`` it needs test images.
    """
    began, plans, recipe = perf_counter(), request.plans, request.recipe
    blocks = tuple(places(plan.spec, replace(plan.image, batch=recipe.batch), Mode.TRAIN) for plan in plans)
    of = of or recipe.steps
    yield Progress(0, of, "fetching the images")
    images = Images(request.data, common(request.specs), request.image)
    if tests:
        tested(images)
    steps: list[DescentStep] = []
    throttle = Throttle()

    def so_far() -> Descent:
        seconds = perf_counter() - began
        return Descent(request, blocks, tuple(steps), images.text, str(torch.__version__), seconds)

    with conditions(plans[0]):
        trainers = [Trainer(plan, loss=request.loss) for plan in plans]
        feeds = {trainer.layout: Feed(trainer.plan, trainer.layout, images) for trainer in trainers}
        for feed in feeds.values():
            yield from feed.fit()
        for number in range(recipe.steps):
            steps.append(_step(trainers, feeds, number))
            yield Progress(number + 1, of, f"training: step {number + 1:,} of {recipe.steps:,}")
            is_curve = bool(steps[-1].values) or number > 0
            if is_curve and throttle.is_due and number + 1 < recipe.steps:
                with throttle.reporting():
                    yield Partial(so_far())
    models = [trainer.model.to(memory_format=torch.contiguous_format) for trainer in trainers]
    return Trained(so_far(), models, images)


def _step(trainers: list[Trainer], feeds: dict[torch.memory_format, Feed], number: int) -> DescentStep:
    recipe = trainers[0].plan.recipe
    measured, listens = recipe.measures(number), recipe.deterministic and number == 0
    rate = recipe.rate_at(number)
    metrics = [trainer.step(feeds[trainer.layout], number, rate, measured, listens)[0] for trainer in trainers]
    blocks = tuple(metric.blocks for metric in metrics if metric.blocks is not None)
    losses = tuple(metric.loss for metric in metrics)
    return DescentStep(number, losses, tuple(metric.accuracy for metric in metrics), blocks or None)
