"""The training script runs alone, has the plan's groups, and reaches the loss of the app from the same seed."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn
from torch.nn import functional
from torch.optim import SGD, AdamW
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torchvision.models import ResNet18_Weights, resnet18

from resnet_explorer.errors import ExplorerError
from resnet_explorer.finetuning.choices import (
    BnMode,
    GreyWay,
    Preprocess,
    Strategy,
    TuneData,
    TuneKind,
    WeightsChoice,
    WeightsKind,
)
from resnet_explorer.finetuning.data import TuneImages, complete, load
from resnet_explorer.finetuning.groups import grouping
from resnet_explorer.finetuning.plan import TunePlan
from resnet_explorer.finetuning.schedule import ParameterSchedule
from resnet_explorer.finetuning.script import companions, to_script
from resnet_explorer.finetuning.weights import start
from resnet_explorer.module import build
from resnet_explorer.probes.models import seeded
from resnet_explorer.runs.recipe import Optimiser, Recipe, Schedule
from resnet_explorer.spec import InputShape
from resnet_explorer.spec.catalogue import find
from resnet_explorer.spec.change import assign
from resnet_explorer.training.feed import augmented, step_seed
from resnet_explorer.weights import checkpoint

NONE = WeightsChoice(WeightsKind.NONE, "")
SMALL = assign(find("resnet20"), "blocks=1,1,1", "widths=4,8,8", "stem_channels=4", "shortcut=B")
RICH = Recipe(
    batch=8, learning_rate=0.05, weight_decay=1e-3, no_decay_on_norms=True, schedule=Schedule.COSINE, warmup=2, pad=2,
    flip=True, smoothing=0.1, clip=1.0, ema=0.5,
)  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two classes of twelve images, one of them broken."""
    chance = np.random.default_rng(0)
    for name, shade in (("ants", 60), ("bees", 190)):
        (tmp_path / "images" / name).mkdir(parents=True)
        for index in range(12):
            pixels = chance.normal(shade, 40, (20, 26, 3)).clip(0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(tmp_path / "images" / name / f"{index}.png")
    (tmp_path / "images" / "ants" / "broken.png").write_bytes(b"no picture")
    return tmp_path / "images"


def plan(**changes: Any) -> TunePlan:
    first = TunePlan(
        SMALL, NONE, classes=("ants", "bees"), image=InputShape(1, 16, 16), preprocess=Preprocess(20, 16), epochs=3,
        unfreeze=(1,), recipe=RICH,
    )  # fmt: skip
    return replace(first, **changes)


def losses(one: TunePlan) -> tuple[list[float], float]:
    """Return the loss of every step, and of the test images at the end, of a loop over the app's own parts."""
    *_, images = load(one)
    assert isinstance(images, TuneImages)
    model, _ = start(one)
    found = grouping(one, len(images.train))
    tuner, recipe, made = ParameterSchedule(model, found), found.recipe, []
    optimiser: torch.optim.Optimizer
    if recipe.optimiser is Optimiser.ADAMW:
        optimiser = AdamW(tuner.groups(), recipe.learning_rate)
    else:
        optimiser = SGD(tuner.groups(), recipe.learning_rate, recipe.momentum)
    follower = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(recipe.ema), use_buffers=True)
    drawn, size = torch.Generator().manual_seed(one.seed), min(recipe.batch, len(images.train))
    for step in range(recipe.steps):
        if step % found.steps == 0:
            order = images.train[torch.randperm(len(images.train), generator=drawn)]
        tuner.before(step, optimiser)
        model.train()
        place = step % found.steps * size
        x, y = images.take(order[place : place + size])
        x = augmented(x, recipe.pad, recipe.flip, step_seed(one.seed, step))
        optimiser.zero_grad()
        with seeded(step_seed(one.seed, step)):
            loss = functional.cross_entropy(model(x), y, label_smoothing=recipe.smoothing)
        torch.autograd.backward(loss)
        if recipe.clip:
            nn.utils.clip_grad_norm_(model.parameters(), recipe.clip)
        optimiser.step()
        follower.update_parameters(model)
        made.append(loss.item())
    x, y = images.take(images.test)
    with torch.no_grad():
        tested = follower.module if recipe.ema else model
        return made, functional.cross_entropy(tested.eval()(x), y).item()


