"""The seven views of a trained network, one at a time, with their descriptions, and as files."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QStackedWidget, QWidget

from resnet_explorer.diagram.lesions import lesion_chart
from resnet_explorer.errors import ExportError
from resnet_explorer.insight import pictures
from resnet_explorer.insight.charts import class_name, confusion_picture, filters_picture
from resnet_explorer.insight.part import Inside
from resnet_explorer.insight.surface_chart import surface_picture
from resnet_explorer.insight.values import PAGE, Cam, Confusion, Features, Filters, Gallery, Surface
from resnet_explorer.picture.chart.model import number
from resnet_explorer.picture.marks import Picture
from resnet_explorer.picture.page import PAGES, on_page
from resnet_explorer.picture.theme import LIGHT, Theme
from resnet_explorer.readings.lesions import LesionStudy
from resnet_explorer.ui.canvas import Canvas
from resnet_explorer.ui.chart_view import ChartView
from resnet_explorer.ui.clipboard import to_pdf, to_png
from resnet_explorer.ui.document import Document
from resnet_explorer.ui.parts import describe, hbox, label, tool, vbox
from resnet_explorer.ui.tables import TextRow, TextTable

SLIDE = PAGES["slide"]
_TITLES = (
    ("Class", "True class"),
    ("Images", "Number of test images of this class"),
    ("Recall", "Fraction of the images of this class that are predicted as it"),
    ("Precision", "Fraction of the images predicted as this class that belong to it"),
)


class ConfusionPane(QWidget):
    """The confusion matrix; ``picked`` gives a true class and a predicted one. ``classes`` is for the page to place."""

    picked = Signal(int, int)

    def __init__(self) -> None:
        super().__init__()
        self.matrix = pictures.MarksView()
        self.classes = TextTable("Recall and precision of each class", _TITLES, range(1, 4), sortable=True)
        self.classes.row_height = self.classes.fontMetrics().height() + 8
        vbox((self.matrix, 1), of=self)
        self.matrix.picked.connect(self._on_picked)

    def show_confusion(self, shown: Confusion, names: Sequence[str]) -> None:
        self.matrix.show_drawn(partial(confusion_picture, shown, names))
        self.classes.show_rows([_row(shown, label, names) for label in range(len(shown.counts))])
        self.classes.fit_columns()

    def clear(self) -> None:
        self.matrix.show_drawn(None)
        self.classes.show_rows([])

    def _on_picked(self, path: str) -> None:
        true, _, given = path.partition(".")
        if true.startswith("true") and given.startswith("given"):
            self.picked.emit(int(true.removeprefix("true")), int(given.removeprefix("given")))


def _row(shown: Confusion, label: int, names: Sequence[str]) -> TextRow:
    count, name = int(shown.counts[label].sum()), class_name(names, label)
    shares = (shown.recall(label), shown.precision(label))
    texts = (name, f"{count:,}", *("–" if share is None else f"{100 * share:.1f} %" for share in shares))
    return TextRow("", texts, (name, float(count), *(-1.0 if share is None else share for share in shares)))


class GalleryPane(QWidget):
    """A page of test images; ``chosen`` gives the place of one, of the first when the page is turned.

    ``shown`` is the page, and the predictions for its images.
    """

    chosen = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        tip = "Click an image to inspect it; → marks a misclassified image and its prediction"
        self.grid = describe(pictures.ImageGrid(56), "Test images", tip)
        self.before = tool("‹", "Previous page of test images", lambda: self._turn(-PAGE))
        self.after = tool("›", "Next page of test images", lambda: self._turn(PAGE))
        self.place = label(kind="muted")
        self.shown: tuple[Gallery, Confusion | None] | None = None
        self._first = 0
        self.grid.chosen.connect(lambda row: self.chosen.emit(self._first + row))
        vbox(hbox((self.place, 1), self.before, self.after), (self.grid, 1), of=self, margins=(8, 6, 8, 6))

    def show_gallery(self, page: Gallery, confusion: Confusion | None, names: Sequence[str]) -> None:
        self.shown, self._first = (page, confusion), page.request.first
        self.grid.show_images(pictures.gallery_images(page, confusion, names))
        end = self._first + len(page.truth)
        self.place.setText(f"{self._first:,} to {end - 1:,} of {page.total:,}")
        self.before.setEnabled(self._first > 0)
        self.after.setEnabled(end < page.total)

    def show_place(self, place: int) -> None:
        self.grid.choose(place - self._first)

    def _turn(self, by: int) -> None:
        self.chosen.emit(max(0, self._first + by))


class InsideStack(QStackedWidget):
    """Shows one view of a network; ``names`` are those of the classes.

    ``pair`` is the cell of the matrix whose mistakes are shown, None for all; ``together`` puts all maps on one scale.
    ``theme`` is the one that is shown.
    """

    def __init__(self, document: Document) -> None:
        super().__init__()
        self.names: Sequence[str] = ()
        self.pair: tuple[int, int] | None = None
        self.together = True
        self.theme, self._description = LIGHT, ""
        self._last: tuple[object, ...] = ()
        self.confusion, self.cam, self.lesions = ConfusionPane(), pictures.CamView(), ChartView(document)
        self.filters, self.surface, self._empty = (pictures.MarksView() for _ in range(3))
        self.mistakes = describe(pictures.ImageGrid(80), "Misclassified test images")
        self.maps = describe(pictures.ImageGrid(80), "Feature maps")
        self.colour_filters = describe(pictures.ImageGrid(80), "Filters of the first layer")
        self._panes: dict[Inside, QWidget] = {
            Inside.CONFUSION: self.confusion,
            Inside.MISTAKES: self.mistakes,
            Inside.CAM: self.cam,
            Inside.FILTERS: self.filters,
            Inside.FEATURES: self.maps,
            Inside.SURFACE: self.surface,
            Inside.LESIONS: self._empty,
        }
        for pane in (*self._panes.values(), self.colour_filters, self.lesions):
            self.addWidget(pane)

    def clear(self) -> None:
        self._last, self.pair = (), None
        self._panes |= {Inside.FILTERS: self.filters, Inside.LESIONS: self._empty}
        self.confusion.clear()
        self.cam.show_cam(None)
        for drawing in (self.filters, self.surface):
            drawing.show_drawn(None)
        for grid in (self.mistakes, self.maps, self.colour_filters):
            grid.show_images(())

    def show_view(self, view: Inside) -> None:
        self.setCurrentWidget(self._panes[view])

    def show_theme(self, theme: Theme) -> None:
        self.theme, self._last = theme, ()
        for pane in (self.confusion.matrix, self.filters, self.surface, self._empty, self.lesions, self.cam):
            pane.show_theme(theme)
        for grid in (self.mistakes, self.maps, self.colour_filters):
            grid.show_theme(theme)

    @property
    def _shown(self) -> QWidget | None:
        return self.confusion.matrix if self.currentWidget() is self.confusion else self.currentWidget()

    @property
    def picture(self) -> Picture | None:
        """Return the drawing that is shown; None where images or nothing is shown."""
        shown = self._shown
        return shown.picture if isinstance(shown, pictures.MarksView | ChartView) and shown.picture.title else None

    @property
    def suffixes(self) -> tuple[str, ...]:
        """Return the suffixes of the files that the current view can be saved as; none where it is empty."""
        shown = self._shown
        if self.picture:
            return (".svg", ".pdf", ".png", ".pgf")
        return (".png",) if isinstance(shown, pictures.ImageGrid | pictures.CamView) and shown.has_image else ()

    def content(self, suffix: str) -> bytes:
        """Return the current view as a file's content, a drawing for a slide; raises ExportError for another suffix."""
        picture, shown = self.picture, self._shown
        if suffix not in self.suffixes:
            kinds = " or ".join(self.suffixes) or "nothing yet"
            raise ExportError(suffix, f"This cannot be a {suffix or 'file without an ending'}.", f"It can be {kinds}.")
        if picture is None:
            assert isinstance(shown, pictures.ImageGrid | pictures.CamView)
            return shown.to_png()
        assert isinstance(shown, Canvas)
        picture, zoom = on_page(shown.composed(*SLIDE.room(False)), SLIDE, False)
        if suffix == ".svg":
            from resnet_explorer.picture.svg import to_svg  # with what the start does not need

            return to_svg(picture, self.theme, scale=zoom).encode()
        if suffix == ".pgf":
            from resnet_explorer.picture.pgf import to_pgf

            return to_pgf(picture, self.theme, zoom).encode()
        return to_pdf(picture, self.theme, zoom) if suffix == ".pdf" else to_png(picture, self.theme, 2 * zoom)

    def show_answer(self, view: Inside, answer: Any) -> str:
        key = (view, answer, self.pair, self.together)
        if key != self._last:
            self._last, self._description = key, _SHOWS[view](self, answer)
            self.show_view(view)
        return self._description

    def _show_confusion(self, shown: Confusion) -> str:
        self.confusion.show_confusion(shown, self.names)
        return f"{shown.tested:,} test images in {shown.seconds:.1f} s"

    def _show_mistakes(self, shown: Confusion) -> str:
        chosen = pictures.mistakes_of(shown, self.pair)
        self.mistakes.show_images(pictures.mistake_images(chosen, self.names))
        more = f", the most confident {len(shown.pixels):,} are shown"
        text = describe_mistakes(shown, self.pair, self.names)
        return text + (more if len(shown.mistakes) > len(shown.pixels) else "")

    def _show_cam(self, shown: Cam) -> str:
        self.cam.show_cam(shown, cam_captions(shown, self.names))
        return describe_cam(shown, self.names)

    def _show_filters(self, shown: Filters) -> str:
        count, channels, high, wide = shown.weights.shape
        text = f"{shown.path}: {count} filters over {channels} × {high}×{wide}"
        if channels == 3:
            images = pictures.filter_images(shown)
            self.colour_filters.show_images(images, pictures.side_of(len(images), 8))
            self._panes[Inside.FILTERS] = self.colour_filters
            return f"{text}; grey is 0, each filter scaled by its own largest weight"
        self.filters.show_drawn(partial(filters_picture, shown))
        self._panes[Inside.FILTERS] = self.filters
        return text

    def _show_features(self, shown: Features) -> str:
        channels, high, wide = shown.maps.shape
        images = pictures.map_images(shown, self.theme, self.together)
        self.maps.show_images(images, pictures.side_of(channels, max(high, wide)))
        low, most = (number(float(f"{value:.3g}")) for value in (shown.maps.min(), shown.maps.max()))
        more = f", the first {self.maps.count()} are shown" if self.maps.count() < channels else ""
        return f"{shown.request.path}: {channels} maps of {high}×{wide}, from {low} to {most}{more}"

    def _show_surface(self, shown: Surface) -> str:
        self.surface.show_drawn(partial(surface_picture, shown))
        return f"{shown.seconds:.1f} s" if shown.complete else STILL_MEASURING

    def _show_lesions(self, shown: LesionStudy) -> str:
        self.lesions.show_chart(lesion_chart(shown))
        self._panes[Inside.LESIONS] = self.lesions
        text = "; ".join(network.text for network in shown.networks)
        return f"{text} · " + (f"{shown.seconds:.1f} s" if shown.complete else STILL_MEASURING)


