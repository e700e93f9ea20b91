"""The commands ``train`` and ``sweep``: runs trained side by side, saved as they go, and reported at their end."""

import argparse
import shutil
from collections.abc import Sequence
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
from resnet_explorer.terminal.output import NAME, complain, painter, say
from resnet_explorer.training import tasks
from resnet_explorer.training.chart_data import traced
from resnet_explorer.training.charts import TrainingCharts
from resnet_explorer.training.part import Measure
from resnet_explorer.training.sweep import Point, Sweep, loads
from resnet_explorer.training.tasks import FLAGS, Task
from resnet_explorer.training.text import conditions, describe_runs, test_error, to_csv, to_json
from resnet_explorer.training.values import TrainRun
from resnet_explorer.training.workers import LocalWorkers, Outcome, displayed, run_on_cluster

FAILED = 1
INTERRUPTED = 130
WIDTH, HEIGHT = 960.0, 520.0
TABLE, TEXT, FIGURE = "table.csv", "table.md", "figure.svg"
AFTER = ("seed", "steps", "of", "training_loss", "test_error", "seconds", "problem")
_PLANNING = ("nets", "preset", "settings", "data", "input", "seed", "seeds", *FLAGS, "recipe", "device", "output")
"""Options that the saved runs of --continue already hold."""


def train(options: argparse.Namespace) -> int:
    """Train what the options ask; return the exit status. The curves are drawn where a file for them is named."""
    paint = painter(options.picture) if options.picture else None
    check_workers(options)
    if options.continued is not None:
        all_tasks = _continued(options)
    else:
        plans = tasks.plans_of(options)
        all_tasks = tasks.tasks_of(plans, tasks.root_of(options, plans))
    outcome = _train(all_tasks, options)
    root = all_tasks[0].folder.parent
    if outcome.stopped:
        complain(f'Stopped. To continue: {NAME} train --continue "{root}"')
        return INTERRUPTED
    runs = tasks.runs_of(all_tasks, outcome.problems)
    if any(run.metrics for run in runs):
        if options.csv:
            say(to_csv(runs))
        else:
            say(to_json(runs) if options.json else describe_runs(runs))
        if paint:
            files.write(options.picture, paint(picture_of(runs), THEMES[options.theme]))
    elif options.output is None and options.continued is None:
        shutil.rmtree(root, ignore_errors=True)
    return FAILED if outcome.problems else 0


def sweep(options: argparse.Namespace) -> int:
    """Train the runs of a file that are not finished; write table and figure, and return the exit status."""
    check_workers(options)
    grid = loads(_text(options.file), options.file.name)
    root = options.output or Path("runs") / file_name(options.file.stem)
    all_tasks = tasks_of(grid, root)
    outcome = _train(all_tasks, options)
    runs = tasks.runs_of(all_tasks, outcome.problems)
    files.write(root / TABLE, sweep_csv(grid, runs))
    summary, picture = sweep_markdown(grid, runs), figure_of(grid, runs)
    files.write(root / TEXT, summary)
    if picture is not None:
        files.write(root / FIGURE, to_svg(picture, THEMES[options.theme]))
    say(f"{summary}\n{root / TABLE}, {TEXT}{f', {FIGURE}' if picture else ''}\n")
    if outcome.stopped:
        complain(f'Stopped. The same command continues: {NAME} sweep "{options.file}" -o "{root}"')
        return INTERRUPTED
    return FAILED if outcome.problems else 0


def check_workers(options: argparse.Namespace) -> None:
    """Raise ExplorerError where less than one run at a time is asked for, or less than no threads that decode."""
    if options.workers is not None and options.workers < 1:
        raise ExplorerError("workers", f"{options.workers} workers train nothing.", "Choose 1 or more.")
    if options.decoders is not None and options.decoders < 0:
        raise ExplorerError("decoders", f"{options.decoders} threads cannot decode images.", "Choose 0 or more.")


def _train(all_tasks: Sequence[Task], options: argparse.Namespace) -> Outcome:
    """Make the missing steps of some runs, after their folder lists them, and report what went wrong."""
    root, places = all_tasks[0].folder.parent, tasks.unfinished(all_tasks)
    if places and not options.cluster:
        require()
    others = () if options.continued is not None else tasks.write_list(root, all_tasks)
    outcome = Outcome()
    with displayed(all_tasks) as display:
        display.say(f"Runs are saved in {root}")
        if text := tasks.describe_others(others):
            display.say(text)
        if done := len(all_tasks) - len(places):
            display.say(f"{done:,} of {len(all_tasks):,} runs are already finished.")
        if places and options.cluster:
            outcome = run_on_cluster(all_tasks, places, display, options.cluster)
        elif places:
            rest = None, options.tensorboard, 0, options.decoders
            jobs = {place: TrainRun(all_tasks[place].plan, str(all_tasks[place].folder), *rest) for place in places}
            outcome = LocalWorkers(jobs, display, options.workers).run()
    report_problems(outcome, all_tasks)
    return outcome


def report_problems(outcome: Outcome, all_tasks: Sequence[Task]) -> None:
    """Write a line on stderr for each thing that went wrong, with the runs that it ended."""
    names: dict[str, list[str]] = {}
    for place, why in sorted(outcome.problems.items()):
        names.setdefault(why, []).append(all_tasks[place].folder.name)
    for why, runs in names.items():
        complain(f"{', '.join(runs)}: {why}")


