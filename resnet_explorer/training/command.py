"""The command ``train``: networks trained side by side, kept as they go, and told of at their end."""

import argparse
import shutil
from collections.abc import Sequence
from math import isfinite

from resnet_explorer import files
from resnet_explorer.engine.pytorch import require
from resnet_explorer.errors import ExplorerError
from resnet_explorer.picture.chart import draw
from resnet_explorer.picture.marks import Picture
from resnet_explorer.picture.theme import THEMES
from resnet_explorer.readings.text import LAST_STEPS, figure
from resnet_explorer.runs.plan import Run
from resnet_explorer.terminal.output import NAME, complain, say
from resnet_explorer.terminal.pictures import painter
from resnet_explorer.training import group, tables
from resnet_explorer.training.chart_data import Measure, traced
from resnet_explorer.training.charts import TrainingCharts
from resnet_explorer.training.crew import Crew, Outcome, displayed, workers_for
from resnet_explorer.training.plans import FLAGS, Task, plans_of, root_of, tasks_of
from resnet_explorer.training.text import conditions, measured

FAILED = 1
INTERRUPTED = 130
_TITLES = ("network", "seed", "steps", "training loss", "test error", "steps/s")


def told(runs: Sequence[Run]) -> str:
    """Return the conditions, a line for each run, and what was measured."""
    rows = [_TITLES, *(_row(run) for run in runs)]
    wide = [max(len(row[column]) for row in rows) for column in range(len(_TITLES))]
    lines = ["  ".join((row[0].ljust(wide[0]), *map(str.rjust, row[1:], wide[1:]))).rstrip() for row in rows]
    return "\n".join((conditions(runs), "", *lines, "", measured(runs))) + "\n"


def _row(run: Run) -> tuple[str, ...]:
    recipe = run.plan.recipe
    made = f"{len(run.metrics):,}" if run.is_finished else f"{len(run.metrics):,} of {recipe.steps:,}"
    return run.plan.name, str(run.plan.seed), made, loss_words(run), error_words(run), speed_words(run)


def loss_words(run: Run) -> str:
    """Return the training loss at a run's end."""
    loss = run.final_loss(LAST_STEPS)
    return "none" if not run.metrics else figure(loss) if isfinite(loss) else "diverged"


def test_error(run: Run) -> float | None:
    """Return the test error of a run that was judged last, in percent; None where none was."""
    judged = (one.test_accuracy for one in reversed(run.metrics) if one.test_accuracy is not None)
    accuracy = next(judged, None)
    return None if accuracy is None else 100 * (1 - accuracy)


def error_words(run: Run) -> str:
    """Return the test error of a run that was judged last."""
    error = test_error(run)
    return "none" if error is None else f"{figure(error)} %"


def speed_words(run: Run) -> str:
    """Return the steps a second over a whole run."""
    return figure(len(run.metrics) / run.metrics[-1].seconds) if run.last and run.last.seconds > 0 else "none"


def complaints(problems: dict[int, str], names: Sequence[str]) -> list[str]:
    """Return a sentence for each thing that went wrong, with the runs that it ended."""
    found: dict[str, list[str]] = {}
    for place, why in sorted(problems.items()):
        found.setdefault(why, []).append(names[place])
    return [f"{', '.join(who)}: {why}" for why, who in found.items()]


WIDTH, HEIGHT = 960.0, 520.0
_PLANNING = ("nets", "preset", "settings", "data", "input", "seed", "seeds", *FLAGS, "recipe", "device", "output")
"""What a run that goes on knows itself."""


def train(options: argparse.Namespace) -> int:
    """Train what the options ask; return the exit status. The curves are drawn where a file for them is named."""
    paint = painter(options.picture) if options.picture else None
    if options.workers is not None and options.workers < 1:
        raise ExplorerError("workers", f"{options.workers} workers train nothing.", "Choose 1 or more.")
    tasks = _continued(options) if options.continued is not None else _asked(options)
    places = group.missing(tasks)
    if places:
        require()
    others = () if options.continued is not None else group.write(tasks[0].folder.parent, tasks)
    outcome = _made(tasks, places, others, options)
    names = [task.folder.name for task in tasks]
    for words in complaints(outcome.problems, names):
        complain(words)
    if outcome.stopped:
        complain(f'Stopped. To go on: {NAME} train --continue "{tasks[0].folder.parent}"')
        return INTERRUPTED
    runs = group.runs_of(tasks, outcome.problems)
    if not any(run.metrics for run in runs):
        if options.output is None and options.continued is None:
            shutil.rmtree(tasks[0].folder.parent, ignore_errors=True)
        return FAILED if outcome.problems else 0
    _tell(runs, options)
    if paint:
        files.write(options.picture, paint(picture_of(runs), THEMES[options.theme]))
    return FAILED if outcome.problems else 0


def _asked(options: argparse.Namespace) -> tuple[Task, ...]:
    plans = plans_of(options)
    return tasks_of(plans, root_of(options, plans))


def _continued(options: argparse.Namespace) -> tuple[Task, ...]:
    given = [key for key in _PLANNING if getattr(options, key) not in (None, [])]
    if given:
        words = {"nets": "NET", "settings": "--set", "output": "-o"}.get(given[0], f"--{given[0]}")
        raise ExplorerError("continue", f"Runs that go on know {words} themselves.", f"Leave {words} out.")
    return group.read(options.continued)


def _made(tasks: Sequence[Task], places: Sequence[int], others: Sequence[Task], options: argparse.Namespace) -> Outcome:
    """Make the steps that are missing of the runs in these places; ``others`` are in the same folder."""
    with displayed(tasks) as display:
        display.say(f"Runs are kept in {tasks[0].folder.parent}")
        if words := group.others_words(others):
            display.say(words)
        if done := len(tasks) - len(places):
            display.say(f"{done:,} of {len(tasks):,} runs are whole already.")
        if not places:
            return Outcome()
        crew = Crew(tasks, display, workers_for(len(places), options.workers), options.tensorboard)
        return crew.work(places)


def _tell(runs: Sequence[Run], options: argparse.Namespace) -> None:
    if options.csv:
        say(tables.to_csv(runs))
    else:
        say(tables.to_json(runs) if options.json else told(runs))


def picture_of(runs: Sequence[Run]) -> Picture:
    """Return the training losses: a curve a run, or median and range where networks have several seeds."""
    shown, charts = traced([run for run in runs if run.metrics]), TrainingCharts()
    many = len({run.plan.seed for run in runs}) > 1
    chart = (charts.seeds if many else charts.curves)(shown, Measure.TRAIN_LOSS)
    return draw(chart, WIDTH, HEIGHT).picture
