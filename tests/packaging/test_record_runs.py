"""The recorded runs of the presets: what ships is what the app would train, and tells nothing of whose machine."""

import re
import runpy
from pathlib import Path
from typing import Any

import pytest

from resnet_explorer.readings.quantities import Quantity
from resnet_explorer.runs.folder import list_runs, read
from resnet_explorer.runs.plan import Metric
from resnet_explorer.training.presets import PRESETS

_ROOT = Path(__file__).parents[2]
_RUNS = _ROOT / "resources" / "runs"
_MOST_BYTES = 1_500_000


@pytest.fixture(scope="module")
def script() -> dict[str, Any]:
    return runpy.run_path(str(_ROOT / "packaging" / "record_runs.py"))


@pytest.mark.parametrize("key", [key for key, preset in PRESETS.items() if preset.needs is None])
def test_every_preset_is_recorded_as_it_would_be_trained(key: str, script: dict[str, Any]) -> None:
    asked = dict(script["plans"](PRESETS[key]))
    assert {one.path: one.plan for one in list_runs(_RUNS / key)} == asked
    for folder, plan in asked.items():
        run = read(folder)
        assert (
            run.is_finished and not run.problem and [one.step for one in run.metrics] == list(range(plan.recipe.steps))
        )
        measured = [one.step for one in run.metrics if one.blocks]
        assert len(measured) >= 2 and measured[0] == 0
        assert run.environment is not None and run.environment.torch and run.environment.app


def test_recordings_are_small_and_name_no_machine() -> None:
    found = [file for file in _RUNS.rglob("*") if file.is_file()]
    assert {file.name for file in found} == {"run.json", "metrics.jsonl", "tune.json"}
    assert sum(file.stat().st_size for file in found) < _MOST_BYTES
    for one in list_runs(_RUNS):
        assert one.plan.data.root == ""
        assert re.fullmatch(r"[^,/\\]+, 1 thread, (Linux|Darwin|Windows) \w+", one.environment.machine)


def test_blocks_are_kept_at_both_ends_and_spread_between(script: dict[str, Any]) -> None:
    measured = {Quantity.INPUT: (1.23456789,) * 100}
    metrics = [
        Metric(step, 0.123456789, 0.5, 0.1, 1.0, blocks=measured if step % 10 == 0 else None) for step in range(95)
    ]
    kept = [one.step for one in script["thinned"](metrics) if one.blocks]
    assert kept == [0, 40, 90] and len(script["thinned"](metrics)) == 95
    short = script["short"](metrics[0])
    assert short.loss == 0.12346 and short.blocks[Quantity.INPUT][0] == 1.2346
