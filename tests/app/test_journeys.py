"""Whole user journeys on the real window."""

import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QGuiApplication
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QApplication,
    QComboBox,
    QLineEdit,
    QMessageBox,
    QSlider,
    QWidget,
)
from pytestqt.qtbot import QtBot
from shiboken6 import delete

from resnet_explorer.app import commands
from resnet_explorer.app.app import build
from resnet_explorer.app.main_window import MainWindow
from resnet_explorer.diagram.view import View
from resnet_explorer.picture.marks import Group, Ink
from resnet_explorer.picture.theme import DARK
from resnet_explorer.scenes.scene import State
from resnet_explorer.spec import InputShape, ResNetSpec
from resnet_explorer.spec.catalogue import find
from resnet_explorer.spec.change import assign
from resnet_explorer.ui.dialogs import save_at
from resnet_explorer.ui.scene import EDGE, hit, places
from tests.narrow import present


def groups(window: MainWindow) -> list[Group]:
    return [mark for mark in window.diagram.picture.marks if isinstance(mark, Group)]


def choose(window: MainWindow, name: str, side: int = 224) -> None:
    window.document.propose(State(find(name), InputShape(1, side, side)), f"choose {name}")


def where(window: MainWindow, path: str, index: int = 0) -> QPoint:
    """The middle of what a path is drawn as."""
    network = window.session.results.analysis.network
    place = places(window.diagram.picture, network, path)[index]
    return window.diagram.camera.to_widget(place).center().toPoint()


def test_the_window_opens_on_resnet18(window: MainWindow) -> None:
    assert window.windowTitle().startswith("ResNet-18")
    assert window.build.facts.values["params"].text() == "11,689,512"
    assert window.inspector.title.text() == "ResNet-18"
    assert window.diagram.picture.title == "ResNet-18"


def test_it_opens_on_the_network_that_is_named(qapp: QApplication) -> None:
    made = build(qapp, find("resnet56"))
    assert made.windowTitle().startswith("ResNet-56")
    assert made.document.state.image == InputShape(1, 32, 32)
    delete(made)


def test_panels_stay_as_they_were_left(window: MainWindow, qapp: QApplication) -> None:
    window.panels.open(window.panels.drawer("Inspector"))
    window.panels.open(window.panels.drawer("Build"), False)
    window.panels.drawer("Inspector").grip.dragged.emit(40)
    window.close()
    again = build(qapp)
    again.show()
    assert again.panels.drawer("Inspector").isVisible() and not again.panels.drawer("Build").isVisible()
    assert again.panels.drawer("Inspector").width() == 284 + 40
    delete(again)


