"""The pictures from inside a network that are drawn, and images of maps, filters and mistakes for a grid."""

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import QRect, Qt, Signal
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from resnet_explorer.analysis.inside import Cam, Confusion, Features, Filters, Gallery, Mistake
from resnet_explorer.drawing.chart.numbers import number
from resnet_explorer.drawing.inside.confusion import class_name
from resnet_explorer.drawing.marks import Ink, Picture
from resnet_explorer.drawing.theme import LIGHT, Theme
from resnet_explorer.gui.style import USUAL_POINTS
from resnet_explorer.gui.views.canvas import SizedCanvas
from resnet_explorer.gui.views.image_grid import Shown, coloured, enlarged, png, seen
from resnet_explorer.gui.views.scene import Camera, Hit


def gallery_images(shown: Gallery, named: Confusion | None, names: Sequence[str]) -> list[Shown]:
    """Return test images under their places and classes; wrongly named ones say as what, where that is known."""
    found = []
    for index, (pixels, truth) in enumerate(zip(shown.pixels, shown.truth, strict=True)):
        place, true = shown.request.first + index, class_name(names, truth)
        words, tip = f"{place}: {true}", f"Test image {place}, true class {true}"
        if named is not None and named.predicted[place] != truth:
            given = class_name(names, named.predicted[place])
            words, tip = f"{words} → {given}", f"{tip}, named {given}"
        found.append(Shown(seen(pixels), words, tip))
    return found


def mistakes_of(shown: Confusion, pair: tuple[int, int] | None) -> list[tuple[Mistake, Any]]:
    """Return the mistakes whose pixels are there, with them; those of one cell of the matrix where one is chosen."""
    known = zip(shown.mistakes, shown.pixels, strict=False)
    return [(one, pixels) for one, pixels in known if pair is None or pair == (one.truth, one.predicted)]


def mistake_images(found: Sequence[tuple[Mistake, Any]], names: Sequence[str]) -> list[Shown]:
    """Return wrongly named images with what they are, what they were named, and how surely."""
    images = []
    for one, pixels in found:
        true, given = class_name(names, one.truth), class_name(names, one.predicted)
        tip = f"Test image {one.image}: true class {true}, named {given} with a probability of {one.probability:.3f}"
        images.append(Shown(seen(pixels), f"{true} → {given}\n{100 * one.probability:.0f} %", tip))
    return images


def map_images(shown: Features, theme: Theme, together: bool) -> list[Shown]:
    """Return maps in the colours of the scale: from the least to the greatest value of all maps, or of each."""
    low, high = float(shown.maps.min()), float(shown.maps.max())
    images = []
    for channel, values in enumerate(shown.maps):
        least, most = float(values.min()), float(values.max())
        bounds = (low, high) if together else (least, most)
        tip = f"Channel {channel}: from {number(least)} to {number(most)}"
        images.append(Shown(coloured(_levels(values, *bounds), theme), str(channel), tip))
    return images


def filter_images(shown: Filters) -> list[Shown]:
    """Return filters over three channels as coloured images: grey is 0, each by its own largest weight."""
    images = []
    for index, weights in enumerate(shown.weights):
        largest = float(abs(weights).max()) or 1.0
        pixels = _levels(weights, -largest, largest).transpose(1, 2, 0).copy()
        images.append(Shown(seen(pixels), str(index), f"Filter {index}: largest weight {number(largest)}"))
    return images


def _levels(values: Any, low: float, high: float) -> Any:
    """Return values between two bounds as numbers from 0 to 255; 0 for what is not a number."""
    import numpy as np  # which the start does not need

    with np.errstate(over="ignore", invalid="ignore"):
        parts = (values - low) / ((high - low) or 1.0) * 255
    return np.nan_to_num(parts).clip(0, 255).round().astype(np.uint8)


def side_of(count: int, pixels: int) -> int:
    """Return the side in px at which so many images of so many pixels are well seen."""
    wanted = 112 if count <= 16 else 80 if count <= 64 else 56
    return max(wanted, min(pixels, 160))


Draw = Callable[[float, float, float], Picture]
"""Draws a picture of a width and a height with words of a size."""
GAP, LINES = 16, 46
"""In px: between the images, and the words under them."""
DIMMED, STRONGEST = 0.8, 0.65
"""How much of the image is left under the evidence, and how opaque the strongest evidence is."""


