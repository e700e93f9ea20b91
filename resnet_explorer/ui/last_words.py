"""What is known of a process that crashes: faulthandler writes into a file of its own, which is gone when it ends well.

The next start reads what is left. Standard library only, and quick: it comes before the first paint.
"""

import faulthandler
import os
import time
from contextlib import suppress
from pathlib import Path
from typing import IO

from resnet_explorer.ui.preferences import log_folder

YOUNG_S = 15.0
"""A process that crashes so many seconds after its start, or sooner, may do so at every start."""
_PREFIX = "crash-"
_file: IO[bytes] | None = None


def begin() -> None:
    """Let a crash of this process be written into a file; where none can be made, nothing is."""
    global _file
    with suppress(OSError):
        log_folder().mkdir(parents=True, exist_ok=True)
        _file = (log_folder() / f"{_PREFIX}{os.getpid()}-{time.time():.0f}.txt").open("wb")
        faulthandler.enable(_file)


def end() -> None:
    """Take the file away: this process ends well."""
    global _file
    if _file is not None:
        faulthandler.disable()
        _file.close()
        with suppress(OSError):
            os.unlink(_file.name)
        _file = None


def left() -> list[Path]:
    """Return the files of processes that have crashed, the oldest first."""
    with suppress(OSError):
        files = [path for path in log_folder().glob(f"{_PREFIX}*.txt") if path.stat().st_size]
        return sorted(files, key=lambda path: path.stat().st_mtime)
    return []


def died_young() -> bool:
    """Return whether a process has crashed soon after its start."""
    with suppress(OSError, ValueError):
        return any(path.stat().st_mtime - float(path.stem.split("-")[2]) < YOUNG_S for path in left())
    return False


def forget_killed() -> None:
    """Delete the empty files of processes that were killed, after a day: those that run have one too."""
    with suppress(OSError):
        for path in log_folder().glob(f"{_PREFIX}*.txt"):
            own = _file is not None and path == Path(str(_file.name))
            if not own and not path.stat().st_size and time.time() - path.stat().st_mtime > 24 * 3600:
                path.unlink()
