"""From a network that the training lab pre-trained to a tuned one, and to the script that does the same elsewhere."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from resnet_explorer.finetuning.choices import BnMode, GreyWay, Strategy, TuneData, TuneKind, WeightsChoice, WeightsKind
from resnet_explorer.finetuning.jobs import save
from resnet_explorer.finetuning.lab import evaluate
from resnet_explorer.finetuning.plan import TunePlan
from resnet_explorer.finetuning.script import companions, to_script
from resnet_explorer.finetuning.values import BeforeAfter, EvaluateTuned
from resnet_explorer.images.choice import DataChoice, DataKind
from resnet_explorer.runs.opened import load_trained
from resnet_explorer.runs.plan import Run, RunPlan
from resnet_explorer.runs.recipe import Recipe, Schedule
from resnet_explorer.spec import InputShape
from resnet_explorer.spec.change import assign
from resnet_explorer.weights import checkpoint
from tests.narrow import last, present
from tests.training_runs import train
from tests.tuning_runs import PLAN, RICH, SMALL, tuned

IMAGE = InputShape(1, 14, 14)
HELD_OUT = ("5", "6", "7", "8", "9")
NET = assign(SMALL, "classes=5", "widths=8,16,16", "stem_channels=8")


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of weights that the training lab learnt on MNIST's digits 0 to 4."""
    root = tmp_path_factory.mktemp("first")
    recipe = Recipe(200, 64, learning_rate=0.1, schedule=Schedule.COSINE, evaluate_every=200, measure_every=0)
    run = last(Run, train(RunPlan("first", NET, IMAGE, DataChoice(DataKind.MNIST), recipe), root / "run"))
    assert present(run.metrics[-1].test_accuracy) > 0.95
    model, plan, _ = load_trained(root / "run")
    save(model, plan.spec, root / "first.safetensors", IMAGE)
    return root / "first.safetensors"


def plan(first: Path, **changes: Any) -> TunePlan:
    weights = WeightsChoice(WeightsKind.FILE, str(first))
    recipe = Recipe(batch=50, learning_rate=0.05, no_decay_on_norms=True)
    one = replace(PLAN, spec=NET, weights=weights, data=TuneData(TuneKind.MNIST), classes=HELD_OUT, image=IMAGE,
                  grey=GreyWay.SUM, epochs=3, recipe=recipe)  # fmt: skip
    return replace(one, **changes)


def test_what_was_learnt_on_other_digits_helps(first: Path, tmp_path: Path) -> None:
    """A head alone tells more of digits that the backbone never saw than on a backbone of random weights."""
    learnt = plan(first, strategy=Strategy.PROBE, bn=BnMode.FROZEN, grey=GreyWay.REPEAT)
    drawn = replace(learnt, weights=WeightsChoice(WeightsKind.NONE, ""))
    right = [tuned(one)[1].best_accuracy or 0.0 for one in (learnt, drawn)]
    assert right[0] > right[1] + 0.1
    tuned(plan(first, strategy=Strategy.A), tmp_path / "run")
    found = last(BeforeAfter, evaluate(EvaluateTuned(str(tmp_path / "run"))))
    assert found.before and found.before.accuracy < 0.5 and found.after.accuracy > max(0.9, right[0])
    assert "head of 5 classes" in found.sentences[1] or found.sentences[1].startswith("The head has as many")


SLOW = Recipe(batch=200, learning_rate=0.01, no_decay_on_norms=True)
"""Few steps, and small ones: what differs in the last bit of a number must not grow."""
SCRIPTS = {
    "A": {"strategy": Strategy.A, "unfreeze": (1,), "bn": BnMode.FROZEN, "recipe": replace(RICH, batch=200)},
    "C": {
        "strategy": Strategy.C,
        "unfreeze": (1, 2),
        "grey": GreyWay.ADAPTER,
        "dropout": 0.2,
        "patience": 1,
        "recipe": SLOW,
    },
}


@pytest.mark.parametrize("name", SCRIPTS)
def test_the_script_makes_the_same_steps_where_the_app_is_not(name: str, first: Path, tmp_path: Path) -> None:
    one = plan(first, **SCRIPTS[name])
    metrics, ending = tuned(one)
    script = tmp_path / "finetune.py"
    script.write_text(to_script(one), encoding="utf-8")
    for file in companions(one):
        shutil.copy(file, tmp_path / file.name)
    text = [sys.executable, str(script), "--workers", "0", "--device", "cpu", "--out", "run"]
    env = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": ""}
    done = subprocess.run(text, cwd=tmp_path, text=True, capture_output=True, timeout=240, env=env, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    lines = [json.loads(line) for line in (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()]
    losses = [loss for line in lines for loss in line["losses"]]
    assert len(losses) == ending.steps and losses == pytest.approx([one.loss for one in metrics], abs=1e-3)
    tests = [one.test_loss for one in metrics if one.test_loss is not None]
    assert [line["test_loss"] for line in lines] == pytest.approx(tests, rel=3e-3)


def test_a_saved_model_names_as_the_tuned_one(first: Path, tmp_path: Path) -> None:
    tuned(plan(first, grey=GreyWay.ADAPTER, epochs=1), tmp_path / "run")
    model, view, _ = load_trained(tmp_path / "run")
    save(model, view.spec, tmp_path / "model.pth", IMAGE)
    save(model, view.spec, tmp_path / "model.pt2", IMAGE)
    x = torch.rand(3, 1, 14, 14)
    with torch.no_grad():
        wanted = model(x)
        assert torch.equal(checkpoint.load(tmp_path / "model.pth")[0](x), wanted)
        assert torch.allclose(torch.export.load(tmp_path / "model.pt2").module()(x), wanted, atol=1e-6)
