"""Pickers: a published network by name, the networks that are trained side by side, images, and experiments."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from PySide6 import QtCore, QtGui, QtWidgets
from PySide6.QtCore import QModelIndex, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QFont, QFontMetrics, QStandardItem
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QStyleOptionViewItem, QWidget

from resnet_explorer.images.choice import DIGITS, DataChoice, DataKind
from resnet_explorer.runs.plan import MAX_RUNS
from resnet_explorer.spec import ResNetSpec
from resnet_explorer.spec.catalogue import Entry, title, twin
from resnet_explorer.spec.search import find_network, search
from resnet_explorer.ui.document import Document
from resnet_explorer.ui.fields import ChoiceField
from resnet_explorer.ui.parts import Problem, button, describe, hbox, timer, vbox

NAME = Qt.ItemDataRole.UserRole
LIST_SIZE = QSize(430, 460)


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
        if not entries:
            self.list.appendRow(_heading("No network has this name. Try fewer letters."))
        self._completer.complete()
        rows = [row for row in range(self.list.rowCount()) if self.list.item(row).isEnabled()]
        if not text.strip():
            rows = [row for row in rows if self.list.item(row).text().strip() == self._title]
        if rows:
            self.popup.setCurrentIndex(self.popup.model().index(rows[0], 0))

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


def _item(entry: Entry) -> QStandardItem:
    item = QStandardItem(f"   {entry.title}")
    item.setData(entry.name, NAME)
    item.setToolTip(f"{entry.name}: {entry.note} {entry.published}".strip())
    return item


Named = tuple[str, ResNetSpec]
ADD = "Add a network by name…"
ROWS = 4


class _List(QListWidget):
    unwanted = Signal()

    def keyPressEvent(self, event: QtGui.QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.unwanted.emit()
        else:
            super().keyPressEvent(event)


class NetworkList(QWidget):
    """``changed`` tells of other networks."""

    changed = Signal()

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self.networks: tuple[Named, ...] = ()
        tip = "All are trained on the same images in the same order; Delete removes one"
        self.list = describe(_List(), "Networks to be trained", tip)
        self.list.unwanted.connect(self._on_remove)
        tip = "Add a published network: type a few letters, or press Down for the list"
        self.box = describe(PresetBox(), "Add a network", tip)
        self.box.show_title(ADD)
        self.box.chosen.connect(self._on_chosen)
        self.box.done.connect(self.list.setFocus)
        self.shown = button("Current", "Add the network that this window shows", self._on_shown)
        tip = "Add the twin of the selected network: the same without, or with, its shortcuts"
        self.twin = button("Twin", tip, self._on_twin)
        self.remove = button("Remove", "Remove the selected network (Delete)", self._on_remove)
        buttons = hbox(self.shown, self.twin, self.remove, spacing=4)
        vbox(self.list, self.box, buttons, of=self, margins=(14, 0, 12, 0), spacing=4)

    def show_networks(self, networks: Sequence[Named]) -> None:
        """Show other networks, without a signal."""
        self.networks = tuple(networks)
        place = self.list.currentRow()
        self.list.clear()
        for name, spec in networks:
            item = QListWidgetItem(name)
            item.setToolTip(title(spec))
            self.list.addItem(item)
        self.list.setCurrentRow(min(max(place, 0), len(networks) - 1))
        height = max(self.list.sizeHintForRow(0), self.fontMetrics().height() + 2)
        self.list.setFixedHeight(height * max(ROWS, len(networks)) + 2 * self.list.frameWidth() + 2)
        full = len(networks) >= MAX_RUNS
        for widget in (self.shown, self.twin, self.box):
            widget.setEnabled(not full)
        self.remove.setEnabled(bool(networks))
        self.twin.setEnabled(bool(networks) and not full)

    def add(self, name: str, spec: ResNetSpec) -> None:
        """Add a network; one of a name that is there already gets a number."""
        names = {taken for taken, _ in self.networks}
        number = next(n for n in range(1, MAX_RUNS + 2) if (name if n == 1 else f"{name} ({n})") not in names)
        self.show_networks((*self.networks, (name if number == 1 else f"{name} ({number})", spec)))
        self.list.setCurrentRow(len(self.networks) - 1)
        self.changed.emit()

    def _on_chosen(self, name: str) -> None:
        self.box.show_title(ADD)
        spec = find_network(name)
        self.add(title(spec), spec)

    def _on_shown(self) -> None:
        spec = self._document.state.spec
        self.add(title(spec), spec)

    def _on_twin(self) -> None:
        place = self.list.currentRow()
        if 0 <= place < len(self.networks):
            other = twin(self.networks[place][1])
            self.add(title(other), other)

    def _on_remove(self) -> None:
        place = self.list.currentRow()
        if 0 <= place < len(self.networks):
            self.show_networks([network for index, network in enumerate(self.networks) if index != place])
            self.changed.emit()


BUILT_IN = (
    ("digits 8×8 (built in)", DataChoice(DataKind.DIGITS)),
    ("MNIST 28×28 (built in)", DataChoice(DataKind.MNIST)),
    ("noise", DataChoice(DataKind.NOISE)),
)
FOLDERS = (
    ("a folder of images…", DataKind.FOLDER, "A folder of images"),
    ("CIFAR-10 from a folder…", DataKind.CIFAR10, "The folder that holds cifar-10-batches-py"),
    ("CIFAR-100 from a folder…", DataKind.CIFAR100, "The folder that holds cifar-100-python"),
    ("MNIST, whole, from a folder…", DataKind.MNIST, "The folder that holds MNIST"),
    ("Fashion-MNIST from a folder…", DataKind.FASHION, "The folder that holds FashionMNIST"),
)
_KIND = Qt.ItemDataRole.UserRole + 1


class ImagesBox(QWidget):
    """``changed`` tells of other images; ``problem`` says what is wrong with them, and belongs under the list.

    A folder that was chosen is an entry of its own, with its path as tooltip.
    """

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.list = ChoiceField(BUILT_IN)
        self.choice: DataChoice = DIGITS
        self.is_new = False
        self.problem = Problem()
        for text, kind, tip in FOLDERS:
            self.list.add(text, None, f"{tip}; nothing is downloaded")
            self.list.setItemData(self.list.count() - 1, kind, _KIND)
        self.list.activated.connect(self._on_activated)
        vbox(self.list, of=self)
        self.setFocusProxy(self.list)

    def use(self, choice: DataChoice) -> None:
        """Choose images; those of a folder get an entry of their own."""
        index = next((n for n in range(self.list.count()) if self.list.itemData(n) == choice), -1)
        if index < 0:
            index = len(BUILT_IN)
            self.list.insertItem(index, f"{choice.title}: {Path(choice.root).name or choice.root}", choice)
            self.list.setItemData(index, choice.root, Qt.ItemDataRole.ToolTipRole)
        self.list.setCurrentIndex(index)
        self.list.setToolTip(choice.root or "The input; the plot names it")
        if choice != self.choice:
            self.choice, self.is_new = choice, True
            self.problem.say("")
            self.changed.emit()

    def _on_activated(self, index: int) -> None:
        choice, kind = self.list.itemData(index), self.list.itemData(index, _KIND)
        if choice is not None:
            self.use(choice)
            return
        text = next(tip for _, folder_kind, tip in FOLDERS if folder_kind == kind)
        folder = QtWidgets.QFileDialog.getExistingDirectory(self, text, self.choice.root)
        self.use(DataChoice(DataKind(kind), folder) if folder else self.choice)


Index = QModelIndex | QtCore.QPersistentModelIndex
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
        self._experiments = {experiment.key: experiment for experiment in experiments}
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


class _TwoLines(QtWidgets.QStyledItemDelegate):
    def paint(self, painter: QtGui.QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        option = QStyleOptionViewItem(option)
        self.initStyleOption(option, index)
        option.text = ""
        style = option.widget.style()
        style.drawControl(style.ControlElement.CE_ItemViewItem, option, painter, option.widget)
        chosen = bool(option.state & style.StateFlag.State_Selected)
        palette, place = option.palette, QtCore.QRectF(option.rect).adjusted(PAD, GAP, -PAD, -GAP)
        roles = QtGui.QPalette.ColorRole
        bold = _bold(option.font)
        painter.save()
        for font, role, text in (
            (bold, roles.Text, index.data(Qt.ItemDataRole.DisplayRole)),
            (option.font, roles.PlaceholderText, index.data(_QUESTION)),
        ):
            metrics = QFontMetrics(font)
            painter.setFont(font)
            painter.setPen(palette.color(roles.HighlightedText if chosen else role))
            room = QtCore.QRectF(place.left(), place.top(), place.width(), metrics.height())
            text = metrics.elidedText(text, Qt.TextElideMode.ElideRight, round(place.width()))
            painter.drawText(room, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)
            place.translate(0, metrics.height())
        painter.restore()

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        font = option.font
        return QSize(80, QFontMetrics(font).height() + QFontMetrics(_bold(font)).height() + 2 * GAP)


def _bold(font: QFont) -> QFont:
    made = QFont(font)
    made.setWeight(QFont.Weight.DemiBold)
    return made
