"""How the system asks the app to end; the first paint does not wait for it."""

import signal
import socket

from PySide6.QtCore import QObject, QSocketNotifier, Signal


class EndSignals(QObject):
    """Tells when the system asks the app to end: Ctrl+C, SIGTERM, or SIGHUP of a terminal that closes.

    The event loop waits in Qt, where no handler of Python's runs: the system wakes it through a socket.
    """

    arrived = Signal()
    _NAMES = ("SIGINT", "SIGTERM", "SIGHUP")

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._read, self._write = socket.socketpair()
        for end in (self._read, self._write):
            end.setblocking(False)
        notifier = QSocketNotifier(self._read.fileno(), QSocketNotifier.Type.Read, self)
        notifier.activated.connect(self._on_activated)
        signal.set_wakeup_fd(self._write.fileno(), warn_on_full_buffer=False)
        for number in [getattr(signal, name) for name in self._NAMES if hasattr(signal, name)]:
            if signal.getsignal(number) is not signal.SIG_IGN:  # as nohup asks
                signal.signal(number, lambda number, frame: signal.signal(number, signal.SIG_DFL))  # a second one ends

    def _on_activated(self) -> None:
        self._read.recv(64)
        self.arrived.emit()
