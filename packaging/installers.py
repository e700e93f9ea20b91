"""The stages of .venv, what opens the window, PyTorch, and the checks: by uv where that can be had, else by pip.

Standard library only.
"""

import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.request import urlopen

import environment
from environment import CONSTRAINTS, pip_install, python_of
from pip_progress import Tell, in_bytes, run_pip
from system_packages import SetupError, run_or_fail, say, succeeds

INDEX = "https://download.pytorch.org/whl/cpu/torch/"
"""PyTorch's own list of its wheels without CUDA; uv finds it as ``--torch-backend cpu``."""
PATIENCE = 4.0
"""Seconds that this list may take to answer."""
WITH_CUDA, WITHOUT_CUDA = 1.75, 3.6
"""Bytes on disk for each byte that is downloaded: as measured on Linux, with CUDA and of PyTorch 2.13 without."""
POLL = 0.5
"""Seconds from one look at what uv has downloaded to the next."""
PIP_SETTINGS = {"index-url": "UV_DEFAULT_INDEX", "cert": "SSL_CERT_FILE", "proxy": "ALL_PROXY"}
"""What uv, which does not read pip's settings, is told of them, and by which variables."""


def install_window(venv: Path, root: Path) -> None:
    """Install what the window needs to open, in the tested versions."""
    pip = [*pip_install(venv), "--quiet", "--constraint", str(CONSTRAINTS), "pip"]
    if shutil.which("uv") or not succeeds([*pip, "uv"]):
        run_or_fail(pip, environment.failed(venv))
    size = environment.download_sizes().get("window", 0)
    say(f"installing what opens the window{f': about {in_bytes(size)} to download' if size else ''}")
    wanted = environment.requirements(root, whole=False)
    _install(venv, wanted, size)
    link(venv, root)


def install_checks(venv: Path, root: Path) -> None:
    """Install what the checks need beside the app, in the tested versions."""
    say("installing what the checks need")
    _install(venv, environment.requirements_of(root, "dev"), 0)


def _install(venv: Path, wanted: Sequence[str], size: int) -> None:
    uv = find_uv(venv)
    by_pip = [*pip_install(venv), "--no-compile", *environment.TESTED, *wanted]
    if not (uv and _run_uv(_with_uv(uv, venv, wanted), venv, "", None)) and not run_pip(by_pip, size):
        raise SetupError(environment.failed(venv))
    shutil.rmtree(venv / "downloads", ignore_errors=True)


def link(venv: Path, root: Path) -> None:
    """Let an environment's Python find the checkout; the command ``resnet-explorer`` comes with PyTorch."""
    folder = environment.site_packages(venv)
    (folder / "resnet_explorer_checkout.pth").write_text(os.path.relpath(root, folder) + "\n", encoding="utf-8")


def install_pytorch(venv: Path, root: Path, tell: Tell | None = None) -> None:
    """Install PyTorch and all that needs it, in the tested versions; say how far that is, by ``tell`` if it is given.

    Raises SetupError with the reason where that fails. What was downloaded by then need not be downloaded again.
    """
    kind, size = describe_pytorch(venv)
    if tell is None:
        say(f"installing PyTorch{size_text(kind, size)}")
    _need_space(venv, kind, size)
    wanted = environment.requirements(root, whole=True)
    downloads = venv / "downloads"
    for cut_short in (downloads / "pip", *downloads.glob("uv/.tmp*")):
        shutil.rmtree(cut_short, ignore_errors=True)
    (downloads / "pip").mkdir(parents=True)
    uv = find_uv(venv)
    if not (uv and _by_uv(uv, venv, wanted, kind, tell)):
        size = environment.download_sizes().get("pytorch", 0)
        variables = {"TMPDIR": str(downloads / "pip")}  # /tmp is too small on some systems
        command = [*pip_install(venv), "--no-compile", *environment.TESTED, *wanted]
        if not run_pip(command, size, tell, variables):
            raise SetupError(environment.failed(venv))
    build = [*environment.TESTED, "--no-deps", "--editable"]
    if tell is not None:
        tell(size, size, "making the command resnet-explorer")
    if succeeds([*pip_install(venv), *build, str(root)]):
        environment.make_relative(venv, root)
    else:
        say(f"the command resnet-explorer could not be made; {python_of(venv)} -m resnet_explorer does the same")
    shutil.rmtree(downloads, ignore_errors=True)


def describe_pytorch(venv: Path) -> tuple[str, int]:
    """Return which PyTorch this system gets, a key of the sizes, and about how many bytes that is to download."""
    is_plain = sys.platform == "linux" and find_uv(venv) and not has_nvidia() and is_reached(INDEX)
    kind = "without CUDA" if is_plain else "pytorch"
    return kind, environment.download_sizes().get(kind, 0)


