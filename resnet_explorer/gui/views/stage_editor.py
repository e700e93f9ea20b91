"""One field a stage for its blocks, one check for whether it doubles the width, and buttons for more or fewer."""

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QCheckBox, QGridLayout, QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from resnet_explorer.gui.views.fields import NumberField
from resnet_explorer.spec import ResNetSpec
from resnet_explorer.spec.axes import AXES
from resnet_explorer.spec.resnet_spec import MAX_BLOCKS, MAX_STAGES

PER_ROW = 4


class StageEditor(QWidget):
    """Edits ``blocks`` and ``doubling``; ``edited`` gives the axis, its new value and the words of the change."""

    edited = Signal(str, object, str)
    refused = Signal(str)
    left = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._spec: ResNetSpec | None = None
        self.fields = [self._field(number) for number in range(1, MAX_STAGES + 1)]
        self.doubles = [self._double(number) for number in range(1, MAX_STAGES + 1)]
        self._widths = [QLabel(self) for _ in self.fields]
        self.fewer = self._button("−", "Remove the last stage")
        self.more = self._button("+", "Add a stage like the last one")
        self.fewer.clicked.connect(self._on_fewer_clicked)
        self.more.clicked.connect(self._on_more_clicked)
        self._arrange()

    def _field(self, number: int) -> NumberField:
        field = NumberField(1, MAX_BLOCKS, self)
        field.setButtonSymbols(NumberField.ButtonSymbols.NoButtons)
        field.setAlignment(Qt.AlignmentFlag.AlignCenter)
        field.setAccessibleName(f"Blocks of stage {number}")
        field.setToolTip(f"Blocks of stage {number} (conv{number + 1}_x). {AXES['blocks'].teaches}")
        field.setProperty("stage", number)
        field.entered.connect(self._on_entered)
        field.refused.connect(self.refused)
        field.left.connect(self.left)
        return field

    def _double(self, number: int) -> QCheckBox:
        check = QCheckBox("×2", self)
        check.setAccessibleName(f"Stage {number} doubles the width")
        check.setToolTip(AXES["doubling"].teaches)
        check.setVisible(number > 1)
        check.clicked.connect(self._on_doubling_clicked)
        return check

    def _button(self, text: str, tip: str) -> QToolButton:
        button = QToolButton(self)
        button.setText(text)
        button.setToolTip(tip)
        button.setAccessibleName(tip)
        button.setFixedSize(22, 22)
        return button

    def _arrange(self) -> None:
        buttons = QHBoxLayout()
        title = QLabel(AXES["blocks"].label, self)
        title.setToolTip(AXES["blocks"].teaches)
        buttons.addWidget(title, 1)
        buttons.addWidget(self.fewer)
        buttons.addWidget(self.more)
        grid = QGridLayout()
        grid.setHorizontalSpacing(4)
        grid.setVerticalSpacing(1)
        for index, field in enumerate(self.fields):
            row, column = 3 * (index // PER_ROW), index % PER_ROW
            grid.addWidget(field, row, column)
            grid.addWidget(self._widths[index], row + 1, column)
            grid.addWidget(self.doubles[index], row + 2, column)
            self._widths[index].setAlignment(Qt.AlignmentFlag.AlignCenter)
            self._widths[index].setObjectName("muted")
            self._widths[index].setToolTip("The width of this stage: channels inside its blocks.")
        column_ = QVBoxLayout(self)
        column_.setContentsMargins(0, 0, 0, 0)
        column_.setSpacing(3)
        column_.addLayout(buttons)
        column_.addLayout(grid)

    def show_spec(self, spec: ResNetSpec) -> None:
        """Show the stages of a spec without a signal."""
        self._spec = spec
        count = len(spec.blocks)
        for index, field in enumerate(self.fields):
            for widget in (field, self._widths[index]):
                widget.setVisible(index < count)
            self.doubles[index].setVisible(0 < index < count)
            if index < count:
                field.show_value(spec.blocks[index])
                self._widths[index].setText(f"{spec.widths[index]} ch")
            if 0 < index < count:
                with QSignalBlocker(self.doubles[index]):
                    self.doubles[index].setChecked(spec.doubling[index - 1])
        self.fewer.setEnabled(count > 1)
        self.more.setEnabled(count < MAX_STAGES)

    def _on_entered(self, value: int) -> None:
        if self._spec is None:
            return
        number = self.sender().property("stage")
        blocks = (*self._spec.blocks[: number - 1], value, *self._spec.blocks[number:])
        self.edited.emit("blocks", blocks, f"change blocks of stage {number}")

    def _on_doubling_clicked(self) -> None:
        if self._spec:
            checks = self.doubles[1 : len(self._spec.blocks)]
            self.edited.emit("doubling", tuple(check.isChecked() for check in checks), "change the doubling of widths")

    def _on_fewer_clicked(self) -> None:
        if self._spec:
            self.edited.emit("blocks", self._spec.blocks[:-1], "remove a stage")

    def _on_more_clicked(self) -> None:
        if self._spec:
            self.edited.emit("blocks", (*self._spec.blocks, self._spec.blocks[-1]), "add a stage")
