"""The window's side of the engine: starts its process, sends jobs one by one, and starts it anew when it dies.

It knows no Qt. Replies arrive on a thread of its own and are handed to ``deliver``, whose work is to bring them to the
window's thread and there to ``handle``.
"""

import multiprocessing
from collections import deque
from collections.abc import Callable, Iterator
from itertools import count
from multiprocessing.connection import Connection
from typing import Any

from resnet_explorer.engine import processes
from resnet_explorer.engine.messages import Cancel, Died, Failed, Finished, Job, Reply, Request, Stopped, Verify
from resnet_explorer.engine.worker import work

GRACE = 2.0
"""Seconds that a cancelled job has to stop by itself."""


class Engine:
    """One process that owns PyTorch, and the queue of what it is asked."""

    def __init__(
        self, deliver: Callable[[Reply], None], numbers: Iterator[int] | None = None, trains: bool = False
    ) -> None:
        """Tell replies to ``deliver``; ``numbers`` are those of its jobs, 1, 2, 3, … where none are given.

        One that ``trains`` gets its process ready for that when it starts.
        """
        self._deliver, self._trains = deliver, trains
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

        A comparison with PyTorch waits until nothing else does.
        """
        request = Request(next(self._numbers), job)
        later = [one for one in self._waiting if isinstance(one.job, Verify)]
        if later and not isinstance(job, Verify):
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
        self._process = context.Process(target=work, args=(far, self._trains), daemon=True, name="engine")  # type: ignore[attr-defined]
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
