"""Crashes as values, and the log that keeps them: small text files that rotate."""

import logging
import re
import sys
import traceback
from contextlib import suppress
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

from resnet_explorer.dataclass import dataclass
from resnet_explorer.ui import last_words
from resnet_explorer.ui.preferences import log_folder

NAME = "crashes.log"
TIME = "%Y-%m-%d %H:%M:%S"
"""How a time is written."""
LARGEST, KEPT = 200_000, 2
"""In bytes, and how many older files are kept."""
_HEAD = re.compile(r"^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) UTC (.+)$", re.MULTILINE)
_LONGEST = 20_000


@dataclass(frozen=True, slots=True)
class Crash:
    """What went wrong: a sentence, the traceback or what else is known, and when (UTC).

    Two of the same ``key`` are the same thing once more.
    """

    key: str
    what: str
    details: str = ""
    when: str = ""


class Logged(NamedTuple):
    """An entry of the log: when (UTC), and the sentence."""

    when: str
    what: str


def crash(key: str, what: str, details: str = "") -> Crash:
    """Return what goes wrong now; the user's folder is left out of the details."""
    text = details[-_LONGEST:].replace(str(Path.home()), "~") if len(str(Path.home())) > 1 else details[-_LONGEST:]
    return Crash(key, what, text.strip(), datetime.now(UTC).strftime(TIME))


def from_exception(
    kind: type[BaseException], error: BaseException | None, trace: TracebackType | None, where: str = ""
) -> Crash:
    """Return an exception that nothing has caught; ``where`` says in which thread or the like."""
    frames = traceback.extract_tb(trace)
    place = f"{Path(frames[-1].filename).name}, line {frames[-1].lineno}" if frames else ""
    said = (str(error).strip().splitlines() or [""])[0].rstrip(".")[:200]
    reason = f"{kind.__name__}{f': {said}' if said else ''}"
    what = f"Internal error{f' {where}' if where else ''}: {reason}{f' ({place})' if place else ''}."
    return crash(f"{kind.__name__} {place} {where}", what, "".join(traceback.format_exception(kind, error, trace)))


def path() -> Path:
    """Return the file of the log, which need not exist."""
    return log_folder() / NAME


def write(entry: Crash, is_crash: bool = True) -> None:
    """Add an entry to the log, where ``last`` finds it if it is a crash; write errors are ignored.

    The file is open no longer than that takes.
    """
    indented = "".join(f"    {line}\n" for line in entry.details.splitlines())
    _append(f"{'' if is_crash else '  '}{entry.when} UTC {entry.what}\n{indented}".rstrip())


def write_again(entry: Crash, count: int) -> None:
    """Note in a line how often something has happened."""
    _append(f"    {count} times so far: {entry.what}")


def _append(text: str) -> None:
    with suppress(OSError):
        log_folder().mkdir(parents=True, exist_ok=True)
        handler = RotatingFileHandler(path(), maxBytes=LARGEST, backupCount=KEPT, encoding="utf-8", errors="replace")
        handler.handleError = lambda record: None  # type: ignore[method-assign]  # a full disk is no second crash
        handler.emit(logging.LogRecord(NAME, logging.ERROR, NAME, 0, text, None, None))
        handler.close()


def last() -> Logged | None:
    """Return the last crash in the log; None where there is none. Raises OSError where it cannot be read."""
    for file in (path(), path().with_name(f"{NAME}.1")):
        if file.exists() and (heads := _HEAD.findall(file.read_text(encoding="utf-8", errors="replace"))):
            return Logged(*heads[-1])
    return None


def take_deaths() -> list[Crash]:
    """Move what processes that crashed have left into the log, and return it, the newest last."""
    taken = []
    for file in last_words.left():
        with suppress(OSError):
            words = file.read_text(encoding="utf-8", errors="replace")
            file.unlink()
            reason = words.strip().splitlines()[0].removeprefix("Fatal Python error: ") if words.strip() else ""
            entry = crash("death", f"ResNet Explorer crashed the last time: {reason}.", words)
            write(entry)
            taken.append(entry)
    return taken


def print_exception(kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> None:
    """Print an exception for whoever looks at the terminal, where there is one."""
    if sys.stderr is not None:
        with suppress(OSError, ValueError):
            traceback.print_exception(kind, error, trace)
