"""The head of a file beyond a single linear layer: attention pools, GeM, MLPs, and what works on a whole map."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from math import isqrt

from resnet_explorer.spec import Head, Pool
from resnet_explorer.weights.backbone import Backbone
from resnet_explorer.weights.layers import FileLayer, Kind, Layers

_HIDDEN = re.compile(r"(^|\.)(hidden|pre_logits\.fc)$")
"""Names of the first layer of an MLP: other pairs of linear layers are projectors of a pre-training."""
_NORM = re.compile(r"(^|\.)(norm|bn2)$")
_LAST_NORM = re.compile(r"(^|\.)(fc_norm|features)$")


@dataclass(frozen=True, slots=True)
class FoundHead:
    """A head of a file: the axes that it tells, and our name for each of its tensors."""

    changes: Mapping[str, object] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)


def find_head(backbone: Backbone, free: Layers) -> FoundHead | None:
    """Return the head among layers which are not the backbone's; None for a single linear layer, or none."""
    for found in (_attention(backbone, free), _flat(backbone, free), _mlp(backbone, free), _pooled(backbone, free)):
        if found is not None:
            return found
    return None


def _linears(free: Layers) -> list[FileLayer]:
    return [layer for layer in free if layer.kind is Kind.LINEAR]


def _named(path: str, layer: FileLayer) -> dict[str, str]:
    return {name: f"{path}.{role}" for role, name in layer.tensors.items()}


def _attention(backbone: Backbone, free: Layers) -> FoundHead | None:
    """Return CLIP's pool: a vector for each position, queries, keys and values, and the projection."""
    out, linears = backbone.out, _linears(free)
    tables = [layer for layer in linears if layer.inputs == out and not layer.biased and layer.out > 4]
    table = next((layer for layer in tables if isqrt(layer.out - 1) ** 2 == layer.out - 1), None)
    square = [layer for layer in linears if layer.shape == (out, out) and layer.biased]
    if table is None or len(square) < 3:
        return None
    by_letter = {layer.path.rpartition(".")[2][:1]: layer for layer in square}
    three = [by_letter[key] for key in "qkv"] if {*"qkv"} <= by_letter.keys() else square[:3]
    names = {table.tensors["weight"]: "attnpool.positions"}
    for key, layer in zip("qkv", three, strict=True):
        names |= {name: f"attnpool.{key}_{role}" for role, name in layer.tensors.items()}
    ends = [layer for layer in linears if layer.biased and layer.inputs == out and layer not in three]
    changes: dict[str, object] = {"pool": Pool.ATTENTION, "map_side": isqrt(table.out - 1), "classes": None}
    if ends:
        changes["classes"], names = ends[0].out, names | _named("fc", ends[0])
    return FoundHead(changes, names)


def _flat(backbone: Backbone, free: Layers) -> FoundHead | None:
    """Return a linear layer on the whole map, with the norms around it (iResNet)."""
    for layer in _linears(free):
        side = isqrt(layer.inputs // backbone.out)
        if side > 1 and side**2 * backbone.out == layer.inputs and layer.biased:
            changes = {"pool": Pool.NONE, "map_side": side, "classes": layer.out}
            return _with_norms(backbone, free, layer, FoundHead(changes, _named("fc", layer)))
    return None


def _pooled(backbone: Backbone, free: Layers) -> FoundHead | None:
    """Return a linear layer on pooled features, where GeM pools them or a norm comes before or after it."""
    power = next((layer for layer in free if layer.kind is Kind.SHIFT and _last(layer.tensors["bias"]) == "p"), None)
    linears = [layer for layer in _linears(free) if layer.biased and layer.inputs == backbone.out]
    if len(linears) != 1:
        return None
    plain = FoundHead({"classes": linears[0].out}, _named("fc", linears[0]))
    found = _with_norms(backbone, free, linears[0], plain)
    if power is not None:
        return FoundHead({**found.changes, "pool": Pool.GEM}, {**found.names, power.tensors["bias"]: "gem.p"})
    return found if found != plain else None


def _mlp(backbone: Backbone, free: Layers) -> FoundHead | None:
    """Return two linear layers whose names say that they classify, with the slopes of a PReLU between them."""
    linears = _linears(free)
    first = next((layer for layer in linears if _HIDDEN.search(layer.path) and layer.biased), None)
    last = next((layer for layer in linears if first and layer.inputs == first.out and layer is not first), None)
    if first is None or last is None or first.inputs % backbone.out:
        return None
    side = isqrt(first.inputs // backbone.out)
    changes: dict[str, object] = {"head": Head.MLP, "head_hidden": first.out, "classes": last.out}
    if side > 1:
        changes |= {"pool": Pool.NONE, "map_side": side}
    names = _named("hidden", first) | _named("fc", last)
    for layer in free:
        if layer.kind is Kind.SLOPE and layer.out == first.out and layer.path.endswith("3"):
            names |= _named("prelu3", layer)
        if layer.kind is Kind.SHIFT and _last(layer.tensors["bias"]) == "p":
            changes, names = {**changes, "pool": Pool.GEM}, names | {layer.tensors["bias"]: "gem.p"}
    return _with_norms(backbone, free, first, FoundHead(changes, names))


def _last(name: str) -> str:
    return name.rpartition(".")[2]


def _with_norms(backbone: Backbone, free: Layers, linear: FileLayer, found: FoundHead) -> FoundHead:
    """Return a head with the norm before its first linear layer, and the one after its last."""
    changes, names = dict(found.changes), dict(found.names)
    places = {id(layer): place for place, layer in enumerate(free)}
    for layer in _norms(free):
        before = _NORM.search(layer.path) and layer.out == backbone.out and places[id(layer)] < places[id(linear)]
        if before and "head_norm" not in changes:
            changes["head_norm"], names = True, names | _named("norm", layer)
            continue
        after = layer.out == changes["classes"] and places[id(layer)] > places[id(linear)]
        if after and "head" not in changes and (_LAST_NORM.search(layer.path) or changes.get("pool") is Pool.NONE):
            changes["head"], names = Head.EMBEDDING, names | _named("fc_norm", layer)
    return FoundHead(changes, names)


def _norms(free: Layers) -> Iterator[FileLayer]:
    return (layer for layer in free if layer.kind is Kind.NORM)
