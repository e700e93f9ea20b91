"""The training loop: one network, step by step, reported and saved as it goes."""

import platform
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

import torch

from resnet_explorer import __version__
from resnet_explorer.errors import ExplorerError
from resnet_explorer.probes.clock import setting as where_it_runs
from resnet_explorer.probes.models import places
from resnet_explorer.readings.progress import Partial, Progress, Throttle
from resnet_explorer.readings.quantities import Mode, Place
from resnet_explorer.runs.folder import read_head
from resnet_explorer.runs.opened import kind_of
from resnet_explorer.runs.plan import Chunk, Ending, Metric, RunEnvironment, RunPlan
from resnet_explorer.training.feed import Feed, check, class_names
from resnet_explorer.training.folder import Folder, Mark
from resnet_explorer.training.trainer import Trainer, conditions, notes
from resnet_explorer.training.values import TrainRun

if TYPE_CHECKING:
    from tensorboardX import SummaryWriter


@contextmanager
def summary_writer(folder: Path, step: int) -> Iterator["SummaryWriter"]:
    """Context manager that returns a writer of event files; events of an earlier writer from ``step`` on are purged."""
    from tensorboardX import SummaryWriter  # for those who ask for it alone

    writer = SummaryWriter(str(folder), purge_step=step or None, flush_secs=1, filename_suffix=f".{step:08d}")
    try:
        yield writer
    finally:
        writer.close()


def write_events(writer: "SummaryWriter", metric: Metric, blocks: tuple[Place, ...]) -> None:
    """Write a step's numbers under names that TensorBoard groups: loss, accuracy, learning rate, and block by block."""
    curves = {
        "loss/training": metric.loss,
        "loss/test": metric.test_loss,
        "accuracy/training": metric.accuracy,
        "accuracy/test": metric.test_accuracy,
        "learning_rate": metric.rate,
    }
    for quantity, series in (metric.blocks or {}).items():
        curves.update(zip((f"{quantity}/{place.path}" for place in blocks), series, strict=False))
    for name, value in curves.items():
        if value is not None:
            writer.add_scalar(name, value, metric.step)


PAUSE = 0.1
"""Minimum seconds between two chunks."""
MOST = 500
"""Steps in a chunk: the window reads as many in a millisecond or two, and does nothing else meanwhile."""
DIVERGED = "Try a lower learning rate, a longer warm-up, or a bound on the gradient."
TrainingEvent = Progress | Partial[Chunk]


