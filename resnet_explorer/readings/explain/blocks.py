"""A block explained: how it adds, what its branch is made of, and the attention gates at the end of the branch.

He et al. 2015, section 3.3; He et al. 2016, sections 3 and 4.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from resnet_explorer.dataclass import dataclass
from resnet_explorer.network import Block, Fork, Form, Gated, Part, flat
from resnet_explorer.network.kinds import Layer, Role
from resnet_explorer.network.kinds.base import gate_start
from resnet_explorer.network.kinds.blocks import Dropout, Gain, GatedAdd, Scale, StochasticDepth
from resnet_explorer.network.kinds.convolutions import Conv2d
from resnet_explorer.network.kinds.dimensions import spoken
from resnet_explorer.network.kinds.pads import ZeroPad
from resnet_explorer.network.kinds.pools import AvgPool2d
from resnet_explorer.network.kinds.scaled import Beta
from resnet_explorer.network.kinds.shortcuts import PadChannels
from resnet_explorer.network.tree import Chain, starts_at_0, where
from resnet_explorer.readings.explain import forks
from resnet_explorer.readings.explain.text import (
    Explanation,
    activator,
    added_up,
    facts_of,
    preparation,
    stand_ins,
    way_back,
)
from resnet_explorer.readings.read import weight_layers
from resnet_explorer.readings.results import Analysis, Sums
from resnet_explorer.readings.text import compact
from resnet_explorer.spec import Attention, AttentionAt, Init, Norm, Order, ResNetSpec, Shortcut
from resnet_explorer.spec import Gain as GainChoice


@dataclass(frozen=True, slots=True)
class Joining:
    """How a block adds: the kind of its sum, the sentence on its shortcut, and the shortcut's own name and formulas."""

    kind: str
    text: str
    name: str = ""
    formulas: tuple[str, ...] = ()


def kind_of(form: Form) -> str:
    """Return the kind of a block's sum: ``identity``, ``projection``, ``padding``, ``scaled``, ``plain``, ..."""
    layers = _layers(form)
    if form.shortcut is None:
        return "plain"
    for part in flat(form.after):
        if isinstance(part.layer, GatedAdd):
            return "exclusive" if part.layer.exclusive else "gated"
    if form.alters:
        return "scaled" if all(isinstance(layer, Scale) for layer in layers) else "altered"
    if not layers:
        return "identity"
    return "padding" if _pads(layers) else "activated" if form.before else "projection"


def after_key(form: Form) -> str:
    """Return the key of what follows the addition: ``v1`` for an activation, ``bare`` for nothing."""
    after = [step.layer for step in form.after if isinstance(step, Part)][form.shortcut is not None :]
    if any(layer.role is Role.NORM for layer in after):
        return "bn-after-add"
    return "v1" if after else "bare"


def equation(form: Form) -> str:
    """Return the key of a block's equation."""
    return f"{kind_of(form)}_{after_key(form)}"


def addition(form: Form) -> str:
    """Return the key of the addition's formula."""
    kind = kind_of(form)
    return "add" if kind in ("identity", "plain") else f"add_{kind}"


def joining(spec: ResNetSpec, block: Block, sums: Sums) -> Joining:
    """Return how a block adds."""
    form, layers = block.form, _layers(block.form)
    if form.shortcut is None:
        text = "A plain block: the same layers without a shortcut, so it has to learn the whole mapping H(x)."
        return Joining("plain", text)
    name, keys = "Identity shortcut", _keys(form)
    text = "The shapes agree, so x itself is added to F(x): the shortcut costs nothing."
    if form.alters:
        text = "The shapes agree, so x needs no projection."
    if form.projects:
        name = "Zero-padded shortcut" if _pads(layers) else "Projection shortcut"
        text = _bridge(spec, block, sums)
    own = tuple({Scale: "scale", Dropout: "dropout"}[kind] for kind in map(type, layers) if kind in (Scale, Dropout))
    return Joining(
        kind_of(form),
        f"{text}{_altered(layers)}{_gated(spec, form)}",
        _shortcut_name(form, name),
        (keys if form.projects or not own else ()) + own + (("gate",) if form.gate else ()),
    )


