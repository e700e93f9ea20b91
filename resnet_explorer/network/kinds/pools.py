"""The layers that shrink maps, all without parameters, and which choice of a spec is which."""

from collections.abc import Callable, Mapping
from math import prod
from typing import ClassVar

from resnet_explorer.dataclass import dataclass
from resnet_explorer.errors import InputError
from resnet_explorer.network.kinds import base
from resnet_explorer.network.kinds.dimensions import Time, argument, by, sides, slid, spoken
from resnet_explorer.network.kinds.pads import ConstantPad2d, Spatial
from resnet_explorer.network.kinds.tape import Tape, Value
from resnet_explorer.spec import AntiAlias, StemPool

INDEX = 8
"""Bytes of an int64, of which max-pool saves one for each value of its output."""


class Pool(Spatial):
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
        return prod(self.kernels) * prod(output)

    @property
    def kernels(self) -> tuple[int, ...]:
        """Return the side of the window along each axis."""
        return self._along(self.kernel)[0]

    @property
    def strides(self) -> tuple[int, ...]:
        """Return the stride along each axis."""
        return self._along(1, self.stride)[1]

    @property
    def side(self) -> str:
        """Return the sides of the window in words: ``3×3``."""
        return sides(self.kernels)

    @property
    def hyper(self) -> str:
        return f"{self.side}{by(self.strides)}"

    def _windows(self, tape: Tape, x: Value, name: str, shape: base.Shape, **more: object) -> Value:
        """Record a pool; PyTorch pools a signal as an image of one row."""
        kernel, stride, padding = self._along(self.kernel, self.stride, getattr(self, "padding", 0))
        if self.dims == 1:
            kernel, stride, padding = (1, *kernel), (1, *stride), (0, *padding)
            x = tape.op("UnsqueezeBackward0", (*x.shape[:2], 1, x.shape[2]), x, view_of=x, dim=-2)
            shape = (*shape[:2], 1, shape[2])
        saved = {"self": x} | ({"result1": Value(shape)} if name == "MaxPool" else {})
        window = {"kernel_size": kernel, "padding": padding, "stride": stride}
        full = f"{name}{max(2, self.dims)}D{'WithIndices' if name == 'MaxPool' else ''}Backward0"
        y = tape.op(full, shape, x, saved=saved, attributes={**window, **more})
        if self.dims > 1:
            return y
        return tape.op("SqueezeBackward1", (*shape[:2], shape[3]), y, view_of=y, dim=-2, self_sym_sizes=shape)


@dataclass(frozen=True, slots=True)
class MaxPool2d(Windows):
    """The largest value of each window."""

    kernel: int
    stride: int
    padding: int = 0
    dims: int = 2
    time: Time | None = None

    module = "torch.nn:MaxPool2d"
    renames: ClassVar = {"kernel": "kernel_size"}
    noun = "max-pool"
    short = "pool"
    size_key = "size"

    def output(self, shape: base.Shape) -> base.Shape:
        return (*shape[:2], *slid(shape[2:], *self._along(self.kernel, self.stride, self.padding)))

    def arguments(self) -> Mapping[str, object]:
        names = "kernel_size", "stride", "padding"
        sizes = self._along(self.kernel, self.stride, self.padding)
        return {name: argument(values) for name, values in zip(names, sizes, strict=True)}

    def saves(self, shape: base.Shape, output: base.Shape, training: bool) -> base.Saves:
        return base.Saves(input=True, extra=INDEX * prod(output))

    def source(self, write: base.Writing) -> tuple[str, ...]:
        padding = base.named("padding", write.say("padding"), "0")
        if self.time is not None and self.dims == 3:
            values = self.arguments()
            kernel, stride, padding = (str(values[name]) for name in ("kernel_size", "stride", "padding"))
            return (self.called, kernel, f"stride={stride}", base.named("padding", padding, "0"))
        return (self.called, write.say("kernel"), f"stride={write.say('stride')}", padding)

    @property
    def label(self) -> str:
        return f"{self.side} max-pool{by(self.strides)}"

    def record(self, tape: Tape, x: Value) -> Value:
        ones = (1,) * max(2, self.dims)
        return self._windows(tape, x, "MaxPool", self.output(x.shape), ceil_mode=False, dilation=ones)

    def describe(self, at: base.Where) -> base.Description:
        border = " What lies outside the map never wins." if self.padding else ""
        return "maxpool", f"Keeps the largest value of each {spoken(self.side)} window.{border}"


