"""What a thing in the network is, in a sentence, its formulas, and its figures: the words of the inspector."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from resnet_explorer.analysis.depth import depth
from resnet_explorer.analysis.needs import needs
from resnet_explorer.analysis.results import Analysis, Row, Sums
from resnet_explorer.analysis.words import compact, hyper, mib, share, si, size
from resnet_explorer.blueprint import Block, Stage
from resnet_explorer.blueprint.layers import (
    AdaptiveAvgPool2d,
    Add,
    BatchNorm2d,
    Conv2d,
    Flatten,
    Layer,
    Linear,
    MaxPool2d,
    ReLU,
    ZeroPad,
)
from resnet_explorer.spec.catalogue import entry_of, title


class Fact(NamedTuple):
    """A figure with its name and the sentence that teaches it."""

    label: str
    value: str
    teaches: str = ""


@dataclass(frozen=True, slots=True)
class Explanation:
    """What the inspector says of one path; ``formulas`` and ``gradients`` are keys of resources/formulas.

    ``branch`` and ``shortcut`` are parameters, where the two can be told apart.
    """

    path: str
    title: str
    kind: str
    words: str
    formulas: tuple[str, ...]
    facts: tuple[Fact, ...]
    gradients: tuple[str, ...] = ()
    gradient_words: str = ""
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
        return _block(analysis, block, where)
    rows = {row.path: row for row in analysis.rows[analysis.starts[block.path] :][: len(block.layer_paths)]}
    if path in rows:
        return _layer(analysis, rows[path], where)
    return _shortcut(analysis, block, where)


def _sums_facts(analysis: Analysis, sums: Sums) -> tuple[Fact, ...]:
    total = analysis.total
    return (
        Fact("Input", compact(sums.input), "Channels × height × width, for each image of the batch."),
        Fact("Output", compact(sums.output), "Channels × height × width, for each image of the batch."),
        Fact("Parameters", f"{sums.params:,}", "Learnable numbers."),
        Fact("  of the network's", f"{share(sums.params, total.params):.2f} %"),
        Fact("MACs", f"{sums.macs:,}", "Multiply-accumulates of convolutions and linear layers, for the whole batch."),
        Fact("FLOPs (2 × MACs)", f"{si(2 * sums.macs).strip()}", "A multiplication and an addition each."),
        Fact("  of the network's", f"{share(sums.macs, total.macs):.2f} %"),
        Fact("Activations", mib(sums.activation_bytes), "Bytes that the outputs newly allocate in float32."),
        Fact(
            "Receptive field", _field(sums.receptive_field), "The side of the input square that one output depends on."
        ),
    )


def _field(field: int | None) -> str:
    return "the whole image" if field is None else f"{field:,} px"


def _network(analysis: Analysis) -> Explanation:
    spec, entry = analysis.network.spec, entry_of(analysis.network.spec)
    counted, blocks = depth(analysis.network), sum(analysis.network.spec.blocks)
    kind = f"{'Residual' if spec.residual else 'Plain'} network of {blocks} {spec.block} blocks"
    words = f"{counted.weight_layers} weight layers: {counted.words} {needs(analysis).words}"
    facts = _sums_facts(analysis, analysis.total)
    source = (Fact("Source", entry.family),) if entry else ()
    formulas = ("network",) if spec.residual else ("network_plain",)
    return Explanation(
        "", title(spec), kind, words, formulas, (*(fact for fact in facts if "of the" not in fact.label), *source)
    )


def _stage(analysis: Analysis, stage: Stage) -> Explanation:
    sums = analysis.sums[stage.path]
    halves = sums.output[2:] != sums.input[2:]
    words = (
        f"{len(stage.blocks)} blocks that work at one resolution. "
        + ("Its first block has stride 2 and halves the map. " if halves else "It keeps the map's size. ")
        + (
            "The channels change from " + f"{sums.input[1]} to {sums.output[1]}."
            if sums.input[1] != sums.output[1]
            else ""
        )
    )
    return Explanation(
        stage.path, stage.title, "Stage", words.strip(), ("size",) if halves else (), _sums_facts(analysis, sums)
    )


def _block(analysis: Analysis, block: Block, where: str) -> Explanation:
    sums, form = analysis.sums[block.path], block.form
    facts = _sums_facts(analysis, sums)
    if not block.number:
        is_stem = block.path == "stem"
        words = "Brings the image to the channels and the size of the first stage." if is_stem else _HEAD_WORDS
        return Explanation(block.path, where, block.path.capitalize(), words, (), facts)
    convs = sum(isinstance(part.layer, Conv2d) for part in form.branch)
    kind = "Bottleneck block" if convs == 3 else "Basic block"
    branch = "branch_bottleneck" if convs == 3 else "branch_basic"
    shortcut = sum(part.layer.params for part in form.shortcut or ())
    key, words = _shortcut_story(block, sums)
    return Explanation(
        block.path,
        where,
        kind,
        words,
        (key, branch),
        facts,
        _GRADIENTS[key],
        _GRADIENT_WORDS[key],
        sums.params - shortcut,
        shortcut if form.shortcut is not None else None,
    )


_HEAD_WORDS = "Averages each channel over the whole map, so that any input size will do, then tells the classes apart."
_GATE = "z is the sum before the last ReLU. That ReLU gates both paths: in this order of layers (v1) x passes "
_GRADIENTS: Mapping[str, tuple[str, ...]] = {
    "plain": ("gradient_plain",),
    "residual_identity": ("gradient_residual",),
    "residual_projection": ("gradient_projection",),
    "residual_padding": (),
}
_GRADIENT_WORDS: Mapping[str, str] = {
    "plain": "z is the output before the last ReLU. Without the shortcut the gradient is a product of the blocks' "
    "Jacobians alone.",
    "residual_identity": _GATE + "unchanged only where z > 0.",
    "residual_projection": _GATE + "projected, where z > 0.",
    "residual_padding": _GATE + "only where z > 0, and the padded channels pass nothing back.",
}


def _shortcut_story(block: Block, sums: Sums) -> tuple[str, str]:
    """Return the key of the block's formula and the sentence on its shortcut."""
    shortcut = block.form.shortcut
    if shortcut is None:
        return "plain", "A plain block: the same layers without a shortcut, so it has to learn the whole mapping H(x)."
    if not shortcut:
        return "residual_identity", "The shapes agree, so x itself is added to F(x): the shortcut costs nothing."
    change = f"{compact(sums.input)} → {compact(sums.output)}"
    if isinstance(shortcut[0].layer, ZeroPad):
        return (
            "residual_padding",
            f"The shapes differ ({change}), so x is subsampled and padded with channels of zeros.",
        )
    conv = shortcut[0].layer
    assert isinstance(conv, Conv2d)
    stride = f" with stride {conv.stride}" if conv.stride > 1 else ""
    differ = "The shapes differ" if sums.input != sums.output else "Option C projects everywhere"
    return "residual_projection", f"{differ} ({change}), so a 1×1 convolution{stride} brings x to the shape of F(x)."


