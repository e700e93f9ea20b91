"""The gradient lab's request and its frozen result: every quantity, block by block and seed by seed."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import exp, inf, isfinite, log
from statistics import fmean, median

from resnet_explorer.engine.jobs import job
from resnet_explorer.errors import ExplorerError
from resnet_explorer.images.choice import DIGITS, DataChoice
from resnet_explorer.readings.quantities import GRADIENTS, Loss, Mode, Place, Precision, Quantity, Series
from resnet_explorer.spec import InputShape, ResNetSpec
from resnet_explorer.spec.catalogue import title

MAX_SEEDS = 100
CIFAR_BATCH = InputShape(32, 32, 32)


@job("resnet_explorer.gradients.lab:measure")
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


LINE_IMAGE = InputShape(64, 16, 16)
LAGS = (1, 2, 4, 8, 16)
"""How many points apart two inputs are that are compared."""


@job("resnet_explorer.gradients.lab:shatter")
@dataclass(frozen=True, slots=True)
class ShatterRequest:
    """Compare gradients along a line of inputs: of networks of the user's, and of the paper's fully connected ones.

    The first go from one image to another in ``image.batch`` points. The paper's have ``width`` units and one
    input, at 256 points from -2 to 2; ``beta`` is the factor on their residual branches.
    """

    specs: tuple[ResNetSpec, ...] = ()
    image: InputShape = LINE_IMAGE
    data: DataChoice = DIGITS
    mode: Mode = Mode.TRAIN
    seeds: tuple[int, ...] = (0, 1, 2)
    depths: tuple[int, ...] = (2, 4, 10, 24, 50)
    width: int = 200
    beta: float = 0.1

    def __post_init__(self) -> None:
        if self.specs and self.image.batch <= max(LAGS):
            words = f"{self.image.batch} points are too few to compare those {max(LAGS)} apart."
            raise ExplorerError("batch", words, f"Choose a batch of {max(LAGS) + 1} or more.")
        if any(spec.classes is None for spec in self.specs):
            raise ExplorerError("classes", "A backbone has no output to differentiate.", "Give it classes.")
        if not self.seeds or any(depth < 1 for depth in self.depths) or self.width < 1:
            raise ExplorerError(
                "depths", "Nothing can be measured so.", "Choose depths, a width and seeds of 1 or more."
            )


@dataclass(frozen=True, slots=True)
class Neighbours:
    """One of the user's networks: the mean cosine of gradients that many points apart, a row for each seed."""

    spec: ResNetSpec
    cosines: tuple[tuple[float, ...], ...]

    @property
    def mean(self) -> tuple[float, ...]:
        """Return the mean over the seeds, one for each of ``LAGS``."""
        return tuple(fmean(column) for column in zip(*self.cosines, strict=True))


@dataclass(frozen=True, slots=True)
class Line:
    """A fully connected network of the paper's: df/dx along the line, and its autocorrelation.

    ``kind`` says which. ``correlations`` are rows of the autocorrelation at ``LAGS``, one for each seed; ``slope`` is
    df/dx at the 256 points for the first seed, scaled to a largest value of 1.
    """

    kind: str
    depth: int
    correlations: tuple[tuple[float, ...], ...]
    slope: tuple[float, ...]

    @property
    def mean(self) -> tuple[float, ...]:
        """Return the mean over the seeds, one for each of ``LAGS``."""
        return tuple(fmean(column) for column in zip(*self.correlations, strict=True))


@dataclass(frozen=True, slots=True, eq=False)
class Shattering:
    """How gradients at neighbouring inputs agree: in the user's networks, and in the paper's."""

    request: ShatterRequest
    networks: tuple[Neighbours, ...]
    lines: tuple[Line, ...]
    data: str
    torch: str
    seconds: float
