"""The Build panel's controls of a line for each stage, and of the input's shape."""

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QSlider, QToolButton, QWidget

from resnet_explorer.app.axis_field import choices
from resnet_explorer.app.widths_field import WidthsField
from resnet_explorer.scenes.scene import State
from resnet_explorer.spec import ResNetSpec
from resnet_explorer.spec.axes import AXES
from resnet_explorer.spec.input_shape import MAX_BATCH, MAX_SIZE
from resnet_explorer.spec.readers import MAX_BLOCKS, MAX_IN_CHANNELS, MAX_STAGES, MAX_STRIDE, MAX_WIDTH
from resnet_explorer.ui.fields import ChoiceField, NumberField
from resnet_explorer.ui.parts import describe, hbox, label, panel, vbox

STEP = 8
LAST = 640
_INPUT = (
    ("batch", "N", MAX_BATCH, "Batch size: how many images go through at once. MACs and activations grow with it."),
    ("in_channels", "C", MAX_IN_CHANNELS, AXES["in_channels"].teaches),
    ("frames", "T", MAX_SIZE, "Frames of a video. Feature maps follow them; parameters do not."),
    ("height", "H", MAX_SIZE, "Height of the images in pixels. Feature maps follow it; parameters do not."),
    ("width", "W", MAX_SIZE, "Width of the images in pixels. Feature maps follow it; parameters do not."),
)


_LENGTH = "L", "Length of the signals in samples. Feature maps follow it; parameters do not."
"""The letter and the tip of a signal's length, which stands in the place of an image's width."""


def _narrow(editor: "InputEditor | StageEditor", top: int, name: str, tip: str) -> NumberField:
    field = describe(NumberField(1, top), name, tip)
    field.invalid_entered.connect(editor.invalid_entered)
    field.confirmed.connect(editor.confirmed)
    field.focus_left.connect(editor.focus_left)
    field.setButtonSymbols(NumberField.ButtonSymbols.NoButtons)
    field.setAlignment(Qt.AlignmentFlag.AlignCenter)
    return field


