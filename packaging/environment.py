"""The environment ``.venv``: made by what this system has, then filled, saying how far it is. Standard library only."""

import csv
import json
import os
import platform
import re
import shutil
import sys
import sysconfig
import tempfile
import tomllib
from pathlib import Path

from pip_progress import run_pip
from system_packages import SetupError, administrator, install_packages, run_or_fail, say, succeeds

CONSTRAINTS = Path(__file__).with_name("constraints.txt")
"""The tested versions; ``renew_constraints.py`` makes it."""

TESTED = ["--constraint", str(CONSTRAINTS), "--build-constraint", str(CONSTRAINTS)]
"""The options of pip and uv that choose these versions, for what builds packages too."""

DOWNLOAD_SIZES = Path(__file__).with_name("download_sizes.json")
"""How many bytes they are to download, by system and processor."""

NEEDS_PYTORCH = {
    "torch", "torchvision", "fvcore", "torchviz", "captum", "onnx", "onnxscript", "tensorboardx", "setuptools",
}  # fmt: skip
"""The dependencies that only PyTorch's process imports; the window opens without them."""

PIP_PACKAGE = "python3-pip-whl"
"""Debian's and Ubuntu's package that holds the wheel of pip."""


def make(venv: Path) -> None:
    """Make an environment with pip in the first way that works here; raise SetupError with what to do where none does.

    Debian and Ubuntu keep a part of Python's venv in a package of its own. Without it, uv, virtualenv, or the wheel
    in Debian's package of pip do the same, and none of them needs an administrator.
    """
    for command in _makers(venv):
        if succeeds(command):
            return
        shutil.rmtree(venv, ignore_errors=True)
    try:
        _make_without_ensurepip(venv)
        return
    except (SetupError, OSError) as error:
        say(f"that failed: {error}")
        shutil.rmtree(venv, ignore_errors=True)
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    install_packages([(f"python{version}-venv", "python3-venv")], "Python's venv module is missing")
    run_or_fail([sys.executable, "-m", "venv", str(venv)], "The environment could not be made; see the lines above.")


def _makers(venv: Path) -> list[list[str]]:
    """Return the commands that make an environment with pip in it, of those programs that are here."""
    makers = [["uv", "venv", "--seed", "--python", sys.executable], ["virtualenv", "--python", sys.executable]]
    if succeeds([sys.executable, "-c", "import ensurepip, venv"]):
        makers.insert(0, [sys.executable, "-m", "venv"])
    return [[*maker, str(venv)] for maker in makers if shutil.which(maker[0])]


