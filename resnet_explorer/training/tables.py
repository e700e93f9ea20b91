"""Several runs as CSV and JSON: each step with what was measured, and the settings of each run."""

from collections.abc import Iterable, Sequence

from resnet_explorer import codec
from resnet_explorer.layers.table import csv_text
from resnet_explorer.runs.codec import WRITERS
from resnet_explorer.runs.plan import Metric, Run
from resnet_explorer.training.text import measured

_MEASURED = ("loss", "accuracy", "rate", "seconds", "test_loss", "test_accuracy")
CSV_HEADER = ("run", "network", "seed", "step", "epoch", *_MEASURED)
BLOCKS_HEADER = ("run", "network", "seed", "step", "block", "path", "stage", "quantity", "value")
_Cell = str | int | float | None


def to_csv(runs: Sequence[Run]) -> str:
    """Return a line for each step of each run; what is unknown or not finite is empty. Steps count from 1."""
    return csv_text(CSV_HEADER, ((*_who(run), *_step(run, metric)) for run in runs for metric in run.metrics))


def blocks_to_csv(runs: Sequence[Run]) -> str:
    """Return a line for each block, quantity and measured step of each run."""
    return csv_text(BLOCKS_HEADER, (line for run in runs for metric in run.metrics for line in _blocks(run, metric)))


def _who(run: Run) -> tuple[str, str, int]:
    return run.plan.name, run.plan.spec.name, run.plan.seed


def _step(run: Run, metric: Metric) -> tuple[_Cell, ...]:
    """Return the cells of a step; the epoch is how many times each image has been seen, as a fraction."""
    images = run.environment.train // run.plan.recipe.batch if run.environment else 0
    return (
        metric.step + 1,
        round((metric.step + 1) / images, 6) if images else "",
        *(getattr(metric, key) for key in _MEASURED),
    )


def _blocks(run: Run, metric: Metric) -> Iterable[tuple[_Cell, ...]]:
    places = run.environment.places if run.environment else ()
    for quantity, values in (metric.blocks or {}).items():
        for number, value in enumerate(values, 1):
            place = places[number - 1] if number <= len(places) else None
            where = (place.path, place.stage) if place else ("", "")
            yield (*_who(run), metric.step + 1, number, *where, str(quantity), value)


def _described(run: Run) -> dict[str, object]:
    return {
        "name": run.plan.name,
        "plan": run.plan,
        "setting": run.environment,
        "whole": run.is_finished,
        "problem": run.problem,
        "final_loss": run.final_loss(),
        "steps": {
            "step": [one.step + 1 for one in run.metrics],
            **{key: [getattr(one, key) for one in run.metrics] for key in _MEASURED},
        },
        "blocks": [{"step": one.step + 1, **one.blocks} for one in run.metrics if one.blocks],
    }


def to_json(runs: Sequence[Run]) -> str:
    """Return runs as JSON: plan, environment, what came of it, and its steps as columns of equal length."""
    content = {"measured": measured(runs), "runs": [_described(run) for run in runs]}
    return codec.encode(content, WRITERS, indent=1)
