"""A line a stage: its blocks, width, stride and kind of block; and buttons for more or fewer stages."""

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from resnet_explorer.gui.views.fields import NumberField, QuietCombo
from resnet_explorer.spec import ResNetSpec
from resnet_explorer.spec.axes import AXES
from resnet_explorer.spec.limits import MAX_BLOCKS, MAX_STAGES, MAX_STRIDE, MAX_WIDTH

NUMBERS = (("blocks", MAX_BLOCKS), ("widths", MAX_WIDTH), ("strides", MAX_STRIDE))
_WORDS = {"blocks": "blocks", "widths": "width", "strides": "stride", "block": "kind"}


class StageEditor(QWidget):
    """Edits what each stage has of its own; ``edited`` gives the axis, its new value and the words of the change.

    ``typed`` gives the same for what is typed.
    """

    edited = Signal(str, object, str)
    typed = Signal(str, object, str)
    refused = Signal(str)
    left = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._spec: ResNetSpec | None = None
        stages = range(1, MAX_STAGES + 1)
        self.numbers = {key: [self._field(key, number, top) for number in stages] for key, top in NUMBERS}
        self.kinds = [self._kind(number) for number in stages]
        self._labels = [QLabel(str(number), self) for number in stages]
        self.fewer = self._button("−", "Remove the last stage")
        self.more = self._button("+", "Add a stage: twice as wide, at half the resolution")
        self.fewer.clicked.connect(self._on_fewer_clicked)
        self.more.clicked.connect(self._on_more_clicked)
        self._arrange()

    def _field(self, key: str, number: int, top: int) -> NumberField:
        field = NumberField(1, top, self)
        field.setButtonSymbols(NumberField.ButtonSymbols.NoButtons)
        field.setAlignment(Qt.AlignmentFlag.AlignCenter)
        field.setAccessibleName(f"{AXES[key].label} of stage {number}")
        field.setToolTip(f"{AXES[key].label} of stage {number} (conv{number + 1}_x). {AXES[key].teaches}")
        field.setProperty("stage", number)
        field.setProperty("axis", key)
        field.entered.connect(self._on_entered)
        field.refused.connect(self.refused)
        field.left.connect(self.left)
        return field

    def _kind(self, number: int) -> QuietCombo:
        combo = QuietCombo(self)
        for choice in AXES["block"].choices:
            combo.addItem(choice.label, choice.value)
            combo.setItemData(combo.count() - 1, choice.teaches, Qt.ItemDataRole.ToolTipRole)
        combo.setAccessibleName(f"Kind of block of stage {number}")
        combo.setToolTip(f"Kind of block of stage {number} (conv{number + 1}_x). {AXES['block'].teaches}")
        combo.setProperty("stage", number)
        combo.activated.connect(self._on_kind_activated)
        return combo

    def _button(self, text: str, tip: str) -> QToolButton:
        button = QToolButton(self)
        button.setText(text)
        button.setToolTip(tip)
        button.setAccessibleName(tip)
        button.setFixedSize(22, 22)
        return button

    def _arrange(self) -> None:
        top = QHBoxLayout()
        title = QLabel("STAGES", self)
        title.setObjectName("heading")
        title.setToolTip(AXES["blocks"].teaches)
        top.addWidget(title, 1)
        top.addWidget(self.fewer)
        top.addWidget(self.more)
        grid = QGridLayout()
        grid.setHorizontalSpacing(4)
        grid.setVerticalSpacing(2)
        for column, (key, share) in enumerate((("blocks", 5), ("widths", 6), ("strides", 4), ("block", 10)), start=1):
            head = QLabel(AXES[key].label, self)
            head.setObjectName("muted")
            head.setToolTip(AXES[key].teaches)
            grid.addWidget(head, 0, column)
            grid.setColumnStretch(column, share)
        for index, label in enumerate(self._labels):
            label.setObjectName("muted")
            grid.addWidget(label, index + 1, 0)
            for column, widget in enumerate(self._line(index), start=1):
                grid.addWidget(widget, index + 1, column)
        column_ = QVBoxLayout(self)
        column_.setContentsMargins(0, 0, 0, 0)
        column_.setSpacing(2)
        column_.addLayout(top)
        column_.addLayout(grid)

    def _line(self, index: int) -> Sequence[QWidget]:
        return [*(self.numbers[key][index] for key, _ in NUMBERS), self.kinds[index]]

    def show_spec(self, spec: ResNetSpec) -> None:
        """Show the stages of a spec without a signal."""
        self._spec = spec
        count = len(spec.blocks)
        for index in range(MAX_STAGES):
            for widget in (self._labels[index], *self._line(index)):
                widget.setVisible(index < count)
            if index < count:
                for key, _ in NUMBERS:
                    self.numbers[key][index].show_value(getattr(spec, key)[index])
                with QSignalBlocker(self.kinds[index]):
                    self.kinds[index].setCurrentIndex(self.kinds[index].findData(spec.block[index]))
        self.fewer.setEnabled(count > 1)
        self.more.setEnabled(count < MAX_STAGES)

    def _replaced(self, key: str, number: int, value: object) -> tuple[object, ...]:
        assert self._spec is not None
        values = getattr(self._spec, key)
        return (*values[: number - 1], value, *values[number:])

    def _on_entered(self, value: int) -> None:
        if self._spec:
            number, key = self.sender().property("stage"), str(self.sender().property("axis"))
            self.typed.emit(key, self._replaced(key, number, value), f"change {_WORDS[key]} of stage {number}")

    def _on_kind_activated(self, index: int) -> None:
        if self._spec:
            number, kind = self.sender().property("stage"), AXES["block"].choices[index].value
            self.edited.emit("block", self._replaced("block", number, kind), f"change the blocks of stage {number}")

    def _on_fewer_clicked(self) -> None:
        if self._spec:
            self.edited.emit("blocks", self._spec.blocks[:-1], "remove a stage")

    def _on_more_clicked(self) -> None:
        if self._spec:
            self.edited.emit("blocks", (*self._spec.blocks, self._spec.blocks[-1]), "add a stage")
