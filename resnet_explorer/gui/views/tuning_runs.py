"""Fine-tunings in progress: the training lab's trainer, with a plan of fine-tuning behind each run."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from resnet_explorer.analysis.run_codec import TUNE
from resnet_explorer.analysis.training import Chunk
from resnet_explorer.analysis.tuning.choices import WeightsKind
from resnet_explorer.analysis.tuning.codec import plan_in
from resnet_explorer.analysis.tuning.plan import TunePlan
from resnet_explorer.analysis.tuning.results import TuneEnding
from resnet_explorer.analysis.tuning.view import run_plan
from resnet_explorer.engine.messages import Job, TuneRun
from resnet_explorer.export.run_folder import RunFolder, list_runs, read
from resnet_explorer.gui.trainer import LiveRun, TrainingController


@dataclass(slots=True)
class TunedRun(LiveRun):
    """A run with its plan of fine-tuning; ``ending`` is how its last piece ended."""

    tune: TunePlan | None = None
    ending: TuneEnding | None = field(default=None)

    def take(self, chunk: Chunk) -> None:
        """Add steps; how many there will be is known with the images."""
        LiveRun.take(self, chunk)
        if chunk.setting is not None and self.tune is not None:
            self.plan = run_plan(replace(self.tune, classes=chunk.setting.classes), chunk.setting.train)


def kept(root: Path) -> tuple[RunFolder, ...]:
    """Return the fine-tunings that are kept, the newest first."""
    return tuple(one for one in list_runs(root) if (one.path / TUNE).is_file())


class FinetuneRunner(TrainingController):
    """Fine-tunes one plan, or several side by side."""

    def tune(self, plans: Sequence[TunePlan], images: int, title: str) -> None:
        """Start anew, each in a folder of its own; so many training images are taken for granted until they are read.

        Raises nothing: what goes wrong is each run's problem.
        """
        self.pause()
        known = [run_plan(plan, images) for plan in plans]
        self.runs = [
            TunedRun(run, folder, tune=plan)
            for plan, run, folder in zip(plans, known, self.folders(known, title), strict=True)
        ]
        self.resume()

    def job_of(self, run: LiveRun, until: int | None) -> Job:
        assert isinstance(run, TunedRun) and run.tune is not None
        plan = run.tune
        if plan.weights.kind is not WeightsKind.PUBLISHED:
            plan = replace(plan, classes=())  # so that mean and deviation of the images are measured first
        return TuneRun(plan, str(run.folder), until, len(run.metrics), self.tensorboard)

    def _on_done(self, run: LiveRun, job: Job, result: object) -> None:
        if isinstance(run, TunedRun) and isinstance(result, TuneEnding):
            run.ending = result
        super()._on_done(run, job, result)

    def open_kept(self, folder: Path) -> None:
        """Show a kept fine-tuning, to be judged, taken away, or continued where it stopped.

        Raises ExplorerError where the folder holds none.
        """
        run, plan = read(folder), plan_in(folder)
        self.take_up([run])
        taken = self.runs[0]
        self.runs = [TunedRun(run.plan, folder, 0, taken.stand, run.setting, run.problem, list(run.metrics), tune=plan)]
        self.changed.emit()

    def finished(self, place: int) -> TunedRun | None:
        """Return the run of a place where it has made steps and is not at work; None otherwise."""
        run = self.runs[place] if place < len(self.runs) else None
        is_there = isinstance(run, TunedRun) and not run.job and bool(run.metrics) and Path(run.folder).exists()
        return run if is_there and isinstance(run, TunedRun) else None
