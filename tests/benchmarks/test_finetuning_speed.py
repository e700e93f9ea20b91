"""What a frozen backbone costs in a fine-tuning, as a ratio within one run of the processor's time.

A linear probe of 30 epochs computes its features once: that is compared with one pass of the network over all images
and one epoch of the plain run, where frozen layers run in every epoch. In the normal run the network is small, and the
bound loose, since what every epoch costs besides counts for more there; run by hand it is ResNet-18 on 256 images of
224×224, and the bound the project's own.
"""

import os
import tempfile
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import median
from time import process_time

import numpy as np
import torch
from PIL import Image

from resnet_explorer.finetuning.choices import NO_WEIGHTS, Strategy, TuneData
from resnet_explorer.finetuning.features import clear_features
from resnet_explorer.finetuning.lab import images_of, iterate_steps
from resnet_explorer.finetuning.plan import TunePlan
from resnet_explorer.finetuning.values import TuneEnding
from resnet_explorer.finetuning.weights import start
from resnet_explorer.spec import InputShape
from resnet_explorer.spec.catalogue import find
from resnet_explorer.ui.preferences import CACHE_VARIABLE
from tests.benchmarks.table import FULL, record

BOUND, LOOSE = 1.3, 1.5
EPOCHS, BATCH, ROOM = 30, 32, 2 * 10**9


def folder_of(root: Path, count: int, side: int) -> TuneData:
    """Write noise of two classes, a quarter as many for validation as for training, and return where it is."""
    chance = np.random.default_rng(0)
    for part, images in (("train", count), ("val", count // 4)):
        for number in range(images):
            file = root / part / str(number % 2) / f"{number}.png"
            file.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(chance.integers(0, 255, (side, side, 3), np.uint8)).save(file)
    return TuneData(where=str(root))


def cost(work: Callable[[], object]) -> float:
    began = process_time()
    work()
    return process_time() - began


def one_pass(plan: TunePlan) -> None:
    """Run the network over all images, in memory, as one would by hand."""
    images, (model, _) = images_of(plan), start(plan)
    model.eval()
    with torch.inference_mode():
        for indices in (*images.train.split(BATCH), *images.val.split(BATCH)):
            model(images.take(indices)[0])


def tune(plan: TunePlan, folder: Path | None, budget: int) -> None:
    *_, ending = iterate_steps(plan, folder, features_budget=budget)
    assert isinstance(ending, TuneEnding) and ending.is_finished


def ratio(name: str, side: int, count: int, rounds: int, *, saves: bool) -> float:
    """Print and return what 30 epochs on features cost over one pass and one plain epoch: the median over rounds.

    Where a run ``saves``, it keeps checkpoints and its best weights in a folder.
    """
    found, threads = [], torch.get_num_threads()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as root:
        os.environ[CACHE_VARIABLE] = str(Path(root) / "cache")
        data = folder_of(Path(root) / "images", count, side)
        plan = TunePlan(
            find(name), NO_WEIGHTS, data, ("0", "1"), InputShape(1, side, side), strategy=Strategy.PROBE, epochs=EPOCHS
        )
        for number in range(rounds):
            clear_features()
            folders = [Path(root) / str(number) / kind if saves else None for kind in ("plain", "kept")]
            images_of(plan)  # read before anything is timed
            once = cost(partial(one_pass, plan))
            plain = cost(partial(tune, replace(plan, epochs=1), folders[0], 0))
            kept = cost(partial(tune, plan, folders[1], ROOM))
            figure = f"{EPOCHS} epochs of a linear probe / one pass and one plain epoch"
            found.append(record(figure, kept, once + plain, f"≤ {BOUND}", "s of the processor"))
            print(f"{name}, {count} images of {side}×{side}: a pass {once:.2f} s, a plain epoch {plain:.2f} s, "
                  f"{EPOCHS} epochs on features {kept:.2f} s, {found[-1]:.2f} times")  # fmt: skip
        del os.environ[CACHE_VARIABLE]
    torch.set_num_threads(threads)
    return median(found)


def test_frozen_layers_run_once() -> None:
    if FULL:
        assert ratio("resnet18", 224, 256, 1, saves=True) <= BOUND
    else:
        assert ratio("resnet18", 64, 64, 1, saves=False) <= LOOSE
