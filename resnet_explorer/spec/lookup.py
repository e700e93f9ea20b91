"""From the words that name a network to its spec, and from a spec to the input it was published for."""

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from resnet_explorer.errors import SpecError
from resnet_explorer.spec import catalogue, codec
from resnet_explorer.spec.change import assign
from resnet_explorer.spec.choices import Stem
from resnet_explorer.spec.input_shape import InputShape
from resnet_explorer.spec.resnet_spec import ResNetSpec, plain_name
from resnet_explorer.spec.search import best, meant

NEAREST = 6
"""How many networks are listed where a text may mean several."""


def find(net: str, settings: Sequence[str] = ()) -> ResNetSpec:
    """Return the network of a catalogue name, a few letters of it or a spec file, with ``key=value`` settings applied.

    Raises SpecError or SpecFileError where it is none.
    """
    name = resolve(net)
    spec = codec.read(Path(name)) if _is_file(name) else catalogue.find(name)
    return catalogue.named(assign(spec, *settings)) if settings else spec


def resolve(net: str) -> str:
    """Return the words for a network as they are where they name one or a file, else the name that they mean.

    Raises SpecError, with the nearest networks, where they may mean several or none.
    """
    if _is_file(net):
        return net
    try:
        catalogue.find(net)
    except SpecError as error:
        text = net.removesuffix("-plain")
        if entry := best(text):
            return plain_name(entry.name) if net != text else entry.name
        found = meant(text)
        if len(found) < 2 or not any(letter.isalnum() for letter in text):
            raise
        names = ", ".join(entry.name for entry in found[:NEAREST])
        more = ", …" if len(found) > NEAREST else ""
        raise SpecError(
            "net", f"{net!r} may be one of {len(found):,} networks.", f"Name one: {names}{more}."
        ) from error
    return net


def _is_file(net: str) -> bool:
    """Return whether words are those of a spec file: by their ending or folder, or since only a file is called so."""
    if net.lower().endswith(".json") or "/" in net or os.sep in net:
        return True
    return os.path.isfile(net) and not catalogue.knows(net)


def default_input(spec: ResNetSpec) -> InputShape:
    """Return one image of the size that a network was published for, or one of its stem."""
    entry = catalogue.entry_of(replace(spec, residual=True)) or catalogue.entry_of(spec)
    side = entry.size if entry else 32 if spec.stem is Stem.CIFAR else 224
    return InputShape(1, side, side)
