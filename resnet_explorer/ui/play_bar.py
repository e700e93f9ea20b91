"""A bar that plays through the steps of something: a Play button and a slider."""

from collections.abc import Callable, Mapping

from PySide6.QtCore import QEvent, QPointF, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPalette, QPixmap
from PySide6.QtWidgets import QSlider, QToolButton, QWidget

from resnet_explorer.ui.parts import describe, timer

ICON, SCALE = 16, 3
Points = tuple[tuple[float, float], ...]
_SHAPES: Mapping[str, tuple[Points, ...]] = {
    "play": (((3, 2), (14, 8), (3, 14)),),
    "pause": (((3, 2), (7, 2), (7, 14), (3, 14)), ((9, 2), (13, 2), (13, 14), (9, 14))),
    "back": (((1, 2), (4, 2), (4, 14), (1, 14)), ((15, 2), (5, 8), (15, 14))),
    "forward": (((12, 2), (15, 2), (15, 14), (12, 14)), ((1, 2), (11, 8), (1, 14))),
}


class PlayBar(QWidget):
    """``play`` moves ``slider`` forward by one step every ``interval`` milliseconds; a subclass lays both out."""

    def __init__(self, interval: int, tip: str, name: str, slider_tip: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._icons: dict[QToolButton, str] = {}
        self._clock = timer(self, interval, self.advance)
        self.slider = describe(QSlider(Qt.Orientation.Horizontal), name, slider_tip)
        self.play = self.icon_button("play", "Play", tip, self._on_play)

    def icon_button(self, icon: str, name: str, tip: str, slot: Callable[[], object]) -> QToolButton:
        """Return a button with an icon: play, pause, back or forward."""
        button = describe(QToolButton(), name, tip)
        button.setIconSize(QSize(ICON, ICON))
        button.clicked.connect(slot)
        self._icons[button] = icon
        self._paint_icons()
        return button

    @property
    def playing(self) -> bool:
        return self._clock.isActive()

    def stop(self) -> None:
        """Pause at the current step."""
        self._clock.stop()
        self._paint_icons()

    def advance(self) -> None:
        """Go one step forward; at the last one playing stops."""
        self.slider.setValue(self.slider.value() + 1)
        if self.slider.value() >= self.slider.maximum():
            self.stop()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._paint_icons()

    def _on_play(self) -> None:
        if self.playing:
            self.stop()
            return
        if self.slider.value() >= self.slider.maximum():
            self.slider.setValue(0)
        self._clock.start()
        self._paint_icons()

    def _paint_icons(self) -> None:
        colour = self.palette().color(QPalette.ColorGroup.Active, QPalette.ColorRole.ButtonText)
        for button, icon in self._icons.items():
            if icon == "play":
                button.setAccessibleName("Pause" if self.playing else "Play")
                icon = "pause" if self.playing else "play"
            button.setIcon(_icon(_SHAPES[icon], colour))


def _icon(shapes: tuple[Points, ...], colour: QColor) -> QIcon:
    pixmap = QPixmap(ICON * SCALE, ICON * SCALE)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.scale(SCALE, SCALE)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    for points in shapes:
        painter.drawPolygon([QPointF(x, y) for x, y in points])
    painter.end()
    pixmap.setDevicePixelRatio(SCALE)
    return QIcon(pixmap)
