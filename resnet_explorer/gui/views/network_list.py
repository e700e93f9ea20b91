"""The networks to be trained side by side: up to eight, added by name, from the window, or as plain twins."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QListWidget, QListWidgetItem, QPushButton, QVBoxLayout, QWidget

from resnet_explorer.analysis.gradients import twin
from resnet_explorer.analysis.training import MAX_RUNS
from resnet_explorer.gui.document import Document
from resnet_explorer.gui.views.preset_box import PresetBox
from resnet_explorer.spec import ResNetSpec
from resnet_explorer.spec.catalogue import title
from resnet_explorer.spec.lookup import find

Named = tuple[str, ResNetSpec]
ADD = "Add a network by name…"
ROWS = 4


class _List(QListWidget):
    """Delete takes the selected entry out."""

    unwanted = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
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
        self.list = _List()
        self.list.setAccessibleName("Networks to be trained")
        self.list.setToolTip("All are trained on the same images in the same order; Delete takes one out")
        self.list.unwanted.connect(self._on_remove)
        self.box = PresetBox()
        self.box.setToolTip("Add a published network: type a few letters, or press Down for the list")
        self.box.setAccessibleName("Add a network")
        self.box.show_title(ADD)
        self.box.chosen.connect(self._on_chosen)
        self.shown, self.twin, self.remove = QPushButton("Shown one"), QPushButton("Its twin"), QPushButton("Remove")
        self.shown.setToolTip("Add the network that this window shows")
        self.twin.setToolTip("Add the twin of the selected network: the same without, or with, its shortcuts")
        self.remove.setToolTip("Take the selected network out (Delete)")
        self.shown.clicked.connect(self._on_shown)
        self.twin.clicked.connect(self._on_twin)
        self.remove.clicked.connect(self._on_remove)
        self._arrange()

    def _arrange(self) -> None:
        buttons = QHBoxLayout()
        buttons.setSpacing(4)
        for button in (self.shown, self.twin, self.remove):
            buttons.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 0, 12, 0)
        column.setSpacing(4)
        column.addWidget(self.list)
        column.addWidget(self.box)
        column.addLayout(buttons)

    def show_networks(self, networks: Sequence[Named]) -> None:
        """Show other networks, without a signal."""
        self.networks = tuple(networks)
        row = self.list.currentRow()
        self.list.clear()
        for name, spec in networks:
            item = QListWidgetItem(name)
            item.setToolTip(title(spec))
            self.list.addItem(item)
        self.list.setCurrentRow(min(max(row, 0), len(networks) - 1))
        height = max(self.list.sizeHintForRow(0), self.fontMetrics().height() + 2)
        self.list.setFixedHeight(height * max(ROWS, len(networks)) + 2 * self.list.frameWidth() + 2)
        full = len(networks) >= MAX_RUNS
        for widget in (self.shown, self.twin, self.box):
            widget.setEnabled(not full)
        self.remove.setEnabled(bool(networks))
        self.twin.setEnabled(bool(networks) and not full)

    def add(self, name: str, spec: ResNetSpec) -> None:
        """Add a network; one of a name that is there already gets a number."""
        names = {known for known, _ in self.networks}
        number = next(n for n in range(1, MAX_RUNS + 2) if (name if n == 1 else f"{name} ({n})") not in names)
        self.show_networks((*self.networks, (name if number == 1 else f"{name} ({number})", spec)))
        self.list.setCurrentRow(len(self.networks) - 1)
        self.changed.emit()

    def _on_chosen(self, name: str) -> None:
        self.box.show_title(ADD)
        spec = find(name)
        self.add(title(spec), spec)

    def _on_shown(self) -> None:
        spec = self._document.state.spec
        self.add(title(spec), spec)

    def _on_twin(self) -> None:
        row = self.list.currentRow()
        if 0 <= row < len(self.networks):
            other = twin(self.networks[row][1])
            self.add(title(other), other)

    def _on_remove(self) -> None:
        row = self.list.currentRow()
        if 0 <= row < len(self.networks):
            self.show_networks([one for index, one in enumerate(self.networks) if index != row])
            self.changed.emit()
