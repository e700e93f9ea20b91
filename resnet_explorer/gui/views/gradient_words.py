"""What a measurement of gradients shows, in words: the ratios, the two terms at a block, and the conditions."""

from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QScrollArea, QWidget

from resnet_explorer.analysis.descent import Descent
from resnet_explorer.analysis.gradient_presets import Preset
from resnet_explorer.analysis.gradient_words import found
from resnet_explorer.analysis.gradients import GradientResult, NetworkGradients
from resnet_explorer.analysis.lesions import LesionStudy
from resnet_explorer.analysis.quantities import WORDS, Quantity
from resnet_explorer.drawing.marks import Ink
from resnet_explorer.drawing.theme import LIGHT, Theme
from resnet_explorer.export.lab_table import LabResult
from resnet_explorer.gui.document import Document
from resnet_explorer.gui.views.parts import fill, heading, text

WIDTH = 268
SOURCES = (
    "He et al. 2015, section 4.1: with batch norm, gradients of plain nets are healthy",
    "Yang et al. 2019: with batch norm they grow towards the input, about 1.2 a layer",
    "Veit et al. 2016: the gradient comes along short paths",
)


class GradientWords(QScrollArea):
    """Tells what the plot shows; the terms are those of the selected block."""

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._result: GradientResult | None = None
        self.shows, self.block, self.terms = text(), text(), text("muted")
        self.bar = TermsBar()
        self.conditions, self.sources = text("muted"), text("muted")
        self.sources.setText("\n".join(SOURCES))
        self._headings = [heading("The two terms"), heading("Conditions")]
        terms = (self._headings[0], self.block, self.bar, self.terms, self._headings[1], self.conditions)
        parts = (heading("What this shows"), self.shows, *terms, heading("References"), self.sources, 1)
        fill(self, *parts, margins=(14, 10, 14, 10), spacing=6, width=WIDTH)
        self.setAccessibleName("What this shows")
        self._of_blocks(False)
        document.selected.connect(self._on_selected)

    def show_theme(self, theme: Theme) -> None:
        """Paint in another theme."""
        self.bar.theme = theme
        self.bar.setFixedHeight(2 * self.bar.fontMetrics().height() + 6)
        self.bar.update()

    def show_preset(self, preset: Preset | None, shown: object = None) -> None:
        """Tell what to look for in an experiment, what was measured, and who said so.

        The usual references where there is no preset; ``shown`` is the result that is shown.
        """
        gradients = isinstance(shown, GradientResult) or (isinstance(shown, Descent) and bool(shown.measured))
        self._of_blocks(gradients)
        self.sources.setText("\n".join([one.words for one in preset.references] if preset else SOURCES))
        told = [] if isinstance(shown, GradientResult) or shown is None else [found(shown)]
        told += [self.shows.text()] if gradients else []
        if preset is not None:
            told.insert(0, f"What to look for: {preset.look_for}")
        self.shows.setText("\n\n".join(told))

    def _of_blocks(self, on: bool) -> None:
        for widget in (self.block, self.bar, self.terms, self.conditions, *self._headings):
            widget.setVisible(on)

    def show_result(self, result: GradientResult, quantity: Quantity) -> None:
        """Tell what was measured."""
        self._result = result
        self.shows.setText("\n\n".join([WORDS[quantity].teaches, *(_said(one, quantity) for one in result.networks)]))
        self.conditions.setText("\n".join((*result.conditions, *result.notes)))
        self._on_selected(self._document.selection)

    def _on_selected(self, path: str) -> None:
        residual = next((one for one in self._result.networks if one.spec.residual), None) if self._result else None
        if residual is None:
            return
        paths = [place.path for place in residual.places]
        at = next((n for n, known in enumerate(paths) if path == known or path.startswith(f"{known}.")), None)
        block = len(paths) // 2 if at is None else at
        shortcut, branch, cosine, share = (residual.median(one)[block] for one in _TERMS)
        chosen = "" if at is not None else " (select a block to see its own)"
        self.block.setText(f"Block {block + 1} of {residual.title} · {paths[block]}{chosen}")
        known = None not in (shortcut, branch, cosine, share)
        self.bar.setVisible(known)
        if shortcut is None or branch is None or cosine is None or share is None:
            self.terms.setText("No shortcut, or no value.")
            return
        self.bar.show_terms(shortcut, branch)
        right = "nearly at right angles: the squares of the lengths add" if abs(cosine) < 0.1 else "they interact"
        self.terms.setText(
            f"∂L/∂x = Sᵀδ + J_Fᵀδ\nshortcut term {shortcut:.3g}, branch term {branch:.3g}\n"
            f"cosine {cosine:.2f}: {right}\nthe shortcut makes up {100 * share:.0f} % of ∂L/∂x"
        )


_TERMS = (Quantity.SHORTCUT, Quantity.BRANCH, Quantity.COSINE, Quantity.SHARE)


def _said(network: NetworkGradients, quantity: Quantity) -> str:
    ratio, growth = network.ratio(quantity), network.growth(quantity)
    if ratio is None:
        return f"{network.title}: no value at both ends."
    if not WORDS[quantity].log:
        values = [value for value in network.median(quantity) if value is not None]
        return f"{network.title}: from {min(values):.2f} to {max(values):.2f}." if values else f"{network.title}: none."
    way = "grows" if ratio > 1 else "shrinks"
    times = ratio if ratio > 1 else 1 / ratio if ratio else float("inf")
    each = f", by {growth:.2f} a block within a stage" if growth is not None else ""
    return f"{network.title}: from the last block to the first it {way} {times:,.3g} times{each}."


def how_far(result: LabResult) -> str:
    """Return how far a measurement is, in a few words."""
    seconds = result.seconds
    if isinstance(result, GradientResult):
        left = "" if result.complete else f", {len(result.request.seeds) - result.done} to come"
        return f"{result.done} seed{'' if result.done == 1 else 's'} in {seconds:.1f} s{left}"
    if isinstance(result, Descent):
        made = f"{len(result.steps):,} of {result.request.recipe.steps:,} steps"
        return f"{made} in {seconds:.1f} s"
    is_part = isinstance(result, LesionStudy) and not result.complete
    return f"{'not whole yet' if is_part else 'done'}, {seconds:.1f} s"


class TermsBar(QWidget):
    """Both terms' lengths as bars."""

    def __init__(self) -> None:
        super().__init__()
        self.theme: Theme = LIGHT
        self._terms = (0.0, 0.0)
        self.setFixedHeight(40)

    def show_terms(self, shortcut: float, branch: float) -> None:
        """Show both lengths, the larger as wide as there is room."""
        self._terms = (shortcut, branch)
        self.setAccessibleName(f"shortcut term {shortcut:.3g}, branch term {branch:.3g}")
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        metrics = self.fontMetrics()
        left, high = metrics.horizontalAdvance("shortcut") + 14, self.height() // 2
        largest = max(*self._terms, 1e-300)
        rows = zip(("shortcut", "branch"), self._terms, (Ink.SHORTCUT, Ink.CONV), strict=True)
        for row, (words, value, ink) in enumerate(rows):
            painter.setPen(QColor(self.theme.colours[Ink.TEXT]))
            painter.drawText(0, high * row + (high + metrics.ascent() - metrics.descent()) // 2, words)
            wide = round((self.width() - left - 4) * value / largest)
            painter.fillRect(left, high * row + high // 5, wide, high * 3 // 5, QColor(self.theme.colours[ink]))
        painter.end()
