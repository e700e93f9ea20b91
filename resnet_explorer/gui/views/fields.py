"""The fields of the Build panel: they accept any text, and say what is wrong with it instead of swallowing it."""

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QFocusEvent, QValidator, QWheelEvent
from PySide6.QtWidgets import QComboBox, QLabel, QLineEdit, QPushButton, QSpinBox, QVBoxLayout, QWidget

_WIDE = 2**31 - 1


class NumberField(QSpinBox):
    """A number with arrows that may hold any text while it is typed.

    ``entered`` gives every whole number, also one out of range; ``refused`` the text that is none; ``left`` tells
    that the focus is gone. ``show_value`` sets the number without a signal.
    """

    entered = Signal(object)
    refused = Signal(str)
    left = Signal()

    def __init__(self, low: int, high: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setRange(-_WIDE, _WIDE)
        self._low, self._high, self._good = low, high, low
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumWidth(34)
        self.lineEdit().textEdited.connect(self._on_text_edited)

    def show_value(self, value: int) -> None:
        """Show a valid value; text that says the same is left as it was typed."""
        self._good = value
        if self.text().strip() != str(value):
            with QSignalBlocker(self):
                self.setValue(value)
                self.lineEdit().setText(str(value))

    def validate(self, text: str, position: int) -> tuple[QValidator.State, str, int]:
        known = _number(text) is not None
        return (QValidator.State.Acceptable if known else QValidator.State.Intermediate, text, position)

    def valueFromText(self, text: str) -> int:
        number = _number(text)
        return self._good if number is None else max(-_WIDE, min(_WIDE, number))

    def stepBy(self, steps: int) -> None:
        value = max(self._low, min(self._high, self._good + steps))
        self.lineEdit().setText(str(value))
        self.entered.emit(value)

    def stepEnabled(self) -> QSpinBox.StepEnabledFlag:
        none = QSpinBox.StepEnabledFlag.StepNone
        up = QSpinBox.StepEnabledFlag.StepUpEnabled if self._good < self._high else none
        return up | (QSpinBox.StepEnabledFlag.StepDownEnabled if self._good > self._low else none)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        with QSignalBlocker(self):
            super().focusOutEvent(event)
            self.setValue(self._good)
            self.lineEdit().setText(str(self._good))
        self.left.emit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()

    def _on_text_edited(self, text: str) -> None:
        number = _number(text)
        if number is None:
            self.refused.emit(text)
        else:
            self.entered.emit(number)


def _number(text: str) -> int | None:
    try:
        return int(text.replace(",", "").strip())
    except ValueError:
        return None


class QuietCombo(QComboBox):
    """A choice that the mouse wheel changes only while it has the focus."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(8)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()


class FractionField(QLineEdit):
    """A number with a decimal point that may hold any text while it is typed.

    ``entered`` gives every number, also one out of range; ``refused`` the text that is none; ``left`` tells that the
    focus is gone.
    """

    entered = Signal(object)
    refused = Signal(str)
    left = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._good = 0.0
        self.textEdited.connect(self._on_text_edited)

    def show_value(self, value: float) -> None:
        """Show a valid value; text that says the same is left as it was typed."""
        self._good = value
        if _fraction(self.text()) != value:
            self.setText(f"{value:g}")

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.setText(f"{self._good:g}")
        self.left.emit()

    def _on_text_edited(self, text: str) -> None:
        number = _fraction(text)
        if number is None:
            self.refused.emit(text)
        else:
            self.entered.emit(number)


def _fraction(text: str) -> float | None:
    try:
        return float(text.strip().replace("−", "-"))
    except ValueError:
        return None


class Explained(QWidget):
    """A control with room beneath it for the sentence that says why its value cannot be, and for what would mend it.

    ``mend_asked`` tells that the user takes the offer.
    """

    mend_asked = Signal()

    def __init__(self, control: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.control = control
        self._words = QLabel(self)
        self._words.setTextFormat(Qt.TextFormat.PlainText)
        self._words.setWordWrap(True)
        self._words.setObjectName("problem")
        self._words.hide()
        self.offer = QPushButton(self)
        self.offer.setToolTip("Make this choice and what it needs in one step.")
        self.offer.hide()
        self.offer.clicked.connect(self.mend_asked)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(control)
        column.addWidget(self._words)
        column.addWidget(self.offer)

    @property
    def problem(self) -> str:
        """Return the sentence that is shown; empty where nothing is wrong."""
        return "" if self._words.isHidden() else self._words.text().removeprefix("⚠ ")

    def explain(self, sentence: str, offer: str = "") -> None:
        """Show why the control's value cannot be, and what would mend it; an empty sentence clears it."""
        self._words.setText(f"⚠ {sentence}")
        self._words.setVisible(bool(sentence))
        self.offer.setText(offer)
        self.offer.setVisible(bool(offer))
        self.control.setAccessibleDescription(sentence)
