"""The inspector: what is selected, in a sentence, in formulas, and in figures."""

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPolygonF
from PySide6.QtWidgets import QGridLayout, QLabel, QScrollArea, QWidget

from resnet_explorer.app.formula import Formula
from resnet_explorer.picture.marks import Ink
from resnet_explorer.picture.theme import LIGHT, Theme
from resnet_explorer.readings.explain import Explanation, Fact, explain
from resnet_explorer.spec import ResNetSpec
from resnet_explorer.spec.change import differences
from resnet_explorer.ui.document import Document, Results
from resnet_explorer.ui.parts import Part, WrappedLabel, fill, label
from resnet_explorer.weights.values import TensorStats, Weights

W = TypeVar("W", bound=QWidget)
HIGH = 46


class Histogram(QWidget):
    """How the values of a tensor are spread, from the least to the greatest; a line marks 0."""

    def __init__(self) -> None:
        super().__init__()
        self.theme: Theme = LIGHT
        self.stats: TensorStats | None = None
        self.setFixedHeight(HIGH)

    def show_stats(self, stats: TensorStats, theme: Theme) -> None:
        """Show another tensor."""
        self.stats, self.theme = stats, theme
        text = f"{stats.name}: values from {stats.least:.4g} to {stats.greatest:.4g}, mean {stats.mean:.4g}"
        self.setAccessibleName(text)
        self.setToolTip(f"{text}; the highest bar holds most of them")
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self.stats is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        bars, top = self.stats.histogram, max(1, *self.stats.histogram)
        step = self.width() / len(bars)
        floor = self.height() - 1.0
        points = [QPointF(0, floor)]
        for index, count in enumerate(bars):
            y = floor - (floor - 2) * count / top
            points += [QPointF(index * step, y), QPointF((index + 1) * step, y)]
        points.append(QPointF(self.width(), floor))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self.theme.colours[Ink.CONV]))
        painter.drawPolygon(QPolygonF(points))
        least, greatest = self.stats.least, self.stats.greatest
        if least < 0 < greatest:
            at = self.width() * -least / (greatest - least)
            painter.fillRect(QRectF(at - 0.5, 0, 1, floor), QColor(self.theme.colours[Ink.SHORTCUT]))
        painter.fillRect(QRectF(0, floor, self.width(), 1), QColor(self.theme.colours[Ink.LINE]))
        painter.end()


class _Lines(QGridLayout, Generic[W]):
    """Lines of a label and a widget, one under the other or in two columns; they are made once and filled anew."""

    def __init__(self, make: Callable[[], tuple[QLabel, W]], spacing: int, columns: int = 1) -> None:
        super().__init__()
        self.lines: list[tuple[QLabel, W]] = []
        self._make, self._columns = make, columns
        self.setVerticalSpacing(spacing)
        self.setHorizontalSpacing(8)
        self.setColumnStretch(columns - 1, 1)

    def show(self, count: int) -> list[tuple[QLabel, W]]:
        """Return as many lines as asked for: those that are there, and new ones; the others are hidden."""
        while len(self.lines) < count:
            line = self._make()
            place = 2 * len(self.lines)
            self.addWidget(line[0], *divmod(place, self._columns))
            self.addWidget(line[1], *divmod(place + 1, self._columns))
            self.lines.append(line)
        for index, line in enumerate(self.lines):
            for widget in line:
                widget.setVisible(index < count)
        return self.lines[:count]


def _describe(stats: TensorStats) -> str:
    name = stats.name.rpartition(".")[2]
    not_finite = f", {stats.strange:,} not finite" if stats.strange else ""
    return (
        f"{name}: norm {stats.norm:.4g}, mean {stats.mean:.3g}, std {stats.std:.3g}, "
        f"{stats.least:.3g} to {stats.greatest:.3g}{not_finite}"
    )


WIDTH = 264
FORMULAS = 4
"""How many formulas there is room for: two of the thing itself, two of its gradient."""


