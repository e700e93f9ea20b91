"""What all tests share: the application, and the real window with settings of its own."""

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QFileDialog, QMessageBox
from pytestqt.qtbot import QtBot
from shiboken6 import delete

from resnet_explorer.app.main_window import MainWindow
from resnet_explorer.engine import processes

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("OMP_NUM_THREADS", "1")  # a worker a core: more threads than cores wait for each other
processes.PRELOADED += ("torch._dynamo", "torchvision", "captum.attr")
"""What the first optimiser and two labs import, two seconds in each process of the engine: once for all tests here."""


def pytest_collection_finish() -> None:
    """Leave what is imported out of the collections of garbage to come."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def qapp(qapp: QApplication) -> QApplication:
    """The application with the app's own fonts, whichever test comes first."""
    from resnet_explorer.ui.style import load_fonts

    load_fonts()
    return qapp


@pytest.fixture(autouse=True)
def settings_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep each test's settings apart from the user's."""
    monkeypatch.setenv("RESNET_EXPLORER_CONFIG", str(tmp_path / "config"))


@pytest.fixture(autouse=True)
def no_question_waits_for_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a box that nobody expects fail the test, where it would wait for ever."""

    def refuse(box: QMessageBox) -> None:
        pytest.fail(f"asked: {box.text()} {box.informativeText()}")

    def refuse_file(*arguments: object, **more: object) -> None:
        pytest.fail(f"asked for a file: {arguments[1:3]}")

    monkeypatch.setattr(QMessageBox, "exec", refuse)
    for name in ("getOpenFileName", "getSaveFileName", "getExistingDirectory"):
        monkeypatch.setattr(QFileDialog, name, refuse_file)


@pytest.fixture
def window(qapp: QApplication, qtbot: QtBot) -> Iterator[MainWindow]:
    """The window on ResNet-18 as a user gets it, without transitions."""
    from resnet_explorer.app.app import build

    made = build(qapp)
    made.resize(1280, 800)
    made.show()
    made.build_panels()
    made.diagram.animated = False
    qtbot.waitExposed(made)
    qapp.processEvents()
    yield made
    made.end()
    delete(made)
