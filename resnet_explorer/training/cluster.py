"""A sweep on a Dask cluster that is there already: each run is a task, and writes into the folder that all share."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from resnet_explorer import files
from resnet_explorer.errors import ExplorerError
from resnet_explorer.runs import folder as runs_folder
from resnet_explorer.runs.codec import RUN
from resnet_explorer.runs.plan import Chunk, Ending, RunPlan
from resnet_explorer.terminal.ask import STOP, stoppable
from resnet_explorer.training.crew import Display, Outcome
from resnet_explorer.training.plans import Task

LOOK = 2.0
"""Seconds between two looks at how far the runs are."""
PATIENCE = 20
"""Seconds to wait for the scheduler."""
FILE = ".stop"
"""A file of this name beside the runs asks those that are at work to keep where they are."""
_ALONE = threading.Lock()
"""PyTorch's threads, modes and random state belong to a whole process: it trains one run at a time."""


def work(tasks: Sequence[Task], places: Sequence[int], display: Display, address: str) -> Outcome:
    """Train the runs of these places on the cluster at an address, and return how it ended.

    Raises ExplorerError where Dask is not installed, or no scheduler answers.
    """
    stop = tasks[0].folder.parent.resolve() / FILE
    stop.unlink(missing_ok=True)
    answers: SimpleQueue[int | None] = SimpleQueue()
    with _client(address) as client, stoppable(answers):
        futures = {place: _submit(client, tasks[place], stop) for place in places}
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
        remedy = "'pip install resnet-explorer[cluster]' mends that."
        raise ExplorerError("cluster", f"Dask cannot be loaded: {error}.", remedy) from error
    try:
        client = Client(address, timeout=PATIENCE, set_as_default=False)  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        words = f"No Dask scheduler answers at {address}."
        raise ExplorerError("cluster", words, "Start one with 'dask scheduler', or check the address.") from error
    with client:
        yield client


def _submit(client: Any, task: Task, stop: Path) -> Any:
    folder = str(task.folder.resolve())
    return client.submit(train, task.plan, folder, str(stop), key=f"train-{folder}", pure=False)


def train(plan: RunPlan, folder: str, stop: str) -> str:
    """Train a run where it stopped, in a worker of the cluster; return why it ended early, if it did."""
    from resnet_explorer.training.loop import iterate_steps

    with _ALONE:
        try:
            with closing(iterate_steps(plan, Path(folder))) as steps:
                for step in steps:
                    if isinstance(step, Ending):
                        return step.problem
                    if Path(stop).exists():
                        return ""
        except ExplorerError as error:  # its words alone can cross to another process
            return str(error)
    return ""


def _wait(
    tasks: Sequence[Task], futures: Mapping[int, Any], answers: "SimpleQueue[int | None]", display: Display, stop: Path
) -> Outcome:
    """Return when all tasks have ended; the first wish to stop lets them keep where they are."""
    outcome, waiting = Outcome(), set(futures)
    while waiting:
        try:
            place = answers.get(timeout=LOOK)
        except Empty:
            _look(tasks, waiting, display)
            continue
        if place is STOP:
            if outcome.stopped:
                break
            outcome.stopped = True
            display.say("Stopping: each run keeps where it is. Ctrl+C once more leaves at once.")
            files.write(stop, "")
        elif place in waiting:
            waiting.remove(place)
            _look(tasks, [place], display)
            if problem := _problem(tasks[place], futures[place], outcome.stopped):
                outcome.problems[place] = problem
            display.ended(place, problem)
    return outcome


def _problem(task: Task, future: Any, stopped: bool) -> str:
    """Return why a task came to nothing."""
    if future.status != "finished":
        return f"The cluster gave it up: {future.exception() if future.status == 'error' else future.status}."
    if not (task.folder / RUN).is_file() and not stopped and not future.result():
        return "Its folder is not seen here. The workers have to share it."
    return str(future.result())


def _look(tasks: Sequence[Task], places: Sequence[int] | set[int], display: Display) -> None:
    """Tell how far runs are, as their folders say."""
    for place in sorted(places):
        with suppress(ExplorerError):
            last = runs_folder.summarize_run(tasks[place].folder).last
            if last is not None:
                display.steps(place, Chunk((last,)))
