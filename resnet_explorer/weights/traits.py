"""What the layers of a residual network tell of its axes, and what they leave open."""

from dataclasses import replace

from resnet_explorer.network import forks
from resnet_explorer.network.branches import hidden
from resnet_explorer.spec import (
    Attention,
    AverageDown,
    Block,
    Branches,
    Downsample,
    Gain,
    Gating,
    Init,
    Norm,
    Order,
    ResNetSpec,
    Selective,
    Shortcut,
    Stem,
    StemPool,
)
from resnet_explorer.spec.readers import MAX_STAGES, USUAL_BASE_WIDTH
from resnet_explorer.weights.backbone import Backbone
from resnet_explorer.weights.found import FoundBlock
from resnet_explorer.weights.layers import NORM_TENSORS, Kind, Layers, parted, shared

RATIOS = ((16, 8), (4, 8), (16, 1), (8, 8), (8, 16), (16, 32), (4, 1), (8, 1), (2, 1), (32, 1))
"""Reduction and rounding of attention that published networks use, the most usual first."""
MOST_REDUCTION = 64
"""Others are tried up to this reduction."""
_POOLS = {
    StemPool.MAX: "a max-pool",
    StemPool.PADDED: "a max-pool on a map padded with zeros",
    StemPool.CONV: "a convolution instead of a pool",
    StemPool.NONE: "no pool",
}


def read_traits(backbone: Backbone, layers: Layers) -> dict[str, object]:
    """Return the axes that a backbone tells, as changes of a plain ResNet; ``layers`` are all that the file has."""
    stages = split_stages(backbone.blocks)
    changes: dict[str, object] = {
        "blocks": tuple(len(stage) for stage in stages),
        "block": tuple(stage[0].kind for stage in stages),
        "classes": None,
    }
    changes |= _widths(stages) | _stem(backbone) | _shortcut(backbone.blocks, stages)
    changes |= _norm(layers, sum(block.selects for block in backbone.blocks))
    if any(block.highway for block in backbone.blocks):
        changes["gating"] = Gating.EXCLUSIVE
    return changes | _paths(backbone.blocks) | _attention(backbone.blocks)


def _paths(blocks: tuple[FoundBlock, ...]) -> dict[str, object]:
    """Return the parallel paths; a mean in the place of strides is taken for granted with splits, as in ResNeSt."""
    changes: dict[str, object] = {"scales": max(block.scales for block in blocks)}
    if any(block.selects for block in blocks):
        changes["selective"] = Selective.SPLIT if any(block.halves for block in blocks) else Selective.SK
    if radix := max(block.radix for block in blocks):
        changes |= {"radix": radix, "average_down": AverageDown.AFTER}
    if any(block.shakes for block in blocks):
        changes["branches"] = Branches.SHAKE
    return changes


def split_stages(blocks: tuple[FoundBlock, ...]) -> tuple[tuple[FoundBlock, ...], ...]:
    """Return the blocks of each stage: a new one begins where shapes change, or where names say so."""
    starts = [0, *(place for place in range(1, len(blocks)) if _turns(blocks[place - 1], blocks[place]))]
    if not _projects_everywhere(blocks, len(starts)):
        starts = [place for place in range(len(blocks)) if place in starts or blocks[place].projection]
    by_name = [
        place for place in range(len(blocks)) if not place or _family(blocks[place - 1]) != _family(blocks[place])
    ]
    if set(starts) < set(by_name) and len(by_name) <= MAX_STAGES:
        starts = by_name
    return tuple(blocks[start:end] for start, end in zip(starts, [*starts[1:], len(blocks)], strict=True))


def _turns(before: FoundBlock, block: FoundBlock) -> bool:
    inner = block.convs[0].out
    return before.kind is not block.kind or before.out != block.out or before.convs[0].out != inner


