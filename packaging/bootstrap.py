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

if sys.version_info < (3, 11):  # noqa: UP036  # the one file that an older Python may be given; it parses on 3.6
    sys.exit(f"bootstrap: Python 3.11 or newer is needed, this is {sys.version.split()[0]} ({sys.executable}).")

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
APP = (str(PYTHON), "-m", "resnet_explorer")
STAMP = VENV / "installed.txt"
"""Written last, so that an installation that was cut short is done again."""
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
    "libwayland-client.so.0": ("libwayland-client0",),
    "libwayland-cursor.so.0": ("libwayland-cursor0",),
    "libwayland-egl.so.1": ("libwayland-egl1",),
}
"""Which Debian or Ubuntu packages hold the libraries that Qt loads; the newer name first."""

LOADER = """
import ctypes, pathlib, shutil, subprocess, sys
import PySide6
home, failed = pathlib.Path(PySide6.__file__).parent, False
modules = {home / f"{name}.abi3.so": name for name in ("QtCore", "QtGui", "QtWidgets", "QtSvg")}
plugins = dict.fromkeys(home / "Qt" / "plugins" / "platforms" / name for name in sys.argv[1:])
for file, name in {**modules, **plugins}.items():
    try:
        __import__(f"PySide6.{name}") if name else ctypes.CDLL(str(file))
    except (ImportError, OSError) as error:
        failed = True
        print(error, flush=True)  # names only the first library that is missing; ldd names them all
        if shutil.which("ldd"):
            subprocess.run(["ldd", str(file)])
sys.exit(failed)
"""
"""Loads what the app loads of Qt, in the Python of .venv; names of platform plugins are its arguments."""

CHECKS: Sequence[tuple[str, Sequence[str]]] = (
    ("ruff check", ("-m", "ruff", "check")),
    ("ruff format", ("-m", "ruff", "format", "--check", "--quiet")),
    ("mypy", ("-m", "mypy")),
    ("import-linter", ("-c", "from importlinter.cli import lint_imports_command as run; run()")),
    ("pytest", ("-m", "pytest", "-q", "-n", "2")),
)


EPILOG = """Makes .venv beside pyproject.toml and installs into it; quick when that is done already. On Debian and
Ubuntu it also installs the system libraries that Qt lacks, as root or with passwordless sudo; else it prints the line
that does. Without a display, run writes the diagram and the layers of ResNet-18 into resnet18-report."""


class SetupError(Exception):
    """Something that the user has to mend; the text says what and how."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one of the two commands and return its exit status."""
    parser = argparse.ArgumentParser(description="Set up ResNet Explorer, then open it or check it.", epilog=EPILOG)
    parser.add_argument("command", choices=("run", "test"), help="run: open the app; test: run all checks")
    parser.add_argument("arguments", nargs=argparse.REMAINDER, help="handed to the app, or to pytest")
    chosen = parser.parse_args(argv)
    try:
        prepare(chosen.command)
        return {"run": run, "test": test}[chosen.command](chosen.arguments)
    except (SetupError, OSError) as error:
        print(f"bootstrap: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def say(words: str) -> None:
    """Print one line about what is being done."""
    print(f"bootstrap: {words}", flush=True)


def prepare(command: str) -> None:
    """Make .venv and install what the command needs, unless that is done; the stamp tells."""
    enough = {fingerprint(command), fingerprint("test")}
    if PYTHON.exists() and STAMP.exists() and STAMP.read_text() in enough:
        return
    STAMP.unlink(missing_ok=True)
    make_environment()
    install(command)
    STAMP.write_text(fingerprint(command))


def fingerprint(command: str) -> str:
    """Return what an installation depends on: the project file, its place, the Python, and for which command."""
    content = (ROOT / "pyproject.toml").read_bytes()
    return f"{hashlib.sha256(content).hexdigest()} {ROOT} {sys.version_info[:2]} {command}"


def make_environment() -> None:
    """Make .venv where there is none that works."""
    if _succeeds([str(PYTHON), "-m", "pip", "--version"]):
        return
    if VENV.exists():
        say("removing a broken .venv")
        shutil.rmtree(VENV)
    if not _succeeds([sys.executable, "-c", "import ensurepip, venv"]):
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        install_packages([(f"python{version}-venv", "python3-venv")], "Python's venv module is missing")
    say(f"making {VENV}")
    _run([sys.executable, "-m", "venv", str(VENV)], "The environment could not be made; see the lines above.")


def install(command: str) -> None:
    """Install the app, and for ``test`` its tools, into .venv."""
    say("installing (the first time downloads some GB, most of it PyTorch; this takes minutes)")
    target = ".[dev]" if command == "test" else "."
    pip = [str(PYTHON), "-m", "pip", "install", "-qq", "--disable-pip-version-check", "-e", target]
    _run(pip, f"The installation failed; see the lines above. Try again; if that does not help, delete {VENV} first.")


def has_display() -> bool:
    """Return whether a window can be shown."""
    if sys.platform.startswith("linux"):
        return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    return True


def mend_libraries(plugins: Sequence[str]) -> None:
    """Find the system libraries that Qt lacks by loading it, and install exactly those."""
    if not sys.platform.startswith("linux"):
        return
    before: list[str] = []
    missing = missing_libraries(plugins)
    while missing:
        unknown = [name for name in missing if name not in PACKAGES]
        if unknown:
            words = f"Qt needs the system libraries {', '.join(unknown)}"
            raise SetupError(f"{words}. Install them with your system's tools.")
        if missing == before:
            raise SetupError(f"Qt still lacks {', '.join(missing)}. See the lines above.")
        install_packages([PACKAGES[name] for name in missing], f"Qt needs {', '.join(missing)}")
        before, missing = missing, missing_libraries(plugins)


def missing_libraries(plugins: Sequence[str]) -> list[str]:
    """Return the names of the libraries for want of which Qt's modules and platform plugins do not load."""
    command = [str(PYTHON), "-c", LOADER, *plugins]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "LC_ALL": "C"})
    missing = parse_missing(done.stdout)
    if done.returncode and not missing:
        reason = (done.stdout + done.stderr).strip().splitlines()
        raise SetupError(f"Qt cannot be loaded: {reason[-1] if reason else done.returncode}")
    return missing


