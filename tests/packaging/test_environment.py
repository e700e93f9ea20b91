"""How .venv is made and filled: on a system that lacks parts of Python, in any folder, in versions that were tested."""

import io
import os
import platform
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

import environment
import pytest
import system_packages
from packaging.requirements import Requirement
from pip_progress import Progress, run_pip
from system_packages import SetupError

from tests.cases import each

_ROOT = Path(__file__).parents[2]
_PROJECT = tomllib.loads((_ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
_CONSTRAINTS = (_ROOT / "packaging" / "constraints.txt").read_text(encoding="utf-8")
_INSTALLERS = ["hatchling", "pip", "uv", "editables"]
"""What installs, beside what is installed."""


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """A system whose Python lacks ensurepip, and which has neither uv nor virtualenv."""
    monkeypatch.setattr(environment, "_makers", lambda _: [])


def _wheel_of_pip() -> bytes:
    """Return the pip of this environment, packed again."""
    wheel = io.BytesIO()
    with zipfile.ZipFile(wheel, "w") as packed:
        for file in metadata.files("pip") or ():
            if file.parts[0].startswith("pip") and file.suffix != ".pyc":
                packed.write(Path(str(file.locate())), str(file))
    return wheel.getvalue()


@pytest.fixture
def apt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for the only programs: an apt-get that has a package once its own lists are there, and dpkg-deb."""
    programs, wheel = tmp_path / "programs", tmp_path / "pip-1.2-py3-none-any.whl"
    programs.mkdir()
    wheel.write_bytes(_wheel_of_pip())
    for name, lines in {
        "apt-get": """
            case "$*" in
            *Dir::State*update*) touch lists ;;
            *Dir::State*download*) [ -f lists ] && touch python3-pip-whl_1.2_all.deb ;;
            *) exit 100 ;;
            esac""",
        "dpkg-deb": f'mkdir -p "$3/usr/share/python-wheels"; cp "{wheel}" "$3/usr/share/python-wheels/"',
    }.items():
        (programs / name).write_text(f"#!/bin/sh\n{lines}\n")
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    return programs


@pytest.mark.skipif(os.name != "posix", reason="Debian's tools")
@pytest.mark.usefixtures("bare", "apt")
def test_without_ensurepip_pip_comes_from_the_systems_package_for_any_user(tmp_path: Path) -> None:
    environment.make(tmp_path / "venv")
    command = [str(environment.python_of(tmp_path / "venv")), "-m", "pip", "--version"]
    assert "pip" in subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.mark.skipif(os.name != "posix", reason="Debian's tools")
@pytest.mark.usefixtures("bare")
def test_where_no_way_works_the_line_to_type_is_told(
    tmp_path: Path, apt: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (apt / "apt-get").write_text("#!/bin/sh\nexit 100\n")
    monkeypatch.setattr(system_packages, "administrator", lambda: None)
    with pytest.raises(SetupError, match=r"Run this line, then try again:\n.*apt-get install -y python3.*-venv$"):
        environment.make(tmp_path / "venv")
    assert "apt-get could not download python3-pip-whl" in capsys.readouterr().out
    assert not (tmp_path / "venv").exists()


@pytest.mark.parametrize("programs", [("uv",), ("virtualenv",), ("virtualenv", "uv")])
def test_without_ensurepip_uv_or_virtualenv_are_asked(
    monkeypatch: pytest.MonkeyPatch, programs: tuple[str, ...]
) -> None:
    ran: list[str] = []

    def run(command: Sequence[str]) -> bool:
        ran.append(command[0])
        return command[0] in programs

    monkeypatch.setattr(shutil, "which", lambda name: name if name in programs else None)
    monkeypatch.setattr(environment, "succeeds", run)
    environment.make(Path("venv"))
    assert ran == [sys.executable, "uv" if "uv" in programs else "virtualenv"]


@pytest.mark.parametrize("locale", ["C", "xx_YY.UTF-8"])  # the second is one that is not installed
def test_python_starts_in_a_folder_with_any_letters(tmp_path: Path, locale: str) -> None:
    root = tmp_path / "zoë" / "rés"
    root.mkdir(parents=True)
    (root / "here.py").write_text("")
    venv = root / ".venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True)
    pth = environment.site_packages(venv) / "_editable.pth"
    pth.write_text(str(root), encoding="utf-8")  # as hatchling does
    environment.make_relative(venv, root)
    code = "import here; print(ascii(here.__file__))"
    command = [str(environment.python_of(venv)), "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "LC_ALL": locale})
    assert (done.returncode, done.stdout.strip()) == (0, ascii(str(root / "here.py"))), done.stderr


def test_where_pip_fails_its_own_words_are_shown(capfd: pytest.CaptureFixture[str]) -> None:
    install = [sys.executable, "-c", "import sys; print('Collecting x'); sys.exit('ERROR: No matching distribution')"]
    assert not run_pip(install, 0)
    assert capfd.readouterr() == ("Collecting x\nERROR: No matching distribution\n", "")


def test_the_tested_versions_name_no_place() -> None:
    lines = [line for line in _CONSTRAINTS.splitlines() if not line.startswith("#")]
    pin = re.compile(r"[a-z0-9-]+==[\w.]+( ; [\w\s.<>=!()']+)?")
    assert [line for line in lines if not pin.fullmatch(line)] == []


@each("python", ["3.11", "3.12", "3.13", "3.14"])
@each("system", ["linux", "darwin", "win32"])
def test_every_dependency_has_one_tested_version(python: str, system: str) -> None:
    here = {"python_version": python, "python_full_version": f"{python}.0", "sys_platform": system, "extra": ""}
    pins = [Requirement(line) for line in _CONSTRAINTS.splitlines() if not line.startswith("#")]
    extras = [name for extra in _PROJECT["optional-dependencies"].values() for name in extra]
    for wanted in map(Requirement, [*_PROJECT["dependencies"], *extras, *_INSTALLERS]):
        if wanted.marker and not wanted.marker.evaluate(here):
            continue
        found = [
            str(pin.specifier).removeprefix("==")
            for pin in pins
            if pin.name == wanted.name.lower() and (not pin.marker or pin.marker.evaluate(here))
        ]
        assert len(found) == 1, wanted
        assert wanted.specifier.contains(found[0]), wanted


def test_the_download_is_known_of_each_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    sizes = environment.download_sizes()
    assert sizes["pytorch"] > 2e9  # CUDA's libraries alone are more
    assert 1e8 < sizes["window"] < sizes["without CUDA"] < 3e8
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    assert environment.download_sizes() == {}


_PIP_SAYS = """\
Collecting torch==2.14.1
  Downloading torch-2.14.1-cp313-cp313-manylinux_2_28_x86_64.whl (600.0 MB)
