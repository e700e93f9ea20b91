"""From the names and shapes of a checkpoint's tensors to the network that they belong to."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from resnet_explorer.errors import CheckpointError, SpecError
from resnet_explorer.network.kinds import Shape
from resnet_explorer.spec import AntiAlias, Init, Order, ResNetSpec
from resnet_explorer.spec.catalogue import named, title
from resnet_explorer.spec.change import change_all, differences
from resnet_explorer.spec.relatives import of_kind
from resnet_explorer.weights.backbone import Backbone, backbones, is_blur, weighted
from resnet_explorer.weights.compare import alternatives, base_name, by_name, compared, in_catalogue
from resnet_explorer.weights.dimensions import flat_spec, flattened
from resnet_explorer.weights.families import family, reason, structural_family
from resnet_explorer.weights.heads import find_head
from resnet_explorer.weights.layers import FileLayer, Kind, Layers, readings
from resnet_explorer.weights.matching import (
    classifier,
    final_names,
    last_convolution,
    leftovers,
    match,
    preference,
)
from resnet_explorer.weights.traits import open_questions, read_traits
from resnet_explorer.weights.values import Identified, Leftover

MOST_OTHERS = (0.5, 4.0)
"""How many other convolutions there may be for one of the network: under the same names, and under others."""
MOST_BANDS = 16
"""A stem that takes more channels than images usually have stands at the front of a file, or is a piece of another."""


@dataclass(frozen=True, slots=True)
class _Site:
    """A residual network among the layers of a file, and the other ones beside it."""

    backbone: Backbone
    layers: Layers
    others: tuple[Backbone, ...]

    def free(self, names: Mapping[str, str]) -> Layers:
        """Return the layers that belong neither to the network nor to another one in the file."""
        taken = {name for other in self.others for layer in other.layers for name in layer.tensors.values()} | {*names}
        roots = tuple(f"{other.root}." for other in self.others if other.root)
        outside = (layer for layer in self.layers if not layer.path.startswith(roots))
        return tuple(layer for layer in outside if taken.isdisjoint(layer.tensors.values()))

    def is_whole(self) -> bool:
        """Return whether this is a network and no piece of another: nothing goes on where it ends."""
        backbone, root = self.backbone, self.backbone.root
        convs = [layer for layer in weighted(self.layers) if layer.kind is Kind.CONV]
        own = {layer.tensors["weight"] for layer in backbone.layers}
        stem, windows = backbone.stem[0], [layer for layer in convs if layer.side > 1]
        if stem.inputs > MOST_BANDS and any(layer.tensors["weight"] not in own for layer in windows):
            return False
        if stem.inputs == 1 and any(layer.inputs == 1 and layer.out != stem.out for layer in windows):
            return False  # a depthwise convolution, not the stem of a net for grey images
        own |= {layer.tensors["weight"] for other in self.others for layer in other.layers}
        rest = [layer for layer in convs if layer.tensors["weight"] not in own]
        inside = [layer for layer in rest if not root or layer.path.startswith(f"{root}.")]
        count = len(backbone.layers)
        if len(inside) > MOST_OTHERS[0] * count or len(rest) > MOST_OTHERS[1] * count:
            return False
        parts = {_part(layer, root) for layer in backbone.layers}
        return not any(_part(layer, root) in parts for layer in inside) and not (
            backbone.stop in inside and _goes_on(backbone, backbone.stop, parts, root)
        )

    def networks(self, shapes: Mapping[str, Shape], known: ResNetSpec | None) -> Iterator[Identified]:
        """Yield the network of each order that its layers are, with its classifier where there is one."""
        traits = read_traits(self.backbone, self.layers)
        for order in (Order.V1, Order.V2, Order.NORM_FIRST):
            try:
                guess = known or change_all(ResNetSpec("checkpoint"), {**traits, "order": order})
            except SpecError:
                continue
            result = self._fitted(guess, shapes)
            if result is None:
                continue
            spec = known or self._named(result.spec)
            same_names = {"classes", "in_channels"}.issuperset(differences(guess, spec))
            again = result if same_names else self._fitted(spec, shapes)
            if again is not None and again.likely and all(name.startswith("fc.") for name in again.misshapen_names):
                yield replace(again, spec=named(replace(spec, classes=again.spec.classes)))
            if known or result.fits:
                return

    def _named(self, spec: ResNetSpec) -> ResNetSpec:
        """Return a network under its name, or the first of the catalogue with the same tensors."""
        if any(is_blur(layer) for layer in self.layers):
            spec = replace(spec, anti_alias=AntiAlias.BLUR)
        likeliest = spec if in_catalogue(spec) else next(iter(alternatives(spec)), spec)
        kept = replace(likeliest, classes=spec.classes, in_channels=spec.in_channels)
        return named(replace(kept, name=base_name(kept)))

    def _fitted(self, spec: ResNetSpec, shapes: Mapping[str, Shape]) -> Identified | None:
        """Return how a network's tensors fit the backbone's, with the classifier that stands free beside it."""
        headless = replace(spec, classes=1 if spec.init is Init.FIXUP else None)
        names = match(headless, self.backbone, self.layers)
        if names is None:
            return None
        free, root = self.free(names), self.backbone.root
        if spec.order is Order.NORM_FIRST:  # iResNet: the last norm is the head's, and no activation follows it
            inner = {name: ours for name, ours in names.items() if not ours.startswith("bn.")}
            found = find_head(self.backbone, self.free(inner))
            if found and found.changes.get("head_norm"):
                return compared(change_all(spec, dict(found.changes)), {**inner, **found.names}, shapes)
        if found := find_head(self.backbone, free):
            return compared(change_all(spec, dict(found.changes)), {**names, **found.names}, shapes)
        wide = last_convolution(self.backbone, free)
        head = classifier(self.backbone, free, root, wide) or _own_head(free, names)
        if head is not None and wide and head.inputs == wide[0].out:
            spec = replace(spec, head_channels=wide[0].out)
            names |= final_names(wide)
        if head is not None:
            names |= {head.tensors["weight"]: "fc.weight", head.tensors["bias"]: "fc.bias"}
        parts = {_part(layer, root) for layer in self.backbone.layers if "." in layer.path}
        strangers = [layer for layer in free if "." in layer.path and layer is not head and _part(layer, root) in parts]
        inside = [name for layer in strangers if not is_blur(layer) for name in layer.tensors.values()]
        return compared(replace(spec, classes=head.out if head else None), names, shapes, inside)


def identify(shapes: Mapping[str, Shape], known: ResNetSpec | None = None) -> Identified:
    """Return the network of a checkpoint from the shapes of its tensors by name, in the order of the file.

    The layers' shapes tell the network; names only break ties. ``known`` is the network's spec where the file itself,
    or the user, tells it. Raises CheckpointError where this is no residual network that the app knows.
    """
    if known is not None and (own := by_name(shapes, known)) and own.fits:
        return replace(own, leftovers=_unknown(own.names, shapes))
    flat = flattened(shapes)
    if flat is None:
        return _identify(shapes, known)
    return flat.lifted(_identify(flat.shapes, flat_spec(known) if known else None), known)


def _identify(shapes: Mapping[str, Shape], known: ResNetSpec | None) -> Identified:
    nearest: list[Backbone] = []
    best: tuple[_Site, Identified] | None = None
    for layers in readings(shapes):
        for sites in _sites(layers, nearest):
            candidates = [(site, result) for site in sites for result in site.networks(shapes, known)]
            for candidate in candidates:
                if best is None or _rank(candidate[1]) > _rank(best[1]):
                    best = candidate
            if any(result.nearly for _, result in candidates):
                break
        if best and best[1].nearly:
            return _explained(*best, shapes, known)
    named_alike = by_name(shapes, known)
    if named_alike and (best is None or named_alike.fitting >= best[1].fitting):
        return replace(
            named_alike,
            assumed=() if known else open_questions(named_alike.spec),
            leftovers=() if named_alike.unexpected else _unknown(named_alike.names, shapes),
        )
    if best is not None and known:
        return _explained(*best, shapes, known)
    raise _refusal(shapes, nearest, best[1] if best else None)


def _rank(result: Identified) -> tuple[bool, int, bool]:
    return result.fits, result.fitting, in_catalogue(result.spec)


def _sites(layers: Layers, nearest: list[Backbone]) -> Iterator[list[_Site]]:
    """Yield the ways to read each network of a file that is whole, and note in ``nearest`` all that were seen."""
    networks = sorted(backbones(layers), key=preference)
    networks = [ways for ways in networks if ways[0].stem[0].inputs <= MOST_BANDS] or networks
    for ways in networks:
        others = tuple(other[0] for other in networks if other is not ways)
        nearest += ways
        sites = (_Site(way, layers, others) for way in ways)
        yield [site for site in sites if site.is_whole()]


def _own_head(free: Layers, names: Mapping[str, str]) -> FileLayer | None:
    """Return the head of a file with torchvision's own names: there a head that does not fit is a fault."""
    stem = next((name for name, path in names.items() if path == "conv1.weight"), "")
    path = f"{stem.removesuffix('conv1.weight')}fc"
    own = stem.endswith("conv1.weight") and all(name.endswith(ours) for name, ours in names.items())
    linear = (layer for layer in free if layer.kind is Kind.LINEAR and layer.biased)
    return next((layer for layer in linear if own and layer.path == path), None)


