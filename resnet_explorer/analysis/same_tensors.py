"""The networks of the catalogue whose tensors have the same shapes: tensors alone do not tell them apart."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache

from resnet_explorer.analysis.tensors import tensors
from resnet_explorer.blueprint import compile_spec
from resnet_explorer.blueprint.kinds import Shape
from resnet_explorer.errors import SpecError
from resnet_explorer.spec import ResNetSpec
from resnet_explorer.spec.catalogue import CATALOGUE, entry_of
from resnet_explorer.spec.change import differences

HEAD_AND_INPUT = ("classes", "in_channels", "dropout")
"""Axes that are edited in every second file: they make no other network."""
MOST_EDITS = 6
_TELLING = ("blocks", "block", "outputs", "attention", "stem", "cardinality", "base_width", "reduce_first")
"""What must be equal for tensors to be: cheap to compare."""


def in_catalogue(spec: ResNetSpec) -> bool:
    """Return whether a network is one of the catalogue, apart from its classes and input channels."""
    return any(entry_of(replace(_usual(spec), classes=classes)) for classes in (1000, 10))


def _usual(spec: ResNetSpec) -> ResNetSpec:
    return replace(spec, name="guess", classes=1000, in_channels=3)


def alternatives(spec: ResNetSpec) -> tuple[ResNetSpec, ...]:
    """Return the networks of the catalogue with the same tensors, up to classes and input channels."""
    near = [entry.spec for entry in CATALOGUE.values() if _is_near(entry.spec, spec)]
    if not near:
        return ()
    wanted = _signature(_usual(spec))
    return tuple(one for one in near if _signature(_usual(one)) == wanted)


def _is_near(one: ResNetSpec, other: ResNetSpec) -> bool:
    return all(getattr(one, key) == getattr(other, key) for key in _TELLING)


@lru_cache(maxsize=64)
def _signature(spec: ResNetSpec) -> Mapping[Shape, int]:
    return Counter(tensors(compile_spec(spec)).values())


def base_name(spec: ResNetSpec) -> str:
    """Return the name of the network of the catalogue that a spec is an edit of; ``custom-resnet`` for none."""
    found, edits = "custom-resnet", MOST_EDITS + 1
    for entry in CATALOGUE.values():
        if entry.spec.blocks == spec.blocks and entry.spec.block == spec.block:
            count = len(set(differences(entry.spec, spec)) - set(HEAD_AND_INPUT))
            if count < edits:
                found, edits = entry.name, count
    return found


def same_network(one: ResNetSpec, other: ResNetSpec) -> bool:
    """Return whether two networks have tensors of the same shapes, whatever their heads."""
    try:
        pair = [_signature(replace(spec, name="", classes=None)) for spec in (one, other)]
    except SpecError:
        return False
    return pair[0] == pair[1]
