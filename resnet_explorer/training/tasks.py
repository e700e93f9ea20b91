"""The runs that ``train`` and ``sweep`` make, each with its folder, and the list in the folder that holds them all."""

import argparse
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from resnet_explorer import codec, files
from resnet_explorer.errors import ExplorerError, ExportError
from resnet_explorer.runs import folder as runs_folder
from resnet_explorer.runs.folder import READERS, RUN, WRITERS, check_same, file_name
from resnet_explorer.runs.plan import Run, RunPlan
from resnet_explorer.runs.recipe import set_recipe
from resnet_explorer.terminal.output import NAME
from resnet_explorer.training.presets import PRESETS, net_name, plan_of, preset_of, preset_plans

MOST_SEEDS = 1_000
MOST_SEED = 2**32
FLAGS = ("steps", "batch", "rate", "schedule", "optimiser")
"""Settings of the recipe that have options of their own."""
FILE = "runs.json"
MOST_BYTES, MOST_VALUES = 2**26, 3 * 10**6
"""Bytes of a list of runs, and values in it: the largest sweep has two thirds of them."""
FORMAT = "resnet-explorer runs"
VERSION = 1


@dataclass(frozen=True, slots=True)
class Task:
    """A run to make, and the folder that keeps it."""

    plan: RunPlan
    folder: Path


@dataclass(frozen=True, slots=True)
class _Row:
    folder: str
    plan: RunPlan


def plans_of(options: argparse.Namespace) -> tuple[RunPlan, ...]:
    """Return the runs that the options ask for; raises ExplorerError where they name neither network nor preset."""
    if not options.nets and not options.preset:
        remedy = "Name a network, as in 'train resnet20', or a --preset."
        raise ExplorerError("net", "There is nothing to train.", remedy)
    settings = [f"{key}={getattr(options, key)}" for key in FLAGS if getattr(options, key) is not None]
    preset = preset_of(options.preset) if options.preset else None
    names = [net_name(net) for net in options.nets]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise ExplorerError("net", f"{twice} is named twice.", "Name each network once; --seeds repeats it.")
    where = options.settings, options.data, options.input
    plans: Sequence[RunPlan] = [plan_of(net, *where, preset) for net in options.nets]
    if preset and not plans:
        plans = preset_plans(preset, *where)
    made = [replace(plan, recipe=set_recipe(plan.recipe, (*settings, *options.recipe))) for plan in plans]
    device = options.device or "cpu"
    return tuple(replace(plan, seed=seed, device=device) for seed in seeds_of(options) for plan in made)


def seeds_of(options: argparse.Namespace) -> tuple[int, ...]:
    """Return the seeds that ``--seed`` or ``--seeds`` asks for."""
    if options.seeds is None:
        seed = options.seed or 0
        if not 0 <= seed < MOST_SEED:
            raise ExplorerError("seed", f"The seed cannot be {seed:,}.", f"Choose 0 to {MOST_SEED - 1:,}.")
        return (seed,)
    if not 1 <= options.seeds <= MOST_SEEDS:
        raise ExplorerError("seeds", f"{options.seeds} seeds cannot be trained.", f"Choose 1 to {MOST_SEEDS:,}.")
    return tuple(range(options.seeds))


def tasks_of(plans: Sequence[RunPlan], root: Path) -> tuple[Task, ...]:
    """Return each run with its folder inside ``root``: its place and its name, and its seed where there are several."""
    many = len({plan.seed for plan in plans}) > 1
    names = [f"{plan.name}, seed {plan.seed}" if many else plan.name for plan in plans]
    pairs = zip(plans, names, strict=True)
    return tuple(Task(plan, root / f"{place} {file_name(name)}") for place, (plan, name) in enumerate(pairs, 1))


def root_of(options: argparse.Namespace, plans: Sequence[RunPlan]) -> Path:
    """Return the folder of all runs: the one that is asked for, or a new one named after date and time."""
    if options.output is not None:
        return Path(options.output)
    names = list(dict.fromkeys(plan.name for plan in plans))
    title = PRESETS[options.preset].title if not options.nets else ", ".join(names[:3])
    title += f" and {len(names) - 3} more" if options.nets and len(names) > 3 else ""
    return Path("runs") / f"{datetime.now():%Y-%m-%d %H.%M.%S} {file_name(title)[:80]}"


