"""A run under way: steps made, tested, told and kept."""

import platform
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from time import perf_counter

import torch

from resnet_explorer import __version__
from resnet_explorer.analysis.gradients import Place
from resnet_explorer.analysis.progress import Partial, Progress, Throttle
from resnet_explorer.analysis.training import Chunk, Ending, Metric, RunPlan, Setting
from resnet_explorer.errors import ExplorerError
from resnet_explorer.lab.clock import setting as where_it_runs
from resnet_explorer.lab.training.checkpoint import Mark
from resnet_explorer.lab.training.conditions import notes
from resnet_explorer.lab.training.events import Events
from resnet_explorer.lab.training.feed import Feed
from resnet_explorer.lab.training.folder import Folder
from resnet_explorer.lab.training.names import class_names
from resnet_explorer.lab.training.trainer import Trainer

PAUSE = 0.1
"""Seconds between two chunks at least."""
DIVERGED = "Try a lower learning rate, a longer warm-up, or a bound on the gradient."
Told = Progress | Partial[Chunk]


class TrainingRun:
    """A network's way from a mark on: ``run`` makes its steps, and keeps its state when it is closed.

    Nothing is ever told by halves: whenever ``run`` yields, all steps that are made have been yielded, but one whose
    test is still to come.
    """

    def __init__(
        self, trainer: Trainer, feed: Feed, blocks: tuple[Place, ...], kept: Folder | None, mark: Mark
    ) -> None:
        self.plan, self.problem = trainer.plan, ""
        self._trainer, self.feed, self._blocks, self.kept = trainer, feed, blocks, kept
        self._made, self._before, self._pending = mark.steps, mark.seconds, mark.pending
        self._setting: Setting | None = None
        self._fresh: list[Metric] = []
        self._events: Events | None = None
        self._began, self._throttle = perf_counter(), Throttle()

    @property
    def ending(self) -> Ending:
        """Return how far the run is."""
        folder = str(self.kept.path) if self.kept else ""
        return Ending(folder, self._made, self.plan.recipe.steps, self._seconds, self.problem)

    @property
    def is_over(self) -> bool:
        """Return whether there is no reason to go on, though steps are left."""
        return False

    @property
    def _seconds(self) -> float:
        return self._before + perf_counter() - self._began

    def run(self, until: int, setting: Setting | None, events: Events | None) -> Iterator[Told]:
        """Make steps until so many are made in all; ``setting`` is the kept one of a run that goes on."""
        self._setting, self._events = setting, events
        self._began = perf_counter()
        try:
            if setting and self.kept:
                self.kept.begin(setting)
            yield from self._go(until)
            yield from self._tell()
            self._keep()
        except GeneratorExit:
            self._keep()
            raise
        except ExplorerError as error:
            self.problem = str(error)
            with suppress(ExplorerError):
                self._keep()
        except BaseException:  # the network may be between two states: what is written stays
            self._flush()
            raise
        yield from self._rest()
        self._end()

    def _go(self, until: int) -> Iterator[Told]:
        self._throttle = Throttle(PAUSE, 0, at_once=self._setting is None)
        if self._pending is not None:
            yield from self._test(self._pending)
        while self._made < until and not self.problem and not self.is_over:
            yield from self._step(self._made)
            if self._throttle.is_due:
                yield from self._tell()
            if self.kept and self.kept.is_due:
                self.kept.save(self._trainer, self.mark)

    def _step(self, number: int) -> Iterator[Told]:
        recipe = self.plan.recipe
        listens = recipe.deterministic and self._setting is None
        metric, is_sound = self._trainer.step(self.feed, number, self._rate(number), recipe.measures(number), listens)
        metric = replace(metric, seconds=self._seconds)
        if self._setting is None:
            self._settle()
        if not is_sound:
            self.problem = f"The loss of step {number + 1:,} is {_strange(metric.loss)}. {DIVERGED}"
            self._add(metric)
            return
        self._made = number + 1
        if recipe.evaluate and (self._made % recipe.evaluate == 0 or self._made == recipe.steps):
            self._pending = metric
            yield from self._test(metric)
        else:
            self._add(metric)

    def _rate(self, step: int) -> float:
        return self.plan.recipe.rate_at(step)

    def _made_with(self) -> Setting:
        names = class_names(self.plan.data, self.plan.spec.classes or 0)
        return setting_of(self.plan, self.feed, self._blocks, self._trainer.strange, names)

    def _settle(self) -> None:
        self._setting = self._made_with()
        if self.kept:
            self.kept.begin(self._setting)

    def _test(self, metric: Metric) -> Iterator[Told]:
        """Judge the test images; a run that is stopped meanwhile does so when it goes on."""
        loss = right = None
        for found in self._trainer.judge(self.feed):
            if found is not None:
                loss, right = found
            elif self._throttle.is_due:
                yield from self._tell()
        tested = replace(metric, test_loss=loss, test_accuracy=right)
        self._judged(tested)
        self._pending = None
        self._add(tested)

    def _judged(self, metric: Metric) -> None:
        """Take note of a step whose test images were judged."""

    def _add(self, metric: Metric) -> None:
        self._fresh.append(metric)
        if self.kept:
            self.kept.add(metric)
        if self._events:
            self._events.add(metric, self._blocks)

    def _flush(self) -> None:
        if self.kept:
            self.kept.flush()
        if self._events:
            self._events.flush()

    def _tell(self) -> Iterator[Told]:
        """Yield the steps since the last time, and how far the run is."""
        with self._throttle.reporting():
            self._flush()
            yield from self._rest()
            yield Progress(self._made, self.plan.recipe.steps, "testing" if self._pending else "training")

    def _rest(self) -> Iterator[Told]:
        if self._fresh:
            chunk, self._fresh = Chunk(tuple(self._fresh), self._setting), []
            yield Partial(chunk)

    @property
    def mark(self) -> Mark:
        """Return where it is."""
        return Mark(self._made, self._seconds, self._pending)

    def _keep(self) -> None:
        if self.kept and self._setting:
            self.kept.save(self._trainer, self.mark)

    def _end(self) -> None:
        if self.kept and (self.problem or self.is_over or self._made >= self.plan.recipe.steps):
            with suppress(ExplorerError):
                self.kept.end(self.problem, final=self.is_over or DIVERGED in self.problem)


def _strange(loss: float) -> str:
    return "not a number" if loss != loss else "infinite"


def setting_of(
    plan: RunPlan, feed: Feed, blocks: tuple[Place, ...], strange: list[str], classes: tuple[str, ...]
) -> Setting:
    """Return what a run is made with."""
    where = where_it_runs(plan.device, 0, 0)
    threads = f"{where.threads} thread{'' if where.threads == 1 else 's'}"
    said = [f"{one} has no deterministic version: the same seed may give other bits." for one in dict.fromkeys(strange)]
    return Setting(
        data=feed.images.words,
        classes=classes,
        places=blocks,
        train=len(feed.images.train),
        test=len(feed.images.val),
        torch=str(torch.__version__),
        app=__version__,
        machine=f"{where.title}, {threads}, {platform.system()} {platform.machine()}",
        began=datetime.now(UTC).isoformat(timespec="seconds"),
        notes=(*notes(plan), *said),
        judged=feed.images.judged,
    )
