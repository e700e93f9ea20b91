"""A lab is a row: its page, action, job and command are there once it is registered, and nothing else changes."""

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from shiboken6 import delete

from resnet_explorer import features
from resnet_explorer.cli.run import main
from tests.narrow import of_kind
from tests.tiny_lab import TinyPage

PATIENCE = 60_000


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    """The labs of the app, and the tiny one."""
    monkeypatch.setattr(features, "LABS", (*features.LABS, "tests.tiny_lab"))


@pytest.mark.usefixtures("tiny")
def test_a_page_an_action_and_a_job_are_driven_in_the_window(qapp: QApplication, qtbot: QtBot) -> None:
    from resnet_explorer.app.app import build

    window = build(qapp)
    window.show()
    window.build_panels()
    try:
        assert window.tabs.tabText(window.tabs.count() - 1) == "Tiny"
        window.actions_by_key["tiny"].trigger()
        page = of_kind(TinyPage, window.tabs.currentWidget())
        qtbot.waitUntil(lambda: page.text.text() == "11,689,512", timeout=PATIENCE)  # torchvision's count of ResNet-18
        assert window.canvas is page.canvas
        window.actions_by_key["shout"].trigger()
        assert window.windowTitle() == "tiny"
    finally:
        window.close()
        delete(window)


@pytest.mark.usefixtures("tiny")
def test_a_command_is_run_and_helped(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tiny", "rn18"]) == 0
    assert capsys.readouterr().out == "tiny resnet18\n"
    assert main(["--help"]) == 0
    assert "say the name of a network" in capsys.readouterr().out


def test_what_labs_add_has_names_of_its_own() -> None:
    rows = features.actions()
    assert len({row.key for row in rows}) == len(rows)
    assert len({command.name for command in features.commands()}) == len(features.commands())
    for row in rows:
        assert not row.run or callable(features.resolve(row.run))
    for page in features.pages():
        assert callable(features.resolve(page.widget))
    for command in features.commands():
        assert callable(features.resolve(command.options)) and callable(features.resolve(command.run))
