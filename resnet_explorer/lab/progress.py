"""How far an experiment is: what every long piece of work yields before its result."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """``done`` of ``of`` steps, and what is being done."""

    done: int
    of: int
    words: str
