"""A training of networks side by side: the request, each step, and the whole, with gradients on the way."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import comb
from typing import ClassVar

from resnet_explorer.engine.jobs import job
from resnet_explorer.errors import ExplorerError
from resnet_explorer.gradients.values import GradientRequest, GradientResult, NetworkGradients, Sample
from resnet_explorer.images.choice import DIGITS, DataChoice
from resnet_explorer.readings.plottable import Plottable
from resnet_explorer.readings.quantities import Loss, Mode, Place, Quantity, Series
from resnet_explorer.runs.plan import DIGITS_IMAGE, RunPlan
from resnet_explorer.runs.recipe import Recipe
from resnet_explorer.spec import InputShape, ResNetSpec
from resnet_explorer.spec.catalogue import title
from resnet_explorer.spec.input_shape import check_images

RECIPE = Recipe(learning_rate=0.05, evaluate_every=0, measure_every=0)
"""Gradient descent with momentum at a constant rate (He et al. 2015, section 4.2, without its schedule)."""
MEASURED = replace(RECIPE, measure_every=5)


@job("resnet_explorer.gradients.lab:train", keeps="resnet_explorer.gradients.descent:Descent")
@dataclass(frozen=True, slots=True)
class DescentRequest:
    """Train networks on the same images in the same order, from one seed.

    The batch is the recipe's; ``image`` is the size of its images. Every ``recipe.measure_every`` steps, from the
    first, all quantities are measured block by block; the networks are not tested.
    """

    specs: tuple[ResNetSpec, ...]
    image: InputShape = DIGITS_IMAGE
    data: DataChoice = DIGITS
    recipe: Recipe = MEASURED
    seed: int = 0
    loss: Loss = Loss.CROSS_ENTROPY
    device: str = "cpu"

    def __post_init__(self) -> None:
        for spec in self.specs:
            check_images(spec.dims, "The labs train on images alone.")

    @property
    def plans(self) -> tuple[RunPlan, ...]:
        """Return the training of each network; its initial weights are the first network's wherever they fit."""
        shared = self.image, self.data, self.recipe, self.seed, self.device, self.specs[0]
        return tuple(RunPlan(title(spec), spec, *shared, threads=0) for spec in self.specs)


@job("resnet_explorer.gradients.lab:lesions", keeps="resnet_explorer.readings.lesions:LesionStudy")
@dataclass(frozen=True, slots=True)
class LesionRequest:
    """Train networks by the recipe, then remove each block in turn, and swap each pair of neighbours.

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
            raise ExplorerError("classes", "A backbone does not classify images.", "Give it classes.")
        for spec in self.specs:
            check_images(spec.dims, "The labs train on images alone.")

    @property
    def training(self) -> DescentRequest:
        return DescentRequest(self.specs, self.image, self.data, self.recipe, self.seed, device=self.device)


@dataclass(frozen=True, slots=True)
class DescentStep:
    """One step, counted from 0: the loss of each network before it, and the accuracy on its batch.

    ``values`` holds every quantity of every block where this step was measured.
    """

    number: int
    losses: tuple[float, ...]
    accuracies: tuple[float | None, ...]
    values: tuple[Mapping[Quantity, Series], ...] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Descent(Plottable):
    """All steps of a training; ``places`` are the blocks of each network, ``data`` describes the images."""

    chart_by: ClassVar[str] = "resnet_explorer.gradients.charts:loss_chart"
    request: DescentRequest
    places: tuple[tuple[Place, ...], ...]
    steps: tuple[DescentStep, ...]
    data: str
    torch: str
    seconds: float

    def losses(self, network: int) -> tuple[float, ...]:
        return tuple(step.losses[network] for step in self.steps)

    def heat(self, network: int, quantity: Quantity) -> tuple[tuple[int, Series], ...]:
        """Return the measured steps of a network, each with the quantity's value at every block."""
        unknown = (None,) * len(self.places[network])
        return tuple((step.number, step.values[network].get(quantity, unknown)) for step in self.steps if step.values)

    @property
    def measured(self) -> tuple[DescentStep, ...]:
        return tuple(step for step in self.steps if step.values)

    @property
    def complete(self) -> bool:
        return len(self.steps) >= self.request.recipe.steps

    def at(self, step: DescentStep) -> GradientResult:
        """Return what was measured at a step, as the gradients of one seed."""
        training = self.request
        rows = zip(training.specs, self.places, step.losses, step.accuracies, step.values or (), strict=False)
        networks = tuple(
            NetworkGradients(spec, places, (Sample(training.seed, loss, accuracy, values, {}),))
            for spec, places, loss, accuracy, values in rows
        )
        request = GradientRequest(
            training.specs, replace(training.image, batch=training.recipe.batch), training.data, (training.seed,),
            loss=training.loss, rate=training.recipe.learning_rate, device=training.device,
        )  # fmt: skip
        return GradientResult(request, networks, self.data, self.torch, self.seconds)


