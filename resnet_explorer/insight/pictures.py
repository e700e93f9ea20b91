"""Views of drawings, Grad-CAM and grids of images: feature maps, filters, misclassified images."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from PySide6.QtCore import QBuffer, QIODevice, QRect, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QImage, QPainter, QPaintEvent, QPixmap, qRgb, qRgba
from PySide6.QtWidgets import QListView, QListWidget, QListWidgetItem, QWidget

from resnet_explorer.insight.charts import class_name
from resnet_explorer.insight.values import Cam, Confusion, Features, Filters, Gallery, Mistake
from resnet_explorer.picture.chart.model import number
from resnet_explorer.picture.marks import SCALE, Ink, Picture
from resnet_explorer.picture.theme import LIGHT, Theme
from resnet_explorer.ui.canvas import SizedCanvas
from resnet_explorer.ui.scene import Camera, Hit

MOST = 512
"""The largest number of images in a grid; more take long to lay out."""
COLUMNS, LINE, GUTTER = 12, 18, 8
"""In the PNG: images in a row, and in px a line of a caption and the space around an image."""


class Shown(NamedTuple):
    """An image with its caption and its tooltip."""

    image: QImage
    caption: str = ""
    tip: str = ""


def seen(pixels: Any) -> QImage:
    """Return an array of integers from 0 to 255, (height, width, 1 or 3), as an image."""
    high, wide, channels = pixels.shape
    grey = channels == 1
    kind = QImage.Format.Format_Grayscale8 if grey else QImage.Format.Format_RGB888
    return QImage(pixels.tobytes(), wide, high, wide * channels, kind).copy()


def coloured(levels: Any, theme: Theme) -> QImage:
    """Return an array of integers from 0 to 255, (height, width), in the colours of a theme's scale."""
    return _indexed(levels, _table(tuple(theme.colours[ink] for ink in SCALE)))


@lru_cache(maxsize=8)
def _table(colours: tuple[str, ...]) -> list[int]:
    """Return 256 colours between those of a scale."""
    import numpy as np  # which the start does not need

    steps = [_rgb(colour) for colour in colours]
    at = np.linspace(0, 255, len(steps))
    channels = [np.interp(range(256), at, channel).round().astype(int).tolist() for channel in zip(*steps, strict=True)]
    return [qRgb(*colour) for colour in zip(*channels, strict=True)]


def _rgb(name: str) -> tuple[int, int, int]:
    colour = QColor(name)
    return colour.red(), colour.green(), colour.blue()


def _indexed(levels: Any, table: list[int]) -> QImage:
    high, wide = levels.shape
    image = QImage(levels.tobytes(), wide, high, wide, QImage.Format.Format_Indexed8).copy()
    image.setColorTable(table)
    return image


