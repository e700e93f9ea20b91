"""The table of runs: curve, steps, figures and state of each."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QPainter, QPen, QPixmap
from PySide6.QtWidgets import QAbstractItemView, QTreeWidget, QTreeWidgetItem, QWidget

from resnet_explorer.picture.chart import Look
from resnet_explorer.picture.marks import Dash
from resnet_explorer.picture.theme import LIGHT, Theme
from resnet_explorer.readings.progress import duration
from resnet_explorer.readings.text import LAST_STEPS, last_steps, percent
from resnet_explorer.runs.plan import Run, RunStatistics
from resnet_explorer.training.chart_data import Traced
from resnet_explorer.training.controller import LiveRun
from resnet_explorer.ui.tables import TextRow, TextTable

COLUMNS = (
    ("Network", "A click on the box hides or shows its curves; F2 gives it another name"),
    ("Step", "Steps made, of those that the recipe asks for"),
    ("Train loss", "Training loss: mean over the last 20 steps, or over all of a run that has made fewer"),
    ("Train error", "Training error: fraction of images misclassified, mean over the same steps as the loss"),
    (
        "Test error",
        "Fraction of the test images misclassified; of the validation images, where a fine-tuning has some",
    ),
    ("Steps/s", "Steps in a second, of late"),
    ("State", "What it does now"),
)
AVERAGED = (2, 3)
"""The columns that are means over the last steps."""
_PENS = {
    Dash.SOLID: Qt.PenStyle.SolidLine,
    Dash.DASHED: Qt.PenStyle.DashLine,
    Dash.DOTTED: Qt.PenStyle.DotLine,
    Dash.DASH_DOT: Qt.PenStyle.DashDotLine,
}


@dataclass(frozen=True, slots=True)
class RunRow:
    """A run in words, ready to be shown; ``mean`` says over which steps its training loss and error are averaged."""

    look: Look
    texts: tuple[str, ...]
    tip: str = ""
    mean: str = ""


class RunTable(TextTable):
    """``hidden`` holds the numbers of the rows that are not drawn; ``toggled_row`` tells that it has changed.

    ``renamed`` gives a row and its new name.
    """

    toggled_row = Signal()
    renamed = Signal(int, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Runs that are shown", COLUMNS, range(1, len(COLUMNS) - 1), parent=parent)
        self._theme: Theme = LIGHT
        self._looks: list[Look] = []
        self._widest: list[int] = []
        self.setEditTriggers(QAbstractItemView.EditTrigger.EditKeyPressed)
        self.setIconSize(QSize(34, 12))
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFrameShape(QTreeWidget.Shape.NoFrame)
        self.itemChanged.connect(self._on_item_changed)

    @property
    def hidden(self) -> frozenset[int]:
        """Return the rows whose curves are hidden."""
        checked = [item.checkState(0) == Qt.CheckState.Checked for item in self._items]
        return frozenset(row for row, is_checked in enumerate(checked) if not is_checked)

    @property
    def place(self) -> int:
        """Return the row that is selected, the first where none is."""
        current = self.currentItem()
        return self._items.index(current) if current in self._items else 0

    def show_theme(self, theme: Theme) -> None:
        """Paint the lines' looks in another theme."""
        self._theme = theme
        for item, look in zip(self._items, self._looks, strict=True):
            item.setIcon(0, self._icon(look))
        self._fit()

    def show_runs(self, runs: Sequence[RunRow]) -> None:
        """Show runs; which of them are hidden stays as it was."""
        grown = len(runs) != len(self._items)
        self.show_rows([_text_row(run) for run in runs])
        with QSignalBlocker(self):
            for place, (item, run) in enumerate(zip(self._items, runs, strict=True)):
                if place >= len(self._looks) or self._looks[place] != run.look or item.icon(0).isNull():
                    item.setIcon(0, self._icon(run.look))
        self._looks = [run.look for run in runs]
        widest = [max((len(run.texts[column]) for run in runs), default=0) for column in range(len(COLUMNS) - 1)]
        if grown or widest != self._widest:
            self._widest = widest
            self._fit()

    def _fit(self) -> None:
        self.fit_columns(20, 64)
        self.fit_height()

    def make_item(self) -> QTreeWidgetItem:
        item = super().make_item()
        item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable | Qt.ItemFlag.ItemIsEditable)
        item.setCheckState(0, Qt.CheckState.Checked)
        return item

    def _icon(self, look: Look) -> QIcon:
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


def _text_row(run: RunRow) -> TextRow:
    tips = [run.tip, *[""] * (len(COLUMNS) - 2), run.texts[-1]]
    for column in AVERAGED:
        tips[column] = run.mean
    return TextRow("", run.texts, tips=tuple(tips))


def run_rows(shown: Sequence[Traced], live: Sequence[LiveRun]) -> list[RunRow]:
    """Return a row for each run; ``live`` are the same runs where they are trained here, else none."""
    return [_row(one, live[index] if index < len(live) else None) for index, one in enumerate(shown)]


def _row(one: Traced, live: LiveRun | None) -> RunRow:
    run, last = one.run, one.run.last
    steps = f"{len(run.metrics):,} / {run.plan.recipe.steps:,}"
    now = RunStatistics(run.metrics, run.plan.recipe.steps)
    tested = next((one.test_accuracy for one in reversed(run.metrics) if one.test_accuracy is not None), None)
    figures = (
        NONE if last is None else f"{run.final_loss(LAST_STEPS):.3f}",
        NONE if now.error is None else percent(now.error),
        NONE if tested is None else percent(1 - tested),
        NONE if now.per_second is None else f"{now.per_second:.1f}",
    )
    texts = (one.name, steps, *figures, _state(run, live))
    tip = run.problem or (f"In {run.folder}" if run.folder and last else one.name)
    return RunRow(one.look, texts, tip, f"Mean of {last_steps([len(run.metrics)])}" if last else "")


def _state(run: Run, live: LiveRun | None) -> str:
    if live is None:
        return ("whole" if run.is_finished else run.problem or "stopped") if run.metrics else "not begun"
    if live.problem:
        return live.problem
    left = live.statistics.seconds_left
    return f"{live.status}, about {duration(left)} left" if live.status == "running" and left else str(live.status)
