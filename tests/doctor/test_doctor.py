"""What ``doctor`` finds where something is broken, and that it goes on to the next check then."""

import json
import os
import shutil
import sys
import tempfile
from collections import namedtuple
from importlib.util import find_spec
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from resnet_explorer import system_libraries
from resnet_explorer.cli import main
from resnet_explorer.doctor import checks, child, packages, places, pytorch, qt
from resnet_explorer.doctor.child import Child
from resnet_explorer.doctor.findings import Finding, State, Step, summary
from resnet_explorer.errors import ExplorerError
from resnet_explorer.terminal import display
from resnet_explorer.ui import crash_log, painter

STEP = Step("one", "One", "Doing it")
FIRST_KEYS = ["python", "packages", "qt-libraries", "qt", "display", "fonts", "pytorch", "device-cpu", "devices"]
LAST_KEYS = ["onednn", "graphviz", *(f"folder-{key}" for key in places.PLACES), "crash"]


def run(capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, Finding]]:
    """Run the command and return its status and what it found, by its keys."""
    status = main(["doctor", "--json"])
    told = json.loads(capsys.readouterr().out)
    assert told.keys() == {"version", "broken", "findings"}
    found = [Finding(**{**row, "state": State(row["state"])}) for row in told["findings"]]
    assert told["broken"] == any(finding.state is State.BROKEN for finding in found)
    return status, {finding.key: finding for finding in found}


def test_a_machine_without_graphviz(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name, path=None: None)
    status, found = run(capsys)
    assert status == 1
    assert [*found] == [
        *FIRST_KEYS,
        *(key for key in found if key.startswith("device-") and key[7:] != "cpu"),
        *LAST_KEYS,
    ]
    assert [key for key, finding in found.items() if finding.state is State.BROKEN] == ["graphviz"]
    assert found["graphviz"].remedy == "Install Graphviz, or graphviz-pure with pip."
    assert "channels_last differs from contiguous by" in found["device-cpu"].what
    assert found["display"].state is State.NOTE, "it is offscreen"


def test_where_pytorch_and_qt_cannot_be_imported(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, code in (
        ("torch", "raise OSError('libcudart.so.13: cannot open shared object file')"),
        ("PySide6", "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)"),
    ):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text(code)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")]))
    assert main(["doctor"]) == 1
    told = capsys.readouterr().out
    assert "broken  PyTorch: PyTorch cannot be loaded: libcudart.so.13: cannot open shared object file." in told
    assert "broken  Qt: Importing Qt crashed (SIGSEGV)." in told and f"--force-reinstall {qt.WANTED}" in told
    assert "ok      Graphviz:" in told, "the others go on"
    assert told.splitlines()[-1].endswith("2 broken, 1 note."), "oneDNN cannot be checked"
    assert "Traceback" not in told


def ask(code: str) -> list[Finding]:
    """Return what is found of a check whose generator has a body."""
    lines = "\n".join(f"    {line}" for line in code.splitlines())
    program = (
        "import sys, time, os, signal\n"
        "from resnet_explorer.doctor import child\n"
        "from resnet_explorer.doctor.findings import Step\n"
        f"def probe():\n{lines}\n"
        "child.PROBES['it'] = '__main__:probe'\n"
        "child.run('it')\n"
    )
    started = Child([sys.executable, "-c", program], STEP)
    try:
        return list(started.findings())
    finally:
        started.kill()


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("yield Step('two', 'Two', 'Waiting', 0.3)\ntime.sleep(60)", "Waiting did not end within 0.3 seconds."),
        ("yield Step('two', 'Two', 'Dying')\nos.kill(os.getpid(), signal.SIGKILL)", "Dying crashed (SIGKILL)."),
        ("yield Step('two', 'Two', 'Failing')\nraise ValueError('so.')", "Failing failed: ValueError: so."),
        ("yield Step('two', 'Two', 'It')\nsys.stderr.write('gone\\n')\nos._exit(3)", "It ended with status 3: gone."),
        ("yield Step('two', 'Two', 'It')\nimport nowhere", "The Python package nowhere is not installed."),
    ],
)  # fmt: skip
@pytest.mark.skipif(sys.platform == "win32", reason="no signals")
def test_however_a_check_ends_it_is_a_finding(code: str, said: str) -> None:
    fine = "one = Step('one', 'One', 'Doing it')\nyield one\nyield one.ok('fine')\n"
    first, second = ask(fine + code)
    assert (first.key, first.state, first.what) == ("one", State.OK, "fine")
    assert (second.key, second.state, second.what) == ("two", State.BROKEN, said)


def test_a_check_that_does_not_begin_is_a_finding_of_its_first_step() -> None:
    started = Child([sys.executable, "-c", "raise SystemExit('no such thing')"], STEP)
    (only,) = started.findings()
    started.kill()
    assert (only.key, only.what) == ("one", "Doing it ended with status 1: no such thing.")


def test_a_python_that_is_too_old(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "OLDEST", (4, 0))
    finding = packages.python(STEP)
    assert finding.state is State.BROKEN and finding.remedy == "Python 4.0 or newer is needed."


def test_packages_that_are_missing_are_named_with_the_line_that_installs_them(monkeypatch: pytest.MonkeyPatch) -> None:
    needed = ["numpy>=1.26", "nowhere>=2; python_version >= '3.11'", "old; python_version < '3.9'", "x; extra == 'dev'"]
    monkeypatch.setattr(packages, "requires", lambda name: needed)
    finding = packages.packages(STEP)
    assert (finding.state, finding.what) == (State.BROKEN, "nowhere is not installed.")
    assert finding.remedy.endswith(" nowhere")


