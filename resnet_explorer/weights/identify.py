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
from resnet_explorer.weights.compare import alternatives, base_name, by_name, compared, in_catalogue
from resnet_explorer.weights.layers import FileLayer, Kind, Layers, readings
from resnet_explorer.weights.matching import classifier, leftovers, match, preference
from resnet_explorer.weights.traits import open_questions, read_traits
from resnet_explorer.weights.values import Identified, Leftover

MOST_OTHERS = (0.5, 4.0)
"""How many other convolutions there may be for one of the network: under the same names, and under others."""
MOST_BANDS = 16
"""A stem that takes more channels than images usually have stands at the front of a file, or is a piece of another."""


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A network found in a file: where it stands, beside which others, and how its tensors fit."""

    backbone: Backbone
    layers: Layers
    encoders: tuple[Backbone, ...]
    result: Identified

    @property
    def spec(self) -> ResNetSpec:
        return self.result.spec

    @property
    def rank(self) -> tuple[bool, int, bool]:
        return self.result.fits, self.result.fitting, in_catalogue(self.spec)


def identify(shapes: Mapping[str, Shape], known: ResNetSpec | None = None) -> Identified:
    """Return the network of a checkpoint from the shapes of its tensors by name, in the order of the file.

    The layers' shapes tell the network; names only break ties. ``known`` is the network's spec where the file itself,
    or the user, tells it. Raises CheckpointError where this is no residual network that the app knows.
    """
    if known is not None and (own := by_name(shapes, known)) and own.fits:
        return replace(own, leftovers=_unknown(own.names, shapes))
    nearest: list[Backbone] = []
    best: _Candidate | None = None
    for layers in readings(shapes):
        for candidate in _candidates(layers, shapes, known, nearest):
            if best is None or candidate.rank > best.rank:
                best = candidate
        if best and best.result.nearly:
            return _identified(best, shapes, known)
    named_alike = by_name(shapes, known)
    if named_alike and (best is None or named_alike.fitting >= best.result.fitting):
        return replace(
            named_alike,
            assumed=() if known else open_questions(named_alike.spec),
            leftovers=() if named_alike.unexpected else _unknown(named_alike.names, shapes),
        )
    if best is not None and known:
        return _identified(best, shapes, known)
    raise _other(shapes, nearest, best)


def _candidates(
    layers: Layers, shapes: Mapping[str, Shape], known: ResNetSpec | None, nearest: list[Backbone]
) -> Iterator[_Candidate]:
    networks = sorted(backbones(layers), key=preference)
    networks = [ways for ways in networks if ways[0].stem[0].inputs <= MOST_BANDS] or networks
    for ways in networks:
        others = tuple(other[0] for other in networks if other is not ways)
        nearest += ways
        whole = (way for way in ways if _is_whole(way, layers, others))
        candidates = [candidate for way in whole for candidate in _specs(way, layers, shapes, known, others)]
        yield from candidates
        if any(candidate.result.nearly for candidate in candidates):
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
        spec = known or _named(result.spec, layers)
        same_names = {"classes", "in_channels"}.issuperset(differences(guess, spec))
        again = result if same_names else _fitted(spec, way, layers, shapes, others)
        if again is not None and again.likely and all(name.startswith("fc.") for name in again.misshapen_names):
            spec = named(replace(spec, classes=again.spec.classes))
            yield _Candidate(way, layers, others, replace(again, spec=spec))
        if known or result.fits:
            return


def _named(spec: ResNetSpec, layers: Layers) -> ResNetSpec:
    """Return a network under its name, or the first of the catalogue with the same tensors."""
    if any(is_blur(layer) for layer in layers):
        spec = replace(spec, anti_alias=AntiAlias.BLUR)
    likeliest = spec if in_catalogue(spec) else next(iter(alternatives(spec)), spec)
    kept = replace(likeliest, classes=spec.classes, in_channels=spec.in_channels)
    return named(replace(kept, name=base_name(kept)))


def _fitted(
    spec: ResNetSpec, way: Backbone, layers: Layers, shapes: Mapping[str, Shape], others: tuple[Backbone, ...]
) -> Identified | None:
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
    linear = (layer for layer in free if layer.kind is Kind.LINEAR and layer.biased)
    return next((layer for layer in linear if own and layer.path == path), None)


def _free(layers: Layers, names: Mapping[str, str], others: tuple[Backbone, ...]) -> Layers:
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
    stem, windows = way.stem[0], [layer for layer in convs if layer.side > 1]
    if stem.inputs > MOST_BANDS and any(layer.tensors["weight"] not in own for layer in windows):
        return False
    if stem.inputs == 1 and any(layer.inputs == 1 and layer.out != stem.out for layer in windows):
        return False  # a depthwise convolution, not the stem of a net for grey images
    own |= {layer.tensors["weight"] for other in others for layer in other.layers}
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


def _identified(best: _Candidate, shapes: Mapping[str, Shape], known: ResNetSpec | None) -> Identified:
    spec, names, root = best.spec, best.result.names, best.backbone.root
    free = tuple(layer for layer in best.layers if not any(name in names for name in layer.tensors.values()))
    assumed = () if known else open_questions(spec)
    if best.encoders:
        others = ", ".join(other.root or "another" for other in best.encoders)
        count = len(best.encoders) + 1
        assumed = (f"Of {count} networks in the file, {root or 'the first'} was taken, not {others}.", *assumed)
    names_tell = sum("." in name for name in shapes) * 2 > len(shapes)
    return replace(
        best.result,
        assumed=assumed,
        leftovers=leftovers(free, best.encoders, best.backbone, names_tell=names_tell),
        alternatives=tuple(
            other.name for other in alternatives(spec) if other.name != spec.name.removesuffix("-edited")
        ),
    )


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
