"""A layer as a labelled box, with what it does to the channels written under it."""

from collections.abc import Callable, Mapping

from resnet_explorer.analysis import Reading
from resnet_explorer.analysis.words import compact, hyper, si
from resnet_explorer.blueprint import Part
from resnet_explorer.blueprint.layers import (
    AdaptiveAvgPool2d,
    Add,
    BatchNorm2d,
    Conv2d,
    Flatten,
    Layer,
    Linear,
    MaxPool2d,
    ReLU,
    ZeroPad,
)
from resnet_explorer.drawing.marks import Anchor, Box, Group, Ink, Label, Mark
from resnet_explorer.drawing.text import Style, width

NODE_HEIGHT = 28.0
ADD_SIZE = 28.0


def _conv_words(layer: Layer) -> str:
    assert isinstance(layer, Conv2d)
    return f"{layer.kernel}×{layer.kernel} conv" + (f" /{layer.stride}" if layer.stride > 1 else "")


def _pool_words(layer: Layer) -> str:
    assert isinstance(layer, MaxPool2d)
    return f"{layer.kernel}×{layer.kernel} max-pool /{layer.stride}"


_Look = tuple[Callable[[Layer], str], Ink, Ink]
_LOOKS: Mapping[type[Layer], _Look] = {
    Conv2d: (_conv_words, Ink.CONV, Ink.ON_DARK),
    BatchNorm2d: (lambda layer: "BN", Ink.NORM, Ink.ON_DARK),
    ReLU: (lambda layer: "ReLU", Ink.ACTIVATION, Ink.ON_LIGHT),
    MaxPool2d: (_pool_words, Ink.POOL, Ink.ON_DARK),
    AdaptiveAvgPool2d: (lambda layer: "global avg pool", Ink.POOL, Ink.ON_DARK),
    Flatten: (lambda layer: "flatten", Ink.NORM, Ink.ON_DARK),
    Linear: (lambda layer: "fc", Ink.LINEAR, Ink.ON_DARK),
    ZeroPad: (lambda layer: "zero-pad", Ink.SHORTCUT, Ink.ON_SHORTCUT),
    Add: (lambda layer: "+", Ink.SHORTCUT, Ink.ON_SHORTCUT),
}


def node_width(layer: Layer) -> float:
    """Return how wide the box of a layer is: as wide as its words, and a circle for the addition."""
    if isinstance(layer, Add):
        return ADD_SIZE
    return max(46.0, width(_LOOKS[type(layer)][0](layer), 11, Style.SEMIBOLD) + 22)


def node(part: Part, reading: Reading, x: float, y: float, path: str, is_shortcut: bool = False) -> Group:
    """Return a layer as a labelled box centred on y, with what it does to the channels written under it.

    A convolution on the shortcut has the shortcut's colour.
    """
    layer = part.layer
    words, ink, on = _LOOKS[type(layer)]
    if is_shortcut and isinstance(layer, Conv2d):
        ink, on = Ink.SHORTCUT, Ink.ON_SHORTCUT
    wide = node_width(layer)
    high, radius = (ADD_SIZE, ADD_SIZE / 2) if isinstance(layer, Add) else (NODE_HEIGHT, 5)
    size = 17 if isinstance(layer, Add) else 11
    marks: list[Mark] = [
        Box(0, 0, wide, high, ink, None, 0, radius),
        Label(wide / 2, high / 2 + size * 0.36, words(layer), size, on, Anchor.MIDDLE, Style.SEMIBOLD),
    ]
    for line, text in enumerate(_under(layer, reading)):
        marks.append(Label(wide / 2, high + 14 + 13 * line, text, 10, Ink.MUTED, Anchor.MIDDLE))
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
        case MaxPool2d() | AdaptiveAvgPool2d():
            return (compact(reading.output),)
        case _:
            return ()


def _title(layer: Layer, reading: Reading) -> str:
    words = f"{layer.kind} {hyper(layer)}".strip()
    costs = [f"{layer.params:,} parameters"] if layer.params else []
    costs += [f"{si(reading.macs)}MACs"] if reading.macs else []
    return ", ".join([f"{words}: {compact(reading.input)} → {compact(reading.output)}", *costs])
