"""From the names and shapes of a checkpoint's tensors to the network that they belong to."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from resnet_explorer.errors import CheckpointError, SpecError
from resnet_explorer.network.kinds import Shape
from resnet_explorer.spec import AntiAlias, Init, Order, ResNetSpec
from resnet_explorer.spec.catalogue import named, title
from resnet_explorer.spec.change import change_all, differences
from resnet_explorer.weights.backbone import Backbone, backbones, family, is_blur, reason, structural_family, weighted
from resnet_explorer.weights.compare import Compared, alternatives, base_name, by_name, compared, in_catalogue
from resnet_explorer.weights.layers import FileLayer, Kind, Layers, readings
from resnet_explorer.weights.matching import Leftover, classifier, leftovers, match, preferred
from resnet_explorer.weights.traits import open_questions, read_traits

MOST_OTHERS = (0.5, 4.0)
"""How many other convolutions there may be for one of the network: under the same names, and under others."""
MOST_BANDS = 16
"""A stem that takes more channels than images usually have stands at the front of a file, or is a piece of another."""


@dataclass(frozen=True, slots=True)
class Identified:
    """The network that some tensors belong to, what was assumed, what is left over, and what does not fit.

    ``names`` gives our name for each of the file's tensors that the network has. ``alternatives`` are the networks of
    the catalogue with the same tensors. ``missing``, ``unexpected`` and ``misshapen`` are sentences.
    """

    spec: ResNetSpec
    assumed: tuple[str, ...]
    names: Mapping[str, str]
    missing: tuple[str, ...] = ()
    unexpected: tuple[str, ...] = ()
    misshapen: tuple[str, ...] = ()
    leftovers: tuple[Leftover, ...] = ()
    alternatives: tuple[str, ...] = ()

    @property
    def fits(self) -> bool:
        """Return whether all tensors of the network are there, and no others among them."""
        return not (self.missing or self.unexpected or self.misshapen)

    @property
    def problems(self) -> tuple[str, ...]:
        """Return everything that does not fit."""
        return self.missing + self.unexpected + self.misshapen


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A network found in a file: its spec, the names of its tensors, and what of them does not fit."""

    spec: ResNetSpec
    backbone: Backbone
    layers: Layers
    encoders: tuple[Backbone, ...]
    result: Compared

    @property
    def known(self) -> bool:
        return in_catalogue(self.spec)


def identify(shapes: Mapping[str, Shape], known: ResNetSpec | None = None) -> Identified:
    """Return the network of a checkpoint from the shapes of its tensors by name, in the order of the file.

    The layers' shapes tell the network; names only break ties. ``known`` is the network's spec where the file itself,
    or the user, tells it. Raises CheckpointError where this is no residual network that the app knows.
    """
    if known is not None and (own := by_name(shapes, known)).fits:
        return Identified(known, (), own.names, leftovers=_unknown(own.names, shapes))
    nearest: list[Backbone] = []
    best: _Candidate | None = None
    for layers in readings(shapes):
        for one in _candidates(layers, shapes, known, nearest):
            if best is None or _rank(one) > _rank(best):
                best = one
        if best and best.result.nearly:
            return _identified(best, shapes, known)
    named_alike = by_name(shapes, known)
    if named_alike.spec is not None and (best is None or named_alike.right >= best.result.right):
        return _by_name(named_alike, shapes, known)
    if best is not None and known:
        return _identified(best, shapes, known)
    raise _other(shapes, nearest, best)


def _rank(one: _Candidate) -> tuple[bool, int, bool]:
    return (one.result.fits, one.result.right, one.known)


def _candidates(
    layers: Layers, shapes: Mapping[str, Shape], known: ResNetSpec | None, nearest: list[Backbone]
) -> Iterator[_Candidate]:
    """Yield the networks that a reading of the layers allows, up to the first that fits."""
    found = preferred(backbones(layers))
    found = [ways for ways in found if ways[0].stem[0].inputs <= MOST_BANDS] or found
    for ways in found:
        others = tuple(one[0] for one in found if one is not ways)
        nearest += ways
        made = [
            one for way in ways if _is_whole(way, layers, others) for one in _specs(way, layers, shapes, known, others)
        ]
        yield from made
        if any(one.result.nearly for one in made):
            return


