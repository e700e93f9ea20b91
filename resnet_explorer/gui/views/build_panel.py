"""The Build panel: preset, every axis of the spec, and the input; each change shows at once, or says why it cannot."""

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QEvent, QSignalBlocker, Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from resnet_explorer.drawing.theme import LIGHT
from resnet_explorer.errors import ExplorerError
from resnet_explorer.gui.document import Document, State
from resnet_explorer.gui.session import Results, read
from resnet_explorer.gui.views.axis_field import AxisField
from resnet_explorer.gui.views.device_box import DeviceBox
from resnet_explorer.gui.views.facts_panel import FactsPanel
from resnet_explorer.gui.views.fields import Explained, NumberField
from resnet_explorer.gui.views.input_editor import InputEditor
from resnet_explorer.gui.views.preset_box import PresetBox
from resnet_explorer.gui.views.section import Section
from resnet_explorer.gui.views.stage_editor import StageEditor
from resnet_explorer.spec import InputShape, ResNetSpec
from resnet_explorer.spec.axes import AXES, SECTIONS, STAGES
from resnet_explorer.spec.catalogue import CATALOGUE, named, title
from resnet_explorer.spec.change import change, nearest
from resnet_explorer.spec.difference import unusual

WIDTH = 278
OPEN = ("Block", "Shortcut")
_FIELDS = tuple(key for key, axis in AXES.items() if axis.section != STAGES and key != "in_channels")
"""The axes with a row of their own; the stages have an editor, in_channels is part of the input."""


