"""The panels around the diagram; imported and built right after the window's first paint."""

from PySide6.QtWidgets import QDockWidget

from resnet_explorer.drawing.theme import Theme
from resnet_explorer.gui.document import Document
from resnet_explorer.gui.session import Results
from resnet_explorer.gui.views.build_panel import BuildPanel
from resnet_explorer.gui.views.inspector import Inspector
from resnet_explorer.gui.views.layer_table import LayerTable


class Panels:
    """The views of one document in their docks: Build, Inspector and Layers."""

    def __init__(self, document: Document, docks: tuple[QDockWidget, QDockWidget, QDockWidget]) -> None:
        self.build = BuildPanel(document)
        self.inspector = Inspector(document)
        self.table = LayerTable(document)
        for dock, view in zip(docks, (self.build, self.inspector, self.table), strict=True):
            dock.setWidget(view)

    def show_results(self, results: Results) -> None:
        """Show new results in every panel."""
        self.build.show_results(results)
        self.inspector.show_results(results)
        self.table.show_results(results)

    def show_theme(self, theme: Theme) -> None:
        """Show what the panels paint themselves in another theme."""
        self.inspector.show_theme(theme)
        self.table.show_theme(theme)
