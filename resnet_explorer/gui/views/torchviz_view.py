"""torchviz's own drawing, laid out by Graphviz: for comparison. Qt renders it on a thread, since it takes long."""

from PySide6.QtCore import QByteArray, QObject, QRectF, QRunnable, QSize, QSizeF, Qt, QThreadPool, QTimer, Signal
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QWidget

from resnet_explorer.drawing.marks import Picture
from resnet_explorer.gui.views.camera import Camera
from resnet_explorer.gui.views.canvas import Canvas

REST_MS = 120
"""How long zoom and pan must rest before what is seen is rendered anew."""


class _Signals(QObject):
    rendered = Signal(QImage, object)


class _Rendering(QRunnable):
    """Renders what a camera sees of an SVG file."""

    def __init__(self, data: bytes, camera: Camera, size: QSizeF, room: QSize) -> None:
        super().__init__()
        self.signals = _Signals()
        self._data, self._camera, self._size, self._room = data, camera, size, room

    def run(self) -> None:
        image = QImage(self._room, QImage.Format.Format_ARGB32_Premultiplied)
        image.fill(QColor("white"))
        painter = QPainter(image)
        place = self._camera.to_widget(QRectF(0, 0, self._size.width(), self._size.height()))
        QSvgRenderer(QByteArray(self._data)).render(painter, place)
        painter.end()
        self.signals.rendered.emit(image, self._camera)


class TorchvizView(Canvas):
    """Shows an SVG file with zoom and pan; what moves is shown coarsely until it rests."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.data = b""
        self._image, self._seen = QImage(), Camera()
        self._running: _Rendering | None = None
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(REST_MS)
        self._rest.timeout.connect(self._render)
        self.setAccessibleName("torchviz's drawing")
        self.animated = False

    def show_svg(self, data: bytes, title: str) -> None:
        """Show an SVG file as Graphviz wrote it."""
        self.data = data
        size = QSvgRenderer(QByteArray(data)).viewBoxF().size()
        self._fitted = True
        self.show_picture(Picture(max(1.0, size.width()), max(1.0, size.height()), (), title))
        self._rest.start()

    def redraw(self) -> None:
        if self.data:
            self.show_picture(self.picture)
        self._rest.start()

    def _render(self) -> None:
        if not self.data or self._running is not None:
            return
        size = QSizeF(self.picture.width, self.picture.height)
        self._running = _Rendering(self.data, self.camera, size, self.size())
        self._running.setAutoDelete(False)
        self._running.signals.rendered.connect(self._on_rendered, Qt.ConnectionType.QueuedConnection)
        QThreadPool.globalInstance().start(self._running)

    def _on_rendered(self, image: QImage, camera: Camera) -> None:
        self._running = None
        self._image, self._seen = image, camera
        if camera != self.camera or image.size() != self.size():
            self._rest.start()
        self.update()

    def pan(self, dx: float, dy: float) -> None:
        self._fitted = False
        self.camera = self.camera.moved(dx, dy)
        self._rest.start()
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor("white"))
        ratio = self.camera.zoom / self._seen.zoom
        x, y = self.camera.x - self._seen.x * ratio, self.camera.y - self._seen.y * ratio
        painter.drawImage(QRectF(x, y, self._image.width() * ratio, self._image.height() * ratio), self._image)
        painter.end()
        if self.camera != self._seen:
            self._rest.start()
