"""What turns the last map into features, and features into outputs, beside the average pool and the classifier."""

from collections.abc import Iterator, Mapping
from math import prod
from typing import ClassVar

from resnet_explorer.dataclass import dataclass
from resnet_explorer.errors import InputError
from resnet_explorer.network.kinds import base
from resnet_explorer.network.kinds.norms import Norm
from resnet_explorer.network.kinds.tape import ALL, Tape, Value

FLOATS = base.BYTES_PER_VALUE


@dataclass(frozen=True, slots=True)
class GeM(base.Layer):
    """The generalised mean of each channel: (mean of x^p)^(1/p), p learnt (Radenović et al. 2018, equation 3)."""

    role = base.Role.POOLING
    module = "resnet_explorer.module.layers:GeM"
    ink = "pool"
    shows_map = True
    box = "GeM pool"
    sees_all = True
    short = "GeM pool"

    def tensors(self) -> Iterator[base.Tensor]:
        yield base.Tensor("p", (1,))

    def output(self, shape: base.Shape) -> base.Shape:
        return (*shape[:2], *(1 for _ in shape[2:]))

    def flops(self, shape: base.Shape, output: base.Shape, training: bool) -> int:
        """A comparison, a power and a sum for each value, a quotient and a root for each channel."""
        return 3 * prod(shape) + 2 * prod(output)

    def saves(self, shape: base.Shape, output: base.Shape, training: bool) -> base.Saves:
        """The map, cut off below and its powers, their means, and 1 / p."""
        return base.Saves(input=True, output=True, extra=FLOATS * (2 * prod(shape) + prod(output) + 1))

    def figures(self, output: base.Shape) -> tuple[base.Figure, ...]:
        return (("Parameters", "1", "The exponent p, for all channels."),)

    def record(self, tape: Tape, x: Value) -> Value:
        p = tape.parameter("p", (1,))
        cut = tape.op("ClampBackward1", x.shape, x, saved={"self": x}, attributes={"max": None, "min": 1e-06})
        means = tape.mean(_power(tape, cut, p), *range(2, len(x.shape)))
        return _power(tape, means, tape.result("ReciprocalBackward0", p))

    def describe(self, at: base.Where) -> base.Description:
        return "gem", (
            "The p-th root of the mean of x to the power of p, of each channel over the whole map. p is learnt, 3 at "
            "first: 1 is the mean, and the larger it is the more the largest values count."
        )


def _power(tape: Tape, x: Value, exponent: Value) -> Value:
    saved = {"self": x, "exponent": exponent, "result": Value(x.shape)}
    return tape.op("PowBackward1", x.shape, x, exponent, saved=saved)


