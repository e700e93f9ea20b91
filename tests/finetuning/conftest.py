"""The fine-tuning page on ResNet-18, with a stand-in for the engine."""

from collections.abc import Iterator

import pytest
from pytestqt.qtbot import QtBot
from shiboken6 import delete

from resnet_explorer.finetuning.choices import NO_WEIGHTS, Strategy
from resnet_explorer.finetuning.page import TuningPage
from resnet_explorer.scenes.scene import State
from resnet_explorer.spec import InputShape
from resnet_explorer.spec.catalogue import find
from resnet_explorer.ui.document import Document
from tests.tuning_jobs import TuningJobsHere

PATIENCE = 20_000
RESNET18 = State(find("resnet18"), InputShape(1, 224, 224))


@pytest.fixture
def jobs(qapp: object) -> Iterator[TuningJobsHere]:
    made = TuningJobsHere()
    yield made
    made.close()


@pytest.fixture
def page(jobs: TuningJobsHere, qtbot: QtBot) -> Iterator[TuningPage]:
    """The page on the window's ResNet-18 without weights, by strategy A, its first questions answered."""
    made = TuningPage(Document(RESNET18), jobs)  # type: ignore[arg-type]  # has what the page needs
    made.network.view.animated = False
    made.resize(1280, 700)
    made.show()
    qtbot.waitUntil(lambda: jobs.is_idle and made.state.report is not None, timeout=PATIENCE)
    made.state.use_weights(NO_WEIGHTS)
    made.state.use_strategy(Strategy.A)
    made.replay.leave()
    made.views.setCurrentWidget(made.network)
    yield made
    made.close()
    delete(made)
