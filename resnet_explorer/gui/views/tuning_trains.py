"""Step 5: what trains when: a strategy, what is frozen in the diagram, and the statistics of batch norm."""

from collections.abc import Mapping
from dataclasses import dataclass

from PySide6.QtCore import QSignalBlocker, Qt

from resnet_explorer.analysis.tuning.choices import BnMode, Strategy
from resnet_explorer.errors import ExplorerError
from resnet_explorer.gui.views.experiments import ExperimentList
from resnet_explorer.gui.views.fields import NumberField, QuietCombo
from resnet_explorer.gui.views.recipe_form import Milestones
from resnet_explorer.gui.views.tuning_state import TuningState
from resnet_explorer.gui.views.tuning_step import Problem, Step, Words, button, show_number


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
    """Strategies as a list, the epochs at which parts open, the switch of batch norm, and counts."""

    def __init__(self, state: TuningState) -> None:
        super().__init__("trains", "5 What trains", "Which parts learn, and from which epoch on", state, True)
        self.strategies, self.opens, self.bn = ExperimentList(PRESETS), Milestones(), QuietCombo()
        self.why, self.counts, self.bn_words = Words(), Words(quiet=False), Words()
        self.warning, self.epoch = Problem(), NumberField(1, 1)
        self.thaw = button("Freeze nothing by hand", "Let everything train that the strategy lets train")
        self._fill()
        self.strategies.chosen.connect(lambda preset: state.use_strategy(Strategy(preset.key)))
        self.opens.editingFinished.connect(self._on_opens)
        self.bn.currentIndexChanged.connect(self._on_bn)
        self.thaw.clicked.connect(lambda: state.propose("trains", frozen=frozenset()))
        self.watch(self.epoch, self._on_epoch)
        self.finish()

    def _fill(self) -> None:
        self.strategies.setAccessibleName("Strategies")
        self.show_theme()
        self.strategies.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        for mode, (words, tip) in BN.items():
            self.bn.addItem(words, mode)
            self.bn.setItemData(self.bn.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)
        self.wide(self.strategies)
        self.wide(self.why)
        self.add(
            "Opens at",
            self.opens,
            "The epochs at which frozen parts open, with commas between them; empty for a usual choice",
            "Epochs at which parts open",
        )
        self.add(
            "BN statistics",
            self.bn,
            "Where batch norm takes mean and variance from while training: a switch of its own, since a frozen batch"
            " norm still measures unless it is in eval mode",
        )
        self.wide(self.bn_words)
        self.wide(self.warning)
        self.add("Shown: epoch", self.epoch, "The counts and the diagram show what trains in this epoch", "Epoch shown")
        self.wide(self.counts)
        self.wide(self.thaw)

    def show_theme(self) -> None:
        self.strategies.setFixedHeight(self.strategies.sizeHintForRow(0) * len(PRESETS) + 6)

    def show_plan(self) -> None:
        plan, groups, epoch = self.state.plan, self.state.groups, self.state.epoch
        self.strategies.show_chosen(str(plan.strategy))
        self.why.show_words(next(one.look_for for one in PRESETS if one.key == plan.strategy))
        opening = plan.strategy in (Strategy.A, Strategy.C)
        self.form.setRowVisible(self.opens, opening)
        if not self.opens.hasFocus():
            self.opens.setText(", ".join(str(one + 1) for one in plan.unfreeze))
        usual = ", ".join(str(one + 1) for one in groups.changes if one)
        self.opens.setPlaceholderText(usual or "never")
        with QSignalBlocker(self.bn):
            self.bn.setCurrentIndex(self.bn.findData(plan.bn))
        still = len(groups.still(epoch))
        self.bn_words.show_words(f"{BN[plan.bn][1]}. {still:,} batch norms use running statistics in this epoch.")
        self.warning.say("\n⚠ ".join(groups.warnings))
        self.epoch._high = plan.epochs
        show_number(self.epoch, epoch + 1)
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

    def _on_opens(self) -> None:
        try:
            values = tuple(one - 1 for one in self.opens.values())
        except ExplorerError:
            self.say(f"{self.opens.text()[:40]!r} are no epochs. Write such as 3, 5.")
            return
        if any(one < 0 for one in values):
            self.say("Epochs count from 1.")
            return
        if values != self.state.plan.unfreeze:
            self.state.propose("trains", unfreeze=values)

    def _on_bn(self) -> None:
        self.state.propose("trains", bn=BnMode(self.bn.currentData()))

    def _on_epoch(self, value: object) -> None:
        if not isinstance(value, int) or not 1 <= value <= self.state.plan.epochs:
            self.say(f"There are {self.state.plan.epochs:,} epochs: choose 1 to {self.state.plan.epochs:,}.")
            return
        self.say("")
        self.state.show_epoch(value - 1)
