"""The system libraries that Qt needs on Linux: which are missing, and the line that installs them.

Standard library only: ``packaging/bootstrap.py`` reads this module before anything is installed.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

PACKAGES: Mapping[str, tuple[str, ...]] = {
    "libGL.so.1": ("libgl1",),
    "libEGL.so.1": ("libegl1",),
    "libOpenGL.so.0": ("libopengl0",),
    "libX11-xcb.so.1": ("libx11-xcb1",),
    "libX11.so.6": ("libx11-6",),
    "libdbus-1.so.3": ("libdbus-1-3",),
    "libfontconfig.so.1": ("libfontconfig1",),
    "libfreetype.so.6": ("libfreetype6",),
    "libgcc_s.so.1": ("libgcc-s1",),
    "libglib-2.0.so.0": ("libglib2.0-0t64", "libglib2.0-0"),
    "libgthread-2.0.so.0": ("libglib2.0-0t64", "libglib2.0-0"),
    "libstdc++.so.6": ("libstdc++6",),
    "libwayland-client.so.0": ("libwayland-client0",),
    "libwayland-cursor.so.0": ("libwayland-cursor0",),
    "libwayland-egl.so.1": ("libwayland-egl1",),
    "libxcb-cursor.so.0": ("libxcb-cursor0",),
    "libxcb-glx.so.0": ("libxcb-glx0",),
    "libxcb-icccm.so.4": ("libxcb-icccm4",),
    "libxcb-image.so.0": ("libxcb-image0",),
    "libxcb-keysyms.so.1": ("libxcb-keysyms1",),
    "libxcb-randr.so.0": ("libxcb-randr0",),
    "libxcb-render-util.so.0": ("libxcb-render-util0",),
    "libxcb-render.so.0": ("libxcb-render0",),
    "libxcb-shape.so.0": ("libxcb-shape0",),
    "libxcb-shm.so.0": ("libxcb-shm0",),
    "libxcb-sync.so.1": ("libxcb-sync1",),
    "libxcb-util.so.1": ("libxcb-util1",),
    "libxcb-xfixes.so.0": ("libxcb-xfixes0",),
    "libxcb-xkb.so.1": ("libxcb-xkb1",),
    "libxcb.so.1": ("libxcb1",),
    "libxkbcommon-x11.so.0": ("libxkbcommon-x11-0",),
    "libxkbcommon.so.0": ("libxkbcommon0",),
    "libz.so.1": ("zlib1g",),
    "libzstd.so.1": ("libzstd1",),
}
"""Which Debian or Ubuntu packages hold the libraries that Qt loads; where there are two names, the newer first."""

MODULES = ("QtCore", "QtGui", "QtWidgets", "QtSvg")
"""The modules of PySide6 that the app imports."""


def qt_files(pyside: Path, platform: str) -> list[Path]:
    """Return the files of PySide6 without which no window opens on a platform (``xcb``, ``wayland``, ``offscreen``).

    ``pyside`` is PySide6's own directory. The plugins that Qt can do without are not among them.
    """
    plugins = sorted((pyside / "Qt" / "plugins" / "platforms").glob(f"libq{platform}*.so"))
    return [pyside / f"{name}.abi3.so" for name in MODULES] + plugins


def missing_libraries(files: Iterable[Path]) -> list[str]:
    """Return the shared libraries, each once, that the given libraries need and that this system lacks.

    The answer is the dynamic loader's own, by ``ldd``; where there is none, it is empty.
    """
    bundled = getattr(sys, "_MEIPASS", "")  # where PyInstaller's loader finds those that a frozen app brings
    return parse_missing(_output(["ldd", *map(str, files)], **({"LD_LIBRARY_PATH": bundled} if bundled else {})))


def parse_missing(text: str) -> list[str]:
    """Return the libraries named in the complaints of the dynamic loader and of ldd, each once."""
    names = re.findall(r"(\S+\.so[.\d]*)(?:: cannot open shared object file| => not found)", text)
    return list(dict.fromkeys(Path(name).name for name in names))


def packages(libraries: Iterable[str]) -> list[str]:
    """Return the Debian packages that hold libraries, each once; a library that is not in the table has none."""
    return list(dict.fromkeys(choose(PACKAGES[name]) for name in libraries if name in PACKAGES))


def choose(names: Sequence[str]) -> str:
    """Return the first of several names for a package that this system knows; the last where it knows none."""
    return next((name for name in names[:-1] if _is_known(name)), names[-1])


def apt_line(names: Iterable[str]) -> str:
    """Return the line that installs Debian packages, to be typed by the present user.

    Where apt has no lists, as in a fresh container, it fetches them first.
    """
    wanted = list(dict.fromkeys(names))
    sudo = "" if hasattr(os, "geteuid") and os.geteuid() == 0 else "sudo "
    update = "" if _is_known(wanted[0]) else f"{sudo}apt-get update && "
    return f"{update}{sudo}apt-get install -y {' '.join(wanted)}"


def advice(libraries: Sequence[str]) -> str:
    """Return how to install libraries, in a sentence or two: the line for apt, and what no package is known for."""
    names = packages(libraries)
    unknown = [name for name in libraries if name not in PACKAGES]
    if not shutil.which("apt-get"):
        on_debian = f" (on Debian and Ubuntu: {apt_line(names)})" if names else ""
        return f"Install what holds them with your system's package manager{on_debian}."
    line = f"Run this line:\n{apt_line(names)}" if names else ""
    others = f"Which package holds {', '.join(unknown)} is not known; search your distribution's packages for it."
    return " ".join(part for part in (others if unknown else "", line) if part)


def _is_known(package: str) -> bool:
    return bool(re.search(r"Candidate: (?!\(none\))", _output(["apt-cache", "policy", package])))


def _output(command: Sequence[str], **variables: str) -> str:
    """Return what a command prints, in the C locale; nothing where there is no such command."""
    environment = {**os.environ, "LC_ALL": "C", **variables}
    try:
        done = subprocess.run(command, capture_output=True, check=False, env=environment)
    except OSError:
        return ""
    return done.stdout.decode("utf-8", "replace")
