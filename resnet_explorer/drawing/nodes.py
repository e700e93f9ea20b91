"""A layer as a labelled box, with what it does to the channels written under it."""

from collections.abc import Callable, Mapping

from resnet_explorer.analysis import Reading
from resnet_explorer.analysis.words import compact, hyper, si
from resnet_explorer.blueprint import Part
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
from resnet_explorer.drawing.marks import Anchor, Box, Dash, Group, Ink, Label, Mark
from resnet_explorer.drawing.text import Style, width

NODE_HEIGHT = 28.0
ADD_SIZE = 28.0
ROUND = (Add, GatedAdd, Multiply)
"""What is drawn as a circle."""


def _conv_words(layer: Layer) -> str:
    assert isinstance(layer, Conv2d)
    stride = f" /{layer.stride}" if layer.stride > 1 else ""
    dilation = f", dilated {layer.dilation}" if layer.dilation > 1 else ""
    return f"{layer.kernel}×{layer.kernel} {'std ' if layer.standardised else ''}conv{stride}{dilation}"


def _pool_words(layer: Layer) -> str:
    assert isinstance(layer, MaxPool2d | AvgPool2d)
    kind = "max" if isinstance(layer, MaxPool2d) else "avg"
    return f"{layer.kernel}×{layer.kernel} {kind}-pool" + (f" /{layer.stride}" if layer.stride > 1 else "")


def _blur_words(layer: Layer) -> str:
    assert isinstance(layer, BlurPool2d)
    return "blur" + (f" /{layer.stride}" if layer.stride > 1 else "")


def _group_words(layer: Layer) -> str:
    assert isinstance(layer, GroupNorm)
    return "LN" if layer.groups == 1 else "GN"


def _scale_words(layer: Layer) -> str:
    assert isinstance(layer, Scale)
    return f"× {layer.factor:.4g}"


def _gain_words(layer: Layer) -> str:
    assert isinstance(layer, Gain)
    return "× α" if layer.channels == 1 else "× λ"


_Look = tuple[Callable[[Layer], str], Ink, Ink]
_LOOKS: Mapping[type[Layer], _Look] = {
    Conv2d: (_conv_words, Ink.CONV, Ink.ON_DARK),
    ChannelConv1d: (lambda layer: "1-D conv", Ink.CONV, Ink.ON_DARK),
    BatchNorm2d: (lambda layer: "BN", Ink.NORM, Ink.ON_DARK),
    GroupNorm: (_group_words, Ink.NORM, Ink.ON_DARK),
    InstanceNorm2d: (lambda layer: "IN", Ink.NORM, Ink.ON_DARK),
    FRN: (lambda layer: "FRN + TLU", Ink.NORM, Ink.ON_DARK),
    EvoNormS0: (lambda layer: "EvoNorm-S0", Ink.NORM, Ink.ON_DARK),
    ReLU: (lambda layer: "ReLU", Ink.ACTIVATION, Ink.ON_LIGHT),
    LeakyReLU: (lambda layer: "leaky ReLU", Ink.ACTIVATION, Ink.ON_LIGHT),
    SiLU: (lambda layer: "SiLU", Ink.ACTIVATION, Ink.ON_LIGHT),
    GELU: (lambda layer: "GELU", Ink.ACTIVATION, Ink.ON_LIGHT),
    Sigmoid: (lambda layer: "sigmoid", Ink.GATE, Ink.ON_DARK),
    Multiply: (lambda layer: "×", Ink.GATE, Ink.ON_DARK),
    Scale: (_scale_words, Ink.NORM, Ink.ON_DARK),
    Gain: (_gain_words, Ink.LINEAR, Ink.ON_DARK),
    Bias: (lambda layer: "+ b", Ink.LINEAR, Ink.ON_DARK),
    Dropout: (lambda layer: "dropout", Ink.NORM, Ink.ON_DARK),
    StochasticDepth: (lambda layer: "stochastic depth", Ink.NORM, Ink.ON_DARK),
    MaxPool2d: (_pool_words, Ink.POOL, Ink.ON_DARK),
    AvgPool2d: (_pool_words, Ink.POOL, Ink.ON_DARK),
    BlurPool2d: (_blur_words, Ink.POOL, Ink.ON_DARK),
    ConstantPad2d: (lambda layer: "pad with 0", Ink.POOL, Ink.ON_DARK),
    AdaptiveAvgPool2d: (lambda layer: "global avg pool", Ink.POOL, Ink.ON_DARK),
    ChannelStats: (lambda layer: "mean, max", Ink.POOL, Ink.ON_DARK),
    SpatialStats: (lambda layer: "mean, max", Ink.POOL, Ink.ON_DARK),
    SumPairs: (lambda layer: "sum", Ink.POOL, Ink.ON_DARK),
    Flatten: (lambda layer: "flatten", Ink.NORM, Ink.ON_DARK),
    Linear: (lambda layer: "fc", Ink.LINEAR, Ink.ON_DARK),
    ZeroPad: (lambda layer: "zero-pad", Ink.SHORTCUT, Ink.ON_SHORTCUT),
    Add: (lambda layer: "+", Ink.SHORTCUT, Ink.ON_SHORTCUT),
    GatedAdd: (lambda layer: "+", Ink.SHORTCUT, Ink.ON_SHORTCUT),
}


