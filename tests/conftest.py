"""What all tests share."""

import os

import pytest
from PySide6.QtWidgets import QApplication

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("OMP_NUM_THREADS", "1")  # a worker a core: more threads than cores wait for each other


@pytest.fixture(scope="session")
def qapp(qapp: QApplication) -> QApplication:
    """The application with the app's own fonts, whichever test comes first."""
    from resnet_explorer.gui.fonts import load_fonts

    load_fonts()
    return qapp
