"""The gradient lab's request and its frozen result: every quantity, block by block and seed by seed."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import exp, inf, isfinite, log
from statistics import median

from resnet_explorer.analysis.quantities import GRADIENTS, Loss, Mode, Precision, Quantity
from resnet_explorer.blueprint.kinds import Shape
from resnet_explorer.errors import ExplorerError
from resnet_explorer.spec import InputShape, ResNetSpec
from resnet_explorer.spec.catalogue import named, title
from resnet_explorer.spec.data_choice import DIGITS, DataChoice

MAX_SEEDS = 100
CIFAR_BATCH = InputShape(32, 32, 32)
Series = tuple[float | None, ...]
"""A value for each block, from the input to the loss; None where a block has no such quantity."""


def twin(spec: ResNetSpec) -> ResNetSpec:
    """Return the plain twin of a residual network, or the residual network that a plain one is the twin of."""
    return named(spec.plain() if spec.residual else replace(spec, residual=True))


@dataclass(frozen=True, slots=True)
class GradientRequest:
    """What to measure: networks side by side, on the same images, under the same conditions.

    Networks that differ in no choice of the first weights start from the same numbers, tensor by tensor, wherever
    name and shape agree. ``image`` holds the batch. A seed sets the weights and picks the images. ``rate`` is the
    learning rate of the estimated update. Raises ExplorerError where this cannot be measured.
    """

    specs: tuple[ResNetSpec, ...]
    image: InputShape = CIFAR_BATCH
    data: DataChoice = DIGITS
    seeds: tuple[int, ...] = (0, 1, 2)
    mode: Mode = Mode.TRAIN
    precision: Precision = Precision.FLOAT32
    loss: Loss = Loss.CROSS_ENTROPY
    rate: float = 0.1
    device: str = "cpu"

    def __post_init__(self) -> None:
        if not 1 <= len(self.seeds) <= MAX_SEEDS:
            raise ExplorerError("seeds", f"{len(self.seeds)} seeds cannot be measured.", f"Choose 1 to {MAX_SEEDS}.")
        if not (isfinite(self.rate) and self.rate > 0):
            raise ExplorerError("rate", f"A learning rate of {self.rate} moves nothing.", "Choose one above 0.")
        if not self.specs:
            raise ExplorerError("net", "There is no network to measure.", "Name one.")
        channels = {spec.in_channels for spec in self.specs}
        if len(channels) > 1:
            raise ExplorerError("in_channels", "The networks take images of different channels.", "Choose others.")
        if self.loss is Loss.CROSS_ENTROPY and any(spec.classes is None for spec in self.specs):
            raise ExplorerError("loss", "A backbone has no classes to be right or wrong.", "Choose mean-square.")


@dataclass(frozen=True, slots=True)
class Place:
    """A block's address, the number of its stage, and the shape that it puts out."""

    path: str
    stage: int
    shape: Shape


@dataclass(frozen=True, slots=True)
class Sample:
    """What one network gave for one seed: its loss, the share of images that it named right, and every quantity.

    ``accuracy`` is None for a backbone. ``underflow`` tells for each quantity the blocks whose value is 0 in float32
    and is not in float64.
    """

    seed: int
    loss: float
    accuracy: float | None
    values: Mapping[Quantity, Series]
    underflow: Mapping[Quantity, tuple[bool, ...]]


