"""A fine-tuning under way: what trains when, the best weights kept, and its end where it gets no better."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import asdict, replace
from difflib import SequenceMatcher
from functools import lru_cache
from math import inf
from pathlib import Path
from typing import Any

from safetensors.torch import save
from torch import nn
from torch.optim import Optimizer

from resnet_explorer import codec, files
from resnet_explorer.errors import ExplorerError
from resnet_explorer.finetuning.feature_feed import FeatureFeed
from resnet_explorer.finetuning.groups import Grouping
from resnet_explorer.finetuning.plan import TunePlan, plan_to_text, read_plan
from resnet_explorer.finetuning.values import FreezeReport, TuneEnding
from resnet_explorer.module.build import ResNet, folded
from resnet_explorer.readings.quantities import Place
from resnet_explorer.runs.folder import BEST, OPENED, RUN, TUNE
from resnet_explorer.runs.plan import Metric, RunEnvironment, RunPlan
from resnet_explorer.spec.codec import dumps as spec_text
from resnet_explorer.training.folder import Folder, Mark, os_errors_as_text
from resnet_explorer.training.loop import TrainingRun, environment_of
from resnet_explorer.training.trainer import Trainer
from resnet_explorer.weights.reader import SPEC_KEY

ALIKE = 0.75
"""From this likeness on an attribute's name is taken for a misspelt ``requires_grad``."""


class FrozenBatchNorm2d(nn.BatchNorm2d):
    """A batch norm that stays in evaluation mode when its network is put into training mode."""

    def train(self, mode: bool = True) -> "FrozenBatchNorm2d":
        """Leave the mode as it is: running statistics are used, and stay."""
        super().train(False)
        return self


def freeze(model: nn.Module, trainable: Collection[str]) -> FreezeReport:
    """Let the tensors of these names train, and no other; return what the tensors say afterwards.

    Raises ExplorerError where a name belongs to no tensor, or a tensor does not do as it was told.
    """
    tensors = dict(model.named_parameters())
    missing = sorted(set(trainable) - set(tensors))
    if missing:
        raise ExplorerError("frozen", f"The network has no tensor {missing[0]}.", "Check the names.")
    for name, tensor in tensors.items():
        tensor.requires_grad_(name in trainable)
        if name not in trainable:
            tensor.grad = None  # a gradient of 0 would still let the decay shrink the weights
    report = verify(model)
    if set(report.trainable) != set(trainable):
        raise ExplorerError("frozen", "Some tensors could not be frozen.", "Report this, with the network.")
    return report


def verify(model: nn.Module) -> FreezeReport:
    """Return what really trains; attributes that only look like ``requires_grad`` are named."""
    tensors = dict(model.named_parameters())
    trainable = tuple(name for name, tensor in tensors.items() if tensor.requires_grad)
    norms = ((name, module) for name, module in model.named_modules() if isinstance(module, nn.BatchNorm2d))
    still = (name for name, norm in norms if isinstance(norm, FrozenBatchNorm2d) or not norm.training)
    return FreezeReport(
        trainable,
        tuple(name for name, tensor in tensors.items() if not tensor.requires_grad),
        sum(tensors[name].numel() for name in trainable),
        tuple(still),
        tuple(_silent(model)),
    )


def _silent(model: nn.Module) -> Iterator[str]:
    """Yield attributes that do nothing: misspelt ones of tensors, and ``requires_grad`` of modules."""
    for name, tensor in model.named_parameters():
        yield from (f"{name}.{key}" for key in vars(tensor) if _looks_like(key))
    for name, module in model.named_modules():
        yield from (f"{name}.{key}".lstrip(".") for key in vars(module) if _looks_like(key))


@lru_cache(maxsize=1024)
def _looks_like(key: str) -> bool:
    return SequenceMatcher(None, key, "requires_grad").ratio() >= ALIKE