def _part(layer: FileLayer, root: str) -> str:
    return layer.path.removeprefix(f"{root}." if root else "").split(".")[0]


def _goes_on(way: Backbone, stop: FileLayer, parts: set[str], root: str) -> bool:
    """Return whether the layer after a backbone's end may be its next one: by its shape, and by its name's pattern."""
    if stop.kind is not Kind.CONV or stop.inputs != way.out:
        return False
    pattern = re.sub(r"\d+", "#", _part(stop, root))
    return ("." not in stop.path and not stop.biased) or pattern in {re.sub(r"\d+", "#", part) for part in parts}


def _explained(site: _Site, result: Identified, shapes: Mapping[str, Shape], known: ResNetSpec | None) -> Identified:
    spec, root = result.spec, site.backbone.root
    free = tuple(layer for layer in site.layers if result.names.keys().isdisjoint(layer.tensors.values()))
    assumed = () if known else open_questions(spec)
    if site.others:
        others = ", ".join(other.root or "another" for other in site.others)
        count = len(site.others) + 1
        assumed = (f"Of {count} networks in the file, {root or 'the first'} was taken, not {others}.", *assumed)
    names_tell = sum("." in name for name in shapes) * 2 > len(shapes)
    same = [other.name for other in alternatives(spec) if other.name != spec.name.removesuffix("-edited")]
    return replace(
        result,
        assumed=assumed,
        leftovers=leftovers(free, site.others, site.backbone, names_tell=names_tell),
        alternatives=tuple(same),
    )


def _unknown(names: Mapping[str, str], shapes: Mapping[str, Shape]) -> tuple[Leftover, ...]:
    left = tuple(name for name in shapes if name not in names)
    return (Leftover("", f"{len(left):,} other tensors", left),) if left else ()


def _refusal(shapes: Mapping[str, Shape], nearest: list[Backbone], best: Identified | None) -> CheckpointError:
    """Return what to say of what is no residual network of this app: what it is, or why it is none."""
    kind = family(shapes) or structural_family(next(readings(shapes), ()))
    unknown = "not those of a residual network that this app knows"
    if kind:
        other = of_kind(kind)
        what = f"Its tensors are those of {kind}, {unknown}.{f' {other.text}' if other else ''}"
    elif best is not None:
        what = f"Its tensors are {unknown}. Nearest is {title(best.spec)}, but {best.problems[0]}"
    else:
        what = f"Its tensors are {unknown}: {reason(shapes, nearest)}."
    return CheckpointError("file", what, "Choose the weights of a ResNet, or of one of its variants.")
