"""A job as the list of jobs shows it."""

from enum import StrEnum
from typing import TYPE_CHECKING

from resnet_explorer.dataclass import dataclass
from resnet_explorer.engine.jobs import Job
from resnet_explorer.readings.progress import seconds_left

if TYPE_CHECKING:
    from resnet_explorer.runs.recorded import Provenance


class Phase(StrEnum):
    """Where a job is."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class JobState:
    """A job as the list shows it; ``began`` is when its first step was told.

    ``kept`` is where the result comes from, where it was kept from a time before.
    """

    number: int
    label: str
    job: Job
    phase: Phase = Phase.WAITING
    done: int = 0
    of: int = 0
    text: str = ""
    began: float = 0.0
    problem: str = ""
    log: tuple[str, ...] = ()
    kept: "Provenance | None" = None
    needs: int = 0
    """The bytes of memory that it is estimated to need, where that is asked about."""

    @property
    def is_over(self) -> bool:
        """Return whether the job is done, cancelled or failed."""
        return self.phase in (Phase.DONE, Phase.CANCELLED, Phase.FAILED)

    def left(self, now: float) -> float | None:
        """Return how many seconds are left; None before a step is done."""
        return seconds_left(self.done, self.of, now - self.began)
