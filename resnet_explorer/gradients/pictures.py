"""The pictures of the gradient lab: the chart, the heat maps of a training, its steps, and the explanation."""

from collections.abc import Iterator

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QButtonGroup, QScrollArea, QWidget

from resnet_explorer.gradients.charts import (
    axis_of,
    gradient_plot,
    gradient_strips,
    heat_maps,
    lab_chart,
    loss_chart,
    step_plot,
)
from resnet_explorer.gradients.descent import Descent, DescentStep
from resnet_explorer.gradients.part import NEWEST, DescentView
from resnet_explorer.gradients.presets import Preset
from resnet_explorer.gradients.tables import LabResult, table_of
from resnet_explorer.gradients.values import GradientResult, NetworkGradients
from resnet_explorer.picture.marks import Ink
from resnet_explorer.picture.theme import LIGHT, Theme
from resnet_explorer.readings.lesions import LesionStudy
from resnet_explorer.readings.quantities import TERMS, WORDS, Quantity
from resnet_explorer.spec.catalogue import title
from resnet_explorer.ui.canvas import Canvas
from resnet_explorer.ui.chart_view import HeatView
from resnet_explorer.ui.document import Document
from resnet_explorer.ui.live_chart import LiveChartView
from resnet_explorer.ui.parts import fill, hbox, heading, stack, text, tool, vbox
from resnet_explorer.ui.play_bar import PlayBar
from resnet_explorer.ui.status import LinesLabel
from resnet_explorer.ui.style import USUAL_POINTS
from resnet_explorer.ui.turns import Turns

PLAY_MS = 250
LOSS_HIGH = 300
"""The least height in px of the losses below a training's blocks, at the default text size."""
LOSS_PART = 1 / 3
"""The part of the height that they take; where it is less than the least they are a view of their own alone."""


_TIPS = {
    DescentView.BLOCKS: "The plot block by block, at the step of the slider",
    DescentView.HEAT: "All blocks by all steps as colours",
    DescentView.LOSS: "The training losses, step by step",
}


class DescentBar(PlayBar):
    """Chooses the view and the step of a training. ``changed``: another step; ``view_changed``: another view.

    ``wanted`` is the step that is shown once it is measured. At first it is the newest: the slider follows until the
    user moves it; moved to the last step, it follows again.
    """

    changed = Signal()
    view_changed = Signal()

    def __init__(self) -> None:
        tip = "Play the steps; on the slider the arrow keys go step by step"
        slider_tip = "The step whose blocks are shown; ← and → go from one to the next"
        super().__init__(PLAY_MS, tip, "Step of the training", slider_tip)
        self._result: Descent | None = None
        self.wanted = NEWEST
        self.views = {view: tool(view.value.capitalize(), _TIPS[view], checkable=True) for view in DescentView}
        self._group = QButtonGroup(self)
        for index, button in enumerate(self.views.values()):
            self._group.addButton(button, index)
        self._group.idClicked.connect(self.view_changed)
        self.views[DescentView.BLOCKS].setChecked(True)
        self.slider.setMinimumWidth(80)
        self.slider.valueChanged.connect(self._on_moved)
        self.text = LinesLabel(2)
        line = hbox(*self.views.values(), self.play, (self.slider, 1), spacing=4)
        line.insertSpacing(len(self.views), 8)
        vbox(line, self.text, of=self, margins=(12, 0, 12, 4), spacing=2)

    @property
    def view(self) -> DescentView:
        return list(DescentView)[self._group.checkedId()]

    @property
    def step(self) -> DescentStep | None:
        """Return the measured step that the slider is at; None before there is one."""
        measured = self._result.measured if self._result else ()
        return measured[min(self.slider.value(), len(measured) - 1)] if measured else None

    @property
    def follows(self) -> bool:
        """Return whether the slider stays at the newest step."""
        return self.wanted == NEWEST

    def show_view(self, view: DescentView) -> None:
        """Choose a view, without a signal."""
        self.views[view].setChecked(True)

    def show_step(self, number: int) -> None:
        """Show a step without a signal, or the last measured one before it; later where there is none yet."""
        self.wanted = number
        self._place_slider()

    def show_result(self, result: Descent) -> None:
        if self._result is None or result.request != self._result.request:
            self.stop()
        self._result = result
        self._place_slider()

    def _place_slider(self) -> None:
        measured = self._result.measured if self._result else ()
        last = max(0, len(measured) - 1)
        with QSignalBlocker(self.slider):
            self.slider.setRange(0, last)
            before = sum(step.number <= self.wanted for step in measured) - 1
            self.slider.setValue(last if self.follows else max(0, before))
        self._show_text()

    def _on_moved(self, value: int) -> None:
        step = self.step
        self.wanted = NEWEST if step is None or value >= self.slider.maximum() else step.number
        self._show_text()
        self.changed.emit()

    def _show_text(self) -> None:
        step, result = self.step, self._result
        if step is None or result is None:
            self.text.setText("no step is measured yet")
            return
        specs = result.request.specs
        losses = (f"{title(spec)} {loss:.3g}" for spec, loss in zip(specs, step.losses, strict=True))
        made = "" if result.complete else f" ({len(result.steps)} made)"
        count = f"Step {step.number} of {result.request.recipe.steps}{made} · training loss: "
        self.text.setText(count + " · ".join(losses))
        self.text.reserve(count + " · ".join(f"{title(spec)} 0.00000" for spec in specs))


