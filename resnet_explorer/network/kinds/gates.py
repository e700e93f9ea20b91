"""The layers inside the gates that see the whole map: global context, non-local attention, BAM."""

from collections.abc import Mapping
from dataclasses import replace
from math import prod

from resnet_explorer.dataclass import dataclass
from resnet_explorer.network.kinds import base
from resnet_explorer.network.kinds.dimensions import Time
from resnet_explorer.network.kinds.norms import BatchNorm2d, Norm
from resnet_explorer.network.kinds.tape import Tape, Value

_HOME = "resnet_explorer.module.gates"

CONVOLUTIONS: Mapping[str, str] = {
    "conv_attn": "A 1×1 convolution to one number for each position: how much it counts in the context.",
    "t": "A 1×1 convolution, {into} → {out}: θ(x), what each position asks for.",
    "p": "A 1×1 convolution, {into} → {out}: φ(x), what each position is compared by.",
    "g": "A 1×1 convolution, {into} → {out}: g(x), what each position gives.",
    "z": "A 1×1 convolution back to {out} channels.",
    "reduce": "A 1×1 convolution, {into} → {out}: the branch over positions needs few channels.",
    "conv1": "A {side}×{side} convolution dilated by {apart}: it sees what lies further around each position.",
    "conv2": "A second {side}×{side} convolution dilated by {apart}: it sees further still.",
    "conv3": "A 1×1 convolution to one number for each position.",
}
"""What the convolutions of these gates are there for, by their names."""


class Weights(base.Layer):
    """Numbers that add up to 1: exp(x) over the sum of all; autograd keeps them."""

    __slots__ = ()
    role = base.Role.GATE
    ink = "gate"
    flops_each = base.SIGMOID
    sees_all = True
    box = "softmax"

    def saves(self, shape: base.Shape, output: base.Shape, training: bool) -> base.Saves:
        return base.Saves(output=True)


@dataclass(frozen=True, slots=True)
class SpatialSoftmax(Weights):
    """A weight for each position; those of a map add up to 1 (Cao et al. 2019, equation 4)."""

    module = f"{_HOME}:SpatialSoftmax"

    def record(self, tape: Tape, x: Value) -> Value:
        rows = tape.view(x, *x.shape[:2], prod(x.shape[2:]))
        return tape.view(tape.result("SoftmaxBackward0", rows, {"dim": 2}), *x.shape)

    def describe(self, at: base.Where) -> base.Description:
        return "softmax", "Makes weights of the numbers: those of all positions add up to 1."


@dataclass(frozen=True, slots=True)
class Softmax(Weights):
    """For each position a weight of every other one, which add up to 1 (Wang et al. 2018, equation 3)."""

    module = "torch.nn:Softmax"

    def arguments(self) -> Mapping[str, object]:
        return {"dim": 1}

    def record(self, tape: Tape, x: Value) -> Value:
        return tape.result("SoftmaxBackward0", x, {"dim": 1})

    def source(self, write: base.Writing) -> tuple[str, ...]:
        return (self.called, "dim=1")

    def describe(self, at: base.Where) -> base.Description:
        return "softmax", "Makes weights of the similarities: for each position those of all others add up to 1."


class Product(base.Layer):
    """A product of two signals as matrices, which both are kept; its multiply-accumulates count."""

    __slots__ = ()
    role = base.Role.MERGE
    ink = "gate"
    saves_input = True
    operands = 1
    sees_all = True
    flops_each = 0
    shows_map = True


@dataclass(frozen=True, slots=True)
class ContextPool(Product):
    """The mean of each channel over all positions, weighted: the context (Cao et al. 2019, equation 4)."""

    module = f"{_HOME}:ContextPool"
    box = "weighted mean"

    def output(self, shape: base.Shape) -> base.Shape:
        return (*shape[:2], *(1 for _ in shape[2:]))

    def work(self, shape: base.Shape, output: base.Shape) -> int:
        return prod(shape)

    def record_all(self, tape: Tape, inputs: tuple[Value, ...]) -> Value:
        x, weights = inputs
        count = prod(x.shape[2:])
        rows = tape.view(x, *x.shape[:2], count)
        columns = tape.transpose(tape.view(weights, x.shape[0], 1, count), 1, 2)
        context = tape.op("BmmBackward0", (*x.shape[:2], 1), rows, columns, saved={"self": rows, "mat2": columns})
        return tape.view(context, *self.output(x.shape))

    def describe(self, at: base.Where) -> base.Description:
        return "context", "The mean of each channel over all positions, each with its weight: the context of the image."


