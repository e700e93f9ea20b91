"""What the monkey does, as values: drawn from a seed, written as lines of JSON, read again."""

import json
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

WEIGHTS = {
    "control": 34,
    "action": 10,
    "key": 10,
    "type": 5,
    "click": 8,
    "double": 3,
    "wheel": 3,
    "drag": 3,
    "hover": 3,
    "right": 2,
    "drop": 0.6,
    "resize": 1,
    "text": 0.05,
    "network": 2,
    "page": 3,
    "scene": 1,
    "undo": 4,
    "lesson": 0.6,
    "wait": 2,
    "cancel": 1.5,
    "kill": 0.6,
    "escape": 3,
    "tidy": 1.5,
}
"""How often each kind of step comes, beside the others."""


class Step(NamedTuple):
    """One step: ``pick`` chooses among what is there, unless ``target`` names it; ``value`` says what is done to it."""

    kind: str
    pick: int
    value: int
    target: str = ""


def drawn(seed: int, count: int) -> Iterator[Step]:
    """Yield the steps of a seed, always the same ones."""
    dice = random.Random(seed)
    kinds, weights = list(WEIGHTS), list(WEIGHTS.values())
    for _ in range(count):
        yield Step(dice.choices(kinds, weights)[0], dice.randrange(1_000_000), dice.randrange(1_000_000))


def to_text(steps: Sequence[Step]) -> str:
    return "".join(f"{json.dumps(step)}\n" for step in steps)


def read(path: Path) -> list[Step]:
    return [Step(*json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]
