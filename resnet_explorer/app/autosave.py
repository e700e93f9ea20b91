"""Keeps the session of a window: a while after each change, beside the window's thread, and when it is closed."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from resnet_explorer.errors import ExplorerError
from resnet_explorer.scenes.session import SavedSession, save
from resnet_explorer.ui.parts import timer

REST_MS = 1000
"""How long nothing must change before it is saved."""
LATEST_MS = 3000
"""How long after the first change it is saved at the latest, however often something changes."""
AGAIN_MS = 200
"""How long to wait for a save that is still being written."""
Snapshot = Callable[[], SavedSession]
"""What makes the session of a moment, outside of the window's thread."""


class Autosave(QObject):
    """Saves what ``take`` returns into a file: ``start`` after a while, ``finish`` now.

    ``failed`` tells why nothing could be saved, once until it can be again.
    """

    failed = Signal(str)

    def __init__(self, take: Callable[[], Snapshot], path: Path, parent: QObject) -> None:
        super().__init__(parent)
        self._take, self._path = take, path
        self._writer = ThreadPoolExecutor(1, "autosave")  # kept: a new thread is waited for until it has begun
        self._writing: Future[None] | None = None
        self._saved: SavedSession | None = None
        self._has_failed = False
        self._rest = timer(self, REST_MS, self._save, once=True)
        self._latest = timer(self, LATEST_MS, self._save, once=True)
        self._again = timer(self, AGAIN_MS, self._save, once=True)

    def start(self) -> None:
        """Save once nothing has changed for a while, and in any case a while after the first change."""
        self._rest.start()
        if not self._latest.isActive():
            self._latest.start()

    def finish(self) -> None:
        """Save now, after what is being saved."""
        self._stop()
        if self._writing:
            wait([self._writing])
        self._saved = None  # written in any case: the next start goes on with the session that was written last
        self._write(self._take())

    def _stop(self) -> None:
        for clock in (self._rest, self._latest, self._again):
            clock.stop()

    def _save(self) -> None:
        self._stop()
        if self._writing and not self._writing.done():
            self._again.start()
            return
        written, self._writing = self._writing, None
        if written:
            written.result()  # what went wrong without a sentence is reported as any other error
        self._writing = self._writer.submit(self._write, self._take())

    def _write(self, snapshot: Snapshot) -> None:
        """Write a session unless it is in the file already; in any thread."""
        session = snapshot()
        if session == self._saved:
            return
        try:
            save(session, self._path)
            self._saved, self._has_failed = session, False
        except ExplorerError as error:
            if not self._has_failed:
                self.failed.emit(f"This window's session is not kept: {error}")
            self._has_failed = True
