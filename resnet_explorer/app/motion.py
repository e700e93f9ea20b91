"""Whether the system asks for less motion."""

import shutil
import sys
from collections.abc import Callable

from PySide6.QtCore import QCoreApplication, QObject, QProcess

_QUESTIONS = {
    "linux": (("gsettings", "get", "org.gnome.desktop.interface", "enable-animations"), "false"),
    "darwin": (("defaults", "read", "com.apple.universalaccess", "reduceMotion"), "1"),
}
"""For each system the command that asks it, and the answer that means less motion."""


class SystemMotion(QObject):
    """Asks the system once, without waiting; ``asked`` is called where it wants less motion."""

    def __init__(self, asked: Callable[[], None], parent: QObject) -> None:
        super().__init__(parent)
        self._asked = asked
        self._process = QProcess(self)
        self._process.finished.connect(self._on_finished)
        if app := QCoreApplication.instance():
            app.aboutToQuit.connect(self._on_about_to_quit)

    def ask(self) -> None:
        """Ask; on systems that cannot be asked nothing happens."""
        if sys.platform == "win32":
            self._ask_windows()
        elif sys.platform in _QUESTIONS and shutil.which(_QUESTIONS[sys.platform][0][0]):
            program, *arguments = _QUESTIONS[sys.platform][0]
            self._process.start(program, arguments)

    def _ask_windows(self) -> None:
        import ctypes

        shown = ctypes.c_int(1)
        # SPI_GETCLIENTAREAANIMATION
        ctypes.windll.user32.SystemParametersInfoW(0x1042, 0, ctypes.byref(shown), 0)  # type: ignore[attr-defined, unused-ignore]
        if not shown.value:
            self._asked()

    def _on_about_to_quit(self) -> None:
        self._process.kill()
        self._process.waitForFinished(200)

    def _on_finished(self) -> None:
        answer = bytes(self._process.readAllStandardOutput().data()).decode(errors="replace").strip()
        if answer == _QUESTIONS[sys.platform][1]:
            self._asked()
