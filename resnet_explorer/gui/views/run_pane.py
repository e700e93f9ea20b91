"""One picture of the runs: curves, schedules, blocks, or a heat map, as the list above it says."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from resnet_explorer.analysis.quantities import Quantity
from resnet_explorer.drawing.chart import Axis, Scale
from resnet_explorer.drawing.theme import Theme
from resnet_explorer.drawing.training import (
    BLOCKWISE,
    MEASURES,
    Measure,
    Options,
    Traced,
    TrainingCharts,
    block_plot,
    block_strips,
    heat,
    rates,
)
from resnet_explorer.gui.document import Document
from resnet_explorer.gui.views.canvas import Canvas
from resnet_explorer.gui.views.chart_view import ChartView
from resnet_explorer.gui.views.fields import QuietCombo
from resnet_explorer.gui.views.gradient_heat import HeatView

SEEDS = "seeds"
LIVE = (
    Quantity.OUTPUT,
    Quantity.INPUT,
    Quantity.WEIGHTS,
    Quantity.UPDATE,
    Quantity.ESTIMATE,
    Quantity.ACTIVATION,
    Quantity.WEIGHT_NORM,
    Quantity.SHARE,
)
"""The quantities that are offered of each block."""


class RunPane(QWidget):
    """Shows what the list says of some runs; ``changed`` tells that another picture is asked for."""

    changed = Signal()

    def __init__(self, document: Document, usual: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.chart, self.heat = ChartView(document), HeatView(document)
        self.list = QuietCombo()
        self._charts = TrainingCharts()
        self.stack = QStackedWidget()
        self.stack.addWidget(self.chart)
        self.stack.addWidget(self.heat)
        self.line = QHBoxLayout()
        self.line.setContentsMargins(12, 4, 12, 2)
        self.line.addWidget(self.list, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(self.line)
        column.addWidget(self.stack, 1)
        self._fill(usual)
        self.list.currentIndexChanged.connect(self._on_index)

    def _fill(self, usual: str) -> None:
        for measure in Measure:
            self._offer(MEASURES[measure].title, measure.value, f"{MEASURES[measure].title} {MEASURES[measure].of}")
        self._offer("Training loss: median and range over seeds", SEEDS, "Runs that differ in the seed alone, as one")
        self._offer("Learning rate: as planned", "planned", "The schedule of the recipe, and where each run is in it")
        self.list.insertSeparator(self.list.count())
        for quantity in LIVE:
            words = BLOCKWISE[quantity]
            self._offer(f"Blocks: {words.label[:1].lower()}{words.label[1:]}", f"blocks:{quantity}", words.teaches)
        self.list.insertSeparator(self.list.count())
        for quantity in LIVE:
            words = BLOCKWISE[quantity]
            tip = f"Blocks by steps, of the run that is selected. {words.teaches}"
            self._offer(f"Over the steps: {words.label[:1].lower()}{words.label[1:]}", f"heat:{quantity}", tip)
        self.list.setCurrentIndex(self.list.findData(usual))
        self.list.setMinimumWidth(220)
        self.list.setMaximumWidth(400)
        self.list.setAccessibleName("What is shown of the runs")
        self.list.setToolTip("What is shown of the runs")

    def _offer(self, words: str, key: str, tip: str) -> None:
        self.list.addItem(words, key)
        self.list.setItemData(self.list.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)

    @property
    def key(self) -> str:
        """Return what is shown."""
        return str(self.list.currentData())

    def choose(self, key: str) -> None:
        """Show something else."""
        self.list.setCurrentIndex(self.list.findData(key))

    @property
    def canvas(self) -> Canvas:
        """Return the picture."""
        return self.heat if self.stack.currentWidget() is self.heat else self.chart

    def show_theme(self, theme: Theme) -> None:
        """Paint in another theme."""
        self.chart.show_theme(theme)
        self.heat.show_theme(theme)

    def show_runs(self, shown: Sequence[Traced], options: Options, chosen: int = 0) -> None:
        """Show runs; ``chosen`` is the one whose heat map is shown."""
        kind, _, rest = self.key.partition(":")
        if kind == "heat":
            self._show_heat(shown, Quantity(rest), options, chosen)
            return
        self.stack.setCurrentWidget(self.chart)
        if kind == "blocks":
            words = BLOCKWISE[rest]
            axis = Axis(words.symbol, Scale.LOG if words.log else Scale.LINEAR)
            strips = block_strips(shown, rest) if self.height() > 420 else ()
            self.chart.show_chart(block_plot(shown, rest, options), strips, axis, "Each block coloured by its value")
        elif kind == "planned":
            self.chart.show_chart(rates(shown, options))
        elif kind == SEEDS:
            self.chart.show_chart(self._charts.seeds(shown, Measure.TRAIN_LOSS, options))
        else:
            self.chart.show_chart(self._charts.curves(shown, Measure(kind), options))

    def _show_heat(self, shown: Sequence[Traced], quantity: Quantity, options: Options, chosen: int) -> None:
        one = shown[min(chosen, len(shown) - 1)] if shown else None
        made = heat(one, quantity, options) if one else None
        if made is None:
            self.stack.setCurrentWidget(self.chart)
            self.chart.show_chart(block_plot(shown, quantity, options))
            return
        self.stack.setCurrentWidget(self.heat)
        self.heat.show_maps((made,), len(made.x) - 1)

    def _on_index(self) -> None:
        self.changed.emit()
