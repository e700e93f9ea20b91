"""The bootstrap finds what is missing, says what to do, and does nothing twice."""

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def bootstrap() -> ModuleType:
    spec = importlib.util.spec_from_file_location("bootstrap", ROOT / "packaging" / "bootstrap.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_loaders_complaints_are_read(bootstrap: ModuleType) -> None:
    text = (
        "libEGL.so.1: cannot open shared object file: No such file or directory\n"
        "libxcb-cursor.so.0: cannot open shared object file: No such file or directory\n"
        "libEGL.so.1: cannot open shared object file: No such file or directory\n"
        "Xlib: something else\n"
    )
    assert bootstrap.parse_missing(text) == ["libEGL.so.1", "libxcb-cursor.so.0"]


def test_every_library_that_qt_is_known_to_lack_has_a_package(bootstrap: ModuleType) -> None:
    """The packages that a bare Debian 12 lacks for Qt 6.11, offscreen and in a window (found by trying)."""
    lacking = {
        "libgl1", "libegl1", "libglib2.0-0", "libxkbcommon0", "libfontconfig1", "libdbus-1-3", "libxkbcommon-x11-0",
        "libxcb-cursor0", "libxcb-icccm4", "libxcb-keysyms1", "libxcb-shape0", "libxcb-xkb1",
    }  # fmt: skip
    assert lacking <= {name for names in bootstrap.PACKAGES.values() for name in names}


def test_without_rights_it_prints_the_one_line_to_run(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "administrator", lambda: None)
    monkeypatch.setattr(bootstrap.shutil, "which", lambda name: "/usr/bin/apt-get")
    with pytest.raises(bootstrap.SetupError, match=r"sudo apt-get install -y libegl1 libgl1$"):
        bootstrap.install_packages(["libegl1", "libgl1", "libegl1"], "Qt needs them")


def test_it_installs_exactly_what_is_missing(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = [["libxcb-cursor.so.0"], ["libxcb-shape.so.0"], []]
    installed: list[str] = []
    monkeypatch.setattr(bootstrap.sys, "platform", "linux")
    monkeypatch.setattr(bootstrap, "missing_libraries", lambda plugins: answers.pop(0))
    monkeypatch.setattr(bootstrap, "install_packages", lambda packages, reason: installed.extend(packages))
    bootstrap.mend_libraries(window=True)
    assert installed == ["libxcb-cursor0", "libxcb-shape0"]


def test_a_library_that_nobody_knows_is_named(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap.sys, "platform", "linux")
    monkeypatch.setattr(bootstrap, "missing_libraries", lambda plugins: ["libodd.so.3"])
    with pytest.raises(bootstrap.SetupError, match=r"libodd\.so\.3"):
        bootstrap.mend_libraries(window=False)


def test_nothing_is_installed_twice(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    commands: list[list[str]] = []
    monkeypatch.setattr(bootstrap, "VENV", tmp_path)
    monkeypatch.setattr(bootstrap, "_run", lambda command, problem: commands.append(command))
    bootstrap.install("test")
    bootstrap.install("test")
    bootstrap.install("run")  # what the tests need holds what the app needs
    assert len(commands) == 1
    monkeypatch.setattr(bootstrap, "fingerprint", lambda: "another pyproject.toml")
    bootstrap.install("run")
    assert len(commands) == 2


def test_a_failed_installation_is_tried_again(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def fail(command: list[str], problem: str) -> None:
        raise bootstrap.SetupError(problem)

    monkeypatch.setattr(bootstrap, "VENV", tmp_path)
    monkeypatch.setattr(bootstrap, "_run", fail)
    with pytest.raises(bootstrap.SetupError):
        bootstrap.install("run")
    assert not list(tmp_path.iterdir())


def test_an_old_python_is_told_so(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    monkeypatch.setattr(bootstrap.sys, "version_info", (3, 10, 4))
    assert bootstrap.main(["run"]) == 1
    assert "Python 3.11 or newer is needed" in capsys.readouterr().err


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux can be without a display")
def test_without_a_display_it_writes_the_report(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    assert not bootstrap.has_display()
    monkeypatch.setattr(bootstrap, "PYTHON", Path(sys.executable))
    monkeypatch.setattr(bootstrap, "REPORT", tmp_path / "report")
    assert bootstrap.report() == 0
    assert {file.name for file in (tmp_path / "report").iterdir()} == {
        "diagram.svg", "layers.md", "layers.csv", "layers.json",
    }  # fmt: skip
    assert str(tmp_path / "report") in capsys.readouterr().out


def test_its_loader_finds_nothing_missing_where_the_tests_run(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bootstrap, "PYTHON", Path(sys.executable))
    assert bootstrap.missing_libraries(("libqoffscreen.so",)) == []


def test_help_names_both_commands() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "packaging" / "bootstrap.py", "--help"], capture_output=True, text=True, check=True
    )
    assert "{run,test}" in done.stdout
