"""The layer table on the real window: tree and flat, filter, sort, sums, copies."""

import csv
import io

import pytest
from PySide6.QtCore import QItemSelectionModel, QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHeaderView, QToolButton
from pytestqt.qtbot import QtBot

from resnet_explorer.app.main_window import MainWindow
from resnet_explorer.app.table_columns import COLUMNS
from resnet_explorer.app.table_view import PAD
from resnet_explorer.scenes.scene import State
from resnet_explorer.spec import InputShape
from resnet_explorer.spec.catalogue import find


@pytest.fixture(autouse=True)
def layers_are_open(window: MainWindow) -> None:
    """Open the drawer of layers, which is closed on a small screen."""
    window.panels.open(window.panels.drawer("Layers"))


def paths(window: MainWindow) -> list[str]:
    return [line.path for line in window.table.model.lines]


def column(window: MainWindow, title: str) -> list[str]:
    index = next(number for number, entry in enumerate(COLUMNS) if entry.title == title)
    model = window.table.model
    return [str(model.data(model.index(row, index))) for row in range(model.rowCount())]


def select_rows(window: MainWindow, *wanted: str) -> None:
    view = window.table.view
    flags = QItemSelectionModel.SelectionFlag.Select | QItemSelectionModel.SelectionFlag.Rows
    view.clearSelection()
    for path in wanted:
        view.selectionModel().select(window.table.model.index(paths(window).index(path), 0), flags)


def test_it_opens_as_stem_stages_and_head(window: MainWindow) -> None:
    assert paths(window) == ["stem", "layer1", "layer2", "layer3", "layer4", "head"]
    assert column(window, "Params") == ["9,536", "147,968", "525,568", "2,099,712", "8,393,728", "513,000"]


def test_flat_lists_every_layer_of_torchvision_by_its_name(window: MainWindow) -> None:
    window.table.flat.click()
    assert len(paths(window)) == 69
    assert {"conv1", "layer1.0.conv1", "layer2.0.downsample.0", "layer4.1.bn2", "fc"} <= set(paths(window))
    assert window.table.count.text().startswith("69 layers")


def test_keys_open_and_close_the_tree(window: MainWindow, qtbot: QtBot) -> None:
    window.document.select("layer2")
    view = window.table.view
    view.setFocus()
    qtbot.keyClick(view, Qt.Key.Key_Right)
    assert "layer2.1" in paths(window)
    qtbot.keyClick(view, Qt.Key.Key_Down)
    qtbot.keyClick(view, Qt.Key.Key_Return)
    assert "layer2.0.conv1" in paths(window)
    assert window.document.selection == "layer2.0"
    qtbot.keyClick(view, Qt.Key.Key_Left)
    assert "layer2.0.conv1" not in paths(window)


def test_a_selection_from_elsewhere_is_revealed(window: MainWindow) -> None:
    window.document.select("layer3.0.downsample.1")
    assert [line.path for line in window.table.selected_lines()] == ["layer3.0.downsample.1"]
    assert window.table.view.currentIndex().row() == paths(window).index("layer3.0.downsample.1")


def test_filter_by_text_and_kind(window: MainWindow) -> None:
    window.table.filter.setText("downsample")
    assert paths(window) == [f"layer{stage}.0.downsample.{part}" for stage in (2, 3, 4) for part in (0, 1)]
    window.table.kinds.setCurrentIndex(window.table.kinds.findData("Conv2d"))
    window.table.kinds.activated.emit(0)
    assert len(paths(window)) == 3
    assert window.table.count.text() == "3 of 69 layers"
    window.table.filter.clear()
    assert len(paths(window)) == 20  # 17 in stem and branches, 3 projections


def test_the_filter_knows_what_is_shown(window: MainWindow) -> None:
    for text, first, count in (
        ("conv3_x", "layer2.0.conv1", 16),
        ("CONV3_X bn", "layer2.0.bn1", 4),
        ("stem", "conv1", 4),
        ("3x224", "conv1", 1),
    ):
        window.table.filter.setText(text)
        assert (paths(window)[0], len(paths(window))) == (first, count), text


def test_a_filter_without_finds_says_so_and_is_cleared_by_a_button(window: MainWindow, qtbot: QtBot) -> None:
    window.table.kinds.setCurrentIndex(window.table.kinds.findData("MaxPool2d"))
    window.table.filter.setText("conv9")
    assert window.table.nothing.isVisible()
    assert window.table.nothing.text() == "No layer matches “conv9” and MaxPool2d."
    qtbot.mouseClick(window.table.show_all, Qt.MouseButton.LeftButton)
    assert window.table.view.isVisible() and paths(window)[0] == "stem"


def test_enter_goes_from_the_filter_to_the_lines(window: MainWindow, qtbot: QtBot) -> None:
    window.actions_by_key["find"].trigger()
    qtbot.keyClicks(window.table.filter, "fc")
    qtbot.keyClick(window.table.filter, Qt.Key.Key_Return)
    assert window.focusWidget() is window.table.view


