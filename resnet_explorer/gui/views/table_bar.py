"""The line above the layer table: tree or flat, filter, kind, what that leaves, and copies."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QLabel, QLineEdit, QMenu, QToolButton, QWidget

from resnet_explorer.gui.views.fields import QuietCombo


class TableBar(QWidget):
    """Tells what the user wants of the table: ``changed`` a choice, to open or close all, to copy."""

    changed = Signal()
    open_all_wanted = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.tree = _button("Tree", "Stages, blocks and their layers, with sums. Filtering and sorting list layers.")
        self.flat = _button("Flat", "List the layers one after the other, without stages and blocks.")
        self.filter = QLineEdit(placeholderText="Filter layers", clearButtonEnabled=True)
        self.kinds = QuietCombo()
        self.count = QLabel()
        self.open = _button("Open all", "Open every stage and block.")
        self.close_all = _button("Close all", "Close every stage and block.")
        self.copy = _button("Copy", "Copy the selected lines, or all layers, as text.")
        self.menu = QMenu(self)
        self._describe()
        self._arrange()
        self._wire()

    def _describe(self) -> None:
        self.filter.setAccessibleName("Filter layers by name or type")
        self.filter.setToolTip("Show only layers whose path or type holds this text.")
        self.kinds.setAccessibleName("Kind of layer")
        self.kinds.setToolTip("Show only layers of one kind.")
        self.count.setObjectName("muted")
        self.count.setMinimumWidth(1)
        self.count.setTextFormat(Qt.TextFormat.PlainText)
        self.copy.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.copy.setMenu(self.menu)
        self._shape = QButtonGroup(self)
        for button in (self.tree, self.flat):
            button.setCheckable(True)
            self._shape.addButton(button)
        self.tree.setChecked(True)

    def _arrange(self) -> None:
        line = QHBoxLayout(self)
        line.setContentsMargins(8, 4, 8, 4)
        line.setSpacing(5)
        shape = QHBoxLayout()
        shape.setSpacing(0)
        shape.addWidget(self.tree)
        shape.addWidget(self.flat)
        line.addLayout(shape)
        self.filter.setMaximumWidth(320)
        line.addWidget(self.filter, 2)
        line.addWidget(self.kinds)
        line.addWidget(self.count, 3)
        for button in (self.open, self.close_all, self.copy):
            line.addWidget(button)

    def _wire(self) -> None:
        self.filter.textChanged.connect(self._on_changed)
        self.kinds.activated.connect(self._on_changed)
        self.flat.toggled.connect(self._on_changed)
        self.open.clicked.connect(self._on_open_clicked)
        self.close_all.clicked.connect(self._on_close_clicked)

    def add_copies(self, *copies: QAction) -> None:
        """Offer these ways to copy."""
        self.menu.addActions(copies)

    def show_kinds(self, kinds: list[str]) -> None:
        """Offer these kinds of layers, and all of them."""
        offered = ["", *kinds]
        if [self.kinds.itemData(index) for index in range(self.kinds.count())] != offered:
            chosen = self.kinds.currentData()
            self.kinds.clear()
            for kind in offered:
                self.kinds.addItem(kind or "All kinds", kind)
            self.kinds.setCurrentIndex(max(0, self.kinds.findData(chosen)))

    def _on_changed(self) -> None:
        self.changed.emit()

    def _on_open_clicked(self) -> None:
        self.open_all_wanted.emit(True)

    def _on_close_clicked(self) -> None:
        self.open_all_wanted.emit(False)


def _button(words: str, tip: str) -> QToolButton:
    button = QToolButton()
    button.setText(words)
    button.setToolTip(tip)
    button.setAccessibleName(words)
    return button
