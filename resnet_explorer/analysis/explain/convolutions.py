"""Convolutions in words: what they mix, where they look, and why some have no bias."""

from resnet_explorer.analysis.explain.attention import gate_conv
from resnet_explorer.analysis.explain.words import At, ordinal
from resnet_explorer.blueprint import flat
from resnet_explorer.blueprint.layers import Bias, Conv2d, Layer
from resnet_explorer.blueprint.norms import Norm


def conv_story(layer: Conv2d, at: At) -> tuple[str, str]:
    """Return the key of a convolution's formula, and its words."""
    key = "conv_standardised" if layer.standardised else "conv_dilated" if layer.dilation > 1 else "conv"
    name = at.part.name
    if at.gate:
        return key, f"{gate_conv(name, layer)}{_bias(layer, at)}"
    words = f"A {layer.kernel}×{layer.kernel} convolution: {_mixes(layer)}."
    if name == "gate.conv":
        return key, f"{words} It works out the shortcut's gate g(x). {at.start}"
    return key, f"{words}{_where(layer, name)}{_bias(layer, at)}{at.zero('Its weights start')}"


def _mixes(layer: Conv2d) -> str:
    """Return what a convolution mixes: channels, unless it is depthwise, and positions, unless it is 1x1."""
    depthwise = layer.groups == layer.in_channels == layer.out_channels > 1
    around = "neighbouring positions" if layer.kernel > 1 else ""
    mixed = " and ".join(filter(None, ("" if depthwise else "channels", around)))
    stride = f", at every {ordinal(layer.stride)} position" if layer.stride > 1 else ""
    if not mixed:
        return f"weighs each channel at each position{stride}"
    return f"mixes {mixed}{'' if layer.kernel > 1 else ' at each position'}{stride}"


def _where(layer: Conv2d, name: str) -> str:
    each = layer.in_channels // layer.groups
    words = " It brings x to the shape of F(x)." if name.startswith("downsample.") else ""
    if layer.groups == layer.in_channels == layer.out_channels > 1:
        words += " Each channel is worked on alone (depthwise)."
    elif layer.groups > 1:
        words += f" {layer.groups} groups of {each} channel{'' if each == 1 else 's'} work apart."
    if layer.dilation > 1:
        words += f" Its weights lie {layer.dilation} pixels apart: it sees further without a stride."
    if layer.standardised:
        words += " Each filter is brought to mean 0 and variance 1 before use."
    return words


def _bias(layer: Conv2d, at: At) -> str:
    """Return why a convolution has no bias; nothing where it has one."""
    if layer.bias:
        return ""
    after = _next(at)
    if isinstance(after, Norm):
        where = "" if at.part in at.chain[:-1] else " the addition"
        return f" No bias: the norm after{where or ' it'} shifts."
    if isinstance(after, Bias):
        return " No bias for each channel: one number for all follows it."
    return " No bias."


def _next(at: At) -> Layer | None:
    """Return the layer that runs next: in its own chain, or after the addition."""
    chain = at.chain
    index = chain.index(at.part)
    if index + 1 < len(chain):
        return chain[index + 1].layer
    after = [part.layer for part in flat(at.block.form.after)]
    return next((layer for layer in after if isinstance(layer, Norm)), None)
