"""Run folders without PyTorch: their files in and out of JSON; runs listed, read, renamed, deleted and restored."""

import io
import os
import re
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import lru_cache
from math import isfinite
from pathlib import Path

from resnet_explorer import codec, files
from resnet_explorer.dataclass import dataclass
from resnet_explorer.errors import ExplorerError, ExportError
from resnet_explorer.runs.plan import Metric, Run, RunEnvironment, RunPlan
from resnet_explorer.spec import InputShape
from resnet_explorer.spec.codec import READERS as SPEC_READERS
from resnet_explorer.spec.codec import WRITERS as SPEC_WRITERS

FORMAT = "resnet-explorer run"
VERSION = 1
RUN, METRICS, CHECKPOINT, ENDED, NAME = "run.json", "metrics.jsonl", "checkpoint.safetensors", "ended.json", "name.txt"
"""The files of a run folder: plan and environment, a line a step, the newest state, how it ended, its name."""
TUNE, BEST, OPENED = "tune.json", "best.safetensors", "opened.jsonl"
"""More files of a fine-tuning: its plan, the weights of the best epoch, a line for what trains from which epoch."""
WRITERS: codec.Writers = {**SPEC_WRITERS, InputShape: lambda image: (image.height, image.width)}
"""Only the size of the images is saved: the batch is the recipe's."""
READERS: codec.Readers = {**SPEC_READERS, InputShape: (tuple[int, int], lambda size: InputShape(1, *size))}
_NUMBERS: codec.Writers = {float: lambda value: value if isfinite(value) else str(value)}
"""Values that are not finite are strings in the lines of steps."""


@dataclass(frozen=True, slots=True)
class _Head:
    plan: RunPlan
    setting: RunEnvironment


@dataclass(frozen=True, slots=True)
class Ended:
    """Why a run ended early, empty where it did not; ``final`` where it cannot continue, or has no reason to."""

    problem: str = ""
    final: bool = False

    @property
    def over(self) -> bool:
        """Return whether the run stopped early on purpose."""
        return self.final and not self.problem


def dumps(plan: RunPlan, environment: RunEnvironment, indent: int | None = 1) -> str:
    """Return the text of ``run.json``."""
    content = {"format": FORMAT, "version": VERSION, "plan": plan, "setting": environment}
    return codec.encode(content, WRITERS, indent=indent)


def loads(text: str, where: str) -> tuple[RunPlan, RunEnvironment]:
    """Return the plan and the environment in a text of ``dumps``; raises ExplorerError naming ``where`` otherwise."""
    content = codec.unwrap(text, FORMAT, (VERSION,), where, "holds no run")
    try:
        head = codec.decode({key: content[key] for key in ("plan", "setting") if key in content}, _Head, READERS)
    except ExplorerError as error:
        raise ExplorerError(where, f"The run in {where} cannot be read: {error.what}", "Choose another run.") from error
    return head.plan, head.setting


def run_files(folder: str) -> tuple[str, ...]:
    """Return the files and folders on which depends what can be measured of a run: its weights, its own images."""
    if not folder:
        return ()
    own: list[str] = []
    with suppress(OSError, ExplorerError, KeyError, TypeError):
        plan = codec.parse(files.read_bytes(Path(folder) / TUNE))["plan"]
        own = [str(plan[key][name]) for key, name in (("data", "where"), ("weights", "name"))]
    return (*(str(Path(folder, name)) for name in (RUN, CHECKPOINT, BEST, TUNE)), *filter(None, own))


def check_same(folder: Path, plan: RunPlan, kept: RunPlan) -> None:
    """Raise ExplorerError where the run in a folder has another plan; its name may be another."""
    if different := [key for key in codec.differences(plan, kept, WRITERS) if key != "name"]:
        text = f"{folder} holds a run of another {different[0]}."
        raise ExplorerError(str(folder), text, "Choose another folder, or the same settings.")


def ended_in(folder: Path) -> Ended:
    """Return how the run in a folder ended; no problem where that is unknown."""
    try:
        return codec.decode(codec.parse(files.read_bytes(folder / ENDED)), Ended)
    except (OSError, ExplorerError):
        return Ended()


def metric_to_line(metric: Metric) -> str:
    """Return a step as a line of ``metrics.jsonl``, with its line break; unknown values are left out."""
    values = codec.plain(metric, _NUMBERS) | {"seconds": round(metric.seconds, 6)}
    return codec.encode({key: value for key, value in values.items() if value is not None}, indent=None)


def metric_from_line(line: str | bytes) -> Metric | None:
    """Return the step in a line of ``metrics.jsonl``; None where the line is torn."""
    return codec.decode_line(line, Metric, {"accuracy": None})


def metrics_from(content: bytes) -> tuple[Metric, ...]:
    """Return the steps of a ``metrics.jsonl`` in order, of a repeated step the last; torn lines are skipped."""
    by_step: dict[int, Metric] = {}
    torn = 0
    for line in io.BytesIO(content):
        metric = metric_from_line(line)
        if metric is not None:
            by_step[metric.step] = metric
        elif (torn := torn + 1) > MOST_TORN:  # no list of steps
            break
    return tuple(by_step[step] for step in sorted(by_step))


def read_metrics(folder: Path) -> tuple[Metric, ...]:
    """Return the steps of the run in a folder, none where there are none; raises ExplorerError as ``read``."""
    with _os_errors_as_text(folder), suppress(FileNotFoundError):
        return metrics_from(files.read_bytes(folder / METRICS, MOST_METRICS))
    return ()


