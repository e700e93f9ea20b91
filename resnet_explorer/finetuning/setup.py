"""The setup of a fine-tuning: steps 3 to 6, and all steps in one column."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QScrollArea, QWidget

from resnet_explorer.errors import ExplorerError
from resnet_explorer.finetuning.choices import WAYS, BnMode, GreyWay, Strategy, WeightsKind, adapts
from resnet_explorer.finetuning.features_view import (
    BUDGET_TIP,
    VIEWS_TIP,
    KeptFeatures,
    gigabytes,
    take_gigabytes,
)
from resnet_explorer.finetuning.frozen import is_augmented
from resnet_explorer.finetuning.plan import MAX_EPOCHS, MAX_VIEWS, head_cost
from resnet_explorer.finetuning.plan_view import SHORT, WaysTable
from resnet_explorer.finetuning.state import TuningState
from resnet_explorer.finetuning.steps import ImagesStep, Step, WeightsStep
from resnet_explorer.finetuning.text import ALL_RANDOM
from resnet_explorer.finetuning.values import CompareGrey, GreyReport
from resnet_explorer.network import compile_spec
from resnet_explorer.spec.readers import MAX_IN_CHANNELS
from resnet_explorer.training.recipe_form import RecipeForm
from resnet_explorer.ui.choosers import ExperimentList
from resnet_explorer.ui.fields import ChoiceField, FractionField, NumberField, NumbersField, out_of_range
from resnet_explorer.ui.jobs import Jobs
from resnet_explorer.ui.jobs_panel import Question
from resnet_explorer.ui.parts import Problem, WrappedLabel, button, fill


@dataclass(frozen=True, slots=True)
class Preset:
    """A strategy as the list shows it."""

    key: str
    title: str
    question: str
    look_for: str


PRESETS = (
    Preset(
        "A",
        "A: backbone frozen, then all",
        "First the head, then everything.",
        "The large first gradients of a new head do not reach the backbone. Later everything trains, at a lower rate.",
    ),
    Preset(
        "B",
        "B: a rate for each stage",
        "All trains, early stages slower.",
        "Discriminative fine-tuning (Howard and Ruder 2018, section 3.2): early stages detect edges and textures, which"
        " transfer to other images, and so change less.",
    ),
    Preset(
        "C",
        "C: unfrozen stage by stage",
        "From the last stage to the stem.",
        "Gradual unfreezing (Howard and Ruder 2018, section 3.3): a stage opens once the later ones have adapted.",
    ),
    Preset(
        "probe",
        "Linear probe",
        "The head alone, all the time.",
        "Measures how good the pretrained features are. The fastest strategy, and often sufficient for few images.",
    ),
    Preset(
        "full",
        "Full",
        "All at one rate, from the start.",
        "Suits many images, or training without initial weights. On few images it overfits and forgets.",
    ),
)
BN_TIP = (
    "Where batch norm takes mean and variance from during training. requires_grad=False alone does not keep a frozen"
    " batch norm from updating its running statistics; eval mode does"
)
BN: Mapping[BnMode, tuple[str, str]] = {
    BnMode.FROZEN: (
        "running where frozen",
        "Batch norms of frozen layers use their running statistics and do not update them",
    ),
    BnMode.TRAIN: (
        "of each batch",
        "Every batch norm uses batch statistics and updates its running statistics, in frozen layers too",
    ),
    BnMode.EVAL: (
        "running everywhere",
        "All use their running statistics and do not update them: for small batches, say below 8",
    ),
}


class TrainsStep(Step):
    """Step 5: strategies as a list, the epochs at which parts open, the switch of batch norm, and counts."""

    def __init__(self, state: TuningState) -> None:
        super().__init__("trains", "5 What trains", "Which parts train, and from which epoch", state, True)
        self.strategies, self.opens = ExperimentList(PRESETS), NumbersField()
        self.bn = ChoiceField(((text, mode, tip) for mode, (text, tip) in BN.items()), BnMode)
        self.why, self.counts, self.bn_text = WrappedLabel(), WrappedLabel(quiet=False), WrappedLabel()
        self.warning, self.epoch, self.once = Problem(), NumberField(1, 1), KeptFeatures(state)
        self.thaw = button("Clear manual freezing", "Train everything that the strategy trains")
        self.strategies.setAccessibleName("Strategies")
        self.show_theme()
        self.strategies.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.wide(self.strategies, self.why)
        tip = "The epochs at which frozen parts open, separated by commas; empty for the default"
        self.form.add("unfreeze", "Opens at", self.opens, tip, "Epochs at which parts open")
        self.form.add("bn", "BN statistics", self.bn, BN_TIP)
        self.form.add("views", "Kept views", NumberField(0, MAX_VIEWS), VIEWS_TIP, "Kept views of each image")
        self.form.add("budget", "Features, GB", FractionField(), BUDGET_TIP, "Disk space for features in gigabytes")
        self.wide(self.bn_text, self.warning, self.once)
        tip = "The counts and the diagram show what trains in this epoch"
        self.form.add("epoch", "Shown: epoch", self.epoch, tip, "Epoch shown")
        self.wide(self.counts, self.thaw)
        self.strategies.chosen.connect(lambda preset: state.use_strategy(Strategy(preset.key)))
        self.opens.editingFinished.connect(self._on_opens)
        self.thaw.clicked.connect(lambda: state.propose("trains", frozen=frozenset()))
        self.finish()

    def show_theme(self) -> None:
        self.strategies.setFixedHeight(self.strategies.sizeHintForRow(0) * len(PRESETS) + 6)

    def show_plan(self) -> None:
        plan, groups, epoch = self.state.plan, self.state.groups, self.state.epoch
        self.strategies.show_chosen(str(plan.strategy))
        why = next(preset.look_for for preset in PRESETS if preset.key == plan.strategy)
        is_random = plan.weights.kind is WeightsKind.NONE and plan.strategy is Strategy.FULL
        self.why.show_text(f"{ALL_RANDOM} {why}" if is_random else why)
        self.form.set_shown("unfreeze", plan.strategy in (Strategy.A, Strategy.C))
        if not self.opens.hasFocus():
            self.opens.show_value(tuple(opening + 1 for opening in plan.unfreeze))
        usual = ", ".join(str(change + 1) for change in groups.changes if change)
        self.opens.setPlaceholderText(usual or "never")
        self.bn.show_value(plan.bn)
        still = len(groups.still(epoch))
        self.bn_text.show_text(f"{BN[plan.bn][1]}. {still:,} batch norms use running statistics in this epoch.")
        self.warning.say("\n⚠ ".join(groups.warnings))
        self.form.set_shown("views", is_augmented(plan))
        self.form.show_value("views", plan.views)
        self.form.show_value("budget", gigabytes())
        self.once.show_plan()
        self.epoch.high = plan.epochs
        self.epoch.show_value(epoch + 1)
        self.counts.show_text(self._counts())
        self.thaw.setVisible(bool(plan.frozen))
        self.summarise(f"strategy {plan.strategy}" + (f", {len(plan.frozen):,} frozen by hand" if plan.frozen else ""))

    def _counts(self) -> str:
        plan, groups = self.state.plan, self.state.groups
        lines = [f"Epoch {self.state.epoch + 1:,}: {groups.counts(self.state.epoch)}."]
        for epoch in groups.changes:
            there = groups.counts(epoch)
            lines.append(f"From epoch {epoch + 1:,}: {there.tensors:,} tensors, {there.parameters:,} parameters")
        if plan.frozen:
            lines.append(f"Frozen by hand: {', '.join(sorted(plan.frozen))}")
        return "\n".join(lines)

    def take(self, key: str, value: object) -> None:
        if key == "unfreeze":
            self.problem.say("")  # taken when all of it is typed
        elif key == "budget":
            self._take_budget(value)
        elif key != "epoch":
            super().take(key, value)
        elif not isinstance(value, int) or not 1 <= value <= self.state.plan.epochs:
            self.problem.say(f"There are {self.state.plan.epochs:,} epochs: choose 1 to {self.state.plan.epochs:,}.")
        else:
            self.problem.say("")
            self.state.show_epoch(value - 1)

    def _take_budget(self, value: object) -> None:
        try:
            take_gigabytes(value)
            self.problem.say("")
        except ExplorerError as error:
            self.problem.say(str(error))
        self.once.show_plan()

    def _on_opens(self) -> None:
        values = self.opens.read()
        if values is None:
            self.problem.say(f"{self.opens.text()[:40]!r} is not a list of epochs. Write, for example, 3, 5.")
        elif any(epoch < 1 for epoch in values):
            self.problem.say("Epochs count from 1.")
        elif (epochs := tuple(epoch - 1 for epoch in values)) != self.state.plan.unfreeze:
            self.state.propose("trains", unfreeze=epochs)


class ChannelsStep(Step):
    """Step 3: how many channels, the ways with what they cost, and the measure that compares them."""

    def __init__(self, state: TuningState, jobs: Jobs) -> None:
        super().__init__("channels", "3 Channels", "How images with other channels enter the network", state, False)
        self.channels, self.needs = NumberField(1, MAX_IN_CHANNELS), WrappedLabel()
        self.ways, self.text = WaysTable(SHORT), WrappedLabel()
        tip = "Run the network on some images each way and compare the outputs"
        self.measure = button("Measure on these images", tip)
        self.asking = Question(jobs)
        tip = "Channels of an image: 1 for grey, 3 for colour, more for multispectral"
        self.form.add("channels", "Channels", self.channels, tip)
        self.wide(self.needs, self.ways, self.text, self.measure, self.asking)
        self.ways.chosen.connect(lambda way: state.propose("channels", grey=GreyWay(way)))
        self.measure.clicked.connect(self._on_measure)
        self.asking.ended.connect(self.show_plan)
        self.finish()

    def show_plan(self) -> None:
        plan = self.state.plan
        self.channels.show_value(plan.channels)
        needed = adapts(plan.spec, plan.channels)
        channels = f"Images have {plan.channels:,}, the network takes {plan.spec.in_channels:,}"
        self.needs.show_text(f"{channels}: choose a way." if needed else f"{channels}: nothing to adapt.")
        self.ways.show_ways(self.state)
        text = WAYS[plan.grey]
        self.text.show_text(f"{text.title}. {text.does} {text.keeps}\nWhen: {text.choose}" if needed else "")
        self.measure.setVisible(needed and plan.channels == 1 and not self.asking.is_open)
        self.summarise(f"{plan.channels:,} by {plan.grey}" if needed else f"{plan.channels:,}")

    def show_theme(self) -> None:
        self.ways.fit_height()

    def _on_measure(self) -> None:
        plan = self.state.plan

        def take(result: object) -> None:
            now = self.state.plan
            if isinstance(result, GreyReport) and (plan.spec, plan.data) == (now.spec, now.data):
                self.state.take_grey(result)

        self.asking.ask(CompareGrey(plan), "Compare ways for grey images", take)
        self.show_plan()


SHOWN = 12


class HeadStep(Step):
    """Step 4: the head, made anew for the classes of the images, and what it costs before and after."""

    def __init__(self, state: TuningState) -> None:
        super().__init__("head", "4 Head", "The classifier at the end of the network", state, False)
        self.classes, self.cost, self.dropout = WrappedLabel(quiet=False), WrappedLabel(), FractionField()
        self.wide(self.classes)
        tip = "Fraction of the features set to zero at random in each training step (Srivastava et al. 2014)"
        self.form.add("dropout", "Dropout", self.dropout, tip)
        self.wide(self.cost)
        self.finish()

    def show_plan(self) -> None:
        plan = self.state.plan
        names = plan.classes
        more = f" and {len(names) - SHOWN:,} more" if len(names) > SHOWN else ""
        text = f"{len(names):,} classes: {', '.join(names[:SHOWN])}{more}"
        self.classes.show_text(text if names else "The classes are known once the images have been checked.")
        cost = head_cost(compile_spec(plan.spec), len(names) or plan.spec.classes or 1)
        self.cost.show_text(
            f"{cost.features:,} features to {len(names) or plan.spec.classes:,} outputs: {cost.after:,} parameters"
            f" with biases, instead of {cost.before:,}."
        )
        self.dropout.show_value(plan.dropout)
        self.summarise(f"{len(names):,} classes" + (f", dropout {plan.dropout:g}" if plan.dropout else ""))


UNUSED = ("steps", "evaluate", "measure")
"""Rows of the recipe's form that follow from the epochs."""
PATIENCE_TIP = (
    "Early stopping: end the training after so many epochs without a lower loss on the validation images (or the test"
    " images, if there are none); 0 for never. The weights of the best epoch are kept in any case"
)
_SHARES = (
    ("head", "Head's share", "Learning rate of the head as a multiple of the recipe's: a new head may learn faster"),
    (
        "factor",
        "Factor per stage",
        "Strategies B and C: from each stage to the one before it, the rate is multiplied by this factor",
    ),
    ("later", "Share once open", "Strategy A: multiple of the learning rate once everything trains"),
)