def cam_captions(shown: Cam, names: Sequence[str]) -> tuple[str, str, str]:
    """Return what is said under the image, the map and the evidence."""
    high, wide = shown.map.shape
    truth, predicted, target = (class_name(names, label) for label in (shown.truth, shown.predicted, shown.target))
    given, wanted = (100 * shown.probabilities[label] for label in (shown.predicted, shown.target))
    empty = "" if shown.map.any() else ": none above 0"
    return (
        f"test image {shown.request.image}: {truth}\npredicted {predicted} ({given:.0f} %)",
        f"Grad-CAM at {shown.request.path}, {high}×{wide}\n0 to {number(float(f'{shown.map.max():.3g}'))}",
        f"evidence for {target} ({wanted:.0f} %){empty}\ninterpolated to the image's size",
    )


def describe_cam(shown: Cam, names: Sequence[str]) -> str:
    """Return what is predicted, and whether that is right."""
    verdict = "correct" if shown.predicted == shown.truth else "wrong"
    share = 100 * shown.probabilities[shown.predicted]
    return f"predicted {class_name(names, shown.predicted)} ({verdict}), probability {share:.0f} %"


def describe_mistakes(shown: Confusion, pair: tuple[int, int] | None, names: Sequence[str]) -> str:
    """Return how many images are misclassified, or predicted as the second class of a pair."""
    if pair is None:
        return f"{len(shown.mistakes):,} of {shown.tested:,} test images are misclassified"
    true, given = (class_name(names, label) for label in pair)
    return f"{int(shown.counts[pair]):,} images of {true} are predicted as {given}"


STILL_MEASURING = "still measuring"
_SHOWS: Mapping[Inside, Callable[[InsideStack, Any], str]] = {
    Inside.CONFUSION: InsideStack._show_confusion,
    Inside.MISTAKES: InsideStack._show_mistakes,
    Inside.CAM: InsideStack._show_cam,
    Inside.FILTERS: InsideStack._show_filters,
    Inside.FEATURES: InsideStack._show_features,
    Inside.SURFACE: InsideStack._show_surface,
    Inside.LESIONS: InsideStack._show_lesions,
}
