"""The command ``export``: a network's block diagram or autograd graph as a file."""

import argparse
from collections.abc import Sequence

from resnet_explorer import files
from resnet_explorer.autograd.command import dot_of, graph_view
from resnet_explorer.cli.networks import analysis_of, write_text
from resnet_explorer.diagram.diagram import diagram
from resnet_explorer.diagram.view import View, foldable, folded
from resnet_explorer.errors import SpecError, did_you_mean
from resnet_explorer.network import Network
from resnet_explorer.picture.theme import THEMES
from resnet_explorer.terminal.output import painter, say


def export(options: argparse.Namespace) -> int:
    """Draw a network into the file that the options name."""
    is_graph = options.view == "autograd"
    if is_graph and options.output.suffix.lower() in (".dot", ".gv"):
        write_text(options.output, dot_of(analysis_of(options.net, options.settings, options.input)))
        return 0
    paint = painter(options.output, options.text, options.scale)
    analysis = analysis_of(options.net, options.settings, options.input)
    view = _view(analysis.network, options.expand, options.unfold, options.compare)
    picture = graph_view(analysis, view, options) if is_graph else diagram(analysis, view)
    files.write(options.output, paint(picture, THEMES[options.theme]))
    say(f"{options.output}: {picture.width:,.0f} × {picture.height:,.0f} px\n")
    return 0


def _view(network: Network, expand: Sequence[str], unfold: bool, compare: bool) -> View:
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
        paths = [stage.path for stage in network.stages]
        paths += [path for block in network.blocks for path in (block.path, *block.layer_paths)]
        remedy = did_you_mean(path, paths, "The command 'describe' shows the paths.", cutoff=0.4)
        raise SpecError("expand", f"{network.spec.name} has no part {path!r}.", remedy)
    if block := network.block_at(path):
        return {block.path}
    stage = next(stage for stage in network.stages if stage.path == path)
    return {block.path for block in (stage.blocks[:2] if folded(stage, view) else stage.blocks)}