@dataclass(frozen=True, slots=True)
class AttentionPool2d(base.Layer):
    """The mean of the map asks all positions: what they answer, weighted by attention, is the features.

    Multi-head attention with one query (CLIP: Radford et al. 2021, section 2.4), of heads of ``width`` channels, with a
    learnt embedding for each position of a map of ``side``; on maps of other sizes it is interpolated, as in timm.
    """

    channels: int
    side: int
    width: int

    role = base.Role.POOLING
    module = "resnet_explorer.module.layers:AttentionPool2d"
    ink = "linear"
    box = "attention pool"
    sees_all = True
    short = "attention"
    has_caption = True

    @property
    def heads(self) -> int:
        """Return how many heads there are."""
        return self.channels // self.width

    def tensors(self) -> Iterator[base.Tensor]:
        yield base.Tensor("positions", (self.side**2 + 1, self.channels))
        for name in ("q", "k", "v"):
            yield base.Tensor(f"{name}_weight", (self.channels, self.channels))
            yield base.Tensor(f"{name}_bias", (self.channels,))

    def output(self, shape: base.Shape) -> base.Shape:
        return (shape[0], self.channels)

    def work(self, shape: base.Shape, output: base.Shape) -> int:
        """Those of query, keys and values, and of each key with the query and each value with its weight."""
        tokens = prod(shape[2:]) + 1
        return shape[0] * self.channels * (self.channels * (1 + 2 * tokens) + 2 * tokens)

    def flops(self, shape: base.Shape, output: base.Shape, training: bool) -> int:
        """The mean, the positions and the biases, the queries' scale, and the softmax."""
        n, tokens = shape[0], prod(shape[2:]) + 1
        return n * (self.channels * (4 * tokens + 2) + base.SIGMOID * self.heads * tokens)

    def saves(self, shape: base.Shape, output: base.Shape, training: bool) -> base.Saves:
        """The positions' vectors, their keys and values, the query and the weights."""
        n, tokens = shape[0], prod(shape[2:]) + 1
        return base.Saves(extra=FLOATS * n * (self.channels * (3 * tokens + 1) + self.heads * tokens))

    def source(self, write: base.Writing) -> tuple[str, ...]:
        return (self.called, *(write.say(name) for name in ("channels", "side", "width")))

    @property
    def hyper(self) -> str:
        return f"{self.heads} head{'' if self.heads == 1 else 's'}"

    def figures(self, output: base.Shape) -> tuple[base.Figure, ...]:
        each = f"3·({self.channels}·{self.channels} + {self.channels})"
        counted = f"({self.side}·{self.side} + 1)·{self.channels} + {each} = {self.params:,}"
        return (("Parameters", counted, "A vector for each position and their mean; query, keys and values."),)

    def record(self, tape: Tape, x: Value) -> Value:
        n, channels, *sides = x.shape
        count, tokens = prod(sides), prod(sides) + 1
        rows = _permute(tape, tape.view(x, n, channels, count), 2, 0, 1)
        joined = tape.op("CatBackward0", (tokens, n, channels), tape.mean(rows, 0), rows, dim=0)
        rows = tape.add(joined, tape.unsqueeze(self._positions(tape, sides), 1))
        query = tape.multiply(tape.transpose(self._linear(tape, _slice(tape, rows, 0, 1), "q"), 0, 1), Value(()))
        keys = _permute(tape, self._linear(tape, rows, "k"), 1, 2, 0)
        values = tape.transpose(self._linear(tape, rows, "v"), 0, 1)
        weights = tape.result("SoftmaxBackward0", _product(tape, query, keys), {"dim": 2})
        return tape.view(_product(tape, weights, values), n, channels)

    def _linear(self, tape: Tape, x: Value, name: str) -> Value:
        """Record queries, keys or values, each head's on its own."""
        tokens, n, channels = x.shape
        weight, bias = (
            tape.parameter(f"{name}_weight", (channels, channels)),
            tape.parameter(f"{name}_bias", (channels,)),
        )
        flat, turned = tape.view(x, tokens * n, channels), tape.op("TBackward0", weight.shape[::-1], weight)
        sizes = {"mat1_sym_sizes": flat.shape, "mat1_sym_strides": (channels, 1)}
        sizes |= {"mat2_sym_sizes": turned.shape, "mat2_sym_strides": (1, channels)}
        saved = {"mat1": flat, "mat2": turned}
        y = tape.op("AddmmBackward0", flat.shape, bias, flat, turned, saved=saved, alpha=1, beta=1, attributes=sizes)
        return tape.view(tape.view(y, *x.shape), tokens, n * self.heads, self.width)

    def _positions(self, tape: Tape, sides: list[int]) -> Value:
        side, table = self.side, tape.parameter("positions", (self.side**2 + 1, self.channels))
        if sides == [side, side]:
            return table
        first = _slice(tape, table, 0, 1)
        grid = tape.view(_slice(tape, table, 1, ALL), 1, side, side, self.channels)
        grid = _permute(tape, grid, 0, 3, 1, 2)
        size = (1, self.channels, *sides)
        resized = {"align_corners": False, "output_size": tuple(sides), "scales_h": None, "scales_w": None}
        resized["self_sym_sizes"] = grid.shape
        grid = tape.op("UpsampleBicubic2DAaBackward0", size, grid, attributes=resized)
        rows = tape.view(_permute(tape, grid, 0, 2, 3, 1), prod(sides), self.channels)
        return tape.op("CatBackward0", (prod(sides) + 1, self.channels), first, rows, dim=0)

    def describe(self, at: base.Where) -> base.Description:
        return "attnpool", (
            f"The mean of the map is the query, its positions and the mean are keys and values, in {self.hyper} of "
            f"{self.width} channels: a learnt, weighted mean in the place of the plain one. A learnt vector for each "
            f"of {self.side}×{self.side} positions is added first; for maps of other sizes they are interpolated."
        )


