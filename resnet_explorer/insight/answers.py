"""Answers of the engine, kept so that going back to an image shows it at once."""

from typing import TypeVar

from PySide6.QtCore import QObject, Signal

from resnet_explorer.engine.jobs import Job
from resnet_explorer.insight.values import InsideRequest
from resnet_explorer.ui.jobs import Jobs, JobState, Phase

KEPT = 200
"""Answers that are kept, so that going back to an image shows it at once."""
A = TypeVar("A")


class Answers(QObject):
    """``arrived`` tells that an answer is there, or a part of it, or that there will be none."""

    arrived = Signal()

    def __init__(self, jobs: Jobs, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._known: dict[object, object] = {}
        self._asked: dict[object, int] = {}

    def forget(self) -> None:
        """Withdraw every question and drop every answer."""
        for number in self._asked.values():
            self._jobs.cancel(number)
        self._asked.clear()
        self._known.clear()

    def to(self, request: InsideRequest) -> object | None:
        """Return what is known of an answer."""
        return self._known.get(request)

    def newest(self, kind: type[A]) -> A | None:
        """Return the newest answer of a kind."""
        return next((one for one in reversed(self._known.values()) if isinstance(one, kind)), None)

    def ask(self, request: InsideRequest, label: str, instead: InsideRequest | None = None) -> None:
        """Ask, unless it is asked already; an older question ``instead`` of which it comes is withdrawn."""
        if instead is not None and instead != request and instead in self._asked:
            self._jobs.cancel(self._asked.pop(instead))
        if request not in self._asked:
            self._asked[request] = self._jobs.submit(
                request, label, self._on_answer, self._on_problem, so_far=self._on_part
            )

    def is_waiting(self, request: InsideRequest | None) -> bool:
        """Say whether an answer is to come."""
        state = self.state_of(request)
        return state is not None and not state.is_over

    def problem(self, request: InsideRequest | None) -> str:
        """Return the sentence on why a question was not answered; empty where it was, or will be."""
        state = self.state_of(request)
        return state.problem if state is not None else ""

    def is_cancelled(self, request: InsideRequest | None) -> bool:
        """Say whether the user has withdrawn a question."""
        state = self.state_of(request)
        return state is not None and state.phase is Phase.CANCELLED

    def let_ask_again(self) -> None:
        """Let questions that came to nothing be asked once more."""
        over = {state.number for state in self._jobs.states if state.is_over}
        self._asked = {request: number for request, number in self._asked.items() if number not in over}

    def drop(self, request: InsideRequest) -> None:
        """Forget an answer, so that it is asked anew."""
        self._asked.pop(request, None)
        self._known.pop(request, None)

    def state_of(self, request: InsideRequest | None) -> JobState | None:
        """Return how far a question is; None where it is not asked."""
        number = self._asked.get(request) if request is not None else None
        return next((state for state in self._jobs.states if state.number == number), None)

    def _on_part(self, job: Job, result: object) -> None:
        if job in self._asked:
            self._keep(job, result)

    def _on_answer(self, job: Job, result: object) -> None:
        if job in self._asked:
            del self._asked[job]
            self._keep(job, result)

    def _keep(self, job: Job, result: object) -> None:
        self._known.pop(job, None)
        self._known[job] = result
        while len(self._known) > KEPT:
            del self._known[next(iter(self._known))]
        self.arrived.emit()

    def _on_problem(self, problem: str) -> None:
        self.arrived.emit()
