"""The list of experiments: what each asks, in two lines."""

from collections.abc import Sequence
from typing import Protocol

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPalette
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QStyledItemDelegate, QStyleOptionViewItem, QWidget

Index = QModelIndex | QPersistentModelIndex
PAD, GAP = 12, 6
_QUESTION = Qt.ItemDataRole.UserRole + 1


class Experiment(Protocol):
    """What is known of an experiment: its key, its title, its question, and what to look for."""

    @property
    def key(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def question(self) -> str: ...
    @property
    def look_for(self) -> str: ...


class ExperimentList(QListWidget):
    """``chosen`` gives the experiment that is to be run: by a click, or by Enter."""

    chosen = Signal(object)

    def __init__(self, experiments: Sequence[Experiment], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._experiments = {one.key: one for one in experiments}
        self.setItemDelegate(_TwoLines(self))
        for preset in experiments:
            item = QListWidgetItem(preset.title)
            item.setData(Qt.ItemDataRole.UserRole, preset.key)
            item.setData(_QUESTION, preset.question)
            item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{preset.title}: {preset.question}")
            item.setToolTip(preset.look_for)
            self.addItem(item)
        self.setAccessibleName("Experiments")
        self.setFrameShape(QListWidget.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setResizeMode(QListWidget.ResizeMode.Adjust)
        self.itemActivated.connect(self._on_item)
        self.itemClicked.connect(self._on_item)

    def _on_item(self, item: QListWidgetItem) -> None:
        self.chosen.emit(self._experiments[item.data(Qt.ItemDataRole.UserRole)])

    def show_chosen(self, key: str) -> None:
        """Mark the experiment of that key; none where it is empty."""
        self.clearSelection()
        for row in range(self.count()):
            if self.item(row).data(Qt.ItemDataRole.UserRole) == key:
                self.setCurrentRow(row)


class _TwoLines(QStyledItemDelegate):
    """Paints a title in bold, and the question under it."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        option = QStyleOptionViewItem(option)
        self.initStyleOption(option, index)
        option.text = ""
        style = option.widget.style()
        style.drawControl(style.ControlElement.CE_ItemViewItem, option, painter, option.widget)
        state = style.StateFlag.State_Selected
        chosen = bool(option.state & state)
        palette, place = option.palette, QRectF(option.rect).adjusted(PAD, GAP, -PAD, -GAP)
        roles = QPalette.ColorRole
        bold = _bold(option.font)
        painter.save()
        for font, role, words in (
            (bold, roles.Text, index.data(Qt.ItemDataRole.DisplayRole)),
            (option.font, roles.PlaceholderText, index.data(_QUESTION)),
        ):
            metrics = QFontMetrics(font)
            painter.setFont(font)
            painter.setPen(palette.color(roles.HighlightedText if chosen else role))
            room = QRectF(place.left(), place.top(), place.width(), metrics.height())
            words = metrics.elidedText(words, Qt.TextElideMode.ElideRight, round(place.width()))
            painter.drawText(room, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, words)
            place.translate(0, metrics.height())
        painter.restore()

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        font = option.font
        return QSize(80, QFontMetrics(font).height() + QFontMetrics(_bold(font)).height() + 2 * GAP)


def _bold(font: QFont) -> QFont:
    made = QFont(font)
    made.setWeight(QFont.Weight.DemiBold)
    return made
