"""Training on a folder of images: threads decode them, and change no bit."""

import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from resnet_explorer.errors import ExplorerError
from resnet_explorer.images.choice import DataChoice, DataKind
from resnet_explorer.probes import decoding
from resnet_explorer.readings.progress import Partial
from resnet_explorer.runs.plan import Chunk, Metric, RunPlan
from resnet_explorer.runs.recipe import Recipe
from resnet_explorer.spec import InputShape
from resnet_explorer.training import feed
from resnet_explorer.training.loop import iterate_steps
from tests.tuning_runs import SMALL, timeless


@pytest.fixture
def plan(tmp_path: Path) -> RunPlan:
    chance = np.random.default_rng(0)
    for index in range(24):
        file = tmp_path / "images" / "ab"[index % 2] / f"{index}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(chance.integers(0, 256, (14, 12, 3), np.uint8)).save(file)
    data = DataChoice(DataKind.FOLDER, str(tmp_path / "images"))
    recipe = Recipe(steps=12, batch=4, evaluate_every=5, flip=True)
    return RunPlan("small", SMALL, data=data, image=InputShape(1, 8, 8), recipe=recipe)


def steps_of(plan: RunPlan, decode: int) -> list[Metric]:
    found: list[Metric] = []
    for step in iterate_steps(plan, decode=decode):
        if isinstance(step, Partial):
            assert isinstance(step.value, Chunk)
            found += step.value.metrics
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("decoder")]
    return timeless(found)


def test_threads_change_no_bit(plan: RunPlan, monkeypatch: pytest.MonkeyPatch) -> None:
    """All images prepared before the first step, or decoded as they are wanted, kept or not."""
    plain = steps_of(plan, 0)
    assert len(plain) == 12 and steps_of(plan, 2) == plain
    monkeypatch.setattr(feed, "ROOM", 0)
    assert steps_of(plan, 0) == steps_of(plan, 3) == plain
    monkeypatch.setattr(decoding, "room", lambda: 0)
    assert steps_of(plan, 1) == plain


@pytest.mark.parametrize("decode", [0, 2])
def test_a_damaged_image_is_said(plan: RunPlan, decode: int) -> None:
    damaged = Path(plan.data.root) / "a" / "4.png"
    damaged.write_bytes(damaged.read_bytes()[:200])
    with pytest.raises(ExplorerError, match=r"4.png cannot be read as an image. Remove it"):
        steps_of(plan, decode)
