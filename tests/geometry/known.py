"""What is known to be wrong with how the window is laid out; a line that is right by now has to go."""

from fnmatch import fnmatchcase
from typing import NamedTuple

from tests.geometry.table import Row


class Known(NamedTuple):
    """Failures of a page, by patterns; ``where`` are the themes and text sizes in which they are seen."""

    page: str
    what: str
    where: tuple[str, ...]

    def matches(self, row: Row) -> bool:
        """Tell whether a row is such a failure."""
        return fnmatchcase(row.page, self.page) and fnmatchcase(row.what, self.what)

    def is_seen(self, theme: str, text: int) -> bool:
        """Tell whether it is seen in a theme at a text size."""
        return f"{theme} {text}" in self.where


LARGEST = ("projector 150",)
LARGE_TEXT = ("light 150", "dark 150", *LARGEST)
LARGER = ("projector 100", *LARGE_TEXT)
EVERYWHERE = ("light 100", "dark 100", *LARGER)
LARGER_NOT_DARK = ("light 150", "projector 100", *LARGEST)
NOT_DARK = ("light 100", *LARGER_NOT_DARK)
"""The dark theme is looked at where the screen is not the smallest."""
KNOWN: tuple[Known, ...] = (
    Known("diagram", "* texts in DiagramView 'Block diagram' are under 9 px: *", EVERYWHERE),
    Known("export", "QLabel* cuts ?&Format*", LARGEST),
    Known("export", "QLabel* cuts ?&Scale*", LARGEST),
    Known("export", "QLabel* cuts ?&Theme*", LARGEST),
    Known("export", "QLabel* cuts ??,??? × ??? px. Vectors *", LARGEST),
    Known("gradients", "the plot of *", LARGER_NOT_DARK),
    Known("graph", "* texts in GraphCanvas 'Autograd graph' are under 9 px: *", LARGER),
    Known("module, read", "QLabel* cuts ?11,689,512 parameters*", LARGEST),
    Known("run a module?", "QLabel* cuts ?To read the module, the *", LARGE_TEXT),
    Known("timeline", "QLabel* cuts ?Published: ??-crop error*", LARGEST),
    Known("timeline", "TimelineDialog 'Timeline of residual networks' is *", NOT_DARK),
    Known("tuning", "* texts in FreezeView 'Network to fine-tune' are under 9 px: *", LARGEST),
    Known("weights", "QTabBar* cuts ?Names (??)*", LARGEST),
)
