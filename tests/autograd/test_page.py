"""The autograd graph in the window: recorded when it is looked at, opened, searched, stepped through, exported."""

import pytest
from PySide6.QtCore import QCoreApplication, QPoint, QRectF, Qt
from PySide6.QtGui import QContextMenuEvent, QGuiApplication
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from resnet_explorer.app.main_window import MainWindow
from resnet_explorer.autograd.page import GraphPage
from resnet_explorer.autograd.values import NodeKind
from resnet_explorer.network.kinds.activations import ReLU
from resnet_explorer.network.kinds.tape import Tape, Value
from resnet_explorer.picture.marks import Group
from resnet_explorer.scenes.scene import State
from resnet_explorer.spec import InputShape
from resnet_explorer.spec.catalogue import find
from tests import pages
from tests.narrow import present

PATIENCE = 60_000


@pytest.fixture
def page(window: MainWindow, qtbot: QtBot) -> GraphPage:
    """The page with the graph of ResNet-18, its twin's highway known."""
    window.set_reduced_motion()
    window.tabs.setCurrentWidget(pages.graph(window))
    qtbot.waitUntil(lambda: "plain twin" in pages.graph(window).canvas.text[1], timeout=PATIENCE)
    return pages.graph(window)


def middle(page: GraphPage, path: str) -> QPoint:
    place = page.canvas._places_of(path)[0]
    return page.canvas.camera.to_widget(place).center().toPoint()


def test_nothing_is_asked_of_pytorch_before_the_page_is_looked_at(window: MainWindow, qtbot: QtBot) -> None:
    qtbot.wait(100)
    assert pages.graph(window).canvas.recorded is None and not window.jobs.states


def test_the_highway_of_resnet18_stands_beside_its_twins(page: GraphPage) -> None:
    """2^8 paths for eight blocks (Veit et al. 2016).

    Shortest: stem 4, five identities of add and ReLU, three projections of conv, BN, add and ReLU, head 3, loss 2.
    The twin's: stem 4, sixteen times conv, BN and ReLU, head 3, loss 2.
    """
    text = page.canvas.text[1]
    assert "shortest 31, longest 65" in text and "2^8 = 256 paths" in text
    assert "plain twin's shortest 57" in text
    groups = [one for one in page.canvas.picture.marks if isinstance(one, Group) and one.kind == "stage"]
    assert [group.path for group in groups] == ["layer1", "layer2", "layer3", "layer4"]


def test_a_double_click_opens_a_block_to_its_operations(page: GraphPage, qtbot: QtBot) -> None:
    qtbot.mouseDClick(page.canvas, Qt.MouseButton.LeftButton, pos=middle(page, "layer2.0"))
    assert page.canvas.view.blocks == {"layer2.0"}
    qtbot.mouseClick(page.canvas, Qt.MouseButton.LeftButton, pos=middle(page, "layer2.0.conv2"))
    assert page._document.selection == "layer2.0.conv2"
    page.canvas.setFocus()
    qtbot.keyClick(page.canvas, Qt.Key.Key_Return)
    assert page.canvas.view.blocks == frozenset()


def test_what_is_selected_elsewhere_is_framed_here(page: GraphPage) -> None:
    page._document.select("layer3.1.add")
    assert any(weight == 2.5 for _, weight in page.canvas.marked())


def test_a_search_opens_the_block_of_what_it_finds(page: GraphPage, qtbot: QtBot) -> None:
    page.search.setText("maxpool")
    qtbot.keyClick(page.search, Qt.Key.Key_Return)
    assert "stem" in page.canvas.view.blocks and "MaxPool" in page.text.text()
    page.search.setText("layer4.1.bn2")
    qtbot.keyClick(page.search, Qt.Key.Key_Return)
    assert page._document.selection == "layer4.1.bn2" and "layer4.1" in page.canvas.view.blocks
    page.search.setText("transformer")
    qtbot.keyClick(page.search, Qt.Key.Key_Return)
    assert "No operation" in page.text.text()


def test_the_gradient_goes_step_by_step_from_the_loss_to_the_input(page: GraphPage, qtbot: QtBot) -> None:
    recorded = page.canvas.recorded
    assert recorded
    steps = page.steps
    page.canvas.open_all()
    page.canvas.zoom(3)
    qtbot.mouseClick(steps.forth, Qt.MouseButton.LeftButton)
    assert "NllLoss" in steps.text.text() and page.canvas.front[0] == recorded.graph.root
    seen = []
    for step in range(1, steps.slider.maximum() + 1):
        steps.slider.setValue(step)
        seen.append(page.canvas.front[0])
        place = page.canvas.camera.to_widget(present(page.canvas.place_of(seen[-1])))
        assert QRectF(page.canvas.rect()).contains(place), "it stays in sight"
        if recorded.graph.nodes[seen[-1]].name.startswith("AddBackward"):
            assert "splits" in steps.text.text() and "dL/dx" in steps.text.text()
            assert len(page.canvas.front) == 3
    position = {index: place for place, index in enumerate(seen)}
    for start, end in recorded.graph.edges:
        if start in position and end in position:
            assert position[end] < position[start], "an operation comes before what it needs has come"
    assert len(seen) == sum(n.kind in (NodeKind.OPERATION, NodeKind.ACCUMULATE) for n in recorded.graph.nodes)
    qtbot.mouseClick(steps.play, Qt.MouseButton.LeftButton)
    assert steps.playing
    qtbot.mouseClick(steps.play, Qt.MouseButton.LeftButton)
    assert not steps.playing


