"""The network and its stages in words; and the way from a path to what explains it."""

import re
from collections.abc import Mapping
from dataclasses import replace

from resnet_explorer.network import Block, Part, Stage, flat
from resnet_explorer.network.kinds import Role
from resnet_explorer.network.kinds.blocks import Add
from resnet_explorer.network.kinds.convolutions import Conv2d
from resnet_explorer.network.kinds.dimensions import sides, spoken
from resnet_explorer.network.kinds.pads import zeros_win
from resnet_explorer.network.tree import where as where_in
from resnet_explorer.readings.explain import blocks, forks, text
from resnet_explorer.readings.explain.text import UNITS, Explanation, Fact, Rule, facts_of, layer_facts
from resnet_explorer.readings.needs import needs, steady
from resnet_explorer.readings.read import Depth, depth, features
from resnet_explorer.readings.results import Analysis, Row, in_space
from resnet_explorer.spec import Head, Init, Norm, Order, Pool, ResNetSpec, Shortcut, Stem, StemPool
from resnet_explorer.spec.catalogue import entry_of, title
from resnet_explorer.spec.choices import BARE, EARLY


def explain_block(analysis: Analysis, block: Block, where: str) -> Explanation:
    """Return what is to be said of a residual or plain block."""
    sums, form, spec = analysis.sums[block.path], block.form, analysis.network.spec_of(block)
    joined = blocks.joining(spec, block, sums)
    shortcut = sum(part.layer.params for part in flat((*(form.shortcut or ()), *form.gate)))
    gradients, gradient_words = text.way_back(spec, joined.kind, blocks.after_key(form))
    return Explanation(
        block.path,
        where,
        "Bottleneck block" if len(blocks.convolutions(form)) == 3 else "Basic block",
        f"{joined.text}{blocks.order_text(spec)} {blocks.branch_text(spec, block)}{text.stand_ins(spec)}",
        (blocks.equation(form), blocks.branch_key(spec, form), *forks.formulas(form)),
        facts_of(analysis, sums, analysis.rows_of(block)[-1].reading.stride),
        gradients,
        gradient_words,
        branch=sums.params - shortcut,
        shortcut=shortcut if form.shortcut is not None else None,
    )


_STEMS: Mapping[Stem, str] = {
    Stem.IMAGENET: "ImageNet stem",
    Stem.CIFAR: "CIFAR stem",
    Stem.CONV3X3: "Stem of one strided 3×3",
    Stem.DEEP: "Deep stem",
    Stem.TIERED: "Deep, tiered stem",
}


def explain_stem(analysis: Analysis, block: Block, where: str) -> Explanation:
    """Return what is to be said of the stem."""
    sums, spec, rows = analysis.sums[block.path], analysis.network.spec_of(block), analysis.rows_of(block)
    parts = flat(block.form.branch)
    convs = [part for part in parts if part.name.startswith("conv1")]
    pools = (part for part in parts if part.name.startswith("maxpool"))
    windows = [step for step in (_convs(convs), *map(_step, pools)) if step]
    brings = "brings" if len(windows) == 1 and len(convs) == 1 else "bring"
    description = (
        f"Before the first stage {text.listed(windows)} {brings} {text.change(sums)}.{_deep(convs, rows)}{_pool(spec)}"
    )
    facts = facts_of(analysis, sums, rows[-1].reading.stride)
    return Explanation(block.path, where, _STEMS[spec.stem], f"{description}{_left(spec)}", ("size",), facts)


def _convs(parts: list[Part]) -> str:
    convs = [part.layer for part in parts if isinstance(part.layer, Conv2d)]
    if len(convs) == 1:
        return _step(parts[0])
    channels = " → ".join(str(count) for count in (convs[0].in_channels, *(conv.out_channels for conv in convs)))
    if len(convs) == 2:
        first, last = convs
        return f"a {first.hyper} convolution in space and a {last.hyper} one in time ({channels} channels)"
    each = {conv.side for conv in convs}
    side = spoken(convs[0].side) if len(each) == 1 else f"pairs of {convs[0].side} and {convs[1].side}"
    strided = "the first and the last with stride 2" if convs[-1].stride > 1 else "the first with stride 2"
    return f"three {side} convolutions ({channels} channels), {strided},"


