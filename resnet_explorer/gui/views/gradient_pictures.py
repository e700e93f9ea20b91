"""The pictures of the gradient lab: the chart, and the heat maps of a training with the step that is looked at."""

from PySide6.QtCore import QRectF, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from resnet_explorer.analysis.descent import Descent
from resnet_explorer.analysis.gradients import GradientResult
from resnet_explorer.analysis.quantities import WORDS, Quantity
from resnet_explorer.drawing.chart import Axis, HeatMap, Scale
from resnet_explorer.drawing.descent_charts import heat_maps, heat_picture, loss_chart, step_plot
from resnet_explorer.drawing.gradient_plot import gradient_plot, gradient_strips
from resnet_explorer.drawing.lab_charts import lab_chart
from resnet_explorer.drawing.marks import Ink
from resnet_explorer.drawing.theme import Theme
from resnet_explorer.gui.document import Document
from resnet_explorer.gui.painter import paint
from resnet_explorer.gui.style import USUAL_POINTS
from resnet_explorer.gui.views.canvas import Canvas, SizedCanvas
from resnet_explorer.gui.views.chart_view import ChartView
from resnet_explorer.gui.views.gradient_steps import DescentBar, DescentView
from resnet_explorer.gui.views.parts import stack, vbox
from resnet_explorer.gui.views.scene import Camera, Hit, named

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


LOSS_HIGH = 150
"""The height in px of the losses under a training's blocks, at the usual size of text."""


class GradientPictures(QWidget):
    """Shows a result of the lab; ``step_changed`` tells that another step of a training is looked at."""

    step_changed = Signal()

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown: object = None
        self._quantity = Quantity.INPUT
        self.chart, self.heat, self.losses = ChartView(document), HeatView(document), ChartView(document)
        self.bar = DescentBar()
        self.stack = stack(self.chart, self.heat)
        vbox((self.stack, 1), self.losses, self.bar, of=self, spacing=0)
        self.losses.setAccessibleName("Training losses")
        self.losses.setMinimumHeight(0)
        self.losses.setFixedHeight(LOSS_HIGH)
        self.losses.hide()
        self.bar.hide()
        self.bar.changed.connect(self._on_step)
        self.bar.view_changed.connect(self._draw)

    @property
    def canvas(self) -> Canvas:
        """Return the picture that is looked at."""
        return self.heat if self.stack.currentWidget() is self.heat else self.chart

    def show_theme(self, theme: Theme) -> None:
        """Paint in another theme."""
        self.losses.setFixedHeight(round(LOSS_HIGH * theme.font_points / USUAL_POINTS))
        for canvas in (self.chart, self.heat, self.losses):
            canvas.show_theme(theme)

    def show_result(self, result: object, quantity: Quantity) -> None:
        """Show a result of any experiment; ``quantity`` is what is shown where blocks are measured."""
        self._shown, self._quantity = result, quantity
        if isinstance(result, Descent):
            self.bar.show_result(result)
        self._draw()

    def _draw(self) -> None:
        result, quantity = self._shown, self._quantity
        steps = isinstance(result, Descent) and bool(result.measured)
        view = self.bar.view if steps else DescentView.LOSS
        self.bar.setVisible(steps)
        self.losses.setVisible(steps and view is not DescentView.LOSS)
        self.stack.setCurrentWidget(self.heat if view is DescentView.HEAT else self.chart)
        if isinstance(result, GradientResult):
            strips = gradient_strips(result, quantity)
            words = "Each block coloured by its value"
            self.chart.show_chart(gradient_plot(result, quantity), strips, _axis(quantity), words)
        elif isinstance(result, Descent) and steps:
            self._draw_step(result, view)
        elif result is not None:
            self.chart.show_chart(lab_chart(result))

    def _draw_step(self, result: Descent, view: DescentView) -> None:
        step = self.bar.step
        if step is None:
            return
        if view is DescentView.LOSS:
            self.chart.show_chart(loss_chart(result, step))
            return
        if view is DescentView.HEAT:
            self.heat.show_maps(heat_maps(result, self._quantity), self.bar.slider.value())
        else:
            self.chart.show_chart(step_plot(result, self._quantity, step))
        self.losses.show_chart(loss_chart(result, step, small=True))

    def _on_step(self) -> None:
        """Show another step; the heat maps stay as they are, but for the frame."""
        result, step = self._shown, self.bar.step
        if self.bar.view is DescentView.HEAT and isinstance(result, Descent) and step:
            self.heat.show_column(self.bar.slider.value())
            self.losses.show_chart(loss_chart(result, step, small=True))
        else:
            self._draw()
        self.step_changed.emit()


def _axis(quantity: Quantity) -> Axis:
    words = WORDS[quantity]
    return Axis(words.symbol, Scale.LOG if words.log else Scale.LINEAR)
