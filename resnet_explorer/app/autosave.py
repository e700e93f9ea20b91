"""Keeps where the user is: a while after each change, beside the window's thread, and when the window is closed."""

from collections.abc import Callable
from threading import Thread

from PySide6.QtCore import QObject

from resnet_explorer.ui import workspace
from resnet_explorer.ui.parts import timer
from resnet_explorer.ui.workspace import Workspace

REST_MS = 2000
"""How long nothing must change before it is saved."""


class Autosave(QObject):
    """Saves what ``current`` returns: ``start`` after a while, ``finish`` now."""

    def __init__(self, current: Callable[[], Workspace], parent: QObject) -> None:
        super().__init__(parent)
        self._current = current
        self._thread: Thread | None = None
        self._rest = timer(self, REST_MS, self._save, once=True)

    def start(self) -> None:
        """Save once nothing has changed for a while: text is written and flushed to disk in a thread of its own."""
        self._rest.start()

    def finish(self) -> None:
        """Save now, after what is being saved."""
        self._rest.stop()
        self._wait()
        workspace.save(self._current(), workspace.path())

    def _save(self) -> None:
        self._wait()
        self._thread = Thread(target=workspace.save, args=(self._current(), workspace.path()))
        self._thread.start()

    def _wait(self) -> None:
        if self._thread:
            self._thread.join()