def _step(part: Part) -> str:
    """Return a step of the stem that looks at more than one position; nothing for others."""
    layer = part.layer
    return f"a {spoken(layer.hyper)} {layer.noun}" if layer.noun else ""


def _pool(spec: ResNetSpec) -> str:
    if spec.stem_pool is StemPool.PADDED:
        return f" The map is padded with zeros before the max-pool: {zeros_win(spec)}."
    if spec.stem_pool is StemPool.CONV:
        return " The last convolution stands in the max-pool's place (ResNet-RS: Bello et al. 2021)."
    if spec.stem_pool is StemPool.NONE and spec.stem is not Stem.CIFAR:
        return " No pool follows: the first stage works on the whole map."
    return ""


def _deep(convs: list[Part], rows: tuple[Row, ...]) -> str:
    """Return how far a deep stem sees: the first stride doubles the reach of what follows."""
    field = next(row.receptive_field for row in rows if row.part == convs[-1])
    if len(convs) < 3 or field is None:
        return ""
    width = in_space(field)
    dims = len(rows[0].reading.input) - 2
    return f" The three see {sides((width,) * min(2, dims))} {UNITS[dims]}, more than one 7×7."


def _left(spec: ResNetSpec) -> str:
    if not spec.stem_activation and spec.order not in EARLY:
        return " No activation follows."
    if spec.order not in EARLY or spec.stem_pool is StemPool.CONV:
        return ""
    last = text.preparation(spec)
    return f" Its last {last} {'are' if 'and' in last else 'is'} left to the first block."


def _lacks(block: Block) -> bool:
    """Return whether the head begins with what a pre-activated block would."""
    first = flat(block.form.branch)[:1]
    return any(part.layer.role is Role.ACTIVATION or part.name == "bn" for part in first)


def explain_head(analysis: Analysis, block: Block, where: str) -> Explanation:
    """Return what is to be said of the head: the classifier, or a backbone's last activation."""
    spec, rows = analysis.network.spec_of(block), analysis.rows_of(block)
    facts = facts_of(analysis, analysis.sums[block.path], rows[-1].reading.stride)
    last = f"Brings the {text.preparation(spec)} that the last block still lacks. " if _lacks(block) else ""
    if spec.classes is None:
        keys = tuple(part.layer.describe(where_in(part, block, spec))[0] for part in flat(block.form.branch))
        description = f"{last}A backbone ends here, in a feature map."
        return Explanation(block.path, where, f"Last {text.preparation(spec)}", description, keys, facts)
    drop = f" In training {100 * spec.dropout:g} % of the features are dropped." if spec.dropout else ""
    bias = " One learnt number is added to them first." if spec.init is Init.FIXUP else ""
    if spec.head_channels:
        last += f"A 1×1 convolution, its norm and its activation bring the map to {spec.head_channels} channels. "
    description = f"{last}{_POOLS[spec.pool]}, {_outputs(spec)}.{drop}{bias}"
    described = {part.name: part.layer.describe(where_in(part, block, spec))[0] for part in flat(block.form.branch)}
    names = ("avgpool", "gem", "attnpool", *(("flatten",) if spec.pool is Pool.NONE else ()), "fc", "fc_norm")
    keys = tuple(described[name] for name in names if name in described)
    kind = "Embedding" if spec.head is Head.EMBEDDING else "Classifier"
    return Explanation(block.path, where, kind, description, keys, facts)


