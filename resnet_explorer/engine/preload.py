"""What the server imports before it forks: PyTorch, for as long as the process that started it is there."""

import os
import signal
import time
from contextlib import suppress

import psutil

POLL_SECONDS = 0.1
"""Seconds between two looks at that process."""


def _load() -> None:
    """Import the engine; where that fails, each request is answered with the reason."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for the process that asks
    app, server = os.getppid(), os.getpid()
    watcher = os.fork()  # a thread would wait for imports: they hold Python's lock for seconds
    if watcher == 0:
        _watch(app, server)
    with suppress(Exception):
        import resnet_explorer.engine.server  # noqa: F401
    os.kill(watcher, signal.SIGKILL)
    os.waitpid(watcher, 0)


def _watch(app: int, server: int) -> None:
    """End the server when the app has ended, however that was; never return."""
    try:
        while os.getppid() == server:
            if psutil.Process(server).ppid() != app:
                os.kill(server, signal.SIGKILL)
            time.sleep(POLL_SECONDS)
    finally:
        os._exit(0)


_load()
