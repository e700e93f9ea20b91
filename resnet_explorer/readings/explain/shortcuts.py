"""How a block adds: its shortcut in words, and which equation is the block's.

He et al. 2015, section 3.3; He et al. 2016, sections 3 and 4.
"""

from dataclasses import dataclass

from resnet_explorer.network import Block, Form, flat
from resnet_explorer.network.kinds import Layer, Role
from resnet_explorer.network.kinds.base import gate_start
from resnet_explorer.network.kinds.blocks import Dropout, GatedAdd, Scale
from resnet_explorer.network.kinds.convolutions import Conv2d
from resnet_explorer.network.kinds.pads import ZeroPad
from resnet_explorer.network.kinds.pools import AvgPool2d
from resnet_explorer.readings.explain.text import Explanation, added_up, preparation, rows_of, stand_ins, way_back
from resnet_explorer.readings.facts import facts_of
from resnet_explorer.readings.results import Analysis, Sums
from resnet_explorer.readings.text import compact
from resnet_explorer.spec import ResNetSpec, Shortcut


@dataclass(frozen=True, slots=True)
class Joining:
    """How a block adds: the kind of its sum, the sentence on its shortcut, and the shortcut's own name and formulas."""

    kind: str
    words: str
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
    return "padding" if isinstance(layers[0], ZeroPad) else "activated" if form.before else "projection"


def after_key(form: Form) -> str:
    """Return the key of what follows the addition: ``v1`` for an activation, ``bare`` for nothing."""
    after = [part.layer for part in flat(form.after)][form.shortcut is not None :]
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
        words = "A plain block: the same layers without a shortcut, so it has to learn the whole mapping H(x)."
        return Joining("plain", words)
    name, keys = "Identity shortcut", _keys(form)
    words = "The shapes agree, so x itself is added to F(x): the shortcut costs nothing."
    if form.alters:
        words = "The shapes agree, so x needs no projection."
    if form.projects:
        name = "Zero-padded shortcut" if isinstance(layers[0], ZeroPad) else "Projection shortcut"
        words = _bridge(spec, block, sums)
    own = tuple({Scale: "scale", Dropout: "dropout"}[kind] for kind in map(type, layers) if kind in (Scale, Dropout))
    return Joining(
        kind_of(form),
        f"{words}{_altered(layers)}{_gated(spec, form)}",
        _named(form, name),
        (keys if form.projects or not own else ()) + own + (("gate",) if form.gate else ()),
    )


def _layers(form: Form) -> list[Layer]:
    return [part.layer for part in flat(form.shortcut or ())]


def _keys(form: Form) -> tuple[str, ...]:
    if not form.projects:
        return ("identity",)
    if any(isinstance(layer, ZeroPad) for layer in _layers(form)):
        return ("zeropad",)
    bare = "" if any(layer.role is Role.NORM for layer in _layers(form)) else "_bare"
    return (f"projection{'_activated' if form.before else ''}{bare}",)


def _named(form: Form, name: str) -> str:
    layers = _layers(form)
    scaled = "Scaled " if any(isinstance(layer, Scale) for layer in layers) else ""
    prefix = f"{'Gated ' if form.gate else ''}{scaled}".capitalize()
    dropped = " with dropout" if any(isinstance(layer, Dropout) for layer in layers) else ""
    return (prefix + (name[:1].lower() + name[1:] if prefix else name)) + dropped


def _bridge(spec: ResNetSpec, block: Block, sums: Sums) -> str:
    """Return how x is brought to the shape of F(x)."""
    layers = _layers(block.form)
    differ = f"The shapes differ ({compact(sums.input)} → {compact(sums.output)})"
    if sums.input == sums.output:
        everywhere = spec.shortcut is Shortcut.PROJECTION_EVERYWHERE
        differ = "Option C projects everywhere" if everywhere else "The block has a stride"
    if isinstance(layers[0], ZeroPad):
        return f"{differ}, so x is {layers[0].words}: the shortcut has no parameters."
    conv = next(layer for layer in layers if isinstance(layer, Conv2d))
    by = f"a {conv.kernel}×{conv.kernel} convolution" + (f" with stride {conv.stride}" if conv.stride > 1 else "")
    pool = layers[0]
    way = f"a {pool.kernel}×{pool.kernel} mean and {by} bring" if isinstance(pool, AvgPool2d) else f"{by} brings"
    sees = f" It sees a(x): x after the first {preparation(spec)}, which both paths share." if block.form.before else ""
    return f"{differ}, so {way} x to the shape of F(x).{sees}"


def _altered(layers: list[Layer]) -> str:
    words = ""
    for layer in layers:
        if isinstance(layer, Scale):
            words += f" A factor of λ = {layer.factor:g} acts on it in every block: after n blocks {layer.factor:g}ⁿ."
        if isinstance(layer, Dropout):
            words += (
                f" In training each of its values is dropped with a chance of {layer.chance:g}: n blocks let one "
                f"through with a chance of {1 - layer.chance:g}ⁿ."
            )
    return words


def _gated(spec: ResNetSpec, form: Form) -> str:
    if not form.gate:
        return ""
    share = "g weighs F(x) and 1 − g the shortcut" if kind_of(form) == "exclusive" else "1 − g weighs the shortcut"
    bridged = " In the formula the last x is what the shortcut brings." if _layers(form) else ""
    return f" A learnt gate g(x) between 0 and 1 decides: {share}. {gate_start(spec)}{bridged}"


def explain_shortcut(analysis: Analysis, block: Block, where: str) -> Explanation:
    """Return what is to be said of a shortcut as a whole."""
    form, spec, ends = block.form, analysis.network.spec, analysis.sums[block.path]
    names = {part.name for part in flat(form.shortcut or ())}
    rows = [row for row in rows_of(analysis, block) if row.part.name in names]
    sums = added_up(rows) if rows else Sums(ends.input, ends.output, 0, 0, 0, 0, None)
    told = joining(spec, block, ends)
    gradients, words = way_back(spec, told.kind, after_key(form))
    # The shortcut's own receptive field is not the block's: only what belongs to the shortcut alone is told.
    facts = tuple(fact for fact in facts_of(analysis, sums, None) if fact.label != "Receptive field")
    stands = stand_ins(spec) if "projection" in told.formulas or "projection_activated" in told.formulas else ""
    path, title = block.shortcut_path, f"{where} · shortcut"
    return Explanation(path, title, told.name, told.words + stands, told.formulas, facts, gradients, words)
