"""What the gradient lab draws: curves with their blocks, a training at a step and as heat maps, and other charts."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from resnet_explorer.analysis.descent import Descent
from resnet_explorer.analysis.gradients import GradientResult
from resnet_explorer.analysis.quantities import WORDS, Quantity
from resnet_explorer.drawing.chart import Axis, Scale
from resnet_explorer.drawing.descent_charts import heat_maps, loss_chart, step_plot
from resnet_explorer.drawing.gradient_plot import gradient_plot, gradient_strips
from resnet_explorer.drawing.lab_charts import lab_chart
from resnet_explorer.drawing.theme import Theme
from resnet_explorer.gui.document import Document
from resnet_explorer.gui.style import USUAL_POINTS
from resnet_explorer.gui.views.canvas import Canvas
from resnet_explorer.gui.views.chart_view import ChartView
from resnet_explorer.gui.views.gradient_heat import HeatView
from resnet_explorer.gui.views.gradient_steps import DescentBar, DescentView

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
        self.stack = QStackedWidget()
        for widget in (self.chart, self.heat):
            self.stack.addWidget(widget)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.stack, 1)
        column.addWidget(self.losses)
        column.addWidget(self.bar)
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