def write_list(root: Path, tasks: Sequence[Task]) -> tuple[Task, ...]:
    """Make the folder, write which runs belong to it, and return those that belonged to it already.

    These stay in the list. Raises ExplorerError where a folder of ``tasks`` holds another run.
    """
    _check_root(root)
    for task in tasks:
        if (task.folder / RUN).is_file():
            check_same(task.folder, task.plan, runs_folder.summarize_run(task.folder).plan)
    mine = {task.folder for task in tasks}
    others = tuple(other for other in _listed(root) if other.folder not in mine)
    try:
        root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        why = error.strerror or error
        raise ExportError(str(root), f"{root} cannot be created: {why}.", "Choose another folder.") from error
    rows = [_Row(str(task.folder.relative_to(root)), task.plan) for task in (*others, *tasks)]
    content = {"format": FORMAT, "version": VERSION, "runs": rows}
    files.write(root / FILE, codec.encode(content, WRITERS, indent=1))
    return others


def _listed(root: Path) -> tuple[Task, ...]:
    """Return the runs that belong to a folder so far; none where its list cannot be read."""
    if (root / FILE).is_file():
        try:
            return read_list(root)
        except ExplorerError:
            return ()
    return _inside(run for run in runs_folder.list_runs(root) if run.path.parent == root and not run.is_tuning)


def _inside(runs: Iterable[runs_folder.RunFolder]) -> tuple[Task, ...]:
    return tuple(sorted((Task(run.plan, run.path) for run in runs), key=lambda task: task.folder))


def read_list(root: Path) -> tuple[Task, ...]:
    """Return the runs that belong to a folder, those that have not begun as well.

    A folder that the window made has no list: its runs are those that lie in it. Raises ExplorerError where there are
    no runs.
    """
    if not (root / FILE).is_file():
        if tasks := _inside(runs_folder.list_runs(root)):
            return tasks
        raise ExplorerError(str(root), f"There are no runs in {root}.", "Choose a folder that 'train' wrote.")
    try:
        text = files.read_text(root / FILE, MOST_BYTES)
        content = codec.unwrap(text, FORMAT, (VERSION,), FILE, "names no runs", MOST_VALUES)
        rows = codec.decode(content.get("runs"), tuple[_Row, ...], READERS, "$.runs")
        return tuple(Task(row.plan, root / row.folder) for row in rows)
    except (OSError, UnicodeDecodeError, ExplorerError) as error:
        what = f"{root / FILE} cannot be read ({error})."
        raise ExplorerError(str(root), what, "Give the arguments again, with -o.") from error


def check_folder(root: Path, tasks: Sequence[Task]) -> None:
    """Raise ExplorerError where the folder of one run holds others already, or that of several is a run itself.

    The list of saved runs would not show those any longer.
    """
    if tasks[0].folder != root:
        _check_root(root)
    elif inside := sorted(run.path.name for run in runs_folder.list_runs(root) if run.path != root):
        what = f"{root} holds other runs: {', '.join(inside[:3])}."
        raise ExplorerError(str(root), what, "Choose another folder with -o.")


def _check_root(root: Path) -> None:
    if (root / RUN).is_file():
        what = f"{root} is the folder of a single run, and can hold no others."
        raise ExplorerError(str(root), what, "Choose another folder with -o.")


def describe_others(others: Sequence[Task]) -> str:
    """Return a sentence on the unfinished runs of a folder that this command does not train; empty without any."""
    names = [other.folder.name for other in others if not is_finished(other)]
    if not names:
        return ""
    few = ", ".join(names[:3]) + (f" and {len(names) - 3:,} more" if len(names) > 3 else "")
    which = "an unfinished run" if len(names) == 1 else f"{len(names):,} unfinished runs"
    root = others[0].folder.parent
    return f'This folder also holds {which}: {few}. To continue all: {NAME} train --continue "{root}"'


def is_finished(task: Task) -> bool:
    """Return whether a run has made all its steps, without a problem."""
    if not (task.folder / RUN).is_file():
        return False
    run = runs_folder.summarize_run(task.folder)
    return run.is_finished and not run.problem


def unfinished(tasks: Sequence[Task]) -> tuple[int, ...]:
    """Return the places of the runs that need more steps."""
    return tuple(place for place, task in enumerate(tasks) if not is_finished(task))


def runs_of(tasks: Sequence[Task], problems: dict[int, str]) -> tuple[Run, ...]:
    """Return the runs as they are saved; ``problems`` say why those of some places ended early."""
    runs = []
    for place, task in enumerate(tasks):
        is_there = (task.folder / RUN).is_file()
        run = runs_folder.read(task.folder) if is_there else Run(task.plan, None, (), str(task.folder))
        runs.append(replace(run, plan=task.plan, problem=problems.get(place) or run.problem))
    return tuple(runs)
