"""The bootstrap's decisions: what is missing, what would be installed, and what is done already."""

import ast
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import bootstrap
import environment
import installers
import pytest
import system_packages
from system_packages import SetupError

from resnet_explorer import system_libraries

_FILE = Path(bootstrap.__file__)
APP = ["make", "window", "pytorch"]
_GLIB = ("libglib2.0-0t64", "libglib2.0-0")


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of its own for the bootstrap."""
    venv = tmp_path / ".venv"
    for name, value in {
        "ROOT": tmp_path,
        "VENV": venv,
        "STAMP": venv / "installed.txt",
        "PYTHON": venv / "python",
    }.items():
        monkeypatch.setattr(bootstrap, name, value)
    monkeypatch.setattr(bootstrap, "REPORT", tmp_path / "resnet18-report")
    monkeypatch.setattr(environment, "CONSTRAINTS", tmp_path / "constraints.txt")
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    (tmp_path / "constraints.txt").write_text("pip==26.3\n")
    return tmp_path


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Notes of the slow steps, in place of the steps."""
    noted: list[str] = []

    def make() -> None:
        noted.append("make")
        bootstrap.VENV.mkdir(exist_ok=True)
        bootstrap.PYTHON.touch()

    def install_latest(venv: Path, root: Path, extra: str) -> None:
        noted.append("latest")
        (venv / "torch").touch()

    def install_pytorch(venv: Path, root: Path, tell: object) -> None:
        noted.append("pytorch")
        (venv / "torch").touch()

    monkeypatch.setattr(bootstrap, "make_environment", make)
    monkeypatch.setattr(environment, "has_pytorch", lambda venv: (venv / "torch").exists())
    monkeypatch.setattr(environment, "install_latest", install_latest)
    monkeypatch.setattr(installers, "install_checks", lambda venv, root: noted.append("checks"))
    monkeypatch.setattr(installers, "install_window", lambda venv, root: noted.append("window"))
    monkeypatch.setattr(installers, "install_pytorch", install_pytorch)
    return noted


