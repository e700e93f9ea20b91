"""The runs that are shown: each with its line's look, how far it is, and what it has come to."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QPainter, QPen, QPixmap
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTreeWidget, QTreeWidgetItem, QWidget

from resnet_explorer.drawing.chart import Look
from resnet_explorer.drawing.marks import Dash
from resnet_explorer.drawing.theme import LIGHT, Theme

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


class RunTable(QTreeWidget):
    """``hidden`` holds the numbers of the rows that are not drawn; ``toggled_row`` tells that it has changed.

    ``renamed`` gives a row and its new name.
    """

    toggled_row = Signal()
    renamed = Signal(int, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme: Theme = LIGHT
        self._looks: list[Look] = []
        self._items: list[QTreeWidgetItem] = []
        self._widest: list[int] = []
        self.setColumnCount(len(COLUMNS))
        self.setHeaderLabels([title for title, _ in COLUMNS])
        for column, (_, tip) in enumerate(COLUMNS):
            self.headerItem().setToolTip(column, tip)
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setAccessibleName("Runs that are shown")
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.EditKeyPressed)
        self.setIconSize(QSize(34, 12))
        self.header().setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        self.header().setStretchLastSection(True)
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
    def chosen(self) -> int:
        """Return the row that is selected, the first where none is."""
        current = self.currentItem()
        return self._items.index(current) if current in self._items else 0

    def show_theme(self, theme: Theme) -> None:
        """Paint the lines' looks in another theme."""
        self._theme = theme
        for item, look in zip(self._items, self._looks, strict=True):
            item.setIcon(0, self._icon(look))
        self._fit()

    def show_rows(self, rows: Sequence[RunRow]) -> None:
        """Show runs; which of them are hidden stays as it was."""
        grown = len(rows) != len(self._items)
        with QSignalBlocker(self):
            while len(self._items) > len(rows):
                self.takeTopLevelItem(len(self._items) - 1)
                self._items.pop()
            while len(self._items) < len(rows):
                self._items.append(_item())
                self.addTopLevelItem(self._items[-1])
            for number, row in enumerate(rows):
                self._show_row(self._items[number], row, number)
        self._looks = [row.look for row in rows]
        widest = [max((len(row.texts[column]) for row in rows), default=0) for column in range(len(COLUMNS) - 1)]
        if grown or widest != self._widest:
            self._widest = widest
            self._fit()

    def _show_row(self, item: QTreeWidgetItem, row: RunRow, number: int) -> None:
        if number >= len(self._looks) or self._looks[number] != row.look or item.icon(0).isNull():
            item.setIcon(0, self._icon(row.look))
        for column, text in enumerate(row.texts):
            if item.text(column) != text:
                item.setText(column, text)
        item.setToolTip(0, row.tip)
        for column in AVERAGED:
            item.setToolTip(column, row.mean)
        item.setToolTip(len(row.texts) - 1, row.texts[-1])

    def _fit(self) -> None:
        """Give each column its room, and the table that of its rows."""
        measure = self.fontMetrics().horizontalAdvance
        for column, (title, _) in enumerate(COLUMNS[:-1]):
            texts = [item.text(column) for item in self._items]
            self.setColumnWidth(column, max(map(measure, [title, *texts])) + (84 if column == 0 else 20))
        rows = max(1, len(self._items))
        height = self.visualItemRect(self._items[0]).height() if self._items else 0
        height = max(height, self.fontMetrics().height() + 4)
        self.setFixedHeight(self.header().sizeHint().height() + rows * height + 4)

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


def _item() -> QTreeWidgetItem:
    item = QTreeWidgetItem()
    item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable | Qt.ItemFlag.ItemIsEditable)
    item.setCheckState(0, Qt.CheckState.Checked)
    for column in range(1, len(COLUMNS) - 1):
        item.setTextAlignment(column, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    return item
