"""The autograd graph from the command line: read off the tree, and drawn as the window draws it."""

import argparse

from resnet_explorer.autograd.clusters import Recorded, facts
from resnet_explorer.autograd.graphviz import to_dot
from resnet_explorer.autograd.picture import GraphView, graph_picture
from resnet_explorer.autograd.reading import read
from resnet_explorer.autograd.values import RecordGraph
from resnet_explorer.diagram.view import View
from resnet_explorer.picture.marks import Picture
from resnet_explorer.readings import Analysis
from resnet_explorer.readings.needs import needs
from resnet_explorer.spec.catalogue import title


def _recorded(analysis: Analysis) -> Recorded:
    return read(RecordGraph(analysis.network.spec, analysis.input, training=needs(analysis).failing is None))


def dot_of(analysis: Analysis) -> str:
    """Return the graph's source for Graphviz."""
    return to_dot(_recorded(analysis).graph, f"Autograd graph of {title(analysis.network.spec)}")


def graph_view(analysis: Analysis, view: View, options: argparse.Namespace) -> Picture:
    """Return the picture of a network's graph with the blocks open that a view has open."""
    recorded, network = _recorded(analysis), analysis.network
    shown = GraphView.all_open(recorded.clusters) if "all" in options.expand else GraphView(view.expanded)
    heading = f"Autograd graph of {title(network.spec)}", facts(recorded, network)
    return graph_picture(recorded, network, shown, *heading).picture
