"""Runs trained side by side, in local processes or on a Dask cluster, with their progress on stderr."""

import os
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

from resnet_explorer import files
from resnet_explorer.engine.client import Pool
from resnet_explorer.engine.jobs import Job
from resnet_explorer.engine.messages import Died, Failed, Finished, Known, Reply, Stepped, Stopped
from resnet_explorer.errors import ExplorerError
from resnet_explorer.readings.progress import Throttle, duration
from resnet_explorer.runs import folder as runs_folder
from resnet_explorer.runs.folder import RUN
from resnet_explorer.runs.plan import TIMED, Chunk, Ending, Metric, RunPlan, RunStatistics
from resnet_explorer.terminal.ask import POLL_SECONDS, STOP, block_signals, signals_to_queue
from resnet_explorer.training.tasks import Task

EVERY = 10.0
"""Seconds between two lines of a run."""
FEW = 8
"""Up to this many bars stay when their runs have ended; of more, only those that are training are shown."""


class _Line:
    """A run's name, the number of its steps, how many are made, and its newest figures as text."""

    def __init__(self, task: Task) -> None:
        self.name, self.of, self.made = task.folder.name, task.plan.recipe.steps, 0
        self._recent: list[Metric] = []

    def add(self, chunk: Chunk) -> None:
        """Add steps; those between them and the ones before may be unknown."""
        if not chunk.metrics:
            return
        if chunk.metrics[0].step != self.made:
            self._recent = []
        self._recent = [*self._recent, *chunk.metrics][-TIMED:]
        self.made = self._recent[-1].step + 1

    def texts(self, state: str = "") -> list[str]:
        """Return recent loss and error, and how the run ended, or else its speed and the time that is left."""
        now = RunStatistics(self._recent, self.of)
        texts = [] if now.loss is None else [f"loss {now.loss:.4f}"]
        texts += [] if now.error is None else [f"error {100 * now.error:.1f} %"]
        if state:
            return [*texts, state]
        texts += [f"{now.per_second:.3g} steps/s"] if now.per_second else []
        return [*texts, f"{duration(now.seconds_left)} left"] if now.seconds_left else texts


class Display:
    """Progress in lines: one for each run when it begins, then every 10 s, and when it ends. Runs have numbers."""

    def __init__(self, tasks: Sequence[Task]) -> None:
        self._runs = [_Line(task) for task in tasks]
        self._throttles: dict[int, Throttle] = {}

    def say(self, text: str) -> None:
        """Write a sentence about all runs."""
        if sys.stderr is not None:
            print(text, file=sys.stderr, flush=True)

    def doing(self, place: int, text: str) -> None:
        """Report what a run does before its first step."""
        if place not in self._throttles:
            self._throttles[place] = Throttle(EVERY, 0)
        if self._throttles[place].is_due and not self._runs[place].made:
            with self._throttles[place].reporting():
                self.say(f"{self._runs[place].name}: {text}")

    def steps(self, place: int, chunk: Chunk) -> None:
        """Report steps of a run."""
        self._runs[place].add(chunk)
        throttle = self._throttles.setdefault(place, Throttle(EVERY, 0))
        if throttle.is_due:
            with throttle.reporting():
                self._report(place)

    def _report(self, place: int) -> None:
        run = self._runs[place]
        self.say(f"{run.name}: {', '.join((f'step {run.made:,} of {run.of:,}', *run.texts()))}")

    def ended(self, place: int, problem: str) -> None:
        """Report the end of a run that has begun; its problem is reported later."""
        if place in self._throttles:
            self._report(place)


