"""What parts a map into parallel paths, what weights the paths, and what makes one map of them again."""

from collections.abc import Mapping
from math import prod
from typing import ClassVar

from resnet_explorer.dataclass import dataclass
from resnet_explorer.network.kinds import base
from resnet_explorer.network.kinds.dimensions import Time
from resnet_explorer.network.kinds.pools import Windows
from resnet_explorer.network.kinds.tape import Tape, Value

_HOME = "resnet_explorer.module.forks"


@dataclass(frozen=True, slots=True)
class Slice(base.Layer):
    """The ``number``-th of ``count`` slices of as many ``channels`` each: a view."""

    number: int
    count: int
    channels: int

    role = base.Role.VIEW
    module = f"{_HOME}:Slice"
    ink = "pool"
    flops_each = 0
    allocates = False
    has_caption = True

    @property
    def start(self) -> int:
        """Return its first channel."""
        return (self.number - 1) * self.channels

    def output(self, shape: base.Shape) -> base.Shape:
        return (shape[0], self.channels, *shape[2:])

    def idles(self, training: bool) -> bool:
        return True

    def saves(self, shape: base.Shape, output: base.Shape, training: bool) -> base.Saves:
        return base.Saves(passes=True)

    def arguments(self) -> Mapping[str, object]:
        return {"start": self.start, "channels": self.channels}

    @property
    def label(self) -> str:
        return f"slice {self.number}/{self.count}"

    @property
    def hyper(self) -> str:
        return f"{self.channels} of {self.count * self.channels}"

    def record(self, tape: Tape, x: Value) -> Value:
        start, end = self.start, self.start + self.channels
        return tape.op(
            "SliceBackward0", self.output(x.shape), x, view_of=x, dim=1, self_sym_sizes=x.shape, start=start, end=end,
            step=1,
        )  # fmt: skip

    def describe(self, at: base.Where) -> base.Description:
        first, last = self.start + 1, self.start + self.channels
        which = f"channel {first}" if first == last else f"channels {first} to {last}"
        return "slice", f"A view of {which} of {self.count * self.channels}: slice {self.number} of {self.count}."


class Merge(base.Layer):
    """What takes several maps and gives one."""

    __slots__ = ()
    role = base.Role.MERGE
    ink = "gate"


@dataclass(frozen=True, slots=True)
class Carry(Merge):
    """The slice plus what the path before it put out (Res2Net: Gao et al. 2019, equation 1)."""

    module = f"{_HOME}:Carry"
    operands = 1
    is_round = True
    box = "+"

    def record_all(self, tape: Tape, inputs: tuple[Value, ...]) -> Value:
        x, before = inputs
        return tape.add(before, x)

    def describe(self, at: base.Where) -> base.Description:
        return "carry", (
            "Adds the output of the path before to the slice: each path sees further than the one before it, so one "
            "block works at several scales."
        )


@dataclass(frozen=True, slots=True)
class Concat(Merge):
    """The ends of all paths, one after the other as channels: ``channels`` in all."""

    channels: int

    module = f"{_HOME}:Concat"
    flops_each = 0
    shows_map = True
    box = "concat"

    def output(self, shape: base.Shape) -> base.Shape:
        return (shape[0], self.channels, *shape[2:])

    def arguments(self) -> Mapping[str, object]:
        return {}

    @property
    def hyper(self) -> str:
        return f"{self.channels} ch"

    def record_all(self, tape: Tape, inputs: tuple[Value, ...]) -> Value:
        return tape.op("CatBackward0", self.output(inputs[0].shape), *inputs, dim=1)

    def describe(self, at: base.Where) -> base.Description:
        return "concat", f"Puts the channels of all paths one after the other: {self.channels} in all."


@dataclass(frozen=True, slots=True)
class SumPaths(Merge):
    """The sum of the ends of all paths: what the attention over the paths sees."""

    paths: int

    module = f"{_HOME}:SumPaths"
    is_round = True
    box = "+"

    @property
    def operands(self) -> int:  # type: ignore[override]  # a number for each number of paths
        return self.paths - 1

    def flops(self, shape: base.Shape, output: base.Shape, training: bool) -> int:
        return (self.paths - 1) * prod(output)

    def arguments(self) -> Mapping[str, object]:
        return {}

    def record_all(self, tape: Tape, inputs: tuple[Value, ...]) -> Value:
        first, *others = inputs
        for other in others:
            first = tape.add(first, other)
        return first

    def describe(self, at: base.Where) -> base.Description:
        return "sum_paths", f"The sum of all {self.paths} paths: what the attention sees of them."


