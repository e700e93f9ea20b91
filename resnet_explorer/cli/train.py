"""The command ``train``: networks trained side by side, kept as they go, and told of at their end."""

import argparse
import shutil
from collections.abc import Sequence

from resnet_explorer.analysis.training import Run
from resnet_explorer.cli import train_group
from resnet_explorer.cli.output import NAME, complain, say
from resnet_explorer.cli.train_crew import Crew, Outcome, workers_for
from resnet_explorer.cli.train_display import displayed
from resnet_explorer.cli.train_plans import FLAGS, Task, plans_of, root_of, tasks_of
from resnet_explorer.cli.train_words import FAILED, INTERRUPTED, complaints, told
from resnet_explorer.drawing.chart import draw
from resnet_explorer.drawing.marks import Picture
from resnet_explorer.drawing.training import Measure, TrainingCharts, traced
from resnet_explorer.engine.pytorch import require
from resnet_explorer.errors import ExplorerError
from resnet_explorer.export import run_table

WIDTH, HEIGHT = 960.0, 520.0
_PLANNING = ("nets", "preset", "settings", "data", "input", "seed", "seeds", *FLAGS, "recipe", "device", "output")
"""What a run that goes on knows itself."""


def train(options: argparse.Namespace) -> tuple[int, Picture | None]:
    """Train what the options ask; return the exit status, and the curves where a file for them is named."""
    if options.workers is not None and options.workers < 1:
        raise ExplorerError("workers", f"{options.workers} workers train nothing.", "Choose 1 or more.")
    tasks = _continued(options) if options.continued is not None else _asked(options)
    places = train_group.missing(tasks)
    if places:
        require()
    others = () if options.continued is not None else train_group.write(tasks[0].folder.parent, tasks)
    outcome = _made(tasks, places, others, options)
    names = [task.folder.name for task in tasks]
    for words in complaints(outcome.problems, names):
        complain(words)
    if outcome.stopped:
        complain(f'Stopped. To go on: {NAME} train --continue "{tasks[0].folder.parent}"')
        return INTERRUPTED, None
    runs = train_group.runs_of(tasks, outcome.problems)
    if not any(run.metrics for run in runs):
        if options.output is None and options.continued is None:
            shutil.rmtree(tasks[0].folder.parent, ignore_errors=True)
        return FAILED if outcome.problems else 0, None
    _tell(runs, options)
    return FAILED if outcome.problems else 0, picture_of(runs) if options.picture else None


def _asked(options: argparse.Namespace) -> tuple[Task, ...]:
    plans = plans_of(options)
    return tasks_of(plans, root_of(options, plans))


def _continued(options: argparse.Namespace) -> tuple[Task, ...]:
    given = [key for key in _PLANNING if getattr(options, key) not in (None, [])]
    if given:
        words = {"nets": "NET", "settings": "--set", "output": "-o"}.get(given[0], f"--{given[0]}")
        raise ExplorerError("continue", f"Runs that go on know {words} themselves.", f"Leave {words} out.")
    return train_group.read(options.continued)


def _made(tasks: Sequence[Task], places: Sequence[int], others: Sequence[Task], options: argparse.Namespace) -> Outcome:
    """Make the steps that are missing of the runs in these places; ``others`` are in the same folder."""
    with displayed(tasks) as display:
        display.say(f"Runs are kept in {tasks[0].folder.parent}")
        if words := train_group.others_words(others):
            display.say(words)
        if done := len(tasks) - len(places):
            display.say(f"{done:,} of {len(tasks):,} runs are whole already.")
        if not places:
            return Outcome()
        crew = Crew(tasks, display, workers_for(len(places), options.workers), options.tensorboard)
        return crew.work(places)


def _tell(runs: Sequence[Run], options: argparse.Namespace) -> None:
    if options.csv:
        say(run_table.to_csv(runs))
    else:
        say(run_table.to_json(runs) if options.json else told(runs))


def picture_of(runs: Sequence[Run]) -> Picture:
    """Return the training losses: a curve a run, or median and range where networks have several seeds."""
    shown, charts = traced([run for run in runs if run.metrics]), TrainingCharts()
    many = len({run.plan.seed for run in runs}) > 1
    chart = (charts.seeds if many else charts.curves)(shown, Measure.TRAIN_LOSS)
    return draw(chart, WIDTH, HEIGHT).picture
