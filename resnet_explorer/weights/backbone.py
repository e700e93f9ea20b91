"""The residual network that stands somewhere among the layers of a file: its stem, and block after block."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

from resnet_explorer.spec import Attention, Block
from resnet_explorer.spec.readers import KERNELS, MAX_BLOCKS, MAX_STAGES
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
        channels, biased = stem[-1].out, stem[0].biased
        pooled = after < len(row) and _fits(row[after], (channels, channels), 3, biased=biased)
        for pool in (None, row[after]) if pooled else (None,):
            start = after + (pool is not None)
            start = start if biased else _past_head(row, start)
            for shakes in (False, True):
                blocks, stop = _blocks(row, start, channels, biased=biased, shakes=shakes)
                # Stacks of biased 3×3 convolutions are VGGs and heads; gains or projections tell a residual network.
                told = not biased or "gain" in stem[0].tensors or any(block.projection for block in blocks)
                if blocks and told:
                    yield Backbone(stem, pool, blocks, row[stop] if stop < len(row) else None)


def _past_head(row: Layers, at: int) -> int:
    """Return the place after layers that only a head has: linear ones, and convolutions with a bias."""
    end = at
    while end < min(len(row), at + MOST_BETWEEN) and (row[end].biased or row[end].kind is Kind.LINEAR):
        end += 1
    return end


def _stems(row: Layers, at: int) -> Iterator[tuple[Layers, int]]:
    first = row[at]
    if first.kind is not Kind.CONV or first.side < 3 or first.inputs > MOST_INPUTS:
        return
    yield (first,), at + 1
    three = row[at : at + 3]
    if (
        len(three) == 3
        and first.side == 3
        and all(_fits(b, (b.out, a.out), 3, biased=first.biased) for a, b in pairwise(three))
    ):
        yield three, at + 3


def _fits(layer: FileLayer, shape: tuple[int, int], side: int, *, biased: bool) -> bool:
    """Return whether a layer is a convolution of these channels, out and in, with a bias or without."""
    return layer.kind is Kind.CONV and layer.shape == (*shape, side, side) and layer.biased == biased


def _blocks(row: Layers, at: int, channels: int, *, biased: bool, shakes: bool) -> tuple[tuple[FoundBlock, ...], int]:
    blocks: list[FoundBlock] = []
    how = {"biased": biased, "shakes": shakes}
    while len(blocks) < MAX_BLOCKS * MAX_STAGES:
        leads = next((block.projects_first for block in blocks if block.projection), False)
        block, after = _block(row, at, channels, None, leads=leads, **how)
        if blocks and block and block.out == channels and block.attention is not blocks[-1].attention:
            block, after = _block(row, at, channels, blocks[-1].attention, leads=leads, **how)
        if block is None:
            break
        blocks.append(block)
        at, channels = after, block.out
    return tuple(blocks), at


def _block(
    row: Layers, at: int, channels: int, attention: Attention | None, *, leads: bool, biased: bool, shakes: bool
) -> tuple[FoundBlock | None, int]:
    """Return the block at a place and the place after it; None where there is none.

    ``leads`` says that projections come first in this file: they may stand there (transformers, timm) or after the
    branch (torchvision). ``attention`` is that of the block before, which a block of the same stage has, too;
    ``biased`` tells whether convolutions have biases, ``shakes`` whether there are two branches.
    """
    for first in (False, True):
        for found in _found(row, at + first, channels, biased=biased, shakes=shakes):
            block = replace(found, entering=channels)
            after = at + first + len(block.branch) + len(block.weights) + len(block.gate)
            if first:
                if not _projects(row[at], block, channels):
                    continue
                block = replace(block, projection=row[at], projects_first=True)
            block, after = _extras(row, after, block, attention, leads=leads)
            if attention in (None, block.attention):
                return block, after
    return None, at


def _found(row: Layers, at: int, channels: int, *, biased: bool, shakes: bool) -> Iterator[FoundBlock]:
    """Yield the branch at a place as a block: a plain one, two alike, attention before its last layer, or paths."""
    for core in _cores(row, at, channels, biased=biased):
        block = FoundBlock(Block.BOTTLENECK if len(core) == 3 else Block.BASIC, core, biased=biased)
        other = row[at + len(core) : at + 2 * len(core)]
        if not shakes:
            yield block
        elif [layer.shape for layer in other] == [layer.shape for layer in core]:
            yield replace(block, inside=other, shakes=True)
    if not shakes and at < len(row):
        yield from _gated_inside(row, at, channels, biased=biased)
        yield from forked(row, at, channels, biased=biased)


def _gated_inside(row: Layers, at: int, channels: int, *, biased: bool) -> Iterator[FoundBlock]:
    """Yield the branch at a place with attention before its last convolution."""
    for count in (1, 2):
        before = row[at : at + count]
        kind, size = _attention(row, at + count, before[-1].out) if len(before) == count else (Attention.NONE, 0)
        end = at + count + size
        for core in _cores((*before, *row[end : end + 1]), 0, channels, biased=biased) if size else ():
            if len(core) == count + 1:
                kinds = Block.BOTTLENECK if count == 2 else Block.BASIC
                gate = row[at + count : end]
                yield FoundBlock(kinds, core, attention=kind, gate=gate, gated_inside=True, biased=biased)


def _cores(row: Layers, at: int, channels: int, *, biased: bool) -> Iterator[Layers]:
    """Yield the plain branch at a place: a bottleneck of 1×1, k×k and 1×1, or two k×k; k is 3, 5 or 7."""
    three = row[at : at + 3]
    if any(layer.kind is not Kind.CONV or layer.biased != biased for layer in three[:2]) or len(three) < 2:
        return
    first, second = three[:2]
    if first.inputs != channels or second.side not in KERNELS or second.shape[3] != second.side:
        return
    grouped = second.inputs and first.out % second.inputs == 0 and second.out % (first.out // second.inputs) == 0
    if first.side == 1 and grouped and len(three) == 3:
        if _fits(three[2], (three[2].out, second.out), 1, biased=biased):
            yield three
    elif first.shape[2:] == second.shape[2:] and second.inputs == first.out:
        yield three[:2]


def _projects(layer: FileLayer, block: FoundBlock, channels: int) -> bool:
    return any(_fits(layer, (block.out, channels), side, biased=block.biased) for side in (1, 3))


def _extras(
    row: Layers, at: int, block: FoundBlock, attention: Attention | None, *, leads: bool
) -> tuple[FoundBlock, int]:
    """Return a block with what follows its branch, in any order: attention, projection, a highway's gate."""
    while at < len(row):
        kind, count = _attention(row, at, block.out) if block.attention is Attention.NONE else (Attention.NONE, 0)
        if count and attention in (None, kind):
            block = replace(block, attention=kind, gate=row[at : at + count])
            at += count
        elif weights_splits(row[at : at + 2], block) and (leads or not _projects_before_next(row, at, block)):
            block = replace(block, weights=row[at : at + 2], radix=max(1, block.radix))
            at += 2
        elif block.projection is None and _halves(row[at : at + 2], block):
            block = replace(block, projection=row[at], other_half=row[at + 1])
            at += 2
        elif (
            not leads
            and block.projection is None
            and _projects(row[at], block, block.channels)
            and not _begins(row, at, block)
        ):
            block = replace(block, projection=row[at])
            at += 1
        elif not block.end and (end := _stage_end(row, at, block.out)):
            block = replace(block, end=end)
            at += len(end)
        elif block.highway is None and _weights_shortcut(row[at], block) and not _begins(row, at, block):
            block = replace(block, highway=row[at])
            at += 1
        else:
            break
    return block, at