class InputEditor(QWidget):
    """N, C, H and W of the input, and a slider for square images; of signals N, C and L, of videos T as well.

    ``edited`` gives ``batch``, ``in_channels``, ``frames``, ``height``, ``width`` or ``side`` with the new value;
    ``slid`` tells that the slider was let go.
    """

    edited = Signal(str, object)
    slid = Signal()
    invalid_entered = Signal(str)
    confirmed = Signal()
    focus_left = Signal()

    def __init__(self) -> None:
        super().__init__()
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(4)
        grid.setVerticalSpacing(2)
        self.fields: dict[str, NumberField] = {}
        self._heads: dict[str, QLabel] = {}
        for place, (key, letter, top, tip) in enumerate(_INPUT):
            field = self.fields[key] = _narrow(self, top, f"{letter}: {tip.split('.')[0].split(':')[0]}", tip)
            field.value_entered.connect(partial(self.edited.emit, key))
            head = self._heads[key] = describe(label(letter, "muted"), tip=tip)
            head.setAlignment(Qt.AlignmentFlag.AlignCenter)
            head.setBuddy(field)
            grid.addWidget(head, 0, place)
            grid.addWidget(field, 1, place)
        tip = f"Square images from {STEP} to {LAST} pixels; type other sizes above."
        self.slider = describe(QSlider(Qt.Orientation.Horizontal), "Size of square images", tip)
        self.slider.setRange(1, LAST // STEP)
        self.slider.setPageStep(32 // STEP)
        self.slider.valueChanged.connect(lambda value: self.edited.emit("side", value * STEP))
        self.slider.sliderReleased.connect(self.slid)
        grid.addWidget(self.slider, 2, 0, 1, len(_INPUT))

    def show_state(self, state: State) -> None:
        """Show an input without a signal."""
        image = state.image
        values = {"batch": image.batch, "frames": image.frames, "height": image.height, "width": image.width}
        for key, value in (values | {"in_channels": state.spec.in_channels}).items():
            self.fields[key].show_value(value)
        self._show_axes(state.spec.dims)
        with QSignalBlocker(self.slider):
            self.slider.setValue(round(max(image.height, image.width) / STEP))

    def _show_axes(self, dims: int) -> None:
        """Show the axes of an input of so many dimensions; the slider is for square images and videos."""
        for key, least in (("frames", 3), ("height", 2)):
            for widget in (self._heads[key], self.fields[key]):
                widget.setVisible(dims >= least)
        letter, tip = _LENGTH if dims == 1 else (_INPUT[-1][1], _INPUT[-1][3])
        self._heads["width"].setText(letter)
        self.fields["width"].setAccessibleName(f"{letter}: {tip.split('.')[0]}")
        for widget in (self._heads["width"], self.fields["width"]):
            widget.setToolTip(tip)
        self.slider.setVisible(dims > 1)


NUMBERS = (("blocks", MAX_BLOCKS), ("widths", MAX_WIDTH), ("strides", MAX_STRIDE))
_NOUNS = {"blocks": "blocks", "widths": "width", "strides": "stride"}


class StageEditor(QWidget):
    """A line a stage, buttons for more or fewer stages, and a field for widths that differ by block.

    ``edited`` gives the axis, its new value and the text of the change; ``typed`` the same for what is typed;
    ``refused`` a sentence on widths that cannot be read.
    """

    edited = Signal(str, object, str)
    typed = Signal(str, object, str)
    invalid_entered = Signal(str)
    refused = Signal(str)
    confirmed = Signal()
    focus_left = Signal()
    _spec: ResNetSpec

    def __init__(self) -> None:
        super().__init__()
        self.numbers: dict[str, list[NumberField]] = {key: [] for key, _ in NUMBERS}
        self.kinds: list[ChoiceField] = []
        self._labels: list[QLabel] = []
        self._is_wanted = False
        self.fewer, self.more, self.by_block = QToolButton(), QToolButton(), QToolButton()
        for tool, sign, tip, slot in (
            (self.by_block, "α", "Choose the width of each block", self._on_by_block_clicked),
            (self.fewer, "−", "Remove the last stage", self._on_fewer_clicked),
            (self.more, "+", "Add a stage: twice as wide, at half the resolution", self._on_more_clicked),
        ):
            describe(tool, tip, tip).setText(sign)
            tool.setMinimumSize(22, 22)
            tool.clicked.connect(slot)
        self.by_block.setCheckable(True)
        self.widths = WidthsField()
        self.widths.value_entered.connect(lambda value: self.typed.emit("widths", value, "change the widths"))
        for ours, theirs in (
            (self.widths.refused, self.refused),
            (self.widths.confirmed, self.confirmed),
            (self.widths.focus_left, self.focus_left),
        ):
            ours.connect(theirs)
        self._grid = QGridLayout()
        self._arrange()

    def _field(self, key: str, number: int, top: int) -> NumberField:
        name = f"{AXES[key].label} of stage {number}"
        field = _narrow(self, top, name, f"{name} (conv{number + 1}_x). {AXES[key].teaches}")
        field.value_entered.connect(partial(self._on_value_entered, key, number))
        return field

    def _kind(self, number: int) -> ChoiceField:
        name = f"Kind of block of stage {number}"
        combo = describe(choices(AXES["block"]), name, f"{name} (conv{number + 1}_x). {AXES['block'].teaches}")
        combo.activated.connect(partial(self._on_kind_activated, number))
        return combo

    def _arrange(self) -> None:
        title = describe(label("STAGES", "heading"), tip=AXES["blocks"].teaches)
        grid = self._grid
        grid.setHorizontalSpacing(4)
        grid.setVerticalSpacing(2)
        for place, (key, share) in enumerate((("blocks", 5), ("widths", 6), ("strides", 4), ("block", 10)), start=1):
            grid.addWidget(describe(label(AXES[key].label, "muted"), tip=AXES[key].teaches), 0, place)
            grid.setColumnStretch(place, share)
        name = describe(label("Widths", "muted"), tip=self.widths.toolTip())
        name.setBuddy(self.widths)
        self._by_block = panel(hbox(name, (self.widths, 1), spacing=4))
        self._by_block.hide()
        vbox(hbox((title, 1), self.by_block, self.fewer, self.more), grid, self._by_block, of=self, spacing=2)

    def _add_line(self) -> None:
        number = len(self.kinds) + 1
        for key, top in NUMBERS:
            self.numbers[key].append(self._field(key, number, top))
        self.kinds.append(self._kind(number))
        self._labels.append(label(str(number), "muted"))
        for place, widget in enumerate((self._labels[-1], *self._line(number - 1))):
            self._grid.addWidget(widget, number, place)

    def _line(self, index: int) -> Sequence[QWidget]:
        return [*(self.numbers[key][index] for key, _ in NUMBERS), self.kinds[index]]

    def show_spec(self, spec: ResNetSpec) -> None:
        """Show the stages of a spec without a signal."""
        self._spec = spec
        count = len(spec.blocks)
        while len(self.kinds) < count:
            self._add_line()
        for index in range(len(self.kinds)):
            for widget in (self._labels[index], *self._line(index)):
                widget.setVisible(index < count)
            if index < count:
                for key, _ in NUMBERS:
                    self.numbers[key][index].show_value(getattr(spec, key)[index])
                self.kinds[index].show_value(spec.block[index])
        self.fewer.setEnabled(count > 1)
        self.more.setEnabled(count < MAX_STAGES)
        self._show_widths(spec)

    def _show_widths(self, spec: ResNetSpec) -> None:
        is_open = bool(spec.block_widths) or self._is_wanted
        with QSignalBlocker(self.by_block):
            self.by_block.setChecked(is_open)
        self._by_block.setVisible(is_open)
        tip = "One width for each stage: that of its last block" if is_open else "Choose the width of each block"
        describe(self.by_block, "Widths by block", tip)
        self.widths.show_spec(spec)

    def _replaced(self, key: str, number: int, value: object) -> tuple[object, ...]:
        values = self._spec.value(key)
        assert isinstance(values, tuple)
        return (*values[: number - 1], value, *values[number:])

    def _on_value_entered(self, key: str, number: int, value: object) -> None:
        self.typed.emit(key, self._replaced(key, number, value), f"change {_NOUNS[key]} of stage {number}")

    def _on_kind_activated(self, number: int, index: int) -> None:
        kind = AXES["block"].choices[index].value
        self.edited.emit("block", self._replaced("block", number, kind), f"change the blocks of stage {number}")

    def _on_by_block_clicked(self, on: bool) -> None:
        self._is_wanted = on
        if not on and self._spec.block_widths:
            self.edited.emit("widths", self._spec.widths, "give each stage one width")
        else:
            self._show_widths(self._spec)

    def _on_fewer_clicked(self) -> None:
        self.edited.emit("blocks", self._spec.blocks[:-1], "remove a stage")

    def _on_more_clicked(self) -> None:
        self.edited.emit("blocks", (*self._spec.blocks, self._spec.blocks[-1]), "add a stage")
