"""The autograd graph of a network in a notebook."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from resnet_explorer import files
from resnet_explorer.autograd.clusters import Recorded, facts
from resnet_explorer.autograd.graphviz import to_dot
from resnet_explorer.autograd.picture import GraphView, graph_picture
from resnet_explorer.autograd.reading import read
from resnet_explorer.autograd.values import AutogradGraph, RecordGraph
from resnet_explorer.picture.marks import Picture
from resnet_explorer.picture.svg import to_svg
from resnet_explorer.picture.theme import LIGHT, THEMES
from resnet_explorer.readings import Analysis
from resnet_explorer.readings.needs import needs
from resnet_explorer.spec.catalogue import title
from resnet_explorer.terminal.output import painter


@dataclass(frozen=True, eq=False)
class Autograd:
    """The graph that PyTorch's autograd records, read off the network; a notebook shows its drawing."""

    analysis: Analysis
    recorded: Recorded

    @classmethod
    def of(cls, analysis: Analysis, training: bool | None, loss: bool, saved: bool) -> "Autograd":
        """Return the graph of a network at an input, in the mode that the input allows where ``training`` is None."""
        trains = needs(analysis).failing is None if training is None else training
        request = RecordGraph(analysis.network.spec, analysis.input, loss=loss, training=trains, saved=saved)
        return cls(analysis, read(request))

    @property
    def graph(self) -> AutogradGraph:
        """Return its nodes and edges, in forward order."""
        return self.recorded.graph

    def picture(self, expand: Iterable[str] = ()) -> Picture:
        """Return the drawing as marks; ``expand`` opens blocks by their paths, or ``["all"]``."""
        opened = tuple(expand)
        view = GraphView.all_open(self.recorded.clusters) if "all" in opened else GraphView(frozenset(opened))
        network = self.analysis.network
        heading = f"Autograd graph of {title(network.spec)}", facts(self.recorded, network)
        return graph_picture(self.recorded, network, view, *heading).picture

    def to_dot(self) -> str:
        """Return the graph's source for Graphviz."""
        return to_dot(self.graph, f"Autograd graph of {title(self.analysis.network.spec)}")

    def save(self, path: str | Path, expand: Iterable[str] = (), *, theme: str = "light") -> None:
        """Write the drawing (.svg, .pdf, .png, .pgf) or the source for Graphviz (.dot, .gv)."""
        path = Path(path)
        if path.suffix.lower() in (".dot", ".gv"):
            files.write(path, self.to_dot())
        else:
            files.write(path, painter(path)(self.picture(expand), THEMES[theme]))

    def __repr__(self) -> str:
        spec, graph = self.analysis.network.spec, self.graph
        return f"Autograd graph of {title(spec)}: {len(graph.nodes):,} nodes, {len(graph.edges):,} edges"

    def _repr_svg_(self) -> str:
        return to_svg(self.picture(), LIGHT)
