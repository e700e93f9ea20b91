"""The panels around the diagram; imported and built right after the window's first paint."""

from collections.abc import Mapping

from PySide6.QtWidgets import QDockWidget

from resnet_explorer.drawing.theme import Theme
from resnet_explorer.gui.document import Document
from resnet_explorer.gui.jobs import Jobs
from resnet_explorer.gui.session import Results
from resnet_explorer.gui.views.build_panel import BuildPanel
from resnet_explorer.gui.views.code_view import CodeView
from resnet_explorer.gui.views.inspector import Inspector
from resnet_explorer.gui.views.jobs_panel import JobsPanel
from resnet_explorer.gui.views.layer_table import LayerTable
from resnet_explorer.gui.views.verdict_label import VerdictLabel


class Panels:
    """The views of one document in their docks, and the verdict that goes into the status bar."""

    def __init__(self, document: Document, docks: Mapping[str, QDockWidget], jobs: Jobs) -> None:
        self.build = BuildPanel(document)
        self.inspector = Inspector(document)
        self.table = LayerTable(document)
        self.code = CodeView(document)
        self.jobs = JobsPanel(jobs)
        self.verdict = VerdictLabel(jobs)
        docks["Build"].setWidget(self.build)
        docks["Inspector"].setWidget(self.inspector)
        docks["Layers"].setWidget(self.table)
        docks["Code"].setWidget(self.code)
        docks["Jobs"].setWidget(self.jobs)
        docks["Code"].visibilityChanged.connect(self.code.watch)
        self.code.watch(not docks["Code"].visibleRegion().isEmpty())

    def show_results(self, results: Results) -> None:
        """Show new results in every panel."""
        self.build.show_results(results)
        self.inspector.show_results(results)
        self.table.show_results(results)
        self.code.show_results(results)
        self.verdict.show_results(results)

    def show_theme(self, theme: Theme) -> None:
        """Show what the panels paint themselves in another theme."""
        self.inspector.show_theme(theme)
        self.table.show_theme(theme)
        self.code.show_theme(theme)
