"""The window that tests share is as new for each of them, or it is a new one."""

from resnet_explorer.app.main_window import MainWindow
from resnet_explorer.diagram.view import View
from resnet_explorer.spec import InputShape
from resnet_explorer.spec.catalogue import find
from resnet_explorer.ui.document import State
from tests.shared_window import START, SharedWindow


def test_what_a_test_changes_is_put_back(shared_window: SharedWindow) -> None:
    window = shared_window.take()
    window.document.propose(State(find("resnet50"), InputShape(2, 96, 96)), "choose ResNet-50")
    window.document.show_view(View(frozenset({"layer2.0"}), compare=True))
    window.document.select("layer2.0")
    window.panels.open(window.panels.drawer("Layers"))
    window.table.filter.setText("conv")
    window.table.flat.click()
    window.build.sections["Head"].header.click()
    window.diagram.zoom(3.0)
    window.resize(1400, 900)
    shared_window.put_back()
    assert shared_window.take() is window
    assert (window.document.state, window.document.view, window.document.selection) == (START, View(), "")
    assert not window.document.undo_stack.count() and window.windowTitle().startswith("ResNet-18")


def test_a_window_that_cannot_be_put_back_is_replaced(shared_window: SharedWindow) -> None:
    window = shared_window.take()
    window.build.preset.setToolTip("changed")
    shared_window.put_back()
    assert shared_window.take().build.preset.toolTip() != "changed"


def test_a_test_gets_the_shared_window(window: MainWindow, shared_window: SharedWindow) -> None:
    assert shared_window.take() is window
