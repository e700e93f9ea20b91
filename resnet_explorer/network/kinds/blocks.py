"""What joins, weights, gates and drops in a block, and the view before the classifier."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from math import prod
from typing import ClassVar

from resnet_explorer.dataclass import dataclass
from resnet_explorer.network.kinds import base
from resnet_explorer.network.kinds.dimensions import Time
from resnet_explorer.network.kinds.tape import Tape, Value


@dataclass(frozen=True, slots=True)
class Add(base.Layer):
    """The addition F(x) + x that ends a residual block, computed in place."""

    role = base.Role.JOIN
    ink = "shortcut"
    allocates = False
    operands = 1
    is_round = True
    box = "+"

    def describe(self, at: base.Where) -> base.Description:
        return "add", "Adds the shortcut to the branch: where residual learning happens. Shapes must agree."


@dataclass(frozen=True, slots=True)
class GatedAdd(base.Layer):
    """The weighted addition g F(x) + (1 - g) x, or F(x) + (1 - g) x where the gate is the shortcut's alone.

    He et al. 2016, section 3.1. What autograd keeps of it depends on both ways to it.
    """

    exclusive: bool

    role = base.Role.JOIN
    ink = "shortcut"
    operands = 2
    is_round = True
    box = "+"

    def flops(self, shape: base.Shape, output: base.Shape, training: bool) -> int:
        """1 - g, its product and the sum; g F(x) where the gate is exclusive."""
        return (3 + self.exclusive) * prod(output)

    @property
    def hyper(self) -> str:
        return "exclusive" if self.exclusive else "shortcut only"

    def describe(self, at: base.Where) -> base.Description:
        if self.exclusive:
            return "add_exclusive", "The gate shares out: g weights the branch, 1 − g the shortcut. Both are added."
        return "add_gated", "1 − g weights the shortcut; the branch is added as it is."


@dataclass(frozen=True, slots=True)
class Sigmoid(base.Layer):
    """1 / (1 + exp(-x)): a weight between 0 and 1."""

    role = base.Role.GATE
    module = "torch.nn:Sigmoid"
    ink = "gate"
    flops_each = base.SIGMOID
    box = "sigmoid"

    def saves(self, shape: base.Shape, output: base.Shape, training: bool) -> base.Saves:
        return base.Saves(output=True)

    def record(self, tape: Tape, x: Value) -> Value:
        return tape.result("SigmoidBackward0", x)

    def describe(self, at: base.Where) -> base.Description:
        each = f"one weight for each {at.gated_unit}" if at.gate else "g(x), for each value of the map"
        return "sigmoid", f"Brings each number between 0 and 1: {each}."


@dataclass(frozen=True, slots=True)
class Multiply(base.Layer):
    """x times what its gate says of each channel, or of each position; autograd keeps both factors."""

    role = base.Role.GATE
    ink = "gate"
    saves_input = True
    is_round = True
    box = "×"

    def record_all(self, tape: Tape, inputs: tuple[Value, ...]) -> Value:
        x, gate = inputs
        return tape.multiply(x, gate)

    def describe(self, at: base.Where) -> base.Description:
        return "multiply", f"The gate weights the branch's map: each {at.gated_unit} times its own weight."


class Statistics(base.Layer):
    """What an attention's gate sees of a map."""

    __slots__ = ()
    role = base.Role.GATE
    ink = "pool"
    shows_map = True
    box = "mean, max"

    def flops(self, shape: base.Shape, output: base.Shape, training: bool) -> int:
        return 2 * prod(shape)


@dataclass(frozen=True, slots=True)
class ChannelStats(Statistics):
    """Each channel's mean and largest value, side by side as a map of 1×2 (CBAM: Woo et al. 2018, equation 2)."""

    dims: int = 2

    module = "resnet_explorer.module.layers:ChannelStats"

    @property
    def built(self) -> str:
        return base.home(self.module, self.dims)

    def arguments(self) -> Mapping[str, object]:
        return {}

    def lifted(self, dims: int, time: Time | None = None) -> "ChannelStats":
        return replace(self, dims=dims)

    def output(self, shape: base.Shape) -> base.Shape:
        return (*shape[:2], *(1,) * (len(shape) - 3), 2)

    def saves(self, shape: base.Shape, output: base.Shape, training: bool) -> base.Saves:
        """The map and each channel's largest value."""
        return base.Saves(input=True, extra=base.BYTES_PER_VALUE * shape[0] * shape[1])

    def record(self, tape: Tape, x: Value) -> Value:
        axes = range(2, len(x.shape))
        both = tape.mean(x, *axes), tape.largest(x, *axes)
        return tape.op("CatBackward0", self.output(x.shape), *both, dim=axes[-1])

    def describe(self, at: base.Where) -> base.Description:
        return "channel_stats", "Each channel's mean and its largest value, side by side."


