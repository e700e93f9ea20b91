"""The diagram on screen: zoom, pan, selection, hover, keyboard, and short transitions from picture to picture."""

from collections.abc import Callable, Mapping

from PySide6.QtCore import QEasingCurve, QEvent, QPointF, QRectF, QSizeF, Qt, QVariantAnimation, Signal
from PySide6.QtGui import (
    QAccessible,
    QAccessibleEvent,
    QColor,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QToolTip, QWidget

from resnet_explorer.analysis.explain import explain
from resnet_explorer.drawing.diagram import diagram
from resnet_explorer.drawing.marks import Group, Ink, Picture
from resnet_explorer.drawing.navigate import closed, move, toggled
from resnet_explorer.drawing.theme import LIGHT, Theme
from resnet_explorer.gui.document import Document
from resnet_explorer.gui.painter import paint, paint_group
from resnet_explorer.gui.session import Results
from resnet_explorer.gui.views.camera import Camera, fit, read
from resnet_explorer.gui.views.scene import hit, opened, places

TRANSITION_MS = 220
ZOOM_STEP = 1.25
PAN_STEP = 60.0
DRAG = 3.0
"""A press that moves by more px than this is a drag."""

_DIRECTIONS: Mapping[int, str] = {
    Qt.Key.Key_Left: "left",
    Qt.Key.Key_Right: "right",
    Qt.Key.Key_Up: "up",
    Qt.Key.Key_Down: "down",
}
_PANS: Mapping[int, tuple[float, float]] = {
    Qt.Key.Key_Left: (PAN_STEP, 0),
    Qt.Key.Key_Right: (-PAN_STEP, 0),
    Qt.Key.Key_Up: (0, PAN_STEP),
    Qt.Key.Key_Down: (0, -PAN_STEP),
}

_HELP = "Arrow keys walk along the blocks, Enter opens one, Escape closes it, plus and minus zoom, F fits."


class DiagramView(QWidget):
    """Shows the block diagram of the document's network."""

    first_painted = Signal()

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._results: Results | None = None
        self.picture = Picture(1, 1, (), "")
        self.camera = Camera()
        self.animated = True
        self._theme: Theme = LIGHT
        self._fitted = True
        self._grabbed: QPointF | None = None
        self._dragged = False
        self._from: tuple[Camera, dict[str, QRectF]] | None = None
        self._part = 1.0
        self._painted = False
        self._transition = QVariantAnimation(self, startValue=0.0, endValue=1.0, duration=TRANSITION_MS)
        self._transition.setEasingCurve(QEasingCurve.Type.OutCubic)
        self._transition.valueChanged.connect(self._on_transition_moved)
        self.setMouseTracking(True)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(240, 160)
        self.setAccessibleName("Block diagram")
        self.setAccessibleDescription(_HELP)
        document.view_changed.connect(self._on_view_changed)
        document.selected.connect(self._on_selected)
        document.hovered.connect(self._on_hovered)

    def show_results(self, results: Results) -> None:
        """Show the network of new results; the zoom stays where the user set it."""
        shown = self._results
        self._results = results
        self._redraw(animate=shown is not None and shown.state.spec != results.state.spec)
        self._announce(self._document.selection)

    def show_theme(self, theme: Theme) -> None:
        """Paint in another theme."""
        self._theme = theme
        self.update()

    def fit(self) -> None:
        """Show the whole picture."""
        self._fitted = True
        self._go(fit(self._size(), self._room()), {})

    def zoom(self, factor: float) -> None:
        """Zoom by a factor around the middle."""
        self._zoom_at(factor, QPointF(self.width() / 2, self.height() / 2))

    def _size(self) -> QSizeF:
        return QSizeF(self.picture.width, self.picture.height)

    def _room(self) -> QSizeF:
        return QSizeF(self.width(), self.height())

    def _redraw(self, animate: bool, show: str = "") -> None:
        if self._results is None:
            return
        before = opened(self.picture)
        self.picture = diagram(self._results.analysis, self._document.view, (self.width(), self.height()))
        if not self.camera.visible(self._room()).intersects(QRectF(QPointF(0, 0), self._size())):
            self._fitted = True  # what was looked at is gone
        target = read(self._size(), self._room()) if self._fitted else self.camera
        panel = opened(self.picture).get(f"{show}:open")
        if panel is not None:
            target = target.showing(panel, self._room())
        self._go(target, before if animate else None)

    def _go(self, camera: Camera, before: dict[str, QRectF] | None) -> None:
        """Show the picture through another camera, gliding from what was shown ``before`` where that is wanted."""
        self._transition.stop()
        self._from, self._part = None, 1.0
        if before is not None and self.animated and self.isVisible():
            self._from, self._part = (self.camera, before), 0.0
            self._transition.start()
        self.camera = camera
        self.update()

    def _on_transition_moved(self, part: float) -> None:
        self._part = part
        if part >= 1.0:
            self._from = None
        self.update()

    def _on_view_changed(self) -> None:
        shown = {key.removesuffix(":open") for key in opened(self.picture) if key.endswith(":open")}
        new = self._document.view.expanded - shown
        self._redraw(animate=True, show=next(iter(new)) if len(new) == 1 else "")

    def _on_selected(self, path: str) -> None:
        found = self._places(path)
        if found and not self.camera.visible(self._room()).intersects(found[0]):
            self._go(self.camera.showing(found[0], self._room()), {})
        self._announce(path)
        self.update()

    def _announce(self, path: str) -> None:
        """Tell those who hear the screen what is selected, in the inspector's words."""
        if self._results:
            told = explain(self._results.analysis, path)
            self.setAccessibleDescription(f"{told.title}, {told.kind}. {told.words} {_HELP}")
            QAccessible.updateAccessibility(QAccessibleEvent(self, QAccessible.Event.DescriptionChanged))

    def _on_hovered(self, path: str) -> None:
        self.update()

    def _places(self, path: str) -> list[QRectF]:
        return places(self.picture, self._results.analysis.network, path) if self._results else []

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(event.rect(), QColor(self._theme.colours[Ink.PAGE]))
        camera = self._from[0].between(self.camera, self._part) if self._from else self.camera
        exposed = QRectF(camera.to_picture(QPointF(event.rect().topLeft())), QSizeF(event.rect().size()) / camera.zoom)
        painter.translate(camera.x, camera.y)
        painter.scale(camera.zoom, camera.zoom)
        if self._from:
            self._paint_between(painter, camera, self._from[1])
        else:
            paint(painter, self.picture, self._theme, exposed, camera.zoom)
        self._paint_marked(painter, camera)
        painter.end()
        if not self._painted:
            self._painted = True
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
        for path, width in ((self._document.hover, 1.5), (self._document.selection, 2.5)):
            painter.setPen(QPen(colour, width / camera.zoom))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            for place in self._places(path):
                gap = 3 / camera.zoom
                painter.drawRoundedRect(place.adjusted(-gap, -gap, gap, gap), 7, 7)

    def resizeEvent(self, event: QResizeEvent) -> None:
        if self._fitted:
            self._redraw(animate=False)

    def wheelEvent(self, event: QWheelEvent) -> None:
        steps = event.angleDelta()
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self.pan(steps.y() / 2 + steps.x() / 2, 0)
        elif event.modifiers() & Qt.KeyboardModifier.AltModifier:
            self.pan(0, steps.y() / 2 + steps.x() / 2)
        else:
            self._zoom_at(ZOOM_STEP ** (steps.y() / 120), event.position())

    def _zoom_at(self, factor: float, at: QPointF) -> None:
        self._fitted = False
        self._go(self.camera.zoomed(factor, at), None)

    def pan(self, dx: float, dy: float) -> None:
        """Move by whole pixels: what is on screen already is moved, and only what comes into view is painted."""
        self._fitted = False
        if self._from is not None:
            self._go(self.camera, None)
            self.repaint()
        self.camera = self.camera.moved(round(dx), round(dy))
        self.scroll(round(dx), round(dy))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._grabbed, self._dragged = event.position(), False

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._grabbed is None:
            self._document.hover_over(self._path_at(event.position()))
            return
        step = event.position() - self._grabbed
        if self._dragged or step.manhattanLength() > DRAG:
            self._dragged, self._grabbed = True, event.position()
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
            self.pan(step.x(), step.y())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Select what was clicked; the end of a drag selects nothing."""
        if event.button() == Qt.MouseButton.LeftButton and self._grabbed is not None and not self._dragged:
            self._document.select(self._path_at(event.position()))
        self._grabbed = None
        self.unsetCursor()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        found = hit(self.picture, self.camera.to_picture(event.position()))
        if found and self._results:
            network = self._results.analysis.network
            path = found.path if found.group.kind != "gone" else network.ancestors(found.path)[0]
            self._document.show_view(toggled(network, self._document.view, path))

    def leaveEvent(self, event: QEvent) -> None:
        self._document.hover_over("")

    def _path_at(self, position: QPointF) -> str:
        found = hit(self.picture, self.camera.to_picture(position))
        if found is None or self._results is None:
            return ""
        return found.path if self._results.analysis.network.has(found.path) else found.path.rpartition(".")[0]

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            found = hit(self.picture, self.camera.to_picture(QPointF(event.pos())))
            QToolTip.showText(event.globalPos(), f"{found.path}\n{found.group.title}" if found else "", self)
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        act = self._action_of(event)
        if act is None:
            super().keyPressEvent(event)
        else:
            act()

    def _action_of(self, event: QKeyEvent) -> Callable[[], None] | None:
        key, control = event.key(), event.modifiers() & Qt.KeyboardModifier.ControlModifier
        if control and key in _PANS:
            return lambda: self.pan(*_PANS[key])
        if key in _DIRECTIONS:
            return lambda: self._walk(_DIRECTIONS[key])
        return {
            Qt.Key.Key_Return: self._toggle,
            Qt.Key.Key_Enter: self._toggle,
            Qt.Key.Key_Space: self._toggle,
            Qt.Key.Key_Escape: self._close,
            Qt.Key.Key_Plus: lambda: self.zoom(ZOOM_STEP),
            Qt.Key.Key_Equal: lambda: self.zoom(ZOOM_STEP),
            Qt.Key.Key_Minus: lambda: self.zoom(1 / ZOOM_STEP),
            Qt.Key.Key_F: self.fit,
        }.get(Qt.Key(key))

    def _walk(self, direction: str) -> None:
        if self._results:
            network, document = self._results.analysis.network, self._document
            document.select(move(network, document.view, document.selection, direction))

    def _toggle(self) -> None:
        if self._results:
            document = self._document
            document.show_view(toggled(self._results.analysis.network, document.view, document.selection))

    def _close(self) -> None:
        if self._results:
            document = self._document
            view, path = closed(self._results.analysis.network, document.view, document.selection)
            document.show_view(view)
            document.select(path)
