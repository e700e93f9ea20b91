"""Fine-tuning a plan by the loop of the training lab."""

from collections.abc import Generator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from resnet_explorer.analysis.progress import Progress
from resnet_explorer.analysis.quantities import Mode
from resnet_explorer.analysis.run_codec import CHECKPOINT, RUN
from resnet_explorer.analysis.training import Ending, RunPlan
from resnet_explorer.analysis.tuning.codec import plan_in
from resnet_explorer.analysis.tuning.plan import TunePlan
from resnet_explorer.analysis.tuning.results import FreezeReport
from resnet_explorer.analysis.tuning.strategies import grouping
from resnet_explorer.analysis.tuning.view import run_plan
from resnet_explorer.errors import ExplorerError
from resnet_explorer.lab.probe import places
from resnet_explorer.lab.training.checkpoint import Mark
from resnet_explorer.lab.training.conditions import conditions
from resnet_explorer.lab.training.course import Told
from resnet_explorer.lab.training.feed import Feed
from resnet_explorer.lab.training.loop import go_on
from resnet_explorer.lab.training.trainer import Trainer
from resnet_explorer.lab.tuning.course import FinetuneRun, director
from resnet_explorer.lab.tuning.data import TuneImages, complete, load
from resnet_explorer.lab.tuning.folder import TuneFolder, others
from resnet_explorer.lab.tuning.start import bare, start
from resnet_explorer.model.build import ResNet

BY_VAL = "Of each epoch the validation images are judged; the test images are judged once, with the best weights."
"""What is said of a run whose test images choose nothing."""


def follow(
    plan: TunePlan,
    folder: Path | None = None,
    until: int | None = None,
    *,
    have: int | None = None,
    tensorboard: bool = False,
) -> Generator[Told | Ending, None, None]:
    """Yield progress and the steps of a fine-tuning as they are made, and last a ``TuneEnding``.

    A plan without classes is completed from its images. All else is as ``lab.training.follow`` has it: kept in a
    folder, paused by closing, continued bit for bit. Raises ExplorerError, with nothing written, where images or first
    weights are not there or do not fit.
    """
    yield Progress(0, plan.epochs, "looking at the images")
    plan = plan if plan.classes else _completed(plan, folder)
    images = yield from fetched(plan)
    view = run_plan(plan, len(images.train))
    model, words = _first(plan, folder)
    if images.skipped:
        words = (*words, f"Unreadable and skipped: {', '.join(one.path for one in images.skipped[:10])}.")
    if images.has_test:
        words = (*words, BY_VAL)
    with ExitStack() as lent:
        lent.enter_context(conditions(view))
        kept = TuneFolder(folder, view, plan, images.judged) if folder is not None else None
        if kept is not None:
            yield from kept.claim()
            lent.enter_context(kept)
        yield from _follow(plan, view, images, model, words, kept, until, have, tensorboard)


def _completed(plan: TunePlan, folder: Path | None) -> TunePlan:
    """Return the plan as a run of it was begun, or else as its images complete it."""
    if folder is None or not (folder / RUN).is_file():
        return complete(plan)
    kept = plan_in(folder)
    return replace(plan, classes=kept.classes, preprocess=kept.preprocess, white=kept.white)


def fetched(plan: TunePlan) -> Generator[Progress, None, TuneImages]:
    """Yield progress while images are read, and return them; raises ExplorerError where they teach nothing."""
    for one in load(plan):
        if isinstance(one, TuneImages):
            if problems := one.counted().problems:
                raise ExplorerError("data", problems[0])
            return one
        yield one
    raise AssertionError("the images come last")


def _first(plan: TunePlan, folder: Path | None) -> tuple[ResNet, tuple[str, ...]]:
    """Return the network with its first weights, which a run that goes on does not need."""
    if folder is not None and (folder / CHECKPOINT).is_file():
        return bare(plan), ()
    model, started = start(plan)
    return model, started.words


def _follow(
    plan: TunePlan,
    view: RunPlan,
    images: TuneImages,
    model: ResNet,
    words: tuple[str, ...],
    kept: TuneFolder | None,
    until: int | None,
    have: int | None,
    tensorboard: bool,
) -> Generator[Told | Ending, None, None]:
    blocks = places(view.spec, replace(view.image, batch=view.recipe.batch), Mode.TRAIN)
    setting = kept.kept() if kept else None
    if kept and setting and setting.test != len(images.val):
        raise others(kept.path)
    found = grouping(plan, len(images.train))
    trainer = Trainer(view, model, director(found, kept.opened if kept else _unheard))
    mark = kept.restore(trainer) if kept and setting else Mark()
    feed = Feed(view, trainer.layout, images)
    training_run = FinetuneRun(trainer, feed, blocks, kept, mark, found, words)
    yield from go_on(training_run, setting, until, have, tensorboard)


def _unheard(epoch: int, report: FreezeReport) -> None:
    """Nobody keeps it."""
