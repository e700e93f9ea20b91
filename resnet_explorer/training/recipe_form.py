"""The recipe of a training as a form, common settings first, and the dialog that finds a learning rate."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDialog, QWidget

from resnet_explorer.engine.jobs import Job
from resnet_explorer.errors import ExplorerError
from resnet_explorer.picture.theme import Theme
from resnet_explorer.runs.kept_results import age_of, describe_kept
from resnet_explorer.runs.plan import RunPlan
from resnet_explorer.runs.recipe import MAX_STEPS, NAMES, ONE_CYCLE_WORDS, Optimiser, Recipe, Schedule
from resnet_explorer.training.charts import chart_of_rates
from resnet_explorer.training.values import FindRate, RateTest
from resnet_explorer.ui.chart_view import ChartView
from resnet_explorer.ui.dialogs import resize_to_fit
from resnet_explorer.ui.document import Document
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
from resnet_explorer.ui.jobs import Jobs
from resnet_explorer.ui.jobs_panel import JobLine
from resnet_explorer.ui.parts import Part, Problem, button, hbox, label, vbox

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
_steps = partial(NumberField, 0, MAX_STEPS)


def _check(key: str, text: str, tip: str) -> Row:
    return Row(key, "", partial(CheckField, text), tip)


USUAL = (
    Row("steps", "Steps", _steps, "Number of batches each network is trained on"),
    Row("batch", "Batch", partial(NumberField, 1, 65_536), "Images per step"),
    Row("rate", "Learning rate", FractionField, "Peak learning rate; “Find…” tries rates from small to large"),
    Row(
        "schedule",
        "Schedule",
        partial(ChoiceField, SCHEDULES, Schedule),
        f"How the learning rate changes over the steps; see Planned learning rate. {ONE_CYCLE_WORDS}",
    ),
)
PARTS: Mapping[str, tuple[Row, ...]] = {
    "Schedule": (
        Row("milestones", "Fall at", NumbersField, "The steps at which the rate drops; in the paper: 32000, 48000"),
        Row("gamma", "By a factor", FractionField, "Factor of the rate at each of these steps"),
        Row("warmup", "Warm-up", _steps, "Steps of warm-up; the paper has one for ResNet-110. Not used by one cycle"),
        Row("warmup_from", "Starting at", FractionField, "Fraction of the rate at which the warm-up begins"),
    ),
    "Optimiser": (
        Row("optimiser", "Optimiser", partial(ChoiceField, OPTIMISERS, Optimiser), "The update rule"),
        Row("momentum", "Momentum", FractionField, "SGD: momentum; Adam: beta 1"),
        Row("decay", "Weight decay", FractionField, "How strongly weights decay towards 0; in the paper: 0.0001"),
        _check(
            "spares", "none on norms and biases", "Weight decay on convolutions and linear layers only, by module type"
        ),
        Row("clip", "Clip gradient at", FractionField, "Largest norm of the whole gradient; 0 for no clipping"),
    ),
    "Images and loss": (
        Row(
            "pad",
            "Pad and crop",
            partial(NumberField, 0, 64),
            "Zero padding before a random crop, in pixels; in the paper: 4",
        ),
        _check(
            "flip", "mirror at random", "Horizontal flip with probability 0.5. Not for digits: a mirrored 2 is not a 2"
        ),
        Row("smoothing", "Label smoothing", FractionField, "Fraction of the label that is spread over all classes"),
        Row(
            "ema",
            "Average of weights",
            FractionField,
            "Decay of an exponential moving average, which is tested instead; 0 for none",
        ),
    ),
    "Measuring": (
        Row("evaluate", "Test every", _steps, "Evaluate the test images every so many steps; 0 for never"),
        Row("measure", "Blocks every", _steps, "Measure every block every so many steps; 0 for never"),
        _check("mixed", "use bfloat16 where supported", "Mixed precision: faster on some devices, slower on others"),
        _check("deterministic", "deterministic", "The same seed gives bit-identical results on this machine"),
    ),
}


class RecipeForm(QWidget):
    """Shows a recipe; invalid input is explained under the fields, and the last valid recipe stays."""

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
            form.focus_left.connect(self._on_left)
        self.fields = {key: field for form in self.forms for key, field in form.fields.items()}
        parts: tuple[Part, ...] = (self.form, self.note, *self.sections.values(), self.problem)
        vbox(*parts, of=self, margins=(14, 0, 12, 0), spacing=4)
        self.show_recipe(self._good)

    @property
    def recipe(self) -> Recipe:
        """Return the last valid recipe."""
        return self._good

    def show_recipe(self, recipe: Recipe) -> None:
        """Show a recipe without a signal."""
        self._good = recipe
        self._refused.clear()
        self._entered = {key: getattr(recipe, name) for key, name in NAMES.items()}
        for key, value in self._entered.items():
            self.fields[key].show_value(value)
        self._explain("")

    def use_rate(self, rate: float) -> None:
        self.use(replace(self._good, learning_rate=rate))

    def use(self, recipe: Recipe) -> None:
        """Show a recipe, and emit ``changed``."""
        self.show_recipe(recipe)
        self.changed.emit()

    def _on_value_entered(self, key: str, value: object) -> None:
        self._refused.pop(key, None)
        self._entered[key] = value
        self._read()

    def _on_invalid_entered(self, key: str, text: str) -> None:
        is_list = isinstance(self.fields[key], NumbersField)
        steps = f"{text[:40]!r} is not a list of steps. Write steps such as 32000, 48000."
        self._refused[key] = steps if is_list else no_number(text, "0.1")
        self._read()

    def _on_left(self, key: str) -> None:
        """Discard invalid input: the field shows its last valid value again."""
        self._on_value_entered(key, getattr(self._good, NAMES[key]))

    def _read(self) -> None:
        if self._refused:
            self._explain(next(iter(self._refused.values())))
            return
        try:
            recipe = Recipe(**{NAMES[key]: value for key, value in self._entered.items()})
        except ExplorerError as error:
            self._explain(f"{error.what} {error.remedy}")
            return
        self._explain("")
        if recipe != self._good:
            self._good = recipe
            for key, field in self.fields.items():
                if isinstance(field, NumberField | FractionField):
                    field.show_value(getattr(recipe, NAMES[key]))
            self._summarise()
            self.changed.emit()

    def _explain(self, problem: str) -> None:
        self.problem.say(problem)
        self._summarise()

    def _summarise(self) -> None:
        """List in each closed part what differs from the default, and disable what one-cycle does not use."""
        usual, one_cycle = Recipe(), self._good.schedule is Schedule.ONE_CYCLE
        self.note.setVisible(one_cycle)
        for key in ("warmup", "warmup_from"):
            self.fields[key].setDisabled(one_cycle)
        for title, rows in PARTS.items():
            names = [(row, NAMES[row.key]) for row in rows]
            changed = [row for row, name in names if getattr(self._good, name) != getattr(usual, name)]
            labels = [(row.label or self.fields[row.key].text()).lower() for row in changed]
            self.sections[title].summarise(", ".join(labels))


class RateDialog(QDialog):
    """Runs a range test on a network; ``chosen`` gives the rate that the user accepts."""

    chosen = Signal(float)

    def __init__(self, plan: RunPlan, document: Document, jobs: Jobs, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._plan, self._jobs, self._job, self._is_over = plan, jobs, 0, False
        self.result_shown: RateTest | None = None
        self.chart, self.line = ChartView(document), JobLine(jobs, inside=True)
        text = "The learning rate increases at every step; the loss shows the largest usable rate."
        self.text = label(text, wrap=True)
        self.take = button("Use it", "Put the suggested rate into the recipe", self._on_take)
        self.again = button("Measure again", "Run the test anew, and keep that result", lambda: self.ask(anew=True))
        self.again.hide()
        self.leave = button("Close", "", self.close)
        self.setWindowTitle(f"A learning rate for {plan.name}")
        self.take.setEnabled(False)
        vbox(
            (self.chart, 1),
            self.line,
            hbox((self.text, 1), self.take, self.again, self.leave),
            of=self,
            margins=(10, 10, 10, 10),
        )
        resize_to_fit(self, 760, 500)
        self.chart.show_theme(theme)
        self._draw(RateTest((), ()))
        jobs.changed.connect(self._on_jobs)

    def ask(self, anew: bool = False) -> None:
        title = f"Learning rate of {self._plan.name}"
        callbacks = self._on_result, self._on_problem, 0, self._on_partial
        self.again.hide()
        self._job = self._jobs.submit(FindRate(self._plan), title, *callbacks, anew=anew)

    def _on_jobs(self) -> None:
        self.line.follow(self._job)

    def _on_partial(self, job: Job, result: object) -> None:
        if isinstance(result, RateTest) and not self._is_over:
            self._draw(result)

    def _on_result(self, job: Job, result: object) -> None:
        if isinstance(result, RateTest) and not self._is_over:
            self.result_shown, kept = result, self._jobs.kept_from(job)
            self.text.setText(f"Measured {age_of(kept.began)}. {result.text}" if kept else result.text)
            self.text.setToolTip(f"This was {describe_kept(kept)}." if kept else "")
            self.again.setVisible(kept is not None)
            self.take.setEnabled(result.suggested is not None)
            self._draw(result)

    def _on_problem(self, problem: str) -> None:
        if not self._is_over:
            self.text.setText(f"⚠ {problem}")

    def _on_take(self) -> None:
        if self.result_shown and self.result_shown.suggested is not None:
            self.chosen.emit(float(f"{self.result_shown.suggested:.2g}"))
        self.close()

    def _draw(self, test: RateTest) -> None:
        self.chart.show_chart(chart_of_rates(test, self._plan))

    def done(self, result: int) -> None:
        """Close, by Escape too, and stop the test that still runs."""
        self._is_over = True
        self._jobs.cancel(self._job)
        super().done(result)
