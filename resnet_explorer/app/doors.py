"""The first start: three doors over the diagram, until one is taken or they are closed, and never again."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QMenu, QPushButton

from resnet_explorer.app import tour
from resnet_explorer.app.main_window import MainWindow
from resnet_explorer.ui.callout import Overlay
from resnet_explorer.ui.flow import Flow
from resnet_explorer.ui.parts import button, describe, label, tool

_GAP = 8
"""In px, between the doors and the lower edge of the picture."""


def _choose_network(window: MainWindow) -> None:
    drawer = window.panels.drawer("Build")
    window.panels.open(drawer)
    window.build.preset.setFocus()
    window.build.preset.selectAll()
    window.build.preset.offer()


@dataclass(frozen=True, slots=True)
class Door:
    """A way in: its text, its tooltip, and what it does; or the actions that it offers as a menu."""

    text: str
    tip: str
    run: Callable[[MainWindow], object] | None = None
    actions: tuple[str, ...] = ()


DOORS = (
    Door("A lesson", "Step by step, in some five minutes", actions=("lessons",)),
    Door("A network", "Choose one by a few letters, or change this one", _choose_network),
    Door("My own weights or images", "A file of weights, a Python file, or a folder of images",
         actions=("open-weights", "open-module", "tuning")),
)  # fmt: skip
"""The ways in; one whose actions a window lacks is left out."""


class Doors(Overlay):
    """Asks where to begin, in a row under the diagram; takes no focus, and no room of what is around."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window.panels)
        self._window = window
        self.doors = [self._button(door) for door in DOORS if self._is_there(door)]
        self.tour = button("Tour", "The main parts, in under a minute", self._on_tour)
        self.close_button = tool("×", "Close; the tour stays in the menu Help", self.leave)
        question = label("Where would you like to begin?", "strong")
        self.setLayout(Flow(question, *self.doors, self.tour, self.close_button, margins=(12, 5, 8, 5)))
        describe(self, "Where would you like to begin?")
        window.panels.installEventFilter(self)
        window.diagram.installEventFilter(self)
        self.show()
        self._put()

    def _is_there(self, door: Door) -> bool:
        return all(key in self._window.actions_by_key for key in door.actions)

    def _button(self, door: Door) -> QPushButton:
        made = button(door.text, door.tip)
        actions = [self._window.actions_by_key[key] for key in door.actions]
        if len(actions) > 1:
            menu = QMenu(made)
            menu.addActions(actions)
            menu.triggered.connect(self.leave)
            made.setMenu(menu)
        else:
            made.clicked.connect(lambda: self._enter(door))
        return made

    def _enter(self, door: Door) -> None:
        self.leave()
        if door.run is not None:
            door.run(self._window)
        for key in door.actions:
            self._window.actions_by_key[key].trigger()

    def _on_tour(self) -> None:
        self.leave()
        tour.start(self._window)

    def leave(self) -> None:
        """Close for good."""
        window = self._window
        for watched in (window.panels, window.diagram):
            watched.removeEventFilter(self)
        self.hide()
        self.deleteLater()
        window.remember(replace(window.preferences, was_welcomed=True))
        if self.isAncestorOf(window.focusWidget() or self):
            window.diagram.setFocus()

    def _put(self) -> None:
        """Stand in the middle of the picture's lower edge."""
        room = self._window.diagram.geometry()
        size = self.sizeHint()
        wide = min(size.width(), room.width() - 2 * _GAP)
        high = max(size.height(), self.heightForWidth(wide))
        left = room.left() + (room.width() - wide) // 2
        self.setGeometry(left, room.bottom() - _GAP - high, wide, high)
        self.raise_()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.leave()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the picture."""
        if event.type() in (QEvent.Type.Resize, QEvent.Type.Move):
            self._put()
        return False


def show(window: MainWindow) -> None:
    """Show the doors, once the panels are there."""
    Doors(window)
