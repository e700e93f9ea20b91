"""The layers that shrink, pad or gather maps, all without parameters."""

from dataclasses import dataclass
from math import prod

from resnet_explorer.blueprint.layers import Layer, Shape, slide
from resnet_explorer.errors import InputError


@dataclass(frozen=True, slots=True)
class MaxPool2d(Layer):
    """The largest value of each window."""

    kernel: int
    stride: int
    padding: int = 0

    @property
    def window(self) -> tuple[int, int]:
        return (self.kernel, self.stride)

    def output(self, shape: Shape) -> Shape:
        n, channels, h, w = shape
        height = slide(h, self.kernel, self.stride, self.padding)
        return (n, channels, height, slide(w, self.kernel, self.stride, self.padding))


@dataclass(frozen=True, slots=True)
class AvgPool2d(Layer):
    """The mean of each window; ``whole`` keeps the last, cut window (torch's ``ceil_mode``).

    A whole pool of stride 1 keeps the map's size: zeros are added behind the last row and column (timm's
    ``AvgPool2dSame``).
    """

    kernel: int
    stride: int
    whole: bool = False

    @property
    def window(self) -> tuple[int, int]:
        return (self.kernel, self.stride)

    def output(self, shape: Shape) -> Shape:
        n, channels, h, w = shape
        if self.whole:
            return (n, channels, -(-h // self.stride), -(-w // self.stride))
        return (n, channels, slide(h, self.kernel, self.stride, 0), slide(w, self.kernel, self.stride, 0))


@dataclass(frozen=True, slots=True)
class BlurPool2d(Layer):
    """A fixed 1-2-1 blur at every ``stride``-th position, reflected at the border (Zhang 2019, section 3.2).

    It runs as a depthwise convolution, so its MACs count: 9 for each value of the output.
    """

    stride: int

    @property
    def window(self) -> tuple[int, int]:
        return (3, self.stride)

    def output(self, shape: Shape) -> Shape:
        n, channels, h, w = shape
        if min(h, w) < 2:
            raise InputError("size", f"a map of {h}×{w} has no border to reflect.", "Use a larger image.")
        return (n, channels, (h - 1) // self.stride + 1, (w - 1) // self.stride + 1)

    def macs(self, output: Shape) -> int:
        return 9 * prod(output)


@dataclass(frozen=True, slots=True)
class ConstantPad2d(Layer):
    """A border of zeros."""

    padding: int

    def output(self, shape: Shape) -> Shape:
        n, channels, h, w = shape
        return (n, channels, h + 2 * self.padding, w + 2 * self.padding)


@dataclass(frozen=True, slots=True)
class ZeroPad(Layer):
    """Option A: every ``stride``-th position, with channels of zeros before and after to fill up.

    He et al. 2015, section 3.3 (A) and 4.2.
    """

    in_channels: int
    out_channels: int
    stride: int

    @property
    def window(self) -> tuple[int, int]:
        return (1, self.stride)

    def output(self, shape: Shape) -> Shape:
        n, _, h, w = shape
        return (n, self.out_channels, -(-h // self.stride), -(-w // self.stride))


@dataclass(frozen=True, slots=True)
class AdaptiveAvgPool2d(Layer):
    """The mean of each channel over the whole map (torch's AdaptiveAvgPool2d(1)): any input size will do."""

    def output(self, shape: Shape) -> Shape:
        return (shape[0], shape[1], 1, 1)


@dataclass(frozen=True, slots=True)
class ChannelStats(Layer):
    """Each channel's mean and largest value, side by side as a map of 1×2 (CBAM: Woo et al. 2018, equation 2)."""

    def output(self, shape: Shape) -> Shape:
        return (shape[0], shape[1], 1, 2)


@dataclass(frozen=True, slots=True)
class SumPairs(Layer):
    """The sum of what the mean and the largest value have become: a map of 1×1."""

    def output(self, shape: Shape) -> Shape:
        return (shape[0], shape[1], 1, 1)


@dataclass(frozen=True, slots=True)
class SpatialStats(Layer):
    """Each position's mean and largest value over the channels: two channels (CBAM: Woo et al. 2018, equation 3)."""

    def output(self, shape: Shape) -> Shape:
        return (shape[0], 2, *shape[2:])
