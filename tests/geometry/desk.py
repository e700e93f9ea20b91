"""A window without an engine: its jobs are answered by made-up results, as far as a scene wants."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from PySide6.QtCore import QEvent, QSize, Signal
from PySide6.QtWidgets import QApplication

from resnet_explorer.app.app import build
from resnet_explorer.app.main_window import MainWindow
from resnet_explorer.autograd.values import RecordGraph
from resnet_explorer.engine.requests import Verify
from resnet_explorer.gradients.descent import DescentRequest, LesionRequest, PathsRequest
from resnet_explorer.gradients.values import GradientRequest, ShatterRequest
from resnet_explorer.insight import values as inside
from resnet_explorer.picture.theme import THEMES, Theme
from resnet_explorer.readings.progress import Progress
from resnet_explorer.runs.recorded import made_here
from resnet_explorer.timing.values import MeasureTime
from resnet_explorer.training.values import FindRate, TrainRun
from resnet_explorer.ui import style
from tests.geometry import results
from tests.tuning_jobs import TuningJobsHere, failing

PROBLEM = (
    "There is not enough memory for this: 12,345 MiB are needed, and 8,000 MiB are free.",
    "Choose a smaller batch or image, or another device.",
)
Answer = Callable[[Any], Iterator[object]]


def _at_end(make: Callable[[Any], object]) -> Answer:
    def answer(job: Any) -> Iterator[object]:
        yield Progress(3, 10, "round 3 of 10: a block that has a long path, layer3.22.conv2")
        yield make(job)

    return answer


ANSWERS: dict[type, Answer] = {
    **{
        kind: _at_end(make)
        for kind, make in (
            (MeasureTime, results.times),
            (GradientRequest, results.gradients),
            (DescentRequest, results.descent),
            (ShatterRequest, results.shattering),
            (PathsRequest, results.paths),
            (LesionRequest, results.lesions),
            (RecordGraph, results.graph),
            (FindRate, results.rates),
            (Verify, lambda job: results.VERDICT),
            (inside.ConfusionRequest, results.confusion),
            (inside.GalleryRequest, results.gallery),
            (inside.CamRequest, results.cam),
            (inside.FiltersRequest, results.filters),
            (inside.FeaturesRequest, results.features),
            (inside.SurfaceRequest, results.surface),
            (inside.RunLesionsRequest, results.lesions),
        )
    },
    TrainRun: results.training,
}


class DeskJobs(TuningJobsHere):
    """Has what ``Jobs`` offers to the window; jobs go on only when they are told to."""

    unavailable = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._clock.stop()
        self.answers.update(ANSWERS)
        self.usual = dict(self.answers)

    def start(self) -> None:
        """Do nothing: there is no process."""

    def start_training(self) -> None:
        """Do nothing: there is no process."""

    def begin(self) -> None:
        """Do the first step of what was asked."""
        for _ in range(3):
            self._step()

    def finish(self) -> None:
        """Answer everything that was asked."""
        while not self.is_idle:
            self._step()

    def fail(self) -> None:
        """Let everything fail from now on."""
        self.answers = dict.fromkeys(self.usual, failing("memory", *PROBLEM))

    def mend(self) -> None:
        """Give answers again."""
        self.answers = dict(self.usual)


@dataclass
class Desk:
    """The window in a theme and at a text size, and what its jobs do."""

    app: QApplication
    window: MainWindow
    jobs: DeskJobs
    theme: Theme

    def settle(self) -> None:
        """Let layouts that were asked for take place."""
        for _ in range(5):
            self.app.sendPostedEvents()
            self.app.sendPostedEvents(None, QEvent.Type.DeferredDelete)

    def resize(self, size: QSize) -> None:
        self.window.resize(size)
        self.settle()


def open_desk(app: QApplication, theme: str, percent: int) -> Desk:
    """Return the window on ResNet-18 in a theme, with its text enlarged."""
    window, jobs = build(app), DeskJobs()
    window.__dict__["jobs"] = jobs
    window.diagram.animated = False
    window.setUpdatesEnabled(False)  # nobody looks
    window.choose_theme(theme)
    shown = replace(THEMES[theme], font_points=THEMES[theme].font_points * percent / 100)
    style.apply(app, shown)  # before the panels are there: to style them anew costs as much as to build them
    window.show()
    window.build_panels()
    window.set_reduced_motion()
    window._show_theme(shown)
    desk = Desk(app, window, jobs, shown)
    desk.settle()
    return desk


class Scene(NamedTuple):
    """A state of a page: ``arrange`` brings the window to it, from the scene before."""

    page: str
    state: str
    arrange: Callable[[Desk], object]


def kept(ask: Callable[[Desk], object]) -> Callable[[Desk], None]:
    """Return what shows results as if they had been kept from a time before."""

    def arrange(desk: Desk) -> None:
        desk.jobs.kept = made_here("cpu", "2.14.1", "2020-09-30T12:00:00+00:00")
        ask(desk)
        desk.jobs.finish()
        desk.jobs.kept = None

    return arrange


def fails(ask: Callable[[Desk], object]) -> Callable[[Desk], None]:
    def arrange(desk: Desk) -> None:
        desk.jobs.fail()
        ask(desk)
        desk.jobs.finish()
        desk.jobs.mend()

    return arrange