@pytest.fixture
def apt(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """A Debian where root may install: notes the commands, in place of running them."""
    calls: list[list[str]] = []

    def note(command: Sequence[str], *_: object) -> bool:
        calls.append(list(command))
        return True

    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(system_packages, "administrator", lambda: ["sudo", "-n"])
    monkeypatch.setattr(system_libraries, "_is_known", lambda _: True)
    monkeypatch.setattr(system_packages, "succeeds", note)
    monkeypatch.setattr(system_packages, "run_or_fail", note)
    return calls


def test_an_old_python_is_told_in_a_sentence() -> None:
    ast.parse(_FILE.read_text(encoding="utf-8"), feature_version=(3, 6))  # it has to get as far as its own check
    code = f"import runpy, sys; sys.version_info = (3, 9, 18); runpy.run_path({str(_FILE)!r}, run_name='__main__')"
    done = subprocess.run([sys.executable, "-c", code, "--help"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("bootstrap: Python 3.11 or newer is needed, this is ")
    assert done.stderr.count("\n") == 1


def test_help_names_both_commands_and_needs_nothing_but_python() -> None:
    command = [sys.executable, "-I", "-S", str(_FILE), "--help"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    for text in ("run: open the app", "test: run all checks", "--latest", "resnet18-report"):
        assert text in done.stdout


def test_without_rights_the_one_line_to_run_is_told(apt: list[list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system_packages, "administrator", lambda: None)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(SetupError, match=r"\nsudo apt-get install -y libgl1 libegl1$"):
        system_packages.install_packages([("libgl1",), ("libegl1",), ("libgl1",)], "Qt needs libGL.so.1, libEGL.so.1")
    assert not apt


def test_without_apt_the_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(SetupError, match=r"^Qt needs libGL\.so\.1\. Install it"):
        system_packages.install_packages([("libgl1",)], "Qt needs libGL.so.1")


def test_old_lists_are_refreshed_and_the_names_chosen_again(
    monkeypatch: pytest.MonkeyPatch, apt: list[list[str]]
) -> None:
    def fail(command: Sequence[str]) -> bool:
        apt.append(list(command))
        return False

    def is_known(name: str) -> bool:
        return len(apt) == 2 and name == "libglib2.0-0t64"

    monkeypatch.setattr(system_packages, "succeeds", fail)
    monkeypatch.setattr(system_libraries, "_is_known", is_known)
    system_packages.install_packages([_GLIB], "Qt needs libglib-2.0.so.0")
    before = ["sudo", "-n", "env", "DEBIAN_FRONTEND=noninteractive", "apt-get"]
    assert apt == [
        [*before, "install", "-y", "-qq", "libglib2.0-0"],
        [*before, "update", "-qq"],
        [*before, "install", "-y", "-qq", "libglib2.0-0t64"],
    ]


def _lacking(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """Let Qt lack these libraries, one answer after the other; return what is then installed."""
    left, installed = list(answers), list[str]()
    monkeypatch.setattr(bootstrap, "missing_from_qt", lambda _: left.pop(0) if len(left) > 1 else left[0])
    monkeypatch.setattr(bootstrap, "install_packages", lambda wanted, _: installed.extend(name for name, *_ in wanted))
    return installed


def test_it_installs_until_qt_loads_and_nothing_more(monkeypatch: pytest.MonkeyPatch) -> None:
    installed = _lacking(monkeypatch, ["libxcb-cursor.so.0", "libGL.so.1"], ["libxcb-shape.so.0"], [])
    bootstrap.mend_libraries("xcb")
    assert installed == ["libxcb-cursor0", "libgl1", "libxcb-shape0"]


def test_an_unknown_library_does_not_keep_the_known_ones_out(monkeypatch: pytest.MonkeyPatch) -> None:
    installed = _lacking(monkeypatch, ["libnew.so.7", "libxcb-util.so.1"], ["libnew.so.7"])
    with pytest.raises(SetupError, match=r"Qt needs libnew\.so\.7\."):
        bootstrap.mend_libraries("xcb")
    assert installed == ["libxcb-util1"]


def test_a_package_that_does_not_help_ends_the_search(monkeypatch: pytest.MonkeyPatch) -> None:
    installed = _lacking(monkeypatch, ["libGL.so.1"])
    with pytest.raises(SetupError, match=r"(?s)Qt needs libGL\.so\.1\..*libgl1"):
        bootstrap.mend_libraries("offscreen")
    assert installed == ["libgl1"]


def test_many_libraries_are_told_in_short() -> None:
    assert bootstrap.in_short(["libGL.so.1", "libEGL.so.1"]) == "libGL.so.1, libEGL.so.1"
    assert bootstrap.in_short(list("abcdefg")) == "a, b, c and 4 more system libraries"


def test_what_is_done_is_not_done_again(steps: list[str]) -> None:
    bootstrap.prepare("run")
    bootstrap.prepare("run")
    assert steps == APP


def test_each_stage_needs_more_than_the_one_before(steps: list[str]) -> None:
    for stage in ("window", "run", "test", "window", "run", "test"):
        bootstrap.prepare(stage)
    assert steps == [*APP, "checks"]


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (["run"], ["make", "window"]),
        (["run", "resnet50"], ["make", "window", "pytorch"]),  # it may be a command that needs PyTorch
        (["pytorch"], ["make", "window", "pytorch"]),
        (["test"], [*APP, "checks"]),
    ],
)
def test_only_the_bare_window_opens_before_all_is_installed(
    steps: list[str], monkeypatch: pytest.MonkeyPatch, command: list[str], expected: list[str]
) -> None:
    for name in ("run", "test"):
        monkeypatch.setattr(bootstrap, name, lambda arguments: 0)
    assert bootstrap.main(command) == 0
    assert steps == expected


def test_pytorch_cut_short_leaves_what_opens_the_window_and_is_done_again(
    steps: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    bootstrap.prepare("window")
    with monkeypatch.context() as patch:
        patch.setattr(installers, "install_pytorch", _cut_short)
        with pytest.raises(KeyboardInterrupt):
            bootstrap.prepare("run")
    bootstrap.prepare("window")
    bootstrap.prepare("run")
    assert steps == APP


def test_pytorch_that_was_removed_is_installed_again(steps: list[str]) -> None:
    bootstrap.prepare("run")
    (bootstrap.VENV / "torch").unlink()
    bootstrap.prepare("run")
    assert steps == [*APP, "pytorch"]


def test_two_at_once_install_once(steps: list[str]) -> None:
    bootstrap.prepare("window")
    other = threading.Thread(target=bootstrap.prepare, args=("run",))
    with bootstrap.alone():
        other.start()
        other.join(0.2)
        assert other.is_alive()
        (bootstrap.VENV / "torch").touch()
        bootstrap.STAMP.write_text(bootstrap.fingerprint("run"))
    other.join()
    assert steps == ["make", "window"]


@pytest.mark.parametrize("name", ["pyproject.toml", "constraints.txt"])
def test_a_changed_project_is_installed_again(steps: list[str], project: Path, name: str) -> None:
    bootstrap.prepare("run")
    (project / name).write_text("# changed\n")
    bootstrap.prepare("run")
    assert steps == APP * 2


def test_the_latest_versions_are_looked_for_each_time_and_left_for_the_tested_ones(steps: list[str]) -> None:
    for latest in (True, True, False, False):
        bootstrap.prepare("run", latest)
    assert steps == ["make", "latest", "make", "latest", *APP]


@pytest.mark.parametrize("text", [["--latest", "run", "list"], ["run", "--latest", "list"]])
def test_latest_may_stand_before_or_behind_the_command(
    steps: list[str], monkeypatch: pytest.MonkeyPatch, text: list[str]
) -> None:
    monkeypatch.setattr(bootstrap, "run", lambda arguments: 0 if arguments == ["list"] else 1)
    assert bootstrap.main(text) == 0
    assert steps == ["make", "latest"]


def _cut_short(*_: object) -> None:
    raise KeyboardInterrupt


def test_an_installation_cut_short_is_done_again(steps: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(installers, "install_window", _cut_short)
        with pytest.raises(KeyboardInterrupt):
            bootstrap.prepare("run")
    bootstrap.prepare("run")
    assert steps == ["make", *APP]


def test_going_back_after_an_installation_cut_short_installs_again(
    steps: list[str], project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bootstrap.prepare("test")
    file = project / "pyproject.toml"
    old = file.read_text()
    file.write_text("[project]\n# more\n")
    with monkeypatch.context() as patch:
        patch.setattr(installers, "install_checks", _cut_short)
        with pytest.raises(KeyboardInterrupt):
            bootstrap.prepare("test")
    file.write_text(old)  # the environment is half of one and half of the other, whatever the file says now
    bootstrap.prepare("test")
    assert steps == [*APP, "checks", *APP, *APP, "checks"]


def test_a_python_that_is_gone_is_noticed(steps: list[str]) -> None:
    bootstrap.prepare("run")
    bootstrap.PYTHON.unlink()
    bootstrap.prepare("run")
    assert steps == APP * 2


def test_a_broken_environment_is_made_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    leftover = bootstrap.VENV / "leftover"
    leftover.mkdir(parents=True)
    made: list[Path] = []
    monkeypatch.setattr(environment, "make", made.append)
    bootstrap.make_environment()
    assert not leftover.exists()
    assert made == [bootstrap.VENV]


@pytest.mark.parametrize(
    ("displays", "platform"),
    [
        ({}, "offscreen"),
        ({"DISPLAY": ":0"}, "xcb"),
        ({"DISPLAY": ":0", "WAYLAND_DISPLAY": "wayland-0"}, "xcb"),
        ({"WAYLAND_DISPLAY": "wayland-0"}, "wayland"),
    ],
)
def test_only_what_this_display_needs_is_loaded(
    monkeypatch: pytest.MonkeyPatch, displays: dict[str, str], platform: str
) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in displays.items():
        monkeypatch.setenv(name, value)
    assert bootstrap.has_display() is bool(displays)
    assert bootstrap.window_platform() == platform


def test_without_a_display_the_report_is_written_and_the_windows_needs_are_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(wanted: Sequence[Sequence[str]], reason: str) -> None:
        raise SetupError(f"{reason}. Run this line: apt-get install {wanted[0][0]}")

    monkeypatch.setattr(bootstrap, "has_display", lambda: False)
    monkeypatch.setattr(bootstrap, "APP", (sys.executable, "-m", "resnet_explorer"))
    monkeypatch.setattr(bootstrap, "missing_from_qt", lambda _: ["libxcb-util.so.1"])
    monkeypatch.setattr(bootstrap, "install_packages", refuse)
    assert bootstrap.run([]) == 0
    out = capsys.readouterr().out
    assert str(bootstrap.REPORT) in out
    assert out.endswith("Qt needs libxcb-util.so.1. Run this line: apt-get install libxcb-util1\n")
    assert sorted(file.name for file in bootstrap.REPORT.iterdir()) == [
        "diagram.svg",
        "layers.csv",
        "layers.json",
        "layers.md",
    ]
    assert '"params": 11689512' in (bootstrap.REPORT / "layers.json").read_text(encoding="utf-8")
    assert "<svg" in (bootstrap.REPORT / "diagram.svg").read_text(encoding="utf-8")


def test_every_check_runs_though_one_fails(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(bootstrap, "PYTHON", Path(sys.executable))
    monkeypatch.setattr(bootstrap, "mend_libraries", lambda _: None)
    checks = (("first", ("-c", "raise SystemExit(1)")), ("second", ("-c", "print('second ran')")))
    monkeypatch.setattr(bootstrap, "CHECKS", checks)
    monkeypatch.setattr(bootstrap, "PYTEST", ("-c", "import sys; print('third ran with', *sys.argv[1:])"))
    assert bootstrap.test(["-x"]) == 1
    out = capfd.readouterr().out
    assert "first: FAILED in" in out
    assert "second ran" in out and "third ran with -x" in out
    assert out.splitlines()[-1] == "2 passed, 1 failed"
