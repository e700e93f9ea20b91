"""The real window, offscreen, with settings of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QMessageBox
from pytestqt.qtbot import QtBot
from shiboken6 import delete

from resnet_explorer.gui.app import build
from resnet_explorer.gui.main_window import MainWindow


@pytest.fixture(autouse=True)
def settings_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep each test's settings apart from the user's."""
    monkeypatch.setenv("RESNET_EXPLORER_CONFIG", str(tmp_path / "config"))


@pytest.fixture(autouse=True)
def no_question_waits_for_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a box that nobody expects fail the test, where it would wait for ever."""

    def refuse(box: QMessageBox) -> None:
        pytest.fail(f"asked: {box.text()} {box.informativeText()}")

    monkeypatch.setattr(QMessageBox, "exec", refuse)


@pytest.fixture
def window(qapp: QApplication, qtbot: QtBot) -> Iterator[MainWindow]:
    """The window on ResNet-18 as a user gets it, without transitions."""
    made = build(qapp)
    made.diagram.animated = False
    made.resize(1280, 800)
    made.show()
    made.fill()
    qtbot.waitExposed(made)
    qapp.processEvents()
    yield made
    made.close()
    delete(made)
