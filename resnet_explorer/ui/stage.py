"""The stage: one page on the whole screen, composed for the back row, driven by keys, a clicker or the mouse."""

from collections.abc import Callable, Mapping

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, QTimer, QVariantAnimation, Signal
from PySide6.QtGui import (
    QAccessible,
    QAccessibleEvent,
    QCloseEvent,
    QColor,
    QCursor,
    QGuiApplication,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QScreen,
)
from PySide6.QtWidgets import QWidget

from resnet_explorer.features import resolve
from resnet_explorer.picture.contrast import band, for_stage
from resnet_explorer.picture.marks import Ink
from resnet_explorer.ui.painter import paint
from resnet_explorer.ui.parts import give_focus
from resnet_explorer.ui.scene import hit
from resnet_explorer.ui.slide import HIGH, ControlKind, Presentation, Slide
from resnet_explorer.ui.slide_images import paint_images
from resnet_explorer.ui.stage_layout import Layout, Place, Placed, lay_out, used
from resnet_explorer.ui.strip import Strip
from resnet_explorer.ui.style import theme_named
from resnet_explorer.ui.window import Window

IDLE_MS, FADE_MS = 3000, 400
"""How long the live controls stay after a movement, and how long they take to fade, in milliseconds."""
POINTER, PEN = HIGH / 44, 3.0
"""Half the width of the pointer, and the width of drawn lines, in px of a slide."""
OVER = 7.0
"""By so many px of its own a picture's lines may reach over its edges."""

_NEXT = (Qt.Key.Key_Right, Qt.Key.Key_PageDown)
_BEFORE = (Qt.Key.Key_Left, Qt.Key.Key_PageUp)
_LEAVE = (Qt.Key.Key_Escape, Qt.Key.Key_F5)
_BLANK = (Qt.Key.Key_B, Qt.Key.Key_Period)
_OPEN = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
KEYS = (
    "1–9 page · B blank · L pointer · P draw, E erase · Esc leave",
    "B blank · L pointer · P draw · Esc leave",
    "B blank · Esc leave",
    "Esc leave",
)
"""What the keys of every page do, in full and in short."""