class TrainingRun:
    """A training from a mark on: ``run`` makes its steps, and saves its state when it is closed.

    Invariant: when ``run`` yields, every completed step has been reported, except one whose test is still to be done.
    """

    def __init__(
        self, trainer: Trainer, feed: Feed, blocks: tuple[Place, ...], kept: Folder | None, mark: Mark
    ) -> None:
        self.plan, self.problem = trainer.plan, ""
        self._trainer, self.feed, self._blocks, self.kept = trainer, feed, blocks, kept
        self._made, self._before, self._pending = mark.steps, mark.seconds, mark.pending
        self._environment: RunEnvironment | None = None
        self._fresh: list[Metric] = []
        self._writer: SummaryWriter | None = None
        self._began, self._throttle = perf_counter(), Throttle()

    @property
    def ending(self) -> Ending:
        folder = str(self.kept.path) if self.kept else ""
        return Ending(folder, self._made, self.plan.recipe.steps, self._seconds, self.problem)

    @property
    def is_over(self) -> bool:
        """Return whether to stop early."""
        return False

    @property
    def _seconds(self) -> float:
        return self._before + perf_counter() - self._began

    def run(
        self, until: int, environment: RunEnvironment | None, writer: "SummaryWriter | None"
    ) -> Iterator[TrainingEvent]:
        """Make steps until ``until`` are made in all; a continued run keeps its ``environment``."""
        self._environment, self._writer = environment, writer
        self._began = perf_counter()
        try:
            if environment and self.kept:
                self.kept.begin(environment)
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
        except BaseException:  # the network may be between two states: the last checkpoint stays
            self._flush()
            raise
        yield from self._rest()
        self._end()

    def _go(self, until: int) -> Iterator[TrainingEvent]:
        self._throttle = Throttle(PAUSE, 0, at_once=self._environment is None)
        if self._pending is not None:
            yield from self._test(self._pending)
        while self._made < until and not self.problem and not self.is_over:
            yield from self._step(self._made)
            if self._throttle.is_due:
                yield from self._tell()
            if self.kept and self.kept.is_due:
                self.kept.save(self._trainer, self.mark)

    def _step(self, number: int) -> Iterator[TrainingEvent]:
        recipe = self.plan.recipe
        listens = recipe.deterministic and self._environment is None
        metric, is_sound = self._trainer.step(self.feed, number, self._rate(number), recipe.measures(number), listens)
        metric = replace(metric, seconds=self._seconds)
        if self._environment is None:
            self._environment = self._made_with()
            if self.kept:
                self.kept.begin(self._environment)
        if not is_sound:
            value = "not a number" if metric.loss != metric.loss else "infinite"
            self.problem = f"The loss of step {number + 1:,} is {value}. {DIVERGED}"
            self._add(metric)
            return
        self._made = number + 1
        if recipe.evaluate_every and (self._made % recipe.evaluate_every == 0 or self._made == recipe.steps):
            self._pending = metric
            yield from self._test(metric)
        else:
            self._add(metric)

    def _rate(self, step: int) -> float:
        return self.plan.recipe.rate_at(step)

    def _made_with(self) -> RunEnvironment:
        names = class_names(self.plan.data, self.plan.spec.classes or 0)
        return environment_of(self.plan, self.feed, self._blocks, self._trainer.nondeterministic_ops, names)

    def _test(self, metric: Metric) -> Iterator[TrainingEvent]:
        """Evaluate the test images; a run that is stopped meanwhile does so when it continues."""
        loss = accuracy = None
        for result in self._trainer.evaluate(self.feed):
            if result is not None:
                loss, accuracy = result
            elif self._throttle.is_due:
                yield from self._tell()
        tested = replace(metric, test_loss=loss, test_accuracy=accuracy)
        self._judged(tested)
        self._pending = None
        self._add(tested)

    def _judged(self, metric: Metric) -> None:
        """Hook: a step's test images were evaluated."""

    def _add(self, metric: Metric) -> None:
        self._fresh.append(metric)
        if self.kept:
            self.kept.add(metric)
        if self._writer:
            write_events(self._writer, metric, self._blocks)

    def _flush(self) -> None:
        if self.kept:
            self.kept.flush()
        if self._writer:
            self._writer.flush()

    def _tell(self) -> Iterator[TrainingEvent]:
        """Yield the steps since the last time, and the progress."""
        with self._throttle.reporting():
            self._flush()
            yield from self._rest()
            yield Progress(self._made, self.plan.recipe.steps, "testing" if self._pending else "training")

    def _rest(self) -> Iterator[TrainingEvent]:
        if self._fresh:
            chunk, self._fresh = Chunk(tuple(self._fresh), self._environment), []
            yield Partial(chunk)

    @property
    def mark(self) -> Mark:
        return Mark(self._made, self._seconds, self._pending)

    def _keep(self) -> None:
        if self.kept and self._environment:
            self.kept.save(self._trainer, self.mark)

    def _end(self) -> None:
        if self.kept and (self.problem or self.is_over or self._made >= self.plan.recipe.steps):
            with suppress(ExplorerError):
                self.kept.end(self.problem, final=self.is_over or DIVERGED in self.problem)


