"""Fine-tuning a plan by the loop of the training lab."""

from collections.abc import Generator, Hashable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from resnet_explorer.errors import ExplorerError
from resnet_explorer.finetuning.data import TuneImages, complete, load
from resnet_explorer.finetuning.groups import grouping
from resnet_explorer.finetuning.plan import TunePlan, read_plan, run_plan
from resnet_explorer.finetuning.schedule import FinetuneRun, ParameterSchedule, TuneFolder, images_changed
from resnet_explorer.finetuning.values import BeforeAfter, Evaluation, Outcome
from resnet_explorer.finetuning.weights import bare, start
from resnet_explorer.module.build import ResNet
from resnet_explorer.probes.models import places, restored
from resnet_explorer.readings.progress import Progress
from resnet_explorer.readings.quantities import Mode
from resnet_explorer.readings.text import LAST_STEPS
from resnet_explorer.runs.folder import CHECKPOINT, METRICS, RUN, loads, metrics_from
from resnet_explorer.runs.opened import load_trained
from resnet_explorer.runs.plan import Ending, Metric, RunEnvironment
from resnet_explorer.training.feed import Feed
from resnet_explorer.training.folder import Mark
from resnet_explorer.training.loop import TrainingEvent, go_on
from resnet_explorer.training.trainer import Trainer, conditions

BY_VAL = "Each epoch is evaluated on the validation images; the test images are evaluated once, with the best weights."
"""Note on a run that has validation and test images."""


def follow(
    plan: TunePlan,
    folder: Path | None = None,
    until: int | None = None,
    *,
    have: int | None = None,
    tensorboard: bool = False,
) -> Generator[TrainingEvent | Ending, None, None]:
    """Yield progress and the steps of a fine-tuning as they are made, and last a ``TuneEnding``.

    A plan without classes is completed from its images. Otherwise as ``training.loop.iterate_steps``: kept in a folder,
    paused by closing, resumed with bit-identical results. Raises ExplorerError, with nothing written, where images or
    initial weights are missing or do not fit.
    """
    yield Progress(0, plan.epochs, "checking the images")
    plan = plan if plan.classes else _completed(plan, folder)
    images = yield from load_checked(plan)
    view = run_plan(plan, len(images.train))
    notes: tuple[str, ...] = ()
    if folder is not None and (folder / CHECKPOINT).is_file():
        model = bare(plan)
    else:
        model, started = start(plan)
        notes = started.text
    if images.skipped:
        notes = (*notes, f"Unreadable and skipped: {', '.join(bad.path for bad in images.skipped[:10])}.")
    if images.has_test:
        notes = (*notes, BY_VAL)
    blocks = places(view.spec, replace(view.image, batch=view.recipe.batch), Mode.TRAIN)
    with ExitStack() as stack:
        stack.enter_context(conditions(view))
        kept = TuneFolder(folder, view, plan, images.judged) if folder is not None else None
        if kept is not None:
            yield from kept.lock()
            stack.enter_context(kept)
        setting = kept.kept() if kept else None
        if kept and setting and setting.test != len(images.val):
            raise images_changed(kept.path)
        groups = grouping(plan, len(images.train))
        trainer = Trainer(view, model, lambda net: ParameterSchedule(net, groups, kept.opened if kept else None))
        mark = kept.restore(trainer) if kept and setting else Mark()
        training_run = FinetuneRun(trainer, Feed(view, trainer.layout, images), blocks, kept, mark, groups, notes)
        yield from go_on(training_run, setting, until, have, tensorboard)


def _completed(plan: TunePlan, folder: Path | None) -> TunePlan:
    """Return the plan as a run of it was begun, or else as its images complete it."""
    if folder is None or not (folder / RUN).is_file():
        return complete(plan)
    kept = read_plan(folder)
    return replace(plan, classes=kept.classes, preprocess=kept.preprocess, white=kept.white)


def load_checked(plan: TunePlan) -> Generator[Progress, None, TuneImages]:
    """Yield progress while images are read, and return them; raises ExplorerError where they cannot be trained on."""
    for one in load(plan):
        if isinstance(one, TuneImages):
            if problems := one.counted().problems:
                raise ExplorerError("data", problems[0])
            return one
        yield one
    raise AssertionError("the images come last")


_held: dict[Hashable, TuneImages] = {}