def _shortcut(analysis: Analysis, block: Block, where: str) -> Explanation:
    sums = analysis.sums[block.path]
    parts = block.form.shortcut or ()
    params = sum(part.layer.params for part in parts)
    key, words = _shortcut_story(block, sums)
    kind = "Identity shortcut" if not parts else "Projection shortcut" if params else "Zero-padded shortcut"
    formula = "identity" if not parts else "projection" if params else "zeropad"
    facts = (
        Fact("From", compact(sums.input)),
        Fact("To", compact(sums.output)),
        Fact("Parameters", f"{params:,}", "Those of the shortcut alone."),
    )
    gradient = _GRADIENT_WORDS[key]
    return Explanation(
        block.shortcut_path, f"{where} · shortcut", kind, words, (formula,), facts, _GRADIENTS[key], gradient
    )


_Story = tuple[str, str]
_STORIES: Mapping[type[Layer], _Story] = {
    BatchNorm2d: (
        "batchnorm",
        "Normalises each channel, then scales and shifts it: by the batch's statistics in training, by running "
        "averages in inference.",
    ),
    ReLU: ("relu", "Keeps what is positive and sets the rest to 0; works in place."),
    MaxPool2d: ("maxpool", "Keeps the largest value of each window and so halves the map."),
    AdaptiveAvgPool2d: ("avgpool", "The mean of each channel over the whole map, whatever its size."),
    Flatten: ("flatten", "A view of the channels as a list of features; nothing is computed."),
    Linear: ("linear", "Fully connected: one score for each class."),
    Add: ("add", "Adds the shortcut to the branch: where residual learning happens. Shapes must agree."),
    ZeroPad: (
        "zeropad",
        "Option A: takes every s-th position and fills the new channels with zeros; no parameters.",
    ),
}


