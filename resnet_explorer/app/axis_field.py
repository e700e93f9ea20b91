"""The Build panel's control of one axis: one value for all stages, or one for each."""

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QEvent, QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QToolButton, QWidget

from resnet_explorer.app.optional_field import OptionalField
from resnet_explorer.spec import ResNetSpec
from resnet_explorer.spec.axes import Axis, bounds
from resnet_explorer.spec.readers import FRACTIONS, OPTIONAL
from resnet_explorer.spec.resnet_spec import BY_STAGE
from resnet_explorer.ui.fields import CheckField, ChoiceField, Explained, FractionField, NumberField
from resnet_explorer.ui.parts import describe, hbox, label, panel

CHECKS = {
    "residual": "F(x) + x",
    "zero_init": "start at 0",
    "stem_activation": "after the norm",
    "conv_bias": "one a channel",
    "track_variance": "β in each block",
    "head_norm": "before the classifier",
}
_ALL, _EACH = "The same in all stages: that of the first", "Choose it for each stage"
_COLUMNS: dict[type[QWidget], int] = {CheckField: 3, NumberField: 2, FractionField: 2, OptionalField: 2}
"""How many stages stand in a line; those with a list of choices have one each."""


def choices(axis: Axis) -> ChoiceField:
    """Return a list of an axis' choices."""
    made = ChoiceField((choice.label, choice.value, choice.teaches) for choice in axis.choices)
    made.setMinimumContentsLength(6)
    return made


class AxisField(Explained):
    """Edits one axis: a list of choices, a number, or a check, whichever its row in the table says.

    The switch beside it shows a control for each stage. ``edited`` gives the axis' key and the new value, or row of
    values; ``typed`` the same for what is typed; ``invalid_entered`` the key and a text that is no value; ``confirmed``
    tells of Enter, ``focus_left`` that the focus is gone.
    """

    edited = Signal(str, object)
    typed = Signal(str, object)
    invalid_entered = Signal(str, str)
    confirmed = Signal()
    focus_left = Signal()
    _spec: ResNetSpec

    def __init__(self, axis: Axis) -> None:
        self.axis = axis
        self.stages: list[QWidget] = []
        self._numbers: list[QLabel] = []
        self._is_wanted = False
        self._grid = QGridLayout()
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(2)
        self.switch = QToolButton()
        self.switch.setCheckable(True)
        self.switch.setText("≡")
        self.switch.setObjectName("stages")
        self.switch.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
        self.switch.clicked.connect(self._on_switched)
        self._each = panel(self._grid)
        control = self._make(lambda value: value)
        line = hbox((control, 1), (self._each, 1), self.switch, spacing=3)
        line.setAlignment(self.switch, Qt.AlignmentFlag.AlignTop)
        body = panel(line)
        super().__init__(describe(control, axis.label, axis.teaches), body=body)
        self.label = describe(QLabel(axis.label), tip=axis.teaches)
        self.label.setBuddy(control)
        self._each.hide()
        self._fit()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._fit()

    def _fit(self) -> None:
        self.switch.setFixedWidth(self.fontMetrics().height() + 4)

    def _make(self, row: Callable[[object], object]) -> QWidget:
        """Return a control; ``row`` makes what is sent of what is chosen in it."""
        axis, key = self.axis, self.axis.key
        if axis.choices:
            combo = choices(axis)
            # the value comes from the axis: a combo box gives an enum's value back as a plain text
            combo.activated.connect(lambda index: self.edited.emit(key, row(axis.choices[index].value)))
            return combo
        if key in CHECKS:
            check = CheckField(CHECKS[key])
            check.clicked.connect(lambda value: self.edited.emit(key, row(value)))
            return check
        field = self._text_field()
        field.value_entered.connect(lambda value: self.typed.emit(key, row(value)))
        field.invalid_entered.connect(lambda text: self.invalid_entered.emit(key, text))
        field.confirmed.connect(lambda: self.confirmed.emit())
        field.focus_left.connect(lambda: self.focus_left.emit())
        return field

    def _text_field(self) -> NumberField | FractionField | OptionalField:
        key = self.axis.key
        if key in OPTIONAL and key != "classes":  # that one has a check of its own
            return OptionalField()
        low, high = bounds(key) or (1, 1)
        return FractionField() if key in FRACTIONS else NumberField(int(low), int(high))

    def show_spec(self, spec: ResNetSpec) -> None:
        """Show the axis' value in a spec; where it has no effect the control is off and says why."""
        self._spec = spec
        value, count = spec.value(self.axis.key), len(spec.blocks)
        differs = isinstance(value, tuple)
        is_open = count > 1 and self.axis.key in BY_STAGE and (differs or self._is_wanted)
        self._show(self.control, getattr(spec, self.axis.key), self.axis.off(spec))
        with QSignalBlocker(self.switch):
            self.switch.setChecked(is_open)
        self.switch.setVisible(count > 1 and self.axis.key in BY_STAGE)
        self.switch.setEnabled(not self.axis.off(spec) or is_open)
        describe(self.switch, f"{self.axis.label} by stage", _ALL if is_open else _EACH)
        self.control.setVisible(not is_open)
        self._each.setVisible(is_open)
        if is_open:
            self._show_stages(spec)
        self.label.setBuddy(self.stages[0] if is_open else self.control)

    def _show_stages(self, spec: ResNetSpec) -> None:
        for number, stage in enumerate(spec.by_stages, start=1):
            if number > len(self.stages):
                self._add_stage(number)
            self._show(self.stages[number - 1], getattr(stage, self.axis.key), self.axis.off(stage))
        for place, pair in enumerate(zip(self._numbers, self.stages, strict=True)):
            for widget in pair:
                widget.setVisible(place < len(spec.blocks))

    def _add_stage(self, number: int) -> None:
        control = self._make(partial(self._replaced, number))
        if isinstance(control, CheckField):
            control.setText("")
        if isinstance(control, NumberField):
            control.setButtonSymbols(NumberField.ButtonSymbols.NoButtons)
        describe(control, f"{self.axis.label} of stage {number}", self.axis.teaches)
        self.stages.append(control)
        self._numbers.append(describe(label(str(number), "muted"), tip=f"Stage {number} (conv{number + 1}_x)"))
        columns = _COLUMNS.get(type(control), 1)
        line, place = divmod(number - 1, columns)
        self._grid.addWidget(self._numbers[-1], line, 2 * place)
        self._grid.addWidget(control, line, 2 * place + 1)
        self._grid.setColumnStretch(2 * place + 1, 1)
        self._numbers[-1].setBuddy(control)

    def _replaced(self, number: int, value: object) -> tuple[object, ...]:
        """Return the values of all stages with another one of the stage of that number."""
        row = [getattr(stage, self.axis.key) for stage in self._spec.by_stages]
        return (*row[: number - 1], value, *row[number:])

    def _show(self, control: QWidget, value: object, off: str) -> None:
        if isinstance(control, ChoiceField | OptionalField) or value is not None:
            show: Callable[[object], None] = control.show_value  # type: ignore[attr-defined]  # every field has it
            show(value)
        control.setEnabled(not off and (value is not None or isinstance(control, ChoiceField | OptionalField)))
        control.setToolTip(f"{off or ''} {self.axis.teaches}".strip())

    def _on_switched(self, on: bool) -> None:
        self._is_wanted = on
        first = getattr(self._spec, self.axis.key)
        if not on and isinstance(self._spec.value(self.axis.key), tuple):
            self.edited.emit(self.axis.key, first)
        else:
            self.show_spec(self._spec)
