"""Trainings that have steps left: noted in a file while they run, so that the next start can offer them.

The file is written on a thread: beside trainings that save their states a disk keeps its writers waiting for as long
as a third of a second, which the window must not be.
"""

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from resnet_explorer import codec, files
from resnet_explorer.dataclass import dataclass
from resnet_explorer.errors import ExplorerError
from resnet_explorer.runs.folder import READERS, WRITERS
from resnet_explorer.runs.plan import RunPlan

FORMAT, VERSION = "resnet-explorer unfinished runs", 1


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A run that has steps left: its folder, which is not there yet if it waits, its plan, and that of a tuning."""

    folder: str
    plan: RunPlan
    tune: str = ""


@dataclass(frozen=True, slots=True)
class _File:
    format: str
    version: int
    runs: tuple[Unfinished, ...] = ()


_writer = ThreadPoolExecutor(1, "unfinished runs")
"""One thread, so that what is noted last is written last; the interpreter ends after it."""
_writing: Future[None] | None = None


def note(root: Path, lab: str, runs: Sequence[Unfinished]) -> None:
    """Write down the unfinished runs of a lab in place of those of before, soon; write errors are ignored."""
    global _writing
    _writing = _writer.submit(_write, root, lab, tuple(runs))


def _write(root: Path, lab: str, runs: tuple[Unfinished, ...]) -> None:
    file = root / f"unfinished-{lab}.json"
    try:
        if runs:
            root.mkdir(parents=True, exist_ok=True)
            files.write(file, codec.encode(_File(FORMAT, VERSION, runs), WRITERS).encode())
        else:
            file.unlink(missing_ok=True)
    except (OSError, ExplorerError):
        return


def noted(root: Path, lab: str) -> tuple[Unfinished, ...]:
    """Return the runs of a lab that were unfinished when the app ended; none where that cannot be read.

    What this process has noted is waited for.
    """
    if _writing is not None:
        _writing.result()
    file = root / f"unfinished-{lab}.json"
    try:
        content = codec.unwrap(files.read_text(file), FORMAT, (VERSION,), str(file), "holds no runs")
        return codec.decode(content, _File, READERS).runs
    except (OSError, UnicodeDecodeError, ExplorerError):
        return ()
