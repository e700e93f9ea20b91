"""The gradient's way back through a block: which part of it the shortcut carries, and what stands in its way.

He et al. 2015, section 3; He et al. 2016, sections 2 and 3, equations 5 and 8.
"""

from collections.abc import Callable, Mapping

from resnet_explorer.analysis.explain.words import activator
from resnet_explorer.spec import Gating, Norm, ResNetSpec

_Z: Mapping[str, str] = {
    "v1": "z is the sum before the last {act}.",
    "bn-after-add": "z is the sum. The norm and the {act} after it alter both paths: nothing is untouched.",
    "bare": "z is the block's output.",
}
_GATES: Mapping[str, str] = {
    "ReLU": "That ReLU gates both paths: in this order of layers (v1) x passes {only} where z > 0{through}.",
    "leaky ReLU": "That leaky ReLU weakens both paths to a hundredth where z < 0: x passes {only} where z > 0"
    "{through}.",
}
_SLOPE = "That {act} multiplies both paths by its slope at z: x passes exactly unchanged hardly anywhere{through}."
_THROUGH: Mapping[str, str] = {
    "projection": ", and through Wₛ: the projection{norm}",
    "padding": ", and through P, which skips positions and pads channels: those send nothing back",
}
_BARE: Mapping[str, str] = {
    "identity": "Nothing comes after the addition, so the identity passes the gradient on untouched: through a stage, "
    "that of the last block reaches every block before it, whatever the weights (He et al. 2016, equation 5).",
    "projection": "z is the block's output. Here the gradient passes through Wₛ; the identity blocks after it pass it "
    "on untouched.",
    "activated": "Here the gradient passes through Wₛ and a(x), which both paths share; identity blocks pass it on "
    "untouched.",
    "padding": "z is the block's output. P skips positions and pads channels: those send nothing back.",
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
    if after == "bare":
        return keys, _BARE[kind]
    return keys, _lead(spec, after, unchanged=kind == "identity", through=_THROUGH.get(kind, ""))


def _plain(spec: ResNetSpec, after: str) -> str:
    z = {"v1": f"z is the output before the last {activator(spec)}.", "bn-after-add": "z is F(x)."}.get(
        after, _Z["bare"]
    )
    return f"{z} Without the shortcut the gradient is a product of the blocks' Jacobians alone."


def _lead(spec: ResNetSpec, after: str, *, unchanged: bool = False, through: str = "") -> str:
    """Return what z is, and what comes after the addition does to both paths."""
    act = activator(spec)
    words = _Z[after].format(act=act)
    if after != "v1":
        return words
    only = "unchanged only" if unchanged else "only" if act == "ReLU" else "in full only"
    through = through.format(norm="" if spec.norm is Norm.NONE else " with its norm")
    return f"{words} {_GATES.get(act, _SLOPE).format(act=act, only=only, through=through)}"


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
