"""The layers that pad maps, without parameters."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Self

from resnet_explorer.dataclass import dataclass
from resnet_explorer.network.kinds import base
from resnet_explorer.network.kinds.dimensions import Time, along, argument, by, in_dims
from resnet_explorer.network.kinds.tape import ALL, Tape, Value
from resnet_explorer.spec import Activation, ResNetSpec
from resnet_explorer.spec.choices import EARLY


class Spatial(base.Layer):
    """A layer along ``dims`` axes: ``time`` says what it does along a video's frames, where that differs."""

    __slots__ = ()
    dims: int
    time: Time | None

    @property
    def kind(self) -> str:
        return in_dims(type(self).__name__, self.dims)

    @property
    def built(self) -> str:
        return base.home(self.module, self.dims)

    def lifted(self, dims: int, time: Time | None = None) -> Self:
        return replace(self, dims=dims, time=time)  # type: ignore[type-var]  # each kind of it is a dataclass

    @property
    def time_window(self) -> tuple[int, int]:
        return self.window if self.time is None else self.time[:2]

    def _along(self, kernel: int, stride: int = 1, padding: int = 0) -> tuple[tuple[int, ...], ...]:
        """Return kernel, stride and padding along each axis."""
        own = Time(kernel, stride, padding)
        frames = own if self.time is None else self.time
        return tuple(along(value, self.dims, other) for value, other in zip(own, frames, strict=True))


@dataclass(frozen=True, slots=True)
class ConstantPad2d(Spatial):
    """A border of zeros."""

    padding: int
    dims: int = 2
    time: Time | None = None

    role = base.Role.PAD
    module = "torch.nn:ConstantPad2d"
    ink = "pool"
    flops_each = 0
    shows_map = True
    box = "pad with 0"

    def output(self, shape: base.Shape) -> base.Shape:
        sizes = zip(shape[2:], self._paddings, strict=True)
        return (*shape[:2], *(size + 2 * padding for size, padding in sizes))

    @property
    def _paddings(self) -> tuple[int, ...]:
        return self._along(1, 1, self.padding)[2]

    @property
    def _sizes(self) -> tuple[int, ...]:
        """Return the zeros before and after each axis, the last axis first, as PyTorch wants them."""
        return tuple(padding for padding in reversed(self._paddings) for _ in range(2))

    def arguments(self) -> Mapping[str, object]:
        return {"padding": argument(self._sizes), "value": 0.0}

    def source(self, write: base.Writing) -> tuple[str, ...]:
        sizes = argument(self._sizes)
        return (self.called, write.say("padding") if isinstance(sizes, int) else str(sizes), "0.0")

    @property
    def hyper(self) -> str:
        return f"+{self.padding} px"

    def record(self, tape: Tape, x: Value) -> Value:
        return tape.pad(x, self.output(x.shape), *self._sizes)

    def describe(self, at: base.Where) -> base.Description:
        return "pad", f"A border of zeros: in the pool after it {zeros_win(at.spec)}."


def zeros_win(spec: ResNetSpec) -> str:
    """Return what zeros around a map do to the max-pool after them."""
    rectifies = spec.activation in (Activation.RELU, Activation.RELU6) and spec.stem_activation
    rectified = rectifies and spec.order not in EARLY
    return f"they can win against negative values{', but the ReLU before has left none' if rectified else ''}"


@dataclass(frozen=True, slots=True)
class ZeroPad(Spatial):
    """Option A: every ``stride``-th position, with channels of zeros before and after to fill up.

    He et al. 2015, section 3.3 (A) and 4.2.
    """

    in_channels: int
    out_channels: int
    stride: int
    dims: int = 2
    time: Time | None = None

    role = base.Role.PAD
    module = "resnet_explorer.module.layers:ZeroPad"
    ink = "shortcut"
    flops_each = 0
    shows_map = True
    box = "zero-pad"

    @property
    def window(self) -> tuple[int, int]:
        return (1, self.stride)

    def output(self, shape: base.Shape) -> base.Shape:
        sizes = zip(shape[2:], self.strides, strict=True)
        return (shape[0], self.out_channels, *(-(-size // stride) for size, stride in sizes))

    @property
    def strides(self) -> tuple[int, ...]:
        """Return the stride along each axis."""
        return self._along(1, self.stride)[1]

    @property
    def _frames(self) -> tuple[int, ...]:
        """Return the stride along time, where it is not the one along height and width."""
        return self.strides[:1] if self.dims == 3 and self.time else ()

    def arguments(self) -> Mapping[str, object]:
        own = {"extra": self.out_channels - self.in_channels, "stride": self.stride}
        return {**own, "frames": self._frames[0]} if self._frames else own

    def source(self, write: base.Writing) -> tuple[str, ...]:
        before, write.flow = write.flow, write.say("out_channels", *write.made)
        frames = (f"frames={stride}" for stride in self._frames)
        return (self.called, f"{write.flow} - {before}", write.say("stride", "stride"), *frames)

    @property
    def hyper(self) -> str:
        more = self.out_channels - self.in_channels
        stride = f"{by(self.strides).strip()}, " if by(self.strides) else ""
        return f"{stride}+{more} ch" if more >= 0 else f"{stride}drops {-more} ch"

    @property
    def caption(self) -> str:
        return f"{self.in_channels}→{self.out_channels}"

    @property
    def text(self) -> str:
        """Return what happens to x."""
        added = self.out_channels - self.in_channels
        frames = " of every frame" if self._frames == (1,) else ""
        skips = [f"taken at every {base.ordinal(self.stride)} position{frames}"] if self.stride > 1 else []
        pads = [f"padded with {added} channels of zeros"] if added > 0 else []
        cuts = [f"cut to {self.out_channels} of its channels"] if added < 0 else []
        return " and ".join(skips + pads + cuts)

    def record(self, tape: Tape, x: Value) -> Value:
        output = self.output(x.shape)
        if all(stride == 1 for stride in self.strides):
            x = tape.op("AliasBackward0", x.shape, x, view_of=x)
        for dim, stride in enumerate(self.strides, start=2):
            if stride == 1:
                continue
            shape = (*x.shape[:dim], -(-x.shape[dim] // stride), *x.shape[dim + 1 :])
            cut = {"dim": dim, "end": ALL, "self_sym_sizes": x.shape, "start": 0, "step": stride}
            x = tape.op("SliceBackward0", shape, x, view_of=x, attributes=cut)
        extra = self.out_channels - self.in_channels
        return tape.pad(x, output, *(0, 0) * self.dims, extra // 2, extra - extra // 2)

    def describe(self, at: base.Where) -> base.Description:
        return "zeropad", f"Option A: x is {self.text}; no parameters."
