"""The seven pictures from inside a network, one at a time, what each says in words, and each as a file."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QSplitter, QStackedWidget, QWidget

from resnet_explorer.diagram.lesions import lesion_chart
from resnet_explorer.errors import ExportError
from resnet_explorer.insight import pictures
from resnet_explorer.insight.charts import class_name, confusion_picture, filters_picture, surface_picture
from resnet_explorer.insight.controls import Inside
from resnet_explorer.insight.values import PAGE, Cam, Confusion, Features, Filters, Gallery, Surface
from resnet_explorer.picture.chart.model import number
from resnet_explorer.picture.marks import Picture
from resnet_explorer.picture.theme import LIGHT, Theme
from resnet_explorer.readings.lesions import LesionStudy
from resnet_explorer.ui.chart_view import ChartView
from resnet_explorer.ui.clipboard import to_pdf, to_png
from resnet_explorer.ui.document import Document
from resnet_explorer.ui.parts import hbox, label, told, tool, vbox
from resnet_explorer.ui.tables import TextRow, TextTable

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
        self.matrix = pictures.MarksView()
        name = "Recall and precision of each class"
        self.classes = TextTable(name, _TITLES, range(1, 4), sortable=True)
        self.classes.row_height = self.classes.fontMetrics().height() + 8
        self.addWidget(self.matrix)
        self.addWidget(self.classes)
        self.setStretchFactor(0, 3)
        self.setStretchFactor(1, 1)
        self.setSizes([640, 300])
        self.matrix.picked.connect(self._on_picked)

    def show_confusion(self, shown: Confusion | None, names: Sequence[str]) -> None:
        """Show a confusion matrix; None shows nothing."""
        if shown is None:
            self.matrix.show_drawn(None)
            self.classes.show_rows([])
            return
        known = shown
        self.matrix.show_drawn(lambda wide, high, text: confusion_picture(known, names, wide, high, text))
        self.classes.show_rows([_row(known, label, names) for label in range(len(known.counts))])
        self.classes.fit_columns()

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
        tip = "Click an image to look at it; → says that it is named wrongly, and as what"
        self.grid = told(pictures.ImageGrid(56), "Test images", tip)
        self.before = tool("‹", "Test images before these", lambda: self._turn(-PAGE))
        self.after = tool("›", "Test images after these", lambda: self._turn(PAGE))
        self.words = label(kind="muted")
        self._gallery: Gallery | None = None
        self.shown: tuple[Gallery | None, Confusion | None] = (None, None)
        self.grid.chosen.connect(self._on_chosen)
        vbox(hbox((self.words, 1), self.before, self.after), (self.grid, 1), of=self)

    def show_gallery(self, shown: Gallery | None, named: Confusion | None, names: Sequence[str]) -> None:
        """Show a page of test images; None shows nothing."""
        self._gallery, self.shown = shown, (shown, named)
        images = pictures.gallery_images(shown, named, names) if shown else []
        self.grid.show_images(images)
        first = shown.request.first if shown else 0
        self.words.setText(f"{first:,} to {first + len(images) - 1:,} of {shown.total:,}" if shown else "")
        self.before.setEnabled(first > 0)
        self.after.setEnabled(shown is not None and first + len(images) < shown.total)

    def show_place(self, place: int) -> None:
        """Mark the current image."""
        if self._gallery:
            self.grid.choose(place - self._gallery.request.first)

    def _on_chosen(self, row: int) -> None:
        if self._gallery:
            self.chosen.emit(self._gallery.request.first + row)

    def _turn(self, by: int) -> None:
        if self._gallery:
            self.turned.emit(max(0, self._gallery.request.first + by))


class FiltersPane(QStackedWidget):
    """The first filters: in colour where they look at colours, else as grids of colours from the scale."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.marks, self.grid = pictures.MarksView(), pictures.ImageGrid(80)
        self.grid.setAccessibleName("Filters of the first layer")
        self.addWidget(self.marks)
        self.addWidget(self.grid)

    def show_filters(self, shown: Filters | None) -> None:
        """Show filters; None shows nothing."""
        in_colour = shown is not None and shown.weights.shape[1] == 3
        self.setCurrentWidget(self.grid if in_colour else self.marks)
        if shown is None or in_colour:
            self.marks.show_drawn(None)
            images = pictures.filter_images(shown) if shown else []
            self.grid.show_images(images, pictures.side_of(len(images), 8))
            return
        known = shown
        self.marks.show_drawn(lambda wide, high, text: filters_picture(known, wide, high, text))

    def show_theme(self, theme: Theme) -> None:
        self.marks.show_theme(theme)
        self.grid.show_theme(theme)


