"""Jobs without a process: the generators of looking inside run in the test's own event loop, a step at a time."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from inside_subject import trained
from PySide6.QtCore import QObject, QTimer, Signal

from resnet_explorer.analysis.inside import (
    CamRequest,
    ConfusionRequest,
    FeaturesRequest,
    FiltersRequest,
    GalleryRequest,
    RunLesionsRequest,
    SurfaceRequest,
)
from resnet_explorer.analysis.partial import Partial
from resnet_explorer.analysis.training import RunPlan
from resnet_explorer.errors import ExplorerError
from resnet_explorer.gui.jobs import JobState, Phase
from resnet_explorer.lab.inside.cam import cam
from resnet_explorer.lab.inside.confusion import confusion, gallery
from resnet_explorer.lab.inside.features import features
from resnet_explorer.lab.inside.filters import filters
from resnet_explorer.lab.inside.lesions import lesions
from resnet_explorer.lab.inside.surface import surface
from resnet_explorer.lab.progress import Progress
from resnet_explorer.model.build import ResNet


def _trained(folder: str, asked: RunPlan) -> ResNet:
    return trained(60, asked)


_RUNS: dict[type, Callable[[Any], Iterator[object]]] = {
    GalleryRequest: gallery,
    ConfusionRequest: lambda job: confusion(job, _trained),
    CamRequest: lambda job: cam(job, _trained),
    FiltersRequest: lambda job: filters(job, _trained),
    FeaturesRequest: lambda job: features(job, _trained),
    SurfaceRequest: lambda job: surface(job, _trained),
    RunLesionsRequest: lambda job: lesions(job, _trained),
}


class JobsHere(QObject):
    """Has what ``Jobs`` offers to a view; ``asked`` are all jobs that were submitted."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[Any] = []
        self._states: dict[int, JobState] = {}
        self._queue: list[tuple[int, Iterator[object], Any, Any, Any]] = []
        self._clock = QTimer(self)
        self._clock.timeout.connect(self._step)
        self._clock.start(0)

    @property
    def states(self) -> tuple[JobState, ...]:
        return tuple(reversed(self._states.values()))

    def submit(
        self,
        job: Any,
        label: str,
        then: Callable[[Any, object], None],
        otherwise: Callable[[str], None] = lambda problem: None,
        needs: int = 0,
        so_far: Callable[[Any, object], None] = lambda job, result: None,
    ) -> int:
        number = len(self.asked) + 1
        self.asked.append(job)
        self._states[number] = JobState(number, label, job)
        self._queue.append((number, _RUNS[type(job)](job), then, otherwise, so_far))
        self.changed.emit()
        return number

    def cancel(self, number: int) -> None:
        for entry in [one for one in self._queue if one[0] == number]:
            self._queue.remove(entry)
            entry[1].close()  # type: ignore[attr-defined]
            self._change(number, phase=Phase.CANCELLED)

    def close(self) -> None:
        self._clock.stop()
        for entry in self._queue:
            entry[1].close()  # type: ignore[attr-defined]

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
            otherwise(str(error))
            return
        except BaseException:
            self._queue.pop(0)
            raise
        if isinstance(step, Progress):
            self._change(number, phase=Phase.RUNNING, done=step.done, of=step.of, words=step.words)
        elif isinstance(step, Partial):
            so_far(job, step.value)
        else:
            self._queue.pop(0)
            self._change(number, phase=Phase.DONE)
            then(job, step)
