"""Convolutions and the fully connected layer."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from math import prod

from resnet_explorer.dataclass import dataclass
from resnet_explorer.errors import InputError
from resnet_explorer.network.kinds import base
from resnet_explorer.network.kinds.dimensions import Time, along, argument, by, in_dims, sides, slid, spoken
from resnet_explorer.network.kinds.gates import CONVOLUTIONS
from resnet_explorer.network.kinds.tape import Tape, Value

ITEMS = {1: "signal", 2: "image", 3: "video"}
"""What a network of so many dimensions works on."""
_STANDARDISED = {
    1: "resnet_explorer.module.any_dims:StdConv1d",
    2: "resnet_explorer.module.layers:StdConv2d",
    3: "resnet_explorer.module.any_dims:StdConv3d",
}
_SIDES = {
    1: "Kernel length",
    2: "Kernel height · kernel width",
    3: "Kernel length in time · kernel height · kernel width",
}


@dataclass(frozen=True, slots=True)
class Conv2d(base.Layer):
    """A convolution with a square kernel; parameters ``k k C_in C_out / groups`` and the bias.

    ``standardised`` brings each filter to mean 0 and variance 1 before use (Qiao et al. 2019, equation 4). In other
    dimensions the kernel has that side along each axis, but for what ``time`` says of a video's frames.
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
    dims: int = 2
    time: Time | None = None

    role = base.Role.CONVOLUTION
    module = "torch.nn:Conv2d"
    ink = "conv"
    shows_map = True
    noun = "convolution"

    @property
    def kind(self) -> str:
        return in_dims("StdConv2d" if self.standardised else "Conv2d", self.dims)

    def lifted(self, dims: int, time: Time | None = None) -> "Conv2d":
        return replace(self, dims=dims, time=time)

    @property
    def kernels(self) -> tuple[int, ...]:
        """Return the kernel's side along each axis."""
        return along(self.kernel, self.dims, self.time and self.time.kernel)

    @property
    def strides(self) -> tuple[int, ...]:
        """Return the stride along each axis."""
        return along(self.stride, self.dims, self.time and self.time.stride)

    @property
    def paddings(self) -> tuple[int, ...]:
        """Return the padding along each axis."""
        return along(self.padding, self.dims, self.time and self.time.padding)

    @property
    def dilations(self) -> tuple[int, ...]:
        """Return the dilation along each axis."""
        return along(self.dilation, self.dims)

    @property
    def _weights(self) -> int:
        return prod(self.kernels) * self.in_channels * self.out_channels // self.groups

    def tensors(self) -> Iterator[base.Tensor]:
        yield base.Tensor("weight", (self.out_channels, self.in_channels // self.groups, *self.kernels))
        if self.bias:
            yield base.Tensor("bias", (self.out_channels,))

    @property
    def window(self) -> tuple[int, int]:
        return (self.dilation * (self.kernel - 1) + 1, self.stride)

    @property
    def time_window(self) -> tuple[int, int]:
        return (self._reaches[0], self.strides[0])

    @property
    def _reaches(self) -> list[int]:
        return [self.dilation * (kernel - 1) + 1 for kernel in self.kernels]

    def output(self, shape: base.Shape) -> base.Shape:
        if shape[1] != self.in_channels:
            raise InputError("channels", f"takes {self.in_channels} channels, not {shape[1]}.", "Change the input.")
        return (shape[0], self.out_channels, *slid(shape[2:], self._reaches, self.strides, self.paddings))

    def macs(self, output: base.Shape) -> int:
        return prod(output) * (self.in_channels // self.groups) * prod(self.kernels)

    def flops(self, shape: base.Shape, output: base.Shape, training: bool) -> int:
        """The bias, and for standardised weights their statistics, and their shift and scale."""
        own = (base.STATISTICS + base.AFFINE) * self._weights if self.standardised else 0
        return own + prod(output) * self.bias

    def saves(self, shape: base.Shape, output: base.Shape, training: bool) -> base.Saves:
        """Standardised: also the weights as they were used, and each filter's mean and standard deviation."""
        own = base.BYTES_PER_VALUE * (self._weights + 2 * self.out_channels) if self.standardised else 0
        return base.Saves(input=True, extra=own)

    @property
    def built(self) -> str:
        return _STANDARDISED[self.dims] if self.standardised else base.home(self.module, self.dims)

    def arguments(self) -> Mapping[str, object]:
        return {
            "in_channels": self.in_channels,
            "out_channels": self.out_channels,
            "kernel_size": argument(self.kernels),
            "stride": argument(self.strides),
            "padding": argument(self.paddings),
            "dilation": self.dilation,
            "groups": self.groups,
            "bias": self.bias,
        }

    def source(self, write: base.Writing) -> tuple[str, ...]:
        return write.convolution(self.called)

    @property
    def label(self) -> str:
        dilated = f", dilated {self.dilation}" if self.dilation > 1 else ""
        return f"{self.side} {'std ' if self.standardised else ''}conv{by(self.strides)}{dilated}"

    @property
    def side(self) -> str:
        """Return the sides of the kernel in words: ``3×3``."""
        return sides(self.kernels)

    @property
    def short(self) -> str:
        return f"{self.side}{by(self.strides)}"

    @property
    def hyper(self) -> str:
        groups = f" g{self.groups}" if self.groups > 1 else ""
        return self.short + groups + (f" d{self.dilation}" if self.dilation > 1 else "")

    @property
    def caption(self) -> str:
        return f"{self.in_channels}→{self.out_channels}" + (f", {self.groups} groups" if self.groups > 1 else "")

    def figures(self, output: base.Shape) -> tuple[base.Figure, ...]:
        bias = self.out_channels if self.bias else 0
        factors = "·".join(map(str, (*self.kernels, self.in_channels // self.groups, self.out_channels)))
        positions = "·".join(str(length) for length in (*base.images(output), *output[2:]))
        dilated = " Dilation adds none: the weights only lie further apart." if self.dilation > 1 else ""
        biases = f" One bias for each of the {bias} channels out." if bias else ""
        return (
            (
                "Parameters",
                f"{factors}{f' + {bias}' if bias else ''} = {self.params:,}",
                f"{_SIDES[self.dims]} · channels in (of a group) · channels out.{biases}{dilated}",
            ),
            (
                "MACs",
                f"{self._weights:,} × {positions} = {self.macs(output):,}",
                f"Each weight is used once at every output position of every {ITEMS[self.dims]}.",
            ),
        )

    @property
    def size_key(self) -> str:
        return "" if self.window == self.time_window == (1, 1) else "size_dilated" if self.dilation > 1 else "size"

    def record(self, tape: Tape, x: Value) -> Value:
        weight = tape.parameter("weight", next(self.tensors()).shape)
        bias = tape.parameter("bias", (self.out_channels,)) if self.bias else None
        if self.standardised:
            rows = tape.unsqueeze(tape.view(weight, weight.shape[0], prod(weight.shape[1:])), 0)
            weight = tape.view(tape.batch_norm(rows, None, None, training=True, eps=1e-08), *weight.shape)
        sizes = self.strides, self.paddings, self.dilations, self.groups
        return tape.convolution(x, weight, bias, self.output(x.shape), sizes)

    def describe(self, at: base.Where) -> base.Description:
        key = "conv_standardised" if self.standardised else "conv_dilated" if self.dilation > 1 else "conv"
        name = at.name
        if at.gate:
            return key, f"{self._in_gate(name, at)}{self._unbiased(at)}"
        text = f"A {spoken(self.side)} convolution: {self._mixes}."
        if name == "gate.conv":
            return key, f"{text} It works out the shortcut's gate g(x). {base.gate_start(at.spec)}"
        return key, f"{text}{self._where(name)}{self._unbiased(at)}{at.zero('Its weights start')}"

    @property
    def _is_depthwise(self) -> bool:
        return self.groups == self.in_channels == self.out_channels > 1

    @property
    def _mixes(self) -> str:
        """Return what it mixes: channels, unless it is depthwise, and positions, unless it is 1x1."""
        around = self._around
        mixed = " and ".join(filter(None, ("" if self._is_depthwise else "channels", around)))
        stride = self._taken
        return f"mixes {mixed}{'' if around else ' at each position'}{stride}"

    @property
    def _around(self) -> str:
        """Return between what it looks beside channels: neighbouring positions, or frames, or nothing."""
        if self.dims < 3 or self.time is None or self.time.kernel == self.kernel:
            return "neighbouring positions" if self.kernel > 1 else ""
        near = "positions of each frame" if self.time.kernel == 1 else "positions and frames"
        return f"neighbouring {near if self.kernel > 1 else 'frames at each position'}"

    @property
    def _taken(self) -> str:
        frames, space = self.strides[0], self.stride
        if frames == space:
            return f", at every {base.ordinal(space)} position" if space > 1 else ""
        places = f", at every {base.ordinal(space)} position" if space > 1 else ""
        return places + (f" of every {base.ordinal(frames)} frame" if frames > 1 else " of every frame")

    def _where(self, name: str) -> str:
        each = self.in_channels // self.groups
        text = " It brings x to the shape of F(x)." if name.startswith("downsample.") else ""
        if name.startswith("downsample.0.conv"):
            text = " It gives one half of the channels of F(x)."
        if self._is_depthwise:
            text += " Each channel is worked on alone (depthwise)."
        elif self.groups > 1:
            text += f" {self.groups} groups of {each} channel{'' if each == 1 else 's'} work apart."
        if self.dilation > 1:
            unit = "pixels" if self.dims == 2 else "positions"
            text += f" Its weights lie {self.dilation} {unit} apart: it sees further without a stride."
        if self.standardised:
            text += " Each filter is normalised to mean 0 and variance 1 before use."
        return text

    def _unbiased(self, at: base.Where) -> str:
        """Return why it has no bias; nothing where it has one."""
        if self.bias:
            return ""
        after = at.next
        if after and after.role is base.Role.NORM and after.shifts:
            where = "" if not at.ends_chain else " the addition"
            return f" No bias: the norm after{where or ' it'} shifts."
        if after and after.role is base.Role.SHIFT:
            return " No bias for each channel: one number for all follows it."
        return " No bias."

    def _in_gate(self, name: str, at: base.Where) -> str:
        gate = at.gate
        if gate in ("gc", "gca", "nl", "bam") and (text := CONVOLUTIONS.get(name.rpartition(".")[2])):
            sizes = {"into": self.in_channels, "out": self.out_channels, "side": self.kernel, "apart": self.dilation}
            return text.format(**sizes)
        side = sides((1,) * self.dims)
        if name.endswith((".fc1", ".fc_reduce")):
            means = "means and largest values" if name.startswith("cbam") else "means"
            means = "weighted means" if gate in ("gc", "gca") else means
            few = ": through so few numbers the gate needs few weights" if self.out_channels < self.in_channels else ""
            return f"A {side} convolution on the channels' {means}, {self.in_channels} → {self.out_channels}{few}."
        if name.endswith((".fc2", ".fc_select")):
            each = " of each path" if name.endswith(".fc_select") or (name == "splat.fc2" and at.spec.radix > 1) else ""
            return f"A {side} convolution back to {self.out_channels} numbers: one for each channel{each}."
        return (
            f"A {spoken(self.side)} convolution over mean and largest value: one number for each position, "
            "from what lies around it."
        )


@dataclass(frozen=True, slots=True)
class ChannelConv1d(base.Layer):
    """A 1-D convolution over the channels' means: k weights in all (ECA: Wang et al. 2020)."""

    kernel: int
    dims: int = 2

    role = base.Role.CONVOLUTION
    has_caption = True
    module = "resnet_explorer.module.layers:ChannelConv1d"
    ink = "conv"
    box = "1-D conv"
    flops_each = 0
    saves_input = True

    def tensors(self) -> Iterator[base.Tensor]:
        yield base.Tensor("weight", (1, 1, self.kernel))

    def macs(self, output: base.Shape) -> int:
        return prod(output) * self.kernel

    @property
    def hyper(self) -> str:
        return f"k{self.kernel}"

    def figures(self, output: base.Shape) -> tuple[base.Figure, ...]:
        each = "".join(f"{count}·" for count in base.images(output))
        return (
            ("Parameters", f"{self.params:,}", "The same weights slide along all channels."),
            (
                "MACs",
                f"{self.kernel} × {each}{output[1]} = {self.macs(output):,}",
                "Each weight is used once for every channel of every image.",
            ),
        )

    def record(self, tape: Tape, x: Value) -> Value:
        weight = tape.parameter("weight", (1, 1, self.kernel))
        row = x if self.dims == 1 else tape.view(x, *x.shape[:2], 1)  # flattening a signal does nothing
        rows = tape.transpose(row, 1, 2)
        mixed = tape.convolution(rows, weight, None, rows.shape, (1, self.kernel // 2, 1, 1))
        turned = tape.transpose(mixed, 1, 2)
        return (
            turned if self.dims == 1 else tape.view(turned, *x.shape) if self.dims == 3 else tape.unsqueeze(turned, 3)
        )

    def lifted(self, dims: int, time: Time | None = None) -> "ChannelConv1d":
        return replace(self, dims=dims)

    @property
    def built(self) -> str:
        return base.home(self.module, self.dims)

    def arguments(self) -> Mapping[str, object]:
        return {"kernel": self.kernel}

    def describe(self, at: base.Where) -> base.Description:
        text = f"Each channel's mean is mixed with those of its {self.kernel - 1} neighbours"
        return "conv1d", f"{text}: {self.kernel} weights in all."


@dataclass(frozen=True, slots=True)
class Linear(base.Layer):
    """A fully connected layer with bias."""

    in_features: int
    out_features: int

    role = base.Role.LINEAR
    has_caption = True
    module = "torch.nn:Linear"
    ink = "linear"
    box = "fc"
    saves_input = True
    short = "fc"

    def tensors(self) -> Iterator[base.Tensor]:
        yield base.Tensor("weight", (self.out_features, self.in_features))
        yield base.Tensor("bias", (self.out_features,))

    def output(self, shape: base.Shape) -> base.Shape:
        return (shape[0], self.out_features)

    def macs(self, output: base.Shape) -> int:
        return prod(output) * self.in_features

    def source(self, write: base.Writing) -> tuple[str, ...]:
        write.flow = write.say("out_features")
        return (self.called, write.say("in_features"), write.flow)

    @property
    def hyper(self) -> str:
        return f"{self.in_features}→{self.out_features}"

    def figures(self, output: base.Shape) -> tuple[base.Figure, ...]:
        weights = f"{self.in_features}·{self.out_features}"
        each = "".join(f" × {count}" for count in base.images(output))
        return (
            ("Parameters", f"{weights} + {self.out_features} = {self.params:,}", "Weights and biases."),
            ("MACs", f"{weights}{each} = {self.macs(output):,}", "Each weight is used once for every image."),
        )

    def record(self, tape: Tape, x: Value) -> Value:
        weight, bias = (tape.parameter(tensor.name, tensor.shape) for tensor in self.tensors())
        turned = tape.op("TBackward0", weight.shape[::-1], weight)
        sizes = {"mat1_sym_sizes": x.shape, "mat1_sym_strides": (x.shape[1], 1)}
        sizes |= {"mat2_sym_sizes": turned.shape, "mat2_sym_strides": (1, self.in_features)}
        saved = {"mat1": x, "mat2": turned}
        shape = self.output(x.shape)
        return tape.op("AddmmBackward0", shape, bias, x, turned, saved=saved, alpha=1, beta=1, attributes=sizes)

    def describe(self, at: base.Where) -> base.Description:
        if at.name == "hidden":
            return "linear", f"Fully connected: {self.out_features} hidden features, from which the classes are scored."
        if at.next and at.next.role is base.Role.NORM:
            return "linear", f"Fully connected: an embedding of {self.out_features} numbers."
        return "linear", "Fully connected: one score for each class."
