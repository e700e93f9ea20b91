"""The story of each kind of layer: what it computes, and why it is there."""

from collections.abc import Callable, Mapping
from typing import Any

from resnet_explorer.analysis.explain.words import Explanation, Rule, ordinal
from resnet_explorer.analysis.facts import layer_facts
from resnet_explorer.analysis.results import Analysis, Row
from resnet_explorer.analysis.words import hyper
from resnet_explorer.blueprint import Block
from resnet_explorer.blueprint.layers import (
    GELU,
    Add,
    Bias,
    ChannelConv1d,
    Conv2d,
    Dropout,
    Flatten,
    Gain,
    GatedAdd,
    Layer,
    LeakyReLU,
    Linear,
    Multiply,
    ReLU,
    Scale,
    Sigmoid,
    SiLU,
    StochasticDepth,
)
from resnet_explorer.blueprint.norms import FRN, BatchNorm2d, EvoNormS0, GroupNorm, InstanceNorm2d
from resnet_explorer.blueprint.pools import (
    AdaptiveAvgPool2d,
    AvgPool2d,
    BlurPool2d,
    ChannelStats,
    ConstantPad2d,
    MaxPool2d,
    SpatialStats,
    SumPairs,
    ZeroPad,
)

Story = tuple[str, str]
"""The key of a formula, and the words."""


def _conv(layer: Conv2d) -> Story:
    mixes = "mixes channels at each position" if layer.kernel == 1 else "mixes channels and neighbouring positions"
    stride = f", at every {ordinal(layer.stride)} position" if layer.stride > 1 else ""
    each = layer.in_channels // layer.groups
    groups = f" {layer.groups} groups of {each} channels work apart." if layer.groups > 1 else ""
    apart = f" Its weights lie {layer.dilation} pixels apart: it sees further without a stride." * (layer.dilation > 1)
    bias = "" if layer.bias else " No bias: the norm after it shifts."
    standard = " Each filter is brought to mean 0 and variance 1 before use."
    words = f"A {layer.kernel}×{layer.kernel} convolution: {mixes}{stride}.{groups}{apart}{bias}"
    key = "conv_standardised" if layer.standardised else "conv_dilated" if layer.dilation > 1 else "conv"
    return key, words + (standard if layer.standardised else "")


def _batch(layer: BatchNorm2d) -> Story:
    return "batchnorm", (
        "Normalises each channel, then scales and shifts it: by the batch's statistics in training, by running "
        "averages in inference."
    )


def _group(layer: GroupNorm) -> Story:
    if layer.groups == 1:
        who = "the whole image at once (layer norm)"
    elif layer.groups == layer.channels:
        who = "each channel of one image (as many groups as channels)"
    else:
        who = f"groups of {layer.channels // layer.groups} channels of one image"
    words = f"Normalises {who}, then scales and shifts each channel: alike in training and inference, for any batch."
    return "batchnorm", words


_BEFORE_1X1 = "so that every position counts before the 1×1"


def _average(layer: AvgPool2d) -> Story:
    why = _BEFORE_1X1 if layer.whole else "which smooths before positions are dropped"
    return "avgpool2d", f"The mean of each {layer.kernel}×{layer.kernel} window, {why}."


def pad_words(layer: ZeroPad) -> str:
    """Return what option A does to x."""
    skips = [f"taken at every {ordinal(layer.stride)} position"] if layer.stride > 1 else []
    added = layer.out_channels - layer.in_channels
    pads = [f"padded with {added} channels of zeros"] if added > 0 else []
    cuts = [f"cut to {layer.out_channels} of its channels"] if added < 0 else []
    return " and ".join(skips + pads + cuts)


def _gain(layer: Gain) -> Story:
    if layer.channels == 1:
        start = "It starts at 0, so that the block starts as its shortcut" if not layer.initial else "It starts at 1"
        return "gain", f"One learnt factor on the whole branch. {start}."
    return "gain_channels", f"A learnt factor for each channel of the branch, {layer.initial:g} at first (LayerScale)."


def _gated_add(layer: GatedAdd) -> Story:
    if layer.exclusive:
        return "add_exclusive", "The gate shares out: g weighs the branch, 1 − g the shortcut. Both are added."
    return "add_gated", "1 − g weighs the shortcut; the branch is added as it is."


