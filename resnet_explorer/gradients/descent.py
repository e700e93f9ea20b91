"""A training of networks side by side: the request, each step, and the whole, with gradients on the way."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import comb

from resnet_explorer.engine.jobs import job
from resnet_explorer.errors import ExplorerError
from resnet_explorer.gradients.values import GradientRequest, GradientResult, NetworkGradients, Sample
from resnet_explorer.images.choice import DIGITS, DataChoice
from resnet_explorer.readings.quantities import Loss, Mode, Place, Quantity, Series
from resnet_explorer.runs.plan import DIGITS_IMAGE, RunPlan
from resnet_explorer.runs.recipe import Recipe
from resnet_explorer.spec import InputShape, ResNetSpec
from resnet_explorer.spec.catalogue import title

RECIPE = Recipe(rate=0.05, evaluate=0, measure=0)
"""Gradient descent with momentum at a constant rate (He et al. 2015, section 4.2, without its schedule)."""
MEASURED = replace(RECIPE, measure=5)


@job("resnet_explorer.gradients.lab:train")
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


@job("resnet_explorer.gradients.lab:lesions")
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


PATHS_BATCH = InputShape(32, 16, 16)
PATHS_RECIPE = replace(RECIPE, steps=120, batch=32)
PORTION = 0.95
"""The share of the gradient whose lengths are told, as in the paper."""


@job("resnet_explorer.gradients.trained:follow")
@dataclass(frozen=True, slots=True)
class PathsRequest:
    """Follow the gradient of a residual network from the last block to the first, by the number of branches passed.

    ``image`` holds the batch whose gradient that is. The network is trained first, as ``recipe`` says: 0 steps leave
    it as it starts. ``walks`` is how many single paths
    of each length are followed for the paper's curve; 0 leaves it out. Raises ExplorerError for a plain network.
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
        if not self.spec.residual:
            raise ExplorerError("residual", "A plain network has one path alone.", "Choose a residual network.")
        if self.spec.classes is None:
            raise ExplorerError("classes", "A backbone has no loss to follow.", "Give it classes.")

    @property
    def training(self) -> DescentRequest:
        """Return the training that comes first."""
        return DescentRequest((self.spec,), self.image, self.data, self.recipe, self.seed, device=self.device)


@dataclass(frozen=True, slots=True, eq=False)
class Paths:
    """What came along paths of each length k, from 0 to the number of blocks; a length is the branches passed.

    ``norms`` are the lengths of the sums over all paths of k branches, ``shares`` their signed shares of the whole
    gradient, which sum to 1. ``singles`` are mean norms of single paths, None where none was followed. ``total`` is the
    norm of the whole gradient; ``error`` is how far the sum over all lengths is from autograd's gradient, relative.
    ``exact`` tells whether every path is a network of its own (pre-activation); else every path passes the activations
    after the additions.
    """

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
        """Return how many blocks there are: the longest path passes the branches of all."""
        return len(self.norms) - 1

    @property
    def counts(self) -> tuple[float, ...]:
        """Return the share of each length in all 2^n paths: the binomial distribution."""
        return binomial(self.blocks)

    @property
    def product(self) -> tuple[float | None, ...]:
        """Return the paper's curve: how many paths, times the mean norm of one.

        It assumes that all paths of a length pull the same way; ``norms`` is what their sum really is.
        """
        pairs = enumerate(self.singles)
        return tuple(None if one is None else float(comb(self.blocks, k)) * one for k, one in pairs)

    @property
    def carriers(self) -> tuple[int, int]:
        """Return the shortest run of lengths, from and to, whose shares make up 95 % of the gradient."""
        return window(self.shares)

    @property
    def norm_carriers(self) -> tuple[int, int]:
        """Return the same for the norms, which do not know that what comes along different lengths may cancel."""
        return window(self.norms)

    @property
    def paper_carriers(self) -> tuple[int, int] | None:
        """Return the same for the paper's curve; None where single paths were not followed."""
        known = [0.0 if one is None else one for one in self.product]
        return window(known) if any(known) else None

    def portion(self, lengths: tuple[int, int]) -> float:
        """Return the share of all paths that have such a length."""
        return sum(self.counts[lengths[0] : lengths[1] + 1])


def binomial(blocks: int) -> tuple[float, ...]:
    """Return for each length from 0 the share of all paths through so many blocks that have it."""
    return tuple(comb(blocks, length) / 2**blocks for length in range(blocks + 1))


def window(weights: Sequence[float], portion: float = PORTION) -> tuple[int, int]:
    """Return the shortest run of indices, from and to, that holds such a portion of all weights."""
    total = sum(weights)
    for width in range(1, len(weights)):
        held = [(sum(weights[start : start + width]), -start) for start in range(len(weights) - width + 1)]
        most, start = max(held)
        if most >= portion * total:
            return -start, -start + width - 1
    return 0, len(weights) - 1
