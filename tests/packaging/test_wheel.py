"""The wheel alone, in an empty environment and far from the checkout, is the whole app."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import PySide6
import pytest

_ROOT = Path(__file__).parents[2]
_QT_HOME = Path(PySide6.__file__).parents[1]
_WINDOW = """
import sys
import resnet_explorer
from resnet_explorer.app.app import main
print(resnet_explorer.__file__)
code = main([])
assert not {"torch", "torchvision"} & set(sys.modules), "the window's process imported torch"
sys.exit(code)
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, as pip builds it."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(_ROOT)], check=True)
    (built,) = folder.glob("resnet_explorer-*-py3-none-any.whl")
    return built


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment that holds the wheel and nothing else, not even pip."""
    folder = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    pip = [sys.executable, "-m", "pip", "--python", str(_binary(folder, "python")), "install", "--quiet"]
    subprocess.run([*pip, "--disable-pip-version-check", "--no-deps", "--no-index", str(wheel)], check=True)
    return folder


def _binary(environment: Path, name: str) -> Path:
    return environment / ("Scripts" if os.name == "nt" else "bin") / (f"{name}.exe" if os.name == "nt" else name)


def _site_packages(environment: Path) -> Path:
    return next(environment.rglob("site-packages"))


def _call(command: list[str], folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a command in a folder, with nothing of this Python's environment."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
    settings = {"QT_QPA_PLATFORM": "offscreen", "RESNET_EXPLORER_CONFIG": str(folder / "config"), **variables}
    return subprocess.run(
        command, cwd=folder, env={**clean, **settings}, capture_output=True, text=True, check=False, timeout=120
    )


def test_the_wheel_holds_resources_and_no_tests(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    inside = "resnet_explorer/resources/"
    shipped = {name.removeprefix(inside) for name in names if name.startswith(inside)}
    ours = {path.relative_to(_ROOT / "resources").as_posix() for path in (_ROOT / "resources").rglob("*.*")}
    assert shipped == ours
    assert {name.split("/")[0].split("-")[0] for name in names} == {"resnet_explorer"}


def test_the_environment_holds_nothing_but_the_wheel(environment: Path) -> None:
    found = {path.name.split("-")[0] for path in _site_packages(environment).iterdir()}
    assert found == {"resnet_explorer"}


def test_the_command_line_needs_nothing_else(environment: Path, tmp_path: Path) -> None:
    command = str(_binary(environment, "resnet-explorer"))
    listed = _call([command, "list"], tmp_path)
    assert (listed.returncode, listed.stderr) == (0, "")
    assert "resnet1202" in listed.stdout
    described = _call([command, "describe", "resnet18", "--json"], tmp_path)
    assert (described.returncode, described.stderr) == (0, "")
    assert json.loads(described.stdout)["params"] == 11_689_512  # torchvision's ResNet-18
    exported = _call([command, "export", "resnet18", "-o", "diagram.svg"], tmp_path)
    assert (exported.returncode, exported.stderr) == (0, "")
    assert (tmp_path / "diagram.svg").read_text(encoding="utf-8").startswith("<?xml")


def test_the_window_opens_without_the_checkout_and_without_torch(environment: Path, tmp_path: Path) -> None:
    # A folder that a .pth file names has its own .pth files ignored: the checkout's editable install stays hidden.
    qt = _site_packages(environment) / "qt.pth"
    qt.write_text(f"{_QT_HOME}\n", encoding="utf-8")
    try:
        command = [str(_binary(environment, "python")), "-c", _WINDOW]
        done = _call(command, tmp_path, RESNET_EXPLORER_QUIT_AFTER_PAINT="1")
    finally:
        qt.unlink()
    assert done.returncode == 0, done.stderr
    assert Path(done.stdout.strip()).is_relative_to(_site_packages(environment))
