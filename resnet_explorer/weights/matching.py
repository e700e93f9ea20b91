"""Which tensor of a file is which of ours, once the network and its layers in the file are known."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from resnet_explorer.network import compile_spec
from resnet_explorer.network.kinds import Layer, Role
from resnet_explorer.network.tree import Block
from resnet_explorer.spec import ResNetSpec
from resnet_explorer.weights.backbone import Backbone, FoundBlock
from resnet_explorer.weights.layers import FileLayer, Kind, Layers, natural, parted, shared
from resnet_explorer.weights.values import Leftover

_SMALL: Mapping[Kind, Role] = {Kind.NORM: Role.NORM, Kind.GAIN: Role.FACTOR, Kind.SHIFT: Role.SHIFT}
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


@dataclass(slots=True)
class _Matcher:
    backbone: Backbone
    layers: Layers
    names: dict[str, str] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)

    def give(self, path: str, layer: FileLayer, ours: Layer) -> None:
        """Give the tensors of a file's layer the names of ours."""
        for role, name in layer.tensors.items():
            own = [tensor.name for tensor in ours.tensors()]
            third = role == "tau" and len(own) == 3  # where names do not tell, the third vector is called so
            self.names[name] = f"{path}.{own[2] if third else role}"
        self.used.add(_key(layer))

    def free(self, kind: Kind) -> Layers:
        """Return the layers of a kind that have no place yet, in their order."""
        return tuple(layer for layer in self.layers if layer.kind is kind and _key(layer) not in self.used)


def _key(layer: FileLayer) -> str:
    return next(iter(layer.tensors.values()))


def match(spec: ResNetSpec, backbone: Backbone, layers: Layers) -> dict[str, str] | None:
    """Return our name for each tensor of a backbone that has one; None where its blocks are not the spec's."""
    network = compile_spec(spec)
    blocks = [block for stage in network.stages for block in stage.blocks]
    if len(blocks) != len(backbone.blocks):
        return None
    matcher = _Matcher(backbone, layers)
    pairs = list(zip(blocks, backbone.blocks, strict=True))
    stem = (*backbone.stem, *((backbone.pool,) if backbone.pool else ()))
    if not _weights(matcher, network.stem, stem):
        return None
    if not all(_weights(matcher, block, _in_order(block, found)) for block, found in pairs):
        return None
    ends = (network.head,) if network.head else ()
    for kind in _SMALL:
        _small(matcher, kind, network.stem, pairs, ends)
    return matcher.names


def _weights(matcher: _Matcher, block: Block, found: Iterable[FileLayer | None]) -> bool:
    """Give a block's layers with weights theirs; return whether there are as many."""
    wanted = [
        (path, part.layer)
        for path, part in zip(block.layer_paths, block.form.parts, strict=True)
        if part.layer.role is Role.CONVOLUTION
    ]
    given = list(found)
    if len(wanted) != len(given) or None in given:
        return False
    for (path, layer), one in zip(wanted, given, strict=True):
        if one is not None:
            matcher.give(path, one, layer)
    return True


def _in_order(block: Block, found: FoundBlock) -> Iterator[FileLayer | None]:
    """Yield the layers of a found block in the order in which ours has them."""
    convs, gate = iter(found.convs), iter(found.gate)
    for part in block.form.parts:
        if part.layer.role is not Role.CONVOLUTION:
            continue
        if part.name.startswith("downsample."):
            yield found.projection
        elif part.name == "gate.conv":
            yield found.highway
        elif part.name.startswith("conv"):
            yield next(convs, None)
        else:
            yield next(gate, None)
    yield from (*convs, *gate)


def _small(
    matcher: _Matcher, kind: Kind, stem: Block, pairs: Sequence[tuple[Block, FoundBlock]], ends: Sequence[Block]
) -> None:
    """Give all norms, gains or single numbers theirs: by the names of the blocks, or else by their order alone."""
    free = matcher.free(kind)
    if not free:
        return
    known = {path: name for name, path in matcher.names.items()}
    by_name = {layer.tensors["weight"]: layer for layer in matcher.backbone.layers}
    first = list(_places(kind, stem, known, by_name))
    inner = [[*_places(kind, block, {}, {})] for block, _ in pairs]
    last = [place for end in ends for place in _places(kind, end, {}, {})]
    prefixes = _prefixes([found for _, found in pairs])
    if prefixes:
        within: dict[str, list[FileLayer]] = {prefix: [] for prefix in prefixes}
        rest: list[FileLayer] = []
        for layer in free:
            within.get(_owner(layer.path, within), rest).append(layer)
        for prefix, places, (_, found) in zip(prefixes, inner, pairs, strict=True):
            _pair_block(matcher, places, within[prefix], found)
        _pair_ends(matcher, first, last, rest)
    else:
        _pair_window(matcher, first, inner, last, free, [found for _, found in pairs])


def _places(kind: Kind, block: Block, known: Mapping[str, str], by_name: Mapping[str, FileLayer]) -> Iterator[_Place]:
    before: FileLayer | None = None
    for path, part in zip(block.layer_paths, block.form.parts, strict=True):
        if part.layer.role is Role.CONVOLUTION:
            before = by_name.get(known.get(f"{path}.weight", ""), before)
        elif part.layer.role is _SMALL[kind] and part.layer.params:
            yield _Place(path, part.layer, before)


