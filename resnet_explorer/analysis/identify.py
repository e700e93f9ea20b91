"""From the names and shapes of a checkpoint's tensors to the network that they belong to."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache

from resnet_explorer.analysis.tensors import tensors
from resnet_explorer.analysis.traits import Traits, read_traits
from resnet_explorer.blueprint import compile_spec
from resnet_explorer.blueprint.layers import Shape
from resnet_explorer.blueprint.names import WRAPPERS, renamed
from resnet_explorer.errors import CheckpointError, SpecError
from resnet_explorer.spec import ResNetSpec
from resnet_explorer.spec.catalogue import CATALOGUE, named

OPTIONAL = re.compile(r".*\.num_batches_tracked")
"""Counters that older files lack, and that nothing needs."""


@dataclass(frozen=True, slots=True)
class Identified:
    """The network that some tensors belong to, what was assumed, and what does not fit.

    ``names`` gives our name for each of the file's; ``missing``, ``unexpected`` and ``misshapen`` are sentences.
    """

    spec: ResNetSpec
    assumed: tuple[str, ...]
    names: Mapping[str, str]
    missing: tuple[str, ...] = ()
    unexpected: tuple[str, ...] = ()
    misshapen: tuple[str, ...] = ()

    @property
    def fits(self) -> bool:
        """Return whether all tensors are there, and no others."""
        return not (self.missing or self.unexpected or self.misshapen)

    @property
    def problems(self) -> tuple[str, ...]:
        """Return everything that does not fit."""
        return self.missing + self.unexpected + self.misshapen


def identify(shapes: Mapping[str, Shape], known: ResNetSpec | None = None) -> Identified:
    """Return the network of a checkpoint; ``known`` is its spec where the file itself tells.

    Raises CheckpointError where the names are not those of a residual network.
    """
    stripped = {name: _stripped(name, shapes) for name in shapes}
    if known is not None:
        return _compared(known, (), shapes, stripped)
    traits = read_traits({stripped[name]: shape for name, shape in shapes.items()})
    try:
        guess = traits.spec()
    except SpecError as error:
        raise CheckpointError("file", f"Its tensors describe no network: {error.what}", "Check the file.") from error
    spec = _preferred(guess, traits)
    return _compared(named(replace(spec, name=named(spec).name)), traits.assumed(spec), shapes, stripped)


def _stripped(name: str, shapes: Mapping[str, Shape]) -> str:
    """Return a name without what wrappers put before all of them."""
    while True:
        wrapper = next((word for word in WRAPPERS if name.startswith(word)), None)
        if wrapper is None or not all(wrapper in other for other in shapes):
            return name
        name = name.removeprefix(wrapper)


def _preferred(guess: ResNetSpec, traits: Traits) -> ResNetSpec:
    """Return the guess, or the first network of the catalogue with the same tensors where the guess is none of them."""
    if named(replace(guess, name="guess")).name in CATALOGUE:
        return guess
    wanted = _signature(tensors(compile_spec(replace(guess, classes=1000))))
    found = next((name for name, signature in _signatures().items() if signature == wanted), None)
    if found is None:
        return guess
    return replace(CATALOGUE[found].spec, classes=guess.classes)


@cache
def _signatures() -> Mapping[str, int]:
    rows = {name: replace(entry.spec, classes=1000) for name, entry in CATALOGUE.items()}
    return {name: _signature(tensors(compile_spec(spec))) for name, spec in rows.items()}


def _signature(shapes: Mapping[str, Shape]) -> int:
    return hash(frozenset(shapes.items()))


def _compared(
    spec: ResNetSpec, assumed: tuple[str, ...], shapes: Mapping[str, Shape], stripped: Mapping[str, str]
) -> Identified:
    network = compile_spec(spec)
    ours = renamed(stripped.values(), network)
    names = {name: ours[short] for name, short in stripped.items()}
    expected = tensors(network)
    found = {names[name]: (name, _as_matrix(names[name], shape)) for name, shape in shapes.items()}
    missing = [name for name in expected if name not in found and not OPTIONAL.fullmatch(name)]
    unexpected = [found[name][0] for name in found if name not in expected]
    misshapen = [
        f"{found[name][0]} is {_words(found[name][1])} where {_words(shape)} is needed."
        for name, shape in expected.items()
        if name in found and found[name][1] != shape
    ]
    return Identified(
        spec,
        assumed,
        names,
        tuple(f"{name} is missing." for name in missing),
        tuple(f"{name} has no place in this network." for name in unexpected),
        tuple(misshapen),
    )


def _as_matrix(name: str, shape: Shape) -> Shape:
    """Timm's pre-activation nets classify by a 1x1 convolution: the same numbers as a matrix."""
    return shape[:2] if name == "fc.weight" and shape[2:] == (1, 1) else shape


def _words(shape: Shape) -> str:
    return "×".join(str(length) for length in shape) or "a single number"
