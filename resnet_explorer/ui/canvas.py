"""A picture that can be zoomed and panned: what every large drawing on screen shares."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from PySide6 import QtGui
from PySide6.QtCore import QEasingCurve, QEvent, QPointF, QRect, QRectF, QSize, QSizeF, Qt, QVariantAnimation, Signal
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QToolTip, QWidget

from resnet_explorer.picture.marks import Group, Ink, Picture
from resnet_explorer.picture.theme import LIGHT, Theme
from resnet_explorer.ui.frame import Frame
from resnet_explorer.ui.painter import paint, paint_group
from resnet_explorer.ui.scene import Camera, Hit, fit, hit, opened, read
from resnet_explorer.ui.style import USUAL_POINTS

if TYPE_CHECKING:
    from resnet_explorer.picture.chart import Chart, HeatMap

TRANSITION_MS = 220
ZOOM_STEP = 1.25
PAN_STEP = 60.0
DRAG = 3.0
"""A press that moves by more px than this is a drag."""

_PANS: Mapping[int, tuple[float, float]] = {
    Qt.Key.Key_Left: (PAN_STEP, 0),
    Qt.Key.Key_Right: (-PAN_STEP, 0),
    Qt.Key.Key_Up: (0, PAN_STEP),
    Qt.Key.Key_Down: (0, -PAN_STEP),
}


class Canvas(QWidget):
    """Shows a picture through a camera; what it draws, marks and selects is its children's.

    A picture that is replaced keeps the zoom that the user set, or is fitted anew; parts of both glide.
    """

    has_own_size = True
    """Whether the picture has a size of its own, and not that of the widget."""

    first_painted = Signal()
    picture_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.picture = Picture(1, 1, (), "")
        self.camera = Camera()
        self.animated = True
        self._theme: Theme = LIGHT
        self._text = 1.0
        self._fitted = True
        self._is_outgrown = False
        self._grabbed: QPointF | None = None
        self._dragged = False
        self._from: tuple[Camera, dict[str, QRectF]] | None = None
        self._part = 1.0
        self.was_painted = False
        self._transition = QVariantAnimation(self, startValue=0.0, endValue=1.0, duration=TRANSITION_MS)
        self._transition.setEasingCurve(QEasingCurve.Type.OutCubic)
        self._transition.valueChanged.connect(self._on_transition_moved)
        self.setMouseTracking(True)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def minimumSizeHint(self) -> QSize:
        return QSize(240, 160)

    def redraw(self) -> None:
        """Draw the picture anew for the room that there is; nothing where there is nothing to draw yet."""
        raise NotImplementedError

    def marked(self) -> list[tuple[QRectF, float]]:
        """Return the places in the picture that are framed, each with the weight of its frame in px on screen."""
        return []

    def paint_ground(self, painter: QPainter, exposed: QRect, camera: Camera) -> None:
        """Paint the picture where the widget is exposed, and leave the painter in the picture's coordinates."""
        painter.fillRect(exposed, QColor(self._theme.colours[Ink.PAGE]))
        visible = QRectF(camera.to_picture(QPointF(exposed.topLeft())), QSizeF(exposed.size()) / camera.zoom)
        painter.translate(camera.x, camera.y)
        painter.scale(camera.zoom, camera.zoom)
        if self._from:
            self._paint_between(painter, camera, self._from[1])
        else:
            paint(painter, self.picture, self._theme, visible, camera.zoom)

    def paint_over(self, painter: QPainter) -> None:
        """Paint what lies over the picture, in the widget's coordinates."""

    def clicked(self, path: str) -> None:
        """React to a click on what has that path; empty for the ground."""

    def pointed(self, path: str) -> None:
        """React to the mouse over what has that path; empty for the ground."""

    def double_clicked(self, hit: Hit) -> None:
        """React to a double click on a thing."""

    def action_of(self, event: QtGui.QKeyEvent) -> Callable[[], None] | None:
        """Return what a key does here besides zoom and pan."""
        return None

    def describe(self, text: str, said: str = "") -> None:
        """Describe the picture to screen readers; ``said`` is read at once where the picture has the keyboard."""
        self.setAccessibleDescription(text)
        event, changed = QtGui.QAccessible.updateAccessibility, QtGui.QAccessible.Event.DescriptionChanged
        event(QtGui.QAccessibleEvent(self, changed))
        if said and self.hasFocus():
            event(QtGui.QAccessibleAnnouncementEvent(self, said))

    def show_theme(self, theme: Theme) -> None:
        """Paint in another theme, as large as its text asks for."""
        self._theme, before = theme, self._text
        self._text = theme.font_points / USUAL_POINTS
        if self._text != before:
            self._on_outgrown()
        self.update()

    def show_picture(self, picture: Picture, animate: bool = False, show: QRectF | None = None) -> None:
        """Replace the picture; ``show`` is a place in it that shall be seen."""
        before = opened(self.picture)
        self.picture, self._is_outgrown = picture, False
        if not self.camera.visible(self.room()).intersects(QRectF(QPointF(0, 0), self._size())):
            self._fitted = True  # what was looked at is gone
        target = self.fitted() if self._fitted else self.camera
        if show is not None:
            target = target.showing(show, self.room())
        self.go(target, before if animate else None)
        self.picture_changed.emit()

    def fitted(self) -> Camera:
        """Return the camera for a picture whose zoom is not the user's: whole, or from its top where that is small."""
        return read(self._size(), self.room(), self._text)

    def composed(self, wide: float, high: float) -> Picture:
        """Return the picture composed for a page of that size in px, with text of the usual size."""
        return self.picture

    def charts(self) -> "tuple[Chart | HeatMap, ...]":
        """Return the charts in the picture, which other programs can draw from their values; empty without any."""
        return ()

    def open_all(self) -> bool:
        """Open everything that opens in this picture; return whether anything does."""
        return False

    def close_all(self) -> bool:
        """Close everything again; return whether anything opens here."""
        return False

    def fit(self) -> None:
        """Show the whole picture."""
        self._fitted = True
        if self._is_outgrown:
            self.redraw()
        self.go(fit(self._size(), self.room(), self._text), {})

    def zoom(self, factor: float) -> None:
        """Zoom by a factor around the middle."""
        self._zoom_at(factor, QPointF(self.width() / 2, self.height() / 2))

    def reveal(self, place: QRectF) -> None:
        """Move as little as it takes to show a place of the picture, where it is not seen."""
        if not self.camera.visible(self.room()).intersects(place):
            self.go(self.camera.showing(place, self.room()), {})

    def pan(self, dx: float, dy: float) -> None:
        """Move by whole pixels: what is on screen already is moved, and only what comes into view is painted."""
        self._fitted = False
        if self._from is not None:
            self.go(self.camera, None)
            self.repaint()
        self.camera = self.camera.moved(round(dx), round(dy))
        self.scroll(round(dx), round(dy))

    def go(self, camera: Camera, before: dict[str, QRectF] | None) -> None:
        """Show the picture through another camera, gliding from what was shown ``before`` where that is wanted."""
        self._transition.stop()
        self._from, self._part = None, 1.0
        if before is not None and self.animated and self.isVisible():
            self._from, self._part = (self.camera, before), 0.0
            self._transition.start()
        self.camera = camera
        self.update()

    def room(self) -> QSizeF:
        """Return the size of the widget."""
        return QSizeF(self.width(), self.height())

    def found_at(self, position: QPointF) -> Hit | None:
        """Return what is shown at a point of the widget."""
        return hit(self.picture, self.camera.to_picture(position))

    def path_at(self, position: QPointF) -> str:
        """Return the path of what is shown at a point of the widget; empty for the ground."""
        target = self.found_at(position)
        return target.path if target else ""

    def _size(self) -> QSizeF:
        return QSizeF(self.picture.width, self.picture.height)

    def _zoom_at(self, factor: float, at: QPointF) -> None:
        self._fitted = False
        self.go(self.camera.zoomed(factor, at), None)

    def _on_transition_moved(self, part: float) -> None:
        self._part = part
        if part >= 1.0:
            self._from = None
        self.update()

    def paintEvent(self, event: QtGui.QPaintEvent) -> None:
        painter = QPainter(self)
        camera = self._from[0].between(self.camera, self._part) if self._from else self.camera
        painter.save()
        self.paint_ground(painter, event.rect(), camera)
        self._paint_marked(painter, camera)
        painter.restore()
        self.paint_over(painter)
        painter.end()
        if not self.was_painted:
            self.was_painted = True
            self.first_painted.emit()

    def _paint_between(self, painter: QPainter, camera: Camera, before: dict[str, QRectF]) -> None:
        """Paint each part of the picture a part of the way from where it was; what is new fades in."""
        for mark in self.picture.marks:
            if not isinstance(mark, Group):
                continue
            place = QRectF(mark.x, mark.y, mark.width, mark.height)
            was = before.get(f"{mark.side}{mark.path}{mark.suffix}")
            start = was or place.translated(0, -30)
            rest = 1.0 - self._part
            painter.save()
            painter.setOpacity(1.0 if was else self._part)
            painter.translate((start.x() - place.x()) * rest, (start.y() - place.y()) * rest)
            paint_group(painter, mark, self._theme, camera.zoom)
            painter.restore()

    def _paint_marked(self, painter: QPainter, camera: Camera) -> None:
        colour = QColor(self._theme.colours[Ink.ACCENT])
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for place, weight in self.marked():
            painter.setPen(QPen(colour, weight / camera.zoom))
            gap = 3 / camera.zoom
            painter.drawRoundedRect(place.adjusted(-gap, -gap, gap, gap), 7, 7)

    def resizeEvent(self, event: QtGui.QResizeEvent) -> None:
        self._on_outgrown()

    def _on_outgrown(self) -> None:
        """Draw for another size; what was moved or zoomed stays as it is until it is fitted again."""
        self._is_outgrown = True
        if self._fitted:
            self.redraw()

    def wheelEvent(self, event: QtGui.QWheelEvent) -> None:
        steps = event.angleDelta()
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self.pan(steps.y() / 2 + steps.x() / 2, 0)
        elif event.modifiers() & Qt.KeyboardModifier.AltModifier:
            self.pan(0, steps.y() / 2 + steps.x() / 2)
        else:
            self._zoom_at(ZOOM_STEP ** (steps.y() / 120), event.position())

    def mousePressEvent(self, event: QtGui.QMouseEvent) -> None:
        self._grabbed, self._dragged = event.position(), False

    def mouseMoveEvent(self, event: QtGui.QMouseEvent) -> None:
        if self._grabbed is None:
            self.pointed(self.path_at(event.position()))
            return
        step = event.position() - self._grabbed
        if self._dragged or step.manhattanLength() > DRAG:
            self._dragged, self._grabbed = True, event.position()
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
            self.pan(step.x(), step.y())

    def mouseReleaseEvent(self, event: QtGui.QMouseEvent) -> None:
        """Tell of a click; the end of a drag is none."""
        if event.button() == Qt.MouseButton.LeftButton and self._grabbed is not None and not self._dragged:
            self.clicked(self.path_at(event.position()))
        self._grabbed = None
        self.unsetCursor()

    def mouseDoubleClickEvent(self, event: QtGui.QMouseEvent) -> None:
        if target := self.found_at(event.position()):
            self.double_clicked(target)

    def leaveEvent(self, event: QEvent) -> None:
        self.pointed("")

    def tip(self, hit: Hit) -> str:
        """Return what is said of a thing under the resting mouse."""
        return f"{hit.path}\n{hit.group.title}"

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QtGui.QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            target = self.found_at(QPointF(event.pos()))
            QToolTip.showText(event.globalPos(), self.tip(target) if target else "", self)
            return True
        return super().event(event)

    def keyPressEvent(self, event: QtGui.QKeyEvent) -> None:
        act = self._pan_of(event) or self.action_of(event) or self._zoom_of(event)
        if act is None:
            super().keyPressEvent(event)
        else:
            act()

    def _pan_of(self, event: QtGui.QKeyEvent) -> Callable[[], None] | None:
        step = _PANS.get(event.key()) if event.modifiers() & Qt.KeyboardModifier.ControlModifier else None
        return (lambda: self.pan(*step)) if step else None

    def _zoom_of(self, event: QtGui.QKeyEvent) -> Callable[[], None] | None:
        return {
            Qt.Key.Key_Plus: lambda: self.zoom(ZOOM_STEP),
            Qt.Key.Key_Equal: lambda: self.zoom(ZOOM_STEP),
            Qt.Key.Key_Minus: lambda: self.zoom(1 / ZOOM_STEP),
            Qt.Key.Key_F: self.fit,
        }.get(Qt.Key(event.key()))


class SizedCanvas(Canvas):
    """Shows a picture that is drawn for the room that there is, with text of the theme's size."""

    has_own_size = False

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.animated = False

    def show_theme(self, theme: Theme) -> None:
        self._text = theme.font_points / USUAL_POINTS
        super().show_theme(theme)
        self.redraw()

    def fit(self) -> None:
        self._fitted = True
        self.redraw()


def shown_canvas(page: Frame, usual: Canvas) -> Canvas:
    """Return the picture of a page that is looked at: the one with the focus, else the usual or the largest one shown.

    Where none is shown, as beside a grid of images, it is the usual one, which is hidden then.
    """
    main = page.main or page
    inside = [main] if isinstance(main, Canvas) else main.findChildren(Canvas)
    shown = [canvas for canvas in inside if canvas.isVisibleTo(page)]
    if focused := next((canvas for canvas in shown if canvas.hasFocus()), None):
        return focused
    if usual in shown or not shown:
        return usual
    return max(shown, key=lambda canvas: canvas.width() * canvas.height())
