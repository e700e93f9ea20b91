"""The tests of the window leave it to each other."""

from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from resnet_explorer.app.main_window import MainWindow
from tests.shared_window import SHARED, end, new_window


@pytest.fixture(scope="session", autouse=True)
def no_window_is_left() -> Iterator[None]:
    """End the shared window with the last test."""
    yield
    SHARED.end()


@pytest.fixture
def window(qapp: QApplication, qtbot: QtBot) -> MainWindow:
    """The window on ResNet-18 as a user gets it, without transitions: one that the test before may have had."""
    return SHARED.take(qapp)


@pytest.fixture
def fresh_window(qapp: QApplication, qtbot: QtBot) -> Iterator[MainWindow]:
    """A window as the one above that nobody had before, and nobody has after."""
    made = new_window(qapp)
    yield made
    end(made)
