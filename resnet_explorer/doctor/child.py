"""A check in a process of its own, which may crash or hang: its first function, and what is read of it."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from subprocess import PIPE, Popen
from threading import Thread, Timer

from resnet_explorer import features
from resnet_explorer.doctor.findings import Finding, State, Step
from resnet_explorer.engine.pytorch import install
from resnet_explorer.errors import ExplorerError

PROBES = {
    "qt": "resnet_explorer.doctor.qt:probe",
    "pytorch": "resnet_explorer.doctor.pytorch:probe",
    "onednn": "resnet_explorer.doctor.pytorch:probe_onednn",
}
"""The checks that have a process each: a generator of steps, each followed by what it found."""
MARK = "doctor: "
"""What begins a line of a check; libraries may print others."""
LONGEST_S = 300.0
_LATE = "Timeout ("
"""What the watchdog's last words begin with."""


def run(name: str) -> None:
    """Do a check and print its steps and findings; a step that takes too long ends the process."""
    import faulthandler  # of this process alone: its last words are read

    step: Step | None = None
    try:
        for item in features.resolve(PROBES[name])():
            faulthandler.cancel_dump_traceback_later()
            if isinstance(item, Step):
                step = item
                faulthandler.dump_traceback_later(step.seconds, exit=True)
            print(MARK + json.dumps([type(item).__name__, asdict(item)]), flush=True)
    except Exception as error:  # whatever a broken installation raises becomes a finding
        if step is None:
            raise
        print(MARK + json.dumps(["Finding", asdict(failure(step, error))]), flush=True)
    faulthandler.cancel_dump_traceback_later()
    os._exit(0)  # what it loaded may crash on its way out


def command_of(name: str) -> list[str]:
    """Return the command of a check's process."""
    app = [sys.executable] if getattr(sys, "frozen", False) else [sys.executable, "-m", "resnet_explorer"]
    return [*app, "doctor", "--probe", name]


def failure(step: Step, error: Exception) -> Finding:
    """Return what a step found that raised an exception."""
    if isinstance(error, ExplorerError):
        return Finding(step.key, step.title, step.state, error.what, error.remedy)
    if isinstance(error, ModuleNotFoundError) and error.name:
        text = f"The Python package {error.name} is not installed."
        return Finding(step.key, step.title, step.state, text, install(error.name))
    reason = (str(error).strip().splitlines() or [""])[0].rstrip(".")
    return step.ended(f"failed: {type(error).__name__}{f': {reason}' if reason else ''}")


class Child:
    """A check at work in its process: ``findings`` waits for what it finds, ``kill`` ends it, from any thread."""

    def __init__(self, command: Sequence[str], first: Step) -> None:
        """Start the check; ``first`` is the step that it is taken to be at where it tells none."""
        self._first = first
        quiet = getattr(subprocess, "CREATE_NO_WINDOW", 0)
        self._process = Popen(command, stdin=subprocess.DEVNULL, stdout=PIPE, stderr=PIPE, creationflags=quiet)
        self._errors: list[bytes] = []
        self._reader = Thread(target=self._read_errors, daemon=True)  # a full pipe would stop the process
        self._reader.start()
        self._limit = Timer(LONGEST_S, self._process.kill)
        self._limit.daemon = True
        self._limit.start()

    def _read_errors(self) -> None:
        assert self._process.stderr
        with self._process.stderr as errors:
            self._errors.extend(errors)

    def kill(self) -> None:
        """End the process."""
        self._limit.cancel()
        self._process.kill()
        self._process.wait()
        self._reader.join()

    def findings(self) -> Iterator[Finding]:
        """Yield what is found as it is; of a step that comes to no answer how the process ended."""
        step, is_answered = self._first, False
        assert self._process.stdout
        with self._process.stdout as output:
            lines = (line.decode(errors="replace") for line in output)
            for line in (line for line in lines if line.startswith(MARK)):
                kind, values = json.loads(line.removeprefix(MARK))
                values["state"] = State(values["state"])
                if kind == "Step":
                    step, is_answered = Step(**values), False
                else:
                    is_answered = True
                    yield Finding(**values)
        self._process.wait()
        self._reader.join()
        if not is_answered:
            yield step.ended(self._end(step, b"".join(self._errors).decode(errors="replace")))

    def _end(self, step: Step, errors: str) -> str:
        status, lines = self._process.returncode, [line for line in errors.splitlines() if line.strip()]
        if any(line.startswith(_LATE) for line in lines):
            return f"did not end within {step.seconds:g} seconds"
        if status < 0 and -status in {number.value for number in signal.Signals}:
            return f"crashed ({signal.Signals(-status).name})"
        return f"ended with status {status}{f': {lines[-1][:300]}' if lines else ''}"
