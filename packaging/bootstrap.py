"""Set everything up and open the app, or run all checks: Python 3.11 and git are enough.

    python3 packaging/bootstrap.py run     # make .venv, install, open the window
    python3 packaging/bootstrap.py test    # make .venv, install, run all checks

Standard library only, on Linux, macOS and Windows. What is done already is not done again.
"""

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

if sys.version_info < (3, 11):  # noqa: UP036  # the one file that an older Python may be given; it parses on 3.6
    sys.exit(f"bootstrap: Python 3.11 or newer is needed, this is {sys.version.split()[0]} ({sys.executable}).")

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "packaging"), str(ROOT)]

import environment  # noqa: E402
from system_packages import SetupError, install_packages, run_or_fail, say, succeeds  # noqa: E402

from resnet_explorer.system_libraries import PACKAGES, advice, missing_libraries, qt_files  # noqa: E402

VENV = ROOT / ".venv"
PYTHON = environment.python_of(VENV)
APP = (str(PYTHON), "-m", "resnet_explorer")
STAMP = VENV / "installed.txt"
"""Written last, so that an installation that was cut short is done again."""
REPORT = ROOT / "resnet18-report"

CHECKS: Sequence[tuple[str, Sequence[str]]] = (
    ("ruff check", ("-m", "ruff", "check")),
    ("ruff format", ("-m", "ruff", "format", "--check", "--quiet")),
    ("mypy", ("-m", "mypy")),
    ("vulture", ("packaging/unused.py",)),
    ("repeated code", ("packaging/repeated.py",)),
    ("import-linter", ("-c", "from importlinter.cli import lint_imports_command as run; run()")),
)
"""What reads the code and runs none of it: two at a time."""
PYTEST = ("-m", "pytest", "-q", "-n", "2", "--dist", "worksteal")
"""Each process goes through one half in the order of the files, so that what a file's tests share is made once."""

