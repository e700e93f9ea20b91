"""Jobs for the process that owns PyTorch, one after the other, with progress on stderr."""

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from queue import Empty, SimpleQueue
from time import monotonic
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from resnet_explorer.engine.client import GRACE, Engine
from resnet_explorer.engine.jobs import Job
from resnet_explorer.engine.messages import Died, Failed, Finished, Reply, Stepped, Stopped
from resnet_explorer.errors import ExplorerError

POLL_SECONDS = 0.5
"""Seconds between two looks for Ctrl+C, where the system does not wake a waiting thread for it."""
STOP = None
"""What is put into a queue when the user asks to stop."""


class Asker(AbstractContextManager["Asker"]):
    """An engine to be used in ``with``: ``ask`` returns what comes of a job."""

    def __init__(self) -> None:
        self._replies: SimpleQueue[Reply | None] = SimpleQueue()
        self._engine = Engine(self._replies.put)
        self._patience = float("inf")

    def __exit__(self, *_: object) -> None:
        self._engine.close()

    def ask(self, job: Job) -> Any:
        """Return the result of a job; raises ExplorerError where it comes to nothing, KeyboardInterrupt on Ctrl+C."""
        with signals_to_queue(self._replies), ExitStack() as stack:
            bar = stack.enter_context(_bar()) if sys.stderr is not None and sys.stderr.isatty() else None
            with block_signals():
                number = self._engine.submit(job)
            while True:
                reply = self._next(number)
                if isinstance(reply, Finished):
                    return reply.result
                if bar and isinstance(reply, Stepped):
                    bar.update(bar.task_ids[0], completed=reply.done, total=reply.of, description=reply.text)

    def _next(self, number: int) -> Reply | None:
        """Return the next reply, None where there is none yet; raises what ends a job otherwise."""
        try:
            reply = self._replies.get(timeout=POLL_SECONDS)
        except Empty:
            if monotonic() > self._patience:  # it does not stop by itself: its process ends with this command
                raise KeyboardInterrupt from None
            return None
        if reply is STOP:
            self._engine.cancel(number)
            self._patience = min(self._patience, monotonic() + GRACE)
            return None
        self._engine.handle(reply)
        if isinstance(reply, Stopped):
            raise KeyboardInterrupt
        if isinstance(reply, Failed):
            raise ExplorerError("engine", reply.what, reply.remedy)
        if isinstance(reply, Died):
            raise ExplorerError("engine", reply.text)
        return reply


def _bar() -> Progress:
    columns = (BarColumn(24), TextColumn("{task.description}", markup=False))
    bar = Progress(*columns, console=Console(stderr=True, highlight=False), transient=True)
    bar.add_task("", total=None)
    return bar


@contextmanager
def signals_to_queue(replies: "SimpleQueue[Any]") -> Iterator[None]:
    """Context manager that turns SIGINT and SIGTERM into ``STOP`` in a queue; only the main thread receives signals."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    signals = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, lambda *_: replies.put(STOP)) for number in signals}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def block_signals() -> Iterator[None]:
    """Context manager that blocks SIGINT and SIGTERM in the processes started inside: they are asked to stop instead.

    A terminal sends Ctrl+C to all processes; a blocked signal is inherited (POSIX, ``pthread_sigmask``).
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
