"""The bootstrap's decisions: what is missing, what would be installed, and what is done already."""

import ast
import runpy
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

_FILE = Path(__file__).parents[2] / "packaging" / "bootstrap.py"
_LOADER_SAYS = "libEGL.so.1: cannot open shared object file: No such file or directory"
_LDD_SAYS = """
\tlinux-vdso.so.1 (0x00007ffd)
\tlibQt6Gui.so.6 => /venv/PySide6/Qt/lib/libQt6Gui.so.6 (0x00007f01)
\tlibEGL.so.1 => not found
\tlibxkbcommon.so.0 => not found
\tlibxkbcommon.so.0 => not found
"""
_GLIB = ("libglib2.0-0t64", "libglib2.0-0")


@pytest.fixture
def bootstrap(tmp_path: Path) -> Any:
    """The bootstrap on a project of its own; change its globals as attributes."""
    names = runpy.run_path(str(_FILE), run_name="bootstrap")
    scope = names["main"].__globals__
    scope.update(ROOT=tmp_path, VENV=tmp_path / ".venv", STAMP=tmp_path / ".venv" / "installed.txt")
    scope.update(PYTHON=tmp_path / ".venv" / "python", REPORT=tmp_path / "resnet18-report")
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    return _Scope(scope)


class _Scope:
    """A module's globals as attributes: setting one changes what its functions see."""

    def __init__(self, scope: dict[str, Any]) -> None:
        object.__setattr__(self, "scope", scope)

    def __getattr__(self, name: str) -> Any:
        return object.__getattribute__(self, "scope")[name]

    def __setattr__(self, name: str, value: object) -> None:
        object.__getattribute__(self, "scope")[name] = value


def _knowing(*packages: str) -> Callable[[str], bool]:
    return lambda name: name in packages


def _noting(calls: list[Sequence[str]], works: bool = True) -> Callable[..., bool]:
    def note(command: Sequence[str], *_: object) -> bool:
        calls.append(list(command))
        return works

    return note


def _fresh(bootstrap: Any) -> list[str]:
    """Replace the slow steps by notes of them, and return the notes."""
    steps: list[str] = []

    def make() -> None:
        steps.append("make")
        bootstrap.VENV.mkdir(exist_ok=True)
        bootstrap.PYTHON.touch()

    bootstrap.make_environment = make
    bootstrap.install = steps.append
    return steps


