"""The figures of a layer's weights: norm, mean, deviation and range of each tensor, and its histogram."""

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPolygonF
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from resnet_explorer.analysis.weights import TensorStats
from resnet_explorer.drawing.marks import Ink
from resnet_explorer.drawing.theme import LIGHT, Theme

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
        words = f"{stats.name}: values from {stats.least:.4g} to {stats.greatest:.4g}, mean {stats.mean:.4g}"
        self.setAccessibleName(words)
        self.setToolTip(f"{words}; most often in the highest bar")
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


class WeightsView(QWidget):
    """The tensors of the selected layer, one under the other."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.lines: list[tuple[QLabel, Histogram]] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(4)

    def show_stats(self, tensors: tuple[TensorStats, ...], theme: Theme) -> None:
        """Show these tensors and no others."""
        while len(self.lines) < len(tensors):
            label, histogram = QLabel(), Histogram()
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setWordWrap(True)
            self._column.addWidget(label)
            self._column.addWidget(histogram)
            self.lines.append((label, histogram))
        for index, (label, histogram) in enumerate(self.lines):
            shown = index < len(tensors)
            label.setVisible(shown)
            histogram.setVisible(shown)
            if shown:
                label.setText(_words(tensors[index]))
                histogram.show_stats(tensors[index], theme)
        self.setVisible(bool(tensors))


def _words(stats: TensorStats) -> str:
    name = stats.name.rpartition(".")[2]
    strange = f", {stats.strange:,} not finite" if stats.strange else ""
    return (
        f"{name}: norm {stats.norm:.4g}, mean {stats.mean:.3g}, std {stats.std:.3g}, "
        f"{stats.least:.3g} to {stats.greatest:.3g}{strange}"
    )
