"""Which tensor of a file is which of ours, once the network and its layers in the file are known."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from resnet_explorer.network import compile_spec
from resnet_explorer.network.kinds import Layer, Role
from resnet_explorer.network.tree import Block
from resnet_explorer.spec import ResNetSpec
from resnet_explorer.weights.backbone import Backbone
from resnet_explorer.weights.found import FoundBlock
from resnet_explorer.weights.layers import FileLayer, Kind, Layers, natural, parted, shared
from resnet_explorer.weights.values import Leftover

_SMALL: Mapping[Kind, Role] = {
    Kind.NORM: Role.NORM,
    Kind.GAIN: Role.FACTOR,
    Kind.SHIFT: Role.SHIFT,
    Kind.SLOPE: Role.ACTIVATION,
}
"""Kinds of layers that are matched by their place: their shapes hardly tell them apart."""


@dataclass(frozen=True, slots=True)
class _Place:
    """A layer of ours that a layer of the file is wanted for, and the file's layer just before it in the stem."""

    path: str
    layer: Layer
    after: FileLayer | None = None

    @property
    def channels(self) -> int:
        return next(self.layer.tensors()).shape[0]


class _Matcher:
    """Gives the tensors of a file's layers our names; ``names`` is what came of it."""

    def __init__(self, spec: ResNetSpec, backbone: Backbone, layers: Layers) -> None:
        self.network = compile_spec(spec)
        self.backbone, self.layers = backbone, layers
        self.blocks = [block for stage in self.network.stages for block in stage.blocks]
        self.names: dict[str, str] = {}
        self._used: set[str] = set()
        self._index = {_key(layer): number for number, layer in enumerate(layers)}

    def _give(self, path: str, layer: FileLayer, ours: Layer) -> None:
        for role, name in layer.tensors.items():
            own = [tensor.name for tensor in ours.tensors()] if role == "tau" else []
            third = len(own) == 3  # where names do not tell, the third vector is called so
            self.names[name] = f"{path}.{own[2] if third else role}"
        self._used.add(_key(layer))

    def _give_in_order(self, places: Sequence[_Place], layers: Sequence[FileLayer]) -> None:
        for place, layer in zip(places, layers, strict=True):
            self._give(place.path, layer, place.layer)

    def weights(self, block: Block, layers: Iterable[FileLayer | None]) -> bool:
        """Give a block's layers with weights theirs; return whether there are as many."""
        wanted = [
            (path, part.layer)
            for path, part in zip(block.layer_paths, block.form.parts, strict=True)
            if part.layer.role is Role.CONVOLUTION
        ]
        given = list(layers)
        if len(wanted) != len(given):
            return False
        for (path, ours), layer in zip(wanted, given, strict=True):
            if layer is None:
                return False
            self._give(path, layer, ours)
        return True

    def small(self, kind: Kind) -> None:
        """Give all norms, gains or single numbers theirs: by the names of the blocks, or else by their order alone."""
        free = [layer for layer in self.layers if layer.kind is kind and _key(layer) not in self._used]
        if not free:
            return
        theirs = {self.names.get(layer.tensors["weight"], ""): layer for layer in self.backbone.layers}
        first = _places(kind, self.network.stem, theirs)
        inner = [_places(kind, block, theirs) for block in self.blocks]
        last = _places(kind, self.network.head, theirs) if self.network.head else []
        prefixes = _prefixes(self.backbone.blocks)
        if not prefixes:
            self._pair_window(first, inner, last, free)
            return
        within: dict[str, list[FileLayer]] = {prefix: [] for prefix in prefixes}
        rest: list[FileLayer] = []
        for layer in free:
            within.get(_owner(layer.path, within), rest).append(layer)
        for prefix, places, block in zip(prefixes, inner, self.backbone.blocks, strict=True):
            self._pair_block(places, within[prefix], block)
        self._pair_ends(first, last, rest)

    def _pair_block(self, places: list[_Place], given: list[FileLayer], block: FoundBlock) -> None:
        for order in _orders(places, block):
            if [place.channels for place in order] == [layer.out for layer in given]:
                self._give_in_order(order, given)
                return
        rest = list(given)
        for place in next(_orders(places, block)):
            at = next((at for at, layer in enumerate(rest) if layer.out == place.channels), None)
            if at is not None:
                self._give(place.path, rest.pop(at), place.layer)

    def _pair_ends(self, first: list[_Place], last: list[_Place], rest: list[FileLayer]) -> None:
        """Give the norms of stem and head the nearest of what lies in no block."""
        stem, end = self.backbone.stem[0], self.backbone.blocks[-1].convs[-1]
        anchored = [*((place, place.after or stem) for place in first), *((place, end) for place in last)]
        for place, anchor in anchored:
            free = [layer for layer in rest if layer.out == place.channels and _key(layer) not in self._used]
            if free:
                self._give(place.path, min(free, key=partial(self._distance, anchor)), place.layer)

    def _distance(self, anchor: FileLayer, layer: FileLayer) -> tuple[int, ...]:
        """Return how far a layer is from another: by the network that it is in, by its name, and by its place."""
        steps = self._index[_key(layer)] - self._index[_key(anchor)]
        common, root = shared([layer.path, anchor.path]), self.backbone.root
        outside = bool(root) and not layer.path.startswith(f"{root}.")
        return (outside, -len(common.split(".")) if common else 0, steps < 0, abs(steps))

    def _pair_window(
        self, first: list[_Place], inner: Sequence[list[_Place]], last: list[_Place], free: Sequence[FileLayer]
    ) -> None:
        """Give norms theirs by their order: where as many in a row have the wanted channels, nearest to the stem."""
        stem = self._index[_key(self.backbone.stem[0])]
        given = [layer.out for layer in free]
        orders = [list(_orders(places, block)) for places, block in zip(inner, self.backbone.blocks, strict=True)]
        for choice in range(3):
            places = [*first, *(place for order in orders for place in order[choice]), *last]
            wanted = [place.channels for place in places]
            starts = [at for at in range(len(given) - len(wanted) + 1) if given[at : at + len(wanted)] == wanted]
            if wanted and starts:
                start = min(starts, key=lambda at: abs(self._index[_key(free[at])] - stem))
                self._give_in_order(places, free[start : start + len(wanted)])
                return