def _layers(form: Form) -> list[Layer]:
    return [part.layer for part in flat(form.shortcut or ())]


def _pads(layers: list[Layer]) -> list[ZeroPad | PadChannels]:
    return [layer for layer in layers if isinstance(layer, ZeroPad | PadChannels)]


def _keys(form: Form) -> tuple[str, ...]:
    if not form.projects:
        return ("identity",)
    if pads := _pads(_layers(form)):
        return ("zeropad" if isinstance(pads[0], ZeroPad) else "pad_channels",)
    bare = "" if any(layer.role is Role.NORM for layer in _layers(form)) else "_bare"
    return (f"projection{'_activated' if form.before else ''}{bare}",)


def _shortcut_name(form: Form, name: str) -> str:
    layers = _layers(form)
    scaled = "Scaled " if any(isinstance(layer, Scale) for layer in layers) else ""
    prefix = f"{'Gated ' if form.gate else ''}{scaled}".capitalize()
    dropped = " with dropout" if any(isinstance(layer, Dropout) for layer in layers) else ""
    return (prefix + (name[:1].lower() + name[1:] if prefix else name)) + dropped


def _bridge(spec: ResNetSpec, block: Block, sums: Sums) -> str:
    layers = _layers(block.form)
    differ = f"The shapes differ ({compact(sums.input)} → {compact(sums.output)})"
    if sums.input == sums.output:
        everywhere = spec.shortcut is Shortcut.PROJECTION_EVERYWHERE
        differ = "Option C projects everywhere" if everywhere else "The block has a stride"
    if pads := _pads(layers):
        pool = layers[0]
        shrunk = f"shrunk by a {spoken(pool.side)} mean and " if isinstance(pool, AvgPool2d) else ""
        return f"{differ}, so x is {shrunk}{pads[0].text}: the shortcut has no parameters."
    conv = next(layer for layer in layers if isinstance(layer, Conv2d))
    by = f"a {spoken(conv.side)} convolution" + (f" with stride {conv.stride}" if conv.stride > 1 else "")
    pool = layers[0]
    way = f"a {spoken(pool.side)} mean and {by} bring" if isinstance(pool, AvgPool2d) else f"{by} brings"
    sees = f" It sees a(x): x after the first {preparation(spec)}, which both paths share." if block.form.before else ""
    return f"{differ}, so {way} x to the shape of F(x).{sees}"


def _altered(layers: list[Layer]) -> str:
    text = ""
    for layer in layers:
        if isinstance(layer, Scale):
            text += f" A factor of λ = {layer.factor:g} acts on it in every block: after n blocks {layer.factor:g}ⁿ."
        if isinstance(layer, Dropout):
            text += (
                f" In training each of its values is dropped with a chance of {layer.chance:g}: n blocks let one "
                f"through with a chance of {1 - layer.chance:g}ⁿ."
            )
    return text


def _gated(spec: ResNetSpec, form: Form) -> str:
    if not form.gate:
        return ""
    share = "g weights F(x) and 1 − g the shortcut" if kind_of(form) == "exclusive" else "1 − g weights the shortcut"
    bridged = " In the formula the last x is what the shortcut brings." if _layers(form) else ""
    return f" A learnt gate g(x) between 0 and 1 decides: {share}. {gate_start(spec)}{bridged}"


