"""The report of what went wrong, as text to send: versions, the system, what was done last, tracebacks."""

import os
import platform
import sys
from collections.abc import Iterable, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

import PySide6
from PySide6.QtCore import qVersion
from PySide6.QtGui import QGuiApplication

from resnet_explorer import __version__
from resnet_explorer.spec.catalogue import title
from resnet_explorer.ui.crash_log import Crash, path

if TYPE_CHECKING:
    from resnet_explorer.app.main_window import MainWindow

STEPS = 10
_VARIABLES = ("ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA", "ATEN_CPU_CAPABILITY", "QT_QPA_PLATFORM", "QT_SCALE_FACTOR")


def report(
    window: "MainWindow", crashes: Sequence[tuple[Crash, int]], actions: Iterable[str], messages: Iterable[str]
) -> str:
    """Return what went wrong how often, and what it may depend on; of paths only what tracebacks hold."""
    lines = [f"ResNet Explorer {__version__}: report of a problem", ""]
    for crash, count in crashes:
        lines += [f"{crash.when} UTC  {crash.what}" + (f" ({count} times)" if count > 1 else "")]
        lines += [f"    {line}" for line in crash.details.splitlines()]
    state, page = window.document.state, window.shown_page()
    labels = [*window.document.history.labels][-STEPS:]
    facts = {
        "Versions": f"Python {platform.python_version()}, PySide6 {PySide6.__version__}, Qt {qVersion()}, "
        f"PyTorch {_torch()}",
        "System": f"{platform.platform()}, {QGuiApplication.platformName()}, {_screens()}",
        "Instruction set": window.document.instruction_set or "not known",
        "Variables": ", ".join(f"{name}={os.environ[name]}" for name in _VARIABLES if name in os.environ) or "none",
        "Shown": f"{title(state.spec)}, {'diagram' if page is None else type(page).__name__}",
        "Last changes": "; ".join(labels) or "none",
        "Last actions": ", ".join(actions) or "none",
        "Qt said": "; ".join(messages) or "nothing",
        "Log": path().name,
    }
    return "\n".join([*lines, "", *(f"{name}: {text}" for name, text in facts.items())]) + "\n"


def _torch() -> str:
    """Return PyTorch's version, without importing it."""
    try:
        return version("torch")
    except PackageNotFoundError:
        return "not installed"


def _screens() -> str:
    sizes = ((screen.size(), screen.devicePixelRatio()) for screen in QGuiApplication.screens())
    shown = ", ".join(f"{size.width()}×{size.height()} px at {scale:g}" for size, scale in sizes)
    return f"{shown} ({sys.platform})"
