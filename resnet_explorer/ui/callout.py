"""Panels that lie over the window for a while: a frame around a part of it, and a panel that points at it."""

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import QFrame, QWidget

GAP = 10
"""In px, between a part and the panel that explains it."""
_LINE = 3


class Overlay(QFrame):
    """A panel over a window, in the colours of its fields; it is a child of the window, and covers what is under it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("overlay")
        self.setAutoFillBackground(True)


class Outline(QWidget):
    """A frame around a part of the window, through which the mouse goes."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._window = parent
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def show_around(self, place: QRect) -> None:
        """Stand around a place of the parent."""
        self.setGeometry(place.adjusted(-_LINE, -_LINE, _LINE, _LINE) & self._window.rect())
        self.show()
        self.raise_()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self.palette().color(QPalette.ColorRole.Highlight), _LINE))
        painter.drawRoundedRect(self.rect().adjusted(2, 2, -2, -2), 5, 5)
        painter.end()


def beside(place: QRect, size: QSize, room: QRect) -> QRect:
    """Return where a panel stands inside a room: beside a place, or over its lower edge where that is large."""
    middle = place.center() - QPoint(size.width() // 2, size.height() // 2)
    corners = (
        QPoint(place.right() + GAP, middle.y()),
        QPoint(place.left() - GAP - size.width(), middle.y()),
        QPoint(middle.x(), place.bottom() + GAP),
        QPoint(middle.x(), place.top() - GAP - size.height()),
    )
    inside = [_within(QRect(corner, size), room) for corner in corners]
    free = (spot for spot in inside if not spot.intersects(place))
    low = QPoint(middle.x(), place.bottom() - GAP - size.height())
    return next(free, _within(QRect(low, size), room))


def _within(spot: QRect, room: QRect) -> QRect:
    left = max(room.left() + GAP, min(spot.left(), room.right() - GAP - spot.width()))
    top = max(room.top() + GAP, min(spot.top(), room.bottom() - GAP - spot.height()))
    return QRect(QPoint(left, top), spot.size())
