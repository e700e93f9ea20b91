"""Runs pip, and says what is being downloaded and how much is left. Standard library only."""

import os
import re
import subprocess
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence

from system_packages import say

EVERY = 5.0
"""Seconds from one line about a download to the next."""

Tell = Callable[[float, float, str], None]
"""Takes how many bytes are there, of how many, which is 0 where that is not known, and what is being done."""


def run_pip(
    install: Sequence[str], total: int, tell: Tell | None = None, variables: Mapping[str, str] | None = None
) -> bool:
    """Run a ``python -m pip install`` command and return whether it succeeded; else its last lines are printed.

    ``total`` is how many bytes it will download, about; 0 where that is not known. Progress goes to ``tell`` where that
    is given, else it is printed. ``variables`` of the environment are set for pip.
    """
    progress = Progress(total, tell=tell)
    last: deque[str] = deque(maxlen=25)
    with subprocess.Popen(
        [*install, "--progress-bar", "raw"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,  # pip's warnings are of interest where it fails
        encoding="utf-8",
        errors="replace",
        env={**os.environ, **(variables or {}), "PYTHONUNBUFFERED": "1"},
    ) as pip:
        for line in pip.stdout or ():
            if not progress.read(line):
                last.append(line)
    if pip.returncode:
        print("".join(last), end="", flush=True)
    return pip.returncode == 0


class Progress:
    """Reads pip's lines (``--progress-bar raw``) and says now and then: which file, how much of it, the time left."""

    def __init__(self, total: int, clock: Callable[[], float] = time.monotonic, tell: Tell | None = None) -> None:
        self._total, self._clock, self._tell = total, clock, tell
        self._start = self._last = clock()
        self._file, self._current = "", 0
        self._downloaded = self._cached = 0.0

    def read(self, line: str) -> bool:
        """Take a line of pip's; return whether it was about the progress of a file and nothing else."""
        if step := re.match(r"Progress (\d+) of (\d+)$", line):
            self._step(int(step[1]), int(step[2]))
            return True
        if file := re.match(r"\s*(Downloading|Using cached) (\S+)(?: \(([\d.]+) (\wB)\))?", line):
            self._file, self._current = file[2].rpartition("/")[2], 0
            if file[1] == "Using cached" and file[3]:
                self._cached += float(file[3]) * _UNITS.get(file[4], 1.0)
        elif packages := re.match(r"Installing collected packages: (.*)", line):
            number = packages[1].count(",") + 1
            unpacking = f"unpacking {number} package{'s' if number > 1 else ''}"
            self._tell(self._total, self._total, unpacking) if self._tell else say(unpacking)
        return False

    def _step(self, current: int, size: int) -> None:
        self._downloaded += current - self._current
        self._current = current
        now = self._clock()
        if now - self._last < (EVERY / 10 if self._tell else EVERY):
            return
        self._last = now
        name = "-".join(self._file.split("-")[:2])
        if self._tell:
            self._tell(self._downloaded + self._cached, self._total, f"{name}, {in_bytes(current)} of {in_bytes(size)}")
            return
        say(f"{name}: {in_bytes(current)} of {in_bytes(size)}{self._in_all(now - self._start)}")

    def _in_all(self, seconds: float) -> str:
        there = self._downloaded + self._cached
        if not self._total:
            return f"; {in_bytes(there)} so far"
        rest = self._total - there
        if self._downloaded < 0.02 * self._total or rest < 0:  # too little to judge by, or more than was foreseen
            return f"; {in_bytes(there)} of about {in_bytes(self._total)}"
        left = in_seconds(rest * seconds / self._downloaded)
        return f"; {in_bytes(there)} of about {in_bytes(self._total)}, about {left} left"


_UNITS = {"kB": 1e3, "MB": 1e6, "GB": 1e9}
"""As pip writes sizes."""


def in_bytes(number: float) -> str:
    """Return a number of bytes to be read, as pip writes it: ``3.1 GB``, ``555 MB``, ``12 kB``."""
    if number >= 1e9:
        return f"{number / 1e9:.1f} GB"
    return f"{number / 1e6:.0f} MB" if number >= 1e6 else f"{number / 1e3:.0f} kB"


def in_seconds(number: float) -> str:
    """Return a duration to be read: ``40 s``, ``3 min``."""
    return f"{number:.0f} s" if number < 90 else f"{number / 60:.0f} min"