def _projects_before_next(row: Layers, at: int, block: FoundBlock) -> bool:
    """Return whether a projection stands at a place, and behind it the first layer of the next block.

    Where convolutions have biases, these two may have the shapes of attention over splits.
    """
    if block.projection is not None or not _projects(row[at], block, block.channels):
        return False
    return any(True for _ in _found(row, at + 1, block.out, biased=block.biased, shakes=block.shakes))


def _weights_shortcut(layer: FileLayer, block: FoundBlock) -> bool:
    """Return whether a layer may lead to a highway's gate."""
    return layer.biased and layer.shape == (block.out, block.channels, 1, 1)


def _halves(pair: Layers, block: FoundBlock) -> bool:
    """Return whether two convolutions give one half of a block's output each (Shake-Shake's projection)."""
    outs = (block.out - block.out // 2, block.out // 2)
    return len(pair) == 2 and all(
        _fits(layer, (out, block.channels), 1, biased=block.biased) for layer, out in zip(pair, outs, strict=True)
    )


def _stage_end(row: Layers, at: int, channels: int) -> Layers:
    """Return the layers of a BAM at a place, its branch over positions first; empty where there is none."""
    six = row[at : at + 6]
    if len(six) < 6 or any(layer.kind is not Kind.CONV or not layer.biased for layer in six):
        return ()
    few = six[0].out
    wide, into, back = (few, few, 3, 3), (few, channels, 1, 1), (channels, few, 1, 1)
    return six if [layer.shape for layer in six] == [into, wide, wide, (1, few, 1, 1), into, back] else ()


def _begins(row: Layers, at: int, block: FoundBlock) -> bool:
    """Return whether the convolution at a place, that may be a projection, is rather the first of the next block."""
    layer = row[at]
    found = _found(row, at, layer.inputs, biased=layer.biased, shakes=block.shakes)
    return layer.out == layer.inputs and any(True for _ in found)


def _attention(row: Layers, at: int, channels: int) -> tuple[Attention, int]:
    first, second, third = (*row[at : at + 3], None, None, None)[:3]
    if first is None:
        return Attention.NONE, 0
    if first.kind is Kind.CONV1D and first.shape[:2] == (1, 1):
        return Attention.ECA, 1
    if first.biased and (wide := _wide_attention(row, at, channels)):
        return wide
    if second is None or not (_is_gate(first, channels) and _is_gate(second, first.out)):
        return Attention.NONE, 0
    if first.inputs != channels or second.out != channels or second.inputs != first.out:
        return Attention.NONE, 0
    if third is not None and third.shape[:2] == (1, 2) and len(third.shape) == 4 and third.side > 1:
        return Attention.CBAM, 3
    return (Attention.SE, 2) if first.kind is Kind.LINEAR or (first.biased and second.biased) else (Attention.NONE, 0)


def _wide_attention(row: Layers, at: int, channels: int) -> tuple[Attention, int] | None:
    """Return attention that sees the whole map: global context of three layers, non-local attention of four."""
    shapes = [layer.shape if layer.kind is Kind.CONV and layer.biased else () for layer in row[at : at + 4]]
    if len(shapes) < 3:
        return None
    inner = shapes[1][0] if shapes[1] else 0
    into, back = (inner, channels, 1, 1), (channels, inner, 1, 1)
    if shapes[:3] == [(1, channels, 1, 1), into, back]:
        adds = re.search(r"gca|_add\b", row[at + 1].path)
        return (Attention.GCA if adds else Attention.GC), 3
    return (Attention.NON_LOCAL, 4) if shapes == [into, into, into, back] else None


def _is_gate(layer: FileLayer, channels: int) -> bool:
    return layer.kind in (Kind.CONV, Kind.LINEAR) and layer.shape[1:] in ((channels,), (channels, 1, 1))
