"""Many small images in rows: each with a line of words, chosen by mouse or arrow keys, saved as one PNG."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from PySide6.QtCore import QBuffer, QIODevice, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QImage, QPainter, QPixmap
from PySide6.QtWidgets import QListView, QListWidget, QListWidgetItem, QWidget

from resnet_explorer.drawing.marks import SCALE, Ink
from resnet_explorer.drawing.theme import LIGHT, Theme

MOST = 512
"""So many images are shown; more are not looked at, and take long to lay out."""
LINE, GAP = 18, 8
"""In px: the words under an image in the file, and the room around it."""


class Shown(NamedTuple):
    """An image with the words under it, and what is said of it where the mouse rests."""

    image: QImage
    words: str = ""
    tip: str = ""


def seen(pixels: Any) -> QImage:
    """Return an array of numbers from 0 to 255, (height, width, 1 or 3), as an image."""
    high, wide, channels = pixels.shape
    grey = channels == 1
    kind = QImage.Format.Format_Grayscale8 if grey else QImage.Format.Format_RGB888
    return QImage(pixels.tobytes(), wide, high, wide * channels, kind).copy()


def coloured(levels: Any, theme: Theme) -> QImage:
    """Return an array of numbers from 0 to 255, (height, width), in the colours of a theme's scale."""
    high, wide = levels.shape
    image = QImage(levels.tobytes(), wide, high, wide, QImage.Format.Format_Indexed8).copy()
    image.setColorTable(scale_table(theme))
    return image


def scale_table(theme: Theme) -> list[int]:
    """Return 256 colours between the steps of a theme's scale."""
    steps = [QColor(theme.colours[ink]) for ink in SCALE]
    table = []
    for level in range(256):
        place = level / 255 * (len(steps) - 1)
        first = min(int(place), len(steps) - 2)
        one, other, part = steps[first], steps[first + 1], place - first
        pairs = ((one.red(), other.red()), (one.green(), other.green()), (one.blue(), other.blue()))
        table.append(QColor(*(round(a + part * (b - a)) for a, b in pairs)).rgb())
    return table


class ImageGrid(QListWidget):
    """Shows images at one size, pixel by pixel; ``chosen`` gives the place of the one that is made current."""

    chosen = Signal(int)

    def __init__(self, side: int = 64, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._side, self._theme = side, LIGHT
        self.images: Sequence[Shown] = ()
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setMovement(QListView.Movement.Static)
        self.setUniformItemSizes(True)
        self.setSpacing(4)
        self.setWordWrap(True)
        self.currentRowChanged.connect(self._on_current)

    def show_images(self, images: Sequence[Shown], side: int | None = None) -> None:
        """Show other images, each as large as ``side``; the first ones of very many. None of them is chosen."""
        self.images, self._side = images, side or self._side
        ratio = self.devicePixelRatioF()
        self.blockSignals(True)
        self.clear()
        self.setIconSize(QSize(self._side, self._side))
        lines = max((one.words.count("\n") + 1 for one in images if one.words), default=0)
        self.setGridSize(QSize(self._side + 16, self._side + 12 + lines * (self.fontMetrics().height() + 1)))
        for one in images[:MOST]:
            self.addItem(_item(one, self._side, ratio))
        self.blockSignals(False)

    def choose(self, place: int) -> None:
        """Make an image the current one without telling of it."""
        self.blockSignals(True)
        self.setCurrentRow(place if 0 <= place < self.count() else -1)
        self.blockSignals(False)

    def show_theme(self, theme: Theme) -> None:
        """Paint the file's words in another theme; what is coloured by it is shown anew by whoever coloured it."""
        self._theme = theme

    def _on_current(self, row: int) -> None:
        if row >= 0:
            self.chosen.emit(row)

    def to_png(self, columns: int = 12) -> bytes:
        """Return all that is shown as one PNG, so many in a row, with their words."""
        images, side = self.images[:MOST], max(self._side, 48)
        columns = max(1, min(columns, len(images)))
        lines = max((one.words.count("\n") + 1 for one in images if one.words), default=0)
        wide, high = side + GAP, side + GAP + lines * LINE
        sheet = QImage(columns * wide + GAP, -(-len(images) // columns) * high + GAP, QImage.Format.Format_RGB32)
        sheet.fill(QColor(self._theme.colours[Ink.PAGE]))
        painter = QPainter(sheet)
        painter.setFont(self.font())
        painter.setPen(QColor(self._theme.colours[Ink.TEXT]))
        for index, one in enumerate(images):
            left, top = GAP + index % columns * wide, GAP + index // columns * high
            painter.drawImage(QRect(left, top, side, side), enlarged(one.image, side))
            place = QRect(left - GAP // 2, top + side, wide, lines * LINE)
            painter.drawText(place, Qt.AlignmentFlag.AlignHCenter, one.words)
        painter.end()
        return png(sheet)


def _item(one: Shown, side: int, ratio: float) -> QListWidgetItem:
    pixmap = QPixmap.fromImage(enlarged(one.image, round(side * ratio)))
    pixmap.setDevicePixelRatio(ratio)
    icon = QIcon(pixmap)
    icon.addPixmap(pixmap, QIcon.Mode.Selected)  # not tinted: its colours mean something
    item = QListWidgetItem(icon, one.words)
    item.setTextAlignment(Qt.AlignmentFlag.AlignHCenter)
    item.setToolTip(one.tip)
    item.setData(Qt.ItemDataRole.AccessibleTextRole, one.tip or one.words)
    return item


def enlarged(image: QImage, side: int) -> QImage:
    """Return an image whose longer side is so many px: enlarged pixel by pixel, or smoothly made smaller."""
    grows = max(image.width(), image.height()) < side
    how = Qt.TransformationMode.FastTransformation if grows else Qt.TransformationMode.SmoothTransformation
    return image.scaled(side, side, Qt.AspectRatioMode.KeepAspectRatio, how)


def png(image: QImage) -> bytes:
    """Return an image as a PNG file."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload]  # the stubs miss the overload for devices
    return bytes(buffer.data().data())
