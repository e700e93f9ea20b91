"""Python files of the user's in the window: asked about, run apart, shown, and stopped."""

from pathlib import Path

import pytest
from PySide6.QtWidgets import QDialog
from pytestqt.qtbot import QtBot

from resnet_explorer.app import commands, module_dialog
from resnet_explorer.app.main_window import MainWindow
from resnet_explorer.app.module_dialog import ModuleDialog, RunDialog
from resnet_explorer.ui.job_state import Phase
from tests.narrow import present

PATIENCE = 60_000
FILE = """
import torch
from torchvision.models.resnet import BasicBlock, ResNet

torch.set_default_dtype(torch.float64)
net = ResNet(BasicBlock, [1, 1, 1, 1], num_classes=7)

def hang():
    while True:
        pass

def end():
    import os
    os._exit(5)
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "mine.py"
    path.write_text(FILE)
    return path


def read(window: MainWindow, qtbot: QtBot, file: Path, name: str) -> ModuleDialog:
    dialog = module_dialog.read_module(window, file, name)
    qtbot.waitUntil(lambda: window.jobs.states[0].is_over, timeout=PATIENCE)
    return dialog


def test_nothing_is_run_unasked(window: MainWindow, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[RunDialog] = []

    def refuse(dialog: RunDialog) -> QDialog.DialogCode:
        asked.append(dialog)
        return QDialog.DialogCode.Rejected

    monkeypatch.setattr(RunDialog, "exec", refuse)
    commands.open_dropped(window, str(file))
    assert not window.jobs.states
    (question,) = asked
    assert question.name == "net" and not question.run.isDefault()
    assert [question.names.itemText(row) for row in range(question.names.count())] == ["net", "hang", "end"]


def test_a_module_is_shown_as_an_undo_step(window: MainWindow, qtbot: QtBot, file: Path) -> None:
    before = window.document.state
    dialog = read(window, qtbot, file, "net")
    assert "same outputs from the same weights" in dialog.text.text()
    assert window.document.state == before, "it is shown when that is asked for"
    assert dialog.map.topLevelItemCount() == len({*present(dialog.module).layers}) > 20
    dialog.take.click()
    assert window.document.state.spec.blocks == (1, 1, 1, 1) and window.document.state.spec.classes == 7
    assert window.document.undo_stack.undoText() == "show the network of mine.py:net"
    window.document.undo_stack.undo()
    assert window.document.state == before
    dialog.close()


def test_code_that_hangs_or_ends_its_process_leaves_the_engine_alone(
    window: MainWindow, qtbot: QtBot, file: Path
) -> None:
    dialog = module_dialog.read_module(window, file, "hang")
    hanging = window.jobs.states[0].number
    qtbot.waitUntil(lambda: window.jobs.states[0].phase is Phase.RUNNING, timeout=PATIENCE)
    dialog.stop.click()
    qtbot.waitUntil(lambda: window.jobs.states[0].phase is Phase.CANCELLED, timeout=PATIENCE)
    ended = read(window, qtbot, file, "end")
    assert "5" in ended.text.text() and not ended.take.isEnabled()
    assert window.jobs.states[0].phase is Phase.FAILED and window.jobs.states[0].number != hanging
    ended.close()
    missing = read(window, qtbot, file, "nett")
    assert missing.text.text() == "mine.py has no 'nett'. Did you mean 'net'?"
    missing.close()