class _ShareBar(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self.parts: tuple[int, int] = (1, 0)
        self.theme = LIGHT
        self.setFixedHeight(9)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        total = max(1, sum(self.parts))
        split = round(self.width() * self.parts[0] / total)
        painter.fillRect(0, 0, split, self.height(), QColor(self.theme.colours[Ink.CONV]))
        painter.fillRect(split, 0, self.width() - split, self.height(), QColor(self.theme.colours[Ink.SHORTCUT]))
        painter.end()


def _figure() -> tuple[QLabel, QLabel]:
    name = label(kind="muted")
    name.setIndent(0)
    name.setAlignment(Qt.AlignmentFlag.AlignTop)
    return name, _text("strong")


class Inspector(QScrollArea):
    """Shows the document's selection; the network where nothing is selected."""

    def __init__(self, document: Document) -> None:
        super().__init__()
        self._document = document
        self._results: Results | None = None
        self._theme: Theme = LIGHT
        self.shown: Explanation | None = None
        self.title, self.kind, self.path = _text("title"), _text("muted"), _text("mono")
        self.text, self.gradient = _text(""), _text("muted")
        self.formulas = [Formula() for _ in range(FORMULAS)]
        self.bar, self.split = _ShareBar(), _text("muted")
        self._figures = _Lines(_figure, spacing=4, columns=2)
        self._rules = _Lines(lambda: (_text("muted"), Formula()), spacing=2)
        self._gradient_heading, self._split_heading = _heading("Gradient"), _heading("Parameters")
        self._rules_heading = _heading("How they are counted")
        self._measured_heading, self.measured = _heading("Measured"), _text("strong")
        self.measured_text = _text("muted")
        self._weights: Weights | None = None
        self._weights_heading = _heading("Weights")
        self.tensors = _Lines(lambda: (WrappedLabel(quiet=False), Histogram()), spacing=4)
        self._arrange()
        document.selected.connect(self._on_selected)
        document.overlays_changed.connect(self._on_overlays_changed)

    def _arrange(self) -> None:
        parts: tuple[Part, ...] = (
            *(self.title, self.kind, self.path, *self.formulas[:2], self.text),
            *(self._gradient_heading, *self.formulas[2:], self.gradient),
            *(self._measured_heading, self.measured, self.measured_text),
            *(self._split_heading, self.bar, self.split, _heading("Figures"), self._figures),
            *(self._weights_heading, self.tensors, self._rules_heading, self._rules, 1),
        )
        fill(self, *parts, margins=(14, 10, 12, 10), spacing=7)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMinimumWidth(WIDTH)
        self.setAccessibleName("Inspector")

    def show_results(self, results: Results) -> None:
        """Show the selection's figures in new results."""
        self._results = results
        self._on_selected(self._document.selection)

    def show_theme(self, theme: Theme) -> None:
        """Paint formulas and bars in another theme."""
        self._theme = self.bar.theme = theme
        self.setMinimumWidth(round(WIDTH * self._ink()[1]))
        if self.shown:
            self._show(self.shown)

    def _on_selected(self, path: str) -> None:
        if self._results:
            before = self.shown.path if self.shown else None
            self._show(explain(self._results.analysis, path))
            if self.shown and self.shown.path != before:
                self.verticalScrollBar().setValue(0)

    def _show(self, shown: Explanation) -> None:
        self.shown = shown
        self.title.setText(shown.title)
        self.kind.setText(shown.kind)
        self.path.setText(shown.path)
        self.path.setVisible(bool(shown.path))
        self.text.setText(shown.text)
        self._show_formulas(shown)
        self._show_split(shown)
        self._show_measured(shown.path)
        self._show_facts(shown.facts)
        self._show_tensors(shown.path)
        self._rules_heading.setVisible(bool(shown.rules))
        for (name, formula), rule in zip(self._rules.show(len(shown.rules)), shown.rules, strict=True):
            name.setText(rule.label)
            formula.show_formula(rule.formula, *self._ink())

    def _show_facts(self, facts: Sequence[Fact]) -> None:
        for (name, value), fact in zip(self._figures.show(len(facts)), facts, strict=True):
            name.setText(_bound(fact.label))
            value.setText(_bound(fact.value))
            value.setAccessibleName(f"{fact.label}: {fact.value}")
            for shown in (name, value):
                shown.setToolTip(fact.teaches)

    def show_weights(self, weights: Weights) -> None:
        """Show the figures of these weights beside the layers of the network that they belong to."""
        self._weights = weights
        if self.shown:
            self._show(self.shown)

    def weights_of(self, spec: ResNetSpec) -> Weights | None:
        """Return the weights that were opened, if they are those of this network."""
        weights = self._weights
        return weights if weights and not differences(weights.found.spec, spec) else None

    def _on_overlays_changed(self) -> None:
        if self.shown:
            self._show_measured(self.shown.path)

    def _show_measured(self, path: str) -> None:
        values = self._document.measured
        value = values.value_text(path) if values else ""
        for widget in (self._measured_heading, self.measured, self.measured_text):
            widget.setVisible(bool(value))
        if values and value:
            self.measured.setText(_bound(f"{values.symbol} = {value}"))
            self.measured.setAccessibleName(f"{values.title}: {value}")
            self.measured_text.setText(values.text)

    def _show_tensors(self, path: str) -> None:
        weights = self.weights_of(self._results.state.spec) if self._results else None
        tensors = weights.of_layer(path) if weights else ()
        self._weights_heading.setVisible(bool(tensors))
        self._weights_heading.setToolTip(f"From {weights.source}" if weights else "")
        for (name, histogram), stats in zip(self.tensors.show(len(tensors)), tensors, strict=True):
            name.setText(_describe(stats))
            histogram.show_stats(stats, self._theme)

    def _ink(self) -> tuple[str, float]:
        return self._theme.colours[Ink.TEXT], self._theme.font_points / LIGHT.font_points

    def _show_split(self, shown: Explanation) -> None:
        is_split = shown.branch is not None and shown.shortcut is not None
        for widget in (self._split_heading, self.bar, self.split):
            widget.setVisible(is_split)
        if shown.branch is not None and shown.shortcut is not None:
            self.bar.parts = (shown.branch, shown.shortcut)
            self.split.setText(f"F(x) {shown.branch:,} · shortcut {shown.shortcut:,}")
            self.bar.update()

    def _show_formulas(self, shown: Explanation) -> None:
        keys = [*(*shown.formulas, "", "")[:2], *(*shown.gradients, "", "")[:2]]
        for formula, key in zip(self.formulas, keys, strict=True):
            formula.setVisible(bool(key))
            if key:
                formula.show_formula(key, *self._ink())
        self.gradient.setText(_bound(shown.gradient_words))
        for widget in (self.gradient, self._gradient_heading):
            widget.setVisible(bool(shown.gradient_words))


def _bound(text: str) -> str:
    """Return a text that breaks before its equals signs, and nowhere inside of a comparison."""
    return text.replace(" = ", " =\N{NO-BREAK SPACE}").replace(" > ", "\N{NO-BREAK SPACE}>\N{NO-BREAK SPACE}")


def _text(name: str) -> QLabel:
    made = WrappedLabel()
    made.setObjectName(name)
    made.setIndent(0)
    made.setTextInteractionFlags(
        Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
    )
    made.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
    return made


def _heading(text: str) -> QLabel:
    made = _text("heading")
    made.setText(text.upper())
    return made
