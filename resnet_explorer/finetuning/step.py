"""The steps of the fine-tuning lab's setup: what all have in common, and what trains when."""

from collections.abc import Mapping
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from resnet_explorer.finetuning.choices import BnMode, Strategy
from resnet_explorer.finetuning.state import TuningState
from resnet_explorer.ui.choosers import ExperimentList
from resnet_explorer.ui.fields import ChoiceField, NumberField, NumbersField, Section, no_number
from resnet_explorer.ui.parts import Problem, Words, button


class Step(Section):
    """A step of the setup: its key, its fields in a form, and what is wrong with them.

    What is entered is proposed as the plan's choice of the field's key.
    """

    def __init__(self, key: str, title: str, tip: str, state: TuningState, is_open: bool) -> None:
        super().__init__(title, is_open)
        self.key, self.state = key, state
        self.header.setToolTip(f"{tip}. A click opens or closes this step")
        self.problem = Problem()
        self.form.setContentsMargins(14, 0, 12, 6)
        self.setContentsMargins(10, 0, 0, 0)
        self.form.value_entered.connect(self.take)
        self.form.invalid_entered.connect(lambda key, text: self.say(no_number(text, "10")))
        self.form.focus_left.connect(lambda key: self.say(""))
        state.refused.connect(self._on_refused)

    def finish(self) -> None:
        """Put the room for problems under the fields, and show the plan."""
        self.form.addRow(self.problem)
        self.state.changed.connect(self.show_plan)
        self.show_plan()

    def show_plan(self) -> None:
        """Show the plan as it is now."""
        raise NotImplementedError

    def take(self, key: str, value: object) -> None:
        """Take what was entered in a field."""
        self.state.propose(self.key, **{key: value})

    def wide(self, *widgets: QWidget) -> None:
        """Add what takes the whole width."""
        for widget in widgets:
            self.form.addRow(widget)

    def show_theme(self) -> None:
        """Take the room that words of another size need."""

    def say(self, problem: str) -> None:
        """Say what is wrong in this step; an empty sentence clears it."""
        self.problem.say(problem)

    def _on_refused(self, key: str, problem: str) -> None:
        if key == self.key:
            self.say(problem)
            if problem:
                self.header.setChecked(True)


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
        "The head's first, large gradients do not reach the backbone. Later everything trains, at a smaller rate.",
    ),
    Preset(
        "B",
        "B: a rate for each stage",
        "All trains, early stages slower.",
        "Discriminative fine-tuning (Howard and Ruder 2018, section 3.2): early stages hold edges and textures, which"
        " other images need as well, and so change less.",
    ),
    Preset(
        "C",
        "C: thawed stage by stage",
        "From the last stage to the stem.",
        "Gradual unfreezing (Howard and Ruder 2018, section 3.3): a stage opens when those behind it have settled.",
    ),
    Preset(
        "probe",
        "Linear probe",
        "The head alone, all the time.",
        "Measures how good the features are as they come. The quickest, and for few images often enough.",
    ),
    Preset(
        "full",
        "Full",
        "All at one rate, from the start.",
        "The most freedom: for many images, or without first weights. On few images it forgets what was learnt.",
    ),
)
BN: Mapping[BnMode, tuple[str, str]] = {
    BnMode.FROZEN: (
        "running where frozen",
        "Batch norms of frozen layers keep and use their running statistics: requires_grad=False alone does not stop"
        " those",
    ),
    BnMode.TRAIN: (
        "of each batch",
        "Every batch norm uses its batch, and updates its running statistics, those of frozen layers too",
    ),
    BnMode.EVAL: (
        "running everywhere",
        "All keep and use their running statistics: for batches too small to measure them, say below 8",
    ),
}


class TrainsStep(Step):
    """Step 5: strategies as a list, the epochs at which parts open, the switch of batch norm, and counts."""

    def __init__(self, state: TuningState) -> None:
        super().__init__("trains", "5 What trains", "Which parts learn, and from which epoch on", state, True)
        self.strategies, self.opens = ExperimentList(PRESETS), NumbersField()
        self.bn = ChoiceField(((words, mode, tip) for mode, (words, tip) in BN.items()), BnMode)
        self.why, self.counts, self.bn_words = Words(), Words(quiet=False), Words()
        self.warning, self.epoch = Problem(), NumberField(1, 1)
        self.thaw = button("Freeze nothing by hand", "Let everything train that the strategy lets train")
        self.strategies.setAccessibleName("Strategies")
        self.show_theme()
        self.strategies.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.wide(self.strategies, self.why)
        self.form.add(
            "unfreeze",
            "Opens at",
            self.opens,
            "The epochs at which frozen parts open, with commas between them; empty for a usual choice",
            "Epochs at which parts open",
        )
        self.form.add(
            "bn",
            "BN statistics",
            self.bn,
            "Where batch norm takes mean and variance from while training: a switch of its own, since a frozen batch"
            " norm still measures unless it is in eval mode",
        )
        self.wide(self.bn_words, self.warning)
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
        self.why.show_words(next(one.look_for for one in PRESETS if one.key == plan.strategy))
        self.form.set_shown("unfreeze", plan.strategy in (Strategy.A, Strategy.C))
        if not self.opens.hasFocus():
            self.opens.show_value(tuple(one + 1 for one in plan.unfreeze))
        usual = ", ".join(str(one + 1) for one in groups.changes if one)
        self.opens.setPlaceholderText(usual or "never")
        self.bn.show_value(plan.bn)
        still = len(groups.still(epoch))
        self.bn_words.show_words(f"{BN[plan.bn][1]}. {still:,} batch norms use running statistics in this epoch.")
        self.warning.say("\n⚠ ".join(groups.warnings))
        self.epoch.high = plan.epochs
        self.epoch.show_value(epoch + 1)
        self.counts.show_words(self._counts())
        self.thaw.setVisible(bool(plan.frozen))
        self.summarise(f"strategy {plan.strategy}" + (f", {len(plan.frozen):,} frozen by hand" if plan.frozen else ""))

    def _counts(self) -> str:
        plan, groups = self.state.plan, self.state.groups
        shown = groups.counts(self.state.epoch)
        lines = [
            f"Epoch {self.state.epoch + 1:,}: {shown.tensors:,} of {shown.of_tensors:,} tensors train,"
            f" {shown.parameters:,} of {shown.of_parameters:,} parameters."
        ]
        for epoch in groups.changes:
            there = groups.counts(epoch)
            lines.append(f"From epoch {epoch + 1:,}: {there.tensors:,} tensors, {there.parameters:,} parameters")
        if plan.frozen:
            lines.append(f"Frozen by hand: {', '.join(sorted(plan.frozen))}")
        return "\n".join(lines)

    def take(self, key: str, value: object) -> None:
        if key == "unfreeze":
            self.say("")  # taken when all of it is typed
        elif key != "epoch":
            super().take(key, value)
        elif not isinstance(value, int) or not 1 <= value <= self.state.plan.epochs:
            self.say(f"There are {self.state.plan.epochs:,} epochs: choose 1 to {self.state.plan.epochs:,}.")
        else:
            self.say("")
            self.state.show_epoch(value - 1)

    def _on_opens(self) -> None:
        values = self.opens.read()
        if values is None:
            self.say(f"{self.opens.text()[:40]!r} are no epochs. Write such as 3, 5.")
        elif any(one < 1 for one in values):
            self.say("Epochs count from 1.")
        elif (epochs := tuple(one - 1 for one in values)) != self.state.plan.unfreeze:
            self.state.propose("trains", unfreeze=epochs)
