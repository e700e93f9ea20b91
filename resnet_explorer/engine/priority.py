"""How far the engine's processes stand back: the window comes first, and what else the user works with."""

import os
import sys
from contextlib import suppress
from enum import StrEnum

import psutil


class Priority(StrEnum):
    """Who waits for what a process does.

    - ``USER``: nobody else needs the machine: a command that the user has called. It is as any other program.
    - ``WINDOW``: the window shows the answer when it is there, and must not wait for anything before.
    - ``NOBODY``: trainings beside the window.
    """

    USER = "user"
    WINDOW = "window"
    NOBODY = "nobody"


_NICENESS = {Priority.USER: 0, Priority.WINDOW: 5, Priority.NOBODY: 10}
_LAST = 7
"""The last of the levels of disk access that still get their turn."""


def stand_back(priority: Priority) -> None:
    """Lower this process as far as the system has and allows it; a process never gets it back.

    Trainings are not idle in the system's sense: beside two busy programs on two cores four of them get 0.6 % of the
    machine so (``SCHED_IDLE``; 2.5 % at niceness 19), stand still, and cannot save their states in the time that a
    pause has. At niceness 10 they get 14 %, at 5 33 %; the window is as prompt beside them at 10 as beside idle ones.
    """
    if priority is Priority.USER:
        return
    process = psutil.Process()
    with suppress(psutil.Error, OSError):
        if sys.platform == "win32":
            process.nice(psutil.BELOW_NORMAL_PRIORITY_CLASS)
        else:
            os.nice(_NICENESS[priority])
    if priority is Priority.NOBODY:
        with suppress(psutil.Error, OSError):
            if sys.platform == "win32":
                process.ionice(psutil.IOPRIO_LOW)
            elif sys.platform == "linux":
                process.ionice(psutil.IOPRIO_CLASS_BE, _LAST)
        with suppress(OSError):
            if sys.platform == "linux":
                os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))  # it interrupts nobody when it wakes up
