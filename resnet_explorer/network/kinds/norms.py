"""The layers that normalise, and which choice of a spec is which."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import field, replace
from math import gcd, prod
from typing import ClassVar

from resnet_explorer.dataclass import dataclass
from resnet_explorer.errors import InputError
from resnet_explorer.network.kinds import base
from resnet_explorer.network.kinds.dimensions import Time, in_dims, sides
from resnet_explorer.network.kinds.tape import Tape, Value
from resnet_explorer.spec import Norm as Choice
from resnet_explorer.spec import ResNetSpec


@dataclass(frozen=True, slots=True)
class Norm(base.Layer):
    """A norm; ``vectors`` are its tensors with a number for each channel, by default a scale and a shift."""

    channels: int

    role = base.Role.NORM
    vectors: ClassVar[tuple[str, ...]] = ("weight", "bias")
    flops_each = base.STATISTICS + base.AFFINE

    def tensors(self) -> Iterator[base.Tensor]:
        return (base.Tensor(name, (self.channels,)) for name in self.vectors)

    def arguments(self) -> Mapping[str, object]:
        return {name: value for name, value in base.Layer.arguments(self).items() if name != "dims"}

    def source(self, write: base.Writing) -> tuple[str, ...]:
        return (self.called, write.flow)

    def figures(self, output: base.Shape) -> tuple[base.Figure, ...]:
        what = ("A scale", "A scale and a shift", "A scale, a shift and a third number for the activation")
        each = len(self.vectors)
        return (("Parameters", f"{each}·{output[1]} = {self.params:,}", f"{what[each - 1]} for each channel."),)


@dataclass(frozen=True, slots=True)
class DimsNorm(Norm):
    """A norm whose class or shapes depend on the number of dimensions."""

    dims: int = field(default=2, kw_only=True)

    @property
    def kind(self) -> str:
        return in_dims(type(self).__name__, self.dims)

    @property
    def built(self) -> str:
        return base.home(self.module, self.dims)

    def lifted(self, dims: int, time: Time | None = None) -> "DimsNorm":
        return replace(self, dims=dims)

    @property
    def _ones(self) -> tuple[int, ...]:
        return (1,) * self.dims

    @property
    def _positions(self) -> tuple[int, ...]:
        return tuple(range(2, 2 + self.dims))


@dataclass(frozen=True, slots=True)
class BatchNorm2d(DimsNorm):
    """Batch normalisation: statistics of each channel over the batch and all positions (Ioffe and Szegedy 2015)."""

    module = "torch.nn:BatchNorm2d"
    renames: ClassVar = {"channels": "num_features"}
    box = "BN"

    def tensors(self) -> Iterator[base.Tensor]:
        yield from Norm.tensors(self)
        yield base.Tensor("running_mean", (self.channels,), True)
        yield base.Tensor("running_var", (self.channels,), True)
        yield base.Tensor("num_batches_tracked", (), True)

    def starves(self, shape: base.Shape) -> bool:
        return prod(shape) == shape[1]

    def flops(self, shape: base.Shape, output: base.Shape, training: bool) -> int:
        return (base.AFFINE + base.STATISTICS * training) * prod(output)

    def saves(self, shape: base.Shape, output: base.Shape, training: bool) -> base.Saves:
        """Each channel's mean and inverse standard deviation in training; in eval the buffers serve."""
        return base.Saves(input=True, extra=2 * base.BYTES_PER_VALUE * self.channels if training else 0)

    def record(self, tape: Tape, x: Value) -> Value:
        weight, bias = (tape.parameter(name, (self.channels,)) for name in self.vectors)
        running = Value((self.channels,)), Value((self.channels,))
        return tape.batch_norm(x, weight, bias, training=tape.training, running=running)

    def describe(self, at: base.Where) -> base.Description:
        return "batchnorm", (
            "Normalises each channel, then scales and shifts it: by the batch's statistics in training, by running "
            f"averages in inference.{at.zero('Its scale starts')}"
        )


