"""Whether PyTorch is here, and the one sentence that says so where it is not; importing this imports none of it."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import invalidate_caches
from importlib.util import find_spec

from resnet_explorer.errors import ExplorerError

PACKAGES = "torch torchvision"
VARIABLE = "RESNET_EXPLORER_BOOTSTRAP"
"""Names the bootstrap that opened the app and has not yet installed PyTorch, or not all of it."""


@contextmanager
def importing() -> Iterator[None]:
    """Let imports that need PyTorch raise one ExplorerError where they fail: what is missing and how to install it."""
    try:
        yield
    except Exception as error:  # a library that PyTorch does not find is an OSError, and so on
        raise _unavailable(error) from error


def require() -> None:
    """Raise the same ExplorerError at once where PyTorch is not installed, for work that another process will do."""
    with importing():
        if find_spec("torch") is None:
            raise ModuleNotFoundError("No module named 'torch'", name="torch")


def absence() -> ExplorerError | None:
    """Return the error that says that PyTorch is not installed, and how it can be; None where it is installed."""
    if bootstrap():
        return ExplorerError("torch", "PyTorch is not installed.", "Install it: Help › Install PyTorch.")
    invalidate_caches()  # it may just have been
    try:
        require()
    except ExplorerError as error:
        return error
    return None


def bootstrap() -> str:
    """Return the file of the bootstrap that is to install PyTorch; empty where it has, or none opened the app."""
    return os.environ.get(VARIABLE, "")


def note_installed() -> None:
    """Look for PyTorch from now on: the bootstrap has installed it."""
    os.environ.pop(VARIABLE, None)


def _unavailable(error: Exception) -> ExplorerError:
    package = (error.name or "").partition(".")[0] if isinstance(error, ModuleNotFoundError) else ""
    if package == "torch":
        return ExplorerError("torch", "PyTorch is not installed.", install(PACKAGES))
    if package:
        return ExplorerError(package, f"The Python package {package} is not installed.", install(package))
    why = (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
    return ExplorerError("torch", f"PyTorch cannot be loaded: {why}.", install(f"--force-reinstall {PACKAGES}"))


def install(packages: str) -> str:
    """Return the line that installs packages for the Python that runs this; environments of uv have no pip."""
    from importlib.metadata import PackageNotFoundError, distribution  # 30 ms that only this error needs

    if getattr(sys, "frozen", False):  # by PyInstaller: there is no Python to install anything for
        return "This build cannot install it; use the app that pip installs: pip install resnet-explorer"
    try:
        distribution("pip")
    except PackageNotFoundError:
        return f"Install it with: uv pip install --python {sys.executable} {packages}"
    return f"Install it with: {sys.executable} -m pip install {packages}"
