"""The stops on a tensor's way through a network, and what a scene holds of the page."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from math import prod

from resnet_explorer.diagram.overview import stage_ink
from resnet_explorer.network import Block, Fork, Network, Part, flat
from resnet_explorer.network.kinds import Role, Shape
from resnet_explorer.network.kinds.convolutions import ITEMS
from resnet_explorer.network.kinds.dimensions import sides
from resnet_explorer.network.tree import Step
from resnet_explorer.picture.marks import Ink
from resnet_explorer.readings import Analysis
from resnet_explorer.readings.results import Extent
from resnet_explorer.readings.text import compact

TOLD = (Role.CONVOLUTION, Role.POOLING, Role.LINEAR)
"""The layers that are named where a stop stands for several."""


class Grain(StrEnum):
    """Where the tensor stops."""

    STAGES = "stages"
    BLOCKS = "blocks"
    LAYERS = "layers"


@dataclass(frozen=True, slots=True)
class JourneyPart:
    """What a scene holds of the page: where the tensor stops, and the stop at which it is, from 0 for the image."""

    by: Grain = Grain.BLOCKS
    stop: int = 0


@dataclass(frozen=True, slots=True)
class Stop:
    """A tensor on its way: the address of what made it, its name, what was done, and its shape.

    ``unit`` names the part of the network it lies in, and ``ink`` is its colour. ``waiting`` is the shape of the copy
    of a block's input that waits at the addition; None where none waits. ``adds`` says that the copy joins here.
    """

    path: str
    name: str
    does: str
    shape: Shape
    unit: str
    ink: Ink
    receptive_field: Extent | None = None
    waiting: Shape | None = None
    adds: bool = False

    @property
    def size(self) -> tuple[int, int, int]:
        """Return channels, height and width; features are a map of one pixel, a signal one of one row."""
        height, width = (1, 1, *self.shape[2:])[-2:]
        return (self.shape[1], height, width)

    @property
    def values(self) -> int:
        """Return how many numbers the tensor of one image holds."""
        return prod(self.shape[1:])


def stops(analysis: Analysis, by: Grain) -> tuple[Stop, ...]:
    """Return the image and every tensor on the main way, in the order in which they are made."""
    shape = analysis.total.input
    item = ITEMS[analysis.network.spec.dims]
    image = Stop("", item, f"{shape[1]} channel{'s' * (shape[1] != 1)}", shape, item, Ink.MUTED, 1)
    return (image, *_MAKERS[by](analysis))


def _by_stages(analysis: Analysis) -> Iterator[Stop]:
    network = analysis.network
    for path, name, does, ink in _units(network):
        sums = analysis.sums[path]
        yield Stop(path, name, does, sums.output, name, ink, sums.receptive_field)


def _units(network: Network) -> Iterator[tuple[str, str, str, Ink]]:
    """Yield stem, stages and head: address, name, what they are made of, colour."""
    yield network.stem.path, "stem", _layers_text(network.stem), Ink.STEM
    for stage in network.stages:
        count = len(stage.blocks)
        yield stage.path, stage.title, f"{count} block{'s' * (count != 1)}", stage_ink(stage)
    if network.head:
        yield network.head.path, "head", _layers_text(network.head), Ink.HEAD


def _layers_text(block: Block) -> str:
    """Return the layers of the main way in few words."""
    layers = [part.layer for part in main_way(block) if part.layer.role in TOLD]
    return ", ".join(f"{layer.kind} {layer.hyper}".strip() for layer in layers)


def main_way(block: Block) -> tuple[Part, ...]:
    """Return the layers that the tensor passes: neither those of the shortcut nor those that lead to a gate.

    Of parallel paths it takes the first.
    """
    form = block.form
    return tuple(part for step in (*form.before, *form.branch, *form.after) for part in _passed(step))


def _passed(step: Step) -> tuple[Part, ...]:
    if isinstance(step, Fork):
        return (*flat(step.paths[0]), step.join)
    return (step,) if isinstance(step, Part) else (step.scale,)


def _by_blocks(analysis: Analysis) -> Iterator[Stop]:
    for block, unit, ink in _blocks(analysis.network):
        sums = analysis.sums[block.path]
        yield Stop(block.path, block.path, _block_text(block), sums.output, unit, ink, sums.receptive_field)


def _blocks(network: Network) -> Iterator[tuple[Block, str, Ink]]:
    yield network.stem, "stem", Ink.STEM
    for stage in network.stages:
        for block in stage.blocks:
            yield block, stage.title, stage_ink(stage)
    if network.head:
        yield network.head, "head", Ink.HEAD


def _block_text(block: Block) -> str:
    if not block.number:
        return _layers_text(block)
    form, layers = block.form, [part.layer for part in main_way(block) if part.layer.role is Role.CONVOLUTION]
    shortcut = "no shortcut" if form.shortcut is None else "projection" if form.projects else "identity shortcut"
    return f"{', '.join(layer.hyper for layer in layers)}; {shortcut}"


def _by_layers(analysis: Analysis) -> Iterator[Stop]:
    for block, unit, ink in _blocks(analysis.network):
        yield from _inside(analysis, block, unit, ink)


def _inside(analysis: Analysis, block: Block, unit: str, ink: Ink) -> Iterator[Stop]:
    """Yield the tensors inside a block.

    A copy of the branch's input waits while the tensor is in the branch of a block with a shortcut, and is added by
    the layer after it.
    """
    form, way = block.form, set(map(id, main_way(block)))
    branch = {id(part) for step in form.branch for part in _passed(step)}
    copied, waits = analysis.sums[block.path].input, False
    for row in analysis.rows_of(block):
        if id(row.part) not in way:
            continue
        is_branch, layer = id(row.part) in branch, row.part.layer
        adds, waits = waits and not is_branch, is_branch and form.shortcut is not None
        does = f"{layer.kind} {layer.hyper}".strip()
        if adds:
            does += f": F(x) + {'the projected x' if form.projects else 'x'}"
        waiting = copied if waits else None
        yield Stop(row.path, row.path, does, row.reading.output, unit, ink, row.receptive_field, waiting, adds)
        copied = copied if is_branch else row.reading.output


_MAKERS = {Grain.STAGES: _by_stages, Grain.BLOCKS: _by_blocks, Grain.LAYERS: _by_layers}


def sentence(before: Stop | None, stop: Stop) -> str:
    """Return what happened to the tensor on its way to a stop, in one sentence."""
    if before is None:
        return f"{'An' if stop.name == 'image' else 'A'} {stop.name} of {compact(stop.shape)} enters the network."
    if stop.adds:
        return "The copy of the block's input is added: F(x) + x, number by number."
    (channels, high, _), (old, tall, _) = stop.size, before.size
    width = f"{channels:,} channels in place of {old:,}" if channels != old else "the channels stay"
    height = f"{high:,} rows in place of {tall:,}" if high != tall else "the size stays"
    if len(stop.shape) in (3, 5) and stop.shape[2:] != before.shape[2:]:
        height = f"{sides(stop.shape[2:])} positions in place of {sides(before.shape[2:])}"
    both = "the shape stays" if stop.size == before.size else f"{width}, {height}"
    return f"{both[0].upper()}{both[1:]}."
