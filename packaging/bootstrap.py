"""Set everything up and open the app, or run all checks: Python 3.11 and git are enough.

    python3 packaging/bootstrap.py run     # make .venv, install, open the window
    python3 packaging/bootstrap.py test    # make .venv, install, run all checks

Standard library only, on Linux, macOS and Windows. What is done already is not done again.
"""

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
REPORT = ROOT / "resnet18-report"

PACKAGES: Mapping[str, tuple[str, ...]] = {
    "libGL.so.1": ("libgl1",),
    "libEGL.so.1": ("libegl1",),
    "libOpenGL.so.0": ("libopengl0",),
    "libglib-2.0.so.0": ("libglib2.0-0t64", "libglib2.0-0"),
    "libgthread-2.0.so.0": ("libglib2.0-0t64", "libglib2.0-0"),
    "libxkbcommon.so.0": ("libxkbcommon0",),
    "libfontconfig.so.1": ("libfontconfig1",),
    "libfreetype.so.6": ("libfreetype6",),
    "libdbus-1.so.3": ("libdbus-1-3",),
    "libX11.so.6": ("libx11-6",),
    "libX11-xcb.so.1": ("libx11-xcb1",),
    "libxcb.so.1": ("libxcb1",),
    "libxkbcommon-x11.so.0": ("libxkbcommon-x11-0",),
    "libxcb-cursor.so.0": ("libxcb-cursor0",),
    "libxcb-icccm.so.4": ("libxcb-icccm4",),
    "libxcb-image.so.0": ("libxcb-image0",),
    "libxcb-keysyms.so.1": ("libxcb-keysyms1",),
    "libxcb-randr.so.0": ("libxcb-randr0",),
    "libxcb-render-util.so.0": ("libxcb-render-util0",),
    "libxcb-render.so.0": ("libxcb-render0",),
    "libxcb-shape.so.0": ("libxcb-shape0",),
    "libxcb-shm.so.0": ("libxcb-shm0",),
    "libxcb-sync.so.1": ("libxcb-sync1",),
    "libxcb-xfixes.so.0": ("libxcb-xfixes0",),
    "libxcb-xkb.so.1": ("libxcb-xkb1",),
}
"""Which Debian or Ubuntu packages hold the libraries that Qt loads; the newer name first."""

LOADER = """
import ctypes, pathlib, sys
import PySide6
plugins = pathlib.Path(PySide6.__file__).parent / "Qt" / "plugins" / "platforms"
for module in ("QtCore", "QtGui", "QtWidgets", "QtSvg"):
    try:
        __import__(f"PySide6.{module}")
    except ImportError as error:
        print(error)
for name in sys.argv[1:]:
    try:
        ctypes.CDLL(str(plugins / name))
    except OSError as error:
        print(error)
"""

CHECKS: Sequence[tuple[str, Sequence[str]]] = (
    ("ruff check", ("-m", "ruff", "check")),
    ("ruff format", ("-m", "ruff", "format", "--check", "--quiet")),
    ("mypy", ("-m", "mypy")),
    ("import-linter", ("-c", "from importlinter.cli import lint_imports_command as run; run()")),
    ("pytest", ("-m", "pytest", "-q", "-n", "2")),
)


