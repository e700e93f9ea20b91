"""The layers that pad maps, all without parameters."""

from collections.abc import Mapping
from dataclasses import dataclass

from resnet_explorer.network.kinds.base import Layer, Role, Shape, Story, Where, Writing, ordinal
from resnet_explorer.spec import Activation, ResNetSpec
from resnet_explorer.spec.choices import EARLY


@dataclass(frozen=True, slots=True)
class ConstantPad2d(Layer):
    """A border of zeros."""

    padding: int

    role = Role.PAD
    module = "torch.nn:ConstantPad2d"
    nodes = ("ConstantPadNdBackward0",)
    ink = "pool"
    flops_each = 0
    shows_map = True
    box = "pad with 0"

    def output(self, shape: Shape) -> Shape:
        n, channels, h, w = shape
        return (n, channels, h + 2 * self.padding, w + 2 * self.padding)

    def arguments(self) -> Mapping[str, object]:
        return {"padding": self.padding, "value": 0.0}

    def source(self, write: Writing) -> tuple[str, ...]:
        return (self.called, write.say("padding"), "0.0")

    @property
    def hyper(self) -> str:
        return f"+{self.padding} px"

    def story(self, at: Where) -> Story:
        return "pad", f"A border of zeros: in the pool after it {zeros_win(at.spec)}."


def zeros_win(spec: ResNetSpec) -> str:
    """Return what zeros around a map do to the max-pool after them."""
    rectified = spec.order not in EARLY and spec.activation is Activation.RELU
    return f"they can win against negative values{', but the ReLU before has left none' if rectified else ''}"


@dataclass(frozen=True, slots=True)
class ZeroPad(Layer):
    """Option A: every ``stride``-th position, with channels of zeros before and after to fill up.

    He et al. 2015, section 3.3 (A) and 4.2.
    """

    in_channels: int
    out_channels: int
    stride: int

    role = Role.PAD
    module = "resnet_explorer.module.layers:ZeroPad"
    nodes = ("SliceBackward0", "SliceBackward0", "ConstantPadNdBackward0")
    ink = "shortcut"
    flops_each = 0
    shows_map = True
    box = "zero-pad"

    @property
    def window(self) -> tuple[int, int]:
        return (1, self.stride)

    def output(self, shape: Shape) -> Shape:
        n, _, h, w = shape
        return (n, self.out_channels, -(-h // self.stride), -(-w // self.stride))

    def arguments(self) -> Mapping[str, object]:
        return {"extra": self.out_channels - self.in_channels, "stride": self.stride}

    def source(self, write: Writing) -> tuple[str, ...]:
        before, write.flow = write.flow, write.say("out_channels", *write.made)
        return (self.called, f"{write.flow} - {before}", write.say("stride", "stride"))

    @property
    def hyper(self) -> str:
        more = self.out_channels - self.in_channels
        stride = f"/{self.stride}, " if self.stride > 1 else ""
        return f"{stride}+{more} ch" if more >= 0 else f"{stride}drops {-more} ch"

    @property
    def caption(self) -> str:
        return f"{self.in_channels}→{self.out_channels}"

    @property
    def words(self) -> str:
        """Return what happens to x."""
        added = self.out_channels - self.in_channels
        skips = [f"taken at every {ordinal(self.stride)} position"] if self.stride > 1 else []
        pads = [f"padded with {added} channels of zeros"] if added > 0 else []
        cuts = [f"cut to {self.out_channels} of its channels"] if added < 0 else []
        return " and ".join(skips + pads + cuts)

    def story(self, at: Where) -> Story:
        return "zeropad", f"Option A: x is {self.words}; no parameters."