def explain_shortcut(analysis: Analysis, block: Block, where: str) -> Explanation:
    """Return what is to be said of a shortcut as a whole."""
    form, spec, ends = block.form, analysis.network.spec_of(block), analysis.sums[block.path]
    names = {part.name for part in flat(form.shortcut or ())}
    rows = [row for row in analysis.rows_of(block) if row.part.name in names]
    sums = added_up(rows) if rows else Sums(ends.input, ends.output, 0, 0, 0, 0, None)
    joined = joining(spec, block, ends)
    gradients, text = way_back(spec, joined.kind, after_key(form))
    # The shortcut's own receptive field is not the block's: only what belongs to the shortcut alone is joined.
    facts = tuple(fact for fact in facts_of(analysis, sums, None) if fact.label != "Receptive field")
    stands = stand_ins(spec) if "projection" in joined.formulas or "projection_activated" in joined.formulas else ""
    path, title = block.shortcut_path, f"{where} · shortcut"
    return Explanation(path, title, joined.name, joined.text + stands, joined.formulas, facts, gradients, text)


_BARE_ORDERS: Mapping[Order, Order] = {
    Order.BN_AFTER: Order.V1,
    Order.NORM_FIRST: Order.V1,
    Order.RELU_ONLY: Order.V2,
}
"""Without norms these orders are the same."""


def convolutions(form: Form) -> list[Conv2d]:
    """Return the convolutions of a branch, those of its gates left out; of parallel paths those of one.

    Of a pair in space and time it is the one that the pair is for: a 3×3×3 for a 1×3×3 and a 3×1×1 (Tran et al. 2018).
    """
    pairs = {part.name.removesuffix("_time"): part.layer for part in flat(form.branch) if part.name.endswith("_time")}
    convs: list[Conv2d] = []
    for part in weight_layers(form.branch):
        assert isinstance(part.layer, Conv2d), "a branch has no other weight layers"
        second = pairs.get(part.name.removesuffix("_space"))
        if isinstance(second, Conv2d):
            convs.append(replace(part.layer, out_channels=second.out_channels, time=None))
        else:
            convs.append(part.layer)
    return convs


def branch_key(spec: ResNetSpec, form: Form) -> str:
    """Return the key of the branch's formula."""
    count = len(convolutions(form))
    if spec.init is Init.FIXUP:
        return f"branch_fixup_{count}"
    if spec.norm.activates:
        return f"branch_joint_{count}"
    if spec.norm is Norm.NONE:
        return f"branch_bare_{_BARE_ORDERS.get(spec.order, spec.order)}_{count}"
    return f"branch_{spec.order}_{count}"


def order_text(spec: ResNetSpec) -> str:
    """Return what is particular of the order of layers (He et al. 2016, figure 4); nothing for the original."""
    act = activator(spec)
    if spec.order is Order.BN_AFTER and spec.norm is not Norm.NONE:
        return " The last norm comes after the addition, so it alters what the shortcut brings."
    if spec.order is Order.RELU_BEFORE:
        grows = act == "ReLU" and spec.gain is GainChoice.NONE
        return f" F(x) ends in a {act}{', so it can only add: the signal grows from block to block' if grows else ''}."
    if spec.order is Order.NORM_FIRST:
        if spec.norm is Norm.NONE:
            return " Nothing comes after the addition."
        return f" It begins and ends in a norm, and the first has no {act}; nothing comes after the addition."
    if spec.order in (Order.RELU_ONLY, Order.V2):
        comes = "comes" if preparation(spec) == act else "come"
        first = preparation(spec)
        return f" {first[:1].upper()}{first[1:]} {comes} before each convolution; nothing comes after the addition."
    return ""


def _first_paths(chain: Chain) -> Iterator[Layer]:
    """Yield the layers of a chain, of parallel paths those of the first, and of gates none."""
    for step in chain:
        if isinstance(step, Part):
            yield step.layer
        elif isinstance(step, Fork):
            yield from _first_paths(step.paths[0])


