"""The non-linearities, and which choice of a spec is which."""

from collections.abc import Callable, Iterator, Mapping
from math import prod
from typing import ClassVar

from resnet_explorer.dataclass import dataclass
from resnet_explorer.network.kinds.base import (
    SIGMOID,
    Description,
    Figure,
    Layer,
    Role,
    Saves,
    Shape,
    Tensor,
    Where,
    Writing,
)
from resnet_explorer.network.kinds.tape import Tape, Value
from resnet_explorer.spec import Activation as Choice


class Activation(Layer):
    """An activation of its own memory, which saves its input."""

    __slots__ = ()
    role = Role.ACTIVATION
    ink = "activation"
    saves_input = True

    def _after_sum(self, at: Where) -> str:
        return " It comes after the addition, so it acts on what the shortcut brings, too." if at.follows_sum else ""


@dataclass(frozen=True, slots=True)
class ReLU(Activation):
    """max(0, x), computed in place where nothing else needs x."""

    in_place: bool = True

    module = "torch.nn:ReLU"
    node: ClassVar[str] = "ReluBackward0"
    renames: ClassVar = {"in_place": "inplace"}

    @property
    def allocates(self) -> bool:  # type: ignore[override]  # a constant of the other kinds, a choice of this one
        return not self.in_place

    def saves(self, shape: Shape, output: Shape, training: bool) -> Saves:
        return Saves(output=True, passes=self.in_place)

    def source(self, write: Writing) -> tuple[str, ...]:
        return (self.called, "inplace=True" if self.in_place else "")

    def record(self, tape: Tape, x: Value) -> Value:
        if self.in_place and x.base is not None:
            return self._record_on_view(tape, x, x.base)
        return tape.result(self.node, x, self._attributes())

    def _record_on_view(self, tape: Tape, x: Value, base: Value) -> Value:
        """Record what is written in place into a view: the memory that it is a view of changes, and it is read anew."""
        written = tape.op("CopySlices", base.shape, base)
        strides = tuple(prod(x.shape[axis + 1 :]) for axis in range(len(x.shape)))
        return tape.op("AsStridedBackward0", x.shape, written, size=x.shape, storage_offset=0, stride=strides)

    def _attributes(self) -> Mapping[str, object]:
        return {}

    def describe(self, at: Where) -> Description:
        text = "Keeps what is positive and sets the rest to 0"
        return "relu", f"{text}." if at.gate else f"{text}{self._place(at)}.{self._after_sum(at)}"

    def _place(self, at: Where) -> str:
        if self.in_place:
            return "; works in place"
        return f", in a copy{': the shortcut still needs x' if at.shares_input else ''}"


@dataclass(frozen=True, slots=True)
class LeakyReLU(ReLU):
    """x where positive, 0.01 x elsewhere."""

    module = "torch.nn:LeakyReLU"
    operation: ClassVar[str] = "LeakyRelu"
    flops_each = 2
    box = "leaky ReLU"

    def saves(self, shape: Shape, output: Shape, training: bool) -> Saves:
        return Saves(output=True, passes=True) if self.in_place else Saves(input=True)

    @property
    def node(self) -> str:  # type: ignore[override]  # a constant of ReLU
        return f"{self.operation}Backward{self.in_place:d}"

    def record(self, tape: Tape, x: Value) -> Value:
        if not self.in_place:
            return tape.op(self.node, x.shape, x, saved={"self": x}, attributes=self._attributes())
        return ReLU.record(self, tape, x)

    def _attributes(self) -> Mapping[str, object]:
        return {"negative_slope": 0.01}

    def describe(self, at: Where) -> Description:
        text = f"Keeps what is positive and a hundredth of the rest{self._place(at)}."
        return "leaky_relu", text + self._after_sum(at)


@dataclass(frozen=True, slots=True)
class ELU(LeakyReLU):
    """x where positive, exp(x) − 1 elsewhere (Clevert et al. 2015, equation 15 with α = 1)."""

    module = "torch.nn:ELU"
    operation = "Elu"
    flops_each = 3
    box = ""

    def _attributes(self) -> Mapping[str, object]:
        return {"alpha": 1.0, "input_scale": 1, "scale": 1}

    def describe(self, at: Where) -> Description:
        text = "Keeps what is positive and brings the rest between −1 and 0, so that the mean stays near 0"
        return "elu", f"{text}{self._place(at)}.{self._after_sum(at)}"


