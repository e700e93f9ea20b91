"""What the palette finds of the gradient lab: its experiments; the page is imported when one is chosen."""

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from resnet_explorer import features
from resnet_explorer.gradients.presets import PRESETS
from resnet_explorer.ui.entries import Entry

if TYPE_CHECKING:
    from resnet_explorer.ui.window import Window


def experiments(window: "Window") -> Iterator[Entry]:
    """Yield the experiments."""
    for preset in PRESETS.values():
        yield Entry(
            preset.title,
            "Experiment",
            partial(_show, window, preset.key),
            "",
            f"Gradient lab: {preset.question}",
            (preset.key,),
        )


def _show(window: "Window", key: str) -> None:
    features.resolve("resnet_explorer.gradients.actions:show_experiment")(window, PRESETS[key])