def test_a_menu_offers_what_can_be_done_with_the_selected_block(
    window: MainWindow, page: GraphPage, qtbot: QtBot
) -> None:
    place = middle(page, "layer2.0")
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, place, page.canvas.mapToGlobal(place))
    QCoreApplication.sendEvent(page.canvas, event)
    assert page._document.selection == "layer2.0"
    menu = page.canvas.findChildren(QMenu)[-1]
    offered = {action.text().replace("&", ""): action for action in menu.actions() if action.text()}
    assert list(offered) == [
        "Open to its operations", "Copy picture", "Copy path", "Export picture…",
        "Show in diagram", "Show in Layers", "Show in code",
    ]  # fmt: skip
    offered["Copy path"].trigger()
    assert QGuiApplication.clipboard().text() == "layer2.0"
    offered["Open to its operations"].trigger()
    assert page.canvas.view.blocks == {"layer2.0"}
    offered["Show in Layers"].trigger()
    assert window.shown_page() is None and window.panels.drawer("Layers").handle.isChecked()
    menu.close()


def test_a_change_shows_the_new_graph_at_once_and_pytorch_agrees(
    window: MainWindow, page: GraphPage, qtbot: QtBot
) -> None:
    window.document.propose(State(find("resnet20"), InputShape(1, 32, 32)), "choose ResNet-20")
    shown = page.canvas.recorded
    assert page.canvas.text[0] == "Autograd graph of ResNet-20" and shown
    qtbot.waitUntil(lambda: page.text.text().startswith("Agrees with PyTorch"), timeout=PATIENCE)
    assert page.text.text().endswith(": 199 nodes") and page.canvas.recorded is shown, "nothing is drawn again"


def test_where_pytorch_records_other_nodes_its_graph_is_shown(
    window: MainWindow, page: GraphPage, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    qtbot.waitUntil(lambda: page.text.text().startswith("Agrees"), timeout=PATIENCE)
    real = ReLU.record

    def renamed(self: ReLU, tape: Tape, x: Value) -> Value:
        value = real(self, tape, x)
        if value.operation:
            value.operation.name = "ThresholdBackward0"
        return value

    monkeypatch.setattr(ReLU, "record", renamed)
    window.document.propose(State(find("resnet20"), InputShape(1, 32, 32)), "choose ResNet-20")
    assert page.canvas.recorded and "ThresholdBackward0" in {node.name for node in page.canvas.recorded.graph.nodes}
    qtbot.waitUntil(lambda: "differ from the tree's" in page.text.text(), timeout=PATIENCE)
    assert "ThresholdBackward0" not in {node.name for node in page.canvas.recorded.graph.nodes}


def test_a_deep_network_is_read_beside_the_window(window: MainWindow, page: GraphPage, qtbot: QtBot) -> None:
    window.document.propose(State(find("resnet110"), InputShape(1, 32, 32)), "choose ResNet-110")
    qtbot.waitUntil(lambda: page.canvas.text[0] == "Autograd graph of ResNet-110", timeout=PATIENCE)


def test_the_options_record_anew(page: GraphPage, qtbot: QtBot) -> None:
    before = page.canvas.recorded
    assert before
    qtbot.mouseClick(page.loss, Qt.MouseButton.LeftButton, pos=QPoint(8, page.loss.height() // 2))
    qtbot.waitUntil(lambda: page.canvas.recorded is not before, timeout=PATIENCE)
    assert page.canvas.recorded and len(page.canvas.recorded.graph.nodes) == len(before.graph.nodes) - 2


def test_a_batch_that_cannot_train_is_recorded_in_eval_mode(window: MainWindow, page: GraphPage, qtbot: QtBot) -> None:
    window.document.propose(State(find("resnet18"), InputShape(1, 32, 32)), "change input size")
    qtbot.waitUntil(lambda: page._requested is not None and not page._requested.training, timeout=PATIENCE)
    qtbot.waitUntil(lambda: page.text.text().startswith("Agrees"), timeout=PATIENCE)


def test_torchvizs_own_drawing_is_one_switch_away(window: MainWindow, page: GraphPage, qtbot: QtBot) -> None:
    window.document.propose(State(find("resnet20"), InputShape(2, 32, 32)), "choose ResNet-20")
    qtbot.mouseClick(page.torchviz, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bool(page.other.data), timeout=PATIENCE)
    assert b"ConvolutionBackward0" in page.other.data and page.dot.startswith("digraph")
    qtbot.waitUntil(lambda: not page.other._image.isNull() and page.other._running is None, timeout=PATIENCE)
    page.other.zoom(1.5)
    qtbot.waitUntil(lambda: page.other._seen == page.other.camera, timeout=PATIENCE)
    qtbot.mouseClick(page.torchviz, Qt.MouseButton.LeftButton)
    assert page.stack.currentWidget() is page.canvas


def test_a_network_too_deep_for_torchviz_is_a_sentence(window: MainWindow, page: GraphPage, qtbot: QtBot) -> None:
    window.document.propose(State(find("resnet1202"), InputShape(2, 32, 32)), "choose ResNet-1202")
    qtbot.mouseClick(page.torchviz, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "too deep for torchviz" in page.problem.text(), timeout=PATIENCE)
    qtbot.mouseClick(page.torchviz, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "ResNet-1202" in page.canvas.text[0], timeout=PATIENCE)


def test_export_and_fit_are_about_what_is_looked_at(window: MainWindow, page: GraphPage) -> None:
    before = window.canvas
    assert before is page.canvas
    window.actions_by_key["expand"].trigger()
    assert len(page.canvas.view.blocks) > 8
    window.actions_by_key["collapse"].trigger()
    assert page.canvas.view.blocks == frozenset()
    window.tabs.setCurrentIndex(0)
    assert window.canvas is window.diagram