def _continued(options: argparse.Namespace) -> tuple[Task, ...]:
    given = [key for key in _PLANNING if getattr(options, key) not in (None, [])]
    if given:
        option = {"nets": "NET", "settings": "--set", "output": "-o"}.get(given[0], f"--{given[0]}")
        raise ExplorerError("continue", f"The saved runs already hold {option}.", f"Leave {option} out.")
    return tasks.read_list(options.continued)


def picture_of(runs: Sequence[Run]) -> Picture:
    """Return the training losses: a curve a run, or median and range where networks have several seeds."""
    shown, charts = traced([run for run in runs if run.metrics]), TrainingCharts()
    many = len({run.plan.seed for run in runs}) > 1
    chart = (charts.seeds if many else charts.curves)(shown, Measure.TRAIN_LOSS)
    return draw(chart, WIDTH, HEIGHT).picture


def tasks_of(grid: Sweep, root: Path) -> tuple[Task, ...]:
    """Return the runs, each with a folder named after its settings: a sweep that grows finds the ones it has."""
    return tuple(Task(plan, root / file_name(f"{plan.name}, seed {plan.seed}")) for plan in grid.plans())


def _text(file: Path) -> str:
    try:
        return files.read_text(file)
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is not a text file"
        raise ExplorerError(str(file), f"{file} cannot be read: {why}.", "'sweep --help' shows an example.") from error


def keys_of(grid: Sweep) -> tuple[str, ...]:
    """Return the keys that vary in a sweep."""
    return tuple(choices.name for choices in grid.choices if choices.varies)


def sweep_csv(grid: Sweep, runs: Sequence[Run]) -> str:
    """Return a line for each run: its settings, final loss and error; what is not known is empty."""
    keys = keys_of(grid)
    points = {point.plan.name: dict(point.settings) for point in grid.points()}
    rows = ((run.plan.name, *map(points[run.plan.name].get, keys), *_cells(run)) for run in runs)
    return csv_text(("run", *keys, *AFTER), rows)


def _cells(run: Run) -> tuple[str | int | float | None, ...]:
    error = test_error(run)
    return (
        run.plan.seed,
        len(run.metrics),
        run.plan.recipe.steps,
        run.final_loss(LAST_STEPS),
        None if error is None else round(error, 6),
        round(run.last.seconds, 3) if run.last else None,
        run.problem,
    )


def sweep_markdown(grid: Sweep, runs: Sequence[Run]) -> str:
    """Return a line for each network and recipe: median, minimum and maximum of the runs that have ended."""
    keys, over = keys_of(grid), ended(runs)
    by_name: dict[str, list[Run]] = {}
    for run in runs:
        by_name.setdefault(run.plan.name, []).append(run)
    last = f", mean of {last_steps(len(run.metrics) for run in over)}" if over else ""
    titles = ("network", *keys, f"training loss{last}", "test error, %", "finished")
    rows = [_markdown_row(point, keys, by_name.get(point.plan.name, [])) for point in grid.points()]
    lines = [titles, tuple("---" if place <= len(keys) else "---:" for place in range(len(titles))), *rows]
    table = "\n".join(f"| {' | '.join(cell.replace('|', '&#124;') for cell in line)} |" for line in lines)
    note = "Median over the runs that have ended, minimum to maximum in brackets."
    parts = (f"# {grid.title}", table, note, conditions([run for run in runs if run.metrics]))
    return "\n\n".join(part for part in parts if part) + "\n"


def ended(runs: Sequence[Run]) -> list[Run]:
    """Return the runs that are finished or diverged. Others have no final figures yet."""
    return [run for run in runs if run.metrics and (run.is_finished or not isfinite(run.final_loss()))]


def _markdown_row(point: Point, keys: Sequence[str], runs: Sequence[Run]) -> tuple[str, ...]:
    settings = dict(point.settings)
    losses = [run.final_loss(LAST_STEPS) for run in ended(runs)]
    errors = [error for run in runs if run.is_finished and (error := test_error(run)) is not None]
    finished = f"{sum(run.is_finished for run in runs)} of {len(runs)}"
    return (point.plan.name, *(settings[key] for key in keys), spread(losses), spread(errors), finished)


def spread(values: Sequence[float]) -> str:
    """Return the median of some values with their range; infinity stands for a run that diverged."""
    finite = [value for value in values if isfinite(value)]
    if not values:
        return ""
    text = figure(median(values)) if isfinite(median(values)) else "diverged"
    text += f" ({figure(min(finite))} to {figure(max(finite))})" if len(finite) > 1 else ""
    lost = len(values) - len(finite)
    return text + (f", {lost} of {len(values)} diverged" if lost > 0 and finite else "")


def figure_of(grid: Sweep, runs: Sequence[Run]) -> Picture | None:
    """Return the training loss of all: median and range over the seeds; None where no run has ended."""
    shown = traced(ended(runs))
    return draw(TrainingCharts().seeds(shown, Measure.TRAIN_LOSS), WIDTH, HEIGHT).picture if shown else None
