"""Values measured block by block, on the real window: diagram, table and inspector show them, and let them go."""

import csv
import io

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QGuiApplication

from resnet_explorer.app.main_window import MainWindow
from resnet_explorer.app.table_columns import COLUMNS
from resnet_explorer.diagram.overlays import BlockValues
from resnet_explorer.picture.marks import SCALE, Box, Group
from resnet_explorer.scenes.scene import State
from resnet_explorer.spec import InputShape
from resnet_explorer.spec.catalogue import find
from resnet_explorer.ui.scene import named, places
from tests.narrow import present

PLACE = len(COLUMNS)


@pytest.fixture
def values(window: MainWindow) -> BlockValues:
    """ResNet-18 with a value for each block but the last."""
    paths = [path for _, path in named(window.diagram.picture, "block") if path not in ("stem", "head")]
    found = {path: 0.5 / 3**n for n, path in enumerate(paths[:-1])} | {"layer2.1": float("nan")}
    made = BlockValues("Gradient at the block's input", "‖∂L/∂x‖₂", found, True, "median of 3 seeds, CPU")
    window.document.show_overlay("values", made)
    return made


def fills(window: MainWindow) -> set[object]:
    def inner(marks: tuple[object, ...]) -> list[object]:
        found: list[object] = []
        for mark in marks:
            if isinstance(mark, Group) and mark.kind == "block" and isinstance(mark.marks[0], Box):
                found.append(mark.marks[0].fill)
            elif isinstance(mark, Group) and mark.kind != "scale":
                found += inner(mark.marks)
        return found

    return set(inner(window.diagram.picture.marks))


def header(window: MainWindow) -> list[object]:
    model = window.table.model
    return [model.headerData(column, Qt.Orientation.Horizontal) for column in range(model.columnCount())]


def lines(window: MainWindow) -> list[tuple[str, str]]:
    model = window.table.model
    return [(line.path, str(model.data(model.index(row, PLACE)))) for row, line in enumerate(model.lines)]


def test_the_diagram_is_coloured_and_becomes_plain_again(window: MainWindow, values: BlockValues) -> None:
    assert fills(window) & set(SCALE)
    window.document.show_overlay("values", None)
    assert not fills(window) & set(SCALE)
    assert not window.document.undo_stack.canUndo(), "no undo step"


def test_another_network_drops_the_values_another_input_does_not(window: MainWindow, values: BlockValues) -> None:
    window.document.propose(State(find("resnet18"), InputShape(1, 96, 96)), "change the size")
    assert window.document.measured is values
    window.document.propose(State(find("resnet34"), InputShape()), "choose ResNet-34")
    assert window.document.measured is None and not fills(window) & set(SCALE)
    assert header(window) == [column.title for column in COLUMNS]
    window.document.undo_stack.undo()
    assert window.document.measured is None


def test_under_the_mouse_stands_the_value(window: MainWindow, values: BlockValues) -> None:
    place = places(window.diagram.picture, window.session.results.analysis.network, "layer1.0")[0]
    found = window.diagram.found_at(window.diagram.camera.to_widget(place).center() + QPointF(1, 1))
    assert found is not None and window.diagram.tip(found).endswith("‖∂L/∂x‖₂: 0.5")


def test_the_diagram_says_the_value_of_what_is_selected(window: MainWindow, values: BlockValues) -> None:
    window.document.select("layer2.1")
    assert "Gradient at the block's input: not a number." in window.diagram.accessibleDescription()


def test_the_inspector_shows_a_blocks_value_and_no_others(window: MainWindow, values: BlockValues) -> None:
    inspector = window.inspector
    window.document.select("layer1.0")
    assert inspector.measured.text().replace("\N{NO-BREAK SPACE}", " ") == "‖∂L/∂x‖₂ = 0.5"
    assert inspector.measured_text.text() == "Gradient at the block's input · median of 3 seeds, CPU"
    for path in ("", "layer1", "layer1.0.conv1", "layer4.1"):
        window.document.select(path)
        assert inspector.measured.isHidden(), path
    window.document.select("layer1.0")
    window.document.show_overlay("values", None)
    assert inspector.measured.isHidden()


def test_the_table_has_a_column_as_long_as_there_are_values(window: MainWindow, values: BlockValues) -> None:
    assert header(window)[PLACE] == "‖∂L/∂x‖₂"
    tip = window.table.model.headerData(PLACE, Qt.Orientation.Horizontal, Qt.ItemDataRole.ToolTipRole)
    assert str(tip).startswith("Gradient at the block's input · median of 3 seeds, CPU.")
    assert window.table.view.horizontalHeader().visualIndex(PLACE) == 1, "beside the names, where it is seen"
    window.table.model.toggle("layer1")
    assert {("layer1", "–"), ("layer1.0", "0.5"), ("layer1.1", "0.1667")} <= set(lines(window))
    window.document.show_overlay("values", None)
    assert len(header(window)) == len(COLUMNS)
    window.document.show_overlay("values", values)
    assert window.table.view.horizontalHeader().visualIndex(PLACE) == 1


def test_sorted_by_it_the_table_ranks_the_blocks(window: MainWindow, values: BlockValues) -> None:
    clicked = window.table.view.horizontalHeader().sectionClicked
    clicked.emit(PLACE)
    found = lines(window)
    assert [path for path, _ in found[:3]] == ["layer1.0", "layer1.1", "layer2.0"]
    assert ("layer2.1", "not a number") in found[-4:] and ("layer4.1", "–") in found[-4:]
    assert window.table.count.text() == "10 blocks, flat while sorted"
    clicked.emit(PLACE)
    assert lines(window)[0][0] == "layer4.0"
    window.table.filter.setText("layer3")
    assert [path for path, _ in lines(window)] == ["layer3.1", "layer3.0"]
    window.table.filter.clear()
    window.document.show_overlay("values", None)
    assert window.table.model.is_tree


def test_copies_have_the_value_of_each_layers_block(window: MainWindow, values: BlockValues) -> None:
    clipboard = QGuiApplication.clipboard()
    window.table.copy_csv()
    rows = {row["path"]: row for row in csv.DictReader(io.StringIO(clipboard.text()))}
    assert float(rows["layer1.1.conv2"]["measured_in_block"]) == pytest.approx(0.5 / 3)
    assert rows["fc"]["measured_in_block"] == rows["layer4.1.conv1"]["measured_in_block"] == ""
    window.table.copy_markdown()
    table = [line for line in clipboard.text().splitlines() if line.startswith("|")]
    assert {line.count("|") for line in table} == {PLACE + 2}
    assert "‖∂L/∂x‖₂ of the block" in table[0] and "median of 3 seeds" in clipboard.text()
    window.document.select("layer1.0")
    window.table.copy_text()
    assert clipboard.text().split("\t")[PLACE] == "0.5"


def test_nothing_is_wider_than_the_inspector(window: MainWindow) -> None:
    symbol = "⟨Sᵀδ, ∂L/∂x⟩ / ‖∂L/∂x‖²"
    window.document.show_overlay(
        "values", BlockValues("Share of the shortcut", symbol, {"layer1.0": 4.123e-9}, False, "seed 0")
    )
    window.document.select("layer1.0")
    for theme in ("projector", "light"):
        window.choose_theme(theme)
        assert present(window.inspector.widget()).minimumSizeHint().width() <= window.inspector.viewport().width()
