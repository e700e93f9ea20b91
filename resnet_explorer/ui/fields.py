"""The form kit: fields that hold any text while it is typed, labelled rows of them, and room for what is wrong.

Each field has ``show_value``, which sends no signal, and ``value_entered``, which gives what the user typed or chose.
``confirmed`` of a field with text tells of Enter; while ``is_edited`` its text is no value that is in use.
"""

from collections.abc import Callable, Iterable
from functools import cached_property, partial
from typing import Any

from PySide6 import QtWidgets
from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QValidator, QWheelEvent
from PySide6.QtWidgets import QCheckBox, QComboBox, QFormLayout, QLabel, QPushButton, QSpinBox, QWidget

from resnet_explorer.dataclass import dataclass
from resnet_explorer.ui.parts import NO_MARGINS, Margins, describe, hbox, label, vbox

_WIDE = 2**31 - 1
_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class NumberField(QSpinBox):
    """A whole number with arrows that may hold any text while it is typed.

    ``value_entered`` gives every whole number, also one out of range; ``invalid_entered`` the text that is none;
    ``focus_left`` tells that the focus is gone.
    """

    value_entered = Signal(object)
    invalid_entered = Signal(str)
    confirmed = Signal()
    focus_left = Signal()

    def __init__(self, low: int, high: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setRange(-_WIDE, _WIDE)
        self.low, self.high, self._good = low, high, low
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumWidth(34)
        self.lineEdit().textEdited.connect(self._on_text_edited)

    def sizeHint(self) -> QSize:
        """Return the size that the largest valid value needs."""
        hint, width_of = super().sizeHint(), self.fontMetrics().horizontalAdvance
        spare = width_of(str(-_WIDE)) - width_of(str(self.high))
        return QSize(hint.width() - max(0, spare), hint.height())

    def show_value(self, value: int) -> None:
        """Show a valid value; text that says the same is left as it was typed."""
        self._good = value
        if self.text().strip() != str(value):
            with QSignalBlocker(self):
                self.setValue(_within(value))
                self.lineEdit().setText(str(value))

    @property
    def is_edited(self) -> bool:
        """Return whether another text stands here than the value that is in use."""
        return _number(self.text()) != self._good

    def validate(self, text: str, position: int) -> tuple[QValidator.State, str, int]:
        is_number = _number(text) is not None
        return (QValidator.State.Acceptable if is_number else QValidator.State.Intermediate, text, position)

    def valueFromText(self, text: str) -> int:
        number = _number(text)
        return _within(self._good if number is None else number)

    def stepBy(self, steps: int) -> None:
        value = max(self.low, min(self.high, self._good + steps))
        self.lineEdit().setText(str(value))
        self.value_entered.emit(value)

    def stepEnabled(self) -> QSpinBox.StepEnabledFlag:
        none = QSpinBox.StepEnabledFlag.StepNone
        up = QSpinBox.StepEnabledFlag.StepUpEnabled if self._good < self.high else none
        return up | (QSpinBox.StepEnabledFlag.StepDownEnabled if self._good > self.low else none)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        super().keyPressEvent(event)
        if event.key() in _ENTER:
            self.confirmed.emit()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        with QSignalBlocker(self):
            super().focusOutEvent(event)
            self.setValue(_within(self._good))
            self.lineEdit().setText(str(self._good))
        self.focus_left.emit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()

    def _on_text_edited(self, text: str) -> None:
        number = _number(text)
        if number is None:
            self.invalid_entered.emit(text)
        else:
            self.value_entered.emit(number)


def _within(number: int) -> int:
    """Return the nearest number that Qt can hold; the text says which one it is."""
    return max(-_WIDE, min(_WIDE, number))


def _number(text: str) -> int | None:
    try:
        return int(text.replace(",", "").strip())
    except ValueError:
        return None


class _TextField(QtWidgets.QLineEdit):
    """A line of text that stands for a value: ``read`` returns it, None where the text is no such value."""

    value_entered = Signal(object)
    invalid_entered = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.textEdited.connect(self._on_text_edited)

    def read(self) -> object:
        """Return the value of the text; None where it is none."""
        raise NotImplementedError

    def _on_text_edited(self, text: str) -> None:
        value = self.read()
        if value is None:
            self.invalid_entered.emit(text)
        else:
            self.value_entered.emit(value)


class FractionField(_TextField):
    """A number with a decimal point that may hold any text while it is typed; its signals are NumberField's."""

    confirmed = Signal()
    focus_left = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._good = 0.0
        self.returnPressed.connect(self.confirmed)

    @property
    def is_edited(self) -> bool:
        """Return whether another text stands here than the value that is in use."""
        return self.read() != self._good

    def show_value(self, value: float) -> None:
        """Show a valid value; text that says the same is left as it was typed."""
        self._good = value
        if self.read() != value:
            with QSignalBlocker(self):
                self.setText(f"{value:g}")

    def read(self) -> float | None:
        try:
            return float(self.text().strip().replace("−", "-"))
        except ValueError:
            return None

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.setText(f"{self._good:g}")
        self.focus_left.emit()


class NumbersField(_TextField):
    """Whole numbers with commas between them."""

    def show_value(self, values: tuple[int, ...]) -> None:
        """Show numbers without a signal."""
        with QSignalBlocker(self):
            self.setText(", ".join(map(str, values)))

    def read(self) -> tuple[int, ...] | None:
        try:
            return tuple(int(part) for part in self.text().replace(" ", "").split(",") if part)
        except ValueError:
            return None


class ChoiceField(QComboBox):
    """A choice that the mouse wheel changes only while it has the focus.

    ``choices`` are texts, values and tooltips. ``make`` turns a value that Qt gives back as a plain text into what
    it was, such as an enum's member.
    """

    value_entered = Signal(object)

    def __init__(self, choices: Iterable[tuple[object, ...]] = (), make: Callable[[Any], object] | None = None) -> None:
        super().__init__()
        self._make = make
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(8)
        self.offer(choices)
        self.currentIndexChanged.connect(self._on_index_changed)

    def offer(self, choices: Iterable[tuple[object, ...]], place: int = 0) -> None:
        """Offer other choices, and show the one at a place, without a signal."""
        with QSignalBlocker(self):
            self.clear()
            for choice in choices:
                self.add(*choice)
            self.setCurrentIndex(place)

    def add(self, text: object, value: object = None, tip: object = "") -> None:
        """Add a choice at the end."""
        self.addItem(str(text), value)
        if tip:
            self.setItemData(self.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)

    def show_value(self, value: object) -> None:
        """Show a choice without a signal; none where there is no such value."""
        with QSignalBlocker(self):
            self.setCurrentIndex(next((n for n in range(self.count()) if self.itemData(n) == value), -1))

    @property
    def chosen(self) -> Any:
        """Return the value of the choice that is shown."""
        data = self.currentData()
        return self._make(data) if self._make else data

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()

    def _on_index_changed(self, index: int) -> None:
        if index >= 0:
            self.value_entered.emit(self.chosen)


class CheckField(QCheckBox):
    """A switch."""

    value_entered = Signal(object)

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.toggled.connect(self.value_entered.emit)

    def show_value(self, value: bool) -> None:
        """Show a state without a signal."""
        with QSignalBlocker(self):
            self.setChecked(value)


def no_number(text: str, example: str) -> str:
    """Return the sentence that says that a text is no number."""
    return f"{text[:40]!r} is not a number. Enter one such as {example}."


def out_of_range(value: object, low: int, high: int, text: str = "") -> str:
    """Return the sentence that says that a value is no whole number from ``low`` to ``high``; empty where it is."""
    if isinstance(value, int) and low <= value <= high:
        return ""
    shown = f"{value:,}" if isinstance(value, int) else value
    return f"{text or shown} cannot be: choose {low} to {high:,}."


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a form: the field's key, its label, how it is made, its tooltip, and its name where it has no label."""

    key: str
    label: str
    make: Callable[[], QWidget]
    tip: str
    name: str = ""


class Form(QFormLayout):
    """Labelled fields, one a row, each known by its key.

    ``value_entered`` gives a key and the value that was typed or chosen, ``invalid_entered`` a key and a text that is
    none, ``focus_left`` the key of the field that the focus has left.
    """

    value_entered = Signal(str, object)
    invalid_entered = Signal(str, str)
    focus_left = Signal(str)

    def __init__(self, parent: QWidget | None = None, margins: Margins = NO_MARGINS, spacing: int = 5) -> None:
        super().__init__(parent)
        self.fields: dict[str, Any] = {}
        self.setContentsMargins(*margins)
        self.setVerticalSpacing(spacing)
        self.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)

    def add_rows(self, rows: Iterable[Row]) -> None:
        """Add rows as they are declared."""
        for row in rows:
            self.add(row.key, row.label, row.make(), row.tip, row.name)

    def add(self, key: str, text: str, field: QWidget, tip: str, name: str = "") -> None:
        """Add a field under its label."""
        made = describe(QLabel(text), tip=tip)
        made.setBuddy(describe(field, name or text or key, tip))
        self.addRow(made, field)
        self.fields[key] = field
        for signal, target in (
            ("value_entered", self.value_entered),
            ("invalid_entered", self.invalid_entered),
            ("focus_left", self.focus_left),
        ):
            if hasattr(field, signal):
                getattr(field, signal).connect(partial(target.emit, key))

    def show_value(self, key: str, value: object) -> None:
        """Show a field's value without a signal."""
        self.fields[key].show_value(value)

    def set_shown(self, key: str, on: bool) -> None:
        """Show or hide a row."""
        self.setRowVisible(self.fields[key], on)


