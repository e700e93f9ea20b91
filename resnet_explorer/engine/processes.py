"""How processes that own PyTorch start, their first function, and how all end with the process that started them."""

import atexit
import faulthandler
import multiprocessing
import multiprocessing.util
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from multiprocessing.context import BaseContext
from typing import Any
from weakref import WeakSet

import psutil

from resnet_explorer.engine.messages import Failed, Request
from resnet_explorer.engine.priority import Priority, stand_back
from resnet_explorer.engine.pytorch import importing
from resnet_explorer.errors import ExplorerError

PRELOADED: tuple[str, ...] = ("resnet_explorer.engine.preload",)
"""The modules that the server imports before it forks."""
_COMPILER = "torch._dynamo"
"""What PyTorch's first optimiser imports: 1.4 seconds, which processes that the server forks share."""
_ROUNDS, _ROUND = 50, 0.02
"""How often, and for how many seconds each time, the end waits for a thread that is starting a process."""
MOST_WORDS = 16_000
"""The bytes that are read of what a process wrote when it crashed."""
_threads: "WeakSet[threading.Thread]" = WeakSet()


def context(with_optimisers: bool = False) -> BaseContext:
    """Return the way to start processes: from a server that has PyTorch imported where the system knows such.

    A server that starts now also imports the compiler for processes that train, which else each of them imports.
    A start takes 20 ms then instead of 2 s. Waiting threads sleep (``OMP_WAIT_POLICY``): with a busy core beside it
    PyTorch is 18 times slower otherwise.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    if sys.platform == "win32":
        return multiprocessing.get_context("spawn")
    chosen = multiprocessing.get_context("forkserver")
    chosen.set_forkserver_preload([*PRELOADED, *([_COMPILER] if with_optimisers else [])])
    return chosen


def start_thread(target: Callable[..., None], *args: object) -> None:
    """Run something that starts a process, and then listens to it, on a thread that the end knows of."""
    thread = threading.Thread(target=target, args=args, daemon=True)
    _threads.add(thread)
    thread.start()


def kill(pid: int) -> None:
    """End a process and all that it started; it is stopped first, so that it starts no more meanwhile."""
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        process.suspend()
        for member in (*process.children(recursive=True), process):
            with suppress(psutil.NoSuchProcess):
                member.kill()


@atexit.register
def _end_all() -> None:
    """End the server with all that it started, also while it imports PyTorch, which it does not interrupt by itself.

    From Python 3.13 on the interpreter waits at its exit for whatever holds multiprocessing's pipes: it waited for ever
    for a server that would have ended after it.
    """
    for _ in range(_ROUNDS):  # a thread may just be starting the server, or start it anew when it finds it dead
        server = _server()
        if server is not None:
            kill(server)
        starting = [thread for thread in _threads if thread.is_alive()]
        if not starting:
            return
        starting[0].join(_ROUND)


def _server() -> int | None:
    """Return the process id of the server that forks; multiprocessing keeps it to itself."""
    module = sys.modules.get("multiprocessing.forkserver")
    return getattr(getattr(module, "_forkserver", None), "_forkserver_pid", None)


class LastWords:
    """A pipe into which a process that crashes writes where its threads are; on Windows there is none."""

    def __init__(self) -> None:
        self._near: Connection[Any, Any] | None = None
        self.far: Connection[Any, Any] | None = None
        """The end for the process."""
        if sys.platform != "win32":
            self._near, self.far = multiprocessing.Pipe(duplex=False)

    def read(self) -> str:
        """Return what a process that has ended wrote, and close the pipe."""
        if self._near is None or self.far is None:
            return ""
        self.far.close()
        os.set_blocking(self._near.fileno(), False)  # a process of its own may still hold the other end
        with self._near, suppress(OSError):
            return os.read(self._near.fileno(), MOST_WORDS).decode(errors="replace")
        return ""


def work(
    connection: "Connection[Any, Any]",
    preload: Sequence[str] | None,
    priority: Priority,
    last_words: "Connection[Any, Any] | None" = None,
) -> None:
    """Serve requests until the window is gone; it imports the modules of ``preload`` first.

    Without PyTorch each request is answered with the sentence that says so. A crash is written to ``last_words``.
    """
    if last_words is not None:
        faulthandler.enable(last_words.fileno())
    stand_back(priority)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for the process that asks: it says what becomes of jobs
    with suppress(EOFError, OSError):  # the window is gone
        try:
            with importing():
                from resnet_explorer.engine.server import serve
        except ExplorerError as error:
            trace = traceback.format_exc()
            while True:
                message = connection.recv()
                if isinstance(message, Request):
                    connection.send(Failed(message.number, error.what, error.remedy, trace, lasts=True))
        serve(connection, preload)
