"""Record the moving picture of README from the real window: packaging/screenshots/tour.webp.

    python packaging/record_readme.py [FILE.webp]

The window goes from scene to scene as lessons do, offscreen and in its own fonts, on recorded results; only the verdict
in the status bar is PyTorch's of today. Needs Pillow.
"""

import os
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from PIL import Image
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from resnet_explorer.app.app import build
from resnet_explorer.app.main_window import MainWindow
from resnet_explorer.scenes.change import changed
from resnet_explorer.spec.catalogue import CATALOGUE
from resnet_explorer.ui.preferences import FOLDER_VARIABLE

FILE = Path(__file__).parent / "screenshots" / "tour.webp"
WIDTH, HEIGHT = 1120, 660
OPERATIONS = range(0, 64, 7)
"""Steps of the gradient's way back through ResNet-18."""
REPLAY = (0.02, 0.05, 0.1, 0.18, 0.28, 0.4, 0.55, 0.7, 0.85, 1.0)
"""Moments of the recorded training."""
PATIENCE_S = 60.0
Shot = tuple[float, Mapping[str, Any]]


def shots() -> Iterator[Shot]:
    """Yield what each picture changes in the one before, and the seconds that it stands."""
    yield 1.2, {"network": "resnet50"}
    yield 1.0, {"network": "resnet18"}
    yield 2.0, {"open": ["layer2.0"], "select": "layer2.0.conv1"}
    yield 2.2, {"open": [], "compare": True}
    yield 0.8, {"compare": False, "page": "graph", "step": 0}
    for step in OPERATIONS:
        yield 0.3, {"step": step + 1}
    yield 2.2, {"page": "gradients"}
    for moment in REPLAY:
        yield 1.8 if moment == REPLAY[-1] else 0.25, {"page": "training", "replay": moment}


def main(file: Path = FILE) -> None:
    """Record all pictures into a file, and say how large it is."""
    with TemporaryDirectory() as folder:
        os.environ[FOLDER_VARIABLE] = folder
        app = QApplication.instance() or QApplication(["resnet-explorer"])
        assert isinstance(app, QApplication)
        window = opened(app)
        pictures, seconds = [], []
        for stands, values in shots():
            window.scenes.show(changed(window.scene(), values))
            wait(app, window)
            pictures.append(to_pillow(window.grab().toImage()))
            seconds.append(stands)
        window.end()
    first, *rest = pictures
    times = [round(1000 * each) for each in seconds]
    file.parent.mkdir(exist_ok=True)
    first.save(file, save_all=True, append_images=rest, duration=times, loop=0, quality=82, method=6)
    print(f"{file}: {len(pictures)} pictures, {sum(seconds):.0f} s, {file.stat().st_size / 1000:,.0f} kB")


def opened(app: QApplication) -> MainWindow:
    """Return the window on ResNet-18, without transitions."""
    window = build(app, CATALOGUE["resnet18"].spec)
    window.resize(WIDTH, HEIGHT)
    window.show()
    window.start_engine()
    window.build_panels()
    window.wake_engine()
    window.actions_by_key["still"].trigger()
    wait(app, window)
    return window


def wait(app: QApplication, window: MainWindow) -> None:
    """Let the window show what it was asked for: until no job is left, and a moment more."""
    end, quiet = time.monotonic() + PATIENCE_S, 0
    while quiet < 20 and time.monotonic() < end:
        app.processEvents()
        time.sleep(0.02)
        quiet = quiet + 1 if all(state.is_over for state in window.jobs.states) else 0


def to_pillow(image: QImage) -> Image.Image:
    """Return an image of Qt's as one of Pillow's."""
    image = image.convertToFormat(QImage.Format.Format_RGB888)
    size = (image.width(), image.height())
    return Image.frombuffer("RGB", size, bytes(image.constBits()), "raw", "RGB", image.bytesPerLine(), 1)


if __name__ == "__main__":
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    main(*map(Path, sys.argv[1:2]))
