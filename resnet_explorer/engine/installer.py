"""The process that installs PyTorch while the window is open, to be asked like an engine with one job."""

import json
import subprocess
import sys
from collections import deque
from collections.abc import Callable

from resnet_explorer.engine import processes, pytorch
from resnet_explorer.engine.jobs import Job
from resnet_explorer.engine.messages import Failed, Finished, Reply, Stepped
from resnet_explorer.engine.requests import InstallPytorch

MEGABYTE = 1e6
LINES = 60
"""Of what the process prints, so many last lines are kept for the log."""
CANCELLED = "Cancelled: PyTorch is not installed."
REMEDY = "Install PyTorch tries again, and goes on with what was downloaded."


class Installer:
    """Runs the bootstrap's command ``pytorch`` and hands on what it tells; steps are counted in megabytes."""

    def __init__(self, deliver: Callable[[Reply], None]) -> None:
        self._deliver = deliver
        self._number = 0
        self._process: subprocess.Popen[str] | None = None
        self._is_cancelled = self._is_closed = False

    @property
    def running(self) -> tuple[int, ...]:
        """Return the number of the job while it is at work."""
        return (self._number,) if self._number else ()

    def submit(self, job: Job, number: int) -> None:
        """Begin to install; the process ends with this one, which holds its input."""
        assert isinstance(job, InstallPytorch)
        self._number = number
        self._process = subprocess.Popen(
            [sys.executable, job.bootstrap, "pytorch"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
        )
        processes.start_thread(self._listen, self._process, number)

    def cancel(self, number: int) -> bool:
        """End the process; what is half done is done again by the next one. Return that no more is needed."""
        self._is_cancelled = True
        self.kill(number)
        return False

    def kill(self, number: int) -> None:
        """End the process with all that it started."""
        if self._process is not None and self._process.poll() is None:
            processes.kill(self._process.pid)

    def handle(self, reply: Reply) -> int | None:
        """Return the number of the job where a reply ends it."""
        if isinstance(reply, Finished | Failed):
            self._number = 0
            return reply.number
        return None

    def close(self) -> None:
        """End the process, and tell no more."""
        self._is_closed = True
        self.kill(self._number)

    def _listen(self, process: subprocess.Popen[str], number: int) -> None:
        lines: deque[str] = deque(maxlen=LINES)
        with process:
            for line in process.stdout or ():
                step = _read_step(line, number)
                if step is None:
                    lines.append(line)
                elif not self._is_closed:
                    self._deliver(step)
        if self._is_closed:
            return
        if process.returncode == 0:
            pytorch.note_installed()
            self._deliver(Finished(number, None))
        elif self._is_cancelled:
            self._deliver(Failed(number, CANCELLED, REMEDY))
        else:
            self._deliver(Failed(number, _problem(lines, process.returncode), REMEDY, "".join(lines)))


def _read_step(line: str, number: int) -> Stepped | None:
    try:
        step = json.loads(line)
        return Stepped(number, int(step["done"] / MEGABYTE), int(step["of"] / MEGABYTE), str(step["text"]))
    except (ValueError, TypeError, KeyError):
        return None


def _problem(lines: "deque[str]", status: int) -> str:
    """Return why it failed: in the words of uv or pip where they gave any, else in the bootstrap's."""
    errors = [line.partition(":")[2].strip() for line in lines if line.lower().startswith("error:")]
    own = [line.partition(":")[2].strip() for line in lines if line.startswith("bootstrap:")]
    why = (errors or own or [f"the installer ended with status {status}"])[-1]
    return f"PyTorch could not be installed: {why.rstrip('.')}."
