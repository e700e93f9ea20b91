"""What the layers of a residual network tell of its axes, and what they leave open."""

from dataclasses import replace
from fractions import Fraction
from itertools import product

from resnet_explorer.network import forks
from resnet_explorer.network.branches import hidden
from resnet_explorer.spec import (
    Activation,
    Attention,
    AttentionAt,
    AverageDown,
    Block,
    Branches,
    Conv,
    Downsample,
    Gain,
    Gating,
    Init,
    Norm,
    Order,
    ReductionOf,
    ResNetSpec,
    Selective,
    Shortcut,
    StageEnd,
    Stem,
    StemPool,
    Stride,
)
from resnet_explorer.spec.readers import MAX_REDUCTION, MAX_STAGES, USUAL_BASE_WIDTH
from resnet_explorer.weights.backbone import Backbone
from resnet_explorer.weights.found import FoundBlock
from resnet_explorer.weights.layers import NORM_TENSORS, Kind, Layers, parted, shared

RATIOS = ((16, 8), (4, 8), (16, 1), (8, 8), (8, 16), (16, 32), (4, 1), (8, 1), (2, 1), (32, 1))
"""Reduction and rounding of attention that published networks use, the most usual first."""
MOST_REDUCTION = 64
"""Others are tried up to this reduction."""
_CONTEXT = (Attention.GC, Attention.GCA)
_POOLS = {
    StemPool.MAX: "a max-pool",
    StemPool.PADDED: "a max-pool on a map padded with zeros",
    StemPool.CONV: "a convolution instead of a pool",
    StemPool.STRIDED: "no pool, and the last has stride 2",
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
    changes |= _widths(stages) | _stem(backbone) | _shortcut(backbone.blocks, stages) | _norm(backbone, layers)
    changes["conv_bias"] = backbone.stem[0].biased
    if "gain" in backbone.stem[0].tensors:
        changes["conv"] = Conv.SCALED
        if changes["norm"] is Norm.NONE:  # the constants of NF-ResNets, which no tensor tells
            changes |= {"branch_scale": 0.2, "track_variance": True}
            changes["attention_scale"] = 1.0 if backbone.blocks[0].attention is Attention.NONE else 2.0
    if any(block.highway for block in backbone.blocks):
        changes["gating"] = Gating.EXCLUSIVE
    return changes | _paths(stages) | _attention(stages)


def _paths(stages: tuple[tuple[FoundBlock, ...], ...]) -> dict[str, object]:
    """Return the parallel paths of each stage; a mean in the place of strides goes with splits, as in ResNeSt.

    Stages of basic blocks, which have no scales and splits, are given those of the first bottlenecks.
    """
    first = next((stage[0] for stage in stages if stage[0].kind is not Block.BASIC), stages[0][0])
    telling = [first if stage[0].kind is Block.BASIC else stage[0] for stage in stages]
    return {
        "scales": tuple(block.scales for block in telling),
        "radix": tuple(block.radix for block in telling),
        "average_down": tuple(AverageDown.AFTER if block.radix else AverageDown.NONE for block in telling),
        "selective": tuple(map(_selective, stages)),
        "branches": tuple(Branches.SHAKE if stage[0].shakes else Branches.ONE for stage in stages),
    }


def _selective(stage: tuple[FoundBlock, ...]) -> Selective:
    if not stage[0].selects:
        return Selective.NONE
    return Selective.SPLIT if any(block.halves for block in stage) else Selective.SK


def split_stages(blocks: tuple[FoundBlock, ...]) -> tuple[tuple[FoundBlock, ...], ...]:
    """Return the blocks of each stage: a new one begins where shapes change, or where names say so.

    Where the shapes of most blocks differ from those before, widths grow by block, and names alone tell the stages.
    """
    starts = [0, *(place for place in range(1, len(blocks)) if _turns(blocks[place - 1], blocks[place]))]
    if not _projects_everywhere(blocks, len(starts)):
        starts = [place for place in range(len(blocks)) if place in starts or blocks[place].projection]
    by_name = [
        place for place in range(len(blocks)) if not place or _family(blocks[place - 1]) != _family(blocks[place])
    ]
    grows = 2 * len(starts) > len(blocks) and set(by_name) < set(starts) and len(by_name) > 1
    if (set(starts) < set(by_name) or grows) and len(by_name) <= MAX_STAGES:
        starts = by_name
    return tuple(blocks[start:end] for start, end in zip(starts, [*starts[1:], len(blocks)], strict=True))


def _turns(before: FoundBlock, block: FoundBlock) -> bool:
    inner = block.convs[0].out
    return before.kind is not block.kind or before.out != block.out or before.convs[0].out != inner


def _family(block: FoundBlock) -> str:
    """Return what the name of a block has before its number: ``layer2`` of ``layer2.0.conv1``; empty for none."""
    parts = shared([layer.path for layer in block.branch]).split(".")
    while parts and not parts[-1][-1:].isdigit():
        parts.pop()
    return ".".join(parts[:-1])


def _projects_everywhere(blocks: tuple[FoundBlock, ...], stages: int) -> bool:
    return all(block.projection for block in blocks) and len(blocks) > stages


def _widths(stages: tuple[tuple[FoundBlock, ...], ...]) -> dict[str, object]:
    """Return widths, expansion, groups and reduction: a bottleneck's output is taken for four times its width."""
    wide = [_usual(stage) for stage in stages]
    is_usual = all(wide)
    rows: dict[str, list[object]] = {key: [] for key in ("reduce_first", "expansion", "cardinality", "base_width")}
    rows |= {"group_width": [], "widths": [], "kernel": []}
    for stage, usual in zip(stages, wide, strict=True):
        first, second = stage[0].convs[:2]
        values: dict[str, object] = {"expansion": 4, "cardinality": 1, "base_width": USUAL_BASE_WIDTH}
        if stage[0].kind is not Block.BASIC and is_usual and usual:
            values |= {"cardinality": usual[0], "base_width": usual[1]}
        elif stage[0].kind is not Block.BASIC:
            values |= _unusual(stage[0])
        inner = [block.inner for block in stage]
        kept = stage[0].kind is Block.BASIC or not is_usual
        widths = tuple(inner if kept else [block.out // 4 for block in stage])
        reduced = 1 if stage[0].has_paths else max(1, second.out // first.out)
        values |= {"reduce_first": reduced, "widths": widths, "kernel": second.side}
        for key, row in rows.items():
            row.append(values.get(key))
    bottlenecks = [place for place, stage in enumerate(stages) if stage[0].kind is not Block.BASIC]
    for key in ("expansion", "cardinality", "base_width", "group_width") if bottlenecks else ():
        rows[key] = [row if place in bottlenecks else rows[key][bottlenecks[0]] for place, row in enumerate(rows[key])]
    return {key: tuple(row) for key, row in rows.items()}


def _usual(stage: tuple[FoundBlock, ...]) -> tuple[int, int] | None:
    """Return cardinality and base width where the output of the blocks is four times their width; else None."""
    if stage[0].kind is Block.BASIC:
        return (1, USUAL_BASE_WIDTH)
    groups, base = stage[0].groups, 0
    for block in stage:
        out, inner = block.out, block.inner
        base, rest = divmod(USUAL_BASE_WIDTH * inner * 4, groups * out)
        if out % 4 or rest or (out // 4) * base // USUAL_BASE_WIDTH * groups != inner:
            return None
    return groups, base


def _unusual(block: FoundBlock) -> dict[str, object]:
    """Return the axes of a bottleneck whose width is what its 3x3 puts out."""
    inner, groups = block.inner, block.groups
    values: dict[str, object] = {"expansion": _expansion(block.out, inner)}
    return values if groups == 1 else {**values, "group_width": max(1, inner // groups)}


def _expansion(out: int, width: int) -> float:
    """Return the shortest number that brings a width to the channels that are put out, rounded down."""
    exact = Fraction(out, width)
    rounded = (Fraction(round(exact * 10**digits), 10**digits) for digits in range(7))
    nearest = next((value for value in rounded if int(width * value) == out), exact)
    return max(0.01, float(nearest))


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
    kind = Shortcut.PROJECTION_EVERYWHERE if everywhere else Shortcut.PROJECTION
    return {"shortcut": kind, "downsample": _downsample(stages), "strides": tuple(strides)}


def _downsample(stages: tuple[tuple[FoundBlock, ...], ...]) -> tuple[Downsample, ...]:
    """Return how the projections of each stage shrink the map; stages that have none are given the first one's way."""
    halved = [any(block.other_half for block in stage) for stage in stages]
    whole = [block.projection for stage in stages for block in stage if block.projection and not block.other_half]
    numbers = {parted(layer.path)[1] for layer in whole}
    pools = "1" in numbers and numbers <= {"0", "1"}
    wide = any(layer.side == 3 for layer in whole)
    how = Downsample.AVERAGE if pools else Downsample.CONV3X3 if wide else Downsample.CONV1X1
    rows = [Downsample.SHIFTED if half else how for half in halved]
    projects = [any(block.projection for block in stage) for stage in stages]
    first = rows[projects.index(True)]
    return tuple(row if own else first for row, own in zip(rows, projects, strict=True))


def _norm(backbone: Backbone, layers: Layers) -> dict[str, object]:
    """Return the norm of the blocks, and what stands in for one; a few norms alone are a head's."""
    norms = [layer for layer in layers if layer.kind is Kind.NORM]
    others = [layer for layer in norms if "running_mean" not in layer.tensors]
    # Attention over kernels has a batch norm, whatever the other norms are.
    told = norms if len(norms) - len(others) > sum(block.selects for block in backbone.blocks) else others
    roles = {role for layer in told for role in layer.tensors} if 4 * len(norms) > len(backbone.layers) else set()
    norm = Norm.BATCH
    if not roles:
        norm = Norm.NONE
    elif "running_mean" not in roles:
        norm = next((norm for norm, names in NORM_TENSORS.items() if names == roles), Norm.GROUP)
    changes: dict[str, object] = {"norm": norm}
    if any(layer.kind is Kind.SLOPE for layer in layers):
        changes["activation"] = Activation.PRELU
    gains = [layer.shape for layer in layers if layer.kind is Kind.GAIN]
    shifts = [layer for layer in layers if layer.kind is Kind.SHIFT and parted(layer.tensors["bias"])[1] != "p"]
    if norm is Norm.NONE and shifts and gains:
        changes["init"] = Init.FIXUP
    elif gains:
        changes["gain"] = Gain.SKIPINIT if gains[0][0] == 1 else Gain.LAYERSCALE
    return changes


def _attention(stages: tuple[tuple[FoundBlock, ...], ...]) -> dict[str, object]:
    """Return the attention of each stage, and one reduction that fits all gates and attention over paths."""
    kinds = tuple(stage[0].attention for stage in stages)
    where: dict[str, object] = {
        "attention": kinds,
        "attention_at": tuple(AttentionAt.MIDDLE if stage[0].gated_inside else AttentionAt.END for stage in stages),
        "stage_end": tuple(StageEnd.BAM if stage[-1].end else StageEnd.NONE for stage in stages),
    }
    blocks = [block for stage in stages for block in stage]
    gated = [(block, block.gate[block.attention in _CONTEXT]) for block in blocks if len(block.gate) > 1]
    gates = [gate for _, gate in gated] + [stage[-1].end[0] for stage in stages if stage[-1].end]
    pairs = {(gate.inputs, gate.out) for gate in gates}
    entering = {(block.channels, gate.out) for block, gate in gated}
    inside = {(block.seen, block.weights[0].out, block.groups, block.radix) for block in blocks if block.weights}
    if not pairs and not inside:
        return where
    fewest = min(MAX_REDUCTION, *(few for _, few, *_ in (*pairs, *inside)))
    others = [(ratio, multiple) for multiple in (1, fewest) for ratio in range(1, MOST_REDUCTION + 1)]
    seen = ((ReductionOf.MAP, pairs), (ReductionOf.INPUT, entering))
    for ratios, (of, known) in product((RATIOS, others), seen):
        for ratio, multiple in ratios:
            tried = replace(ResNetSpec(""), reduction=ratio, reduction_multiple=multiple)
            reduced = all(hidden(tried, channels) == inner for channels, inner in known)
            if reduced and all(_few(tried, channels, groups, radix) == few for channels, few, groups, radix in inside):
                return {**where, "reduction": ratio, "reduction_multiple": multiple, "reduction_of": of}
    channels, inner = max(pairs or {(channels, few) for channels, few, _, _ in inside})
    return {**where, "reduction": max(1, channels // inner), "reduction_multiple": 1}


def _few(spec: ResNetSpec, channels: int, groups: int, radix: int) -> int:
    """Return the channels of the hidden layer of the attention over paths."""
    few = forks.hidden(spec, channels, forks.LEAST_HIDDEN if radix else 0)
    return -(-few // groups) * groups if radix else few


def open_questions(spec: ResNetSpec) -> tuple[str, ...]:
    """Return what tensors do not tell of a network, and what was taken for it."""
    texts = ["The size and normalisation of the training images."]
    if spec.has_bottlenecks:
        sits = {Stride.CONV3X3: "middle", Stride.CONV1X1: "first", Stride.LAST: "last"}[spec.stride]
        texts.append(f"The stride sits in the {sits} convolution.")
    texts.append(f"The activation is {spec.activation}; anti-aliasing is {spec.anti_alias}.")
    if spec.has_bottlenecks and spec.average_down is not AverageDown.NONE:
        texts.append(f"A mean of 3×3 takes over the strides, {spec.average_down} the 3×3.")
    texts.append(f"The stages have strides {', '.join(map(str, spec.strides))}, and none is dilated.")
    if spec.conv is Conv.SCALED:
        factor = f"{spec.branch_scale:g}, and β {'tracks' if spec.track_variance else 'does not track'} the variance"
        texts.append(f"The factor on the branch is {factor} of x.")
    if spec.stem in (Stem.CIFAR, Stem.CONV3X3):
        texts.append(f"The stem's 3×3 has a stride of {1 if spec.stem is Stem.CIFAR else 2}.")
    if spec.order is Order.V1:
        texts.append("The order is the original one: orders with the norm or ReLU elsewhere have the same tensors.")
    if spec.norm is Norm.GROUP:
        texts.append(
            f"The norm is a group norm of {spec.norm_groups} groups: layer and instance norm, and batch norm without"
            " its running statistics, have the same tensors."
        )
    if spec.norm.activates:
        texts.append(f"The norm is {spec.norm}: FRN and EvoNorm-S0 have tensors of the same shapes.")
    if spec.shortcut in (Shortcut.PADDING, Shortcut.POOLED):
        texts.append("There are shortcuts: without projections a plain network has the same tensors.")
    if spec.attention is Attention.GC:
        texts.append("The global context multiplies: one that adds has the same tensors.")
    if spec.gating is not Gating.NONE:
        texts.append("The gate is exclusive: one of the shortcut alone has the same tensors.")
    texts.append(f"The stem's convolutions are followed by {_POOLS[spec.stem_pool]}.")
    return tuple(texts)
