"""The ways of other channels into the network, side by side: what each costs, keeps, changes, and when to take it."""

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QScrollArea,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from resnet_explorer.analysis.tuning.channels import ChannelCost, adapts, channel_costs
from resnet_explorer.analysis.tuning.choices import GreyWay
from resnet_explorer.analysis.tuning.results import GreyReport
from resnet_explorer.analysis.tuning.way_words import WAYS
from resnet_explorer.analysis.words import si
from resnet_explorer.gui.views.tuning_state import TuningState
from resnet_explorer.gui.views.tuning_step import Words

_WAY = Qt.ItemDataRole.UserRole
COLUMNS = (
    ("Way", "How the image's channels reach the network; the selected one is taken"),
    ("1st conv", "Parameters of what sees the image: the first convolution, and the adapter where there is one"),
    ("MACs", "Multiply-accumulates of the whole network for one image"),
    ("Parameters", "Of the whole network, its new head left out"),
    ("Image", "Bytes of one normed image in 32-bit numbers"),
    ("Off in inference", "Measured: how far the answers are from those on the repeated channel, as a share"),
    ("Off in training", "Measured: the same where batch norm takes the statistics of the batch"),
)
SHORT = 3
"""So many columns are shown where there is little room."""


class WaysTable(QTreeWidget):
    """A row for each way; ``chosen`` gives the way that is to be taken: by a click, or by arrow keys."""

    chosen = Signal(object)

    def __init__(self, columns: int = len(COLUMNS), parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._columns = columns
        self.setColumnCount(columns)
        self.setHeaderLabels([name for name, _ in COLUMNS[:columns]])
        for column, (_, tip) in enumerate(COLUMNS[:columns]):
            self.headerItem().setToolTip(column, tip)
        self.setRootIsDecorated(False)
        self.setIndentation(0)
        self.setUniformRowHeights(True)
        self.setAccessibleName("Ways of the channels into the network")
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.header().setStretchLastSection(False)
        self.header().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self._items = {way: QTreeWidgetItem([str(way)]) for way in GreyWay}
        for way, item in self._items.items():
            item.setData(0, _WAY, way)
            for column in range(1, columns):
                item.setTextAlignment(column, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            self.addTopLevelItem(item)
        self.currentItemChanged.connect(self._on_current)

    def show_ways(self, state: TuningState) -> None:
        """Show what each way costs in the plan, and what was measured of it."""
        plan = state.plan
        needed = adapts(plan.spec, plan.channels)
        costs = {one.way: one for one in channel_costs(plan.spec, plan.image, plan.channels)}
        with QSignalBlocker(self):
            for way, item in self._items.items():
                self._show_way(item, costs[way], state.grey if needed else None, needed)
            self.setCurrentItem(self._items[plan.grey])
            if not needed:
                self.clearSelection()
        self.fit()

    def _show_way(self, item: QTreeWidgetItem, cost: ChannelCost, grey: GreyReport | None, needed: bool) -> None:
        words, known = WAYS[cost.way], [one for one in (grey.measures if grey else ()) if one.way is cost.way]
        far = [share(value) for one in known for value in (one.inference, one.training)] or ["–", "–"]
        figures = [f"{cost.first_params:,}", si(cost.macs).strip(), f"{cost.params:,}", f"{cost.image_bytes:,}", *far]
        texts = figures if cost.possible else ["–"] * len(figures)
        for column, text in enumerate(texts[: self._columns - 1], 1):
            item.setText(column, text)
        item.setDisabled(not (cost.possible and needed))
        why = "" if cost.possible else "Not possible from these channels. "
        for column in range(self._columns):
            item.setToolTip(column, f"{why}{words.title}. {words.does} {words.keeps} {words.choose}")

    def fit(self) -> None:
        """Take the height of all rows."""
        high = max(self.sizeHintForRow(0), self.fontMetrics().height() + 4)
        self.setFixedHeight(self.header().sizeHint().height() + len(GreyWay) * high + 6)

    def _on_current(self, item: QTreeWidgetItem | None) -> None:
        if item is not None and not item.isDisabled():
            self.chosen.emit(GreyWay(item.data(0, _WAY)))


class WaysPane(QScrollArea):
    """The whole table, and every way in words."""

    def __init__(self, state: TuningState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.state = state
        self.table, self.measured, self.says = WaysTable(), Words(quiet=False), {way: Words() for way in GreyWay}
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(12, 8, 12, 8)
        column.addWidget(self.table)
        column.addWidget(self.measured)
        for words in self.says.values():
            column.addWidget(words)
        column.addStretch(1)
        self.setWidget(inner)
        self.setWidgetResizable(True)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.table.chosen.connect(lambda way: state.propose("channels", grey=way))
        state.changed.connect(self.show_plan)
        self.show_plan()

    def show_plan(self) -> None:
        """Show the plan as it is now."""
        self.table.show_ways(self.state)
        self.measured.show_words(measured_words(self.state))
        for way, label in self.says.items():
            words = WAYS[way]
            label.show_words(f"{way}: {words.does} {words.keeps} When: {words.choose}")

    def show_theme(self) -> None:
        """Take the room that words of another size need."""
        self.table.fit()


def share(value: float) -> str:
    """Return a share in few characters: percent, 0, or its power of ten."""
    return f"{100 * value:.1f} %" if value >= 5e-4 else "0" if value < 1e-9 else f"{value:.0e}"


def measured_words(state: TuningState) -> str:
    """Return what the measure says, or how it is made."""
    plan, grey = state.plan, state.grey
    if not adapts(plan.spec, plan.channels):
        return f"Images have {plan.channels:,} channels, and the network takes as many: nothing to adapt."
    if grey is None:
        return "Not measured yet on these images: step 3 measures grey ones." if plan.channels == 1 else ""
    return (
        f"Measured on {grey.images:,} images, against the network on the repeated channel: the length of the difference"
        f" as a share of the answers' length. Norming each colour by its own mean and deviation instead of by one for"
        f" all changes {share(grey.statistics)}."
    )
