"""The parts of the page that looks inside: the matrix with its classes, the test images, the first filters, lesions."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QLabel,
    QSplitter,
    QStackedWidget,
    QTableView,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from resnet_explorer.analysis.inside import PAGE, Confusion, Filters, Gallery
from resnet_explorer.analysis.lesions import LesionStudy
from resnet_explorer.drawing.inside.confusion import class_name, confusion_picture
from resnet_explorer.drawing.inside.filters import filters_picture
from resnet_explorer.drawing.lesion_chart import lesion_chart
from resnet_explorer.drawing.theme import Theme
from resnet_explorer.gui.document import Document
from resnet_explorer.gui.views.chart_view import ChartView
from resnet_explorer.gui.views.image_grid import ImageGrid
from resnet_explorer.gui.views.inside_images import filter_images, gallery_images, side_of
from resnet_explorer.gui.views.inside_pictures import MarksView
from resnet_explorer.gui.views.text_table import TextModel, TextRow

_TITLES = (
    ("Class", "The true class"),
    ("Images", "How many test images are of it"),
    ("Recall", "The share of its images that are given to it"),
    ("Precision", "The share of what is given to it that is of it"),
)


class ConfusionPane(QSplitter):
    """The matrix, and beside it each class's figures; ``picked`` gives a true class and the class that was given."""

    picked = Signal(int, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.matrix = MarksView()
        self.classes = QTableView()
        self._model = TextModel(_TITLES, self)
        self.classes.setModel(self._model)
        self.classes.setAccessibleName("Recall and precision of each class")
        self.classes.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.classes.setShowGrid(False)
        self.classes.verticalHeader().hide()
        self.classes.verticalHeader().setDefaultSectionSize(self.classes.fontMetrics().height() + 8)
        self.classes.horizontalHeader().setStretchLastSection(True)
        self.classes.setSortingEnabled(True)
        self.classes.sortByColumn(-1, Qt.SortOrder.AscendingOrder)
        self.addWidget(self.matrix)
        self.addWidget(self.classes)
        self.setStretchFactor(0, 3)
        self.setStretchFactor(1, 1)
        self.setSizes([640, 300])
        self.matrix.picked.connect(self._on_picked)

    def show_confusion(self, shown: Confusion | None, names: Sequence[str]) -> None:
        """Show how the test images are named; nothing where that is unknown."""
        if shown is None:
            self.matrix.show_drawn(None)
            self._model.show([])
            return
        known = shown
        self.matrix.show_drawn(lambda wide, high, text: confusion_picture(known, names, wide, high, text))
        self._model.show([_row(known, label, names) for label in range(len(known.counts))])
        self.classes.resizeColumnsToContents()

    def _on_picked(self, path: str) -> None:
        true, _, given = path.partition(".")
        if true.startswith("true") and given.startswith("given"):
            self.picked.emit(int(true.removeprefix("true")), int(given.removeprefix("given")))


def _row(shown: Confusion, label: int, names: Sequence[str]) -> TextRow:
    count, name = int(shown.counts[label].sum()), class_name(names, label)
    shares = (shown.recall(label), shown.precision(label))
    texts = (name, f"{count:,}", *("–" if one is None else f"{100 * one:.1f} %" for one in shares))
    return TextRow("", texts, (name, float(count), *(-1.0 if one is None else one for one in shares)))


class GalleryPane(QWidget):
    """Test images, some at a time; ``chosen`` gives the place of one, ``turned`` the first place of another page.

    ``shown`` is what it shows: a page, and how its images are named.
    """

    chosen = Signal(int)
    turned = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.grid = ImageGrid(56)
        self.grid.setAccessibleName("Test images")
        self.grid.setToolTip("Click an image to look at it; → says that it is named wrongly, and as what")
        self.before, self.after, self.words = QToolButton(), QToolButton(), QLabel()
        self.before.setText("‹")
        self.after.setText("›")
        self.before.setToolTip("Test images before these")
        self.after.setToolTip("Test images after these")
        self.words.setObjectName("muted")
        self._gallery: Gallery | None = None
        self.shown: tuple[Gallery | None, Confusion | None] = (None, None)
        self.grid.chosen.connect(self._on_chosen)
        self.before.clicked.connect(self._on_before)
        self.after.clicked.connect(self._on_after)
        bar = QHBoxLayout()
        bar.addWidget(self.words, 1)
        bar.addWidget(self.before)
        bar.addWidget(self.after)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(bar)
        column.addWidget(self.grid, 1)

    def show_gallery(self, shown: Gallery | None, named: Confusion | None, names: Sequence[str]) -> None:
        """Show a page of test images; none where it is not there."""
        self._gallery, self.shown = shown, (shown, named)
        images = gallery_images(shown, named, names) if shown else []
        self.grid.show_images(images)
        first = shown.request.first if shown else 0
        self.words.setText(f"{first:,} to {first + len(images) - 1:,} of {shown.total:,}" if shown else "")
        self.before.setEnabled(first > 0)
        self.after.setEnabled(shown is not None and first + len(images) < shown.total)

    def show_place(self, place: int) -> None:
        """Mark an image as the one that is looked at."""
        if self._gallery:
            self.grid.choose(place - self._gallery.request.first)

    def _on_chosen(self, row: int) -> None:
        if self._gallery:
            self.chosen.emit(self._gallery.request.first + row)

    def _on_before(self) -> None:
        if self._gallery:
            self.turned.emit(max(0, self._gallery.request.first - PAGE))

    def _on_after(self) -> None:
        if self._gallery:
            self.turned.emit(self._gallery.request.first + PAGE)


class FiltersPane(QStackedWidget):
    """The first filters: in colour where they look at colours, else as grids of colours from the scale."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.marks, self.grid = MarksView(), ImageGrid(80)
        self.grid.setAccessibleName("Filters of the first layer")
        self.addWidget(self.marks)
        self.addWidget(self.grid)

    def show_filters(self, shown: Filters | None) -> None:
        """Show filters; nothing where they are not there."""
        in_colour = shown is not None and shown.weights.shape[1] == 3
        self.setCurrentWidget(self.grid if in_colour else self.marks)
        if shown is None or in_colour:
            self.marks.show_drawn(None)
            images = filter_images(shown) if shown else []
            self.grid.show_images(images, side_of(len(images), 8))
            return
        known = shown
        self.marks.show_drawn(lambda wide, high, text: filters_picture(known, wide, high, text))

    def show_theme(self, theme: Theme) -> None:
        """Paint in another theme."""
        self.marks.show_theme(theme)
        self.grid.show_theme(theme)


class LesionsPane(QStackedWidget):
    """The test error without each block as a chart that is linked with the other views; empty before it is known."""

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.empty, self.chart = MarksView(), ChartView(document)
        self.addWidget(self.empty)
        self.addWidget(self.chart)

    def show_study(self, shown: LesionStudy | None) -> None:
        """Show what is known of the lesions; nothing where they are not there."""
        if shown is not None:
            self.chart.show_chart(lesion_chart(shown))
        self.setCurrentWidget(self.empty if shown is None else self.chart)

    def show_theme(self, theme: Theme) -> None:
        """Paint in another theme."""
        self.empty.show_theme(theme)
        self.chart.show_theme(theme)
