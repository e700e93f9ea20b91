"""The list of images to measure on: what the app carries, and what a folder of the user's holds."""

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFileDialog, QLabel, QVBoxLayout, QWidget

from resnet_explorer.gui.views.fields import QuietCombo
from resnet_explorer.spec.data_choice import DIGITS, DataChoice, DataKind

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


class ProblemLabel(QLabel):
    """A sentence on what is wrong, as high as its lines need; hidden where nothing is."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("problem")
        self.setWordWrap(True)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.hide()

    def say(self, problem: str) -> None:
        """Say why something cannot be; an empty sentence clears it."""
        self.setText(f"⚠ {problem}" if problem else "")
        self.setVisible(bool(problem))
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Ask for the height of all lines: a form's layout gives a wrapped label in a scrolled panel too little."""
        self.setMinimumHeight(max(0, self.heightForWidth(self.width())) if self.text() else 0)


class ImagesBox(QWidget):
    """``changed`` tells of other images; ``problem`` says what is wrong with them, and belongs under the list.

    A folder that was chosen is an entry of its own, with its path as tooltip.
    """

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.list = QuietCombo()
        self.choice: DataChoice = DIGITS
        self.is_new = False
        self.problem = ProblemLabel()
        for words, choice in BUILT_IN:
            self.list.addItem(words, choice)
        for words, kind, tip in FOLDERS:
            self.list.addItem(words)
            self.list.setItemData(self.list.count() - 1, kind, _KIND)
            self.list.setItemData(self.list.count() - 1, f"{tip}; nothing is downloaded", Qt.ItemDataRole.ToolTipRole)
        self.list.activated.connect(self._on_activated)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.list)
        self.setFocusProxy(self.list)

    def use(self, choice: DataChoice) -> None:
        """Choose images; those of a folder get an entry of their own."""
        index = next((n for n in range(self.list.count()) if self.list.itemData(n) == choice), -1)
        if index < 0:
            index = len(BUILT_IN)
            self.list.insertItem(index, f"{choice.title}: {Path(choice.root).name or choice.root}", choice)
            self.list.setItemData(index, choice.root, Qt.ItemDataRole.ToolTipRole)
        self.list.setCurrentIndex(index)
        self.list.setToolTip(choice.root or "What goes in; it stands on the plot")
        if choice != self.choice:
            self.choice, self.is_new = choice, True
            self.problem.say("")
            self.changed.emit()

    def _on_activated(self, index: int) -> None:
        known, kind = self.list.itemData(index), self.list.itemData(index, _KIND)
        if known is not None:
            self.use(known)
            return
        words = next(tip for _, one, tip in FOLDERS if one == kind)
        folder = QFileDialog.getExistingDirectory(self, words, self.choice.root)
        self.use(DataChoice(DataKind(kind), folder) if folder else self.choice)
