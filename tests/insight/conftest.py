"""The page that looks into a run, with jobs in the test's own event loop."""

from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from resnet_explorer.insight.page import InsideView
from resnet_explorer.insight.values import RunReference
from resnet_explorer.scenes.scene import State
from resnet_explorer.ui.document import Document
from resnet_explorer.ui.frame import Frame
from tests.inside_jobs import InsideJobsHere
from tests.inside_subject import IMAGE, plan

PATIENCE = 60_000
NAMES = tuple("0123456789")
OTHERS = (
    RunReference("other", plan("width=4", name="narrow")),
    RunReference("plain-run", plan("residual=false", name="plain twin")),
)


@pytest.fixture
def jobs(qapp: QApplication) -> Iterator[InsideJobsHere]:
    made = InsideJobsHere()
    yield made
    made.close()


def framed(view: InsideView) -> Frame:
    """Return a page that shows the view, with its tools and drawers."""
    frame = Frame()
    frame.set_parts(view, *view.drawers, tools=view.tools)
    frame.resize(1100, 700)
    return frame


@pytest.fixture
def page(jobs: InsideJobsHere, qtbot: QtBot) -> InsideView:
    """The page on a small residual run, with its plain twin to be measured beside."""
    view = InsideView(Document(State(plan().spec, IMAGE)), jobs)  # type: ignore[arg-type]  # has what a view needs
    frame = framed(view)
    qtbot.addWidget(frame)
    frame.show()
    view.show_run("run", plan(), NAMES, OTHERS)
    return view


def answered(page: InsideView, qtbot: QtBot, kind: type) -> object:
    qtbot.waitUntil(lambda: isinstance(page.answers.to(page._request), kind), timeout=PATIENCE)  # type: ignore[arg-type]
    answer = page.answers.to(page._request)  # type: ignore[arg-type]
    assert isinstance(answer, kind)
    return answer
