"""What a test knows of a value beyond its declared type: checked, so that the type checker knows it too."""

from collections.abc import Generator, Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")


def present(value: T | None) -> T:
    """Return a value that is not None."""
    assert value is not None
    return value


def of_kind(kind: type[T], value: object) -> T:
    """Return a value of that type."""
    assert isinstance(value, kind), type(value)
    return value


def last(kind: type[T], steps: Iterable[object]) -> T:
    """Run long work to its end and return its result, which is of that type."""
    *_, found = steps
    return of_kind(kind, found)


def close(steps: Iterator[object]) -> None:
    """Give long work up where it stands."""
    assert isinstance(steps, Generator)
    steps.close()