@dataclass(frozen=True, slots=True)
class SpatialStats(Statistics):
    """Each position's mean and largest value over the channels: two channels (CBAM: Woo et al. 2018, equation 3)."""

    module = "resnet_explorer.module.layers:SpatialStats"

    def output(self, shape: base.Shape) -> base.Shape:
        return (shape[0], 2, *shape[2:])

    def saves(self, shape: base.Shape, output: base.Shape, training: bool) -> base.Saves:
        """The map and each position's largest value."""
        return base.Saves(input=True, extra=base.BYTES_PER_VALUE * prod(shape) // shape[1])

    def record(self, tape: Tape, x: Value) -> Value:
        both = tape.mean(x, 1), tape.largest(x, 1)
        return tape.op("CatBackward0", self.output(x.shape), *both, dim=1)

    def describe(self, at: base.Where) -> base.Description:
        return "spatial_stats", "Mean and largest value over the channels, at each position."


class Factor(base.Layer):
    """x times a constant, ``factor``."""

    __slots__ = ()
    role = base.Role.FACTOR
    module = "resnet_explorer.module.layers:Scale"
    factor: float

    @property
    def label(self) -> str:
        return f"× {self.factor:.4g}"

    @property
    def hyper(self) -> str:
        return f"×{self.factor:.6g}"

    def record(self, tape: Tape, x: Value) -> Value:
        return tape.multiply(x, Value(()))


@dataclass(frozen=True, slots=True)
class Scale(Factor):
    """x times a constant that the user chose."""

    factor: float

    def describe(self, at: base.Where) -> base.Description:
        where = "the shortcut" if at.on_shortcut else "the branch"
        return "scale", f"A constant factor of {self.factor:g} on {where}; nothing is learnt."


@dataclass(frozen=True, slots=True)
class Gain(base.Layer):
    """x times learnt factors, one for each channel, or one for all; ``initial`` is where they start."""

    channels: int
    initial: float
    dims: int = 2

    role = base.Role.FACTOR
    module = "resnet_explorer.module.layers:Gain"
    ink = "linear"
    saves_input = True

    def tensors(self) -> Iterator[base.Tensor]:
        yield base.Tensor("weight", (self.channels, *(1,) * self.dims))

    @property
    def built(self) -> str:
        return base.home(self.module, self.dims)

    def arguments(self) -> Mapping[str, object]:
        own = {"channels": self.channels, "initial": self.initial}
        return own if self.dims == 2 else {**own, "dims": self.dims}

    def lifted(self, dims: int, time: Time | None = None) -> "Gain":
        return replace(self, dims=dims)

    def source(self, write: base.Writing) -> tuple[str, ...]:
        dims = () if self.dims == 2 else (str(self.dims),)
        return (self.called, "1" if self.channels == 1 else write.flow, repr(self.initial), *dims)

    @property
    def label(self) -> str:
        return "× α" if self.channels == 1 else "× λ"

    @property
    def hyper(self) -> str:
        return "1 factor" if self.channels == 1 else f"{self.channels} factors"

    def figures(self, output: base.Shape) -> tuple[base.Figure, ...]:
        teaches = "One factor for all." if self.channels == 1 else "One factor for each channel."
        return (("Parameters", f"{self.params:,}", teaches),)

    def record(self, tape: Tape, x: Value) -> Value:
        return tape.multiply(x, tape.parameter("weight", next(self.tensors()).shape))

    def describe(self, at: base.Where) -> base.Description:
        if self.channels > 1 or self.initial not in (0, 1):
            start = f"{self.initial:g} at first, by this app's choice (LayerScale: Touvron et al. 2021)"
            return "gain_channels", f"A learnt factor for each channel of the branch, {start}."
        if self.initial:
            return "gain", "One learnt factor on the whole branch, 1 at first (Fixup)."
        plain = "nothing passes at first" if not at.has_shortcut else "the block starts as its shortcut"
        return "gain", f"One learnt factor on the whole branch. It starts at 0, so that {plain} (SkipInit)."


@dataclass(frozen=True, slots=True)
class Bias(base.Layer):
    """x plus one learnt number that starts at 0 (Fixup: Zhang et al. 2019, section 3)."""

    role = base.Role.SHIFT
    module = "resnet_explorer.module.layers:Bias"
    ink = "linear"
    box = "+ b"

    def tensors(self) -> Iterator[base.Tensor]:
        yield base.Tensor("bias", (1,))

    def figures(self, output: base.Shape) -> tuple[base.Figure, ...]:
        return (("Parameters", f"{self.params:,}", "One number for all channels and positions."),)

    def record(self, tape: Tape, x: Value) -> Value:
        return tape.add(x, tape.parameter("bias", (1,)))

    def describe(self, at: base.Where) -> base.Description:
        return "bias", "One learnt number added to all values, 0 at first: it stands in for a norm's shift."


class Drop(base.Layer):
    """What drops in training: it keeps its mask, as float32 on the CPU, and does nothing in inference."""

    __slots__ = ()
    role = base.Role.DROP
    is_random = True

    def idles(self, training: bool) -> bool:
        return not training


@dataclass(frozen=True, slots=True)
class Dropout(Drop):
    """Sets values to 0 with a chance in training, and does nothing in inference."""

    chance: float

    has_caption = True
    module = "torch.nn:Dropout"
    renames: ClassVar = {"chance": "p"}
    box = "dropout"

    def saves(self, shape: base.Shape, output: base.Shape, training: bool) -> base.Saves:
        """The mask; the input is not saved, since the mask has no gradient."""
        return base.Saves(extra=base.BYTES_PER_VALUE * prod(output)) if training else base.Saves(passes=True)

    def source(self, write: base.Writing) -> tuple[str, ...]:
        return (self.called, repr(self.chance))

    @property
    def hyper(self) -> str:
        return f"p {self.chance:g}"

    @property
    def follows(self) -> str:
        return f" In training {100 * self.chance:g} % of the values before the second convolution are dropped."

    def record(self, tape: Tape, x: Value) -> Value:
        return tape.multiply(x, Value(x.shape)) if tape.training and self.chance else x

    def describe(self, at: base.Where) -> base.Description:
        what = "each value of the shortcut" if at.on_shortcut else "each value" if at.number else "each feature"
        return "dropout", (
            f"In training {what} is dropped with a chance of {self.chance:g} and the others are scaled up; in "
            "inference nothing happens."
        )


@dataclass(frozen=True, slots=True)
class StochasticDepth(Drop):
    """Skips the branch of whole images in training (Huang et al. 2016); the block knows the chance."""

    module = "torchvision.ops:StochasticDepth"
    box = "stochastic depth"

    def saves(self, shape: base.Shape, output: base.Shape, training: bool) -> base.Saves:
        """The mask: a value for each image."""
        return base.Saves(extra=base.BYTES_PER_VALUE * shape[0]) if training else base.Saves(passes=True)

    def arguments(self) -> Mapping[str, object]:
        return {"p": 0.0, "mode": "row"}

    def record(self, tape: Tape, x: Value) -> Value:
        mask = Value((x.shape[0], *(1 for _ in x.shape[1:])))
        return tape.multiply(x, mask) if tape.training and tape.skip else x

    def describe(self, at: base.Where) -> base.Description:
        return "dropout", (
            f"In training the branch of a whole image is skipped with a chance of {100 * at.skip:.1f} %, more "
            "the deeper the block: only the shortcut is left. Branches that stay are scaled up; in inference all pass."
        )


@dataclass(frozen=True, slots=True)
class Flatten(base.Layer):
    """A view of C maps of 1×1 as C features."""

    role = base.Role.VIEW
    module = "torch.nn:Flatten"
    flops_each = 0
    allocates = False
    box = "flatten"

    def output(self, shape: base.Shape) -> base.Shape:
        return (shape[0], prod(shape[1:]))

    def idles(self, training: bool) -> bool:
        return True

    def saves(self, shape: base.Shape, output: base.Shape, training: bool) -> base.Saves:
        return base.Saves(passes=True)

    def record(self, tape: Tape, x: Value) -> Value:
        return tape.view(x, *self.output(x.shape))

    def describe(self, at: base.Where) -> base.Description:
        return "flatten", "A view of the channels as a list of features; nothing is computed."
