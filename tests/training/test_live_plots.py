"""Plots of runs that go on: drawn in pieces as they are drawn at once, and only where somebody sees them."""

from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from resnet_explorer.runs.plan import Metric, Run, RunPlan
from resnet_explorer.runs.recipe import Recipe
from resnet_explorer.scenes.scene import State
from resnet_explorer.spec import InputShape
from resnet_explorer.spec.catalogue import find
from resnet_explorer.training.part import PLANNED, SEEDS
from resnet_explorer.training.run_view import RunPictures
from resnet_explorer.ui.document import Document
from tests.narrow import present


def _runs(steps: int) -> tuple[Run, ...]:
    def metrics(place: int) -> Iterator[Metric]:
        for step in range(steps):
            loss = 2 / (1 + step + place)
            yield Metric(step, loss, 0.5, 0.1, 0.1 * step, loss, 0.5)

    plan = RunPlan("net", find("resnet20"), recipe=Recipe(steps=400))
    return tuple(Run(plan, None, tuple(metrics(place))) for place in range(3))


@pytest.fixture
def pictures(qapp: QApplication, qtbot: QtBot) -> RunPictures:
    """The plots of runs, with room for one of them."""
    made = RunPictures(Document(State(find("resnet20"), InputShape(1, 32, 32))))
    qtbot.addWidget(made)
    made.resize(700, 400)
    made.show()
    return made


def _all(pieces: Iterator[object]) -> int:
    return sum(1 for _ in pieces)


def test_runs_that_are_drawn_in_pieces_look_as_drawn_at_once(pictures: RunPictures) -> None:
    pane = pictures.first
    for key in (pane.key, SEEDS, PLANNED):
        pane.show_key(key)
        assert _all(pictures.showing_runs(_runs(60), ())) > 5
        sliced = repr(pane.canvas.picture), pane.grab().toImage()
        pictures.show_runs(_runs(60), ())
        assert (repr(pane.canvas.picture), pane.grab().toImage()) == sliced


def test_a_plot_that_nobody_sees_is_drawn_when_it_appears(pictures: RunPictures, qtbot: QtBot) -> None:
    pictures.show_runs(_runs(5), ())
    _all(pictures.showing_runs(_runs(60), ()))
    assert max(present(pictures.first.chart.chart).series[-1].x) == 60
    assert max(present(pictures.second.chart.chart).series[-1].x) == 5
    with qtbot.waitSignal(pictures.appeared):
        pictures.resize(2000, 400)
    with qtbot.assertNotEmitted(pictures.appeared, wait=20):
        _all(pictures.showing_runs(_runs(60), ()))
        pictures.hide()
        pictures.show()
    assert max(present(pictures.second.chart.chart).series[-1].x) == 60
    pictures.hide()
    _all(pictures.showing_runs(_runs(80), ()))
    with qtbot.waitSignal(pictures.appeared):
        pictures.show()
