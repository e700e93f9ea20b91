"""The command palette: a field over the window, and under it what can be done or shown by what is typed."""

from collections.abc import Sequence

from PySide6.QtCore import QAbstractListModel, QEvent, QModelIndex, QObject, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QFrame,
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from resnet_explorer.app.main_window import MainWindow
from resnet_explorer.app.palette_entries import all_entries
from resnet_explorer.ui.entries import Entry, matching
from resnet_explorer.ui.parts import describe, give_focus, label, vbox
from resnet_explorer.ui.style import USUAL_POINTS

Index = QModelIndex | QPersistentModelIndex
HINT = "Find a page, action, network, layer, lesson, experiment…"
WIDE, LINES, GAP = 620, 12, 10
"""Width in px at the usual text size, lines that are seen, and px between text and edge."""
NOTHING = "Nothing is called that. Try fewer letters."
_ENTRY = Qt.ItemDataRole.UserRole


class EntryModel(QAbstractListModel):
    """The entries that fit what is typed, the best first."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.shown: Sequence[Entry] = ()

    def show_entries(self, entries: Sequence[Entry]) -> None:
        """Show other entries."""
        self.beginResetModel()
        self.shown = entries
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  # Qt's own default
        return 0 if parent.isValid() else len(self.shown)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        entry = self.shown[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return entry.text
            case Qt.ItemDataRole.ToolTipRole:
                return entry.tip
            case Qt.ItemDataRole.AccessibleTextRole:
                return ", ".join(filter(None, (entry.text, _state(entry), entry.kind, entry.keys, entry.tip)))
        return entry if role == _ENTRY else None


def _state(entry: Entry) -> str:
    return "" if entry.is_on is None else "on" if entry.is_on else "off"


class EntryDelegate(QStyledItemDelegate):
    """Paints an entry: its text and tip at the left, its shortcut and its kind at the right."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        height = option.fontMetrics.height()
        return QSize(100, height + GAP)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        entry: Entry = index.data(_ENTRY)
        style = option.widget.style()
        style.drawPrimitive(QStyle.PrimitiveElement.PE_PanelItemViewItem, option, painter, option.widget)
        is_chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        palette, room = option.palette, option.rect.adjusted(GAP, 0, -GAP, 0)
        strong = palette.highlightedText() if is_chosen else palette.text()
        quiet = palette.highlightedText() if is_chosen else palette.placeholderText()
        painter.setFont(option.font)
        painter.setPen(quiet.color())
        room.setRight(room.right() - _draw(painter, room, entry.kind, Qt.AlignmentFlag.AlignRight))
        painter.setPen(strong.color())
        if entry.keys:
            room.setRight(room.right() - _draw(painter, room, entry.keys, Qt.AlignmentFlag.AlignRight))
        text = f"✓ {entry.text}" if entry.is_on else entry.text
        room.setLeft(room.left() + _draw(painter, room, text, Qt.AlignmentFlag.AlignLeft))
        painter.setPen(quiet.color())
        _draw(painter, room, entry.tip, Qt.AlignmentFlag.AlignLeft)


def _draw(painter: QPainter, room: QRect, text: str, side: Qt.AlignmentFlag) -> int:
    """Draw a text at one side of a room, cut where it is too long, and return the px that it takes of it."""
    short = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, max(0, room.width()))
    painter.drawText(room, side | Qt.AlignmentFlag.AlignVCenter, short)
    return painter.fontMetrics().horizontalAdvance(short) + 2 * GAP


