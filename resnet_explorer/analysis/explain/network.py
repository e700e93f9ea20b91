"""The network, its stages, its stem and its head in words; and the way from a path to what explains it."""

from collections.abc import Mapping

from resnet_explorer.analysis.depth import depth
from resnet_explorer.analysis.explain.blocks import addition, explain_block, explain_gate, explain_shortcut, story
from resnet_explorer.analysis.explain.layers import explain_layer
from resnet_explorer.analysis.explain.words import Explanation, change, rows_of
from resnet_explorer.analysis.facts import Fact, facts_of
from resnet_explorer.analysis.features import features
from resnet_explorer.analysis.needs import needs
from resnet_explorer.analysis.results import Analysis
from resnet_explorer.analysis.words import hyper
from resnet_explorer.blueprint import Block, Stage, flat
from resnet_explorer.blueprint.layers import Conv2d, Layer
from resnet_explorer.blueprint.pools import AvgPool2d, BlurPool2d, MaxPool2d
from resnet_explorer.spec import Order, ResNetSpec, Stem
from resnet_explorer.spec.catalogue import entry_of, title


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
        return explain_block(analysis, block, where) if stage else _end(analysis, block, where)
    if path in block.gate_paths:
        return explain_gate(analysis, block, path, where)
    row = next((row for row in rows_of(analysis, block) if row.path == path), None)
    if row is None:
        return explain_shortcut(analysis, block, where)
    return explain_layer(analysis, block, row, where, addition(story(block, analysis.sums[block.path]).kind))


_EQUATIONS: Mapping[Order, tuple[str, ...]] = {
    Order.V1: ("network",),
    Order.BN_AFTER: ("network_bn-after-add",),
    Order.RELU_BEFORE: ("network_bare",),
    Order.RELU_ONLY: ("network_bare",),
    Order.V2: ("network_sum",),
}


def _network(analysis: Analysis) -> Explanation:
    network, spec = analysis.network, analysis.network.spec
    entry, counted, count = entry_of(spec), depth(network), sum(spec.blocks)
    kinds = " and ".join(dict.fromkeys(spec.block))
    kind = f"{'Residual' if spec.residual else 'Plain'} network of {count} {kinds} block{'' if count == 1 else 's'}"
    note = f"{entry.row.note} " if entry else ""
    words = f"{note}{counted.weight_layers} weight layers: {counted.words} {needs(analysis).words}"
    facts = facts_of(analysis, analysis.total, _stride(analysis, network.stages[-1].blocks[-1]))
    maps = tuple(
        Fact(f"Map of {one.path}", f"{one.words}, stride {one.stride}", "What detectors and segmenters read.")
        for one in features(analysis)
        if spec.classes is None
    )
    source = (Fact("Source", entry.family.source, "Where the network was published."),) if entry else ()
    published = (
        (Fact("Published", entry.row.published, "What the paper or the library says of it, trained."),)
        if entry and entry.row.published
        else ()
    )
    return Explanation("", title(spec), kind, words, _equations(spec), (*facts, *maps, *published, *source))


def _equations(spec: ResNetSpec) -> tuple[str, ...]:
    if spec.residual:
        return (*_EQUATIONS[spec.order], "network_stride")
    return ("network_plain" if spec.order in (Order.V1, Order.BN_AFTER) else "network_plain_bare", "network_stride")


def _stride(analysis: Analysis, block: Block) -> int | None:
    return rows_of(analysis, block)[-1].reading.stride


def _stage(analysis: Analysis, stage: Stage) -> Explanation:
    sums, count, spec = analysis.sums[stage.path], len(stage.blocks), analysis.network.spec
    step = max(part.layer.window[1] for part in flat(stage.blocks[0].form.branch))
    convs = [part.layer for part in stage.blocks[-1].form.parts if isinstance(part.layer, Conv2d)]
    dilation = max(conv.dilation for conv in convs)
    before, after = (f"{shape[2]}×{shape[3]}" for shape in (sums.input, sums.output))
    effect = f"stride {step}: {before} becomes {after}" if step > 1 else f"stride 1: the map stays {after}"
    channels = (
        f"The channels go from {sums.input[1]} to {sums.output[1]}."
        if sums.input[1] != sums.output[1]
        else f"The channels stay {sums.output[1]}."
    )
    apart = f" Its 3×3 convolutions are dilated by {dilation}: it would have shrunk the map." if dilation > 1 else ""
    kind = f" They are {spec.block[stage.number - 1]} blocks." if len(set(spec.block)) > 1 else ""
    many = f"{count} blocks" if count > 1 else "One block"
    words = f"{many} at one resolution. The first has {effect}. {channels}{apart}{kind}"
    facts = facts_of(analysis, sums, _stride(analysis, stage.blocks[-1]))
    return Explanation(stage.path, stage.title, "Stage", words, ("stage",) if step > 1 else (), facts)


def _end(analysis: Analysis, block: Block, where: str) -> Explanation:
    """Return the explanation of the stem or of the head."""
    sums, spec = analysis.sums[block.path], analysis.network.spec
    facts = facts_of(analysis, sums, _stride(analysis, block))
    if block.path == "head":
        return _head(spec, block, where, facts)
    windows = [part for part in flat(block.form.branch) if part.layer.window != (1, 1)]
    steps = " and ".join(f"a {hyper(part.layer)} {_NOUNS[type(part.layer)]}" for part in windows)
    early = spec.order in (Order.V2, Order.RELU_ONLY)
    note = " Its last norm and ReLU are those of the first block." if early else ""
    words = f"Before the first stage {steps} bring{'s' if len(windows) == 1 else ''} {change(sums)}.{note}"
    return Explanation(block.path, where, _STEMS[spec.stem], words, ("size",), facts)


_NOUNS: Mapping[type[Layer], str] = {
    Conv2d: "convolution",
    MaxPool2d: "max-pool",
    AvgPool2d: "average pool",
    BlurPool2d: "blur",
}
_STEMS: Mapping[Stem, str] = {
    Stem.IMAGENET: "ImageNet stem",
    Stem.CIFAR: "CIFAR stem",
    Stem.DEEP: "Deep stem",
    Stem.TIERED: "Deep, tiered stem",
}


def _head(spec: ResNetSpec, block: Block, where: str, facts: tuple[Fact, ...]) -> Explanation:
    early = spec.order in (Order.V2, Order.RELU_ONLY)
    last = "Brings the norm and the ReLU that the last addition still lacks. " if early else ""
    if spec.classes is None:
        words = f"{last}A backbone ends here, in a feature map."
        return Explanation(block.path, where, "Last activation", words, ("relu",), facts)
    drop = f" In training {100 * spec.dropout:g} % of the features are dropped." if spec.dropout else ""
    any_size = "Averages each channel over the whole map, so that any input size will do"
    words = f"{last}{any_size}, then scores the classes.{drop}"
    return Explanation(block.path, where, "Classifier", words, ("avgpool", "linear"), facts)