def environment_of(
    plan: RunPlan, feed: Feed, blocks: tuple[Place, ...], nondeterministic_ops: list[str], classes: tuple[str, ...]
) -> RunEnvironment:
    """Return the environment of a run that starts now."""
    where = where_it_runs(plan.device, 0, 0)
    threads = f"{where.threads} thread{'' if where.threads == 1 else 's'}"
    ops = dict.fromkeys(nondeterministic_ops)
    said = [f"{op} has no deterministic version: the same seed may give different bits." for op in ops]
    return RunEnvironment(
        data=feed.images.text,
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


def iterate_steps(
    plan: RunPlan,
    folder: Path | None = None,
    until: int | None = None,
    *,
    known_steps: int | None = None,
    tensorboard: bool = False,
    decode: int | None = None,
) -> Generator[TrainingEvent | Ending, None, None]:
    """Yield progress and the steps as they are made, and last how the training ended.

    With a ``folder`` the run is saved there, and continues where it stopped; ``until`` stops it after so many steps in
    all. ``known_steps``: the number of steps the caller already has; later ones that are kept come in the first chunk.
    None asks for new steps alone. ``decode`` is how many threads decode images: as many as usual, none with 0. To
    pause, close the generator: the state is saved. Raises ExplorerError where the images are missing, the network
    cannot take them, or the folder holds another run; a loss that is not finite or a full disk end the run with its
    ``problem``.
    """
    check(plan)
    blocks = places(plan.spec, replace(plan.image, batch=plan.recipe.batch), Mode.TRAIN)
    yield Progress(0, plan.recipe.steps, "loading the images")
    with ExitStack() as stack:
        stack.enter_context(conditions(plan))
        kept = Folder(folder, plan) if folder is not None else None
        if kept is not None:
            yield from kept.lock()
            stack.enter_context(kept)
        environment = kept.kept() if kept else None
        trainer = Trainer(plan)
        mark = kept.restore(trainer) if kept and environment else Mark()
        feed = Feed(plan, trainer.layout)
        stack.enter_context(feed.images.decoding(decode))
        training_run = TrainingRun(trainer, feed, blocks, kept, mark)
        yield from go_on(training_run, environment, until, known_steps, tensorboard)


def go_on(
    training_run: TrainingRun,
    environment: RunEnvironment | None,
    until: int | None,
    known_steps: int | None,
    tensorboard: bool,
) -> Generator[TrainingEvent | Ending, None, None]:
    """Yield the saved steps that the caller does not have, then new ones, and last how the run ended."""
    kept, mark = training_run.kept, training_run.mark
    problem = kept.divergence if kept else ""
    if kept and environment:
        saved = kept.metrics() if known_steps is not None else ()
        end = saved[-1].step + 1 if problem and saved else mark.steps
        unknown = tuple(metric for metric in saved if (known_steps or 0) <= metric.step < end)
        for first in range(0, max(1, len(unknown)), MOST):
            yield Partial(Chunk(unknown[first : first + MOST], environment))
    steps = training_run.plan.recipe.steps
    last = steps if until is None else min(until, steps)
    training_run.problem = problem
    if not problem and not training_run.is_over and (mark.steps < last or mark.pending):
        yield from training_run.feed.fit()
        with summary_writer(kept.path, mark.steps) if kept and tensorboard else nullcontext() as writer:
            yield from training_run.run(last, environment, writer)
    yield training_run.ending


def train_run(job: TrainRun) -> Iterator[object]:
    """Yield progress and the steps as they are made, and last how the training ended; a run of another kind goes on."""
    folder = Path(job.folder)
    if kind := kind_of(folder):
        with suppress(ExplorerError):
            plan, _ = read_head(folder)
            if replace(plan, name="") == replace(job.plan, name=""):
                steps: Iterator[object] = kind.go_on(folder, job.until, job.known_steps, job.tensorboard, job.decode)
                return steps
    known, events = job.known_steps, job.tensorboard
    return iterate_steps(job.plan, folder, job.until, known_steps=known, tensorboard=events, decode=job.decode)
