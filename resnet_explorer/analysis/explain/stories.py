"""The story of each kind of layer: what it computes, and why it stands where it does."""

from collections.abc import Callable, Mapping
from typing import Any

from resnet_explorer.analysis.explain.attention import weighed
from resnet_explorer.analysis.explain.convolutions import conv_story
from resnet_explorer.analysis.explain.shortcuts import pad_words
from resnet_explorer.analysis.explain.words import EARLY, At, ordinal
from resnet_explorer.blueprint import layers, norms, pools
from resnet_explorer.blueprint.layers import Layer
from resnet_explorer.spec import Activation, ResNetSpec

Story = tuple[str, str]
"""The key of a formula, and the words."""


def _batch(layer: norms.BatchNorm2d, at: At) -> Story:
    return "batchnorm", (
        "Normalises each channel, then scales and shifts it: by the batch's statistics in training, by running "
        f"averages in inference.{at.zero('Its scale starts')}"
    )


def _group(layer: norms.GroupNorm, at: At) -> Story:
    if layer.groups == 1:
        who = "the whole image at once (layer norm)"
    elif layer.groups == layer.channels:
        who = "each channel of one image (as many groups as channels)"
    else:
        who = f"groups of {layer.channels // layer.groups} channels of one image"
    words = f"Normalises {who}, then scales and shifts each channel: alike in training and inference, for any batch."
    return "batchnorm", words + at.zero("Its scale starts")


def _instance(layer: norms.InstanceNorm2d, at: At) -> Story:
    words = "Normalises each channel of each image over its positions, then scales and shifts it"
    return "batchnorm", f"{words}: alike in training and inference.{at.zero('Its scale starts')}"


def _frn(layer: norms.FRN, at: At) -> Story:
    words = "Divides each channel of an image by its root mean square, scales and shifts it, and keeps what is above a"
    return "frn", f"{words} learnt threshold τ: norm and activation in one."


def _evonorm(layer: norms.EvoNormS0, at: At) -> Story:
    words = "Norm and activation in one: x · sigmoid(v x) over the standard deviation of its group of"
    return "evonorm", f"{words} {layer.channels // layer.groups} channels, then scaled and shifted."


def _relu(layer: layers.ReLU, at: At) -> Story:
    if at.gate:
        return "relu", "Keeps what is positive and sets the rest to 0."
    return "relu", f"Keeps what is positive and sets the rest to 0{_place(layer, at)}.{_gates(at)}"


def _leaky(layer: layers.LeakyReLU, at: At) -> Story:
    return "leaky_relu", f"Keeps what is positive and a hundredth of the rest{_place(layer, at)}.{_gates(at)}"


def _silu(layer: layers.SiLU, at: At) -> Story:
    words = "x times its sigmoid: near x where x is large, slightly negative below 0, near 0 far below."
    return "silu", words + _gates(at)


def _gelu(layer: layers.GELU, at: At) -> Story:
    words = "x times the chance that a normal variable is below x: smooth, near x where x is large, near 0 far below 0."
    return "gelu", words + _gates(at)


def _place(layer: layers.ReLU, at: At) -> str:
    """Return whether an activation overwrites its input, and if not, who still needs that."""
    if layer.in_place:
        return "; works in place"
    form = at.block.form
    keeps = form.shortcut is not None and not form.before and at.part == at.chain[0]
    return ", in a copy: the shortcut still needs x" if keeps else ", in a copy"


def _gates(at: At) -> str:
    """Return what an activation after the addition does to the shortcut."""
    form = at.block.form
    after = form.shortcut is not None and at.part in form.after
    return " It comes after the addition, so it acts on what the shortcut brings, too." if after else ""


def _sigmoid(layer: layers.Sigmoid, at: At) -> Story:
    each = f"one weight for each {weighed(at.part.name)}" if at.gate else "g(x), for each value of the map"
    return "sigmoid", f"Brings each number between 0 and 1: {each}."


def _multiply(layer: layers.Multiply, at: At) -> Story:
    return "multiply", f"The gate weighs the branch's map: each {weighed(at.part.name)} times its own weight."


def _scale(layer: layers.Scale, at: At) -> Story:
    where = "the shortcut" if at.on_shortcut else "the branch"
    return "scale", f"A constant factor of {layer.factor:g} on {where}; nothing is learnt."


def _gain(layer: layers.Gain, at: At) -> Story:
    if layer.channels > 1 or layer.initial not in (0, 1):
        start = f"{layer.initial:g} at first, by this app's choice (LayerScale: Touvron et al. 2021)"
        return "gain_channels", f"A learnt factor for each channel of the branch, {start}."
    if layer.initial:
        return "gain", "One learnt factor on the whole branch, 1 at first (Fixup)."
    plain = "nothing passes at first" if at.block.form.shortcut is None else "the block starts as its shortcut"
    return "gain", f"One learnt factor on the whole branch. It starts at 0, so that {plain} (SkipInit)."