class ImageGrid(QListWidget):
    """Shows images at one size without smoothing; ``chosen`` gives the place of the selected one."""

    chosen = Signal(int)

    def __init__(self, side: int) -> None:
        super().__init__()
        self._side, self._theme = side, LIGHT
        self.images: Sequence[Shown] = ()
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setMovement(QListView.Movement.Static)
        self.setUniformItemSizes(True)
        self.setSpacing(4)
        self.setViewportMargins(4, 6, 4, 2)
        self.setWordWrap(True)
        self.currentRowChanged.connect(self._on_current)

    def show_images(self, images: Sequence[Shown], side: int | None = None) -> None:
        """Show other images, each ``side`` pixels wide, at most ``MOST`` of them. None is selected."""
        self.images, self._side = images, side or self._side
        ratio = self.devicePixelRatioF()
        self.setIconSize(QSize(self._side, self._side))
        high = self._side + 12 + _lines(images) * (self.fontMetrics().height() + 1)
        self.setGridSize(QSize(self._side + 16, high))
        with QSignalBlocker(self):
            self.clear()
            for image in images[:MOST]:
                self.addItem(_item(image, self._side, ratio))

    @property
    def has_image(self) -> bool:
        return bool(self.images)

    def choose(self, place: int) -> None:
        with QSignalBlocker(self):
            self.setCurrentRow(place if 0 <= place < self.count() else -1)

    def show_theme(self, theme: Theme) -> None:
        """Paint the text of the PNG in another theme; images coloured by a theme are set anew by the caller."""
        self._theme = theme

    def _on_current(self, row: int) -> None:
        if row >= 0:
            self.chosen.emit(row)

    def to_png(self) -> bytes:
        """Return all images as one PNG, at most ``COLUMNS`` in a row, with their captions."""
        images, side = self.images[:MOST], max(self._side, 48)
        columns = max(1, min(COLUMNS, len(images)))
        lines = _lines(images)
        wide, high = side + GUTTER, side + GUTTER + lines * LINE
        sheet = QImage(columns * wide + GUTTER, -(-len(images) // columns) * high + GUTTER, QImage.Format.Format_RGB32)
        sheet.fill(QColor(self._theme.colours[Ink.PAGE]))
        painter = QPainter(sheet)
        painter.setFont(self.font())
        painter.setPen(QColor(self._theme.colours[Ink.TEXT]))
        for index, shown in enumerate(images):
            left, top = GUTTER + index % columns * wide, GUTTER + index // columns * high
            painter.drawImage(QRect(left, top, side, side), enlarged(shown.image, side))
            place = QRect(left - GUTTER // 2, top + side, wide, lines * LINE)
            painter.drawText(place, Qt.AlignmentFlag.AlignHCenter, shown.caption)
        painter.end()
        return png(sheet)


def _lines(images: Sequence[Shown]) -> int:
    return max((image.caption.count("\n") + 1 for image in images if image.caption), default=0)


def _item(shown: Shown, side: int, ratio: float) -> QListWidgetItem:
    pixmap = QPixmap.fromImage(enlarged(shown.image, round(side * ratio)))
    pixmap.setDevicePixelRatio(ratio)
    icon = QIcon(pixmap)
    icon.addPixmap(pixmap, QIcon.Mode.Selected)  # not tinted: its colours have a meaning
    item = QListWidgetItem(icon, shown.caption)
    item.setTextAlignment(Qt.AlignmentFlag.AlignHCenter)
    item.setToolTip(shown.tip)
    item.setData(Qt.ItemDataRole.AccessibleTextRole, shown.tip or shown.caption)
    return item


def enlarged(image: QImage, side: int) -> QImage:
    """Return an image whose longer side is ``side`` px: enlarged without, or reduced with interpolation."""
    grows = max(image.width(), image.height()) < side
    how = Qt.TransformationMode.FastTransformation if grows else Qt.TransformationMode.SmoothTransformation
    return image.scaled(side, side, Qt.AspectRatioMode.KeepAspectRatio, how)


def png(image: QImage) -> bytes:
    """Return an image as a PNG file."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload]  # the stubs miss the overload for devices
    return bytes(buffer.data().data())


def gallery_images(shown: Gallery, confusion: Confusion | None, names: Sequence[str]) -> list[Shown]:
    """Return test images with numbers and classes; misclassified ones with their prediction, where that is known."""
    images = []
    for index, (pixels, truth) in enumerate(zip(shown.pixels, shown.truth, strict=True)):
        place, true = shown.request.first + index, class_name(names, truth)
        text, tip = f"{place}: {true}", f"Test image {place}, true class {true}"
        if confusion is not None and confusion.predicted[place] != truth:
            given = class_name(names, confusion.predicted[place])
            text, tip = f"{text} → {given}", f"{tip}, predicted {given}"
        images.append(Shown(seen(pixels), text, tip))
    return images


def mistakes_of(shown: Confusion, pair: tuple[int, int] | None) -> list[tuple[Mistake, Any]]:
    """Return the mistakes with pixels, and these; only those of one cell of the matrix if ``pair`` is given."""
    pairs = zip(shown.mistakes, shown.pixels, strict=False)
    return [(mistake, pixels) for mistake, pixels in pairs if pair in (None, (mistake.truth, mistake.predicted))]


def mistake_images(mistakes: Sequence[tuple[Mistake, Any]], names: Sequence[str]) -> list[Shown]:
    """Return misclassified images with true class, predicted class and probability."""
    images = []
    for (image, truth, predicted, probability), pixels in mistakes:
        true, given = class_name(names, truth), class_name(names, predicted)
        tip = f"Test image {image}: true class {true}, predicted {given} with probability {probability:.3f}"
        images.append(Shown(seen(pixels), f"{true} → {given}\n{100 * probability:.0f} %", tip))
    return images


def map_images(shown: Features, theme: Theme, together: bool, most: int = MOST) -> list[Shown]:
    """Return the first feature maps in the colours of the scale, scaled to the range of all together, or of each."""
    low, high = float(shown.maps.min()), float(shown.maps.max())
    images = []
    for channel, values in enumerate(shown.maps[:most]):
        own = float(values.min()), float(values.max())
        bounds = (low, high) if together else own
        tip = f"Channel {channel}: from {number(own[0])} to {number(own[1])}"
        images.append(Shown(coloured(_levels(values, *bounds), theme), str(channel), tip))
    return images


def filter_images(shown: Filters) -> list[Shown]:
    """Return filters over three channels as RGB images: grey is 0, each scaled by its own largest weight."""
    images = []
    for index, weights in enumerate(shown.weights):
        largest = float(abs(weights).max()) or 1.0
        pixels = _levels(weights, -largest, largest).transpose(1, 2, 0).copy()
        images.append(Shown(seen(pixels), str(index), f"Filter {index}: largest weight {number(largest)}"))
    return images


def _levels(values: Any, low: float, high: float) -> Any:
    """Scale values from ``low`` to ``high`` to integers from 0 to 255; NaN becomes 0."""
    import numpy as np  # which the start does not need

    with np.errstate(over="ignore", invalid="ignore"):
        parts = (values - low) / ((high - low) or 1.0) * 255
    return np.nan_to_num(parts).clip(0, 255).round().astype(np.uint8)


def side_of(count: int, pixels: int) -> int:
    """Return a side in px for ``count`` images of ``pixels`` pixels."""
    wanted = 112 if count <= 16 else 80 if count <= 64 else 56
    return max(wanted, min(pixels, 160))


Draw = Callable[[float, float, float], Picture]
"""Draws a picture of a width, a height and a text scale."""
GAP = 16
"""In px, between the images."""
_CAPTION = int(Qt.AlignmentFlag.AlignHCenter | Qt.TextFlag.TextWordWrap)
DIMMED, STRONGEST = 0.8, 0.65
"""Brightness of the image under the evidence, and opacity of the strongest evidence."""


class MarksView(SizedCanvas):
    """Shows a picture drawn for the size of the widget; ``picked`` gives the address of a clicked mark."""

    picked = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._draw: Draw | None = None

    def show_drawn(self, draw: Draw | None) -> None:
        """Show another picture; None shows nothing."""
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

    def composed(self, wide: float, high: float) -> Picture:
        return self._draw(wide, high, 1.0) if self._draw else self.picture

    def clicked(self, path: str) -> None:
        self.picked.emit(path)

    def tip(self, hit: Hit) -> str:
        return hit.group.title


class CamView(QWidget):
    """Shows an image, the layer's Grad-CAM map, and the map over the image."""

    def __init__(self) -> None:
        super().__init__()
        self._cam: Cam | None = None
        self._captions: tuple[str, str, str] = ("", "", "")
        self._theme = LIGHT
        self.setMinimumSize(360, 200)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Grad-CAM")
        self.setToolTip("The image · Grad-CAM at the layer's own size · the evidence over the image")

    @property
    def has_image(self) -> bool:
        return self._cam is not None

    def show_cam(self, cam: Cam | None, captions: tuple[str, str, str] = ("", "", "")) -> None:
        """Show a result with a caption under each of its three images; None shows nothing."""
        self._cam, self._captions = cam, captions
        self.setAccessibleDescription(". ".join(text.replace("\n", ", ") for text in captions if text))
        self.update()

    def show_theme(self, theme: Theme) -> None:
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
        most, one_line = (wide - 4 * GAP) // 3, QRect(0, 0, 10_000, 10_000)
        text_wide = min(most, max(painter.boundingRect(one_line, _CAPTION, text).width() for text in self._captions))
        room = QRect(0, 0, text_wide + 1, 10_000)
        lines = max(painter.boundingRect(room, _CAPTION, text).height() for text in self._captions) + 6
        side = max(24, min(most, high - 2 * GAP - lines))
        column, top = max(side, text_wide), max(GAP, (high - side - lines) // 2)
        left = max(GAP, (wide - 3 * column - 2 * GAP) // 2)
        painter.setPen(QColor(self._theme.colours[Ink.TEXT]))
        for image, text in zip(cam_images(self._cam, self._theme, side), self._captions, strict=True):
            painter.drawImage(left + (column - image.width()) // 2, top, image)
            painter.drawText(QRect(left, top + side + 6, column + 1, lines), _CAPTION, text)
            left += column + GAP

    def to_png(self) -> bytes:
        """Return the three images with their captions as a PNG."""
        image = QImage(1080, 460, QImage.Format.Format_RGB32)
        painter = QPainter(image)
        painter.setFont(self.font())
        self._paint(painter, image.width(), image.height())
        painter.end()
        return png(image)


def cam_images(cam: Cam, theme: Theme, side: int) -> tuple[QImage, QImage, QImage]:
    """Return the image, the map in the colours of a theme's scale, and the evidence over the image."""
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
    levels = (cam.large / largest * 255 * STRONGEST).clip(0, 255).astype("uint8")
    colour = _rgb(theme.colours[Ink.ACTIVATION])
    image = _indexed(levels, [qRgba(*colour, opacity) for opacity in range(256)])
    return image.convertToFormat(QImage.Format.Format_ARGB32_Premultiplied)
