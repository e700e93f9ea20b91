"""Pickers: the networks that are trained side by side, images, and experiments."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from PySide6 import QtCore, QtGui, QtWidgets
from PySide6.QtCore import QModelIndex, QSize, Qt, Signal
from PySide6.QtGui import QFont, QFontMetrics
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QStyleOptionViewItem, QWidget

from resnet_explorer.images.choice import DIGITS, DataChoice, DataKind
from resnet_explorer.runs.plan import MAX_RUNS
from resnet_explorer.spec import ResNetSpec
from resnet_explorer.spec.catalogue import title, twin
from resnet_explorer.spec.search import find_network
from resnet_explorer.ui.document import Document
from resnet_explorer.ui.fields import ChoiceField
from resnet_explorer.ui.parts import Problem, button, describe, hbox, vbox
from resnet_explorer.ui.preset_box import PresetBox

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
