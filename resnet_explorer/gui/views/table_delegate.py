"""Paints a cell of the layer table in one call: text, indentation, triangle, share bar, and the line it stands on."""

from typing import NamedTuple

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRect, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPolygonF, QStaticText, QTransform
from PySide6.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem

from resnet_explorer.drawing.marks import Ink
from resnet_explorer.drawing.theme import CHROME, LIGHT, Theme
from resnet_explorer.gui.views.table_columns import NONE
from resnet_explorer.gui.views.table_model import TableModel

INDENT = 14
PAD = 6
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


class _Cell(NamedTuple):
    """The text of a cell, laid out once: laying out is most of what painting text costs."""

    text: str
    drawn: QStaticText
    width: float
    drop: float
    share: float


class TableDelegate(QStyledItemDelegate):
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
        model.refreshed.connect(self._on_model_refreshed)

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

    def _on_model_refreshed(self) -> None:
        self._cells.clear()

    def _cell(self, row: int, column: int) -> _Cell:
        line, totals, shown = self._model.lines[row], self._model.totals, self._model.columns[column]
        text = shown.text(line, totals)
        drawn = QStaticText(text)
        drawn.setTextFormat(Qt.TextFormat.PlainText)
        drawn.prepare(QTransform(), self._font)
        size = drawn.size()
        share = shown.share(line, totals) / 100 if shown.share else 0.0
        cell = self._cells[row, column] = _Cell(text, drawn, size.width(), size.height() / 2, share)
        return cell

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
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
            self._share(painter, cell.share, left, right, rect)
        if cell.width > right - left:
            text = self.metrics.elidedText(cell.text, Qt.TextElideMode.ElideRight, right - left)
            painter.drawText(QRect(left, rect.top(), right - left, rect.height()), _LEFT, text)
        else:
            x = right - cell.width if self._model.columns[column].numeric else left
            painter.drawStaticText(QPointF(round(x), round(rect.top() + rect.height() / 2 - cell.drop)), cell.drawn)

    def _first(self, painter: QPainter, row: int, rect: QRect) -> int:
        """Paint what the first cell has before its text, and return where that begins."""
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
        painter.drawPolygon(QPolygonF(down if is_open else right))
        painter.restore()

    def _share(self, painter: QPainter, share: float, left: int, right: int, rect: QRect) -> None:
        """Paint a share as a pale bar behind its number."""
        wide = round((right - left) * share)
        painter.fillRect(QRect(left, rect.top() + 4, wide, rect.height() - 8), self._bar)
