"""What comes into .venv in two stages, by uv or pip, and how far that is; nothing is downloaded here."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

import environment
import installers
import pip_progress
import psutil
import pytest
from packaging.requirements import Requirement
from system_packages import SetupError

_ROOT = Path(__file__).parents[2]
_SIZES = {"window": 100_000_000, "pytorch": 3_000_000_000, "without CUDA": 200_000_000}
_FAKE_UV = """
import os, time
from pathlib import Path
cache = Path(os.environ["UV_CACHE_DIR"])
cache.mkdir(parents=True)
(cache / "wheel").write_bytes(bytes(1_750_000))
time.sleep(0.3)
print("Installed 45 packages")
"""


@pytest.fixture(autouse=True)
def sizes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sizes that are round, on whatever system this is."""
    monkeypatch.setattr(environment, "download_sizes", lambda: _SIZES)


def _all_needs(names: Sequence[str]) -> set[str]:
    """Return the names of all packages that some packages of this environment bring with them."""
    found: set[str] = set()
    left = list(names)
    while left:
        name = left.pop().lower()
        if name not in found:
            found.add(name)
            lines = map(Requirement, metadata.requires(name) or ())
            left += [line.name for line in lines if not line.marker or line.marker.evaluate({"extra": ""})]
    return found


def test_what_opens_the_window_brings_no_pytorch() -> None:
    window = [Requirement(line) for line in environment.requirements(_ROOT, whole=False)]
    needed = _all_needs([line.name for line in window if not line.marker or line.marker.evaluate()])
    assert {"pyside6-essentials", "numpy", "matplotlib", "filelock"} <= needed
    assert not needed & environment.NEEDS_PYTORCH


def test_what_waits_for_pytorch_is_a_dependency() -> None:
    whole = {Requirement(line).name.lower() for line in environment.requirements(_ROOT, whole=True)}
    assert whole >= environment.NEEDS_PYTORCH


@pytest.mark.parametrize(
    ("system", "uv", "has_nvidia", "is_reached", "kind"),
    [
        ("linux", "uv", False, True, "without CUDA"),
        ("linux", "uv", True, True, "pytorch"),
        ("linux", "uv", False, False, "pytorch"),  # then from PyPI, which has it with CUDA alone
        ("linux", None, False, True, "pytorch"),
        ("darwin", "uv", False, True, "pytorch"),
        ("win32", "uv", False, True, "pytorch"),
    ],
)
def test_cuda_is_left_out_where_no_gpu_has_a_use_for_it(
    monkeypatch: pytest.MonkeyPatch, system: str, uv: str | None, has_nvidia: bool, is_reached: bool, kind: str
) -> None:
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr(installers, "find_uv", lambda venv: uv)
    monkeypatch.setattr(installers, "has_nvidia", lambda: has_nvidia)
    monkeypatch.setattr(installers, "is_reached", lambda address: is_reached)
    assert installers.describe_pytorch(Path()) == (kind, _SIZES[kind])


def test_an_address_that_does_not_answer_is_not_reached() -> None:
    assert not installers.is_reached("https://nowhere.invalid/")
    assert not installers.is_reached("nonsense")


