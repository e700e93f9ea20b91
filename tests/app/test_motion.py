"""The diagram changes without transitions where the system asks for that."""

import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QObject, qInstallMessageHandler
from pytestqt.qtbot import QtBot
from shiboken6 import delete

from resnet_explorer.ui import style


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="GNOME is asked on Linux")
@pytest.mark.parametrize(("answer", "still"), [("false", True), ("true", False)])
def test_gnome_is_asked(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: str, still: bool
) -> None:
    program = tmp_path / "gsettings"
    program.write_text(f"#!/bin/sh\necho {answer}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    asked: list[bool] = []
    parent = QObject()
    asker = style.SystemMotion(lambda: asked.append(True), parent)
    with qtbot.waitSignal(asker._process.finished):
        asker.ask()
    assert bool(asked) is still


def test_a_system_without_an_answer_leaves_everything_as_it_is(qapp: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    parent = QObject()
    style.SystemMotion(lambda: pytest.fail("nobody was asked"), parent).ask()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="GNOME is asked on Linux")
def test_a_window_that_goes_before_the_answer_ends_the_question(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "gsettings"
    program.write_text("#!/bin/sh\nexec sleep 60\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    parent, said = QObject(), list[str]()
    asker = style.SystemMotion(lambda: pytest.fail("there was no answer"), parent)
    with qtbot.waitSignal(asker._process.started):
        asker.ask()
    before = qInstallMessageHandler(lambda kind, context, text: said.append(text))
    delete(parent)
    qInstallMessageHandler(before)
    assert not said, "Qt warns of a process that is deleted while it runs"
