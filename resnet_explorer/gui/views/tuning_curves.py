"""The curves of fine-tunings with their list, and the ones that are kept from before."""

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QSplitter, QVBoxLayout, QWidget

from resnet_explorer.analysis.training import Run
from resnet_explorer.drawing.theme import Theme
from resnet_explorer.drawing.training import Measure, Traced, traced
from resnet_explorer.gui.document import Document
from resnet_explorer.gui.trainer import LiveRun
from resnet_explorer.gui.views.canvas import Canvas
from resnet_explorer.gui.views.fields import QuietCombo
from resnet_explorer.gui.views.run_pane import RunPane
from resnet_explorer.gui.views.run_table import RunTable
from resnet_explorer.gui.views.run_words import rows
from resnet_explorer.gui.views.training_bar import CurveOptions
from resnet_explorer.gui.views.tuning_runs import kept


class CurvesPane(QWidget):
    """Two pictures of the runs over their list.

    ``changed`` tells that they are to be drawn otherwise, ``kept_wanted`` gives the folder of a kept run.
    """

    changed = Signal()
    kept_wanted = Signal(object)

    def __init__(self, document: Document, root: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._root = root
        self.options, self.table, self.kept = CurveOptions(), RunTable(), QuietCombo()
        self.first = RunPane(document, Measure.TRAIN_LOSS)
        self.second = RunPane(document, Measure.TEST_ERROR)
        self._arrange()
        for pane in (self.first, self.second):
            pane.changed.connect(self.changed)
        self.options.changed.connect(self.changed)
        self.table.toggled_row.connect(self.changed)
        self.kept.activated.connect(self._on_kept)

    def _arrange(self) -> None:
        for pane, last in ((self.first, self.options), (self.second, self.kept)):
            pane.line.addStretch(1)
            pane.line.addWidget(last)
        self.kept.setMinimumContentsLength(22)
        self.kept.setAccessibleName("Kept fine-tunings")
        self.kept.setToolTip("Show a fine-tuning that was made before: it can be judged, taken away, and continued")
        panes = QSplitter(Qt.Orientation.Vertical)
        panes.addWidget(self.first)
        panes.addWidget(self.second)
        panes.setSizes([300, 300])
        panes.setChildrenCollapsible(False)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(panes, 1)
        column.addWidget(self.table)

    @property
    def canvas(self) -> Canvas:
        """Return the picture that is looked at: the one with the focus, else the upper one."""
        return self.second.canvas if self.second.canvas.hasFocus() else self.first.canvas

    def show_theme(self, theme: Theme) -> None:
        """Paint in another theme."""
        for part in (self.first, self.second, self.table):
            part.show_theme(theme)

    def traced(self, runs: tuple[Run, ...]) -> tuple[Traced, ...]:
        """Return runs with their looks; hidden ones are marked."""
        return traced(runs, frozenset(f"run{row + 1}" for row in self.table.hidden))

    def show_runs(self, runs: tuple[Run, ...], live: list[LiveRun]) -> None:
        """Show runs as they are now."""
        shown = self.traced(runs)
        self.table.show_rows(rows(shown, live))
        options = self.options.options(False)
        for pane in (self.first, self.second):
            pane.show_runs(shown, options, self.table.chosen)

    def list_kept(self) -> None:
        """List the fine-tunings that are kept."""
        self.kept.clear()
        self.kept.addItem("Kept fine-tunings…")
        for one in kept(self._root):
            self.kept.addItem(f"{one.name}, {one.setting.began[:16].replace('T', ' ')}", one.path)
            self.kept.setItemData(self.kept.count() - 1, str(one.path), Qt.ItemDataRole.ToolTipRole)
        self.kept.setEnabled(self.kept.count() > 1)

    def _on_kept(self, index: int) -> None:
        if self.kept.itemData(index) is not None:
            self.kept_wanted.emit(self.kept.itemData(index))
