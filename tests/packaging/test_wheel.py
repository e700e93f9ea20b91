"""The wheel, built from the sdist as pip does it, is the whole app in an empty environment far from the checkout."""

import json
import os
import re
import subprocess
import sys
import zipfile
from email import message_from_string
from pathlib import Path

import PySide6
import pytest

from resnet_explorer import __version__

_ROOT = Path(__file__).parents[2]
_LICENCES = {path.relative_to(_ROOT).as_posix() for path in (_ROOT / "resources" / "licences").iterdir()}
_QT_HOME = Path(PySide6.__file__).parents[1]
_WINDOW = """
import sys
from dataclasses import replace
from importlib.metadata import entry_points
from pathlib import Path
import resnet_explorer as rx
from PySide6.QtGui import QFileOpenEvent
from resnet_explorer import assets
from resnet_explorer.app.application import Application
from resnet_explorer.app.app import build
from resnet_explorer.ui.export_dialog import ExportDialog

assert rx.network("resnet50").params == 25_557_032  # torchvision's
(command,) = entry_points(group="console_scripts", name="resnet-explorer")
assert command.load().__module__ == "resnet_explorer.cli.run"
app, opened = Application([]), []
app.sendEvent(app, QFileOpenEvent("one.rnx"))  # as macOS asks to open a file
app.open_files_with(opened.append)
app.sendEvent(app, QFileOpenEvent("two.rnx"))
assert opened == ["one.rnx", "two.rnx"]
window = build(app)
window.show()
window.build_panels()
window.document.propose(replace(window.document.state, spec=rx.network("resnet34").spec), "another network")
app.processEvents()
assert window.windowTitle() == "ResNet-34"
assert ExportDialog(window.canvas, "resnet34", window.preferences, window).save(Path("resnet34.svg"))
window.end()
assert not {"torch", "torchvision"} & set(sys.modules), "the window's process imported torch"
print(rx.__file__, assets.path("lessons"), *sys.path, sep="\\n")
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the sdist and the wheel that the checkout's build makes."""
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-d", str(folder)], cwd=_ROOT, check=True)
    return folder


@pytest.fixture(scope="module")
def wheel(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel that pip builds from the sdist."""
    folder = tmp_path_factory.mktemp("wheel")
    (sdist,) = built.glob("resnet_explorer-*.tar.gz")
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(sdist)], check=True)
    (made,) = folder.glob("resnet_explorer-*-py3-none-any.whl")
    return made


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


def test_the_sdist_makes_the_wheel_of_the_checkout(built: Path, wheel: Path) -> None:
    with zipfile.ZipFile(built / wheel.name) as ours, zipfile.ZipFile(wheel) as from_sdist:
        assert {name: ours.read(name) for name in ours.namelist()} == {
            name: from_sdist.read(name) for name in from_sdist.namelist()
        }
    assert wheel.stat().st_size < 5_000_000


def test_the_wheel_says_what_it_is(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as file:
        (place,) = (name for name in file.namelist() if name.endswith(".dist-info/METADATA"))
        about = message_from_string(file.read(place).decode())
        licences = {name.partition("/licenses/")[2] for name in file.namelist() if "/licenses/" in name}
    assert about["Version"] == __version__
    assert licences == set(about.get_all("License-File", [])) == {"LICENSE", *_LICENCES}
    classifiers = about.get_all("Classifier", [])
    assert {f"Programming Language :: Python :: 3.{minor}" for minor in range(11, 15)} < set(classifiers)
    assert all(text == text.strip() and " :: " in text for text in classifiers)
    assert about["Description-Content-Type"] == "text/markdown"
    assert "](http" not in "".join(re.findall(r"!\[[^]]*\]\([^)]*", str(about.get_payload())))  # pictures in the sdist


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
    for_desktops = {path.name for path in (environment / "share").rglob("*") if path.is_file()}
    assert {path.name for path in (_ROOT / "packaging" / "linux").iterdir()} < for_desktops


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


def test_the_installed_window_shows_and_exports_without_the_checkout_and_without_torch(
    environment: Path, tmp_path: Path
) -> None:
    # A folder that a .pth file names has its own .pth files ignored: the checkout's editable install stays hidden.
    qt = _site_packages(environment) / "qt.pth"
    qt.write_text(f"{_QT_HOME}\n", encoding="utf-8")
    try:
        command = [str(_binary(environment, "python")), "-P", "-c", _WINDOW]
        done = _call(command, tmp_path)
    finally:
        qt.unlink()
    assert done.returncode == 0, done.stderr
    package, lessons, *searched = map(Path, done.stdout.splitlines())
    assert package.is_relative_to(_site_packages(environment)) and lessons.is_relative_to(package.parent)
    assert not [path for path in searched if path.is_relative_to(_ROOT) and path != _QT_HOME]
    assert "layer3.5" in (tmp_path / "resnet34.svg").read_text(encoding="utf-8")