def run(one: TunePlan, folder: Path, *text: str, torchrun: int = 0) -> tuple[list[float], float]:
    """Run the script in a process of its own, where this project cannot be imported."""
    script = folder / "finetune.py"
    script.write_text(to_script(one), encoding="utf-8")
    for file in companions(one):
        shutil.copy(file, folder / file.name)
    start = [sys.executable, "-W", "error::FutureWarning"]
    if torchrun:
        start += ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={torchrun}"]
    done = subprocess.run(
        [*start, str(script), "--workers", "0", "--out", "run", "--device", "cpu", *text], cwd=folder, text=True,
        capture_output=True, timeout=240, env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": ""}, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    lines = [json.loads(line) for line in (folder / "run" / "metrics.jsonl").read_text().splitlines()]
    assert {"best.pth", "last.pth", "metrics.jsonl"} == {file.name for file in (folder / "run").iterdir()}
    return [loss for line in lines for loss in line.get("losses", ())], lines[-1]["test_loss"]


def test_it_reaches_the_same_loss_on_a_folder(folder: Path, tmp_path: Path) -> None:
    """Strategy A, weights of a file, grey by the sum, a broken image, and all that a recipe can ask for."""
    colour = assign(SMALL, "in_channels=3", "classes=5")
    torch.manual_seed(1)
    checkpoint.save(build(colour), colour, tmp_path / "first.safetensors")
    weights = WeightsChoice(WeightsKind.FILE, str(tmp_path / "first.safetensors"))
    one = plan(
        spec=assign(SMALL, "in_channels=3"), weights=weights, data=TuneData(where=str(folder)), channels=1,
        grey=GreyWay.SUM, dropout=0.3, bn=BnMode.FROZEN, frozen=frozenset({"layer1.0.conv1"}),
    )  # fmt: skip
    expected, tested = losses(one)
    got, judged = run(one, tmp_path)
    assert len(expected) == 6 and got == pytest.approx(expected, abs=1e-4)
    assert judged == pytest.approx(tested, abs=1e-4)
    saved = torch.load(tmp_path / "run" / "best.pth", weights_only=True)
    assert saved["classes"] == ("ants", "bees") and saved["state_dict"]["fc.weight"].shape == (2, 8)


def test_it_chooses_by_validation_images_and_judges_by_test_images(tmp_path: Path) -> None:
    """A table as spreadsheets write it, with photos that lie, 12 bits and transparent pixels, and three parts."""
    chance, rows, exif = np.random.default_rng(0), ["number;Datei;Klasse;split"], Image.Exif()
    exif[0x0112] = 6
    for index in range(36):
        label, part = ("ants", "bees")[index % 2], ("train", "train", "valid", "test")[index // 2 % 4]
        pixels = chance.normal((90, 160)[index % 2], 40, (16, 28, 3)).clip(0, 255).astype(np.uint8)
        names = [f"{index}.jpg", f"{index}.png", f"{index}t.png"]
        Image.fromarray(pixels).save(tmp_path / names[0], exif=exif)
        Image.fromarray(pixels[..., 0].astype(np.uint16) * 16 + 15).save(tmp_path / names[1])
        Image.fromarray(np.dstack([pixels, pixels[..., 0]])).save(tmp_path / names[2])
        rows.append(f"{index};{names[index % 3]};{label};{part}")
    (tmp_path / "images.csv").write_text("\n".join(rows), "utf-8-sig")
    one = complete(plan(data=TuneData(TuneKind.CSV, str(tmp_path / "images.csv"))))
    assert one.white == (4095.0,)
    expected, tested = losses(one)
    got, judged = run(one, tmp_path)
    assert got == pytest.approx(expected, abs=1e-4)
    lines = [json.loads(line) for line in (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()]
    assert [set(line) for line in lines] == [
        *[{"epoch", "losses", "val_loss", "val_accuracy"}] * 3, {"test_loss", "test_accuracy"}
    ]  # fmt: skip
    chosen = min(lines[:-1], key=lambda line: line["val_loss"])
    assert chosen["epoch"] == 2 and judged == pytest.approx(tested, abs=1e-4), "the last epoch is the best one"


def test_two_processes_reach_the_same_loss_on_the_digits(tmp_path: Path) -> None:
    """Strategy C by torchrun: what trains changes twice, and each batch is shared."""
    recipe = Recipe(batch=120, learning_rate=0.01, optimiser=Optimiser.ADAMW, no_decay_on_norms=True, flip=True)
    one = plan(
        spec=assign(SMALL, "in_channels=3", "shortcut=A"), data=TuneData(TuneKind.DIGITS), classes=("3", "5"),
        channels=1, grey=GreyWay.ADAPTER, strategy=Strategy.C, unfreeze=(1, 2), bn=BnMode.EVAL, recipe=recipe,
    )  # fmt: skip
    expected, tested = losses(one)
    got, judged = run(one, tmp_path, torchrun=2)
    assert len(expected) == 6 and got == pytest.approx(expected, abs=1e-4)
    assert judged == pytest.approx(tested, abs=1e-4)


def scope(one: TunePlan) -> dict[str, Any]:
    found: dict[str, Any] = {"__name__": "finetune", "__file__": "finetune.py"}
    exec(compile(to_script(one), "finetune.py", "exec"), found)
    return found


def test_it_starts_from_published_weights_as_the_app_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    cached = tmp_path / "hub" / "checkpoints" / ResNet18_Weights.DEFAULT.url.rpartition("/")[2]
    cached.parent.mkdir(parents=True)
    torch.save(resnet18().state_dict(), cached)
    for way, channels in ((GreyWay.ADAPTER, 1), (GreyWay.SUM, 5)):
        one = plan(spec=find("resnet18"), weights=WeightsChoice(), grey=way, channels=channels)
        theirs, ours = scope(one)["network"]("DEFAULT").state_dict(), start(one)[0].state_dict()
        assert theirs.keys() == ours.keys() and all(torch.equal(theirs[name], ours[name]) for name in ours)


NETS = ["resnet18", "resnet50", "resnetv2_50", "seresnet18", "resnet50d", "resnetv2_50d_frn", "resnetv2_50d_evos",
        "resnet50_gn", "resnet20", "fixup_resnet110", "skipinit_resnet110"]  # fmt: skip


@pytest.mark.parametrize("net", NETS)
def test_it_has_the_plans_groups(net: str) -> None:
    small = replace(find(net), blocks=(1,) * len(find(net).blocks), name="small")
    for strategy in Strategy:
        one = plan(spec=small, strategy=strategy, unfreeze=(), epochs=9)
        found, made = grouping(one, 64), scope(one)
        with torch.device("meta"):
            model = made["network"](None)
            assert model(torch.empty(2, one.spec.in_channels, 64, 64)).shape == (2, 2)
        names = {id(tensor): name for name, tensor in model.named_parameters()}
        groups = made["groups"](model)
        got = {frozenset(names[id(one)] for one in group["params"]): group for group in groups}
        for group in found.groups:
            other = got.pop(frozenset(group.tensors))
            assert other["weight_decay"] == group.decay
            shares = [made["share"](other["unit"], epoch) for epoch in range(9)]
            assert shares == [group.share_at(epoch) for epoch in range(9)]
        assert not got
        for epoch in range(9):
            made["freeze"](model, epoch)
            assert {name for name, one in model.named_parameters() if one.requires_grad} == found.trainable(epoch)


@pytest.mark.parametrize("schedule", list(Schedule))
def test_it_has_the_recipes_rates(schedule: Schedule) -> None:
    recipe = replace(RICH, schedule=schedule, milestones=(9, 20), warmup=0 if schedule is Schedule.ONE_CYCLE else 4)
    made = scope(plan(recipe=recipe))
    rates = [made["rate_at"](step, 60) for step in range(60)]
    assert rates == pytest.approx([replace(recipe, steps=60).rate_at(step) for step in range(60)])


@pytest.mark.parametrize("kind", list(TuneKind))
@pytest.mark.parametrize(
    ("weights", "way"),
    [(NONE, GreyWay.ADAPTER), (WeightsChoice(), GreyWay.MEAN),
     (WeightsChoice(WeightsKind.FILE, "a b/ü.pth"), GreyWay.REPEAT)],
)  # fmt: skip
def test_it_stands_alone_and_leaves_nothing_undefined(kind: TuneKind, weights: WeightsChoice, way: GreyWay) -> None:
    data = TuneData(kind, "" if kind in (TuneKind.DIGITS, TuneKind.MNIST) else 'o"dd\\place')
    one = plan(spec=find("resnet18"), data=data, weights=weights, channels=1, grey=way, patience=2, bn=BnMode.EVAL)
    text = to_script(one)
    assert "resnet_explorer" not in text and max(map(len, text.splitlines())) <= 120
    done = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--isolated", "--select", "F,E9", "-q", "-"], input=text, text=True,
        capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


def test_a_plan_without_classes_has_no_script() -> None:
    with pytest.raises(ExplorerError, match="names no classes"):
        to_script(plan(classes=()))
