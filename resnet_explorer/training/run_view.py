"""What pages that train share: plots of the runs, and the table of runs."""

from collections.abc import Generator, Iterator, Sequence, Set
from typing import Any

from PySide6.QtCore import QModelIndex, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QPainter, QPen, QPixmap, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QAbstractItemView, QStackedWidget, QTreeWidget, QTreeWidgetItem, QWidget

from resnet_explorer.picture.chart import Axis, Scale, SeriesStyle
from resnet_explorer.picture.marks import Dash
from resnet_explorer.picture.theme import LIGHT, Theme
from resnet_explorer.readings.progress import duration
from resnet_explorer.readings.quantities import Quantity
from resnet_explorer.readings.text import LAST_STEPS, last_steps, percent
from resnet_explorer.runs.plan import Run, RunStatistics
from resnet_explorer.training.bars import CurveOptions
from resnet_explorer.training.block_charts import BLOCKWISE, block_plot, block_strips, heat, rates
from resnet_explorer.training.chart_data import MEASURES, Options, Traced, traced
from resnet_explorer.training.charts import TrainingCharts
from resnet_explorer.training.controller import LiveRun
from resnet_explorer.training.part import LIVE, PLANNED, SEEDS, Measure
from resnet_explorer.training.text import test_error
from resnet_explorer.ui.canvas import Canvas
from resnet_explorer.ui.chart_view import HeatView
from resnet_explorer.ui.document import Document
from resnet_explorer.ui.fields import ChoiceField
from resnet_explorer.ui.live_chart import LiveChartView
from resnet_explorer.ui.parts import describe, hbox
from resnet_explorer.ui.style import USUAL_POINTS
from resnet_explorer.ui.tables import TextRow, TextTable

COLUMNS = (
    ("Network", "A click on the box hides or shows its curves; F2 gives it another name"),
    ("Step", "Steps made, of the steps of the recipe"),
    ("Train loss", "Training loss: mean over the last 20 steps, or over all of a run that has made fewer"),
    ("Train error", "Training error: fraction of images misclassified, mean over the same steps as the loss"),
    ("Test error", "Fraction of the test images misclassified; of the validation images, if a fine-tuning has some"),
    ("Steps/s", "Recent steps per second"),
    ("State", "Status"),
)
_PENS = {
    Dash.SOLID: Qt.PenStyle.SolidLine,
    Dash.DASHED: Qt.PenStyle.DashLine,
    Dash.DOTTED: Qt.PenStyle.DotLine,
    Dash.DASH_DOT: Qt.PenStyle.DashDotLine,
}


