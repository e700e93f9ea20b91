"""The inspector: what is selected, in a sentence, in formulas, and in figures."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from resnet_explorer.analysis.explain import Explanation, Fact, explain
from resnet_explorer.drawing.marks import Ink
from resnet_explorer.drawing.theme import LIGHT, Theme
from resnet_explorer.gui.document import Document
from resnet_explorer.gui.formula import Formula
from resnet_explorer.gui.session import Results

WIDTH = 282


class _ShareBar(QWidget):
    """How parameters split between branch and shortcut, as lengths and in words beneath."""

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


class Inspector(QScrollArea):
    """Shows the document's selection; the network where nothing is selected."""

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._results: Results | None = None
        self._theme: Theme = LIGHT
        self.title, self.kind, self.words, self.gradient = (_text(name) for name in ("title", "muted", "", "muted"))
        self.path = _text("mono")
        self.formulas = [Formula(), Formula(), Formula()]
        self._bar, self._split = _ShareBar(), _text("muted")
        self._facts = QGridLayout()
        self._lines: list[tuple[QLabel, QLabel]] = []
        self.shown: Explanation | None = None
        self._arrange()
        document.selected.connect(self._on_selected)

    def _arrange(self) -> None:
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(14, 10, 12, 10)
        column.setSpacing(7)
        for widget in (self.title, self.kind, self.path, *self.formulas[:2], self.words):
            column.addWidget(widget)
        self._gradient_heading = _text("heading")
        self._gradient_heading.setText("GRADIENT")
        for widget in (self._gradient_heading, self.formulas[2], self.gradient):
            column.addWidget(widget)
        facts = _text("heading")
        facts.setText("FIGURES")
        column.addWidget(facts)
        column.addWidget(self._bar)
        column.addWidget(self._split)
        self._facts.setVerticalSpacing(4)
        self._facts.setColumnStretch(1, 1)
        column.addLayout(self._facts)
        column.addStretch(1)
        self.setWidget(inner)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMinimumWidth(WIDTH)
        self.setAccessibleName("Inspector")

    def show_results(self, results: Results) -> None:
        """Show the selection's figures in new results."""
        self._results = results
        self._on_selected(self._document.selection)

    def show_theme(self, theme: Theme) -> None:
        """Paint formulas and bars in another theme."""
        self._theme = self._bar.theme = theme
        if self.shown:
            self._show(self.shown)

    def _on_selected(self, path: str) -> None:
        if self._results:
            self._show(explain(self._results.analysis, path))

    def _show(self, shown: Explanation) -> None:
        self.shown = shown
        self.title.setText(shown.title)
        self.kind.setText(shown.kind)
        self.path.setText(shown.path)
        self.path.setVisible(bool(shown.path))
        self.words.setText(shown.words)
        self._show_formulas(shown)
        self._bar.setVisible(shown.branch is not None and bool(shown.shortcut))
        self._split.setVisible(shown.branch is not None and shown.shortcut is not None)
        if shown.branch is not None and shown.shortcut is not None:
            self._bar.parts = (shown.branch, shown.shortcut)
            self._split.setText(f"F(x) {shown.branch:,} · shortcut {shown.shortcut:,} parameters")
            self._bar.update()
        self._show_facts(shown.facts)

    def _show_formulas(self, shown: Explanation) -> None:
        colour = self._theme.colours[Ink.TEXT]
        keys = [*shown.formulas[:2], *[""] * (2 - len(shown.formulas[:2])), *(shown.gradients or ("",))]
        for formula, key in zip(self.formulas, keys, strict=True):
            formula.setVisible(bool(key))
            if key:
                formula.show_formula(key, colour)
        self.gradient.setText(shown.gradient_words)
        for widget in (self.gradient, self._gradient_heading):
            widget.setVisible(bool(shown.gradient_words))

    def _show_facts(self, facts: tuple[Fact, ...]) -> None:
        while len(self._lines) < len(facts):
            line = (_text("muted"), _text("strong"))
            self._facts.addWidget(line[0], len(self._lines), 0, Qt.AlignmentFlag.AlignTop)
            self._facts.addWidget(line[1], len(self._lines), 1)
            self._lines.append(line)
        for index, line in enumerate(self._lines):
            fact = facts[index] if index < len(facts) else Fact("", "")
            for label, text in zip(line, fact[:2], strict=True):
                label.setVisible(index < len(facts))
                label.setText(text)
                label.setToolTip(fact.teaches)


def _text(name: str) -> QLabel:
    label = QLabel()
    label.setObjectName(name)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    label.setTextInteractionFlags(
        Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
    )
    label.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
    return label