def _specs(
    way: Backbone, layers: Layers, shapes: Mapping[str, Shape], known: ResNetSpec | None, others: tuple[Backbone, ...]
) -> Iterator[_Candidate]:
    """Yield a backbone as a network of each order, with its classifier where there is one."""
    traits = read_traits(way, layers)
    for order in (Order.V1, Order.V2):
        try:
            guess = known or change_all(ResNetSpec("checkpoint"), {**traits, "order": order})
        except SpecError:
            continue
        result = _fitted(guess, way, layers, shapes, others)
        if result is None:
            continue
        spec = known or _named(result.spec or guess, layers)
        same_names = {"classes", "in_channels"}.issuperset(differences(guess, spec))
        again = result if same_names else _fitted(spec, way, layers, shapes, others)
        if again is not None and again.likely and all(name.startswith("fc.") for name in again.misshapen_names):
            classes = again.spec.classes if again.spec else None
            yield _Candidate(named(replace(spec, classes=classes)), way, layers, others, again)
        if known or result.fits:
            return


def _named(spec: ResNetSpec, layers: Layers) -> ResNetSpec:
    """Return a network under its name, or the first of the catalogue with the same tensors."""
    if any(is_blur(layer) for layer in layers):
        spec = replace(spec, anti_alias=AntiAlias.BLUR)
    found = spec if in_catalogue(spec) else next(iter(alternatives(spec)), spec)
    kept = replace(found, classes=spec.classes, in_channels=spec.in_channels)
    return named(replace(kept, name=base_name(kept)))


def _fitted(
    spec: ResNetSpec, way: Backbone, layers: Layers, shapes: Mapping[str, Shape], others: tuple[Backbone, ...]
) -> Compared | None:
    """Return how a network's tensors fit a backbone's, with the classifier that stands free beside it."""
    names = match(replace(spec, classes=1 if spec.init is Init.FIXUP else None), way, layers)
    if names is None:
        return None
    free, root = _free(layers, names, others), way.root
    head = classifier(way, free, root) or _own_head(free, names)
    if head is not None:
        names |= {head.tensors["weight"]: "fc.weight", head.tensors["bias"]: "fc.bias"}
    parts = {_part(layer, root) for layer in way.layers if "." in layer.path}
    strangers = [layer for layer in free if "." in layer.path and layer is not head and _part(layer, root) in parts]
    inside = [name for layer in strangers if not is_blur(layer) for name in layer.tensors.values()]
    return compared(replace(spec, classes=head.out if head else None), names, shapes, inside)


def _own_head(free: Layers, names: Mapping[str, str]) -> FileLayer | None:
    """Return the head of a file with torchvision's own names: there a head that does not fit is a fault."""
    stem = next((name for name, path in names.items() if path == "conv1.weight"), "")
    path = f"{stem.removesuffix('conv1.weight')}fc"
    own = stem.endswith("conv1.weight") and all(name.endswith(ours) for name, ours in names.items())
    return next((one for one in free if own and one.path == path and one.kind is Kind.LINEAR and one.biased), None)


def _free(layers: Layers, names: Mapping[str, str], others: tuple[Backbone, ...]) -> Layers:
    """Return the layers that belong neither to the network nor to another one in the file."""
    taken = {name for other in others for layer in other.layers for name in layer.tensors.values()}
    roots = [f"{other.root}." for other in others if other.root]
    return tuple(
        layer
        for layer in layers
        if not any(name in names or name in taken for name in layer.tensors.values())
        and not layer.path.startswith(tuple(roots))
    )


def _is_whole(way: Backbone, layers: Layers, others: tuple[Backbone, ...]) -> bool:
    """Return whether a backbone is a network and no piece of another: nothing goes on where it ends."""
    convs = [layer for layer in weighted(layers) if layer.kind is Kind.CONV]
    own = {layer.tensors["weight"] for layer in way.layers}
    if way.stem[0].inputs > MOST_BANDS and any(one.side > 1 and one.tensors["weight"] not in own for one in convs):
        return False
    if way.stem[0].inputs == 1 and any(
        one.side > 1 and one.inputs == 1 and one.out != way.stem[0].out for one in convs
    ):
        return False  # a depthwise convolution, not the stem of a net for grey images
    own |= {layer.tensors["weight"] for one in others for layer in one.layers}
    rest = [layer for layer in convs if layer.tensors["weight"] not in own]
    root = way.root
    inside = [layer for layer in rest if not root or layer.path.startswith(f"{root}.")]
    count = len(way.layers)
    if len(inside) > MOST_OTHERS[0] * count or len(rest) > MOST_OTHERS[1] * count:
        return False
    parts = {_part(layer, root) for layer in way.layers}
    return not any(_part(layer, root) in parts for layer in inside) and not (
        way.stop in inside and _goes_on(way, way.stop, parts, root)
    )