@dataclass(frozen=True, slots=True)
class PReLU(Activation):
    """x where positive, a learnt slope times x elsewhere, one for each channel (He et al. 2015, "Delving Deep")."""

    channels: int

    module = "torch.nn:PReLU"
    renames: ClassVar = {"channels": "num_parameters"}
    flops_each = 2

    def tensors(self) -> Iterator[Tensor]:
        yield Tensor("weight", (self.channels,))

    def source(self, write: Writing) -> tuple[str, ...]:
        return (self.called, write.flow)

    def figures(self, output: Shape) -> tuple[Figure, ...]:
        return (("Parameters", f"{output[1]}", "A slope for each channel."),)

    def record(self, tape: Tape, x: Value) -> Value:
        slope = tape.view(tape.parameter("weight", (self.channels,)), *(1, self.channels, *(1 for _ in x.shape[2:])))
        return tape.op("PreluKernelBackward0", x.shape, x, slope, saved={"self": x, "weight": slope})

    def describe(self, at: Where) -> Description:
        text = "Keeps what is positive and multiplies the rest by a slope that each channel learns, 0.25 at first."
        return "prelu", text + self._after_sum(at)


@dataclass(frozen=True, slots=True)
class ReLU6(Activation):
    """min(max(0, x), 6) (Krizhevsky 2010). In place PyTorch would keep a copy of the input, so it is not."""

    module = "torch.nn:ReLU6"
    flops_each = 2

    def record(self, tape: Tape, x: Value) -> Value:
        return tape.op("HardtanhBackward0", x.shape, x, saved={"self": x}, max_val=6.0, min_val=0.0)

    def describe(self, at: Where) -> Description:
        text = "Sets what is negative to 0 and what is above 6 to 6: a range that few bits can hold."
        return "relu6", text + self._after_sum(at)


@dataclass(frozen=True, slots=True)
class Hardswish(Activation):
    """x times min(max(0, x + 3), 6) / 6: SiLU without an exponential (Howard et al. 2019, section 5.2)."""

    module = "torch.nn:Hardswish"
    flops_each = 5
    box = "hard-swish"

    def record(self, tape: Tape, x: Value) -> Value:
        return tape.op("HardswishBackward0", x.shape, x, saved={"self": x})

    def describe(self, at: Where) -> Description:
        text = "Like SiLU, but of straight lines: x above 3, 0 below −3, x (x + 3) / 6 between, without an exponential."
        return "hardswish", text + self._after_sum(at)


@dataclass(frozen=True, slots=True)
class Mish(Activation):
    """x tanh(ln(1 + exp(x))) (Misra 2019)."""

    module = "torch.nn:Mish"
    flops_each = 8

    def record(self, tape: Tape, x: Value) -> Value:
        return tape.op("MishBackward0", x.shape, x, saved={"self": x})

    def describe(self, at: Where) -> Description:
        text = "x times the hyperbolic tangent of its softplus: smooth, like SiLU, slightly negative below 0."
        return "mish", text + self._after_sum(at)


@dataclass(frozen=True, slots=True)
class SiLU(Activation):
    """x sigmoid(x) (Elfwing et al. 2017; Ramachandran et al. 2017)."""

    module = "torch.nn:SiLU"
    flops_each = SIGMOID

    def record(self, tape: Tape, x: Value) -> Value:
        return tape.op("SiluBackward0", x.shape, x, saved={"self": x})

    def describe(self, at: Where) -> Description:
        text = "x times its sigmoid: near x where x is large, slightly negative below 0, near 0 far below."
        return "silu", text + self._after_sum(at)


@dataclass(frozen=True, slots=True)
class GELU(Activation):
    """x times the normal distribution function of x (Hendrycks and Gimpel 2016)."""

    module = "torch.nn:GELU"
    flops_each = 5

    def record(self, tape: Tape, x: Value) -> Value:
        return tape.op("GeluBackward0", x.shape, x, saved={"self": x}, approximate="none")

    def describe(self, at: Where) -> Description:
        text = "x times the chance that a normal variable is below x: smooth, near x where x is large, near 0 far"
        return "gelu", f"{text} below 0.{self._after_sum(at)}"


ACTIVATIONS: Mapping[Choice, tuple[str, Callable[[bool, int], Activation]]] = {
    Choice.RELU: ("relu", lambda in_place, channels: ReLU(in_place)),
    Choice.LEAKY_RELU: ("relu", lambda in_place, channels: LeakyReLU(in_place)),
    Choice.SILU: ("act", lambda in_place, channels: SiLU()),
    Choice.GELU: ("act", lambda in_place, channels: GELU()),
    Choice.RELU6: ("relu", lambda in_place, channels: ReLU6()),
    Choice.HARD_SWISH: ("act", lambda in_place, channels: Hardswish()),
    Choice.MISH: ("act", lambda in_place, channels: Mish()),
    Choice.ELU: ("act", lambda in_place, channels: ELU(in_place)),
    Choice.PRELU: ("prelu", lambda in_place, channels: PReLU(channels)),
}
"""The name of the activation that a choice asks for, and what makes it: in place or not, for a map's channels."""
