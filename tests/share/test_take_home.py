"""The window's actions that write a page and a hand-out of what is shown."""

from pathlib import Path

import pytest
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from resnet_explorer.app.lessons import start
from resnet_explorer.app.main_window import MainWindow
from resnet_explorer.lessons.course import load
from tests.share.html import read
from tests.share.lessons import FILE


def test_the_window_writes_what_it_shows(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page, sheet = tmp_path / "page", tmp_path / "sheet.pdf"  # a name without an ending gets the page's
    chosen = {"html": (str(page), "Web page (*.html)"), "pdf": (str(sheet), "PDF on Letter (*.pdf)")}
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *given: chosen["html" if "html" in given[3] else "pdf"])
    window.document.show_view(window.document.view.toggled("layer2.0"))
    for key, file in (("share-page", tmp_path / "page.html"), ("hand-out", sheet)):
        window.actions_by_key[key].trigger()
        qtbot.waitUntil(file.is_file, timeout=20_000)
    opened = list(read((tmp_path / "page.html").read_text(encoding="utf-8")).all("li", "open"))
    assert [panel.attributes["data-path"] for panel in opened] == ["layer2.0"]
    assert sheet.read_bytes().startswith(b"%PDF")


def test_an_open_lesson_is_what_is_taken_home(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "lesson.html"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *given: (str(file), "Web page (*.html)"))
    window.build_panels()
    start(window, load(FILE)).step_by(2)
    window.actions_by_key["share-page"].trigger()
    qtbot.waitUntil(file.is_file, timeout=20_000)
    made = read(file.read_text(encoding="utf-8"))
    assert next(made.all("h1")).text == "What a residual block computes"
    assert len(list(made.all("div", "ask"))) == 5


def test_a_failure_is_explained(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    warned: list[str] = []
    monkeypatch.setattr("resnet_explorer.app.take_home.warn", lambda *given: warned.append(str(given[2])))
    missing = str(tmp_path / "no folder" / "page.html")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *given: (missing, "Web page (*.html)"))
    window.actions_by_key["share-page"].trigger()
    qtbot.waitUntil(lambda: bool(warned), timeout=20_000)
    assert "no folder" in warned[0]
