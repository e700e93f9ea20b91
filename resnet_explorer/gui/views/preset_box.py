"""The preset box: type a few letters of a network's name, or open the list of families."""

from PySide6.QtCore import QEvent, QModelIndex, QObject, QSignalBlocker, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QFont, QKeyEvent, QMouseEvent, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QCompleter, QLineEdit, QListView, QWidget

from resnet_explorer.spec.catalogue import Entry
from resnet_explorer.spec.search import search

NAME = Qt.ItemDataRole.UserRole
LIST_SIZE = QSize(430, 460)


class PresetBox(QLineEdit):
    """Shows the network's title; ``chosen`` gives the name of the network that the user picks."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title = ""
        self.setAccessibleName("Preset")
        self.setToolTip(
            "A published network to start from: type a few letters (rn50, wide, 2017), or press Down for the list. It "
            "also sets the size of images that it was published for."
        )
        self.list = QStandardItemModel(self)
        self._completer = QCompleter(self.list, self)
        self._completer.setCompletionMode(QCompleter.CompletionMode.UnfilteredPopupCompletion)
        self._completer.setWidget(self)
        self.popup = QListView()
        self.popup.setMinimumSize(LIST_SIZE)
        self.popup.setAccessibleName("Networks")
        self.popup.setUniformItemSizes(True)
        self._completer.setPopup(self.popup)
        self.popup.installEventFilter(self)
        self._completer.activated[QModelIndex].connect(self._on_activated)  # type: ignore[index]  # stubs know one
        self.textEdited.connect(self.offer)
        self._closed = QTimer(self)
        self._closed.setSingleShot(True)
        self._closed.timeout.connect(self._on_list_closed)

    def show_title(self, title: str) -> None:
        """Show a network's title without a signal, unless the user is typing."""
        self._title = title
        if not self.popup.isVisible():
            with QSignalBlocker(self):
                self.setText(title)
                self.setCursorPosition(0)

    def offer(self, text: str = "") -> None:
        """Open the list of what a text finds, by family where it is empty."""
        self.list.clear()
        family = ""
        found = search(text)
        for entry in found:
            if not text.strip() and entry.family.key != family:
                family = entry.family.key
                self.list.appendRow(_heading(f"{entry.family.title} · {entry.family.authors} {entry.family.year}"))
            self.list.appendRow(_item(entry))
        if not found:
            self.list.appendRow(_heading("No network has such a name: fewer letters find more"))
        self._completer.complete()
        first = next((row for row in range(self.list.rowCount()) if self.list.item(row).isEnabled()), None)
        if first is not None:
            self.popup.setCurrentIndex(self.popup.model().index(first, 0))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.popup and event.type() == QEvent.Type.Hide:
            self._closed.start()
        return super().eventFilter(watched, event)

    def _on_list_closed(self) -> None:
        self.show_title(self._title)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        super().mousePressEvent(event)
        self.selectAll()
        self.offer()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Down and not self.popup.isVisible():
            self.offer()
        elif event.key() == Qt.Key.Key_Escape:
            self.popup.hide()
            self.show_title(self._title)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.take_first()
        else:
            super().keyPressEvent(event)

    def take_first(self) -> None:
        """Choose the highlighted network, or the first that was found."""
        index = self.popup.currentIndex()
        if not index.isValid() or not index.data(NAME):
            rows = (self.list.index(row, 0) for row in range(self.list.rowCount()))
            index = next((row for row in rows if row.data(NAME)), QModelIndex())
        if index.isValid() and self.popup.isVisible():
            self.popup.hide()
            self._on_activated(index)

    def _on_activated(self, index: QModelIndex) -> None:
        name = index.data(NAME)
        if name:
            self.popup.hide()
            self.chosen.emit(str(name))
            self.show_title(self._title)


def _heading(words: str) -> QStandardItem:
    item = QStandardItem(words)
    font = QFont()
    font.setBold(True)
    item.setFont(font)
    item.setEnabled(False)
    return item


def _item(entry: Entry) -> QStandardItem:
    item = QStandardItem(f"   {entry.title}")
    item.setData(entry.name, NAME)
    item.setToolTip(f"{entry.name}: {entry.row.note} {entry.row.published}".strip())
    return item
