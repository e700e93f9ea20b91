"""What of a fine-tuning is computed once, in a line, with the disk space that it takes and a button to free it."""

from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QWidget

from resnet_explorer.errors import ExplorerError
from resnet_explorer.finetuning.features import choose_budget, clear_features, features_budget, features_size
from resnet_explorer.finetuning.frozen import Forecast, describe, forecast
from resnet_explorer.finetuning.state import TuningState
from resnet_explorer.readings.text import in_bytes
from resnet_explorer.ui.parts import WrappedLabel, button, vbox

GIGA = 1e9
MOST = 1e6
"""Gigabytes that can be chosen."""
VIEWS_TIP = (
    "Augmented views of each image, taken in turn while the start of the network is frozen: their features are computed"
    " once. 0 draws views anew in every epoch, and frozen layers run in each"
)
BUDGET_TIP = (
    "Disk space in gigabytes for features of frozen layers, of all fine-tunings; the ones that were not used for"
    " longest are deleted. 0 computes frozen layers in every epoch"
)


class KeptFeatures(QWidget):
    """The line on what is computed once, and what all features take on disk."""

    def __init__(self, state: TuningState) -> None:
        super().__init__()
        self._state, self.text = state, WrappedLabel(quiet=False)
        tip = "Delete the features of frozen layers of all fine-tunings; they are computed again when needed"
        self.clear = button("Delete features", tip, self._on_clear)
        vbox(self.text, self.clear, of=self)

    def show_plan(self) -> None:
        """Show the line of the plan; nothing where nothing is frozen and nothing is on disk."""
        self.text.show_text(describe(self._state.groups, *_sizes(self._state)))
        size = features_size()
        self.clear.setText(f"Delete features, {in_bytes(size)}")
        self.clear.setVisible(size > 0)
        self.setVisible(bool(self.text.text()) or size > 0)

    def showEvent(self, event: QShowEvent) -> None:
        self.show_plan()

    def _on_clear(self) -> None:
        clear_features()
        self.show_plan()


def _sizes(state: TuningState) -> tuple[int, int, int]:
    """Return the images to train on and to judge each epoch by, as far as they are known, and the budget in bytes."""
    report = state.report
    return state.images, report.val or report.test if report else 0, features_budget()


def forecast_of(state: TuningState) -> Forecast:
    """Return what is kept of the plan that is shown."""
    return forecast(state.groups, *_sizes(state))


def gigabytes() -> float:
    """Return the disk space that all features may take."""
    return features_budget() / GIGA


def take_gigabytes(value: object) -> None:
    """Keep the disk space that all features may take; raises ExplorerError where that cannot be."""
    if not isinstance(value, int | float) or not 0 <= value <= MOST:
        raise ExplorerError("budget", f"A disk space of {value} GB cannot be.", f"Choose 0 to {MOST:,.0f}.")
    choose_budget(round(value * GIGA))
