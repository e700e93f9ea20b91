"""The recipe of a training as a form: what is usual at once, the rest in parts that open."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QCheckBox, QFormLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from resnet_explorer.analysis.recipe import ONE_CYCLE_WORDS, Optimiser, Recipe, Schedule
from resnet_explorer.errors import ExplorerError
from resnet_explorer.gui.views.fields import FractionField, NumberField, QuietCombo
from resnet_explorer.gui.views.section import Section

OPTIMISERS = {
    Optimiser.SGD: "SGD with momentum",
    Optimiser.NESTEROV: "SGD, Nesterov momentum",
    Optimiser.ADAM: "Adam",
    Optimiser.ADAMW: "AdamW",
}
SCHEDULES = {
    Schedule.CONSTANT: "constant",
    Schedule.STEPS: "in steps (as in the paper)",
    Schedule.COSINE: "cosine",
    Schedule.ONE_CYCLE: "one cycle",
}


@dataclass(frozen=True, slots=True)
class Row:
    """A field of the recipe: its key, its label, how it is made, and the sentence that explains it."""

    key: str
    label: str
    make: Callable[[], QWidget]
    tip: str


class Milestones(QLineEdit):
    """Whole numbers with commas between them."""

    def values(self) -> tuple[int, ...]:
        """Return them; raises ExplorerError where the text holds anything else."""
        try:
            return tuple(int(part) for part in self.text().replace(" ", "").split(",") if part)
        except ValueError as error:
            raise ExplorerError(
                "milestones", f"{self.text()[:40]!r} are no steps.", "Write steps such as 32000, 48000."
            ) from error


def _combo(words: Mapping[Any, str]) -> Callable[[], QWidget]:
    def make() -> QWidget:
        box = QuietCombo()
        for value, text in words.items():
            box.addItem(text, value)
        return box

    return make


def _check(words: str) -> Callable[[], QWidget]:
    return lambda: QCheckBox(words)


def _whole(low: int, high: int) -> Callable[[], QWidget]:
    return lambda: NumberField(low, high)


USUAL = (
    Row("steps", "Steps", _whole(0, 10_000_000), "How many batches each network is trained on"),
    Row("batch", "Batch", _whole(1, 65_536), "Images in a step"),
    Row(
        "rate", "Learning rate", FractionField, "The step's length at its peak; “Find…” tries rates from small to large"
    ),
    Row(
        "schedule",
        "Schedule",
        _combo(SCHEDULES),
        f"How the learning rate goes over the steps; it is drawn below. {ONE_CYCLE_WORDS}",
    ),
)
PARTS: Mapping[str, tuple[Row, ...]] = {
    "Schedule": (
        Row("milestones", "Fall at", Milestones, "The steps at which the rate falls; the paper's: 32000, 48000"),
        Row("gamma", "By a factor", FractionField, "What the rate is multiplied by at each of them"),
        Row(
            "warmup",
            "Warm-up",
            _whole(0, 10_000_000),
            "So many steps the rate rises at first; the paper's for ResNet-110. Not used by one cycle",
        ),
        Row("warmup_from", "From a share", FractionField, "The share of the rate at which the warm-up begins"),
    ),
    "Optimiser": (
        Row("optimiser", "Optimiser", _combo(OPTIMISERS), "What turns gradients into steps"),
        Row("momentum", "Momentum", FractionField, "SGD: the share of the last step in this one; Adam: beta 1"),
        Row("decay", "Weight decay", FractionField, "How strongly weights are drawn towards 0; the paper's: 0.0001"),
        Row(
            "spares",
            "",
            _check("none on norms and biases"),
            "Weight decay on convolutions and fc alone, by module type",
        ),
        Row("clip", "Clip gradient at", FractionField, "The greatest length of the whole gradient; 0 for no bound"),
    ),
    "Images and loss": (
        Row("pad", "Pad and crop", _whole(0, 64), "Zeros around the image before a crop at random; the paper's: 4"),
        Row("flip", "", _check("mirror half of the images"), "Not for digits: a mirrored 2 is no 2"),
        Row("smoothing", "Label smoothing", FractionField, "The share of the label that is spread over all classes"),
        Row("ema", "Average of weights", FractionField, "Decay of a moving average that is tested instead; 0 for none"),
    ),
    "Measuring": (
        Row(
            "evaluate",
            "Test every",
            _whole(0, 10_000_000),
            "After so many steps the test images are judged; 0 for never",
        ),
        Row(
            "measure", "Blocks every", _whole(0, 10_000_000), "After so many steps every block is measured; 0 for never"
        ),
        Row(
            "mixed",
            "",
            _check("bfloat16 where there are units"),
            "Mixed precision: faster on some devices, slower on others",
        ),
        Row(
            "deterministic",
            "",
            _check("the same bits each time"),
            "The same seed gives the same numbers on this machine",
        ),
    ),
}


class RecipeForm(QWidget):
    """Shows a recipe and tells of changes; what cannot be is said under the fields, and the last good one stays."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.fields: dict[str, QWidget] = {}
        self._refused: dict[str, str] = {}
        self._good = Recipe()
        self.problem, self.note = QLabel(), QLabel(ONE_CYCLE_WORDS)
        for label, name in ((self.problem, "problem"), (self.note, "muted")):
            label.setObjectName(name)
            label.setWordWrap(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 0, 12, 0)
        column.setSpacing(4)
        self.form = QFormLayout()
        self.form.setVerticalSpacing(5)
        self.form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self._add_rows(self.form, USUAL)
        column.addLayout(self.form)
        column.addWidget(self.note)
        self.sections = {title: Section(title, False) for title in PARTS}
        for title, rows in PARTS.items():
            self._add_rows(self.sections[title].form, rows)
            column.addWidget(self.sections[title])
        column.addWidget(self.problem)
        self.show_recipe(self._good)

    def _add_rows(self, form: QFormLayout, rows: tuple[Row, ...]) -> None:
        for row in rows:
            field = self.fields[row.key] = row.make()
            field.setObjectName(row.key)
            field.setToolTip(row.tip)
            field.setAccessibleName(row.label or row.key)
            label = QLabel(row.label)
            label.setToolTip(row.tip)
            label.setBuddy(field)
            form.addRow(label, field)
            self._watch(field)

    def _watch(self, field: QWidget) -> None:
        if isinstance(field, NumberField | FractionField):
            field.entered.connect(self._on_entered)
            field.refused.connect(self._on_refused)
            field.left.connect(self._on_left)
        elif isinstance(field, QuietCombo):
            field.currentIndexChanged.connect(self._on_changed)
        elif isinstance(field, QCheckBox):
            field.toggled.connect(self._on_changed)
        elif isinstance(field, QLineEdit):
            field.textEdited.connect(self._on_changed)

    @property
    def recipe(self) -> Recipe:
        """Return the last recipe that can be."""
        return self._good

    def show_recipe(self, recipe: Recipe) -> None:
        """Show a recipe without a signal."""
        self._good = recipe
        self._refused.clear()
        self._typed: dict[str, object] = asdict(recipe)
        with QSignalBlocker(self):
            for key, value in asdict(recipe).items():
                self._show_value(self.fields[key], value)
        self._explain("")

    def use_rate(self, rate: float) -> None:
        """Put another learning rate into the recipe."""
        self.use(replace(self._good, rate=rate))

    def use(self, recipe: Recipe) -> None:
        """Show another recipe, and tell of it."""
        self.show_recipe(recipe)
        self.changed.emit()

    def _show_value(self, field: QWidget, value: Any) -> None:
        with QSignalBlocker(field):
            if isinstance(field, NumberField | FractionField):
                field.show_value(value)
            elif isinstance(field, QuietCombo):
                field.setCurrentIndex(field.findData(value))
            elif isinstance(field, QCheckBox):
                field.setChecked(value)
            elif isinstance(field, Milestones):
                field.setText(", ".join(str(step) for step in value))

    def _on_entered(self, value: object) -> None:
        key = self.sender().objectName()
        self._refused.pop(key, None)
        self._typed[key] = value
        self._read()

    def _on_refused(self, text: str) -> None:
        self._refused[self.sender().objectName()] = text
        self._read()

    def _on_left(self) -> None:
        """Forget what was typed and cannot be: the field shows its last good value again."""
        key = self.sender().objectName()
        self._refused.pop(key, None)
        self._typed[key] = getattr(self._good, key)
        self._read()

    def _on_changed(self) -> None:
        self._read()

    def _read(self) -> None:
        """Take the recipe that the fields say, or tell why it cannot be."""
        try:
            for key, text in self._refused.items():
                raise ExplorerError(key, f"{text[:40]!r} is no number.", "Write one such as 0.1.")
            recipe = Recipe(**{**self._typed, **self._chosen()})  # type: ignore[arg-type]  # the fields give its types
        except ExplorerError as error:
            self._explain(f"⚠ {error.what} {error.remedy}")
            return
        self._explain("")
        if recipe != self._good:
            self._good = recipe
            for key in self._typed:
                field = self.fields[key]
                if isinstance(field, NumberField | FractionField):
                    field.show_value(getattr(recipe, key))
            self._summarise()
            self.changed.emit()

    def _chosen(self) -> dict[str, object]:
        found: dict[str, object] = {}
        for key, field in self.fields.items():
            if isinstance(field, QuietCombo):
                found[key] = (Optimiser if key == "optimiser" else Schedule)(field.currentData())
            elif isinstance(field, QCheckBox):
                found[key] = field.isChecked()
            elif isinstance(field, Milestones):
                found[key] = field.values()
        return found

    def _explain(self, words: str) -> None:
        self.problem.setText(words)
        self.problem.setVisible(bool(words))
        self._summarise()

    def _summarise(self) -> None:
        """Say in each closed part what in it is not as usual, and of one-cycle what it does not use."""
        usual, one_cycle = Recipe(), self._good.schedule is Schedule.ONE_CYCLE
        self.note.setVisible(one_cycle)
        for key in ("warmup", "warmup_from"):
            self.fields[key].setDisabled(one_cycle)
        for title, rows in PARTS.items():
            unusual = [
                (row.label or str(getattr(self.fields[row.key], "text", str)())).lower()
                for row in rows
                if getattr(self._good, row.key) != getattr(usual, row.key)
            ]
            self.sections[title].summarise(", ".join(unusual))
