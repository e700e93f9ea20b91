"""The steps of a fine-tuning, from the weights to the recipe, in one column."""

from dataclasses import replace

from PySide6.QtWidgets import QScrollArea, QWidget

from resnet_explorer.errors import ExplorerError
from resnet_explorer.finetuning.choices import GreyWay, adapts
from resnet_explorer.finetuning.groups import head_cost
from resnet_explorer.finetuning.images_view import ImagesStep, WeightsStep
from resnet_explorer.finetuning.requests import CompareGrey
from resnet_explorer.finetuning.results import GreyReport
from resnet_explorer.finetuning.state import TuningState
from resnet_explorer.finetuning.step import Step, TrainsStep
from resnet_explorer.finetuning.text import WAYS
from resnet_explorer.finetuning.trains_view import SHORT, WaysTable
from resnet_explorer.network import compile_spec
from resnet_explorer.spec.readers import MAX_IN_CHANNELS
from resnet_explorer.training.recipe_form import RecipeForm
from resnet_explorer.ui.fields import FractionField, NumberField, out_of_range
from resnet_explorer.ui.jobs import Jobs
from resnet_explorer.ui.jobs_panel import Question
from resnet_explorer.ui.parts import Words, button, fill


class ChannelsStep(Step):
    """Step 3: how many channels, the ways with what they cost, and the measure that compares them."""

    def __init__(self, state: TuningState, jobs: Jobs) -> None:
        super().__init__("channels", "3 Channels", "How images of other channels reach the network", state, False)
        self.channels, self.needs = NumberField(1, MAX_IN_CHANNELS), Words()
        self.ways, self.words = WaysTable(SHORT), Words()
        self.measure = button("Measure on these images", "Run every way on some of the images, and compare the answers")
        self.asking = Question(jobs)
        tip = "Channels of an image: 1 for grey, 3 for colours, more for several bands"
        self.form.add("channels", "Channels", self.channels, tip)
        self.wide(self.needs, self.ways, self.words, self.measure, self.asking)
        self.ways.chosen.connect(lambda way: state.propose("channels", grey=GreyWay(way)))
        self.measure.clicked.connect(self._on_measure)
        self.asking.ended.connect(self.show_plan)
        self.finish()

    def show_plan(self) -> None:
        plan = self.state.plan
        self.channels.show_value(plan.channels)
        needed = adapts(plan.spec, plan.channels)
        have = f"Images have {plan.channels:,}, the network takes {plan.spec.in_channels:,}"
        self.needs.show_words(f"{have}: choose a way." if needed else f"{have}: nothing to adapt.")
        self.ways.show_ways(self.state)
        words = WAYS[plan.grey]
        self.words.show_words(f"{words.title}. {words.does} {words.keeps}\nWhen: {words.choose}" if needed else "")
        self.measure.setVisible(needed and plan.channels == 1 and not self.asking.is_open)
        self.summarise(f"{plan.channels:,} by {plan.grey}" if needed else f"{plan.channels:,}")

    def show_theme(self) -> None:
        self.ways.fit_height()

    def _on_measure(self) -> None:
        plan = self.state.plan

        def found(result: object) -> None:
            now = self.state.plan
            if isinstance(result, GreyReport) and (plan.spec, plan.data) == (now.spec, now.data):
                self.state.take_grey(result)

        self.asking.ask(CompareGrey(plan), "Ways of grey images into the network", found)
        self.show_plan()


SHOWN = 12


class HeadStep(Step):
    """Step 4: the head, made anew for the classes of the images, and what it costs before and after."""

    def __init__(self, state: TuningState) -> None:
        super().__init__("head", "4 Head", "The classifier at the network's end", state, False)
        self.classes, self.cost, self.dropout = Words(quiet=False), Words(), FractionField()
        self.wide(self.classes)
        tip = "The share of the features that are left out at random in each training step (Srivastava et al. 2014)"
        self.form.add("dropout", "Drop-out", self.dropout, tip)
        self.wide(self.cost)
        self.finish()

    def show_plan(self) -> None:
        plan = self.state.plan
        names = plan.classes
        more = f" and {len(names) - SHOWN:,} more" if len(names) > SHOWN else ""
        words = f"{len(names):,} classes: {', '.join(names[:SHOWN])}{more}"
        self.classes.show_words(words if names else "The classes are named when the images are looked at.")
        cost = head_cost(compile_spec(plan.spec), len(names) or plan.spec.classes or 1)
        self.cost.show_words(
            f"{cost.features:,} features to {len(names) or plan.spec.classes:,} outputs: {cost.after:,} parameters"
            f" with biases, instead of {cost.before:,}."
        )
        self.dropout.show_value(plan.dropout)
        self.summarise(f"{len(names):,} classes" + (f", drop-out {plan.dropout:g}" if plan.dropout else ""))