def _make_without_ensurepip(venv: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        wheel = fetch_pip(Path(folder))
        venv_failed = "The environment could not be made; see the lines above."
        run_or_fail([sys.executable, "-m", "venv", "--without-pip", str(venv)], venv_failed)
        install = [f"{wheel}/pip", "install", "--isolated", "--quiet", "--no-index", "--no-deps", str(wheel)]
        run_or_fail([str(python_of(venv)), *install], "pip could not be installed; see the lines above.")


def fetch_pip(folder: Path) -> Path:
    """Return pip's wheel out of Debian's package of it, which apt-get downloads into a folder for any user.

    Raises SetupError where that fails: no such system, no network.
    """
    say(f"fetching {PIP_PACKAGE}, since this Python comes without pip")
    download = ["download", "-qq", PIP_PACKAGE]
    own = _apt_with_lists_in(folder / "apt")
    if not succeeds(["apt-get", *download], folder):  # a fresh system has no lists of packages yet
        for apt in (["apt-get"], own) if administrator() == [] else (own,):  # root's lists also serve what comes later
            succeeds([*apt, "update", "-qq"], folder)
            if succeeds([*apt, *download], folder):
                break
    for package in folder.glob(f"{PIP_PACKAGE}_*.deb"):
        succeeds(["dpkg-deb", "--extract", str(package), str(folder)])
    wheel = next(folder.glob("usr/share/python-wheels/pip-*.whl"), None)
    if wheel is None:
        raise SetupError(f"apt-get could not download {PIP_PACKAGE}.")
    return wheel


def _apt_with_lists_in(folder: Path) -> list[str]:
    """Return apt-get with lists of packages of its own: those of the system are written by an administrator alone."""
    for name in ("lists/partial", "archives/partial"):
        (folder / name).mkdir(parents=True)
    places = {"Dir::State": folder, "Dir::State::status": "/var/lib/dpkg/status", "Dir::Cache": folder}
    return ["apt-get", *(word for key, place in places.items() for word in ("-o", f"{key}={place}"))]


def python_of(venv: Path) -> Path:
    """Return the Python of an environment."""
    return venv / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def site_packages(venv: Path) -> Path:
    """Return where an environment of this Python keeps its packages."""
    return Path(sysconfig.get_path("purelib", "venv", {"base": str(venv), "platbase": str(venv)}))


def requirements(root: Path, whole: bool) -> list[str]:
    """Return the dependencies of the checkout: the whole, or only what the window needs to open."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    dependencies: list[str] = project["dependencies"]
    names = (re.split(r"[^\w.-]", line, maxsplit=1)[0].lower() for line in dependencies)
    return [line for line, name in zip(dependencies, names, strict=True) if whole or name not in NEEDS_PYTORCH]


def requirements_of(root: Path, extra: str) -> list[str]:
    """Return what an extra of the checkout needs beside its dependencies."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return list(project["optional-dependencies"][extra])


def pip_install(venv: Path) -> list[str]:
    """Return the beginning of a command that installs packages by pip."""
    return [str(python_of(venv)), "-m", "pip", "install", "--disable-pip-version-check"]


def failed(venv: Path) -> str:
    """Return what to do where an installation failed and said why."""
    return f"The installation failed; see the lines above. Try again; if that does not help, delete {venv} first."


def install_latest(venv: Path, root: Path, extra: str) -> None:
    """Install the checkout by pip, with an extra where one is named, in the latest versions."""
    pip = pip_install(venv)
    run_or_fail([*pip, "--quiet", "--upgrade", "pip"], failed(venv))
    say("installing the latest versions")
    target = f"{root}[{extra}]" if extra else str(root)
    if not run_pip([*pip, "--upgrade", "--upgrade-strategy", "eager", "--editable", target], 0):
        raise SetupError(failed(venv))
    make_relative(venv, root)


def has_pytorch(venv: Path) -> bool:
    """Return whether PyTorch is in an environment."""
    return (site_packages(venv) / "torch").exists()


def download_sizes() -> dict[str, int]:
    """Return about how many bytes this system is to download for each part; nothing where that is not known."""
    sizes: dict[str, dict[str, int]] = json.loads(DOWNLOAD_SIZES.read_text(encoding="utf-8"))
    return sizes.get(f"{sys.platform} {platform.machine()}", {})


def forget_incomplete(venv: Path) -> None:
    """Remove the records of packages of which files are missing or cut short, so that they are installed again."""
    for info in site_packages(venv).glob("*.dist-info"):
        if not info.name.startswith("resnet_explorer-") and not _is_complete(info):
            shutil.rmtree(info)


def _is_complete(info: Path) -> bool:
    try:
        rows = csv.reader((info / "RECORD").read_text(encoding="utf-8").splitlines())
        files = ((info.parent / path, int(size)) for path, _, size in rows if size and not path.endswith(".pyc"))
        return all(file.stat().st_size == size for file, size in files)
    except (OSError, ValueError):
        return False


def make_relative(venv: Path, root: Path) -> None:
    """Let the environment's .pth file name the checkout relative to itself.

    Python 3.11 decodes such files by the locale: with LC_ALL=C, or a locale that is not installed, it does not even
    start where the path has letters that are not ASCII.
    """
    folder = site_packages(venv)
    for file in folder.glob("*.pth"):
        if file.read_text(encoding="utf-8").strip() == str(root):
            file.write_text(os.path.relpath(root, folder) + "\n", encoding="utf-8")
