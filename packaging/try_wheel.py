"""Install the app from a folder of wheels into a fresh environment, as pip does it, and drive it there; by hand.

    python packaging/try_wheel.py [--python python3.13] [--wheels FOLDER]

The folder is filled from the registries that pip is set up with; the installation then sees that folder alone.
"""

import os
import subprocess
import sys
import tempfile
import time
from argparse import ArgumentParser
from pathlib import Path

_ROOT = Path(__file__).parents[1]


def _run(*command: str | Path, folder: Path) -> None:
    """Run a command in a folder, with nothing of this Python's environment; it prints how long that took."""
    start = time.monotonic()
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
    subprocess.run(list(map(str, command)), cwd=folder, env=clean, check=True)
    print(f"{time.monotonic() - start:7.1f} s  {' '.join(map(str, command[:6]))} …", flush=True)


def _bytes(folder: Path) -> int:
    return sum(file.lstat().st_size for file in folder.rglob("*") if file.is_file())


def main() -> int:
    """Build, collect, install, drive; the exit status is that of the drive."""
    parser = ArgumentParser(description="install the app from wheels alone, and drive it")
    parser.add_argument("--python", default=sys.executable, help="the Python to install it for")
    parser.add_argument("--wheels", type=Path, help="where wheels are kept for the next time (default: nowhere)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        wheels = (options.wheels or folder / "wheels").absolute()
        scripts = folder / "environment" / ("Scripts" if os.name == "nt" else "bin")
        pip: list[str | Path] = [scripts / "python", "-m", "pip", "--disable-pip-version-check"]
        _run(options.python, "-m", "venv", "environment", folder=folder)
        _run(*pip, "wheel", "-q", "--wheel-dir", wheels, "--find-links", wheels, _ROOT, folder=folder)
        _run(*pip, "install", "-q", "--no-index", "--find-links", wheels, "resnet-explorer", folder=folder)
        print(f"{sum(file.stat().st_size for file in wheels.glob('*.whl')) / 1e6:,.0f} MB of wheels in the folder")
        print(f"{_bytes(folder / 'environment') / 1e6:,.0f} MB installed")
        _run(scripts / "python", _ROOT / "packaging" / "drive.py", scripts / "resnet-explorer", folder=folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
