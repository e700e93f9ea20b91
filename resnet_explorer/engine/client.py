"""The window's side of the engine: starts its process, sends jobs one by one, and starts it anew when it dies.

It knows no Qt. Replies arrive on a thread of its own and are handed to ``deliver``, whose work is to bring them to the
window's thread and there to ``handle``.
"""

import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import count
from multiprocessing.connection import Connection
from typing import Any

from resnet_explorer.engine import processes
from resnet_explorer.engine.jobs import Job, Place, modules_of, row_of
from resnet_explorer.engine.messages import Cancel, Died, Failed, Finished, Reply, Request, Stopped

GRACE = 2.0
"""Seconds that a cancelled job has to stop by itself."""


class Engine:
    """One process that owns PyTorch, and the queue of what it is asked."""

    def __init__(
        self,
        deliver: Callable[[Reply], None],
        numbers: Iterator[int] | None = None,
        preload: Callable[[], Sequence[str]] | None = None,
    ) -> None:
        """Tell replies to ``deliver``; ``numbers`` are those of its jobs, 1, 2, 3, … where none are given.

        Its process imports the modules that ``preload`` names before the first job.
        """
        self._deliver, self._preload = deliver, preload
        self._numbers = numbers or count(1)
        self._waiting: deque[Request] = deque()
        self._current: Request | None = None
        self._process: Any = None
        self._connection: Connection[Any, Any] | None = None
        self._closed = False

    def start(self) -> None:
        """Start the process before there is a job for it."""
        if self._connection is None and not self._closed:
            self._start()

    def submit(self, job: Job) -> int:
        """Put a job into the queue and return its number; the process starts with the first one.

        One that ``waits`` comes when nothing else is left.
        """
        request = Request(next(self._numbers), job)
        later = [one for one in self._waiting if row_of(one.job).waits]
        if later and not row_of(job).waits:
            self._waiting.insert(self._waiting.index(later[0]), request)
        else:
            self._waiting.append(request)
        self._next()
        return request.number

    @property
    def running(self) -> tuple[int, ...]:
        """Return the numbers of the jobs at work."""
        return (self._current.number,) if self._current else ()

    @property
    def current(self) -> int | None:
        """Return the number of the job at work; None where there is none."""
        return self._current.number if self._current else None

    def cancel(self, number: int) -> bool:
        """Take a job out of the queue, or ask it to stop; return whether it is at work and may need ``kill``."""
        if self._current and self._current.number == number:
            self._send(Cancel(number))
            return True
        waiting = [request for request in self._waiting if request.number == number]
        for request in waiting:
            self._waiting.remove(request)
            self._deliver(Stopped(number))
        return False

    def kill(self, number: int) -> None:
        """End the process if the job of that number is still at work in it."""
        if self.current == number and self._process is not None and self._process.pid:
            processes.kill(self._process.pid)

    def handle(self, reply: Reply) -> int | None:
        """Take note of a reply; return the number of the job that it ends, where it ends one."""
        ended = self.current
        if isinstance(reply, Died):
            self._process = self._connection = None
        elif not isinstance(reply, Finished | Stopped | Failed) or reply.number != ended:
            return None
        self._current = None
        self._next()
        return ended

    def close(self) -> None:
        """End the process, and start none again."""
        self._closed = True
        if self._process is not None and self._process.pid:
            processes.kill(self._process.pid)

    def _next(self) -> None:
        if self._current is None and self._waiting and not self._closed:
            if self._connection is None:
                self._start()
            self._current = self._waiting.popleft()
            self._send(self._current)

    def _send(self, message: object) -> None:
        try:
            if self._connection is not None:
                self._connection.send(message)
        except OSError:
            pass  # the process has died: the reader tells

    def _start(self) -> None:
        """Start the process on a thread: the server that forks it may first have to import PyTorch."""
        context = processes.context()
        self._connection, far = multiprocessing.Pipe()
        modules = self._preload() if self._preload else None
        self._process = context.Process(target=processes.work, args=(far, modules), daemon=True, name="engine")  # type: ignore[attr-defined]
        processes.start_thread(self._listen, self._process, self._connection, far)

    def _listen(self, process: Any, near: "Connection[Any, Any]", far: "Connection[Any, Any]") -> None:
        status = None  # also of one that never came to be: the server that forks it has died
        try:
            process.start()
            far.close()
            if self._closed:
                processes.kill(process.pid)
            while True:
                self._deliver(near.recv())
        except (EOFError, OSError):
            pass
        near.close()
        if process.pid is not None:
            process.join(GRACE)
            status = process.exitcode
        if not self._closed:
            self._deliver(Died(status))


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a job is: in which engine, under which number there."""

    worker: int
    number: int


class Pool:
    """Engines that take jobs from one queue: a process that dies ends its own job alone."""

    def __init__(
        self, deliver: Callable[[Reply], None], size: int | None = None, numbers: Iterator[int] | None = None
    ) -> None:
        """Tell replies to ``deliver``; ``numbers`` are those of its jobs, 1, 2, 3, … where none are given."""
        self._deliver = deliver
        self._ours = numbers or count(1)
        many = size or os.cpu_count() or 1
        self._engines = tuple(
            Engine(partial(self._arrived, worker), preload=partial(modules_of, Place.POOL)) for worker in range(many)
        )
        self._waiting: deque[Request] = deque()
        self._places: dict[int, _Place] = {}
        self._numbers: dict[_Place, int] = {}
        self._given = [0] * many

    @property
    def size(self) -> int:
        """Return how many jobs can be at work at once."""
        return len(self._engines)

    @property
    def running(self) -> tuple[int, ...]:
        """Return the numbers of the jobs at work."""
        return tuple(self._places)

    def start(self) -> None:
        """Start all processes before there are jobs for them."""
        for engine in self._engines:
            engine.start()

    def submit(self, job: Job) -> int:
        """Put a job into the queue and return its number; an idle process takes it at once."""
        request = Request(next(self._ours), job)
        self._waiting.append(request)
        self._next()
        return request.number

    def cancel(self, number: int) -> bool:
        """Take a job out of the queue, or ask it to stop; return whether it is at work and may need ``kill``."""
        place = self._places.get(number)
        if place is not None:
            return self._engines[place.worker].cancel(place.number)
        for request in [one for one in self._waiting if one.number == number]:
            self._waiting.remove(request)
            self._deliver(Stopped(number))
        return False

    def kill(self, number: int) -> None:
        """End the process that is at work on the job of that number; the others go on."""
        place = self._places.get(number)
        if place is not None:
            self._engines[place.worker].kill(place.number)

    def handle(self, reply: Reply) -> int | None:
        """Take note of a reply; return the number of the job that it ends, where it ends one."""
        if isinstance(reply, Died):
            worker = reply.worker - 1
            ended = self._engines[worker].handle(reply)
            return None if ended is None else self._free(_Place(worker, ended))
        place = self._places.get(reply.number)
        if place is None or self._engines[place.worker].handle(replace(reply, number=place.number)) is None:
            return None
        return self._free(place)

    def close(self) -> None:
        """End all processes, and start none again."""
        self._waiting.clear()
        for engine in self._engines:
            engine.close()

    def _free(self, place: _Place) -> int | None:
        number = self._numbers.pop(place, None)
        if number is not None:
            self._places.pop(number, None)
        self._next()
        return number

    def _next(self) -> None:
        """Give the first jobs of the queue to the engines that have none."""
        busy = {place.worker for place in self._places.values()}
        for worker in [one for one in range(self.size) if one not in busy]:
            if not self._waiting:
                return
            request = self._waiting.popleft()
            self._given[worker] += 1
            place = _Place(worker, self._given[worker])
            self._places[request.number], self._numbers[place] = place, request.number  # before a reply can come
            self._engines[worker].submit(request.job)

    def _arrived(self, worker: int, reply: Reply) -> None:
        """Pass a reply on under the pool's number; called on the engine's own thread."""
        if isinstance(reply, Died):
            self._deliver(replace(reply, worker=worker + 1))
            return
        number = self._numbers.get(_Place(worker, reply.number))
        if number is not None:
            self._deliver(replace(reply, number=number))
