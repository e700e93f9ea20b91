"""The app's own fonts, so that text looks and measures the same on every machine."""

from PySide6.QtGui import QFontDatabase

from resnet_explorer import assets


def load_fonts() -> None:
    """Make the bundled fonts known to Qt; an application must exist."""
    for file in sorted(assets.path("fonts").glob("*.ttf")):
        QFontDatabase.addApplicationFont(str(file))
