"""The system libraries of Qt: the table against the Qt that is installed, and what a user is told."""

import os
import shutil
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import PySide6
import pytest
import shiboken6
from elftools.elf.dynamic import DynamicSection
from elftools.elf.elffile import ELFFile

from resnet_explorer import system_libraries
from resnet_explorer.system_libraries import (
    PACKAGES,
    advice,
    apt_line,
    choose,
    missing_libraries,
    parse_missing,
    qt_files,
)

_PYSIDE = Path(PySide6.__file__).parent
_WHEELS = (_PYSIDE, _PYSIDE / "Qt" / "lib", Path(shiboken6.__file__).parent)
_PLUGIN_FOLDERS = (
    *("xcbglintegrations", "wayland-*-client", "wayland-shell-integration", "platforminputcontexts"),
    *("platformthemes", "iconengines", "imageformats"),
)
_C_LIBRARY = {"libc.so.6", "libdl.so.2", "libm.so.6", "libpthread.so.0", "librt.so.1"}
_C_LIBRARY |= {"ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1"}
"""What every Linux on which Python runs has."""
_GTK = "libqgtk3.so"
"""The plugin for the looks of GTK desktops, which have its libraries; Qt does without it elsewhere."""
_GLIB = ("libglib2.0-0t64", "libglib2.0-0")

_LOADER_SAYS = "libEGL.so.1: cannot open shared object file: No such file or directory"
_LDD_SAYS = """
\tlinux-vdso.so.1 (0x00007ffd)
\tlibQt6Gui.so.6 => /venv/PySide6/Qt/lib/libQt6Gui.so.6 (0x00007f01)
\tlibEGL.so.1 => not found
\tlibxkbcommon.so.0 => not found
\tlibxkbcommon.so.0 => not found
"""


def _needed(file: Path) -> list[str]:
    with file.open("rb") as stream:
        dynamic = ELFFile(stream).get_section_by_name(".dynamic")
        assert isinstance(dynamic, DynamicSection)
        return [tag.needed for tag in dynamic.iter_tags("DT_NEEDED")]  # type: ignore[attr-defined]  # set by name


def _from_the_system(files: Iterable[Path]) -> set[str]:
    """Return the libraries that these files need, by way of others in the wheels too, and that no wheel brings."""
    outside, seen, left = set(), set(), list(files)
    while left:
        file = left.pop()
        seen.add(file)
        for name in _needed(file):
            brought = [folder / name for folder in _WHEELS if (folder / name).exists()]
            outside |= set() if brought else {name}
            left += [library for library in brought if library not in seen]
    return outside


def _plugins() -> Iterator[Path]:
    """Yield the plugins that Qt may load for the app; not those that need a part of Qt that is not installed."""
    for folder in _PLUGIN_FOLDERS:
        for file in (_PYSIDE / "Qt" / "plugins").glob(f"{folder}/*.so"):
            if file.name != _GTK and not any(name.startswith("libQt6") for name in _from_the_system([file])):
                yield file


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere Qt brings what it needs")
def test_the_table_holds_every_library_that_qt_needs() -> None:
    files = {file for platform in ("xcb", "wayland", "offscreen") for file in qt_files(_PYSIDE, platform)}
    assert {"libqxcb.so", "libqwayland.so", "libqoffscreen.so"} <= {file.name for file in files}
    needed = _from_the_system([*files, *_plugins()])
    assert "libxcb-util.so.1" in needed
    assert needed - _C_LIBRARY - PACKAGES.keys() == set()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere Qt brings what it needs")
def test_nothing_is_missing_where_these_tests_run() -> None:
    assert missing_libraries(qt_files(_PYSIDE, "offscreen")) == []


@pytest.mark.skipif(not shutil.which("sh"), reason="ldd is a script of the shell")
def test_libraries_that_a_frozen_app_brings_are_not_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ldd = tmp_path / "ldd"
    ldd.write_text('#!/bin/sh\ntest "$LD_LIBRARY_PATH" = /bundle || echo "libEGL.so.1 => not found"\n')
    ldd.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    assert missing_libraries([tmp_path]) == ["libEGL.so.1"]
    monkeypatch.setattr(sys, "_MEIPASS", "/bundle", raising=False)
    assert missing_libraries([tmp_path]) == []


def test_complaints_of_the_loader_and_of_ldd_name_each_library_once() -> None:
    assert parse_missing(_LOADER_SAYS + _LDD_SAYS) == ["libEGL.so.1", "libxkbcommon.so.0"]
    assert parse_missing("ImportError: No module named PySide6") == []


@pytest.mark.parametrize(
    ("known", "chosen"),
    [
        (_GLIB, "libglib2.0-0t64"),
        (("libglib2.0-0t64",), "libglib2.0-0t64"),
        (("libglib2.0-0",), "libglib2.0-0"),
        ((), "libglib2.0-0"),
    ],
)
def test_the_name_that_the_system_knows_is_chosen(
    monkeypatch: pytest.MonkeyPatch, known: tuple[str, ...], chosen: str
) -> None:
    monkeypatch.setattr(system_libraries, "_is_known", lambda name: name in known)
    assert PACKAGES["libglib-2.0.so.0"] == _GLIB
    assert choose(_GLIB) == chosen


@pytest.mark.parametrize(
    ("policy", "known"),
    [
        ("libgl1:\n  Installed: (none)\n  Candidate: 1.6.0-1\n", True),
        ("libgl1:\n  Installed: (none)\n  Candidate: (none)\n", False),  # named by others, in no list
        ("", False),
    ],
)
def test_apts_policy_is_read(monkeypatch: pytest.MonkeyPatch, policy: str, known: bool) -> None:
    monkeypatch.setattr(system_libraries, "_output", lambda _: policy)
    assert system_libraries._is_known("libgl1") is known


@pytest.mark.parametrize(
    ("user", "has_apt", "libraries", "expected"),
    [
        (0, True, ["libxcb-util.so.1", "libGL.so.1"], "Run this line:\napt-get install -y libxcb-util1 libgl1"),
        (1000, True, ["libGL.so.1"], "Run this line:\nsudo apt-get install -y libgl1"),
        (
            1000,
            True,
            ["libnew.so.7", "libGL.so.1"],
            "Which package holds libnew.so.7 is not known; search your distribution's packages for it. "
            "Run this line:\nsudo apt-get install -y libgl1",
        ),
        (
            1000,
            False,
            ["libGL.so.1"],
            "Install what holds them with your system's package manager "
            "(on Debian and Ubuntu: sudo apt-get install -y libgl1).",
        ),
    ],
)
def test_a_line_to_type_is_told(
    monkeypatch: pytest.MonkeyPatch, user: int, has_apt: bool, libraries: list[str], expected: str
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: user)
    monkeypatch.setattr(shutil, "which", lambda _: "/usr/bin/apt-get" if has_apt else None)
    monkeypatch.setattr(system_libraries, "_is_known", lambda _: True)
    assert advice(libraries) == expected


def test_where_apt_has_no_lists_the_line_fetches_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(system_libraries, "_is_known", lambda _: False)
    assert apt_line(["libgl1", "libgl1"]) == "sudo apt-get update && sudo apt-get install -y libgl1"