class GradientPictures(QWidget):
    """Shows a result of the lab; ``step_changed``: another step of a training is shown.

    ``bar`` is not laid out here: it is a row of the page's tools.
    """

    step_changed = Signal()

    def __init__(self, document: Document) -> None:
        super().__init__()
        self._shown: object = None
        self._quantity = Quantity.INPUT
        self.chart, self.heat, self.losses = LiveChartView(document), HeatView(document), LiveChartView(document)
        self.bar = DescentBar()
        self.stack = stack(self.chart, self.heat)
        vbox((self.stack, 1), self.losses, of=self, spacing=0)
        self._least = LOSS_HIGH
        self._wants_losses = False
        self.losses.setAccessibleName("Training losses")
        self.losses.hide()
        self.bar.hide()
        self._turns = Turns(self)
        self._drawn: DescentStep | None = None
        self._turns.ended.connect(self._on_drawn)
        self.bar.changed.connect(self._on_step)
        self.bar.view_changed.connect(self._draw)

    @property
    def canvas(self) -> Canvas:
        return self.heat if self.stack.currentWidget() is self.heat else self.chart

    def show_theme(self, theme: Theme) -> None:
        self._least = round(LOSS_HIGH * theme.font_points / USUAL_POINTS)
        self._place_losses()
        for canvas in (self.chart, self.heat, self.losses):
            canvas.show_theme(theme)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_losses()

    def _place_losses(self) -> None:
        """Show the losses under the blocks where both have room."""
        high = round(self.height() * LOSS_PART)
        self.losses.setFixedHeight(max(high, self._least))
        self.losses.setVisible(self._wants_losses and high >= self._least)

    def show_result(self, result: object, quantity: Quantity) -> None:
        """Show a result of any experiment, and the quantity where blocks are measured."""
        self._shown, self._quantity = result, quantity
        if isinstance(result, Descent):
            self.bar.show_result(result)
        self._draw()

    def _draw(self) -> None:
        self._turns.stop()
        result, quantity = self._shown, self._quantity
        step = self.bar.step if isinstance(result, Descent) and result.measured else None
        view = self.bar.view if step else DescentView.LOSS
        self.bar.setVisible(step is not None)
        self._wants_losses = view is not DescentView.LOSS
        self._place_losses()
        self.stack.setCurrentWidget(self.heat if view is DescentView.HEAT else self.chart)
        if isinstance(result, GradientResult):
            text = "Each block coloured by its value"
            chart, strips = gradient_plot(result, quantity), gradient_strips(result, quantity)
            self.chart.show_chart(chart, strips, axis_of(quantity), text)
        elif isinstance(result, Descent) and step:
            if view is DescentView.LOSS:
                self.chart.show_chart(loss_chart(result, step))
                return
            if view is DescentView.HEAT:
                self.heat.show_maps(heat_maps(result, quantity), self.bar.slider.value())
            else:
                self.chart.show_chart(step_plot(result, quantity, step))
            self.losses.show_chart(loss_chart(result, step, small=True))
        elif result is not None:
            self.chart.show_chart(lab_chart(result))

    def _on_step(self) -> None:
        """Show another step; heat maps only move their frame."""
        result, step = self._shown, self.bar.step
        if self.bar.view is DescentView.HEAT and isinstance(result, Descent) and step:
            self.heat.show_column(self.bar.slider.value())
            self.losses.show_chart(loss_chart(result, step, small=True))
        elif self.bar.playing and isinstance(result, Descent) and step:
            if not self._turns.is_busy:
                self._turns.begin(self._drawing(result, step))
        else:
            self._draw()
        self.step_changed.emit()

    def _drawing(self, result: Descent, step: DescentStep) -> Iterator[None]:
        """Draw a step that is played as ``_draw`` does, in pieces."""
        self._drawn = step
        if self.bar.view is DescentView.LOSS:
            yield from self.chart.showing(loss_chart(result, step))
            return
        plot = step_plot(result, self._quantity, step)
        yield
        yield from self.chart.showing(plot)
        yield from self.losses.showing(loss_chart(result, step, small=True))

    def _on_drawn(self) -> None:
        """Draw the step that is played by now."""
        if isinstance(self._shown, Descent) and self.bar.step not in (None, self._drawn):
            self._on_step()


