"""Runs trained side by side, one process each, until all are made or someone stops them."""

import os
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Any

from resnet_explorer.analysis.training import Chunk, Ending
from resnet_explorer.cli.train_display import Display
from resnet_explorer.cli.train_plans import Task
from resnet_explorer.engine.messages import Died, Failed, Finished, Job, Known, Reply, Stepped, Stopped, TrainRun
from resnet_explorer.engine.pool import Pool

LOOK = 0.5
"""Seconds after which a system that does not wake a waiting thread for Ctrl+C is looked at again."""
STOP = None
"""What is put into a queue where someone wishes to stop."""


@dataclass(slots=True)
class Outcome:
    """How it ended: why some runs, by their places, did not make all of their steps; whether someone stopped them."""

    problems: dict[int, str] = field(default_factory=dict)
    stopped: bool = False


def workers_for(count: int, asked: int | None = None) -> int:
    """Return how many processes train so many runs: as many as asked, or as cores, and no more than runs."""
    affinity = getattr(os, "sched_getaffinity", None)
    cores = len(affinity(0)) if affinity else os.cpu_count() or 1
    return max(1, min(count, asked or cores))


class Crew:
    """Processes that train runs; ``work`` returns when all have ended.

    Ctrl+C, or the system's wish to end, stops every run once its state is kept; a second one ends them at once.
    """

    def __init__(self, tasks: Sequence[Task], display: Display, size: int, tensorboard: bool = False) -> None:
        self._tasks, self._display, self.tensorboard = tasks, display, tensorboard
        self._replies: SimpleQueue[Reply | None] = SimpleQueue()
        self._pool = Pool(self._replies.put, size)
        self._open: dict[int, int] = {}
        self._outcome = Outcome()

    def work(self, places: Sequence[int]) -> Outcome:
        """Train the runs of these places, and return how it ended."""
        with stoppable(self._replies):
            try:
                with undisturbed():
                    for place in places:
                        self._submit(place)
                while self._open:
                    self._next()
            finally:
                self._pool.close()
        return self._outcome

    def _submit(self, place: int) -> None:
        self._open[self._pool.submit(self.job(place))] = place

    def job(self, place: int) -> Job:
        """Return what trains the run of a place."""
        task = self._tasks[place]
        return TrainRun(task.plan, str(task.folder), None, self.tensorboard, 0)

    def _next(self) -> None:
        """Take one reply, or someone's wish to stop."""
        try:
            reply = self._replies.get(timeout=LOOK)
        except Empty:
            return
        if reply is STOP:
            self._stop()
            return
        with undisturbed():
            ended = self._pool.handle(reply)
        if isinstance(reply, Died):
            if ended in self._open:
                self._end(ended, reply.words)
        elif reply.number in self._open:
            self._tell(reply)

    def _tell(self, reply: Stepped | Known | Finished | Stopped | Failed) -> None:
        place = self._open[reply.number]
        if isinstance(reply, Stepped):
            self._display.doing(place, reply.done, reply.words)
        elif isinstance(reply, Known) and isinstance(reply.result, Chunk):
            self._display.steps(place, reply.result)
        elif isinstance(reply, Failed):
            self._end(reply.number, f"{reply.what} {reply.remedy}".strip())
        elif isinstance(reply, Finished) and isinstance(reply.result, Ending):
            self._end(reply.number, reply.result.problem)
        elif isinstance(reply, Stopped):
            self._end(reply.number, "")

    def _end(self, number: int, problem: str) -> None:
        place = self._open.pop(number)
        if problem:
            self._outcome.problems[place] = problem
        self._display.ended(place, problem)

    def _stop(self) -> None:
        """Let each run keep its state; the second time, end at once."""
        if self._outcome.stopped:
            self._open.clear()
            return
        self._outcome.stopped = True
        self._display.say("Stopping: each run keeps where it is. Ctrl+C once more ends at once.")
        running = self._pool.running
        for number in [*(one for one in self._open if one not in running), *running]:
            self._pool.cancel(number)


@contextmanager
def stoppable(replies: "SimpleQueue[Any]") -> Iterator[None]:
    """Turn Ctrl+C and the system's wish to end into a message, where this is the thread that hears of them."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    known = (signal.SIGINT, signal.SIGTERM)
    before = {one: signal.signal(one, lambda *_: replies.put(STOP)) for one in known}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


@contextmanager
def undisturbed() -> Iterator[None]:
    """Let processes that start meanwhile never hear of Ctrl+C: a terminal tells it to all, and they are asked to stop.

    What a thread holds back, the processes that it starts do as well (POSIX, ``pthread_sigmask``).
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    from multiprocessing import resource_tracker

    resource_tracker.ensure_running()  # started later it would let the signal through again, in the thread that starts
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
