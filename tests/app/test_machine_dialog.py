"""Help › Check this machine… shows what the checks find, those that are broken first, and copies it."""

import threading
from collections.abc import Iterator

import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot
from shiboken6 import delete, isValid

from resnet_explorer.app import machine_dialog
from resnet_explorer.app.machine_dialog import MachineDialog
from resnet_explorer.app.main_window import MainWindow
from resnet_explorer.doctor.findings import Finding, Step
from tests.narrow import of_kind, present

STEP = Step("qt", "Qt", "Looking for Qt")
FOUND = (STEP.ok("It is."), STEP.broken("It breaks.", "Mend it."), STEP.note("It is old."), STEP.broken("It hangs."))


class Checks:
    """Checks that find what is made up, and then wait until they are killed or let go."""

    def __init__(self) -> None:
        self.go, self.is_killed = threading.Event(), False

    def findings(self) -> Iterator[Finding]:
        yield from FOUND
        self.go.wait(30)

    def kill(self) -> None:
        self.is_killed = True
        self.go.set()


@pytest.fixture
def dialog(window: MainWindow, monkeypatch: pytest.MonkeyPatch) -> Iterator[MachineDialog]:
    monkeypatch.setattr(machine_dialog, "Checks", Checks)
    window.actions_by_key["doctor"].trigger()
    (made,) = window.findChildren(MachineDialog)
    yield made
    if isValid(made):
        made.reject()
        delete(made)


def work_of(dialog: MachineDialog) -> Checks:
    return of_kind(Checks, dialog._checks)


def texts(dialog: MachineDialog) -> list[str]:
    rows = [present(dialog._column.itemAt(place)).widget() for place in range(dialog._column.count())]
    return [label.text() for row in rows for label in present(row).findChildren(QLabel)]


def test_what_is_broken_stands_first_and_is_copied(dialog: MachineDialog, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: len(dialog.findings) == 4)
    assert texts(dialog) == ["⚠ Qt: It breaks.", "Mend it.", "⚠ Qt: It hangs.", "✓ Qt: It is.", "– Qt: It is old."]
    assert dialog.summary.text() == "Checking…" and not dialog.again.isEnabled()
    work_of(dialog).go.set()
    qtbot.waitUntil(dialog.again.isEnabled)
    assert dialog.summary.text() == "4 checks: 2 broken, 1 note."
    dialog.copy.click()
    assert "broken  Qt: It breaks.\n        Mend it.\n" in QGuiApplication.clipboard().text()
    dialog.again.click()
    qtbot.waitUntil(lambda: len(dialog.findings) == 4)
    qtbot.waitUntil(lambda: len(texts(dialog)) == 5)


def test_checks_end_with_the_dialog(dialog: MachineDialog, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: len(dialog.findings) == 4)
    work = work_of(dialog)
    dialog.reject()
    assert work.is_killed