def cached_images(plan: TunePlan) -> Generator[Progress, None, TuneImages]:
    """Yield progress while a plan's images are read, unless they were read last, and return them."""
    prepared = (plan.image, plan.channels, plan.grey, plan.preprocess, plan.white)
    key = (plan.spec, plan.data, plan.classes, plan.seed, *prepared)
    if key not in _held:
        images = yield from load_checked(plan)
        _held.clear()
        _held[key] = images
    return _held[key]


def images_of(plan: TunePlan) -> TuneImages:
    """Return a plan's images, those that were read last or read now."""
    steps = cached_images(plan)
    while True:
        try:
            next(steps)
        except StopIteration as done:
            images: TuneImages = done.value
            return images


CHUNK = 250
"""Images in a batch of the evaluation."""


def evaluate(folder: Path) -> Iterator[Progress | BeforeAfter]:
    """Yield progress, and last the test images of a run evaluated with its initial and with its best weights.

    Raises ExplorerError where the folder holds no fine-tuning, or no weights yet.
    """
    plan = read_plan(folder)
    model, _, steps = load_trained(folder)
    images = yield from cached_images(plan)
    after = yield from evaluate_model(model, plan, images, "evaluating the best weights")
    before, text = yield from _before(plan, images)
    text = (*text, images.judging)
    yield BeforeAfter(str(folder), plan, before, after, _outcome(folder, steps, before, after), text, images.text)


def _before(plan: TunePlan, images: TuneImages) -> Generator[Progress, None, tuple[Evaluation | None, tuple[str, ...]]]:
    try:
        model, started = start(plan)
    except ExplorerError as error:
        return None, (f"The initial weights are no longer available: {error}",)
    found = yield from evaluate_model(model, plan, images, "evaluating the initial weights")
    chance = f"A new head guesses: the accuracy by chance is 1 in {len(plan.classes):,}, {1 / len(plan.classes):.1%}."
    return found, (*started.text, *(() if started.head_loaded else (chance,)))


def evaluate_model(
    model: ResNet, plan: TunePlan, images: TuneImages, text: str
) -> Generator[Progress, None, Evaluation]:
    """Yield progress while all test images are evaluated in eval mode, and return the evaluation."""
    model = model.to(usable(plan.device))
    classes, loss, done = len(plan.classes), 0.0, 0
    counts = np.zeros((classes, classes), np.int64)
    for chunk in torch.split(images.test, CHUNK):
        x, y = images.take(chunk)
        with torch.no_grad(), restored(model, training=False):
            scores = model(x.to(usable(plan.device))).float().cpu()
        loss += float(functional.cross_entropy(scores, y, reduction="sum"))
        np.add.at(counts, (y.numpy(), scores.argmax(dim=1).numpy()), 1)
        done += len(chunk)
        yield Progress(done, len(images.test), text)
    return Evaluation(counts, loss / max(1, done))


def usable(device: str) -> str:
    """Return a device, or the CPU if it is no longer there."""
    kind, _, index = device.partition(":")
    if kind == "cuda":
        return device if int(index or 0) < torch.cuda.device_count() else "cpu"
    known = torch.backends.mps.is_available() if kind == "mps" else kind == "xpu" and torch.xpu.is_available()
    return device if known else "cpu"


def _outcome(folder: Path, steps: int, before: Evaluation | None, after: Evaluation) -> Outcome:
    """Return the figures of a run; ``steps`` are those that the best weights had made."""
    metrics, environment, per_epoch = read_record(folder)
    last = metrics[-LAST_STEPS:]
    return Outcome(
        before.accuracy if before else None,
        after.accuracy,
        after.loss,
        sum(one.loss for one in last) / len(last) if last else None,
        steps // per_epoch,
        len(metrics) // per_epoch,
        last[-1].seconds if last else 0.0,
        environment.torch,
        environment.app,
        environment.machine,
        len(last),
    )


def read_record(folder: Path) -> tuple[tuple[Metric, ...], RunEnvironment, int]:
    """Return the steps of a run, its environment, and the steps of an epoch; raises ExplorerError if there are none."""
    try:
        view, environment = loads((folder / RUN).read_text(encoding="utf-8"), str(folder))
        return metrics_from((folder / METRICS).read_bytes()), environment, max(1, view.recipe.evaluate_every)
    except OSError as error:
        text = f"{folder} holds no run."
        raise ExplorerError(str(folder), text, "Choose a folder that 'finetune' wrote.") from error
