"""Networks found by names alone: for files that are damaged, whose structure no longer tells."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache

from resnet_explorer.analysis.compared import Compared, compared
from resnet_explorer.analysis.tensors import tensors
from resnet_explorer.blueprint import compile_spec
from resnet_explorer.blueprint.kinds import Shape
from resnet_explorer.blueprint.names import ours, renamed
from resnet_explorer.spec import ResNetSpec
from resnet_explorer.spec.catalogue import CATALOGUE, named

_KNOWN = re.compile(r"(.*?)(?:conv1|bn1|layer\d+\.\d+|stages\.\d+\.blocks\.\d+|stem)\.")


def by_name(shapes: Mapping[str, Shape], known: ResNetSpec | None = None) -> Compared:
    """Return how some tensors fit a network by torchvision's, timm's and our names: ``known``, or the nearest one.

    The result has no spec where the names are not known, or too few of them fit.
    """
    prefix = _prefix(shapes)
    short = {name: name.removeprefix(prefix) for name in shapes}
    own = {ours(name): shapes[full] for full, name in short.items()}
    spec = known or max(_near(own), key=lambda one: _right(one, own), default=None)
    if spec is None:
        return Compared(None, {})
    names = renamed(short.values(), compile_spec(spec))
    found = compared(spec, {full: names[name] for full, name in short.items()}, shapes)
    return found if known or found.likely else Compared(None, {})


def _right(spec: ResNetSpec, own: Mapping[str, Shape]) -> int:
    expected = _tensors(spec)
    return sum(expected.get(name) == shape for name, shape in own.items())


@lru_cache(maxsize=64)
def _tensors(spec: ResNetSpec) -> Mapping[str, Shape]:
    return tensors(compile_spec(spec))


def _prefix(shapes: Mapping[str, Shape]) -> str:
    """Return what stands before the names of a network: the commonest that there is."""
    counts = Counter(match[1] for name in shapes if (match := _KNOWN.match(name)))
    return counts.most_common(1)[0][0] if counts else ""


def _near(own: Mapping[str, Shape]) -> tuple[ResNetSpec, ...]:
    """Return the networks of the catalogue with as many blocks, and the file's classes and input channels."""
    last: dict[int, int] = {}
    for name in own:
        if match := re.match(r"layer(\d+)\.(\d+)\.", name):
            last[int(match[1])] = max(last.get(int(match[1]), 0), int(match[2]) + 1)
    blocks = tuple(count for _, count in sorted(last.items()))
    changes: dict[str, int | None] = {"classes": next(iter(own.get("fc.weight") or own.get("fc.bias") or ()), None)}
    first = own.get("conv1.weight") or own.get("conv1.0.weight") or ()
    if len(first) == 4 and 0 < first[1] <= 64:
        changes["in_channels"] = first[1]
    rows = [entry.spec for entry in CATALOGUE.values() if entry.spec.blocks == blocks]
    return tuple(named(replace(spec, **changes)) for spec in rows)  # type: ignore[arg-type]  # two axes that are whole