def _permute(tape: Tape, x: Value, *dims: int) -> Value:
    return tape.op("PermuteBackward0", tuple(x.shape[dim] for dim in dims), x, view_of=x, dims=dims)


def _slice(tape: Tape, x: Value, start: int, end: int) -> Value:
    shape = (min(end, x.shape[0]) - start, *x.shape[1:])
    cut = {"dim": 0, "end": end, "self_sym_sizes": x.shape, "start": start, "step": 1}
    return tape.op("SliceBackward0", shape, x, view_of=x, attributes=cut)


def _product(tape: Tape, a: Value, b: Value) -> Value:
    return tape.op("BmmBackward0", (*a.shape[:2], b.shape[2]), a, b, saved={"self": a, "mat2": b})


@dataclass(frozen=True, slots=True)
class FlattenMap(base.Layer):
    """A view of a whole map as a list of features: of one size alone, since each feature has its own weights.

    ``side`` is the map's, and ``image`` that of the image which leaves it.
    """

    side: int
    image: int

    role = base.Role.VIEW
    module = "torch.nn:Flatten"
    flops_each = 0
    allocates = False
    sees_all = True
    box = "flatten"

    @property
    def kind(self) -> str:
        return "Flatten"

    def output(self, shape: base.Shape) -> base.Shape:
        if any(length != self.side for length in shape[2:]):
            sides = "×".join(str(length) for length in shape[2:])
            both = f", or set map_side to {shape[2]}" if len(set(shape[2:])) == 1 else ""
            raise InputError(
                "size",
                f"the linear layer after it has weights for a map of {self.side}×{self.side}, not {sides}.",
                f"Give an image of {self.image}×{self.image} pixels{both}.",
            )
        return (shape[0], prod(shape[1:]))

    def arguments(self) -> Mapping[str, object]:
        return {}

    def idles(self, training: bool) -> bool:
        return True

    def saves(self, shape: base.Shape, output: base.Shape, training: bool) -> base.Saves:
        return base.Saves(passes=True)

    def record(self, tape: Tape, x: Value) -> Value:
        return tape.view(x, *self.output(x.shape))

    def describe(self, at: base.Where) -> base.Description:
        return "flatten", (
            f"A view of the whole {self.side}×{self.side} map as features: where something is still counts, and images "
            "of another size do not fit."
        )


@dataclass(frozen=True, slots=True)
class FixedScaleNorm(Norm):
    """Batch normalisation of features with a learnt shift and a scale that stays 1 (insightface's iResNet)."""

    module = "resnet_explorer.module.layers:FixedScaleNorm"
    renames: ClassVar = {"channels": "features"}
    vectors = ("bias",)
    flops_each = base.STATISTICS + base.AFFINE
    box = "BN"

    def tensors(self) -> Iterator[base.Tensor]:
        yield base.Tensor("bias", (self.channels,))
        for name in ("weight", "running_mean", "running_var"):
            yield base.Tensor(name, (self.channels,), True)
        yield base.Tensor("num_batches_tracked", (), True)

    def starves(self, shape: base.Shape) -> bool:
        return prod(shape) == shape[1]

    def flops(self, shape: base.Shape, output: base.Shape, training: bool) -> int:
        return (base.AFFINE + base.STATISTICS * training) * prod(output)

    def saves(self, shape: base.Shape, output: base.Shape, training: bool) -> base.Saves:
        """Each feature's mean and inverse standard deviation in training; in eval the buffers serve."""
        return base.Saves(input=True, extra=2 * FLOATS * self.channels if training else 0)

    def source(self, write: base.Writing) -> tuple[str, ...]:
        return (self.called, write.say("channels"))

    def figures(self, output: base.Shape) -> tuple[base.Figure, ...]:
        return (("Parameters", f"{self.params:,}", "A shift for each feature; the scale is fixed at 1."),)

    def record(self, tape: Tape, x: Value) -> Value:
        bias, size = tape.parameter("bias", (self.channels,)), (self.channels,)
        return tape.batch_norm(x, Value(size), bias, training=tape.training, running=(Value(size), Value(size)))

    def describe(self, at: base.Where) -> base.Description:
        return "fixed_norm", (
            "Normalises each feature over the batch, by running averages in inference, and shifts it. Its scale stays "
            "1: embeddings are compared by their angles, where one would weight features."
        )
