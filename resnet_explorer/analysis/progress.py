"""How far long work is: how often it is reported, what the newest steps of a run tell, and how much time is left."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter
from typing import Generic, TypeVar

from resnet_explorer.analysis.training import Metric

T = TypeVar("T")
PAUSE = 0.3
"""Seconds between two reports of an experiment at least."""
WORTH = 10.0
"""And so many times what the last one took, so that long results do not take the time of the work."""
RECENT, TIMED = 20, 50
"""Loss and error are means over so many of the newest steps; the speed is measured over so many."""


@dataclass(frozen=True, slots=True)
class Progress:
    """``done`` of ``of`` steps, and what is being done: what long work yields before its result."""

    done: int
    of: int
    words: str


@dataclass(frozen=True, slots=True)
class Partial(Generic[T]):
    """A result as far as it is known, which long work yields between its steps; each replaces the one before."""

    value: T


class Throttle:
    """Says when the next report is due: ``pause`` seconds after the last one, and ``worth`` times what that took.

    The first is due at once, or after a pause.
    """

    def __init__(self, pause: float = PAUSE, worth: float = WORTH, *, at_once: bool = True) -> None:
        self._pause, self._worth = pause, worth
        self._next = 0.0 if at_once else perf_counter() + pause

    @property
    def is_due(self) -> bool:
        """Return whether it is time to report."""
        return perf_counter() >= self._next

    @contextmanager
    def reporting(self) -> Iterator[None]:
        """Time the report that is made inside, and begin to wait for the next."""
        began = perf_counter()
        yield
        ended = perf_counter()
        self._next = ended + max(self._pause, self._worth * (ended - began))


@dataclass(frozen=True, slots=True)
class RunStatistics:
    """What the newest steps of a run tell, in order and without gaps; ``steps`` is how many there will be.

    Every figure is None where it is unknown; losses and errors are means over the newest steps.
    """

    metrics: Sequence[Metric]
    steps: int

    @property
    def loss(self) -> float | None:
        """Return the training loss."""
        known = [one.loss for one in self.metrics[-RECENT:]]
        return sum(known) / len(known) if known else None

    @property
    def error(self) -> float | None:
        """Return the share of the training images that are misclassified."""
        known = [one.accuracy for one in self.metrics[-RECENT:] if one.accuracy is not None]
        return 1 - sum(known) / len(known) if known else None

    @property
    def per_second(self) -> float | None:
        """Return the steps made in a second."""
        if len(self.metrics) < 2:
            return None
        first, last = self.metrics[max(0, len(self.metrics) - TIMED)], self.metrics[-1]
        spent = last.seconds - first.seconds
        return (last.step - first.step) / spent if spent > 0 else None

    @property
    def seconds_left(self) -> float | None:
        """Return the seconds that the other steps take."""
        speed = self.per_second
        return (self.steps - self.metrics[-1].step - 1) / speed if speed else None


def seconds_left(done: int, of: int, seconds: float) -> float | None:
    """Return the seconds that the rest of some work takes, whose first part took ``seconds``; None before a step."""
    return seconds / done * (of - done) if done and of else None


def duration(seconds: float) -> str:
    """Return a time in few words."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