def node_width(layer: Layer) -> float:
    """Return how wide the box of a layer is: as wide as its words, and a circle for the addition."""
    if isinstance(layer, ROUND):
        return ADD_SIZE
    return max(46.0, width(_LOOKS[type(layer)][0](layer), 11, Style.SEMIBOLD) + 22)


def node(
    part: Part, reading: Reading, x: float, y: float, path: str, is_shortcut: bool = False, changed: bool = False
) -> Group:
    """Return a layer as a labelled box centred on y, with what it does to the channels written under it.

    A convolution on the shortcut has the shortcut's colour; what ``changed`` has a dotted frame.
    """
    layer = part.layer
    words, ink, on = _LOOKS[type(layer)]
    if is_shortcut and isinstance(layer, Conv2d | Scale):
        ink, on = Ink.SHORTCUT, Ink.ON_SHORTCUT
    wide = node_width(layer)
    high, radius = (ADD_SIZE, ADD_SIZE / 2) if isinstance(layer, ROUND) else (NODE_HEIGHT, 5)
    size = 17 if isinstance(layer, ROUND) else 11
    marks: list[Mark] = [
        Box(0, 0, wide, high, ink, None, 0, radius),
        Label(wide / 2, high / 2 + size * 0.36, words(layer), size, on, Anchor.MIDDLE, Style.SEMIBOLD),
    ]
    if changed:
        marks.append(Box(-3, -3, wide + 6, high + 6, None, Ink.CHANGED, 2, radius + 3, Dash.DOTTED))
    for line, text in enumerate(_under(layer, reading)):
        marks.append(Label(wide / 2, high + (16 if changed else 14) + 13 * line, text, 10, Ink.MUTED, Anchor.MIDDLE))
    return Group(path, layer.kind, _title(layer, reading), x, y - high / 2, wide, high, tuple(marks))


def _under(layer: Layer, reading: Reading) -> tuple[str, ...]:
    """Return channels in and out, and the shape where it changes."""
    match layer:
        case Conv2d():
            groups = f", {layer.groups} groups" if layer.groups > 1 else ""
            return (f"{layer.in_channels}→{layer.out_channels}{groups}", compact(reading.output))
        case ZeroPad():
            return (f"{layer.in_channels}→{layer.out_channels}", compact(reading.output))
        case Linear():
            return (f"{layer.in_features}→{layer.out_features}",)
        case GroupNorm() | EvoNormS0() | ChannelConv1d() | Dropout():
            return (hyper(layer),)
        case MaxPool2d() | AvgPool2d() | BlurPool2d() | ConstantPad2d() | AdaptiveAvgPool2d():
            return (compact(reading.output),)
        case ChannelStats() | SpatialStats() | SumPairs():
            return (compact(reading.output),)
        case _:
            return ()


def _title(layer: Layer, reading: Reading) -> str:
    words = f"{layer.kind} {hyper(layer)}".strip()
    costs = [f"{layer.params:,} parameters"] if layer.params else []
    costs += [f"{si(reading.macs)}MACs"] if reading.macs else []
    return ", ".join([f"{words}: {compact(reading.input)} → {compact(reading.output)}", *costs])
