"""Charts and heat maps on screen: values under the mouse, zoom, pan, and points linked with the other views."""

from collections.abc import Callable
from dataclasses import replace

from PySide6 import QtGui
from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPixmap, QRegion
from PySide6.QtWidgets import QToolTip, QWidget

from resnet_explorer.picture import chart as charts
from resnet_explorer.picture.chart import Axis, Chart, Drawn, HeatMap, Kind, Readout, Spot, Strip
from resnet_explorer.picture.chart.heatmap import heat_picture
from resnet_explorer.picture.marks import Ink, Picture
from resnet_explorer.picture.theme import Theme
from resnet_explorer.ui.canvas import ZOOM_STEP, SizedCanvas
from resnet_explorer.ui.canvas_menu import place_of, show_menu
from resnet_explorer.ui.document import Document
from resnet_explorer.ui.painter import blank, paint, paint_group, paint_onto
from resnet_explorer.ui.scene import Camera, Hit, named

_HELP = (
    "Left and right read the values from point to point, Escape ends that. Wheel, plus and minus zoom, drag pans, "
    "F shows all; a click on a name in the legend hides its curve."
)
_HEAT_HELP = "Wheel, plus and minus zoom, drag pans, F shows all."
_STEPS = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
_MARGIN = 3
"""In px: lines reach over the edges of what they belong to."""


class _LinkedCanvas(SizedCanvas):
    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        document.selected.connect(self._on_linked)
        document.hovered.connect(self._on_linked)

    def clicked(self, path: str) -> None:
        self._document.select(path)

    def pointed(self, path: str) -> None:
        self._document.hover_over(path)

    def contextMenuEvent(self, event: QtGui.QContextMenuEvent) -> None:
        """Show the menu: by the mouse for what lies under it, by a key for what is selected."""
        self._grabbed = None
        if event.reason() == QtGui.QContextMenuEvent.Reason.Mouse:
            self._document.select(self.part_at(QPointF(event.pos())))
        show_menu(self, self._document, place_of(self, event, [place for place, _ in self.marked()]))

    def part_at(self, position: QPointF) -> str:
        """Return the path of the part of the network that is shown at a point of the widget; empty for the ground."""
        return self.path_at(position)

    def _on_linked(self, path: str) -> None:
        if self.isVisible():
            self.update()