SOURCES = (
    "He et al. 2015, section 4.1: with batch norm, gradients of plain nets are healthy",
    "Yang et al. 2019: with batch norm they grow towards the input, about 1.2 a layer",
    "Veit et al. 2016: the gradient comes along short paths",
)


class GradientText(QScrollArea):
    """Explains the plot; the terms are those of the selected block."""

    def __init__(self, document: Document) -> None:
        super().__init__()
        self._document = document
        self._result: GradientResult | None = None
        self.shows, self.block, self.terms = text(), text(), text("muted")
        self.bar = TermsBar()
        self.conditions, self.sources = text("muted"), text("muted")
        self._headings = [heading("The two terms"), heading("Conditions")]
        terms = (self._headings[0], self.block, self.bar, self.terms, self._headings[1], self.conditions)
        parts = (self.shows, *terms, heading("References"), self.sources, 1)
        fill(self, *parts, margins=(14, 10, 14, 10), spacing=6)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("Reading this plot")
        self.show_result(None, None, Quantity.INPUT, None)
        document.selected.connect(self._on_selected)

    def show_theme(self, theme: Theme) -> None:
        self.bar.theme = theme
        self.bar.setFixedHeight(2 * self.bar.fontMetrics().height() + 6)
        self.bar.update()

    def show_result(
        self, shown: LabResult | None, gradients: GradientResult | None, quantity: Quantity, preset: Preset | None
    ) -> None:
        """Describe a result, its gradients at the blocks where there are any, and what to look for in an experiment."""
        self._result = gradients or self._result
        for widget in (self.block, self.bar, self.terms, self.conditions, *self._headings):
            widget.setVisible(gradients is not None)
        self.sources.setText("\n".join([source.text for source in preset.references] if preset else SOURCES))
        texts = [f"What to look for: {preset.look_for}"] if preset else []
        if shown is not None and shown is not gradients:
            texts.append(table_of(shown).describe(shown))
        if gradients is not None:
            texts += [WORDS[quantity].teaches, *(_change(network, quantity) for network in gradients.networks)]
            self.conditions.setText("\n".join((*gradients.conditions, *gradients.notes)))
            self._on_selected(self._document.selection)
        self.shows.setText("\n\n".join(texts))

    def _on_selected(self, path: str) -> None:
        residual = self._result.first_residual if self._result else None
        if residual is None:
            return
        paths = [place.path for place in residual.places]
        at = next((n for n, place in enumerate(paths) if path == place or path.startswith(f"{place}.")), None)
        block = len(paths) // 2 if at is None else at
        suffix = "" if at is not None else " (select a block to see its own)"
        self.block.setText(f"Block {block + 1} of {residual.title} · {paths[block]}{suffix}")
        values = [value for term in TERMS if (value := residual.median(term)[block]) is not None]
        self.bar.setVisible(len(values) == len(TERMS))
        if len(values) < len(TERMS):
            self.terms.setText("No shortcut, or no value.")
            return
        shortcut, branch, cosine, share = values
        self.bar.show_terms(shortcut, branch)
        right = "nearly orthogonal: the squares of the norms add" if abs(cosine) < 0.1 else "they interact"
        cosine = round(cosine, 2) + 0.0  # no minus before a zero
        self.terms.setText(
            f"∂L/∂x = Sᵀδ + J_Fᵀδ\nshortcut term {shortcut:.3g}, branch term {branch:.3g}\n"
            f"cosine {cosine:.2f}: {right}\nthe shortcut contributes {100 * share:.0f} % of ∂L/∂x"
        )


