"""The field of widths that differ by block: growing by equal steps, or one for each block."""

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtGui import QFocusEvent
from PySide6.QtWidgets import QLineEdit

from resnet_explorer.errors import SpecError
from resnet_explorer.spec import ResNetSpec
from resnet_explorer.spec.axes import AXES
from resnet_explorer.spec.block_widths import typed_widths, widths_text
from resnet_explorer.ui.parts import describe

TIP = (
    "The width of each block: 16+48 grows from 16 by α = 48 in equal steps over all blocks (PyramidNet); "
    "64/72, 128/144 gives one for each block of two stages."
)


class WidthsField(QLineEdit):
    """Shows and takes widths as ``--set`` does. ``refused`` gives the sentence on a text that is none."""

    value_entered = Signal(object)
    refused = Signal(str)
    confirmed = Signal()
    focus_left = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._good = ""
        describe(self, "Widths by block", TIP)
        self.textEdited.connect(self._on_text_edited)
        self.returnPressed.connect(self.confirmed)

    def show_spec(self, spec: ResNetSpec) -> None:
        """Show the widths of a spec; text that says the same is left as it was typed."""
        self._good = widths_text(spec)
        if not self.hasFocus():
            self._show_good()

    @property
    def is_edited(self) -> bool:
        """Return whether another text stands here than the widths that are in use."""
        return self.text() != self._good

    def _show_good(self) -> None:
        with QSignalBlocker(self):
            self.setText(self._good)
            self.setCursorPosition(0)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._show_good()
        self.focus_left.emit()

    def _on_text_edited(self, text: str) -> None:
        try:
            value = AXES["widths"].read(typed_widths(text))
        except SpecError:
            self.refused.emit(f"{text[:20]!r} are no widths. Write 16+48, or widths such as 64/72, 128/144.")
        else:
            self.value_entered.emit(value)
