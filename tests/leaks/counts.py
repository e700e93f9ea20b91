"""What a process holds: objects of Qt and of Python, threads, open files, processes, memory."""

import ctypes
import gc
import os
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from functools import _lru_cache_wrapper

import psutil
from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QPixmapCache
from PySide6.QtWidgets import QApplication

_OF_QT = "QCommonStyle"
"""What Python holds of each style that an application was given, which is once where it is no test."""


def settle(app: QApplication) -> None:
    """Let everything go that goes by itself."""
    for _ in range(3):
        app.processEvents()
        app.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    for cached in _bounded_caches():
        cached.cache_clear()
    QPixmapCache.clear()  # Qt keeps 10 MB of icons in the sizes in which they were painted
    gc.collect()


def _bounded_caches() -> "Iterator[_lru_cache_wrapper[object]]":
    """Yield the functions of ours that keep so many answers at most: what they keep is no leak."""
    for name, module in list(sys.modules.items()):
        if name.startswith("resnet_explorer."):
            for value in list(vars(module).values()):
                if isinstance(value, _lru_cache_wrapper) and value.cache_parameters()["maxsize"]:
                    yield value


def held(app: QApplication) -> Counter[str]:
    """Return how many of each kind are held now, by the names of their kinds."""
    settle(app)
    things = gc.get_objects()
    counts = Counter(type(thing).__name__ for thing in things if isinstance(thing, QObject))
    counts.update(
        type(thing).__name__ for thing in things if str(type(thing).__module__).startswith("resnet_explorer.")
    )
    del things, counts[_OF_QT]
    counts.update(f"{type(widget).__name__} on screen" for widget in app.allWidgets())
    counts["threads"] = threading.active_count()
    counts["processes"] = len(list(_processes()))
    if sys.platform.startswith("linux"):
        counts["open files"] = len(os.listdir("/proc/self/fd"))
    return counts


def _processes() -> Iterator[psutil.Process]:
    """Yield the processes that live: those that were killed just now have a moment to end."""
    time.sleep(0.3)
    for child in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            if child.status() != psutil.STATUS_ZOMBIE:
                yield child


def grown(before: Counter[str], after: Counter[str]) -> dict[str, int]:
    """Return of what there is more than before, and how much."""
    return {kind: more for kind in after if (more := after[kind] - before[kind]) > 0}


def memory() -> float:
    """Return the MiB of memory that the process has for itself, without what it could give back at once."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6").malloc_trim(0)
    return float(psutil.Process().memory_full_info().uss) / 2**20