def branch_text(spec: ResNetSpec, block: Block) -> str:
    """Return what F(x) is made of, how it ends, and where it starts."""
    convs, layers = convolutions(block.form), list(_first_paths(block.form.before + block.form.branch))
    split = any(part.name.endswith("_time") for part in flat(block.form.branch))
    made = forks.paths_text(spec, block.form, convs) or _convs(convs, split)
    both = " Two such branches are mixed." if any(fork.name == "branches" for fork in block.form.forks) else ""
    text = f"{made}{both}{_stride(convs)}{''.join(layer.follows for layer in layers)}"
    return f"{text}{_end(spec, block, layers)}{_start(spec, block)}"


def _convs(convs: list[Conv2d], split: bool) -> str:
    first, middle, last = convs[0], convs[1], convs[-1]
    pair = f"1×{middle.kernel}×{middle.kernel}, then {middle.kernel}×1×1"
    if len(convs) == 2:
        channels = f"{first.in_channels} → {first.out_channels} → {last.out_channels} channels"
        return f"F(x) is two {spoken(middle.side)} convolutions{f', each {pair}' if split else ''}, {channels}."
    groups = f" in {middle.groups} groups" if middle.groups > 1 else ""
    groups = " one by one (depthwise)" if middle.groups == middle.in_channels > 1 else groups
    same = middle.in_channels == middle.out_channels
    works = f"works on those{groups}" if same else f"brings those to {middle.out_channels}{groups}"
    reduces = f"In F(x) {spoken(first.side)} brings {first.in_channels} channels to {first.out_channels}"
    side = f"{middle.side} ({pair})" if split else spoken(middle.side)
    return f"{reduces}, {side} {works}, {spoken(last.side)} brings them to {last.out_channels}."


def _stride(convs: list[Conv2d]) -> str:
    """Return which convolution carries the stride: it matters in bottlenecks (torchvision's "v1.5")."""
    apart = _dilated(convs)
    if convs[-1].stride > 1:
        which = "second" if len(convs) == 2 else "last"
        return f" The {which} {spoken(convs[-1].side)} carries the stride.{apart}"
    if len(convs) == 3 and convs[0].stride > 1:
        return f" The first {spoken(convs[0].side)} carries the stride, as in the paper.{apart}"
    if len(convs) == 3 and convs[1].stride > 1:
        return f" The {spoken(convs[1].side)} carries the stride, as in torchvision (v1.5).{apart}"
    return apart


def _dilated(convs: list[Conv2d]) -> str:
    wide = [conv for conv in convs if conv.kernel > 1]
    dilations, side = [conv.dilation for conv in wide], f"{wide[0].kernel}×{wide[0].kernel}"
    if max(dilations) == 1:
        return ""
    first = {True: f"Both {side} are", False: f"The second {side} is"}[dilations[0] > 1]
    who = first if len(dilations) == 2 else f"The {side} is"
    return f" {who} dilated by {dilations[-1]}, in the place of a stride."


_ATTENTIONS: Mapping[Attention, str] = {
    Attention.SE: "squeeze-and-excitation rescales its channels",
    Attention.ECA: "efficient channel attention rescales its channels",
    Attention.CBAM: "CBAM rescales its channels, then its positions",
    Attention.GC: "global context rescales its channels",
    Attention.GCA: "global context is added to it",
    Attention.NON_LOCAL: "a non-local block adds to each position what all others give",
}


def _end(spec: ResNetSpec, block: Block, layers: list[Layer]) -> str:
    where = "At its end" if spec.attention_at is AttentionAt.END else "Before its last convolution"
    gated = any(isinstance(step, Gated) and step.name != "splat" for step in block.form.branch)
    text = f" {where} {_ATTENTIONS[spec.attention]}." if gated else ""
    if any(gate.name == "bam" for gate in block.form.gates):
        text += " After the addition BAM ends the stage: it weights channels and positions."
    for layer in layers:
        if isinstance(layer, Beta):
            text += f" Before it β = {layer.factor:.4g} brings the expected variance of x to 1."
        if isinstance(layer, Gain) and layer.initial != 1:
            factor = "One learnt factor" if layer.initial == 0 else "A learnt factor for each channel"
            text += f" {factor}, {layer.initial:g} at first, multiplies F(x)."
        if isinstance(layer, Scale):
            text += f" A constant factor of {layer.factor:g} multiplies F(x)."
        if isinstance(layer, StochasticDepth):
            text += f" In training F(x) is skipped with a chance of {100 * block.skip:.1f} %."
    return text


