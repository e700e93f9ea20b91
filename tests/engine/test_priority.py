"""How far a process stands back, as the system tells it."""

import os
import subprocess
import sys

import pytest

from resnet_explorer.engine.priority import Priority

PROGRAM = """
import os, psutil, sys
from resnet_explorer.engine.priority import Priority, stand_back
ionice = psutil.Process.ionice
if sys.argv[2:]:
    def refuse(*given): raise PermissionError
    os.nice = os.sched_setscheduler = psutil.Process.ionice = psutil.Process.nice = refuse
stand_back(Priority(sys.argv[1]))
print(os.getpriority(os.PRIO_PROCESS, 0), *map(int, ionice(psutil.Process())), os.sched_getscheduler(0))
"""


def _told(*given: str) -> list[str]:
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, *given], capture_output=True, text=True, check=True
    ).stdout.split()


@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux")
def test_trainings_beside_the_window_stand_back_behind_all_else() -> None:
    own = os.nice(0)
    usual, batch = str(os.SCHED_OTHER), str(os.SCHED_BATCH)
    assert _told(Priority.USER)[0] == str(own) and _told(Priority.USER)[-1] == usual
    assert _told(Priority.WINDOW)[0] == str(min(19, own + 5)) and _told(Priority.WINDOW)[-1] == usual
    assert _told(Priority.NOBODY) == [str(min(19, own + 10)), "2", "7", batch]


@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux")
def test_a_system_that_does_not_allow_it_changes_nothing() -> None:
    assert _told(Priority.NOBODY, "refused") == _told(Priority.USER)
