"""Kept runs: listed, read, named, thrown away and fetched back, without PyTorch."""

import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from resnet_explorer import files
from resnet_explorer.errors import ExplorerError, ExportError
from resnet_explorer.runs.codec import METRICS, NAME, RUN, TUNE, ended_in, loads, metric_from_line, metrics_from
from resnet_explorer.runs.plan import Metric, Run, RunEnvironment, RunPlan

TRASH = ".trash"
DEPTH = 3
"""Runs lie at most so many folders under the root."""
_TAIL = 2**18
"""So many bytes at the end of the list of steps hold the last one, unless a network has thousands of blocks."""


@dataclass(frozen=True, slots=True, eq=False)
class RunFolder:
    """A kept run as a list shows it: where it is, its name, what it is, its last step, and why it ended early.

    ``over`` says that it ended early and well.
    """

    path: Path
    name: str
    plan: RunPlan
    environment: RunEnvironment
    last: Metric | None
    problem: str = ""
    over: bool = False

    @property
    def steps(self) -> int:
        """Return how many steps are made."""
        return self.last.step + 1 if self.last else 0

    @property
    def is_finished(self) -> bool:
        """Return whether every step of the recipe is made, or there was no reason to go on."""
        return self.over or self.steps >= self.plan.recipe.steps

    @property
    def is_tuning(self) -> bool:
        """Return whether it is a fine-tuning."""
        return (self.path / TUNE).is_file()


@dataclass(frozen=True, slots=True)
class Trashed:
    """A run that was thrown away: where it was, and where it is until the trash is emptied."""

    folder: Path
    at: Path


def file_name(title: str) -> str:
    """Return a name that every system takes for a folder."""
    return re.sub(r"[^\w .,()+=-]+", "-", title).strip(" .") or "run"


def read(folder: Path) -> Run:
    """Return a kept run with all its steps, under the name that it was given last.

    Raises ExplorerError where the folder holds no run, or one of a newer version.
    """
    plan, environment = _head(folder)
    with _worded(folder):
        metrics = metrics_from((folder / METRICS).read_bytes()) if (folder / METRICS).exists() else ()
    problem, over = _ended(folder)
    return Run(replace(plan, name=_name(folder, plan)), environment, metrics, str(folder), problem, over)


def summarize_run(folder: Path) -> RunFolder:
    """Return a kept run without its steps, of which the last alone is read; raises ExplorerError as ``read``."""
    plan, environment = _head(folder)
    name = _name(folder, plan)
    return RunFolder(folder, name, replace(plan, name=name), environment, _last(folder / METRICS), *_ended(folder))


def list_runs(root: Path) -> tuple[RunFolder, ...]:
    """Return the runs in a folder and in the folders inside it, the newest first; what is no run is passed over."""
    found = []
    for folder in _folders(root, DEPTH):
        try:
            found.append(summarize_run(folder))
        except ExplorerError:
            continue  # of a newer version, or broken: ``read`` says why
    return tuple(sorted(found, key=lambda one: (one.environment.began, str(one.path)), reverse=True))


def _folders(root: Path, depth: int) -> Iterator[Path]:
    if (root / RUN).is_file():
        yield root
        return
    try:
        inside = sorted(path for path in root.iterdir() if path.is_dir() and not path.name.startswith("."))
    except OSError:
        return
    for path in inside if depth else ():
        yield from _folders(path, depth - 1)


def _head(folder: Path) -> tuple[RunPlan, RunEnvironment]:
    if not (folder / RUN).is_file():
        raise ExplorerError(str(folder), f"{folder} holds no run.", "Choose a folder that a training wrote.")
    with _worded(folder):
        return _parsed((folder / RUN).read_text(encoding="utf-8", errors="replace"), str(folder))


@lru_cache(maxsize=512)
def _parsed(text: str, where: str) -> tuple[RunPlan, RunEnvironment]:
    """Return what ``loads`` does, once for each text: a list of many runs is read anew whenever one of them ends."""
    return loads(text, where)


def _last(file: Path) -> Metric | None:
    """Return the last step in a list of steps that may be long."""
    try:
        with file.open("rb") as lines:
            size = lines.seek(0, os.SEEK_END)
            lines.seek(max(0, size - _TAIL))
            tail = lines.read().split(b"\n")
    except OSError:
        return None
    known = (metric_from_line(line) for line in reversed(tail) if line)
    return next((metric for metric in known if metric is not None), None)


def _name(folder: Path, plan: RunPlan) -> str:
    try:
        return (folder / NAME).read_text(encoding="utf-8").strip() or plan.name
    except (OSError, UnicodeDecodeError):
        return plan.name


def _ended(folder: Path) -> tuple[str, bool]:
    """Return why a run ended early, empty where it did not, and whether it has nothing to do any longer."""
    ended = ended_in(folder)
    return ended.problem, ended.final and not ended.problem


def rename(folder: Path, name: str) -> None:
    """Give a kept run another name, its folder keeps its own; raises ExplorerError where that cannot be."""
    if not name.strip() or len(name) > 80 or not name.isprintable():
        raise ExplorerError("name", "A run's name is a text of 1 to 80 characters.", "Choose another name.")
    files.write(folder / NAME, name.strip() + "\n")


def throw_away(folder: Path) -> Trashed:
    """Move a run to the trash beside it, from where ``fetch_back`` brings it; raises ExportError where that fails."""
    at = folder.parent / TRASH / f"{folder.name}-{secrets.token_hex(4)}"
    with _worded(folder):
        at.parent.mkdir(exist_ok=True)
        folder.rename(at)
    return Trashed(folder, at)


def fetch_back(trashed: Trashed) -> Path:
    """Bring a run back from the trash to where it was, and return where that is.

    Raises ExportError where something else is there now, or the trash was emptied.
    """
    if trashed.folder.exists():
        raise ExportError(str(trashed.folder), f"{trashed.folder} is taken.", "Rename what is there.")
    with _worded(trashed.at):
        trashed.at.rename(trashed.folder)
    return trashed.folder


@contextmanager
def _worded(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        words = f"The run in {folder} cannot be reached: {error.strerror or error}."
        raise ExportError(str(folder), words, "Check the folder, and who may write there.") from error
