"""The result of an explanation, its figures, and the sentences that several explanations share."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from resnet_explorer.dataclass import dataclass
from resnet_explorer.network.kinds.convolutions import ITEMS
from resnet_explorer.readings.results import Analysis, Extent, Row, Sums, add_up
from resnet_explorer.readings.text import brief_pixels, compact, mib, share
from resnet_explorer.spec import Gating, Init, Norm, Order, ResNetSpec, Shortcut
from resnet_explorer.spec.catalogue import value_words


class Rule(NamedTuple):
    """How a figure is worked out: its name, and the key of its formula."""

    label: str
    formula: str


class Fact(NamedTuple):
    """A figure with its name and the sentence that teaches it."""

    label: str
    value: str
    teaches: str = ""


@dataclass(frozen=True, slots=True)
class Explanation:
    """What the inspector says of one path; formulas are keys of resources/formulas.

    ``rules`` tell how the figures are counted; ``branch`` and ``shortcut`` are parameters, where the two can be told
    apart.
    """

    path: str
    title: str
    kind: str
    text: str
    formulas: tuple[str, ...]
    facts: tuple[Fact, ...]
    gradients: tuple[str, ...] = ()
    gradient_words: str = ""
    rules: tuple[Rule, ...] = ()
    branch: int | None = None
    shortcut: int | None = None


def added_up(rows: list[Row]) -> Sums:
    """Return the sums of some rows of one way, from the first's input to the last's output."""
    return add_up([row.reading for row in rows], rows[0].reading.input, len(rows), rows[-1].receptive_field)


def change(sums: Sums) -> str:
    """Return the shapes at both ends: ``3×224² to 64×56²``."""
    return f"{compact(sums.input)} to {compact(sums.output)}"


def listed(texts: list[str]) -> str:
    """Return words as a list: ``a``, ``a and b``, ``a, b and c``."""
    return " and ".join([", ".join(texts[:-1]), texts[-1]] if len(texts) > 1 else texts)


def activator(spec: ResNetSpec) -> str:
    """Return the name of what activates: ``ReLU``, or the norm where that activates as well."""
    return value_words(spec, "norm" if spec.norm.activates else "activation")


def preparation(spec: ResNetSpec) -> str:
    """Return what a convolution of an early order has before it: ``norm and ReLU``, ``ReLU``, ``FRN``."""
    normed = spec.order in (Order.V2, Order.NORM_FIRST) and spec.norm is not Norm.NONE and not spec.norm.activates
    return f"norm and {activator(spec)}" if normed else activator(spec)


def stand_ins(spec: ResNetSpec) -> str:
    """Return what the names in the formulas of blocks stand for, where the network has something else."""
    name = value_words(spec, "norm")
    if spec.norm.activates:
        return f" N in the formula is {name}, which normalises and activates."
    none = " There is no norm."
    if spec.init is Init.FIXUP:
        none += " Scalar biases and one factor stand in for it (Fixup: Zhang et al. 2019)."
    other = f" BN in the formula stands for this network's norm: {name}."
    text = {Norm.BATCH: "", Norm.NONE: none}.get(spec.norm, other)
    active = activator(spec)
    return text + ("" if active == "ReLU" else f" ReLU in the formula stands for {active}.")


_Z: Mapping[str, str] = {
    "v1": "z is the sum before the last {act}.",
    "bn-after-add": "z is the sum. The norm and the {act} after it alter both paths: nothing is untouched.",
    "bare": "z is the block's output.",
}
_GATES: Mapping[str, str] = {
    "ReLU": "That ReLU gates both paths: in this order of layers (v1) x passes {only} where z > 0{through}.",
    "leaky ReLU": "That leaky ReLU weakens both paths to a hundredth where z < 0: x passes {only} where z > 0"
    "{through}.",
    "ReLU6": "That ReLU6 gates both paths: in this order of layers (v1) x passes {only} where 0 < z < 6{through}.",
    "ELU": "That ELU weakens both paths to exp(z) of them where z < 0: x passes {only} where z > 0{through}.",
    "PReLU": "That PReLU multiplies both paths by the slope that the channel learnt where z < 0: x passes {only} "
    "where z > 0{through}.",
    "hard-swish": "That hard-swish stops both paths where z < −3: x passes {only} where z > 3{through}.",
}
_SLOPE = "That {act} multiplies both paths by its slope at z: x passes exactly unchanged hardly anywhere{through}."
_THROUGH: Mapping[str, str] = {
    "projection": ", and through Wₛ: the projection{norm}",
    "padding": ", and through P, which skips positions and pads channels: those send nothing back",
    "pooled": ", and through P, which averages positions and pads channels: the padded ones send nothing back",
}
_BARE: Mapping[str, str] = {
    "identity": "Nothing comes after the addition, so the identity passes the gradient on untouched: through a stage, "
    "that of the last block reaches every block before it, whatever the weights (He et al. 2016, equation 5).",
    "projection": "z is the block's output. Here the gradient passes through Wₛ; the identity blocks after it pass it "
    "on untouched.",
    "activated": "Here the gradient passes through Wₛ and a(x), which both paths share; identity blocks pass it on "
    "untouched.",
    "padding": "z is the block's output. P skips positions and pads channels: those send nothing back.",
    "pooled": "z is the block's output. P averages positions and pads channels: the padded ones send nothing back.",
}
_KEYS: Mapping[str, tuple[str, ...]] = {
    "scaled": ("gradient_scaled", "gradient_scaled_product"),
    "exclusive": ("gradient_gated",),
    "gated": ("gradient_gated",),
}


def way_back(spec: ResNetSpec, kind: str, after: str) -> tuple[tuple[str, ...], str]:
    """Return the formulas and the words of the gradient through a block that adds in that way.

    ``kind`` is that of its sum, ``after`` the key of what follows the addition.
    """
    if kind == "identity" and after == "bare":
        return ("gradient_identity_v2", "gradient_sum_v2"), _BARE[kind]
    keys = _KEYS.get(kind, (f"gradient_{kind}",))
    if kind == "plain":
        return keys, _plain(spec, after)
    if kind in _ALTERED:
        return keys, f"{_lead(spec, after)} {_ALTERED[kind](spec)}"
    way = "pooled" if kind == "padding" and spec.shortcut is Shortcut.POOLED else kind
    if after == "bare":
        return keys, _BARE[way]
    return keys, _lead(spec, after, unchanged=kind == "identity", through=_THROUGH.get(way, ""))


def _plain(spec: ResNetSpec, after: str) -> str:
    z = {"v1": f"z is the output before the last {activator(spec)}.", "bn-after-add": "z is F(x)."}.get(
        after, _Z["bare"]
    )
    return f"{z} Without the shortcut the gradient is a product of the blocks' Jacobians alone."


def _lead(spec: ResNetSpec, after: str, *, unchanged: bool = False, through: str = "") -> str:
    act = activator(spec)
    text = _Z[after].format(act=act)
    if after != "v1":
        return text
    only = "unchanged only" if unchanged else "only" if act in ("ReLU", "ReLU6") else "in full only"
    through = through.format(norm="" if spec.norm is Norm.NONE else " with its norm")
    return f"{text} {_GATES.get(act, _SLOPE).format(act=act, only=only, through=through)}"


def _scaled(spec: ResNetSpec) -> str:
    factor = spec.shortcut_scale
    fate = "vanishes" if factor < 1 else "explodes"
    return (
        f"Over many blocks the factors multiply: n blocks leave {factor:g}ⁿ of the shortcut's part, which {fate} "
        "(He et al. 2016, equation 8)."
    )


def _dropped(spec: ResNetSpec) -> str:
    dropped = " Where x was dropped, nothing goes back through the shortcut." if spec.shortcut_dropout else ""
    return f"s(x) is what the shortcut makes of x.{dropped} Over many blocks that multiplies."


def _gated(spec: ResNetSpec) -> str:
    fate = "and where g opens for F(x) the shortcut closes"
    if spec.gating is Gating.SHORTCUT_ONLY:
        fate = "so a gate that starts closed keeps them near 1"
    return (
        "The dots are what comes back through F(x) and through the gate itself. Over many blocks the factors 1 − g "
        f"multiply, {fate} (He et al. 2016, section 3.1)."
    )


_ALTERED: Mapping[str, Callable[[ResNetSpec], str]] = {
    "scaled": _scaled,
    "altered": _dropped,
    "exclusive": _gated,
    "gated": _gated,
}


_SHAPE = "Channels × height × width, for each image of the batch."
_PARAMS = "Learnable numbers: weights, scales, shifts and biases."
_MACS = "Multiply-accumulates of convolutions and linear layers, for the whole batch."
_FLOPS = "A multiply-accumulate is a multiplication and an addition: two FLOPs."
_SHARE = "Of those of the whole network."
_MEMORY = "What the outputs newly allocate in float32 in a forward pass; in place (ReLU, addition) and views: none."
_SHAPES = {
    1: "Channels × length, for each signal of the batch.",
    2: _SHAPE,
    3: "Channels × frames × height × width, for each video of the batch.",
}
_FIELD = (
    "The {what} that one output value depends on, along the longest path. It may exceed the {item}: what lies outside "
    "is padding."
)
UNITS = {1: "samples", 2: "pixels", 3: "pixels"}
_SEEN = {1: "length of the input", 2: "side of the input square", 3: "frames, height and width of the input"}
_STRIDE = "How many input {unit} apart neighbouring output positions lie{axes}."


def facts_of(analysis: Analysis, sums: Sums, stride: Extent | None) -> tuple[Fact, ...]:
    """Return the figures of a layer, a block, a stage or the network, from the sums over it."""
    dims = analysis.network.spec.dims
    shape, whole = _SHAPES[dims], f"the whole {ITEMS[dims]}"
    seen = _FIELD.format(what=_SEEN[dims], item=ITEMS[dims])
    apart = _STRIDE.format(unit=UNITS[dims], axes=", along frames, height and width" if dims == 3 else "")
    total, field = analysis.total, sums.receptive_field
    is_part = sums is not total
    rows = (
        (True, Fact("Input", compact(sums.input), shape)),
        (True, Fact("Output", compact(sums.output), shape)),
        (True, Fact("Parameters", f"{sums.params:,}", _PARAMS)),
        (is_part and sums.params, Fact("% of parameters", f"{share(sums.params, total.params):.2f} %", _SHARE)),
        (True, Fact("MACs", f"{sums.macs:,}", _MACS)),
        (sums.macs, Fact("FLOPs = 2 × MACs", f"{2 * sums.macs:,}", _FLOPS)),
        (is_part and sums.macs, Fact("% of MACs", f"{share(sums.macs, total.macs):.2f} %", _SHARE)),
        (True, Fact("Activations", mib(sums.activation_bytes), _MEMORY)),
        (True, Fact("Receptive field", whole if field is None else brief_pixels(field, dims), seen)),
        (stride, Fact("Stride to the input", brief_pixels(stride or 1, dims), apart)),
    )
    return tuple(fact for applies, fact in rows if applies)


def layer_facts(analysis: Analysis, row: Row) -> tuple[Fact, ...]:
    """Return the figures of a layer, those that can be with the numbers that they are worked out from."""
    worked = {figure[0]: Fact(*figure) for figure in row.part.layer.figures(row.reading.output)}
    facts = facts_of(analysis, added_up([row]), row.reading.stride)
    return tuple(worked.get(fact.label, fact) for fact in facts)
