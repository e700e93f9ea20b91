"""A published network by name, and why a related one that is asked for cannot be built."""

import textwrap

from PySide6 import QtCore, QtGui, QtWidgets
from PySide6.QtCore import QModelIndex, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QFont, QStandardItem
from PySide6.QtWidgets import QWidget

from resnet_explorer.spec.catalogue import CATALOGUE, Entry
from resnet_explorer.spec.relatives import Relative, relatives
from resnet_explorer.spec.search import search
from resnet_explorer.ui.parts import timer

NAME = Qt.ItemDataRole.UserRole
LIST_SIZE, ROOM = QSize(430, 460), 40


class PresetBox(QtWidgets.QLineEdit):
    """Shows the network's title; ``chosen`` gives the name of the network that the user picks.

    ``done`` tells that the user has picked one or given it up, so that the keyboard may go elsewhere.
    """

    chosen = Signal(str)
    done = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title = ""
        self.setAccessibleName("Preset")
        self.setToolTip(
            "A published network to start from: type a few letters (rn50, wide, 2017), or press Down for the list. It "
            "also sets the size of images that it was published for."
        )
        self.list = QtGui.QStandardItemModel(self)
        self._completer = QtWidgets.QCompleter(self.list, self)
        self._completer.setCompletionMode(QtWidgets.QCompleter.CompletionMode.UnfilteredPopupCompletion)
        self._completer.setWidget(self)
        self.popup = QtWidgets.QListView()
        self.popup.setMinimumSize(LIST_SIZE)
        self.popup.setAccessibleName("Networks")
        self.popup.setUniformItemSizes(True)
        self._completer.setPopup(self.popup)
        self.popup.installEventFilter(self)
        self.installEventFilter(self)  # after the completer's, which keeps the loss of the focus to itself
        self._completer.activated[QModelIndex].connect(self._on_activated)  # type: ignore[index]  # stubs know one
        self.textEdited.connect(self.offer)
        self._closed = timer(self, 0, lambda: self.show_title(self._title), once=True)

    def show_title(self, title: str) -> None:
        """Show a network's title without a signal, unless the user is typing."""
        self._title = title
        if not self.popup.isVisible():
            with QSignalBlocker(self):
                self.setText(title)
                self.setCursorPosition(0)

    def offer(self, text: str = "") -> None:
        """Open the list of what a text finds, by family and with the network that is shown where it is empty."""
        self.list.clear()
        family = ""
        entries = search(text)
        for entry in entries:
            if not text.strip() and entry.family.key != family:
                family = entry.family.key
                self.list.appendRow(_heading(f"{entry.family.title} · {entry.family.authors} {entry.family.year}"))
            self.list.appendRow(_item(entry))
        others = relatives(text)
        for other in others:
            for item in self._explanation(other, short=bool(entries) or len(others) > 1):
                self.list.appendRow(item)
        if not entries and not others:
            self.list.appendRow(_heading("No network has this name. Try fewer letters."))
        self._completer.complete()
        rows = [row for row in range(self.list.rowCount()) if self.list.item(row).isEnabled()]
        if not text.strip():
            rows = [row for row in rows if self.list.item(row).text().strip() == self._title]
        if rows and entries:
            self.popup.setCurrentIndex(self.popup.model().index(rows[0], 0))
        elif rows:  # what is merely nearest is a step down, so that Enter alone never chooses it
            self.popup.setCurrentIndex(self.popup.model().index(rows[-1] - 1, 0))

    def _explanation(self, other: Relative, short: bool) -> list[QStandardItem]:
        """Return lines on a network that cannot be built: its name, and, unless ``short``, why and what is nearest."""
        head = _heading(f"{other.title} cannot be built here")
        head.setToolTip(other.what)
        if short:
            return [head]
        letters = (LIST_SIZE.width() - ROOM) // max(1, self.fontMetrics().averageCharWidth())
        lines = [*textwrap.wrap(other.text, letters), *textwrap.wrap(f"{other.source}.", letters), "Nearest here:"]
        return [head, *map(_note, lines), _item(CATALOGUE[other.nearest])]

    def eventFilter(self, watched: QtCore.QObject, event: QtCore.QEvent) -> bool:
        if watched is self.popup and event.type() == QtCore.QEvent.Type.Hide:
            self._closed.start()
        if watched is self and isinstance(event, QtGui.QFocusEvent) and event.lostFocus():
            self._on_focus_lost(event.reason())
        return super().eventFilter(watched, event)

    def _on_focus_lost(self, reason: Qt.FocusReason) -> None:
        """Close the list where another part of the window has the keyboard: a shortcut may have shown a page."""
        if reason not in (Qt.FocusReason.PopupFocusReason, Qt.FocusReason.ActiveWindowFocusReason):
            self.popup.hide()

    def mousePressEvent(self, event: QtGui.QMouseEvent) -> None:
        super().mousePressEvent(event)
        self.selectAll()
        self.offer()

    def keyPressEvent(self, event: QtGui.QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Down and not self.popup.isVisible():
            self.offer()
        elif event.key() == Qt.Key.Key_Escape:
            self.give_up()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            is_plain = not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
            self.take() if is_plain else self.give_up()  # Ctrl+Enter means something else, on another page
        else:
            super().keyPressEvent(event)

    def give_up(self) -> None:
        """Close the list, and show the title of before."""
        self.popup.hide()
        self.show_title(self._title)
        self.done.emit()

    def take(self) -> None:
        """Choose the highlighted network; where none is, a list of finds stays open and another one is closed."""
        index = self.popup.currentIndex() if self.popup.isVisible() else QModelIndex()
        if index.isValid() and index.data(NAME):
            self._on_activated(index)
        elif not self.popup.isVisible() or not self.text().strip():
            self.give_up()

    def _on_activated(self, index: QModelIndex) -> None:
        name = index.data(NAME)
        if name:
            self.popup.hide()
            self.chosen.emit(str(name))
            self.show_title(self._title)
            self.done.emit()


def _heading(text: str) -> QStandardItem:
    item = QStandardItem(text)
    font = QFont()
    font.setBold(True)
    item.setFont(font)
    item.setEnabled(False)
    return item


def _note(text: str) -> QStandardItem:
    item = QStandardItem(text)
    item.setToolTip(text)
    return item


def _item(entry: Entry) -> QStandardItem:
    item = QStandardItem(f"   {entry.title}")
    item.setData(entry.name, NAME)
    item.setToolTip(f"{entry.name}: {entry.note} {entry.published}".strip())
    return item
