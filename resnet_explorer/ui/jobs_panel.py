"""The Jobs panel with running and finished jobs, the line of a job, and one question to the engine at a time."""

import time
from collections.abc import Callable

from PySide6.QtCore import Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QProgressBar, QScrollArea, QSizePolicy, QWidget

from resnet_explorer.engine.jobs import Job
from resnet_explorer.engine.requests import InstallPytorch
from resnet_explorer.readings.progress import duration
from resnet_explorer.runs.kept_results import describe_kept
from resnet_explorer.runs.recorded import Provenance
from resnet_explorer.ui.job_state import JobState, Phase
from resnet_explorer.ui.jobs import Jobs
from resnet_explorer.ui.parts import Problem, button, fill, hbox, label, timer, vbox
from resnet_explorer.ui.status import ElidedLabel

SHOWN = 12
MARKS = {Phase.WAITING: "…", Phase.RUNNING: "▸", Phase.DONE: "✓", Phase.CANCELLED: "–", Phase.FAILED: "⚠"}


class JobsPanel(QScrollArea):
    """Lists the jobs, the newest first, each with its progress, its time left, Cancel or Retry, and its log."""

    def __init__(self, jobs: Jobs, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self.lines: list[JobLine] = []
        self._empty = label("No jobs yet.", "muted")
        self._column = vbox(self._empty)
        fill(self, self._column, 1, margins=(12, 8, 12, 8))
        self.setAccessibleName("Jobs")
        self._clock = timer(self, 500, self.show_jobs)
        jobs.changed.connect(self.show_jobs)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.show_jobs()

    def show_jobs(self) -> None:
        """Show the jobs as they are now, where the panel can be seen."""
        if not self.isVisible():
            self._clock.stop()
            return
        states = self._jobs.states[:SHOWN]
        while len(self.lines) < len(states):
            self.lines.append(JobLine(self._jobs))
            self._column.addWidget(self.lines[-1])
        for index, line in enumerate(self.lines):
            line.setVisible(index < len(states))
            if index < len(states):
                line.show_state(states[index])
        self._empty.setVisible(not states)
        running = any(state.phase is Phase.RUNNING for state in states)
        if running != self._clock.isActive():
            self._clock.start() if running else self._clock.stop()


class JobLine(QWidget):
    """One job; one that is ``inside`` a page has no label, and is hidden while nothing is to come."""

    def __init__(self, jobs: Jobs, inside: bool = False, wide: int = 140, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._jobs, self._number = jobs, 0
        self.label, self.text, self.bar = label(), ElidedLabel(), QProgressBar()
        self.bar.setFixedWidth(wide)
        self.bar.setTextVisible(False)
        self.cancel = button(
            "Cancel", "Stop this job at its next step, or after two seconds", lambda: self._jobs.cancel(self._number)
        )
        self.retry = button("Retry", "Do this job once more", lambda: self._jobs.retry(self._number))
        hbox(self.label, self.bar, (self.text, 1), self.cancel, self.retry, of=self)
        if inside:
            self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
            self.label.hide()
            self.hide()

    def follow(self, number: int) -> JobState | None:
        """Show the job of that number while it is open; return where it is, None where there is no such job."""
        state = self._jobs.state(number)
        self.setVisible(state is not None and not state.is_over)
        if state is not None:
            self.show_state(state)
        return state

    def show_state(self, state: JobState) -> None:
        """Show where a job is."""
        self._number = state.number
        self.label.setText(f"{MARKS[state.phase]} {state.number} · {state.label}")
        self.bar.setVisible(state.phase is Phase.RUNNING)
        self.bar.setRange(0, state.of)
        self.bar.setValue(state.done)
        self.bar.setAccessibleName(f"{state.label}: {state.done} of {state.of}")
        self.text.note = "\n".join(state.log)
        self.text.setText(state.problem or describe_progress(state))
        self.cancel.setVisible(not state.is_over)
        is_setup = isinstance(state.job, InstallPytorch)
        self.retry.setText("Install PyTorch" if is_setup else "Retry" if state.kept is None else "Measure again")
        can_retry = state.phase in (Phase.FAILED, Phase.CANCELLED) or state.kept is not None
        self.retry.setVisible(can_retry and not (is_setup and (self._jobs.is_installing or self._jobs.absent is None)))


def describe_progress(state: JobState) -> str:
    """Return what a job does now and about how long that takes, or how it ended."""
    if state.kept is not None:
        return describe_kept(state.kept)
    if state.phase is not Phase.RUNNING:
        return state.text or state.phase.value
    left = None if state.text.endswith(" left") else state.left(time.monotonic())
    return f"{state.text}, about {duration(left)} left" if left is not None else state.text or "starting PyTorch"


class Question(QWidget):
    """One question to the engine at a time: its progress with Cancel, or why it was not answered.

    Of an answer that was kept from a time before it says when that was, and it can be asked for anew; where the page
    has such a button itself, ``has_again`` is false.
    """

    ended = Signal()

    def __init__(self, jobs: Jobs, parent: QWidget | None = None, has_again: bool = True) -> None:
        super().__init__(parent)
        self._has_again = has_again
        self._jobs, self._number = jobs, 0
        self._open: object | None = None
        self._last: tuple[Job, str, Callable[[object], None]] | None = None
        self.kept = ElidedLabel()
        self.again = button("Measure again", "Compute this anew, and keep that result", self._on_again)
        self.line, self.problem = JobLine(jobs, inside=True, wide=70), Problem()
        self.line.retry.hide()
        vbox(self.line, self.problem, hbox((self.kept, 1), self.again), of=self, spacing=2)
        self._show_kept(None)
        self.hide()
        jobs.changed.connect(self._on_jobs_changed)

    @property
    def is_open(self) -> bool:
        """Return whether an answer is pending."""
        return self._open is not None

    def ask(self, job: Job, label: str, then: Callable[[object], None], anew: bool = False) -> None:
        """Ask; an older question is cancelled and its answer ignored. One ``anew`` takes no answer that was kept."""
        self.withdraw()
        self.problem.say("")
        self._last = (job, label, then)
        question = self._open = object()

        def answered(job: Job, result: object) -> None:
            if self._open is question:
                self._end()
                self._show_kept(self._jobs.kept_from(job))
                then(result)

        def failed(problem: str) -> None:
            if self._open is question:
                self._end(problem)
                self.ended.emit()

        number = self._jobs.submit(job, label, answered, failed, anew=anew)
        self._number = number if self._open is question else 0
        self.setVisible(self.is_open or bool(self.problem.text()))
        self._on_jobs_changed()

    def withdraw(self) -> None:
        """Cancel the question."""
        number = self._number
        self._end()
        if number:
            self._jobs.cancel(number)

    def _end(self, problem: str = "") -> None:
        self._number, self._open = 0, None
        self._show_kept(None)
        self.line.hide()
        self.problem.say(problem)
        self.setVisible(bool(problem))

    def _show_kept(self, made: Provenance | None) -> None:
        """Say that the answer was kept from a time before, where it was."""
        text = describe_kept(made) if made else ""
        self.kept.setText(text[:1].upper() + text[1:])
        self.kept.setVisible(made is not None)
        self.again.setVisible(made is not None and self._has_again)
        self.setVisible(made is not None)

    def _on_again(self) -> None:
        if self._last is not None:
            job, label, then = self._last
            self.ask(job, label, then, anew=True)

    def _on_jobs_changed(self) -> None:
        state = self._jobs.state(self._number)
        if state is not None and state.phase is Phase.CANCELLED:
            self._end()
            self.ended.emit()
        elif state is not None:
            self.line.follow(self._number)
