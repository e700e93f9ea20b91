"""The first step of fine-tuning: weights that are published, on this machine, or in a file."""

from dataclasses import replace

import pytest
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from resnet_explorer.engine.requests import ReadWeights
from resnet_explorer.finetuning.page import TuningPage
from resnet_explorer.finetuning.values import FetchWeights, TuneRun
from resnet_explorer.network import compile_spec
from resnet_explorer.network.tree import tensors
from resnet_explorer.scenes.scene import State
from resnet_explorer.spec import InputShape
from resnet_explorer.spec.catalogue import find
from resnet_explorer.ui.document import Document, read
from resnet_explorer.weights.identify import identify
from resnet_explorer.weights.values import Weights
from tests.tuning_jobs import TuningJobsHere, failing

PATIENCE = 20_000
RESNET18 = State(find("resnet18"), InputShape(1, 224, 224))


def test_published_weights_come_on_a_click_alone(page: TuningPage, jobs: TuningJobsHere, qtbot: QtBot) -> None:
    step = page.setup.weights
    step.list.setCurrentIndex(0)
    step.list.activated.emit(0)
    assert page.state.chosen is not None and "not on this machine" in step.text.text().lower()
    assert "69.758 % top-1" in step.text.text() and "BSD-3-Clause" in step.text.text()
    page.bar.start.click()
    assert not page.trainer.runs and "not on this machine" in page.bar.problem.text()
    assert not jobs.of(FetchWeights)
    step.download.click()
    qtbot.waitUntil(lambda: jobs.is_idle and "Here:" in step.text.text(), timeout=PATIENCE)
    assert step.download.isHidden()
    assert "mean 0.485, 0.456, 0.406" in page.setup.images.prepared.text()
    page.bar.start.click()
    assert page.trainer.runs and page.bar.problem.isHidden()
    assert jobs.of(TuneRun)[0].plan.classes == tuple("0123456789")


def test_weights_that_are_here_are_used_where_nobody_chose_otherwise(jobs: TuningJobsHere, qtbot: QtBot) -> None:
    jobs.cached = "/cache/resnet18.pth"
    made = TuningPage(Document(State(find("resnet50"), RESNET18.image)), jobs)  # type: ignore[arg-type]  # as above
    qtbot.addWidget(made)
    made.show()
    made.state.use_network(RESNET18.spec)
    assert str(made.state.plan.strategy) == "full", "there are no weights yet"
    qtbot.waitUntil(lambda: made.state.plan.weights.name == "IMAGENET1K_V1", timeout=PATIENCE)
    assert str(made.state.plan.strategy) == "A"


@pytest.mark.parametrize("name", ["resnet18", "resnet50"])
def test_a_file_of_weights_is_looked_at_when_it_is_chosen(
    page: TuningPage, jobs: TuningJobsHere, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """A backbone of the same network starts it; one of another network is refused before anything trains."""
    shapes = tensors(compile_spec(replace(find(name), classes=None)))
    weights = Weights("/w/net.pth", identify({f"encoder.{key}": shape for key, shape in shapes.items()}), {})
    jobs.answers[ReadWeights] = lambda job: iter((weights,))
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *arguments: ("/w/net.pth", ""))
    step = page.setup.weights
    step.list.activated.emit(step.list.count() - 1)
    qtbot.waitUntil(lambda: jobs.is_idle and page.state.file is not None, timeout=PATIENCE)
    page.bar.start.click()
    if name == "resnet18":
        assert "net.pth has no head: the head is new." in step.text.text() and page.trainer.runs
    else:
        assert "net.pth holds ResNet-50, not ResNet-18." in step.text.text()
        assert not page.trainer.runs and "ResNet-50" in page.bar.problem.text()


def test_a_backbone_in_the_window_gets_a_head(page: TuningPage) -> None:
    page.show_results(read(State(replace(find("resnet50"), classes=None), RESNET18.image)))
    assert page.state.plan.spec == find("resnet50")


def test_a_failed_download_is_said_and_can_be_tried_again(page: TuningPage, jobs: TuningJobsHere, qtbot: QtBot) -> None:
    jobs.answers[FetchWeights] = failing("download", "The server cannot be reached.", "Try again later.")
    step = page.setup.weights
    step.list.activated.emit(0)
    step.download.click()
    qtbot.waitUntil(lambda: "cannot be reached" in step.fetching.problem.text(), timeout=PATIENCE)
    assert not step.download.isHidden()
