"""The seven pictures from inside a network, one at a time, and what each says in words."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from PySide6.QtWidgets import QStackedWidget, QWidget

from resnet_explorer.analysis.inside import Cam, Confusion, Features, Filters, Surface
from resnet_explorer.analysis.lesions import LesionStudy
from resnet_explorer.drawing.chart.numbers import number
from resnet_explorer.drawing.inside.confusion import class_name
from resnet_explorer.drawing.inside.surface import surface_picture
from resnet_explorer.drawing.theme import LIGHT, Theme
from resnet_explorer.gui.document import Document
from resnet_explorer.gui.views.image_grid import ImageGrid
from resnet_explorer.gui.views.inside_images import map_images, mistake_images, mistakes_of, side_of
from resnet_explorer.gui.views.inside_panes import ConfusionPane, FiltersPane, LesionsPane
from resnet_explorer.gui.views.inside_pictures import CamView, MarksView
from resnet_explorer.gui.views.inside_words import Inside


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
        self.mistakes, self.maps = ImageGrid(80), ImageGrid(80)
        self.cam, self.surface, self.lesions = CamView(), MarksView(), LesionsPane(document)
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
        """Show nothing."""
        self._last, self.pair = (), None
        self.confusion.show_confusion(None, ())
        self.cam.show_cam(None)
        self.filters.show_filters(None)
        self.surface.show_drawn(None)
        self.lesions.show_study(None)
        for grid in (self.mistakes, self.maps):
            grid.show_images(())

    def show_view(self, view: Inside) -> None:
        """Show one of the pictures, as it was when it was last shown."""
        self.setCurrentWidget(self.panes[view])

    def show_theme(self, theme: Theme) -> None:
        """Paint in another theme."""
        self._theme, self._last = theme, ()
        self.confusion.matrix.show_theme(theme)
        for pane in (self.filters, self.cam, self.surface, self.lesions, self.maps, self.mistakes):
            pane.show_theme(theme)

    def show_answer(self, view: Inside, answer: object) -> str:
        """Show an answer, and return what it says in words."""
        key = (view, answer, self.pair, self.together)
        if key != self._last:
            self._last, self._words = key, _SHOWS[view](self, answer)
        return self._words

    def _show_confusion(self, shown: Confusion) -> str:
        self.confusion.show_confusion(shown, self.names)
        return f"{shown.tested:,} test images in {shown.seconds:.1f} s"

    def _show_mistakes(self, shown: Confusion) -> str:
        found = mistakes_of(shown, self.pair)
        self.mistakes.show_images(mistake_images(found, self.names))
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
        self.maps.show_images(map_images(shown, self._theme, self.together), side_of(channels, max(high, wide)))
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