UNUSED = ("steps", "evaluate", "measure")
"""Rows of the recipe's form that follow from the epochs."""
_SHARES = (
    ("head", "Head's share", "The head's learning rate as a share of the recipe's: it is new, and may move faster"),
    ("factor", "Factor per stage", "Strategies B and C: each stage before another has its rate times this factor"),
    ("later", "Share once open", "Strategy A: the share of the rate from when everything trains"),
)


class RatesStep(Step):
    """Step 6: epochs stand for the recipe's steps, and the test images are judged once in each."""

    def __init__(self, state: TuningState) -> None:
        super().__init__("rates", "6 Rates and recipe", "How far and how long the parts move", state, False)
        self.epochs, self.patience, self.seed = NumberField(1, 100_000), NumberField(0, 100_000), NumberField(0, 2**31)
        self.recipe, self.words = RecipeForm(), Words()
        self.form.add("epochs", "Epochs", self.epochs, "How often all training images are gone through")
        self.form.add(
            "patience",
            "Patience",
            self.patience,
            "Early stopping: ends the training after so many epochs without a lower loss on the validation images (or"
            " on the test images, where there are none to validate); 0 for never."
            " The best epoch is kept in any case",
        )
        for key, words, tip in _SHARES:
            self.form.add(key, words, FractionField(), tip)
        tip = "Draws the new head, the split, the order of the images, and all that is random"
        self.form.add("seed", "Seed", self.seed, tip)
        self.wide(self.words, self.recipe)
        for form in self.recipe.forms:
            for key in form.fields.keys() & set(UNUSED):
                form.set_shown(key, False)
        self.recipe.changed.connect(lambda: state.propose("rates", recipe=self.recipe.recipe))
        self.finish()

    def show_plan(self) -> None:
        plan = self.state.plan
        for key in ("epochs", "patience", "seed"):
            self.form.show_value(key, getattr(plan, key))
        for key, _, _ in _SHARES:
            self.form.show_value(key, getattr(plan.rates, key))
        if self.recipe.recipe != plan.recipe:
            self.recipe.show_recipe(plan.recipe)
        measuring = self.recipe.sections["Measuring"]
        measuring.summarise(measuring.summary.replace("test every, blocks every", "").strip(", "))
        steps = self.state.groups.steps
        self.words.show_words(f"{steps:,} steps an epoch, {plan.epochs * steps:,} in all.")
        self.summarise(f"{plan.epochs:,} epochs, rate {plan.recipe.rate:g}")

    def take(self, key: str, value: object) -> None:
        if key == "seed" and (problem := out_of_range(value, 0, 2**31 - 1, f"A seed of {value}")):
            self.say(problem)
        elif any(key == share for share, _, _ in _SHARES):
            try:
                shares: dict[str, float] = {key: float(str(value))}
                self.state.propose("rates", rates=replace(self.state.plan.rates, **shares))
            except ExplorerError as error:
                self.say(f"{error.what} {error.remedy}")
        else:
            super().take(key, value)


class TuningSetup(QScrollArea):
    """Steps that open and close; each says in its header what is chosen, and beneath its fields what is wrong."""

    def __init__(self, state: TuningState, jobs: Jobs, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.weights, self.images = WeightsStep(state, jobs), ImagesStep(state, jobs)
        self.channels, self.head = ChannelsStep(state, jobs), HeadStep(state)
        self.trains, self.rates = TrainsStep(state), RatesStep(state)
        self.steps = (self.weights, self.images, self.channels, self.head, self.trains, self.rates)
        fill(self, *self.steps, 1, margins=(0, 6, 0, 8), spacing=4, width=344)

    def show_theme(self) -> None:
        """Take the room that words of another size need."""
        for step in self.steps:
            step.show_theme()
