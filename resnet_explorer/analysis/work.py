"""The work of a layer's forward pass: arithmetic in FLOPs, and the bytes that it has to move.

FLOPs are 2 for each MAC, and 1 for each addition, multiplication, division, comparison, exponential, root or error
function of the layers that have no MACs. Bytes are the ideal of the roofline model (Williams, Waterman and Patterson
2009, section 2): inputs, outputs and weights in float32, each moved once, as if nothing were read twice and nothing
stayed in a cache from one layer to the next.
"""

from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Any, NamedTuple

from resnet_explorer.analysis.results import BYTES_PER_VALUE, Analysis, Reading, Row
from resnet_explorer.blueprint import layers, norms, pools

_STATISTICS, _AFFINE, _SIGMOID = 4, 2, 4
"""A value's share of mean (1) and variance (3), of scale and shift, and of 1 / (1 + exp(-x))."""


class Work(NamedTuple):
    """What a layer, a block or a network computes and moves in a forward pass."""

    macs: int
    flops: int
    bytes: int

    @property
    def intensity(self) -> float | None:
        """Return the FLOPs for each byte moved; None where nothing is moved."""
        return self.flops / self.bytes if self.bytes else None


def work(analysis: Analysis, *, training: bool) -> tuple[Work, ...]:
    """Return the work of each row, in training or in eval mode: there dropout does nothing, and batch norm less."""
    found: list[Work] = []
    gate = 0
    for row in analysis.rows:
        read, layer = row.reading, row.part.layer
        flops = 2 * read.macs + _others(layer, read, training)
        found.append(Work(read.macs, flops, BYTES_PER_VALUE * _moved(row, gate, training)))
        gate = prod(read.output)  # a gate's last layer runs just before the product
    return tuple(found)


def added(parts: Sequence[Work]) -> Work:
    """Return the work of layers that run one after the other, each with its own way to memory and back."""
    return Work(*(sum(values) for values in zip(*parts, strict=True)))


def _idle(layer: layers.Layer, training: bool) -> bool:
    return isinstance(layer, layers.Flatten) or (
        not training and isinstance(layer, layers.Dropout | layers.StochasticDepth)
    )


def _moved(row: Row, gate: int, training: bool) -> int:
    """Return how many values a layer moves; a sum has two inputs, a product the gate, a gated addition both."""
    layer, read = row.part.layer, row.reading
    if _idle(layer, training):
        return 0
    output = prod(read.output)
    more = {layers.Add: output, layers.Multiply: gate, layers.GatedAdd: 2 * output}.get(type(layer), 0)
    return prod(read.input) + more + output + read.params


def _others(layer: layers.Layer, read: Reading, training: bool) -> int:
    """Return the FLOPs beside the MACs."""
    return 0 if _idle(layer, training) else _FLOPS[type(layer)](layer, read, training)


Rule = Callable[[Any, Reading, bool], int]


def _each(count: int) -> Rule:
    """Return the rule of a layer that does so many FLOPs for each value of its output."""
    return lambda layer, read, training: count * prod(read.output)


def _of_input(count: int) -> Rule:
    return lambda layer, read, training: count * prod(read.input)


def _conv(layer: layers.Conv2d, read: Reading, training: bool) -> int:
    """The bias, and for standardised weights their statistics, and their shift and scale."""
    weights = layer.params - layer.out_channels * layer.bias
    own = (_STATISTICS + _AFFINE) * weights if layer.standardised else 0
    return own + prod(read.output) * layer.bias


def _batch_norm(layer: norms.BatchNorm2d, read: Reading, training: bool) -> int:
    return (_AFFINE + _STATISTICS * training) * prod(read.output)


def _gated(layer: layers.GatedAdd, read: Reading, training: bool) -> int:
    """1 - g, its product and the sum; g F(x) where the gate is exclusive."""
    return (3 + layer.exclusive) * prod(read.output)


def _window(layer: pools.MaxPool2d | pools.AvgPool2d, read: Reading, training: bool) -> int:
    return layer.kernel**2 * prod(read.output)


_FLOPS: Mapping[type[layers.Layer], Rule] = {
    layers.Conv2d: _conv,
    layers.ReLU: _each(1),
    layers.LeakyReLU: _each(2),
    layers.SiLU: _each(_SIGMOID),
    layers.GELU: _each(5),
    layers.Sigmoid: _each(_SIGMOID),
    layers.Add: _each(1),
    layers.GatedAdd: _gated,
    layers.Multiply: _each(1),
    layers.Scale: _each(1),
    layers.Gain: _each(1),
    layers.Bias: _each(1),
    layers.Dropout: _each(1),
    layers.StochasticDepth: _each(1),
    layers.Flatten: _each(0),
    layers.Linear: _each(1),
    layers.ChannelConv1d: _each(0),
    norms.BatchNorm2d: _batch_norm,
    norms.GroupNorm: _each(_STATISTICS + _AFFINE),
    norms.InstanceNorm2d: _each(_STATISTICS + _AFFINE),
    norms.FRN: _each(2 + 1 + _AFFINE + 1),
    norms.EvoNormS0: _each(_STATISTICS + 1 + _SIGMOID + 2 + _AFFINE),
    pools.MaxPool2d: _window,
    pools.AvgPool2d: _window,
    pools.BlurPool2d: _each(0),
    pools.ConstantPad2d: _each(0),
    pools.ZeroPad: _each(0),
    pools.AdaptiveAvgPool2d: _of_input(1),
    pools.ChannelStats: _of_input(2),
    pools.SumPairs: _each(1),
    pools.SpatialStats: _of_input(2),
}
"""FLOPs beside the MACs. FRN squares, sums, divides, scales, shifts and compares; of dropout the product counts."""
