"""What the palette finds of the training lab: its experiments; the page is imported when one is chosen."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from resnet_explorer.training.presets import PRESETS
from resnet_explorer.ui.entries import Entry, experiment_entries

if TYPE_CHECKING:
    from resnet_explorer.ui.window import Window

_SHOW = "resnet_explorer.training.page:show_experiment"


def experiments(window: "Window") -> Iterator[Entry]:
    """Yield the experiments."""
    return experiment_entries(window, "Training lab", PRESETS.values(), _SHOW)
