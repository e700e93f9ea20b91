"""The layers that normalise."""

from dataclasses import dataclass
from math import prod

from resnet_explorer.blueprint.layers import Layer, Shape
from resnet_explorer.errors import InputError


@dataclass(frozen=True, slots=True)
class Norm(Layer):
    """A norm with a scale and a shift for each channel."""

    channels: int

    @property
    def params(self) -> int:
        return 2 * self.channels


@dataclass(frozen=True, slots=True)
class BatchNorm2d(Norm):
    """Batch normalisation: statistics of each channel over the batch and all positions."""

    def starves(self, shape: Shape) -> bool:
        return prod(shape) == shape[1]


@dataclass(frozen=True, slots=True)
class GroupNorm(Norm):
    """Group normalisation: statistics of each group of channels of one image (Wu and He 2018)."""

    groups: int

    def output(self, shape: Shape) -> Shape:
        if prod(shape) == self.groups:
            raise InputError("size", "each group would hold a single value.", "Use a larger image or fewer groups.")
        return shape


@dataclass(frozen=True, slots=True)
class InstanceNorm2d(Norm):
    """Instance normalisation: statistics of each channel of one image (Ulyanov et al. 2016)."""

    def output(self, shape: Shape) -> Shape:
        if shape[2] * shape[3] == 1:
            raise InputError("size", "a map of 1×1 has no variance to divide by.", "Use a larger image.")
        return shape


@dataclass(frozen=True, slots=True)
class FRN(Norm):
    """Filter response normalisation with its learnt threshold, which activates (Singh and Krishnan 2020)."""

    @property
    def params(self) -> int:
        return 3 * self.channels


@dataclass(frozen=True, slots=True)
class EvoNormS0(Norm):
    """x sigmoid(v x) over the group's standard deviation: norm and activation in one (Liu et al. 2020, table 2)."""

    groups: int

    @property
    def params(self) -> int:
        return 3 * self.channels
