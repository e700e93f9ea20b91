"""Where no window can be opened, a sentence says why before Qt would abort; where one can, Qt is let do it."""

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from resnet_explorer import system_libraries
from resnet_explorer.errors import ExplorerError
from resnet_explorer.terminal import display

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere there always is a display")
VARIABLES = ("DISPLAY", "WAYLAND_DISPLAY", "WAYLAND_SOCKET", "XDG_RUNTIME_DIR", "XDG_SESSION_TYPE", "QT_QPA_PLATFORM")
DEAD = ":42424"


@pytest.fixture(autouse=True)
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A session without any display; its directory for sockets."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setattr(display, "_load_failure", lambda library: "")
    return tmp_path


@pytest.fixture
def compositor(session: Path) -> Iterator[Path]:
    """A socket that takes connections where Wayland's compositor is by default."""
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(session / "wayland-0"))
        server.listen()
        yield session


def problem() -> str:
    with pytest.raises(ExplorerError) as caught:
        display.platform()
    return str(caught.value)


@pytest.mark.parametrize("name", [DEAD, "localhost:42424", "nonsense"])
def test_a_display_that_does_not_answer_is_named(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPLAY", name)
    assert problem().startswith(f"The display {name} cannot be reached. Set DISPLAY")


def test_the_command_ends_with_the_sentence_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    environment = {**os.environ, "DISPLAY": DEAD}
    command = [sys.executable, "-m", "resnet_explorer", "resnet18"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr.startswith(f"resnet-explorer: The display {DEAD} cannot") and done.stderr.count("\n") == 1


def test_without_any_display_that_is_said() -> None:
    assert problem().startswith("There is no display to open a window on.")


def test_a_compositor_that_is_gone_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-7")
    assert problem().startswith("The Wayland compositor cannot be reached.")


@pytest.mark.usefixtures("compositor")
def test_qt_finds_a_compositor_that_a_variable_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")
    assert display.platform() == ""


@pytest.mark.usefixtures("compositor")
def test_qt_is_told_of_a_compositor_that_it_would_not_look_for(monkeypatch: pytest.MonkeyPatch) -> None:
    assert display.platform() == "wayland"
    monkeypatch.setenv("DISPLAY", DEAD)
    assert display.platform() == "wayland"


@pytest.mark.usefixtures("compositor")
def test_a_platform_that_is_asked_for_is_the_one_that_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QT_QPA_PLATFORM", "xcb")
    assert "DISPLAY is not set" in problem()
    monkeypatch.setenv("QT_QPA_PLATFORM", "wayland;xcb")
    assert display.platform() == ""
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen:configfile=screens.json")
    assert display.platform() == ""
    monkeypatch.setenv("QT_QPA_PLATFORM", "holodeck")
    assert problem().startswith("Qt has no platform plugin 'holodeck'. Set QT_QPA_PLATFORM to one of ")


@pytest.mark.usefixtures("compositor")
def test_libraries_that_are_missing_are_named_with_the_line_that_installs_them(monkeypatch: pytest.MonkeyPatch) -> None:
    missing = ["libxcb-icccm.so.4", "libwayland-egl.so.1"]
    monkeypatch.setattr(display, "_load_failure", lambda library: f"{missing[0]}: cannot open shared object file")
    monkeypatch.setattr(system_libraries, "missing_libraries", lambda files: missing)
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")
    said = problem()
    assert said.startswith("Qt needs system libraries that are missing: libxcb-icccm.so.4, libwayland-egl.so.1.")
    assert said.endswith("apt-get install -y libxcb-icccm4 libwayland-egl1")


def test_a_qt_that_cannot_be_imported_for_want_of_libraries_says_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system_libraries, "missing_libraries", lambda files: ["libEGL.so.1"])
    said = str(display.missing_qt(ImportError("libEGL.so.1: cannot open shared object file")))
    assert "libEGL.so.1" in said and "libegl1" in said
    monkeypatch.setattr(system_libraries, "missing_libraries", lambda files: [])
    assert str(display.missing_qt(ImportError("no module"))).startswith("Qt cannot be loaded: no module.")
