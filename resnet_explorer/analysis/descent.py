"""A short training of networks side by side: the recipe, each step, and the whole, with gradients on the way."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite

from resnet_explorer.analysis.gradients import (
    GradientRequest,
    GradientResult,
    NetworkGradients,
    Place,
    Sample,
    Series,
)
from resnet_explorer.analysis.quantities import Loss, Quantity
from resnet_explorer.errors import ExplorerError
from resnet_explorer.spec import InputShape, ResNetSpec
from resnet_explorer.spec.data_choice import DIGITS, DataChoice

MAX_STEPS = 100_000
SMALL_BATCH = InputShape(64, 8, 8)
"""The digits at their own size."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """Gradient descent with momentum at a constant rate (He et al. 2015, section 4.2, without its schedule).

    Raises ExplorerError where a value moves nothing or cannot be.
    """

    steps: int = 150
    rate: float = 0.05
    momentum: float = 0.9
    decay: float = 1e-4

    def __post_init__(self) -> None:
        if not 0 <= self.steps <= MAX_STEPS:
            raise ExplorerError("steps", f"{self.steps:,} steps cannot be made.", f"Choose 0 to {MAX_STEPS:,}.")
        if not (isfinite(self.rate) and self.rate > 0):
            raise ExplorerError("rate", f"A learning rate of {self.rate} moves nothing.", "Choose one above 0.")
        if not 0 <= self.momentum < 1:
            raise ExplorerError("momentum", f"A momentum of {self.momentum} cannot be.", "Choose 0 or more, below 1.")
        if not (isfinite(self.decay) and self.decay >= 0):
            raise ExplorerError("decay", f"A weight decay of {self.decay} cannot be.", "Choose 0 or more.")


RECIPE = Recipe()


@dataclass(frozen=True, slots=True)
class DescentRequest:
    """Networks to train on the same images in the same order, from one seed.

    ``image`` holds the batch. Every ``every`` steps, from the first, all quantities are measured block by block; 0
    measures none.
    """

    specs: tuple[ResNetSpec, ...]
    image: InputShape = SMALL_BATCH
    data: DataChoice = DIGITS
    recipe: Recipe = RECIPE
    seed: int = 0
    every: int = 5
    loss: Loss = Loss.CROSS_ENTROPY
    device: str = "cpu"


@dataclass(frozen=True, slots=True)
class Step:
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
    steps: tuple[Step, ...]
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
    def measured(self) -> tuple[Step, ...]:
        """Return the steps at which every block was measured."""
        return tuple(step for step in self.steps if step.values)

    @property
    def complete(self) -> bool:
        """Return whether every step is made."""
        return len(self.steps) >= self.request.recipe.steps

    def at(self, step: Step) -> GradientResult:
        """Return what was measured at a step, as the gradients of one seed."""
        asked, values = self.request, step.values or ()
        rows = zip(asked.specs, self.places, step.losses, step.accuracies, values, strict=False)
        networks = tuple(
            NetworkGradients(spec, blocks, (Sample(asked.seed, loss, accuracy, known, {}),))
            for spec, blocks, loss, accuracy, known in rows
        )
        rate, loss, device = asked.recipe.rate, asked.loss, asked.device
        request = GradientRequest(
            asked.specs, asked.image, asked.data, (asked.seed,), loss=loss, rate=rate, device=device
        )
        return GradientResult(request, networks, self.data, self.torch, self.seconds)
