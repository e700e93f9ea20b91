"""The window's side of the engine: starts its processes, sends them jobs, and starts them anew when they die.

It knows no Qt. Replies arrive on a thread of each process and are handed to ``deliver``, which brings them to the
window's thread and there to ``handle``.
"""

import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from itertools import count
from multiprocessing.connection import Connection
from typing import Any

from resnet_explorer.engine import processes
from resnet_explorer.engine.jobs import Job, Place, modules_of, row_of
from resnet_explorer.engine.messages import Cancel, Died, Failed, Finished, Reply, Request, Stopped
from resnet_explorer.engine.priority import Priority

GRACE = 2.0
"""Seconds that a cancelled job has to stop by itself."""


class _Worker:
    """A process, where it is there, and the job that it works on; one that ``is_ending`` gets no other job."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.process: Any = None
        self.connection: Connection[Any, Any] | None = None
        self.request: Request | None = None
        self.is_ending = False

    def send(self, message: object) -> None:
        """Send a message; a process that has died is noticed by its reader."""
        if self.connection is not None:
            with suppress(OSError):
                self.connection.send(message)

    def kill(self) -> None:
        """End the process with all that it started."""
        if self.process is not None and self.process.pid:
            self.is_ending = True
            processes.kill(self.process.pid)


class Engine:
    """One process that owns PyTorch, and the queue of what it is asked."""

    def __init__(
        self, deliver: Callable[[Reply], None], numbers: Iterator[int] | None = None, priority: Priority = Priority.USER
    ) -> None:
        """Hand replies to ``deliver``; ``numbers`` are those of its jobs, 1, 2, 3, … where none are given."""
        self._deliver, self._priority = deliver, priority
        self._numbers = numbers or count(1)
        self._preload: Callable[[], Sequence[str]] | None = None
        self._workers = [_Worker(0)]
        self._waiting: deque[Request] = deque()
        self._closed = False

    @property
    def running(self) -> tuple[int, ...]:
        """Return the numbers of the jobs at work."""
        return tuple(sorted(worker.request.number for worker in self._workers if worker.request))

    def start(self) -> None:
        """Start the processes before there are jobs for them."""
        for worker in self._workers:
            self._start(worker)

    def submit(self, job: Job, number: int = 0) -> int:
        """Put a job into the queue and return its number, the next one where none is given.

        A process starts with its first job. One that ``waits`` comes when nothing else is left.
        """
        request = Request(number or next(self._numbers), job)
        later = [waiting for waiting in self._waiting if row_of(waiting.job).waits]
        if later and not row_of(job).waits:
            self._waiting.insert(self._waiting.index(later[0]), request)
        else:
            self._waiting.append(request)
        self._next()
        return request.number

    def cancel(self, number: int) -> bool:
        """Take a job out of the queue, or ask it to stop; return whether it is at work and may need ``kill``."""
        for worker in self._working_on(number):
            worker.send(Cancel(number))
            return True
        for request in [request for request in self._waiting if request.number == number]:
            self._waiting.remove(request)
            self._deliver(Stopped(number))
        return False

    def kill(self, number: int) -> None:
        """End the process that is at work on the job of that number, if there is one."""
        for worker in self._working_on(number):
            worker.kill()

    def handle(self, reply: Reply) -> int | None:
        """Take note of a reply; return the number of the job that it ends, where it ends one."""
        if isinstance(reply, Died):
            ended = [worker for worker in self._workers if worker.number == max(0, reply.worker)]
            ended[0].process, ended[0].connection, ended[0].is_ending = None, None, False
        elif isinstance(reply, Finished | Stopped | Failed):
            ended = self._working_on(reply.number)
        else:
            return None
        request = ended[0].request if ended else None
        for worker in ended:
            worker.request = None
        self._next()
        return request.number if request else None

    def close(self) -> None:
        """End the processes, and start none again."""
        self._closed = True
        for worker in self._workers:
            worker.kill()

    def _working_on(self, number: int) -> list[_Worker]:
        return [worker for worker in self._workers if worker.request and worker.request.number == number]

    def _next(self) -> None:
        """Give the first jobs of the queue to the processes that have none."""
        for worker in self._workers:
            if worker.request is None and not worker.is_ending and self._waiting and not self._closed:
                self._start(worker)
                worker.request = self._waiting.popleft()
                worker.send(worker.request)

    def _start(self, worker: _Worker) -> None:
        """Start a process on a thread: the server that forks it may first have to import PyTorch."""
        if worker.connection is not None or self._closed:
            return
        context = processes.context(with_optimisers=self._preload is not None)
        worker.connection, far = multiprocessing.Pipe()
        modules = self._preload() if self._preload else None
        words = processes.LastWords()
        given = far, modules, self._priority, words.far
        worker.process = context.Process(target=processes.work, args=given, daemon=True, name="engine")  # type: ignore[attr-defined]
        processes.start_thread(self._listen, worker.number, worker.process, worker.connection, far, words)

    def _listen(
        self,
        worker: int,
        process: Any,
        near: "Connection[Any, Any]",
        far: "Connection[Any, Any]",
        words: processes.LastWords,
    ) -> None:
        status = None  # also of one that never came to be: the server that forks it has died
        with suppress(EOFError, OSError):
            process.start()
            far.close()
            if self._closed:
                processes.kill(process.pid)
            while True:
                self._deliver(near.recv())
        near.close()
        if process.pid is not None:
            process.join(GRACE)
            status = process.exitcode
        trace = words.read()
        if not self._closed:
            self._deliver(Died(status, worker, trace))


class Pool(Engine):
    """Processes that take jobs from one queue: one that dies ends its own job alone."""

    def __init__(
        self,
        deliver: Callable[[Reply], None],
        size: int | None = None,
        numbers: Iterator[int] | None = None,
        priority: Priority = Priority.USER,
    ) -> None:
        """As many processes as ``size`` or the cores; each imports the modules of all jobs of the pool first."""
        super().__init__(deliver, numbers, priority)
        self._preload = partial(modules_of, Place.POOL)
        self._workers = [_Worker(number + 1) for number in range(size or os.cpu_count() or 1)]

    @property
    def size(self) -> int:
        """Return how many jobs can be at work at once."""
        return len(self._workers)
