"""The bar over the fine-tunings: start one or all strategies, pause, stop, how far they are."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QPushButton, QWidget

from resnet_explorer.analysis.tuning.choices import Strategy
from resnet_explorer.gui.trainer import TrainingController
from resnet_explorer.gui.views.training_bar import TrainingBar
from resnet_explorer.gui.views.tuning_step import Problem

COMPARED = (Strategy.A, Strategy.B, Strategy.C)


class TuningBar(TrainingBar):
    """``compare_wanted`` tells that several strategies are asked for, on equal budget.

    ``problem`` says why it cannot be started; it belongs under the bar.
    """

    compare_wanted = Signal()

    def __init__(self, trainer: TrainingController, parent: QWidget | None = None) -> None:
        self.compare, self.progress, self.problem = QPushButton("Compare strategies"), QProgressBar(), Problem()
        super().__init__(trainer, parent)
        names = ", ".join(map(str, COMPARED))
        self.compare.setToolTip(f"Train strategies {names} side by side: same images, epochs, rate and seed")
        self.start.setToolTip("Fine-tune as the steps on the left say (Ctrl+Enter)")
        self.step.setToolTip("Make one step")
        self.pause.setToolTip("Keep where it is, and stop; Resume goes on from there bit for bit")
        self.stop.setToolTip("End here; the best epoch so far is kept")
        self.progress.setFixedWidth(130)
        self.progress.setTextVisible(False)
        row = self.layout()
        assert isinstance(row, QHBoxLayout)
        row.insertWidget(1, self.compare)
        row.insertWidget(row.count() - 1, self.progress)
        self.compare.clicked.connect(self.compare_wanted)

    def show_state(self) -> None:
        super().show_state()
        runs = self._trainer.runs
        done = sum(len(run.metrics) for run in runs)
        of = sum(run.plan.recipe.steps for run in runs)
        self.progress.setVisible(self._trainer.is_busy)
        self.progress.setRange(0, of if done else 0)
        self.progress.setValue(done)
        self.progress.setAccessibleName(f"{done:,} of {of:,} steps")

    def say(self, problem: str) -> None:
        """Say why it cannot be started; an empty sentence clears it."""
        self.problem.say(problem)
