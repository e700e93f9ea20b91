"""The icons of actions, drawn in a theme's own colours."""

from collections.abc import Mapping

from PySide6.QtCore import QByteArray, Qt
from PySide6.QtGui import QAction, QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from resnet_explorer import assets
from resnet_explorer.drawing.marks import Ink
from resnet_explorer.drawing.theme import Theme
from resnet_explorer.gui.style import on_accent

SIZE = 16
_SHARP = 3
"""Pixels to a px, so that icons are crisp on dense screens."""
_INK = "#444444"
"""The colour in the files, which each theme replaces by its own."""

NAMES: Mapping[str, str] = {
    "open": "open",
    "save": "save",
    "export": "export",
    "copy-picture": "copy",
    "find": "search",
    "compare": "compare",
    "expand": "expand-all",
    "collapse": "collapse-all",
    "fit": "fit",
    "zoom-in": "zoom-in",
    "zoom-out": "zoom-out",
    "present": "present",
    "undo": "undo",
    "redo": "redo",
}
"""For each action that has one the file of its icon."""


def dress(actions: Mapping[str, QAction], theme: Theme) -> None:
    """Give actions their icons: in the text's colour, and where they are checked in the colour on the accent."""
    text, gone = theme.colours[Ink.TEXT], theme.colours[Ink.GONE]
    for key, name in NAMES.items():
        icon = QIcon(_pixmap(name, text))
        icon.addPixmap(_pixmap(name, gone), QIcon.Mode.Disabled)
        icon.addPixmap(_pixmap(name, on_accent(theme)), QIcon.Mode.Normal, QIcon.State.On)
        actions[key].setIcon(icon)
        actions[key].setIconVisibleInMenu(False)


def _pixmap(name: str, colour: str) -> QPixmap:
    drawing = assets.path("icons", f"{name}.svg").read_text(encoding="utf-8").replace(_INK, colour)
    pixmap = QPixmap(SIZE * _SHARP, SIZE * _SHARP)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    QSvgRenderer(QByteArray(drawing.encode())).render(painter)
    painter.end()
    pixmap.setDevicePixelRatio(_SHARP)
    return pixmap
