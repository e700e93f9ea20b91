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
from resnet_explorer.finetuning.feature_feed import FeatureFeed
from resnet_explorer.finetuning.groups import grouping
from resnet_explorer.finetuning.plan import TunePlan, read_plan, run_plan
from resnet_explorer.finetuning.schedule import FinetuneRun, ParameterSchedule, TuneFolder, images_changed
from resnet_explorer.finetuning.values import BeforeAfter, EvaluateTuned, Evaluation, Outcome
from resnet_explorer.finetuning.weights import bare, start
from resnet_explorer.module.build import ResNet
from resnet_explorer.probes.models import places, restored
from resnet_explorer.readings.progress import Progress
from resnet_explorer.readings.quantities import Mode
from resnet_explorer.readings.text import LAST_STEPS
from resnet_explorer.runs.folder import CHECKPOINT, RUN, read
from resnet_explorer.runs.opened import load_trained
from resnet_explorer.runs.plan import Ending
from resnet_explorer.training.folder import Mark
from resnet_explorer.training.loop import TrainingEvent, go_on
from resnet_explorer.training.trainer import Trainer, conditions


def iterate_steps(
    plan: TunePlan,
    folder: Path | None = None,
    until: int | None = None,
    *,
    known_steps: int | None = None,
    tensorboard: bool = False,
    features_budget: int | None = None,
    decode: int | None = None,
) -> Generator[TrainingEvent | Ending, None, None]:
    """Yield progress and the steps of a fine-tuning as they are made, and last a ``TuneEnding``.

    ``features_budget`` are the bytes on disk that features of frozen layers may take, 0 to compute them in every epoch;
    None for what the user chose. A plan without classes is completed from its images. Otherwise as
    ``training.loop.iterate_steps``. Raises ExplorerError, with nothing written, where images or initial weights are
    missing or do not fit.
    """
    yield Progress(0, plan.epochs, "checking the images")
    plan = plan if plan.classes else _completed(plan, folder)
    images = yield from load_checked(plan, decode)
    is_new = folder is None or not (folder / CHECKPOINT).is_file()
    model, started = start(plan) if is_new else (bare(plan), None)
    view, groups = run_plan(plan, len(images.train)), grouping(plan, len(images.train))
    blocks = places(view.spec, replace(view.image, batch=view.recipe.batch), Mode.TRAIN)
    with ExitStack() as stack:
        stack.enter_context(conditions(view))
        stack.enter_context(images.decoding(decode))
        kept = TuneFolder(folder, view, plan, images.judged) if folder is not None else None
        if kept is not None:
            yield from kept.lock()
            stack.enter_context(kept)
        environment = kept.kept() if kept else None
        if kept and environment and environment.test != len(images.val):
            raise images_changed(kept.path)
        trainer = Trainer(view, model, lambda net: ParameterSchedule(net, groups, kept.opened if kept else None))
        mark = kept.restore(trainer) if kept and environment else Mark()
        notes = (*(started.sentences if started else ()), *images.notes)
        feed = FeatureFeed(view, trainer.layout, images, trainer.model, groups, mark, features_budget)
        training_run = FinetuneRun(trainer, feed, blocks, kept, mark, groups, notes)
        yield from go_on(training_run, environment, until, known_steps, tensorboard)


def _completed(plan: TunePlan, folder: Path | None) -> TunePlan:
    """Return the plan as a run of it was begun, or else as its images complete it."""
    if folder is None or not (folder / RUN).is_file():
        return complete(plan)
    kept = read_plan(folder)
    return replace(plan, classes=kept.classes, preprocess=kept.preprocess, white=kept.white)


def load_checked(plan: TunePlan, decode: int | None = None) -> Generator[Progress, None, TuneImages]:
    """Yield progress while images are read, and return them; raises ExplorerError where they cannot be trained on."""
    for step in load(plan, decode):
        if isinstance(step, TuneImages):
            if problems := step.counted().problems:
                raise ExplorerError("data", problems[0])
            return step
        yield step
    raise AssertionError("the images come last")


_held: dict[Hashable, TuneImages] = {}


def cached_images(plan: TunePlan, decode: int | None = None) -> Generator[Progress, None, TuneImages]:
    """Yield progress while a plan's images are read, unless they were read last, and return them."""
    key = (plan.spec, plan.images_key)
    if key not in _held:
        images = yield from load_checked(plan, decode)
        _held.clear()
        _held[key] = images
    return _held[key]


def images_of(plan: TunePlan) -> TuneImages:
    """Return a plan's images, those that were read last or read now."""
    for _ in cached_images(plan):
        pass  # nobody sees the progress
    return _held[plan.spec, plan.images_key]


CHUNK = 250
"""Images in a batch of the evaluation."""


def evaluate(request: EvaluateTuned) -> Iterator[Progress | BeforeAfter]:
    """Yield progress, and last the test images of a run evaluated with its initial and with its best weights.

    Raises ExplorerError where the folder holds no fine-tuning, or no weights yet.
    """
    folder = Path(request.folder)
    plan = read_plan(folder)
    model, _, steps = load_trained(folder)
    images = yield from cached_images(plan, request.decode)
    with images.decoding(request.decode):
        after = yield from evaluate_model(model, plan, images, "evaluating the best weights")
        before, sentences = yield from _before(plan, images)
    outcome = _outcome(folder, steps, before, after)
    yield BeforeAfter(request.folder, plan, before, after, outcome, (*sentences, images.judging), images.text)


def _before(plan: TunePlan, images: TuneImages) -> Generator[Progress, None, tuple[Evaluation | None, tuple[str, ...]]]:
    try:
        model, started = start(plan)
    except ExplorerError as error:
        return None, (f"The initial weights are no longer available: {error}",)
    evaluation = yield from evaluate_model(model, plan, images, "evaluating the initial weights")
    chance = f"A new head guesses: the accuracy by chance is 1 in {len(plan.classes):,}, {1 / len(plan.classes):.1%}."
    return evaluation, (*started.sentences, *(() if started.head_loaded else (chance,)))


def evaluate_model(
    model: ResNet, plan: TunePlan, images: TuneImages, text: str
) -> Generator[Progress, None, Evaluation]:
    """Yield progress while all test images are evaluated in eval mode, and return the evaluation."""
    model = model.to(usable(plan.device))
    classes, loss, done = len(plan.classes), 0.0, 0
    counts = np.zeros((classes, classes), np.int64)
    chunks = torch.split(images.test, CHUNK)
    for number, chunk in enumerate(chunks):
        for coming in chunks[number : number + 2]:
            images.expect(coming)
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
    is_there = torch.backends.mps.is_available() if kind == "mps" else kind == "xpu" and torch.xpu.is_available()
    return device if is_there else "cpu"


def _outcome(folder: Path, steps: int, before: Evaluation | None, after: Evaluation) -> Outcome:
    """Return the figures of a run; ``steps`` are those that the best weights had made."""
    run = read(folder)
    environment, last, per_epoch = run.environment, run.metrics[-LAST_STEPS:], max(1, run.plan.recipe.evaluate_every)
    assert environment is not None
    return Outcome(
        before.accuracy if before else None,
        after.accuracy,
        after.loss,
        sum(metric.loss for metric in last) / len(last) if last else None,
        steps // per_epoch,
        len(run.metrics) // per_epoch,
        last[-1].seconds if last else 0.0,
        environment.torch,
        environment.app,
        environment.machine,
        len(last),
    )
