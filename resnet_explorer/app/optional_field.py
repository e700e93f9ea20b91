"""The field of a whole number that may be left out."""

from PySide6.QtCore import QSignalBlocker
from PySide6.QtGui import QFocusEvent
from PySide6.QtWidgets import QLineEdit, QWidget

from resnet_explorer.ui.fields import FractionField

NONE = "none"


class OptionalField(FractionField):
    """A whole number or ``none`` that may hold any text while it is typed; its signals are NumberField's."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._value: int | None = None
        self.setMinimumWidth(34)
        self.setPlaceholderText(NONE)

    @property
    def is_edited(self) -> bool:
        """Return whether another text stands here than the value that is in use."""
        return self.text().strip() != _text(self._value)

    def show_value(self, value: int | None) -> None:  # type: ignore[override]  # none is a value here
        """Show a valid value or none; text that says the same is left as it was typed."""
        self._value = value
        if self.text().strip() != _text(value):
            with QSignalBlocker(self):
                self.setText(_text(value))

    def focusOutEvent(self, event: QFocusEvent) -> None:
        QLineEdit.focusOutEvent(self, event)
        self.setText(_text(self._value))
        self.focus_left.emit()

    def _on_text_edited(self, text: str) -> None:
        digits = text.replace(",", "").strip()
        if digits.lower() in ("", NONE):
            self.value_entered.emit(None)
            return
        try:
            number = int(digits)
        except ValueError:
            self.invalid_entered.emit(text)
        else:
            self.value_entered.emit(number)


def _text(value: int | None) -> str:
    return NONE if value is None else str(value)
