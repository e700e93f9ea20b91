"""The autograd graph from the command line: recorded, and drawn as the window draws it."""

import argparse
from typing import cast

from resnet_explorer.autograd.clusters import clusters, facts
from resnet_explorer.autograd.files import to_dot
from resnet_explorer.autograd.picture import GraphView, graph_picture
from resnet_explorer.autograd.values import AutogradGraph, highway
from resnet_explorer.diagram.view import View
from resnet_explorer.engine.pytorch import importing
from resnet_explorer.picture.marks import Picture
from resnet_explorer.readings import Analysis
from resnet_explorer.readings.needs import needs
from resnet_explorer.spec.catalogue import title


def graph_of(analysis: Analysis) -> AutogradGraph:
    """Return the graph that PyTorch records of a network at its input."""
    with importing():
        from resnet_explorer.autograd.lab import record
    *_, graph = record(analysis.network.spec, analysis.input, training=needs(analysis).failing is None)
    return cast(AutogradGraph, graph)


def dot_of(analysis: Analysis) -> str:
    """Return the graph's source for Graphviz."""
    return to_dot(graph_of(analysis), f"Autograd graph of {title(analysis.network.spec)}")


def graph_view(analysis: Analysis, view: View, options: argparse.Namespace) -> Picture:
    """Return the picture of a network's graph with the blocks open that a view has open."""
    network = analysis.network
    graph = graph_of(analysis)
    way = highway(graph)
    parts = clusters(graph, network)
    shown = GraphView.all_open(parts) if "all" in options.expand else GraphView(view.expanded)
    words = f"Autograd graph of {title(network.spec)}"
    return graph_picture(graph, network, parts, shown, way.way, words, facts(graph, way, network)).picture