@dataclass(frozen=True, slots=True)
class BlurPool2d(Pool):
    """A fixed 1-2-1 blur at every ``stride``-th position, reflected at the border (Zhang 2019, section 3.2).

    It runs as a depthwise convolution, so its MACs count: 9 for each value of the output.
    """

    stride: int
    dims: int = 2
    time: Time | None = None

    module = "resnet_explorer.module.layers:BlurPool2d"
    flops_each = 0
    noun = "blur"
    size_key = "stage"

    @property
    def built(self) -> str:
        return self.module if self.dims == 2 else "resnet_explorer.module.any_dims:BlurPool"

    @property
    def window(self) -> tuple[int, int]:
        return (3, self.stride)

    def output(self, shape: base.Shape) -> base.Shape:
        if any(size < 2 for size, reach in zip(shape[2:], self._borders, strict=True) if reach):
            raise InputError("size", f"a map of {sides(shape[2:])} has no border to reflect.", "Use a larger image.")
        sizes = zip(shape[2:], self._strides, strict=True)
        return (*shape[:2], *((size - 1) // stride + 1 for size, stride in sizes))

    @property
    def _kernels(self) -> tuple[int, ...]:
        return self._along(3)[0]

    @property
    def _strides(self) -> tuple[int, ...]:
        return self._along(1, self.stride)[1]

    @property
    def _borders(self) -> tuple[int, ...]:
        return tuple(kernel // 2 for kernel in self._kernels)

    def _padded(self, shape: base.Shape) -> base.Shape:
        sizes = zip(shape[2:], self._borders, strict=True)
        return (*shape[:2], *(size + 2 * border for size, border in sizes))

    def arguments(self) -> Mapping[str, object]:
        if self.dims == 2:
            return {"stride": self.stride}
        return {"stride": argument(self._strides), "kernel": self._kernels}

    def macs(self, output: base.Shape) -> int:
        return prod(self._kernels) * prod(output)

    def saves(self, shape: base.Shape, output: base.Shape, training: bool) -> base.Saves:
        """The map, by the reflection, and the padded map, by the convolution."""
        return base.Saves(input=True, extra=base.BYTES_PER_VALUE * prod(self._padded(shape)))

    def source(self, write: base.Writing) -> tuple[str, ...]:
        stride = write.say("stride", "stride")
        if self.dims == 2:
            return (self.called, stride)
        is_still = self.dims == 3 and self.time is not None
        return (self.called, f"(1, {stride}, {stride})" if is_still else stride, str(self._kernels))

    @property
    def label(self) -> str:
        return f"blur{by(self._strides)}"

    @property
    def short(self) -> str:
        return self.label

    @property
    def hyper(self) -> str:
        return f"{sides(self._kernels)}{by(self._strides)}"

    def figures(self, output: base.Shape) -> tuple[base.Figure, ...]:
        values = "·".join(str(length) for length in (*base.images(output), *output[1:]))
        count = prod(self._kernels)
        weights = "Nine" if count == 9 else "Three" if count == 3 else str(count)
        teaches = f"{weights} fixed weights at every value of the output: a depthwise convolution in all but name."
        return (("MACs", f"{count} × {values} = {self.macs(output):,}", teaches),)

    @property
    def follows(self) -> str:
        shrinks = " and shrinks the map." if self.stride > 1 else "."
        return f" A convolution keeps the size; a blur follows it{shrinks}"

    def record(self, tape: Tape, x: Value) -> Value:
        channels = x.shape[1]
        sizes = tuple(border for border in reversed(self._borders) for _ in range(2))
        name = f"ReflectionPad{self.dims}DBackward0"
        padded = tape.op(name, self._padded(x.shape), x, saved={"self": x}, padding=sizes)
        kernel = Value((channels, 1, *self._kernels))
        return tape.convolution(padded, kernel, None, self.output(x.shape), (self._strides, 0, 1, channels))

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
    dims: int = 2
    time: Time | None = None

    module = "torch.nn:AvgPool2d"
    noun = "average pool"
    short = "avg"

    @property
    def keeps_size(self) -> bool:
        return self.whole and self.stride == 1

    def output(self, shape: base.Shape) -> base.Shape:
        if self.whole:
            self._check_whole(shape)
            sizes = zip(shape[2:], self.strides, strict=True)
            return (*shape[:2], *(-(-size // stride) for size, stride in sizes))
        return (*shape[:2], *slid(shape[2:], *self._along(self.kernel, self.stride, 0)))

    def _check_whole(self, shape: base.Shape) -> None:
        """Refuse what PyTorch's pool of videos does: a first window that is cut."""
        pairs = zip(shape[2:], self.kernels, strict=True)
        if self.dims == 3 and not self.keeps_size and any(size < kernel for size, kernel in pairs):
            what = f"a {self.side} mean does not fit on a video of {sides(shape[2:])}."
            raise InputError("size", what, "Use more frames, or larger ones.")

    def saves(self, shape: base.Shape, output: base.Shape, training: bool) -> base.Saves:
        """Of the pool that keeps the map's size the padded map is the input."""
        if not self.keeps_size:
            return base.Saves(input=True)
        return base.Saves(extra=base.BYTES_PER_VALUE * prod(self._padded(shape)))

    def _padded(self, shape: base.Shape) -> base.Shape:
        """Return the map with zeros behind its last positions, for each axis along which the window is wider than 1."""
        sizes = zip(shape[2:], self.kernels, strict=True)
        return (*shape[:2], *(size + kernel - 1 for size, kernel in sizes))

    @property
    def built(self) -> str:
        return base.home("resnet_explorer.module.layers:SamePool" if self.keeps_size else self.module, self.dims)

    def arguments(self) -> Mapping[str, object]:
        if self.keeps_size:
            return {} if self.dims == 2 else {"kernel": self.kernels}
        sizes = {"kernel_size": argument(self.kernels), "stride": argument(self.strides)}
        return {**sizes, "ceil_mode": self.whole, "count_include_pad": not self.whole}

    def source(self, write: base.Writing) -> tuple[str, ...]:
        if self.keeps_size:
            return (self.called,) if self.dims == 2 else (self.called, str(self.kernels))
        cut = ("ceil_mode=True", "count_include_pad=False") if self.whole else ()
        size = write.say("kernel", "stride")
        return (self.called, f"(1, {size}, {size})" if self.time and self.dims == 3 else size, *cut)

    @property
    def label(self) -> str:
        return f"{self.side} avg-pool{by(self.strides)}"

    @property
    def size_key(self) -> str:
        return "stage" if self.whole else "size"

    @property
    def follows(self) -> str:
        return f" A convolution keeps the size; a {spoken(self.side)} mean then shrinks the map."

    def record(self, tape: Tape, x: Value) -> Value:
        shape, is_whole = self.output(x.shape), self.whole and not self.keeps_size
        if self.keeps_size:
            sizes = (size for kernel in reversed(self.kernels) for size in (0, kernel - 1))
            x = tape.pad(x, self._padded(x.shape), *sizes)
        counts = {"ceil_mode": is_whole, "count_include_pad": not is_whole, "divisor_override": None}
        return self._windows(tape, x, "AvgPool", shape, **counts)

    def describe(self, at: base.Where) -> base.Description:
        window = f"The mean of each {spoken(self.side)} window"
        if self.keeps_size:
            behind = "the last row and column" if self.dims == 2 else "the last positions"
            text = f"{window}; zeros behind {behind} keep the map's size."
        elif self.whole:
            cut = " A last window that is not full gives the mean of what it has."
            then = " before the convolution" if at.next and at.next.role is base.Role.CONVOLUTION else ""
            text = f"{window}, so that every position counts{then}.{cut}"
        elif at.name == "maxpool":
            text = f"{window}, in the max-pool's place."
        else:
            text = f"{window}: it smooths and shrinks the map in the place of a stride, which drops positions."
        return "avgpool2d", text


@dataclass(frozen=True, slots=True)
class AdaptiveAvgPool2d(Pool):
    """The mean of each channel over the whole map (torch's AdaptiveAvgPool2d(1)): any input size will do."""

    dims: int = 2
    time: Time | None = None

    module = "torch.nn:AdaptiveAvgPool2d"
    box = "global avg pool"
    saves_input = False
    sees_all = True
    short = "avg pool"

    def output(self, shape: base.Shape) -> base.Shape:
        return (*shape[:2], *(1,) * (len(shape) - 2))

    def flops(self, shape: base.Shape, output: base.Shape, training: bool) -> int:
        return prod(shape)

    def arguments(self) -> Mapping[str, object]:
        return {"output_size": 1}

    def source(self, write: base.Writing) -> tuple[str, ...]:
        return (self.called, "1")

    def record(self, tape: Tape, x: Value) -> Value:
        if self.dims > 1:
            return tape.mean(x, *range(-1, -1 - self.dims, -1))
        row = tape.op("UnsqueezeBackward0", (*x.shape[:2], 1, x.shape[2]), x, view_of=x, dim=-2)
        y = tape.mean(row, -1, -2)
        return tape.op("SqueezeBackward1", self.output(x.shape), y, view_of=y, dim=-2, self_sym_sizes=y.shape)

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
