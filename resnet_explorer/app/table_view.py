"""The view of the layer table, and how it paints cells."""

from collections.abc import Iterable
from typing import NamedTuple

from PySide6 import QtCore, QtGui, QtWidgets
from PySide6.QtCore import QPointF, QRect, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter

from resnet_explorer.app.table_columns import COLUMNS, NONE
from resnet_explorer.app.table_model import TableModel
from resnet_explorer.picture.marks import Ink
from resnet_explorer.picture.theme import CHROME, LIGHT, Theme
from resnet_explorer.ui.tables import Index

INDENT = 14
PAD = 6
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


class _Cell(NamedTuple):
    """The text of a cell, laid out once: laying out is most of what painting text costs."""

    text: str
    drawn: QtGui.QStaticText
    width: float
    drop: float
    share: float


class TableDelegate(QtWidgets.QStyledItemDelegate):
    """Knows the model's lines, so that no cell goes through roles and variants.

    ``hovered`` and ``current`` are lines, -1 for none; ``selected`` those with the selection's background.
    """

    def __init__(self, model: TableModel) -> None:
        super().__init__(model)
        self._model = model
        self.hovered = self.current = -1
        self.selected: set[int] = set()
        self._cells: dict[tuple[int, int], _Cell] = {}
        self.show_theme(LIGHT)
        self.show_font(QFont())
        model.refreshed.connect(lambda: self._cells.clear())

    def show_theme(self, theme: Theme) -> None:
        """Paint in the colours of a theme."""
        colours = {ink: QColor(colour) for ink, colour in theme.colours.items()}
        self._text, self._muted, self._accent = colours[Ink.TEXT], colours[Ink.MUTED], colours[Ink.ACCENT]
        self._bar = QColor(self._accent)
        self._bar.setAlpha(70)
        self._hover, self._chosen = QColor(CHROME[theme.name][0]), QColor(CHROME[theme.name][2])

    def show_font(self, font: QFont) -> None:
        """Paint in a font, with digits of one width, so that columns of numbers align."""
        self._font = QFont(font)
        if hasattr(self._font, "setFeature"):
            self._font.setFeature(QFont.Tag("tnum"), 1)
        self.metrics = QFontMetricsF(self._font)
        self._cells.clear()

    def _cell(self, row: int, column: int) -> _Cell:
        line, shown = self._model.lines[row], self._model.columns[column]
        text = shown.text(line)
        drawn = QtGui.QStaticText(text)
        drawn.setTextFormat(Qt.TextFormat.PlainText)
        drawn.prepare(QtGui.QTransform(), self._font)
        size = drawn.size()
        share = float(shown.value(line)) / 100 if shown.is_share else 0.0
        cell = self._cells[row, column] = _Cell(text, drawn, size.width(), size.height() / 2, share)
        return cell

    def paint(self, painter: QPainter, option: QtWidgets.QStyleOptionViewItem, index: Index) -> None:
        rect: QRect = option.rect
        row, column = index.row(), index.column()
        cell = self._cells.get((row, column)) or self._cell(row, column)
        if row in self.selected or row == self.hovered:
            painter.fillRect(rect, self._chosen if row in self.selected else self._hover)
        painter.setFont(self._font)
        painter.setPen(self._muted if column in (1, 2) or cell.text == NONE else self._text)
        left, right = rect.left() + PAD, rect.right() - PAD + 1
        if column == 0:
            if row == self.current and row not in self.selected and option.widget.hasFocus():
                painter.fillRect(QRect(rect.left(), rect.top(), 2, rect.height()), self._accent)
            left = self._first(painter, row, rect)
        elif cell.share:
            wide = round((right - left) * cell.share)
            painter.fillRect(QRect(left, rect.top() + 4, wide, rect.height() - 8), self._bar)
        if cell.width > right - left:
            text = self.metrics.elidedText(cell.text, Qt.TextElideMode.ElideRight, right - left)
            painter.drawText(QRect(left, rect.top(), right - left, rect.height()), _LEFT, text)
        else:
            x = right - cell.width if self._model.columns[column].numeric else left
            painter.drawStaticText(QPointF(round(x), round(rect.top() + rect.height() / 2 - cell.drop)), cell.drawn)

    def _first(self, painter: QPainter, row: int, rect: QRect) -> int:
        line = self._model.lines[row]
        left = rect.left() + PAD + line.depth * INDENT
        if line.is_open is not None:
            self._triangle(painter, float(left), rect.center().y() + 1.0, line.is_open)
        return left + (INDENT if self._model.is_tree else 0)

    def _triangle(self, painter: QPainter, x: float, y: float, is_open: bool) -> None:
        down = (QPointF(x, y - 2), QPointF(x + 8, y - 2), QPointF(x + 4, y + 3))
        right = (QPointF(x + 2, y - 4), QPointF(x + 2, y + 4), QPointF(x + 7, y))
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._muted)
        painter.drawPolygon(QtGui.QPolygonF(down if is_open else right))
        painter.restore()


