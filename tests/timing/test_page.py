"""Measured times in the window: the roofline, the table under it, and that they say what they are of."""

import pytest
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from resnet_explorer.app.main_window import MainWindow
from resnet_explorer.autograd.page import PathsDialog
from resnet_explorer.scenes.scene import State
from resnet_explorer.spec import InputShape
from resnet_explorer.spec.catalogue import find
from resnet_explorer.timing.page import TimingPage
from tests import pages
from tests.narrow import present

PATIENCE = 120_000


@pytest.fixture
def page(window: MainWindow, qtbot: QtBot, shared_results: None) -> TimingPage:
    """The page with the times of ResNet-20."""
    window.document.propose(State(find("resnet20"), InputShape(2, 32, 32)), "choose ResNet-20")
    pages.timing(window).repeats.setCurrentIndex(0)
    window.show_page("timing")
    qtbot.waitUntil(lambda: pages.timing(window).measured is not None, timeout=PATIENCE)
    return pages.timing(window)


def test_the_page_says_what_it_measures_where_the_picture_will_be(window: MainWindow, qtbot: QtBot) -> None:
    """It measures without being asked; the estimate is there, and so is Cancel."""
    page = pages.timing(window)
    window.show_page("timing")
    assert page.blank.isVisible() and page.line.cancel.isVisible() and len(window.jobs.states) == 1
    qtbot.waitUntil(lambda: "about" in page.blank.text(), timeout=PATIENCE)
    assert page.blank.text().startswith("Times of resnet18: ") and " left" in page.blank.text()
    qtbot.mouseClick(page.line.cancel, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: page.blank.text().startswith("Cancelled. Press Measure"), timeout=PATIENCE)
    window.show_page("diagram")
    window.show_page("timing")
    assert len(window.jobs.states) == 1, "it is the user's turn"


def test_a_look_never_takes_much_memory(window: MainWindow) -> None:
    window.jobs.free = lambda: 1000
    window.show_page("timing")
    assert not window.jobs.states and "memory" in pages.timing(window).blank.text()


def test_every_layer_and_block_has_its_times(window: MainWindow, page: TimingPage) -> None:
    paths = {row.path for row in page.table.rows}
    analysis = window.session.results.analysis
    assert {row.path for row in analysis.rows} <= paths
    assert {"", "stem", "layer1", "layer1.0", "head"} <= paths
    assert page.table.rows[0].texts[0] == "network" and page.canvas.isVisible()
    assert "resnet20 at 2×32×32 on cpu: forward" in page.text.text() and "backward" in page.text.text()


def test_the_roofline_says_where_and_how_it_was_measured(page: TimingPage) -> None:
    chart = page.canvas.chart
    assert chart is not None
    assert "torch 2" in chart.subtitle and "batch 2, 32×32" in chart.subtitle and "median of 5 runs" in chart.subtitle
    points = [point.path for series in chart.series if series.points for point in series.points]
    assert "layer2.0.conv1" in points and "bn1" in points
    roof = next(series for series in chart.series if series.key == "roof")
    assert roof.y[1] == pytest.approx(roof.y[2]) and roof.y[1] > roof.y[0], (
        "it rises to the ridge, and is level from there"
    )


def test_a_layer_waits_for_memory_left_of_the_ridge_and_for_arithmetic_right_of_it(page: TimingPage) -> None:
    """A ReLU does one FLOP for 8 bytes moved, on any machine too little; where a convolution stands depends on it.

    16 channels of 32×32, a batch of 2, moved in and out as 4 bytes each, with the weights: 18·16·32,768 FLOPs for
    4·(2·32,768 + 9·256) bytes.
    """
    chart = present(page.canvas.chart)
    (ridge,) = (guide.value for guide in chart.guides)
    limits = {row.path: row.texts[-1] for row in page.table.rows}
    drawn = {
        point.path: x
        for series in chart.series
        if series.points
        for x, point in zip(series.x, series.points, strict=True)
    }
    assert drawn["layer1.1.conv1"] == pytest.approx(18 * 16 * 32_768 / (4 * (2 * 32_768 + 9 * 256)))
    assert limits["layer1.0.relu1"] == limits["layer1.0.bn1"] == "memory"
    assert {path: limits[path] for path in drawn} == {
        path: "memory" if x < ridge else "arithmetic" for path, x in drawn.items()
    }


def test_points_rows_and_selection_are_linked(window: MainWindow, page: TimingPage) -> None:
    window.document.select("layer2.1.conv1")
    assert page.table.rows[page.table.currentIndex().row()].path == "layer2.1.conv1"
    assert [weight for _, weight in page.canvas.marked()] == [2.5]
    page.table.setCurrentItem(present(page.table.topLevelItem(0)))
    assert window.document.selection == page.table.rows[0].path
    page.table.header().setSortIndicator(1, Qt.SortOrder.DescendingOrder)
    times = [row.values[1] for row in page.table.rows]
    assert times == sorted(times, reverse=True)


def test_a_legend_hides_its_points_and_the_chart_zooms(page: TimingPage) -> None:
    page.canvas.clicked("norms")
    assert page.canvas.chart and next(s for s in page.canvas.chart.series if s.key == "norms").hidden
    page.canvas.zoom(2.0)
    assert page.canvas.chart.x_axis.low is not None
    page.canvas.fit()
    assert page.canvas.chart.x_axis.low is None


def test_another_network_keeps_the_times_and_says_whose_they_are(window: MainWindow, page: TimingPage) -> None:
    window.document.propose(State(find("resnet32"), InputShape(2, 32, 32)), "choose ResNet-32")
    assert page.text.text().startswith("Measured: resnet20") and "Measure again" in page.text.text()
    assert page.canvas.chart is not None


def test_the_stage_shows_the_times_of_the_network_that_was_measured(window: MainWindow, page: TimingPage) -> None:
    window.document.propose(State(find("resnet18"), InputShape(1, 64, 64)), "choose ResNet-18, which lacks some layers")
    window.present(True)
    assert present(present(window.stage).slide).facts.startswith("ResNet-20 · forward ")
    window.present(False)


def test_the_paths_of_resnet110_are_binomial(window: MainWindow, qtbot: QtBot) -> None:
    """54 blocks: most paths take 19 to 35 branches (Veit et al. 2016, section 4.3)."""
    window.document.propose(State(find("resnet110"), InputShape(1, 32, 32)), "choose ResNet-110")
    window.actions_by_key["paths"].trigger()
    dialog = window.findChild(PathsDialog)
    assert isinstance(dialog, PathsDialog) and dialog.view.chart
    shares = dialog.view.chart.series[0].y
    assert len(shares) == 55 and sum(shares) == pytest.approx(100)
    assert sum(shares[19:36]) > 95
    bar = next(spot for spot in dialog.view._all_spots() if spot.frame.bottom - spot.frame.top > 10).frame
    place = QPoint(round((bar.left + bar.right) / 2), round((bar.top + bar.bottom) / 2))
    qtbot.mouseClick(dialog.view, Qt.MouseButton.LeftButton, pos=place)
    dialog.view.clicked(dialog.view.chart.series[0].key)
    assert len(dialog.view.chart.shown) == 1, "its only series cannot be hidden"
    qtbot.keyClick(dialog.view, Qt.Key.Key_Escape)
    if dialog.isVisible():  # the first one ends the reading
        qtbot.keyClick(dialog.view, Qt.Key.Key_Escape)
    assert not dialog.isVisible()