def _conv_words(layer: Conv2d) -> str:
    reduces = "mixes channels at each position" if layer.kernel == 1 else "mixes channels and neighbouring positions"
    stride = f", and keeps every {_ordinal(layer.stride)} position" if layer.stride > 1 else ""
    return f"A {hyper(layer)} convolution: {reduces}{stride}. No bias: the batch norm after it shifts."


def _ordinal(number: int) -> str:
    return {2: "second", 3: "third"}.get(number, f"{number}th")


def _layer(analysis: Analysis, row: Row, where: str) -> Explanation:
    layer, read = row.part.layer, row.reading
    sums = Sums(read.input, read.output, read.params, read.macs, read.activation_bytes, 1, row.receptive_field)
    key, words = ("conv", _conv_words(layer)) if isinstance(layer, Conv2d) else _STORIES[type(layer)]
    formulas = (key, "size") if layer.window != (1, 1) and key != "zeropad" else (key,)
    worked = _WORKED.get(type(layer))
    more = worked(layer, read.output) if worked else ()
    known = {fact.label for fact in more}
    facts = (fact for fact in _sums_facts(analysis, sums) if fact.label not in known)
    name = f"{where} · {row.part.name}"
    return Explanation(row.path, name, f"{layer.kind} {hyper(layer)}".strip(), words, formulas, (*more, *facts))


def _worked_conv(layer: Layer, output: tuple[int, ...]) -> tuple[Fact, ...]:
    assert isinstance(layer, Conv2d)
    weights = f"{layer.kernel}·{layer.kernel}·{layer.in_channels}·{layer.out_channels}"
    positions = "·".join(str(length) for length in output[2:])
    batch = f"{output[0]}·" if output[0] > 1 else ""
    return (
        Fact("Parameters", f"{weights} = {layer.params:,}", "Kernel height · width · channels in · channels out."),
        Fact("MACs", f"{layer.params:,}·{batch}{positions} = {layer.macs(output):,}", "Weights · output positions."),
    )


def _worked_linear(layer: Layer, output: tuple[int, ...]) -> tuple[Fact, ...]:
    assert isinstance(layer, Linear)
    sizes = f"{layer.in_features}·{layer.out_features} + {layer.out_features}"
    return (Fact("Parameters", f"{sizes} = {layer.params:,}", "Weights and biases."),)


def _worked_norm(layer: Layer, output: tuple[int, ...]) -> tuple[Fact, ...]:
    return (
        Fact("Parameters", f"2·{size(output).split('×')[0]} = {layer.params:,}", "A scale and a shift per channel."),
    )


_WORKED: Mapping[type[Layer], Callable[[Layer, tuple[int, ...]], tuple[Fact, ...]]] = {
    Conv2d: _worked_conv,
    Linear: _worked_linear,
    BatchNorm2d: _worked_norm,
}
