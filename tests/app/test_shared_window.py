"""The window that tests leave to each other is as a new one, or it is not left."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from resnet_explorer.app.main_window import MainWindow
from resnet_explorer.scenes.scene import State
from resnet_explorer.spec import InputShape
from resnet_explorer.spec.catalogue import find
from tests.narrow import present
from tests.shared_window import SharedWindow
from tests.window_state import differences, state_of

Take = Callable[[], MainWindow]


@pytest.fixture
def take(
    qapp: QApplication, qtbot: QtBot, settings_folders: Iterator[Path], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Take]:
    """Give the window to one after another, each with settings of its own."""
    shared = SharedWindow()

    def give() -> MainWindow:
        monkeypatch.setenv("RESNET_EXPLORER_CONFIG", str(next(settings_folders)))
        return shared.take(qapp)

    yield give
    shared.end()


def do_much(window: MainWindow, qtbot: QtBot) -> None:
    document = window.document
    document.propose(State(find("resnet50"), InputShape(2, 100, 100)), "choose")
    document.show_view(replace(document.view, expanded=frozenset({"layer3.0"}), compare=True))
    for drawer in ("Layers", "Code", "Inspector"):
        window.panels.open(window.panels.drawer(drawer))
    window.open_beside(window.jobs_drawer, True)
    window.table.filter.setText("conv3")
    window.table.flat.setChecked(True)
    window.table.model.sort(4, Qt.SortOrder.DescendingOrder)
    for section in window.build.sections.values():
        section.header.setChecked(True)
    document.select("layer3.0.conv2")
    document.hover_over("layer2")
    window.build._on_edited("cardinality", 7)
    window.diagram.zoom(2.0)
    window.diagram.animated = True
    window.say("Something was done.")
    window.resize(1500, 900)
    window.build.preset.setFocus()
    qtbot.keyClick(window.build.preset, Qt.Key.Key_Down)


def test_a_window_that_is_put_back_equals_a_new_one(take: Take, fresh_window: MainWindow, qtbot: QtBot) -> None:
    new = state_of(fresh_window)
    assert len(new) > 400, "all of it is looked at"
    window = take()
    before = state_of(window)
    do_much(window, qtbot)
    assert len(differences(before, state_of(window))) > 50
    scene, file = fresh_window.scene(), present(window.sessions._start.slot).path
    again = take()
    assert differences(before, state_of(again)) == []
    assert again is window
    assert again.scene() == scene and not again.document.undo_stack.count()
    assert present(again.sessions._start.slot).path != file, "its session is kept with the settings of the next test"
    assert set(new) == set(before), "both have the same parts"


def test_what_cannot_be_put_back_is_not_left(take: Take) -> None:
    deeds: dict[str, Callable[[MainWindow], object]] = {
        "a page": lambda window: window.show_page("journey"),
        "a theme": lambda window: window.choose_theme("dark"),
        "a word of the jobs": lambda window: window._on_unavailable("No PyTorch."),
        "a tooltip": lambda window: window.diagram.setToolTip("changed"),
        "an attribute": lambda window: setattr(window.inspector, "_weights", "changed"),
        "closed": lambda window: window.end(),
    }
    for name, deed in deeds.items():
        window = take()
        deed(window)
        assert take() is not window, name


def test_settings_that_a_test_has_made_are_read(
    take: Take, qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = take()
    shared = SharedWindow()
    shared._keep(window)
    assert not shared._is_as_new(qapp, window), "its folder is there already"