@dataclass(frozen=True, slots=True)
class GroupNorm(Norm):
    """Group normalisation: statistics of each group of channels of one image (Wu and He 2018)."""

    groups: int

    has_caption = True
    module = "torch.nn:GroupNorm"
    renames: ClassVar = {"channels": "num_channels", "groups": "num_groups"}

    def output(self, shape: base.Shape) -> base.Shape:
        if prod(shape) == self.groups:
            raise InputError("size", "each group would hold a single value.", "Use a larger image or fewer groups.")
        return shape

    def saves(self, shape: base.Shape, output: base.Shape, training: bool) -> base.Saves:
        return base.Saves(input=True, extra=2 * base.BYTES_PER_VALUE * shape[0] * self.groups)

    def source(self, write: base.Writing) -> tuple[str, ...]:
        return (self.called, write.grouped(), write.flow)

    @property
    def label(self) -> str:
        return "LN" if self.groups == 1 else "GN"

    @property
    def hyper(self) -> str:
        return "1 group" if self.groups == 1 else f"{self.groups} groups"

    def record(self, tape: Tape, x: Value) -> Value:
        weight, bias = (tape.parameter(name, (self.channels,)) for name in self.vectors)
        statistics = (x.shape[0], self.groups)
        saved = {"input": x, "result1": Value(statistics), "result2": Value(statistics), "weight": weight}
        counts = {"C": self.channels, "HxW": prod(x.shape[2:]), "N": x.shape[0], "group": self.groups}
        return tape.op("NativeGroupNormBackward0", x.shape, x, weight, bias, saved=saved, attributes=counts)

    def describe(self, at: base.Where) -> base.Description:
        if self.groups == 1:
            who = "the whole image at once (layer norm)"
        elif self.groups == self.channels:
            who = "each channel of one image (as many groups as channels)"
        else:
            who = f"groups of {self.channels // self.groups} channels of one image"
        text = f"Normalises {who}, then scales and shifts each channel: alike in training and inference, for any batch."
        return "batchnorm", text + at.zero("Its scale starts")


@dataclass(frozen=True, slots=True)
class InstanceNorm2d(DimsNorm):
    """Instance normalisation: statistics of each channel of one image (Ulyanov et al. 2016)."""

    module = "torch.nn:InstanceNorm2d"
    box = "IN"

    def output(self, shape: base.Shape) -> base.Shape:
        if prod(shape[2:]) == 1:
            raise InputError(
                "size", f"a map of {sides(self._ones)} has no variance to divide by.", "Use a larger image."
            )
        return shape

    def saves(self, shape: base.Shape, output: base.Shape, training: bool) -> base.Saves:
        """Run as a batch norm of N C channels: means, deviations, and the weight repeated for each image."""
        return base.Saves(input=True, extra=3 * base.BYTES_PER_VALUE * shape[0] * self.channels)

    def arguments(self) -> Mapping[str, object]:
        return {"num_features": self.channels, "affine": True}

    def source(self, write: base.Writing) -> tuple[str, ...]:
        return (self.called, write.flow, "affine=True")

    def record(self, tape: Tape, x: Value) -> Value:
        count = x.shape[0] * self.channels
        rows = tape.view(x, 1, count, *x.shape[2:])
        weight, bias = (
            tape.op(
                "RepeatBackward0",
                (count,),
                tape.parameter(name, (self.channels,)),
                repeats=x.shape[:1],
                self_sym_sizes=(self.channels,),
            )
            for name in self.vectors
        )
        return tape.view(tape.batch_norm(rows, weight, bias, training=True), *x.shape)

    def describe(self, at: base.Where) -> base.Description:
        text = "Normalises each channel of each image over its positions, then scales and shifts it"
        return "batchnorm", f"{text}: alike in training and inference.{at.zero('Its scale starts')}"


@dataclass(frozen=True, slots=True)
class RMSNorm2d(DimsNorm):
    """Root mean square normalisation over the channels at each position, with a scale for each and no shift.

    Zhang and Sennrich 2019 (arXiv:1910.07467), equation 4: layer norm without its mean. On maps the channels of a
    position are what is normalised, as in timm's ``RmsNorm2d``.
    """

    module = "resnet_explorer.module.layers:RMSNorm2d"
    vectors = ("weight",)
    flops_each = 4
    """The square, its sum, and two products."""
    box = "RMS"

    @property
    def built(self) -> str:
        return self.module if self.dims == 2 else "resnet_explorer.module.any_dims:RMSNorm"

    def saves(self, shape: base.Shape, output: base.Shape, training: bool) -> base.Saves:
        """1 / rms of each position, and the normed map."""
        positions = prod(shape) // shape[1]
        return base.Saves(input=True, extra=base.BYTES_PER_VALUE * (positions + prod(output)))

    def record(self, tape: Tape, x: Value) -> Value:
        square = tape.op("PowBackward0", x.shape, x, saved={"self": x}, exponent=2)
        inverse = tape.result("RsqrtBackward0", tape.add(tape.mean(square, 1)))
        weight = tape.parameter("weight", (self.channels,))
        return tape.multiply(tape.multiply(x, inverse), tape.view(weight, self.channels, *self._ones))

    def describe(self, at: base.Where) -> base.Description:
        text = (
            "Divides the channels of each position by their root mean square, then scales each channel: layer norm "
            "without the mean and the shift, alike in training and inference (Zhang and Sennrich 2019)."
        )
        return "rmsnorm", text + at.zero("Its scale starts")


