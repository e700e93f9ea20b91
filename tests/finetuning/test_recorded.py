"""What the fine-tuning lab opens with: the app's own weights, and a recording of what they bring."""

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from statistics import median

import pytest
import torch
from pytestqt.qtbot import QtBot

from resnet_explorer.assets import path
from resnet_explorer.cli import main
from resnet_explorer.finetuning.choices import MNIST_WEIGHTS, NO_WEIGHTS, Strategy, TuneData, TuneKind, mnist_spec
from resnet_explorer.finetuning.data_report import Part
from resnet_explorer.finetuning.listing import listing
from resnet_explorer.finetuning.page import TuningPage
from resnet_explorer.finetuning.plan import read_plan
from resnet_explorer.finetuning.recorded import (
    PER_CLASS,
    SCRATCH,
    SEEDS,
    SIDE,
    TUNED,
    built_in,
    describe_transfer,
    first_plan,
    recorded_plans,
    recorded_runs,
)
from resnet_explorer.finetuning.script import companions, to_script
from resnet_explorer.finetuning.text import ALL_RANDOM
from resnet_explorer.finetuning.values import TuneRun
from resnet_explorer.images.choice import DataChoice, DataKind
from resnet_explorer.probes.data import Images
from resnet_explorer.runs.plan import Run
from resnet_explorer.scenes.scene import State
from resnet_explorer.spec import InputShape
from resnet_explorer.spec.catalogue import find
from resnet_explorer.ui.document import Document
from resnet_explorer.weights import checkpoint
from tests.narrow import present
from tests.tuning_jobs import TuningJobsHere
from tests.tuning_runs import tuned

PATIENCE = 20_000
RESNET18 = State(find("resnet18"), InputShape(1, 224, 224))


def test_the_weights_are_small_and_what_their_provenance_says() -> None:
    file, told = present(MNIST_WEIGHTS.file), built_in()
    assert file.stat().st_size < 400_000
    model, identified = checkpoint.load(file)
    assert identified.spec == mnist_spec()
    images = Images(DataChoice(DataKind.MNIST), mnist_spec(), InputShape(1, SIDE, SIDE))
    assert f"{len(images.train):,} images of MNIST" in told.images and told.tested == len(images.test)
    x, y = images.take(images.test)
    with torch.no_grad():
        right = float((model(x).argmax(dim=1) == y).float().mean())
    assert right == pytest.approx(told.accuracy, abs=0.003) and right > 0.97
    for text in ("MNIST", f"{told.accuracy:.1%}".replace("%", " %"), "Seed 0", "PyTorch", "CC BY-SA 3.0"):
        assert text in told.text
    assert path("licences", told.licence.rpartition("/")[2]).is_file()


def accuracies(runs: tuple[Run, ...], name: str) -> list[float]:
    return [present(present(run.last).test_accuracy) for run in runs if run.plan.name == name]


def test_the_recording_is_of_the_plan_that_the_lab_opens_with() -> None:
    runs = recorded_runs()
    assert [(run.plan.seed, run.plan.name) for run in runs] == [
        (seed, name) for seed in SEEDS for name in (TUNED, SCRATCH)
    ]
    for run in runs:
        kept, wanted = read_plan(Path(run.folder)), recorded_plans(run.plan.seed)[run.plan.name]
        assert kept == replace(wanted, classes=tuple("0123456789"), preprocess=kept.preprocess)
        made = present(run.environment)
        assert run.is_finished and made.train == 10 * PER_CLASS and made.torch and made.machine and made.began
    assert recorded_plans(0)[TUNED] == first_plan()


def test_the_text_says_what_was_measured() -> None:
    runs = recorded_runs()
    with_weights, without = accuracies(runs, TUNED), accuracies(runs, SCRATCH)
    assert min(with_weights) > max(without) + 0.1
    text = describe_transfer(runs)
    assert text.startswith("100 labelled 8×8 digits") and "3 seeds" in text
    for name, values in ((TUNED, with_weights), (SCRATCH, without)):
        assert f"{name} {100 * median(values):.1f} %" in text
    assert describe_transfer(runs[:1]) == ""


def test_a_fresh_fine_tuning_agrees_with_the_recording() -> None:
    """After a few epochs the weights are ahead by far; the recorded run had as much after as many."""
    short = {name: replace(plan, epochs=4, classes=()) for name, plan in recorded_plans(0).items()}
    fresh = {name: present(tuned(plan)[0][-1].test_accuracy) for name, plan in short.items()}
    assert fresh[TUNED] > fresh[SCRATCH] + 0.2
    kept = next(run for run in recorded_runs() if run.plan.name == TUNED)
    first = next(metric.test_accuracy for metric in kept.metrics if metric.test_accuracy is not None)
    again = [metric.test_accuracy for metric in tuned(replace(first_plan(), epochs=20), until=3)[0]][-1]
    assert again == pytest.approx(first, abs=0.1)


