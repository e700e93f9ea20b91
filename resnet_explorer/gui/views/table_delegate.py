"""Paints a cell of the layer table in one call: text, indentation, triangle, share bar, and the hovered line."""

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPolygonF
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from resnet_explorer.drawing.marks import Ink
from resnet_explorer.drawing.theme import CHROME, LIGHT, Theme
from resnet_explorer.gui.views.table_columns import COLUMNS, Line
from resnet_explorer.gui.views.table_model import TableModel

INDENT = 14
PAD = 6


class TableDelegate(QStyledItemDelegate):
    """Knows the model's lines, so that no cell goes through roles and variants."""

    def __init__(self, model: TableModel) -> None:
        super().__init__(model)
        self._model = model
        self.hovered = -1
        self._plain, self._aligned = QFont(), QFont()
        self.show_theme(LIGHT)

    def show_theme(self, theme: Theme) -> None:
        """Paint in the colours of a theme."""
        colours = {ink: QColor(colour) for ink, colour in theme.colours.items()}
        self._text, self._muted, self._bar = colours[Ink.TEXT], colours[Ink.MUTED], QColor(colours[Ink.ACCENT])
        self._bar.setAlpha(70)
        self._group, self._selected = QColor(CHROME[theme.name][0]), QColor(CHROME[theme.name][2])

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        rect: QRect = option.rect
        state: QStyle.StateFlag = option.state
        line, column = self._model.lines[index.row()], COLUMNS[index.column()]
        if state & QStyle.StateFlag.State_Selected:
            painter.fillRect(rect, self._selected)
        elif index.row() == self.hovered:
            painter.fillRect(rect, self._group)
        text = column.text(line, self._model.totals)
        painter.setFont(self._font(option.font))
        painter.setPen(self._muted if text == "–" or index.column() in (1, 2) else self._text)
        inner = rect.adjusted(PAD, 0, -PAD, 0)
        if index.column() == 0:
            inner = self._first(painter, line, inner)
        if column.share:
            self._share(painter, column.share(line, self._model.totals), inner)
        side = Qt.AlignmentFlag.AlignRight if column.numeric else Qt.AlignmentFlag.AlignLeft
        if index.column() == 1:
            text = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, inner.width())
        painter.drawText(inner, side | Qt.AlignmentFlag.AlignVCenter, text)

    def _font(self, font: QFont) -> QFont:
        """Return a font with digits of one width, so that columns of numbers align."""
        if self._plain != font:
            self._plain = QFont(font)
            self._aligned = QFont(font)
            if hasattr(self._aligned, "setFeature"):
                self._aligned.setFeature(QFont.Tag("tnum"), 1)
        return self._aligned

    def _first(self, painter: QPainter, line: Line, inner: QRect) -> QRect:
        x = inner.left() + line.depth * INDENT
        if line.is_open is not None:
            middle, left = inner.center().y() + 1.0, float(x)
            down = QPolygonF([QPointF(left, middle - 2), QPointF(left + 8, middle - 2), QPointF(left + 4, middle + 3)])
            right = QPolygonF([QPointF(left + 2, middle - 4), QPointF(left + 2, middle + 4), QPointF(left + 7, middle)])
            painter.save()
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setBrush(painter.pen().color())
            painter.drawPolygon(down if line.is_open else right)
            painter.restore()
        return inner.adjusted(line.depth * INDENT + (INDENT if self._model.is_tree else 0), 0, 0, 0)

    def _share(self, painter: QPainter, share: float, inner: QRect) -> None:
        """Paint a share as a bar behind its number."""
        wide = max(1.0, inner.width() * share / 100) if share else 0.0
        painter.fillRect(QRectF(inner.left(), inner.top() + 4, wide, inner.height() - 8), self._bar)