@pytest.fixture
def ways(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Notes of each way by which PyTorch is tried to be installed, none of which works but pip."""
    noted: list[str] = []

    def run_uv(command: Sequence[str], venv: Path, kind: str, tell: object) -> bool:
        noted.append(f"uv {kind}" if "cpu" not in command else f"uv --torch-backend cpu {kind}")
        return False

    def run_pip(command: Sequence[str], size: int, *_: object) -> bool:
        noted.append(f"pip {size}")
        return True

    monkeypatch.setattr(installers, "describe_pytorch", lambda venv: ("without CUDA", 200_000_000))
    monkeypatch.setattr(installers, "find_uv", lambda venv: "uv")
    monkeypatch.setattr(installers, "_run_uv", run_uv)
    monkeypatch.setattr(installers, "run_pip", run_pip)
    monkeypatch.setattr(installers, "succeeds", lambda command: False)
    return noted


def test_what_fails_is_tried_in_the_next_way(
    ways: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    half_done = tmp_path / "downloads" / "uv" / ".tmp123"
    half_done.mkdir(parents=True)
    installers.install_pytorch(tmp_path, _ROOT)
    assert ways == ["uv --torch-backend cpu without CUDA", "uv pytorch", "pip 3000000000"]
    assert not (tmp_path / "downloads").exists()
    said = capsys.readouterr().out
    assert "installing PyTorch without CUDA, as there is no NVIDIA GPU: about 200 MB to download" in said
    assert "trying PyPI, about 3.0 GB to download" in said


def test_without_uv_pip_does_it(ways: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installers, "find_uv", lambda venv: None)
    installers.install_pytorch(tmp_path, _ROOT)
    assert ways == ["pip 3000000000"]


def test_what_opens_the_window_comes_by_pip_where_uv_fails(
    ways: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    monkeypatch.setattr(installers, "succeeds", lambda command: command[-2:] == ["pip", "uv"])
    (tmp_path / "pyproject.toml").write_text("[project]\ndependencies = []\n")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "venv")], check=True)
    (tmp_path / "here.py").write_text("")
    installers.install_window(tmp_path / "venv", tmp_path)
    assert ways[-1] == "pip 100000000"
    python = str(environment.python_of(tmp_path / "venv"))
    assert subprocess.run([python, "-c", "import here"], cwd=tmp_path / "venv", check=False).returncode == 0


def test_a_disk_that_is_too_small_is_said_before_the_download(
    ways: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10**9, 9 * 10**8, 10**8))
    with pytest.raises(SetupError, match=r"^PyTorch needs about 720 MB on the disk of .*, where 100 MB are free\."):
        installers.install_pytorch(tmp_path, _ROOT)
    assert not ways


def test_uv_is_told_what_pip_is_set_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installers, "python_of", lambda venv: Path(sys.executable))
    monkeypatch.setenv("PIP_INDEX_URL", "https://mirror.example/simple")
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", "https://other.example/simple")
    monkeypatch.delenv("UV_DEFAULT_INDEX", raising=False)
    assert installers._uv_variables(tmp_path)["UV_DEFAULT_INDEX"] == "https://mirror.example/simple"
    monkeypatch.setenv("UV_DEFAULT_INDEX", "https://own.example/simple")
    assert installers._uv_variables(tmp_path)["UV_DEFAULT_INDEX"] == "https://own.example/simple"


def test_what_uv_has_downloaded_is_seen_by_its_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(installers, "python_of", lambda venv: Path(sys.executable))
    monkeypatch.setattr(installers, "POLL", 0.05)
    steps: list[tuple[float, float, str]] = []
    command = [sys.executable, "-c", _FAKE_UV]
    assert installers._run_uv(command, tmp_path, "pytorch", lambda *step: steps.append(step))
    assert steps[-1] == (1_000_000.0, 3_000_000_000, "1 MB of about 3.0 GB")


def test_pips_progress_goes_to_who_asks_for_it() -> None:
    steps: list[tuple[float, float, str]] = []
    clock = iter([0.0, 1.0, 2.0])
    progress = pip_progress.Progress(1_010_000_000, lambda: next(clock), lambda *step: steps.append(step))
    for line in ("Downloading torch-2.14.1-cp313.whl (600.0 MB)", "Progress 100000000 of 600000000"):
        progress.read(line)
    progress.read("Installing collected packages: torch")
    assert steps == [
        (100_000_000, 1_010_000_000, "torch-2.14.1, 100 MB of 600 MB"),
        (1_010_000_000, 1_010_000_000, "unpacking 1 package"),
    ]


def test_packages_that_were_cut_short_are_installed_again(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path)], check=True)
    folder = environment.site_packages(tmp_path)
    for name in ("whole", "missing", "short", "unrecorded", "resnet_explorer"):
        info = folder / f"{name}-1.0.dist-info"
        info.mkdir()
        if name != "unrecorded":
            (info / "RECORD").write_text(f"{name}.py,sha256=0,10\n{info.name}/RECORD,,\n__pycache__/{name}.pyc,,9\n")
        if name != "missing":
            (folder / f"{name}.py").write_text("0123" if name in ("short", "resnet_explorer") else "0123456789")
    environment.forget_incomplete(tmp_path)
    assert sorted(info.name for info in folder.glob("*.dist-info")) == [
        "resnet_explorer-1.0.dist-info",  # its .pth file is changed by ``make_relative``
        "whole-1.0.dist-info",
    ]


_UNTIL_THE_END = """
import subprocess, sys
import bootstrap, installers

def prepare(stage, tell):
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    tell(1e8, 2.25e8, str(child.pid))
    child.wait()

bootstrap.prepare, installers.describe_pytorch = prepare, lambda venv: ("without CUDA", 225_000_000)
bootstrap.pytorch()
"""


def test_a_window_is_told_how_far_it_is_and_it_ends_with_the_window() -> None:
    variables = {**os.environ, "PYTHONPATH": str(Path(installers.__file__).parent)}
    command = [sys.executable, "-c", _UNTIL_THE_END]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=variables) as process:
        assert process.stdin and process.stdout
        first, second = (json.loads(process.stdout.readline()) for _ in range(2))
        size = "without CUDA, as there is no NVIDIA GPU: about 225 MB to download"
        assert first == {"done": 0, "of": 225_000_000, "text": f"PyTorch {size}"}
        assert (second["done"], second["of"]) == (1e8, 2.25e8)
        child = psutil.Process(int(second["text"]))
        process.stdin.close()
        process.wait(timeout=60)
    psutil.wait_procs([child], timeout=60)
    assert not child.is_running()
