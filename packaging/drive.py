"""Drive an installed or frozen app by its command and its window, as a user does, and print what was seen; by hand.

    python packaging/drive.py [--without-pytorch] resnet-explorer

The window is driven by keys on a virtual screen, which takes Xvfb, openbox and xdotool. Nothing of the checkout is
imported; preferences and results go to a folder that is removed in the end.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

_WAIT = 180.0
"""Seconds until a window, a file or a process must have come or gone."""
_FOREIGN = ("PYTHON", "VIRTUAL_ENV", "QT_QPA_PLATFORM")
"""What an environment says of other Pythons and screens."""
_TORCHLESS = {"verify", "gradients", "train"}


class Drive:
    """One command in a folder of its own; ``run`` raises AssertionError with what it printed where it fails."""

    def __init__(self, command: str, folder: Path, without_pytorch: bool) -> None:
        self.command, self.folder, self.without_pytorch = command, folder, without_pytorch
        clean = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
        places = {"RESNET_EXPLORER_CONFIG": str(folder / "config"), "RESNET_EXPLORER_CACHE": str(folder / "cache")}
        self.environment = {**clean, **places}

    def run(self, *arguments: str, **variables: str) -> str:
        """Run one command and return what it printed; without PyTorch those that need it must say so in a line."""
        start = time.monotonic()
        environment = {"QT_QPA_PLATFORM": "offscreen", **self.environment, **variables}
        done = subprocess.run(
            [self.command, *arguments], cwd=self.folder, env=environment, capture_output=True, text=True, check=False
        )
        if self.without_pytorch and arguments and arguments[0] in _TORCHLESS:
            assert done.returncode == 2 and "PyTorch" in done.stderr and "Traceback" not in done.stderr, done.stderr
            print(f"   {done.stderr.strip()}")
        else:
            assert done.returncode == 0, f"{arguments}: {done.returncode}\n{done.stderr}"
        _say(start, " ".join((Path(self.command).name, *arguments)))
        return done.stdout


def _say(start: float, text: str) -> None:
    print(f"{time.monotonic() - start:7.1f} s  {text}", flush=True)


def drive_commands(drive: Drive) -> None:
    """Ask for figures, pictures, code and lessons, then for what PyTorch does in processes of its own."""
    for _ in range(2):  # the second time is not that of a cold disk
        print(drive.run("--version").strip())
    assert json.loads(drive.run("describe", "resnet18", "--json"))["params"] == 11_689_512
    assert "class BasicBlock" in drive.run("source", "resnet18")
    assert "01-deeper-is-worse" in drive.run("lesson", "list")
    for name in ("net.svg", "net.pdf", "net.png", "graph.dot"):
        drive.run("export", "resnet18", "-o", name, *(["--view", "autograd"] * name.endswith("dot")))
        assert (drive.folder / name).stat().st_size > 5_000
    drive.run("share", "resnet50", "-o", "net.html")
    drive.run("verify", "resnet18")
    drive.run("gradients", "resnet20", "-o", "gradients.svg")
    drive.run("train", "resnet20", "--steps", "3")
    for _ in range(2):
        drive.run("resnet50", RESNET_EXPLORER_QUIT_AFTER_PAINT="1")


def drive_window(drive: Drive) -> None:
    """Open the window on a virtual screen and work in it; nothing is left of it in the end."""
    with _screen() as display, (drive.folder / "window.log").open("w+") as log:
        start = time.monotonic()
        app = subprocess.Popen([drive.command], env={**drive.environment, "DISPLAY": display}, stdout=log, stderr=log)
        started = {psutil.Process(app.pid)}
        try:
            for done in _work(drive, _keys(display)):
                started |= set(psutil.Process(app.pid).children(recursive=True))
                _say(start, done)
            _wait(lambda: app.poll() is not None, "end of the window")
            _wait(lambda: not any(process.is_running() for process in started), "end of its processes")
        finally:
            for process in started:
                with suppress(psutil.NoSuchProcess):
                    process.kill()
        log.seek(0)
        said = log.read()
    assert app.returncode == 0 and "Traceback" not in said, f"{app.returncode}\n{said}"
    _say(start, f"closed, and of its {len(started)} processes none is left")


def _work(drive: Drive, press: Callable[..., str]) -> Iterator[str]:
    """Pick a network in the palette, export its picture, let the engine verify it, and close."""
    results = drive.folder / "cache" / "results"
    _wait(lambda: bool(press("search", "--onlyvisible", "--name", "^ResNet-")), "window")
    yield "the window is there"
    time.sleep(3)  # panels come after the first paint
    before = set(results.glob("*"))
    press("key", "ctrl+shift+p", "sleep", "1", "type", "resnet34")
    press("key", "Return")
    _wait(lambda: bool(press("search", "--onlyvisible", "--name", "^ResNet-34")), "ResNet-34")
    yield "a network is picked in the palette"
    _export(drive.folder / "window.svg", press)
    yield "an SVG is exported by the dialog"
    if not drive.without_pytorch:
        _wait(lambda: bool(set(results.glob("*")) - before), "verdict of the engine")
        yield "the engine has compared every figure with PyTorch's"
    press("key", "ctrl+q")


def _export(file: Path, press: Callable[..., str]) -> None:
    press("key", "ctrl+e")
    _wait(lambda: bool(press("search", "--onlyvisible", "--name", "^Export picture")), "export dialog")
    press("key", "alt+s", "sleep", "2", "type", str(file))
    press("key", "Return")
    _wait(file.exists, "exported picture")
    press("key", "Escape", "sleep", "1")


def _keys(display: str) -> Callable[..., str]:
    def press(*arguments: str) -> str:
        environment = {**os.environ, "DISPLAY": display}
        done = subprocess.run(["xdotool", *arguments], env=environment, capture_output=True, text=True, check=False)
        return done.stdout

    return press


def _wait(holds: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + _WAIT
    while not holds():
        assert time.monotonic() < end, f"no {what} after {_WAIT:.0f} s"
        time.sleep(0.1)


@contextmanager
def _screen() -> Iterator[str]:
    """Yield the name of a virtual screen with a window manager."""
    command, quiet = ["Xvfb", "-displayfd", "1", "-screen", "0", "1280x800x24"], subprocess.DEVNULL
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=quiet, text=True)
    assert server.stdout is not None
    display = f":{server.stdout.readline().strip()}"
    manager = subprocess.Popen(["openbox"], env={**os.environ, "DISPLAY": display}, stdout=quiet, stderr=quiet)
    try:
        yield display
    finally:
        manager.kill()
        server.kill()
        manager.wait()
        server.wait()


def main() -> int:
    """Drive what the arguments name; the exit status is 1 with the reason where something does not hold."""
    parser = ArgumentParser(description="drive an installed or frozen app, and print what was seen")
    parser.add_argument("command", help="such as resnet-explorer, or the path of a frozen one")
    parser.add_argument("--without-pytorch", action="store_true", help="what needs it must say so")
    options = parser.parse_args()
    command = shutil.which(options.command)
    if command is None:
        parser.error(f"{options.command} is no program")
    with tempfile.TemporaryDirectory() as folder:
        drive = Drive(str(Path(command).absolute()), Path(folder), options.without_pytorch)
        try:
            drive_commands(drive)
            if all(map(shutil.which, ("Xvfb", "openbox", "xdotool"))):
                drive_window(drive)
            else:
                print("The window was opened offscreen alone: Xvfb, openbox or xdotool is missing.")
        except AssertionError as error:
            print(f"FAILED: {error}")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
