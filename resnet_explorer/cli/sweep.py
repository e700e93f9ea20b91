"""The command ``sweep``: a grid of trainings on local processes or a cluster, with one table and one figure."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from resnet_explorer import files
from resnet_explorer.analysis.sweep import Sweep, loads
from resnet_explorer.cli import sweep_table, train_group
from resnet_explorer.cli.output import NAME, complain, say
from resnet_explorer.cli.train_crew import Crew, Outcome, workers_for
from resnet_explorer.cli.train_display import displayed
from resnet_explorer.cli.train_plans import Task
from resnet_explorer.cli.train_words import FAILED, INTERRUPTED, complaints
from resnet_explorer.drawing.theme import THEMES
from resnet_explorer.engine.pytorch import require
from resnet_explorer.errors import ExplorerError
from resnet_explorer.export.run_folder import file_name
from resnet_explorer.export.svg import to_svg
from resnet_explorer.spec.codec import kind_of_path

TABLE, TEXT, FIGURE = "table.csv", "table.md", "figure.svg"


def sweep(options: argparse.Namespace) -> int:
    """Train what a file asks, but what is whole; write table and figure, and return the exit status."""
    if options.workers is not None and options.workers < 1:
        raise ExplorerError("workers", f"{options.workers} workers train nothing.", "Choose 1 or more.")
    asked = loads(_text(options.file), options.file.name)
    root = options.output or Path("runs") / file_name(options.file.stem)
    tasks = tasks_of(asked, root)
    places = train_group.missing(tasks)
    if places and not options.cluster:
        require()
    others = train_group.write(root, tasks)
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
        if words := train_group.others_words(others):
            display.say(words)
        if not places:
            return Outcome()
        if options.cluster:
            from resnet_explorer.cli.sweep_cluster import work

            return work(tasks, places, display, options.cluster)
        return Crew(tasks, display, workers_for(len(places), options.workers)).work(places)


def _write(asked: Sweep, tasks: Sequence[Task], outcome: Outcome, root: Path, theme: str) -> None:
    """Write both tables and the figure, and say where they are."""
    runs = train_group.runs_of(tasks, outcome.problems)
    files.write(root / TABLE, sweep_table.to_csv(asked, runs))
    text = sweep_table.to_markdown(asked, runs)
    files.write(root / TEXT, text)
    picture = sweep_table.figure_of(asked, runs)
    if picture is not None:
        files.write(root / FIGURE, to_svg(picture, THEMES[theme]))
    say(f"{text}\n{root / TABLE}, {TEXT}{f', {FIGURE}' if picture else ''}\n")
