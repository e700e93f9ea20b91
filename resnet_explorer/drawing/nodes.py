"""A layer as a labelled box, with what it does to the channels written under it."""

from resnet_explorer.analysis import Reading
from resnet_explorer.analysis.words import compact, si
from resnet_explorer.blueprint import Part
from resnet_explorer.blueprint.kinds import Layer, Role
from resnet_explorer.blueprint.kinds.blocks import Scale
from resnet_explorer.drawing.marks import Anchor, Box, Dash, Group, Ink, Label, Mark
from resnet_explorer.drawing.text import Style, width

NODE_HEIGHT = 28.0
ADD_SIZE = 28.0
_ON = {Ink.ACTIVATION: Ink.ON_LIGHT, Ink.SHORTCUT: Ink.ON_SHORTCUT}
"""The ink of words on a colour, where it is not that on dark ones."""


def node_width(layer: Layer) -> float:
    """Return how wide the box of a layer is: as wide as its words, and a circle for the addition."""
    if layer.is_round:
        return ADD_SIZE
    return max(46.0, width(layer.label, 11, Style.SEMIBOLD) + 22)


def node(
    part: Part, reading: Reading, x: float, y: float, path: str, is_shortcut: bool = False, changed: bool = False
) -> Group:
    """Return a layer as a labelled box centred on y, with what it does to the channels written under it.

    A convolution on the shortcut has the shortcut's colour; what ``changed`` has a dotted frame.
    """
    layer = part.layer
    own = not (is_shortcut and (layer.role is Role.CONVOLUTION or isinstance(layer, Scale)))
    ink = Ink(layer.ink) if own else Ink.SHORTCUT
    wide = node_width(layer)
    high, radius = (ADD_SIZE, ADD_SIZE / 2) if layer.is_round else (NODE_HEIGHT, 5)
    size = 17 if layer.is_round else 11
    on = _ON.get(ink, Ink.ON_DARK)
    marks: list[Mark] = [
        Box(0, 0, wide, high, ink, None, 0, radius),
        Label(wide / 2, high / 2 + size * 0.36, layer.label, size, on, Anchor.MIDDLE, Style.SEMIBOLD),
    ]
    if changed:
        marks.append(Box(-3, -3, wide + 6, high + 6, None, Ink.CHANGED, 2, radius + 3, Dash.DOTTED))
    for line, text in enumerate(_under(layer, reading)):
        marks.append(Label(wide / 2, high + (16 if changed else 14) + 13 * line, text, 10, Ink.MUTED, Anchor.MIDDLE))
    return Group(path, layer.kind, _title(layer, reading), x, y - high / 2, wide, high, tuple(marks))


def _under(layer: Layer, reading: Reading) -> tuple[str, ...]:
    """Return channels in and out, and the shape where it changes."""
    return (*((layer.caption,) if layer.caption else ()), *((compact(reading.output),) if layer.shows_map else ()))


def _title(layer: Layer, reading: Reading) -> str:
    words = f"{layer.kind} {layer.hyper}".strip()
    costs = [f"{layer.params:,} parameters"] if layer.params else []
    costs += [f"{si(reading.macs)}MACs"] if reading.macs else []
    return ", ".join([f"{words}: {compact(reading.input)} → {compact(reading.output)}", *costs])
