"""A still picture in a window: painted from its marks, its groups tell when they are clicked."""

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QColor, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QToolTip, QWidget

from resnet_explorer.drawing.marks import Ink, Picture
from resnet_explorer.drawing.theme import Theme
from resnet_explorer.gui.painter import paint
from resnet_explorer.gui.views.scene import hit

_STEPS = {Qt.Key.Key_Right: 1, Qt.Key.Key_Down: 1, Qt.Key.Key_Left: -1, Qt.Key.Key_Up: -1}


class PictureView(QWidget):
    """Shows a picture at its own size; ``clicked`` gives the path of the group under the mouse.

    ``stepped`` gives 1 or -1 for the arrow keys: the next group, or the one before.
    """

    clicked = Signal(str)
    stepped = Signal(int)

    def __init__(self, picture: Picture, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._theme = theme
        self.show_picture(picture)

    def show_picture(self, picture: Picture) -> None:
        """Show another picture of the same size."""
        self.picture = picture
        self.setAccessibleName(picture.title)
        self.setAccessibleDescription(picture.description)
        self.setFixedSize(QSize(round(picture.width), round(picture.height)))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        paint(painter, self.picture, self._theme, scale=1.0)
        if self.hasFocus():
            painter.setPen(QPen(QColor(self._theme.colours[Ink.ACCENT]), 1, Qt.PenStyle.DotLine))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.end()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = _STEPS.get(Qt.Key(event.key()))
        if step is None:
            super().keyPressEvent(event)
        else:
            self.stepped.emit(step)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        found = hit(self.picture, event.position())
        if found:
            self.clicked.emit(found.path)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            found = hit(self.picture, event.pos().toPointF())
            QToolTip.showText(event.globalPos(), found.group.title if found else "", self)
            return True
        return super().event(event)
