"""N, C, H and W of the input, and a slider for square images."""

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QSlider, QWidget

from resnet_explorer.gui.document import State
from resnet_explorer.gui.views.fields import NumberField
from resnet_explorer.spec.axes import AXES
from resnet_explorer.spec.input_shape import MAX_BATCH, MAX_SIZE
from resnet_explorer.spec.limits import MAX_IN_CHANNELS

STEP = 8
LAST = 640

_FIELDS = (
    ("batch", "N", MAX_BATCH, "Batch size: how many images go through at once. MACs and activations grow with it."),
    ("in_channels", "C", MAX_IN_CHANNELS, AXES["in_channels"].teaches),
    ("height", "H", MAX_SIZE, "Height of the images in pixels. Feature maps follow it; parameters do not."),
    ("width", "W", MAX_SIZE, "Width of the images in pixels. Feature maps follow it; parameters do not."),
)


class InputEditor(QWidget):
    """Edits the input's shape; ``edited`` gives ``batch``, ``in_channels``, ``height``, ``width`` or ``side``."""

    edited = Signal(str, object)
    refused = Signal(str)
    left = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(4)
        grid.setVerticalSpacing(2)
        self.fields: dict[str, NumberField] = {}
        for column, (key, letter, top, tip) in enumerate(_FIELDS):
            self.fields[key] = self._field(key, letter, top, tip)
            label = QLabel(letter, self)
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            label.setObjectName("muted")
            label.setToolTip(tip)
            label.setBuddy(self.fields[key])
            grid.addWidget(label, 0, column)
            grid.addWidget(self.fields[key], 1, column)
        self.slider = self._slider()
        grid.addWidget(self.slider, 2, 0, 1, len(_FIELDS))

    def _field(self, key: str, letter: str, top: int, tip: str) -> NumberField:
        field = NumberField(1, top, self)
        field.setButtonSymbols(NumberField.ButtonSymbols.NoButtons)
        field.setAlignment(Qt.AlignmentFlag.AlignCenter)
        field.setAccessibleName(f"{letter}: {tip.split('.')[0].split(':')[0]}")
        field.setToolTip(tip)
        field.setProperty("part", key)
        field.entered.connect(self._on_entered)
        field.refused.connect(self.refused)
        field.left.connect(self.left)
        return field

    def _slider(self) -> QSlider:
        slider = QSlider(Qt.Orientation.Horizontal, self)
        slider.setRange(1, LAST // STEP)
        slider.setPageStep(32 // STEP)
        slider.setAccessibleName("Size of square images")
        slider.setToolTip(f"Square images from {STEP} to {LAST} pixels; type other sizes above.")
        slider.valueChanged.connect(self._on_slider_moved)
        slider.sliderReleased.connect(self.left)
        return slider

    def show_state(self, state: State) -> None:
        """Show an input without a signal."""
        image = state.image
        values = {"batch": image.batch, "height": image.height, "width": image.width}
        for key, value in (values | {"in_channels": state.spec.in_channels}).items():
            self.fields[key].show_value(value)
        with QSignalBlocker(self.slider):
            self.slider.setValue(round(max(image.height, image.width) / STEP))

    def _on_entered(self, value: int) -> None:
        self.edited.emit(str(self.sender().property("part")), value)

    def _on_slider_moved(self, value: int) -> None:
        self.edited.emit("side", value * STEP)
