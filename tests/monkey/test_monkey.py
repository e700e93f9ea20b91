"""A short run of the monkey with its tools; ``python -m tests.monkey`` does 10,000 steps of a seed by hand."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.monkey.shrink import shrunk
from tests.monkey.steps import Step, drawn, read, to_text

STEPS = 150


def test_random_steps_at_the_window_show_no_fault() -> None:
    """In a process of its own, as a user opens the app: a crash is a fault too."""
    command = [sys.executable, "-m", "tests.monkey", "--seed", "7", "--actions", str(STEPS)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{done.stdout}{done.stderr}\npython -m tests.monkey --seed 7 --actions {STEPS}"
    assert f"{STEPS} steps" in done.stdout and "0 faults" in done.stdout


def test_a_seed_has_always_the_same_steps() -> None:
    assert list(drawn(3, 50)) == list(drawn(3, 50)) != list(drawn(4, 50))
    assert list(drawn(3, 50)) == list(drawn(3, 80))[:50]


def test_steps_are_written_and_read(tmp_path: Path) -> None:
    steps = [*drawn(1, 5), Step("control", 1, 2, "MainWindow/QPushButton:Measure")]
    (tmp_path / "steps.jsonl").write_text(to_text(steps), encoding="utf-8")
    assert read(tmp_path / "steps.jsonl") == steps


def test_few_of_many_steps_are_found_that_fail() -> None:
    tried: list[Sequence[int]] = []

    def fails(items: Sequence[int]) -> bool:
        tried.append(items)
        return {7, 42, 43} <= set(items)

    assert list(shrunk(range(100), fails)) == [7, 42, 43]
    assert len(tried) < 100
