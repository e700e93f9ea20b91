"""Pictures on the clipboard."""

import atexit
import os

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QMarginsF, QMimeData, QSizeF
from PySide6.QtGui import QColor, QGuiApplication, QImage, QPageLayout, QPageSize, QPainter, QPdfWriter

from resnet_explorer.errors import ExportError
from resnet_explorer.picture.marks import Ink, Picture
from resnet_explorer.picture.svg import to_svg
from resnet_explorer.picture.theme import Theme
from resnet_explorer.ui.painter import paint
from resnet_explorer.ui.style import load_fonts

MAX_PIXELS = 400_000_000
"""A PNG of more would need over 1.6 GB of memory while it is painted."""
POINTS_PER_PX = 0.75


def application() -> QGuiApplication:
    """Return the running application, or one without a screen for a command that only paints."""
    running = QGuiApplication.instance()
    if isinstance(running, QGuiApplication):
        return running
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    made = QGuiApplication(["resnet-explorer"])
    load_fonts()
    return made


def to_png(picture: Picture, theme: Theme, scale: float = 1) -> bytes:
    """Return the picture as PNG, ``scale`` image pixels to a px; raises ExportError where it would be too large."""
    keep = application()
    image = to_image(picture, theme, scale)
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload]  # the stubs miss the overload for devices
    del keep
    return bytes(buffer.data().data())


def to_image(picture: Picture, theme: Theme, scale: float = 1) -> QImage:
    """Return the picture as an image; raises ExportError where it would be too large."""
    wide, high = round(picture.width * scale), round(picture.height * scale)
    if wide * high > MAX_PIXELS or max(wide, high) > 32_767:
        raise ExportError(
            "png", f"The image would have {wide:,} × {high:,} pixels.", "Choose a smaller scale, SVG or PDF."
        )
    image = QImage(wide, high, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(QColor(theme.colours[Ink.PAGE]))
    painter = QPainter(image)
    painter.scale(scale, scale)
    paint(painter, picture, theme)
    painter.end()
    return image


def to_pdf(picture: Picture, theme: Theme, scale: float = 1.0) -> bytes:
    """Return the picture as a PDF of one page, ``scale`` times as large: vectors, and text that can be selected."""
    keep = application()
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(buffer)
    wide, high = picture.width * scale, picture.height * scale
    size = QSizeF(wide * POINTS_PER_PX, high * POINTS_PER_PX)
    page = QPageSize(size, QPageSize.Unit.Point, "", QPageSize.SizeMatchPolicy.ExactMatch)
    writer.setPageLayout(QPageLayout(page, QPageLayout.Orientation.Portrait, QMarginsF(0, 0, 0, 0)))
    writer.setTitle(picture.title)
    writer.setCreator("ResNet Explorer")
    writer.setResolution(96)
    painter = QPainter(writer)
    painter.fillRect(0, 0, round(wide) + 1, round(high) + 1, QColor(theme.colours[Ink.PAGE]))
    painter.scale(scale, scale)
    paint(painter, picture, theme)
    painter.end()
    buffer.close()
    del keep
    return bytes(data.data())


LARGE = 20e6
"""In px²: pictures above this are copied at their own size, smaller ones at twice."""


def copy_picture(picture: Picture, theme: Theme, scale: float = 1.0) -> None:
    """Put a picture, ``scale`` times as large, on the clipboard as SVG and as an image of twice that size."""
    data = QMimeData()
    data.setData("image/svg+xml", QByteArray(to_svg(picture, theme, scale=scale).encode()))
    pixels = 2 if picture.width * picture.height * scale * scale < LARGE else 1
    data.setImageData(to_image(picture, theme, pixels * scale))
    QGuiApplication.clipboard().setMimeData(data)


@atexit.register
def _clear_without_screen() -> None:
    """Take a picture off the clipboard of a platform that has no screen.

    Qt keeps what is on that one until after Python's end, and then asks Python to delete it: the process crashes.
    """
    running = QGuiApplication.instance()
    if isinstance(running, QGuiApplication) and running.platformName() in ("offscreen", "minimal"):
        QGuiApplication.clipboard().clear()