def parse_missing(text: str) -> list[str]:
    """Return the libraries named in the complaints of the dynamic loader and of ldd, each once."""
    found = re.findall(r"(\S+\.so[.\d]*)(?:: cannot open shared object file| => not found)", text)
    return list(dict.fromkeys(Path(name).name for name in found))


def choose(names: Sequence[str]) -> str:
    """Return the first of several names for a package that this system knows; the last where it knows none."""
    return next((name for name in names[:-1] if _is_known(name)), names[-1])


def _is_known(package: str) -> bool:
    """Return whether apt could install a package."""
    command = ["apt-cache", "policy", package]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "LC_ALL": "C"})
    except OSError:
        return False
    return bool(re.search(r"Candidate: (?!\(none\))", done.stdout))


def install_packages(wanted: Sequence[Sequence[str]], reason: str) -> None:
    """Install Debian packages, each given by its possible names, where allowed; else say the one line to run."""
    line = apt_line(wanted)
    if not shutil.which("apt-get"):
        raise SetupError(f"{reason}. Install what holds it with your system's tools (on Debian: {line}).")
    rights = administrator()
    if rights is None:
        raise SetupError(f"{reason}. Run this line, then try again: sudo {line}")
    say(f"{reason}: {line}")
    apt = [*rights, "env", "DEBIAN_FRONTEND=noninteractive"]
    if _succeeds([*apt, *line.split(), "-qq"]):
        return
    say("apt-get update")
    _succeeds([*apt, "apt-get", "update", "-qq"])
    line = apt_line(wanted)  # only now may the system know the newer names
    failed = f"The packages could not be installed. Run this line, then try again: sudo {line}"
    _run([*apt, *line.split(), "-qq"], failed)


def apt_line(wanted: Sequence[Sequence[str]]) -> str:
    """Return the command that installs packages, each given by its possible names."""
    return f"apt-get install -y {' '.join(dict.fromkeys(choose(names) for names in wanted))}"


def administrator() -> list[str] | None:
    """Return what to put before a command to run it as root; None where that is not allowed without a password."""
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        return []
    if shutil.which("sudo") and _succeeds(["sudo", "-n", "true"]):
        return ["sudo", "-n"]
    return None


def run(arguments: Sequence[str]) -> int:
    """Open the app, which takes the place of this process where the system can do that; or write the report."""
    if not has_display() and not arguments:
        return report()
    mend_libraries(window_plugins())
    if not arguments:
        say("opening ResNet Explorer")
    command = [*APP, *arguments]
    if os.name == "nt":
        return subprocess.call(command)
    sys.stdout.flush()
    os.execv(command[0], command)


def window_plugins() -> list[str]:
    """Return the plugins that Qt needs to open a window here, or to paint without one."""
    if os.environ.get("DISPLAY"):
        return ["libqxcb.so"]
    return ["libqwayland.so"] if os.environ.get("WAYLAND_DISPLAY") else ["libqoffscreen.so"]


def report() -> int:
    """Write the diagram and the layers of ResNet-18 into a folder: what can be had without a display."""
    say(f"there is no display; writing the report of ResNet-18 into {REPORT}")
    REPORT.mkdir(exist_ok=True)
    _run([*APP, "export", "resnet18", "-o", str(REPORT / "diagram.svg")], "The diagram could not be written.")
    for form, name in (("--markdown", "layers.md"), ("--csv", "layers.csv"), ("--json", "layers.json")):
        done = subprocess.run([*APP, "describe", "resnet18", form], stdout=subprocess.PIPE, check=False)
        if done.returncode:
            raise SetupError(f"{name} could not be written; see the lines above.")
        (REPORT / name).write_bytes(done.stdout)
    return 0


def test(arguments: Sequence[str]) -> int:
    """Run every check, all of them even where one fails, and return 1 if any did."""
    mend_libraries(["libqoffscreen.so"])
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
