"""How far runs are, on stderr: bars in a terminal, a line now and then elsewhere."""

import sys
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING, Protocol

from resnet_explorer.analysis.training import Chunk, Metric
from resnet_explorer.cli.train_plans import Task

if TYPE_CHECKING:
    from rich.progress import TaskID

RECENT = 20
"""Loss and error are means over so many steps."""
EVERY = 10.0
"""Seconds between two lines of a run."""
FEW = 8
"""So many bars stay when their runs have ended; of more, those alone are shown that are at work."""


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


class Pace:
    """What a run's newest steps tell: how many are made, loss, training error, steps a second, seconds left."""

    def __init__(self, task: Task) -> None:
        self.name, self.of = task.folder.name, task.plan.recipe.steps
        self.made = 0
        self._recent: deque[Metric] = deque(maxlen=RECENT)
        self._times: deque[Metric] = deque(maxlen=RECENT)

    def take(self, chunk: Chunk) -> None:
        """Note some more steps; those between them and the ones before may be unknown."""
        if not chunk.metrics:
            return
        first, self.made = chunk.metrics[0].step, chunk.metrics[-1].step + 1
        if self._recent and first != self._recent[-1].step + 1:
            self._recent.clear()
        if self._times and first <= self._times[-1].step:
            self._times.clear()
        self._recent.extend(chunk.metrics)
        self._times.extend(chunk.metrics)

    @property
    def loss(self) -> str:
        """Return the mean loss of late."""
        return f"loss {sum(one.loss for one in self._recent) / len(self._recent):.4f}" if self._recent else ""

    @property
    def error(self) -> str:
        """Return the mean training error of late."""
        known = [one.accuracy for one in self._recent if one.accuracy is not None]
        return f"error {100 * (1 - sum(known) / len(known)):.1f} %" if known else ""

    @property
    def _per_second(self) -> float:
        if len(self._times) < 2:
            return 0.0
        first, last = self._times[0], self._times[-1]
        spent = last.seconds - first.seconds
        return (last.step - first.step) / spent if spent > 0 else 0.0

    @property
    def speed(self) -> str:
        """Return the steps a second."""
        return f"{self._per_second:.3g} steps/s" if self._per_second else ""

    @property
    def left(self) -> str:
        """Return the time that is left at this pace."""
        if not self._per_second or self.made >= self.of:
            return ""
        minutes, seconds = divmod(round((self.of - self.made) / self._per_second), 60)
        hours, minutes = divmod(minutes, 60)
        return f"{hours}:{minutes:02}:{seconds:02} left" if hours else f"{minutes}:{seconds:02} left"


class Lines:
    """A line for each run when it begins, now and then, and when it ends."""

    def __init__(self, tasks: Sequence[Task]) -> None:
        self._paces = [Pace(task) for task in tasks]
        self._due: dict[int, float] = {}

    def doing(self, place: int, done: int, words: str) -> None:
        """A line when the run begins."""
        if place not in self._due:
            self._due[place] = monotonic() + EVERY
            self.say(f"{self._paces[place].name}: {words}")

    def steps(self, place: int, chunk: Chunk) -> None:
        """A line where the last is old."""
        self._paces[place].take(chunk)
        if monotonic() >= self._due.get(place, 0.0):
            self._due[place] = monotonic() + EVERY
            self._tell(place)

    def _tell(self, place: int) -> None:
        pace = self._paces[place]
        words = (f"step {pace.made:,} of {pace.of:,}", pace.loss, pace.error, pace.speed, pace.left)
        self.say(f"{pace.name}: {', '.join(word for word in words if word)}")

    def ended(self, place: int, problem: str) -> None:
        """The last line of a run that has begun; what went wrong is told later."""
        if place in self._due:
            self._tell(place)

    def say(self, words: str) -> None:
        """Write a line."""
        if sys.stderr is not None:
            print(words, file=sys.stderr, flush=True)


class Bars:
    """Bars on stderr, to be used in ``with``; they show what ``Lines`` says."""

    def __init__(self, tasks: Sequence[Task]) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

        self._console = Console(stderr=True, highlight=False)
        columns = (TextColumn("{task.description}", markup=False), BarColumn(24), MofNCompleteColumn())
        self._progress = Progress(*columns, TextColumn("{task.fields[words]}", markup=False), console=self._console)
        self._paces = [Pace(task) for task in tasks]
        self._bars: dict[int, TaskID] = {}
        self._all = self._progress.add_task("all runs", total=len(tasks), words="") if len(tasks) > FEW else None

    def __enter__(self) -> "Bars":
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def doing(self, place: int, done: int, words: str) -> None:
        """Say what is done where no step is made."""
        if not self._paces[place].made:
            self._progress.update(self._bar(place), words=words)

    def steps(self, place: int, chunk: Chunk) -> None:
        """Move a bar."""
        pace = self._paces[place]
        pace.take(chunk)
        words = "  ".join(word for word in (pace.loss, pace.error, pace.speed, pace.left) if word)
        self._progress.update(self._bar(place), completed=pace.made, words=words)

    def ended(self, place: int, problem: str) -> None:
        """Leave a bar where it is, or take it away where there are many."""
        pace = self._paces[place]
        state = "ended early" if problem else "done" if pace.made >= pace.of else "stopped"
        words = "  ".join(word for word in (pace.loss, pace.error, state) if word)
        if place in self._bars:
            self._progress.update(self._bars[place], words=words, visible=self._all is None)
        if self._all is not None and state != "stopped":
            self._progress.advance(self._all)

    def _bar(self, place: int) -> "TaskID":
        if place not in self._bars:
            pace = self._paces[place]
            self._bars[place] = self._progress.add_task(pace.name, total=pace.of, words="")
        return self._bars[place]

    def say(self, words: str) -> None:
        """Write a line above the bars."""
        self._console.print(words, markup=False)


@contextmanager
def displayed(tasks: Sequence[Task]) -> Iterator[Display]:
    """Lend bars where stderr is a terminal, else lines."""
    if sys.stderr is not None and sys.stderr.isatty():
        with Bars(tasks) as bars:
            yield bars
    else:
        yield Lines(tasks)
