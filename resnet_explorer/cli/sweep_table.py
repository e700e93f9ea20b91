"""What came of a sweep: a line for each run as CSV, a line for each network and recipe as Markdown, and one figure."""

from collections.abc import Mapping, Sequence
from math import isfinite
from statistics import median

from resnet_explorer.analysis.gradient_words import LAST_STEPS, figure, last_steps
from resnet_explorer.analysis.sweep import Point, Sweep
from resnet_explorer.analysis.training import Run
from resnet_explorer.analysis.training_words import conditions
from resnet_explorer.cli.train_words import test_error
from resnet_explorer.drawing.chart import draw
from resnet_explorer.drawing.marks import Picture
from resnet_explorer.drawing.training import Measure, TrainingCharts, traced
from resnet_explorer.export.table import csv_text

WIDTH, HEIGHT = 960.0, 520.0
BEFORE = ("run",)
AFTER = ("seed", "steps", "of", "training_loss", "test_error", "seconds", "problem")


def to_csv(sweep: Sweep, runs: Sequence[Run]) -> str:
    """Return a line for each run: its settings, the loss and the error at its end; what is not known is empty."""
    keys = keys_of(sweep)
    points = {point.plan.name: dict(point.settings) for point in sweep.points()}
    named = ((run.plan.name, *map(points[run.plan.name].get, keys), *_cells(run)) for run in runs)
    return csv_text((*BEFORE, *keys, *AFTER), named)


def keys_of(sweep: Sweep) -> tuple[str, ...]:
    """Return the keys that vary in a sweep."""
    return tuple(one.word for one in sweep.choices if one.varies)


def _cells(run: Run) -> tuple[str | int | float | None, ...]:
    loss, error, last = run.final_loss(LAST_STEPS), test_error(run), run.last
    return (
        run.plan.seed,
        len(run.metrics),
        run.plan.recipe.steps,
        loss,
        None if error is None else round(error, 6),
        round(last.seconds, 3) if last else None,
        run.problem,
    )


def to_markdown(sweep: Sweep, runs: Sequence[Run]) -> str:
    """Return a line for each network and recipe: median, least and greatest of the runs at their ends."""
    keys = keys_of(sweep)
    whole = ended(runs)
    last = f", mean of {last_steps(len(run.metrics) for run in whole)}" if whole else ""
    titles = ("network", *keys, f"training loss{last}", "test error, %", "whole")
    groups = _groups(runs)
    rows = [_row(point, keys, groups.get(point.plan.name, ())) for point in sweep.points()]
    lines = [titles, tuple("---" if place <= len(keys) else "---:" for place in range(len(titles))), *rows]
    table = "\n".join(f"| {' | '.join(cell.replace('|', '&#124;') for cell in line)} |" for line in lines)
    note = "Median over the runs that are at their ends, the least to the greatest in brackets."
    told = (f"# {sweep.title}", table, note, conditions([run for run in runs if run.metrics]))
    return "\n\n".join(words for words in told if words) + "\n"


def ended(runs: Sequence[Run]) -> list[Run]:
    """Return the runs that are at their ends: whole or diverged. Others go on, and have no figures yet."""
    return [run for run in runs if run.metrics and (run.is_whole or not isfinite(run.final_loss()))]


def _groups(runs: Sequence[Run]) -> Mapping[str, Sequence[Run]]:
    found: dict[str, list[Run]] = {}
    for run in runs:
        found.setdefault(run.plan.name, []).append(run)
    return found


def _row(point: Point, keys: Sequence[str], runs: Sequence[Run]) -> tuple[str, ...]:
    settings = dict(point.settings)
    losses = [run.final_loss(LAST_STEPS) for run in ended(runs)]
    errors = [error for run in runs if run.is_whole and (error := test_error(run)) is not None]
    whole = f"{sum(run.is_whole for run in runs)} of {len(runs)}"
    return (point.plan.name, *(settings[key] for key in keys), spread(losses), spread(errors), whole)


def spread(values: Sequence[float]) -> str:
    """Return the median of some values with their range; infinity stands for a run that diverged."""
    finite = [one for one in values if isfinite(one)]
    if not values:
        return ""
    words = figure(median(values)) if isfinite(median(values)) else "diverged"
    words += f" ({figure(min(finite))} to {figure(max(finite))})" if len(finite) > 1 else ""
    lost = len(values) - len(finite)
    return words + (f", {lost} of {len(values)} diverged" if lost > 0 and finite else "")


def figure_of(sweep: Sweep, runs: Sequence[Run]) -> Picture | None:
    """Return the training loss of all: median and range over the seeds; None where no run is at its end."""
    shown = traced(ended(runs))
    return draw(TrainingCharts().seeds(shown, Measure.TRAIN_LOSS), WIDTH, HEIGHT).picture if shown else None