class LesionsPane(QStackedWidget):
    """The test error without each block as a chart that is linked with the other views; empty before it is known."""

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.empty, self.chart = pictures.MarksView(), ChartView(document)
        self.addWidget(self.empty)
        self.addWidget(self.chart)

    def show_study(self, shown: LesionStudy | None) -> None:
        """Show the lesions measured so far; None shows nothing."""
        if shown is not None:
            self.chart.show_chart(lesion_chart(shown))
        self.setCurrentWidget(self.empty if shown is None else self.chart)

    def show_theme(self, theme: Theme) -> None:
        self.empty.show_theme(theme)
        self.chart.show_theme(theme)


def picture_of(pane: QWidget) -> Picture | None:
    """Return the drawing that a part shows; None where it shows images, or nothing."""
    shown = _inner(pane)
    return shown.picture if isinstance(shown, pictures.MarksView | ChartView) and shown.picture.title else None


def suffixes(pane: QWidget) -> tuple[str, ...]:
    """Return the kinds of files that what is shown can be; none where nothing is."""
    if picture_of(pane):
        return (".svg", ".pdf", ".png")
    shown = _inner(pane)
    has_images = (
        bool(shown.images)
        if isinstance(shown, pictures.ImageGrid)
        else isinstance(shown, pictures.CamView) and shown.has_image
    )
    return (".png",) if has_images else ()


def content(pane: QWidget, suffix: str, theme: Theme) -> bytes:
    """Return a file's content; raises ExportError where what is shown is no such file."""
    picture, shown = picture_of(pane), _inner(pane)
    if suffix not in suffixes(pane):
        words = " or ".join(suffixes(pane)) or "nothing yet"
        raise ExportError(suffix, f"This cannot be a {suffix or 'file without an ending'}.", f"It can be {words}.")
    if picture is None:
        assert isinstance(shown, pictures.ImageGrid | pictures.CamView)
        return shown.to_png()
    if suffix == ".svg":
        from resnet_explorer.picture.svg import to_svg  # with what the start does not need

        return to_svg(picture, theme).encode()
    return to_pdf(picture, theme) if suffix == ".pdf" else to_png(picture, theme, 2)


def _inner(pane: QWidget) -> QWidget | None:
    if isinstance(pane, ConfusionPane):
        return pane.matrix
    return pane.currentWidget() if isinstance(pane, FiltersPane | LesionsPane) else pane


