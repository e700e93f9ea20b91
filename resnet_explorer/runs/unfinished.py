"""Trainings that have steps left: noted in a file while they run, so that the next start can offer them."""

from collections.abc import Sequence
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


def note(root: Path, lab: str, runs: Sequence[Unfinished]) -> None:
    """Write down the unfinished runs of a lab in place of those of before; write errors are ignored."""
    file = root / f"unfinished-{lab}.json"
    try:
        if runs:
            root.mkdir(parents=True, exist_ok=True)
            files.write(file, codec.encode(_File(FORMAT, VERSION, tuple(runs)), WRITERS).encode())
        else:
            file.unlink(missing_ok=True)
    except (OSError, ExplorerError):
        return


def noted(root: Path, lab: str) -> tuple[Unfinished, ...]:
    """Return the runs of a lab that were unfinished when the app ended; none where that cannot be read."""
    file = root / f"unfinished-{lab}.json"
    try:
        content = codec.unwrap(file.read_text(encoding="utf-8"), FORMAT, (VERSION,), str(file), "holds no runs")
        return codec.decode(content, _File, READERS).runs
    except (OSError, UnicodeDecodeError, ExplorerError):
        return ()
