"""Runs trained side by side, one process each, until all are made or someone stops them."""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

from resnet_explorer.engine.client import Pool
from resnet_explorer.engine.jobs import Job
from resnet_explorer.engine.messages import Died, Failed, Finished, Known, Reply, Stepped, Stopped
from resnet_explorer.readings.progress import Throttle, duration
from resnet_explorer.runs.plan import TIMED, Chunk, Ending, Metric, RunStatistics
from resnet_explorer.terminal.ask import LOOK, STOP, stoppable, undisturbed
from resnet_explorer.training.plans import Task
from resnet_explorer.training.values import TrainRun

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
        with Bars(tasks) as bars:
            yield bars
    else:
        yield Lines(tasks)


@dataclass(slots=True)
class Outcome:
    """How it ended: why some runs, by their places, did not make all of their steps; whether someone stopped them."""

    problems: dict[int, str] = field(default_factory=dict)
    stopped: bool = False


def workers_for(count: int, asked: int | None = None) -> int:
    """Return how many processes train so many runs: as many as asked, or as cores, and no more than runs."""
    affinity = getattr(os, "sched_getaffinity", None)
    cores = len(affinity(0)) if affinity else os.cpu_count() or 1
    return max(1, min(count, asked or cores))


class Crew:
    """Processes that train runs; ``work`` returns when all have ended.

    Ctrl+C, or the system's wish to end, stops every run once its state is kept; a second one ends them at once.
    """

    def __init__(self, tasks: Sequence[Task], display: Display, size: int, tensorboard: bool = False) -> None:
        self._tasks, self._display, self.tensorboard = tasks, display, tensorboard
        self._replies: SimpleQueue[Reply | None] = SimpleQueue()
        self._pool = Pool(self._replies.put, size)
        self._open: dict[int, int] = {}
        self._outcome = Outcome()

    def work(self, places: Sequence[int]) -> Outcome:
        """Train the runs of these places, and return how it ended."""
        with stoppable(self._replies):
            try:
                with undisturbed():
                    for place in places:
                        self._submit(place)
                while self._open:
                    self._next()
            finally:
                self._pool.close()
        return self._outcome

    def _submit(self, place: int) -> None:
        self._open[self._pool.submit(self.job(place))] = place

    def job(self, place: int) -> Job:
        """Return what trains the run of a place."""
        task = self._tasks[place]
        return TrainRun(task.plan, str(task.folder), None, self.tensorboard, 0)

    def _next(self) -> None:
        """Take one reply, or someone's wish to stop."""
        try:
            reply = self._replies.get(timeout=LOOK)
        except Empty:
            return
        if reply is STOP:
            self._stop()
            return
        with undisturbed():
            ended = self._pool.handle(reply)
        if isinstance(reply, Died):
            if ended in self._open:
                self._end(ended, reply.words)
        elif reply.number in self._open:
            self._tell(reply)

    def _tell(self, reply: Stepped | Known | Finished | Stopped | Failed) -> None:
        place = self._open[reply.number]
        if isinstance(reply, Stepped):
            self._display.doing(place, reply.done, reply.words)
        elif isinstance(reply, Known) and isinstance(reply.result, Chunk):
            self._display.steps(place, reply.result)
        elif isinstance(reply, Failed):
            self._end(reply.number, f"{reply.what} {reply.remedy}".strip())
        elif isinstance(reply, Finished) and isinstance(reply.result, Ending):
            self._end(reply.number, reply.result.problem)
        elif isinstance(reply, Stopped):
            self._end(reply.number, "")

    def _end(self, number: int, problem: str) -> None:
        place = self._open.pop(number)
        if problem:
            self._outcome.problems[place] = problem
        self._display.ended(place, problem)

    def _stop(self) -> None:
        """Let each run keep its state; the second time, end at once."""
        if self._outcome.stopped:
            self._open.clear()
            return
        self._outcome.stopped = True
        self._display.say("Stopping: each run keeps where it is. Ctrl+C once more ends at once.")
        running = self._pool.running
        for number in [*(one for one in self._open if one not in running), *running]:
            self._pool.cancel(number)


FEW = 8
"""So many bars stay when their runs have ended; of more, those alone are shown that are at work."""


class Bars:
    """Bars on stderr, to be used in ``with``; they show what ``Lines`` says."""

    def __init__(self, tasks: Sequence[Task]) -> None:
        self._console = Console(stderr=True, highlight=False)
        columns = (TextColumn("{task.description}", markup=False), BarColumn(24), MofNCompleteColumn())
        self._progress = Progress(*columns, TextColumn("{task.fields[words]}", markup=False), console=self._console)
        self._runs = [RunLine(task) for task in tasks]
        self._bars: dict[int, TaskID] = {}
        self._all = self._progress.add_task("all runs", total=len(tasks), words="") if len(tasks) > FEW else None

    def __enter__(self) -> "Bars":
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def doing(self, place: int, done: int, words: str) -> None:
        """Say what is done where no step is made."""
        if not self._runs[place].made:
            self._progress.update(self._bar(place), words=words)

    def steps(self, place: int, chunk: Chunk) -> None:
        """Move a bar."""
        run = self._runs[place]
        run.take(chunk)
        self._progress.update(self._bar(place), completed=run.made, words="  ".join(run.words()))

    def ended(self, place: int, problem: str) -> None:
        """Leave a bar where it is, or take it away where there are many."""
        run = self._runs[place]
        state = "ended early" if problem else "done" if run.made >= run.of else "stopped"
        if place in self._bars:
            self._progress.update(self._bars[place], words="  ".join(run.words(state)), visible=self._all is None)
        if self._all is not None and state != "stopped":
            self._progress.advance(self._all)

    def _bar(self, place: int) -> TaskID:
        if place not in self._bars:
            run = self._runs[place]
            self._bars[place] = self._progress.add_task(run.name, total=run.of, words="")
        return self._bars[place]

    def say(self, words: str) -> None:
        """Write a line above the bars."""
        self._console.print(words, markup=False)