TRASH = ".trash"
DEPTH = 3
"""Maximum depth of run folders under the root."""
MOST_TORN = 1000
"""Torn lines that are skipped: each end of a process can leave one."""
MOST_METRICS = 2**28
"""Bytes of a list of steps that are read: some million steps, or 4,000 measurements of 600 blocks."""
_TAIL = 2**18
"""The last step is within this many bytes of the end, unless a network has thousands of blocks."""


@dataclass(frozen=True, slots=True, eq=False)
class RunFolder:
    """A saved run as a list shows it; ``problem`` says why it ended early, ``over`` that it did so on purpose."""

    path: Path
    plan: RunPlan
    environment: RunEnvironment
    last: Metric | None
    problem: str = ""
    over: bool = False

    @property
    def name(self) -> str:
        return self.plan.name

    @property
    def steps(self) -> int:
        return self.last.step + 1 if self.last else 0

    @property
    def is_finished(self) -> bool:
        """Return whether every step of the recipe is made, or the run stopped early on purpose."""
        return self.over or self.steps >= self.plan.recipe.steps

    @property
    def is_tuning(self) -> bool:
        return (self.path / TUNE).is_file()


@dataclass(frozen=True, slots=True)
class Trashed:
    """A deleted run: where it was, and where it is until the trash is emptied."""

    folder: Path
    at: Path


def file_name(title: str) -> str:
    """Return a folder name that is valid on every system."""
    return re.sub(r"[^\w .,()+=-]+", "-", title).strip(" .") or "run"


def read(folder: Path) -> Run:
    """Return a saved run with all its steps; raises ExplorerError for no run, or one of a newer version."""
    plan, environment = read_head(folder)
    metrics = read_metrics(folder)
    ended = ended_in(folder)
    return Run(replace(plan, name=_name(folder, plan)), environment, metrics, str(folder), ended.problem, ended.over)


def summarize_run(folder: Path) -> RunFolder:
    """Return a saved run with only its last step; raises ExplorerError as ``read``."""
    plan, environment = read_head(folder)
    plan, ended = replace(plan, name=_name(folder, plan)), ended_in(folder)
    return RunFolder(folder, plan, environment, _last(folder / METRICS), ended.problem, ended.over)


def list_runs(root: Path) -> tuple[RunFolder, ...]:
    """Return the runs in a folder and its subfolders, the newest first; other folders are skipped."""
    return newest_first(found_runs(root))


def found_runs(root: Path) -> Iterator[RunFolder]:
    """Yield the runs of ``list_runs`` as they are found: each takes a millisecond to read."""
    for folder in _folders(root, DEPTH):
        with suppress(ExplorerError):  # of a newer version, or broken: ``read`` says why
            yield summarize_run(folder)


def newest_first(runs: Iterable[RunFolder]) -> tuple[RunFolder, ...]:
    """Return runs as a list of them is ordered."""
    return tuple(sorted(runs, key=lambda run: (run.environment.began, str(run.path)), reverse=True))


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


def read_head(folder: Path) -> tuple[RunPlan, RunEnvironment]:
    """Return the plan of a saved run, with its first name, and its environment; raises ExplorerError as ``read``."""
    if not (folder / RUN).is_file():
        raise ExplorerError(str(folder), f"{folder} holds no run.", "Choose a folder that a training wrote.")
    with _os_errors_as_text(folder):
        return _parsed(files.read_bytes(folder / RUN).decode(errors="replace"), str(folder))


@lru_cache(maxsize=512)
def _parsed(text: str, where: str) -> tuple[RunPlan, RunEnvironment]:
    """Parse each text once: a list of many runs is read again whenever one of them ends."""
    return loads(text, where)


def _last(file: Path) -> Metric | None:
    """Return the last step of a file that may be long."""
    try:
        if files.kind_of_path(file):
            return None
        with file.open("rb") as lines:
            size = lines.seek(0, os.SEEK_END)
            lines.seek(max(0, size - _TAIL))
            tail = lines.read(_TAIL).split(b"\n")
    except OSError:
        return None
    metrics = (metric_from_line(line) for line in reversed(tail) if line)
    return next((metric for metric in metrics if metric is not None), None)


def _name(folder: Path, plan: RunPlan) -> str:
    try:
        name = files.read_text(folder / NAME).strip()
    except (OSError, UnicodeDecodeError):
        return plan.name
    return name if _is_name(name) else plan.name


def _is_name(text: str) -> bool:
    return len(text.strip()) > 0 and len(text) <= 80 and text.isprintable()


def rename(folder: Path, name: str) -> None:
    """Rename a saved run, not its folder; raises ExplorerError for an invalid name."""
    if not _is_name(name):
        raise ExplorerError("name", "A run's name has 1 to 80 characters.", "Choose another name.")
    files.write(folder / NAME, name.strip() + "\n")


def throw_away(folder: Path) -> Trashed:
    """Move a run to the trash beside it; ``fetch_back`` restores it. Raises ExportError where that fails."""
    at = folder.parent / TRASH / f"{folder.name}-{secrets.token_hex(4)}"
    with _os_errors_as_text(folder):
        at.parent.mkdir(exist_ok=True)
        folder.rename(at)
    return Trashed(folder, at)


def fetch_back(trashed: Trashed) -> Path:
    """Restore a run from the trash, and return its folder; raises ExportError where that is taken, or the run gone."""
    if trashed.folder.exists():
        raise ExportError(str(trashed.folder), f"{trashed.folder} exists already.", "Rename what is there.")
    with _os_errors_as_text(trashed.at):
        trashed.at.rename(trashed.folder)
    return trashed.folder


@contextmanager
def _os_errors_as_text(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        text = f"The run in {folder} cannot be accessed: {error.strerror or error}."
        raise ExportError(str(folder), text, "Check the folder and its permissions.") from error
