"""The command ``sweep``: a grid of trainings on local processes or a cluster, with one table and one figure."""

import argparse
from collections.abc import Mapping, Sequence
from math import isfinite
from pathlib import Path
from statistics import median

from resnet_explorer import files
from resnet_explorer.engine.pytorch import require
from resnet_explorer.errors import ExplorerError
from resnet_explorer.layers.table import csv_text
from resnet_explorer.picture.chart import draw
from resnet_explorer.picture.marks import Picture
from resnet_explorer.picture.svg import to_svg
from resnet_explorer.picture.theme import THEMES
from resnet_explorer.readings.text import LAST_STEPS, figure, last_steps
from resnet_explorer.runs.folder import file_name
from resnet_explorer.runs.plan import Run
from resnet_explorer.spec.codec import kind_of_path
from resnet_explorer.terminal.output import NAME, complain, say
from resnet_explorer.training import group
from resnet_explorer.training.chart_data import Measure, traced
from resnet_explorer.training.charts import TrainingCharts
from resnet_explorer.training.command import FAILED, INTERRUPTED, complaints, test_error
from resnet_explorer.training.crew import Crew, Outcome, displayed, workers_for
from resnet_explorer.training.plans import Task
from resnet_explorer.training.sweep import Point, Sweep, loads
from resnet_explorer.training.text import conditions

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
    return [run for run in runs if run.metrics and (run.is_finished or not isfinite(run.final_loss()))]


def _groups(runs: Sequence[Run]) -> Mapping[str, Sequence[Run]]:
    found: dict[str, list[Run]] = {}
    for run in runs:
        found.setdefault(run.plan.name, []).append(run)
    return found


def _row(point: Point, keys: Sequence[str], runs: Sequence[Run]) -> tuple[str, ...]:
    settings = dict(point.settings)
    losses = [run.final_loss(LAST_STEPS) for run in ended(runs)]
    errors = [error for run in runs if run.is_finished and (error := test_error(run)) is not None]
    whole = f"{sum(run.is_finished for run in runs)} of {len(runs)}"
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


TABLE, TEXT, FIGURE = "table.csv", "table.md", "figure.svg"


def sweep(options: argparse.Namespace) -> int:
    """Train what a file asks, but what is whole; write table and figure, and return the exit status."""
    if options.workers is not None and options.workers < 1:
        raise ExplorerError("workers", f"{options.workers} workers train nothing.", "Choose 1 or more.")
    asked = loads(_text(options.file), options.file.name)
    root = options.output or Path("runs") / file_name(options.file.stem)
    tasks = tasks_of(asked, root)
    places = group.missing(tasks)
    if places and not options.cluster:
        require()
    others = group.write(root, tasks)
    outcome = _made(tasks, places, others, options)
    for words in complaints(outcome.problems, [task.folder.name for task in tasks]):
        complain(words)
    _write(asked, tasks, outcome, root, options.theme)
    if outcome.stopped:
        complain(f'Stopped. The same command goes on: {NAME} sweep "{options.file}" -o "{root}"')
        return INTERRUPTED
    return FAILED if outcome.problems else 0


def _text(file: Path) -> str:
    try:
        kind = kind_of_path(file)
        if kind:
            raise ExplorerError(str(file), f"{file} is {kind}, not a file.", "'sweep --help' shows an example.")
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is no text"
        raise ExplorerError(str(file), f"{file} cannot be read: {why}.", "'sweep --help' shows an example.") from error


def tasks_of(asked: Sweep, root: Path) -> tuple[Task, ...]:
    """Return the runs, each with a folder named after its settings: a sweep that grows finds the ones it has."""
    return tuple(Task(plan, root / file_name(f"{plan.name}, seed {plan.seed}")) for plan in asked.plans())


def _made(tasks: Sequence[Task], places: Sequence[int], others: Sequence[Task], options: argparse.Namespace) -> Outcome:
    """Make the steps that are missing of the runs in these places; ``others`` are in the same folder."""
    with displayed(tasks) as display:
        root = tasks[0].folder.parent
        display.say(f"{len(tasks):,} runs, {len(tasks) - len(places):,} of them whole already, are kept in {root}")
        if words := group.others_words(others):
            display.say(words)
        if not places:
            return Outcome()
        if options.cluster:
            from resnet_explorer.training.cluster import work

            return work(tasks, places, display, options.cluster)
        return Crew(tasks, display, workers_for(len(places), options.workers)).work(places)


def _write(asked: Sweep, tasks: Sequence[Task], outcome: Outcome, root: Path, theme: str) -> None:
    """Write both tables and the figure, and say where they are."""
    runs = group.runs_of(tasks, outcome.problems)
    files.write(root / TABLE, to_csv(asked, runs))
    text = to_markdown(asked, runs)
    files.write(root / TEXT, text)
    picture = figure_of(asked, runs)
    if picture is not None:
        files.write(root / FIGURE, to_svg(picture, THEMES[theme]))
    say(f"{text}\n{root / TABLE}, {TEXT}{f', {FIGURE}' if picture else ''}\n")
