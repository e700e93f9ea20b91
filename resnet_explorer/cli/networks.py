"""From the words of a command to a network and its analysis."""

import os
from collections.abc import Sequence
from pathlib import Path

from resnet_explorer.analysis import Analysis, analyse
from resnet_explorer.blueprint import compile_spec
from resnet_explorer.errors import SpecError
from resnet_explorer.spec import InputShape, ResNetSpec, Stem, catalogue, codec
from resnet_explorer.spec.axes import assign
from resnet_explorer.spec.input_shape import parse_input


def find(net: str, settings: Sequence[str] = ()) -> ResNetSpec:
    """Return the network of a catalogue name or a spec file, with ``key=value`` settings applied."""
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
    """Return one image of the size that a network of this stem was published for."""
    side = 32 if spec.stem is Stem.CIFAR else 224
    return InputShape(1, side, side)


def analysis_of(net: str, settings: Sequence[str], image: str | None) -> Analysis:
    """Return the analysis of a network at an input such as ``1x3x224x224``, or at its default input."""
    spec = find(net, settings)
    return analyse(compile_spec(spec), default_input(spec) if image is None else parse_input(image, spec.in_channels))