def test_an_old_python_is_told_in_a_sentence() -> None:
    ast.parse(_FILE.read_text(encoding="utf-8"), feature_version=(3, 6))  # it has to get as far as its own check
    code = f"import runpy, sys; sys.version_info = (3, 9, 18); runpy.run_path({str(_FILE)!r}, run_name='__main__')"
    done = subprocess.run([sys.executable, "-c", code, "--help"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("bootstrap: Python 3.11 or newer is needed, this is ")
    assert done.stderr.count("\n") == 1


def test_help_names_both_commands() -> None:
    done = subprocess.run([sys.executable, str(_FILE), "--help"], capture_output=True, text=True, check=True)
    for words in ("run: open the app", "test: run all checks", "resnet18-report"):
        assert words in done.stdout


def test_complaints_of_the_loader_and_of_ldd_name_each_library_once(bootstrap: Any) -> None:
    assert bootstrap.parse_missing(_LOADER_SAYS + _LDD_SAYS) == ["libEGL.so.1", "libxkbcommon.so.0"]
    assert bootstrap.parse_missing("ImportError: No module named PySide6") == []


@pytest.mark.parametrize(
    ("library", "package"),
    [
        ("libGL.so.1", "libgl1"),
        ("libEGL.so.1", "libegl1"),
        ("libxkbcommon.so.0", "libxkbcommon0"),
        ("libfontconfig.so.1", "libfontconfig1"),
        ("libdbus-1.so.3", "libdbus-1-3"),
        ("libxkbcommon-x11.so.0", "libxkbcommon-x11-0"),
        ("libxcb-cursor.so.0", "libxcb-cursor0"),
        ("libxcb-icccm.so.4", "libxcb-icccm4"),
        ("libxcb-keysyms.so.1", "libxcb-keysyms1"),
        ("libxcb-shape.so.0", "libxcb-shape0"),
        ("libxcb-xkb.so.1", "libxcb-xkb1"),
    ],
)
def test_libraries_are_in_debians_packages(bootstrap: Any, library: str, package: str) -> None:
    assert bootstrap.PACKAGES[library] == (package,)


@pytest.mark.parametrize(
    ("known", "chosen"),
    [
        (_GLIB, "libglib2.0-0t64"),
        (("libglib2.0-0t64",), "libglib2.0-0t64"),
        (("libglib2.0-0",), "libglib2.0-0"),
        ((), "libglib2.0-0"),
    ],
)
def test_the_name_that_the_system_knows_is_chosen(bootstrap: Any, known: tuple[str, ...], chosen: str) -> None:
    bootstrap._is_known = _knowing(*known)
    assert bootstrap.PACKAGES["libglib-2.0.so.0"] == _GLIB
    assert bootstrap.choose(_GLIB) == chosen


@pytest.mark.parametrize(
    ("policy", "known"),
    [
        ("libgl1:\n  Installed: (none)\n  Candidate: 1.6.0-1\n", True),
        ("libgl1:\n  Installed: (none)\n  Candidate: (none)\n", False),  # named by others, in no list
        ("", False),
    ],
)
def test_apts_policy_is_read(bootstrap: Any, monkeypatch: pytest.MonkeyPatch, policy: str, known: bool) -> None:
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: SimpleNamespace(stdout=policy))
    assert bootstrap._is_known("libgl1") is known


def test_without_rights_the_one_line_to_run_is_told(bootstrap: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap.shutil, "which", lambda name: f"/usr/bin/{name}")
    bootstrap.administrator = lambda: None
    with pytest.raises(bootstrap.SetupError, match=r"sudo apt-get install -y libgl1 libegl1$"):
        bootstrap.install_packages([("libgl1",), ("libegl1",), ("libgl1",)], "Qt needs libGL.so.1, libEGL.so.1")


def test_without_apt_the_library_is_named(bootstrap: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap.shutil, "which", lambda _: None)
    with pytest.raises(bootstrap.SetupError, match=r"^Qt needs libGL\.so\.1\. Install what holds it"):
        bootstrap.install_packages([("libgl1",)], "Qt needs libGL.so.1")


def test_old_lists_are_refreshed_and_the_names_chosen_again(bootstrap: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap.shutil, "which", lambda name: f"/usr/bin/{name}")
    calls: list[Sequence[str]] = []
    bootstrap.administrator = lambda: ["sudo", "-n"]
    bootstrap._succeeds = _noting(calls, works=False)
    bootstrap._run = _noting(calls)
    bootstrap._is_known = lambda name: len(calls) == 2 and name == "libglib2.0-0t64"
    bootstrap.install_packages([_GLIB], "Qt needs libglib-2.0.so.0")
    before = ["sudo", "-n", "env", "DEBIAN_FRONTEND=noninteractive", "apt-get"]
    assert calls == [
        [*before, "install", "-y", "libglib2.0-0", "-qq"],
        [*before, "update", "-qq"],
        [*before, "install", "-y", "libglib2.0-0t64", "-qq"],
    ]


def test_it_installs_until_qt_loads_and_nothing_more(bootstrap: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    answers = [["libxcb-cursor.so.0", "libGL.so.1"], ["libxcb-shape.so.0"], []]
    installed: list[object] = []
    bootstrap.missing_libraries = lambda _: answers.pop(0)
    bootstrap.install_packages = lambda wanted, _: installed.extend(wanted)
    bootstrap.mend_libraries(["libqxcb.so"])
    assert installed == [("libxcb-cursor0",), ("libgl1",), ("libxcb-shape0",)]


def test_an_unknown_library_is_named(bootstrap: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    bootstrap.missing_libraries = lambda _: ["libnew.so.7"]
    with pytest.raises(bootstrap.SetupError, match=r"Qt needs the system libraries libnew\.so\.7\."):
        bootstrap.mend_libraries(["libqoffscreen.so"])


def test_a_package_that_does_not_help_ends_the_search(bootstrap: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    installed: list[object] = []
    bootstrap.missing_libraries = lambda _: ["libGL.so.1"]
    bootstrap.install_packages = lambda wanted, _: installed.append(wanted)
    with pytest.raises(bootstrap.SetupError, match=r"Qt still lacks libGL\.so\.1"):
        bootstrap.mend_libraries(["libqoffscreen.so"])
    assert installed == [[("libgl1",)]]


def test_a_qt_that_does_not_load_for_another_reason_says_why(bootstrap: Any) -> None:
    bootstrap.PYTHON, bootstrap.LOADER = sys.executable, "import no_such_module"
    with pytest.raises(bootstrap.SetupError, match=r"Qt cannot be loaded: .*no_such_module"):
        bootstrap.missing_libraries([])


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the system's loader is Linux'")
def test_qt_loads_here(bootstrap: Any) -> None:
    bootstrap.PYTHON = sys.executable
    assert bootstrap.missing_libraries(["libqoffscreen.so"]) == []


@pytest.mark.parametrize(("command", "target"), [("run", "."), ("test", ".[dev]")])
def test_the_checkout_itself_is_installed(bootstrap: Any, command: str, target: str) -> None:
    calls: list[Sequence[str]] = []
    bootstrap._run = _noting(calls)
    bootstrap.install(command)
    assert calls[0][:4] == [str(bootstrap.PYTHON), "-m", "pip", "install"]
    assert calls[0][-2:] == ["-e", target]


def test_what_is_done_is_not_done_again(bootstrap: Any) -> None:
    steps = _fresh(bootstrap)
    bootstrap.prepare("run")
    bootstrap.prepare("run")
    assert steps == ["make", "run"]


def test_tests_need_more_than_the_app(bootstrap: Any) -> None:
    steps = _fresh(bootstrap)
    for command in ("run", "test", "run", "test"):
        bootstrap.prepare(command)
    assert steps == ["make", "run", "make", "test"]


def test_a_changed_project_is_installed_again(bootstrap: Any) -> None:
    steps = _fresh(bootstrap)
    bootstrap.prepare("run")
    (bootstrap.ROOT / "pyproject.toml").write_text('[project]\nname = "other"\n')
    bootstrap.prepare("run")
    assert steps == ["make", "run", "make", "run"]


def _cut_short(_: str) -> None:
    raise KeyboardInterrupt


def test_an_installation_cut_short_is_done_again(bootstrap: Any) -> None:
    steps = _fresh(bootstrap)
    kept, bootstrap.install = bootstrap.install, _cut_short
    with pytest.raises(KeyboardInterrupt):
        bootstrap.prepare("run")
    bootstrap.install = kept
    bootstrap.prepare("run")
    assert steps == ["make", "make", "run"]


def test_going_back_after_an_installation_cut_short_installs_again(bootstrap: Any) -> None:
    steps = _fresh(bootstrap)
    bootstrap.prepare("test")
    project = bootstrap.ROOT / "pyproject.toml"
    old = project.read_text()
    project.write_text("[project]\n# more\n")
    kept, bootstrap.install = bootstrap.install, _cut_short
    with pytest.raises(KeyboardInterrupt):
        bootstrap.prepare("test")
    project.write_text(old)  # the environment is half of one and half of the other, whatever the file says now
    bootstrap.install = kept
    bootstrap.prepare("test")
    assert steps == ["make", "test", "make", "make", "test"]


def test_a_python_that_is_gone_is_noticed(bootstrap: Any) -> None:
    steps = _fresh(bootstrap)
    bootstrap.prepare("run")
    bootstrap.PYTHON.unlink()
    bootstrap.prepare("run")
    assert steps == ["make", "run"] * 2


def test_a_broken_environment_is_made_anew(bootstrap: Any) -> None:
    leftover = bootstrap.VENV / "leftover"
    leftover.mkdir(parents=True)
    bootstrap._succeeds = lambda command: command[0] == sys.executable
    made: list[Sequence[str]] = []
    bootstrap._run = _noting(made)
    bootstrap.make_environment()
    assert not leftover.exists()
    assert made == [[sys.executable, "-m", "venv", str(bootstrap.VENV)]]


def test_debians_missing_venv_is_installed_first(bootstrap: Any) -> None:
    order: list[object] = []
    bootstrap._succeeds = lambda _: False
    bootstrap.install_packages = lambda wanted, _: order.append(wanted)
    bootstrap._run = lambda command, _: order.append(command[1:3])
    bootstrap.make_environment()
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert order == [[(f"python{version}-venv", "python3-venv")], ["-m", "venv"]]


@pytest.mark.parametrize(
    ("displays", "plugin"),
    [
        ({}, "libqoffscreen.so"),
        ({"DISPLAY": ":0"}, "libqxcb.so"),
        ({"DISPLAY": ":0", "WAYLAND_DISPLAY": "wayland-0"}, "libqxcb.so"),
        ({"WAYLAND_DISPLAY": "wayland-0"}, "libqwayland.so"),
    ],
)
def test_only_what_this_display_needs_is_loaded(
    bootstrap: Any, monkeypatch: pytest.MonkeyPatch, displays: dict[str, str], plugin: str
) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in displays.items():
        monkeypatch.setenv(name, value)
    assert bootstrap.has_display() is bool(displays)
    assert bootstrap.window_plugins() == [plugin]


def test_without_a_display_the_report_is_written(bootstrap: Any, capsys: pytest.CaptureFixture[str]) -> None:
    bootstrap.has_display = lambda: False
    bootstrap.APP = (sys.executable, "-m", "resnet_explorer")
    assert bootstrap.run([]) == 0
    assert str(bootstrap.REPORT) in capsys.readouterr().out
    assert sorted(file.name for file in bootstrap.REPORT.iterdir()) == [
        "diagram.svg",
        "layers.csv",
        "layers.json",
        "layers.md",
    ]
    assert '"params": 11689512' in (bootstrap.REPORT / "layers.json").read_text(encoding="utf-8")
    assert "<svg" in (bootstrap.REPORT / "diagram.svg").read_text(encoding="utf-8")


def test_every_check_runs_though_one_fails(bootstrap: Any, capfd: pytest.CaptureFixture[str]) -> None:
    bootstrap.PYTHON, bootstrap.mend_libraries = sys.executable, lambda _: None
    bootstrap.CHECKS = (("first", ("-c", "raise SystemExit(1)")), ("second", ("-c", "print('second ran')")))
    assert bootstrap.test([]) == 1
    out = capfd.readouterr().out
    assert "first: FAILED in" in out
    assert "second ran" in out
    assert out.splitlines()[-1] == "1 passed, 1 failed"
