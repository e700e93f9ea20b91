"""The offer to continue the runs that were unfinished when the app ended."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QSizePolicy, QWidget

from resnet_explorer.training.controller import TrainingController
from resnet_explorer.ui.flow import Flow
from resnet_explorer.ui.parts import button, label

SHOWN = 4


class UnfinishedBar(QWidget):
    """Says which runs are unfinished while none is trained; ``continue_wanted`` is emitted by Continue."""

    continue_wanted = Signal()

    def __init__(self, trainer: TrainingController) -> None:
        super().__init__()
        self._trainer = trainer
        self.text = label(wrap=True)
        self.text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.proceed = button("Continue", "Train them from where they stopped", self.continue_wanted.emit)
        tip = "Offer them no more. What they made stays in the list of saved runs"
        self.discard = button("Discard", tip, trainer.discard_left)
        self.setLayout(Flow(self.text, self.proceed, self.discard))
        self.hide()
        trainer.changed.connect(self.show_left)

    def show_left(self) -> None:
        """Show the offer where there is one to make."""
        left = self._trainer.left
        names = ", ".join(run.plan.name for run in left[:SHOWN]) + (", …" if len(left) > SHOWN else "")
        runs = "run was" if len(left) == 1 else "runs were"
        self.text.setText(f"{len(left)} {runs} not finished when the app was closed: {names}")
        self.setVisible(bool(left) and not self._trainer.is_busy)
