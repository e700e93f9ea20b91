"""Several engines side by side, for jobs that do not wait for each other: one process each, as many as cores.

It is used as one ``Engine``: replies come to ``deliver`` under the pool's own numbers, and go back to ``handle``.
"""

import os
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import count

from resnet_explorer.engine.client import Engine
from resnet_explorer.engine.messages import Died, Job, Reply, Request, Stopped


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
        self._engines = tuple(Engine(partial(self._arrived, worker), trains=True) for worker in range(many))
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