class TestPlaces:
    def test_a_folder_that_is_to_be_made(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("RESNET_EXPLORER_CONFIG", str(tmp_path / "new" / "one"))
        finding = places.place(STEP, "settings")
        assert finding.state in (State.OK, State.NOTE) and str(tmp_path / "new" / "one") in finding.what
        assert not (tmp_path / "new").exists(), "it only looks"

    def test_a_folder_that_cannot_be(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "file").write_text("")
        monkeypatch.setenv("RESNET_EXPLORER_CONFIG", str(tmp_path / "file" / "one"))
        finding = places.place(STEP, "settings")
        assert finding.state is State.BROKEN and "cannot be written" in finding.what
        assert "RESNET_EXPLORER_CONFIG" in finding.remedy

    @pytest.mark.parametrize(("free", "state"), [(0, State.BROKEN), (10**9, State.NOTE), (10**10, State.OK)])
    def test_space(self, free: int, state: State, monkeypatch: pytest.MonkeyPatch) -> None:
        usage = namedtuple("usage", "free")
        monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(free))
        assert places.place(STEP, "temporary").state is state

    def test_no_temporary_files(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def fail() -> str:
            raise FileNotFoundError(2, "No usable temporary directory found")

        monkeypatch.setattr(tempfile, "gettempdir", fail)
        assert places.place(STEP, "temporary").state is State.BROKEN


class TestQt:
    @pytest.fixture(autouse=True)
    def _no_display(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
            monkeypatch.delenv(name, raising=False)

    @pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Qt brings them elsewhere")
    def test_libraries_that_are_missing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def missing(files: list[Path]) -> list[str]:
            return ["libxcb-cursor.so.0"] if any("xcb" in file.name for file in files) else []

        monkeypatch.setattr(system_libraries, "missing_libraries", missing)
        monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")
        folder = Path(find_spec("PySide6").origin).parent  # type: ignore[union-attr, arg-type]
        finding = qt._libraries(STEP, folder)
        assert finding.state is State.NOTE and "libxcb-cursor0" in finding.remedy, "commands do not need them"
        monkeypatch.setenv("DISPLAY", ":7")
        assert qt._libraries(STEP, folder).state is State.BROKEN

    def test_a_display_that_is_not_there(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def fail() -> str:
            raise ExplorerError("display", "No display.", "Set it.")

        monkeypatch.setattr(display, "platform", fail)
        platform, finding = qt._display(STEP)
        assert platform == "offscreen" and finding and finding.state is State.NOTE
        monkeypatch.setenv("DISPLAY", ":7")
        assert qt._display(STEP)[1] == STEP.broken("No display.", "Set it.")

    def test_a_version_that_aborts(self, monkeypatch: pytest.MonkeyPatch) -> None:
        import PySide6

        monkeypatch.setattr(PySide6, "__version__", "6.12.0")
        finding = qt._qt(STEP, STEP.ok("All are there."))
        assert (finding.state is State.BROKEN) == (sys.version_info < (3, 12))

    def test_the_line_that_installs_libraries_is_said_once(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "PySide6.QtSvg", None)  # importing it fails
        found = qt._qt(STEP, STEP.broken("Missing: libGL.so.1.", "apt-get install libgl1"))
        assert found == STEP.broken("Qt cannot be loaded before its libraries are there.")
        assert "bootstrap.py run" in qt._qt(STEP, STEP.ok("All are there.")).remedy

    def test_a_font_that_is_missing(self, qapp: QApplication, monkeypatch: pytest.MonkeyPatch) -> None:
        assert qt._fonts(STEP).state is State.OK
        monkeypatch.setattr(painter, "FAMILY", "Nowhere")
        assert qt._fonts(STEP).state is State.BROKEN


@pytest.mark.parametrize("factor", [2.0, float("nan")])
def test_gradients_that_differ_are_broken(factor: float, monkeypatch: pytest.MonkeyPatch) -> None:
    loss, gradients = pytorch.train("cpu")
    wrong = loss, [factor * gradient for gradient in gradients]
    steps = iter([(loss, gradients), wrong, (loss, gradients), wrong])
    monkeypatch.setattr(pytorch, "train", lambda *of: next(steps))
    for finding in (pytorch._cpu(STEP), pytorch._other_device(STEP, "cuda:0")):
        assert finding.state is State.BROKEN and "more than rounding" in finding.what


def test_the_last_crash_is_noted_for_some_time() -> None:
    assert checks._last_crash(STEP).state is State.OK
    crash_log.write(crash_log.Crash("it", "It broke.", "", "2020-01-01 00:00:00"))
    assert checks._last_crash(STEP) == STEP.ok("2020-01-01 00:00:00 UTC: It broke.")
    crash_log.write(crash_log.crash("it", "It broke again.", "here"))
    finding = checks._last_crash(STEP)
    assert finding.state is State.NOTE and finding.what.endswith("UTC: It broke again.") and "--safe" in finding.remedy


def test_how_many_findings_there_are_is_said() -> None:
    assert summary([STEP.ok("a"), STEP.note("b")]) == "2 checks: nothing is broken, 1 note."
    assert summary([STEP.broken("a"), STEP.ok("b")]) == "2 checks: 1 broken."


def test_the_process_of_a_check_is_the_app_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    assert child.command_of("qt")[1:] == ["-m", "resnet_explorer", "doctor", "--probe", "qt"]
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert child.command_of("qt")[1:] == ["doctor", "--probe", "qt"]
