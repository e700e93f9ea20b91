"""What is to be fine-tuned, as far as it is known: the last plan that can be, and what was found out about it."""

from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from resnet_explorer.errors import ExplorerError
from resnet_explorer.finetuning import choices
from resnet_explorer.finetuning.data_report import DataReport
from resnet_explorer.finetuning.groups import Grouping, grouping
from resnet_explorer.finetuning.plan import TUNING, TunePlan, under, weights
from resnet_explorer.finetuning.recorded import EPOCHS as FIRST_EPOCHS
from resnet_explorer.finetuning.recorded import RECIPE, SIDE, first_plan
from resnet_explorer.finetuning.values import GreyReport, Published
from resnet_explorer.network import compile_spec
from resnet_explorer.scenes.scene import State
from resnet_explorer.spec import InputShape, ResNetSpec
from resnet_explorer.ui.document import Results, read
from resnet_explorer.weights.compare import refusal, with_head
from resnet_explorer.weights.values import Weights

EMBEDDED_SIDE, EMBEDDED_COUNT = SIDE, {choices.TuneKind.DIGITS: 1500, choices.TuneKind.MNIST: 4000}
"""The side to which small images are resized, and how many training images there are until they are checked."""
DIGITS = 10
"""The classes of these."""
FOLDER_SIDE = 128
"""The side of a folder's images where no weights ask for another one."""
FEW = 320
"""Estimate of the training images of a folder until it is checked."""
NONE = choices.NO_WEIGHTS
EPOCHS = 6
WAYS = (choices.GreyWay.REPEAT, choices.GreyWay.SUM, choices.GreyWay.ADAPTER)
"""Ways into the network, the first that can be first."""


def shortened(plan: TunePlan, names: set[str]) -> frozenset[str]:
    """Return the fewest addresses that freeze exactly some tensors: whole units, else blocks, layers, tensors."""
    network = plan.network
    held: dict[str, set[str]] = {}
    for tensor in plan.tensors:
        for path in dict.fromkeys((tensor.unit, *reversed(network.ancestors(tensor.path)), tensor.path)):
            held.setdefault(path, set()).add(tensor.name)
    left, paths = set(names), set()
    for path, inside in sorted(held.items(), key=lambda pair: -len(pair[1])):
        if path and inside <= names and inside & left:
            paths.add(path)
            left -= inside
    return frozenset(paths | left)


