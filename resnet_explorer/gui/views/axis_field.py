"""The control of one axis: a list of choices, a number, or a check, whichever its row in the table says."""

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QCheckBox, QLabel, QWidget

from resnet_explorer.gui.views.fields import Explained, FractionField, NumberField, QuietCombo
from resnet_explorer.spec import ResNetSpec
from resnet_explorer.spec.axes import Axis, bounds
from resnet_explorer.spec.limits import FRACTIONS

CHECKS = {"residual": "shortcuts: F(x) + x", "zero_init": "branches start at 0"}


class AxisField(Explained):
    """Edits one axis; ``edited`` gives its key and the new value, ``typed`` the same for what is typed.

    ``refused`` gives the key and a text that is no value; ``left`` tells that the focus is gone.
    """

    edited = Signal(str, object)
    typed = Signal(str, object)
    refused = Signal(str, str)
    left = Signal()

    def __init__(self, axis: Axis, parent: QWidget | None = None) -> None:
        self.axis = axis
        super().__init__(self._make(axis), parent)
        self.control.setAccessibleName(axis.label)
        self.control.setToolTip(axis.teaches)
        self.label = QLabel(axis.label)
        self.label.setBuddy(self.control)
        self.label.setToolTip(axis.teaches)

    def _make(self, axis: Axis) -> QWidget:
        if axis.choices:
            return self._combo(axis)
        if axis.key in CHECKS:
            check = QCheckBox(CHECKS[axis.key])
            check.clicked.connect(self._on_clicked)
            return check
        field = FractionField() if axis.key in FRACTIONS else self._number(axis)
        field.entered.connect(self._on_entered)
        field.refused.connect(self._on_refused)
        field.left.connect(self._on_left)
        return field

    def _combo(self, axis: Axis) -> QuietCombo:
        combo = QuietCombo()
        for choice in axis.choices:
            combo.addItem(choice.label, choice.value)
            combo.setItemData(combo.count() - 1, choice.teaches, Qt.ItemDataRole.ToolTipRole)
        combo.activated.connect(self._on_activated)
        return combo

    def _number(self, axis: Axis) -> NumberField:
        low, high = bounds(axis.key) or (1, 1)
        return NumberField(int(low), int(high))

    def show_spec(self, spec: ResNetSpec) -> None:
        """Show the axis' value in a spec; where it has no effect the control is off and says why."""
        value, off, control = getattr(spec, self.axis.key), self.axis.off(spec), self.control
        with QSignalBlocker(control):
            if isinstance(control, QuietCombo):
                control.setCurrentIndex(next(i for i, one in enumerate(self.axis.choices) if one.value == value))
                off = off or ""
                control.setToolTip(self.axis.choices[control.currentIndex()].teaches)
            elif isinstance(control, QCheckBox):
                control.setChecked(value)
            elif isinstance(control, NumberField | FractionField) and value is not None:
                control.show_value(value)
        control.setEnabled((not off and value is not None) or (isinstance(control, QuietCombo) and not off))
        control.setToolTip(f"{off} {self.axis.teaches}".strip())

    def _on_activated(self, index: int) -> None:
        """Take the value from the axis: a combo box gives an enum's value back as a plain text."""
        self.edited.emit(self.axis.key, self.axis.choices[index].value)

    def _on_clicked(self, value: bool) -> None:
        self.edited.emit(self.axis.key, value)

    def _on_entered(self, value: object) -> None:
        self.typed.emit(self.axis.key, value)

    def _on_refused(self, text: str) -> None:
        self.refused.emit(self.axis.key, text)

    def _on_left(self) -> None:
        self.left.emit()
