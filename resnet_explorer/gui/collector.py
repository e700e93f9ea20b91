"""Python's garbage is collected in the window's thread alone.

A collection that starts in the thread which reads the engine's answers would destroy Qt objects there, and Qt allows
that in their own thread only. What lives as long as the app is left out of every collection.
"""

import gc

from PySide6.QtCore import QObject, QTimer

PAUSE_MS = 1000


class Collector(QObject):
    """Collects once a second what is due, instead of whenever some thread allocates."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._due = gc.get_threshold()
        gc.collect()
        gc.freeze()
        gc.disable()
        self._clock = QTimer(self)
        self._clock.timeout.connect(self.collect)
        self._clock.start(PAUSE_MS)

    def collect(self) -> None:
        """Collect the oldest generation that has grown past Python's own bound."""
        for generation in (2, 1, 0):
            if gc.get_count()[generation] > self._due[generation]:
                gc.collect(generation)
                return