class TuningState(QObject):
    """``changed`` tells of another plan or of what was found out; ``refused`` gives a step's key and why not.

    The sentence is empty where the step has nothing wrong any longer. ``data_changed`` and ``network_changed`` tell
    that what was found out is of other images or of another network.
    """

    changed = Signal()
    refused = Signal(str, str)
    data_changed = Signal()
    network_changed = Signal()

    def __init__(self, spec: ResNetSpec, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.report: DataReport | None = None
        self.published: tuple[Published, ...] = ()
        self.grey: GreyReport | None = None
        self.opened: Weights | None = None
        self.epoch = 0
        self.window = with_head(spec)
        """The window's network; the app's own weights have a network of their own."""
        self.plan = first_plan()
        self.results: Results = self._read(self.plan)
        self.groups: Grouping = grouping(self.plan, self.images)
        self._is_own_choice = self._is_own_strategy = self._is_new_data = False

    @property
    def images(self) -> int:
        """Return how many images there are to train on; an estimate until they are checked."""
        if self.report and self.report.train:
            return self.report.train
        data = self.plan.data
        count = EMBEDDED_COUNT.get(data.kind, FEW)
        return min(count, DIGITS * data.per_class) if data.per_class and data.kind in choices.EMBEDDED else count

    @property
    def chosen(self) -> Published | None:
        if self.plan.weights.kind is not choices.WeightsKind.PUBLISHED:
            return None
        return next((weights for weights in self.published if weights.is_called(self.plan.weights.name)), None)

    def propose(self, step: str, **changes: Any) -> bool:
        """Take other choices; where they cannot be say so beside the step, and keep the last plan that can."""
        made = {name: getattr(self.plan, name) for name in ("spec", "weights", "image", "channels", "grey")} | changes
        if made["weights"].kind is not choices.WeightsKind.PUBLISHED:  # which have a preprocessing of their own
            side = max(made["image"].height, made["image"].width)
            made["preprocess"] = choices.Preprocess(side, side)
        if "grey" not in changes:
            ways = (way for way in (made["grey"], *WAYS) if choices.is_possible(made["spec"], made["channels"], way))
            made["grey"] = next(ways, made["grey"])
        try:
            plan = replace(self.plan, **made)
            groups, results = grouping(plan, self.images), self._read(plan)
        except ExplorerError as error:
            self.refused.emit(step, str(error))
            return False
        self.plan, self.groups, self.results = plan, groups, results
        self.epoch = min(self.epoch, plan.epochs - 1)
        self.refused.emit(step, "")
        self.changed.emit()
        return True

    def _read(self, plan: TunePlan) -> Results:
        return read(State(plan.network_spec, plan.image))

    def show_plan(self, plan: TunePlan, epoch: int, window: ResNetSpec) -> None:
        """Take a whole plan as it is, and an epoch counted from 0, while the window shows a network.

        Raises ExplorerError, and keeps the last plan, where it cannot be.
        """
        before, report = self.plan, self.report
        if plan.data == before.data:
            plan = replace(plan, classes=before.classes, white=before.white)
        if self.window != with_head(window):
            self.window, self.published = with_head(window), ()
        try:
            self.plan, self.report = plan, report if plan.data == before.data else None
            groups, results = grouping(plan, self.images), self._read(plan)
        except ExplorerError:
            self.plan, self.report = before, report
            raise
        if (plan.data, plan.spec) != (before.data, before.spec):
            self.grey = None
        self.groups, self.results, self.epoch = groups, results, min(epoch, plan.epochs - 1)
        self._is_own_choice, self._is_new_data = True, False
        self.changed.emit()

    def use_network(self, spec: ResNetSpec) -> None:
        """Tune the window's network from here on, once it is another one; a backbone alone gets a head."""
        spec = with_head(spec)
        if spec == self.window:
            return
        self.window = spec
        first = self.plan.weights if self.plan.weights.kind is choices.WeightsKind.FILE else NONE
        self.published = ()
        if self._start_from(first, spec):
            self._is_own_choice = False

    def _start_from(self, first: choices.WeightsChoice, spec: ResNetSpec, **changes: Any) -> bool:
        """Take weights and the network that they are for; return whether that can be.

        Without weights a frozen backbone stays random: then everything trains, unless the user chose a strategy.
        """
        usual = choices.Strategy.FULL if first == NONE else choices.Strategy.A
        strategy = self.plan.strategy if self._is_own_strategy else usual
        changes |= self._usual_recipe(first.kind is choices.WeightsKind.BUILT_IN)
        if spec != self.plan.spec or strategy is not self.plan.strategy:
            changes |= {"unfreeze": (), "frozen": self._frozen_in(spec)}
        is_new = spec != self.plan.spec
        if not self.propose("weights", spec=spec, weights=first, strategy=strategy, **changes):
            return False
        if is_new:
            self.grey = None
            self.network_changed.emit()
        return True

    def _usual_recipe(self, is_built_in: bool) -> dict[str, Any]:
        """Return the usual recipe and epochs of the app's own weights, or of others, unless the plan has other ones."""
        own, others = {"recipe": RECIPE, "epochs": FIRST_EPOCHS}, {"recipe": TUNING, "epochs": EPOCHS}
        before = own if self.plan.weights.kind is choices.WeightsKind.BUILT_IN else others
        is_usual = all(getattr(self.plan, name) == value for name, value in before.items())
        return (own if is_built_in else others) if is_usual else {}

    def _frozen_in(self, spec: ResNetSpec) -> frozenset[str]:
        network = compile_spec(spec)
        tensors = weights(network, self.plan.adapter)
        kept = set()
        for path in self.plan.frozen:
            with suppress(ExplorerError):
                under(path, network, tensors)
                kept.add(path)
        return frozenset(kept)

    def use_data(self, data: choices.TuneData) -> None:
        """Tune on other images: they have to be checked again."""
        if data == self.plan.data:
            return
        small, was_small = data.kind in choices.EMBEDDED, self.plan.data.kind in choices.EMBEDDED
        changes: dict[str, Any] = {"data": data, "classes": (), "white": ()}
        if small != was_small:
            is_published = self.plan.weights.kind is choices.WeightsKind.PUBLISHED
            side = EMBEDDED_SIDE if small else self.plan.preprocess.crop if is_published else FOLDER_SIDE
            changes |= {"channels": 1 if small else 3, "image": InputShape(1, side, side)}
        before, self.report = self.report, None
        if self.propose("images", **changes):
            self.grey, self._is_new_data = None, True
            self.data_changed.emit()
        else:
            self.report = before

    def take_report(self, report: DataReport) -> None:
        """Take what a look at the images found: the classes' names, and the channels of new ones."""
        self.report = report
        names = tuple(row.name for row in report.classes)
        modes = set(report.modes) & {1, 3} if len(report.modes) == 1 and self._is_new_data else set()
        self._is_new_data, channels = False, next(iter(modes), self.plan.channels)
        if len(names) > 1 and len(set(names)) == len(names):
            self.propose("images", classes=names, channels=channels, white=report.white)
        else:
            self.changed.emit()

    def take_published(self, published: tuple[Published, ...]) -> None:
        """Take which weights there are; the best that lie here are used where nobody chose otherwise."""
        self.published = published
        cached = [weights for weights in published if weights.cached]
        here = next((weights for weights in cached if weights.is_default), cached[0] if cached else None)
        if here and not self._is_own_choice and self.plan.weights.kind is choices.WeightsKind.NONE:
            self.use_weights(choices.WeightsChoice(choices.WeightsKind.PUBLISHED, here.name), by_user=False)
        else:
            self.changed.emit()

    def take_file(self, weights: Weights) -> None:
        self.opened = weights
        self.changed.emit()

    @property
    def file(self) -> Weights | None:
        """Return what is known of the file of weights that is chosen; None before it was read."""
        opened = self.opened
        return opened if opened and opened.source == self.plan.weights.name else None

    def file_problem(self) -> str:
        """Return why the chosen file cannot start this network; empty where it can, or is not read yet."""
        file = self.file
        return refusal(Path(file.source).name, file.found, self.plan.spec, file.strange, file.values) if file else ""

    def take_grey(self, report: GreyReport) -> None:
        self.grey = report
        self.changed.emit()

    def use_weights(self, choice: choices.WeightsChoice, by_user: bool = True) -> None:
        """Start from other weights, and prepare the images as they want it."""
        self._is_own_choice = self._is_own_choice or by_user
        own = (weights.preprocess for weights in self.published if weights.name == choice.name)
        preprocess = next(own, self.plan.preprocess)
        is_built_in = choice.kind is choices.WeightsKind.BUILT_IN
        self._start_from(choice, choices.mnist_spec() if is_built_in else self.window, preprocess=preprocess)

    def use_strategy(self, strategy: choices.Strategy) -> None:
        """Take another strategy; its epochs of opening are the usual ones."""
        self._is_own_strategy = True
        self.propose("trains", strategy=strategy, unfreeze=())

    def toggle(self, path: str) -> None:
        """Freeze what has a path for good, or let it train again."""
        plan = self.plan
        try:
            meant = {tensor.name for tensor in under(path, plan.network, plan.tensors)}
        except ExplorerError as error:
            self.refused.emit("trains", str(error))
            return
        never = set(plan.never)
        self.propose("trains", frozen=shortened(plan, never - meant if meant <= never else never | meant))

    def show_epoch(self, epoch: int) -> None:
        """Show what trains in another epoch, counted from 0."""
        self.epoch = max(0, min(epoch, self.plan.epochs - 1))
        self.changed.emit()

    def problem(self) -> str:
        """Return why a training cannot be started; empty where it can."""
        if self.report and self.report.problems:
            return self.report.problems[0]
        chosen = self.chosen
        if chosen is not None and not chosen.cached:
            return f"{chosen.name} is not on this machine. Download it (step 1), or choose other weights."
        return self.file_problem()
