"""Gradients block by block: networks side by side, seed by seed."""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from time import perf_counter

import torch
from torch import Tensor

from resnet_explorer.analysis import analyse
from resnet_explorer.analysis.gradients import (
    GradientRequest,
    GradientResult,
    NetworkGradients,
    Place,
    Sample,
    Series,
)
from resnet_explorer.analysis.needs import needs
from resnet_explorer.analysis.progress import Partial, Progress
from resnet_explorer.analysis.quantities import GRADIENTS, Mode, Precision, Quantity
from resnet_explorer.blueprint import compile_spec
from resnet_explorer.errors import InputError
from resnet_explorer.lab.alike import LOSSES, accuracy, alike, common, seeded
from resnet_explorer.lab.data import Batch, Images
from resnet_explorer.lab.record import recording, restored
from resnet_explorer.model.build import ResNet
from resnet_explorer.spec import InputShape, ResNetSpec

_DTYPES = {Precision.FLOAT32: torch.float32, Precision.FLOAT64: torch.float64}


def measure(request: GradientRequest) -> Iterator[Progress | Partial[GradientResult] | GradientResult]:
    """Yield progress, after each seed what is known so far, and last the whole result.

    Raises ExplorerError where the images are not there, and InputError where a network cannot take them.
    """
    began = perf_counter()
    networks = [NetworkGradients(spec, places(spec, request.image, request.mode), ()) for spec in request.specs]
    steps = len(request.seeds) * len(networks)
    yield Progress(0, steps, "fetching the images")
    images = Images(request.data, common(request.specs), request.image)
    for count, seed in enumerate(request.seeds):
        batch = images.draw(request.image.batch, seed)
        for index, model in enumerate(alike(request.specs, seed)):
            network = networks[index]
            yield Progress(count * len(networks) + index, steps, f"{network.title}, seed {seed}")
            sample = _sample(model, batch, request, seed)
            networks[index] = replace(network, samples=(*network.samples, sample))
        known = GradientResult(request, tuple(networks), batch.words, str(torch.__version__), perf_counter() - began)
        yield known if known.complete else Partial(known)


def places(spec: ResNetSpec, image: InputShape, mode: Mode) -> tuple[Place, ...]:
    """Return the blocks of a network; raises InputError where it cannot take the image, or not in that mode."""
    analysis = analyse(compile_spec(spec), image)
    if mode is Mode.TRAIN and (failing := needs(analysis).failing):
        raise InputError(failing, needs(analysis).words)
    return tuple(
        Place(block.path, stage.number, analysis.sums[block.path].output)
        for stage in analysis.network.stages
        for block in stage.blocks
    )


def _sample(model: ResNet, batch: Batch, request: GradientRequest, seed: int) -> Sample:
    model = model.to(request.device, _DTYPES[request.precision])
    loss, right, values = _pass(model, batch, request, seed)
    zeros = any(value == 0 for quantity in GRADIENTS for value in values[quantity])
    if request.precision is not Precision.FLOAT32 or not zeros:
        return Sample(seed, loss, right, values, {})
    _, _, exact = _pass(deepcopy(model).double(), batch, request, seed)
    return Sample(seed, loss, right, values, {one: _underflow(values[one], exact[one]) for one in GRADIENTS})


def _underflow(values: Series, exact: Series) -> tuple[bool, ...]:
    return tuple(value == 0 and bool(other) for value, other in zip(values, exact, strict=True))


def _pass(
    model: ResNet, batch: Batch, request: GradientRequest, seed: int
) -> tuple[float, float | None, dict[Quantity, Series]]:
    """Return loss, accuracy and every quantity of one pass forward and back."""
    x, y = batch.x.to(request.device, next(model.parameters()).dtype), batch.y.to(request.device)
    with seeded(seed), restored(model, training=request.mode is Mode.TRAIN), recording(model) as record:
        output: Tensor = model(x)
        loss = LOSSES[request.loss](output, y)
        torch.autograd.backward(loss)
        values = record.values(request.rate)
    return loss.item(), accuracy(output, y), values
