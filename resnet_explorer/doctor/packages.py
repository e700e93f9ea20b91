"""The Python that runs the app, and the packages that it needs."""

import platform
import re
import sys
from importlib.metadata import PackageNotFoundError, requires, version

from resnet_explorer import __version__
from resnet_explorer.doctor.findings import Finding, Step
from resnet_explorer.engine.pytorch import install

OLDEST = (3, 11)
APART = {"torch", "torchvision", "pyside6-essentials"}
"""The packages that have a check of their own."""


def python(step: Step) -> Finding:
    """Return which Python runs, and on what."""
    text = f"{platform.python_version()} ({sys.executable}), {platform.platform(terse=True)}"
    if sys.version_info < OLDEST:
        return step.broken(f"{text}.", f"Python {'.'.join(map(str, OLDEST))} or newer is needed.")
    if sys.maxsize < 2**32:
        return step.broken(f"{text}, 32 bits.", "PyTorch and Qt come for 64 bits alone: install that Python.")
    return step.ok(f"{text}; ResNet Explorer {__version__}.")


def packages(step: Step) -> Finding:
    """Return which of the packages that the app needs are not installed."""
    try:
        needed = requires("resnet-explorer") or []
    except PackageNotFoundError:
        return step.note("ResNet Explorer runs from its source, so that what it needs is not known.", "")
    names = [re.split(r"[^\w.-]", need)[0] for need in needed if "extra ==" not in need and _applies(need)]
    names = [name for name in dict.fromkeys(names) if name.lower() not in APART]
    missing = [name for name in names if not _has(name)]
    if missing:
        text = f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} not installed."
        return step.broken(text, install(" ".join(missing)))
    return step.ok(f"All {len(names)} others that the app needs are installed.")


def _applies(need: str) -> bool:
    """Return whether a requirement is one of this Python: markers compare its version alone."""
    match = re.search(r"python_version\s*(<|>=)\s*['\"](\d+)\.(\d+)", need)
    if not match:
        return True
    is_older = sys.version_info[:2] < (int(match[2]), int(match[3]))
    return is_older == (match[1] == "<")


def _has(name: str) -> bool:
    try:
        version(name)
    except PackageNotFoundError:
        return False
    return True
