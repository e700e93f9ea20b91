"""What a part of the page that looks inside is as a file: drawings as SVG, PDF or PNG, images as PNG."""

from PySide6.QtWidgets import QWidget

from resnet_explorer.drawing.marks import Picture
from resnet_explorer.drawing.theme import Theme
from resnet_explorer.errors import ExportError
from resnet_explorer.gui.offscreen import to_pdf, to_png
from resnet_explorer.gui.views.chart_view import ChartView
from resnet_explorer.gui.views.image_grid import ImageGrid
from resnet_explorer.gui.views.inside_panes import ConfusionPane, FiltersPane, LesionsPane
from resnet_explorer.gui.views.inside_pictures import CamView, MarksView


def picture_of(pane: QWidget) -> Picture | None:
    """Return the drawing that a part shows; None where it shows images, or nothing."""
    shown = _inner(pane)
    return shown.picture if isinstance(shown, MarksView | ChartView) and shown.picture.title else None


def suffixes(pane: QWidget) -> tuple[str, ...]:
    """Return the kinds of files that what is shown can be; none where nothing is."""
    if picture_of(pane):
        return (".svg", ".pdf", ".png")
    shown = _inner(pane)
    has_images = bool(shown.images) if isinstance(shown, ImageGrid) else isinstance(shown, CamView) and shown.has_image
    return (".png",) if has_images else ()


def content(pane: QWidget, suffix: str, theme: Theme) -> bytes:
    """Return a file's content; raises ExportError where what is shown is no such file."""
    picture, shown = picture_of(pane), _inner(pane)
    if suffix not in suffixes(pane):
        words = " or ".join(suffixes(pane)) or "nothing yet"
        raise ExportError(suffix, f"This cannot be a {suffix or 'file without an ending'}.", f"It can be {words}.")
    if picture is None:
        assert isinstance(shown, ImageGrid | CamView)
        return shown.to_png()
    if suffix == ".svg":
        from resnet_explorer.export.svg import to_svg  # with what the start does not need

        return to_svg(picture, theme).encode()
    return to_pdf(picture, theme) if suffix == ".pdf" else to_png(picture, theme, 2)


def _inner(pane: QWidget) -> QWidget | None:
    if isinstance(pane, ConfusionPane):
        return pane.matrix
    return pane.currentWidget() if isinstance(pane, FiltersPane | LesionsPane) else pane
