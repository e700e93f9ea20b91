"""Whatever goes wrong without being caught: it goes into the log, and into one bar of the window, once with a count.

Exceptions of slots, timers, paint events and threads, what Python cannot raise, messages of Qt, and processes of the
engine that die. Nothing of it is imported before it is needed but this.
"""

import sys
import threading
from collections import deque
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING

from PySide6.QtCore import QMessageLogContext, QObject, QtMsgType, Signal, qInstallMessageHandler
from PySide6.QtGui import QAction

from resnet_explorer.errors import ExplorerError
from resnet_explorer.ui import last_words
from resnet_explorer.ui.last_session import Start

if TYPE_CHECKING:
    from resnet_explorer.app.main_window import MainWindow
    from resnet_explorer.engine.messages import Died
    from resnet_explorer.ui.crash_bar import CrashBar
    from resnet_explorer.ui.crash_log import Crash
    from resnet_explorer.ui.job_state import JobState

KEPT_MESSAGES, KEPT_ACTIONS = 5, 12
_LIMITS = "This plugin does not support"
"""What Qt says of a platform begins so, and nobody can change it."""
_TOLD_AGAIN = (10, 100, 1000, 10_000)
"""The counts at which the log notes that something happens again and again."""


class CrashReports(QObject):
    """Notes what goes wrong from ``install`` on, in any thread.

    Warnings of Qt are shown from ``watch`` on: those of the start are mostly about the desktop. A window that fails
    before it has opened lets the next start leave its session out.
    """

    _noted = Signal()

    def __init__(self, window: "MainWindow", start: Start) -> None:
        super().__init__(window)
        self._window, self._start = window, start
        self._lock = threading.RLock()
        self.crashes: dict[str, Crash] = {}
        self.counts: dict[str, int] = {}
        self._dismissed: set[str] = set()
        self.messages: deque[str] = deque(maxlen=KEPT_MESSAGES)
        """What Qt said last."""
        self.actions: deque[str] = deque(maxlen=KEPT_ACTIONS)
        """The texts of the actions that were triggered last."""
        self._notice, self._aside = start.left_out, start.aside
        self._is_watching = False
        self._bar: CrashBar | None = None
        self._noted.connect(self._show)

    def install(self) -> None:
        """Take all that goes wrong from now on."""
        self._before = sys.excepthook, threading.excepthook, sys.unraisablehook
        sys.excepthook, threading.excepthook, sys.unraisablehook = self._on_exception, self._on_thread, self._on_lost
        self._messages_before = qInstallMessageHandler(self._on_qt_message)

    def uninstall(self) -> None:
        """Leave everything to those who took it before."""
        sys.excepthook, threading.excepthook, sys.unraisablehook = self._before
        qInstallMessageHandler(self._messages_before)

    def watch(self) -> None:
        """Take note from now on, too, of processes of the engine that die at their work and of warnings of Qt.

        Show what processes that crashed before have left, and what the start has left out.
        """
        self._window.jobs.died.connect(self._on_died)
        for action in self._window.actions_by_key.values():
            action.triggered.connect(self._on_action)
        self._is_watching = True
        last_words.forget_killed()
        if last_words.left():
            from resnet_explorer.ui.crash_log import take_deaths

            for crash in take_deaths():
                self._count(crash)
        if self._aside:
            from resnet_explorer.ui.recent import add_recent

            add_recent(self._aside)
        self._show()

    def _on_action(self) -> None:
        action = self.sender()
        assert isinstance(action, QAction)
        self.actions.append(action.text().replace("&", ""))

    def _on_failed(self) -> None:
        """Let the next start leave the session out, where this one could not open as it should."""
        if self._start.shown and self._start.slot and self._start.slot.note_failed():
            self._notice = "What was open last time cannot be shown. The next start leaves it out, and keeps it."

    def note(self, crash: "Crash") -> None:
        """Write something into the log and show it in the window; in any thread."""
        from resnet_explorer.ui import crash_log

        with self._lock:
            count = self._count(crash)
            if count == 1:
                crash_log.write(crash)
            elif count in _TOLD_AGAIN:
                crash_log.write_again(crash, count)
        with suppress(RuntimeError):  # the window is gone
            self._noted.emit()

    def _count(self, crash: "Crash") -> int:
        self.counts[crash.key] = self.counts.get(crash.key, 0) + 1
        self.crashes[crash.key] = self.crashes.pop(crash.key, crash)  # the newest last
        return self.counts[crash.key]

    def _on_exception(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        from resnet_explorer.ui import crash_log

        crash_log.print_exception(kind, error, trace)
        if isinstance(error, ExplorerError):
            self._window.say(str(error))
        elif issubclass(kind, Exception):
            if threading.current_thread() is threading.main_thread():
                self._on_failed()
            self.note(crash_log.from_exception(kind, error, trace))

    def _on_thread(self, args: threading.ExceptHookArgs) -> None:
        from resnet_explorer.ui import crash_log

        crash_log.print_exception(args.exc_type, args.exc_value, args.exc_traceback)
        if issubclass(args.exc_type, Exception):
            where = f"in the thread {args.thread.name}" if args.thread else "in a thread"
            self.note(crash_log.from_exception(args.exc_type, args.exc_value, args.exc_traceback, where))

    def _on_lost(self, args: "sys.UnraisableHookArgs") -> None:
        from resnet_explorer.ui import crash_log

        crash_log.print_exception(args.exc_type, args.exc_value, args.exc_traceback)
        where = f"in {getattr(args.object, '__qualname__', type(args.object).__name__)}"
        self.note(crash_log.from_exception(args.exc_type, args.exc_value, args.exc_traceback, where))

    def _on_qt_message(self, kind: QtMsgType, context: QMessageLogContext, text: str) -> None:
        if sys.stderr is not None:
            with suppress(OSError, ValueError):
                print(text, file=sys.stderr)
        if kind in (QtMsgType.QtDebugMsg, QtMsgType.QtInfoMsg) or text.startswith(_LIMITS):
            return
        import traceback

        from resnet_explorer.ui import crash_log

        category = context.category or "default"
        stack = "".join(traceback.format_stack(limit=10)[:-1])
        said = f"Qt reports: {text}{'' if text.endswith(('.', '?', '!')) else '.'}"
        crash = crash_log.crash(f"Qt {text}", said, f"Category: {category}\n{stack}")
        is_ours = category == "default" and self._is_watching
        if kind is QtMsgType.QtWarningMsg and not is_ours:
            if text not in self.messages:
                crash_log.write(crash, is_crash=False)
        else:
            self.note(crash)
        self.messages.append(text)

    def _on_died(self, state: "JobState | None", died: "Died") -> None:
        from resnet_explorer.ui import crash_log

        units = self._window.document.instruction_set or "not known"
        kind, label = (type(state.job).__name__, state.label) if state else ("none", "between two jobs")
        if state:
            what = f"{label}: {died.text}"
        else:
            what = f"{died.what.removesuffix('.')} {label}. The next one starts it anew."
        details = f"Job: {kind}, {label}\nInstruction set: {units}\n{died.trace}"
        self.note(crash_log.crash(f"engine {died.status} {kind}", what, details))

    def _show(self) -> None:
        """Show in the bar what was not dismissed."""
        with self._lock:
            shown = [crash for key, crash in self.crashes.items() if key not in self._dismissed]
        texts = [self._notice] if self._notice else []
        if shown:
            count, others = self.counts[shown[-1].key], len(shown) - 1
            what = shown[-1].what
            texts.append(f"{what.removesuffix('.')}, {count} times." if count > 1 else what)
            texts += [f"And {others} other problem{'s' * (others > 1)}."] if others else []
        if not texts:
            return
        if self._bar is None:
            from resnet_explorer.ui.crash_bar import CrashBar

            self._bar = CrashBar(self._window)
            self._bar.dismissed.connect(self._on_dismissed)
            self._bar.report_wanted.connect(self._copy)
            self._bar.session_wanted.connect(self._open_aside)
        self._bar.show_text(" ".join(texts), bool(shown), bool(self._aside))

    def _on_dismissed(self, had_focus: bool) -> None:
        self._dismissed.update(self.crashes)
        self._notice, self._aside = "", None
        if had_focus:
            self._window.canvas.setFocus()

    def _copy(self) -> None:
        from PySide6.QtGui import QGuiApplication

        from resnet_explorer.app.crash_text import report

        pairs = [(crash, self.counts[key]) for key, crash in self.crashes.items()]
        QGuiApplication.clipboard().setText(report(self._window, pairs, self.actions, self.messages))
        self._window.say("The report is on the clipboard.")

    def _open_aside(self) -> None:
        if self._aside and self._window.sessions.open(self._aside) and self._bar is not None:
            self._bar.dismiss.click()


def not_opened(error: Exception, start: Start) -> ExplorerError:
    """Put into the log that no window could be made, and return what is said; the next start leaves the session out."""
    if isinstance(error, ExplorerError):
        return error
    from resnet_explorer.ui import crash_log

    crash = crash_log.from_exception(type(error), error, error.__traceback__)
    crash_log.write(crash)
    if start.slot:
        start.slot.note_failed()
        start.slot.release()
    last_words.end()
    remedy = f"The next start leaves out the last session, and keeps it. The log is {crash_log.path()}."
    return ExplorerError("window", f"The window cannot be opened. {crash.what}", remedy)
