"""The main window as its own actions and dialogs see it: what pages may ask, and the panels around the diagram."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QDockWidget

from resnet_explorer.ui.canvas import Canvas
from resnet_explorer.ui.window import Window

if TYPE_CHECKING:
    from resnet_explorer.app.build_panel import BuildPanel
    from resnet_explorer.app.code_view import CodeView
    from resnet_explorer.app.inspector import Inspector
    from resnet_explorer.app.layer_table import LayerTable
    from resnet_explorer.app.verdict import VerdictLabel


class AppWindow(Window):
    """The panels are there once the window is filled."""

    docks: Mapping[str, QDockWidget]
    build: "BuildPanel"
    inspector: "Inspector"
    table: "LayerTable"
    code: "CodeView"
    verdict: "VerdictLabel"

    @property
    def canvas(self) -> Canvas:
        """Return the picture that is looked at: what fit, zoom, export and copy are about."""
        page = self.shown_page()
        return page.canvas if page else self.diagram

    def set_reduced_motion(self, still: bool = True) -> None:
        """Change the diagram at once from now on, or with transitions."""
        raise NotImplementedError

    def present(self, on: bool) -> None:
        """Show the diagram alone on the whole screen, or everything as it was before."""
        raise NotImplementedError

    def choose_theme(self, name: str) -> None:
        """Show everything in a theme, or as the system is, and remember that."""
        raise NotImplementedError