class BuildPanel(QScrollArea):
    """Edits the document's network and input, and shows its headline figures."""

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._base = 0
        self._offers: dict[str, tuple[ResNetSpec, str]] = {}
        self.rows: dict[str, Explained] = {}
        self.preset = PresetBox()
        self.timeline = QToolButton()
        self.stages = StageEditor()
        self.input = InputEditor()
        self.device = DeviceBox(document)
        self.facts = FactsPanel()
        self.no_head = QCheckBox("no head: a backbone")
        self.sections = {words: Section(words, words in OPEN) for words in SECTIONS if words != STAGES}
        self._wire()
        self._arrange()
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMinimumWidth(WIDTH)
        self.setAccessibleName("Build")

    def _wire(self) -> None:
        self.preset.chosen.connect(self._on_preset_chosen)
        self.timeline.setText("Timeline…")
        self.timeline.setToolTip("How residual networks changed from 2015 to today, and what each changed (Ctrl+K)")
        self.stages.edited.connect(self._on_stages_edited)
        self.stages.typed.connect(self._on_stages_typed)
        self.stages.refused.connect(self._on_stages_refused)
        self.stages.left.connect(self._on_field_left)
        self.input.edited.connect(self._on_input_edited)
        self.input.refused.connect(self._on_input_refused)
        self.input.left.connect(self._on_field_left)
        self.no_head.setAccessibleName("No head: a backbone")
        self.no_head.setToolTip("Leave out pooling and fc: the network ends in feature maps, as detectors use it.")
        self.no_head.clicked.connect(self._on_no_head_clicked)

    def _arrange(self) -> None:
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(14, 8, 12, 8)
        column.setSpacing(5)
        line = QHBoxLayout()
        line.addWidget(self.preset, 1)
        line.addWidget(self.timeline)
        column.addLayout(line)
        column.addWidget(self._explained("stages", self.stages))
        for words, widget in (("INPUT", self._explained("input", self.input)), ("THIS NETWORK", self.facts)):
            column.addWidget(_rule())
            column.addWidget(_heading(words))
            column.addWidget(widget)
            if words == "INPUT":
                column.addLayout(self._device_line())
        column.addWidget(_rule())
        for section in self.sections.values():
            column.addWidget(section)
        for key in _FIELDS:
            self._add_axis(key)
        self.sections["Head"].form.addRow("", self.no_head)
        column.addStretch(1)
        self.setWidget(inner)

    def _device_line(self) -> QHBoxLayout:
        label, line = QLabel("Device"), QHBoxLayout()
        label.setToolTip(self.device.toolTip())
        label.setBuddy(self.device)
        line.addWidget(label)
        line.addWidget(self.device, 1)
        return line

    def _explained(self, key: str, control: QWidget) -> Explained:
        self.rows[key] = row = Explained(control)
        row.setProperty("axis", key)
        row.mend_asked.connect(self._on_mend_asked)
        return row

    def _add_axis(self, key: str) -> None:
        field = AxisField(AXES[key])
        field.setProperty("axis", key)
        field.edited.connect(self._on_edited)
        field.typed.connect(self._on_typed)
        field.refused.connect(self._on_refused)
        field.left.connect(self._on_field_left)
        field.mend_asked.connect(self._on_mend_asked)
        self.rows[key] = field
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
        for key in _FIELDS:
            self._show_axis(key, spec)
        for words, section in self.sections.items():
            section.summarise(", ".join(unusual(spec, words)))
        with QSignalBlocker(self.no_head):
            self.no_head.setChecked(spec.classes is None)
        self._clear()
        self.facts.show_results(results)

    def _show_axis(self, key: str, spec: ResNetSpec) -> None:
        """Show an axis' value; one that has no effect is hidden, but for the shortcuts of a plain network."""
        field = self.rows[key]
        assert isinstance(field, AxisField)
        field.show_spec(spec)
        off = AXES[key].off(spec)
        shown = not off or key in ("shortcut", "stride", "expansion", "activation")
        self.sections[AXES[key].section].form.setRowVisible(field, shown)

    def _clear(self) -> None:
        self._offers.clear()
        for row in self.rows.values():
            row.explain("")

    def _try(self, row: str, make: Callable[[State], State], label: str, gesture: int) -> bool:
        """Propose what ``make`` makes of the state; where that is no network, say why beside the control."""
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
            return replace(state, spec=named(change(state.spec, key, value)))

        row, label = row or key, label or f"change {AXES[key].label.lower()}"
        if not self._try(row, make, label, gesture):
            self._offer(row, key, value, label)

    def _offer(self, row: str, key: str, value: object, label: str) -> None:
        """Offer what else would have to change for a choice that is refused, where few settings would do."""
        found = nearest(self._document.state.spec, key, value)
        if found and found[1]:
            settings = " and ".join(_setting_words(setting) for setting in found[1])
            self._offers[row] = (found[0], label)
            self.rows[row].explain(self.rows[row].problem, f"Also set {settings}")

    def _on_mend_asked(self) -> None:
        row = str(self.sender().property("axis"))
        if row in self._offers:
            spec, label = self._offers[row]
            self._try(row, lambda state: replace(state, spec=named(spec)), label, -1)
            self.show_results_of_now()

    def show_results_of_now(self) -> None:
        """Show the document's network anew: what was refused is gone from the controls."""
        self.show_results(read(self._document.state))

    def _typing(self, index: int) -> int:
        """Return the number of the gesture in which one control is typed into, until it is left."""
        return self._base + index

    def _on_field_left(self) -> None:
        self._base += 100
        self._clear()

    def _on_preset_chosen(self, name: str) -> None:
        entry = CATALOGUE[name]
        image = InputShape(self._document.state.image.batch, entry.size, entry.size)
        self._document.propose(State(entry.spec, image), f"choose {entry.title}")

    def _on_edited(self, key: str, value: object) -> None:
        words = {"residual": "add the shortcuts" if value else "remove the shortcuts"}.get(key, "")
        self._change(key, value, words)
        if self.rows[key].problem:
            field = self.rows[key]
            assert isinstance(field, AxisField)
            field.show_spec(self._document.state.spec)

    def _on_typed(self, key: str, value: object) -> None:
        self._change(key, value, gesture=self._typing(_FIELDS.index(key)))

    def _on_refused(self, key: str, text: str) -> None:
        is_whole = isinstance(self.rows[key].control, NumberField)
        self.rows[key].explain(_no_number(text, "whole number" if is_whole else "number"))

    def _on_no_head_clicked(self, value: bool) -> None:
        self._change("classes", None if value else 1000, "remove the head" if value else "add the head")

    def _on_stages_edited(self, key: str, value: object, label: str) -> None:
        self._change(key, value, label, row="stages")

    def _on_stages_typed(self, key: str, value: object, label: str) -> None:
        self._change(key, value, label, row="stages", gesture=self._typing(70 + hash(label) % 20))

    def _on_stages_refused(self, text: str) -> None:
        self.rows["stages"].explain(_no_number(text))

    def _on_input_edited(self, key: str, value: int) -> None:
        if key == "in_channels":
            self._change(key, value, row="input", gesture=self._typing(60))
            return

        def make(state: State) -> State:
            changes = {"height": value, "width": value} if key == "side" else {key: value}
            return replace(state, image=replace(state.image, **changes))

        words = {"batch": "change batch size"}.get(key, "change input size")
        self._try("input", make, words, self._typing(61 + ("batch", "height", "width", "side").index(key)))

    def _on_input_refused(self, text: str) -> None:
        self.rows["input"].explain(_no_number(text))


def _setting_words(setting: str) -> str:
    key, _, value = setting.partition("=")
    return f"{AXES[key].label.lower()} to {value}"


def _no_number(text: str, kind: str = "whole number") -> str:
    return f"{text[:20]!r} is not a {kind}." if text.strip() else f"Give a {kind}."


def _heading(words: str) -> QLabel:
    label = QLabel(words)
    label.setObjectName("heading")
    return label


def _rule() -> QFrame:
    line = QFrame()
    line.setFrameShape(QFrame.Shape.HLine)
    line.setObjectName("rule")
    return line
