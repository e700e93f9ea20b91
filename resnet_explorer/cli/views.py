"""From the words of a command to what of a diagram is open."""

from collections.abc import Sequence

from resnet_explorer.blueprint import Network
from resnet_explorer.drawing.view import View, foldable, folded
from resnet_explorer.errors import SpecError, did_you_mean


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
