"""These tests share a window: each gets it as it was when new. One that needs its own asks for ``own_window``."""

from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QApplication

from resnet_explorer.app.main_window import MainWindow
from tests.shared_window import SharedWindow


@pytest.fixture
def window(shared_window: SharedWindow, qapp: QApplication) -> Iterator[MainWindow]:
    """The window on ResNet-18 as a user gets it, without transitions."""
    yield shared_window.take()
    shared_window.put_back()