_STORIES: Mapping[type[Layer], Callable[[Any], Story]] = {
    Conv2d: _conv,
    BatchNorm2d: _batch,
    GroupNorm: _group,
    InstanceNorm2d: lambda layer: (
        "batchnorm",
        "Normalises each channel of each image over its positions, then scales and shifts it.",
    ),
    FRN: lambda layer: (
        "frn",
        "Divides each channel by its root mean square, scales and shifts it, and keeps what is above a threshold.",
    ),
    EvoNormS0: lambda layer: (
        "evonorm",
        "Norm and activation in one: x · sigmoid(v x) over the standard deviation of its group of channels.",
    ),
    ReLU: lambda layer: ("relu", f"Keeps what is positive and sets the rest to 0{_place(layer)}."),
    LeakyReLU: lambda layer: ("leaky_relu", f"Keeps what is positive and a hundredth of the rest{_place(layer)}."),
    SiLU: lambda layer: ("silu", "Smooth: near x where x is large, slightly negative below 0, then 0."),
    GELU: lambda layer: ("gelu", "Smooth: x times the chance that a normal variable is below x."),
    Sigmoid: lambda layer: ("sigmoid", "Brings each value between 0 and 1: how much of the map may pass."),
    Multiply: lambda layer: ("multiply", "Weighs the branch's map: each value times what the gate says."),
    Scale: lambda layer: ("scale", f"A constant factor of {layer.factor:g}; nothing is learnt."),
    Gain: _gain,
    Bias: lambda layer: ("bias", "One learnt number added to all values, 0 at first: it stands in for a norm's shift."),
    Dropout: lambda layer: (
        "dropout",
        f"In training each value is dropped with a chance of {layer.chance:g} and the others are scaled up; in "
        "inference nothing happens.",
    ),
    MaxPool2d: lambda layer: ("maxpool", "Keeps the largest value of each window."),
    AvgPool2d: _average,
    BlurPool2d: lambda layer: (
        "blur",
        "A fixed 1-2-1 blur" + (" before every second position is taken" if layer.stride > 1 else "") + ": a shift of "
        "the image changes less. It runs as a depthwise convolution, so its MACs count.",
    ),
    ConstantPad2d: lambda layer: (
        "identity",
        "A border of zeros: in the pool after it they can win against negative values.",
    ),
    AdaptiveAvgPool2d: lambda layer: ("avgpool", "The mean of each channel over the whole map, whatever its size."),
    ChannelStats: lambda layer: ("avgpool", "Each channel's mean and its largest value, side by side."),
    SumPairs: lambda layer: ("identity", "Adds what the mean and the largest value have become."),
    SpatialStats: lambda layer: ("avgpool", "Mean and largest value over the channels, at each position."),
    ChannelConv1d: lambda layer: (
        "conv1d",
        f"Each channel's mean is mixed with its {layer.kernel - 1} neighbours: {layer.kernel} weights in all.",
    ),
    Flatten: lambda layer: ("flatten", "A view of the channels as a list of features; nothing is computed."),
    Linear: lambda layer: ("linear", "Fully connected: one score for each class."),
    GatedAdd: _gated_add,
    ZeroPad: lambda layer: ("zeropad", f"Option A: x is {pad_words(layer)}; no parameters."),
}


def _place(layer: ReLU) -> str:
    return "; works in place" if layer.in_place else ", in a copy: the shortcut still needs x"


def explain_layer(analysis: Analysis, block: Block, row: Row, where: str, addition: str) -> Explanation:
    """Return what is to be said of a layer; ``addition`` is the formula of its block's addition."""
    layer = row.part.layer
    key, words = _story(layer, block, addition)
    slides = layer.window != (1, 1) and not isinstance(layer, ZeroPad)
    counted = (Rule("Parameters", "conv_params"), Rule("MACs", "conv_macs")) if isinstance(layer, Conv2d) else ()
    field = (Rule("Receptive field r and stride j", "receptive_field"),) if slides else ()
    return Explanation(
        row.path,
        f"{where} · {row.part.name}",
        f"{layer.kind} {hyper(layer)}".strip(),
        words,
        (key, "size") if slides else (key,),
        layer_facts(analysis, row),
        rules=(*counted, *field),
    )


def _story(layer: Layer, block: Block, addition: str) -> Story:
    if isinstance(layer, Add):
        words = "Adds the shortcut to the branch: where residual learning happens. Their shapes must agree."
        return addition, words
    if isinstance(layer, StochasticDepth):
        chance = f"{100 * block.skip:.1f} %"
        return "dropout", (
            f"In training the branch of a whole image is skipped with a chance of {chance}, more the deeper the block: "
            "only the shortcut is left. In inference it always passes."
        )
    return _STORIES[type(layer)](layer)
