"""What a thing in the network is, in a sentence, its formulas, and its figures: the words of the inspector."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from resnet_explorer.analysis.depth import depth
from resnet_explorer.analysis.facts import Fact, facts_of, layer_facts
from resnet_explorer.analysis.needs import needs
from resnet_explorer.analysis.results import Analysis, Row, Sums
from resnet_explorer.analysis.words import compact, hyper
from resnet_explorer.blueprint import Block, Part, Stage, flat
from resnet_explorer.blueprint.layers import Add, Conv2d, Flatten, Layer, Linear, ReLU
from resnet_explorer.blueprint.norms import BatchNorm2d
from resnet_explorer.blueprint.pools import AdaptiveAvgPool2d, MaxPool2d, ZeroPad
from resnet_explorer.spec.catalogue import entry_of, title


class Rule(NamedTuple):
    """How a figure is worked out: its name, and the key of its formula."""

    label: str
    formula: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """What the inspector says of one path; formulas are keys of resources/formulas.

    ``rules`` tell how the figures are counted; ``branch`` and ``shortcut`` are parameters, where the two can be told
    apart.
    """

    path: str
    title: str
    kind: str
    words: str
    formulas: tuple[str, ...]
    facts: tuple[Fact, ...]
    gradients: tuple[str, ...] = ()
    gradient_words: str = ""
    rules: tuple[Rule, ...] = ()
    branch: int | None = None
    shortcut: int | None = None


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
        return _block(analysis, block, where) if stage else _end(analysis, block, where)
    row = next((row for row in _rows(analysis, block) if row.path == path), None)
    return _layer(analysis, block, row, where) if row else _shortcut(analysis, block, where)


def _rows(analysis: Analysis, block: Block) -> tuple[Row, ...]:
    start = analysis.starts[block.path]
    return analysis.rows[start : start + len(block.layer_paths)]


def _network(analysis: Analysis) -> Explanation:
    network, spec = analysis.network, analysis.network.spec
    entry, counted, count = entry_of(spec), depth(network), sum(spec.blocks)
    blocks = f"{count} {' and '.join(dict.fromkeys(spec.block))} block{'' if count == 1 else 's'}"
    kind = f"{'Residual' if spec.residual else 'Plain'} network of {blocks}"
    words = f"{counted.weight_layers} weight layers: {counted.words} {needs(analysis).words}"
    facts = facts_of(analysis, analysis.total, _stride(analysis, network.stages[-1].blocks[-1]))
    source = (Fact("Source", entry.family.source, "Where the network was published."),) if entry else ()
    formulas = ("network" if spec.residual else "network_plain", "network_stride")
    return Explanation("", title(spec), kind, words, formulas, (*facts, *source))


def _stride(analysis: Analysis, block: Block) -> int | None:
    return _rows(analysis, block)[-1].reading.stride


def _stage(analysis: Analysis, stage: Stage) -> Explanation:
    sums, count = analysis.sums[stage.path], len(stage.blocks)
    step = max(part.layer.window[1] for part in flat(stage.blocks[0].form.branch))
    before, after = (f"{shape[2]}×{shape[3]}" for shape in (sums.input, sums.output))
    change = f"stride {step}: {before} becomes {after}" if step > 1 else f"stride 1: the map stays {after}"
    channels = (
        f"The channels go from {sums.input[1]} to {sums.output[1]}."
        if sums.input[1] != sums.output[1]
        else f"The channels stay {sums.output[1]}."
    )
    words = f"{f'{count} blocks' if count > 1 else 'One block'} at one resolution. The first has {change}. {channels}"
    facts = facts_of(analysis, sums, _stride(analysis, stage.blocks[-1]))
    return Explanation(stage.path, stage.title, "Stage", words, ("stage",) if step > 1 else (), facts)


def _end(analysis: Analysis, block: Block, where: str) -> Explanation:
    """Return the explanation of the stem or of the head."""
    sums = analysis.sums[block.path]
    facts = facts_of(analysis, sums, _stride(analysis, block))
    if block.path == "head":
        words = "Averages each channel over the whole map, so that any input size will do, then scores the classes."
        return Explanation(block.path, where, "Classifier", words, ("avgpool", "linear"), facts)
    windows = [part for part in flat(block.form.branch) if part.layer.window != (1, 1)]
    steps = " and ".join(f"a {hyper(part.layer)} {_NOUNS.get(type(part.layer), part.layer.kind)}" for part in windows)
    words = f"Before the first stage {steps} bring{'s' if len(windows) == 1 else ''} {_change(sums)}."
    return Explanation(block.path, where, f"{'ImageNet' if windows[1:] else 'CIFAR'} stem", words, ("size",), facts)


_NOUNS: Mapping[type[Layer], str] = {Conv2d: "convolution", MaxPool2d: "max-pool"}


def _change(sums: Sums) -> str:
    return f"{compact(sums.input)} to {compact(sums.output)}"


def _block(analysis: Analysis, block: Block, where: str) -> Explanation:
    sums, form = analysis.sums[block.path], block.form
    convs = [step.layer for step in form.branch if isinstance(step, Part) and isinstance(step.layer, Conv2d)]
    key, words = _shortcut_story(block, sums)
    shortcut = _params(flat(form.shortcut or ()))
    return Explanation(
        block.path,
        where,
        "Bottleneck block" if len(convs) == 3 else "Basic block",
        f"{words} {_branch_words(convs)}",
        (key, "branch_bottleneck" if len(convs) == 3 else "branch_basic"),
        facts_of(analysis, sums, _stride(analysis, block)),
        _GRADIENTS[key],
        _GRADIENT_WORDS[key],
        branch=sums.params - shortcut,
        shortcut=shortcut if form.shortcut is not None else None,
    )


def _params(parts: tuple[Part, ...]) -> int:
    return sum(part.layer.params for part in parts)


def _branch_words(convs: list[Conv2d]) -> str:
    first, middle, last = convs[0], convs[1], convs[-1]
    if len(convs) == 3:
        groups = f" in {middle.groups} groups" if middle.groups > 1 else ""
        return (
            f"In F(x) 1×1 brings {first.in_channels} channels to {first.out_channels}, 3×3 works on those{groups}, "
            f"1×1 brings them to {last.out_channels}."
        )
    return f"F(x) is two 3×3 convolutions, {first.in_channels} → {first.out_channels} → {last.out_channels} channels."


_GATE = "z is the sum before the last ReLU. That ReLU gates both paths: in this order of layers (v1) x passes "
_GRADIENTS: Mapping[str, tuple[str, ...]] = {
    "plain": ("gradient_plain",),
    "residual_identity": ("gradient_residual",),
    "residual_projection": ("gradient_projection",),
    "residual_padding": ("gradient_padding",),
}
_GRADIENT_WORDS: Mapping[str, str] = {
    "plain": "z is the output before the last ReLU. Without the shortcut the gradient is a product of the blocks' "
    "Jacobians alone.",
    "residual_identity": _GATE + "unchanged only where z > 0.",
    "residual_projection": _GATE + "only where z > 0, and through Wₛ: the 1×1 convolution with its batch norm.",
    "residual_padding": _GATE + "only where z > 0, and through P, which skips positions and pads channels: those send "
    "nothing back.",
}


def _shortcut_story(block: Block, sums: Sums) -> tuple[str, str]:
    """Return the key of the block's formula and the sentence on its shortcut."""
    shortcut = block.form.shortcut
    if shortcut is None:
        return "plain", "A plain block: the same layers without a shortcut, so it has to learn the whole mapping H(x)."
    if not shortcut:
        return "residual_identity", "The shapes agree, so x itself is added to F(x): the shortcut costs nothing."
    change = f"{compact(sums.input)} → {compact(sums.output)}"
    conv = next((part.layer for part in flat(shortcut) if isinstance(part.layer, Conv2d)), flat(shortcut)[0].layer)
    if not isinstance(conv, Conv2d):
        how = _pad_words(conv)
        return "residual_padding", f"The shapes differ ({change}), so x is {how}: the shortcut has no parameters."
    stride = f" with stride {conv.stride}" if conv.stride > 1 else ""
    differ = "The shapes differ" if sums.input != sums.output else "Option C projects everywhere"
    return "residual_projection", f"{differ} ({change}), so a 1×1 convolution{stride} brings x to the shape of F(x)."