def header(window: MainWindow, title: str) -> tuple[QHeaderView, int]:
    return window.table.view.horizontalHeader(), next(i for i, entry in enumerate(COLUMNS) if entry.title == title)


def test_sorting_down_up_and_back(window: MainWindow) -> None:
    window.table.flat.click()
    view, params = header(window, "Params")
    view.sectionClicked.emit(params)
    assert paths(window)[0] in {"layer4.0.conv2", "layer4.1.conv1", "layer4.1.conv2"}  # 3·3·512·512
    assert window.table.model.headerData(params, Qt.Orientation.Horizontal) == "Params ↓"
    view.sectionClicked.emit(params)
    assert column(window, "Params")[0] == "–"
    view.sectionClicked.emit(params)
    assert paths(window)[:3] == ["conv1", "bn1", "relu"]
    assert window.table.model.headerData(params, Qt.Orientation.Horizontal) == "Params"


def test_sorting_the_tree_lists_layers_and_says_so(window: MainWindow) -> None:
    view, macs = header(window, "MACs")
    view.sectionClicked.emit(macs)
    assert paths(window)[0] == "conv1"  # 118 MMACs, the most of any layer of ResNet-18
    assert window.table.count.text() == "69 layers, flat while sorted"
    view.sectionClicked.emit(macs)
    view.sectionClicked.emit(macs)
    assert paths(window)[0] == "stem"
    assert window.table.count.text() == "69 layers"


def test_sums_count_a_layer_inside_a_selected_block_once(window: MainWindow, qtbot: QtBot) -> None:
    window.table.model.open_all(True)
    with qtbot.waitSignal(window.table.summary_changed) as signal:
        select_rows(window, "layer2.0", "layer2.0.conv1", "layer2.0.conv2")
    assert "9 layers: 230,144 parameters" in window._sums.text()
    assert signal.args is not None


def test_copies_as_csv_markdown_and_tabs(window: MainWindow) -> None:
    window.table.model.open_all(True)
    select_rows(window, "layer1.0.conv1", "fc")
    window.table.copy_csv()
    rows = list(csv.DictReader(io.StringIO(QGuiApplication.clipboard().text())))
    assert [row["path"] for row in rows] == ["layer1.0.conv1", "fc"]
    window.table.copy_markdown()
    assert "| fc |" in QGuiApplication.clipboard().text().replace("`", "")
    window.table.copy_text()
    assert QGuiApplication.clipboard().text().count("\n") == 1


def test_it_stays_open_where_it_was_when_the_network_changes(window: MainWindow) -> None:
    window.table.model.toggle("layer2")
    window.document.propose(State(find("resnet34"), InputShape()), "choose ResNet-34")
    assert "layer2.3" in paths(window)


def test_columns_grow_with_the_text(window: MainWindow) -> None:
    before = window.table.view.columnWidth(5)
    window.choose_theme("projector")
    assert window.table.view.columnWidth(5) > before
    window.choose_theme("light")


def test_ctrl_f_goes_to_the_filter(window: MainWindow) -> None:
    window.actions_by_key["find"].trigger()
    assert window.focusWidget() is window.table.filter


def test_a_kind_that_another_network_lacks_is_not_asked_for_there(window: MainWindow) -> None:
    window.table.kinds.setCurrentIndex(window.table.kinds.findData("MaxPool2d"))
    window.table.kinds.activated.emit(0)
    assert paths(window) == ["maxpool"]
    window.document.propose(State(find("resnet20"), InputShape(1, 32, 32)), "choose ResNet-20")
    assert paths(window)[0] == "stem"


def test_several_lines_stay_selected_at_another_input_size(window: MainWindow) -> None:
    select_rows(window, "layer1", "layer2")
    assert "873.5 MMACs" in window._sums.text()
    window.document.propose(State(find("resnet18"), InputShape(1, 112, 112)), "change the size")
    assert [line.path for line in window.table.selected_lines()] == ["layer1", "layer2"]
    assert "673,536 parameters · 218.4 MMACs" in window._sums.text()  # a quarter


def test_what_is_selected_stays_so_when_lines_open_above(window: MainWindow) -> None:
    select_rows(window, "layer3", "layer4")
    window.table.model.toggle("layer1")
    assert [line.path for line in window.table.selected_lines()] == ["layer3", "layer4"]


def test_all_layers_of_a_long_network_sum_to_the_network(window: MainWindow) -> None:
    window.document.propose(State(find("resnet1202"), InputShape(1, 32, 32)), "choose ResNet-1202")
    window.table.open.click()
    window.table.view.selectAll()
    total = window.session.results.analysis.total
    assert window._sums.text().startswith(f"4,208 layers: {total.params:,} parameters")


def test_to_come_by_with_the_keyboard_selects_nothing(window: MainWindow, qtbot: QtBot) -> None:
    window.table.view.setFocus(Qt.FocusReason.TabFocusReason)
    assert window.document.selection == ""
    qtbot.keyClick(window.table.view, Qt.Key.Key_Down)
    assert window.document.selection in {"stem", "layer1"}