_POOLS: Mapping[Pool, str] = {
    Pool.AVG: "Averages each channel over the whole map, so that any input size will do",
    Pool.GEM: "Takes a learnt mean between average and maximum of each channel, so that any input size will do",
    Pool.ATTENTION: "Pools the map by attention of its mean to all positions",
    Pool.NONE: "Takes the whole map as a list of features, so that one input size alone will do",
}


def _outputs(spec: ResNetSpec) -> str:
    """Return what the head makes of the features."""
    first = "normalises that, " if spec.head_norm and spec.norm is not Norm.NONE else ""
    first = "" if spec.pool is Pool.ATTENTION else first
    if spec.head is Head.MLP:
        return f"{first}then scores the classes by two layers with {spec.head_hidden:,} features between them"
    if spec.head is Head.EMBEDDING:
        return f"{first}then makes an embedding of {spec.classes:,} numbers, which a batch norm centres"
    return f"{first}then scores the classes"


def explain_layer(analysis: Analysis, block: Block, row: Row, where: str) -> Explanation:
    """Return what is to be said of a layer."""
    layer = row.part.layer
    key, text = layer.describe(where_in(row.part, block, analysis.network.spec_of(block)))
    if isinstance(layer, Add):
        key = blocks.addition(block.form)
    counted = (Rule("Parameters", "conv_params"), Rule("MACs", "conv_macs")) if isinstance(layer, Conv2d) else ()
    size = (layer.size_key,) if layer.size_key else ()
    field = (Rule("Receptive field r and stride j", "receptive_field"),) if size else ()
    return Explanation(
        row.path,
        f"{where} · {row.part.name}",
        f"{layer.kind} {layer.hyper}".strip(),
        text,
        (key, *size),
        layer_facts(analysis, row),
        rules=(*counted, *field),
    )


def explain(analysis: Analysis, path: str) -> Explanation:
    """Return what is to be said of a path; of the network where the path is empty, or of another network."""
    told = _explained(analysis, path)
    return replace(told, text=_along_signal(told.text)) if analysis.network.spec.dims == 1 else told


def _along_signal(told: str) -> str:
    """Return a text on images as one on signals: their windows have a length, ``length-3`` for ``3×3``."""
    return re.sub(r"\b([1-9])×\1\b", r"length-\1", told)


def _explained(analysis: Analysis, path: str) -> Explanation:
    network = analysis.network
    if not network.has(path) or not path:
        return _network(analysis)
    stage, block = network.stage_at(path), network.block_at(path)
    if block is None:
        assert stage is not None
        return _stage(analysis, stage)
    where = f"{stage.title} · block {block.number}" if stage else block.path.capitalize()
    if path == block.path:
        return {"stem": explain_stem, "head": explain_head}.get(path, explain_block)(analysis, block, where)
    if path in block.gate_paths:
        return blocks.explain_gate(analysis, block, path, where)
    if path in block.fork_paths:
        return forks.explain_fork(analysis, block, path, where)
    row = next((row for row in analysis.rows_of(block) if row.path == path), None)
    if row is None:
        return blocks.explain_shortcut(analysis, block, where)
    return explain_layer(analysis, block, row, where)


def _network(analysis: Analysis) -> Explanation:
    network, spec = analysis.network, analysis.network.spec
    entry, counted, count = entry_of(spec), depth(network), sum(spec.blocks)
    kinds = " and ".join(dict.fromkeys(spec.block))
    kind = (
        f"{'Residual' if spec.has_shortcuts else 'Plain'} network of {count} {kinds} block{'' if count == 1 else 's'}"
    )
    note = f"{entry.note} " if entry else ""
    name = _counts_what(entry.title, counted) if entry else ""
    keys = _equations(analysis)
    summed = " Within a stage x passes from block to block as it is." if "network_sum" in keys else ""
    text = f"{note}{counted.weight_layers} weight layers: {counted.text}{name}{summed} {needs(analysis).text}"
    facts = facts_of(analysis, analysis.total, analysis.rows_of(network.stages[-1].blocks[-1])[-1].reading.stride)
    source = (Fact("Source", entry.family.source, "Where the network was published."),) if entry else ()
    published = Fact(
        "Published", entry.published if entry else "", "What the paper or the library says of it, trained."
    )
    facts = (*facts, *_maps(analysis), *((published,) if published.value else ()), *source)
    return Explanation("", title(spec), kind, text, keys, facts)


