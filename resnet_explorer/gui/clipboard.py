"""Pictures on the clipboard."""

from PySide6.QtCore import QByteArray, QMimeData
from PySide6.QtGui import QGuiApplication

from resnet_explorer.drawing.marks import Picture
from resnet_explorer.drawing.theme import Theme
from resnet_explorer.export.svg import to_svg
from resnet_explorer.gui.offscreen import to_image

LARGE = 20e6
"""In px²: pictures above this are copied at their own size, smaller ones at twice."""


def copy_picture(picture: Picture, theme: Theme) -> None:
    """Put a picture on the clipboard as SVG and as an image of twice its size."""
    data = QMimeData()
    data.setData("image/svg+xml", QByteArray(to_svg(picture, theme).encode()))
    scale = 2 if picture.width * picture.height < LARGE else 1
    data.setImageData(to_image(picture, theme, scale))
    QGuiApplication.clipboard().setMimeData(data)