EPILOG = """Makes .venv beside pyproject.toml and installs the tested versions into it; quick when that is done already.
On Debian and Ubuntu it also installs the system libraries that Qt lacks, as root or with passwordless sudo; else it
prints the line that does. Without a display, run writes the diagram and the layers of ResNet-18 into
resnet18-report."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one of the two commands and return its exit status."""
    parser = argparse.ArgumentParser(description="Set up ResNet Explorer, then open it or check it.", epilog=EPILOG)
    parser.add_argument("--latest", action="store_true", help="install the latest versions, not the tested ones")
    parser.add_argument("command", choices=("run", "test"), help="run: open the app; test: run all checks")
    parser.add_argument("arguments", nargs=argparse.REMAINDER, help="handed to the app, or to pytest")
    given = sys.argv[1:] if argv is None else argv
    chosen = parser.parse_args(
        sorted(given, key=lambda argument: argument != "--latest")
    )  # it may stand behind the command
    try:
        prepare(chosen.command, chosen.latest)
        return {"run": run, "test": test}[chosen.command](chosen.arguments)
    except (SetupError, OSError) as error:
        print(f"bootstrap: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def prepare(command: str, latest: bool = False) -> None:
    """Make .venv and install what the command needs, unless that is done; the stamp tells."""
    enough = {fingerprint(command), fingerprint("test")}
    if not latest and PYTHON.exists() and STAMP.exists() and STAMP.read_text(encoding="utf-8") in enough:
        return
    STAMP.unlink(missing_ok=True)
    make_environment()
    environment.install(VENV, ROOT, "dev" if command == "test" else "", latest)
    STAMP.write_text("latest versions" if latest else fingerprint(command), encoding="utf-8")


def fingerprint(command: str) -> str:
    """Return what an installation depends on: the project, the tested versions, its place, Python, the command."""
    content = (ROOT / "pyproject.toml").read_bytes() + environment.CONSTRAINTS.read_bytes()
    return f"{hashlib.sha256(content).hexdigest()} {ROOT} {sys.version_info[:2]} {command}"


def make_environment() -> None:
    """Make .venv where there is none that works with this Python."""
    if succeeds([str(PYTHON), "-m", "pip", "--version"]):
        return
    if VENV.exists():
        say("removing a broken .venv")
        shutil.rmtree(VENV)
    say(f"making {VENV}")
    environment.make(VENV)


def has_display() -> bool:
    """Return whether a window can be shown."""
    if sys.platform.startswith("linux"):
        return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    return True


def mend_libraries(platform: str) -> None:
    """Install the system libraries that Qt lacks on a platform; raise SetupError where some are lacking still."""
    before: list[str] = []
    missing = missing_from_qt(platform)
    while missing != before and any(name in PACKAGES for name in missing):
        wanted = [PACKAGES[name] for name in missing if name in PACKAGES]
        install_packages(wanted, f"Qt needs {in_short(missing)}")
        before, missing = missing, missing_from_qt(platform)
    if missing:
        raise SetupError(f"Qt needs {', '.join(missing)}. {advice(missing)}")


def in_short(names: Sequence[str]) -> str:
    """Return the first few of some names, and how many more there are."""
    more = f" and {len(names) - 3} more system libraries" if len(names) > 4 else ""
    return ", ".join(names[:3] if more else names) + more


def missing_from_qt(platform: str) -> list[str]:
    """Return the system libraries that the Qt in .venv lacks on a platform."""
    return missing_libraries(qt_files(environment.site_packages(VENV) / "PySide6", platform))


def run(arguments: Sequence[str]) -> int:
    """Open the app, which takes the place of this process where the system can do that; or write the report."""
    if not has_display() and not arguments:
        report()
        offer_window()
        return 0
    mend_libraries(window_platform())
    if not arguments:
        say("opening ResNet Explorer")
    command = [*APP, *arguments]
    if os.name == "nt":
        return subprocess.call(command)
    sys.stdout.flush()
    os.execv(command[0], command)


def window_platform() -> str:
    """Return the platform on which Qt opens a window here, or paints without one."""
    if os.environ.get("DISPLAY"):
        return "xcb"
    return "wayland" if os.environ.get("WAYLAND_DISPLAY") else "offscreen"


def offer_window() -> None:
    """Install what a window will need once there is a display, or say how; the report does not need it."""
    try:
        mend_libraries("xcb")
    except SetupError as error:
        say(f"to open the window later, on a display: {error}")


def report() -> None:
    """Write the diagram and the layers of ResNet-18 into a folder: what can be had without a display."""
    say(f"there is no display; writing the report of ResNet-18 into {REPORT}")
    REPORT.mkdir(exist_ok=True)
    run_or_fail([*APP, "export", "resnet18", "-o", str(REPORT / "diagram.svg")], "The diagram could not be written.")
    for form, name in (("--markdown", "layers.md"), ("--csv", "layers.csv"), ("--json", "layers.json")):
        done = subprocess.run([*APP, "describe", "resnet18", form], stdout=subprocess.PIPE, check=False)
        if done.returncode:
            raise SetupError(f"{name} could not be written; see the lines above.")
        (REPORT / name).write_bytes(done.stdout)


def test(arguments: Sequence[str]) -> int:
    """Run every check, all of them even where one fails, and return 1 if any did."""
    mend_libraries("offscreen")
    variables = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "OMP_NUM_THREADS": "1"}
    variables.pop("PYTHONDONTWRITEBYTECODE", None)  # hundreds of processes would compile the package anew
    failed = []

    def check(row: tuple[str, Sequence[str]]) -> tuple[str, int, str, float]:
        start = time.monotonic()
        command = [str(PYTHON), *row[1]]
        done = subprocess.run(command, cwd=ROOT, env=variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        return row[0], done.returncode, done.stdout.decode(errors="replace"), time.monotonic() - start

    with ThreadPoolExecutor(2) as pool:
        for name, code, output, seconds in pool.map(check, CHECKS):
            print(output, end="")
            say(f"{name}: {'passed' if code == 0 else 'FAILED'} in {seconds:.0f} s")
            failed += [name] if code else []
    say("pytest")
    code = subprocess.call([str(PYTHON), *PYTEST, *arguments], cwd=ROOT, env=variables)
    failed += ["pytest"] if code else []
    print(f"{len(CHECKS) + 1 - len(failed)} passed, {len(failed)} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
