"""The story of a block: its shortcut, its branch, its order, and the way back of the gradient.

He et al. 2015, section 3; He et al. 2016, sections 2 to 4.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from resnet_explorer.analysis.explain.layers import pad_words
from resnet_explorer.analysis.explain.words import Explanation, params_of, rows_of
from resnet_explorer.analysis.facts import facts_of
from resnet_explorer.analysis.results import Analysis, Sums
from resnet_explorer.analysis.words import compact
from resnet_explorer.blueprint import Block, Part, flat
from resnet_explorer.blueprint.layers import Conv2d, Dropout, GatedAdd, Scale
from resnet_explorer.blueprint.pools import AvgPool2d, ZeroPad
from resnet_explorer.spec import Norm, Order, ResNetSpec
from resnet_explorer.spec.difference import value_words


@dataclass(frozen=True, slots=True)
class _Story:
    """How a block adds: the kind of its sum, the sentence on its shortcut, and the shortcut's own name and formula."""

    kind: str
    words: str
    name: str = ""
    formula: str = ""


_AFTER: Mapping[Order, str] = {Order.V1: "v1", Order.BN_AFTER: "bn-after-add"}
"""What follows the addition; nothing in the other orders."""
_ORDERS: Mapping[Order, str] = {
    Order.V1: "",
    Order.BN_AFTER: " The last norm comes after the addition, so it alters what the shortcut brings.",
    Order.RELU_BEFORE: " F(x) ends in a ReLU, so it can only add: the signal grows from block to block.",
    Order.RELU_ONLY: " Each ReLU comes before its convolution; nothing comes after the addition.",
    Order.V2: " Norm and ReLU come before each convolution; nothing comes after the addition.",
}


def story(block: Block, sums: Sums) -> _Story:
    """Return how a block adds."""
    form = block.form
    if form.shortcut is None:
        words = "A plain block: the same layers without a shortcut, so it has to learn the whole mapping H(x)."
        return _Story("plain", words)
    join = next((part.layer for part in flat(form.after) if isinstance(part.layer, GatedAdd)), None)
    base = _bridge(block, sums)
    if join:
        share = "g weighs F(x) and 1 − g the shortcut" if join.exclusive else "1 − g weighs the shortcut"
        first = "The shapes agree, so x itself is the shortcut." if base.kind == "identity" else base.words
        words = f"{first} A learnt gate g(x) between 0 and 1 decides: {share}."
        return _Story(
            "exclusive" if join.exclusive else "gated",
            words,
            f"Gated {base.name[:1].lower()}{base.name[1:]}",
            base.formula,
        )
    return base


def _bridge(block: Block, sums: Sums) -> _Story:
    layers = [part.layer for part in flat(block.form.shortcut or ())]
    change = f"{compact(sums.input)} → {compact(sums.output)}"
    altered = _altered(block)
    if not layers:
        return _Story("identity", "The shapes agree, so x itself is added to F(x): the shortcut costs nothing.",
                      "Identity shortcut", "identity")  # fmt: skip
    if isinstance(layers[0], ZeroPad):
        words = (
            f"The shapes differ ({change}), so x is {pad_words(layers[0])}: the shortcut has no parameters.{altered}"
        )
        return _Story("padding", words, "Zero-padded shortcut", "zeropad")
    if not block.form.projects:
        return _Story("scaled", f"The shapes agree, but x is altered on its way.{altered}", "Altered shortcut", "scale")
    return _Story(
        "projection", f"{_projection(block, sums, change)}{altered}", "Projection shortcut", _projection_key(block)
    )


def _projection_key(block: Block) -> str:
    normed = any(part.layer.params and not isinstance(part.layer, Conv2d) for part in flat(block.form.shortcut or ()))
    return "projection" if normed else "projection_bare"


def _projection(block: Block, sums: Sums, change: str) -> str:
    layers = [part.layer for part in flat(block.form.shortcut or ())]
    conv = next(layer for layer in layers if isinstance(layer, Conv2d))
    pool = f"a {layers[0].kernel}×{layers[0].kernel} mean and " if isinstance(layers[0], AvgPool2d) else ""
    stride = f" with stride {conv.stride}" if conv.stride > 1 else ""
    differ = "The shapes differ" if sums.input != sums.output else "Option C projects everywhere"
    before = " It sees x after the first norm and ReLU." if block.form.before else ""
    kernel = f"{conv.kernel}×{conv.kernel}"
    return f"{differ} ({change}), so {pool}a {kernel} convolution{stride} brings x to the shape of F(x).{before}"