def _start(spec: ResNetSpec, block: Block) -> str:
    form, part = block.form, starts_at_0(spec, block.form)
    gains = [step.layer for step in flat(form.branch) if isinstance(step.layer, Gain)]
    if part is None and not any(gain.initial == 0 for gain in gains):
        return ""
    what = "the block starts as its shortcut" if form.shortcut is not None else "nothing passes at first"
    norm = "its last norm" if part and part.layer.role is Role.NORM else "its last convolution"
    return f" F(x) is 0 at first, since {norm if part else 'that factor'} starts at 0: {what}."


_GATES: Mapping[str, tuple[str, str]] = {
    "se": (
        "Squeeze-and-excitation",
        "The mean of each channel goes through two small layers; what comes out rescales the channel. So a block can "
        "use what the whole image holds, for few parameters (Hu et al. 2018).",
    ),
    "splat": (
        "Attention of one split",
        "The mean of each channel goes through two small layers in as many groups as the 3×3; what comes out rescales "
        "the channel (ResNeSt of radix 1: Zhang et al. 2020).",
    ),
    "eca": (
        "Efficient channel attention",
        "The mean of each channel and of its neighbours rescales the channel: a handful of weights (Wang et al. 2020).",
    ),
    "cbam_channel": (
        "Channel attention",
        "Mean and largest value of each channel go through the same two small layers, M in the formula; their sum "
        "weights the channel (Woo et al. 2018).",
    ),
    "cbam_spatial": (
        "Spatial attention",
        "Mean and largest value over the channels go through a 7×7 convolution, which weights each position "
        "(Woo et al. 2018).",
    ),
    "gc": (
        "Global context, multiplied",
        "A learnt weight of each position makes one weighted mean of the map, c in the formula. Two small layers turn "
        "it into a factor for each channel (timm's gc, after Cao et al. 2019).",
    ),
    "bam": (
        "Bottleneck attention module",
        "One branch sees the mean of each channel, the other what lies around each position, by dilated convolutions "
        "on few channels. Their sum weights every value of the map, which is added to itself: BAM stands where the map "
        "is shrunk next (Park et al. 2018).",
    ),
    "gca": (
        "Global context",
        "A learnt weight of each position makes one weighted mean of the map, c in the formula. Two small layers turn "
        "it into a number for each channel, which is added at all positions (Cao et al. 2019): what a non-local "
        "block gives, where all positions would ask for the same.",
    ),
    "nl": (
        "Non-local block",
        "Each position is compared with all others, and gets the sum of what they give, weighted by similarity. The "
        "matrix of weights has a row and a column for each position, so that its cost grows with the square of the "
        "map (Wang et al. 2018; scaled by 1/√C as in timm).",
    ),
}


def explain_gate(analysis: Analysis, block: Block, path: str, title: str) -> Explanation:
    """Return what is to be said of one attention gate of a branch."""
    gate = next(step for step in block.form.gates if path.endswith(f".{step.name}"))
    rows = [row for row in analysis.rows_of(block) if row.path.startswith(f"{path}.")]
    kind, text = _GATES[gate.name]
    spec = analysis.network.spec
    facts = facts_of(analysis, added_up(rows), rows[-1].reading.stride)
    return Explanation(
        path,
        f"{title} · {gate.name}",
        kind,
        text,
        (gate.scale.layer.describe(where(gate.scale, block, spec))[0], gate.name),
        facts,
    )
