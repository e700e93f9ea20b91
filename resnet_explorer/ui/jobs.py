"""The engines as Qt objects: jobs with a state, an estimate of the time left, cancel and retry."""

import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from itertools import count
from threading import get_ident
from typing import TYPE_CHECKING, NamedTuple

import psutil
from PySide6.QtCore import QObject, QTimer, Signal

from resnet_explorer.engine import pytorch
from resnet_explorer.engine.client import GRACE, Engine, Pool
from resnet_explorer.engine.jobs import Job, Place, row_of
from resnet_explorer.engine.messages import Died, Failed, Finished, Known, Reply, Stepped, Stopped
from resnet_explorer.engine.priority import Priority
from resnet_explorer.features import resolve
from resnet_explorer.readings.text import mib
from resnet_explorer.ui.job_state import JobState, Phase
from resnet_explorer.ui.parts import timer
from resnet_explorer.ui.turns import BUDGET

if TYPE_CHECKING:
    from resnet_explorer.engine.installer import Installer
    from resnet_explorer.runs.recorded import Provenance, Recording

KEPT = 50
"""Jobs that the list keeps."""
LOGGED = 200
"""Lines that a job's log keeps."""

HELD = "waiting for PyTorch, which is being installed"
NOT_STARTED = "Not started: it may need too much memory. Try a smaller batch or image, or another device."


class _Callbacks(NamedTuple):
    then: Callable[[Job, object], None]
    otherwise: Callable[[str], None]
    so_far: Callable[[Job, object], None]


