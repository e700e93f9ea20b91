"""Renew the tested versions (constraints.txt) and the bytes that they are to download (download_sizes.json).

The bytes are counted for what opens the window and for PyTorch with what needs it; on Linux also without CUDA.

    pip install uv packaging
    python packaging/renew_constraints.py

uv resolves the dependencies in pyproject.toml and constraints.in, once for every system and Python from 3.11 on. Run
``bootstrap.py test`` with the oldest and the newest Python before you commit what comes out.
"""

import json
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from packaging.markers import Marker
from packaging.tags import Tag, compatible_tags, cpython_tags, mac_platforms
from packaging.utils import parse_wheel_filename

HERE = Path(__file__).parent
sys.path.append(str(HERE.parent))

import environment  # noqa: E402

PYTHON = (3, 13)
"""For which the bytes are counted; other versions differ by a few MB."""

_MANYLINUX = [*(f"manylinux_2_{minor}" for minor in range(39, 4, -1)), "manylinux2014", "manylinux2010", "manylinux1"]

PLATFORMS: Mapping[str, tuple[str, list[str]]] = {
    "linux x86_64": ("Linux", [f"{manylinux}_x86_64" for manylinux in _MANYLINUX]),
    "linux aarch64": ("Linux", [f"{manylinux}_aarch64" for manylinux in _MANYLINUX]),
    "darwin arm64": ("Darwin", list(mac_platforms((15, 0), "arm64"))),
    "win32 AMD64": ("Windows", ["win_amd64"]),
}
"""For sys.platform and platform.machine(): the value of platform.system(), and the tags of wheels, the best first."""

WITHOUT_CUDA = 195_000_000
"""Bytes of PyTorch's wheel without CUDA, from its own index, which uv's lock of PyPI does not know: as in 2.13."""


def main() -> None:
    """Write both files."""
    compile_with_uv("pyproject.toml", "packaging/constraints.in", "--all-extras", "-o", "packaging/constraints.txt")
    window, everything = (locked(environment.requirements(HERE.parent, whole)) for whole in (False, True))
    sizes = {}
    for name in PLATFORMS:
        of_window = download_size(window, name)
        sizes[name] = {"window": of_window, "pytorch": download_size(everything, name) - of_window}
        if name.startswith("linux"):
            plain = [entry for entry in everything if not is_for_cuda(entry["name"])]
            sizes[name]["without CUDA"] = download_size(plain, name) - of_window + WITHOUT_CUDA
    (HERE / "download_sizes.json").write_text(json.dumps(sizes, indent=2) + "\n", encoding="utf-8")


def locked(requirements: Iterable[str]) -> list[Mapping[str, Any]]:
    """Return the packages with their files that requirements need in the tested versions."""
    with tempfile.TemporaryDirectory() as folder:
        wanted, lock = Path(folder) / "wanted.in", Path(folder) / "pylock.toml"
        wanted.write_text("\n".join(requirements), encoding="utf-8")
        compile_with_uv(str(wanted), "--constraint", "packaging/constraints.txt", "-o", str(lock))
        packages: list[Mapping[str, Any]] = tomllib.loads(lock.read_text(encoding="utf-8"))["packages"]
    return packages


def is_for_cuda(name: str) -> bool:
    """Return whether a package is what PyTorch without CUDA does without, or PyTorch itself."""
    return re.match(r"(nvidia|cuda)-|(triton|torch)$", name) is not None


def compile_with_uv(*arguments: str) -> None:
    """Run ``uv pip compile`` in the project's folder, for all systems."""
    command = ["uv", "pip", "compile", "--universal", "--python-version", "3.11", "--upgrade", "--no-annotate"]
    subprocess.run([*command, "--quiet", *arguments], cwd=HERE.parent, check=True)


def download_size(packages: Iterable[Mapping[str, Any]], name: str) -> int:
    """Return the bytes of all files that a platform needs of the packages in a lock file (PEP 751)."""
    system, platforms = PLATFORMS[name]
    sys_platform, machine = name.split()
    version = ".".join(map(str, PYTHON))
    environment = {
        "os_name": "nt" if system == "Windows" else "posix",
        "sys_platform": sys_platform,
        "platform_system": system,
        "platform_machine": machine,
        "platform_python_implementation": "CPython",
        "implementation_name": "cpython",
        "python_version": version,
        "python_full_version": f"{version}.0",
    }
    tags = [*cpython_tags(PYTHON, platforms=platforms), *compatible_tags(PYTHON, "cp313", platforms)]
    needed = [entry for entry in packages if Marker(entry.get("marker", "os_name != ''")).evaluate(environment)]
    return sum(file_size(entry, tags) for entry in needed)


def file_size(entry: Mapping[str, Any], tags: list[Tag]) -> int:
    """Return the bytes of the wheel that fits best, or of the source archive where none fits."""
    ranks = {tag: rank for rank, tag in enumerate(tags)}
    fitting = [
        (min(ranks[tag] for tag in file_tags), int(wheel["size"]))
        for wheel in entry.get("wheels", ())
        if (file_tags := parse_wheel_filename(wheel["url"].rpartition("/")[2])[3] & ranks.keys())
    ]
    return min(fitting)[1] if fitting else int(entry["sdist"]["size"])


if __name__ == "__main__":
    main()
