"""Kept results for the list of jobs: loaded and saved on a thread of their own, so that the window never waits."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from resnet_explorer.engine.jobs import Job, row_of
from resnet_explorer.runs import kept_results
from resnet_explorer.runs.recorded import Recording
from resnet_explorer.ui import preferences
from resnet_explorer.ui.preferences import results_folder

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor


class Keeper:
    """Keeps results of jobs whose row says so.

    What was kept for a job is handed to ``deliver`` with its number, on the keeper's thread; None where the job is to
    be done anew.
    """

    def __init__(self, deliver: Callable[[int, Recording | None], None]) -> None:
        self._deliver = deliver
        self._thread: ThreadPoolExecutor | None = None
        self._is_closed = False
        self._begun: dict[int, Future[kept_results.Conditions]] = {}

    def has(self, job: Job) -> bool:
        """Return whether a result is kept for a job; it may turn out to be out of date."""
        return bool(row_of(job).keeps) and kept_results.has(job, results_folder())

    def load(self, number: int, job: Job) -> None:
        """Read what is kept for a job."""
        if not self._is_closed:
            self._in_thread().submit(self._load, number, job, results_folder())

    def _load(self, number: int, job: Job, folder: Path) -> None:
        self._deliver(number, kept_results.load(job, row_of(job).keeps, folder))

    def begin(self, number: int, job: Job) -> None:
        """Note the conditions under which a job is done."""
        if row_of(job).keeps and not self._is_closed:
            self._begun[number] = self._in_thread().submit(kept_results.conditions, job)

    def save(self, number: int, job: Job, result: object) -> None:
        """Keep the result of a job that was begun."""
        begun = self._begun.pop(number, None)
        if begun and not self._is_closed:
            self._in_thread().submit(self._save, job, result, begun, results_folder())

    @staticmethod
    def _save(job: Job, result: object, begun: "Future[kept_results.Conditions]", folder: Path) -> None:
        budget = preferences.load().kept_megabytes * kept_results.MEGABYTE
        kept_results.save(job, result, begun.result(), folder, budget)

    def forget(self, number: int) -> None:
        """Take note that a job has ended."""
        self._begun.pop(number, None)

    def close(self) -> None:
        """Begin nothing more; what is being written is still finished."""
        self._is_closed = True
        if self._thread is not None:
            self._thread.shutdown(wait=False)

    def _in_thread(self) -> "ThreadPoolExecutor":
        if self._thread is None:
            from concurrent.futures import ThreadPoolExecutor  # which the start does not need

            self._thread = ThreadPoolExecutor(1, "kept results")
        return self._thread
