"""Python's garbage is collected in the window's thread alone, a little at a time.

A collection that starts in the thread which reads the engine's answers would destroy Qt objects there, and Qt allows
that in their own thread only. What has outlived a collection is left out of the next ones: to look at all of a window's
objects takes a tenth of a second, in which it would not answer. All of them are looked at while nobody looks at the
window.
"""

import gc
import time

from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtGui import QGuiApplication

PAUSE_MS = 1000
WHOLE_S = 600
"""Seconds between two collections of everything, at least."""


class Collector(QObject):
    """Collects once a second what is due, instead of whenever some thread allocates."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._due = gc.get_threshold()[0]
        self._last = time.monotonic()
        gc.disable()
        self._clock = QTimer(self)
        self._clock.timeout.connect(self.collect)
        self._clock.start(PAUSE_MS)

    def collect(self) -> None:
        """Collect what is new where that has grown past Python's own bound, and everything now and then."""
        is_watched = QGuiApplication.applicationState() == Qt.ApplicationState.ApplicationActive
        if not is_watched and time.monotonic() > self._last + WHOLE_S:
            self._last = time.monotonic()
            gc.unfreeze()
            self.settle()
        elif gc.get_count()[0] > self._due:
            self.settle()

    def settle(self) -> None:
        """Collect what is new, and leave what is left of it out of the next collections."""
        gc.collect()
        gc.freeze()
