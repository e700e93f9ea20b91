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
from resnet_explorer.spec.resnet_spec import ResNetSpec


def find(net: str, settings: Sequence[str] = ()) -> ResNetSpec:
    """Return the network of a catalogue name or a spec file, with ``key=value`` settings applied.

    Raises SpecError or SpecFileError where it is neither.
    """
    spec = _find(net)
    return catalogue.named(assign(spec, *settings)) if settings else spec


def _find(net: str) -> ResNetSpec:
    if net.lower().endswith(".json") or "/" in net or os.sep in net:
        return codec.read(Path(net))
    try:
        return catalogue.find(net)
    except SpecError:
        if os.path.isfile(net):
            return codec.read(Path(net))
        raise


def default_input(spec: ResNetSpec) -> InputShape:
    """Return one image of the size that a network was published for, or one of its stem."""
    entry = catalogue.entry_of(replace(spec, residual=True)) or catalogue.entry_of(spec)
    side = entry.size if entry else 32 if spec.stem is Stem.CIFAR else 224
    return InputShape(1, side, side)
