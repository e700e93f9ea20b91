"""The tour: six callouts on the real controls, one after another; it never begins by itself."""

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QWidget

from resnet_explorer.app.main_window import MainWindow
from resnet_explorer.ui.callout import Outline, Overlay, beside
from resnet_explorer.ui.frame import Drawer
from resnet_explorer.ui.parts import WrappedLabel, button, hbox, label, vbox
from resnet_explorer.ui.style import USUAL_POINTS

WIDE = 320
"""Width of a callout in px at the usual text size."""


@dataclass(frozen=True, slots=True)
class Callout:
    """A part of the window, its title, and what is said of it."""

    title: str
    text: str
    part: Callable[[MainWindow], QWidget]


def _drawer(title: str) -> Callable[[MainWindow], QWidget]:
    """Return what finds a drawer of the diagram's page: itself where it is open, else its handle."""

    def part(window: MainWindow) -> QWidget:
        drawer: Drawer = window.panels.drawer(title)
        return drawer if drawer.isVisible() else drawer.handle

    return part


def _corner(window: MainWindow) -> QWidget:
    corner = window.tabs.cornerWidget()
    return corner if corner.isVisible() else window.tabs.tabBar()


CALLOUTS = (
    Callout("The network", "Block after block, with the shapes between them. Enter or a double-click opens a block.",
            lambda window: window.diagram),
    Callout("Build", "Type a few letters of a network, or change any part of this one. Ctrl+Z undoes it.",
            _drawer("Build")),
    Callout("Inspector", "What the selected part is, with its formula and figures. Layers, below, lists them all.",
            _drawer("Inspector")),
    Callout("Pages", "The same network elsewhere: what autograd records, its speed, its gradients, its training.",
            lambda window: window.tabs.tabBar()),
    Callout("Verified", "Here it says whether PyTorch agrees with every figure. Jobs lists what PyTorch computes now.",
            lambda window: window.statusBar()),
    Callout("Find, present, ask", "The lens finds anything by a few letters; the last button presents the page (F5). "
            "F1 explains the page in view.", _corner),
)  # fmt: skip


class Tour(Overlay):
    """Points at one part after another; Esc or Skip ends it, and so does another page."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window, self.place = window, 0
        self._outline = Outline(window)
        self._title, self._text = label(kind="strong"), WrappedLabel(quiet=False)
        self._count = label(kind="muted")
        self.back = button("Back", "The part before", lambda: self.step(-1))
        self.next = button("Next", "The next part", lambda: self.step(1))
        self.skip = button("Skip", "End the tour (Esc)", self.leave)
        row = hbox(self._count, 1, self.skip, self.back, self.next, spacing=6)
        self._box = vbox(self._title, self._text, row, of=self, margins=(14, 12, 14, 12), spacing=8)
        window.show_page("diagram")
        window.tabs.currentChanged.connect(self.leave)
        window.installEventFilter(self)
        self.show()
        self._show_callout()
        self.next.setFocus()

    def step(self, by: int) -> None:
        """Go to the next part, or to the one before (-1); after the last one the tour ends."""
        self.place = max(0, self.place + by)
        if self.place < len(CALLOUTS):
            self._show_callout()
        else:
            self.leave()

    def leave(self) -> None:
        """End the tour; the picture has the keyboard."""
        self._window.removeEventFilter(self)
        self._window.tabs.currentChanged.disconnect(self.leave)
        for part in (self._outline, self):
            part.hide()
            part.deleteLater()
        self._window.canvas.setFocus()

    def _show_callout(self) -> None:
        callout, is_last = CALLOUTS[self.place], self.place + 1 == len(CALLOUTS)
        self._title.setText(callout.title)
        self._text.setFixedWidth(round(WIDE * self.font().pointSizeF() / USUAL_POINTS))
        self._text.setText(callout.text)
        self._count.setText(f"{self.place + 1} of {len(CALLOUTS)}")
        self.back.setEnabled(self.place > 0)
        self.skip.setVisible(not is_last)
        self.next.setText("Done" if is_last else "Next")
        self.setAccessibleName(f"Tour, {self._count.text()}: {callout.title}. {callout.text}")
        self.next.setAccessibleDescription(f"{callout.title}. {callout.text}")
        self._put()

    def _put(self) -> None:
        part, window = CALLOUTS[self.place].part(self._window), self._window
        place = QRect(part.mapTo(window, QPoint(0, 0)), part.size())
        self._outline.show_around(place)
        self._box.activate()
        self.setGeometry(beside(place, self.sizeHint(), window.rect()))
        self.raise_()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.leave()
        elif event.key() in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            self.step(1 if event.key() == Qt.Key.Key_Right else -1)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the window's size."""
        if event.type() == QEvent.Type.Resize:
            self._put()
        return False


def start(window: MainWindow, checked: bool = False) -> None:
    """Begin the tour, from its beginning where it is shown already."""
    for shown in window.findChildren(Tour):
        if shown.isVisible():
            shown.leave()
    Tour(window)