def _places(kind: Kind, block: Block, theirs: Mapping[str, FileLayer]) -> list[_Place]:
    """Return the layers of a kind in a block; ``theirs`` are the file's convolutions by our names of their weights."""
    places: list[_Place] = []
    before: FileLayer | None = None
    for path, part in zip(block.layer_paths, block.form.parts, strict=True):
        if part.layer.role is Role.CONVOLUTION:
            before = theirs.get(f"{path}.weight", before)
        elif part.layer.role is _SMALL[kind] and part.layer.params:
            places.append(_Place(path, part.layer, before))
    return places


def _key(layer: FileLayer) -> str:
    return next(iter(layer.tensors.values()))


def match(spec: ResNetSpec, backbone: Backbone, layers: Layers) -> dict[str, str] | None:
    """Return our name for each tensor of a backbone that has one; None where its blocks are not the spec's."""
    matcher = _Matcher(spec, backbone, layers)
    if len(matcher.blocks) != len(backbone.blocks):
        return None
    stem = (*backbone.stem, *((backbone.pool,) if backbone.pool else ()))
    if not matcher.weights(matcher.network.stem, stem):
        return None
    pairs = zip(matcher.blocks, backbone.blocks, strict=True)
    if not all(matcher.weights(block, _in_order(block, theirs)) for block, theirs in pairs):
        return None
    for kind in _SMALL:
        matcher.small(kind)
    return matcher.names


