"""Step 6: rates, epochs, patience, seed, and the rest of the recipe."""

from dataclasses import replace

from PySide6.QtWidgets import QWidget

from resnet_explorer.errors import ExplorerError
from resnet_explorer.gui.views.fields import FractionField, NumberField
from resnet_explorer.gui.views.recipe_form import RecipeForm
from resnet_explorer.gui.views.tuning_state import TuningState
from resnet_explorer.gui.views.tuning_step import Step, Words, show_number

UNUSED = ("steps", "evaluate", "measure")
"""Rows of the form that follow from the epochs."""
_SHARES = (
    ("head", "Head's share", "The head's learning rate as a share of the recipe's: it is new, and may move faster"),
    ("factor", "Factor per stage", "Strategies B and C: each stage before another has its rate times this factor"),
    ("later", "Share once open", "Strategy A: the share of the rate from when everything trains"),
)


class RatesStep(Step):
    """Epochs stand for the recipe's steps, and the test images are judged once in each."""

    def __init__(self, state: TuningState) -> None:
        super().__init__("rates", "6 Rates and recipe", "How far and how long the parts move", state, False)
        self.epochs, self.patience, self.seed = NumberField(1, 100_000), NumberField(0, 100_000), NumberField(0, 2**31)
        self.shares = {key: FractionField() for key, _, _ in _SHARES}
        self.recipe, self.words = RecipeForm(), Words()
        self._fill()
        for key, field in (("epochs", self.epochs), ("patience", self.patience)):
            field.setObjectName(key)
            self.watch(field, self._on_number)
        self.watch(self.seed, self._on_seed)
        for key, share in self.shares.items():
            share.setObjectName(key)
            self.watch(share, self._on_share)
        self.recipe.changed.connect(self._on_recipe)
        self.finish()

    def _fill(self) -> None:
        self.add("Epochs", self.epochs, "How often all training images are gone through")
        self.add(
            "Patience",
            self.patience,
            "Early stopping: ends the training after so many epochs without a lower loss on the validation images (or"
            " on the test images, where there are none to validate); 0 for never."
            " The best epoch is kept in any case",
        )
        for key, words, tip in _SHARES:
            self.add(words, self.shares[key], tip)
        self.add("Seed", self.seed, "Draws the new head, the split, the order of the images, and all that is random")
        self.wide(self.words)
        self.wide(self.recipe)
        for key in UNUSED:
            field: QWidget = self.recipe.fields[key]
            form = self.recipe.form if key == "steps" else self.recipe.sections["Measuring"].form
            form.setRowVisible(field, False)

    def show_plan(self) -> None:
        plan = self.state.plan
        show_number(self.epochs, plan.epochs)
        show_number(self.patience, plan.patience)
        show_number(self.seed, plan.seed)
        for key, share in self.shares.items():
            show_number(share, getattr(plan.rates, key))
        if self.recipe.recipe != plan.recipe:
            self.recipe.show_recipe(plan.recipe)
        measuring = self.recipe.sections["Measuring"]
        measuring.summarise(measuring.summary.replace("test every, blocks every", "").strip(", "))
        steps = self.state.groups.steps
        self.words.show_words(f"{steps:,} steps an epoch, {plan.epochs * steps:,} in all.")
        self.summarise(f"{plan.epochs:,} epochs, rate {plan.recipe.rate:g}")

    def _on_number(self, value: object) -> None:
        self.state.propose("rates", **{self.sender().objectName(): value})

    def _on_seed(self, value: object) -> None:
        if not isinstance(value, int) or not 0 <= value < 2**31:
            self.say(f"{value} cannot be a seed: choose 0 to {2**31 - 1:,}.")
            return
        self.state.propose("rates", seed=value)

    def _on_share(self, value: object) -> None:
        try:
            shares: dict[str, float] = {self.sender().objectName(): float(str(value))}
            rates = replace(self.state.plan.rates, **shares)
        except ExplorerError as error:
            self.say(f"{error.what} {error.remedy}")
            return
        self.state.propose("rates", rates=rates)

    def _on_recipe(self) -> None:
        self.state.propose("rates", recipe=self.recipe.recipe)
