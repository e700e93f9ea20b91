"""From the words of a command to the analysis of a network."""

from collections.abc import Sequence

from resnet_explorer.analysis import Analysis, analyse
from resnet_explorer.blueprint import compile_spec
from resnet_explorer.spec.input_shape import parse_input
from resnet_explorer.spec.lookup import default_input, find


def analysis_of(net: str, settings: Sequence[str], image: str | None) -> Analysis:
    """Return the analysis of a network at an input such as ``1x3x224x224``, or at its default input."""
    spec = find(net, settings)
    return analyse(compile_spec(spec), default_input(spec) if image is None else parse_input(image, spec.in_channels))