def _in_order(block: Block, theirs: FoundBlock) -> Iterator[FileLayer | None]:
    convs, gate, end = iter(theirs.branch), iter(theirs.gate), iter(theirs.end)
    weights, halves = iter(theirs.weights), iter((theirs.projection, theirs.other_half))
    for part in block.form.parts:
        if part.layer.role is not Role.CONVOLUTION:
            continue
        if part.name.startswith("downsample."):
            yield next(halves, None)
        elif part.name == "gate.conv":
            yield theirs.highway
        elif part.name.startswith("splat.") or ".attn." in part.name:
            yield next(weights, None)
        elif part.name.startswith(("conv", "branches.")):
            yield next(convs, None)
        elif part.name.startswith("bam."):
            yield next(end, None)
        else:
            yield next(gate, None)
    yield from (*convs, *gate, *weights, *end)


def _prefixes(blocks: Sequence[FoundBlock]) -> tuple[str, ...]:
    """Return the path that each block's names share, where it is its own; empty where names do not tell blocks."""
    prefixes = tuple(shared([layer.path for layer in block.layers]) for block in blocks)
    own = set(prefixes)
    if "" in own or len(own) < len(prefixes) or any(_owner(parted(prefix)[0], own) for prefix in prefixes):
        return ()
    return prefixes


def _owner(path: str, prefixes: Mapping[str, object] | set[str]) -> str:
    while path:
        if path in prefixes:
            return path
        path = path.rpartition(".")[0]
    return ""


def _orders(places: list[_Place], block: FoundBlock) -> Iterator[list[_Place]]:
    """Yield the orders in which a file may have a block's norms: that of its convolutions first."""
    shortcut = [place for place in places if ".downsample." in place.path]
    gates = [place for place in places if re.search(r"\.(cbam_\w+|gca?|nl|bam)\.", place.path)]
    branch = [place for place in places if place not in shortcut and place not in gates]
    if block.gated_inside:
        branch, gates = [place for place in places if place not in shortcut], []
    orders = [[*branch, *gates, *shortcut], [*shortcut, *branch, *gates], [*branch, *shortcut, *gates]]
    yield orders.pop(1 if block.projects_first else 0)
    yield from orders


_SECOND = re.compile(r"encoder_k|teacher|target|momentum|ema|key|averaged", re.IGNORECASE)
"""Names of the encoder that follows another one: the copy that is averaged over time."""
_NAMED: tuple[tuple[str, str], ...] = (
    (r"queue", "queue of negative samples"),
    (r"(^|[._])fpn|neck|lateral", "feature pyramid (neck)"),
    (r"rpn|roi|bbox|mask|anchor", "detection head"),
    (r"decoder|decode|aspp|(^|[._])up", "decoder"),
    (r"proj", "projector"),
    (r"predict", "predictor"),
    (r"confmat|(^|[._])(acc|metric|auroc|f1|precision|recall|train_acc|val_acc)", "state of a metric"),
    (r"criterion|loss|class_weight", "weights of a loss"),
    (r"n_averaged|epoch|step|iter|count|ptr", "counter"),
    (r"optim|exp_avg|momentum_buffer", "state of an optimiser"),
    (r"center|centre|prototypes", "prototypes"),
)
"""What names tell of layers that are not a network's; the first that fits counts."""
_CLASSIFIER = re.compile(r"(^|[._])(fc|classifier|linear|head|cls|logits|last_linear)\b")


def preference(ways: tuple[Backbone, ...]) -> tuple[int, bool]:
    """Return a key that sorts the networks of a file: the largest first, and of equal ones that which is trained."""
    return -len(ways[0].layers), bool(_SECOND.search(ways[0].stem[0].tensors["weight"]))


def last_convolution(backbone: Backbone, free: Layers) -> Layers:
    """Return a 1x1 convolution without bias on the backbone's last map, and the norm after it; nothing without one."""
    for place, layer in enumerate(free):
        if layer.kind is Kind.CONV and layer.shape[1:] == (backbone.out, 1, 1) and not layer.biased:
            after = free[place + 1 : place + 2]
            return (layer, *(one for one in after if one.kind is Kind.NORM and one.out == layer.out))
    return ()