def _counts_what(name: str, counted: Depth) -> str:
    """Return what the number in the name counts, where it is not the number of weight layers."""
    number = int((re.findall(r"\d+", name) or ["0"])[0])
    if number == counted.weight_layers:
        return ""
    if number == counted.stem + sum(counted.stages) + counted.projections:
        return f" The {number} in the name counts all convolutions, projections too, and no fc."
    if number == counted.weight_layers - counted.stem + 1:
        return f" The {number} in the name counts the stem as one layer."
    return ""


def _maps(analysis: Analysis) -> tuple[Fact, ...]:
    spec = analysis.network.spec.by_stages[-1]
    if spec.classes is not None:
        return ()
    teaches = "What detectors and segmenters read."
    last = f"The head then activates a copy of it: {teaches}" if spec.order in BARE else teaches
    maps = features(analysis)
    return tuple(
        Fact(f"Map of {stage.path}", f"{stage.text}, stride {stage.stride}", last if stage is maps[-1] else teaches)
        for stage in maps
    )


def _equations(analysis: Analysis) -> tuple[str, ...]:
    network = analysis.network
    # Only an average pool rounds odd sizes down: there the rule of each layer counts.
    size = "network_stride" if steady(network) else "size"
    block = max((stage.blocks[-1] for stage in network.stages), key=lambda block: block.number)
    form, spec = block.form, network.spec_of(block)
    after = blocks.after_key(form)
    if not spec.residual:
        return ("network_plain_bare" if after == "bare" else "network_plain", size)
    if form.alters or spec.shortcut is Shortcut.PROJECTION_EVERYWHERE:
        return (blocks.equation(form), size)
    return (
        "network_sum"
        if spec.order in (Order.V2, Order.NORM_FIRST)
        else "network"
        if after == "v1"
        else f"network_{after}",
        size,
    )


def _stage(analysis: Analysis, stage: Stage) -> Explanation:
    sums, count = analysis.sums[stage.path], len(stage.blocks)
    step = max(part.layer.window[1] for part in flat(stage.blocks[0].form.branch))
    before, after = (sides(shape[2:]) for shape in (sums.input, sums.output))
    effect = f"stride {step}: {before} becomes {after}" if step > 1 else f"stride 1: the map stays {after}"
    channels = (
        f"The channels go from {sums.input[1]} to {sums.output[1]}."
        if sums.input[1] != sums.output[1]
        else f"The channels stay {sums.output[1]}."
    )
    who = f"{count} blocks at one resolution. The first" if count > 1 else "One block. It"
    kinds = analysis.network.spec.block
    kind = f" They are {kinds[stage.number - 1]} blocks." if count > 1 else f" It is a {kinds[stage.number - 1]} block."
    text = f"{who} has {effect}. {channels}{_dilated(stage)}{kind if len(set(kinds)) > 1 else ''}"
    facts = facts_of(analysis, sums, analysis.rows_of(stage.blocks[-1])[-1].reading.stride)
    rule = ("stage" if steady(analysis.network) else "stage_floor",) if step > 1 else ()
    return Explanation(stage.path, stage.title, "Stage", text, rule, facts)


def _dilated(stage: Stage) -> str:
    convs = blocks.convolutions(stage.blocks[-1].form)
    conv = max(convs, key=lambda conv: conv.dilation)
    if conv.dilation == 1:
        return ""
    side, apart = spoken(conv.side), conv.dilation
    return f" {side} convolutions are dilated by {apart}, where the map would else be {apart} times smaller."