@pytest.fixture
def jobs(qapp: object) -> Iterator[TuningJobsHere]:
    made = TuningJobsHere()
    yield made
    made.close()


def opened(jobs: TuningJobsHere, qtbot: QtBot, still: bool = False) -> TuningPage:
    page = TuningPage(Document(RESNET18), jobs)  # type: ignore[arg-type]  # has what the page needs
    qtbot.addWidget(page)
    page.reduce_motion(still)
    page.show()
    qtbot.waitUntil(lambda: jobs.is_idle and page.state.report is not None, timeout=PATIENCE)
    return page


def test_the_lab_opens_with_transfer_and_replays_it_at_once(jobs: TuningJobsHere, qtbot: QtBot) -> None:
    page = opened(jobs, qtbot)
    assert replace(page.state.plan, classes=()) == first_plan()
    assert page.views.currentWidget() is page.curves and page.replay.bar.playing
    assert [run.plan.name for run in page.runs] == [TUNED, SCRATCH]
    text = page.replay.text.text()
    assert "Test accuracy" in text and "Recorded 20" in text and "PyTorch" in text
    assert (
        "the network of these weights" in page.setup.weights.network.text()
        and "ResNet-18" in page.setup.weights.network.text()
    )
    assert page.setup.weights.text.text() == built_in().text
    page.bar.start.click()
    assert not page.replay.is_on and jobs.of(TuneRun)[0].plan.weights == MNIST_WEIGHTS
    qtbot.waitUntil(lambda: not page.trainer.is_busy, timeout=PATIENCE)


def test_with_less_motion_the_recording_is_shown_at_its_end(jobs: TuningJobsHere, qtbot: QtBot) -> None:
    page = opened(jobs, qtbot, still=True)
    assert not page.replay.bar.playing and all(run.is_finished for run in page.runs)
    page.replay.bar.close_button.click()
    assert not page.replay.is_on and [run.plan.name for run in page.runs] != [TUNED, SCRATCH]


def test_a_frozen_random_backbone_is_never_the_default(jobs: TuningJobsHere, qtbot: QtBot) -> None:
    page = opened(jobs, qtbot, still=True)
    state = page.state
    state.use_weights(NO_WEIGHTS)
    assert (state.plan.spec, state.plan.strategy) == (RESNET18.spec, Strategy.FULL)
    assert ALL_RANDOM in page.setup.trains.why.text() and state.plan.recipe.learning_rate == 0.01
    state.use_weights(MNIST_WEIGHTS)
    assert (state.plan.spec, state.plan.strategy) == (mnist_spec(), Strategy.A)
    assert replace(state.plan, classes=()) == first_plan()
    state.use_network(find("resnet34"))
    assert (state.plan.spec, state.plan.strategy) == (find("resnet34"), Strategy.FULL), "the lab follows the window"
    state.use_strategy(Strategy.C)
    state.use_network(find("resnet50"))
    assert state.plan.strategy is Strategy.C, "the user's own choice stays"


def test_the_command_takes_the_weights_by_their_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["finetune", "digits", "--per-class", "10", "--dry-run", "--weights", "mnist-resnet20"]) == 0
    told = capsys.readouterr().out
    assert "28×28" in told and "strategy A" in told and "100 for training" in told


def test_so_many_images_of_each_class_are_drawn_by_the_seed() -> None:
    data = TuneData(TuneKind.DIGITS, per_class=7)
    first, second, whole = (listing(one, seed) for one, seed in ((data, 0), (data, 1), (TuneData(TuneKind.DIGITS), 0)))
    counts = Counter((item.label, item.part) for item in first.items)
    assert {counts[label, Part.TRAIN] for label in first.classes} == {7}
    tests = [[item for item in one.items if item.part is Part.TEST] for one in (first, whole)]
    assert tests[0] == tests[1] and first.items == listing(data, 0).items != second.items


def test_the_script_takes_weights_and_images_along(tmp_path: Path) -> None:
    plan = replace(first_plan(), epochs=1, classes=tuple("0123456789"), recipe=replace(first_plan().recipe, batch=50))
    metrics, _ = tuned(replace(plan, classes=()))
    plan = replace(plan, preprocess=read_plan(Path(recorded_runs()[0].folder)).preprocess)
    script = tmp_path / "finetune.py"
    script.write_text(to_script(plan), encoding="utf-8")
    for file in companions(plan):
        shutil.copy(file, tmp_path / file.name)
    assert {file.suffix for file in companions(plan)} == {".gz", ".safetensors"}
    text = [sys.executable, str(script), "--workers", "0", "--device", "cpu", "--out", "run"]
    env = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": ""}
    done = subprocess.run(text, cwd=tmp_path, text=True, capture_output=True, timeout=240, env=env, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    lines = [json.loads(line) for line in (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()]
    losses = [loss for line in lines for loss in line["losses"]]
    assert losses == pytest.approx([metric.loss for metric in metrics], abs=1e-3)
