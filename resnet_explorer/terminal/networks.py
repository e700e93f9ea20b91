"""From the words of a command to the analysis of a network."""

from collections.abc import Sequence

from resnet_explorer.diagram.view import View, foldable, folded
from resnet_explorer.errors import SpecError, did_you_mean
from resnet_explorer.network import Network, compile_spec
from resnet_explorer.readings import Analysis, analyse
from resnet_explorer.spec.input_shape import parse_input
from resnet_explorer.spec.search import default_input, find_network


def analysis_of(net: str, settings: Sequence[str], image: str | None) -> Analysis:
    """Return the analysis of a network at an input such as ``1x3x224x224``, or at its default input."""
    spec = find_network(net, settings)
    return analyse(compile_spec(spec), default_input(spec) if image is None else parse_input(image, spec.in_channels))


def view_of(network: Network, expand: Sequence[str], unfold: bool, compare: bool) -> View:
    """Return the view with these paths open; ``all`` opens every block, a stage's path those that it shows.

    Raises SpecError, with the nearest path, where the network has no such part.
    """
    if "all" in expand:
        return View.all_open(network, unfold, compare)
    stages = frozenset(stage.path for stage in network.stages if unfold and foldable(stage))
    opened = (_blocks(network, path, View(unfolded=stages)) for path in expand)
    return View(frozenset[str]().union(*opened), stages, compare)


def _blocks(network: Network, path: str, view: View) -> set[str]:
    """Return the block that a path names or lies in, or those that a stage shows."""
    if not path or not network.has(path):
        raise _unknown_path(network, path)
    if block := network.block_at(path):
        return {block.path}
    stage = next(stage for stage in network.stages if stage.path == path)
    return {block.path for block in (stage.blocks[:2] if folded(stage, view) else stage.blocks)}


def _unknown_path(network: Network, path: str) -> SpecError:
    paths = [stage.path for stage in network.stages]
    paths += [path for block in network.blocks for path in (block.path, *block.layer_paths)]
    remedy = did_you_mean(path, paths, "The command 'describe' shows the paths.", cutoff=0.4)
    return SpecError("expand", f"{network.spec.name} has no part {path!r}.", remedy)