def _family(block: FoundBlock) -> str:
    """Return what the name of a block has before its number: ``layer2`` of ``layer2.0.conv1``; empty for none."""
    parts = shared([layer.path for layer in block.convs]).split(".")
    while parts and not parts[-1][-1:].isdigit():
        parts.pop()
    return ".".join(parts[:-1])


def _projects_everywhere(blocks: tuple[FoundBlock, ...], stages: int) -> bool:
    return all(block.projection for block in blocks) and len(blocks) > stages


def _widths(stages: tuple[tuple[FoundBlock, ...], ...]) -> dict[str, object]:
    """Return widths, expansion, groups and reduction: a bottleneck's output is taken for four times its width."""
    changes: dict[str, object] = {}
    widths: list[int] = []
    for stage in stages:
        first, second = stage[0].convs[:2]
        if not stage[0].has_paths:
            changes["reduce_first"] = max(1, second.out // first.out)
        if stage[0].kind is Block.BASIC:
            widths.append(second.out)
            continue
        out, inner, groups = stage[0].out, stage[0].inner, stage[0].groups
        changes["cardinality"] = groups
        base, rest = divmod(USUAL_BASE_WIDTH * inner * 4, groups * out)
        if out % 4 or rest or (out // 4) * base // USUAL_BASE_WIDTH * groups != inner:
            changes |= {"expansion": max(1, out // inner), "base_width": USUAL_BASE_WIDTH, "cardinality": 1}
            widths.append(inner)
        else:
            changes["base_width"] = base
            widths.append(out // 4)
    return {**changes, "widths": tuple(widths)}


def _stem(backbone: Backbone) -> dict[str, object]:
    stem = backbone.stem
    changes: dict[str, object] = {"in_channels": stem[0].inputs, "stem_channels": stem[-1].out}
    small = len(stem) == 1 and stem[0].side == 3
    pool = StemPool.CONV if backbone.pool else StemPool.NONE if small else StemPool.MAX
    kind = Stem.CIFAR if small else Stem.IMAGENET
    if len(stem) == 3:
        kind = Stem.DEEP if stem[0].out == stem[1].out else Stem.TIERED
        changes["stem_width"] = stem[1].out
    return {**changes, "stem": kind, "stem_pool": pool}


def _shortcut(blocks: tuple[FoundBlock, ...], stages: tuple[tuple[FoundBlock, ...], ...]) -> dict[str, object]:
    """Return the kind of shortcut and the strides of the stages, as far as projections tell."""
    projections = [block.projection for block in blocks if block.projection]
    firsts = [stage[0] for stage in stages]
    strides = [1, *(2 for _ in firsts[1:])]
    if not projections:
        return {"shortcut": Shortcut.PADDING, "strides": tuple(strides)}
    everywhere = _projects_everywhere(blocks, len(stages))
    if not everywhere:
        strides[0] = 2 if firsts[0].projection and firsts[0].channels == firsts[0].out else 1
        strides[1:] = [2 if first.projection else 1 for first in firsts[1:]]
    kernel = max(layer.side for layer in projections)
    numbers = {parted(layer.path)[1] for layer in projections}
    pools = "1" in numbers and numbers <= {"0", "1"}
    how = Downsample.AVERAGE if pools else Downsample.CONV3X3 if kernel == 3 else Downsample.CONV1X1
    if any(block.other_half for block in blocks):
        how = Downsample.SHIFTED
    kind = Shortcut.PROJECTION_EVERYWHERE if everywhere else Shortcut.PROJECTION
    return {"shortcut": kind, "downsample": how, "strides": tuple(strides)}


def _norm(layers: Layers, selecting: int) -> dict[str, object]:
    """Return the norm; ``selecting`` attentions over kernels have a batch norm, whatever the others are."""
    norms = [set(layer.tensors) for layer in layers if layer.kind is Kind.NORM]
    others = [roles for roles in norms if "running_mean" not in roles]
    roles = set[str]().union(*(norms if len(norms) - len(others) > selecting else others))
    norm = Norm.BATCH
    if not roles:
        norm = Norm.NONE
    elif "running_mean" not in roles:
        norm = next((norm for norm, names in NORM_TENSORS.items() if names == roles), Norm.GROUP)
    changes: dict[str, object] = {"norm": norm}
    gains = [layer.shape for layer in layers if layer.kind is Kind.GAIN]
    if norm is Norm.NONE and any(layer.kind is Kind.SHIFT for layer in layers) and gains:
        changes["init"] = Init.FIXUP
    elif gains:
        changes["gain"] = Gain.SKIPINIT if gains[0][0] == 1 else Gain.LAYERSCALE
    return changes


def _attention(blocks: tuple[FoundBlock, ...]) -> dict[str, object]:
    """Return the attention, and how far it and that over parallel paths reduce the channels."""
    kind = blocks[0].attention
    gated = () if kind in (Attention.NONE, Attention.ECA) else blocks
    pairs = {(block.gate[0].inputs, block.gate[0].out) for block in gated}
    inside = {(block.seen, block.weights[0].out, block.groups, block.radix) for block in blocks if block.weights}
    if not pairs and not inside:
        return {"attention": kind}
    fewest = min(few for _, few, *_ in (*pairs, *inside))
    others = ((ratio, multiple) for multiple in (1, fewest) for ratio in range(1, MOST_REDUCTION + 1))
    for ratio, multiple in (*RATIOS, *others):
        tried = replace(ResNetSpec(""), reduction=ratio, reduction_multiple=multiple)
        reduced = all(hidden(tried, channels) == inner for channels, inner in pairs)
        if reduced and all(_few(tried, channels, groups, radix) == few for channels, few, groups, radix in inside):
            return {"attention": kind, "reduction": ratio, "reduction_multiple": multiple}
    channels, inner = max(pairs or {(channels, few) for channels, few, _, _ in inside})
    return {"attention": kind, "reduction": max(1, channels // inner), "reduction_multiple": 1}


def _few(spec: ResNetSpec, channels: int, groups: int, radix: int) -> int:
    """Return the channels of the hidden layer of the attention over paths."""
    few = forks.hidden(spec, channels, forks.LEAST_HIDDEN if radix else 0)
    return -(-few // groups) * groups if radix else few


def open_questions(spec: ResNetSpec) -> tuple[str, ...]:
    """Return what tensors do not tell of a network, and what was taken for it."""
    texts = ["The size and normalisation of the training images."]
    if spec.has_bottlenecks:
        texts.append(f"The stride sits in the {'3×3' if spec.stride == '3x3' else 'first 1×1'} convolution.")
    texts.append(f"The activation is {spec.activation}; anti-aliasing is {spec.anti_alias}.")
    if spec.has_bottlenecks and spec.average_down is not AverageDown.NONE:
        texts.append(f"A mean of 3×3 takes over the strides, {spec.average_down} the 3×3.")
    texts.append(f"The stages have strides {', '.join(map(str, spec.strides))}, and none is dilated.")
    if spec.order is Order.V1:
        texts.append("The order is the original one: orders with the norm or ReLU elsewhere have the same tensors.")
    if spec.norm is Norm.GROUP:
        texts.append(
            f"The norm is a group norm of {spec.norm_groups} groups: layer and instance norm, and batch norm without"
            " its running statistics, have the same tensors."
        )
    if spec.norm.activates:
        texts.append(f"The norm is {spec.norm}: FRN and EvoNorm-S0 have tensors of the same shapes.")
    if spec.shortcut is Shortcut.PADDING:
        texts.append("There are shortcuts: without projections a plain network has the same tensors.")
    if spec.gating is not Gating.NONE:
        texts.append("The gate is exclusive: one of the shortcut alone has the same tensors.")
    texts.append(f"The stem's convolutions are followed by {_POOLS[spec.stem_pool]}.")
    return tuple(texts)
