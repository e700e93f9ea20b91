"""A fine-tuning under way: what trains when, the best weights kept, and its end where it gets no better."""

from collections.abc import Callable
from dataclasses import replace
from math import inf

from torch.optim import Optimizer

from resnet_explorer.analysis.gradients import Place
from resnet_explorer.analysis.training import Metric, Setting
from resnet_explorer.analysis.tuning.results import FreezeReport, TuneEnding
from resnet_explorer.analysis.tuning.strategies import Grouping
from resnet_explorer.lab.training.checkpoint import Mark
from resnet_explorer.lab.training.course import TrainingRun, setting_of
from resnet_explorer.lab.training.feed import Feed
from resnet_explorer.lab.training.trainer import Trainer
from resnet_explorer.lab.tuning.folder import TuneFolder
from resnet_explorer.lab.tuning.groups import ParameterSchedule
from resnet_explorer.model.build import ResNet


def director(grouping: Grouping, note: Callable[[int, FreezeReport], None]) -> Callable[[ResNet], ParameterSchedule]:
    """Return what makes the director of a network; ``note`` hears from which epoch on what trains."""

    class Noting(ParameterSchedule):
        def before(self, step: int, optimiser: Optimizer) -> FreezeReport | None:
            report = super().before(step, optimiser)
            if report is not None and self.since is not None:
                note(self.since, report)
            return report

    return lambda model: Noting(model, grouping)


class FinetuneRun(TrainingRun):
    """A fine-tuning under way; ``words`` say what it starts from, and what could not be read.

    The best epoch is the first with the least loss of the validation images.
    """

    def __init__(
        self,
        trainer: Trainer,
        feed: Feed,
        blocks: tuple[Place, ...],
        kept: TuneFolder | None,
        mark: Mark,
        grouping: Grouping,
        words: tuple[str, ...],
    ) -> None:
        super().__init__(trainer, feed, blocks, kept, mark)
        self._grouping, self._words, self._folder = grouping, words, kept
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
        return self._grouping.head_rate(step)

    def _made_with(self) -> Setting:
        names = self._grouping.plan.classes
        setting = setting_of(self.plan, self.feed, self._blocks, self._trainer.strange, names)
        return replace(setting, notes=(*self._words, *setting.notes))

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