class ChartView(_LinkedCanvas):
    """Shows a chart as large as there is room; ``readout`` is what is read off it, over the picture."""

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(document, parent)
        self.chart: Chart | None = None
        self._given: Chart | None = None
        self._is_zoomed = False
        self._hidden: frozenset[str] = frozenset()
        self._drawn: Drawn | None = None
        self._strips: tuple[Strip, ...] = ()
        self._value, self._value_name = Axis(), ""
        self.readout: Readout | None = None
        self._read_x: float | None = None
        self._read_spot: Spot | None = None
        self._spots: list[Spot] | None = None
        self._kept: tuple[Picture, Theme, float, QPixmap] | None = None
        self.setAccessibleName("Chart")
        self.setAccessibleDescription(_HELP)

    def show_chart(
        self, chart: Chart, strips: tuple[Strip, ...] = (), value: Axis | None = None, text: str = ""
    ) -> None:
        """Show another chart, and under it rows of blocks coloured by ``value``.

        Curves that were hidden stay so; where it is the same chart with other values, the zoom stays too.
        """
        self._set(self._wanted(chart, strips, value, text))

    def _wanted(self, chart: Chart, strips: tuple[Strip, ...], value: Axis | None, text: str) -> Chart:
        """Take over what to show, and return the chart as the user wants it: without some curves, and zoomed."""
        self._strips, self._value, self._value_name = strips, value or Axis(), text
        series = tuple(
            replace(series, hidden=True) if series.key in self._hidden else series for series in chart.series
        )
        chart = replace(chart, series=series)
        same = self.chart is not None and (self.chart.key, self.chart.title) == (chart.key, chart.title)
        self._is_zoomed = self._is_zoomed and same
        self._given = chart
        return _within(chart, self.chart) if self._is_zoomed and self.chart else chart

    def _set(self, chart: Chart) -> None:
        self.chart = chart
        self.redraw()

    def redraw(self) -> None:
        if self.chart is not None:
            self._take(self._draw(self.chart))

    def _draw(self, chart: Chart) -> Drawn:
        wide, high = max(240, self.width()), max(160, self.height())
        rows = self._strips, self._value, self._value_name
        if self._strips:
            return charts.draw_over_rows(chart, *rows, wide, high, self._text)
        return charts.draw(chart, wide, high, self._text)

    def _take(self, drawn: Drawn) -> None:
        self._drawn = drawn
        self.picture = drawn.picture
        self.camera = Camera()
        self._spots, self._read_spot = None, None
        self._show_readout(self._read_again())
        self._describe()
        self.picture_changed.emit()
        self.update()

    def composed(self, wide: float, high: float) -> Picture:
        """Return the chart with its legend, the titles of its axes and its rows of blocks; hidden curves are left out.

        Where that is too much for the page, it is larger than the page, in the same shape.
        """
        if self.chart is None:
            return self.picture
        series = self.chart.shown or self.chart.series
        return charts.compose(
            replace(self.chart, series=series), wide, high, self._strips, self._value, self._value_name
        )

    def charts(self) -> tuple[Chart | HeatMap, ...]:
        return (self.chart,) if self.chart else ()

    def fit(self) -> None:
        if self.chart and self._given:
            self._is_zoomed = False
            self._set(_within(self.chart, self._given))

    def zoom(self, factor: float) -> None:
        self._zoom_chart(factor, QPointF(self.width() / 2, self.height() / 2))

    def _zoom_chart(self, factor: float, at: QPointF) -> None:
        if self.chart and self._drawn:
            self._is_zoomed = True
            self._set(charts.zoomed(self.chart, self._drawn.scale, factor, at.x(), at.y()))

    def wheelEvent(self, event: QtGui.QWheelEvent) -> None:
        self._zoom_chart(ZOOM_STEP ** (event.angleDelta().y() / 120), event.position())

    def pan(self, dx: float, dy: float) -> None:
        if self.chart and self._drawn:
            self._is_zoomed = True
            self._set(charts.panned(self.chart, self._drawn.scale, dx, dy))

    def marked(self) -> list[tuple[QRectF, float]]:
        framed = ((self._document.hover, 1.5), (self._document.selection, 2.5))
        return [(place, weight) for path, weight in framed if path for place in self._places(path)]

    def _places(self, path: str) -> list[QRectF]:
        linked = [spot for spot in self._all_spots() if spot.path == path and spot.kind in ("point", "block")]
        return [QRectF(QPointF(*spot.frame[:2]), QPointF(*spot.frame[2:])) for spot in linked]

    def _all_spots(self) -> list[Spot]:
        if self._spots is None:
            self._spots = charts.spots(self.picture)
        return self._spots

    def path_at(self, position: QPointF) -> str:
        """Return the path of what is shown at a point: a curve's key at its name alone, and not at its points."""
        target = self.found_at(position)
        is_point = target is not None and target.group.kind != "legend" and target.path in self._keys()
        return target.path if target and not is_point else ""

    def part_at(self, position: QPointF) -> str:
        """Return the path at a point, or that of the block whose values are read there."""
        path = self.path_at(position) or (self.readout.path if self.readout else "")
        return "" if path in self._keys() else path

    def _keys(self) -> set[str]:
        return {series.key for series in self.chart.series} if self.chart else set()

    def clicked(self, path: str) -> None:
        """Hide or show the curve of a key, unless it is the only one; else select the path."""
        if self.chart is None or path not in self._keys():
            super().clicked(path)
            return
        toggled = charts.toggled(self.chart, path)
        before, now = ({series.key for series in chart.shown} for chart in (self.chart, toggled))
        if now:
            self._set(toggled)
            self._hidden = (self._hidden - now) | (before - now)

    def pointed(self, path: str) -> None:
        path = path or (self.readout.path if self.readout else "")
        super().pointed("" if path in self._keys() else path)

    def tip(self, hit: Hit) -> str:
        is_read = self.readout is not None and self.readout.text == hit.group.title
        return "" if is_read or hit.group.kind == "point" else hit.group.title

    def event(self, event: QEvent) -> bool:
        """Say title and subtitle in full under a mouse that rests on them: in a small picture they are shortened."""
        if isinstance(event, QtGui.QHelpEvent) and self.chart and self._drawn and event.type() == QEvent.Type.ToolTip:
            is_head = event.pos().y() < self._drawn.scale.frame.top and self.found_at(QPointF(event.pos())) is None
            if is_head:
                lines = filter(None, (self.chart.title, self.chart.subtitle, *self.chart.notes))
                QToolTip.showText(event.globalPos(), "\n".join(lines), self)
                return True
        return super().event(event)

    def mouseMoveEvent(self, event: QtGui.QMouseEvent) -> None:
        if self._grabbed is None:
            self._read_under(event.position())
        super().mouseMoveEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        self.read_nothing()
        super().leaveEvent(event)

    def _read_under(self, at: QPointF) -> None:
        """Read what is under the mouse: a bar, a cell or a block, else all curves at the nearest x."""
        if self.chart is None or self._drawn is None:
            return
        is_scatter = any(series.kind is Kind.SCATTER for series in self.chart.shown)
        under = (spot for spot in reversed(self._all_spots()) if spot.frame.holds(at.x(), at.y(), by=0.0))
        spot = next((spot for spot in under if spot.kind != "point" or is_scatter), None)
        inside = self._drawn.scale.frame.holds(at.x(), at.y(), by=0.0)
        reading = self._drawn.scale.at(at.x()) if inside and spot is None else None
        self._read(reading.x if reading else None, spot)

    def _read(self, x: float | None, spot: Spot | None) -> None:
        if (x, spot) != (self._read_x, self._read_spot):
            self._read_x, self._read_spot = x, spot
            self._show_readout(self._read_again())
            self._describe()

    def read_nothing(self) -> None:
        """End reading."""
        self._read(None, None)

    def _read_again(self) -> Readout | None:
        if self._read_spot is not None:
            return charts.read_spot(self._read_spot, self.width(), self._text)
        if self._read_x is None or self._drawn is None:
            return None
        scale = self._drawn.scale
        return charts.read_at(scale, scale.x.px(self._read_x), self.width(), self._text)

    def _show_readout(self, new: Readout | None) -> None:
        region = QRegion()
        for readout in (self.readout, new):
            for group in readout.marks if readout else ():
                place = QRectF(group.x, group.y, group.width, group.height).toAlignedRect()
                region = region.united(place.adjusted(-_MARGIN, -_MARGIN, _MARGIN, _MARGIN))
        self.readout = new
        self.update(region)

    def _describe(self) -> None:
        """Say what is read, and what the chart shows, to those who hear the screen."""
        read = f"{self.readout.text}. " if self.readout else ""
        self.describe(f"{read}{self.picture.title}. {self.picture.description} {_HELP}", read)

    def paint_ground(self, painter: QPainter, exposed: QRect, camera: Camera) -> None:
        painter.drawPixmap(0, 0, self._still())

    def _still(self) -> QPixmap:
        """Return the picture in pixels: painted once, whatever moves over it."""
        ratio, kept = self.devicePixelRatioF(), self._kept
        size = self.size() * ratio
        if kept and kept[0] is self.picture and kept[1] is self._theme and kept[2] == ratio and kept[3].size() == size:
            return kept[3]
        pixels = blank(self.size(), ratio, self._theme)
        paint_onto(pixels, self.picture, self._theme)
        self._kept = self.picture, self._theme, ratio, pixels
        return pixels

    def paint_over(self, painter: QPainter) -> None:
        for group in self.readout.marks if self.readout else ():
            paint_group(painter, group, self._theme, 1.0)

    def action_of(self, event: QtGui.QKeyEvent) -> Callable[[], None] | None:
        step = _STEPS.get(Qt.Key(event.key()))
        if step is not None:
            return lambda: self._step(step)
        if event.key() == Qt.Key.Key_Escape and (self.readout or self._is_zoomed):
            return self.read_nothing if self.readout else self.fit
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.readout and self.readout.path:
            return lambda: self.clicked(self.readout.path if self.readout else "")
        return None

    def _step(self, by: int) -> None:
        """Read the next point to the right or to the left, and highlight its block in every view."""
        if self._drawn is None:
            return
        places = charts.steps(self._drawn.scale)
        if places:
            self._read(_next(places, self._read_x, by), None)
        elif self._all_spots():
            inorder = sorted(self._all_spots(), key=lambda spot: spot.frame.left)
            index = inorder.index(self._read_spot) + by if self._read_spot in inorder else 0 if by > 0 else -1
            self._read(None, inorder[max(-1, min(len(inorder) - 1, index))])
        self.pointed("")


