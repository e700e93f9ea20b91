"""The window starts where it was closed."""

import json
from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from shiboken6 import delete

from resnet_explorer.app.app import build
from resnet_explorer.app.main_window import MainWindow
from resnet_explorer.diagram.view import View
from resnet_explorer.scenes.archive import pack, unpack
from resnet_explorer.scenes.scene import State
from resnet_explorer.scenes.session import SESSION, read
from resnet_explorer.spec import InputShape
from resnet_explorer.spec.catalogue import find
from resnet_explorer.ui.document import KEPT_STEPS, Document
from resnet_explorer.ui.preferences import folder
from resnet_explorer.ui.scene import opened


@pytest.fixture
def made() -> Iterator[list[MainWindow]]:
    windows: list[MainWindow] = []
    yield windows
    for window in windows:
        window.close()
        delete(window)


def start(qapp: QApplication, made: list[MainWindow], name: str = "") -> MainWindow:
    window = build(qapp, find(name) if name else None)
    made.append(window)
    window.show()
    window.build_panels()
    qapp.processEvents()
    return window


def work(window: MainWindow) -> None:
    """Choose two networks, take one back, open a block beside the twin, and go to another page."""
    for name, side in (("resnet50", 192), ("resnet20", 32)):
        window.document.propose(State(find(name), InputShape(2, side, side)), f"choose {name}")
    window.document.undo_stack.undo()
    window.document.show_view(View(frozenset({"layer2.0"}), compare=True))
    window.document.select("layer2.0.conv1")
    window.panels.open(window.panels.drawer("Layers"))
    window.show_page("timing")


def test_the_first_window_leaves_room_for_the_frame_of_the_system(qapp: QApplication, made: list[MainWindow]) -> None:
    window = start(qapp, made)
    assert window.height() < 800 == window.screen().availableSize().height()  # Qt's offscreen screen


def test_everything_is_as_it_was_left(qapp: QApplication, window: MainWindow, made: list[MainWindow]) -> None:
    work(window)
    left = window.sessions.current()
    window.close()
    again = start(qapp, made)
    assert again.sessions.current() == left
    assert again.shown_page() is again.page("timing") and again.actions_by_key["compare"].isChecked()
    assert again.panels.drawer("Layers").handle.isChecked()
    stack = again.document.undo_stack
    assert (stack.undoText(), stack.redoText()) == ("choose resnet50", "choose resnet20")
    stack.undo()
    assert again.document.state == State(find("resnet18"), InputShape())
    stack.redo()
    stack.redo()
    assert again.document.state == State(find("resnet20"), InputShape(2, 32, 32))


def test_the_diagram_is_right_from_its_first_paint(qapp: QApplication, window: MainWindow) -> None:
    work(window)
    window.close()
    again = build(qapp)
    picture = again.diagram.picture
    assert picture.title == "ResNet-50" and {"", "plain:", "layer2.0:open"} <= opened(picture).keys()
    delete(again)


def test_a_network_that_is_named_wins(qapp: QApplication, window: MainWindow, made: list[MainWindow]) -> None:
    work(window)
    window.close()
    again = start(qapp, made, "resnet34")
    assert again.document.state == State(find("resnet34"), InputShape()) and again.document.view == View()
    assert again.shown_page() is None and not again.document.undo_stack.count()


@pytest.mark.parametrize("name", ["session-1.rnx", "workspace.json"])
@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", "PK", '{"format": "x"}', '{"format": "resnet-explorer workspace", "version": 99}',
     '{"format": "resnet-explorer workspace", "version": 1, "workspace": {"state": {"spec": {"blocks": 3}}}}'],
)  # fmt: skip
def test_a_file_that_cannot_be_read_is_passed_over(
    qapp: QApplication, settings_of_its_own: None, made: list[MainWindow], content: str, name: str
) -> None:
    folder().mkdir(parents=True)
    (folder() / name).write_text(content)
    window = start(qapp, made)
    assert window.document.state.spec.name == "resnet18"
    assert "cannot be read" in window.statusBar().currentMessage()
    assert (folder() / "session-1.unreadable").exists() == (name == "session-1.rnx"), "kept, not written over"


@pytest.mark.parametrize("key", ["history", "page", "layouts", "view", "state", "selection"])
def test_a_value_that_cannot_be_costs_no_more_than_it_must(
    qapp: QApplication, window: MainWindow, made: list[MainWindow], key: str
) -> None:
    work(window)
    window.close()
    file = folder() / "session-1.rnx"
    entries = {name: json.loads(data) for name, data in unpack(file.read_bytes(), "it").entries.items()}
    place = {"history": entries, "layouts": entries[SESSION]}.get(key, entries[SESSION]["scene"])
    place["history.json" if key == "history" else key] = {"nonsense": 3}
    file.write_bytes(pack({name: json.dumps(values).encode() for name, values in entries.items()}))
    again = start(qapp, made)
    assert "cannot be read" in again.statusBar().currentMessage()
    assert again.document.state.spec.name == "resnet50", "of the network the steps to undo hold it too"
    assert again.document.undo_stack.count() == (0 if key == "history" else 2)


def test_it_is_saved_a_while_after_a_change(window: MainWindow, qtbot: QtBot) -> None:
    autosave, file = window.sessions._autosave, folder() / "session-1.rnx"
    assert autosave
    autosave._rest.setInterval(20)
    window.document.propose(State(find("resnet50"), InputShape()), "choose ResNet-50")
    qtbot.waitUntil(file.exists, timeout=5000)
    qtbot.waitUntil(lambda: read(file).session.scene.state.spec.name == "resnet50", timeout=5000)


def test_history_keeps_the_last_steps() -> None:
    document = Document(State(find("resnet18"), InputShape()))
    for side in range(1, 200):
        document.propose(State(find("resnet18"), InputShape(1, side, side)), f"size {side}")
    history = document.history
    assert (len(history.states), history.place, history.labels[-1]) == (KEPT_STEPS + 1, KEPT_STEPS, "size 199")
    other = Document(document.state)
    other.restore(history)
    assert other.history == history and other.state == document.state
    for _ in range(150):
        document.undo_stack.undo()
    assert document.history.place == 0 and document.history.states[0] == document.state
