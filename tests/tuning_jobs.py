"""Jobs without a process for the fine-tuning lab: answers that are made up, given in the test's own event loop."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from resnet_explorer.errors import ExplorerError
from resnet_explorer.finetuning.choices import IMAGENET, GreyWay
from resnet_explorer.finetuning.data_report import BadFile, ClassCount, DataReport, SamplePage, Sizes
from resnet_explorer.finetuning.plan import run_plan
from resnet_explorer.finetuning.values import (
    BeforeAfter,
    CheckData,
    CompareGrey,
    EvaluateTuned,
    Evaluation,
    FetchWeights,
    FindWeights,
    GreyMeasure,
    GreyReport,
    Outcome,
    Predict,
    Prediction,
    Published,
    SaveTuned,
    ShowSamples,
    TuneEnding,
    TuneRun,
)
from resnet_explorer.readings.progress import Partial, Progress
from resnet_explorer.runs.plan import Chunk, Metric, RunEnvironment
from tests.jobs_here import JobsHere

CLASSES = tuple("0123456789")
REPORT = DataReport(
    "digits",
    tuple(ClassCount(name, 143, 36) for name in CLASSES),
    (BadFile("a/broken.jpg", "it is cut off"),),
    (),
    (("x.png", "y.png"),),
    (),
    (),
    Sizes((8, 8, 8), (8, 8, 8)),
    {1: 1790},
)


def published(cached: str = "") -> Published:
    """Return weights of ResNet-18 as torchvision describes them."""
    url, licence = "https://download.pytorch.org/models/resnet18-f37072fd.pth", "BSD-3-Clause, ImageNet's terms."
    figures = (46_830_571, 11_689_512, 69.758, 89.078)
    return Published("resnet18", "IMAGENET1K_V1", True, url, *figures, CLASSES, IMAGENET, "", licence, cached)


class TuningJobsHere(JobsHere):
    """Has what ``Jobs`` offers; ``asked`` are all jobs, and each kind's answer can be replaced in ``answers``."""

    def __init__(self) -> None:
        self.cached = ""
        super().__init__(
            {
                FindWeights: lambda job: iter(((published(self.cached),) if job.spec.name == "resnet18" else (),)),
                FetchWeights: self._fetch,
                CheckData: lambda job: iter((Progress(0, 2, "looking"), REPORT)),
                ShowSamples: _samples,
                CompareGrey: lambda job: iter((_grey(),)),
                TuneRun: _tune,
                EvaluateTuned: self._judge,
                SaveTuned: lambda job: iter((job.path,)),
                Predict: lambda job: iter((tuple(Prediction(one, (("3", 0.9), ("5", 0.1))) for one in job.files),)),
            }
        )

    def _fetch(self, job: FetchWeights) -> Iterator[object]:
        yield Progress(0, job.published.bytes, "downloading")
        self.cached = "/cache/resnet18.pth"
        yield self.cached

    def _judge(self, job: EvaluateTuned) -> Iterator[object]:
        plan = next(one.plan for one in reversed(self.of(TuneRun)) if one.folder == job.folder)
        before, after = Evaluation(np.ones((10, 10), np.int64), 2.3), Evaluation(np.diag([9] * 10), 0.1)
        outcome = Outcome(0.1, 1.0, 0.1, 0.1, 2, 2, 1.0, "2", "1")
        yield BeforeAfter(job.folder, replace(plan, classes=CLASSES), before, after, outcome, ("At random.",), "digits")


def _samples(job: ShowSamples) -> Iterator[object]:
    side = job.plan.image.height
    pixels = np.full((job.count, side, side, 3), 90, np.uint8)
    labels = tuple(CLASSES[index % 10] for index in range(job.count))
    yield SamplePage(pixels, labels, tuple(f"image {index}" for index in range(job.count)), "digits, resized")


def _grey() -> GreyReport:
    figures = {GreyWay.REPEAT: 0.0, GreyWay.SUM: 1e-7, GreyWay.MEAN: 0.6, GreyWay.LUMINANCE: 0.7, GreyWay.ADAPTER: 0.0}
    return GreyReport(tuple(GreyMeasure(way, value, value / 10) for way, value in figures.items()), 0.05, 64)


def _tune(job: TuneRun) -> Iterator[object]:
    """Yield the steps of a run that learns, and last how it ended."""
    recipe = run_plan(replace(job.plan, classes=CLASSES), REPORT.train).recipe
    yield Partial(
        Chunk((), RunEnvironment("digits", CLASSES, (), REPORT.train, 360, "2", "1", "cpu", "2026-01-01T00:00"))
    )
    for step in range(recipe.steps):
        is_judged = (step + 1) % recipe.evaluate_every == 0
        tests = (2.0 / (step + 1), 1 - 1 / (step + 2)) if is_judged else (None, None)
        yield Partial(Chunk((Metric(step, 2.3 / (step + 1), 0.5, recipe.learning_rate, step * 0.1, *tests),)))
    yield TuneEnding(job.folder, recipe.steps, recipe.steps, 1.0, "", 2, 0.1, 0.98)


def failing(key: str, what: str, remedy: str) -> Callable[[object], Iterator[object]]:
    """Return an answer to a job that comes to nothing."""

    def fail(job: object) -> Iterator[object]:
        raise ExplorerError(key, what, remedy)
        yield

    return fail
