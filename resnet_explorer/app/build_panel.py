"""The Build panel: preset, every axis of the spec, and the input; each change shows at once, or says why it cannot."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial

from PySide6.QtCore import QEvent, QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QFrame, QGridLayout, QLabel, QScrollArea, QToolButton, QWidget

from resnet_explorer.app.axis_field import AxisField
from resnet_explorer.app.build_fields import InputEditor, StageEditor
from resnet_explorer.app.optional_field import OptionalField
from resnet_explorer.engine.jobs import Job
from resnet_explorer.engine.requests import Device, FindDevices
from resnet_explorer.errors import ExplorerError
from resnet_explorer.picture.theme import LIGHT
from resnet_explorer.readings.text import brief_pixels, compact, mib, si
from resnet_explorer.scenes.scene import State
from resnet_explorer.spec import InputShape, ResNetSpec
from resnet_explorer.spec.axes import AXES, SECTIONS, STAGES
from resnet_explorer.spec.catalogue import CATALOGUE, named, title, unusual
from resnet_explorer.spec.change import change, nearest
from resnet_explorer.spec.search import default_input
from resnet_explorer.ui.document import Document, Results, read
from resnet_explorer.ui.fields import Explained, FractionField, Section
from resnet_explorer.ui.jobs import Jobs
from resnet_explorer.ui.parts import Part, describe, fill, hbox, heading, label
from resnet_explorer.ui.preset_box import PresetBox

_ROWS = (
    ("layers", "Weight layers", "The number in the network's name: convolutions of stem and branches, and fc."),
    ("params", "Parameters", "Learnable numbers: weights and biases of convolutions, batch norms and fc."),
    (
        "macs",
        "MACs",
        "Multiply-accumulates of convolutions and linear layers for the whole batch. 1 MAC = 2 FLOPs; many tools "
        "and papers say FLOPs and mean MACs.",
    ),
    (
        "memory",
        "Activations (fwd)",
        "Bytes that one forward pass newly allocates for layer outputs in float32. ReLU and addition work in place "
        "and count 0.",
    ),
    (
        "kept",
        "Kept for backward",
        "Bytes that autograd keeps of a forward pass in training, each storage once: the maps that derivatives need, "
        "batch norm's statistics, max-pool's indices, and the image. Parameters are not counted.",
    ),
    (
        "field",
        "Receptive field",
        "The side of the input square that one position of the last map depends on; what lies outside of the image "
        "is padding. Of a video: frames, height and width.",
    ),
    ("map", "Final map", "Channels and size of the last feature map, before global pooling."),
)


class FactsPanel(QWidget):
    """Shows the totals of a network, and the smallest input that it takes."""

    def __init__(self) -> None:
        super().__init__()
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setVerticalSpacing(3)
        self.values = {key: describe(label(kind="strong"), text, tip) for key, text, tip in _ROWS}
        for row, (key, text, tip) in enumerate(_ROWS):
            value = self.values[key]
            value.setAlignment(Qt.AlignmentFlag.AlignRight)
            value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            grid.addWidget(describe(label(text, "muted"), tip=tip), row, 0)
            grid.addWidget(value, row, 1)
        tip = (
            "Padding lets inference run down to 1×1 pixels; batch norm needs more than one value per channel to train."
        )
        self.needs = describe(label(wrap=True), tip=tip)
        grid.addWidget(self.needs, len(_ROWS), 0, 1, 2)

    def show_results(self, results: Results) -> None:
        """Show the figures of new results."""
        total = results.analysis.total
        last = results.analysis.sums[results.analysis.network.stages[-1].path]
        texts = {
            "layers": str(results.depth.weight_layers),
            "params": f"{total.params:,}",
            "macs": f"{si(total.macs)}MACs",
            "memory": mib(total.activation_bytes),
            "kept": mib(results.kept.total) if results.kept else "cannot train",
            "field": brief_pixels(total.receptive_field or 1, results.state.spec.dims),
            "map": compact(last.output),
        }
        for key, text in texts.items():
            self.values[key].setText(text)
        self.values["layers"].setToolTip(f"{_ROWS[0][2]} {results.depth.text}")
        self.values["macs"].setToolTip(f"{total.macs:,} MACs = {2 * total.macs:,} FLOPs. {_ROWS[2][2]}")
        needs = results.needs
        self.needs.setText(needs.text if needs.failing is None else f"⚠ {needs.text}")
        self.needs.setObjectName("muted" if needs.failing is None else "problem")
        self.needs.style().polish(self.needs)


TIP = "The device that PyTorch uses for the graph, timing and experiments; results name it"


class DeviceBox(QComboBox):
    """Lists the devices that PyTorch finds; the CPU alone until it has answered."""

    def __init__(self, document: Document) -> None:
        super().__init__()
        self._document = document
        self.devices: tuple[Device, ...] = ()
        self._has_found = False
        self.setAccessibleName("Device")
        self.setToolTip(TIP)
        self._show((Device("cpu", "CPU"),))
        self.currentIndexChanged.connect(self._on_chosen)
        document.device_changed.connect(self._on_device)

    def watch(self, jobs: Jobs) -> None:
        """Ask PyTorch which devices there are."""
        jobs.submit(FindDevices(), "Find devices", self._on_found)

    def _on_found(self, job: Job, result: object) -> None:
        assert isinstance(result, tuple)
        self._has_found = True
        self._show(result)
        self._document.tell_instruction_set(result[0].instruction_set)

    def _show(self, devices: tuple[Device, ...]) -> None:
        self.devices = devices
        with QSignalBlocker(self):
            self.clear()
            for device in devices:
                memory = f" · {mib(device.memory)}" if device.memory else ""
                self.addItem(f"{device.title}{memory}", device.key)
            self.setCurrentIndex(max(0, self.findData(self._document.device)))
        self._on_chosen()

    def _on_chosen(self) -> None:
        self._document.use_device(self.currentData())

    def _on_device(self, key: str) -> None:
        """Show the device that is used from now on; one that this machine lacks gives way to the CPU."""
        place = self.findData(key)
        if place >= 0:
            self.setCurrentIndex(place)
        elif self._has_found:
            self._document.use_device("cpu")

    def free(self, key: str) -> int | None:
        """Return the bytes that were free on a device when it was found; None where that is unknown."""
        return next((device.free for device in self.devices if device.key == key), None)


WIDTH = 278
OPEN = ("Block", "Shortcut")
_FIELDS = tuple(key for key, axis in AXES.items() if axis.section != STAGES and key != "in_channels")
"""The axes with a row of their own; the stages have an editor, in_channels is part of the input."""
_ALWAYS_SHOWN = ("shortcut", "stride", "expansion", "activation")
"""Other rows are hidden while they have no effect."""


def _keys(section: str) -> list[str]:
    return [key for key in _FIELDS if AXES[key].section == section]


class _Rows(dict[str, Explained]):
    """The rows of the panel by their axis; that of a section that was never opened is made when it is asked for."""

    def __init__(self, fill: Callable[[str], None], **rows: Explained) -> None:
        super().__init__(rows)
        self._fill = fill

    def __missing__(self, key: str) -> Explained:
        self._fill(AXES[key].section)
        return dict.__getitem__(self, key)


class BuildPanel(QScrollArea):
    """Edits the document's network and input, and shows its headline figures.

    ``done`` tells that the user has confirmed a value, so that the keyboard may go back to the picture. The controls of
    a section are made when it is opened.
    """

    done = Signal()

    def __init__(self, document: Document) -> None:
        super().__init__()
        self._document = document
        self._base = 0
        self._offers: dict[str, tuple[ResNetSpec, str]] = {}
        self._axes: dict[str, AxisField] = {}
        self.preset = PresetBox()
        self.timeline = QToolButton()
        self.stages = StageEditor()
        self.input = InputEditor()
        self.rows = _Rows(self._fill, stages=Explained(self.stages), input=Explained(self.input))
        self.device = DeviceBox(document)
        self.facts = FactsPanel()
        self.sections = {text: Section(text, text in OPEN) for text in SECTIONS if text != STAGES}
        self.no_head = QCheckBox("no head: a backbone", self.sections["Head"].body)
        self._wire()
        self._arrange()
        self.setMinimumWidth(WIDTH)
        self.setAccessibleName("Build")

    def _wire(self) -> None:
        self.preset.chosen.connect(self._on_preset_chosen)
        self.preset.done.connect(self.done)
        self.timeline.setText("Timeline…")
        self.timeline.setToolTip("How residual networks changed from 2015 to today, and what each changed (Ctrl+K)")
        self.stages.edited.connect(lambda key, value, text: self._change(key, value, text, row="stages"))
        self.stages.typed.connect(
            lambda key, value, text: self._change(key, value, text, "stages", self._base + 300 + hash(text) % 600)
        )
        self.stages.refused.connect(lambda sentence: self.rows["stages"].explain(sentence))
        self.input.edited.connect(self._on_input_edited)
        editors: tuple[tuple[str, StageEditor | InputEditor], ...] = (("stages", self.stages), ("input", self.input))
        for key, editor in editors:
            editor.invalid_entered.connect(partial(self._on_invalid_entered, key))
            editor.confirmed.connect(self._on_confirmed)
            editor.focus_left.connect(self._end_gesture)
        self.input.slid.connect(self._end_gesture)
        tip = "Leave out pooling and fc: the network ends in feature maps, as detectors use it."
        describe(self.no_head, "No head: a backbone", tip).clicked.connect(
            lambda on: self._change("classes", None if on else 1000, "remove the head" if on else "add the head")
        )

    def _arrange(self) -> None:
        device = describe(QLabel("Device"), tip=self.device.toolTip())
        device.setBuddy(self.device)
        parts: tuple[Part, ...] = (
            hbox((self.preset, 1), self.timeline),
            self.rows["stages"],
            _rule(),
            heading("INPUT"),
            self.rows["input"],
            hbox(device, (self.device, 1)),
            _rule(),
            heading("THIS NETWORK"),
            self.facts,
            _rule(),
            *self.sections.values(),
            1,
        )
        fill(self, *parts, margins=(14, 8, 12, 8), spacing=5)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        for key, row in self.rows.items():
            row.mend_asked.connect(partial(self._on_mend_asked, key))
        for text, section in self.sections.items():
            if text in OPEN:
                self._add_axes(_keys(text))
            else:
                section.header.toggled.connect(lambda _, text=text: self._fill(text))

    def _fill(self, section: str) -> None:
        """Make the rows of a section that has none yet, and show the network in them."""
        keys = _keys(section)
        if keys[0] not in self.rows:
            self._add_axes(keys)
            if section == "Head":
                self.sections[section].form.addRow("", self.no_head)
            self._show_axes(keys, self._document.state.spec)

    def _add_axes(self, keys: Iterable[str]) -> None:
        for key in keys:
            self._add_axis(key)

    def _add_axis(self, key: str) -> None:
        field = AxisField(AXES[key])
        field.mend_asked.connect(partial(self._on_mend_asked, key))
        field.edited.connect(self._on_edited)
        field.typed.connect(lambda key, value: self._change(key, value, gesture=self._base + _FIELDS.index(key)))
        field.invalid_entered.connect(self._on_invalid_entered)
        field.confirmed.connect(self._on_confirmed)
        field.focus_left.connect(self._end_gesture)
        self.rows[key] = self._axes[key] = field
        self.sections[AXES[key].section].form.addRow(field.label, field)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self.setMinimumWidth(round(WIDTH * self.font().pointSizeF() / LIGHT.font_points))

    def show_results(self, results: Results) -> None:
        """Show a network, its input and its figures; nothing is proposed by that."""
        spec = results.state.spec
        self.preset.show_title(title(spec))
        self.stages.show_spec(spec)
        self.input.show_state(results.state)
        self._show_axes(self._axes, spec)
        for text, section in self.sections.items():
            section.summarise(", ".join(unusual(spec, text)))
        with QSignalBlocker(self.no_head):
            self.no_head.setChecked(spec.classes is None)
        self._clear()
        self.facts.show_results(results)

    def _show_axes(self, keys: Iterable[str], spec: ResNetSpec) -> None:
        for key in keys:
            field = self._axes[key]
            field.show_spec(spec)
            shown = not AXES[key].off(spec) or key in _ALWAYS_SHOWN
            self.sections[AXES[key].section].form.setRowVisible(field, shown)

    def _clear(self) -> None:
        self._offers.clear()
        for row in self.rows.values():
            row.explain("")

    def _try(self, row: str, make: Callable[[State], State], label: str, gesture: int) -> bool:
        try:
            state = make(self._document.state)
            read(state)
        except ExplorerError as error:
            self.rows[row].explain(str(error))
            return False
        self.rows[row].explain("")
        self._document.propose(state, label, gesture)
        return True

    def _change(self, key: str, value: object, label: str = "", row: str = "", gesture: int = -1) -> None:
        def make(state: State) -> State:
            spec = named(change(state.spec, key, value))
            image = replace(default_input(spec), batch=state.image.batch) if key == "dims" else state.image
            return State(spec, image)

        row, label = row or key, label or f"change {AXES[key].label.lower()}"
        if not self._try(row, make, label, gesture):
            self._offer(row, key, value, label)

    def _offer(self, row: str, key: str, value: object, label: str) -> None:
        match = nearest(self._document.state.spec, key, value)
        if match and match[1]:
            pairs = (setting.split("=", 1) for setting in match[1])
            settings = " and ".join(f"{AXES[axis].label.lower()} to {value}" for axis, value in pairs)
            self._offers[row] = (match[0], label)
            self.rows[row].explain(self.rows[row].problem, f"Also set {settings}")

    def _on_mend_asked(self, row: str) -> None:
        if row in self._offers:
            spec, label = self._offers[row]
            self._try(row, lambda state: replace(state, spec=named(spec)), label, -1)
            self.show_results(read(self._document.state))  # what was refused goes from the controls

    def _on_confirmed(self) -> None:
        if not any(row.problem for row in self.rows.values()):
            self._end_gesture()
            self.done.emit()

    def _end_gesture(self) -> None:
        """Let what is typed from now on be another step to undo.

        Why a value cannot be stays to be read where its field, once left, shows the last good one again.
        """
        self._base += 1000

    def _on_preset_chosen(self, name: str) -> None:
        entry = CATALOGUE[name]
        image = InputShape(self._document.state.image.batch, entry.size, entry.size)
        self._document.propose(State(entry.spec, image), f"choose {entry.title}")

    def _on_edited(self, key: str, value: object) -> None:
        text = {"residual": "add the shortcuts" if value else "remove the shortcuts"}.get(key, "")
        self._change(key, value, text)
        if self.rows[key].problem:
            self._axes[key].show_spec(self._document.state.spec)

    def _on_invalid_entered(self, key: str, text: str) -> None:
        control = self.rows[key].control
        kind = "whole number"
        if isinstance(control, OptionalField):
            kind = "whole number, nor none"
        elif isinstance(control, FractionField):
            kind = "number"
        self.rows[key].explain(f"{text[:20]!r} is not a {kind}." if text.strip() else f"Give a {kind}.")

    def _on_input_edited(self, key: str, value: int) -> None:
        if key == "in_channels":
            self._change(key, value, row="input", gesture=self._base + 200)
            return

        def make(state: State) -> State:
            changes = {"height": value, "width": value} if key == "side" else {key: value}
            return replace(state, image=replace(state.image, **changes))

        text = {"batch": "change batch size"}.get(key, "change input size")
        gesture = self._base + 201 + ("batch", "frames", "height", "width", "side").index(key)
        self._try("input", make, text, gesture)


def _rule() -> QFrame:
    line = QFrame()
    line.setFrameShape(QFrame.Shape.HLine)
    line.setObjectName("rule")
    return line