def _part(layer: FileLayer, root: str) -> str:
    return layer.path.removeprefix(f"{root}." if root else "").split(".")[0]


def _goes_on(way: Backbone, stop: FileLayer, parts: set[str], root: str) -> bool:
    """Return whether the layer after a backbone's end may be its next one: by its shape, and by its name's pattern."""
    if stop.kind is not Kind.CONV or stop.inputs != way.out:
        return False
    pattern = re.sub(r"\d+", "#", _part(stop, root))
    return ("." not in stop.path and not stop.biased) or pattern in {re.sub(r"\d+", "#", part) for part in parts}


def _identified(one: _Candidate, shapes: Mapping[str, Shape], known: ResNetSpec | None) -> Identified:
    result = one.result
    root = one.backbone.root
    free = tuple(layer for layer in one.layers if not any(name in result.names for name in layer.tensors.values()))
    tell = sum("." in name for name in shapes) * 2 > len(shapes)
    left = leftovers(free, one.encoders, one.backbone, root, names_tell=tell)
    same = alternatives(one.spec)
    return Identified(
        one.spec,
        (*_choice(one), *(() if known else open_questions(one.spec))),
        result.names,
        result.missing,
        result.unexpected,
        result.misshapen,
        left,
        tuple(spec.name for spec in same if spec.name != one.spec.name.removesuffix("-edited")),
    )


def _choice(one: _Candidate) -> tuple[str, ...]:
    roots = [other.root or "another" for other in one.encoders]
    own = one.backbone.root or "the first"
    return (f"Of {len(roots) + 1} networks in the file, {own} was taken, not {', '.join(roots)}.",) if roots else ()


def _by_name(found: Compared, shapes: Mapping[str, Shape], known: ResNetSpec | None) -> Identified:
    assert found.spec is not None
    assumed = () if known else open_questions(found.spec)
    return Identified(
        found.spec, assumed, found.names, found.missing, found.unexpected, found.misshapen,
        () if found.unexpected else _unknown(found.names, shapes),
    )  # fmt: skip


def _unknown(names: Mapping[str, str], shapes: Mapping[str, Shape]) -> tuple[Leftover, ...]:
    left = tuple(name for name in shapes if name not in names)
    return (Leftover("", f"{len(left):,} other tensors", left),) if left else ()


def _other(shapes: Mapping[str, Shape], nearest: list[Backbone], best: _Candidate | None) -> CheckpointError:
    """Return the refusal of what is no residual network of this app, with what it is or why not."""
    kind = family(shapes) or structural_family(next(readings(shapes), ()))
    known = "not those of a residual network that this app knows"
    if kind:
        what = f"Its tensors are those of {kind}, {known}."
    elif best is not None:
        what = f"Its tensors are {known}. Nearest is {title(best.spec)}, but {best.result.problems[0]}"
    else:
        what = f"Its tensors are {known}: {reason(shapes, nearest)}."
    return CheckpointError("file", what, "Choose the weights of a ResNet, or of one of its variants.")


BINS = 32
LIMIT = 4 * 2**30
"""Bytes of a file that are read without asking: more than any published ResNet."""


@dataclass(frozen=True, slots=True)
class TensorStats:
    """A tensor's name and shape, its norm, moments and range, and a histogram of equal bins from least to greatest.

    Figures are those of the finite values; ``strange`` counts the others (infinite, or not a number).
    """

    name: str
    shape: Shape
    norm: float
    mean: float
    std: float
    least: float
    greatest: float
    histogram: tuple[int, ...]
    strange: int = 0


@dataclass(frozen=True, slots=True)
class Weights:
    """A file of weights: where it lies, the network it belongs to, and the figures of its tensors by our names.

    ``strange`` of the ``values`` in the file are not finite. ``notes`` say what was read of it. Where it holds several
    networks, ``keys`` names them, ``key`` this one.
    """

    source: str
    found: Identified
    stats: Mapping[str, TensorStats]
    strange: int = 0
    values: int = 0
    notes: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    key: str | None = None

    def of_layer(self, path: str) -> tuple[TensorStats, ...]:
        """Return the figures of a layer's tensors."""
        return tuple(stats for name, stats in self.stats.items() if name.rpartition(".")[0] == path)


def strange_text(strange: int, values: int) -> str:
    """Return a sentence on values that are infinite or not a number; empty where all are finite."""
    return f"{strange:,} of {values:,} values are not finite (infinite, or not a number)." if strange else ""