class MarksView(SizedCanvas):
    """Shows a picture that is drawn for the room that there is; ``picked`` gives the address of what is clicked."""

    picked = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._draw: Draw | None = None

    def show_drawn(self, draw: Draw | None) -> None:
        """Show another picture; none where there is nothing to draw."""
        self._draw = draw
        self._fitted = True
        self.redraw()

    def redraw(self) -> None:
        if self._draw is None:
            self.picture = Picture(1, 1, (), "")
        else:
            self.picture = self._draw(max(320, self.width()), max(240, self.height()), self._text)
            self.camera = Camera()
        self.setAccessibleName(self.picture.title or "Picture")
        self.setAccessibleDescription(self.picture.description)
        self.picture_changed.emit()
        self.update()

    def clicked(self, path: str) -> None:
        self.picked.emit(path)

    def tip(self, found: Hit) -> str:
        return found.group.title


class CamView(QWidget):
    """Shows an image, the layer's map, and the one over the other."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._cam: Cam | None = None
        self._words: tuple[str, str, str] = ("", "", "")
        self._theme = LIGHT
        self.setMinimumSize(360, 200)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Grad-CAM")
        self.setToolTip("The image · what Grad-CAM gives at the layer's own size · the evidence laid over the image")

    @property
    def has_image(self) -> bool:
        """Return whether anything is shown."""
        return self._cam is not None

    def show_cam(self, cam: Cam | None, words: tuple[str, str, str] = ("", "", "")) -> None:
        """Show another one, with words under each of the three images; nothing where there is none."""
        self._cam, self._words = cam, words
        self.setAccessibleDescription(". ".join(one.replace("\n", ", ") for one in words if one))
        self.update()

    def show_theme(self, theme: Theme) -> None:
        """Paint in another theme."""
        self._theme = theme
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        self._paint(painter, self.width(), self.height())
        painter.end()

    def _paint(self, painter: QPainter, wide: int, high: int) -> None:
        painter.fillRect(0, 0, wide, high, QColor(self._theme.colours[Ink.PAGE]))
        if self._cam is None:
            return
        lines = round(LINES * self._theme.font_points / USUAL_POINTS)
        side = max(24, min((wide - 4 * GAP) // 3, high - 2 * GAP - lines))
        left = max(GAP, (wide - 3 * side - 2 * GAP) // 2)
        top = max(GAP, (high - side - lines) // 2)
        painter.setPen(QColor(self._theme.colours[Ink.TEXT]))
        for image, words in zip(_images(self._cam, self._theme, side), self._words, strict=True):
            painter.drawImage(left + (side - image.width()) // 2, top, image)
            place = QRect(left - GAP // 2, top + side + 6, side + GAP, lines)
            painter.drawText(place, Qt.AlignmentFlag.AlignHCenter | Qt.TextFlag.TextWordWrap, words)
            left += side + GAP

    def to_png(self) -> bytes:
        """Return the three images with their words as a PNG."""
        image = QImage(1080, 460, QImage.Format.Format_RGB32)
        painter = QPainter(image)
        painter.setFont(self.font())
        self._paint(painter, image.width(), image.height())
        painter.end()
        return png(image)


def _images(cam: Cam, theme: Theme, side: int) -> tuple[QImage, QImage, QImage]:
    largest = float(cam.map.max()) or 1.0
    levels = (cam.map / largest * 255).clip(0, 255).astype("uint8")
    image = enlarged(seen(cam.pixels), side)
    over = image.convertToFormat(QImage.Format.Format_ARGB32_Premultiplied)
    painter = QPainter(over)
    painter.fillRect(over.rect(), QColor.fromRgbF(0, 0, 0, 1 - DIMMED))
    painter.drawImage(over.rect(), _evidence(cam, largest, theme).scaled(over.size(), mode=_SMOOTH))
    painter.end()
    return image, enlarged(coloured(levels, theme), side), over


_SMOOTH = Qt.TransformationMode.SmoothTransformation


def _evidence(cam: Cam, largest: float, theme: Theme) -> QImage:
    """Return the evidence as one colour that is the more opaque the more of it there is."""
    levels = (cam.large / largest * 255 * STRONGEST).clip(0, 255).astype("uint8")
    high, wide = levels.shape
    image = QImage(levels.tobytes(), wide, high, wide, QImage.Format.Format_Indexed8).copy()
    colour = QColor(theme.colours[Ink.ACTIVATION])
    table = []
    for opacity in range(256):
        colour.setAlpha(opacity)
        table.append(colour.rgba())
    image.setColorTable(table)
    return image.convertToFormat(QImage.Format.Format_ARGB32_Premultiplied)