def unpacking_factor(kind: str) -> float:
    """Return how many bytes on disk come of each byte that is downloaded."""
    return WITH_CUDA if kind == "pytorch" and sys.platform == "linux" else WITHOUT_CUDA


def size_text(kind: str, size: int) -> str:
    """Return how much is to be downloaded, to stand behind the word PyTorch; nothing where it is not known."""
    without = " without CUDA, as there is no NVIDIA GPU" if kind == "without CUDA" else ""
    return f"{without}: about {in_bytes(size)} to download" if size else without


def has_nvidia() -> bool:
    """Return whether the driver of an NVIDIA GPU is at work."""
    if Path("/proc/driver/nvidia/version").exists():
        return True
    return succeeds([shutil.which("nvidia-smi") or "/usr/lib/wsl/lib/nvidia-smi", "-L"])


def is_reached(address: str) -> bool:
    """Return whether an address answers soon."""
    try:
        with urlopen(address, timeout=PATIENCE):
            return True
    except (OSError, ValueError):
        return False


def find_uv(venv: Path) -> str | None:
    """Return the command uv: the environment's own one, which was tested, or the system's."""
    own = python_of(venv).with_name("uv.exe" if os.name == "nt" else "uv")
    return str(own) if own.exists() else shutil.which("uv")


def _with_uv(uv: str, venv: Path, wanted: Sequence[str]) -> list[str]:
    python = ["--python", str(python_of(venv))]
    return [uv, "pip", "install", *python, *environment.TESTED, *wanted]


def _uv_variables(venv: Path) -> dict[str, str]:
    """Return the variables for uv: pip's settings; what it downloads stays beside what it installs, as links."""
    done = subprocess.run([str(python_of(venv)), "-m", "pip", "config", "list"], capture_output=True, text=True)
    settings: Mapping[str, str] = dict(re.findall(r"^\S+\.([\w-]+)='(.*)'$", done.stdout, re.MULTILINE))
    told = {variable: settings[name] for name, variable in PIP_SETTINGS.items() if name in settings}
    return {**told, **os.environ, "UV_CACHE_DIR": str(venv / "downloads" / "uv")}


def _by_uv(uv: str, venv: Path, wanted: Sequence[str], kind: str, tell: Tell | None) -> bool:
    """Return whether uv installs it, without CUDA if that is the kind, or else with what PyPI has."""
    command = _with_uv(uv, venv, wanted)
    if kind == "without CUDA":
        if _run_uv([*command, "--torch-backend", "cpu"], venv, kind, tell):
            return True
        size = environment.download_sizes().get("pytorch", 0)
        say(f"PyTorch's own index failed; trying PyPI{f', about {in_bytes(size)} to download' if size else ''}")
    return _run_uv(command, venv, "pytorch", tell)


def _run_uv(command: Sequence[str], venv: Path, kind: str, tell: Tell | None) -> bool:
    variables = _uv_variables(venv)
    if tell is None:
        return subprocess.call(command, env=variables) == 0
    size, unpacked = environment.download_sizes().get(kind, 0), unpacking_factor(kind)
    cache = Path(variables["UV_CACHE_DIR"])
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=variables) as process:
        output: list[bytes] = []
        reader = threading.Thread(target=lambda: output.extend(process.stdout or ()), daemon=True)
        reader.start()
        while process.poll() is None:
            there = bytes_in(cache) / unpacked
            there = min(there, 0.99 * size) if size else there
            tell(there, size, f"{in_bytes(there)} of about {in_bytes(size)}" if size else f"{in_bytes(there)} so far")
            reader.join(POLL)
    reader.join()
    print(b"".join(output[-25:]).decode(errors="replace"), end="", flush=True)
    return process.returncode == 0


def bytes_in(folder: Path) -> int:
    """Return how many bytes the files in a folder have."""
    total = 0
    for path, _, files in os.walk(folder):
        for name in files:
            try:
                total += os.lstat(os.path.join(path, name)).st_size
            except OSError:  # moved meanwhile
                continue
    return total


def _need_space(venv: Path, kind: str, size: int) -> None:
    needed, free = size * unpacking_factor(kind), shutil.disk_usage(venv).free
    if free < needed - bytes_in(venv / "downloads"):
        raise SetupError(
            f"PyTorch needs about {in_bytes(needed)} on the disk of {venv}, where {in_bytes(free)} are free. "
            "Make room, then try again."
        )
