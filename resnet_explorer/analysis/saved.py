"""What each kind of layer saves for backward: a rule a kind, read off PyTorch's derivatives.

The rules are those of ``tools/autograd/derivatives.yaml`` and of the layers' own forward passes, in float32 on the
CPU. Two things there are the CPU's own: dropout saves its mask as float32, and batch norm in eval mode saves no
statistics beside its buffers.
"""

from collections.abc import Callable, Mapping
from math import prod
from typing import Any, NamedTuple

from resnet_explorer.analysis.results import BYTES_PER_VALUE as VALUE
from resnet_explorer.analysis.results import Reading
from resnet_explorer.blueprint import layers, norms, pools

INDEX = 8
"""Bytes of an int64, of which max-pool saves one for each value of its output."""


class Saves(NamedTuple):
    """What a layer saves: its input, its output, and ``extra`` bytes of what it makes on the way.

    ``passes`` says that the output lies in the input's memory: in place, a view, or nothing done at all.
    """

    input: bool = False
    output: bool = False
    extra: int = 0
    passes: bool = False


Rule = Callable[[Any, Reading, bool], Saves]
"""Layer, its shapes and whether it trains, to what it saves."""


def saves(layer: layers.Layer, reading: Reading, training: bool) -> Saves:
    """Return what a layer saves at these shapes, where its input leads back to a parameter."""
    return RULES[type(layer)](layer, reading, training)


def _nothing(layer: layers.Layer, reading: Reading, training: bool) -> Saves:
    """Pads, views aside, and sums: their derivative needs shapes alone."""
    return Saves()


def _input(layer: layers.Layer, reading: Reading, training: bool) -> Saves:
    return Saves(input=True)


def _output(layer: layers.Layer, reading: Reading, training: bool) -> Saves:
    return Saves(output=True)


def _view(layer: layers.Layer, reading: Reading, training: bool) -> Saves:
    return Saves(passes=True)


def _conv(layer: layers.Conv2d, reading: Reading, training: bool) -> Saves:
    """A standardised one also saves the weights as they were used, and each filter's mean and deviation."""
    weights = layer.params - (layer.out_channels if layer.bias else 0)
    return Saves(input=True, extra=VALUE * (weights + 2 * layer.out_channels) if layer.standardised else 0)


def _relu(layer: layers.ReLU, reading: Reading, training: bool) -> Saves:
    return Saves(output=True, passes=layer.in_place)


def _leaky_relu(layer: layers.LeakyReLU, reading: Reading, training: bool) -> Saves:
    return Saves(output=True, passes=True) if layer.in_place else Saves(input=True)


def _dropout(layer: layers.Dropout, reading: Reading, training: bool) -> Saves:
    """The mask, as float32; the input is not saved, since the mask has no gradient."""
    return Saves(extra=VALUE * prod(reading.output)) if training else Saves(passes=True)


def _stochastic_depth(layer: layers.StochasticDepth, reading: Reading, training: bool) -> Saves:
    """The mask: a value for each image."""
    return Saves(extra=VALUE * reading.input[0]) if training else Saves(passes=True)


def _batch_norm(layer: norms.BatchNorm2d, reading: Reading, training: bool) -> Saves:
    """Each channel's mean and inverse standard deviation in training; in eval the buffers serve."""
    return Saves(input=True, extra=2 * VALUE * layer.channels if training else 0)


def _group_norm(layer: norms.GroupNorm, reading: Reading, training: bool) -> Saves:
    return Saves(input=True, extra=2 * VALUE * reading.input[0] * layer.groups)


def _instance_norm(layer: norms.InstanceNorm2d, reading: Reading, training: bool) -> Saves:
    """Run as a batch norm of N C channels: means, deviations, and the weight repeated for each image."""
    return Saves(input=True, extra=3 * VALUE * reading.input[0] * layer.channels)


def _frn(layer: norms.FRN, reading: Reading, training: bool) -> Saves:
    """1 / rms of each channel, the normed map, and what the threshold was compared with."""
    return Saves(input=True, extra=VALUE * (reading.input[0] * layer.channels + 2 * prod(reading.output)))


def _evonorm(layer: norms.EvoNormS0, reading: Reading, training: bool) -> Saves:
    """The groups' deviations, those again for each channel, the sigmoid, its product with x, and the quotient."""
    statistics = reading.input[0] * (layer.groups + layer.channels)
    return Saves(input=True, extra=VALUE * (statistics + 3 * prod(reading.output)))


def _max_pool(layer: pools.MaxPool2d, reading: Reading, training: bool) -> Saves:
    return Saves(input=True, extra=INDEX * prod(reading.output))


def _average(layer: pools.AvgPool2d, reading: Reading, training: bool) -> Saves:
    """Of the pool that keeps the map's size the padded map is the input."""
    if not (layer.whole and layer.stride == 1):
        return Saves(input=True)
    n, channels, h, w = reading.input
    return Saves(extra=VALUE * n * channels * (h + 1) * (w + 1))


def _blur(layer: pools.BlurPool2d, reading: Reading, training: bool) -> Saves:
    """The map, by the reflection, and the padded map, by the convolution."""
    n, channels, h, w = reading.input
    return Saves(input=True, extra=VALUE * n * channels * (h + 2) * (w + 2))


def _channel_stats(layer: pools.ChannelStats, reading: Reading, training: bool) -> Saves:
    """The map and each channel's largest value."""
    n, channels, *_ = reading.input
    return Saves(input=True, extra=VALUE * n * channels)


def _spatial_stats(layer: pools.SpatialStats, reading: Reading, training: bool) -> Saves:
    """The map and each position's largest value."""
    n, _, h, w = reading.input
    return Saves(input=True, extra=VALUE * n * h * w)


RULES: Mapping[type[layers.Layer], Rule] = {
    layers.Conv2d: _conv,
    layers.ReLU: _relu,
    layers.LeakyReLU: _leaky_relu,
    layers.SiLU: _input,
    layers.GELU: _input,
    layers.Sigmoid: _output,
    layers.Add: _nothing,
    layers.Scale: _nothing,
    layers.Gain: _input,
    layers.Bias: _nothing,
    layers.Dropout: _dropout,
    layers.StochasticDepth: _stochastic_depth,
    layers.Flatten: _view,
    layers.Linear: _input,
    layers.ChannelConv1d: _input,
    norms.BatchNorm2d: _batch_norm,
    norms.GroupNorm: _group_norm,
    norms.InstanceNorm2d: _instance_norm,
    norms.FRN: _frn,
    norms.EvoNormS0: _evonorm,
    pools.MaxPool2d: _max_pool,
    pools.AvgPool2d: _average,
    pools.BlurPool2d: _blur,
    pools.ConstantPad2d: _nothing,
    pools.ZeroPad: _nothing,
    pools.AdaptiveAvgPool2d: _nothing,
    pools.ChannelStats: _channel_stats,
    pools.SumPairs: _nothing,
    pools.SpatialStats: _spatial_stats,
}
"""Every kind but the products of two signals, which are ``kept``'s own: a gate's, and the gated addition's."""
