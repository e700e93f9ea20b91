"""A strip at the bottom of the stage, above the line of keys: what goes on beside the slides, such as a lesson."""

from collections.abc import Callable

from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QWidget

from resnet_explorer.picture.theme import Theme


class Strip(QWidget):
    """Takes the lower part of the stage; ``fit`` gives it its width, and asks how much of the height it needs."""

    def fit(self, wide: float, scale: float, theme: Theme) -> float:
        """Set the text for a slide of a width, ``scale`` px on screen to a px of the slide; return the height.

        Width and height are in px of the slide; ``theme`` has the colours of the band under a slide.
        """
        raise NotImplementedError

    def action_of(self, event: QKeyEvent) -> Callable[[], object] | None:
        """Return what a key does here; None where it is the stage's."""
        return None

    def picked(self, path: str) -> bool:
        """Take a click on what has that path in the slide's picture; return whether it was waited for."""
        return False