def test_esc_lets_the_selection_go(window: MainWindow, qtbot: QtBot) -> None:
    window.document.select("layer2.0")
    qtbot.keyClick(window.table.view, Qt.Key.Key_Escape)
    assert window.document.selection == ""
    assert window.inspector.title.text() == "ResNet-18"


def middle(window: MainWindow, path: str, x: int) -> QPoint:
    return QPoint(x, window.table.view.visualRect(window.table.model.index(paths(window).index(path), 0)).center().y())


def test_a_click_on_the_triangle_opens_a_stage(window: MainWindow, qtbot: QtBot) -> None:
    qtbot.mouseClick(window.table.view.viewport(), Qt.MouseButton.LeftButton, pos=middle(window, "layer1", 9))
    assert paths(window)[1:4] == ["layer1", "layer1.0", "layer1.1"]
    assert window.document.selection == "layer1"


def test_the_pointer_highlights_in_every_view(window: MainWindow, qtbot: QtBot) -> None:
    qtbot.mouseMove(window.table.view.viewport(), middle(window, "layer1", 60))
    qtbot.mouseMove(window.table.view.viewport(), middle(window, "layer2", 60))
    assert window.document.hover == "layer2"


def test_what_lies_in_a_closed_stage_is_highlighted_as_that_stage(window: MainWindow) -> None:
    window.document.hover_over("layer3.0.conv1")
    assert window.table.view.delegate.hovered == paths(window).index("layer3")
    window.document.hover_over("")
    assert window.table.view.delegate.hovered == -1


@pytest.mark.parametrize("name", ["resnet18", "resnet50", "resnet1202"])
def test_no_text_is_cut_and_all_columns_fit_beside_each_other(window: MainWindow, name: str) -> None:
    side = 32 if name == "resnet1202" else 224
    window.document.propose(State(find(name), InputShape(1, side, side)), "choose")
    window.table.open.click()
    view, model = window.table.view, window.table.model
    view.resize(1000, 300)
    view.fit()
    assert view.horizontalHeader().length() <= view.viewport().width()
    measure = view.delegate.metrics.horizontalAdvance
    for index, entry in enumerate(COLUMNS[2:], start=2):
        widest = max(measure(entry.text(line)) for line in model.lines[:400])
        assert widest <= view.columnWidth(index) - 2 * PAD, entry.title


def test_a_column_that_was_made_wider_stays_so(window: MainWindow) -> None:
    window.table.view.setColumnWidth(0, 321)
    window.document.propose(State(find("resnet50"), InputShape()), "choose ResNet-50")
    window.resize(1400, 900)
    assert window.table.view.columnWidth(0) == 321


def test_copying_nothing_leaves_the_clipboard(window: MainWindow) -> None:
    QGuiApplication.clipboard().setText("precious")
    window.table.copy_text()
    assert QGuiApplication.clipboard().text() == "precious"


def test_what_is_filtered_is_what_is_copied(window: MainWindow) -> None:
    window.table.filter.setText("fc")
    window.table.copy_csv()
    assert [row["path"] for row in csv.DictReader(io.StringIO(QGuiApplication.clipboard().text()))] == ["fc"]


def test_a_selected_stage_is_copied_with_all_its_layers(window: MainWindow) -> None:
    select_rows(window, "stem", "layer2")
    window.table.copy_csv()
    copied = [row["path"] for row in csv.DictReader(io.StringIO(QGuiApplication.clipboard().text()))]
    assert copied[:5] == ["conv1", "bn1", "relu", "maxpool", "layer2.0.conv1"]
    assert len(copied) == 4 + 9 + 7  # stem, a block that projects, a block that does not


def test_every_control_has_a_name_and_says_what_it_does(window: MainWindow) -> None:
    controls = [*window.table.findChildren(QToolButton), window.table.filter, window.table.kinds]
    named = [control for control in controls if control.isVisible() and control.focusPolicy() != Qt.FocusPolicy.NoFocus]
    assert len(named) == 7
    for control in named:
        assert control.accessibleName() and control.toolTip()
    assert all(entry.tip.endswith((".", ")")) for entry in COLUMNS)


def test_other_figures_of_the_same_lines_cost_no_reset(window: MainWindow, qtbot: QtBot) -> None:
    with qtbot.assertNotEmitted(window.table.model.modelReset):
        window.document.propose(State(find("resnet18"), InputShape(1, 96, 96)), "change the size")
    assert column(window, "Output")[0] == "64×24×24"


def test_a_walk_in_the_diagram_leaves_one_line_selected(window: MainWindow) -> None:
    window.document.select("stem")
    window.document.select("layer1.0")
    assert [line.path for line in window.table.selected_lines()] == ["layer1.0"], "its stage opened for it"
    window.document.select("layer1.1")
    assert [line.path for line in window.table.selected_lines()] == ["layer1.1"]
