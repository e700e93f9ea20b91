"""What is known of a result so far: experiments yield it between their steps."""

from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Partial(Generic[T]):
    """A result that is not whole yet; each replaces the one before."""

    value: T
