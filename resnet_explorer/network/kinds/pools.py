"""The layers that pad and shrink maps, all without parameters, and which choice of a spec is which."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import prod
from typing import ClassVar

from resnet_explorer.errors import InputError
from resnet_explorer.network.kinds import base
from resnet_explorer.network.kinds.tape import ALL, Tape, Value
from resnet_explorer.spec import Activation, AntiAlias, ResNetSpec, StemPool
from resnet_explorer.spec.choices import EARLY


@dataclass(frozen=True, slots=True)
class ConstantPad2d(base.Layer):
    """A border of zeros."""

    padding: int

    role = base.Role.PAD
    module = "torch.nn:ConstantPad2d"
    ink = "pool"
    flops_each = 0
    shows_map = True
    box = "pad with 0"

    def output(self, shape: base.Shape) -> base.Shape:
        n, channels, h, w = shape
        return (n, channels, h + 2 * self.padding, w + 2 * self.padding)

    def arguments(self) -> Mapping[str, object]:
        return {"padding": self.padding, "value": 0.0}

    def source(self, write: base.Writing) -> tuple[str, ...]:
        return (self.called, write.say("padding"), "0.0")

    @property
    def hyper(self) -> str:
        return f"+{self.padding} px"

    def record(self, tape: Tape, x: Value) -> Value:
        return tape.pad(x, self.output(x.shape), *(self.padding,) * 4)

    def describe(self, at: base.Where) -> base.Description:
        return "pad", f"A border of zeros: in the pool after it {zeros_win(at.spec)}."


def zeros_win(spec: ResNetSpec) -> str:
    """Return what zeros around a map do to the max-pool after them."""
    rectified = spec.order not in EARLY and spec.activation in (Activation.RELU, Activation.RELU6)
    return f"they can win against negative values{', but the ReLU before has left none' if rectified else ''}"


@dataclass(frozen=True, slots=True)
class ZeroPad(base.Layer):
    """Option A: every ``stride``-th position, with channels of zeros before and after to fill up.

    He et al. 2015, section 3.3 (A) and 4.2.
    """

    in_channels: int
    out_channels: int
    stride: int

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
        n, _, h, w = shape
        return (n, self.out_channels, -(-h // self.stride), -(-w // self.stride))

    def arguments(self) -> Mapping[str, object]:
        return {"extra": self.out_channels - self.in_channels, "stride": self.stride}

    def source(self, write: base.Writing) -> tuple[str, ...]:
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
    def text(self) -> str:
        """Return what happens to x."""
        added = self.out_channels - self.in_channels
        skips = [f"taken at every {base.ordinal(self.stride)} position"] if self.stride > 1 else []
        pads = [f"padded with {added} channels of zeros"] if added > 0 else []
        cuts = [f"cut to {self.out_channels} of its channels"] if added < 0 else []
        return " and ".join(skips + pads + cuts)

    def record(self, tape: Tape, x: Value) -> Value:
        output = self.output(x.shape)
        if self.stride == 1:
            x = tape.op("AliasBackward0", x.shape, x, view_of=x)
        for dim in (2, 3) if self.stride > 1 else ():
            shape = (*x.shape[:dim], -(-x.shape[dim] // self.stride), *x.shape[dim + 1 :])
            cut = {"dim": dim, "end": ALL, "self_sym_sizes": x.shape, "start": 0, "step": self.stride}
            x = tape.op("SliceBackward0", shape, x, view_of=x, attributes=cut)
        extra = self.out_channels - self.in_channels
        return tape.pad(x, output, 0, 0, 0, 0, extra // 2, extra - extra // 2)

    def describe(self, at: base.Where) -> base.Description:
        return "zeropad", f"Option A: x is {self.text}; no parameters."


INDEX = 8
"""Bytes of an int64, of which max-pool saves one for each value of its output."""


class Pool(base.Layer):
    """A pool, which saves its input."""

    __slots__ = ()
    role = base.Role.POOLING
    ink = "pool"
    shows_map = True
    saves_input = True


class Windows(Pool):
    """A pool of square windows."""

    __slots__ = ()
    kernel: int
    stride: int

    @property
    def window(self) -> tuple[int, int]:
        return (self.kernel, self.stride)

    def flops(self, shape: base.Shape, output: base.Shape, training: bool) -> int:
        return self.kernel**2 * prod(output)

    @property
    def hyper(self) -> str:
        return f"{self.kernel}×{self.kernel}{base.by(self.stride)}"


@dataclass(frozen=True, slots=True)
class MaxPool2d(Windows):
    """The largest value of each window."""

    kernel: int
    stride: int
    padding: int = 0

    module = "torch.nn:MaxPool2d"
    renames: ClassVar = {"kernel": "kernel_size"}
    noun = "max-pool"
    short = "pool"
    size_key = "size"

    def output(self, shape: base.Shape) -> base.Shape:
        return (*shape[:2], *base.slide(shape, self.kernel, self.stride, self.padding))

    def saves(self, shape: base.Shape, output: base.Shape, training: bool) -> base.Saves:
        return base.Saves(input=True, extra=INDEX * prod(output))

    def source(self, write: base.Writing) -> tuple[str, ...]:
        padding = base.named("padding", write.say("padding"), "0")
        return (self.called, write.say("kernel"), f"stride={write.say('stride')}", padding)

    @property
    def label(self) -> str:
        return f"{self.kernel}×{self.kernel} max-pool{base.by(self.stride)}"

    def record(self, tape: Tape, x: Value) -> Value:
        shape = self.output(x.shape)
        window = {"kernel_size": (self.kernel,) * 2, "padding": (self.padding,) * 2, "stride": (self.stride,) * 2}
        saved = {"self": x, "result1": Value(shape)}
        name = "MaxPool2DWithIndicesBackward0"
        return tape.op(name, shape, x, saved=saved, attributes=window, ceil_mode=False, dilation=(1, 1))

    def describe(self, at: base.Where) -> base.Description:
        border = " What lies outside the map never wins." if self.padding else ""
        return "maxpool", f"Keeps the largest value of each {self.kernel}×{self.kernel} window.{border}"


@dataclass(frozen=True, slots=True)
class BlurPool2d(Pool):
    """A fixed 1-2-1 blur at every ``stride``-th position, reflected at the border (Zhang 2019, section 3.2).

    It runs as a depthwise convolution, so its MACs count: 9 for each value of the output.
    """

    stride: int

    module = "resnet_explorer.module.layers:BlurPool2d"
    flops_each = 0
    noun = "blur"
    size_key = "stage"

    @property
    def window(self) -> tuple[int, int]:
        return (3, self.stride)

    def output(self, shape: base.Shape) -> base.Shape:
        n, channels, h, w = shape
        if min(h, w) < 2:
            raise InputError("size", f"a map of {h}×{w} has no border to reflect.", "Use a larger image.")
        return (n, channels, (h - 1) // self.stride + 1, (w - 1) // self.stride + 1)

    def macs(self, output: base.Shape) -> int:
        return 9 * prod(output)

    def saves(self, shape: base.Shape, output: base.Shape, training: bool) -> base.Saves:
        """The map, by the reflection, and the padded map, by the convolution."""
        n, channels, h, w = shape
        return base.Saves(input=True, extra=base.BYTES_PER_VALUE * n * channels * (h + 2) * (w + 2))

    def source(self, write: base.Writing) -> tuple[str, ...]:
        return (self.called, write.say("stride", "stride"))

    @property
    def label(self) -> str:
        return f"blur{base.by(self.stride)}"

    @property
    def short(self) -> str:
        return self.label

    @property
    def hyper(self) -> str:
        return f"3×3{base.by(self.stride)}"

    def figures(self, output: base.Shape) -> tuple[base.Figure, ...]:
        values = "·".join(str(length) for length in (*base.images(output), *output[1:]))
        teaches = "Nine fixed weights at every value of the output: a depthwise convolution in all but name."
        return (("MACs", f"9 × {values} = {self.macs(output):,}", teaches),)

    @property
    def follows(self) -> str:
        shrinks = " and shrinks the map." if self.stride > 1 else "."
        return f" A 3×3 keeps the size; a blur follows it{shrinks}"

    def record(self, tape: Tape, x: Value) -> Value:
        n, channels, h, w = x.shape
        padded = tape.op(
            "ReflectionPad2DBackward0", (n, channels, h + 2, w + 2), x, saved={"self": x}, padding=(1, 1, 1, 1)
        )
        kernel = Value((channels, 1, 3, 3))
        return tape.convolution(padded, kernel, None, self.output(x.shape), (self.stride, 0, 1, channels))

    def describe(self, at: base.Where) -> base.Description:
        taken = f" before every {base.ordinal(self.stride)} position is taken"
        return "blur", (
            f"A fixed 1-2-1 blur{taken if self.stride > 1 else ''}: a shift of the image changes less. It runs as a "
            "depthwise convolution, so its MACs count."
        )


@dataclass(frozen=True, slots=True)
class AvgPool2d(Windows):
    """The mean of each window; ``whole`` keeps the last, cut window (torch's ``ceil_mode``).

    A whole pool of stride 1 keeps the map's size: zeros are added behind the last row and column (timm's
    ``AvgPool2dSame``).
    """

    kernel: int
    stride: int
    whole: bool = False

    module = "torch.nn:AvgPool2d"
    noun = "average pool"
    short = "avg"

    @property
    def keeps_size(self) -> bool:
        return self.whole and self.stride == 1

    def output(self, shape: base.Shape) -> base.Shape:
        if self.whole:
            return (*shape[:2], *(-(-size // self.stride) for size in shape[2:]))
        return (*shape[:2], *base.slide(shape, self.kernel, self.stride, 0))

    def saves(self, shape: base.Shape, output: base.Shape, training: bool) -> base.Saves:
        """Of the pool that keeps the map's size the padded map is the input."""
        if not self.keeps_size:
            return base.Saves(input=True)
        n, channels, h, w = shape
        return base.Saves(extra=base.BYTES_PER_VALUE * n * channels * (h + 1) * (w + 1))

    @property
    def built(self) -> str:
        return "resnet_explorer.module.layers:SamePool" if self.keeps_size else self.module

    def arguments(self) -> Mapping[str, object]:
        if self.keeps_size:
            return {}
        sizes = {"kernel_size": self.kernel, "stride": self.stride}
        return {**sizes, "ceil_mode": self.whole, "count_include_pad": not self.whole}

    def source(self, write: base.Writing) -> tuple[str, ...]:
        if self.keeps_size:
            return (self.called,)
        cut = ("ceil_mode=True", "count_include_pad=False") if self.whole else ()
        return (self.called, write.say("kernel", "stride"), *cut)

    @property
    def label(self) -> str:
        return f"{self.kernel}×{self.kernel} avg-pool{base.by(self.stride)}"

    @property
    def size_key(self) -> str:
        return "stage" if self.whole else "size"

    @property
    def follows(self) -> str:
        return f" A 3×3 keeps the size; a mean of {self.kernel}×{self.kernel} then shrinks the map."

    def record(self, tape: Tape, x: Value) -> Value:
        shape, is_whole = self.output(x.shape), self.whole and not self.keeps_size
        if self.keeps_size:
            n, channels, h, w = x.shape
            x = tape.pad(x, (n, channels, h + 1, w + 1), 0, 1, 0, 1)
        window = {"kernel_size": (self.kernel,) * 2, "padding": (0, 0), "stride": (self.stride,) * 2}
        counts = {"ceil_mode": is_whole, "count_include_pad": not is_whole, "divisor_override": None}
        return tape.op("AvgPool2DBackward0", shape, x, saved={"self": x}, attributes={**window, **counts})

    def describe(self, at: base.Where) -> base.Description:
        window = f"The mean of each {self.kernel}×{self.kernel} window"
        if self.keeps_size:
            text = f"{window}; zeros behind the last row and column keep the map's size."
        elif self.whole:
            cut = f" A last window that does not fill {self.kernel}×{self.kernel} gives the mean of what it has."
            text = f"{window}, so that every position counts before the 1×1.{cut}"
        elif at.name == "maxpool":
            text = f"{window}, in the max-pool's place."
        else:
            text = f"{window}: it smooths and shrinks the map in the place of a stride, which drops positions."
        return "avgpool2d", text


