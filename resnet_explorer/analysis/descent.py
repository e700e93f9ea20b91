"""A training of networks side by side: the request, each step, and the whole, with gradients on the way."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from resnet_explorer.analysis.gradients import (
    GradientRequest,
    GradientResult,
    NetworkGradients,
    Place,
    Sample,
    Series,
)
from resnet_explorer.analysis.quantities import Loss, Quantity
from resnet_explorer.analysis.recipe import Recipe
from resnet_explorer.analysis.training import DIGITS_IMAGE, RunPlan
from resnet_explorer.errors import ExplorerError
from resnet_explorer.spec import InputShape, ResNetSpec
from resnet_explorer.spec.catalogue import title
from resnet_explorer.spec.data_choice import DIGITS, DataChoice

RECIPE = Recipe(rate=0.05, evaluate=0, measure=0)
"""Gradient descent with momentum at a constant rate (He et al. 2015, section 4.2, without its schedule)."""
MEASURED = replace(RECIPE, measure=5)


@dataclass(frozen=True, slots=True)
class DescentRequest:
    """Networks to train on the same images in the same order, from one seed.

    The batch is the recipe's; ``image`` is the size of its images. Every ``recipe.measure`` steps, from the first, all
    quantities are measured block by block; no test images are judged.
    """

    specs: tuple[ResNetSpec, ...]
    image: InputShape = DIGITS_IMAGE
    data: DataChoice = DIGITS
    recipe: Recipe = MEASURED
    seed: int = 0
    loss: Loss = Loss.CROSS_ENTROPY
    device: str = "cpu"

    @property
    def plans(self) -> tuple[RunPlan, ...]:
        """Return the training of each network: its first weights are the first one's wherever they fit."""
        shared = self.image, self.data, self.recipe, self.seed, self.device, self.specs[0]
        return tuple(RunPlan(title(spec), spec, *shared, threads=0) for spec in self.specs)


@dataclass(frozen=True, slots=True)
class LesionRequest:
    """Train networks as the recipe says, then take out each block in turn, and swap each pair of neighbours.

    Raises ExplorerError for a network without classes.
    """

    specs: tuple[ResNetSpec, ...]
    image: InputShape = DIGITS_IMAGE
    data: DataChoice = DIGITS
    recipe: Recipe = RECIPE
    seed: int = 0
    device: str = "cpu"

    def __post_init__(self) -> None:
        if any(spec.classes is None for spec in self.specs):
            raise ExplorerError("classes", "A backbone names no images.", "Give it classes.")

    @property
    def training(self) -> DescentRequest:
        """Return the training that comes first."""
        return DescentRequest(self.specs, self.image, self.data, self.recipe, self.seed, device=self.device)


@dataclass(frozen=True, slots=True)
class DescentStep:
    """What one step gave, network by network: the loss before it, the share of its batch named right.

    ``values`` holds every quantity of every block, where this step was measured; ``number`` counts from 0.
    """

    number: int
    losses: tuple[float, ...]
    accuracies: tuple[float | None, ...]
    values: tuple[Mapping[Quantity, Series], ...] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Descent:
    """All steps of a training; ``places`` are the blocks of each network, ``data`` says what it was trained on."""

    request: DescentRequest
    places: tuple[tuple[Place, ...], ...]
    steps: tuple[DescentStep, ...]
    data: str
    torch: str
    seconds: float

    def losses(self, network: int) -> tuple[float, ...]:
        """Return the loss of a network at every step."""
        return tuple(step.losses[network] for step in self.steps)

    def accuracies(self, network: int) -> tuple[float | None, ...]:
        """Return the share of each batch that a network named right."""
        return tuple(step.accuracies[network] for step in self.steps)

    def heat(self, network: int, quantity: Quantity) -> tuple[tuple[int, Series], ...]:
        """Return the steps at which a network was measured, with the quantity's value at each of its blocks."""
        unknown = (None,) * len(self.places[network])
        return tuple((step.number, step.values[network].get(quantity, unknown)) for step in self.steps if step.values)

    @property
    def measured(self) -> tuple[DescentStep, ...]:
        """Return the steps at which every block was measured."""
        return tuple(step for step in self.steps if step.values)

    @property
    def complete(self) -> bool:
        """Return whether every step is made."""
        return len(self.steps) >= self.request.recipe.steps

    def at(self, step: DescentStep) -> GradientResult:
        """Return what was measured at a step, as the gradients of one seed."""
        asked, values = self.request, step.values or ()
        rows = zip(asked.specs, self.places, step.losses, step.accuracies, values, strict=False)
        networks = tuple(
            NetworkGradients(spec, blocks, (Sample(asked.seed, loss, accuracy, known, {}),))
            for spec, blocks, loss, accuracy, known in rows
        )
        recipe, image = asked.recipe, replace(asked.image, batch=asked.recipe.batch)
        request = GradientRequest(
            asked.specs, image, asked.data, (asked.seed,), loss=asked.loss, rate=recipe.rate, device=asked.device
        )
        return GradientResult(request, networks, self.data, self.torch, self.seconds)
