"""Bars in a terminal, one a run: step, loss, error, steps a second, time left."""

from collections.abc import Sequence

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

from resnet_explorer.analysis.training import Chunk
from resnet_explorer.cli.train_display import RunLine
from resnet_explorer.cli.train_plans import Task

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
