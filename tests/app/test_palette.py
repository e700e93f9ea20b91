"""The palette finds everything by a few letters, and Enter does it."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QApplication, QMessageBox
from pytestqt.qtbot import QtBot

from resnet_explorer import features
from resnet_explorer.app.help import HelpDialog
from resnet_explorer.app.main_window import MainWindow
from resnet_explorer.app.palette import Palette
from resnet_explorer.spec.catalogue import CATALOGUE
from tests import pages
from tests.narrow import present

SHOW = f"Show {CATALOGUE['preresnet110'].title}"


@pytest.fixture(autouse=True)
def active(window: MainWindow, qtbot: QtBot) -> None:
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)


def opened(window: MainWindow, qtbot: QtBot) -> Palette:
    """Open the palette by its keys."""
    qtbot.keySequence(present(QApplication.focusWidget()), QKeySequence("Ctrl+Shift+P"))
    shown = [palette for palette in window.findChildren(Palette) if palette.isVisible()]
    assert len(shown) == 1 and shown[0].field.hasFocus()
    return shown[0]


def take(window: MainWindow, qtbot: QtBot, text: str) -> None:
    palette = opened(window, qtbot)
    qtbot.keyClicks(palette.field, text)
    qtbot.keyClick(palette.field, Qt.Key.Key_Return)
    assert not palette.isVisible()


def test_a_few_letters_and_enter_do_what_they_mean(window: MainWindow, qtbot: QtBot) -> None:
    take(window, qtbot, "rn50")
    assert window.document.state.spec.name == "resnet50"
    window.document.undo_stack.undo()
    assert window.document.state.spec.name == "resnet18", "one step"
    take(window, qtbot, "layer3.1.conv2")
    assert window.document.selection == "layer3.1.conv2" and "layer3.1" in window.document.view.expanded
    take(window, qtbot, "theme dark")
    assert window.preferences.theme == "dark"
    take(window, qtbot, "compare twin")
    assert window.document.view.compare
    take(window, qtbot, "inspector")
    assert window.panels.drawer("Inspector").handle.isChecked()
    take(window, qtbot, "jobs")
    assert window.jobs_drawer.isVisible()
    take(window, qtbot, "timing")
    assert window.shown_page() is window.page("timing")
    take(window, qtbot, "deeper is worse")
    assert window.lesson is not None and window.lesson.lesson.title == "Deeper is worse"
    window.lesson.leave()
    take(window, qtbot, "shattered")
    assert present(pages.gradients(window).preset).key == "shattered"
    assert window.shown_page() is window.page("gradients")


def test_a_text_of_the_guide_is_found_and_opened(window: MainWindow, qtbot: QtBot) -> None:
    take(window, qtbot, "command line")
    dialog = window.findChildren(HelpDialog)[-1]
    assert dialog.isVisible() and dialog.key == "commands"
    dialog.reject()


@pytest.mark.parametrize("taken", [True, False])
def test_what_cannot_be_built_is_explained(
    window: MainWindow, qtbot: QtBot, taken: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []

    def answer(box: QMessageBox) -> None:
        said.extend((box.text(), box.informativeText()))
        assert box.buttonRole(present(box.defaultButton())) is QMessageBox.ButtonRole.RejectRole
        next(each for each in box.buttons() if (each.text() == SHOW) is taken).click()

    monkeypatch.setattr(QMessageBox, "exec", answer)
    palette = opened(window, qtbot)
    qtbot.keyClicks(palette.field, "densenet121")
    assert [(entry.text, entry.kind) for entry in palette.model.shown] == [("DenseNet", "Not built here")]
    qtbot.keyClick(palette.field, Qt.Key.Key_Return)
    assert "concatenates" in said[0] and "Huang et al. 2017" in said[1]
    assert window.document.state.spec.name == ("preresnet110" if taken else "resnet18")


def test_keys_move_and_escape_gives_the_keyboard_back(window: MainWindow, qtbot: QtBot) -> None:
    palette = opened(window, qtbot)
    kinds = {entry.kind for entry in palette.model.shown}
    assert kinds >= {"Page", "Action", "Setting", "Panel", "Lesson", "Experiment", "Network", "Stage", "Block", "Layer"}
    assert {entry.text for entry in palette.model.shown if entry.kind == "Page"} >= {"Gradient lab", "Timing"}
    first = palette.chosen
    qtbot.keyClick(palette.field, Qt.Key.Key_Down)
    assert palette.chosen is palette.model.shown[1]
    qtbot.keyClick(palette.field, Qt.Key.Key_Up)
    assert palette.chosen is first
    qtbot.keyClick(palette.field, Qt.Key.Key_Up)
    assert palette.chosen is palette.model.shown[-1], "round and round"
    qtbot.keyClicks(palette.field, "export pict")
    assert present(palette.chosen).keys == "Ctrl+E"
    said = palette.model.index(0, 0).data(Qt.ItemDataRole.AccessibleTextRole)
    assert said.startswith("Export picture…, Action, Ctrl+E")
    qtbot.keyClicks(palette.field, "qqq")
    assert palette.chosen is None and palette.nothing.isVisible()
    qtbot.keyClick(palette.field, Qt.Key.Key_Return)
    assert palette.isVisible(), "there is nothing to take"
    qtbot.keyClick(palette.field, Qt.Key.Key_Escape)
    assert not palette.isVisible() and window.diagram.hasFocus()
    palette = opened(window, qtbot)
    qtbot.keySequence(palette.field, QKeySequence("Ctrl+3"))
    assert not palette.isVisible() and window.shown_page() is window.page("graph")


def test_labs_offer_entries_by_their_rows(window: MainWindow) -> None:
    made = [entry for reference in features.entries() for entry in features.resolve(reference)(window)]
    assert len({(entry.text, entry.tip) for entry in made}) == len(made) > 15
