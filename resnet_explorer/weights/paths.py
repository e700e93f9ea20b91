"""Branches with parallel paths among the layers of a file: Res2Net's, SK's and ResNeSt's, known by their shapes."""

from collections.abc import Iterator
from dataclasses import replace

from resnet_explorer.spec import Block
from resnet_explorer.weights.found import FoundBlock
from resnet_explorer.weights.layers import FileLayer, Kind, Layers


def forked(row: Layers, at: int, channels: int, *, biased: bool) -> Iterator[FoundBlock]:
    """Yield the blocks at a place whose 3x3 has parallel paths in its place; ``biased`` are their convolutions."""
    for kind in (_scaled, _selective, _split):
        yield from (replace(block, biased=biased) for block in kind(row, at, channels, biased))


def _is(layer: FileLayer, out: int, inputs: int, side: int = 1, *, biased: bool = False) -> bool:
    return layer.kind is Kind.CONV and layer.shape == (out, inputs, side, side) and layer.biased is biased


def _scaled(row: Layers, at: int, channels: int, biased: bool) -> Iterator[FoundBlock]:
    """1x1, equal 3x3 for all slices of its output but one, 1x1 (Res2Net)."""
    first, paths = row[at], row[at + 1 : at + 1 + _equal(row, at + 1, biased)]
    if not paths or not _is(first, first.out, channels, biased=biased) or first.out != paths[0].out * (len(paths) + 1):
        return
    end = at + 1 + len(paths)
    if end < len(row) and paths[0].out % paths[0].inputs == 0 and _is(row[end], row[end].out, first.out, biased=biased):
        yield FoundBlock(Block.BOTTLENECK, (first, paths[0], row[end]), inside=paths[1:], scales=len(paths) + 1)


def _equal(row: Layers, at: int, biased: bool) -> int:
    """Return how many 3x3 of one shape stand at a place."""
    count = 0
    while at + count < len(row) and _is(row[at + count], row[at].out, row[at].shape[1], 3, biased=biased):
        count += 1
    return count


def _selective(row: Layers, at: int, channels: int, biased: bool) -> Iterator[FoundBlock]:
    """Two equal 3x3 and the two layers that select between them, in place of a bottleneck's 3x3 or a basic first."""
    first = row[at]
    if _is(first, first.out, channels, biased=biased):
        for paths, gate, width in _selected(row[at + 1 : at + 5], first.out, biased):
            if at + 5 < len(row) and _is(last := row[at + 5], last.out, width, biased=biased):
                yield FoundBlock(
                    Block.BOTTLENECK, (first, paths[0], last), inside=paths[1:], weights=gate, selects=True
                )
    for paths, gate, width in _selected(row[at : at + 4], channels, biased):
        if at + 4 < len(row) and _is(row[at + 4], row[at + 4].out, width, 3, biased=biased):
            yield FoundBlock(Block.BASIC, (paths[0], row[at + 4]), inside=paths[1:], weights=gate, selects=True)


def _selected(four: Layers, channels: int, biased: bool) -> Iterator[tuple[Layers, Layers, int]]:
    """Yield two paths and the layers that select between them; sorted by name these come first."""
    if len(four) < 4:
        return
    for paths, gate in ((four[:2], four[2:]), (four[2:], four[:2])):
        if len(paths[0].shape) != 4 or _equal(paths, 0, biased) != 2 or channels % paths[0].inputs:
            continue
        width, few = paths[0].out, gate[0].out
        if _is(gate[0], few, width) and _is(gate[1], 2 * width, few):
            yield paths, gate, width


def _split(row: Layers, at: int, channels: int, biased: bool) -> Iterator[FoundBlock]:
    """1x1, a 3x3 in splits, perhaps the attention over them, 1x1 (ResNeSt)."""
    first, *rest = row[at : at + 5]
    if not rest or rest[0].kind is not Kind.CONV or rest[0].out % max(1, first.out):
        return
    if not _is(first, first.out, channels, biased=biased):
        return
    radix, second = rest[0].out // first.out, rest[0]
    if not _is(second, second.out, second.inputs, 3, biased=biased) or first.out % (second.inputs * radix):
        return
    block = FoundBlock(Block.BOTTLENECK, (first, second), radix=radix)
    if len(rest) > 3 and weights_splits(rest[1:3], block) and _is(rest[3], rest[3].out, first.out, biased=biased):
        yield FoundBlock(Block.BOTTLENECK, (first, second, rest[3]), weights=tuple(rest[1:3]), radix=radix)
    if radix > 1 and len(rest) > 1 and _is(rest[1], rest[1].out, first.out, biased=biased):
        yield FoundBlock(Block.BOTTLENECK, (first, second, rest[1]), radix=radix)


def weights_splits(pair: Layers | list[FileLayer], block: FoundBlock) -> bool:
    """Return whether two layers are the attention over the splits of a bottleneck's 3x3."""
    if len(pair) < 2 or block.kind is not Block.BOTTLENECK or block.weights or block.inside:
        return False
    width, radix = block.convs[0].out, max(1, block.radix)
    groups = max(1, width // block.convs[1].inputs // radix)
    few = pair[0].out
    return few % groups == 0 and (
        _is(pair[0], few, width // groups, biased=True) and _is(pair[1], radix * width, few // groups, biased=True)
    )