def _altered(block: Block) -> str:
    words = []
    for part in flat(block.form.shortcut or ()):
        if isinstance(part.layer, Scale):
            words.append(
                f" A factor of {part.layer.factor:g} acts on it in every block: after n blocks {part.layer.factor:g}ⁿ."
            )
        if isinstance(part.layer, Dropout):
            words.append(f" In training {100 * part.layer.chance:g} % of it is dropped.")
    return "".join(words)


def equation(spec: ResNetSpec, kind: str) -> str:
    """Return the key of a block's equation."""
    return f"{kind}_{_AFTER.get(spec.order, 'bare')}"


def addition(kind: str) -> str:
    """Return the key of the addition's formula."""
    return {"identity": "add", "plain": "add"}.get(kind, f"add_{kind}")


def explain_block(analysis: Analysis, block: Block, where: str) -> Explanation:
    """Return what is to be said of a residual or plain block."""
    sums, form, spec = analysis.sums[block.path], block.form, analysis.network.spec
    convs = [step.layer for step in form.branch if isinstance(step, Part) and isinstance(step.layer, Conv2d)]
    told, shortcut = story(block, sums), params_of(flat(form.shortcut or ())) + params_of(flat(form.gate))
    gradients, gradient_words = way_back(spec, told.kind)
    return Explanation(
        block.path,
        where,
        "Bottleneck block" if len(convs) == 3 else "Basic block",
        f"{told.words}{_ORDERS[spec.order]} {_branch_words(convs, block)}{_norm_words(spec)}",
        (equation(spec, told.kind), f"branch_{spec.order}_{len(convs)}"),
        facts_of(analysis, sums, rows_of(analysis, block)[-1].reading.stride),
        gradients,
        gradient_words,
        branch=sums.params - shortcut,
        shortcut=shortcut if form.shortcut is not None else None,
    )


def _branch_words(convs: list[Conv2d], block: Block) -> str:
    first, middle, last = convs[0], convs[1], convs[-1]
    gate = " At its end attention weighs it." if block.form.gates else ""
    if len(convs) == 3:
        groups = f" in {middle.groups} groups" if middle.groups > 1 else ""
        return (
            f"In F(x) 1×1 brings {first.in_channels} channels to {first.out_channels}, 3×3 works on those{groups}, "
            f"1×1 brings them to {last.out_channels}.{gate}"
        )
    counts = f"{first.in_channels} → {first.out_channels} → {last.out_channels}"
    return f"F(x) is two 3×3 convolutions, {counts} channels.{gate}"


def _norm_words(spec: ResNetSpec) -> str:
    if spec.norm is Norm.BATCH:
        return ""
    if spec.norm is Norm.NONE:
        return " There is no norm: BN in the formula is the identity."
    return f" BN in the formula stands for this network's norm: {value_words(spec, 'norm')}."


_GATE = "z is the sum before the last ReLU. That ReLU gates both paths: in this order of layers (v1) x passes "
_V1: Mapping[str, str] = {
    "plain": "z is the output before the last ReLU. Without the shortcut the gradient is a product of the blocks' "
    "Jacobians alone.",
    "identity": _GATE + "unchanged only where z > 0.",
    "projection": _GATE + "only where z > 0, and through Wₛ: the projection with its norm.",
    "padding": _GATE + "only where z > 0, and through P, which skips positions and pads channels: those send "
    "nothing back.",
}
_BARE: Mapping[str, str] = {
    "plain": "z is the block's output. Without the shortcut the gradient is a product of the blocks' Jacobians alone.",
    "identity": "Nothing comes after the addition, so the identity passes the gradient on untouched: that of the last "
    "block reaches every block before it, whatever the weights.",
    "projection": "z is the block's output. Here the gradient passes through Wₛ; the identity blocks after it pass it "
    "on untouched.",
    "padding": "z is the block's output. P skips positions and pads channels: those send nothing back.",
}
_AFTER_NORM = "z is the sum. The norm and the ReLU after it alter both paths: nothing is untouched."
_ALTERED: Mapping[str, tuple[tuple[str, ...], str]] = {
    "scaled": (
        ("gradient_scaled", "gradient_scaled_product"),
        "Over many blocks the factors multiply: below 1 the shortcut's part vanishes, above 1 it explodes "
        "(He et al. 2016, equation 5).",
    ),
    "exclusive": (
        ("gradient_gated",),
        "Over many blocks the factors 1 − g multiply, and where g opens for F(x) the shortcut closes "
        "(He et al. 2016, section 3.1).",
    ),
    "gated": (
        ("gradient_gated",),
        "Over many blocks the factors 1 − g multiply: with a gate that starts closed (bias −6) they are near 1 "
        "(He et al. 2016, section 3.1).",
    ),
}


