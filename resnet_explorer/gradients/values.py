"""Requests and frozen results of the gradient lab: gradients block by block, and shattered gradients."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from math import exp, inf, isfinite, log
from statistics import fmean, median
from typing import ClassVar

from resnet_explorer.engine.jobs import job
from resnet_explorer.errors import ExplorerError
from resnet_explorer.images.choice import DIGITS, DataChoice, DataKind
from resnet_explorer.readings.plottable import Plottable
from resnet_explorer.readings.quantities import GRADIENTS, Loss, Mode, Place, Precision, Quantity, Series
from resnet_explorer.spec import InputShape, ResNetSpec
from resnet_explorer.spec.catalogue import title
from resnet_explorer.spec.codec import setting

MAX_SEEDS = 100
CIFAR_BATCH = InputShape(32, 32, 32)


def _check_data(specs: tuple[ResNetSpec, ...], data: DataChoice) -> None:
    """Raise ExplorerError where networks do not all take inputs of one kind, or images where they take none."""
    if len({spec.dims for spec in specs}) > 1:
        raise ExplorerError("dims", "The networks differ in their dimensions.", "Choose networks of the same ones.")
    if specs and specs[0].dims != 2 and data.kind is not DataKind.NOISE:
        item = "signals" if specs[0].dims == 1 else "videos"
        raise ExplorerError("data", f"This network takes {item}, and {data.title} are images.", "Choose noise.")


@job("resnet_explorer.gradients.lab:measure", keeps="resnet_explorer.gradients.values:GradientResult")
@dataclass(frozen=True, slots=True)
class GradientRequest:
    """Measure networks on the same images under the same conditions.

    Networks with the same choices of initialisation share their initial values wherever name and shape of a tensor
    agree. ``image`` holds the batch. A seed determines the weights and the images. ``rate`` is the learning rate of the
    estimated update. Raises ExplorerError where this cannot be measured.
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
        _check_seeds(len(self.seeds))
        if not (isfinite(self.rate) and self.rate > 0):
            raise ExplorerError("rate", f"{self.rate} is not a learning rate.", "Choose one above 0.")
        if not self.specs:
            raise ExplorerError("net", "There is no network to measure.", "Name one.")
        channels = {spec.in_channels for spec in self.specs}
        if len(channels) > 1:
            raise ExplorerError("in_channels", "The networks differ in their input channels.", "Choose others.")
        _check_data(self.specs, self.data)
        if self.loss is Loss.CROSS_ENTROPY and any(spec.classes is None for spec in self.specs):
            raise ExplorerError("loss", "Cross-entropy needs classes, and a backbone has none.", "Choose mean-square.")


def first_seeds(count: int) -> tuple[int, ...]:
    """Return so many seeds, from 0; raises ExplorerError where they are more than can be measured, or none."""
    _check_seeds(count)
    return tuple(range(count))


def _check_seeds(count: int) -> None:
    if not 1 <= count <= MAX_SEEDS:
        raise ExplorerError("seeds", f"{count:,} seeds cannot be measured.", f"Choose 1 to {MAX_SEEDS}.")


@dataclass(frozen=True, slots=True)
class Sample:
    """One network's loss, accuracy and quantities for one seed.

    ``accuracy`` is None for a backbone. ``underflow`` marks, for each quantity, the blocks whose value is 0 in float32
    but not in float64.
    """

    seed: int
    loss: float
    accuracy: float | None
    values: Mapping[Quantity, Series]
    underflow: Mapping[Quantity, tuple[bool, ...]]


@dataclass(frozen=True, slots=True, eq=False)
class NetworkGradients:
    """One network's samples, one for each seed, and their statistics."""

    spec: ResNetSpec
    places: tuple[Place, ...]
    samples: tuple[Sample, ...]

    @property
    def title(self) -> str:
        return title(self.spec)

    def series(self, quantity: Quantity) -> tuple[Series, ...]:
        """Return the values of each seed; None at every block for a quantity that was not measured."""
        unknown = (None,) * len(self.places)
        return tuple(sample.values.get(quantity, unknown) for sample in self.samples)

    def has(self, quantity: Quantity) -> bool:
        """Return whether any block has the quantity: only residual blocks have the two terms."""
        return any(value is not None for values in self.series(quantity) for value in values)

    def at(self, quantity: Quantity, block: int) -> tuple[float, ...]:
        """Return the finite values of all seeds at a block, sorted."""
        values = (values[block] for values in self.series(quantity))
        return tuple(sorted(value for value in values if value is not None and isfinite(value)))

    def median(self, quantity: Quantity) -> Series:
        blocks = (self.at(quantity, block) for block in range(len(self.places)))
        return tuple(median(values) if values else None for values in blocks)

    def spread(self, quantity: Quantity) -> tuple[tuple[float, float] | None, ...]:
        blocks = (self.at(quantity, block) for block in range(len(self.places)))
        return tuple((values[0], values[-1]) if values else None for values in blocks)

    def underflows(self, quantity: Quantity) -> tuple[bool, ...]:
        """Return for each block whether any seed's value underflowed in float32."""
        none = (False,) * len(self.places)
        samples = (sample.underflow.get(quantity, none) for sample in self.samples)
        return tuple(map(any, zip(none, *samples, strict=True)))

    def ratio(self, quantity: Quantity) -> float | None:
        """Return the first block's value over the last one's: the median over the seeds; None where none has both."""
        ratios = (_ratio(values[0], values[-1]) for values in self.series(quantity))
        finite = [ratio for ratio in ratios if ratio is not None]
        return median(finite) if finite else None

    def growth(self, quantity: Quantity) -> float | None:
        """Return the factor by which the median grows from a block to the one before it: a geometric mean.

        Steps between stages are left out, since the value jumps where the shape changes.
        """
        pairs = pairwise(zip(self.places, self.median(quantity), strict=True))
        ratios = [_ratio(first, last) for (place, first), (after, last) in pairs if place.stage == after.stage]
        logs = [log(ratio) for ratio in ratios if ratio is not None and 0 < ratio < inf]
        return exp(fmean(logs)) if logs else None

    @property
    def notes(self) -> tuple[str, ...]:
        """Return a note on gradients that underflow, and one on those that are not finite."""
        series = [values for quantity in GRADIENTS for values in self.series(quantity)]
        under = sum(map(any, zip(*map(self.underflows, GRADIENTS), strict=True)))
        over = sum(
            any(value is not None and not isfinite(value) for value in block) for block in zip(*series, strict=True)
        )
        texts = {"are 0 in float32 and are not in float64: underflow.": under, "are not finite: overflow.": over}
        head = f"{self.title}: gradients at"
        return tuple(f"{head} {count} of {len(self.places)} blocks {text}" for text, count in texts.items() if count)


