"""The test images before a fine-tuning and after it."""

from collections.abc import Generator, Iterator
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from resnet_explorer.analysis.gradient_words import LAST_STEPS
from resnet_explorer.analysis.progress import Progress
from resnet_explorer.analysis.run_codec import METRICS, RUN, loads, metrics_from
from resnet_explorer.analysis.training import Metric, Setting
from resnet_explorer.analysis.tuning.codec import plan_in
from resnet_explorer.analysis.tuning.plan import TunePlan
from resnet_explorer.analysis.tuning.results import BeforeAfter, Judgement, Outcome
from resnet_explorer.errors import ExplorerError
from resnet_explorer.lab.record import restored
from resnet_explorer.lab.training.checkpoint import trained
from resnet_explorer.lab.tuning.data import TuneImages
from resnet_explorer.lab.tuning.held import held_images
from resnet_explorer.lab.tuning.start import start
from resnet_explorer.model.build import ResNet

CHUNK = 250
"""Images that are named at a time."""


def judge(folder: Path) -> Iterator[Progress | BeforeAfter]:
    """Yield progress, and last how a run's test images are named by its first weights and by its best ones.

    Raises ExplorerError where the folder holds no fine-tuning, or no weights yet.
    """
    plan = plan_in(folder)
    model, _, steps = trained(folder)
    images = yield from held_images(plan)
    after = yield from named(model, plan, images, "naming the test images with the best weights")
    before, words = yield from _before(plan, images)
    words = (*words, images.judging)
    yield BeforeAfter(str(folder), plan, before, after, _outcome(folder, steps, before, after), words, images.words)


def _before(plan: TunePlan, images: TuneImages) -> Generator[Progress, None, tuple[Judgement | None, tuple[str, ...]]]:
    try:
        model, started = start(plan)
    except ExplorerError as error:
        return None, (f"The first weights are not there any longer: {error}",)
    found = yield from named(model, plan, images, "naming the test images with the first weights")
    chance = f"A new head guesses: 1 of {len(plan.classes):,} right by chance, {1 / len(plan.classes):.1%}."
    return found, (*started.words, *(() if started.head_loaded else (chance,)))


def named(model: ResNet, plan: TunePlan, images: TuneImages, words: str) -> Generator[Progress, None, Judgement]:
    """Yield progress while all test images are named in evaluation mode, and return how."""
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
        yield Progress(done, len(images.test), words)
    return Judgement(counts, loss / max(1, done))


def usable(device: str) -> str:
    """Return a device, or the CPU where it is not there any longer."""
    kind, _, index = device.partition(":")
    if kind == "cuda":
        return device if int(index or 0) < torch.cuda.device_count() else "cpu"
    known = torch.backends.mps.is_available() if kind == "mps" else kind == "xpu" and torch.xpu.is_available()
    return device if known else "cpu"


def _outcome(folder: Path, steps: int, before: Judgement | None, after: Judgement) -> Outcome:
    """Return the figures of a run; ``steps`` are those that the best weights had made."""
    metrics, setting, per_epoch = record_of(folder)
    last = metrics[-LAST_STEPS:]
    return Outcome(
        before.accuracy if before else None,
        after.accuracy,
        after.loss,
        sum(one.loss for one in last) / len(last) if last else None,
        steps // per_epoch,
        len(metrics) // per_epoch,
        last[-1].seconds if last else 0.0,
        setting.torch,
        setting.app,
        setting.machine,
        len(last),
    )


def record_of(folder: Path) -> tuple[tuple[Metric, ...], Setting, int]:
    """Return the steps of a run, its setting, and the steps of an epoch; raises ExplorerError where there are none."""
    try:
        view, setting = loads((folder / RUN).read_text(encoding="utf-8"), str(folder))
        return metrics_from((folder / METRICS).read_bytes()), setting, max(1, view.recipe.evaluate)
    except OSError as error:
        words = f"{folder} holds no run."
        raise ExplorerError(str(folder), words, "Choose a folder that 'finetune' wrote.") from error
