"""Set everything up and open the app, or run all checks: Python 3.11 and git are enough.

    python3 packaging/bootstrap.py run     # make .venv, install what the window needs, open it; it gets PyTorch
    python3 packaging/bootstrap.py test    # make .venv, install, run all checks

Standard library only, on Linux, macOS and Windows. What is done already is not done again.
"""

import argparse
import hashlib
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

if sys.version_info < (3, 11):  # noqa: UP036  # the one file that an older Python may be given; it parses on 3.6
    sys.exit(f"bootstrap: Python 3.11 or newer is needed, this is {sys.version.split()[0]} ({sys.executable}).")

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "packaging"), str(ROOT)]

import environment  # noqa: E402
import installers  # noqa: E402
from pip_progress import Tell  # noqa: E402
from system_packages import SetupError, install_packages, run_or_fail, say, succeeds  # noqa: E402

from resnet_explorer.system_libraries import PACKAGES, advice, missing_libraries, qt_files  # noqa: E402

VENV = ROOT / ".venv"
PYTHON = environment.python_of(VENV)
APP = (str(PYTHON), "-m", "resnet_explorer")
STAMP = VENV / "installed.txt"
"""Written last, so that an installation that was cut short is done again."""
STAGES = ("window", "run", "test")
"""What .venv may be enough for; each is also enough for those before it."""
VARIABLE = "RESNET_EXPLORER_BOOTSTRAP"
"""Names this file to the app while PyTorch is to be installed, which it does by the command ``pytorch``."""
REPORT = ROOT / "resnet18-report"
STDIN = 0

CHECKS: Sequence[tuple[str, Sequence[str]]] = (
    ("ruff check", ("-m", "ruff", "check")),
    ("ruff format", ("-m", "ruff", "format", "--check", "--quiet")),
    ("mypy", ("-m", "mypy")),
    ("vulture", ("packaging/unused.py",)),
    ("repeated code", ("packaging/repeated.py",)),
    ("import-linter", ("-c", "from importlinter.cli import lint_imports_command as run; run()")),
)
"""What reads the code and runs none of it: two at a time."""
PYTEST = ("-m", "pytest", "-q", "-n", "3", "--dist", "worksteal")
"""Three processes for two cores, since a test of the window waits for a sixth of its time. Each goes through its part
in the order of the files, so that what a file's tests share is made once."""

EPILOG = """Makes .venv beside pyproject.toml and installs the tested versions into it; quick when that is done already.
The window opens without PyTorch, and installs it meanwhile; with arguments, all is installed first.
On Debian and Ubuntu it also installs the system libraries that Qt lacks, as root or with passwordless sudo; else it
prints the line that does. Without a display, run writes the diagram and the layers of ResNet-18 into
resnet18-report."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one of the commands and return its exit status."""
    parser = argparse.ArgumentParser(description="Set up ResNet Explorer, then open it or check it.", epilog=EPILOG)
    parser.add_argument("--latest", action="store_true", help="install the latest versions, not the tested ones")
    what = "run: open the app; test: run all checks; pytorch: install PyTorch, as the window does"
    parser.add_argument("command", choices=("run", "test", "pytorch"), help=what)
    parser.add_argument("arguments", nargs=argparse.REMAINDER, help="handed to the app, or to pytest")
    given = sys.argv[1:] if argv is None else argv
    chosen = parser.parse_args(
        sorted(given, key=lambda argument: argument != "--latest")
    )  # it may stand behind the command
    try:
        if chosen.command == "pytorch":
            return pytorch()
        opens_first = chosen.command == "run" and not chosen.arguments and not chosen.latest
        prepare("window" if opens_first else chosen.command, chosen.latest)
        return {"run": run, "test": test}[chosen.command](chosen.arguments)
    except (SetupError, OSError) as error:
        print(f"bootstrap: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def prepare(stage: str, latest: bool = False, tell: Tell | None = None) -> None:
    """Make .venv and install what a stage needs, unless that is done; the stamp tells."""
    if not latest and is_enough_for(stage):
        return
    if stage != "window" and not latest:
        prepare(STAGES[STAGES.index(stage) - 1])
    else:
        STAMP.unlink(missing_ok=True)
        make_environment()
    with alone():
        if not latest and is_enough_for(stage):  # by another process, meanwhile
            return
        environment.forget_incomplete(VENV)
        if latest:
            environment.install_latest(VENV, ROOT, "dev" if stage == "test" else "")
        elif stage == "window":
            installers.install_window(VENV, ROOT)
        elif stage == "run":
            installers.install_pytorch(VENV, ROOT, tell)
        else:
            installers.install_checks(VENV, ROOT)
        STAMP.write_text("latest versions" if latest else fingerprint(stage), encoding="utf-8")


def is_enough_for(stage: str) -> bool:
    """Return whether all that a stage needs was installed."""
    enough = {fingerprint(later) for later in STAGES[STAGES.index(stage) :]}
    if not PYTHON.exists() or not STAMP.exists() or STAMP.read_text(encoding="utf-8") not in enough:
        return False
    return stage == "window" or environment.has_pytorch(VENV)


@contextmanager
def alone() -> Iterator[None]:
    """Wait until no other process installs into .venv, then let none."""
    with (VENV / "installing.lock").open("a") as file:
        if sys.platform == "win32":
            import msvcrt

            def lock(wait: bool) -> None:
                msvcrt.locking(file.fileno(), msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            def lock(wait: bool) -> None:
                fcntl.flock(file, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)

        try:
            lock(wait=False)
        except OSError:
            say("waiting for another installation into .venv")
            while True:
                with suppress(OSError):  # Windows gives up after ten seconds
                    lock(wait=True)
                    break
        yield


def pytorch() -> int:
    """Install PyTorch; for a window, which holds the other end of the input, with progress as lines of JSON.

    It ends with that window.
    """
    if not stat.S_ISFIFO(os.fstat(STDIN).st_mode):
        prepare("run")
        return 0
    if os.name != "nt":
        os.setpgid(0, 0)
    threading.Thread(target=end_with_window, daemon=True).start()

    def tell(done: float, of: float, text: str) -> None:
        print(json.dumps({"done": done, "of": of, "text": text}), flush=True)

    kind, size = installers.describe_pytorch(VENV)
    tell(0, size, f"PyTorch{installers.size_text(kind, size)}")
    prepare("run", tell=tell)
    return 0


def end_with_window() -> None:
    """End this process with all that it started when the window is gone."""
    while os.read(STDIN, 1):  # the buffer of stdin would be locked at the exit
        pass
    if os.name == "nt":
        subprocess.call(["taskkill", "/F", "/T", "/PID", str(os.getpid())])
    else:
        os.killpg(0, signal.SIGKILL)


def fingerprint(stage: str) -> str:
    """Return what an installation depends on: the project, the tested versions, its place, Python, the stage."""
    content = (ROOT / "pyproject.toml").read_bytes() + environment.CONSTRAINTS.read_bytes()
    return f"{hashlib.sha256(content).hexdigest()} {ROOT} {sys.version_info[:2]} {stage}"


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
    os.environ.pop(VARIABLE, None)
    if not is_enough_for("run") and not arguments:
        os.environ[VARIABLE] = str(Path(__file__).resolve())
        size = installers.size_text(*installers.describe_pytorch(VENV))
        say(f"opening ResNet Explorer, which installs PyTorch meanwhile{size}")
    elif not arguments:
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
    if not is_enough_for("run"):
        say("it needs no PyTorch; to install that: python3 packaging/bootstrap.py pytorch")
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
