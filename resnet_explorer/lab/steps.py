"""Networks trained side by side, on the same images in the same order, with a probe on their blocks."""

from collections.abc import Generator, Iterator
from dataclasses import replace
from time import perf_counter
from typing import NamedTuple

import torch

from resnet_explorer.analysis.descent import Descent, DescentRequest, DescentStep, LesionRequest
from resnet_explorer.analysis.lesions import LesionStudy
from resnet_explorer.analysis.progress import Partial, Progress, Throttle
from resnet_explorer.analysis.quantities import Mode
from resnet_explorer.lab.alike import common
from resnet_explorer.lab.data import Images, tested
from resnet_explorer.lab.lesion import Subject, count, study
from resnet_explorer.lab.probe import places
from resnet_explorer.lab.training.conditions import conditions
from resnet_explorer.lab.training.feed import Feed
from resnet_explorer.lab.training.trainer import Trainer
from resnet_explorer.model.build import ResNet


class Trained(NamedTuple):
    """A training, its networks in the contiguous format, and its images."""

    descent: Descent
    models: list[ResNet]
    images: Images


def train(request: DescentRequest) -> Iterator[Progress | Partial[Descent] | Descent]:
    """Yield progress with each step, now and then all steps so far, and last the whole training.

    Raises ExplorerError as ``measure`` does.
    """
    trained = yield from training(request)
    yield trained.descent


def lesions(request: LesionRequest) -> Iterator[Progress | Partial[Descent] | Partial[LesionStudy] | LesionStudy]:
    """Yield progress, the training as far as it is, and then what each network can do without each block.

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
    """Yield what ``train`` yields before the end, and return the networks too.

    ``of`` is how many steps the whole experiment has; with ``tests`` it needs test images.
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
        return Descent(request, blocks, tuple(steps), images.words, str(torch.__version__), seconds)

    with conditions(plans[0]):
        trainers = [Trainer(plan, loss=request.loss) for plan in plans]
        feeds = {one.layout: Feed(one.plan, one.layout, images) for one in trainers}
        for feed in feeds.values():
            yield from feed.fit()
        for number in range(recipe.steps):
            steps.append(_step(trainers, feeds, number))
            yield Progress(number + 1, of, f"training: step {number + 1:,} of {recipe.steps:,}")
            is_something = bool(steps[-1].values) or number > 0  # one point is no curve
            if is_something and throttle.is_due and number + 1 < recipe.steps:
                with throttle.reporting():
                    yield Partial(so_far())
    models = [one.model.to(memory_format=torch.contiguous_format) for one in trainers]
    return Trained(so_far(), models, images)


def _step(trainers: list[Trainer], feeds: dict[torch.memory_format, Feed], number: int) -> DescentStep:
    recipe = trainers[0].plan.recipe
    measured, listens = recipe.measures(number), recipe.deterministic and number == 0
    made = [one.step(feeds[one.layout], number, recipe.rate_at(number), measured, listens)[0] for one in trainers]
    values = tuple(one.blocks for one in made if one.blocks is not None)
    losses, accuracies = tuple(one.loss for one in made), tuple(one.accuracy for one in made)
    return DescentStep(number, losses, accuracies, values or None)