class Section(QWidget):
    """A header that opens a form, and says what is unusual in there."""

    def __init__(self, title: str, is_open: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.header = describe(
            QtWidgets.QToolButton(self), f"{title}: open or close", f"Open or close the choices of: {title.lower()}"
        )
        self.header.setObjectName("section")
        self.header.setText(title.upper())
        self.header.setCheckable(True)
        self.header.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.header.toggled.connect(self._on_toggled)
        self._summary = label(kind="muted", cut=True)
        self.body = QWidget(self)
        self.form = Form(self.body, margins=(0, 0, 0, 4))
        self.form.setHorizontalSpacing(8)
        vbox(hbox(self.header, (self._summary, 1)), self.body, of=self, spacing=2)
        self.header.setChecked(is_open)
        self._on_toggled(is_open)

    @property
    def summary(self) -> str:
        """Return what the header says is unusual in here."""
        return self._summary.text().removeprefix("· ")

    def summarise(self, text: str) -> None:
        """Show in the header what is unusual in here, cut where the header ends."""
        self._summary.setText(f"· {text}" if text else "")

    def _on_toggled(self, is_open: bool) -> None:
        self.header.setArrowType(Qt.ArrowType.DownArrow if is_open else Qt.ArrowType.RightArrow)
        self.body.setVisible(is_open)


class Explained(QWidget):
    """A control with room beneath it for the sentence that says why its value cannot be, and for what would mend it.

    ``body`` is what the control stands in, where others are beside it. ``problem`` is the sentence, empty where nothing
    is wrong. ``mend_asked`` tells that the user takes the offer.
    """

    mend_asked = Signal()

    def __init__(self, control: QWidget, parent: QWidget | None = None, body: QWidget | None = None) -> None:
        super().__init__(parent)
        self.control = control
        self.problem = ""
        self._box = vbox(body or control, of=self, spacing=2)

    @cached_property
    def _words(self) -> QLabel:
        made = label(kind="problem", wrap=True)
        self._box.insertWidget(1, made)
        return made

    @cached_property
    def offer(self) -> QPushButton:
        """The button that takes the offer."""
        made = describe(QPushButton(), tip="Make this choice and what it needs in one step.")
        made.clicked.connect(self.mend_asked)
        self._box.addWidget(made)
        return made

    def explain(self, sentence: str, offer: str = "") -> None:
        """Show why the control's value cannot be, and what would mend it; an empty sentence clears it."""
        if sentence or self.problem:
            self.problem = sentence
            for part, text in ((self._words, sentence and f"⚠ {sentence}"), (self.offer, offer)):
                part.setText(text)
                part.setVisible(bool(text))
            self.control.setAccessibleDescription(sentence)