@dataclass(frozen=True, slots=True, eq=False)
class NetworkGradients:
    """One network's samples, a seed each, and what they say together."""

    spec: ResNetSpec
    places: tuple[Place, ...]
    samples: tuple[Sample, ...]

    @property
    def title(self) -> str:
        """Return the words by which the network is shown."""
        return title(self.spec)

    def series(self, quantity: Quantity) -> tuple[Series, ...]:
        """Return the values of each seed; None at every block for a quantity that was not measured."""
        unknown = (None,) * len(self.places)
        return tuple(sample.values.get(quantity, unknown) for sample in self.samples)

    def has(self, quantity: Quantity) -> bool:
        """Return whether any block has the quantity: the two terms belong to residual blocks alone."""
        return any(value is not None for values in self.series(quantity) for value in values)

    def at(self, quantity: Quantity, block: int) -> tuple[float, ...]:
        """Return the values that the seeds gave at a block, from the least to the greatest, finite ones alone."""
        found = (values[block] for values in self.series(quantity))
        return tuple(sorted(value for value in found if value is not None and isfinite(value)))

    def median(self, quantity: Quantity) -> Series:
        """Return the median over the seeds, block by block."""
        blocks = (self.at(quantity, block) for block in range(len(self.places)))
        return tuple(median(values) if values else None for values in blocks)

    def spread(self, quantity: Quantity) -> tuple[tuple[float, float] | None, ...]:
        """Return the least and the greatest value over the seeds, block by block."""
        blocks = (self.at(quantity, block) for block in range(len(self.places)))
        return tuple((values[0], values[-1]) if values else None for values in blocks)

    def underflows(self, quantity: Quantity) -> tuple[bool, ...]:
        """Return for each block whether any seed's value is 0 only because float32 ends there."""
        flags = [sample.underflow.get(quantity, ()) for sample in self.samples]
        return tuple(any(one[block : block + 1] == (True,) for one in flags) for block in range(len(self.places)))

    def ratio(self, quantity: Quantity) -> float | None:
        """Return the first block's value over the last one's: the median over the seeds; None where none has both."""
        ratios = [_over(values[0], values[-1]) for values in self.series(quantity)]
        known = [ratio for ratio in ratios if ratio is not None]
        return median(known) if known else None

    def growth(self, quantity: Quantity) -> float | None:
        """Return by how much the median grows from a block to the one before it, within stages: a geometric mean.

        Where the shape changes the value jumps, so that such steps are left out.
        """
        values, places = self.median(quantity), self.places
        pairs = [
            _over(values[block], values[block + 1])
            for block in range(len(places) - 1)
            if places[block].stage == places[block + 1].stage
        ]
        logs = [log(pair) for pair in pairs if pair is not None and 0 < pair < inf]
        return exp(sum(logs) / len(logs)) if logs else None

    @property
    def notes(self) -> tuple[str, ...]:
        """Return what has to be said of gradients that are 0, or not finite."""
        blocks = range(len(self.places))
        under = [any(self.underflows(quantity)[block] for quantity in GRADIENTS) for block in blocks]
        strange = [
            any(_strange(values[block]) for quantity in GRADIENTS for values in self.series(quantity))
            for block in blocks
        ]
        found = []
        if any(under):
            words = f"gradients at {_count(under)} are 0 in float32 and are not in float64: underflow."
            found.append(f"{self.title}: {words}")
        if any(strange):
            found.append(f"{self.title}: gradients at {_count(strange)} are not finite: overflow.")
        return tuple(found)


def _over(first: float | None, last: float | None) -> float | None:
    if first is None or last is None or not isfinite(first) or not isfinite(last) or last == 0:
        return None
    return first / last


def _strange(value: float | None) -> bool:
    return value is not None and not isfinite(value)


def _count(flags: list[bool]) -> str:
    return f"{sum(flags)} of {len(flags)} blocks"


@dataclass(frozen=True, slots=True, eq=False)
class GradientResult:
    """What was measured, so far or at last: the networks, the images in words, and where it ran.

    ``seconds`` is what the measurement took.
    """

    request: GradientRequest
    networks: tuple[NetworkGradients, ...]
    data: str
    torch: str
    seconds: float

    @property
    def done(self) -> int:
        """Return how many seeds are measured."""
        return len(self.networks[0].samples)

    @property
    def complete(self) -> bool:
        """Return whether every seed is."""
        return self.done == len(self.request.seeds)

    @property
    def conditions(self) -> tuple[str, ...]:
        """Return the conditions in lines of words, as they stand on the plot."""
        asked = self.request
        seeds = ", ".join(str(seed) for seed in asked.seeds[: self.done])
        return (
            f"PyTorch {self.torch} · {asked.device} · {asked.precision}",
            f"seed{'' if self.done == 1 else 's'} {seeds} · batch {asked.image.batch} · {WORDS_OF_MODE[asked.mode]}",
            *(f"{one.title}: {_layers(one.spec)}" for one in self.networks[:1]),
            f"loss: {asked.loss} · {self.data}",
        )

    @property
    def notes(self) -> tuple[str, ...]:
        """Return what has to be said of values that are 0, or not finite."""
        return tuple(note for network in self.networks for note in network.notes)


WORDS_OF_MODE: Mapping[Mode, str] = {Mode.TRAIN: "training mode", Mode.EVAL: "evaluation mode"}


def _layers(spec: ResNetSpec) -> str:
    return f"norm {spec.norm}, {spec.activation}, init {spec.init}, order {spec.order}"
