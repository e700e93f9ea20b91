"""The view of the table's lines: keys and clicks that open and close, columns as wide as their text, hovering."""

from collections.abc import Iterable

from PySide6.QtCore import QEvent, QItemSelection, QItemSelectionModel, QModelIndex, Qt, Signal
from PySide6.QtGui import QFont, QFontMetricsF, QKeyEvent, QKeySequence, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from resnet_explorer.gui.views.table_columns import COLUMNS
from resnet_explorer.gui.views.table_delegate import INDENT, PAD, TableDelegate
from resnet_explorer.gui.views.table_model import TableModel

_ROW_AIR = 8
"""In px, above and below the text of a line together."""
_STRETCH = 1.45
"""Columns grow into the room there is, by no more than this."""
_ARROW = " ↓"
"""What the title of the sorted column ends in."""
_AIR = 2 * PAD + 1
_SELECT = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows


class LinesView(QTableView):
    """Tells what the user wants: ``toggled`` a line, ``opened`` or closed it, ``pointed`` at it (-1: at none)."""

    toggled = Signal(int)
    opened = Signal(int, bool)
    pointed = Signal(int)

    def __init__(self, model: TableModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.lines = model
        self.delegate = TableDelegate(model)
        self._widest: tuple[str, ...] = ("",) * len(COLUMNS)
        self._is_fitting = self._is_own = False
        self.setModel(model)
        self.setItemDelegate(self.delegate)
        self._set_up()
        self._set_up_headers()

    def _set_up(self) -> None:
        self.setAccessibleName("Layers")
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setMouseTracking(True)
        self.setWordWrap(False)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.lines.modelReset.connect(self._on_model_reset)
        self.entered.connect(self._on_entered)
        self.selectionModel().currentRowChanged.connect(self._on_current_row_changed)
        self.selectionModel().selectionChanged.connect(self._on_selection_changed)

    def _set_up_headers(self) -> None:
        self.verticalHeader().setVisible(False)
        self.verticalHeader().setMinimumSectionSize(8)
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header = self.horizontalHeader()
        header.setSectionsClickable(True)
        header.setHighlightSections(False)
        header.setMinimumSectionSize(24)
        header.sectionResized.connect(self._on_section_resized)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = self.indexAt(event.position().toPoint())
        if index.isValid() and index.column() == 0 and event.button() == Qt.MouseButton.LeftButton:
            line = self.lines.lines[index.row()]
            left = self.columnViewportPosition(0) + PAD + line.depth * INDENT
            if line.is_open is not None and event.position().x() < left + INDENT:
                self.toggled.emit(index.row())
                return
        super().mousePressEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        row = self.currentIndex().row()
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.toggled.emit(row)
        elif event.key() in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            self.opened.emit(row, event.key() == Qt.Key.Key_Right)
        elif event.key() == Qt.Key.Key_Escape and self.selectionModel().hasSelection():
            self.clearSelection()
        elif event.matches(QKeySequence.StandardKey.Copy):
            event.ignore()
        else:
            super().keyPressEvent(event)

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Leave:
            self.pointed.emit(-1)
        return super().viewportEvent(event)

    def _on_entered(self, index: QModelIndex) -> None:
        self.pointed.emit(index.row())

    def _on_current_row_changed(self, current: QModelIndex) -> None:
        before, self.delegate.current = self.delegate.current, current.row()
        self._update_rows(before, current.row())

    def _on_selection_changed(self) -> None:
        self.delegate.selected = set(self.selected_rows())

    def _on_model_reset(self) -> None:
        self.delegate.selected, self.delegate.current, self.delegate.hovered = set(), -1, -1

    def selected_rows(self) -> list[int]:
        """Return the selected lines from top to bottom."""
        selection = self.selectionModel().selection()
        parts = [selection.at(index) for index in range(selection.count())]
        return sorted({row for part in parts for row in range(part.top(), part.bottom() + 1)})

    def mark(self, row: int) -> None:
        """Select one line alone, and show it."""
        index = self.lines.index(row, 0)
        self.selectionModel().setCurrentIndex(index, _SELECT)
        self.scrollTo(index)

    def select_rows(self, rows: Iterable[int], current: int) -> None:
        """Select some lines, in ascending order, with one of them as the current one."""
        selection, start, last = QItemSelection(), -2, -2
        for row in (*rows, -2):
            if row != last + 1:
                if last >= 0:
                    selection.select(self.lines.index(start, 0), self.lines.index(last, 0))
                start = row
            last = row
        model = self.selectionModel()
        model.setCurrentIndex(self.lines.index(current, 0), QItemSelectionModel.SelectionFlag.NoUpdate)
        model.select(selection, _SELECT)

    def hover(self, row: int) -> None:
        """Show a line as the one that the pointer is on, here or in another view; -1 for none."""
        before, self.delegate.hovered = self.delegate.hovered, row
        if before != row:
            self._update_rows(before, row)

    def _update_rows(self, *rows: int) -> None:
        for row in rows:
            self.viewport().update(0, self.rowViewportPosition(row), self.viewport().width(), self.rowHeight(row))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.fit()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self.fit(anew=True)

    def make_room(self, widest: tuple[str, ...]) -> None:
        """Make room for the widest text of each column; an empty one where the usual room will do."""
        if widest != self._widest:
            is_other = len(widest) != len(self._widest)
            self._widest = widest
            if len(widest) > len(COLUMNS):  # what was measured stands beside the names, where it is seen
                header = self.horizontalHeader()
                header.moveSection(header.visualIndex(len(COLUMNS)), 1)
            self.fit(anew=is_other)

    def fit(self, anew: bool = False) -> None:
        """Give every column the width of its text, less where room is short, and what room is left to all of them.

        Columns that the user made wider or narrower stay so, unless all is laid out anew.
        """
        self._is_own = self._is_own and not anew
        if self._is_own or len(self._widest) != len(self.lines.columns):
            return
        self.delegate.show_font(self.font())
        self.verticalHeader().setDefaultSectionSize(round(self.delegate.metrics.height()) + _ROW_AIR)
        widths = self._natural_widths()
        room = self.viewport().width()
        full, least = (sum(pair[side] for pair in widths) for side in (1, 0))
        share = max(0.0, min(1.0, (room - least) / max(1.0, full - least)))
        stretch = max(1.0, min(_STRETCH, room / full))
        self._is_fitting = True
        for index, (narrow, wide) in enumerate(widths):
            self.setColumnWidth(index, int((narrow + share * (wide - narrow)) * stretch))
        self._is_fitting = False

    def _natural_widths(self) -> list[tuple[float, float]]:
        """Return for each column how narrow it may be, and how wide its text is."""
        font = QFont(self.font())
        font.setWeight(QFont.Weight.DemiBold)
        text, head = self.delegate.metrics.horizontalAdvance, QFontMetricsF(font).horizontalAdvance
        widths = []
        for column, widest in zip(self.lines.columns, self._widest, strict=True):
            need = max(head(column.title + _ARROW), text(widest))
            least = max(need, text(column.least or column.sample))
            widths.append((least + _AIR, max(least, text(column.sample)) + _AIR))
        return widths

    def _on_section_resized(self) -> None:
        self._is_own = self._is_own or not self._is_fitting
