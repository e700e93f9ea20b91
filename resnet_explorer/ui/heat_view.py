"""Heat maps, linked with the other views by their blocks."""

from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from resnet_explorer.picture.chart import HeatMap
from resnet_explorer.picture.chart.heatmap import heat_picture
from resnet_explorer.picture.marks import Ink
from resnet_explorer.ui.canvas import SizedCanvas
from resnet_explorer.ui.document import Document
from resnet_explorer.ui.painter import paint
from resnet_explorer.ui.scene import Camera, Hit, named

_HELP = "Wheel, plus and minus zoom, drag pans, F shows all."


class HeatView(SizedCanvas):
    """Shows heat maps as large as there is room; rows are linked with the other views by their blocks."""

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self.maps: tuple[HeatMap, ...] = ()
        self._column = 0
        self.setAccessibleName("Heat map")
        document.selected.connect(self._on_linked)
        document.hovered.connect(self._on_linked)

    def show_maps(self, maps: tuple[HeatMap, ...], column: int) -> None:
        """Show other heat maps, and frame one of their columns."""
        self.maps, self._column = maps, column
        self.redraw()

    def show_column(self, column: int) -> None:
        """Frame another column."""
        self._column = column
        self.update()

    def redraw(self) -> None:
        if not self.maps:
            return
        self.picture = heat_picture(self.maps, max(240, self.width()), max(160, self.height()), self._text)
        if self._fitted:
            self.camera = Camera()
        self.setAccessibleDescription(f"{self.picture.description} {_HELP}")
        self.picture_changed.emit()
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint all rows, however low they are: what is too small to be read is still a colour."""
        painter = QPainter(self)
        painter.fillRect(event.rect(), QColor(self._theme.colours[Ink.PAGE]))
        painter.translate(self.camera.x, self.camera.y)
        painter.scale(self.camera.zoom, self.camera.zoom)
        paint(painter, self.picture, self._theme)
        self._paint_marked(painter, self.camera)
        painter.end()

    def marked(self) -> list[tuple[QRectF, float]]:
        rows = named(self.picture, "row")
        paths = (self._document.hover, self._document.selection)
        framed = [(place, weight) for path, weight in zip(paths, (1.0, 2.0), strict=True) if path
                  for place, name in rows if name == path]  # fmt: skip
        return [*framed, *((place, 1.5) for place in self._columns(rows))]

    def _columns(self, rows: list[tuple[QRectF, str]]) -> list[QRectF]:
        count = len(self.maps[0].x) if self.maps else 0
        if not 0 <= self._column < count:
            return []
        found: list[QRectF] = []
        for shown in self.maps:
            places, rows = [place for place, _ in rows[: len(shown.rows)]], rows[len(shown.rows) :]
            if places:
                first, last, pitch = places[0], places[-1], places[0].width() / count
                left = first.left() + pitch * self._column
                found.append(QRectF(left, first.top(), pitch, last.bottom() - first.top()))
        return found

    def clicked(self, path: str) -> None:
        self._document.select(path)

    def pointed(self, path: str) -> None:
        self._document.hover_over(path)

    def tip(self, found: Hit) -> str:
        return f"{found.path}\n{found.group.title}"

    def _on_linked(self, path: str) -> None:
        if self.isVisible():
            self.update()