def keep_in_eval(model: nn.Module, paths: Collection[str]) -> None:
    """Keep the batch norms of these paths in evaluation mode, whatever ``train()`` says; let all others go.

    Raises ExplorerError where a path leads to no batch norm.
    """
    modules = dict(model.named_modules())
    norms = {name: module for name, module in modules.items() if isinstance(module, nn.BatchNorm2d)}
    missing = sorted(set(paths) - set(norms))
    if missing:
        raise ExplorerError("bn", f"There is no batch norm at {missing[0]}.", "Check the path.")
    for name, module in norms.items():
        was_frozen = isinstance(module, FrozenBatchNorm2d)
        if name in paths:
            module.__class__ = FrozenBatchNorm2d
            module.eval()
        elif was_frozen:
            module.__class__ = nn.BatchNorm2d
            module.train(model.training)


class ParameterSchedule:
    """The hooks of a plan on a network: call ``before`` at every step, first of all.

    At the first step of an epoch that changes what trains it freezes, verifies and returns the report, and puts batch
    norms into their mode; at every step it sets the rate of each group. It can start at any step. ``note`` is called
    with each report and the epoch, counted from 0.
    """

    def __init__(
        self, model: nn.Module, grouping: Grouping, note: Callable[[int, FreezeReport], None] | None = None
    ) -> None:
        self.model, self.grouping, self._note = model, grouping, note
        self._since: int | None = None

    def groups(self) -> list[dict[str, Any]]:
        """Return all groups for an optimiser, those that open later too, each under its name.

        They are made up front: to add one later breaks schedules. A frozen tensor has no gradient, and optimisers leave
        it alone. Raises ExplorerError where the network lacks a tensor, or the groups do.
        """
        tensors, grouping = dict(self.model.named_parameters()), self.grouping
        grouped = {name for group in grouping.groups for name in group.tensors} | set(grouping.frozen)
        if unmatched := sorted(grouped ^ set(tensors)):
            text = f"{unmatched[0]} is in the network or in the groups, not in both."
            raise ExplorerError("groups", text, "Check the plan.")
        return [
            {
                "params": [tensors[key] for key in group.tensors],
                "weight_decay": group.decay,
                "lr": rate,
                "name": group.name,
            }
            for group, rate in zip(grouping.groups, grouping.rates(0), strict=True)
        ]

    def before(self, step: int, optimiser: Optimizer) -> FreezeReport | None:
        """Prepare a step, which counts from 0; return what trains from here on where that has changed."""
        epoch = self.grouping.epoch_of(step)
        since = max(start for start in self.grouping.changes if start <= epoch)
        report = self._open(since) if since != self._since else None
        for group, rate in zip(optimiser.param_groups, self.grouping.rates(step), strict=True):
            group["lr"] = rate
        return report

    def _open(self, epoch: int) -> FreezeReport:
        keep_in_eval(self.model, self.grouping.still(epoch))
        report = freeze(self.model, self.grouping.trainable(epoch))
        self._since = epoch
        if self._note:
            self._note(epoch, report)
        return report


OF_IMAGES = ("classes", "preprocess", "white")
"""What a plan takes from its images."""


class TuneFolder(Folder):
    """A folder that keeps a fine-tuning as it is made; use it as ``Folder``.

    ``judged`` is "test" or "validation", the images that are evaluated after each epoch.
    """

    def __init__(self, path: Path, view: RunPlan, plan: TunePlan, judged: str = "test") -> None:
        super().__init__(path, view)
        self._tune, self._judged = plan, judged
        self._opened: dict[int, str] = {}

    def _check(self, plan: RunPlan) -> None:
        kept = read_plan(self.path)
        different = codec.differences(self._tune, kept)
        if not set(different) <= set(OF_IMAGES):
            text = f"{self.path} holds a fine-tuning of other {different[0]}."
            raise ExplorerError(str(self.path), text, "Choose another folder, or the same settings.")
        if different or plan.recipe != self._plan.recipe:
            raise images_changed(self.path)

    def begin(self, environment: RunEnvironment) -> None:
        """Write what the run is, where nothing is here yet, and open the list of its steps."""
        if not (self.path / RUN).exists():
            files.write(self.path / TUNE, plan_to_text(self._tune))
        super().begin(environment)

    def opened(self, epoch: int, report: FreezeReport) -> None:
        """Take note of what trains from an epoch on, counted from 0; ``flush`` writes it."""
        self._opened[epoch] = codec.encode({"epoch": epoch + 1} | asdict(report), indent=None)

    def flush(self) -> None:
        """Hand all that is known so far to the system: it outlives this process."""
        if self._opened:
            with os_errors_as_text(self.path):
                file = self.path / OPENED
                kept = files.read_bytes(file) if file.exists() else b""
                if new := [line for text in self._opened.values() if (line := text.encode()) not in kept]:
                    files.write(file, b"".join((kept, *new)))
            self._opened = {}
        super().flush()

    def keep_best(self, model: ResNet, metric: Metric, epoch: int) -> None:
        """Replace the best weights: a file as any of weights, with the adapter in the first convolution."""
        plain, _ = folded(model, self._tune.network_spec)
        text = {
            "format": "pt",
            SPEC_KEY: spec_text(self._tune.saved_spec),
            "steps": str(metric.step + 1),
            "epoch": str(epoch),
            f"{self._judged}_loss": repr(metric.test_loss),
            f"{self._judged}_accuracy": repr(metric.test_accuracy),
            "classes": codec.encode(self._tune.classes, indent=None).strip(),
        }
        tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in plain.state_dict().items()}
        files.write(self.path / BEST, save(tensors, metadata=text))


