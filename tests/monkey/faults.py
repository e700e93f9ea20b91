"""Whatever goes wrong in a process without anybody being told: exceptions anywhere, warnings of Qt and of Python."""

import os
import sys
import threading
import traceback
import warnings
from types import TracebackType
from typing import TextIO

from PySide6.QtCore import QMessageLogContext, QtMsgType, qInstallMessageHandler

NOT_OF_THE_APP = ("This plugin does not support", "Mouse event ")
"""How messages begin that the offscreen plugin sends, and QTest, of a click on what takes none."""


class Faults:
    """Collects what goes wrong from now on, each kind of fault once, with the number of the step that showed it."""

    def __init__(self) -> None:
        self.found: dict[str, str] = {}
        """What tells one fault from another, and all that is known of it."""
        self.first: dict[str, int] = {}
        self.step = 0
        sys.excepthook = self.on_exception
        threading.excepthook = lambda given: self.on_exception(
            given.exc_type, given.exc_value or given.exc_type(), given.exc_traceback
        )
        sys.unraisablehook = lambda given: self.on_exception(given.exc_type, given.exc_value, given.exc_traceback)
        warnings.showwarning = self._on_warning
        qInstallMessageHandler(self._on_message)

    def add(self, key: str, text: str = "") -> None:
        """Note a fault; one that is known already is passed over."""
        if key not in self.found:
            self.found[key], self.first[key] = text or key, self.step
            print(f"step {self.step}: {text or key}", file=sys.stderr, flush=True)

    def on_exception(self, kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> None:
        frames = traceback.extract_tb(trace)
        own = [frame for frame in frames if "resnet_explorer" in frame.filename] or frames
        place = f"{os.path.basename(own[-1].filename)}:{own[-1].name}" if own else "nowhere"
        self.add(f"{kind.__name__} in {place}", "".join(traceback.format_exception(kind, error, trace)))

    def _on_message(self, kind: QtMsgType, context: QMessageLogContext, text: str) -> None:
        if kind is not QtMsgType.QtDebugMsg and not text.startswith(NOT_OF_THE_APP):
            self.add(f"Qt: {text}", f"Qt: {text}\n{''.join(traceback.format_stack(limit=12))}")

    def _on_warning(
        self,
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        self.add(f"{category.__name__} in {os.path.basename(filename)}:{lineno}", f"{filename}:{lineno}: {message}")
