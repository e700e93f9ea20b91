"""The figures of a thing in the network, each with the sentence that teaches it, and worked out where it can be."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from resnet_explorer.analysis.results import Analysis, Row, Sums
from resnet_explorer.analysis.words import compact, mib, share
from resnet_explorer.blueprint.layers import Bias, ChannelConv1d, Conv2d, Gain, Layer, Linear, Shape
from resnet_explorer.blueprint.norms import FRN, BatchNorm2d, EvoNormS0, GroupNorm, InstanceNorm2d
from resnet_explorer.blueprint.pools import BlurPool2d


class Fact(NamedTuple):
    """A figure with its name and the sentence that teaches it."""

    label: str
    value: str
    teaches: str = ""


_SHAPE = "Channels × height × width, for each image of the batch."
_PARAMS = "Learnable numbers: weights, scales, shifts and biases."
_MACS = "Multiply-accumulates of convolutions and linear layers, for the whole batch."
_FLOPS = "A multiply-accumulate is a multiplication and an addition: two FLOPs."
_SHARE = "Of those of the whole network."
_MEMORY = "What the outputs newly allocate in float32 in a forward pass; in place (ReLU, addition) and views: none."
_FIELD = (
    "The side of the input square that one output value depends on, along the longest path. It may exceed the image: "
    "what lies outside is padding."
)
_STRIDE = "How many input pixels apart neighbouring output positions lie."


def facts_of(analysis: Analysis, sums: Sums, stride: int | None) -> tuple[Fact, ...]:
    """Return the figures of a layer, a block, a stage or the network, from the sums over it."""
    total = analysis.total
    is_part = sums is not total
    rows = (
        (True, Fact("Input", compact(sums.input), _SHAPE)),
        (True, Fact("Output", compact(sums.output), _SHAPE)),
        (True, Fact("Parameters", f"{sums.params:,}", _PARAMS)),
        (is_part and sums.params, Fact("% of parameters", f"{share(sums.params, total.params):.2f} %", _SHARE)),
        (True, Fact("MACs", f"{sums.macs:,}", _MACS)),
        (sums.macs, Fact("FLOPs = 2 × MACs", f"{2 * sums.macs:,}", _FLOPS)),
        (is_part and sums.macs, Fact("% of MACs", f"{share(sums.macs, total.macs):.2f} %", _SHARE)),
        (True, Fact("Activations", mib(sums.activation_bytes), _MEMORY)),
        (True, Fact("Receptive field", _field(sums.receptive_field), _FIELD)),
        (stride, Fact("Stride to the input", f"{stride} px", _STRIDE)),
    )
    return tuple(fact for applies, fact in rows if applies)


def layer_facts(analysis: Analysis, row: Row) -> tuple[Fact, ...]:
    """Return the figures of a layer, those that can be with the numbers that they are worked out from."""
    layer, read = row.part.layer, row.reading
    sums = Sums(read.input, read.output, read.params, read.macs, read.activation_bytes, 1, row.receptive_field)
    work = _WORKED.get(type(layer))
    worked = {fact.label: fact for fact in work(layer, read.output)} if work else {}
    return tuple(worked.get(fact.label, fact) for fact in facts_of(analysis, sums, read.stride))


def _field(field: int | None) -> str:
    return "the whole image" if field is None else f"{field:,} px"


def _conv(layer: Layer, output: Shape) -> tuple[Fact, ...]:
    assert isinstance(layer, Conv2d)
    bias = layer.out_channels if layer.bias else 0
    factors = f"{layer.kernel}·{layer.kernel}·{layer.in_channels // layer.groups}·{layer.out_channels}"
    positions = "·".join(str(length) for length in (*_batch(output), *output[2:]))
    dilated = " Dilation adds none: the weights only lie further apart." if layer.dilation > 1 else ""
    biases = f" One bias for each of the {bias} channels out." if bias else ""
    return (
        Fact(
            "Parameters",
            f"{factors}{f' + {bias}' if bias else ''} = {layer.params:,}",
            f"Kernel height · kernel width · channels in (of a group) · channels out.{biases}{dilated}",
        ),
        Fact(
            "MACs",
            f"{layer.params - bias:,} × {positions} = {layer.macs(output):,}",
            "Each weight is used once at every output position of every image.",
        ),
    )


def _batch(output: Shape) -> tuple[int, ...]:
    return output[:1] if output[0] > 1 else ()


def _linear(layer: Layer, output: Shape) -> tuple[Fact, ...]:
    assert isinstance(layer, Linear)
    weights = f"{layer.in_features}·{layer.out_features}"
    images = "".join(f" × {count}" for count in _batch(output))
    return (
        Fact("Parameters", f"{weights} + {layer.out_features} = {layer.params:,}", "Weights and biases."),
        Fact("MACs", f"{weights}{images} = {layer.macs(output):,}", "Each weight is used once for every image."),
    )


def _norm(layer: Layer, output: Shape) -> tuple[Fact, ...]:
    each = layer.params // output[1]
    what = "A scale and a shift" if each == 2 else "A scale, a shift and a third number for the activation"
    return (Fact("Parameters", f"{each}·{output[1]} = {layer.params:,}", f"{what} for each channel."),)


def _gain(layer: Layer, output: Shape) -> tuple[Fact, ...]:
    teaches = "One factor for all." if layer.params == 1 else "One factor for each channel."
    return (Fact("Parameters", f"{layer.params:,}", teaches),)


def _bias(layer: Layer, output: Shape) -> tuple[Fact, ...]:
    return (Fact("Parameters", f"{layer.params:,}", "One number for all channels and positions."),)


def _channel_conv(layer: Layer, output: Shape) -> tuple[Fact, ...]:
    assert isinstance(layer, ChannelConv1d)
    images = "".join(f"{count}·" for count in _batch(output))
    return (
        Fact("Parameters", f"{layer.params:,}", "The same weights slide along all channels."),
        Fact(
            "MACs",
            f"{layer.kernel} × {images}{output[1]} = {layer.macs(output):,}",
            "Each weight is used once for every channel of every image.",
        ),
    )


def _blur(layer: Layer, output: Shape) -> tuple[Fact, ...]:
    values = "·".join(str(length) for length in (*_batch(output), *output[1:]))
    teaches = "Nine fixed weights at every value of the output: a depthwise convolution in all but name."
    return (Fact("MACs", f"9 × {values} = {layer.macs(output):,}", teaches),)


_WORKED: Mapping[type[Layer], Callable[[Layer, Shape], tuple[Fact, ...]]] = {
    Conv2d: _conv,
    Linear: _linear,
    BatchNorm2d: _norm,
    GroupNorm: _norm,
    InstanceNorm2d: _norm,
    FRN: _norm,
    EvoNormS0: _norm,
    Gain: _gain,
    Bias: _bias,
    ChannelConv1d: _channel_conv,
    BlurPool2d: _blur,
}
