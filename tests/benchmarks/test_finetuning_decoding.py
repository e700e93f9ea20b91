"""What decoding beside the training costs: steps a second over those on tensors in memory, in one run.

The images are JPEGs of 640×480 and the network is ResNet-18; decoding begins with the first step, and the memory holds
nothing yet. In the normal run images and batches are small and the bound is loose, so that a busy machine meets it too;
run by hand it measures at 224×224 with the project's own bound, and then images that have no room in memory.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from resnet_explorer.finetuning.choices import Strategy, TuneData
from resnet_explorer.finetuning.data import TuneImages, load
from resnet_explorer.finetuning.plan import TunePlan, run_plan
from resnet_explorer.finetuning.weights import start
from resnet_explorer.probes import decoding
from resnet_explorer.runs.recipe import Recipe
from resnet_explorer.spec import InputShape
from resnet_explorer.spec.catalogue import find
from resnet_explorer.training.feed import Feed
from resnet_explorer.training.trainer import Trainer
from tests.benchmarks.table import FULL, record
from tests.narrow import last
from tests.tuning_runs import NONE

BOUND, LOOSE = 0.95, 0.5


class InMemory:
    """Images as tensors."""

    judged, text, is_lazy = "test", "in memory", False

    def __init__(self, images: TuneImages) -> None:
        self.train, self.val = torch.arange(len(images.train)), torch.arange(0)
        self._x, self._y = images.take(images.train)

    def decoding(self, count: int | None = None) -> AbstractContextManager[None]:
        return nullcontext()

    def expect(self, indices: Tensor) -> None:
        pass

    def take(self, indices: Tensor) -> tuple[Tensor, Tensor]:
        return self._x[indices], self._y[indices]


def photos(root: Path, count: int) -> None:
    """Write JPEGs of 640×480 in two classes."""
    chance = np.random.default_rng(0)
    for number in range(count):
        file = root / "ab"[number % 2] / f"{number}.jpg"
        file.parent.mkdir(parents=True, exist_ok=True)
        coarse = Image.fromarray(chance.integers(0, 256, (30, 40, 3), np.uint8))
        coarse.resize((640, 480), Image.Resampling.BICUBIC).save(file, quality=90)


def plan_of(root: Path, side: int, batch: int, epochs: int) -> TunePlan:
    data, image = TuneData(where=str(root)), InputShape(1, side, side)
    plan = TunePlan(find("resnet18"), NONE, data, ("a", "b"), image, strategy=Strategy.FULL)
    return replace(plan, epochs=epochs, recipe=Recipe(batch=batch, learning_rate=0.01))


@contextmanager
def at_work(plan: TunePlan, images: TuneImages | InMemory) -> Iterator[tuple[Trainer, Feed]]:
    """Context manager that returns a network in training, and its batches."""
    view = run_plan(plan, len(images.train))
    view = replace(view, recipe=replace(view.recipe, evaluate_every=0))
    trainer = Trainer(view, start(plan)[0])
    feed = Feed(view, trainer.layout, images)
    with images.decoding():
        list(feed.fit())
        yield trainer, feed


def losses_and_rate(plan: TunePlan, images: TuneImages | InMemory) -> tuple[list[float], float]:
    """Return the losses of a run, and its steps a second."""
    with at_work(plan, images) as (trainer, feed):
        steps, began = plan.epochs * plan.steps_per_epoch(len(images.train)), perf_counter()
        losses = [trainer.step(feed, step, 0.01, measured=False, listens=False)[0].loss for step in range(steps)]
        return losses, steps / (perf_counter() - began)


def ratio(root: Path, count: int, side: int, batch: int, epochs: int, rounds: int) -> float:
    """Print and return the steps a second with JPEGs over those on tensors, as the median over rounds."""
    photos(root, count)
    plan = plan_of(root, side, batch, epochs)
    tensors = InMemory(last(TuneImages, load(plan)))
    rates = []
    for _ in range(rounds):
        theirs, bare = losses_and_rate(plan, tensors)
        ours, decoded = losses_and_rate(plan, last(TuneImages, load(plan)))
        assert ours == theirs
        rates.append((bare, decoded))
    found = median(decoded / bare for bare, decoded in rates)
    bare, decoded = (median(column) for column in zip(*rates, strict=True))
    kept = "kept in memory" if decoding.room() else "decoded in every epoch"
    text = f"{count} JPEGs at {side}×{side}, {epochs} epochs, {kept}"
    print(f"{text}: {decoded:.2f} steps/s, tensors {bare:.2f} steps/s, {found:.3f} times")
    record(f"steps a second of fine-tuning, JPEGs {kept} / tensors", decoded, bare, f"≥ {BOUND}", "steps/s")
    return found


def test_decoding_beside_the_training_costs_little(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not FULL:
        assert ratio(tmp_path, count=20, side=96, batch=8, epochs=2, rounds=2) >= LOOSE
        return
    asked = {"count": 96, "side": 224, "batch": 32, "rounds": 1}
    assert ratio(tmp_path, epochs=2, **asked) >= BOUND
    monkeypatch.setattr(decoding, "room", lambda: 0)
    ratio(tmp_path, epochs=1, **asked)
