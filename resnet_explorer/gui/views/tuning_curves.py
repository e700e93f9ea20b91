"""Fine-tunings in progress, their curves with their list, and the ones that are kept from before."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from resnet_explorer.analysis.run_codec import TUNE
from resnet_explorer.analysis.training import Chunk
from resnet_explorer.analysis.tuning.choices import WeightsKind
from resnet_explorer.analysis.tuning.codec import loads
from resnet_explorer.analysis.tuning.plan import TunePlan
from resnet_explorer.analysis.tuning.results import TuneEnding
from resnet_explorer.analysis.tuning.view import run_plan
from resnet_explorer.drawing.theme import Theme
from resnet_explorer.engine.messages import Job, TuneRun
from resnet_explorer.errors import ExplorerError
from resnet_explorer.export.run_folder import RunFolder, list_runs, read
from resnet_explorer.gui.document import Document
from resnet_explorer.gui.trainer import LiveRun, TrainingController
from resnet_explorer.gui.views.fields import ChoiceField
from resnet_explorer.gui.views.parts import told, vbox
from resnet_explorer.gui.views.run_pane import RunPictures


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


def plan_of(folder: Path) -> TunePlan:
    """Return the plan of a kept fine-tuning; raises ExplorerError where there is none."""
    try:
        return loads((folder / TUNE).read_text(encoding="utf-8"), str(folder))
    except (OSError, UnicodeDecodeError) as error:
        raise ExplorerError(str(folder), f"{folder} holds no fine-tuning.", "Choose another one.") from error


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
        run, plan = read(folder), plan_of(folder)
        self.take_up([run])
        taken = self.runs[0]
        self.runs = [TunedRun(run.plan, folder, 0, taken.stand, run.setting, run.problem, list(run.metrics), tune=plan)]
        self.changed.emit()

    def finished(self, place: int) -> TunedRun | None:
        """Return the run of a place where it has made steps and is not at work; None otherwise."""
        run = self.runs[place] if place < len(self.runs) else None
        is_there = isinstance(run, TunedRun) and not run.job and bool(run.metrics) and Path(run.folder).exists()
        return run if is_there and isinstance(run, TunedRun) else None


class CurvesPane(QWidget):
    """Two pictures of the runs over their list.

    ``changed`` tells that they are to be drawn otherwise, ``kept_wanted`` gives the folder of a kept run.
    """

    changed = Signal()
    kept_wanted = Signal(object)

    def __init__(self, document: Document, root: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._root = root
        self.pictures = RunPictures(document, (300, 300), stretch=1)
        self.first, self.second, self.table = self.pictures.first, self.pictures.second, self.pictures.table
        tip = "Show a fine-tuning that was made before: it can be judged, taken away, and continued"
        self.kept = told(ChoiceField(), "Kept fine-tunings", tip)
        self.kept.setMinimumContentsLength(22)
        self.second.line.addWidget(self.kept)
        vbox((self.pictures.panes, 1), self.table, of=self, spacing=0)
        self.pictures.changed.connect(self.changed)
        self.kept.activated.connect(self._on_kept)

    def show_theme(self, theme: Theme) -> None:
        """Paint in another theme."""
        self.pictures.show_theme(theme)

    def list_kept(self) -> None:
        """List the fine-tunings that are kept."""
        runs = (
            (f"{one.name}, {one.setting.began[:16].replace('T', ' ')}", one.path, one.path) for one in kept(self._root)
        )
        self.kept.offer([("Kept fine-tunings…",), *runs])
        self.kept.setEnabled(self.kept.count() > 1)

    def _on_kept(self, index: int) -> None:
        if self.kept.itemData(index) is not None:
            self.kept_wanted.emit(self.kept.itemData(index))
