"""What is installed from the wheel works without the checkout."""

import json
import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import PySide6
import pytest

ROOT = Path(__file__).parents[2]


def run(command: list[str | Path], folder: Path, **environment: str) -> str:
    """Run a command far from the checkout, with nothing of this environment."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "VIRTUAL_ENV"))}
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=folder, env={**clean, **environment}, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", folder, ROOT]
    subprocess.run(pip, check=True, capture_output=True)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The scripts of an environment that holds the wheel and nothing else."""
    folder = tmp_path_factory.mktemp("empty")
    venv.create(folder, with_pip=False)
    scripts = folder / ("Scripts" if os.name == "nt" else "bin")
    python = scripts / ("python.exe" if os.name == "nt" else "python")
    pip = [sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-deps", "--no-index", wheel]
    subprocess.run(pip, check=True, capture_output=True)
    return scripts


def test_resources_ship_inside_the_package(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    for file in (ROOT / "resources").rglob("*.*"):
        assert f"resnet_explorer/{file.relative_to(ROOT).as_posix()}" in names
    assert not any(name.startswith(("tests/", "packaging/")) for name in names)


def test_the_command_line_needs_no_other_package(installed: Path, tmp_path: Path) -> None:
    told = json.loads(run([installed / "resnet-explorer", "describe", "resnet18", "--json"], tmp_path))
    assert told["params"] == 11_689_512  # torchvision's resnet18
    assert "resnet1202" in run([installed / "resnet-explorer", "list"], tmp_path)
    run([installed / "resnet-explorer", "export", "resnet18", "-o", "net.svg"], tmp_path)
    assert (tmp_path / "net.svg").read_text(encoding="utf-8").startswith("<?xml")


def test_the_window_opens_from_another_folder(installed: Path, tmp_path: Path) -> None:
    """Qt is lent by this environment: its folder comes last on the path, so that the wheel's own package wins."""
    code = (
        f"import sys; sys.path.append({str(Path(PySide6.__file__).parents[1])!r})\n"
        "import resnet_explorer\n"
        "from resnet_explorer.gui.app import main\n"
        "code = main([])\n"
        "print(resnet_explorer.__file__, 'torch' in sys.modules, code)"
    )
    out = run(
        [installed / "python", "-c", code],
        tmp_path,
        QT_QPA_PLATFORM="offscreen",
        RESNET_EXPLORER_QUIT_AFTER_PAINT="1",
        RESNET_EXPLORER_CONFIG=str(tmp_path / "config"),
    )
    place, torch, status = out.split()
    assert Path(place).is_relative_to(installed.parent)
    assert (torch, status) == ("False", "0")
    assert str(ROOT) not in place
