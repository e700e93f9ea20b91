"""What the server imports before it forks: PyTorch, for as long as the process that started it is there."""

import os
import threading

LOOK = 0.2
"""Seconds between two looks at that process."""


def _leave_with(parent: int, loaded: threading.Event) -> None:
    while not loaded.wait(LOOK):
        if os.getppid() != parent:
            os._exit(1)


def _load() -> None:
    """Import the engine; it tells itself why that fails, when it is asked for something."""
    loaded = threading.Event()
    watch = threading.Thread(target=_leave_with, args=(os.getppid(), loaded))
    watch.start()
    try:
        import resnet_explorer.engine.server  # noqa: F401
    except Exception:
        pass
    finally:
        loaded.set()
        watch.join()  # a process that forks has one thread


_load()