class Bars(Display):
    """Progress bars instead of lines, to be used in ``with``."""

    def __init__(self, tasks: Sequence[Task]) -> None:
        super().__init__(tasks)
        self._console = Console(stderr=True, highlight=False)
        columns = (TextColumn("{task.description}", markup=False), BarColumn(24), MofNCompleteColumn())
        self._progress = Progress(*columns, TextColumn("{task.fields[text]}", markup=False), console=self._console)
        self._bars: dict[int, TaskID] = {}
        self._all = self._progress.add_task("all runs", total=len(tasks), text="") if len(tasks) > FEW else None

    def __enter__(self) -> "Bars":
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def say(self, text: str) -> None:
        self._console.print(text, markup=False)

    def doing(self, place: int, text: str) -> None:
        if not self._runs[place].made:
            self._progress.update(self._bar(place), text=text)

    def steps(self, place: int, chunk: Chunk) -> None:
        run = self._runs[place]
        run.add(chunk)
        self._progress.update(self._bar(place), completed=run.made, text="  ".join(run.texts()))

    def ended(self, place: int, problem: str) -> None:
        run = self._runs[place]
        state = "ended early" if problem else "done" if run.made >= run.of else "stopped"
        if place in self._bars:
            self._progress.update(self._bars[place], text="  ".join(run.texts(state)), visible=self._all is None)
        if self._all is not None and state != "stopped":
            self._progress.advance(self._all)

    def _bar(self, place: int) -> TaskID:
        if place not in self._bars:
            run = self._runs[place]
            self._bars[place] = self._progress.add_task(run.name, total=run.of, text="")
        return self._bars[place]


@contextmanager
def displayed(tasks: Sequence[Task]) -> Iterator[Display]:
    """Context manager that returns bars where stderr is a terminal, else lines."""
    if sys.stderr is not None and sys.stderr.isatty():
        with Bars(tasks) as bars:
            yield bars
    else:
        yield Display(tasks)


@dataclass(slots=True)
class Outcome:
    """Why some runs, by their places, did not make all of their steps; whether the user stopped them."""

    problems: dict[int, str] = field(default_factory=dict)
    stopped: bool = False


class LocalWorkers:
    """Processes that train runs: ``count`` at once, or as many as cores.

    Ctrl+C or SIGTERM stops every run once its state is saved; a second one ends them at once.
    """

    def __init__(self, jobs: Mapping[int, Job], display: Display, count: int | None = None) -> None:
        self._jobs, self._display = jobs, display
        self._replies: SimpleQueue[Reply | None] = SimpleQueue()
        affinity = getattr(os, "sched_getaffinity", None)
        cores = len(affinity(0)) if affinity else os.cpu_count() or 1
        self._pool = Pool(self._replies.put, max(1, min(len(jobs), count or cores)))
        self._open: dict[int, int] = {}
        self._outcome = Outcome()

    def run(self) -> Outcome:
        """Do the jobs, which have their runs' places, and return how it ended."""
        with signals_to_queue(self._replies):
            try:
                with block_signals():
                    for place, job in self._jobs.items():
                        self._open[self._pool.submit(job)] = place
                while self._open:
                    with suppress(Empty):
                        self._take(self._replies.get(timeout=POLL_SECONDS))
            finally:
                self._pool.close()
        return self._outcome

    def _take(self, reply: Reply | None) -> None:
        if reply is STOP:
            self._stop()
            return
        with block_signals():
            ended = self._pool.handle(reply)
        if isinstance(reply, Died):
            if ended in self._open:
                self._end(ended, reply.text)
        elif reply.number in self._open:
            self._report(reply)

    def _report(self, reply: Stepped | Known | Finished | Stopped | Failed) -> None:
        place = self._open[reply.number]
        match reply:
            case Stepped():
                self._display.doing(place, reply.text)
            case Known(result=Chunk() as chunk):
                self._display.steps(place, chunk)
            case Failed():
                self._end(reply.number, f"{reply.what} {reply.remedy}".strip())
            case Finished(result=Ending() as ending):
                self._end(reply.number, ending.problem)
            case Stopped():
                self._end(reply.number, "")

    def _end(self, number: int, problem: str) -> None:
        place = self._open.pop(number)
        if problem:
            self._outcome.problems[place] = problem
        self._display.ended(place, problem)

    def _stop(self) -> None:
        """Let each run save its state; the second time, end at once."""
        if self._outcome.stopped:
            self._open.clear()
            return
        self._outcome.stopped = True
        self._display.say("Stopping: each run saves its state. Press Ctrl+C again to end at once.")
        running = self._pool.running
        for number in [*(number for number in self._open if number not in running), *running]:
            self._pool.cancel(number)


