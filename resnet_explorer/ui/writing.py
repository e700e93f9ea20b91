"""A file that is made and written beside the window's thread."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Thread

from PySide6.QtCore import QObject, Signal

from resnet_explorer.errors import ExplorerError
from resnet_explorer.files import write


class Writing(QObject):
    """Writes a file; ``on_end`` is called in the window's thread with the error, or with None where it is written."""

    _ended = Signal(object)

    def __init__(
        self,
        parent: QObject,
        path: Path,
        make: Callable[[], bytes | str],
        on_end: Callable[[ExplorerError | None], None],
    ) -> None:
        super().__init__(parent)
        self._path, self._make, self._on_end = path, make, on_end
        self._ended.connect(self._end)
        Thread(target=self._write).start()

    def _write(self) -> None:
        failed: ExplorerError | None = None
        try:
            write(self._path, self._make())
        except ExplorerError as error:
            failed = error
        with suppress(RuntimeError):  # the window was closed meanwhile: nobody is to be told
            self._ended.emit(failed)

    def _end(self, error: ExplorerError | None) -> None:
        self._on_end(error)
        self.deleteLater()
