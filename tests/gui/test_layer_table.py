"""The layer table on the real window: tree and flat, filter, sort, sums, copies."""

import csv
import io

from PySide6.QtCore import QItemSelectionModel, Qt
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from resnet_explorer.gui.document import State
from resnet_explorer.gui.main_window import MainWindow
from resnet_explorer.gui.views.table_columns import COLUMNS
from resnet_explorer.spec import InputShape
from resnet_explorer.spec.catalogue import find


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


def test_sorting_down_up_and_back(window: MainWindow) -> None:
    window.table.flat.click()
    header = window.table.view.horizontalHeader()
    params = next(index for index, entry in enumerate(COLUMNS) if entry.title == "Params")
    header.sectionClicked.emit(params)
    assert paths(window)[0] in {"layer4.0.conv2", "layer4.1.conv1", "layer4.1.conv2"}  # 3·3·512·512
    header.sectionClicked.emit(params)
    assert column(window, "Params")[0] == "–"
    header.sectionClicked.emit(params)
    assert paths(window)[:3] == ["conv1", "bn1", "relu"]


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
