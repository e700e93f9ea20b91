"""Jobs without a process: generators that run in the test's own event loop, a step at a time."""

from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from resnet_explorer.errors import ExplorerError
from resnet_explorer.readings.progress import Partial, Progress
from resnet_explorer.runs.recorded import Provenance
from resnet_explorer.ui.job_state import JobState, Phase


class JobsHere(QObject):
    """Has what ``Jobs`` offers to a view; ``asked`` are all jobs that were submitted, ``answers`` what does each kind.

    A job of a kind without an answer has None for its result. ``kept`` is where results come from, as if they had been
    kept from a time before.
    """

    changed = Signal()

    def __init__(self, answers: Mapping[type, Callable[[Any], Iterator[object]]]) -> None:
        super().__init__()
        self.answers = dict(answers)
        self.asked: list[Any] = []
        self.kept: Provenance | None = None
        self._states: dict[int, JobState] = {}
        self._queue: list[tuple[int, Iterator[object], Any, Any, Any]] = []
        self._clock = QTimer(self)
        self._clock.timeout.connect(self._step)
        self.free: Callable[[], int | None] = lambda: None
        self._clock.start(0)

    @property
    def states(self) -> tuple[JobState, ...]:
        return tuple(reversed(self._states.values()))

    def state(self, number: int) -> JobState | None:
        return self._states.get(number)

    @property
    def is_idle(self) -> bool:
        """Return whether every job is answered."""
        return not self._queue

    def of(self, kind: type) -> list[Any]:
        """Return all jobs of a kind that were asked for."""
        return [job for job in self.asked if type(job) is kind]

    @property
    def is_installing(self) -> bool:
        return False

    def has_kept(self, job: Any) -> bool:
        return False

    def kept_from(self, job: Any) -> Provenance | None:
        return self.kept

    def is_loading(self, number: int) -> bool:
        return False

    def submit(
        self,
        job: Any,
        label: str,
        then: Callable[[Any, object], None],
        otherwise: Callable[[str], None] = lambda problem: None,
        needs: int = 0,
        so_far: Callable[[Any, object], None] = lambda job, result: None,
        anew: bool = False,
    ) -> int:
        number = len(self.asked) + 1
        self.asked.append(job)
        self._states[number] = JobState(number, label, job)
        answer = self.answers.get(type(job), lambda job: iter((None,)))
        self._queue.append((number, answer(job), then, otherwise, so_far))
        self.changed.emit()
        return number

    def cancel(self, number: int) -> None:
        for entry in [one for one in self._queue if one[0] == number]:
            self._queue.remove(entry)
            _close(entry[1])
            self._change(number, phase=Phase.CANCELLED)

    def close(self) -> None:
        self._clock.stop()
        for entry in self._queue:
            _close(entry[1])

    def _change(self, number: int, **changes: Any) -> None:
        self._states[number] = replace(self._states[number], **changes)
        self.changed.emit()

    def _step(self) -> None:
        if not self._queue:
            return
        number, steps, then, otherwise, so_far = self._queue[0]
        job = self._states[number].job
        try:
            step = next(steps)
        except ExplorerError as error:
            self._queue.pop(0)
            self._change(number, phase=Phase.FAILED, problem=str(error))
            otherwise(f"{error.what} {error.remedy}")
            return
        except BaseException:
            self._queue.pop(0)
            raise
        if isinstance(step, Progress):
            self._change(number, phase=Phase.RUNNING, done=step.done, of=step.of, text=step.text)
        elif isinstance(step, Partial):
            so_far(job, step.value)
        else:
            self._queue.pop(0)
            self._change(number, phase=Phase.DONE)
            then(job, step)


def _close(steps: Iterator[object]) -> None:
    if isinstance(steps, Generator):
        steps.close()