POLL = 2.0
"""Seconds between two readings of the runs' folders."""
PATIENCE = 20
"""Seconds to wait for the scheduler."""
STOP_FILE = ".stop"
"""A file of this name beside the runs asks those that are training to save their state and stop."""
_ALONE = threading.Lock()
"""PyTorch's threads, modes and random state belong to a process: it trains one run at a time."""


def run_on_cluster(tasks: Sequence[Task], places: Sequence[int], display: Display, address: str) -> Outcome:
    """Train the runs of these places on the Dask cluster at an address, and return how it ended.

    Each run is a task that writes into the folder that all workers share. Raises ExplorerError where Dask is not
    installed, or no scheduler answers.
    """
    stop = tasks[0].folder.parent.resolve() / STOP_FILE
    stop.unlink(missing_ok=True)
    answers: SimpleQueue[int | None] = SimpleQueue()
    with _client(address) as client, signals_to_queue(answers):
        futures = {}
        for place in places:
            plan, folder = tasks[place].plan, str(tasks[place].folder.resolve())
            futures[place] = client.submit(train_in_worker, plan, folder, str(stop), key=f"train-{folder}", pure=False)
        for place, future in futures.items():
            future.add_done_callback(lambda _, place=place: answers.put(place))
        try:
            return _wait(tasks, futures, answers, display, stop)
        finally:
            stop.unlink(missing_ok=True)


@contextmanager
def _client(address: str) -> Iterator[Any]:
    try:
        from distributed import Client
    except ImportError as error:
        remedy = "Run 'pip install resnet-explorer[cluster]'."
        raise ExplorerError("cluster", f"Dask cannot be loaded: {error}.", remedy) from error
    try:
        client = Client(address, timeout=PATIENCE, set_as_default=False)  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        what = f"No Dask scheduler answers at {address}."
        raise ExplorerError("cluster", what, "Start one with 'dask scheduler', or check the address.") from error
    with client:
        yield client


def train_in_worker(plan: RunPlan, folder: str, stop: str) -> str:
    """Train a run from where it stopped, in a worker of the cluster; return why it ended early, if it did."""
    from resnet_explorer.training.loop import iterate_steps

    with _ALONE:
        try:
            with closing(iterate_steps(plan, Path(folder))) as steps:
                for step in steps:
                    if isinstance(step, Ending):
                        return step.problem
                    if Path(stop).exists():
                        return ""
        except ExplorerError as error:  # only its text can cross to another process
            return str(error)
    return ""


def _wait(
    tasks: Sequence[Task], futures: Mapping[int, Any], answers: "SimpleQueue[int | None]", display: Display, stop: Path
) -> Outcome:
    """Return when all tasks have ended; the first wish to stop lets them save their state."""
    outcome, waiting = Outcome(), set(futures)
    while waiting:
        try:
            place = answers.get(timeout=POLL)
        except Empty:
            _report_folders(tasks, waiting, display)
            continue
        if place is STOP:
            if outcome.stopped:
                break
            outcome.stopped = True
            display.say("Stopping: each run saves its state. Press Ctrl+C again to leave at once.")
            files.write(stop, "")
        elif place in waiting:
            waiting.remove(place)
            _report_folders(tasks, {place}, display)
            if problem := _problem(tasks[place], futures[place], outcome.stopped):
                outcome.problems[place] = problem
            display.ended(place, problem)
    return outcome


def _problem(task: Task, future: Any, stopped: bool) -> str:
    """Return why a task failed; empty where it did not."""
    if future.status != "finished":
        return f"The cluster gave it up: {future.exception() if future.status == 'error' else future.status}."
    if not (task.folder / RUN).is_file() and not stopped and not future.result():
        return "Its folder is not visible here. The workers have to share it."
    return str(future.result())


def _report_folders(tasks: Sequence[Task], places: set[int], display: Display) -> None:
    for place in sorted(places):
        with suppress(ExplorerError):
            last = runs_folder.summarize_run(tasks[place].folder).last
            if last is not None:
                display.steps(place, Chunk((last,)))
