"""The stem and the head in words: what stands before the first stage, and after the last."""

from collections.abc import Mapping

from resnet_explorer.analysis.explain.words import (
    Explanation,
    change,
    listed,
    preparation,
    rows_of,
)
from resnet_explorer.analysis.facts import facts_of
from resnet_explorer.analysis.results import Analysis, Row
from resnet_explorer.blueprint import Block, Part, flat
from resnet_explorer.blueprint.kinds.convolutions import Conv2d
from resnet_explorer.blueprint.kinds.pads import zeros_win
from resnet_explorer.blueprint.place import At
from resnet_explorer.spec import Init, ResNetSpec, Stem, StemPool
from resnet_explorer.spec.choices import EARLY

_STEMS: Mapping[Stem, str] = {
    Stem.IMAGENET: "ImageNet stem",
    Stem.CIFAR: "CIFAR stem",
    Stem.DEEP: "Deep stem",
    Stem.TIERED: "Deep, tiered stem",
}


def explain_stem(analysis: Analysis, block: Block, where: str) -> Explanation:
    """Return what is to be said of the stem."""
    sums, spec, rows = analysis.sums[block.path], analysis.network.spec, rows_of(analysis, block)
    parts = flat(block.form.branch)
    convs = [part for part in parts if part.name.startswith("conv1")]
    steps = [_convs(convs)] + [_step(part) for part in parts if part.name.startswith("maxpool")]
    windows = [step for step in steps if step]
    brings = "brings" if len(windows) == 1 and len(convs) == 1 else "bring"
    words = f"Before the first stage {listed(windows)} {brings} {change(sums)}.{_deep(convs, rows)}{_pool(spec)}"
    facts = facts_of(analysis, sums, rows[-1].reading.stride)
    return Explanation(block.path, where, _STEMS[spec.stem], f"{words}{_left(spec)}", ("size",), facts)


def _convs(parts: list[Part]) -> str:
    convs = [part.layer for part in parts if isinstance(part.layer, Conv2d)]
    if len(convs) == 1:
        return _step(parts[0])
    channels = " → ".join(str(count) for count in (convs[0].in_channels, *(conv.out_channels for conv in convs)))
    return f"three 3×3 convolutions ({channels} channels), the first with stride 2,"


def _step(part: Part) -> str:
    """Return a step of the stem that looks at more than one position; nothing for others."""
    layer = part.layer
    return f"a {layer.hyper} {layer.noun}" if layer.noun else ""


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
    return f" The three see {field}×{field} pixels, more than one 7×7." if len(convs) > 1 else ""


def _left(spec: ResNetSpec) -> str:
    """Return what the stem leaves to the first block."""
    if spec.order not in EARLY or spec.stem_pool is StemPool.CONV:
        return ""
    return f" Its last {preparation(spec)} {'are' if 'and' in preparation(spec) else 'is'} left to the first block."


def explain_head(analysis: Analysis, block: Block, where: str) -> Explanation:
    """Return what is to be said of the head: the classifier, or a backbone's last activation."""
    spec, rows = analysis.network.spec, rows_of(analysis, block)
    facts = facts_of(analysis, analysis.sums[block.path], rows[-1].reading.stride)
    last = f"Brings the {preparation(spec)} that the last block still lacks. " if spec.order in EARLY else ""
    if spec.classes is None:
        keys = tuple(part.layer.story(At(part, block, spec))[0] for part in flat(block.form.branch))
        words = f"{last}A backbone ends here, in a feature map."
        return Explanation(block.path, where, f"Last {preparation(spec)}", words, keys, facts)
    drop = f" In training {100 * spec.dropout:g} % of the features are dropped." if spec.dropout else ""
    bias = " One learnt number is added to them first." if spec.init is Init.FIXUP else ""
    any_size = "Averages each channel over the whole map, so that any input size will do"
    words = f"{last}{any_size}, then scores the classes.{drop}{bias}"
    return Explanation(block.path, where, "Classifier", words, ("avgpool", "linear"), facts)
