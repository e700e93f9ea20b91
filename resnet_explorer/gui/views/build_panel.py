"""The Build panel: preset, every axis of the spec, and the input; each change shows at once, or says why it cannot."""

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QEvent, QSignalBlocker, Qt
from PySide6.QtGui import QStandardItemModel
from PySide6.QtWidgets import (
    QCheckBox,
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from resnet_explorer.drawing.theme import LIGHT
from resnet_explorer.errors import ExplorerError
from resnet_explorer.gui.document import Document, State
from resnet_explorer.gui.session import Results, read
from resnet_explorer.gui.views.facts_panel import FactsPanel
from resnet_explorer.gui.views.fields import Explained, NumberField, QuietCombo
from resnet_explorer.gui.views.input_editor import InputEditor
from resnet_explorer.gui.views.stage_editor import StageEditor
from resnet_explorer.spec import InputShape, ResNetSpec
from resnet_explorer.spec.axes import AXES, Axis, change
from resnet_explorer.spec.catalogue import CATALOGUE, entry_of, named, title
from resnet_explorer.spec.resnet_spec import MAX_CARDINALITY, MAX_CLASSES, MAX_EXPANSION, MAX_IN_CHANNELS, MAX_WIDTH

WIDTH = 258
_TOPS = {
    "width": MAX_WIDTH,
    "expansion": MAX_EXPANSION,
    "cardinality": MAX_CARDINALITY,
    "base_width": MAX_WIDTH,
    "in_channels": MAX_IN_CHANNELS,
    "classes": MAX_CLASSES,
}
_ORDER = (
    "block",
    "width",
    "expansion",
    "cardinality",
    "base_width",
    "stride",
    "residual",
    "shortcut",
    "stem",
    "classes",
)
"""The axes with a row of their own; blocks and doubling share the stage editor, in_channels is part of the input."""


class BuildPanel(QScrollArea):
    """Edits the document's network and input, and shows its headline figures."""

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._gesture = 0
        self._base = 0
        self.rows: dict[str, Explained] = {}
        self.preset = self._presets()
        self.stages = StageEditor()
        self.input = InputEditor()
        self.facts = FactsPanel()
        self.no_head = QCheckBox("no head")
        self._wire()
        self._arrange()
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMinimumWidth(WIDTH)
        self.setAccessibleName("Build")

    def _presets(self) -> QuietCombo:
        combo = QuietCombo()
        combo.setAccessibleName("Preset")
        combo.setToolTip("A published network to start from; it also sets the size of images that it was trained on.")
        family = ""
        for entry in CATALOGUE.values():
            if entry.family != family:
                family = entry.family
                combo.addItem(family)
                model = combo.model()
                assert isinstance(model, QStandardItemModel)
                model.item(combo.count() - 1).setEnabled(False)
            combo.addItem(entry.title, entry.name)
            combo.setItemData(combo.count() - 1, f"{entry.title}: {family}", Qt.ItemDataRole.ToolTipRole)
        combo.setMaxVisibleItems(24)
        combo.view().setMinimumWidth(300)
        combo.setPlaceholderText("edited")
        return combo

    def _wire(self) -> None:
        self.preset.activated.connect(self._on_preset_activated)
        self.stages.edited.connect(self._on_stages_edited)
        self.stages.refused.connect(self._on_blocks_refused)
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
        form = _form()
        form.addRow(_label("&Preset", self.preset, self.preset.toolTip()), self.preset)
        form.addRow(self._explained("blocks", self.stages))
        for key in _ORDER:
            self._add_axis(form, AXES[key])
        column.addLayout(form)
        column.addWidget(_rule())
        column.addWidget(_heading("INPUT"))
        column.addWidget(self._explained("input", self.input))
        column.addWidget(_rule())
        column.addWidget(_heading("THIS NETWORK"))
        column.addWidget(self.facts)
        column.addStretch(1)
        self.setWidget(inner)

    def _explained(self, key: str, control: QWidget) -> Explained:
        self.rows[key] = Explained(control)
        return self.rows[key]

    def _add_axis(self, form: QFormLayout, axis: Axis) -> None:
        control = self._control(axis)
        control.setAccessibleName(axis.label)
        control.setToolTip(axis.teaches)
        control.setProperty("axis", axis.key)
        shown = self._with_no_head(control) if axis.key == "classes" else control
        row = Explained(control) if shown is control else Explained(shown)
        row.control = control
        self.rows[axis.key] = row
        form.addRow(_label(axis.label, control, axis.teaches), row)

    def _with_no_head(self, control: QWidget) -> QWidget:
        box = QWidget()
        line = QHBoxLayout(box)
        line.setContentsMargins(0, 0, 0, 0)
        line.addWidget(control, 1)
        line.addWidget(self.no_head)
        return box

    def _control(self, axis: Axis) -> QWidget:
        if axis.choices:
            combo = QuietCombo()
            for choice in axis.choices:
                combo.addItem(choice.label, choice.value)
                combo.setItemData(combo.count() - 1, choice.teaches, Qt.ItemDataRole.ToolTipRole)
            combo.activated.connect(self._on_choice_activated)
            return combo
        if axis.key in _TOPS:
            field = NumberField(1, _TOPS[axis.key])
            field.entered.connect(self._on_number_entered)
            field.refused.connect(self._on_number_refused)
            field.left.connect(self._on_field_left)
            return field
        check = QCheckBox("shortcuts: F(x) + x")
        check.clicked.connect(self._on_truth_clicked)
        return check

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self.setMinimumWidth(round(WIDTH * self.font().pointSizeF() / LIGHT.font_points))

    def show_results(self, results: Results) -> None:
        """Show a network, its input and its figures; nothing is proposed by that."""
        spec = results.state.spec
        self._show_preset(spec)
        self.stages.show_spec(spec)
        self.input.show_state(results.state)
        for key in _ORDER:
            self._show_axis(AXES[key], spec)
        with QSignalBlocker(self.no_head):
            self.no_head.setChecked(spec.classes is None)
        for row in self.rows.values():
            row.explain("")
        self.facts.show_results(results)

    def _show_preset(self, spec: ResNetSpec) -> None:
        entry = entry_of(spec)
        with QSignalBlocker(self.preset):
            self.preset.setPlaceholderText(title(spec))
            self.preset.setCurrentIndex(self.preset.findData(entry.name) if entry else -1)

    def _show_axis(self, axis: Axis, spec: ResNetSpec) -> None:
        control, value, off = self.rows[axis.key].control, getattr(spec, axis.key), axis.off(spec)
        if isinstance(control, QuietCombo):
            with QSignalBlocker(control):
                control.setCurrentIndex(control.findData(value))
        elif isinstance(control, NumberField):
            if value is not None:
                control.show_value(value)
            off = off or ("A backbone has no classes." if value is None else "")
        elif isinstance(control, QCheckBox):
            with QSignalBlocker(control):
                control.setChecked(value)
        control.setEnabled(not off)
        control.setToolTip(f"{off} {axis.teaches}" if off else axis.teaches)

    def _try(self, key: str, make: Callable[[State], State], label: str, gesture: int) -> None:
        """Propose what ``make`` makes of the state; where that is no network, say why beside the control."""
        try:
            state = make(self._document.state)
            read(state)
        except ExplorerError as error:
            self.rows[key].explain(str(error))
            return
        self.rows[key].explain("")
        self._document.propose(state, label, gesture)

    def _change(self, key: str, value: object, label: str = "", row: str = "", gesture: int = -1) -> None:
        def make(state: State) -> State:
            return replace(state, spec=named(change(state.spec, key, value)))

        self._try(row or key, make, label or f"change {AXES[key].label.lower()}", gesture)

    def _key(self) -> str:
        return str(self.sender().property("axis"))

    def _typing(self, index: int) -> int:
        """Return the number of the gesture in which one control is typed into, until it is left."""
        return self._base + index

    def _on_field_left(self) -> None:
        self._base += 100
        for row in self.rows.values():
            row.explain("")

    def _on_preset_activated(self, index: int) -> None:
        name = self.preset.itemData(index)
        if name in CATALOGUE:
            entry = CATALOGUE[name]
            image = InputShape(self._document.state.image.batch, entry.size, entry.size)
            self._document.propose(State(entry.spec, image), f"choose {entry.title}")

    def _on_choice_activated(self, index: int) -> None:
        """Take the value from the axis: a combo box gives an enum's value back as a plain text."""
        self._change(self._key(), AXES[self._key()].choices[index].value)

    def _on_number_entered(self, value: int) -> None:
        key = self._key()
        self._change(key, value, gesture=self._typing(_ORDER.index(key)))

    def _on_number_refused(self, text: str) -> None:
        self.rows[self._key()].explain(_no_number(text))

    def _on_truth_clicked(self, value: bool) -> None:
        key = self._key()
        self._change(key, value, "add the shortcuts" if value else "remove the shortcuts")

    def _on_no_head_clicked(self, value: bool) -> None:
        self._change("classes", None if value else 1000, "remove the head" if value else "add the head")

    def _on_stages_edited(self, key: str, value: object, label: str) -> None:
        gesture = self._typing(50) if label.startswith("change blocks") else -1
        self._change(key, value, label, row="blocks", gesture=gesture)

    def _on_blocks_refused(self, text: str) -> None:
        self.rows["blocks"].explain(_no_number(text))

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


def _no_number(text: str) -> str:
    return f"{text[:20]!r} is not a whole number." if text.strip() else "Give a whole number."


def _heading(words: str) -> QLabel:
    label = QLabel(words)
    label.setObjectName("heading")
    return label


def _label(words: str, buddy: QWidget, tip: str) -> QLabel:
    label = QLabel(words)
    label.setBuddy(buddy)
    label.setToolTip(tip)
    return label


def _rule() -> QFrame:
    line = QFrame()
    line.setFrameShape(QFrame.Shape.HLine)
    line.setObjectName("rule")
    return line


def _form() -> QFormLayout:
    form = QFormLayout()
    form.setContentsMargins(0, 0, 0, 0)
    form.setVerticalSpacing(5)
    form.setHorizontalSpacing(8)
    form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
    return form