@dataclass(frozen=True, slots=True)
class FRN(DimsNorm):
    """Filter response normalisation with its learnt threshold, which activates (Singh and Krishnan 2020)."""

    module = "resnet_explorer.module.layers:FRN"
    vectors = ("weight", "bias", "tau")
    flops_each = 2 + 1 + base.AFFINE + 1
    """It squares, sums, divides, scales, shifts and compares."""
    box = "FRN + TLU"

    def saves(self, shape: base.Shape, output: base.Shape, training: bool) -> base.Saves:
        """1 / rms of each channel, the normed map, and what the threshold was compared with."""
        return base.Saves(input=True, extra=base.BYTES_PER_VALUE * (shape[0] * self.channels + 2 * prod(output)))

    def record(self, tape: Tape, x: Value) -> Value:
        square = tape.op("PowBackward0", x.shape, x, saved={"self": x}, exponent=2)
        inverse = tape.result("RsqrtBackward0", tape.add(tape.mean(square, *self._positions)))
        weight, bias, tau = (
            tape.view(tape.parameter(name, (self.channels,)), self.channels, *self._ones) for name in self.vectors
        )
        y = tape.add(tape.multiply(tape.multiply(x, inverse), weight), bias)
        return tape.op("MaximumBackward0", x.shape, y, tau, saved={"self": y, "other": tau})

    def describe(self, at: base.Where) -> base.Description:
        text = "Divides each channel of an image by its root mean square, scales and shifts it, and keeps what is"
        return "frn", f"{text} above a learnt threshold τ: normalisation and activation combined."


@dataclass(frozen=True, slots=True)
class EvoNormS0(DimsNorm):
    """x sigmoid(v x) over the group's standard deviation: it normalises and activates (Liu et al. 2020, table 2)."""

    groups: int

    has_caption = True
    module = "resnet_explorer.module.layers:EvoNormS0"
    vectors = ("weight", "bias", "v")
    flops_each = base.STATISTICS + 1 + base.SIGMOID + 2 + base.AFFINE
    box = "EvoNorm-S0"

    def saves(self, shape: base.Shape, output: base.Shape, training: bool) -> base.Saves:
        """The groups' deviations, those again for each channel, the sigmoid, its product with x, and the quotient."""
        statistics = shape[0] * (self.groups + self.channels)
        return base.Saves(input=True, extra=base.BYTES_PER_VALUE * (statistics + 3 * prod(output)))

    def source(self, write: base.Writing) -> tuple[str, ...]:
        return (self.called, write.flow, write.grouped())

    @property
    def hyper(self) -> str:
        return "1 group" if self.groups == 1 else f"{self.groups} groups"

    def record(self, tape: Tape, x: Value) -> Value:
        scale, shift, v = (
            tape.view(tape.parameter(name, (self.channels,)), 1, self.channels, *self._ones) for name in self.vectors
        )
        images, each = x.shape[0], self.channels // self.groups
        rows = tape.view(x, images, self.groups, prod(x.shape[1:]) // self.groups)
        statistics = {"correction": 0, "dim": (2,), "keepdim": False}
        variance = tape.op("VarBackward0", (images, self.groups), rows, saved={"self": rows}, attributes=statistics)
        std = tape.result("SqrtBackward0", tape.add(variance))
        lifted = tape.unsqueeze(std, 2)
        shape = (images, self.groups, each)
        spread = tape.op("ExpandBackward0", shape, lifted, view_of=lifted, self_sym_sizes=lifted.shape)
        copied = tape.op("CloneBackward0", shape, spread)
        wide = tape.view(copied, images, self.channels)
        for axis in self._positions:
            wide = tape.unsqueeze(wide, axis)
        gated = tape.multiply(x, tape.result("SigmoidBackward0", tape.multiply(x, v)))
        normed = tape.op("DivBackward0", x.shape, gated, wide, saved={"self": gated, "other": wide})
        return tape.add(tape.multiply(normed, scale), shift)

    def describe(self, at: base.Where) -> base.Description:
        each = self.channels // self.groups
        over = f"group of {each} channels" if each > 1 else "channel"
        text = "Normalisation and activation combined: x · sigmoid(v x) over the standard deviation of its"
        return "evonorm", f"{text} {over}, then scaled and shifted."


NORMS: Mapping[Choice, Callable[[ResNetSpec, int], Norm]] = {
    Choice.BATCH: lambda spec, channels: BatchNorm2d(channels),
    Choice.GROUP: lambda spec, channels: GroupNorm(channels, gcd(spec.norm_groups, channels)),
    Choice.LAYER: lambda spec, channels: GroupNorm(channels, 1),
    Choice.INSTANCE: lambda spec, channels: InstanceNorm2d(channels),
    Choice.RMS: lambda spec, channels: RMSNorm2d(channels),
    Choice.FRN: lambda spec, channels: FRN(channels),
    Choice.EVONORM: lambda spec, channels: EvoNormS0(channels, gcd(spec.norm_groups, channels)),
}
"""The norm that a choice asks for, on a map of that many channels."""
