"""A frozen dataclass per kind of layer, each with its shape rule, its parameters and its MACs.

Shapes are (N, C, H, W), or (N, features) after flattening. MACs are multiply-accumulates of convolutions and
linear layers (1 MAC = 2 FLOPs); other layers count 0, as in the papers. Sizes follow PyTorch's rule,
``floor((H + 2 p - k) / s) + 1`` (torch.nn.Conv2d, "Shape").
"""

from dataclasses import dataclass
from math import prod
from typing import ClassVar

from resnet_explorer.errors import InputError

Shape = tuple[int, ...]


class Layer:
    """What every kind of layer tells of itself, without running; the defaults are those of a pointwise layer.

    ``allocates`` is False where the output lives in memory that is there already (in place, or a view).
    """

    __slots__ = ()
    allocates: ClassVar[bool] = True

    @property
    def kind(self) -> str:
        """Return the name of the kind: torch.nn's, where torch has such a layer."""
        return type(self).__name__

    @property
    def params(self) -> int:
        """Return the number of learnable parameters."""
        return 0

    @property
    def window(self) -> tuple[int, int]:
        """Return (kernel, stride): what one output position sees of the input, and how far apart they lie."""
        return (1, 1)

    def output(self, shape: Shape) -> Shape:
        """Return the output's shape; raises InputError where the layer cannot take that input."""
        return shape

    def macs(self, output: Shape) -> int:
        """Return the multiply-accumulates that an output of this shape costs."""
        return 0


def _slide(size: int, kernel: int, stride: int, padding: int) -> int:
    if size + 2 * padding < kernel:
        raise InputError(
            "size",
            f"a {kernel}×{kernel} window does not fit on a map of {size} pixels padded by {padding}.",
            f"Give it a map of at least {kernel - 2 * padding} pixels.",
        )
    return (size + 2 * padding - kernel) // stride + 1


@dataclass(frozen=True, slots=True)
class Conv2d(Layer):
    """A convolution with a square kernel; parameters ``k k C_in C_out / groups`` and the bias."""

    in_channels: int
    out_channels: int
    kernel: int
    stride: int = 1
    padding: int = 0
    groups: int = 1
    bias: bool = False

    @property
    def params(self) -> int:
        weights = self.kernel * self.kernel * self.in_channels * self.out_channels // self.groups
        return weights + (self.out_channels if self.bias else 0)

    @property
    def window(self) -> tuple[int, int]:
        return (self.kernel, self.stride)

    def output(self, shape: Shape) -> Shape:
        n, channels, h, w = shape
        if channels != self.in_channels:
            raise InputError("channels", f"takes {self.in_channels} channels, not {channels}.", "Change the input.")
        height = _slide(h, self.kernel, self.stride, self.padding)
        return (n, self.out_channels, height, _slide(w, self.kernel, self.stride, self.padding))

    def macs(self, output: Shape) -> int:
        return prod(output) * (self.in_channels // self.groups) * self.kernel * self.kernel


@dataclass(frozen=True, slots=True)
class BatchNorm2d(Layer):
    """Batch normalisation: a scale and a shift per channel."""

    channels: int

    @property
    def params(self) -> int:
        return 2 * self.channels


@dataclass(frozen=True, slots=True)
class ReLU(Layer):
    """max(0, x), computed in place."""

    allocates: ClassVar[bool] = False


@dataclass(frozen=True, slots=True)
class Add(Layer):
    """The addition F(x) + x that ends a residual block, computed in place."""

    allocates: ClassVar[bool] = False


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
        height = _slide(h, self.kernel, self.stride, self.padding)
        return (n, channels, height, _slide(w, self.kernel, self.stride, self.padding))


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
class Flatten(Layer):
    """A view of C maps of 1×1 as C features."""

    allocates: ClassVar[bool] = False

    def output(self, shape: Shape) -> Shape:
        return (shape[0], prod(shape[1:]))


@dataclass(frozen=True, slots=True)
class Linear(Layer):
    """A fully connected layer with bias."""

    in_features: int
    out_features: int

    @property
    def params(self) -> int:
        return (self.in_features + 1) * self.out_features

    def output(self, shape: Shape) -> Shape:
        return (shape[0], self.out_features)

    def macs(self, output: Shape) -> int:
        return prod(output) * self.in_features