@dataclass(frozen=True, slots=True)
class Affinity(Product):
    """How similar each position's θ(x) is to the φ(x) of every position, scaled (Wang et al. 2018, section 3.2).

    The output has a channel for each position that is compared with: (N, H W, H, W).
    """

    channels: int
    scale: float

    module = f"{_HOME}:Affinity"
    flops_each = 1
    box = "θᵀφ"

    def output(self, shape: base.Shape) -> base.Shape:
        return (shape[0], prod(shape[2:]), *shape[2:])

    def macs(self, output: base.Shape) -> int:
        return prod(output) * self.channels

    def arguments(self) -> Mapping[str, object]:
        return {"scale": self.scale}

    @property
    def hyper(self) -> str:
        return f"×{self.scale:.4g}"

    def figures(self, output: base.Shape) -> tuple[base.Figure, ...]:
        factors = "·".join(str(length) for length in (*base.images(output), output[1], output[1], self.channels))
        teaches = "Each pair of positions, times the channels that are compared: it grows with the square of the map."
        return (("MACs", f"{factors} = {self.macs(output):,}", teaches),)

    def record_all(self, tape: Tape, inputs: tuple[Value, ...]) -> Value:
        theta, phi = inputs
        n, channels, count = *theta.shape[:2], prod(theta.shape[2:])
        rows = tape.transpose(tape.view(phi, n, channels, count), 1, 2)
        columns = tape.view(theta, n, channels, count)
        product = tape.op("BmmBackward0", (n, count, count), rows, columns, saved={"self": rows, "mat2": columns})
        return tape.view(tape.multiply(product, Value(())), *self.output(theta.shape))

    def describe(self, at: base.Where) -> base.Description:
        return "affinity", (
            "Compares each position with every other one: the product of θ(x) and φ(x) over the channels, times "
            f"{self.scale:.4g}. It has as many channels as the map has positions."
        )


@dataclass(frozen=True, slots=True)
class Gather(Product):
    """For each position the sum of what all positions give, weighted (Wang et al. 2018, equation 1)."""

    channels: int

    module = f"{_HOME}:Gather"
    box = "Σ weight · g"

    def output(self, shape: base.Shape) -> base.Shape:
        return (shape[0], self.channels, *shape[2:])

    def macs(self, output: base.Shape) -> int:
        return prod(output) * prod(output[2:])

    def arguments(self) -> Mapping[str, object]:
        return {}

    def figures(self, output: base.Shape) -> tuple[base.Figure, ...]:
        count = prod(output[2:])
        factors = "·".join(str(length) for length in (*base.images(output), count, count, self.channels))
        teaches = "Each pair of positions, times the channels that are given: it grows with the square of the map."
        return (("MACs", f"{factors} = {self.macs(output):,}", teaches),)

    def record_all(self, tape: Tape, inputs: tuple[Value, ...]) -> Value:
        weights, given = inputs
        n, channels, count = *given.shape[:2], prod(given.shape[2:])
        rows, columns = tape.view(given, n, channels, count), tape.view(weights, n, count, count)
        gathered = tape.op("BmmBackward0", (n, channels, count), rows, columns, saved={"self": rows, "mat2": columns})
        return tape.view(gathered, *given.shape)

    def describe(self, at: base.Where) -> base.Description:
        return "gather", "Each position gets the sum of what all positions give, each with its weight."


@dataclass(frozen=True, slots=True)
class LayerNorm2d(Norm):
    """Layer normalisation of the channels of a map of 1×1 (Ba et al. 2016), with timm's epsilon of 1e-6."""

    module = f"{_HOME}:LayerNorm2d"
    box = "LN"

    def saves(self, shape: base.Shape, output: base.Shape, training: bool) -> base.Saves:
        """Mean and inverse standard deviation of each image."""
        return base.Saves(input=True, extra=2 * base.BYTES_PER_VALUE * shape[0])

    def record(self, tape: Tape, x: Value) -> Value:
        rows = tape.view(x, *x.shape[:2])
        weight, bias = (tape.parameter(name, (self.channels,)) for name in self.vectors)
        statistics = (x.shape[0], 1)
        saved = {"input": rows, "weight": weight, "bias": bias}
        saved |= {"result1": Value(statistics), "result2": Value(statistics)}
        attributes = {"normalized_shape": (self.channels,)}
        made = tape.op("NativeLayerNormBackward0", rows.shape, rows, weight, bias, saved=saved, attributes=attributes)
        return tape.view(made, *x.shape)

    def describe(self, at: base.Where) -> base.Description:
        return "batchnorm", "Normalises the channels of an image, then scales and shifts each."


