"""The parts of which the steps of the fine-tuning lab are made: a section that says what is wrong, and a question."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QRect, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget

from resnet_explorer.engine.messages import Job
from resnet_explorer.gui.jobs import Jobs, Phase
from resnet_explorer.gui.views.fields import FractionField, NumberField
from resnet_explorer.gui.views.jobs_panel import JobLine
from resnet_explorer.gui.views.section import Section

if TYPE_CHECKING:
    from resnet_explorer.gui.views.tuning_state import TuningState


class Words(QLabel):
    """Words in lines, exactly as high as they need at the width that they are given; ``quiet`` ones are muted.

    Layouts give a wrapped label in a scrolled panel too little or too much: this one asks for its height itself.
    """

    def __init__(self, quiet: bool = True, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("muted" if quiet else "plain")
        self.setWordWrap(True)
        self.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setMinimumWidth(60)

    def show_words(self, words: str) -> None:
        """Show other words; none hide it."""
        self.setText(words)
        self.setVisible(bool(words))
        self._fit()

    def hasHeightForWidth(self) -> bool:
        return False

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._fit()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._fit()

    def _fit(self) -> None:
        margins, wide = self.contentsMargins(), self.contentsRect().width()
        flags = Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignLeft
        needed = self.fontMetrics().boundingRect(QRect(0, 0, max(60, wide), 100_000), flags, self.text())
        self.setFixedHeight(needed.height() + margins.top() + margins.bottom())


class Problem(Words):
    """A sentence on what is wrong; hidden where nothing is."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self.setObjectName("problem")
        self.hide()

    def say(self, problem: str) -> None:
        """Say why something cannot be; an empty sentence clears it."""
        self.show_words(f"⚠ {problem}" if problem else "")


class Question(QWidget):
    """One question to the engine at a time: its progress with Cancel, or why it was not answered."""

    ended = Signal()

    def __init__(self, jobs: Jobs, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._jobs, self._number = jobs, 0
        self.line, self.problem = JobLine(jobs), Problem()
        self.line.label.hide()
        self.line.bar.setFixedWidth(70)
        self.line.retry.setVisible(False)
        self.line.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(self.line)
        column.addWidget(self.problem)
        self.hide()
        jobs.changed.connect(self._on_jobs_changed)

    @property
    def is_open(self) -> bool:
        """Return whether an answer is to come."""
        return self._number != 0

    def ask(self, job: Job, label: str, then: Callable[[object], None]) -> None:
        """Ask; an older question is withdrawn, and its answer not taken any longer."""
        self.withdraw()
        self.problem.say("")
        self._number = -1
        asked = [0]

        def answered(job: Job, result: object) -> None:
            if asked[0] == self._number or self._number == -1:
                self._end()
                then(result)

        def failed(problem: str) -> None:
            if asked[0] == self._number or self._number == -1:
                self._end(problem)
                self.ended.emit()

        number = self._jobs.submit(job, label, answered, failed)
        asked[0] = number
        self._number = number if self._number == -1 else 0
        self.setVisible(self.is_open or bool(self.problem.text()))
        self._on_jobs_changed()

    def withdraw(self) -> None:
        """Want no answer any longer."""
        if self._number > 0:
            number, self._number = self._number, 0
            self._jobs.cancel(number)
        self._end()

    def _end(self, problem: str = "") -> None:
        self._number = 0
        self.line.hide()
        self.problem.say(problem)
        self.setVisible(bool(problem))

    def _on_jobs_changed(self) -> None:
        state = next((one for one in self._jobs.states if one.number == self._number), None)
        if state is None:
            return
        if state.phase is Phase.CANCELLED:
            self._end()
            self.ended.emit()
            return
        self.line.setVisible(not state.is_over)
        self.line.show_state(state)
        self.line.label.hide()


class Step(Section):
    """A step of the setup: its key, its fields in a form, and what is wrong with them."""

    def __init__(self, key: str, title: str, tip: str, state: "TuningState", is_open: bool) -> None:
        super().__init__(title, is_open)
        self.key, self.state = key, state
        self.header.setToolTip(f"{tip}. A click opens or closes this step")
        self.problem = Problem()
        self.form.setContentsMargins(14, 0, 12, 6)
        self.setContentsMargins(10, 0, 0, 0)
        state.refused.connect(self._on_refused)

    def finish(self) -> None:
        """Put the room for problems under the fields, and show the plan."""
        self.form.addRow(self.problem)
        self.state.changed.connect(self.show_plan)
        self.show_plan()

    def show_plan(self) -> None:
        """Show the plan as it is now."""
        raise NotImplementedError

    def add(self, words: str, field: QWidget, tip: str, name: str = "") -> QLabel:
        """Add a field with its label and the sentence that explains it."""
        label = QLabel(words)
        for one in (label, field):
            one.setToolTip(tip)
        field.setAccessibleName(name or words)
        label.setBuddy(field)
        self.form.addRow(label, field)
        return label

    def wide(self, widget: QWidget) -> None:
        """Add what takes the whole width."""
        self.form.addRow(widget)

    def watch(self, field: NumberField | FractionField, take: Callable[[object], object]) -> None:
        """Let a field's numbers be taken; text that is none is said beside it."""
        field.entered.connect(take)
        field.refused.connect(self._on_no_number)
        field.left.connect(self._on_left)

    def show_theme(self) -> None:
        """Take the room that words of another size need."""

    def say(self, problem: str) -> None:
        """Say what is wrong in this step; an empty sentence clears it."""
        self.problem.say(problem)

    def _on_no_number(self, text: str) -> None:
        self.say(f"{text[:40]!r} is no number. Write one such as 10.")

    def _on_left(self) -> None:
        self.say("")

    def _on_refused(self, key: str, problem: str) -> None:
        if key == self.key:
            self.say(problem)
            if problem:
                self.header.setChecked(True)


def button(words: str, tip: str) -> QPushButton:
    """Return a button with the sentence that explains it."""
    made = QPushButton(words)
    made.setToolTip(tip)
    made.setAutoDefault(False)
    return made


def show_number(field: NumberField | FractionField, value: float) -> None:
    """Show a number without a signal."""
    with QSignalBlocker(field):
        field.show_value(value)  # type: ignore[arg-type]  # a whole number for a NumberField