def _figure(value: float) -> str:
    """Return three digits of a number, without an exponent where it can be read so."""
    return f"{float(f'{value:.3g}'):,.0f}" if 100 <= value < 1e7 else f"{value:.3g}"


def _change(network: NetworkGradients, quantity: Quantity) -> str:
    ratio, growth = network.ratio(quantity), network.growth(quantity)
    if ratio is None:
        return f"{network.title}: no value at both ends."
    if not WORDS[quantity].log:
        values = [value for value in network.median(quantity) if value is not None]
        return f"{network.title}: from {min(values):.2f} to {max(values):.2f}." if values else f"{network.title}: none."
    way = "grows" if ratio > 1 else "shrinks"
    times = ratio if ratio > 1 else 1 / ratio if ratio else float("inf")
    each = f", by {growth:.2f} a block within a stage" if growth is not None else ""
    return f"{network.title}: from the last block to the first it {way} {_figure(times)} times{each}."


def progress_text(result: LabResult) -> str:
    """Return how far a measurement is."""
    seconds = result.seconds
    if isinstance(result, GradientResult):
        left = "" if result.complete else f", {len(result.request.seeds) - result.done} to come"
        return f"{result.done} seed{'' if result.done == 1 else 's'} in {seconds:.1f} s{left}"
    if isinstance(result, Descent):
        return f"{len(result.steps):,} of {result.request.recipe.steps:,} steps in {seconds:.1f} s"
    is_part = isinstance(result, LesionStudy) and not result.complete
    return f"{'still measuring' if is_part else 'done'}, {seconds:.1f} s"


class TermsBar(QWidget):
    """The norms of both terms as bars."""

    def __init__(self) -> None:
        super().__init__()
        self.theme: Theme = LIGHT
        self._terms = (0.0, 0.0)
        self.setFixedHeight(40)

    def show_terms(self, shortcut: float, branch: float) -> None:
        self._terms = (shortcut, branch)
        self.setAccessibleName(f"shortcut term {shortcut:.3g}, branch term {branch:.3g}")
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        metrics = self.fontMetrics()
        left, high = metrics.horizontalAdvance("shortcut") + 14, self.height() // 2
        largest = max(*self._terms, 1e-300)
        rows = zip(("shortcut", "branch"), self._terms, (Ink.SHORTCUT, Ink.CONV), strict=True)
        for row, (name, value, ink) in enumerate(rows):
            painter.setPen(QColor(self.theme.colours[Ink.TEXT]))
            painter.drawText(0, high * row + (high + metrics.ascent() - metrics.descent()) // 2, name)
            wide = round((self.width() - left - 4) * value / largest)
            painter.fillRect(left, high * row + high // 5, wide, high * 3 // 5, QColor(self.theme.colours[ink]))
        painter.end()