@dataclass(frozen=True, slots=True)
class ZeroBatchNorm2d(BatchNorm2d):
    """A batch norm whose scale starts at 0, so that what it ends starts as nothing (Wang et al. 2018, section 4.1)."""

    module = f"{_HOME}:ZeroBatchNorm2d"

    def lifted(self, dims: int, time: Time | None = None) -> "ZeroBatchNorm2d":
        return self  # made for images

    def describe(self, at: base.Where) -> base.Description:
        key, text = BatchNorm2d.describe(self, at)
        return key, f"{text} Its scale starts at 0, so that the network starts as it is without this attention."


@dataclass(frozen=True, slots=True)
class AddToMap(base.Layer):
    """x plus what its gate says, for each channel or for each value: nothing is kept."""

    role = base.Role.GATE
    ink = "gate"
    operands = 1
    is_round = True
    box = "+"

    def record_all(self, tape: Tape, inputs: tuple[Value, ...]) -> Value:
        x, more = inputs
        return tape.add(x, more)

    def describe(self, at: base.Where) -> base.Description:
        what = "the same for all positions of a channel" if at.gate == "gca" else "a value for each"
        return "add_context", f"Adds to the map what the attention has found: {what}."


@dataclass(frozen=True, slots=True)
class SumGates(base.Layer):
    """A number for each position plus one for each channel: one for each value (Park et al. 2018, equation 2)."""

    channels: int

    role = base.Role.MERGE
    module = f"{_HOME}:SumGates"
    ink = "gate"
    operands = 1
    is_round = True
    box = "+"

    def output(self, shape: base.Shape) -> base.Shape:
        return (shape[0], self.channels, *shape[2:])

    def arguments(self) -> Mapping[str, object]:
        return {}

    def record_all(self, tape: Tape, inputs: tuple[Value, ...]) -> Value:
        positions, channels = inputs
        return tape.op("AddBackward0", self.output(positions.shape), positions, channels, alpha=1)

    def describe(self, at: base.Where) -> base.Description:
        return "sum_gates", "Adds a number for each position and one for each channel: one for each value of the map."


@dataclass(frozen=True, slots=True)
class Refine(base.Layer):
    """x plus x times what its gate says of each value (Park et al. 2018, equation 1)."""

    role = base.Role.GATE
    ink = "gate"
    saves_input = True
    operands = 2
    flops_each = 2
    is_round = True
    box = "×+"

    def record_all(self, tape: Tape, inputs: tuple[Value, ...]) -> Value:
        x, gate = inputs
        return tape.add(x, tape.multiply(x, gate))

    def describe(self, at: base.Where) -> base.Description:
        return "refine", "Weights each value of the map and adds it to itself: a gate at 0 leaves x as it is."


@dataclass(frozen=True, slots=True)
class SumPairs(base.Layer):
    """The sum of what the mean and the largest value have become: a map of 1×1."""

    dims: int = 2

    role = base.Role.GATE
    module = "resnet_explorer.module.layers:SumPairs"
    ink = "pool"
    shows_map = True
    box = "sum"

    @property
    def built(self) -> str:
        return base.home(self.module, self.dims)

    def arguments(self) -> Mapping[str, object]:
        return {}

    def lifted(self, dims: int, time: Time | None = None) -> "SumPairs":
        return replace(self, dims=dims)

    def output(self, shape: base.Shape) -> base.Shape:
        return (*shape[:-1], 1)

    def record(self, tape: Tape, x: Value) -> Value:
        sizes = {"dim": (len(x.shape) - 1,), "keepdim": True, "self_sym_sizes": x.shape}
        return tape.op("SumBackward1", self.output(x.shape), x, attributes=sizes)

    def describe(self, at: base.Where) -> base.Description:
        return "sum_pairs", "Adds what the mean and the largest value have become."
