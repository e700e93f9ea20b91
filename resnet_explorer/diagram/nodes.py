"""A layer as a labelled box, with what it does to the channels written under it."""

from resnet_explorer.dataclass import dataclass
from resnet_explorer.network import Block, Form, Network, Part, Stage, compile_spec
from resnet_explorer.network.kinds import Layer, Role
from resnet_explorer.network.kinds.blocks import Scale
from resnet_explorer.picture.marks import Anchor, Box, Dash, Group, Ink, Label, Mark, Style, width
from resnet_explorer.readings import Reading
from resnet_explorer.readings.text import compact, si
from resnet_explorer.spec.catalogue import changes as in_words
from resnet_explorer.spec.catalogue import origin, title

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
        Label(wide / 2, high / 2 + size * 0.36, layer.label, size, on, Anchor.MIDDLE, Style.SEMIBOLD, is_name=True),
    ]
    if changed:
        marks.append(Box(-3, -3, wide + 6, high + 6, None, Ink.CHANGED, 2, radius + 3, Dash.DOTTED))
    under = [layer.caption] if layer.caption else []
    under += [compact(reading.output)] if layer.shows_map else []
    for line, text in enumerate(under):
        marks.append(Label(wide / 2, high + (16 if changed else 14) + 13 * line, text, 10, Ink.MUTED, Anchor.MIDDLE))
    return Group(path, layer.kind, _title(layer, reading), x, y - high / 2, wide, high, tuple(marks))


def _title(layer: Layer, reading: Reading) -> str:
    text = f"{layer.kind} {layer.hyper}".strip()
    costs = [f"{layer.params:,} parameters"] if layer.params else []
    costs += [f"{si(reading.macs)}MACs"] if reading.macs else []
    return ", ".join([f"{text}: {compact(reading.input)} → {compact(reading.output)}", *costs])


@dataclass(frozen=True, slots=True)
class Changes:
    """A line of words, the changed layers of each form by name, and how many blocks more each stage has.

    A form that is unchanged is left out; one that only lost layers, or has them in another order, has no names.
    """

    text: tuple[str, ...]
    forms: dict[Form, frozenset[str]]
    more: dict[str, tuple[int, int]]

    def of(self, block: Block) -> frozenset[str]:
        """Return the names of the layers in which a block differs; empty where it is as it was."""
        return self.forms.get(block.form, frozenset())

    def touches(self, block: Block) -> bool:
        """Return whether a block is new, or differs, be it only by what it lost."""
        stage = block.path.partition(".")[0]
        more = self.more.get(stage, (0, 0))
        return block.form in self.forms or (block.number > 0 and block.number > more[0])

    def blocks_more(self, stage: Stage) -> int:
        """Return by how many blocks a stage has grown; negative where it has shrunk."""
        return self.more.get(stage.path, (0, 0))[1]


def changes(network: Network) -> Changes | None:
    """Return how a network differs from the one it came from; None where it came from none."""
    source = origin(network.spec)
    if source is None:
        return None
    text = in_words(source.spec, network.spec)
    count = f"{len(text)} change{'' if len(text) == 1 else 's'}"
    old = compile_spec(source.spec)
    counts = {stage.path: len(stage.blocks) for stage in old.stages}
    more = {}
    for stage in network.stages:
        before = counts.get(stage.path, 0)
        more[stage.path] = (before, len(stage.blocks) - before)
    return Changes((f"{title(network.spec)} = {source.title} with {count}", *text), _forms(old, network), more)


def _forms(old: Network, new: Network) -> dict[Form, frozenset[str]]:
    """Compare each block with the one at its place; past the end of a stage with the stage's last."""
    pairs = [(new.stem, old.stem)]
    for stage in new.stages:
        olds = old.stages[min(stage.number, len(old.stages)) - 1].blocks
        pairs += [(stage.blocks[0], olds[0])]
        pairs += [(block, olds[min(1, len(olds) - 1)]) for block in stage.blocks[1:2]]
    if new.head and old.head:
        pairs.append((new.head, old.head))
    forms: dict[Form, frozenset[str]] = {}
    for block, before in pairs:
        was, now = _layers(before), _layers(block)
        changed = frozenset(name for name, layer in now.items() if was.get(name) != layer)
        if changed or list(was) != list(now):
            forms[block.form] = changed
    return forms


def _layers(block: Block) -> dict[str, Layer]:
    return {part.name: part.layer for part in block.form.parts}