Progress 0 of 600000000
Progress 100000000 of 600000000
Progress 600000000 of 600000000
  Using cached triton-3.8.0-cp313-cp313-manylinux_2_27_x86_64.whl (200.0 MB)
  Downloading numpy-2.5.5-cp313-cp313-manylinux_2_28_x86_64.whl (20.0 MB)
Progress 10000000 of 20000000
Installing collected packages: triton, numpy, torch
"""


@pytest.mark.parametrize(
    ("total", "expected"),
    [
        (
            1_010_000_000,
            [
                "torch-2.14.1: 100 MB of 600 MB; 100 MB of about 1.0 GB, about 3 min left",  # 20 s for 100 MB
                "torch-2.14.1: 600 MB of 600 MB; 600 MB of about 1.0 GB, about 20 s left",  # 30 s for 600 MB
                "numpy-2.5.5: 10 MB of 20 MB; 810 MB of about 1.0 GB, about 13 s left",  # the cached 200 MB took none
            ],
        ),
        (
            0,
            [
                "torch-2.14.1: 100 MB of 600 MB; 100 MB so far",
                "torch-2.14.1: 600 MB of 600 MB; 600 MB so far",
                "numpy-2.5.5: 10 MB of 20 MB; 810 MB so far",
            ],
        ),
    ],
)
def test_progress_says_what_is_left(capsys: pytest.CaptureFixture[str], total: int, expected: list[str]) -> None:
    clock = iter([0.0, 1.0, 20.0, 30.0, 40.0])  # at the start, and at each step; the first is too early to be told
    progress = Progress(total, lambda: next(clock))
    about_progress = [progress.read(line) for line in _PIP_SAYS.splitlines()]
    assert sum(about_progress) == 4
    said = [line.removeprefix("bootstrap: ") for line in capsys.readouterr().out.splitlines()]
    assert said == [*expected, "unpacking 3 packages"]