def way_back(spec: ResNetSpec, kind: str) -> tuple[tuple[str, ...], str]:
    """Return the formulas and the words of the gradient through a block that adds in that way."""
    if kind in _ALTERED:
        return _ALTERED[kind]
    if spec.order is Order.BN_AFTER:
        return (
            f"gradient_{kind}",
        ), "z is the sum. The norm and the ReLU after it alter both paths: nothing is untouched."
    if spec.order is Order.V1:
        return (f"gradient_{kind}",), _V1[kind]
    if kind == "identity":
        return ("gradient_identity_v2", "gradient_sum_v2"), _BARE[kind]
    return (f"gradient_{kind}",), _BARE[kind]


def explain_shortcut(analysis: Analysis, block: Block, where: str) -> Explanation:
    """Return what is to be said of a shortcut as a whole."""
    form, ends = block.form, analysis.sums[block.path]
    names = {part.name for part in flat(form.shortcut or ())}
    reads = [row.reading for row in rows_of(analysis, block) if row.part.name in names]
    sums = Sums(
        ends.input,
        ends.output,
        sum(read.params for read in reads),
        sum(read.macs for read in reads),
        sum(read.activation_bytes for read in reads),
        len(reads),
        None,
    )
    told = story(block, ends)
    gradients, words = way_back(analysis.network.spec, told.kind)
    # The shortcut's own receptive field is not the block's: only what belongs to the shortcut alone is told.
    facts = tuple(fact for fact in facts_of(analysis, sums, None) if fact.label != "Receptive field")
    path, title = block.shortcut_path, f"{where} · shortcut"
    return Explanation(path, title, told.name, told.words, (told.formula,), facts, gradients, words)


_GATES: Mapping[str, tuple[str, str]] = {
    "se": (
        "Squeeze-and-excitation",
        "The mean of each channel goes through two small layers; what comes out weighs the channel. So a block can use "
        "what the whole image holds, for few parameters (Hu et al. 2018).",
    ),
    "eca": (
        "Efficient channel attention",
        "The mean of each channel and of its neighbours weighs the channel: a handful of weights (Wang et al. 2020).",
    ),
    "cbam_channel": (
        "Channel attention",
        "Mean and largest value of each channel go through the same two small layers; their sum weighs the channel "
        "(Woo et al. 2018).",
    ),
    "cbam_spatial": (
        "Spatial attention",
        "Mean and largest value over the channels go through a 7×7 convolution, which weighs each position "
        "(Woo et al. 2018).",
    ),
}


def explain_gate(analysis: Analysis, block: Block, path: str, where: str) -> Explanation:
    """Return what is to be said of the attention at the end of a branch."""
    gate = next(step for step in block.form.gates if path.endswith(f".{step.name}"))
    rows = [row for row in rows_of(analysis, block) if row.path.startswith(f"{path}.")]
    reads = [row.reading for row in rows]
    sums = Sums(
        reads[0].input,
        reads[-1].output,
        sum(read.params for read in reads),
        sum(read.macs for read in reads),
        sum(read.activation_bytes for read in reads),
        len(reads),
        rows[-1].receptive_field,
    )
    kind, words = _GATES[gate.name]
    return Explanation(
        path, f"{where} · {gate.name}", kind, words, ("multiply", gate.name), facts_of(analysis, sums, None)
    )
