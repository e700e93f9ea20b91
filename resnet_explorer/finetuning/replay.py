"""The bar that replays the recorded fine-tuning: with the app's own weights, and without."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QSizePolicy, QWidget

from resnet_explorer.finetuning.recorded import describe_transfer, recorded_runs
from resnet_explorer.runs.plan import Run
from resnet_explorer.training.bars import ReplayBar
from resnet_explorer.ui.parts import WrappedLabel, hbox


class TransferReplay(QWidget):
    """Hidden until ``open``; ``moved``: another moment is shown, or the replay was left.

    ``text`` says what the recording shows; the page places it.
    """

    moved = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.bar, self.text = ReplayBar(), WrappedLabel(quiet=False)
        hbox(self.bar, of=self)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.bar.moved.connect(self.moved)
        self.bar.left.connect(self.leave)
        self.hide()

    @property
    def is_on(self) -> bool:
        return self.bar.is_on

    def runs(self) -> tuple[Run, ...]:
        """Return the runs as they were at the moment that is shown."""
        return self.bar.runs()

    def open(self, instruction_set: str, plays: bool) -> None:
        """Show the recording at its end, or play it from its start; ``instruction_set`` is this CPU's."""
        runs = recorded_runs()
        if not runs:
            return
        self.bar.show_runs([run for run in runs if run.plan.seed == runs[0].plan.seed])
        self.text.show_text(f"{describe_transfer(runs)} {self.bar.recorded(instruction_set)}")
        self.show()
        if plays:
            self.bar.play.click()

    def leave(self) -> None:
        """Show the runs of now again."""
        if self.is_on:
            self.bar.leave()
            self.text.show_text("")
            self.hide()
            self.moved.emit()
