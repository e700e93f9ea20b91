"""The inspector: what is selected, in a sentence, in formulas, and in figures."""

from collections.abc import Callable
from typing import TypeVar

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPolygonF
from PySide6.QtWidgets import QGridLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from resnet_explorer.app.formula import Formula
from resnet_explorer.picture.marks import Ink
from resnet_explorer.picture.theme import LIGHT, Theme
from resnet_explorer.readings.explain import Explanation, Fact, Rule, explain
from resnet_explorer.spec import ResNetSpec
from resnet_explorer.spec.change import differences
from resnet_explorer.ui.document import Document
from resnet_explorer.ui.parts import Part, fill, label, vbox
from resnet_explorer.ui.session import Results
from resnet_explorer.weights.values import TensorStats, Weights

Line = TypeVar("Line", bound=tuple[QWidget, ...])
HIGH = 46


class Histogram(QWidget):
    """How the values of a tensor are spread, from the least to the greatest; a line marks 0."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
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


def _reuse(lines: list[Line], count: int, make: Callable[[], Line]) -> list[Line]:
    """Return as many lines of widgets as asked for: those that are there, and new ones; the others are hidden."""
    while len(lines) < count:
        lines.append(make())
    for index, line in enumerate(lines):
        for widget in line:
            widget.setVisible(index < count)
    return lines[:count]


class WeightsView(QWidget):
    """The tensors of the selected layer, one under the other."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.lines: list[tuple[QLabel, Histogram]] = []
        self._column = vbox(of=self, spacing=4)

    def show_stats(self, tensors: tuple[TensorStats, ...], theme: Theme) -> None:
        """Show these tensors and no others."""
        lines = _reuse(self.lines, len(tensors), self._make)
        for (name, histogram), stats in zip(lines, tensors, strict=True):
            name.setText(_describe(stats))
            histogram.show_stats(stats, theme)
        self.setVisible(bool(tensors))

    def _make(self) -> tuple[QLabel, Histogram]:
        line = (label(wrap=True), Histogram())
        for widget in line:
            self._column.addWidget(widget)
        return line


def _describe(stats: TensorStats) -> str:
    name = stats.name.rpartition(".")[2]
    strange = f", {stats.strange:,} not finite" if stats.strange else ""
    return (
        f"{name}: norm {stats.norm:.4g}, mean {stats.mean:.3g}, std {stats.std:.3g}, "
        f"{stats.least:.3g} to {stats.greatest:.3g}{strange}"
    )


WIDTH = 264
FORMULAS = 4
"""How many formulas there is room for: two of the thing itself, two of its gradient."""


class _ShareBar(QWidget):
    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
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


class _Figures(QGridLayout):
    """Names and values, one pair a line; lines are kept and filled anew."""

    def __init__(self) -> None:
        super().__init__()
        self._lines: list[tuple[QLabel, QLabel]] = []
        self.setVerticalSpacing(4)
        self.setHorizontalSpacing(8)
        self.setColumnStretch(1, 1)

    def show_facts(self, facts: tuple[Fact, ...]) -> None:
        """Show these facts and no others."""
        for line, fact in zip(_reuse(self._lines, len(facts), self._make), facts, strict=True):
            for shown, text in zip(line, fact[:2], strict=True):
                shown.setText(_bound(text))
                shown.setToolTip(fact.teaches)
            line[1].setAccessibleName(f"{fact.label}: {fact.value}")

    def _make(self) -> tuple[QLabel, QLabel]:
        line = (_text("muted"), _text("strong"))
        line[0].setWordWrap(False)
        self.addWidget(line[0], len(self._lines), 0, Qt.AlignmentFlag.AlignTop)
        self.addWidget(line[1], len(self._lines), 1)
        return line


class _Rules(QVBoxLayout):
    """How figures are worked out: a name and a formula each."""

    def __init__(self) -> None:
        super().__init__()
        self.setSpacing(2)
        self._lines: list[tuple[QLabel, Formula]] = []

    def show_rules(self, rules: tuple[Rule, ...], colour: str, scale: float) -> None:
        """Show these rules and no others."""
        lines = _reuse(self._lines, len(rules), self._make)
        for (name, formula), rule in zip(lines, rules, strict=True):
            name.setText(rule.label)
            formula.show_formula(rule.formula, colour, scale)

    def _make(self) -> tuple[QLabel, Formula]:
        line = (_text("muted"), Formula())
        for widget in line:
            self.addWidget(widget)
        return line


class Inspector(QScrollArea):
    """Shows the document's selection; the network where nothing is selected."""

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._results: Results | None = None
        self._theme: Theme = LIGHT
        self.shown: Explanation | None = None
        self.title, self.kind, self.path = _text("title"), _text("muted"), _text("mono")
        self.text, self.gradient = _text(""), _text("muted")
        self.formulas = [Formula() for _ in range(FORMULAS)]
        self.bar, self.split = _ShareBar(), _text("muted")
        self._figures, self._rules = _Figures(), _Rules()
        self._gradient_heading, self._split_heading = _heading("Gradient"), _heading("Parameters")
        self._rules_heading = _heading("How they are counted")
        self._measured_heading, self.measured = _heading("Measured"), _text("strong")
        self.measured_words = _text("muted")
        self._weights: Weights | None = None
        self._weights_heading, self.tensors = _heading("Weights"), WeightsView()
        self._arrange()
        document.selected.connect(self._on_selected)
        document.overlays_changed.connect(self._on_overlays_changed)

    def _arrange(self) -> None:
        parts: tuple[Part, ...] = (
            *(self.title, self.kind, self.path, *self.formulas[:2], self.text),
            *(self._gradient_heading, *self.formulas[2:], self.gradient),
            *(self._measured_heading, self.measured, self.measured_words),
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
        self._figures.show_facts(shown.facts)
        self._show_tensors(shown.path)
        self._rules_heading.setVisible(bool(shown.rules))
        self._rules.show_rules(shown.rules, *self._ink())

    def show_weights(self, weights: Weights) -> None:
        """Show the figures of these weights beside the layers of the network that they belong to."""
        self._weights = weights
        if self.shown:
            self._show(self.shown)

    def weights_of(self, spec: ResNetSpec) -> Weights | None:
        """Return the weights that were opened, if they are those of this network."""
        known = self._weights
        return known if known and not differences(known.found.spec, spec) else None

    def _on_overlays_changed(self) -> None:
        if self.shown:
            self._show_measured(self.shown.path)

    def _show_measured(self, path: str) -> None:
        """Show the value of a block, what it is, and how it was measured; nothing where it has none."""
        values = self._document.measured
        value = values.value_text(path) if values else ""
        for widget in (self._measured_heading, self.measured, self.measured_words):
            widget.setVisible(bool(value))
        if values and value:
            self.measured.setText(_bound(f"{values.symbol} = {value}"))
            self.measured.setAccessibleName(f"{values.title}: {value}")
            self.measured_words.setText(values.text)

    def _show_tensors(self, path: str) -> None:
        weights = self.weights_of(self._results.state.spec) if self._results else None
        tensors = weights.of_layer(path) if weights else ()
        self._weights_heading.setVisible(bool(tensors))
        self._weights_heading.setToolTip(f"From {weights.source}" if weights else "")
        self.tensors.show_stats(tensors, self._theme)

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
    made = label(kind=name, wrap=True)
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
