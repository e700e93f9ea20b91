"""A small training loop: networks side by side, on the same images in the same order."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from time import perf_counter

import torch
from torch import Tensor
from torch.optim import SGD

from resnet_explorer.analysis.descent import Descent, DescentRequest, Step
from resnet_explorer.analysis.gradients import Series
from resnet_explorer.analysis.quantities import Mode, Quantity
from resnet_explorer.lab.alike import LOSSES, accuracy, alike, common, seeded
from resnet_explorer.lab.data import Images
from resnet_explorer.lab.probe import places
from resnet_explorer.lab.progress import Progress
from resnet_explorer.lab.record import recording
from resnet_explorer.model.build import ResNet


def train(request: DescentRequest) -> Iterator[Progress | Step | Descent]:
    """Yield progress, every step as it is made, and last all of them; raises ExplorerError as ``measure`` does."""
    began = perf_counter()
    steps: list[Step] = []
    blocks = tuple(places(spec, request.image, Mode.TRAIN) for spec in request.specs)
    yield Progress(0, request.recipe.steps, "fetching the images")
    images = Images(request.data, common(request.specs), request.image)
    models = [model.to(request.device) for model in alike(request.specs, request.seed)]
    for step in descend(models, images, request):
        steps.append(step)
        yield step
    yield Descent(request, blocks, tuple(steps), images.words, torch.__version__, perf_counter() - began)


def descend(models: Sequence[ResNet], images: Images, request: DescentRequest) -> Iterator[Step]:
    """Yield each step of training some models, which are moved by it."""
    recipe = request.recipe
    optimisers = [SGD(model.parameters(), recipe.rate, recipe.momentum, weight_decay=recipe.decay) for model in models]
    for number, indices in enumerate(order(images, request)):
        x, y = (tensor.to(request.device) for tensor in images.take(indices))
        found = []
        for model, optimiser in zip(models, optimisers, strict=True):
            with seeded(request.seed * 1_000_003 + number):  # dropout drops alike in all
                found.append(_back(model, x, y, request, number))
            optimiser.step()
        losses, accuracies, values = zip(*found, strict=True)
        yield Step(number, losses, accuracies, None if None in values else values)


def order(images: Images, request: DescentRequest) -> Iterator[Tensor]:
    """Yield the indices of each step's batch: all training images in an order drawn from the seed, then in another.

    What is left at the end of an order, less than a batch, is passed over.
    """
    generator = torch.Generator().manual_seed(request.seed)
    size, left = min(request.image.batch, len(images.train)), request.recipe.steps
    while left > 0:
        shuffled = images.train[torch.randperm(len(images.train), generator=generator)]
        whole = torch.split(shuffled[: len(shuffled) // size * size], size)[:left]
        left -= len(whole)
        yield from whole


_Values = Mapping[Quantity, Series]


def _back(
    model: ResNet, x: Tensor, y: Tensor, request: DescentRequest, number: int
) -> tuple[float, float | None, _Values | None]:
    """Leave a batch's gradient in a model; return loss, accuracy, and every quantity where the step is measured."""
    measured = request.every > 0 and number % request.every == 0
    model.zero_grad(set_to_none=True)
    with recording(model) if measured else nullcontext() as record:
        output = model(x)
        loss = LOSSES[request.loss](output, y)
        torch.autograd.backward(loss)
    values = record.values(request.recipe.rate) if record else None
    return loss.item(), accuracy(output, y), values
