"""The views of a page, of which one is shown, with its own tools and drawers."""

from functools import partial
from typing import NamedTuple

from PySide6.QtWidgets import QButtonGroup, QStackedWidget, QToolButton, QWidget

from resnet_explorer.ui.frame import Drawer
from resnet_explorer.ui.parts import tool


class View(NamedTuple):
    """A view: its title and tooltip, its picture, and the tools and drawers that are there with it alone."""

    title: str
    tip: str
    main: QWidget
    tools: tuple[QWidget, ...] = ()
    drawers: tuple[Drawer, ...] = ()


class Views(QStackedWidget):
    """The pictures of some views; ``buttons``, which the page puts among its tools, choose the one that is shown."""

    def __init__(self, name: str, *views: View) -> None:
        super().__init__()
        self._views = views
        self.setAccessibleName(name)
        group = QButtonGroup(self)
        self.buttons: list[QToolButton] = []
        for view in views:
            self.addWidget(view.main)
            chooser = tool(view.title, view.tip, partial(self.setCurrentWidget, view.main), checkable=True)
            chooser.setObjectName("view")
            group.addButton(chooser)
            self.buttons.append(chooser)
        self.currentChanged.connect(self._on_current)
        self._on_current(0)

    @property
    def tools(self) -> tuple[QWidget, ...]:
        """Return the rows of tools of all views."""
        return tuple(part for view in self._views for part in view.tools)

    @property
    def drawers(self) -> tuple[Drawer, ...]:
        """Return the drawers of all views."""
        return tuple(drawer for view in self._views for drawer in view.drawers)

    def _on_current(self, index: int) -> None:
        for place, (view, chooser) in enumerate(zip(self._views, self.buttons, strict=True)):
            chooser.setChecked(place == index)
            for part in view.tools:
                if place != index:
                    part.hide()
                elif part.parent():
                    part.show()
            for drawer in view.drawers:
                drawer.offer(place == index)
