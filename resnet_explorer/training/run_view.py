"""One picture of the runs: curves, schedules, blocks, or a heat map, as the list above it says."""

from collections.abc import Sequence
from typing import Generic, TypeVar

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QWidget

from resnet_explorer.errors import ExplorerError
from resnet_explorer.picture.chart import Axis, Scale
from resnet_explorer.picture.theme import LIGHT, Theme
from resnet_explorer.readings.quantities import Quantity
from resnet_explorer.runs.plan import Run
from resnet_explorer.training.bars import CurveOptions
from resnet_explorer.training.block_charts import BLOCKWISE, block_plot, block_strips, heat, rates
from resnet_explorer.training.chart_data import MEASURES, Measure, Options, Traced, traced
from resnet_explorer.training.charts import TrainingCharts
from resnet_explorer.training.controller import LiveRun, TrainingController
from resnet_explorer.training.run_table import RunTable, run_rows
from resnet_explorer.ui.canvas import Canvas
from resnet_explorer.ui.chart_view import ChartView
from resnet_explorer.ui.document import Document
from resnet_explorer.ui.fields import ChoiceField
from resnet_explorer.ui.heat_view import HeatView
from resnet_explorer.ui.jobs import Jobs
from resnet_explorer.ui.parts import hbox, split, stack, timer, told, vbox
from resnet_explorer.ui.window import PageView, Window

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
        self.list = told(ChoiceField(), "What is shown of the runs", "What is shown of the runs")
        self._charts = TrainingCharts()
        self.stack = stack(self.chart, self.heat)
        self.line = hbox((self.list, 1), margins=(12, 4, 12, 2))
        vbox(self.line, (self.stack, 1), of=self, spacing=0)
        self._fill()
        self.choose(usual)
        self.list.currentIndexChanged.connect(self.changed)

    def _fill(self) -> None:
        for measure in Measure:
            self.list.add(MEASURES[measure].title, measure.value, f"{MEASURES[measure].title} {MEASURES[measure].of}")
        self.list.add("Training loss: median and range over seeds", SEEDS, "Runs that differ in the seed alone, as one")
        self.list.add("Learning rate: as planned", "planned", "The schedule of the recipe, and where each run is in it")
        self.list.insertSeparator(self.list.count())
        for quantity in LIVE:
            words = BLOCKWISE[quantity]
            self.list.add(f"Blocks: {words.label[:1].lower()}{words.label[1:]}", f"blocks:{quantity}", words.teaches)
        self.list.insertSeparator(self.list.count())
        for quantity in LIVE:
            words = BLOCKWISE[quantity]
            tip = f"Blocks by steps, of the run that is selected. {words.teaches}"
            self.list.add(f"Over the steps: {words.label[:1].lower()}{words.label[1:]}", f"heat:{quantity}", tip)
        self.list.setMinimumWidth(220)
        self.list.setMaximumWidth(400)

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


class RunPictures(QObject):
    """Two pictures of some runs, one over the other, and the runs' table; ``changed`` tells that they change."""

    changed = Signal()

    def __init__(self, document: Document, sizes: tuple[int, int], stretch: int = 0) -> None:
        super().__init__()
        self.options, self.table = CurveOptions(), RunTable()
        self.first, self.second = RunPane(document, Measure.TRAIN_LOSS), RunPane(document, Measure.TEST_ERROR)
        for pane in (self.first, self.second):
            pane.line.addStretch(stretch)
            pane.changed.connect(self.changed)
        self.first.line.addWidget(self.options)
        self.panes = split(Qt.Orientation.Vertical, sizes, self.first, self.second)
        self.options.changed.connect(self.changed)
        self.table.toggled_row.connect(self.changed)

    @property
    def canvas(self) -> Canvas:
        """Return the picture that is looked at: the one with the focus, else the upper one."""
        return self.second.canvas if self.second.canvas.hasFocus() else self.first.canvas

    def show_theme(self, theme: Theme) -> None:
        """Paint in another theme."""
        for part in (self.first, self.second, self.table):
            part.show_theme(theme)

    def traced(self, runs: Sequence[Run]) -> tuple[Traced, ...]:
        """Return runs with their looks; hidden ones are marked."""
        return traced(runs, frozenset(f"run{place + 1}" for place in self.table.hidden))

    def show_runs(self, runs: Sequence[Run], live: Sequence[LiveRun], replayed: bool = False) -> tuple[Traced, ...]:
        """Show runs as they are now, and return them with their looks."""
        shown = self.traced(runs)
        self.table.show_runs(run_rows(shown, live))
        options = self.options.options(replayed)
        for pane in (self.first, self.second):
            pane.show_runs(shown, options, self.table.place)
        return shown


REDRAW_MS = 150
"""How long new steps may wait until they are drawn."""
T = TypeVar("T", bound=TrainingController)


class RunsPage(PageView, Generic[T]):
    """A lab that trains; ``said`` gives a sentence for the status bar."""

    said = Signal(str)

    def __init__(self, document: Document, jobs: Jobs, trainer: T, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document, self._jobs, self._theme, self.trainer = document, jobs, LIGHT, trainer
        trainer.setParent(self)
        self._redraw = timer(self, REDRAW_MS, self.draw, once=True)

    def attach(self, window: Window) -> None:
        self.said.connect(window.say)

    @property
    def shown(self) -> tuple[Traced, ...]:
        """Return the runs with their looks."""
        raise NotImplementedError

    def draw(self) -> None:
        """Draw the runs as they are now."""
        raise NotImplementedError

    def draw_soon(self) -> None:
        """Draw when the steps that come at the same time are there."""
        if not self._redraw.isActive():
            self._redraw.start()

    def rename(self, place: int, name: str) -> bool:
        """Give a run of now another name; where that cannot be say why, and return False."""
        if place >= len(self.trainer.runs) or name == self.shown[place].name:
            return False
        try:
            self.trainer.rename(place, name)
        except ExplorerError as error:
            self.said.emit(str(error))
            return False
        return True