@dataclass(frozen=True, slots=True)
class PathSoftmax(base.Layer):
    """For each channel the weights of all paths, which add up to 1.

    The input holds a number for each group, path and channel of the group, in that order; the output for each path and
    channel (SK: Li et al. 2019, equation 5; ResNeSt: Zhang et al. 2020, equation 3).
    """

    paths: int
    groups: int = 1

    role = base.Role.GATE
    module = f"{_HOME}:PathSoftmax"
    ink = "gate"
    flops_each = base.SIGMOID
    box = "softmax"

    def saves(self, shape: base.Shape, output: base.Shape, training: bool) -> base.Saves:
        return base.Saves(output=True)

    @property
    def hyper(self) -> str:
        return f"over {self.paths} paths"

    def record(self, tape: Tape, x: Value) -> Value:
        n, channels = x.shape[:2]
        apart = tape.transpose(tape.view(x, n, self.groups, self.paths, channels // self.paths // self.groups), 1, 2)
        shared = tape.result("SoftmaxBackward0", apart, {"dim": 1})
        return tape.view(shared, *x.shape)

    def describe(self, at: base.Where) -> base.Description:
        return "path_softmax", (
            f"Makes weights of the numbers: for each channel those of the {self.paths} paths add up to 1."
        )


@dataclass(frozen=True, slots=True)
class WeightedSum(Merge):
    """The sum of all paths, each channel of each path times its weight; autograd keeps maps and weights."""

    paths: int

    module = f"{_HOME}:WeightedSum"
    saves_input = True
    box = "weighted sum"

    @property
    def operands(self) -> int:  # type: ignore[override]  # a number for each number of paths
        return self.paths - 1

    def flops(self, shape: base.Shape, output: base.Shape, training: bool) -> int:
        return (2 * self.paths - 1) * prod(output)

    def arguments(self) -> Mapping[str, object]:
        return {}

    def record_all(self, tape: Tape, inputs: tuple[Value, ...]) -> Value:
        *maps, weights = inputs
        channels, total = maps[0].shape[1], None
        for number, each in enumerate(maps, start=1):
            own = Slice(number, self.paths, channels).record(tape, weights)
            product = tape.multiply(each, own)
            total = product if total is None else tape.add(total, product)
        assert total is not None, "there are paths"
        return total

    def describe(self, at: base.Where) -> base.Description:
        return "weighted_sum", "Adds the paths, each channel of each path times its own weight."


@dataclass(frozen=True, slots=True)
class ShakeMix(Merge):
    """α F1 + (1 - α) F2: in training α is drawn for each image and again for the backward pass, else it is 1/2.

    Gastaldi 2017, equation 2 and section 2.2 ("Shake-Shake-Image").
    """

    module = f"{_HOME}:ShakeMix"
    operands = 1
    is_random = True
    box = "mix α, 1 − α"

    def flops(self, shape: base.Shape, output: base.Shape, training: bool) -> int:
        return 3 * prod(output)

    def saves(self, shape: base.Shape, output: base.Shape, training: bool) -> base.Saves:
        """The factor of the backward pass: a value for each image."""
        return base.Saves(extra=base.BYTES_PER_VALUE * shape[0] if training else 0)

    def record_all(self, tape: Tape, inputs: tuple[Value, ...]) -> Value:
        first, second = inputs
        if not tape.training:
            return tape.op("LerpBackward0", first.shape, first, second, weight=0.5)
        beta = Value((first.shape[0], *(1,) * (len(first.shape) - 1)))
        return tape.op("ShakeBackward", first.shape, first, second, saved={"": beta})

    def describe(self, at: base.Where) -> base.Description:
        return "shake", (
            "In training the branches are mixed α to 1 − α, α being drawn for each image; on the way back the gradient "
            "is shared β to 1 − β, drawn anew. In inference each counts one half."
        )


@dataclass(frozen=True, slots=True)
class Shift(base.Layer):
    """The map moved up and left by a pixel, with zeros behind the last row and column."""

    role = base.Role.PAD
    module = "torch.nn:ZeroPad2d"
    ink = "pool"
    flops_each = 0
    box = "shift 1 px"

    @property
    def window(self) -> tuple[int, int]:
        return (2, 1)

    def arguments(self) -> Mapping[str, object]:
        return {"padding": (-1, 1, -1, 1)}

    def source(self, write: base.Writing) -> tuple[str, ...]:
        return (self.called, "(-1, 1, -1, 1)")

    def record(self, tape: Tape, x: Value) -> Value:
        return tape.pad(x, x.shape, -1, 1, -1, 1)

    def describe(self, at: base.Where) -> base.Description:
        return "shift", "Moves the map by one pixel, so that the stride takes the positions that the other path drops."


@dataclass(frozen=True, slots=True)
class PaddedAvgPool2d(Windows):
    """The mean of each window of an odd side, zeros around the map counted in: it keeps the size at stride 1."""

    kernel: int
    stride: int
    dims: int = 2
    time: Time | None = None

    module = "torch.nn:AvgPool2d"
    renames: ClassVar = {"kernel": "kernel_size"}
    noun = "average pool"
    short = "mean"
    size_key = "size"

    @property
    def kind(self) -> str:
        return "AvgPool2d"

    def lifted(self, dims: int, time: Time | None = None) -> "PaddedAvgPool2d":
        return self  # made for images

    @property
    def padding(self) -> int:
        """Return the zeros at each border."""
        return self.kernel // 2

    def output(self, shape: base.Shape) -> base.Shape:
        return (*shape[:2], *base.slide(shape, self.kernel, self.stride, self.padding))

    def arguments(self) -> Mapping[str, object]:
        return {"kernel_size": self.kernel, "stride": self.stride, "padding": self.padding}

    def source(self, write: base.Writing) -> tuple[str, ...]:
        return (self.called, str(self.kernel), write.say("stride", "stride"), f"padding={self.padding}")

    @property
    def label(self) -> str:
        return f"{self.kernel}×{self.kernel} avg-pool{base.by(self.stride)}"

    @property
    def follows(self) -> str:
        return f" A mean of {self.kernel}×{self.kernel} takes over the stride, so that every position counts."

    def record(self, tape: Tape, x: Value) -> Value:
        sizes = {"kernel_size": self.kernel, "padding": self.padding, "stride": self.stride}
        window = {name: (size, size) for name, size in sizes.items()}
        counts = {"ceil_mode": False, "count_include_pad": True, "divisor_override": None}
        saved = {"self": x}
        return tape.op("AvgPool2DBackward0", self.output(x.shape), x, saved=saved, attributes={**window, **counts})

    def describe(self, at: base.Where) -> base.Description:
        shrinks = "It smooths and shrinks the map" if self.stride > 1 else "It smooths the map"
        return "avgpool2d", f"The mean of each {self.kernel}×{self.kernel} window, zeros outside counted in. {shrinks}."
