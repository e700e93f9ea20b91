"""How far runs are, on stderr: bars in a terminal, a line now and then elsewhere."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

from resnet_explorer.analysis.progress import TIMED, RunStatistics, Throttle, duration
from resnet_explorer.analysis.training import Chunk, Metric
from resnet_explorer.cli.train_plans import Task

EVERY = 10.0
"""Seconds between two lines of a run."""


class Display(Protocol):
    """What is told while runs are trained; runs are named by their places."""

    def doing(self, place: int, done: int, words: str) -> None:
        """A run has made so many steps, and does something now."""

    def steps(self, place: int, chunk: Chunk) -> None:
        """A run has made some steps."""

    def ended(self, place: int, problem: str) -> None:
        """A run has ended."""

    def say(self, words: str) -> None:
        """Say a sentence about all."""


class RunLine:
    """What is told of a run: its name, how many of its steps are made, and its newest figures in words."""

    def __init__(self, task: Task) -> None:
        self.name, self.of, self.made = task.folder.name, task.plan.recipe.steps, 0
        self._recent: list[Metric] = []

    def take(self, chunk: Chunk) -> None:
        """Note some more steps; those between them and the ones before may be unknown."""
        if not chunk.metrics:
            return
        if chunk.metrics[0].step != self.made:
            self._recent = []
        self._recent = [*self._recent, *chunk.metrics][-TIMED:]
        self.made = self._recent[-1].step + 1

    def words(self, state: str = "") -> list[str]:
        """Return loss and error of late, and how the run ended, or else its speed and the time that is left."""
        now = RunStatistics(self._recent, self.of)
        told = [] if now.loss is None else [f"loss {now.loss:.4f}"]
        told += [] if now.error is None else [f"error {100 * now.error:.1f} %"]
        if state:
            return [*told, state]
        told += [f"{now.per_second:.3g} steps/s"] if now.per_second else []
        return [*told, f"{duration(now.seconds_left)} left"] if now.seconds_left else told


class Lines:
    """A line for each run when it begins, now and then, and when it ends."""

    def __init__(self, tasks: Sequence[Task]) -> None:
        self._runs = [RunLine(task) for task in tasks]
        self._throttles: dict[int, Throttle] = {}

    def doing(self, place: int, done: int, words: str) -> None:
        """A line when the run begins."""
        if place not in self._throttles:
            self._throttles[place] = Throttle(EVERY, 0, at_once=False)
            self.say(f"{self._runs[place].name}: {words}")

    def steps(self, place: int, chunk: Chunk) -> None:
        """A line where the last is old."""
        self._runs[place].take(chunk)
        throttle = self._throttles.setdefault(place, Throttle(EVERY, 0))
        if throttle.is_due:
            with throttle.reporting():
                self._tell(place)

    def _tell(self, place: int) -> None:
        run = self._runs[place]
        self.say(f"{run.name}: {', '.join((f'step {run.made:,} of {run.of:,}', *run.words()))}")

    def ended(self, place: int, problem: str) -> None:
        """The last line of a run that has begun; what went wrong is told later."""
        if place in self._throttles:
            self._tell(place)

    def say(self, words: str) -> None:
        """Write a line."""
        if sys.stderr is not None:
            print(words, file=sys.stderr, flush=True)


@contextmanager
def displayed(tasks: Sequence[Task]) -> Iterator[Display]:
    """Lend bars where stderr is a terminal, else lines."""
    if sys.stderr is not None and sys.stderr.isatty():
        from resnet_explorer.cli.train_bars import Bars

        with Bars(tasks) as bars:
            yield bars
    else:
        yield Lines(tasks)
