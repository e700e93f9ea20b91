"""Parallel paths explained: what a branch with them is made of, and the fork as a whole."""

from collections.abc import Mapping

from resnet_explorer.network import Block, Fork, Form, flat
from resnet_explorer.network.kinds import Role
from resnet_explorer.network.kinds.convolutions import Conv2d
from resnet_explorer.network.kinds.forks import Carry, Concat, ShakeMix, Slice
from resnet_explorer.readings.explain.text import Explanation, added_up, facts_of
from resnet_explorer.readings.results import Analysis
from resnet_explorer.spec import ResNetSpec, Selective

_SCALES = "Multi-scale convolution"
_TEXTS: Mapping[str, tuple[str, str]] = {
    "scales": (
        _SCALES,
        "The channels part into slices. Each but the last has a 3×3 of its own, K in the formula, which also gets what "
        "the path before put out: so the last paths see furthest, and one block works at several scales (Gao et al. "
        "2019).",
    ),
    "scales_apart": (
        _SCALES,
        "The channels part into slices, and each but the last has a 3×3 of its own, K in the formula. Here the block "
        "changes the map's shape, so no path adds another, and a mean of 3×3 takes the last slice along (the authors' "
        "code of Gao et al. 2019).",
    ),
    "selective": (
        "Selective kernels",
        "Two 3×3, the second dilated for a 5×5's field of view. The mean of their sum goes through two small layers "
        "and a softmax, which says for each channel how much of each kernel counts (Li et al. 2019).",
    ),
    "split_attention": (
        "Split attention",
        "The 3×3 before it gave several splits of as many channels. The mean of their sum goes through two small "
        "layers and a softmax, which weights the splits against each other, channel by channel (Zhang et al. 2020).",
    ),
    "shake": (
        "Shake-Shake",
        "Two branches with weights of their own. In training their outputs are mixed by a random α for each image, and "
        "the gradient is shared by another random number, so that neither can rely on the other; in inference each "
        "counts one half (Gastaldi 2017).",
    ),
}
"""What a fork is called, and what is to be said of it, by the key of its formula."""


def key_of(fork: Fork) -> str:
    """Return the key of a fork's formula."""
    join = fork.join.layer
    if isinstance(join, ShakeMix):
        return "shake"
    if isinstance(join, Concat):
        carries = any(isinstance(part.layer, Carry) for part in flat((fork,)))
        pools = any(part.layer.role is Role.POOLING for part in flat(fork.paths[-1]))
        return "scales" if carries or not pools else "scales_apart"
    return "split_attention" if all(len(path) == 1 for path in fork.paths) else "selective"


def explain_fork(analysis: Analysis, block: Block, path: str, where: str) -> Explanation:
    """Return what is to be said of the parallel paths of a branch as a whole."""
    fork = next(fork for fork in block.form.forks if path == f"{block.path}.{fork.name}")
    rows = [row for row in analysis.rows_of(block) if row.path.startswith(f"{path}.")]
    key = key_of(fork)
    title, text = _TEXTS[key]
    facts = facts_of(analysis, added_up(rows), rows[-1].reading.stride)
    return Explanation(path, f"{where} · {fork.name}", title, text, (key,), facts)


def formulas(form: Form) -> tuple[str, ...]:
    """Return the keys of the formulas of a branch's forks."""
    return tuple(dict.fromkeys(map(key_of, form.forks)))


def paths_text(spec: ResNetSpec, form: Form, convs: list[Conv2d]) -> str:
    """Return what F(x) is made of where parallel paths take the place of its 3x3; empty where they do not."""
    fork = next((fork for fork in form.forks if not isinstance(fork.join.layer, ShakeMix)), None)
    first, middle, last = convs[0], convs[1], convs[-1]
    groups = f" in {middle.groups} groups" if middle.groups > 1 and fork is None else ""
    if fork is None:
        has_gate = any(gate.name == "splat" for gate in form.gates)
        works = f"3×3 works on those{groups}, attention weights them"
        return _bottleneck(first, last, works) if has_gate else ""
    key = key_of(fork)
    if key == "selective" and len(convs) == 2:
        return (
            f"F(x) is two 3×3 convolutions, {first.out_channels} → {last.out_channels} channels. In the place of the "
            f"first stand two that see {_seen(spec, fork)}, one dilated; attention selects between them."
        )
    works = f"two 3×3, one dilated, work on {_seen(spec, fork)}, attention selects between them"
    if key in ("scales", "scales_apart"):
        count, width = len(fork.paths), middle.in_channels
        works = f"these part into {count} slices of {width}, of which all but the last have a 3×3 each"
    if key == "split_attention":
        count = len(fork.paths)
        works = f"3×3 makes {count} splits of {middle.out_channels // count}, attention weights them against each other"
    return _bottleneck(first, last, works)


def _bottleneck(first: Conv2d, last: Conv2d, works: str) -> str:
    brings = f"In F(x) 1×1 brings {first.in_channels} channels to {first.out_channels}"
    return f"{brings}, {works}, and 1×1 brings {last.in_channels} to {last.out_channels}."


def _seen(spec: ResNetSpec, fork: Fork) -> str:
    slices = [part.layer for part in flat((fork,)) if isinstance(part.layer, Slice)]
    return f"{slices[0].channels} channels each" if spec.selective is Selective.SPLIT and slices else "all channels"