def _dropout(layer: layers.Dropout, at: At) -> Story:
    what = "each value of the shortcut" if at.on_shortcut else "each value" if at.block.number else "each feature"
    return "dropout", (
        f"In training {what} is dropped with a chance of {layer.chance:g} and the others are scaled up; in inference "
        "nothing happens."
    )


def _stochastic(layer: layers.StochasticDepth, at: At) -> Story:
    return "dropout", (
        f"In training the branch of a whole image is skipped with a chance of {100 * at.block.skip:.1f} %, more the "
        "deeper the block: only the shortcut is left. Branches that stay are scaled up; in inference all pass."
    )


def _max(layer: pools.MaxPool2d, at: At) -> Story:
    border = " What lies outside the map never wins." if layer.padding else ""
    return "maxpool", f"Keeps the largest value of each {layer.kernel}×{layer.kernel} window.{border}"


def _average(layer: pools.AvgPool2d, at: At) -> Story:
    window = f"The mean of each {layer.kernel}×{layer.kernel} window"
    if layer.whole and layer.stride == 1:
        return "avgpool2d", f"{window}; zeros behind the last row and column keep the map's size."
    if layer.whole:
        cut = f" A last window that does not fill {layer.kernel}×{layer.kernel} gives the mean of what it has."
        return "avgpool2d", f"{window}, so that every position counts before the 1×1.{cut}"
    if at.part.name == "maxpool":
        return "avgpool2d", f"{window}, in the max-pool's place."
    return "avgpool2d", f"{window}: it smooths and shrinks the map in the place of a stride, which drops positions."


def _blur(layer: pools.BlurPool2d, at: At) -> Story:
    taken = f" before every {ordinal(layer.stride)} position is taken"
    return "blur", (
        f"A fixed 1-2-1 blur{taken if layer.stride > 1 else ''}: a shift of the image changes less. It runs as a "
        "depthwise convolution, so its MACs count."
    )


def _mean(layer: pools.AdaptiveAvgPool2d, at: At) -> Story:
    gate = ": what the gate sees of the image" if at.gate else ", whatever its size"
    return "avgpool", f"The mean of each channel over the whole map{gate}."


def _channel_conv(layer: layers.ChannelConv1d, at: At) -> Story:
    return "conv1d", (
        f"Each channel's mean is mixed with those of its {layer.kernel - 1} neighbours: {layer.kernel} weights in all."
    )


def _gated_add(layer: layers.GatedAdd, at: At) -> Story:
    if layer.exclusive:
        return "add_exclusive", "The gate shares out: g weighs the branch, 1 − g the shortcut. Both are added."
    return "add_gated", "1 − g weighs the shortcut; the branch is added as it is."


def zeros_win(spec: ResNetSpec) -> str:
    """Return what zeros around a map do to the max-pool after them."""
    rectified = spec.order not in EARLY and spec.activation is Activation.RELU
    return f"they can win against negative values{', but the ReLU before has left none' if rectified else ''}"


def _says(key: str, words: str) -> Callable[[Any, At], Story]:
    return lambda layer, at: (key, words)


_STORIES: Mapping[type[Layer], Callable[[Any, At], Story]] = {
    layers.Conv2d: conv_story,
    norms.BatchNorm2d: _batch,
    norms.GroupNorm: _group,
    norms.InstanceNorm2d: _instance,
    norms.FRN: _frn,
    norms.EvoNormS0: _evonorm,
    layers.ReLU: _relu,
    layers.LeakyReLU: _leaky,
    layers.SiLU: _silu,
    layers.GELU: _gelu,
    layers.Sigmoid: _sigmoid,
    layers.Add: _says("add", "Adds the shortcut to the branch: where residual learning happens. Shapes must agree."),
    layers.GatedAdd: _gated_add,
    layers.Multiply: _multiply,
    layers.Scale: _scale,
    layers.Gain: _gain,
    layers.Bias: _says("bias", "One learnt number added to all values, 0 at first: it stands in for a norm's shift."),
    layers.Dropout: _dropout,
    layers.StochasticDepth: _stochastic,
    layers.Flatten: _says("flatten", "A view of the channels as a list of features; nothing is computed."),
    layers.Linear: _says("linear", "Fully connected: one score for each class."),
    layers.ChannelConv1d: _channel_conv,
    pools.MaxPool2d: _max,
    pools.AvgPool2d: _average,
    pools.BlurPool2d: _blur,
    pools.ConstantPad2d: lambda layer, at: ("pad", f"A border of zeros: in the pool after it {zeros_win(at.spec)}."),
    pools.ZeroPad: lambda layer, at: ("zeropad", f"Option A: x is {pad_words(layer)}; no parameters."),
    pools.AdaptiveAvgPool2d: _mean,
    pools.ChannelStats: _says("channel_stats", "Each channel's mean and its largest value, side by side."),
    pools.SumPairs: _says("sum_pairs", "Adds what the mean and the largest value have become."),
    pools.SpatialStats: _says("spatial_stats", "Mean and largest value over the channels, at each position."),
}


def story(layer: Layer, at: At) -> Story:
    """Return the formula and the words of a layer at its place."""
    return _STORIES[type(layer)](layer, at)
