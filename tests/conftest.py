"""What all tests share: the application, and the real window with settings of its own."""

import gc
import os
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QFileDialog, QMessageBox
from pytestqt.qtbot import QtBot

from resnet_explorer.app.main_window import MainWindow
from resnet_explorer.engine import processes
from tests.shared_window import SHARED, end, new_window

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("OMP_NUM_THREADS", "1")  # a worker a core: more threads than cores wait for each other
processes.PRELOADED += ("torch._dynamo", "torchvision", "captum.attr")
"""What the first optimiser and two labs import, two seconds in each process of the engine: once for all tests here."""
APP = Path(__file__).parent / "app"


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


@pytest.fixture(scope="session")
def settings_folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A place for the settings of each test, where no folder is before a test makes it."""
    root = tmp_path_factory.mktemp("settings")
    return (root / str(number) for number in count())


@pytest.fixture(autouse=True)
def settings_of_its_own(settings_folders: Iterator[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep each test's settings apart from the user's."""
    monkeypatch.setenv("RESNET_EXPLORER_CONFIG", str(next(settings_folders)))


@pytest.fixture(scope="module")
def folder_of_results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A place for the results that the tests of a file keep for each other."""
    return tmp_path_factory.mktemp("results")


@pytest.fixture
def shared_results(folder_of_results: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep results for the other tests of the file: what one of them has measured, the next ones show at once."""
    monkeypatch.setenv("RESNET_EXPLORER_CACHE", str(folder_of_results))


@pytest.fixture(scope="session", autouse=True)
def no_question_waits_for_an_answer() -> Iterator[None]:
    """Let a box that nobody expects fail the test, where it would wait for ever."""

    def refuse(box: QMessageBox) -> None:
        pytest.fail(f"asked: {box.text()} {box.informativeText()}")

    def refuse_file(*arguments: object, **more: object) -> None:
        pytest.fail(f"asked for a file: {arguments[1:3]}")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(QMessageBox, "exec", refuse)
        for name in ("getOpenFileName", "getSaveFileName", "getExistingDirectory"):
            patch.setattr(QFileDialog, name, refuse_file)
        yield


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """End the window that tests/app leaves from test to test before one that asks for none, or for its own."""
    if item.path.parent != APP or "window" not in getattr(item, "fixturenames", ()):
        SHARED.end()


@pytest.fixture
def window(qapp: QApplication, qtbot: QtBot) -> Iterator[MainWindow]:
    """The window on ResNet-18 as a user gets it, without transitions."""
    made = new_window(qapp)
    yield made
    end(made)