def images_changed(folder: Path) -> ExplorerError:
    """Return the error for a run whose images have changed."""
    what = f"The images have changed since the run in {folder} began."
    return ExplorerError(str(folder), what, "Choose another folder, or restore them.")


class FinetuneRun(TrainingRun):
    """A fine-tuning under way; ``text`` says what it starts from, and what could not be read.

    The best epoch is the first with the least loss of the validation images.
    """

    feed: FeatureFeed

    def __init__(
        self,
        trainer: Trainer,
        feed: FeatureFeed,
        blocks: tuple[Place, ...],
        kept: TuneFolder | None,
        mark: Mark,
        grouping: Grouping,
        notes: tuple[str, ...],
    ) -> None:
        super().__init__(trainer, feed, blocks, kept, mark)
        self._grouping, self._notes, self._folder = grouping, notes, kept
        self._best: Metric | None = None
        self._waited = 0
        made = mark.steps - (mark.pending is not None)
        for metric in kept.metrics() if kept and made else ():
            if metric.step < made and metric.test_loss is not None:
                self._note(metric)

    @property
    def is_over(self) -> bool:
        """Return whether the validation loss got no better for as many epochs as the plan is patient."""
        patience = self._grouping.plan.patience
        return bool(patience) and self._waited >= patience

    @property
    def ending(self) -> TuneEnding:
        """Return how far the run is, and its best epoch."""
        done, best = super().ending, self._best
        epoch = self._epoch(best) if best else None
        figures = (best.test_loss, best.test_accuracy) if best else (None, None)
        early = self.is_over and done.steps < done.of
        return TuneEnding(
            done.folder, done.steps, done.of, done.seconds, done.problem, epoch, *figures, self._waited, early
        )

    def _epoch(self, metric: Metric) -> int:
        return self._grouping.epoch_of(metric.step) + 1

    def _rate(self, step: int) -> float:
        rates = self._grouping.rates(step)  # the head's is the last, else that of what trains nearest to it
        return next((rate for rate in reversed(rates) if rate), 0.0)

    def _made_with(self) -> RunEnvironment:
        names = self._grouping.plan.classes
        environment = environment_of(self.plan, self.feed, self._blocks, self._trainer.nondeterministic_ops, names)
        return replace(environment, notes=(*self._notes, *self.feed.notes, *environment.notes))

    def _judged(self, metric: Metric) -> None:
        if metric.test_loss is None:
            return
        if self._is_better(metric) and self._folder:
            self._folder.keep_best(self._trainer.tested, metric, self._epoch(metric))
        self._note(metric)

    def _is_better(self, metric: Metric) -> bool:
        best = self._best.test_loss if self._best and self._best.test_loss is not None else inf
        return metric.test_loss is not None and not metric.test_loss >= best

    def _note(self, metric: Metric) -> None:
        if self._is_better(metric):
            self._best, self._waited = metric, 0
        else:
            self._waited += 1