def _pad_words(layer: Layer) -> str:
    if not isinstance(layer, ZeroPad):
        return "altered"
    skips = [f"taken at every {_ordinal(layer.stride)} position"] if layer.stride > 1 else []
    added = layer.out_channels - layer.in_channels
    pads = [f"padded with {added} channels of zeros"] if added > 0 else []
    return " and ".join(skips + pads)


def _ordinal(number: int) -> str:
    return {2: "second", 3: "third"}.get(number, f"{number}th")


def _shortcut(analysis: Analysis, block: Block, where: str) -> Explanation:
    parts = block.form.shortcut or ()
    count = len(parts)
    rows = _rows(analysis, block)[len(block.form.branch) :][:count]
    ends = analysis.sums[block.path]
    reads = [row.reading for row in rows]
    sums = Sums(
        ends.input,
        ends.output,
        sum(read.params for read in reads),
        sum(read.macs for read in reads),
        sum(read.activation_bytes for read in reads),
        count,
        None,
    )
    key, words = _shortcut_story(block, ends)
    kind, formula = _SHORTCUTS[key]
    # The shortcut's own receptive field is not the block's: only what belongs to the shortcut alone is told.
    facts = tuple(fact for fact in facts_of(analysis, sums, None) if fact.label != "Receptive field")
    path, name = block.shortcut_path, f"{where} · shortcut"
    return Explanation(path, name, kind, words, (formula,), facts, _GRADIENTS[key], _GRADIENT_WORDS[key])


