"""The steps of a fine-tuning, from the weights to the recipe, in one column."""

from PySide6.QtWidgets import QScrollArea, QVBoxLayout, QWidget

from resnet_explorer.gui.jobs import Jobs
from resnet_explorer.gui.views.tuning_channels import ChannelsStep
from resnet_explorer.gui.views.tuning_head import HeadStep
from resnet_explorer.gui.views.tuning_images import ImagesStep
from resnet_explorer.gui.views.tuning_rates import RatesStep
from resnet_explorer.gui.views.tuning_state import TuningState
from resnet_explorer.gui.views.tuning_step import Step
from resnet_explorer.gui.views.tuning_trains import TrainsStep
from resnet_explorer.gui.views.tuning_weights import WeightsStep

WIDTH = 344


class TuningSetup(QScrollArea):
    """Steps that open and close; each says in its header what is chosen, and beneath its fields what is wrong."""

    def __init__(self, state: TuningState, jobs: Jobs, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.weights, self.images = WeightsStep(state, jobs), ImagesStep(state, jobs)
        self.channels, self.head = ChannelsStep(state, jobs), HeadStep(state)
        self.trains, self.rates = TrainsStep(state), RatesStep(state)
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 6, 0, 8)
        column.setSpacing(4)
        for step in self.steps:
            column.addWidget(step)
        column.addStretch(1)
        self.setWidget(inner)
        self.setWidgetResizable(True)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(self.horizontalScrollBarPolicy().ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(self.verticalScrollBarPolicy().ScrollBarAlwaysOn)
        self.setFixedWidth(WIDTH)

    def show_theme(self) -> None:
        """Take the room that words of another size need."""
        for step in self.steps:
            step.show_theme()

    @property
    def steps(self) -> tuple[Step, ...]:
        """Return the steps in their order."""
        return self.weights, self.images, self.channels, self.head, self.trains, self.rates
