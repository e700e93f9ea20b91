"""The autograd graph from the command line: recorded, and drawn as the window draws it."""

import argparse
from typing import cast

from resnet_explorer.analysis import Analysis
from resnet_explorer.analysis.autograd import AutogradGraph
from resnet_explorer.analysis.highway import highway
from resnet_explorer.analysis.needs import needs
from resnet_explorer.drawing.graph.clusters import clusters
from resnet_explorer.drawing.graph.facts import facts
from resnet_explorer.drawing.graph.picture import GraphView, graph_picture
from resnet_explorer.drawing.marks import Picture
from resnet_explorer.drawing.view import View
from resnet_explorer.engine.pytorch import importing
from resnet_explorer.export.dot import to_dot
from resnet_explorer.spec.catalogue import title


def graph_of(analysis: Analysis) -> AutogradGraph:
    """Return the graph that PyTorch records of a network at its input."""
    with importing():
        from resnet_explorer.lab.autograd import record
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
