"""Few steps that show a fault, found among many by delta debugging (Zeller and Hildebrandt 2002)."""

import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from tests.monkey.steps import Step, read, to_text

T = TypeVar("T")


def shrunk(items: Sequence[T], fails: Callable[[Sequence[T]], bool]) -> Sequence[T]:
    """Return a part of a sequence that still fails, and does so without none of its items."""
    parts = 2
    while len(items) > 1:
        size = -(-len(items) // parts)
        rests = [[*items[:start], *items[start + size :]] for start in range(0, len(items), size)]
        shorter = next((rest for rest in rests if fails(rest)), None)
        if shorter is not None:
            items, parts = shorter, max(2, parts - 1)
        elif size == 1:
            break
        else:
            parts = min(len(items), 2 * parts)
    return items


def main(path: Path, fault: str) -> int:
    """Print the steps of a file without which a fault is not seen, as a file for ``--replay``."""
    steps = read(path)
    for count in (20, 100, 500, 2500):
        if shows(steps[-count:], fault):
            steps = steps[-count:]
            break
    else:
        if not shows(steps, fault):
            print("These steps do not show the fault: it depends on when the engine answers.")
            return 1
    print(to_text(list(shrunk(steps, lambda some: shows(some, fault)))), end="")
    return 0


def shows(steps: Sequence[Step], fault: str) -> bool:
    """Return whether steps show a fault in a new window; one that hangs or crashes shows ``crash``."""
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as file:
        file.write(to_text(steps))
        file.flush()
        command = [sys.executable, "-m", "tests.monkey", "--replay", file.name]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    text = f"{done.stdout}{'crash' if done.returncode not in (0, 1) else ''}"
    print(f"{len(steps)} steps: {'yes' if fault in text else 'no'}", file=sys.stderr, flush=True)
    return fault in text
