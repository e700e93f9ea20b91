"""A small training loop: networks side by side, on the same images in the same order."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from time import perf_counter

import torch
from torch import Tensor
from torch.optim import SGD

from resnet_explorer.analysis.descent import Descent, DescentRequest, Step
from resnet_explorer.analysis.gradients import Place, Series
from resnet_explorer.analysis.partial import Partial
from resnet_explorer.analysis.quantities import Mode, Quantity
from resnet_explorer.lab.alike import LOSSES, accuracy, alike, common, seeded
from resnet_explorer.lab.data import Images
from resnet_explorer.lab.pace import Pace
from resnet_explorer.lab.probe import places
from resnet_explorer.lab.progress import Progress
from resnet_explorer.lab.record import Moves, recording
from resnet_explorer.model.build import ResNet


def train(request: DescentRequest) -> Iterator[Progress | Step | Partial[Descent] | Descent]:
    """Yield progress, every step as it is made, now and then all of them so far, and last the whole.

    Raises ExplorerError as ``measure`` does.
    """
    began, steps = perf_counter(), request.recipe.steps
    blocks = tuple(places(spec, request.image, Mode.TRAIN) for spec in request.specs)
    yield Progress(0, steps, "fetching the images")
    images = Images(request.data, common(request.specs), request.image)
    models = [model.to(request.device) for model in alike(request.specs, request.seed)]
    course = Course(request, blocks, images.words, began)
    for step in descend(models, images, request):
        yield step
        yield from course.add(step)
    yield course.so_far


class Course:
    """The steps of a training as they come; ``add`` yields all of them so far, a few times a second at most."""

    def __init__(
        self, request: DescentRequest, blocks: tuple[tuple[Place, ...], ...], words: str, began: float
    ) -> None:
        self._request, self._blocks, self._words, self._began = request, blocks, words, began
        self._steps: list[Step] = []
        self._pace = Pace()

    @property
    def so_far(self) -> Descent:
        """Return all steps that are made."""
        seconds = perf_counter() - self._began
        return Descent(self._request, self._blocks, tuple(self._steps), self._words, str(torch.__version__), seconds)

    def add(self, step: Step) -> Iterator[Partial[Descent]]:
        """Take note of a step, and yield the training so far where that is due."""
        self._steps.append(step)
        is_something = bool(step.values) or len(self._steps) > 1  # one point is no curve
        if is_something and self._pace.is_due and len(self._steps) < self._request.recipe.steps:
            yield from self._pace.tell(self.so_far)


def descend(models: Sequence[ResNet], images: Images, request: DescentRequest) -> Iterator[Step]:
    """Yield each step of training some models, which are moved by it."""
    recipe = request.recipe
    optimisers = [SGD(model.parameters(), recipe.rate, recipe.momentum, weight_decay=recipe.decay) for model in models]
    for number, indices in enumerate(order(images, request)):
        x, y = (tensor.to(request.device) for tensor in images.take(indices))
        found = []
        for model, optimiser in zip(models, optimisers, strict=True):
            with seeded(request.seed * 1_000_003 + number):  # dropout drops alike in all
                loss, right, known = _back(model, x, y, request, number)
            moves = Moves(model) if known is not None else None
            optimiser.step()
            if known is not None and moves is not None:
                known = {**known, Quantity.UPDATE: moves.ratios()}
            found.append((loss, right, known))
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
