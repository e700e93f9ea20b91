"""The Jobs panel: what the engine does and did, each with its progress, its time left, Cancel or Retry, and its log."""

import time

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from resnet_explorer.analysis.progress import duration
from resnet_explorer.gui.jobs import Jobs, JobState, Phase

SHOWN = 12
MARKS = {Phase.WAITING: "…", Phase.RUNNING: "▸", Phase.DONE: "✓", Phase.CANCELLED: "–", Phase.FAILED: "⚠"}


class JobsPanel(QScrollArea):
    """Lists the jobs, the newest first."""

    def __init__(self, jobs: Jobs, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self.lines: list[JobLine] = []
        inner = QWidget()
        self._column = QVBoxLayout(inner)
        self._column.setContentsMargins(12, 8, 12, 8)
        self._empty = QLabel("Nothing has been asked of PyTorch yet.")
        self._empty.setObjectName("muted")
        self._column.addWidget(self._empty)
        self._column.addStretch(1)
        self.setWidget(inner)
        self.setWidgetResizable(True)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setAccessibleName("Jobs")
        self._clock = QTimer(self)
        self._clock.setInterval(500)
        self._clock.timeout.connect(self.show_jobs)
        jobs.changed.connect(self.show_jobs)

    def show_jobs(self) -> None:
        """Show the jobs as they are now."""
        states = self._jobs.states[:SHOWN]
        while len(self.lines) < len(states):
            line = JobLine(self._jobs)
            self.lines.append(line)
            self._column.insertWidget(len(self.lines), line)
        for index, line in enumerate(self.lines):
            line.setVisible(index < len(states))
            if index < len(states):
                line.show_state(states[index])
        self._empty.setVisible(not states)
        running = any(state.phase is Phase.RUNNING for state in states)
        if running != self._clock.isActive():
            self._clock.start() if running else self._clock.stop()


class JobLine(QWidget):
    """One job."""

    def __init__(self, jobs: Jobs, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._jobs, self._number = jobs, 0
        self.label, self.words = QLabel(), QLabel()
        for label in (self.label, self.words):
            label.setTextFormat(Qt.TextFormat.PlainText)
        self.words.setObjectName("muted")
        self.words.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.bar = QProgressBar()
        self.bar.setFixedWidth(140)
        self.bar.setTextVisible(False)
        self.cancel, self.retry = QPushButton("Cancel"), QPushButton("Retry")
        self.cancel.setToolTip("Stop this job at its next step, or after two seconds")
        self.retry.setToolTip("Ask for the same once more")
        self.cancel.clicked.connect(self._on_cancel_clicked)
        self.retry.clicked.connect(self._on_retry_clicked)
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        for widget in (self.label, self.bar):
            line.addWidget(widget)
        line.addWidget(self.words, 1)
        line.addWidget(self.cancel)
        line.addWidget(self.retry)

    def show_state(self, state: JobState) -> None:
        """Show where a job is."""
        self._number = state.number
        self.label.setText(f"{MARKS[state.phase]} {state.number} · {state.label}")
        running = state.phase is Phase.RUNNING
        self.bar.setVisible(running)
        self.bar.setRange(0, state.of)
        self.bar.setValue(state.done)
        self.bar.setAccessibleName(f"{state.label}: {state.done} of {state.of}")
        self.words.setText(state.problem or _words(state))
        self.words.setToolTip("\n".join(state.log))
        self.cancel.setVisible(not state.is_over)
        self.retry.setVisible(state.phase in (Phase.FAILED, Phase.CANCELLED))

    def _on_cancel_clicked(self) -> None:
        self._jobs.cancel(self._number)

    def _on_retry_clicked(self) -> None:
        self._jobs.retry(self._number)


def _words(state: JobState) -> str:
    if state.phase is not Phase.RUNNING:
        return state.phase.value
    left = state.left(time.monotonic())
    return f"{state.words}, about {duration(left)} left" if left is not None else state.words or "starting PyTorch"
