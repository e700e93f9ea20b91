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


LARGER = ("light 150", "dark 150", "projector 100", "projector 150")
EVERYWHERE = ("light 100", "dark 100", *LARGER)
KNOWN: tuple[Known, ...] = (
    Known("diagram", "* texts in DiagramView 'Block diagram' are under 9 px: *", EVERYWHERE),
    Known("export", "QLabel* cuts ?&Format*", ("projector 150",)),
    Known("export", "QLabel* cuts ?&Scale*", ("projector 150",)),
    Known("export", "QLabel* cuts ?&Theme*", ("projector 150",)),
    Known("export", "QLabel* cuts ??,??? × ??? px. Vectors *", ("projector 150",)),
    Known(
        "gradients",
        "the plot of *",
        (
            "light 150",
            "projector 100",
            "projector 150",
        ),
    ),
    Known("graph", "* texts in GraphCanvas 'Autograd graph' are under 9 px: *", LARGER),
    Known("inspect", "the plot of *", ("projector 150",)),
    Known("module, read", "QLabel* cuts ???,???,??? parameters.\n*", ("projector 150",)),
    Known(
        "run a module?",
        "QLabel* cuts ?To read the module, the *",
        (
            "light 150",
            "dark 150",
            "projector 150",
        ),
    ),
    Known("timeline", "QLabel* cuts ?Published: ??-crop error*", ("projector 150",)),
    Known(
        "timeline",
        "TimelineDialog 'Timeline of residual networks' is *",
        (
            "light 100",
            "light 150",
            "projector 100",
            "projector 150",
        ),
    ),
    Known(
        "tuning",
        "* texts in FreezeView 'Network to fine-tune' are under 9 px: *",
        (
            "light 100",
            "light 150",
            "projector 100",
            "projector 150",
        ),
    ),
    Known("tuning", "WaysTable* cuts ?Way*", ("projector 150",)),
    Known("weights", "QTabBar* cuts ?Names (??)*", ("projector 150",)),
)