_SHORTCUTS: Mapping[str, tuple[str, str]] = {
    "residual_identity": ("Identity shortcut", "identity"),
    "residual_projection": ("Projection shortcut", "projection"),
    "residual_padding": ("Zero-padded shortcut", "zeropad"),
}
_ADDITIONS: Mapping[str, str] = {
    "residual_identity": "add",
    "residual_projection": "add_projection",
    "residual_padding": "add_padding",
}

_STORIES: Mapping[type[Layer], tuple[str, str]] = {
    BatchNorm2d: (
        "batchnorm",
        "Normalises each channel, then scales and shifts it: by the batch's statistics in training, by running "
        "averages in inference.",
    ),
    ReLU: ("relu", "Keeps what is positive and sets the rest to 0; works in place."),
    MaxPool2d: ("maxpool", "Keeps the largest value of each window."),
    AdaptiveAvgPool2d: ("avgpool", "The mean of each channel over the whole map, whatever its size."),
    Flatten: ("flatten", "A view of the channels as a list of features; nothing is computed."),
    Linear: ("linear", "Fully connected: one score for each class."),
    Add: ("add", "Adds the shortcut to the branch: where residual learning happens. Their shapes must agree."),
    ZeroPad: ("zeropad", "Option A: x is {}; no parameters."),
}


def _layer(analysis: Analysis, block: Block, row: Row, where: str) -> Explanation:
    layer = row.part.layer
    key, words = _story(layer, block, analysis.sums[block.path])
    slides = layer.window != (1, 1) and not isinstance(layer, ZeroPad)
    return Explanation(
        row.path,
        f"{where} · {row.part.name}",
        f"{layer.kind} {hyper(layer)}".strip(),
        words,
        (key, "size") if slides else (key,),
        layer_facts(analysis, row),
        rules=(*(_CONV_RULES if isinstance(layer, Conv2d) else ()), *((_FIELD_RULE,) if slides else ())),
    )


def _story(layer: Layer, block: Block, sums: Sums) -> tuple[str, str]:
    if isinstance(layer, Conv2d):
        return "conv", _conv_words(layer)
    key, words = _STORIES.get(type(layer), ("identity", f"{layer.kind}."))
    if isinstance(layer, Add):
        return _ADDITIONS[_shortcut_story(block, sums)[0]], words
    return key, words.format(_pad_words(layer)) if isinstance(layer, ZeroPad) else words


def _conv_words(layer: Conv2d) -> str:
    mixes = "mixes channels at each position" if layer.kernel == 1 else "mixes channels and neighbouring positions"
    stride = f", at every {_ordinal(layer.stride)} position" if layer.stride > 1 else ""
    each = layer.in_channels // layer.groups
    groups = f" {layer.groups} groups of {each} channels work apart." if layer.groups > 1 else ""
    bias = "" if layer.bias else " No bias: the batch norm after it shifts."
    return f"A {layer.kernel}×{layer.kernel} convolution: {mixes}{stride}.{groups}{bias}"


_CONV_RULES = (Rule("Parameters", "conv_params"), Rule("MACs", "conv_macs"))
_FIELD_RULE = Rule("Receptive field r and stride j", "receptive_field")