class Palette(QFrame):
    """Finds pages, actions, networks, layers and more by a few letters; Enter does what is chosen, Esc closes."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._before: QWidget | None = window.focusWidget()
        self._entries, self._text = all_entries(window), ""
        self.setObjectName("palette")
        self.setAutoFillBackground(True)
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.field = describe(QLineEdit(placeholderText=HINT), "Find")
        self.model, self.list = EntryModel(self), describe(QListView(), "What fits")
        self.list.setModel(self.model)
        self.list.setItemDelegate(EntryDelegate(self.list))
        self.list.setUniformItemSizes(True)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # the field keeps the keyboard, and moves the selection
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.nothing = label(NOTHING, "muted")
        vbox(self.field, self.nothing, (self.list, 1), of=self, margins=(6, 6, 6, 6), spacing=4)
        self.field.textEdited.connect(self.show_matches)
        self.list.clicked.connect(lambda index: self.take())
        self.field.installEventFilter(self)
        window.tabs.currentChanged.connect(self._on_elsewhere)
        window.installEventFilter(self)
        self.show_matches("")
        self.show()
        self._place()
        self.raise_()
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def show_matches(self, text: str) -> None:
        """Show what fits a text, and choose the best."""
        narrowed = self._text and text.startswith(self._text)  # more letters fit no more entries
        self.model.show_entries(matching(text, self.model.shown if narrowed else self._entries))
        self._text = text
        self.nothing.setVisible(not self.model.shown)
        self._choose(0)

    def type(self, text: str) -> None:
        """Show a text in the field, with what fits it."""
        self.field.setText(text)
        self.show_matches(text)

    @property
    def chosen(self) -> Entry | None:
        """Return the entry that Enter takes."""
        row = self.list.currentIndex().row()
        return self.model.shown[row] if row >= 0 else None

    def _choose(self, row: int) -> None:
        self.list.setCurrentIndex(self.model.index(row % max(1, len(self.model.shown)), 0))

    def take(self) -> None:
        """Close, and do what the chosen entry does."""
        if entry := self.chosen:
            self.leave()
            entry.run()

    def _on_elsewhere(self) -> None:
        """Close where another part of the window is turned to, which keeps the keyboard."""
        self._before = None
        self.leave()

    def leave(self) -> None:
        """Close; what had the keyboard before has it again."""
        self._window.tabs.currentChanged.disconnect(self._on_elsewhere)
        self._window.removeEventFilter(self)
        self.field.removeEventFilter(self)
        self.hide()
        give_focus(self._before)
        self.deleteLater()

    def _place(self) -> None:
        """Stand in the middle under the tabs, no wider or higher than the window leaves room for."""
        window, scale = self._window, self.font().pointSizeF() / USUAL_POINTS
        tabs = window.tabs
        top = tabs.mapTo(window, tabs.tabBar().geometry().bottomLeft()).y() + 6
        wide = min(round(WIDE * scale), window.width() - 24)
        high = self.field.sizeHint().height() + LINES * self.list.sizeHintForRow(0) + 24
        self.setGeometry((window.width() - wide) // 2, top, wide, min(high, window.height() - top - 40))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the window's size, move the selection by the field's keys, and close where the keyboard goes away."""
        if watched is self._window:
            if event.type() == QEvent.Type.Resize:
                self._place()
        elif isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            return self._on_key(Qt.Key(event.key()))
        elif event.type() == QEvent.Type.FocusOut and self._window.isActiveWindow() and not self.field.hasFocus():
            self._on_elsewhere()
        return False

    def _on_key(self, key: Qt.Key) -> bool:
        row, page = self.list.currentIndex().row(), LINES - 1
        last = len(self.model.shown) - 1
        moves = {
            Qt.Key.Key_Down: row + 1,
            Qt.Key.Key_Up: row - 1,
            Qt.Key.Key_PageDown: min(last, row + page),
            Qt.Key.Key_PageUp: max(0, row - page),
        }
        if key in moves:
            self._choose(moves[key])
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.take()
        elif key == Qt.Key.Key_Escape:
            self.leave()
        else:
            return False
        return True


def show(window: MainWindow, checked: bool) -> None:
    """Open the palette, or close it where it is open."""
    shown = window.findChild(QWidget, "palette")
    if isinstance(shown, Palette) and shown.isVisible():
        shown.leave()
    else:
        Palette(window)
