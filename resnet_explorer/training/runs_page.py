"""The page of a lab that trains: it draws what the user asks for at once, and what arrives in pieces."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Generic, TypeVar

from PySide6.QtCore import Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QWidget

from resnet_explorer.errors import ExplorerError
from resnet_explorer.picture.theme import LIGHT
from resnet_explorer.runs.plan import Run
from resnet_explorer.training.chart_data import Traced
from resnet_explorer.training.controller import LiveRun, RunStatus, TrainingController
from resnet_explorer.training.run_view import RunPictures
from resnet_explorer.training.unfinished_bar import UnfinishedBar
from resnet_explorer.ui.document import Document
from resnet_explorer.ui.jobs import Jobs
from resnet_explorer.ui.parts import timer
from resnet_explorer.ui.turns import Turns
from resnet_explorer.ui.window import PageView, Window

REDRAW_MS, REPLAY_MS = 150, 30
"""How long new steps, and another moment of a replay, may wait until they are drawn, in milliseconds."""
SHARE = 0.25
"""Drawing takes at most this part of the time: where it takes long, it is done less often."""
T = TypeVar("T", bound=TrainingController)


class RunsPage(PageView, Generic[T]):
    """A lab that trains; ``said`` gives a sentence for the status bar.

    A page has the ``pictures`` of its runs, and says whether they ``is_replayed``.
    """

    said = Signal(str)
    pictures: RunPictures

    def __init__(self, document: Document, jobs: Jobs, trainer: T, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document, self._jobs, self._theme, self.trainer = document, jobs, LIGHT, trainer
        trainer.setParent(self)
        self.offer = UnfinishedBar(trainer)
        self.offer.show_left()
        self._is_old = self._is_held = self._is_wanted = False
        self._redraw = timer(self, REDRAW_MS, self._begin, once=True)
        self._turns = Turns(self)
        self._turns.ended.connect(self._on_drawn)

    def attach(self, window: Window) -> None:
        self.said.connect(window.say)

    @property
    def shown(self) -> tuple[Traced, ...]:
        """Return the runs with their looks; hidden ones are marked."""
        return self.pictures.traced(self.runs)

    @property
    def is_replayed(self) -> bool:
        raise NotImplementedError

    @property
    def running(self) -> int:
        return sum(run.status in (RunStatus.RUNNING, RunStatus.WAITING) for run in self.trainer.runs)

    def draw(self) -> None:
        """Draw the runs at once, as after what the user did."""
        self._is_wanted = self._is_held
        if self._is_held:
            return
        self._turns.stop()
        self._is_old = False
        self._describe(self.pictures.show_runs(*self._drawn_runs()))

    @contextmanager
    def drawn_once(self) -> Iterator[None]:
        """Context manager for many changes: what would be drawn after each is drawn once, at the end."""
        self._is_held = True
        try:
            yield
        finally:
            self._is_held = False
            if self._is_wanted:
                self.draw()

    def draw_soon(self, within: int = REDRAW_MS) -> None:
        """Draw what has arrived by then in pieces; a page that is not looked at does it when it is."""
        self._is_old = True
        if not self._redraw.isActive() and not self._turns.is_busy and self.isVisible():
            self._redraw.start(max(within, round(1000 * self._turns.spent / SHARE)))

    def _drawn_runs(self) -> tuple[Sequence[Run], Sequence[LiveRun], bool]:
        return self.runs, () if self.is_replayed else self.trainer.runs, self.is_replayed

    def _begin(self) -> None:
        self._is_old = False
        self._turns.begin(self._drawing())

    def _drawing(self) -> Iterator[None]:
        self._describe((yield from self.pictures.showing_runs(*self._drawn_runs())))

    def _describe(self, shown: Sequence[Traced]) -> None:
        """Hook: say what is drawn."""

    def _on_drawn(self) -> None:
        if self._is_old:
            self.draw_soon()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._is_old:
            self.draw_soon(0)

    def rename(self, place: int, name: str) -> bool:
        """Rename a current run; where that fails say why, and return False."""
        if place >= len(self.trainer.runs) or name == self.shown[place].name:
            return False
        try:
            self.trainer.rename(place, name)
        except ExplorerError as error:
            self.said.emit(str(error))
            return False
        return True
