"""A still picture in a window: painted from its marks, its groups tell when they are clicked."""

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QHelpEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QToolTip, QWidget

from resnet_explorer.drawing.marks import Picture
from resnet_explorer.drawing.theme import Theme
from resnet_explorer.gui.painter import paint
from resnet_explorer.gui.views.scene import hit


class PictureView(QWidget):
    """Shows a picture at its own size; ``clicked`` gives the path of the group under the mouse."""

    clicked = Signal(str)

    def __init__(self, picture: Picture, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
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
        painter.end()

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
