"""The page of the diagram: its tools, and drawers that are filled after the first paint."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QWidget

from resnet_explorer.app import actions
from resnet_explorer.ui.diagram_view import DiagramView
from resnet_explorer.ui.flow import tool_row
from resnet_explorer.ui.frame import Drawer, Edge, Frame


class DiagramPage(Frame):
    """The diagram with its tools, and the drawers around it, which are empty at first."""

    def __init__(self, diagram: DiagramView, made: dict[str, QAction]) -> None:
        super().__init__()
        buttons = actions.buttons(made, actions.TOOLS, Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        rows = (
            ("Build", Edge.LEFT, 296, "Choose a network and change it"),
            ("Inspector", Edge.RIGHT, 284, "What the selected part is, with its formula and its figures"),
            ("Layers", Edge.BOTTOM, 270, "A table of all layers"),
            ("Code", Edge.BOTTOM, 270, "The network as PyTorch code"),
        )
        drawers = [Drawer(title, QWidget(), edge, size, tip) for title, edge, size, tip in rows]
        self.set_parts(diagram, *drawers, tools=(tool_row(*buttons),))
