"""The stage of the fine-tuning lab: its views go from the plan to what came of it."""

from typing import cast

from pytestqt.qtbot import QtBot

from resnet_explorer.finetuning.page import TuningPage
from resnet_explorer.finetuning.stage import CURVES, NETWORK, RATES, RESULT, TuningShow
from resnet_explorer.ui.stage_layout import lay_out
from resnet_explorer.ui.window import Window
from tests.finetuning.conftest import PATIENCE
from tests.slides import problems


def test_views_follow_each_other_to_the_result(page: TuningPage, qtbot: QtBot) -> None:
    show = TuningShow(cast(Window, None), page)
    assert show.views == [NETWORK, RATES]
    show.turn(1)
    assert show.slide().title == "What trains in epoch 2 of 6" and page.state.epoch == 0
    page.start()
    qtbot.waitUntil(lambda: bool(page.trainer.runs) and not page.trainer.is_busy, timeout=PATIENCE)
    page.trainer.runs[0].folder.mkdir(parents=True)
    page.views.setCurrentWidget(page.judged)
    qtbot.waitUntil(lambda: page.judged.judged is not None, timeout=PATIENCE)
    titles = []
    for view in (NETWORK, RATES, CURVES, RESULT):
        assert show.view == view
        titles.append(show.slide().title)
        assert not problems(lay_out(show.slide(), show.controls, (show.keys,), 16 / 9)), view
        show.step(1)
    assert titles[1:] == ["Learning rate of each group", "Training loss", "Test images after fine-tuning"]
    show.leave()