def _next(places: list[float], now: float | None, by: int) -> float:
    if now is None:
        return places[0 if by > 0 else -1]
    later = [place for place in places if (place > now if by > 0 else place < now)]
    return (later[0] if by > 0 else later[-1]) if later else places[-1 if by > 0 else 0]


def _within(chart: Chart, other: Chart) -> Chart:
    x, y = other.x_axis, other.y_axis
    return replace(
        chart,
        x_axis=replace(chart.x_axis, low=x.low, high=x.high),
        y_axis=replace(chart.y_axis, low=y.low, high=y.high),
    )


class HeatView(_LinkedCanvas):
    """Shows heat maps as large as there is room; rows are linked with the other views by their blocks."""

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(document, parent)
        self.maps: tuple[HeatMap, ...] = ()
        self._column = 0
        self.setAccessibleName("Heat map")

    def show_maps(self, maps: tuple[HeatMap, ...], column: int) -> None:
        """Show other heat maps, and frame one of their columns."""
        self.maps, self._column = maps, column
        self.redraw()

    def composed(self, wide: float, high: float) -> Picture:
        return heat_picture(self.maps, wide, high, 1.0) if self.maps else self.picture

    def charts(self) -> tuple[Chart | HeatMap, ...]:
        return self.maps

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
        self.describe(f"{self.picture.title}. {self.picture.description} {_HEAT_HELP}")
        self.picture_changed.emit()
        self.update()

    def paintEvent(self, event: QtGui.QPaintEvent) -> None:
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
        columns: list[QRectF] = []
        for shown in self.maps:
            places, rows = [place for place, _ in rows[: len(shown.rows)]], rows[len(shown.rows) :]
            if places:
                first, last, pitch = places[0], places[-1], places[0].width() / count
                left = first.left() + pitch * self._column
                columns.append(QRectF(left, first.top(), pitch, last.bottom() - first.top()))
        return columns
