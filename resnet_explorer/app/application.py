"""The application of Qt, which also takes the files that macOS hands over as events, not as arguments."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent
from PySide6.QtGui import QFileOpenEvent
from PySide6.QtWidgets import QApplication


class Application(QApplication):
    """Keeps the files that the system asks it to open until something opens them."""

    def __init__(self, arguments: Sequence[str]) -> None:
        super().__init__(list(arguments))
        self._waiting: list[str] = []
        self._open: Callable[[str], object] = self._waiting.append

    def open_files_with(self, opener: Callable[[str], object]) -> None:
        """Give the paths of files to ``opener``: those that wait, and from now on each as it comes."""
        self._open = opener
        while self._waiting:
            opener(self._waiting.pop(0))

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QFileOpenEvent) and event.file():
            self._open(event.file())
            return True
        return super().event(event)