def test_torch_is_not_imported_by_the_window(tmp_path: Path) -> None:
    code = (
        "import sys; from PySide6.QtWidgets import QApplication; from resnet_explorer.app.app import build;"
        "app = QApplication([]); window = build(app); window.build_panels(); window.show(); app.processEvents();"
        "from resnet_explorer.app import commands; from resnet_explorer.ui import export_dialog;"
        "print(sorted({'torch', 'torchvision', 'matplotlib'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_click_on_a_block_selects_it_everywhere(window: MainWindow, qtbot: QtBot) -> None:
    qtbot.mouseClick(window.diagram, Qt.MouseButton.LeftButton, pos=where(window, "layer2.0"))
    assert window.document.selection == "layer2.0"
    assert window.inspector.title.text() == "conv3_x · block 1"
    assert [line.path for line in window.table.selected_lines()] == ["layer2.0"]


def test_a_line_of_the_table_selects_in_the_diagram_and_in_the_inspector(window: MainWindow, qtbot: QtBot) -> None:
    window.document.show_view(View(frozenset({"layer2.0"})))
    window.document.select("layer2.0.conv2")
    row = next(index for index, line in enumerate(window.table.model.lines) if line.path == "layer2.0.conv1")
    window.table.view.setCurrentIndex(window.table.model.index(row, 0))
    assert window.document.selection == "layer2.0.conv1"
    assert "3·3·64·128 = 73,728" in [fact.value for fact in present(window.inspector.shown).facts]


def test_hovering_in_the_diagram_highlights_in_the_table(window: MainWindow, qtbot: QtBot) -> None:
    window.document.select("layer3.1")
    qtbot.mouseMove(window.diagram, where(window, "layer3.0"))
    qtbot.waitUntil(lambda: window.document.hover == "layer3.0")


def test_enter_opens_a_block_and_esc_closes_it(window: MainWindow, qtbot: QtBot) -> None:
    window.diagram.setFocus()
    for _ in range(4):
        qtbot.keyClick(window.diagram, Qt.Key.Key_Right)
    assert window.document.selection == "layer2.0"
    qtbot.keyClick(window.diagram, Qt.Key.Key_Return)
    assert window.document.view.expanded == {"layer2.0"}
    qtbot.keyClick(window.diagram, Qt.Key.Key_Down)
    qtbot.keyClick(window.diagram, Qt.Key.Key_Right)
    assert window.document.selection == "layer2.0.bn1"
    qtbot.keyClick(window.diagram, Qt.Key.Key_Escape)
    qtbot.keyClick(window.diagram, Qt.Key.Key_Escape)
    assert window.document.view.expanded == frozenset()
    assert window.document.selection == "layer2.0"


def test_a_double_click_opens_a_block_and_unfolds_a_fold(window: MainWindow, qtbot: QtBot) -> None:
    qtbot.mouseDClick(window.diagram, Qt.MouseButton.LeftButton, pos=where(window, "layer1.1"))
    assert window.document.view.expanded == {"layer1.1"}
    choose(window, "resnet152")
    fold = where(window, "layer3.1") + QPoint(round(80 * window.diagram.camera.zoom), 0)
    found = hit(window.diagram.picture, window.diagram.camera.to_picture(QPointF(fold)))
    assert found is not None and found.group.kind == "fold"
    qtbot.mouseDClick(window.diagram, Qt.MouseButton.LeftButton, pos=fold)
    assert window.document.view.unfolded == {"layer3"}


def test_the_wheel_zooms_to_the_cursor(window: MainWindow) -> None:
    camera, at = window.diagram.camera, QPointF(100, 80)
    nearer = camera.zoomed(2.0, at)
    before, after = camera.to_picture(at), nearer.to_picture(at)
    assert abs(before.x() - after.x()) < 1e-6 and abs(before.y() - after.y()) < 1e-6


def test_undo_says_what_it_undoes_and_brings_everything_back(window: MainWindow) -> None:
    choose(window, "resnet50")
    assert window.document.undo_stack.undoText() == "choose resnet50"
    assert window.build.facts.values["params"].text() == "25,557,032"
    window.document.undo_stack.undo()
    assert window.build.facts.values["params"].text() == "11,689,512"
    window.document.undo_stack.redo()
    assert window.diagram.picture.title == "ResNet-50"


def test_a_selection_that_no_longer_exists_shows_the_network(window: MainWindow) -> None:
    choose(window, "resnet34")
    window.document.select("layer3.5")
    choose(window, "resnet18")
    assert window.inspector.title.text() == "ResNet-18"
    window.diagram.repaint()


def test_comparing_shows_both_networks_in_one_scene(window: MainWindow) -> None:
    window.actions_by_key["compare"].trigger()
    sides = [mark.side for mark in groups(window) if mark.kind == "network"]
    assert sides == ["", "plain:"]
    assert window.actions_by_key["compare"].isChecked()
    window.actions_by_key["compare"].trigger()
    assert not window.document.view.compare


def test_a_drawer_over_the_picture_hides_what_is_under_it(window: MainWindow) -> None:
    window.choose_theme("projector")
    window.resize(1280, 720)
    drawer = window.panels.drawer("Layers")
    window.panels.open(drawer)
    QApplication.processEvents()
    assert drawer.is_over
    beside_its_tools = drawer.mapTo(window, QPoint(4, 4))
    shown = window.grab().toImage().pixelColor(beside_its_tools)
    assert shown == window.palette().window().color() != window.diagram.grab().toImage().pixelColor(4, 4)
    window.panels.open(drawer, False)
    window.choose_theme("light")


def test_a_picture_that_was_moved_is_fitted_in_the_size_of_its_page(window: MainWindow) -> None:
    diagram, wide = window.diagram, window.width()
    diagram.pan(40.0, 0.0)
    moved = diagram.picture
    window.resize(wide + 400, 620)
    assert diagram.picture is moved and not diagram._fitted, "what the user looks at stays"
    window.actions_by_key["fit"].trigger()
    text = diagram._text
    fresh = diagram.composed((diagram.width() - EDGE) / text, (diagram.height() - EDGE) / text)
    assert (diagram.picture.width, diagram.picture.height) == (fresh.width, fresh.height)
    assert (moved.width, moved.height) != (fresh.width, fresh.height), "it is laid out in other rows"


def test_the_view_is_fitted_after_another_network_and_with_both_twins(window: MainWindow) -> None:
    diagram = window.diagram
    window.resize(1280, 800)
    for change in (partial(choose, window, "resnet50"), window.actions_by_key["compare"].trigger):
        diagram.zoom(4.0)
        diagram.pan(-900.0, -900.0)
        change()
        whole = QRectF(0, 0, diagram.picture.width, diagram.picture.height)
        assert diagram.camera.visible(diagram.room()).contains(whole)
        assert diagram.camera.zoom >= 0.7


def test_expand_all_and_collapse_all(window: MainWindow) -> None:
    window.actions_by_key["expand"].trigger()
    assert len(window.document.view.expanded) == 10
    window.actions_by_key["collapse"].trigger()
    assert window.document.view == View()


def test_themes_change_the_page_and_are_remembered(window: MainWindow, qapp: QApplication) -> None:
    window.actions_by_key["dark"].trigger()
    corner = QColor(window.diagram.grab().toImage().pixel(3, 3))
    assert corner == QColor(DARK.colours[Ink.PAGE])
    again = build(qapp)
    assert again.preferences.theme == "dark"
    delete(again)
    window.actions_by_key["light"].trigger()


@pytest.mark.parametrize("theme", ["light", "projector"])
def test_every_page_fits_a_screen_of_1280_by_800(window: MainWindow, qtbot: QtBot, theme: str) -> None:
    """Also while the engine works for it, and after."""
    window.actions_by_key[theme].trigger()
    for index in range(window.tabs.count()):
        window.tabs.setCurrentIndex(index)
        needed = [window.minimumSizeHint()]
        for _ in range(10):
            qtbot.wait(20)
            needed.append(window.minimumSizeHint())
        widest, highest = max(one.width() for one in needed), max(one.height() for one in needed)
        assert (widest, highest) <= (1280, 800), f"{window.tabs.tabText(index)} needs {widest} x {highest}"
        assert highest <= 800
    window.actions_by_key["light"].trigger()


def test_a_spec_file_comes_back_as_it_was_saved(window: MainWindow, tmp_path: Path) -> None:
    spec = assign(ResNetSpec("mine"), "blocks=1,2,3", "widths=24,48,48", "classes=none")
    window.document.propose(State(spec, InputShape()), "make mine")
    from resnet_explorer.spec import codec

    assert save_at(window, tmp_path / "mine.json", lambda: codec.dumps(window.document.state.spec))
    choose(window, "resnet18")
    assert commands.open_file(window, tmp_path / "mine.json")
    assert window.document.state.spec == spec
    assert window.document.undo_stack.undoText() == "open mine.json"


def test_a_broken_file_is_explained_and_changes_nothing(
    window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(QMessageBox, "exec", lambda box: said.append(box.text()))
    file = tmp_path / "broken.json"
    before = window.document.state
    for content in (b"", b"{", b"[]", b"\xff\xfe\x00", b'{"format": "x"}', b"not json at all"):
        file.write_bytes(content)
        assert not commands.open_file(window, file), content
        assert window.document.state == before, content
        assert len(said) == 1 and "broken.json" in said.pop(), content


def test_a_file_that_cannot_be_written_is_explained(
    window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(QMessageBox, "exec", lambda box: said.append(box.text()))
    assert not save_at(window, tmp_path / "nowhere" / "x.json", lambda: "x")
    assert len(said) == 1


def test_the_picture_is_copied_as_svg_and_as_image(window: MainWindow) -> None:
    window.actions_by_key["copy-picture"].trigger()
    data = QGuiApplication.clipboard().mimeData()
    assert data.hasImage()
    assert bytes(data.data("image/svg+xml").data()).startswith(b"<?xml")


def test_the_largest_network_keeps_the_window_alive(window: MainWindow) -> None:
    spec = assign(ResNetSpec("largest"), "width=16", "blocks=" + "400," * 8)
    window.document.propose(State(spec, InputShape()), "make the largest")
    assert window.build.facts.values["layers"].text() == "6402"
    window.actions_by_key["expand"].trigger()
    window.diagram.repaint()
    window.actions_by_key["collapse"].trigger()


def test_a_transition_ends_where_it_should(window: MainWindow, qtbot: QtBot) -> None:
    window.diagram.animated = True
    window.document.show_view(View(frozenset({"layer2.0"})))
    window.diagram.repaint()
    qtbot.waitUntil(lambda: window.diagram._from is None, timeout=2000)
    assert any(mark.suffix == ":open" for mark in groups(window))


def test_the_diagram_tells_screen_readers_what_is_selected(window: MainWindow) -> None:
    window.document.select("layer2.0")
    assert window.diagram.accessibleDescription().startswith("conv3_x · block 1, Basic block. The shapes differ")
    choose(window, "resnet50")
    assert window.diagram.accessibleDescription().startswith("conv3_x · block 1, Bottleneck block.")


def test_every_control_of_the_window_can_be_named_and_explains_itself(window: MainWindow) -> None:
    inputs = (QLineEdit, QComboBox, QAbstractButton, QSlider, QAbstractItemView)
    for panel in (window.build, window.table):
        for control in panel.findChildren(QWidget):
            own = control.objectName().startswith("qt_") or isinstance(control.parent(), (QAbstractItemView, QComboBox))
            if isinstance(control, inputs) and control.isVisible() and not own:
                named = control.accessibleName() or (isinstance(control, QAbstractButton) and control.text())
                assert named, control
                assert control.toolTip() or isinstance(control, QAbstractItemView), (control, named)


def test_dragging_pans_and_keeps_the_selection(window: MainWindow, qtbot: QtBot) -> None:
    window.document.select("layer2.0")
    before = window.diagram.camera
    qtbot.mousePress(window.diagram, Qt.MouseButton.LeftButton, pos=QPoint(20, 20))
    qtbot.mouseMove(window.diagram, QPoint(60, 40))
    qtbot.mouseRelease(window.diagram, Qt.MouseButton.LeftButton, pos=QPoint(60, 40))
    assert (window.diagram.camera.x - before.x, window.diagram.camera.y - before.y) == (40, 20)
    assert window.document.selection == "layer2.0"


def test_a_theme_may_change_before_the_panels_are_there(qapp: QApplication, qtbot: QtBot) -> None:
    made = build(qapp)
    made.choose_theme("dark")
    made.build_panels()
    made.choose_theme("light")
    delete(made)
