"""What changes in the diagram is seen at once, however it was zoomed before."""

import pytest
from PySide6.QtCore import QRectF

from resnet_explorer.app.main_window import MainWindow
from resnet_explorer.picture.marks import Group
from resnet_explorer.scenes.scene import State
from resnet_explorer.spec import InputShape
from resnet_explorer.spec.catalogue import find
from resnet_explorer.ui.scene import opened


def seen(window: MainWindow) -> QRectF:
    return window.diagram.camera.visible(window.diagram.room())


def show(window: MainWindow, name: str, side: int = 224) -> None:
    window.document.propose(State(find(name), InputShape(1, side, side)), f"choose {name}")


@pytest.mark.parametrize("name", ["resnet34", "resnet152"])
def test_another_network_is_fitted_after_a_zoom(window: MainWindow, name: str) -> None:
    window.diagram.zoom(4)
    zoomed = window.diagram.camera
    show(window, "resnet18", 96)
    assert window.diagram.camera == zoomed, "another input is the same picture"
    show(window, name)
    assert seen(window).contains(opened(window.diagram.picture)[""])


@pytest.mark.parametrize("name", ["resnet18", "resnet50", "resnet152"])
def test_a_twin_is_seen_beside_its_network(window: MainWindow, name: str) -> None:
    show(window, name)
    for size in ((1024, 700), (1280, 800)):
        window.resize(*size)
        window.diagram.zoom(4)
        window.actions_by_key["compare"].trigger()
        networks = [mark for mark in window.diagram.picture.marks if isinstance(mark, Group) and mark.kind == "network"]
        assert len(networks) == 2
        for mark in networks:
            assert seen(window).contains(QRectF(mark.x, mark.y, mark.width, mark.height)), (name, size, mark.side)
        window.actions_by_key["compare"].trigger()


def test_what_opens_is_seen_and_all_of_it_begins_at_the_top(window: MainWindow) -> None:
    window.diagram.zoom(4)
    window.document.show_view(window.document.view.toggled("layer4.1"))
    assert seen(window).contains(opened(window.diagram.picture)["layer4.1:open"])
    window.diagram.pan(-300, -300)
    window.actions_by_key["expand"].trigger()
    assert seen(window).contains(opened(window.diagram.picture)[""].topLeft())
