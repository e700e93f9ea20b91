"""How often an experiment tells what is known so far."""

from collections.abc import Iterator
from time import perf_counter
from typing import TypeVar

from resnet_explorer.analysis.partial import Partial

T = TypeVar("T")
PAUSE = 0.3
"""At least so many seconds lie between two such messages."""
WORTH = 10
"""And so many times what the last one took to be sent, so that long results do not take the time of the work."""


class Pace:
    """Lets a value through where the last one is long enough ago: the first at once."""

    def __init__(self, pause: float = PAUSE) -> None:
        self._pause, self._next = pause, 0.0

    @property
    def is_due(self) -> bool:
        """Return whether it is time to tell."""
        return perf_counter() >= self._next

    def tell(self, value: T) -> Iterator[Partial[T]]:
        """Yield a value as one that is known so far, and begin to wait for the next."""
        began = perf_counter()
        yield Partial(value)
        ended = perf_counter()
        self._next = ended + max(self._pause, WORTH * (ended - began))