class RunTable(TextTable):
    """A row for each run; ``toggled_row`` is emitted when a curve is hidden or shown, ``renamed`` with row and name.

    ``grown`` gives the height in pixels at the usual text size that all rows take.
    """

    toggled_row = Signal()
    grown = Signal(int)
    renamed = Signal(int, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Runs", COLUMNS, range(1, len(COLUMNS) - 1), parent=parent)
        self._theme: Theme = LIGHT
        self._looks: list[SeriesStyle] = []
        self._widest: list[int] = []
        self.setEditTriggers(QAbstractItemView.EditTrigger.EditKeyPressed)
        self.setIconSize(QSize(34, 12))
        self.setFrameShape(QTreeWidget.Shape.NoFrame)
        self.itemChanged.connect(self._on_item_changed)

    @property
    def hidden(self) -> frozenset[int]:
        """Return the rows whose curves are hidden."""
        checked = [item.checkState(0) == Qt.CheckState.Checked for item in self._items]
        return frozenset(row for row, is_checked in enumerate(checked) if not is_checked)

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of the runs, row by row."""
        return tuple(item.text(0) for item in self._items)

    def others(self, names: Sequence[str]) -> frozenset[int]:
        """Return the rows of other runs than those of some names; none where no run has such a name."""
        others = frozenset(row for row, name in enumerate(self.names) if name not in names)
        return others if len(others) < len(self._items) else frozenset()

    def hide_rows(self, hidden: Set[int]) -> None:
        """Hide the curves of some rows and show all others, without a signal."""
        with QSignalBlocker(self):
            for row, item in enumerate(self._items):
                item.setCheckState(0, Qt.CheckState.Unchecked if row in hidden else Qt.CheckState.Checked)

    def row_of(self, name: str) -> int:
        """Return the row of a run; the first where there is none of that name."""
        return self.names.index(name) if name in self.names else 0

    def select_run(self, name: str) -> None:
        """Select a run without a signal; none where there is none of that name."""
        with QSignalBlocker(self):
            self.setCurrentIndex(
                self.indexFromItem(self._items[self.row_of(name)]) if name in self.names else QModelIndex()
            )

    @property
    def place(self) -> int:
        """Return the selected row, or the first."""
        current = self.currentItem()
        return self._items.index(current) if current in self._items else 0

    def show_theme(self, theme: Theme) -> None:
        self._theme = theme
        with QSignalBlocker(self):  # an icon is no other name
            for item, look in zip(self._items, self._looks, strict=True):
                item.setIcon(0, self._icon(look))
        self._fit()

    def show_runs(self, shown: Sequence[Traced], live: Sequence[LiveRun]) -> None:
        """Show runs; hidden ones stay hidden. ``live`` are the same runs where they are trained here, else none."""
        rows = [_row(trace, live[place] if place < len(live) else None) for place, trace in enumerate(shown)]
        grown = len(rows) != len(self._items)
        self.show_rows(rows)
        with QSignalBlocker(self):
            for place, (item, trace) in enumerate(zip(self._items, shown, strict=True)):
                if place >= len(self._looks) or self._looks[place] != trace.look or item.icon(0).isNull():
                    item.setIcon(0, self._icon(trace.look))
        self._looks = [trace.look for trace in shown]
        widest = [max((len(row.texts[column]) for row in rows), default=0) for column in range(len(COLUMNS) - 1)]
        if grown or widest != self._widest:
            self._widest = widest
            self._fit()

    def _fit(self) -> None:
        self.fit_columns(14, 64)
        rows = len(self._items) * max(self.sizeHintForRow(0), self.fontMetrics().height() + 4)
        scrolling = self.horizontalScrollBar().sizeHint().height()
        high = self.header().sizeHint().height() + rows + scrolling
        self.grown.emit(round(high * USUAL_POINTS / self.font().pointSizeF()))

    def make_item(self) -> QTreeWidgetItem:
        item = super().make_item()
        item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable | Qt.ItemFlag.ItemIsEditable)
        item.setCheckState(0, Qt.CheckState.Checked)
        return item

    def _icon(self, look: SeriesStyle) -> QIcon:
        pixmap = QPixmap(self.iconSize() * 2)
        pixmap.setDevicePixelRatio(2)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(self._theme.colours[look.ink]), 2.4, _PENS[look.dash]))
        painter.drawLine(1, 6, 33, 6)
        painter.end()
        return QIcon(pixmap)

    def _on_item_changed(self, item: QTreeWidgetItem, column: int) -> None:
        if column == 0:
            self.renamed.emit(self.indexOfTopLevelItem(item), item.text(0).strip())
            self.toggled_row.emit()


NONE = "–"


def _row(trace: Traced, live: LiveRun | None) -> TextRow:
    run, last = trace.run, trace.run.last
    now, error = RunStatistics(run.metrics, run.plan.recipe.steps), test_error(run)
    texts = (
        trace.name,
        f"{len(run.metrics):,} / {run.plan.recipe.steps:,}",
        NONE if last is None else f"{run.final_loss(LAST_STEPS):.3f}",
        NONE if now.error is None else percent(now.error),
        NONE if error is None else f"{error:.1f} %",
        NONE if now.per_second is None else f"{now.per_second:.1f}",
        _state(run, live),
    )
    tip = run.problem or (f"In {run.folder}" if run.folder and last else trace.name)
    mean = f"Mean of {last_steps([len(run.metrics)])}" if last else ""
    return TextRow("", texts, tips=(tip, "", mean, mean, "", "", texts[-1]))


def _state(run: Run, live: LiveRun | None) -> str:
    if live is None:
        return ("finished" if run.is_finished else run.problem or "stopped") if run.metrics else "not begun"
    if live.problem:
        return live.problem
    left = live.statistics.seconds_left
    return f"{live.status}, about {duration(left)} left" if live.status == "running" and left else str(live.status)


_KINDS = (("blocks", "Blocks", ""), ("heat", "Over the steps", "Blocks by steps, for the selected run. "))


class RunPane(QStackedWidget):
    """Plots some runs as chosen in ``list``: curves, schedules, blocks or a heat map; ``changed``: another choice.

    ``appeared``: it is seen, and runs were not drawn while it was not.
    """

    changed = Signal()
    appeared = Signal()
    _is_old = False

    def __init__(self, document: Document, usual: str, name: str) -> None:
        super().__init__()
        self.chart, self.heat = LiveChartView(document), HeatView(document)
        self.list = describe(ChoiceField(), name, "What to plot of the runs")
        self._charts = TrainingCharts()
        for canvas in (self.chart, self.heat):
            self.addWidget(canvas)
        self._fill()
        self.list.currentIndexChanged.connect(self._on_chosen)
        self.choose(usual)

    def _fill(self) -> None:
        for measure in Measure:
            self.list.add(MEASURES[measure].title, measure.value, f"{MEASURES[measure].title} {MEASURES[measure].of}")
        tip = "Runs that differ only in their seed, as one curve"
        self.list.add("Training loss: median and range over seeds", SEEDS, tip)
        tip = "The schedule of the recipe, and the position of each run in it"
        self.list.add("Planned learning rate", PLANNED, tip)
        for kind, title, tip in _KINDS:
            self.list.insertSeparator(self.list.count())
            for quantity in LIVE:
                labels = BLOCKWISE[quantity]
                text = f"{title}: {labels.label[:1].lower()}{labels.label[1:]}"
                self.list.add(text, f"{kind}:{quantity}", f"{tip}{labels.teaches}")
        self.list.view().setMinimumWidth(self.list.view().sizeHintForColumn(0) + 30)

    def _on_chosen(self) -> None:
        """Give the list the width of what it shows."""
        self.list.setMinimumContentsLength(max(10, round(0.9 * len(self.list.currentText()))))
        self.changed.emit()

    @property
    def key(self) -> str:
        return str(self.list.currentData())

    def choose(self, key: str) -> None:
        self.list.setCurrentIndex(self.list.findData(key))

    def show_key(self, key: str) -> None:
        """Choose without a signal."""
        with QSignalBlocker(self):
            self.choose(key)

    @property
    def canvas(self) -> Canvas:
        return self.heat if self.currentWidget() is self.heat else self.chart

    def show_theme(self, theme: Theme) -> None:
        self.chart.show_theme(theme)
        self.heat.show_theme(theme)

    def show_runs(self, shown: Sequence[Traced], options: Options, chosen: int = 0) -> None:
        """Show runs; ``chosen`` is the one whose heat map is shown."""
        self._is_old = False
        if not self._is_heat(shown, options, chosen):
            self.chart.show_chart(*self._drawing(shown, options))

    def showing_runs(self, shown: Sequence[Traced], options: Options, chosen: int = 0) -> Iterator[None]:
        """Show runs as ``show_runs`` does, in pieces; what is not seen waits until it is."""
        self._is_old = not self.isVisible()
        if not self._is_old and not self._is_heat(shown, options, chosen):
            drawing = self._drawing(shown, options)
            yield
            yield from self.chart.showing(*drawing)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._is_old:
            self._is_old = False
            self.appeared.emit()

    def _is_heat(self, shown: Sequence[Traced], options: Options, chosen: int) -> bool:
        """Show the heat map where one is chosen, and return whether that is all to be shown."""
        kind, _, rest = self.key.partition(":")
        made = heat(shown[min(chosen, len(shown) - 1)], Quantity(rest), options) if kind == "heat" and shown else None
        self.setCurrentWidget(self.chart if made is None else self.heat)
        if made is not None:
            self.heat.show_maps((made,), len(made.x) - 1)
        return made is not None

    def _drawing(self, shown: Sequence[Traced], options: Options) -> tuple[Any, ...]:
        """Return what the chart is given to show."""
        kind, _, rest = self.key.partition(":")
        if kind == "blocks":
            labels = BLOCKWISE[rest]
            axis = Axis(labels.symbol, Scale.LOG if labels.log else Scale.LINEAR)
            strips = block_strips(shown, rest) if self.height() > 420 else ()
            return block_plot(shown, rest, options), strips, axis, "Each block coloured by its value"
        if kind == "heat":
            return (block_plot(shown, Quantity(rest), options),)
        if kind == PLANNED:
            return (rates(shown, options),)
        if kind == SEEDS:
            return (self._charts.seeds(shown, Measure.TRAIN_LOSS, options),)
        return (self._charts.curves(shown, Measure(kind), options),)


WIDE = 620
"""Width in pixels at the usual text size from which two plots stand side by side, each of them."""


class RunPictures(QWidget):
    """Plots of some runs, and the table of runs; ``changed``: another choice.

    A second plot stands beside the first one where both have room. ``tools`` choose what is plotted; ``appeared``: one
    is seen, and runs were not drawn while it was not.
    """

    changed = Signal()
    appeared = Signal()

    def __init__(self, document: Document) -> None:
        super().__init__()
        self.options, self.table = CurveOptions(), RunTable()
        self.first = RunPane(document, Measure.TRAIN_LOSS, "Plot")
        self.second = RunPane(document, Measure.TEST_ERROR, "Second plot")
        self.second.setParent(self)
        self.second.hide()
        for pane in (self.first, self.second):
            pane.changed.connect(self.changed)
            pane.appeared.connect(self.appeared)
        hbox((self.first, 1), (self.second, 1), of=self, spacing=0)
        self.options.changed.connect(self.changed)
        self.table.toggled_row.connect(self.changed)

    @property
    def tools(self) -> tuple[QWidget, ...]:
        return self.first.list, self.second.list, self.options

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Show the second plot only where both are wide enough."""
        super().resizeEvent(event)
        both = self.width() >= 2 * WIDE * self.font().pointSizeF() / USUAL_POINTS
        self.second.setVisible(both)
        if self.second.list.parent():
            self.second.list.setVisible(both)

    @property
    def canvas(self) -> Canvas:
        """Return the picture with the focus, else the upper one."""
        is_second = self.second.isVisible() and self.second.canvas.hasFocus()
        return self.second.canvas if is_second else self.first.canvas

    def show_theme(self, theme: Theme) -> None:
        for part in (self.first, self.second, self.table):
            part.show_theme(theme)

    def traced(self, runs: Sequence[Run]) -> tuple[Traced, ...]:
        """Return runs with their line styles; hidden ones are marked."""
        return traced(runs, frozenset(f"run{place + 1}" for place in self.table.hidden))

    def show_runs(self, runs: Sequence[Run], live: Sequence[LiveRun], replayed: bool = False) -> tuple[Traced, ...]:
        """Show runs as they are now, and return them with their line styles."""
        shown = self.traced(runs)
        self.table.show_runs(shown, live)
        options = self.options.options(replayed)
        for pane in (self.first, self.second):
            pane.show_runs(shown, options, self.table.place)
        return shown

    def showing_runs(
        self, runs: Sequence[Run], live: Sequence[LiveRun], replayed: bool = False
    ) -> Generator[None, None, tuple[Traced, ...]]:
        """Show runs as ``show_runs`` does, in pieces; of the plots only what is seen."""
        shown = self.traced(runs)
        self.table.show_runs(shown, live)
        yield
        options = self.options.options(replayed)
        for pane in (self.first, self.second):
            yield from pane.showing_runs(shown, options, self.table.place)
        return shown
