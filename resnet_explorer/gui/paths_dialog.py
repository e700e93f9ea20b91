"""How long the paths through the network are, beside its graph."""

from PySide6.QtWidgets import QDialog, QVBoxLayout, QWidget

from resnet_explorer.analysis.highway import path_lengths
from resnet_explorer.drawing.path_chart import path_chart
from resnet_explorer.drawing.theme import Theme
from resnet_explorer.gui.document import Document
from resnet_explorer.gui.session import Results
from resnet_explorer.gui.views.chart_view import ChartView
from resnet_explorer.spec.catalogue import title


class PathsDialog(QDialog):
    """Shows the chart of a network's paths; it follows the window."""

    def __init__(self, document: Document, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Paths through the network")
        self.view = ChartView(document)
        self.view.show_theme(theme)
        column = QVBoxLayout(self)
        column.addWidget(self.view)
        self.resize(760, 460)

    def show_results(self, results: Results) -> None:
        """Show the paths of a network."""
        self.view.show_chart(path_chart(path_lengths(results.analysis.network), title(results.state.spec)))
