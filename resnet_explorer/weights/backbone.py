"""The residual network that stands somewhere among the layers of a file: its stem, and block after block."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

from resnet_explorer.network.kinds import Shape
from resnet_explorer.spec import Attention, Block
from resnet_explorer.spec.readers import MAX_BLOCKS, MAX_STAGES
from resnet_explorer.weights.found import FoundBlock
from resnet_explorer.weights.layers import FileLayer, Kind, Layers, shared
from resnet_explorer.weights.paths import forked, weights_splits

_WEIGHTED = (Kind.CONV, Kind.LINEAR, Kind.CONV1D)
MOST_INPUTS = 4096
MOST_BETWEEN = 64
"""How many layers of a head may stand between stem and blocks, where they are sorted by name."""


@dataclass(frozen=True, slots=True)
class Backbone:
    """A stem of one or three convolutions, perhaps one in the pool's place, and blocks in their order.

    ``stop`` is the first layer after them.
    """

    stem: Layers
    pool: FileLayer | None
    blocks: tuple[FoundBlock, ...]
    stop: FileLayer | None

    @property
    def layers(self) -> Layers:
        """Return everything with weights in it."""
        inner = tuple(layer for block in self.blocks for layer in block.layers)
        return (*self.stem, *((self.pool,) if self.pool else ()), *inner)

    @property
    def root(self) -> str:
        """Return what the names of its layers share."""
        return shared([layer.path for layer in self.layers])

    @property
    def out(self) -> int:
        """Return the channels of its last map."""
        return self.blocks[-1].out


def weighted(layers: Layers) -> Layers:
    """Return the layers that tell the structure, in their order: all but norms and single numbers."""
    return tuple(layer for layer in layers if layer.kind in _WEIGHTED and not is_blur(layer))


def is_blur(layer: FileLayer) -> bool:
    """Return whether a layer is the fixed filter of a blur pool, as antialiased-cnns saves it (Zhang 2019)."""
    return layer.shape[1:2] == (1,) and layer.tensors.get("weight", "").endswith("filt")


def backbones(layers: Layers) -> tuple[tuple[Backbone, ...], ...]:
    """Return the residual networks among some layers, one behind the other, each with the other ways to read it."""
    row = weighted(layers)
    networks: list[tuple[Backbone, ...]] = []
    at = 0
    while at < len(row):
        ways = tuple(_at(row, at))
        if ways:
            networks.append(ways)
            at += max(len(way.layers) for way in ways)
        else:
            at += 1
    return tuple(networks)


def _at(row: Layers, at: int) -> Iterator[Backbone]:
    for stem, after in _stems(row, at):
        channels = stem[-1].out
        pooled = after < len(row) and _fits(row[after], (channels, channels), 3)
        for pool in (None, row[after]) if pooled else (None,):
            for shakes in (False, True):
                blocks, stop = _blocks(row, _past_head(row, after + (pool is not None)), channels, shakes)
                if blocks:
                    yield Backbone(stem, pool, blocks, row[stop] if stop < len(row) else None)


def _past_head(row: Layers, at: int) -> int:
    """Return the place after layers that only a head has: linear ones, and convolutions with a bias."""
    end = at
    while end < min(len(row), at + MOST_BETWEEN) and (row[end].biased or row[end].kind is Kind.LINEAR):
        end += 1
    return end


def _stems(row: Layers, at: int) -> Iterator[tuple[Layers, int]]:
    first = row[at]
    if first.kind is not Kind.CONV or first.side < 3 or first.biased or first.inputs > MOST_INPUTS:
        return
    yield (first,), at + 1
    three = row[at : at + 3]
    if len(three) == 3 and first.side == 3 and all(_fits(b, (b.out, a.out), 3) for a, b in pairwise(three)):
        yield three, at + 3


def _fits(layer: FileLayer, shape: tuple[int, int], side: int) -> bool:
    """Return whether a layer is a convolution of these channels, out and in, without a bias."""
    return layer.kind is Kind.CONV and layer.shape == (*shape, side, side) and not layer.biased


def _blocks(row: Layers, at: int, channels: int, shakes: bool) -> tuple[tuple[FoundBlock, ...], int]:
    blocks: list[FoundBlock] = []
    while len(blocks) < MAX_BLOCKS * MAX_STAGES:
        block, after = _block(row, at, channels, shakes, blocks[0].attention if blocks else None)
        if block is None:
            break
        blocks.append(block)
        at, channels = after, block.out
    return tuple(blocks), at


def _block(
    row: Layers, at: int, channels: int, shakes: bool, attention: Attention | None
) -> tuple[FoundBlock | None, int]:
    """Return the block at a place and the place after it; None where there is none.

    A projection may come first (transformers, timm) or after the branch (torchvision); ``attention`` is that of the
    blocks before, which all have the same. ``shakes`` asks for two branches.
    """
    for first in (False, True):
        for core in _cores(row, at + first, channels, shakes):
            block = replace(core, entering=channels)
            after = at + first + len(core.branch) + len(core.weights)
            if first:
                if not _projects(row[at], block, channels):
                    continue
                block = replace(block, projection=row[at], projects_first=True)
            block, after = _extras(row, after, block, attention)
            if attention in (None, block.attention):
                return block, after
    return None, at


def _cores(row: Layers, at: int, channels: int, shakes: bool) -> Iterator[FoundBlock]:
    """Yield the branches at a place: plain ones first, then those with parallel paths; or pairs of plain ones."""
    if at >= len(row):
        return
    for convs in _plain(row, at, channels):
        block = FoundBlock(Block.BOTTLENECK if len(convs) == 3 else Block.BASIC, convs)
        other = row[at + len(convs) : at + 2 * len(convs)]
        if not shakes:
            yield block
        elif [layer.shape for layer in other] == [layer.shape for layer in convs]:
            yield replace(block, inside=other, shakes=True)
    if not shakes:
        yield from forked(row, at, channels)


def _plain(row: Layers, at: int, channels: int) -> Iterator[Layers]:
    """Yield the plain branch at a place: a bottleneck of 1×1, 3×3 and 1×1, or two 3×3."""
    three = row[at : at + 3]
    if any(layer.kind is not Kind.CONV or layer.biased for layer in three[:2]) or len(three) < 2:
        return
    first, second = three[:2]
    if first.inputs != channels or second.side != 3 or second.shape[3] != 3:
        return
    grouped = second.inputs and first.out % second.inputs == 0 and second.out % (first.out // second.inputs) == 0
    if first.side == 1 and grouped and len(three) == 3 and _fits(three[2], (three[2].out, second.out), 1):
        yield three
    elif first.shape[2:] == (3, 3) and second.inputs == first.out:
        yield three[:2]


def _projects(layer: FileLayer, block: FoundBlock, channels: int) -> bool:
    return any(_fits(layer, (block.out, channels), side) for side in (1, 3))


def _extras(row: Layers, at: int, block: FoundBlock, attention: Attention | None) -> tuple[FoundBlock, int]:
    """Return a block with what follows its branch, in any order: attention, projection, a highway's gate."""
    while at < len(row):
        kind, count = _attention(row, at, block.out) if block.attention is Attention.NONE else (Attention.NONE, 0)
        if count and attention in (None, kind):
            block = replace(block, attention=kind, gate=row[at : at + count])
            at += count
        elif not block.weights and weights_splits(row[at : at + 2], block):
            block = replace(block, weights=row[at : at + 2], radix=max(1, block.radix))
            at += 2
        elif block.projection is None and _halves(row[at : at + 2], block):
            block = replace(block, projection=row[at], other_half=row[at + 1])
            at += 2
        elif block.projection is None and _projects(row[at], block, block.channels) and not _begins(row, at, block):
            block = replace(block, projection=row[at])
            at += 1
        elif block.highway is None and row[at].biased and row[at].shape == (block.out, block.channels, 1, 1):
            block = replace(block, highway=row[at])
            at += 1
        else:
            break
    return block, at