def _ratio(first: float | None, last: float | None) -> float | None:
    if first is None or last is None or not isfinite(first) or not isfinite(last) or last == 0:
        return None
    return first / last


@dataclass(frozen=True, slots=True, eq=False)
class GradientResult(Plottable):
    """All networks, partial or complete; ``data`` describes the images, ``seconds`` is the time taken."""

    chart_by: ClassVar[str] = "resnet_explorer.gradients.charts:chart_of_gradients"
    request: GradientRequest
    networks: tuple[NetworkGradients, ...]
    data: str
    torch: str
    seconds: float

    @property
    def done(self) -> int:
        return len(self.networks[0].samples)

    @property
    def complete(self) -> bool:
        return self.done == len(self.request.seeds)

    @property
    def first_residual(self) -> NetworkGradients | None:
        return next((network for network in self.networks if network.spec.has_shortcuts), None)

    @property
    def conditions(self) -> tuple[str, ...]:
        request, spec = self.request, self.networks[0].spec
        seeds = f"seed{'' if self.done == 1 else 's'} {', '.join(map(str, request.seeds[: self.done]))}"
        mode = {Mode.TRAIN: "training mode", Mode.EVAL: "evaluation mode"}[request.mode]
        return (
            f"PyTorch {self.torch} · {request.device} · {request.precision}",
            f"{seeds} · batch {request.image.batch} · {mode}",
            f"{title(spec)}: norm {setting(spec, 'norm')}, {setting(spec, 'activation')}, init {spec.init}, "
            f"order {setting(spec, 'order')}",
            f"loss: {request.loss} · {self.data}",
        )

    @property
    def notes(self) -> tuple[str, ...]:
        return tuple(note for network in self.networks for note in network.notes)


LINE_IMAGE = InputShape(64, 16, 16)
LAGS = (1, 2, 4, 8, 16)
"""Distances, in points, between the two inputs that are compared."""


@job("resnet_explorer.gradients.lab:shatter", keeps="resnet_explorer.gradients.values:Shattering")
@dataclass(frozen=True, slots=True)
class ShatterRequest:
    """Compare gradients along a line of inputs, of the user's networks and of the paper's fully connected ones.

    For the user's networks the line leads from one image to another in ``image.batch`` points. The paper's have
    ``width`` units and one input, at 256 points from -2 to 2; ``beta`` is the factor on their residual branches.
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
            problem = f"{self.image.batch} points are too few to compare points {max(LAGS)} apart."
            raise ExplorerError("batch", problem, f"Choose a batch of {max(LAGS) + 1} or more.")
        if any(spec.classes is None for spec in self.specs):
            raise ExplorerError("classes", "A backbone has no output to differentiate.", "Give it classes.")
        _check_data(self.specs, self.data)
        if not self.seeds or any(depth < 1 for depth in self.depths) or self.width < 1:
            raise ExplorerError("depths", "A depth, the width or the number of seeds is below 1.", "Choose 1 or more.")


@dataclass(frozen=True, slots=True)
class Neighbours:
    """One of the user's networks: the mean cosine of gradients at each of ``LAGS``, a row for each seed."""

    spec: ResNetSpec
    cosines: tuple[tuple[float, ...], ...]

    @property
    def mean(self) -> tuple[float, ...]:
        return tuple(map(fmean, zip(*self.cosines, strict=True)))


@dataclass(frozen=True, slots=True)
class Line:
    """A fully connected network of the paper's, by its kind; the autocorrelation of df/dx at ``LAGS`` for each seed."""

    kind: str
    depth: int
    correlations: tuple[tuple[float, ...], ...]

    @property
    def mean(self) -> tuple[float, ...]:
        return tuple(map(fmean, zip(*self.correlations, strict=True)))


@dataclass(frozen=True, slots=True, eq=False)
class Shattering(Plottable):
    """How well gradients at neighbouring inputs agree, in the user's networks and in the paper's."""

    chart_by: ClassVar[str] = "resnet_explorer.gradients.charts:lab_chart"
    request: ShatterRequest
    networks: tuple[Neighbours, ...]
    lines: tuple[Line, ...]
    data: str
    torch: str
    seconds: float