def final_names(wide: Layers) -> dict[str, str]:
    """Return our names for the tensors of the head's own convolution and its norm."""
    return {name: f"final.{number}.{role}" for number, one in enumerate(wide) for role, name in one.tensors.items()}


def classifier(backbone: Backbone, free: Layers, root: str, wide: Layers = ()) -> FileLayer | None:
    """Return the layer that classifies the backbone's features: linear, with a bias, and alone in its module.

    ``wide`` is the head's own convolution, which may lie before it.
    """
    features = {backbone.out, *(layer.out for layer in wide[:1])}
    heads: dict[str, list[FileLayer]] = {}
    for layer in free:
        if _is_linear(layer) or layer.kind is Kind.NORM:
            heads.setdefault(_group(layer.path, root, {}) if "." in layer.path else "", []).append(layer)
    alone = [layers[0] for layers in heads.values() if len(layers) == 1]
    ends = [layer for layer in alone if _is_linear(layer) and layer.inputs in features and layer.biased]
    ends = [layer for layer in ends if not _purpose(layer.path)]
    return next((layer for layer in ends if _CLASSIFIER.search(layer.path)), ends[0] if len(ends) == 1 else None)


def _is_linear(layer: FileLayer) -> bool:
    matrix = layer.kind is Kind.LINEAR or (layer.kind is Kind.CONV and layer.shape[2:] == (1, 1))
    return matrix and layer.inputs > 1


def leftovers(free: Layers, others: Iterable[Backbone], taken: Backbone, *, names_tell: bool) -> tuple[Leftover, ...]:
    """Return groups of what is left: by the first part of their names under the network's, or all in one."""
    root = taken.root
    encoders = {other.root: other for other in others}
    groups: dict[str, list[FileLayer]] = {}
    for layer in free:
        groups.setdefault(_group(layer.path, root, encoders) if names_tell else "", []).append(layer)
    return tuple(_leftover(path, layers, encoders.get(path), taken) for path, layers in groups.items())


def _group(path: str, root: str, encoders: Mapping[str, Backbone]) -> str:
    for encoder in encoders:
        if encoder and (path == encoder or path.startswith(f"{encoder}.")):
            return encoder
    parts, own = path.split("."), root.split(".") if root else []
    depth = next((n for n, (a, b) in enumerate(zip(parts, own, strict=False)) if a != b), min(len(parts), len(own)))
    return ".".join(parts[: depth + 1])


def _leftover(path: str, layers: list[FileLayer], encoder: Backbone | None, taken: Backbone) -> Leftover:
    names = tuple(name for layer in layers for name in layer.tensors.values())
    if encoder is not None:
        same = [layer.shape for layer in encoder.layers] == [layer.shape for layer in taken.layers]
        what = "second encoder of the same shapes" if same else "another residual network"
    else:
        what = _likely(path, layers, len(names))
    return Leftover(path, what, names)


def _purpose(path: str) -> str:
    return next((what for pattern, what in _NAMED if re.search(pattern, path, re.IGNORECASE)), "")


def _likely(path: str, layers: list[FileLayer], tensors: int) -> str:
    linear = sorted(filter(_is_linear, layers), key=lambda layer: natural(layer.path))
    convs = [layer for layer in layers if layer.kind is Kind.CONV and layer.side > 1]
    purpose = _purpose(path)
    if purpose in ("queue of negative samples", "counter", "state of a metric", "weights of a loss"):
        return f"{purpose}, {_count(tensors, 'tensor')}"
    if linear and not convs:
        return f"{purpose or 'head'} of {_count(len(linear), 'layer')}, {linear[-1].out:,} outputs"
    if convs:
        return f"{purpose or 'other layers'} of {_count(len(convs) + len(linear), 'convolution')}"
    return f"{purpose or 'unknown'}, {_count(tensors, 'tensor')}"


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"
