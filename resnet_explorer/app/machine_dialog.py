"""The dialog of what this machine has and lacks for the app: what the command ``doctor`` finds, as it finds it."""

from threading import Thread

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QScrollArea, QWidget

from resnet_explorer.doctor.checks import Checks
from resnet_explorer.doctor.findings import Finding, State, summary, to_text
from resnet_explorer.ui.dialogs import resize_to_fit
from resnet_explorer.ui.parts import WrappedLabel, button, describe, fill, hbox, label, vbox
from resnet_explorer.ui.window import Window

MARKS = {State.OK: "✓", State.NOTE: "–", State.BROKEN: "⚠"}
CHECKING = "Checking…"


def show(window: Window, checked: bool) -> None:
    """Check this machine, and show what is found."""
    dialog = MachineDialog(window)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.show()
    dialog.check()


class _Messages(QObject):
    """What the thread of the checks tells; it may outlive the dialog."""

    found = Signal(object)
    ended = Signal()


class MachineDialog(QDialog):
    """Lists findings, those that are broken first; the checks run on a thread and in processes, and end with it."""

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self.setWindowTitle("Check this machine")
        self.findings: list[Finding] = []
        self.summary = label(CHECKING, "strong", cut=True)
        self._column, self._area = vbox(spacing=10), describe(QScrollArea(), "What was found")
        fill(self._area, self._column, 1, margins=(12, 8, 12, 8))
        self.copy = button("Copy", "Copy all of it as text", self._on_copy)
        self.again = button("Check again", "Do all checks once more", self.check)
        close = button("Close", "Close this, and end checks that still run", self.reject)
        last = hbox((self.summary, 1), self.copy, self.again, close, margins=(12, 0, 0, 0))
        vbox((self._area, 1), last, of=self, margins=(0, 0, 12, 9))
        resize_to_fit(self, 640, 560)
        self._checks: Checks | None = None
        self._messages = _Messages()
        self._messages.found.connect(self.show_finding)
        self._messages.ended.connect(self.show_end)
        if app := QGuiApplication.instance():
            app.aboutToQuit.connect(self._end)

    def check(self) -> None:
        """Do all checks."""
        for row in self._area.findChildren(_Row):
            row.deleteLater()
        self.findings.clear()
        self.summary.setText(CHECKING)
        self.again.setEnabled(False)
        self._checks = Checks()
        Thread(target=self._work, args=(self._checks,), daemon=True, name="checks").start()

    def _work(self, work: Checks) -> None:
        for finding in work.findings():
            if work is not self._checks:
                return
            self._messages.found.emit(finding)
        self._messages.ended.emit()

    def show_finding(self, finding: Finding) -> None:
        """Show one more finding: above all others that are not broken where it is."""
        place = sum(one.state is State.BROKEN for one in self.findings)
        self.findings.append(finding)
        self._column.insertWidget(place if finding.state is State.BROKEN else self._column.count(), _Row(finding))

    def show_end(self) -> None:
        """Say that all checks are done."""
        self.summary.setText(summary(self.findings))
        self.again.setEnabled(True)

    def _on_copy(self) -> None:
        QGuiApplication.clipboard().setText("".join(map(to_text, self.findings)))

    def done(self, result: int) -> None:
        self._end()
        super().done(result)

    def _end(self) -> None:
        """End the checks that still run."""
        work, self._checks = self._checks, None
        if work is not None:
            work.kill()


class _Row(QWidget):
    def __init__(self, finding: Finding) -> None:
        super().__init__()
        head = WrappedLabel(quiet=False)
        head.setObjectName("problem" if finding.state is State.BROKEN else "plain")
        head.setText(f"{MARKS[finding.state]} {finding.title}: {finding.what}")
        parts = [head]
        if finding.remedy:
            parts.append(WrappedLabel())
            parts[-1].setText(finding.remedy)
        for part in parts:
            part.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        vbox(*parts, of=self, spacing=2)
