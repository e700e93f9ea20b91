"""Event files: TensorBoard's own reader finds every number, once."""

from dataclasses import replace
from pathlib import Path

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from resnet_explorer.readings.quantities import Quantity
from resnet_explorer.runs.plan import Run
from tests.training_runs import RECIPES, plan, train


def test_tensorboard_reads_what_the_run_folder_holds(tmp_path: Path) -> None:
    for until in (6, None):
        *_, last = train(plan(RECIPES["sgd"]), tmp_path / "run", until, tensorboard=True)
    assert isinstance(last, Run)
    found = EventAccumulator(str(tmp_path / "run"), size_guidance={"scalars": 0}).Reload()
    losses = found.Scalars("loss/training")
    assert [one.step for one in losses] == list(range(14))
    assert [one.value for one in losses] == pytest.approx([one.loss for one in last.metrics], rel=1e-6)
    tests = [(one.step, one.test_accuracy) for one in last.metrics if one.test_accuracy is not None]
    assert [(one.step, one.value) for one in found.Scalars("accuracy/test")] == [
        (step, pytest.approx(value)) for step, value in tests
    ]
    blocks = found.Scalars("weight-norm/layer2.0")
    expected = [one.blocks[Quantity.WEIGHT_NORM][1] for one in last.metrics if one.blocks]
    assert [one.value for one in blocks] == pytest.approx(expected, rel=1e-6)


def test_there_are_none_unless_asked_for(tmp_path: Path) -> None:
    list(train(plan(replace(RECIPES["sgd"], steps=2)), tmp_path / "run"))
    assert not list((tmp_path / "run").glob("*tfevents*"))
