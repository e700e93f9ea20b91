"""Whether a window can be opened, asked before Qt is: where none can, Qt aborts the process."""

import ctypes
import os
import socket
import sys
import threading
from importlib.util import find_spec
from pathlib import Path

from resnet_explorer import system_libraries
from resnet_explorer.errors import ExplorerError

PATIENCE = 10.0
"""Seconds that an X server has to answer; over a network connecting may take minutes to fail."""
_REMEDY = "'resnet-explorer --help' lists what works without a window."


def platform() -> str:
    """Return the platform plugin that Qt has to be told of to open a window here; nothing where it finds one itself.

    Raises ExplorerError where it would find none: no display, none that answers, or libraries that are missing.
    """
    if not sys.platform.startswith("linux"):
        return ""
    chosen = [name for name in os.environ.get("QT_QPA_PLATFORM", "").split(";") if name]
    names = chosen or _tried_by_qt()
    if not names and not _wayland_answers():
        raise _no("There is no display to open a window on.")
    others = [] if chosen or "wayland" in names or not _wayland_answers() else ["wayland"]
    problems = {name: _problem(name.partition(":")[0]) for name in (*names, *others)}
    usable = [name for name, problem in problems.items() if problem is None]
    if not usable:
        errors = [problem for problem in problems.values() if problem]
        raise next((error for error in errors if error.where == "Qt"), errors[0])  # that display answers: needs least
    return "" if usable[0] in names else usable[0]


def missing_qt(error: ImportError) -> ExplorerError:
    """Return why Qt cannot be imported: the system libraries that it lacks, or else what Python says."""
    folder = _pyside()
    missing = system_libraries.missing_libraries(system_libraries.qt_files(folder, "offscreen")) if folder else []
    if missing:
        return _lacking(missing)
    return ExplorerError("Qt", f"Qt cannot be loaded: {error}.", "'python3 packaging/bootstrap.py run' mends that.")


def _tried_by_qt() -> list[str]:
    """Return the platform plugins in the order in which Qt 6 tries them (QGuiApplication, init_platform)."""
    names = ["wayland"] if _has("WAYLAND_DISPLAY") or os.environ.get("XDG_SESSION_TYPE") == "wayland" else []
    return [*names, "xcb"] if _has("DISPLAY") else names


def _has(variable: str) -> bool:
    return bool(os.environ.get(variable))


def _problem(name: str) -> ExplorerError | None:
    """Return why a platform plugin can open no window; None where it can."""
    if name == "xcb" and not _x_answers():
        text = f"The display {os.environ['DISPLAY']} cannot be reached." if _has("DISPLAY") else "DISPLAY is not set."
        return _no(text, "Set DISPLAY to an X server that runs and lets you in.")
    if name.startswith("wayland") and not _wayland_answers():
        return _no("The Wayland compositor cannot be reached.", "Set WAYLAND_DISPLAY to one that runs.")
    folder = _pyside()
    plugins = folder / "Qt" / "plugins" / "platforms" if folder else None
    if folder is None or plugins is None or not plugins.is_dir():
        return None  # a Qt of the system's: it knows
    family = "wayland" if name.startswith("wayland") else name
    files = sorted(plugins.glob(f"libq{family}*.so"))
    if not files:
        names = ", ".join(sorted(file.stem.removeprefix("libq") for file in plugins.glob("libq*.so")))
        return ExplorerError("Qt", f"Qt has no platform plugin {name!r}.", f"Set QT_QPA_PLATFORM to one of {names}.")
    failures = [failure for failure in map(_load_failure, files) if failure]
    if len(failures) < len(files):
        return None
    return _lacking(
        system_libraries.missing_libraries(system_libraries.qt_files(folder, family))
        or system_libraries.parse_missing(failures[0])
        or [failures[0]]
    )


def _load_failure(library: Path) -> str:
    """Return what the dynamic loader says against a library; nothing where it loads, as Qt would then do anyway."""
    try:
        ctypes.CDLL(str(library))
    except OSError as error:
        return str(error)
    return ""


def _lacking(libraries: list[str]) -> ExplorerError:
    text = f"Qt needs system libraries that are missing: {', '.join(libraries)}."
    return ExplorerError("Qt", text, system_libraries.advice(libraries))


def _no(text: str, remedy: str = "") -> ExplorerError:
    return ExplorerError("display", text, f"{remedy} {_REMEDY}".strip())


def _pyside() -> Path | None:
    """Return PySide6's directory, without importing it."""
    spec = find_spec("PySide6")
    return Path(spec.origin).parent if spec and spec.origin else None


def _x_answers() -> bool:
    """Return whether the X server of ``DISPLAY`` lets a client in, as the library says that Qt connects with.

    The connection stays until the process ends: an X server whose last client leaves starts anew, just as Qt connects.
    """
    try:
        xcb = ctypes.CDLL("libxcb.so.1")
    except OSError:
        return True  # the plugin needs it too, and tells what is missing
    xcb.xcb_connect.restype = ctypes.c_void_p
    answers: list[bool] = []

    def connect() -> None:
        connection = ctypes.c_void_p(xcb.xcb_connect(None, None))
        answers.append(xcb.xcb_connection_has_error(connection) == 0)

    thread = threading.Thread(target=connect, daemon=True)
    thread.start()
    thread.join(PATIENCE)
    return answers == [True]


def _wayland_answers() -> bool:
    if _has("WAYLAND_SOCKET"):
        return True  # a connection that the process was started with
    path = Path(os.environ.get("XDG_RUNTIME_DIR", ""), os.environ.get("WAYLAND_DISPLAY") or "wayland-0")
    if not path.is_absolute():
        return False
    with socket.socket(socket.AF_UNIX) as client:
        try:
            client.connect(str(path))
        except OSError:
            return False
    return True
