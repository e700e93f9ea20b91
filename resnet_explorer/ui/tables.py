"""The table for small tables: texts sorted by their values; and of it that of the runs of a lab."""

from collections.abc import Iterable, Sequence
from math import ceil

from PySide6.QtCore import QEvent, QModelIndex, QPersistentModelIndex, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QFont, QFontMetricsF, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QStyle, QTreeWidget, QTreeWidgetItem, QWidget

from resnet_explorer.dataclass import dataclass
from resnet_explorer.ui.document import Document

Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True, slots=True)
class TextRow:
    """A row: its key, its texts, what each column is sorted by, and a tooltip for each column.

    A row that is not ``usable`` cannot be selected.
    """

    path: str
    texts: tuple[str, ...]
    values: tuple[float | str, ...] = ()
    tips: tuple[str, ...] = ()
    usable: bool = True


class TextTable(QTreeWidget):
    """A small table: rows of texts under titles with tooltips; ``chosen`` gives the key of the row that is selected.

    ``numbers`` are the columns that are aligned to the right. A ``sortable`` table is sorted by the rows' values: up,
    down, and not at all; ``row_height`` is that of its rows in px, 0 for that of their texts.
    """

    chosen = Signal(str)

    def __init__(
        self,
        name: str,
        columns: Sequence[tuple[str, str]],
        numbers: Iterable[int] = (),
        *,
        sortable: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._columns, self._numbers, self.row_height = columns, tuple(numbers), 0
        self._given: Sequence[TextRow] = ()
        self.rows: list[TextRow] = []
        self._items: list[QTreeWidgetItem] = []
        self._fitted: list[int] = []
        self._room = (28, 0)
        self.setColumnCount(len(columns))
        self.setHeaderLabels([title for title, _ in columns])
        for column, (_, tip) in enumerate(columns):
            self.headerItem().setToolTip(column, tip)
        self.setAccessibleName(name)
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.header().setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        self.header().setStretchLastSection(True)
        if sortable:
            metric = QStyle.PixelMetric.PM_HeaderDefaultSectionSizeVertical
            self.row_height = self.style().pixelMetric(metric, None, self)
            self.setObjectName("table")
            self.header().setDefaultAlignment(Qt.AlignmentFlag.AlignCenter)
            self.header().setSectionsClickable(True)
            self.header().setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
            self.header().setSortIndicatorShown(True)
            self.header().setSortIndicatorClearable(True)
            self.header().sortIndicatorChanged.connect(self._show)
        self.currentItemChanged.connect(self._on_current)

    def show_rows(self, rows: Sequence[TextRow]) -> None:
        """Show other rows, sorted as before."""
        self._given = rows
        self._show()

    def _show(self) -> None:
        column, order = self.header().sortIndicatorSection(), self.header().sortIndicatorOrder()
        self.rows = list(self._given)
        if 0 <= column < len(self._columns) and self.header().isSortIndicatorShown():
            down = order == Qt.SortOrder.DescendingOrder
            self.rows.sort(key=lambda row: row.values[column], reverse=down)
        with QSignalBlocker(self):
            while len(self._items) > len(self.rows):
                self.takeTopLevelItem(len(self._items) - 1)
                self._items.pop()
            while len(self._items) < len(self.rows):
                self._items.append(self.make_item())
                self.addTopLevelItem(self._items[-1])
            for item, row in zip(self._items, self.rows, strict=True):
                _fill(item, row)

    def make_item(self) -> QTreeWidgetItem:
        """Return the item of a new row."""
        item = QTreeWidgetItem()
        for column in self._numbers:
            item.setTextAlignment(column, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        if self.row_height:
            item.setSizeHint(0, QSize(0, self.row_height))
        return item

    def select(self, path: str) -> None:
        """Select the row of a key without a signal; none where there is none of it."""
        place = next((place for place, row in enumerate(self.rows) if row.path == path), None)
        with QSignalBlocker(self):
            if place is None:
                self.clearSelection()
            else:
                self.setCurrentItem(self._items[place])

    def fit_columns(self, room: int = 28, first: int = 0) -> None:
        """Give each column the room of its widest text, the first one ``first`` px more.

        The last column takes what is left where that is more.
        """
        self._room = room, first
        text_width, title_width = self.fontMetrics().horizontalAdvance, self._title_metrics().horizontalAdvance
        self._fitted = []
        for column, (title, _) in enumerate(self._columns):
            texts = sorted((row.texts[column] for row in self.rows[:200]), key=len)[-5:]
            widest = max([title_width(title), *map(text_width, texts)])
            self._fitted.append(ceil(widest) + room + (0 if column else first))
            self.setColumnWidth(column, self._fitted[-1])
        self._stretch()

    def _title_metrics(self) -> QFontMetricsF:
        font = QFont(self.header().font())
        font.setWeight(QFont.Weight.DemiBold)
        return QFontMetricsF(font)

    def _stretch(self) -> None:
        """Let the last column take what is left, or scroll sideways where all columns need more than there is."""
        if self._fitted and self.horizontalScrollBarPolicy() is not Qt.ScrollBarPolicy.ScrollBarAlwaysOff:
            fits = sum(self._fitted) <= self.viewport().width()
            self.header().setStretchLastSection(fits)
            if not fits:
                self.setColumnWidth(len(self._columns) - 1, self._fitted[-1])

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._stretch()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange) and self._fitted:
            self.fit_columns(*self._room)

    def fit_height(self) -> None:
        """Take the height of all rows."""
        high = max(self.sizeHintForRow(0), self.fontMetrics().height() + 4)
        rows = max(1, len(self._items)) * high
        is_wide = self.header().length() > self.viewport().width()
        may_scroll = self.horizontalScrollBarPolicy() is not Qt.ScrollBarPolicy.ScrollBarAlwaysOff
        bar = self.horizontalScrollBar().sizeHint().height() if is_wide and may_scroll else 0
        self.setFixedHeight(self.header().sizeHint().height() + rows + bar + 2 * self.frameWidth() + 4)

    def _on_current(self, item: QTreeWidgetItem | None) -> None:
        if item is not None and not item.isDisabled():
            self.chosen.emit(self.rows[self.indexOfTopLevelItem(item)].path)


def _fill(item: QTreeWidgetItem, row: TextRow) -> None:
    for column, text in enumerate(row.texts):
        if item.text(column) != text:
            item.setText(column, text)
    for column, tip in enumerate(row.tips):
        item.setToolTip(column, tip)
    if item.isDisabled() == row.usable:
        item.setDisabled(not row.usable)


class LinkedTable(TextTable):
    """A sortable table of parts of the network; the selected one is the document's selection."""

    def __init__(
        self, document: Document, name: str, columns: Sequence[tuple[str, str]], numbers: Iterable[int]
    ) -> None:
        super().__init__(name, columns, numbers, sortable=True)
        self._document = document
        self.fit_columns()
        self.chosen.connect(document.select)
        document.selected.connect(self.select)

    def show_rows(self, rows: Sequence[TextRow]) -> None:
        super().show_rows(rows)
        self.fit_columns()
        self.select(self._document.selection)
