"""Jobs as rows: which function does a request, and in which process.

A request is a frozen value without tensors; ``job`` puts its row beside its fields. So a feature adds a job where it
defines the request, and neither the engine nor the window knows which features there are.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import TypeAlias, TypeVar

from resnet_explorer.dataclass import dataclass

Job: TypeAlias = object
"""A request whose class has a row."""
T = TypeVar("T")


class Place(StrEnum):
    """Which process does a job: the engine, one of the pool's, which run side by side, or one of its own.

    A job of ``SETUP`` is done without PyTorch, by the class that its row names.
    """

    ENGINE = "engine"
    POOL = "pool"
    ALONE = "alone"
    SETUP = "setup"


@dataclass(frozen=True, slots=True)
class JobRow:
    """``work`` is ``module:function``: it takes the request and yields progress, and last the result.

    One that ``waits`` is done when nothing else is left to do. ``keeps`` is ``module:class`` of a result that is kept
    on disk for the next time that the same request comes; empty where none is.
    """

    work: str
    place: Place = Place.ENGINE
    waits: bool = False
    keeps: str = ""


_ROWS: dict[type, JobRow] = {}


def job(work: str, place: Place = Place.ENGINE, waits: bool = False, keeps: str = "") -> Callable[[type[T]], type[T]]:
    """Return a decorator that makes a class of requests a job.

    A value in a request whose result depends on files has a property ``reads``: the paths of these files and folders.
    """

    def register(request: type[T]) -> type[T]:
        _ROWS[request] = JobRow(work, place, waits, keeps)
        return request

    return register


def row_of(request: Job) -> JobRow:
    """Return the row of a request's class."""
    return _ROWS[type(request)]


def modules_of(place: Place) -> tuple[str, ...]:
    """Return the modules of all known jobs of a place: what its processes may import before the first one."""
    return tuple(dict.fromkeys(row.work.partition(":")[0] for row in _ROWS.values() if row.place is place))