PATHS_BATCH = InputShape(32, 16, 16)
PATHS_RECIPE = replace(RECIPE, steps=120, batch=32)
PORTION = 0.95
"""The fraction of the gradient whose path lengths are reported, as in the paper."""


@job("resnet_explorer.gradients.paths:follow", keeps="resnet_explorer.gradients.descent:Paths")
@dataclass(frozen=True, slots=True)
class PathsRequest:
    """Follow the gradient of a residual network from the last block to the first, by the number of branches passed.

    ``image`` holds the batch whose gradient that is. The network is trained first by ``recipe``, which may have 0
    steps. ``walks`` is how many single paths of each length are followed for the paper's curve; 0 leaves it out. Raises
    ExplorerError for a plain network.
    """

    spec: ResNetSpec
    image: InputShape = PATHS_BATCH
    data: DataChoice = DIGITS
    recipe: Recipe = PATHS_RECIPE
    seed: int = 0
    mode: Mode = Mode.TRAIN
    walks: int = 3
    device: str = "cpu"

    def __post_init__(self) -> None:
        if not self.spec.has_shortcuts:
            raise ExplorerError("residual", "A plain network has only one path.", "Choose a residual network.")
        if self.spec.classes is None:
            raise ExplorerError("classes", "A backbone has no loss to differentiate.", "Give it classes.")
        check_images(self.spec.dims, "The labs train on images alone.")

    @property
    def training(self) -> DescentRequest:
        return DescentRequest((self.spec,), self.image, self.data, self.recipe, self.seed, device=self.device)


@dataclass(frozen=True, slots=True, eq=False)
class Paths(Plottable):
    """The gradient along paths of each length k, which is the number of branches passed, from 0 to that of the blocks.

    ``norms`` are the norms of the sums over all paths of k branches, ``shares`` their signed shares of the whole
    gradient, which sum to 1. ``singles`` are mean norms of single paths, None where none was followed. ``total`` is the
    norm of the whole gradient; ``error`` is the relative error of the sum over all lengths against autograd's gradient.
    With ``exact`` every path is a network of its own (pre-activation); else every path passes the activations after
    the additions.
    """

    chart_by: ClassVar[str] = "resnet_explorer.gradients.charts:lab_chart"
    request: PathsRequest
    norms: tuple[float, ...]
    shares: tuple[float, ...]
    singles: tuple[float | None, ...]
    total: float
    error: float
    exact: bool
    data: str
    torch: str
    seconds: float

    @property
    def blocks(self) -> int:
        return len(self.norms) - 1

    @property
    def counts(self) -> tuple[float, ...]:
        """Return the share of each length in all 2^n paths: the binomial distribution."""
        return binomial(self.blocks)

    @property
    def product(self) -> tuple[float | None, ...]:
        """Return the paper's curve: the number of paths times the mean norm of a single one.

        It assumes that all paths of a length point the same way; ``norms`` has the norm of their actual sum.
        """
        counts = (float(comb(self.blocks, k)) for k in range(self.blocks + 1))
        return tuple(None if norm is None else n * norm for n, norm in zip(counts, self.singles, strict=True))

    @property
    def carriers(self) -> tuple[int, int]:
        """Return the shortest run of lengths, from and to, whose shares make up 95 % of the gradient."""
        return window(self.shares)

    @property
    def norm_carriers(self) -> tuple[int, int]:
        """Return the same for the norms, which ignore that gradients along different lengths may cancel."""
        return window(self.norms)

    @property
    def paper_carriers(self) -> tuple[int, int] | None:
        """Return the same for the paper's curve; None where single paths were not followed."""
        values = [value or 0.0 for value in self.product]
        return window(values) if any(values) else None

    def portion(self, lengths: tuple[int, int]) -> float:
        """Return the share of all paths whose length is in a range, both ends included."""
        return sum(self.counts[lengths[0] : lengths[1] + 1])


def binomial(blocks: int) -> tuple[float, ...]:
    """Return for each length from 0 the share of all paths through so many blocks that have it."""
    return tuple(comb(blocks, length) / 2**blocks for length in range(blocks + 1))


def window(weights: Sequence[float]) -> tuple[int, int]:
    """Return the shortest run of indices, from and to, that holds 95 % of all weights."""
    total = sum(weights)
    for width in range(1, len(weights)):
        held = [(sum(weights[start : start + width]), -start) for start in range(len(weights) - width + 1)]
        most, start = max(held)
        if most >= PORTION * total:
            return -start, -start + width - 1
    return 0, len(weights) - 1
