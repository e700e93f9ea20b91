"""The panels around the diagram; imported and built right after the window's first paint."""

from collections.abc import Mapping
from dataclasses import dataclass

from PySide6.QtWidgets import QDockWidget, QWidget

from resnet_explorer.drawing.theme import Theme
from resnet_explorer.gui.document import Document
from resnet_explorer.gui.jobs import Jobs
from resnet_explorer.gui.session import Results
from resnet_explorer.gui.views.build_panel import BuildPanel
from resnet_explorer.gui.views.code_view import CodeView
from resnet_explorer.gui.views.gradient_page import GradientPage
from resnet_explorer.gui.views.graph_page import GraphPage
from resnet_explorer.gui.views.inspector import Inspector
from resnet_explorer.gui.views.jobs_panel import JobsPanel
from resnet_explorer.gui.views.layer_table import LayerTable
from resnet_explorer.gui.views.timing_page import TimingPage
from resnet_explorer.gui.views.training_page import TrainingPage
from resnet_explorer.gui.views.tuning_page import TuningPage
from resnet_explorer.gui.views.verdict_label import VerdictLabel


@dataclass(frozen=True, slots=True)
class Page:
    """A tab: its title, the sentence that explains it, and whether it is a lab, which takes all the room.

    Its ``widget`` has a ``canvas``: what fit, zoom, export and copy are about while it is looked at.
    """

    title: str
    tip: str
    widget: GraphPage | TimingPage | GradientPage | TrainingPage | TuningPage
    is_lab: bool = False


class Panels:
    """The views of one document in their docks, and the verdict that goes into the status bar."""

    def __init__(self, document: Document, docks: Mapping[str, QDockWidget], jobs: Jobs) -> None:
        self.build = BuildPanel(document)
        self.inspector = Inspector(document)
        self.table = LayerTable(document)
        self.code = CodeView(document)
        self.jobs = JobsPanel(jobs)
        self.graph = GraphPage(document, jobs)
        self.timing = TimingPage(document, jobs)
        self.gradients = GradientPage(document, jobs)
        self.training = TrainingPage(document, jobs)
        self.tuning = TuningPage(document, jobs)
        self.verdict = VerdictLabel(jobs)
        self.pages = (
            Page(
                "Autograd graph",
                "What PyTorch records of a forward pass, and how the gradient goes back through it",
                self.graph,
            ),
            Page("Timing", "How long each layer takes on this machine, and what it waits for", self.timing),
            Page("Gradients", "The gradient lab: residual against plain, block by block", self.gradients, is_lab=True),
            Page("Training", "The training lab: networks side by side, live", self.training, is_lab=True),
            Page(
                "Fine-tuning",
                "The fine-tuning lab: a network with weights on your own images",
                self.tuning,
                is_lab=True,
            ),
        )
        docks["Build"].setWidget(self.build)
        docks["Inspector"].setWidget(self.inspector)
        docks["Layers"].setWidget(self.table)
        docks["Code"].setWidget(self.code)
        docks["Jobs"].setWidget(self.jobs)
        docks["Code"].visibilityChanged.connect(self.code.watch)
        self.code.watch(not docks["Code"].visibleRegion().isEmpty())

    def page_of(self, widget: QWidget | None) -> Page | None:
        """Return the page that shows a widget; None for the diagram."""
        return next((page for page in self.pages if page.widget is widget), None)

    def show_results(self, results: Results) -> None:
        """Show new results in every panel."""
        self.build.show_results(results)
        self.inspector.show_results(results)
        self.table.show_results(results)
        self.code.show_results(results)
        for page in self.pages:
            page.widget.show_results(results)
        self.verdict.show_results(results)

    def show_theme(self, theme: Theme) -> None:
        """Show what the panels paint themselves in another theme."""
        self.inspector.show_theme(theme)
        self.table.show_theme(theme)
        self.code.show_theme(theme)
        for page in self.pages:
            page.widget.show_theme(theme)
