"""The network and its stages in words; and the way from a path to what explains it."""

import re
from collections.abc import Mapping

from resnet_explorer.analysis.depth import Depth, depth
from resnet_explorer.analysis.explain.attention import explain_gate
from resnet_explorer.analysis.explain.blocks import explain_block
from resnet_explorer.analysis.explain.ends import explain_head, explain_stem
from resnet_explorer.analysis.explain.layers import explain_layer
from resnet_explorer.analysis.explain.shortcuts import after_key, equation, explain_shortcut
from resnet_explorer.analysis.explain.words import Explanation, rows_of
from resnet_explorer.analysis.facts import Fact, facts_of
from resnet_explorer.analysis.features import features
from resnet_explorer.analysis.needs import needs, steady
from resnet_explorer.analysis.results import Analysis
from resnet_explorer.blueprint import Block, Stage, flat
from resnet_explorer.blueprint.kinds.convolutions import Conv2d
from resnet_explorer.spec import Order, ResNetSpec, Shortcut
from resnet_explorer.spec.catalogue import entry_of, title
from resnet_explorer.spec.choices import EARLY


def explain(analysis: Analysis, path: str) -> Explanation:
    """Return what is to be said of a path; of the network where the path is empty, or of another network."""
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
        return explain_gate(analysis, block, path, where)
    row = next((row for row in rows_of(analysis, block) if row.path == path), None)
    if row is None:
        return explain_shortcut(analysis, block, where)
    return explain_layer(analysis, block, row, where)


_NETWORKS: Mapping[str, str] = {"v1": "network", "bn-after-add": "network_bn-after-add", "bare": "network_bare"}


def _network(analysis: Analysis) -> Explanation:
    network, spec = analysis.network, analysis.network.spec
    entry, counted, count = entry_of(spec), depth(network), sum(spec.blocks)
    kinds = " and ".join(dict.fromkeys(spec.block))
    kind = f"{'Residual' if spec.residual else 'Plain'} network of {count} {kinds} block{'' if count == 1 else 's'}"
    note = f"{entry.row.note} " if entry else ""
    name = _named(entry.title, counted) if entry else ""
    keys = _equations(analysis)
    summed = " Within a stage x passes from block to block as it is." if "network_sum" in keys else ""
    words = f"{note}{counted.weight_layers} weight layers: {counted.words}{name}{summed} {needs(analysis).words}"
    facts = facts_of(analysis, analysis.total, _stride(analysis, network.stages[-1].blocks[-1]))
    source = (Fact("Source", entry.family.source, "Where the network was published."),) if entry else ()
    published = (
        (Fact("Published", entry.row.published, "What the paper or the library says of it, trained."),)
        if entry and entry.row.published
        else ()
    )
    facts = (*facts, *_maps(analysis), *published, *source)
    return Explanation("", title(spec), kind, words, keys, facts)


def _named(name: str, counted: Depth) -> str:
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
    """Return the feature maps of a backbone as facts; none where there is a classifier."""
    spec = analysis.network.spec
    if spec.classes is not None:
        return ()
    teaches = "What detectors and segmenters read."
    last = f" The head then activates a copy of it: {teaches}" if spec.order in EARLY else teaches
    found = features(analysis)
    return tuple(
        Fact(f"Map of {one.path}", f"{one.words}, stride {one.stride}", (last if one is found[-1] else teaches).strip())
        for one in found
    )


def _equations(analysis: Analysis) -> tuple[str, ...]:
    """Return the equation of a network's usual block, and how the map shrinks on the way."""
    network, spec = analysis.network, analysis.network.spec
    # Only an average pool rounds odd sizes down: there the rule of each layer counts.
    size = "network_stride" if steady(network) else "size"
    form = max((stage.blocks[-1] for stage in network.stages), key=lambda block: block.number).form
    after = after_key(form)
    if not spec.residual:
        return ("network_plain_bare" if after == "bare" else "network_plain", size)
    if form.alters or spec.shortcut is Shortcut.PROJECTION_EVERYWHERE:
        return (equation(form), size)
    return ("network_sum" if spec.order is Order.V2 else _NETWORKS[after], size)


def _stride(analysis: Analysis, block: Block) -> int | None:
    return rows_of(analysis, block)[-1].reading.stride


def _stage(analysis: Analysis, stage: Stage) -> Explanation:
    sums, count = analysis.sums[stage.path], len(stage.blocks)
    step = max(part.layer.window[1] for part in flat(stage.blocks[0].form.branch))
    before, after = (f"{shape[2]}×{shape[3]}" for shape in (sums.input, sums.output))
    effect = f"stride {step}: {before} becomes {after}" if step > 1 else f"stride 1: the map stays {after}"
    channels = (
        f"The channels go from {sums.input[1]} to {sums.output[1]}."
        if sums.input[1] != sums.output[1]
        else f"The channels stay {sums.output[1]}."
    )
    who = f"{count} blocks at one resolution. The first" if count > 1 else "One block. It"
    words = f"{who} has {effect}. {channels}{_dilated(stage)}{_kinds(analysis.network.spec, stage)}"
    facts = facts_of(analysis, sums, _stride(analysis, stage.blocks[-1]))
    rule = ("stage" if steady(analysis.network) else "stage_floor",) if step > 1 else ()
    return Explanation(stage.path, stage.title, "Stage", words, rule, facts)


def _dilated(stage: Stage) -> str:
    convs = [part.layer for part in stage.blocks[-1].form.parts if isinstance(part.layer, Conv2d)]
    dilation = max(conv.dilation for conv in convs)
    if dilation == 1:
        return ""
    return f" 3×3 convolutions are dilated by {dilation}, where the map would else be {dilation} times smaller."


def _kinds(spec: ResNetSpec, stage: Stage) -> str:
    """Return of what kind the blocks are, in a network of several kinds."""
    kind, many = spec.block[stage.number - 1], len(stage.blocks) > 1
    if len(set(spec.block)) == 1:
        return ""
    return f" They are {kind} blocks." if many else f" It is a {kind} block."