class RatesStep(Step):
    """Step 6: epochs stand for the recipe's steps, and the test images are judged once in each."""

    def __init__(self, state: TuningState) -> None:
        super().__init__("rates", "6 Rates and recipe", "Learning rates and number of epochs", state, False)
        self.recipe, self.text = RecipeForm(), WrappedLabel()
        self.form.add("epochs", "Epochs", NumberField(1, MAX_EPOCHS), "Epochs: passes over the training set")
        self.form.add("patience", "Patience", NumberField(0, MAX_EPOCHS), PATIENCE_TIP)
        for key, text, tip in _SHARES:
            self.form.add(key, text, FractionField(), tip)
        tip = "Seed of the new head, the split, the order of the images, and everything else random"
        self.form.add("seed", "Seed", NumberField(0, 2**31), tip)
        self.wide(self.text, self.recipe)
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
        self.text.show_text(f"{steps:,} steps an epoch, {plan.epochs * steps:,} in all.")
        self.summarise(f"{plan.epochs:,} epochs, rate {plan.recipe.learning_rate:g}")

    def take(self, key: str, value: object) -> None:
        if key == "seed" and (problem := out_of_range(value, 0, 2**31 - 1, f"A seed of {value}")):
            self.problem.say(problem)
        elif any(key == share for share, _, _ in _SHARES):
            try:
                shares: dict[str, float] = {key: float(str(value))}
                self.state.propose("rates", rates=replace(self.state.plan.rates, **shares))
            except ExplorerError as error:
                self.problem.say(str(error))
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
        fill(self, *self.steps, 1, margins=(0, 6, 0, 8), spacing=4)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def show_theme(self) -> None:
        for step in self.steps:
            step.show_theme()