class Stage(QWidget):
    """Shows pages as slides; ``ended`` tells that the stage was left.

    ``shows`` has for each page, in the order of the tabs, ``module:class`` of its presentation, which takes the window
    and the page.
    """

    ended = Signal()

    def __init__(self, window: Window, shows: Mapping[str, str]) -> None:
        super().__init__()
        self._window, self._shows = window, shows
        self.key, self._start = "", _shown_key(window, shows)
        self._focus = window.focusWidget()
        self.presentation: Presentation | None = None
        self.slide: Slide | None = None
        self.strip: Strip | None = None
        self.layout_: Layout | None = None
        self.is_blank, self.points, self.draws = False, False, False
        self.lines: list[list[QPointF]] = []
        self._mouse: QPointF | None = None
        self._held: Place | None = None
        self._shown = 0.0
        self.setWindowTitle("ResNet Explorer: stage")
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self._idle = QTimer(self, singleShot=True, interval=IDLE_MS)
        self._idle.timeout.connect(self._fade)
        self._fading = QVariantAnimation(self, startValue=1.0, endValue=0.0, duration=FADE_MS)
        self._fading.valueChanged.connect(self._on_faded)
        window.session.results_changed.connect(self._compose)
        self.show_theme()
        self.show_page(self._start)

    def begin(self) -> None:
        """Show the stage on the second screen, or over the window where there is one screen."""
        screen = screen_of(self._window)
        self.setScreen(screen)
        self.setGeometry(screen.geometry())
        self.showFullScreen()
        self.activateWindow()
        self.setFocus()
        self.show_controls()

    def show_theme(self) -> None:
        """Use the theme that is chosen now."""
        theme = theme_named(self._window.preferences.theme)
        self._theme, self._band = for_stage(theme), band(theme)
        self._compose()

    def show_page(self, key: str) -> None:
        """Show another page; the window shows it too while the stage does."""
        if key == self.key:
            return
        self._drop()
        self.key = key
        self._window.show_page(key)
        page = self._window.page(key) if key != "diagram" else None
        self.presentation = resolve(self._shows[key])(self._window, page)
        self.presentation.setParent(self)
        self.presentation.changed.connect(self._compose)
        self._erase()
        self._compose()

    def show_anew(self) -> None:
        """Show the page that the window shows, from its beginning: the window shows something else."""
        self.key, shown = "", _shown_key(self._window, self._shows)
        self.show_page(shown)
        if self.presentation is not None and (part := self._window.scene().part(shown)) is not None:
            self.presentation.show_part(part)

    def show_strip(self, strip: Strip | None) -> None:
        """Put a strip below the pictures, in place of the one that is there; it belongs to the stage."""
        if self.strip is not None:
            self.strip.hide()
            self.strip.deleteLater()
        self.strip = strip
        if strip is not None:
            strip.setParent(self)
            strip.show()
        self._compose()

    def recompose(self) -> None:
        """Lay the slide out anew: what the strip says needs another height."""
        self._compose()

    def path_at(self, at: QPointF) -> str:
        """Return the path of what the slide's picture shows at a point in px of the slide."""
        if self.layout_ is None:
            return ""
        body = self.layout_.body
        target = hit(body.picture, (at - QPointF(body.x, body.y)) / body.scale)
        return target.path if target else ""

    def _drop(self) -> None:
        if self.presentation is not None:
            self.presentation.leave()
            self.presentation.changed.disconnect(self._compose)
            self.presentation.deleteLater()
            self.presentation = None

    def leave(self) -> None:
        """End the stage: the window shows the page that it showed before, with the focus where it was."""
        self.close()

    def closeEvent(self, event: QCloseEvent) -> None:
        super().closeEvent(event)
        if not self.key:
            return
        self._drop()
        self.key = ""
        self._window.show_page(self._start)
        self._window.activateWindow()
        give_focus(self._focus)
        self.ended.emit()

    def _compose(self, *_: object) -> None:
        """Ask for the slide, and lay it out for the room that there is."""
        if self.presentation is None:
            return
        self.slide = self.presentation.slide()
        keys = [f"{self.presentation.keys} · {text}" for text in KEYS]
        aspect = self.width() / max(1, self.height())
        strip = self.strip.fit(HIGH * aspect, self.scale, self._band) if self.strip else 0.0
        self.layout_ = lay_out(self.slide, self.presentation.controls, keys, aspect, strip)
        if self.strip:
            top = self.layout_.band.y - strip
            self.strip.setGeometry(0, round(top * self.scale), self.width(), round(strip * self.scale))
        self.setAccessibleName(self.slide.title)
        said = (self.slide.facts, self.slide.sentence, self.slide.note, self.layout_.body.picture.description)
        self.setAccessibleDescription(". ".join(filter(None, (*said, keys[0]))))
        QAccessible.updateAccessibility(QAccessibleEvent(self, QAccessible.Event.DescriptionChanged))
        self.update()

    @property
    def scale(self) -> float:
        """Return how many px on screen a px of the slide is."""
        return self.height() / HIGH

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._compose()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor("#000000" if self.is_blank else self._theme.colours[Ink.PAGE]))
        if not self.is_blank and self.layout_ is not None:
            painter.scale(self.scale, self.scale)
            self._paint(painter, self.layout_)
        painter.end()

    def _paint(self, painter: QPainter, layout: Layout) -> None:
        for part in (layout.head, layout.body):
            self._paint_part(painter, part)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for line in self.lines:
            pen = QPen(QColor(self._theme.colours[Ink.CHANGED]), PEN)
            pen.setCapStyle(Qt.PenCapStyle.RoundCap)
            pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
            painter.setPen(pen)
            painter.drawPolyline(line)
        self._paint_part(painter, layout.band)
        if self._shown and layout.places:
            painter.setOpacity(self._shown)
            self._paint_part(painter, layout.controls)
            painter.setOpacity(1.0)
        if self.points and self._mouse is not None:
            self._paint_pointer(painter, self._mouse)

    def _paint_part(self, painter: QPainter, part: Placed) -> None:
        assert self.layout_ is not None
        theme = self._band if part in (self.layout_.band, self.layout_.controls) else self._theme
        painter.save()
        painter.translate(part.x, part.y)
        painter.scale(part.scale, part.scale)
        painter.setClipRect(QRectF(-OVER, -OVER, part.picture.width + 2 * OVER, part.picture.height + 2 * OVER))
        paint(painter, part.picture, theme)
        if part is self.layout_.body and self.slide is not None:
            paint_images(painter, part.picture, self.slide.images, self.scale * part.scale * self.devicePixelRatioF())
        painter.restore()

    def _paint_pointer(self, painter: QPainter, at: QPointF) -> None:
        colour = QColor(self._theme.colours[Ink.CHANGED])
        painter.setPen(QPen(colour, 2.5))
        colour.setAlphaF(0.35)
        painter.setBrush(colour)
        painter.drawEllipse(at, POINTER, POINTER)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        act = (self.strip.action_of(event) if self.strip else None) or self._action_of(key)
        if act is None:
            super().keyPressEvent(event)
            return
        if self.is_blank and key not in (*_LEAVE, *_BLANK):
            self.is_blank = False
        act()
        if self.strip is not None:
            self.strip.setVisible(not self.is_blank)
        self.update()

    def _action_of(self, key: Qt.Key) -> Callable[[], None] | None:
        presentation = self.presentation
        if key in _LEAVE:
            return self.leave
        if presentation is None:
            return None
        if Qt.Key.Key_1 <= key <= Qt.Key.Key_9:
            place = key - Qt.Key.Key_1
            return (lambda: self.show_page(list(self._shows)[place])) if place < len(self._shows) else None
        for keys, action in (
            (_NEXT, lambda: self._step(1)),
            (_BEFORE, lambda: self._step(-1)),
            (_BLANK, lambda: setattr(self, "is_blank", not self.is_blank)),
            (_OPEN, presentation.open),
            ((Qt.Key.Key_Down,), lambda: self._turn(1)),
            ((Qt.Key.Key_Up,), lambda: self._turn(-1)),
            ((Qt.Key.Key_Space,), self._play),
            ((Qt.Key.Key_T,), presentation.compare),
            ((Qt.Key.Key_L,), self._point),
            ((Qt.Key.Key_P,), self._draw),
            ((Qt.Key.Key_E,), self._erase),
        ):
            if key in keys:
                return action
        return None

    def _step(self, by: int) -> None:
        self._erase()
        if self.presentation:
            self.presentation.step(by)

    def _turn(self, by: int) -> None:
        self._erase()
        if self.presentation:
            self.presentation.turn(by)

    def _play(self) -> None:
        if self.presentation:
            self.presentation.play()
            self.show_controls()

    def _point(self) -> None:
        self.points = not self.points
        self._mouse = QPointF(self.mapFromGlobal(QCursor.pos())) / self.scale
        self._set_cursor()

    def _draw(self) -> None:
        self.draws = not self.draws
        self._set_cursor()

    def _erase(self) -> None:
        self.lines = []
        self.update()

    def _set_cursor(self) -> None:
        shape = Qt.CursorShape.CrossCursor if self.draws else Qt.CursorShape.ArrowCursor
        hidden = self.points or (not self._shown and not self.draws)
        self.setCursor(Qt.CursorShape.BlankCursor if hidden else shape)

    def show_controls(self) -> None:
        """Show the live controls; they fade when nothing moves."""
        self._fading.stop()
        self._shown = 1.0
        self._idle.start()
        self._set_cursor()
        self.update()

    def _fade(self) -> None:
        if self._window.preferences.reduce_motion:
            self._on_faded(0.0)
        else:
            self._fading.start()

    def _on_faded(self, part: float) -> None:
        self._shown = part
        if not part:
            self._set_cursor()
        self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._mouse = event.position() / self.scale
        if self._held is not None:
            self._use(self._held, self._mouse.x())
        elif self.draws and event.buttons() & Qt.MouseButton.LeftButton and self.lines:
            self.lines[-1].append(self._mouse)
        self.show_controls()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        at = self._mouse = event.position() / self.scale
        place = self._control_at(at)
        if place is not None:
            self._held = place if place.control.kind is ControlKind.SLIDER else None
            self._use(place, at.x())
        elif self.strip is not None and self.strip.picked(self.path_at(at)):
            return
        elif self.draws:
            self.lines.append([at])
        self.show_controls()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._held = None

    def leaveEvent(self, event: QEvent) -> None:
        self._mouse = None
        self.update()

    def _control_at(self, at: QPointF) -> Place | None:
        places = self.layout_.places if self.layout_ and self._shown else ()
        return next((place for place in places if QRectF(*place[1:]).contains(at)), None)

    def _use(self, place: Place, x: float) -> None:
        place.control.use(used(place, x))
        self._compose()


def _shown_key(window: Window, shows: Mapping[str, str]) -> str:
    """Return the key of the page that a window shows."""
    return list(shows)[max(0, window.tabs.currentIndex())]


def screen_of(window: QWidget) -> QScreen:
    """Return the screen for the stage: another one than the window's, where there is one."""
    here = window.screen()
    return next((screen for screen in QGuiApplication.screens() if screen is not here), here)
