"""How far long work is: how often it is reported, what the newest steps of a run tell, and how much time is left."""

from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Generic, TypeVar

from resnet_explorer.dataclass import dataclass

T = TypeVar("T")
PAUSE = 0.3
"""Seconds between two reports of an experiment at least."""
WORTH = 10.0
"""And so many times what the last one took, so that long results do not take the time of the work."""


@dataclass(frozen=True, slots=True)
class Progress:
    """``done`` of ``of`` steps, and what is being done: what long work yields before its result."""

    done: int
    of: int
    text: str


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
        return perf_counter() >= self._next

    @contextmanager
    def reporting(self) -> Iterator[None]:
        """Time the report that is made inside, and begin to wait for the next."""
        began = perf_counter()
        yield
        ended = perf_counter()
        self._next = ended + max(self._pause, self._worth * (ended - began))


def seconds_left(done: int, of: int, seconds: float) -> float | None:
    """Return the seconds that the rest of some work takes, whose first part took ``seconds``; None before a step."""
    return seconds / done * (of - done) if done and of else None


def duration(seconds: float) -> str:
    """Return a time in few words."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
