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


KNOWN: tuple[Known, ...] = (Known("gradients", "the plot of *", ("light 150", "projector 100", "projector 150")),)
