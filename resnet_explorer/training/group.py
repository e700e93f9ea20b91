"""Runs that were asked for together: the file that names them all, so that those that have not begun go on as well."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from resnet_explorer import codec, files
from resnet_explorer.errors import ExplorerError, ExportError
from resnet_explorer.runs import folder as runs_folder
from resnet_explorer.runs.codec import READERS, RUN, WRITERS, check_same
from resnet_explorer.runs.plan import Run, RunPlan
from resnet_explorer.terminal.output import NAME
from resnet_explorer.training.plans import Task

FILE = "runs.json"
FORMAT = "resnet-explorer runs"
VERSION = 1


@dataclass(frozen=True, slots=True)
class _Row:
    folder: str
    plan: RunPlan


def write(root: Path, tasks: Sequence[Task]) -> tuple[Task, ...]:
    """Make the folder and write which runs belong to it, once it is sure that no other run lies in their places.

    Runs that belong to it already stay in its list, so that ``read`` knows them all; those are returned.
    """
    _check_root(root)
    for task in tasks:
        if (task.folder / RUN).is_file():
            check_same(task.folder, task.plan, runs_folder.summarize_run(task.folder).plan)
    mine = {task.folder for task in tasks}
    others = tuple(one for one in _listed(root) if one.folder not in mine)
    try:
        root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ExportError(
            str(root), f"{root} cannot be made: {error.strerror or error}.", "Choose another folder."
        ) from error
    rows = [_Row(str(task.folder.relative_to(root)), task.plan) for task in (*others, *tasks)]
    content = {"format": FORMAT, "version": VERSION, "runs": rows}
    files.write(root / FILE, codec.encode(content, WRITERS, indent=1))
    return others


def _listed(root: Path) -> tuple[Task, ...]:
    """Return the runs that belong to a folder so far; none where its list cannot be read."""
    if (root / FILE).is_file():
        try:
            return _named(root)
        except ExplorerError:
            return ()
    inside = (one for one in runs_folder.list_runs(root) if one.path.parent == root and not one.is_tuning)
    return tuple(sorted((Task(one.plan, one.path) for one in inside), key=lambda task: task.folder))


def others_words(others: Sequence[Task]) -> str:
    """Return a sentence on the runs of a folder that this command does not train and that are not done; or nothing."""
    names = [one.folder.name for one in others if not is_done(one)]
    if not names:
        return ""
    few = ", ".join(names[:3]) + (f" and {len(names) - 3:,} more" if len(names) > 3 else "")
    which = "an unfinished run" if len(names) == 1 else f"{len(names):,} unfinished runs"
    root = others[0].folder.parent
    return f'This folder also holds {which}: {few}. To go on with all: {NAME} train --continue "{root}"'


def check_tuning(root: Path, tasks: Sequence[Task]) -> None:
    """Raise ExplorerError where the folder of one run holds others already, or that of several is a run itself.

    The list of kept runs would not show those any longer.
    """
    if tasks[0].folder != root:
        _check_root(root)
    elif inside := sorted(one.path.name for one in runs_folder.list_runs(root) if one.path != root):
        words = f"{root} holds other runs: {', '.join(inside[:3])}."
        raise ExplorerError(str(root), words, "Choose another folder with -o.")


def _check_root(root: Path) -> None:
    if (root / RUN).is_file():
        words = f"{root} is the folder of a single run, and can hold no others."
        raise ExplorerError(str(root), words, "Choose another folder with -o.")


def read(root: Path) -> tuple[Task, ...]:
    """Return the runs that belong to a folder, those that have not begun as well.

    A folder that the window made names none: its runs are those that lie in it. Raises ExplorerError where there are
    no runs.
    """
    if (root / FILE).is_file():
        return _named(root)
    found = [Task(one.plan, one.path) for one in runs_folder.list_runs(root)]
    if not found:
        raise ExplorerError(str(root), f"There are no runs in {root}.", "Choose a folder that 'train' wrote.")
    return tuple(sorted(found, key=lambda task: task.folder))


def _named(root: Path) -> tuple[Task, ...]:
    try:
        content = codec.unwrap((root / FILE).read_text(encoding="utf-8"), FORMAT, (VERSION,), FILE, "names no runs")
        rows = codec.decode(content.get("runs"), tuple[_Row, ...], READERS, "$.runs")
        return tuple(Task(row.plan, root / row.folder) for row in rows)
    except (OSError, UnicodeDecodeError, ExplorerError) as error:
        words = f"{root / FILE} cannot be read ({error})."
        raise ExplorerError(str(root), words, "Give the arguments again, with -o.") from error


def is_done(task: Task) -> bool:
    """Return whether a run needs no more steps: all are made, or it diverged."""
    if not (task.folder / RUN).is_file():
        return False
    found = runs_folder.summarize_run(task.folder)
    return found.is_finished and not found.problem


def missing(tasks: Sequence[Task]) -> tuple[int, ...]:
    """Return the places of the runs that need more steps."""
    return tuple(place for place, task in enumerate(tasks) if not is_done(task))


def runs_of(tasks: Sequence[Task], problems: dict[int, str]) -> tuple[Run, ...]:
    """Return the runs as they are kept; ``problems`` say why those of some places ended early."""
    found = []
    for place, task in enumerate(tasks):
        why = problems.get(place, "")
        if (task.folder / RUN).is_file():
            run = runs_folder.read(task.folder)
            found.append(Run(task.plan, run.environment, run.metrics, run.folder, why or run.problem))
        else:
            found.append(Run(task.plan, None, (), str(task.folder), why))
    return tuple(found)