def _prefixes(blocks: Sequence[FoundBlock]) -> tuple[str, ...]:
    """Return the path that each block's names share, where it is its own; empty where names do not tell blocks."""
    found = [shared([layer.path for layer in block.layers]) for block in blocks]
    whole = all(found) and len(set(found)) == len(found)
    if not whole or any(_owner(parted(prefix)[0], set(found)) for prefix in found):
        return ()
    return tuple(found)


def _owner(path: str, prefixes: Mapping[str, object] | set[str]) -> str:
    while path:
        if path in prefixes:
            return path
        path = path.rpartition(".")[0]
    return ""


def _pair_block(matcher: _Matcher, places: list[_Place], given: list[FileLayer], found: FoundBlock) -> None:
    for order in _orders(places, found):
        if [place.channels for place in order] == [layer.out for layer in given]:
            for place, layer in zip(order, given, strict=True):
                matcher.give(place.path, layer, place.layer)
            return
    rest = list(given)
    for place in next(_orders(places, found)):
        at = next((at for at, layer in enumerate(rest) if layer.out == place.channels), None)
        if at is not None:
            matcher.give(place.path, rest.pop(at), place.layer)


def _orders(places: list[_Place], found: FoundBlock) -> Iterator[list[_Place]]:
    """Yield the orders in which a file may have a block's norms: that of its convolutions first."""
    shortcut = [place for place in places if ".downsample." in place.path]
    gates = [place for place in places if ".cbam_" in place.path]
    branch = [place for place in places if place not in shortcut and place not in gates]
    orders = [[*branch, *gates, *shortcut], [*shortcut, *branch, *gates], [*branch, *shortcut, *gates]]
    yield orders.pop(1 if found.projects_first else 0)
    yield from orders


def _pair_ends(matcher: _Matcher, first: list[_Place], last: list[_Place], rest: list[FileLayer]) -> None:
    """Give the norms of stem and head the nearest of what lies in no block."""
    index = {_key(layer): number for number, layer in enumerate(matcher.layers)}
    root = matcher.backbone.root
    end = matcher.backbone.blocks[-1].convs[-1]
    for place in (*first, *last):
        anchor = place.after if place in first and place.after else matcher.backbone.stem[0] if place in first else end
        free = [layer for layer in rest if layer.out == place.channels and _key(layer) not in matcher.used]
        if free:
            best = min(free, key=lambda layer: _distance(layer, anchor, root, index))
            matcher.give(place.path, best, place.layer)


def _distance(layer: FileLayer, anchor: FileLayer, root: str, index: Mapping[str, int]) -> tuple[int, ...]:
    """Return how far a layer is from another: by the network that it is in, by its name, and by its place."""
    steps = index[_key(layer)] - index[_key(anchor)]
    common = shared([layer.path, anchor.path])
    outside = bool(root) and not layer.path.startswith(f"{root}.")
    return (outside, -len(common.split(".")) if common else 0, steps < 0, abs(steps))


def _pair_window(
    matcher: _Matcher,
    first: list[_Place],
    inner: Sequence[list[_Place]],
    last: list[_Place],
    free: Layers,
    blocks: Sequence[FoundBlock],
) -> None:
    """Give norms theirs by their order: where as many in a row have the wanted channels, nearest to the stem."""
    index = {_key(layer): number for number, layer in enumerate(matcher.layers)}
    stem = index[_key(matcher.backbone.stem[0])]
    given = [layer.out for layer in free]
    for choice in range(3):
        places = [
            *first,
            *(place for own, found in zip(inner, blocks, strict=True) for place in list(_orders(own, found))[choice]),
            *last,
        ]
        wanted = [place.channels for place in places]
        starts = [at for at in range(len(given) - len(wanted) + 1) if given[at : at + len(wanted)] == wanted]
        if wanted and starts:
            start = min(starts, key=lambda at: abs(index[_key(free[at])] - stem))
            for place, layer in zip(places, free[start : start + len(wanted)], strict=True):
                matcher.give(place.path, layer, place.layer)
            return


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


def preferred(found: Sequence[tuple[Backbone, ...]]) -> list[tuple[Backbone, ...]]:
    """Return the networks of a file, the one to take first: the largest, and of equal ones that which is trained."""

    def order(ways: tuple[Backbone, ...]) -> tuple[int, bool]:
        return -len(ways[0].layers), bool(_SECOND.search(ways[0].stem[0].tensors["weight"]))

    return sorted(found, key=order)


def classifier(backbone: Backbone, free: Layers, root: str) -> FileLayer | None:
    """Return the layer that classifies the backbone's features: linear, with a bias, and alone in its module."""
    heads: dict[str, list[FileLayer]] = {}
    for layer in free:
        if _is_linear(layer) or layer.kind is Kind.NORM:
            heads.setdefault(_group(layer.path, root, {}) if "." in layer.path else "", []).append(layer)
    alone = [layers[0] for layers in heads.values() if len(layers) == 1]
    ends = [one for one in alone if _is_linear(one) and one.inputs == backbone.out and one.biased]
    ends = [one for one in ends if not _purpose(one.path)]
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
    linear = sorted((one for one in layers if _is_linear(one)), key=lambda one: natural(one.path))
    convs = [one for one in layers if one.kind is Kind.CONV and one.side > 1]
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