class InsideStack(QStackedWidget):
    """Shows answers; ``names`` are those of the classes.

    ``pair`` is the cell of the matrix whose mistakes are shown, None for all; ``together`` puts all maps on one scale.
    """

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.names: Sequence[str] = ()
        self.pair: tuple[int, int] | None = None
        self.together = True
        self._theme, self._words = LIGHT, ""
        self._last: tuple[object, ...] = ()
        self.confusion, self.filters = ConfusionPane(), FiltersPane()
        self.mistakes, self.maps = pictures.ImageGrid(80), pictures.ImageGrid(80)
        self.cam, self.surface, self.lesions = pictures.CamView(), pictures.MarksView(), LesionsPane(document)
        self.mistakes.setAccessibleName("Wrongly named test images")
        self.maps.setAccessibleName("Feature maps")
        self.panes: Mapping[Inside, QWidget] = {
            Inside.CONFUSION: self.confusion,
            Inside.MISTAKES: self.mistakes,
            Inside.CAM: self.cam,
            Inside.FILTERS: self.filters,
            Inside.FEATURES: self.maps,
            Inside.SURFACE: self.surface,
            Inside.LESIONS: self.lesions,
        }
        for pane in self.panes.values():
            self.addWidget(pane)

    def clear(self) -> None:
        self._last, self.pair = (), None
        self.confusion.show_confusion(None, ())
        self.cam.show_cam(None)
        self.filters.show_filters(None)
        self.surface.show_drawn(None)
        self.lesions.show_study(None)
        for grid in (self.mistakes, self.maps):
            grid.show_images(())

    def show_view(self, view: Inside) -> None:
        self.setCurrentWidget(self.panes[view])

    def show_theme(self, theme: Theme) -> None:
        self._theme, self._last = theme, ()
        self.confusion.matrix.show_theme(theme)
        for pane in (self.filters, self.cam, self.surface, self.lesions, self.maps, self.mistakes):
            pane.show_theme(theme)

    def show_answer(self, view: Inside, answer: object) -> str:
        """Show an answer, and return its description."""
        key = (view, answer, self.pair, self.together)
        if key != self._last:
            self._last, self._words = key, _SHOWS[view](self, answer)
        return self._words

    def _show_confusion(self, shown: Confusion) -> str:
        self.confusion.show_confusion(shown, self.names)
        return f"{shown.tested:,} test images in {shown.seconds:.1f} s"

    def _show_mistakes(self, shown: Confusion) -> str:
        found = pictures.mistakes_of(shown, self.pair)
        self.mistakes.show_images(pictures.mistake_images(found, self.names))
        words = f"{len(shown.mistakes):,} of {shown.tested:,} test images are named wrongly"
        if self.pair:
            true, given = (class_name(self.names, label) for label in self.pair)
            words = f"{len(found):,} images of {true} are named {given}"
        more = f", the surest {len(shown.pixels):,} are shown" if len(shown.mistakes) > len(shown.pixels) else ""
        return f"{words}{more}"

    def _show_cam(self, shown: Cam) -> str:
        name = partial(class_name, self.names)
        high, wide = shown.map.shape
        given, target = (
            f"{name(label)} ({100 * shown.probabilities[label]:.0f} %)" for label in (shown.predicted, shown.target)
        )
        verdict = "right" if shown.predicted == shown.truth else "wrong"
        empty = "" if shown.map.any() else ": none above 0"
        words = (
            f"test image {shown.request.image}: {name(shown.truth)}\nnamed {given}",
            f"Grad-CAM at {shown.request.path}, {high}×{wide}\n0 to {number(float(f'{shown.map.max():.3g}'))}",
            f"evidence for {target}{empty}\nenlarged between the map's points",
        )
        self.cam.show_cam(shown, words)
        return f"named {given}, which is {verdict}"

    def _show_filters(self, shown: Filters) -> str:
        count, channels, high, wide = shown.weights.shape
        self.filters.show_filters(shown)
        scaled = "; grey is 0, each filter by its own largest weight" if channels == 3 else ""
        return f"{shown.path}: {count} filters over {channels} × {high}×{wide}{scaled}"

    def _show_features(self, shown: Features) -> str:
        channels, high, wide = shown.maps.shape
        self.maps.show_images(
            pictures.map_images(shown, self._theme, self.together), pictures.side_of(channels, max(high, wide))
        )
        low, most = (number(float(f"{value:.3g}")) for value in (shown.maps.min(), shown.maps.max()))
        more = f", the first {self.maps.count()} are shown" if self.maps.count() < channels else ""
        return f"{shown.request.path}: {channels} maps of {high}×{wide}, from {low} to {most}{more}"

    def _show_surface(self, shown: Surface) -> str:
        self.surface.show_drawn(lambda wide, high, text: surface_picture(shown, wide, high, text))
        return f"{shown.seconds:.1f} s" if shown.complete else "not whole yet"

    def _show_lesions(self, shown: LesionStudy) -> str:
        self.lesions.show_study(shown)
        found = "; ".join(one.text for one in shown.networks)
        return f"{found} · {shown.seconds:.1f} s" if shown.complete else f"{found} · not whole yet"


_SHOWS: Mapping[Inside, Callable[[InsideStack, Any], str]] = {
    Inside.CONFUSION: InsideStack._show_confusion,
    Inside.MISTAKES: InsideStack._show_mistakes,
    Inside.CAM: InsideStack._show_cam,
    Inside.FILTERS: InsideStack._show_filters,
    Inside.FEATURES: InsideStack._show_features,
    Inside.SURFACE: InsideStack._show_surface,
    Inside.LESIONS: InsideStack._show_lesions,
}
