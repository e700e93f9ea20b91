"""A frozen dataclass per kind of layer, each with its shape rule, its parameters and its MACs.

Shapes are (N, C, H, W), or (N, features) after flattening. MACs are multiply-accumulates of convolutions and
linear layers (1 MAC = 2 FLOPs); other layers count 0, as in the papers. Sizes follow PyTorch's rule,
``floor((H + 2 p - d (k - 1) - 1) / s) + 1`` (torch.nn.Conv2d, "Shape").
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

    def starves(self, shape: Shape) -> bool:
        """Return whether training fails on an input of this shape, for want of values to take statistics of."""
        return False


def slide(size: int, kernel: int, stride: int, padding: int) -> int:
    """Return how many positions a window of ``kernel`` pixels takes on a side of ``size`` pixels.

    Raises InputError where it does not fit.
    """
    if size + 2 * padding < kernel:
        raise InputError(
            "size",
            f"a {kernel}×{kernel} window does not fit on a map of {size} pixels padded by {padding}.",
            f"Give it a map of at least {kernel - 2 * padding} pixels.",
        )
    return (size + 2 * padding - kernel) // stride + 1


@dataclass(frozen=True, slots=True)
class Conv2d(Layer):
    """A convolution with a square kernel; parameters ``k k C_in C_out / groups`` and the bias.

    ``standardised`` brings each filter to mean 0 and variance 1 before use (Qiao et al. 2019, equation 4).
    """

    in_channels: int
    out_channels: int
    kernel: int
    stride: int = 1
    padding: int = 0
    groups: int = 1
    bias: bool = False
    dilation: int = 1
    standardised: bool = False

    @property
    def kind(self) -> str:
        return "StdConv2d" if self.standardised else "Conv2d"

    @property
    def params(self) -> int:
        weights = self.kernel * self.kernel * self.in_channels * self.out_channels // self.groups
        return weights + (self.out_channels if self.bias else 0)

    @property
    def window(self) -> tuple[int, int]:
        return (self.dilation * (self.kernel - 1) + 1, self.stride)

    def output(self, shape: Shape) -> Shape:
        n, channels, h, w = shape
        if channels != self.in_channels:
            raise InputError("channels", f"takes {self.in_channels} channels, not {channels}.", "Change the input.")
        reach = self.dilation * (self.kernel - 1) + 1
        height = slide(h, reach, self.stride, self.padding)
        return (n, self.out_channels, height, slide(w, reach, self.stride, self.padding))

    def macs(self, output: Shape) -> int:
        return prod(output) * (self.in_channels // self.groups) * self.kernel * self.kernel


@dataclass(frozen=True, slots=True)
class ReLU(Layer):
    """max(0, x), computed in place where nothing else needs x."""

    in_place: bool = True

    @property
    def allocates(self) -> bool:  # type: ignore[override]  # a constant of the other kinds, a choice of this one
        return not self.in_place


@dataclass(frozen=True, slots=True)
class LeakyReLU(ReLU):
    """x where positive, 0.01 x elsewhere."""


@dataclass(frozen=True, slots=True)
class SiLU(Layer):
    """x sigmoid(x) (Elfwing et al. 2017; Ramachandran et al. 2017)."""


@dataclass(frozen=True, slots=True)
class GELU(Layer):
    """x times the normal distribution function of x (Hendrycks and Gimpel 2016)."""


@dataclass(frozen=True, slots=True)
class Sigmoid(Layer):
    """1 / (1 + exp(-x)): a weight between 0 and 1."""


@dataclass(frozen=True, slots=True)
class Add(Layer):
    """The addition F(x) + x that ends a residual block, computed in place."""

    allocates: ClassVar[bool] = False


@dataclass(frozen=True, slots=True)
class GatedAdd(Layer):
    """The weighed addition g F(x) + (1 - g) x, or F(x) + (1 - g) x where the gate is the shortcut's alone.

    He et al. 2016, section 3.1.
    """

    exclusive: bool


@dataclass(frozen=True, slots=True)
class Multiply(Layer):
    """x times what its gate says of each channel, or of each position."""


@dataclass(frozen=True, slots=True)
class Scale(Layer):
    """x times a constant."""

    factor: float


@dataclass(frozen=True, slots=True)
class Gain(Layer):
    """x times learnt factors, one for each channel, or one for all; ``initial`` is where they start."""

    channels: int
    initial: float

    @property
    def params(self) -> int:
        return self.channels


@dataclass(frozen=True, slots=True)
class Bias(Layer):
    """x plus one learnt number that starts at 0 (Fixup: Zhang et al. 2019, section 3)."""

    @property
    def params(self) -> int:
        return 1


@dataclass(frozen=True, slots=True)
class Dropout(Layer):
    """Sets values to 0 with a chance in training, and does nothing in inference."""

    chance: float


@dataclass(frozen=True, slots=True)
class StochasticDepth(Layer):
    """Skips the branch of whole images in training (Huang et al. 2016); the block knows the chance."""


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


@dataclass(frozen=True, slots=True)
class ChannelConv1d(Layer):
    """A 1-D convolution over the channels' means: k weights in all (ECA: Wang et al. 2020)."""

    kernel: int

    @property
    def params(self) -> int:
        return self.kernel

    def macs(self, output: Shape) -> int:
        return prod(output) * self.kernel
