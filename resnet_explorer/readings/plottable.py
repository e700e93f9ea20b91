"""Results that draw themselves by matplotlib; what draws them is imported when it is asked for."""

from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from matplotlib.axes import Axes

DRAWING = "resnet_explorer.picture.figure"


class Plottable:
    """A result with a chart; ``chart_by`` names the function that makes it: ``module:function``."""

    __slots__ = ()
    chart_by: ClassVar[str]

    def chart(self, **options: Any) -> Any:
        """Return the result as a chart of ``picture.chart``; ``options`` are those of the function that makes it."""
        module, _, name = self.chart_by.partition(":")
        return getattr(import_module(module), name)(self, **options)

    def plot(self, ax: "Axes | None" = None, **options: Any) -> "Axes":
        """Return matplotlib axes with the result drawn on them: the given ones, or those of a new figure.

        ``options`` choose what is drawn, such as ``quantity="output-gradient"``. Raises ExplorerError where matplotlib
        is not installed.
        """
        axes: Axes = import_module(DRAWING).plot(self.chart(**options), ax)
        return axes
