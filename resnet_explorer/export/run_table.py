"""Several runs as CSV and JSON: each step with what was measured, and the settings of each run."""

import csv
import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from math import isfinite

from resnet_explorer.analysis.run_codec import plan_to_dict
from resnet_explorer.analysis.training import Metric, Run
from resnet_explorer.analysis.training_words import measured

CSV_HEADER = (
    *("run", "network", "seed", "step", "epoch", "loss", "accuracy", "rate", "seconds"),
    *("test_loss", "test_accuracy"),
)
BLOCKS_HEADER = ("run", "network", "seed", "step", "block", "path", "stage", "quantity", "value")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What begins so is taken for a formula by spreadsheets."""
_Cell = str | int | float


def to_csv(runs: Sequence[Run]) -> str:
    """Return a line for each step of each run; what is unknown or not finite is empty. Steps count from 1."""
    return _csv(CSV_HEADER, ((*_who(run), *_step(run, metric)) for run in runs for metric in run.metrics))


def blocks_to_csv(runs: Sequence[Run]) -> str:
    """Return a line for each block, quantity and measured step of each run."""
    return _csv(BLOCKS_HEADER, (line for run in runs for metric in run.metrics for line in _blocks(run, metric)))


def _csv(header: Sequence[str], lines: Iterable[Sequence[_Cell]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(lines)
    return text.getvalue()


def _who(run: Run) -> tuple[str, str, int]:
    name = run.plan.name
    return f"'{name}" if name.startswith(_FORMULA) else name, run.plan.spec.name, run.plan.seed


def _step(run: Run, metric: Metric) -> tuple[_Cell, ...]:
    """Return the cells of a step; the epoch is how many times each image has been seen, as a fraction."""
    images = run.setting.train // run.plan.recipe.batch if run.setting else 0
    return (
        metric.step + 1,
        round((metric.step + 1) / images, 6) if images else "",
        *(_cell(one) for one in (metric.loss, metric.accuracy, metric.rate, metric.seconds)),
        *(_cell(one) for one in (metric.test_loss, metric.test_accuracy)),
    )


def _blocks(run: Run, metric: Metric) -> Iterable[tuple[_Cell, ...]]:
    places = run.setting.places if run.setting else ()
    for quantity, values in (metric.blocks or {}).items():
        for number, value in enumerate(values, 1):
            place = places[number - 1] if number <= len(places) else None
            where = (place.path, place.stage) if place else ("", "")
            yield (*_who(run), metric.step + 1, number, *where, str(quantity), _cell(value))


def _cell(value: float | None) -> _Cell:
    return "" if value is None or not isfinite(value) else value


def describe(runs: Sequence[Run]) -> dict[str, object]:
    """Return runs as plain values: plan, setting, what came of it, and its steps as columns of equal length."""
    return {"measured": measured(runs), "runs": [_described(run) for run in runs]}


def _described(run: Run) -> dict[str, object]:
    return {
        "name": run.plan.name,
        "plan": plan_to_dict(run.plan),
        "setting": asdict(run.setting) if run.setting else None,
        "whole": run.is_whole,
        "problem": run.problem,
        "final_loss": _known(run.final_loss()),
        "steps": {
            "step": [one.step + 1 for one in run.metrics],
            "loss": [_known(one.loss) for one in run.metrics],
            "accuracy": [_known(one.accuracy) for one in run.metrics],
            "rate": [_known(one.rate) for one in run.metrics],
            "seconds": [_known(one.seconds) for one in run.metrics],
            "test_loss": [_known(one.test_loss) for one in run.metrics],
            "test_accuracy": [_known(one.test_accuracy) for one in run.metrics],
        },
        "blocks": [
            {"step": one.step + 1, **{str(key): [_known(value) for value in row] for key, row in one.blocks.items()}}
            for one in run.metrics
            if one.blocks
        ],
    }


def _known(value: float | None) -> float | None:
    """Return a value that JSON can say: what is not finite becomes null."""
    return value if value is not None and isfinite(value) else None


def to_json(runs: Sequence[Run]) -> str:
    """Return ``describe`` as text."""
    return json.dumps(describe(runs), indent=1, allow_nan=False) + "\n"