_ROW_AIR = 8
"""In px, above and below the text of a line together."""
_STRETCH = 1.45
"""Columns grow into the room there is, by no more than this."""
_ARROW = " ↓"
"""What the title of the sorted column ends in."""
_AIR = 2 * PAD + 1
_SELECT = QtCore.QItemSelectionModel.SelectionFlag.ClearAndSelect | QtCore.QItemSelectionModel.SelectionFlag.Rows


class LinesView(QtWidgets.QTableView):
    """Tells what the user wants: ``toggled`` a line, ``opened`` or closed it, ``pointed`` at it (-1: at none).

    ``menu_wanted`` gives the place on the screen for a menu of what can be done with the selected lines.
    """

    menu_wanted = Signal(QtCore.QPoint)

    toggled = Signal(int)
    opened = Signal(int, bool)
    pointed = Signal(int)

    def __init__(self, model: TableModel, parent: QtWidgets.QWidget | None = None) -> None:
        super().__init__()
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
        self.setSelectionBehavior(QtWidgets.QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QtWidgets.QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setMouseTracking(True)
        self.setWordWrap(False)
        self.lines.modelReset.connect(self._on_model_reset)
        self.entered.connect(lambda index: self.pointed.emit(index.row()))
        self.selectionModel().currentRowChanged.connect(self._on_current_row_changed)
        self.selectionModel().selectionChanged.connect(self._on_selection_changed)

    def _set_up_headers(self) -> None:
        self.verticalHeader().setVisible(False)
        self.verticalHeader().setMinimumSectionSize(8)
        self.verticalHeader().setSectionResizeMode(QtWidgets.QHeaderView.ResizeMode.Fixed)
        header = self.horizontalHeader()
        header.setSectionsClickable(True)
        header.setHighlightSections(False)
        header.setMinimumSectionSize(24)
        header.sectionResized.connect(self._on_section_resized)

    def mousePressEvent(self, event: QtGui.QMouseEvent) -> None:
        index = self.indexAt(event.position().toPoint())
        if index.isValid() and index.column() == 0 and event.button() == Qt.MouseButton.LeftButton:
            line = self.lines.lines[index.row()]
            left = self.columnViewportPosition(0) + PAD + line.depth * INDENT
            if line.is_open is not None and event.position().x() < left + INDENT:
                self.toggled.emit(index.row())
                return
        super().mousePressEvent(event)

    def keyPressEvent(self, event: QtGui.QKeyEvent) -> None:
        row = self.currentIndex().row()
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.toggled.emit(row)
        elif event.key() in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            self.opened.emit(row, event.key() == Qt.Key.Key_Right)
        elif event.key() == Qt.Key.Key_Escape and self.selectionModel().hasSelection():
            self.clearSelection()
        elif event.matches(QtGui.QKeySequence.StandardKey.Copy):
            event.ignore()
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QtGui.QContextMenuEvent) -> None:
        is_mouse = event.reason() == QtGui.QContextMenuEvent.Reason.Mouse
        below = self.visualRect(self.currentIndex()).bottomLeft() + QtCore.QPoint(INDENT, 0)
        self.menu_wanted.emit(event.globalPos() if is_mouse else self.viewport().mapToGlobal(below))

    def viewportEvent(self, event: QtCore.QEvent) -> bool:
        if event.type() == QtCore.QEvent.Type.Leave:
            self.pointed.emit(-1)
        return super().viewportEvent(event)

    def _on_current_row_changed(self, current: QtCore.QModelIndex) -> None:
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
        selection, start, last = QtCore.QItemSelection(), -2, -2
        for row in (*rows, -2):
            if row != last + 1:
                if last >= 0:
                    selection.select(self.lines.index(start, 0), self.lines.index(last, 0))
                start = row
            last = row
        model = self.selectionModel()
        model.setCurrentIndex(self.lines.index(current, 0), QtCore.QItemSelectionModel.SelectionFlag.NoUpdate)
        model.select(selection, _SELECT)

    def hover(self, row: int) -> None:
        """Show a line as the one that the pointer is on, here or in another view; -1 for none."""
        before, self.delegate.hovered = self.delegate.hovered, row
        if before != row:
            self._update_rows(before, row)

    def _update_rows(self, *rows: int) -> None:
        for row in rows:
            self.viewport().update(0, self.rowViewportPosition(row), self.viewport().width(), self.rowHeight(row))

    def resizeEvent(self, event: QtGui.QResizeEvent) -> None:
        super().resizeEvent(event)
        self.fit()

    def changeEvent(self, event: QtCore.QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QtCore.QEvent.Type.FontChange, QtCore.QEvent.Type.StyleChange):
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
