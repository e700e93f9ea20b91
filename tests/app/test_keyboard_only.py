"""A whole visit without a mouse: every place is reached by Tab or by a shortcut, as the system sends them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QKeySequence, QMouseEvent
from PySide6.QtWidgets import QApplication, QDialog, QFileDialog, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from resnet_explorer.app.main_window import MainWindow
from resnet_explorer.training.controller import RunStatus
from resnet_explorer.training.presets import PRESETS
from resnet_explorer.ui.frame import Drawer
from tests import pages
from tests.narrow import of_kind, present

PATIENCE = 120_000
STEPS = "4"
MOST = 150
"""By so many presses of Tab everything on a page is reached."""


class MouseEvents(QObject):
    """Counts what a mouse does."""

    count = 0

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        self.count += isinstance(event, QMouseEvent)
        return False


@pytest.fixture
def mouse(qapp: QApplication) -> Iterator[MouseEvents]:
    events = MouseEvents()
    qapp.installEventFilter(events)
    yield events
    qapp.removeEventFilter(events)


class Keyboard:
    """Presses keys where the keyboard is."""

    def __init__(self, qtbot: QtBot) -> None:
        self._qtbot = qtbot

    @property
    def place(self) -> QWidget:
        return present(QApplication.focusWidget() or QApplication.activeWindow())

    def press(self, *keys: str) -> None:
        for key in keys:
            self._qtbot.keySequence(self.place, QKeySequence(key))

    def write(self, text: str) -> None:
        self._qtbot.keyClicks(self.place, text)

    def go_to(self, widget: QWidget) -> None:
        """Press Tab until a widget has the keyboard; its drawer is opened first where it is closed."""
        drawer = next((part for part in _around(widget) if isinstance(part, Drawer)), None)
        if drawer and not drawer.isVisible():
            self._tab_to(drawer.handle)
            self.press("Space")
        self._tab_to(widget)

    def _tab_to(self, widget: QWidget) -> None:
        for _ in range(MOST):
            if self.place is widget or widget.isAncestorOf(self.place):
                return
            self._qtbot.keyClick(self.place, Qt.Key.Key_Tab)
        raise AssertionError(f"Tab does not come to {widget.accessibleName() or widget}")


def _around(widget: QWidget) -> Iterator[QWidget]:
    part: QWidget | None = widget
    while part is not None:
        yield part
        part = part.parentWidget()


def _save(keyboard: Keyboard) -> None:
    """Save in the export dialog that is open, and close it whatever happens."""
    dialog = of_kind(QDialog, QApplication.activeModalWidget())
    try:
        buttons = dialog.findChildren(QPushButton)
        keyboard.go_to(next(button for button in buttons if button.text().replace("&", "").startswith("Save")))
        keyboard.press("Space", "Esc")
    finally:
        QTimer.singleShot(1000, dialog, dialog.reject)


def test_a_visit_by_the_keyboard_alone(
    window: MainWindow, qtbot: QtBot, mouse: MouseEvents, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    keyboard = Keyboard(qtbot)
    assert keyboard.place is window.diagram, "the window starts on the diagram"
    choose_open_and_compare(window, keyboard)
    measure_gradients(window, keyboard, qtbot)
    train_the_experiment(window, keyboard, qtbot)

    file = tmp_path / "loss.svg"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *arguments, **more: (str(file), ""))
    QTimer.singleShot(300, lambda: _save(keyboard))
    keyboard.press("Ctrl+E")
    assert "Training loss" in file.read_text(encoding="utf-8")

    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    keyboard.press("Ctrl+Q")
    assert not window.isVisible() and mouse.count == 0


def choose_open_and_compare(window: MainWindow, keyboard: Keyboard) -> None:
    keyboard.go_to(window.build.preset)
    keyboard.write("resnet50")
    keyboard.press("Return")
    window.activateWindow()  # the offscreen platform leaves a closed list active
    assert window.document.state.spec.name == "resnet50" and keyboard.place is window.diagram
    keyboard.press("Right", "Right", "Right", "Right", "Right", "Return")
    assert window.document.view.expanded == {"layer2.0"}
    keyboard.press("Ctrl+T")
    assert window.document.view.compare


def measure_gradients(window: MainWindow, keyboard: Keyboard, qtbot: QtBot) -> None:
    keyboard.press("Ctrl+L")
    lab = pages.gradients(window)
    keyboard.go_to(lab.controls.network)
    while lab.controls.network.currentData() != 20:
        keyboard.press("Up" if lab.controls.network.currentIndex() else "End")
    for field, number in ((lab.controls.batch, "4"), (lab.controls.side, "8"), (lab.controls.seeds, "1")):
        keyboard.go_to(field)
        keyboard.press("Ctrl+A")
        keyboard.write(number)
    keyboard.go_to(lab.measure)
    keyboard.press("Space")
    qtbot.waitUntil(lambda: all(job.is_over for job in window.jobs.states), timeout=PATIENCE)
    assert lab.shown is not None and lab.canvas.isVisible() and lab.controls.problem.isHidden()


def train_the_experiment(window: MainWindow, keyboard: Keyboard, qtbot: QtBot) -> None:
    keyboard.press("Ctrl+6")
    training = pages.training(window)
    assert training.setup.preset is PRESETS["degradation"]
    keyboard.go_to(training.setup.recipe.fields["steps"])
    keyboard.press("Ctrl+A")
    keyboard.write(STEPS)
    keyboard.press("Ctrl+Return")
    qtbot.waitUntil(lambda: bool(training.trainer.runs), timeout=PATIENCE)
    qtbot.waitUntil(lambda: not training.trainer.is_busy, timeout=PATIENCE)
    assert [run.status for run in training.trainer.runs] == [RunStatus.DONE] * 4