class SetupError(Exception):
    """Something that the user has to mend; the text says what and how."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one of the two commands and return its exit status."""
    parser = argparse.ArgumentParser(description="Set up ResNet Explorer, then open it or check it.")
    parser.add_argument("command", choices=("run", "test"), help="run: open the app; test: run all checks")
    parser.add_argument("arguments", nargs=argparse.REMAINDER, help="handed to the app, or to pytest")
    chosen = parser.parse_args(argv)
    try:
        if sys.version_info < (3, 11):  # noqa: UP036  # the one file that an older Python may be given
            raise SetupError(f"Python 3.11 or newer is needed, this is {sys.version.split()[0]}.")
        make_environment()
        install(chosen.command)
        shown = has_display()
        mend_libraries(window=chosen.command == "run" and shown)
        if chosen.command == "test":
            return test(chosen.arguments)
        return run(chosen.arguments) if shown else report()
    except SetupError as error:
        print(f"bootstrap: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def say(words: str) -> None:
    """Print one line about what is being done."""
    print(f"bootstrap: {words}", flush=True)


def make_environment() -> None:
    """Make .venv where there is none that works."""
    if PYTHON.exists() and _succeeds([str(PYTHON), "-c", "import pip"]):
        return
    if VENV.exists():
        say("removing a broken .venv")
        shutil.rmtree(VENV)
    if not _succeeds([sys.executable, "-c", "import ensurepip, venv"]):
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        install_packages([f"python{version}-venv"], "Python's venv module is missing")
    say(f"making {VENV}")
    _run([sys.executable, "-m", "venv", str(VENV)], "The environment could not be made.")


def install(command: str) -> None:
    """Install the app, and for ``test`` its tools, unless that has been done for this pyproject.toml."""
    stamp, wanted = VENV / f"installed-{command}.txt", fingerprint()
    done = [VENV / "installed-test.txt"] if command == "run" else []
    if any(file.exists() and file.read_text() == wanted for file in (stamp, *done)):
        return
    say("installing (the first time downloads some GB, most of it PyTorch; this takes minutes)")
    target = f"{ROOT}[dev]" if command == "test" else str(ROOT)
    pip = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-e", target]
    _run(pip, "The installation failed; see the lines above. Check the network and try again.")
    stamp.write_text(wanted)


def fingerprint() -> str:
    """Return what an installation depends on: the project file, its place, and the Python."""
    content = (ROOT / "pyproject.toml").read_bytes()
    return f"{hashlib.sha256(content).hexdigest()} {ROOT} {sys.version_info[:2]}"


def has_display() -> bool:
    """Return whether a window can be shown."""
    if sys.platform.startswith("linux"):
        return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    return True


def mend_libraries(window: bool) -> None:
    """Find the system libraries that Qt lacks by loading it, and install exactly those."""
    if not sys.platform.startswith("linux"):
        return
    for _ in range(len(PACKAGES)):
        missing = missing_libraries(("libqoffscreen.so", *(("libqxcb.so",) if window else ())))
        if not missing:
            return
        unknown = [name for name in missing if name not in PACKAGES]
        if unknown:
            raise SetupError(
                f"Qt needs the system libraries {', '.join(unknown)}. Install them with your system's tools."
            )
        install_packages([package_of(name) for name in missing], f"Qt needs {', '.join(missing)}")
    raise SetupError("Qt still lacks system libraries. See the lines above.")


def missing_libraries(plugins: Sequence[str]) -> list[str]:
    """Return the names of the libraries that Qt's modules and platform plugins fail to load for."""
    done = subprocess.run([str(PYTHON), "-c", LOADER, *plugins], capture_output=True, text=True, check=False)
    return parse_missing(done.stdout + done.stderr)


def parse_missing(text: str) -> list[str]:
    """Return the libraries named in the dynamic loader's complaints, each once."""
    found = re.findall(r"(\S+\.so[.\d]*): cannot open shared object file", text)
    return list(dict.fromkeys(Path(name).name for name in found))


def package_of(library: str) -> str:
    """Return the package that holds a library: of several names the first that this system knows."""
    names = PACKAGES[library]
    known = (name for name in names if _succeeds(["apt-cache", "show", name]))
    return next(known, names[-1]) if len(names) > 1 else names[0]


def install_packages(packages: Sequence[str], reason: str) -> None:
    """Install Debian packages where that is allowed; else say the one line to run."""
    wanted = list(dict.fromkeys(packages))
    line = f"apt-get install -y {' '.join(wanted)}"
    if not shutil.which("apt-get"):
        raise SetupError(f"{reason}. Install what holds it with your system's tools (on Debian: {line}).")
    rights = administrator()
    if rights is None:
        raise SetupError(f"{reason}. Run this line, then try again: sudo {line}")
    say(f"{reason}: {line}")
    command = [*rights, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "install", "-y", "-qq", *wanted]
    if not _succeeds(command):
        _succeeds([*rights, "apt-get", "update", "-qq"])
        _run(command, f"The packages could not be installed. Run this line, then try again: sudo {line}")


def administrator() -> list[str] | None:
    """Return what to put before a command to run it as root; None where that is not allowed without a password."""
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        return []
    if shutil.which("sudo") and _succeeds(["sudo", "-n", "true"]):
        return ["sudo", "-n"]
    return None


def run(arguments: Sequence[str]) -> int:
    """Open the app; this process becomes it where the system can do that."""
    command = [str(PYTHON), "-m", "resnet_explorer", *arguments]
    if os.name == "nt":
        return subprocess.call(command, cwd=ROOT)
    os.chdir(ROOT)
    os.execv(command[0], command)


def report() -> int:
    """Write the diagram and the layers of ResNet-18 into a folder: what can be had without a display."""
    say(f"there is no display; writing the report of ResNet-18 into {REPORT}")
    REPORT.mkdir(exist_ok=True)
    app = [str(PYTHON), "-m", "resnet_explorer"]
    _run([*app, "export", "resnet18", "-o", str(REPORT / "diagram.svg")], "The diagram could not be written.")
    for form, name in (("--markdown", "layers.md"), ("--csv", "layers.csv"), ("--json", "layers.json")):
        done = subprocess.run([*app, "describe", "resnet18", form], capture_output=True, check=True, cwd=ROOT)
        (REPORT / name).write_bytes(done.stdout)
    return 0


def test(arguments: Sequence[str]) -> int:
    """Run every check, all of them even where one fails, and return 1 if any did."""
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "OMP_NUM_THREADS": "1"}
    failed = []
    for name, command in CHECKS:
        say(name)
        start = time.monotonic()
        extra = arguments if name == "pytest" else ()
        code = subprocess.call([str(PYTHON), *command, *extra], cwd=ROOT, env=environment)
        say(f"{name}: {'passed' if code == 0 else 'FAILED'} in {time.monotonic() - start:.0f} s")
        failed += [name] if code else []
    print(f"{len(CHECKS) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed else 0


def _succeeds(command: Sequence[str]) -> bool:
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def _run(command: Sequence[str], problem: str) -> None:
    if subprocess.call(command, cwd=ROOT) != 0:
        raise SetupError(problem)


if __name__ == "__main__":
    sys.exit(main())
