"""Whether Qt is there and can open a window and show text; it may crash, and runs in a process of its own."""

import os
import shutil
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from resnet_explorer import system_libraries
from resnet_explorer.doctor.findings import Finding, State, Step
from resnet_explorer.engine.pytorch import install
from resnet_explorer.errors import ExplorerError
from resnet_explorer.terminal import display

ABORTS = (6, 12)
"""PySide6 from this version on aborts on Python 3.11 after some thousands of calls."""
WANTED = "'PySide6-Essentials<6.12'" if sys.version_info < (3, 12) else "PySide6-Essentials"
NO_GLYPH = "\u25a1"
"""The box that fonts paint for what they lack."""
LEAST = (1280, 720)
"""The screen that the window is made for, in px."""
INVISIBLE = ("offscreen", "minimal", "vnc")


def probe() -> Iterator[Step | Finding]:
    """Yield steps and findings: system libraries, Qt, display, fonts."""
    spec = find_spec("PySide6")
    if spec is None or not spec.origin:
        step = Step("qt", "Qt", "Importing Qt")
        yield step
        yield step.broken("PySide6 is not installed, so no window opens.", install(WANTED))
        return
    step = Step("qt-libraries", "Libraries of Qt", "Looking for the libraries of Qt")
    yield step
    libraries = _libraries(step, Path(spec.origin).parent)
    yield libraries
    step = Step("qt", "Qt", "Importing Qt", 60.0, remedy=install(f"--force-reinstall {WANTED}"))
    yield step
    yield _qt(step, libraries)
    step = Step("display", "Display", "Opening the display", 30.0)
    yield step
    platform, found = _display(step)
    if platform:
        from PySide6.QtWidgets import QApplication

        app = QApplication(["resnet-explorer", "-platform", platform])
        yield found or _screen(step, app)
    elif found:
        yield found
        return
    step = Step("fonts", "Fonts", "Painting a text", 30.0)
    yield step
    yield _fonts(step)


def _libraries(step: Step, pyside: Path) -> Finding:
    if not sys.platform.startswith("linux"):
        return step.ok("Qt brings all that it needs.")
    if not shutil.which("ldd"):
        return step.note("There is no ldd to ask.", "Where no window opens, the command says which library is missing.")
    is_shown = bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    family = "wayland" if os.environ.get("WAYLAND_DISPLAY") and not os.environ.get("DISPLAY") else "xcb"
    needed = system_libraries.missing_libraries(system_libraries.qt_files(pyside, "offscreen"))
    window = system_libraries.missing_libraries(system_libraries.qt_files(pyside, family))
    if not window:
        return step.ok(f"All are there, also for windows ({family}).")
    text, remedy = f"Missing: {', '.join(window)}.", system_libraries.advice(window)
    if needed or is_shown:
        return step.broken(text, remedy)
    return step.note(f"{text} Qt needs them to open a window; there is no display here.", remedy)


def _qt(step: Step, libraries: Finding) -> Finding:
    try:
        import PySide6
        from PySide6.QtCore import qVersion
        from PySide6.QtSvg import QSvgRenderer  # noqa: F401  # loads all that the app needs of it
        from PySide6.QtWidgets import QApplication  # noqa: F401
    except ImportError as error:
        if libraries.state is State.BROKEN:  # what to do is said there
            return step.broken("Qt cannot be loaded before its libraries are there.")
        problem = display.missing_qt(error)
        return step.broken(problem.what, problem.remedy)
    version = PySide6.__version__
    said = f"PySide6 {version} on Qt {qVersion()}."
    numbers = tuple(int(part) for part in version.split(".")[:2])
    if numbers >= ABORTS and sys.version_info < (3, 12):
        return step.broken(f"{said} It aborts on Python 3.11.", install(WANTED))
    return step.ok(said)


def _display(step: Step) -> tuple[str, Finding | None]:
    """Return the platform plugin to go on with, and what is found where that is no visible display."""
    chosen = os.environ.get("QT_QPA_PLATFORM", "")
    try:
        platform = display.platform() or chosen or _default()
    except ExplorerError as error:
        if error.where == "Qt":
            return "offscreen", step.broken(error.what, error.remedy)
        has_any = any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"))
        state = State.BROKEN if has_any else State.NOTE
        return "offscreen", Finding(step.key, step.title, state, error.what, error.remedy)
    if platform.partition(":")[0] in INVISIBLE:
        return platform, step.note(f"QT_QPA_PLATFORM={platform}: windows are not visible.", "Unset it to see them.")
    return platform, None


def _default() -> str:
    if sys.platform == "win32":
        return "windows"
    if sys.platform == "darwin":
        return "cocoa"
    return "wayland;xcb" if os.environ.get("WAYLAND_DISPLAY") else "xcb"


def _screen(step: Step, app: object) -> Finding:
    from PySide6.QtGui import QGuiApplication

    assert isinstance(app, QGuiApplication)
    screen = app.primaryScreen()
    if screen is None:
        return step.broken(f"{app.platformName()} has no screen.", "Connect one, or set DISPLAY to another display.")
    size, scale = screen.size(), screen.devicePixelRatio()
    text = f"{app.platformName()}, {size.width()}×{size.height()} px" + (f", scaled by {scale:g}" if scale != 1 else "")
    if size.width() < LEAST[0] or size.height() < LEAST[1]:
        return step.note(f"{text}: smaller than {LEAST[0]}×{LEAST[1]}.", "Panels open over the picture there.")
    return step.ok(f"{text}.")


def _fonts(step: Step) -> Finding:
    from PySide6.QtGui import QFontDatabase

    from resnet_explorer.ui.painter import FAMILY
    from resnet_explorer.ui.style import load_fonts

    again = "Install ResNet Explorer again."
    try:
        load_fonts()
    except FileNotFoundError as error:
        return step.broken(str(error), again)
    families = QFontDatabase.families()
    if FAMILY not in families:
        return step.broken(f"The app's font {FAMILY} cannot be loaded, so texts may not fit.", again)
    if _painted("ResNet") == _painted(NO_GLYPH * 6) or not _painted("ResNet").strip(b"\xff"):
        return step.broken("Qt paints boxes, or nothing, in place of letters.", again)
    return step.ok(f"{FAMILY}, the app's own, shows text; {len(families) - 1} more families.")


def _painted(text: str) -> bytes:
    """Return the pixels of a text in the app's font, black on white."""
    from PySide6.QtGui import QFont, QImage, QPainter

    from resnet_explorer.ui.painter import FAMILY

    image = QImage(120, 32, QImage.Format.Format_Grayscale8)
    image.fill(255)
    painter = QPainter(image)
    painter.setFont(QFont(FAMILY, 14))
    painter.drawText(4, 24, text)
    painter.end()
    return bytes(image.constBits())