@dataclass(frozen=True, slots=True)
class AdaptiveAvgPool2d(Pool):
    """The mean of each channel over the whole map (torch's AdaptiveAvgPool2d(1)): any input size will do."""

    module = "torch.nn:AdaptiveAvgPool2d"
    box = "global avg pool"
    saves_input = False
    sees_all = True
    short = "avg pool"

    def output(self, shape: base.Shape) -> base.Shape:
        return (shape[0], shape[1], 1, 1)

    def flops(self, shape: base.Shape, output: base.Shape, training: bool) -> int:
        return prod(shape)

    def arguments(self) -> Mapping[str, object]:
        return {"output_size": 1}

    def source(self, write: base.Writing) -> tuple[str, ...]:
        return (self.called, "1")

    def record(self, tape: Tape, x: Value) -> Value:
        return tape.mean(x, -1, -2)

    def describe(self, at: base.Where) -> base.Description:
        gate = ": what the gate sees of the image" if at.gate else ", whatever its size"
        return "avgpool", f"The mean of each channel over the whole map{gate}."


STEM_POOLS: Mapping[StemPool, tuple[tuple[str, base.Layer], ...]] = {
    StemPool.MAX: (("maxpool", MaxPool2d(3, 2, 1)),),
    StemPool.PADDED: (("pad", ConstantPad2d(1)), ("maxpool", MaxPool2d(3, 2))),
}
"""The layers of the stem's pool by their names; a convolution in its place is the stem's own."""
SMOOTHERS: Mapping[AntiAlias, Callable[[int], base.Layer]] = {
    AntiAlias.BLUR: BlurPool2d,
    AntiAlias.AVERAGE: lambda stride: AvgPool2d(stride, stride),
}
"""The pool that smooths and shrinks by a stride."""