class Jobs(QObject):
    """Submits jobs to the engine and tells what becomes of them; ``changed`` with the steps of any jobs.

    Replies are taken in the order in which they came, and for ``BUDGET`` seconds at once: what is left waits until the
    window's events had their turn. ``unavailable`` tells why no job at all can be done, and nothing once they can;
    ``died`` of a process that ended at its work: the state of its job, and what is known (``Died``); the state is None
    where one crashed between two jobs. ``absent`` is the error where PyTorch is not installed; while it is being
    installed all jobs wait, and ``installed`` tells that it is there.
    """

    changed = Signal()
    died = Signal(object, object)
    unavailable = Signal(str)
    installed = Signal()
    _arrived = Signal()
    _loaded = Signal(int, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        from resnet_explorer.ui.keeper import Keeper  # after the first paint

        numbers = count(1)
        self._engine = Engine(self._hand_over, numbers, Priority.WINDOW)
        self._pool = Pool(self._hand_over, numbers=numbers, priority=Priority.NOBODY)
        self._numbers = numbers
        self._pooled: set[int] = set()
        self._alone: dict[int, Engine | Installer] = {}
        self.absent = pytorch.absence()
        self._held: dict[int, Job] | None = {} if self.absent and pytorch.bootstrap() else None
        """The jobs that wait until PyTorch is installed; None where it is there, or is not being installed."""
        self._replies: deque[Reply] = deque()
        self._is_told, self._home = False, get_ident()
        self._arrived.connect(self._on_arrived)
        self._later = timer(self, 0, self._on_arrived, once=True)
        self._states: dict[int, JobState] = {}
        self._callbacks: dict[int, _Callbacks] = {}
        self._cancelled: set[int] = set()
        self._loaded.connect(self._on_loaded)
        self._keeper = Keeper(self._hand_over_kept)
        self._loading: set[int] = set()
        """The jobs whose kept results are being read."""
        self.free: Callable[[], int | None] = lambda: psutil.virtual_memory().available
        self.confirm: Callable[[str], bool] = lambda text: True
        self.clock: Callable[[], float] = time.perf_counter

    def _hand_over_kept(self, number: int, recording: "Recording | None") -> None:
        with suppress(RuntimeError):
            self._loaded.emit(number, recording)

    def _hand_over(self, reply: Reply) -> None:
        """Bring a reply from an engine's thread to the window's; nobody takes it where the window is gone."""
        if get_ident() == self._home:  # a job that had not begun is cancelled: the caller sees it at once
            self._take(reply)
            self._mark_running()
            self.changed.emit()
            return
        self._replies.append(reply)
        if not self._is_told:
            self._is_told = True
            with suppress(RuntimeError):
                self._arrived.emit()

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
        anew: bool = False,
    ) -> int:
        """Ask the engine for a job; ``then`` gets job and result, ``otherwise`` the sentence on why there is none,
        ``so_far`` job and what is known before the end.

        Where its result was kept from a time before, that is taken, unless it is asked for ``anew``. A job that is
        estimated to need more than half of the memory that is free is asked about first; 0 where not.
        """
        is_kept = not anew and self.has_kept(job)
        if not is_kept and not self._may_start(label, needs):
            otherwise(NOT_STARTED)
            return 0
        number = next(self._numbers)
        self._callbacks[number] = _Callbacks(then, otherwise, so_far)
        self._states[number] = JobState(number, label, job, needs=needs)
        for old in [key for key, state in self._states.items() if state.is_over][: max(0, len(self._states) - KEPT)]:
            del self._states[old], self._callbacks[old]
            self._pooled.discard(old)
            self._cancelled.discard(old)
        if is_kept:
            self._loading.add(number)
            self._keeper.load(number, job)
        else:
            self._start(number, job)
        self._mark_running()
        self.changed.emit()
        return number

    def _may_start(self, label: str, needs: int) -> bool:
        """Return whether there is memory for a job, or the user wants it nevertheless."""
        free = self.free()
        if free is None or needs <= free / 2:
            return True
        text = f"{label} is estimated to need {mib(needs)} of the {mib(free)} of memory that are free. Start it?"
        return self.confirm(text)

    def has_kept(self, job: Job) -> bool:
        """Return whether the result of a job was kept from a time before; it may turn out to be out of date."""
        return self._keeper.has(job)

    def kept_from(self, job: Job) -> "Provenance | None":
        """Return where the last result of a job comes from, where it was kept; None where it was just computed."""
        return next((state.kept for state in self.states if state.job == job), None)

    def is_loading(self, number: int) -> bool:
        """Return whether what was kept for a job is being read."""
        return number in self._loading

    def _start(self, number: int, job: Job) -> None:
        """Give a job to the process that does it."""
        place = row_of(job).place
        if place is Place.SETUP:
            self._held = {} if self._held is None else self._held
            self.unavailable.emit("")
            self._alone[number] = resolve(row_of(job).work)(self._hand_over)
            self._alone[number].submit(job, number)
            return
        if self._held is not None:
            self._held[number] = job
            self._change(number, text=HELD)
            return
        if self.absent is not None:
            self._replies.append(Failed(number, self.absent.what, self.absent.remedy, lasts=True))
            self._later.start()
            return
        self._keeper.begin(number, job)
        if place is Place.ALONE:
            self._start_alone(number, job)
        elif place is Place.POOL:
            self._pooled.add(number)
            self._pool.submit(job, number)
        else:
            self._engine.submit(job, number)

    def _start_alone(self, number: int, job: Job) -> None:
        """Give a job a process of its own, which ends with it; its replies carry the job's number."""

        def deliver(reply: Reply) -> None:
            self._hand_over(replace(reply, worker=-number) if isinstance(reply, Died) else reply)

        self._alone[number] = Engine(deliver, priority=Priority.WINDOW)
        self._alone[number].submit(job, number)

    def cancel(self, number: int) -> None:
        """Stop a job: at its next step, or else by ending the engine after a time of grace."""
        self._cancelled.add(number)
        if number in self._loading or (self._held is not None and self._held.pop(number, None) is not None):
            self._hand_over(Stopped(number))
        elif self._of(number).cancel(number):
            # a child, and no context of singleShot: that is called even when it is gone
            grace = QTimer(self, singleShot=True, interval=round(GRACE * 1000))
            grace.setProperty("number", number)
            grace.timeout.connect(self._on_grace_over)
            grace.start()

    def _of(self, number: int) -> "Engine | Installer":
        return self._alone.get(number) or (self._pool if number in self._pooled else self._engine)

    def _on_grace_over(self) -> None:
        number = self.sender().property("number")
        self._of(number).kill(number)
        self.sender().deleteLater()

    def retry(self, number: int) -> int:
        """Do the same job once more."""
        state, (then, otherwise, so_far) = self._states[number], self._callbacks[number]
        return self.submit(state.job, state.label, then, otherwise, state.needs, so_far, anew=True)

    def start(self) -> None:
        """Let the engine start, so that it is there when the first job comes."""
        if self.absent is None:
            self._engine.start()

    def start_training(self) -> None:
        """Let the processes that train start, so that they are ready when the first run is asked for."""
        if self.absent is None:
            self._pool.start()

    def close(self) -> None:
        """End all processes."""
        for engine in (self._engine, *self._alone.values()):
            engine.close()
        self._pool.close()
        self._keeper.close()

    def _mark_running(self) -> None:
        alone = (number for engine in self._alone.values() for number in engine.running)
        for number in (*self._engine.running, *self._pool.running, *alone):
            if number in self._states and self._states[number].phase is Phase.WAITING:
                self._change(number, phase=Phase.RUNNING, began=time.monotonic())

    def _change(self, number: int, **changes: object) -> None:
        if number in self._states:
            self._states[number] = replace(self._states[number], **changes)  # type: ignore[arg-type]  # by name

    def _on_arrived(self) -> None:
        """Take replies for a while; where one of them asks the user, the others are taken meanwhile."""
        self._is_told = False  # before the look: a reply that comes now tells again
        end = self.clock() + BUDGET
        try:
            while self._replies:
                reply = self._replies.popleft()
                self._later.start() if self._replies else self._later.stop()
                self._take(reply)
                if self.clock() >= end:
                    break
        finally:
            self._mark_running()
            self.changed.emit()

    def _take(self, reply: Reply) -> None:
        self._loading.discard(getattr(reply, "number", 0))
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
            self._keeper.save(reply.number, self._states[reply.number].job, reply.result)
            self._callbacks[reply.number].then(self._states[reply.number].job, reply.result)
        elif isinstance(reply, Stopped):
            self._change(reply.number, phase=Phase.CANCELLED, text="")
        else:
            self._fail(reply)
        if ended is not None:
            self._keeper.forget(ended)
            if ended in self._states and row_of(self._states[ended].job).place is Place.SETUP:
                self._end_installation()

    @property
    def is_installing(self) -> bool:
        """Return whether PyTorch is being installed, or will be in a moment."""
        return self._held is not None

    def _end_installation(self) -> None:
        """Do the jobs that waited for PyTorch; where it is not there, each fails with the sentence that says so."""
        held, self._held = self._held or {}, None
        self.absent = pytorch.absence()
        self.start()
        for waiting, job in held.items():
            self._change(waiting, text="")
            self._start(waiting, job)
        self.unavailable.emit(str(self.absent or ""))
        if self.absent is None:
            self.installed.emit()

    def _on_loaded(self, number: int, recording: "Recording | None") -> None:
        """Answer a job with what was kept; where that is out of date it is done."""
        if number not in self._loading:
            return
        self._loading.remove(number)
        state, job = self._states[number], self._states[number].job
        if recording is None:
            if self._may_start(state.label, state.needs):
                self._start(number, job)
            else:
                self._change(number, phase=Phase.CANCELLED, text="")
                self._callbacks[number].otherwise(NOT_STARTED)
        else:
            self._change(number, phase=Phase.DONE, kept=recording.made)
            self._callbacks[number].then(job, recording.result)
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
            if reply.trace:
                self.died.emit(None, reply)
            return
        if number in self._cancelled:
            self._change(number, phase=Phase.CANCELLED, text="")
            return
        state = self._states[number]
        log = (*state.log, *([reply.trace] if reply.trace else []))
        self._change(number, phase=Phase.FAILED, problem=reply.text, text="", log=log)
        self.died.emit(state, reply)
        self._callbacks[number].otherwise(reply.text)