def _halves(pair: Layers, block: FoundBlock) -> bool:
    """Return whether two convolutions give one half of a block's output each (Shake-Shake's projection)."""
    outs = (block.out - block.out // 2, block.out // 2)
    return len(pair) == 2 and all(_fits(layer, (out, block.channels), 1) for layer, out in zip(pair, outs, strict=True))


def _begins(row: Layers, at: int, block: FoundBlock) -> bool:
    """Return whether the convolution at a place, that may be a projection, is rather the first of the next block."""
    cores = _cores(row, at, row[at].inputs, block.shakes)
    return row[at].out == row[at].inputs and any(True for _ in cores)


def _attention(row: Layers, at: int, channels: int) -> tuple[Attention, int]:
    first, second, third = (*row[at : at + 3], None, None, None)[:3]
    if first is None:
        return Attention.NONE, 0
    if first.kind is Kind.CONV1D and first.shape[:2] == (1, 1):
        return Attention.ECA, 1
    if second is None or not (_is_gate(first, channels) and _is_gate(second, first.out)):
        return Attention.NONE, 0
    if first.inputs != channels or second.out != channels or second.inputs != first.out:
        return Attention.NONE, 0
    if third is not None and third.shape[:2] == (1, 2) and len(third.shape) == 4 and third.side > 1:
        return Attention.CBAM, 3
    return (Attention.SE, 2) if first.kind is Kind.LINEAR or (first.biased and second.biased) else (Attention.NONE, 0)


def _is_gate(layer: FileLayer, channels: int) -> bool:
    return layer.kind in (Kind.CONV, Kind.LINEAR) and layer.shape[1:] in ((channels,), (channels, 1, 1))


_FAMILIES: tuple[tuple[str, str], ...] = (
    (r"denseblock|dense_block", "a DenseNet"),
    (r"(^|\.)s\d\.b\d+\.|trunk_output\.block\d|encoder\.stages\.\d\.layers\.\d\.layer\.\d\.attention", "a RegNet"),
    (r"fuse_layers|(^|\.)transition\d", "an HRNet"),
    (r"(^|\.)features\.\d+\.conv6\.", "a SelecSLS"),
    (r"Mixed_\d|inception\d|branch3x3dbl|mixed_\d", "an Inception network"),
    (r"relative_position_bias_table", "a Swin transformer"),
    (r"cls_token|patch_embed|class_token|vit\.embeddings|pos_embed", "a vision transformer"),
    (r"word_embeddings|token_type_embeddings", "a BERT-like language model"),
    (r"(^|\.)(wte|tok_embeddings|embed_tokens)\.|lm_head|shared\.weight", "a language model"),
    (r"\.gamma$|dwconv|conv_dw\.weight.*7x7", "a ConvNeXt"),
    (r"conv_pwl|conv_pw\.|_depthwise_conv|depthwise|conv_dw", "a network of depthwise convolutions"),
    (r"squeeze\.weight|expand3x3", "a SqueezeNet"),
    (r"conv_offset|deform", "a network with deformable convolutions"),
    (r"^unet\.|down_blocks\.|up_blocks\.|input_blocks\.", "a U-Net"),
)
"""Names that one family alone has; the first that fits counts."""


def family(shapes: Mapping[str, Shape]) -> str:
    """Return what other family of networks some tensors are of; empty where that cannot be told."""
    for pattern, text in _FAMILIES:
        if any(re.search(pattern, name) for name in shapes):
            return text
    convs = [shape for shape in shapes.values() if len(shape) == 4 and shape[2:] != (1, 1)]
    matrices = [shape for shape in shapes.values() if len(shape) == 2]
    if not convs and len(matrices) > 3:
        return "a network of matrices, such as a transformer or a multi-layer perceptron"
    depthwise = [shape for shape in convs if shape[1] == 1 and shape[0] > 3]
    if len(depthwise) * 2 > len(convs) > 2:
        return "a network of depthwise convolutions"
    return ""


def structural_family(layers: Layers) -> str:
    """Return the family that the shapes of the layers alone tell; empty where they do not."""
    row = weighted(layers)
    convs = [layer for layer in row if layer.kind is Kind.CONV]
    stack = [layer for layer in convs if layer.side == 3]
    chained = all(b.inputs == a.out for a, b in pairwise(stack))
    if len(stack) > 4 and chained and stack[0].inputs <= 4 and len(convs) - len(stack) < 3:
        return "a plain stack of 3×3 convolutions, such as a VGG"
    middle = [convs[at] for at in range(1, len(convs) - 1) if convs[at].side == 3 and convs[at - 1].side == 1]
    widths = {layer.inputs for layer in middle}
    straight = [layer for layer in middle if layer.out % layer.inputs == 0 and layer.out > layer.inputs]
    if len(middle) > 2 and len(widths) == 1 and len(straight) == len(middle) and len({x.out for x in middle}) > 1:
        return "a RegNet (groups of one width in every stage)"
    return ""


def reason(shapes: Mapping[str, Shape], nearest: Iterable[Backbone]) -> str:
    """Return why some tensors make no residual network that the app knows, as a sentence's end."""
    best = max(nearest, key=lambda backbone: len(backbone.blocks), default=None)
    if best is not None and best.stop is not None:
        count = len(best.blocks)
        fitting = "block is one" if count == 1 else f"{count:,} blocks are those"
        what = "×".join(map(str, best.stop.shape))
        return f"the first {fitting} of a residual network, but then comes {best.stop.path[:60]} of {what}"
    if not any(len(shape) == 4 for shape in shapes.values()):
        return "there are no convolutions"
    return "no stem is followed by blocks of two 3×3 convolutions, or of 1×1, 3×3 and 1×1"
