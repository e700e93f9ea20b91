"""Messages between the window and the engine: frozen values, no tensors."""

import signal

from resnet_explorer.dataclass import dataclass
from resnet_explorer.engine.jobs import Job


@dataclass(frozen=True, slots=True)
class Request:
    """A job under a number; only the newest number of its kind counts."""

    number: int
    job: Job


@dataclass(frozen=True, slots=True)
class Cancel:
    """Stop the job of that number at its next step."""

    number: int


@dataclass(frozen=True, slots=True)
class Stepped:
    """The job of that number has done some of its steps, and what it does now."""

    number: int
    done: int
    of: int
    text: str


@dataclass(frozen=True, slots=True)
class Known:
    """A partial result of a job: each replaces the one before, but a training sends the steps since the last one."""

    number: int
    result: object


@dataclass(frozen=True, slots=True)
class Finished:
    """The job of that number has a result: a frozen value, or a tuple of devices."""

    number: int
    result: object


@dataclass(frozen=True, slots=True)
class Stopped:
    """The job of that number was cancelled."""

    number: int


@dataclass(frozen=True, slots=True)
class Failed:
    """The job of that number failed: what went wrong, what to do, and the trace for the log.

    ``lasts`` where any other job would fail for the same reason.
    """

    number: int
    what: str
    remedy: str
    trace: str = ""
    lasts: bool = False


@dataclass(frozen=True, slots=True)
class Died:
    """The engine's process ended while it was needed; ``status`` is its exit status, negative for a signal.

    It is None where the process could not be started. ``worker`` says which one of a pool of them, from 1; 0 is the
    engine that stands alone. ``trace`` is where its threads were when it crashed, as far as it could tell.
    """

    status: int | None
    worker: int = 0
    trace: str = ""

    @property
    def what(self) -> str:
        """Return what happened; only a signal that a lack of memory may send is blamed on it."""
        if self.status is None:
            return "PyTorch's process could not be started."
        if self.status >= 0:
            return f"PyTorch's process ended with exit status {self.status}."
        if self._is_for_memory:
            return f"PyTorch's process was ended by {self._signal}, perhaps for lack of memory."
        return f"PyTorch's process crashed ({self._signal})."

    @property
    def text(self) -> str:
        """Return what happened and what to do."""
        if self.status is None or self.status >= 0:
            return f"{self.what} Try again."
        if self._is_for_memory:
            return f"{self.what} Try again, or a smaller batch or image."
        return f"{self.what} Try again. If that happens again, choose another device."

    @property
    def _signal(self) -> str:
        names = {number.value: number.name for number in signal.Signals}
        return names.get(-(self.status or 0), f"signal {-(self.status or 0)}")

    @property
    def _is_for_memory(self) -> bool:
        return self._signal in ("SIGKILL", "SIGBUS")


Reply = Stepped | Known | Finished | Stopped | Failed | Died
