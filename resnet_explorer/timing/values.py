"""Measured times of a network, layer by layer, and the roofline of the device.

The roofline model: a layer reaches at most ``min(peak FLOP/s, intensity x peak bytes/s)`` (Williams, Waterman and
Patterson 2009, "Roofline: An Insightful Visual Performance Model", section 3). Where both are equal is the ridge.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import prod
from statistics import median
from typing import ClassVar, NamedTuple

from resnet_explorer.engine.jobs import job
from resnet_explorer.network.kinds import BYTES_PER_VALUE, Role
from resnet_explorer.readings.plottable import Plottable
from resnet_explorer.readings.results import Analysis, Row, TimingConditions
from resnet_explorer.spec import InputShape, ResNetSpec


@job("resnet_explorer.timing.lab:measure_time", keeps="resnet_explorer.timing.values:Measured")
@dataclass(frozen=True, slots=True)
class MeasureTime:
    """Time each layer and block of a network at an input on a device, backward too where it ``trains``."""

    spec: ResNetSpec
    image: InputShape
    device: str = "cpu"
    repeats: int = 10
    trains: bool = True


class Work(NamedTuple):
    """The operations and the memory traffic of a layer, a block or a network in a forward pass."""

    macs: int
    flops: int
    bytes: int

    @property
    def intensity(self) -> float | None:
        """Return the FLOPs per byte moved; None where nothing is moved."""
        return self.flops / self.bytes if self.bytes else None


def work(analysis: Analysis, *, training: bool) -> tuple[Work, ...]:
    """Return the work of each row in training or eval mode, where dropout does nothing and batch norm does less."""
    works: list[Work] = []
    gate = 0
    for row in analysis.rows:
        read, layer = row.reading, row.part.layer
        flops = 0 if layer.idles(training) else 2 * read.macs + layer.flops(read.input, read.output, training)
        works.append(Work(read.macs, flops, BYTES_PER_VALUE * _moved(row, gate, training)))
        gate = prod(read.output)  # a gate's last layer runs just before the product
    return tuple(works)


def added(parts: Sequence[Work]) -> Work:
    """Return the work of layers that run one after the other, each with its own memory traffic."""
    return Work(*(sum(values) for values in zip(*parts, strict=True)))


def _moved(row: Row, gate: int, training: bool) -> int:
    """Return the number of values a layer moves; a product has the gate as its second input."""
    layer, read = row.part.layer, row.reading
    if layer.idles(training):
        return 0
    output = prod(read.output)
    more = gate if layer.role is Role.GATE and layer.is_round else layer.operands * output
    return prod(read.input) + more + output + read.params


class Span(NamedTuple):
    """Seconds: the median of all repeats, the shortest and the longest."""

    median: float
    low: float
    high: float


def span(seconds: Sequence[float]) -> Span:
    """Return the statistics of repeated measurements."""
    return Span(median(seconds), min(seconds), max(seconds))


@dataclass(frozen=True, slots=True)
class Timed:
    """The times of a layer, a block, a stage or the network, and its work in the forward pass.

    ``backward`` is None where only the forward pass was measured.
    """

    path: str
    forward: Span
    backward: Span | None
    work: Work

    @property
    def rate(self) -> float:
        """Return the FLOP/s of the forward pass."""
        return self.work.flops / self.forward.median if self.forward.median else 0.0

    @property
    def both(self) -> float:
        """Return the seconds of the forward and the backward pass: the sum of their medians."""
        return self.forward.median + (self.backward.median if self.backward else 0.0)


@dataclass(frozen=True, slots=True, eq=False)
class Timing:
    """The times of a network at an input, in training mode where the backward pass was measured, else in eval mode.

    ``rows`` are the layers in the order of the analysis, each measured in its place. ``sums`` are the blocks, measured
    without hooks inside, and the stages and, under the empty path, the network as sums of blocks. ``whole`` is the
    network run at once; what the sums exceed it by is the cost of measuring piece by piece.
    """

    setting: TimingConditions
    image: InputShape
    training: bool
    rows: tuple[Timed, ...]
    sums: Mapping[str, Timed]
    whole: Timed

    @property
    def overhead(self) -> float:
        """Return how much longer all layers took one by one than the network at once: 0.02 is 2 % longer.

        Below 0 where the network does work that belongs to no layer, such as adding gradients where paths meet.
        """
        return sum(row.both for row in self.rows) / self.whole.both - 1 if self.whole.both else 0.0


class Limit(StrEnum):
    """What limits a layer."""

    MEMORY = "memory"
    ARITHMETIC = "arithmetic"


class Peak(NamedTuple):
    """The best rate of an operation, and its description."""

    text: str
    rate: float


@dataclass(frozen=True, slots=True)
class Peaks:
    """The measured peak rates of a device: ``arithmetic`` in FLOP/s, ``memory`` in bytes/s."""

    setting: TimingConditions
    arithmetic: tuple[Peak, ...]
    memory: tuple[Peak, ...]

    @property
    def flops(self) -> Peak:
        return max(self.arithmetic, key=lambda peak: peak.rate)

    @property
    def bandwidth(self) -> Peak:
        return max(self.memory, key=lambda peak: peak.rate)

    @property
    def ridge(self) -> float:
        """Return the FLOPs per byte above which arithmetic is the limit."""
        return self.flops.rate / self.bandwidth.rate

    def roof(self, intensity: float) -> float:
        """Return the attainable FLOP/s at so many FLOPs per byte."""
        return min(self.flops.rate, intensity * self.bandwidth.rate)

    def limit(self, work: Work) -> Limit | None:
        """Return what limits that work; None where it moves nothing.

        A layer whose maps stay in a cache may lie above the roof, which is that of the main memory.
        """
        if work.intensity is None:
            return None
        return Limit.MEMORY if work.intensity < self.ridge else Limit.ARITHMETIC


@dataclass(frozen=True, slots=True, eq=False)
class Measured(Plottable):
    """The result of ``MeasureTime``: the times, and the peak rates of the device."""

    chart_by: ClassVar[str] = "resnet_explorer.timing.charts:chart_of_times"
    job: MeasureTime
    timing: Timing
    peaks: Peaks
