"""Trainings in progress: the runs, their status, and their steps so far."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from resnet_explorer.engine.jobs import Job
from resnet_explorer.errors import ExplorerError
from resnet_explorer.runs.folder import RUN, file_name, read, rename, summarize_run
from resnet_explorer.runs.plan import Chunk, Metric, Run, RunEnvironment, RunPlan, RunStatistics
from resnet_explorer.runs.unfinished import Unfinished, note, noted
from resnet_explorer.training.values import TrainRun
from resnet_explorer.ui.jobs import Jobs


class RunStatus(StrEnum):
    """The status of a run."""

    WAITING = "waiting"
    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"
    DONE = "done"
    FAILED = "ended early"


@dataclass(slots=True)
class LiveRun:
    """A run that is trained here, and the job that trains it."""

    plan: RunPlan
    folder: Path
    job: int = 0
    status: RunStatus = RunStatus.WAITING
    environment: RunEnvironment | None = None
    problem: str = ""
    metrics: list[Metric] = field(default_factory=list)

    def run(self) -> Run:
        return Run(self.plan, self.environment, tuple(self.metrics), str(self.folder), self.problem)

    @property
    def is_finished(self) -> bool:
        return len(self.metrics) >= self.plan.recipe.steps

    @property
    def is_open(self) -> bool:
        """Return whether steps are left to make."""
        return self.status in (RunStatus.PAUSED, RunStatus.WAITING, RunStatus.RUNNING)

    def take(self, chunk: Chunk) -> None:
        """Add steps; a step that is made again after a crash replaces the first one."""
        self.environment = chunk.environment or self.environment
        if chunk.metrics:
            first = chunk.metrics[0].step
            while self.metrics and self.metrics[-1].step >= first:
                self.metrics.pop()
            self.metrics.extend(chunk.metrics)

    @property
    def statistics(self) -> RunStatistics:
        return RunStatistics(self.metrics, self.plan.recipe.steps)


class TrainingController(QObject):
    """Trains runs side by side, each in a folder under ``root``; ``ended`` is emitted when no run is busy any more."""

    changed = Signal()
    ended = Signal()
    lab = "training"

    def __init__(self, jobs: Jobs, root: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs, self.root = jobs, root
        self.runs: list[LiveRun] = []
        self.left = self._noted = noted(root, self.lab)
        """The runs that were unfinished when the app ended, until they are continued or discarded."""
        self.tensorboard = False

    @property
    def is_busy(self) -> bool:
        return any(run.status in (RunStatus.RUNNING, RunStatus.WAITING) for run in self.runs)

    def start(self, plans: Sequence[RunPlan], title: str) -> None:
        """Train networks from their initial weights, in a new folder named after date, time and title."""
        self.pause()
        self.runs = [LiveRun(plan, folder) for plan, folder in zip(plans, self.folders(plans, title), strict=True)]
        self.resume()

    def folders(self, plans: Sequence[RunPlan], title: str) -> list[Path]:
        """Return a new folder for each plan, in one named after date, time and title."""
        group = self.root / f"{datetime.now():%Y-%m-%d %H.%M.%S} {file_name(title)}"
        return [group / f"{index + 1} {file_name(plan.name)}" for index, plan in enumerate(plans)]

    def clear(self) -> None:
        """Show no runs; their folders stay."""
        self.pause()
        self.runs = []
        self.changed.emit()

    def take_up(self, runs: Sequence[Run]) -> None:
        """Show saved runs as paused ones, ready to continue."""
        self.clear()
        for run in runs:
            status = RunStatus.DONE if run.is_finished else RunStatus.PAUSED
            rest = status, run.environment, run.problem, list(run.metrics)
            self.runs.append(LiveRun(run.plan, Path(run.folder), 0, *rest))
        self.changed.emit()

    def continue_left(self) -> None:
        """Continue the runs that were unfinished when the app ended."""
        left, self.left = self.left, ()
        self.clear()
        self.runs = [run for run in map(self.restored, left) if run is not None]
        self.resume()

    def discard_left(self) -> None:
        """Offer them no more; what they made stays saved."""
        self.left = ()
        self._tell()

    def restored(self, left: Unfinished) -> LiveRun | None:
        """Return a run that was unfinished, paused; None where its folder cannot be read any more."""
        folder = Path(left.folder)
        try:
            run = read(folder) if (folder / RUN).is_file() else Run(left.plan, None, (), left.folder)
        except ExplorerError:
            return None
        status = RunStatus.DONE if run.is_finished else RunStatus.PAUSED
        return LiveRun(run.plan, folder, 0, status, run.environment, run.problem, list(run.metrics))

    def unfinished(self, run: LiveRun) -> Unfinished:
        """Return what is noted of a run while it has steps left."""
        return Unfinished(str(run.folder), run.plan)

    def _note(self) -> None:
        """Note which runs have steps left, so that the next start can offer them."""
        folders = {str(run.folder) for run in self.runs}
        self.left = tuple(left for left in self.left if left.folder not in folders)
        unfinished = (*self.left, *(self.unfinished(run) for run in self.runs if run.is_open))
        if unfinished != self._noted:
            self._noted = unfinished
            note(self.root, self.lab, unfinished)

    def step(self) -> None:
        """Make one step of every unfinished run."""
        self.resume(1)

    def resume(self, steps: int | None = None) -> None:
        """Continue the unfinished runs, the longest first, so that all end at about the same time."""
        for run in sorted(self.runs, key=lambda run: -run.plan.recipe.steps * sum(run.plan.spec.blocks)):
            if run.is_open and not run.job:
                run.status, run.problem = RunStatus.WAITING, ""
                until = None if steps is None else _made(run) + steps
                callbacks = partial(self._on_done, run), partial(self._on_failed, run)
                label, so_far = f"Training {run.plan.name}", partial(self._on_chunk, run)
                run.job = self._jobs.submit(self.job_of(run, until), label, *callbacks, so_far=so_far)
        self._note()
        self.changed.emit()

    def job_of(self, run: LiveRun, until: int | None) -> Job:
        """Return the job that trains a run until ``until`` steps are made in all."""
        return TrainRun(run.plan, str(run.folder), until, self.tensorboard, len(run.metrics))

    def pause(self) -> None:
        """Save a checkpoint of every run, and pause."""
        for run in self.runs:
            if run.job:
                self._jobs.cancel(run.job)
                run.job, run.status = 0, RunStatus.PAUSED
        self._tell()

    def give_up(self) -> None:
        """End all runs; what they made stays saved."""
        self.pause()
        for run in self.runs:
            if run.is_open:
                run.status = RunStatus.STOPPED
        self._tell()

    def _on_chunk(self, run: LiveRun, job: Job, result: object) -> None:
        if isinstance(result, Chunk):
            run.status = RunStatus.RUNNING if run.job else run.status  # steps that arrive while it stops count, too
            run.take(result)
            self.changed.emit()

    def _on_done(self, run: LiveRun, job: Job, result: object) -> None:
        run.job, run.problem = 0, str(getattr(result, "problem", ""))
        is_finished = run.is_finished or bool(getattr(result, "is_finished", False))  # it may have stopped early
        run.status = RunStatus.FAILED if run.problem else RunStatus.DONE if is_finished else RunStatus.PAUSED
        self._tell()

    def _on_failed(self, run: LiveRun, problem: str) -> None:
        run.job, run.problem, run.status = 0, problem, RunStatus.FAILED
        self._tell()

    def _tell(self) -> None:
        self._note()
        self.changed.emit()
        if not self.is_busy:
            self.ended.emit()

    def rename(self, index: int, name: str) -> None:
        """Rename a run, not its folder; raises ExplorerError for an invalid name."""
        run = self.runs[index]
        rename(run.folder, name)
        run.plan = replace(run.plan, name=name)
        self.changed.emit()


def _made(run: LiveRun) -> int:
    """Return the number of steps made; the folder may hold more than was reported."""
    try:
        return max(len(run.metrics), summarize_run(run.folder).steps)
    except ExplorerError:
        return len(run.metrics)
