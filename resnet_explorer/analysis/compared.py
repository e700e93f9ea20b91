"""A network's tensors beside those of a file: what is missing, what is too many, what has another shape."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from resnet_explorer.analysis.tensors import tensors
from resnet_explorer.blueprint import compile_spec
from resnet_explorer.blueprint.kinds import Shape
from resnet_explorer.spec import ResNetSpec

OPTIONAL = re.compile(r".*\.num_batches_tracked")
"""Counters that older files lack, and that nothing needs."""

ENOUGH, DAMAGED = 0.8, 0.95
"""The shares of a network's tensors that must be there for it to be the one that was meant, and for it to be sure."""


@dataclass(frozen=True, slots=True)
class Compared:
    """How a file's tensors fit a network: our name for each of the file's, and sentences on what does not fit.

    ``misshapen_names`` are our names of the tensors of another shape. ``spec`` is None where there is no network to
    compare with. ``right`` counts the tensors that fit.
    """

    spec: ResNetSpec | None
    names: Mapping[str, str]
    missing: tuple[str, ...] = ()
    unexpected: tuple[str, ...] = ()
    misshapen: tuple[str, ...] = ()
    misshapen_names: tuple[str, ...] = ()
    right: int = 0

    @property
    def fits(self) -> bool:
        """Return whether there is a network, and all tensors are its."""
        return self.spec is not None and not (self.missing or self.unexpected or self.misshapen)

    @property
    def problems(self) -> tuple[str, ...]:
        """Return everything that does not fit."""
        return self.missing + self.unexpected + self.misshapen

    @property
    def share(self) -> float:
        """Return the share of the network's tensors that are there, in their shapes."""
        return self.right / max(1, self.right + len(self.missing) + len(self.misshapen))

    @property
    def likely(self) -> bool:
        """Return whether enough is there for this to be the network that was meant."""
        return self.spec is not None and self.share > ENOUGH

    @property
    def nearly(self) -> bool:
        """Return whether all is there, or all but a few tensors of a damaged file."""
        return self.fits or (self.spec is not None and self.share > DAMAGED and not self.unexpected)


def compared(
    spec: ResNetSpec, names: Mapping[str, str], shapes: Mapping[str, Shape], strangers: Iterable[str] = ()
) -> Compared:
    """Return how the tensors of ``shapes``, by our ``names``, fit a network; lengths of 1 do not count.

    ``strangers`` are names of tensors that stand inside the network, but are not its.
    """
    expected = tensors(compile_spec(spec))
    found = {ours: theirs for theirs, ours in names.items()}
    missing = [name for name in expected if name not in found and not OPTIONAL.fullmatch(name)]
    unexpected = [theirs for ours, theirs in found.items() if ours not in expected]
    misshapen = [
        name
        for name, shape in expected.items()
        if name in found and shapes[found[name]] != shape and _squeezed(shapes[found[name]]) != _squeezed(shape)
    ]
    return Compared(
        spec,
        names,
        tuple(f"{name} is missing." for name in missing),
        tuple(f"{name} has no place in this network." for name in (*unexpected, *strangers)),
        tuple(
            f"{found[name]} is {_words(shapes[found[name]])} where {_words(expected[name])} is needed."
            for name in misshapen
        ),
        tuple(misshapen),
        len(found) - len(unexpected) - len(misshapen),
    )


def _squeezed(shape: Shape) -> Shape:
    """Return a shape without its lengths of 1: timm classifies by a 1×1 convolution, with the numbers of a matrix."""
    return tuple(length for length in shape if length != 1)


def _words(shape: Shape) -> str:
    return "×".join(str(length) for length in shape) or "a single number"
