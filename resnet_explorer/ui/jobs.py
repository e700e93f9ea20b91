"""The engines as Qt objects: jobs with a state, an estimate of the time left, cancel and retry."""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from enum import StrEnum
from itertools import count
from typing import NamedTuple

import psutil
from PySide6.QtCore import QObject, QTimer, Signal

from resnet_explorer.dataclass import dataclass
from resnet_explorer.engine.client import GRACE, Engine, Pool
from resnet_explorer.engine.jobs import Job, Place, row_of
from resnet_explorer.engine.messages import Died, Failed, Finished, Known, Reply, Stepped, Stopped
from resnet_explorer.readings.progress import seconds_left
from resnet_explorer.readings.text import mib

KEPT = 50
"""Jobs that the list keeps."""
LOGGED = 200
"""Lines that a job's log keeps."""


class Phase(StrEnum):
    """Where a job is."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class JobState:
    """A job as the list shows it; ``began`` is when its first step was told."""

    number: int
    label: str
    job: Job
    phase: Phase = Phase.WAITING
    done: int = 0
    of: int = 0
    text: str = ""
    began: float = 0.0
    problem: str = ""
    log: tuple[str, ...] = ()

    @property
    def is_over(self) -> bool:
        """Return whether the job is done, cancelled or failed."""
        return self.phase in (Phase.DONE, Phase.CANCELLED, Phase.FAILED)

    def left(self, now: float) -> float | None:
        """Return how many seconds are left; None before a step is done."""
        return seconds_left(self.done, self.of, now - self.began)


class _Callbacks(NamedTuple):
    then: Callable[[Job, object], None]
    otherwise: Callable[[str], None]
    so_far: Callable[[Job, object], None]


class Jobs(QObject):
    """Submits jobs to the engine and tells what becomes of them; ``changed`` with every step of any job.

    ``unavailable`` tells why no job at all can be done.
    """

    changed = Signal()
    unavailable = Signal(str)
    _arrived = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        numbers = count(1)
        self._engine = Engine(self._hand_over, numbers)
        self._pool = Pool(self._hand_over, numbers=numbers)
        self._numbers = numbers
        self._pooled: set[int] = set()
        self._alone: dict[int, Engine] = {}
        self._arrived.connect(self._on_arrived)
        self._states: dict[int, JobState] = {}
        self._callbacks: dict[int, _Callbacks] = {}
        self._cancelled: set[int] = set()
        self.free: Callable[[], int | None] = lambda: psutil.virtual_memory().available
        self.confirm: Callable[[str], bool] = lambda text: True

    def _hand_over(self, reply: Reply) -> None:
        """Bring a reply from an engine's thread to the window's; nobody takes it where the window is gone."""
        with suppress(RuntimeError):
            self._arrived.emit(reply)

    @property
    def states(self) -> tuple[JobState, ...]:
        """Return the jobs, the newest first."""
        return tuple(reversed(self._states.values()))

    def state(self, number: int) -> JobState | None:
        """Return where a job is; None where the list does not keep it."""
        return self._states.get(number)

    def submit(
        self,
        job: Job,
        label: str,
        then: Callable[[Job, object], None],
        otherwise: Callable[[str], None] = lambda problem: None,
        needs: int = 0,
        so_far: Callable[[Job, object], None] = lambda job, result: None,
    ) -> int:
        """Ask the engine for a job; ``then`` gets job and result, ``otherwise`` the sentence on why there is none,
        ``so_far`` job and what is known before the end.

        A job that is estimated to need more than half of the memory that is free is asked about first; 0 where not.
        """
        free = self.free()
        if free is not None and needs > free / 2:
            text = f"{label} is estimated to need {mib(needs)} of the {mib(free)} of memory that are free. Start it?"
            if not self.confirm(text):
                otherwise("Not started: it may need too much memory. Try a smaller batch or image, or another device.")
                return 0
        place = row_of(job).place
        if place is Place.ALONE:
            number = self._submit_alone(job)
        else:
            number = (self._pool if place is Place.POOL else self._engine).submit(job)
        if place is Place.POOL:
            self._pooled.add(number)
        self._callbacks[number] = _Callbacks(then, otherwise, so_far)
        self._states[number] = JobState(number, label, job)
        for old in [key for key, state in self._states.items() if state.is_over][: max(0, len(self._states) - KEPT)]:
            del self._states[old]
        self._mark_running()
        self.changed.emit()
        return number

    def _submit_alone(self, job: Job) -> int:
        """Give a job a process of its own, which ends with it; its replies carry the job's number."""
        numbers: list[int] = []

        def deliver(reply: Reply) -> None:
            self._hand_over(replace(reply, worker=-numbers[0]) if isinstance(reply, Died) else reply)

        engine = Engine(deliver, self._numbers)
        numbers.append(engine.submit(job))
        self._alone[numbers[0]] = engine
        return numbers[0]

    def cancel(self, number: int) -> None:
        """Stop a job: at its next step, or else by ending the engine after a time of grace."""
        self._cancelled.add(number)
        if self._of(number).cancel(number):
            # a child, and no context of singleShot: that is called even when it is gone
            grace = QTimer(self, singleShot=True, interval=round(GRACE * 1000))
            grace.setProperty("number", number)
            grace.timeout.connect(self._on_grace_over)
            grace.start()

    def _of(self, number: int) -> Engine | Pool:
        return self._alone.get(number) or (self._pool if number in self._pooled else self._engine)

    def _on_grace_over(self) -> None:
        number = self.sender().property("number")
        self._of(number).kill(number)
        self.sender().deleteLater()

    def retry(self, number: int) -> int:
        """Ask for the same job once more."""
        state, (then, otherwise, so_far) = self._states[number], self._callbacks[number]
        return self.submit(state.job, state.label, then, otherwise, so_far=so_far)

    def start(self) -> None:
        """Let the engine start, so that it is there when the first job comes."""
        self._engine.start()

    def start_training(self) -> None:
        """Let the processes that train start, so that they are ready when the first run is asked for."""
        self._pool.start()

    def close(self) -> None:
        """End all processes."""
        for engine in (self._engine, *self._alone.values()):
            engine.close()
        self._pool.close()

    def _mark_running(self) -> None:
        alone = (number for engine in self._alone.values() for number in engine.running)
        for number in (*self._engine.running, *self._pool.running, *alone):
            if number in self._states and self._states[number].phase is Phase.WAITING:
                self._change(number, phase=Phase.RUNNING, began=time.monotonic())

    def _change(self, number: int, **changes: object) -> None:
        if number in self._states:
            self._states[number] = replace(self._states[number], **changes)  # type: ignore[arg-type]  # by name

    def _on_arrived(self, reply: Reply) -> None:
        if isinstance(reply, Died):
            engine = self._pool if reply.worker > 0 else self._alone.get(-reply.worker, self._engine)
        else:
            engine = self._of(reply.number)
        ended = engine.handle(reply)
        if ended in self._alone:
            self._alone.pop(ended).close()
        if isinstance(reply, Stepped):
            self._step(reply)
        elif isinstance(reply, Died):
            self._died(reply, ended)
        elif isinstance(reply, Known):
            self._callbacks[reply.number].so_far(self._states[reply.number].job, reply.result)
        elif isinstance(reply, Finished):
            self._change(reply.number, phase=Phase.DONE, text="")
            self._callbacks[reply.number].then(self._states[reply.number].job, reply.result)
        elif isinstance(reply, Stopped):
            self._change(reply.number, phase=Phase.CANCELLED, text="")
        else:
            self._fail(reply)
        self._mark_running()
        self.changed.emit()

    def _step(self, reply: Stepped) -> None:
        state = self._states.get(reply.number)
        log = (*(state.log if state else ())[-LOGGED:], f"{reply.done} of {reply.of}: {reply.text}")
        self._change(reply.number, done=reply.done, of=reply.of, text=reply.text, log=log)

    def _fail(self, reply: Failed) -> None:
        problem = f"{reply.what} {reply.remedy}".strip()
        self._change(reply.number, phase=Phase.FAILED, problem=problem, text="", log=(problem, reply.trace))
        self._callbacks[reply.number].otherwise(problem)
        if reply.lasts:
            self.unavailable.emit(problem)

    def _died(self, reply: Died, number: int | None) -> None:
        """Handle the end of an engine's process: a cancelled job is done, any other one can be retried."""
        if number is None:
            return
        if number in self._cancelled:
            self._change(number, phase=Phase.CANCELLED, text="")
            return
        self._change(number, phase=Phase.FAILED, problem=reply.text, text="")
        self._callbacks[number].otherwise(reply.text)
