"""A chart on screen: values under the mouse, zoom, pan, curves that hide, and points linked with the other views."""

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QKeyEvent, QWheelEvent
from PySide6.QtWidgets import QWidget

from resnet_explorer.drawing.chart import (
    Axis,
    Chart,
    Drawn,
    Strip,
    block_strip,
    draw,
    panned,
    stack,
    toggled,
    whole,
    zoomed,
)
from resnet_explorer.drawing.theme import Theme
from resnet_explorer.gui.document import Document
from resnet_explorer.gui.style import USUAL_POINTS
from resnet_explorer.gui.views.camera import Camera
from resnet_explorer.gui.views.canvas import ZOOM_STEP, Canvas
from resnet_explorer.gui.views.scene import Hit, named

_HELP = "Wheel, plus and minus zoom, drag pans, F shows all; a click on a name in the legend hides its curve."


class ChartView(Canvas):
    """Shows a chart as large as there is room."""

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self.chart: Chart | None = None
        self._drawn: Drawn | None = None
        self._text = 1.0
        self._strips: tuple[Strip, ...] = ()
        self._value, self._words = Axis(), ""
        self.animated = False
        self.setAccessibleName("Chart")
        self.setAccessibleDescription(_HELP)
        document.selected.connect(self._on_linked)
        document.hovered.connect(self._on_linked)

    def show_chart(
        self, chart: Chart, strips: tuple[Strip, ...] = (), value: Axis | None = None, words: str = ""
    ) -> None:
        """Show another chart, and under it rows of blocks coloured by ``value``; curves that were hidden stay so."""
        self._strips, self._value, self._words = strips, value or Axis(), words
        hidden = {series.key for series in self.chart.series if series.hidden} if self.chart else set()
        for key in hidden & {series.key for series in chart.series}:
            chart = toggled(chart, key)
        self._set(chart)

    def _set(self, chart: Chart) -> None:
        self.chart = chart
        self.redraw()

    def show_theme(self, theme: Theme) -> None:
        self._text = theme.font_points / USUAL_POINTS
        super().show_theme(theme)
        self.redraw()

    def redraw(self) -> None:
        if self.chart is None:
            return
        wide, high = max(240, self.width()), max(160, self.height())
        self._drawn = draw(self.chart, wide, high, text=self._text)
        self.picture = self._drawn.picture
        if self._strips:
            self._add_strips(wide, high)
        self.camera = Camera()
        self.setAccessibleDescription(f"{self.picture.title}. {self.picture.description} {_HELP}")
        self.picture_changed.emit()
        self.update()

    def _add_strips(self, wide: float, high: float) -> None:
        """Give the rows of blocks the room that they need, and the chart the rest."""
        assert self.chart and self._drawn
        rows = block_strip(self._strips, self._value, wide, self._words, self._text, self._drawn.scale)
        self._drawn = draw(self.chart, wide, max(160.0, high - rows.height), text=self._text)
        rows = block_strip(self._strips, self._value, wide, self._words, self._text, self._drawn.scale)
        self.picture = stack(self._drawn.picture, rows)

    def fit(self) -> None:
        if self.chart:
            self._set(whole(self.chart))

    def zoom(self, factor: float) -> None:
        self._zoom_chart(factor, QPointF(self.width() / 2, self.height() / 2))

    def _zoom_chart(self, factor: float, at: QPointF) -> None:
        if self.chart and self._drawn:
            self._set(zoomed(self.chart, self._drawn.scale, factor, at.x(), at.y()))

    def wheelEvent(self, event: QWheelEvent) -> None:
        self._zoom_chart(ZOOM_STEP ** (event.angleDelta().y() / 120), event.position())

    def pan(self, dx: float, dy: float) -> None:
        if self.chart and self._drawn:
            self._set(panned(self.chart, self._drawn.scale, dx, dy))

    def marked(self) -> list[tuple[QRectF, float]]:
        framed = ((self._document.hover, 1.5), (self._document.selection, 2.5))
        return [(place, weight) for path, weight in framed if path for place in self._places(path)]

    def _places(self, path: str) -> list[QRectF]:
        return [place for place, name in self._points() if name == path]

    def _points(self) -> list[tuple[QRectF, str]]:
        return named(self.picture, "point") + named(self.picture, "block")

    def _on_linked(self, path: str) -> None:
        if self.isVisible():
            self.update()

    def clicked(self, path: str) -> None:
        if self.chart and path in {series.key for series in self.chart.series}:
            self._set(toggled(self.chart, path))
        else:
            self._document.select(path)

    def pointed(self, path: str) -> None:
        is_key = self.chart is not None and path in {series.key for series in self.chart.series}
        self._document.hover_over("" if is_key else path)

    def tip(self, found: Hit) -> str:
        return found.group.title

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.fit()
        else:
            super().keyPressEvent(event)
