"""What is read off a chart on screen: by mouse and keyboard, in words, and never in a file."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from shiboken6 import delete

from resnet_explorer.picture.chart import (
    PLAIN,
    RESIDUAL,
    Axis,
    Cell,
    Chart,
    Kind,
    Point,
    Scale,
    Series,
    SeriesStyle,
    Strip,
    toggled,
)
from resnet_explorer.picture.marks import Picture
from resnet_explorer.picture.svg import to_svg
from resnet_explorer.picture.theme import LIGHT
from resnet_explorer.scenes.scene import State
from resnet_explorer.spec import InputShape
from resnet_explorer.spec.catalogue import find
from resnet_explorer.ui.chart_view import ChartView
from resnet_explorer.ui.document import Document

BLOCKS = 9
XS = list(range(1, BLOCKS + 1))
PATHS = [f"layer{1 + n // 3}.{n % 3}" for n in range(BLOCKS)]


def series(name: str, values: list[float], look: SeriesStyle, kind: Kind = Kind.LINE, band: bool = True) -> Series:
    points = [Point(path, f"block {n}") for n, path in enumerate(PATHS, start=1)] if kind is Kind.LINE else None
    low, high = ([value / 2 for value in values], [value * 2 for value in values]) if band else (None, None)
    return Series(name, name, XS, values, look, kind, low, high, points)


def curves() -> Chart:
    plain = [10.0 ** (2 - n) for n in range(BLOCKS)]
    plain[2] = 0.0
    pair = (series("residual", [0.1 * n for n in XS], RESIDUAL), series("plain", plain, PLAIN))
    return Chart("Gradient norm", Axis("block, from the input"), Axis("norm", Scale.LOG), pair)


@pytest.fixture
def document(qapp: QApplication) -> Document:
    return Document(State(find("resnet20"), InputShape(1, 32, 32)))


@pytest.fixture
def view(document: Document, qtbot: QtBot) -> Iterator[ChartView]:
    made = ChartView(document)
    made.resize(760, 520)
    cells = tuple(Cell(path, f"block {n}", 0.1 * n) for n, path in enumerate(PATHS, start=1))
    made.show_chart(curves(), (Strip("residual", "residual", cells),), Axis("norm"), "Blocks")
    made.show()
    qtbot.waitExposed(made)
    made.setFocus()
    yield made
    delete(made)


def at(view: ChartView, x: float) -> QPoint:
    assert view._drawn
    scale = view._drawn.scale
    return QPoint(round(scale.x.px(x)), round((scale.frame.top + scale.frame.bottom) / 2))


def point(qtbot: QtBot, view: ChartView, place: QPoint) -> None:
    """Move the mouse there from somewhere else: a test before this one may have left it just there."""
    qtbot.mouseMove(view, QPoint(1, 1))
    qtbot.mouseMove(view, place)


def test_the_mouse_reads_every_curve_at_the_nearest_x(view: ChartView, document: Document, qtbot: QtBot) -> None:
    point(qtbot, view, at(view, 4.3))
    assert view.readout
    assert view.readout.text == "block 4 · layer2.0: residual 0.4 (0.2 to 0.8), plain 0.1 (0.05 to 0.2)"
    assert document.hover == "layer2.0", "the block is highlighted everywhere"
    point(qtbot, view, at(view, 2.8))
    assert "plain 0 (underflow)" in view.readout.text


def test_a_curve_that_is_hidden_is_not_read(view: ChartView, qtbot: QtBot) -> None:
    point(qtbot, view, at(view, 4))
    view.clicked("plain")
    assert view.readout and view.readout.text == "block 4 · layer2.0: residual 0.4 (0.2 to 0.8)"


def test_it_is_said_to_those_who_hear_the_screen(view: ChartView, qtbot: QtBot) -> None:
    assert not view.accessibleDescription().startswith("block")
    qtbot.keyClick(view, Qt.Key.Key_Right)
    assert view.accessibleDescription().startswith("block 1 · layer1.0: residual 0.1")


def test_arrow_keys_go_from_point_to_point_and_escape_ends_it(
    view: ChartView, document: Document, qtbot: QtBot
) -> None:
    for _ in range(3):
        qtbot.keyClick(view, Qt.Key.Key_Right)
    assert view.readout and view.readout.path == document.hover == "layer1.2"
    qtbot.keyClick(view, Qt.Key.Key_Left)
    assert view.readout.path == "layer1.1"
    qtbot.keyClick(view, Qt.Key.Key_Return)
    assert document.selection == "layer1.1"
    qtbot.keyClick(view, Qt.Key.Key_Escape)
    assert view.readout is None
    qtbot.keyClick(view, Qt.Key.Key_Left)
    assert view.readout and view.readout.path == PATHS[-1]
    for _ in range(2):
        qtbot.keyClick(view, Qt.Key.Key_Right)
    assert view.readout.path == PATHS[-1], "it stays at the end"


def test_keys_read_what_is_in_view_alone(view: ChartView, qtbot: QtBot) -> None:
    view.zoom(2.0)
    qtbot.keyClick(view, Qt.Key.Key_Right)
    assert view._drawn and view.readout and view.readout.path != PATHS[0]
    assert view._drawn.scale.x.low <= 1 + PATHS.index(view.readout.path)


def test_escape_shows_all_where_nothing_is_read(view: ChartView, qtbot: QtBot) -> None:
    view.zoom(2.0)
    qtbot.keyClick(view, Qt.Key.Key_Escape)
    assert view.chart and view.chart.x_axis.low is None


def test_it_stays_when_new_values_stream_in(view: ChartView, qtbot: QtBot) -> None:
    point(qtbot, view, at(view, 4))
    view.show_chart(toggled(curves(), "plain"))
    assert view.readout and view.readout.text == "block 4 · layer2.0: residual 0.4 (0.2 to 0.8)"


def test_a_block_under_the_mouse_is_read(view: ChartView, document: Document, qtbot: QtBot) -> None:
    block = next(spot for spot in view._all_spots() if spot.kind == "block" and spot.path == "layer3.1")
    point(qtbot, view, QPoint(round(block.frame.left) + 3, round(block.frame.top) + 3))
    assert view.readout and view.readout.text == "residual, block 8: 0.8"
    assert document.hover == "layer3.1"


def test_a_bar_under_the_mouse_is_read_and_keys_read_all_bars_of_an_x(view: ChartView, qtbot: QtBot) -> None:
    pair = [
        series(name, [1.0 + n for n in XS], look, Kind.BARS, band=False)
        for name, look in (("a", RESIDUAL), ("b", PLAIN))
    ]
    view.show_chart(Chart("Paths", Axis("length"), Axis("count"), tuple(pair)))
    bar = next(spot for spot in view._all_spots() if spot.kind == "bar" and spot.title.startswith("b, length 5"))
    point(qtbot, view, QPoint(round(bar.frame.left) + 3, round(bar.frame.bottom) - 3))
    assert view.readout and view.readout.text == bar.title == "b, length 5: 6"
    view.read_nothing()
    qtbot.keyClick(view, Qt.Key.Key_Right)
    assert view.readout and view.readout.text == "length 1: a 2, b 2"


def test_keys_go_along_a_scatter_plot(view: ChartView, qtbot: QtBot) -> None:
    dots = series("dots", [float(n) for n in XS], RESIDUAL, Kind.SCATTER, band=False)
    view.show_chart(Chart("Roofline", Axis("work"), Axis("speed"), (dots,)))
    for said in ("dots, work 1: 1", "dots, work 2: 2"):
        qtbot.keyClick(view, Qt.Key.Key_Right)
        assert view.readout and view.readout.text == said


def test_leaving_ends_it(view: ChartView, document: Document, qtbot: QtBot) -> None:
    point(qtbot, view, at(view, 4))
    view.leaveEvent(QEvent(QEvent.Type.Leave))
    assert view.readout is None and document.hover == ""


def test_no_file_has_it_and_the_picture_is_not_painted_anew(view: ChartView, qtbot: QtBot) -> None:
    view.grab()
    before: tuple[Picture, str, object] = (view.picture, to_svg(view.picture, LIGHT), view._still())
    point(qtbot, view, at(view, 4))
    image = view.grab().toImage()
    assert view.picture is before[0] and to_svg(view.picture, LIGHT) == before[1]
    assert view._still() is before[2], "the same pixels lie under it"
    view.read_nothing()
    assert view.grab().toImage() != image


def test_boxes_stay_inside_of_the_widget(view: ChartView, qtbot: QtBot) -> None:
    for theme_width in (760, 300):
        view.resize(theme_width, 520)
        for x in XS:
            point(qtbot, view, at(view, x))
            assert view.readout
            box = view.readout.marks[-1]
            assert box.x >= 0 and box.x + box.width <= view.width() and box.y + box.height <= view.height()
