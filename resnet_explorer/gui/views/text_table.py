"""A table of ready-made texts: sorted by their values, linked by path."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from resnet_explorer.gui.document import Document

Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True, slots=True)
class TextRow:
    """A row: the address of what it is about, its texts, and what each column is sorted by."""

    path: str
    texts: tuple[str, ...]
    values: tuple[float | str, ...]


class TextModel(QAbstractTableModel):
    """Rows of texts under titles."""

    def __init__(self, titles: Sequence[tuple[str, str]], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._titles = titles
        self._order: tuple[int, bool] | None = None
        self._given: list[TextRow] = []
        self.rows: list[TextRow] = []

    def show(self, rows: Sequence[TextRow]) -> None:
        """Show other rows, sorted as before."""
        self.beginResetModel()
        self._given = list(rows)
        self._arrange()
        self.endResetModel()

    def _arrange(self) -> None:
        self.rows = list(self._given)
        if self._order:
            column, down = self._order
            self.rows.sort(key=lambda row: row.values[column], reverse=down)

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        self.beginResetModel()
        self._order = None if column < 0 else (column, order == Qt.SortOrder.DescendingOrder)
        self._arrange()
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        return len(self._titles)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if role == Qt.ItemDataRole.DisplayRole:
            return self.rows[index.row()].texts[index.column()]
        value = self.rows[index.row()].values[index.column()]
        if role == Qt.ItemDataRole.TextAlignmentRole and isinstance(value, float):
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return self._titles[section][0]
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.ToolTipRole:
            return self._titles[section][1]
        return None


class TextTable(QTableView):
    """Shows such rows; the current one is the document's selection."""

    def __init__(self, document: Document, titles: Sequence[tuple[str, str]], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self.texts = TextModel(titles, self)
        self.setModel(self.texts)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setShowGrid(False)
        self.verticalHeader().hide()
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        self.horizontalHeader().setStretchLastSection(True)
        self.horizontalHeader().setSortIndicatorClearable(True)
        self.setSortingEnabled(True)
        self.sortByColumn(-1, Qt.SortOrder.AscendingOrder)
        self.selectionModel().currentRowChanged.connect(self._on_current)
        document.selected.connect(self._on_selected)

    def show_rows(self, rows: Sequence[TextRow]) -> None:
        """Show other rows; each column gets the room of its widest text among the first ones."""
        self.texts.show(rows)
        measure = self.fontMetrics().horizontalAdvance
        for column, (title, _) in enumerate(self.texts._titles):
            widest = max([title, *(row.texts[column] for row in rows[:200])], key=len)
            self.setColumnWidth(column, measure(widest) + 28)
        self._on_selected(self._document.selection)

    def _on_current(self, current: QModelIndex) -> None:
        if current.isValid():
            self._document.select(self.texts.rows[current.row()].path)

    def _on_selected(self, path: str) -> None:
        for number, row in enumerate(self.texts.rows):
            if row.path == path:
                if number != self.currentIndex().row():
                    self.selectRow(number)
                return
        self.clearSelection()
