"""Long work in the window's thread, a piece at a time, so that the mouse and every clock come in between."""

import time
from collections.abc import Callable, Iterator

from PySide6.QtCore import QObject, Signal

from resnet_explorer.ui.parts import timer

BUDGET = 0.004
"""Seconds in which pieces of work begin in one turn: a frame of a usual screen takes 16 ms, and has its own to do."""


class Turns(QObject):
    """Does work that yields between its pieces: as many of them in a turn as begin within ``BUDGET`` seconds.

    ``ended`` is emitted after the last piece, and not where the work is stopped; ``spent`` is how many seconds the
    pieces took that are done.
    """

    ended = Signal()

    def __init__(self, parent: QObject, clock: Callable[[], float] = time.perf_counter) -> None:
        super().__init__(parent)
        self._clock = clock
        self._work: Iterator[None] | None = None
        self._next = timer(self, 0, self._turn, once=True)
        self.spent = 0.0

    @property
    def is_busy(self) -> bool:
        return self._work is not None

    def begin(self, work: Iterator[None]) -> None:
        """Do work in place of what is not done yet of the work before; the first turn is now."""
        self._work, self.spent = work, 0.0
        self._turn()

    def stop(self) -> None:
        """Leave the rest undone."""
        self._next.stop()
        self._work = None

    def _turn(self) -> None:
        began = now = self._clock()
        work = self._work
        if work is None:
            return
        try:
            while now < began + BUDGET:
                next(work)
                now = self._clock()
                if self._work is not work:
                    return  # a piece of it has stopped it, or begun other work
        except StopIteration:
            self.spent += self._clock() - began
            self.stop()
            self.ended.emit()
        except BaseException:
            self.stop()
            raise
        else:
            self.spent += now - began
            self._next.start()
