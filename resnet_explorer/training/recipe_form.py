"""The recipe of a training as a form: what is usual at once, the rest in parts that open."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from resnet_explorer.errors import ExplorerError
from resnet_explorer.runs.recipe import ONE_CYCLE_WORDS, Optimiser, Recipe, Schedule
from resnet_explorer.ui.fields import (
    CheckField,
    ChoiceField,
    Form,
    FractionField,
    NumberField,
    NumbersField,
    Row,
    Section,
    no_number,
)
from resnet_explorer.ui.parts import Part, Problem, label, vbox

OPTIMISERS = (
    ("SGD with momentum", Optimiser.SGD),
    ("SGD, Nesterov momentum", Optimiser.NESTEROV),
    ("Adam", Optimiser.ADAM),
    ("AdamW", Optimiser.ADAMW),
)
SCHEDULES = (
    ("constant", Schedule.CONSTANT),
    ("in steps (as in the paper)", Schedule.STEPS),
    ("cosine", Schedule.COSINE),
    ("one cycle", Schedule.ONE_CYCLE),
)
_steps = partial(NumberField, 0, 10_000_000)
USUAL = (
    Row("steps", "Steps", _steps, "How many batches each network is trained on"),
    Row("batch", "Batch", partial(NumberField, 1, 65_536), "Images in a step"),
    Row(
        "rate", "Learning rate", FractionField, "The step's length at its peak; “Find…” tries rates from small to large"
    ),
    Row(
        "schedule",
        "Schedule",
        partial(ChoiceField, SCHEDULES, Schedule),
        f"How the learning rate goes over the steps; it is drawn below. {ONE_CYCLE_WORDS}",
    ),
)
PARTS: Mapping[str, tuple[Row, ...]] = {
    "Schedule": (
        Row("milestones", "Fall at", NumbersField, "The steps at which the rate falls; the paper's: 32000, 48000"),
        Row("gamma", "By a factor", FractionField, "What the rate is multiplied by at each of them"),
        Row(
            "warmup",
            "Warm-up",
            _steps,
            "So many steps the rate rises at first; the paper's for ResNet-110. Not used by one cycle",
        ),
        Row("warmup_from", "From a share", FractionField, "The share of the rate at which the warm-up begins"),
    ),
    "Optimiser": (
        Row("optimiser", "Optimiser", partial(ChoiceField, OPTIMISERS, Optimiser), "What turns gradients into steps"),
        Row("momentum", "Momentum", FractionField, "SGD: the share of the last step in this one; Adam: beta 1"),
        Row("decay", "Weight decay", FractionField, "How strongly weights are drawn towards 0; the paper's: 0.0001"),
        Row(
            "spares",
            "",
            partial(CheckField, "none on norms and biases"),
            "Weight decay on convolutions and fc alone, by module type",
        ),
        Row("clip", "Clip gradient at", FractionField, "The greatest length of the whole gradient; 0 for no bound"),
    ),
    "Images and loss": (
        Row(
            "pad",
            "Pad and crop",
            partial(NumberField, 0, 64),
            "Zeros around the image before a crop at random; the paper's: 4",
        ),
        Row("flip", "", partial(CheckField, "mirror half of the images"), "Not for digits: a mirrored 2 is no 2"),
        Row("smoothing", "Label smoothing", FractionField, "The share of the label that is spread over all classes"),
        Row("ema", "Average of weights", FractionField, "Decay of a moving average that is tested instead; 0 for none"),
    ),
    "Measuring": (
        Row("evaluate", "Test every", _steps, "After so many steps the test images are judged; 0 for never"),
        Row("measure", "Blocks every", _steps, "After so many steps every block is measured; 0 for never"),
        Row(
            "mixed",
            "",
            partial(CheckField, "bfloat16 where there are units"),
            "Mixed precision: faster on some devices, slower on others",
        ),
        Row(
            "deterministic",
            "",
            partial(CheckField, "the same bits each time"),
            "The same seed gives the same numbers on this machine",
        ),
    ),
}


class RecipeForm(QWidget):
    """Shows a recipe and tells of changes; what cannot be is said under the fields, and the last good one stays."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._refused: dict[str, str] = {}
        self._good = Recipe()
        self.problem, self.note = Problem(), label(ONE_CYCLE_WORDS, "muted", wrap=True)
        self.form = Form()
        self.sections = {title: Section(title, False) for title in PARTS}
        self.forms = (self.form, *(section.form for section in self.sections.values()))
        for form, rows in zip(self.forms, (USUAL, *PARTS.values()), strict=True):
            form.add_rows(rows)
            form.value_entered.connect(self._on_value_entered)
            form.invalid_entered.connect(self._on_invalid_entered)
            form.left.connect(self._on_left)
        self.fields = {key: field for form in self.forms for key, field in form.fields.items()}
        parts: tuple[Part, ...] = (self.form, self.note, *self.sections.values(), self.problem)
        vbox(*parts, of=self, margins=(14, 0, 12, 0), spacing=4)
        self.show_recipe(self._good)

    @property
    def recipe(self) -> Recipe:
        """Return the last recipe that can be."""
        return self._good

    def show_recipe(self, recipe: Recipe) -> None:
        """Show a recipe without a signal."""
        self._good = recipe
        self._refused.clear()
        self._entered = asdict(recipe)
        for key, value in self._entered.items():
            self.fields[key].show_value(value)
        self._explain("")

    def use_rate(self, rate: float) -> None:
        """Put another learning rate into the recipe."""
        self.use(replace(self._good, rate=rate))

    def use(self, recipe: Recipe) -> None:
        """Show another recipe, and tell of it."""
        self.show_recipe(recipe)
        self.changed.emit()

    def _on_value_entered(self, key: str, value: object) -> None:
        self._refused.pop(key, None)
        self._entered[key] = value
        self._read()

    def _on_invalid_entered(self, key: str, text: str) -> None:
        is_list = isinstance(self.fields[key], NumbersField)
        steps = f"{text[:40]!r} are no steps. Write steps such as 32000, 48000."
        self._refused[key] = steps if is_list else no_number(text, "0.1")
        self._read()

    def _on_left(self, key: str) -> None:
        """Forget what was typed and cannot be: the field shows its last good value again."""
        self._on_value_entered(key, getattr(self._good, key))

    def _read(self) -> None:
        if self._refused:
            self._explain(next(iter(self._refused.values())))
            return
        try:
            recipe = Recipe(**self._entered)
        except ExplorerError as error:
            self._explain(f"{error.what} {error.remedy}")
            return
        self._explain("")
        if recipe != self._good:
            self._good = recipe
            for key, field in self.fields.items():
                if isinstance(field, NumberField | FractionField):
                    field.show_value(getattr(recipe, key))
            self._summarise()
            self.changed.emit()

    def _explain(self, problem: str) -> None:
        self.problem.say(problem)
        self._summarise()

    def _summarise(self) -> None:
        """Say in each closed part what in it is not as usual, and of one-cycle what it does not use."""
        usual, one_cycle = Recipe(), self._good.schedule is Schedule.ONE_CYCLE
        self.note.setVisible(one_cycle)
        for key in ("warmup", "warmup_from"):
            self.fields[key].setDisabled(one_cycle)
        for title, rows in PARTS.items():
            changed = [row for row in rows if getattr(self._good, row.key) != getattr(usual, row.key)]
            self.sections[title].summarise(
                ", ".join((row.label or self.fields[row.key].text()).lower() for row in changed)
            )
