"""Which tensor of a file is which of ours, once the network and its layers in the file are known."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from resnet_explorer.analysis.structure.backbone import Backbone, FoundBlock
from resnet_explorer.analysis.structure.layers import FileLayer, Kind, Layers, parted, shared
from resnet_explorer.blueprint import compile_spec
from resnet_explorer.blueprint.kinds import Layer, Role
from resnet_explorer.blueprint.tree import Block
from resnet_explorer.spec import ResNetSpec

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
    """Return the prefix that a path lies under; empty for none."""
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
    root = shared([layer.path for layer in matcher.backbone.layers])
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
            *(place for own, found in zip(inner, blocks, strict=True) for place in _nth(own, found, choice)),
            *last,
        ]
        wanted = [place.channels for place in places]
        starts = [at for at in range(len(given) - len(wanted) + 1) if given[at : at + len(wanted)] == wanted]
        if wanted and starts:
            start = min(starts, key=lambda at: abs(index[_key(free[at])] - stem))
            for place, layer in zip(places, free[start : start + len(wanted)], strict=True):
                matcher.give(place.path, layer, place.layer)
            return


def _nth(places: list[_Place], found: FoundBlock, choice: int) -> list[_Place]:
    return list(_orders(places, found))[choice]
