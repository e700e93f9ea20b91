"""The export dialog saves what it previews, remembers its choices, and explains what fails."""

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from PySide6.QtGui import QGuiApplication, QImage
from pytestqt.qtbot import QtBot

from resnet_explorer.app.main_window import MainWindow
from resnet_explorer.diagram.view import View
from resnet_explorer.picture.marks import Ink
from resnet_explorer.picture.theme import DARK
from resnet_explorer.ui import preferences
from resnet_explorer.ui.export_dialog import ExportDialog
from resnet_explorer.ui.preferences import Preferences


@pytest.fixture
def dialog(window: MainWindow, qtbot: QtBot) -> ExportDialog:
    window.document.show_view(View(frozenset({"layer2.0"})))
    made = ExportDialog(window.diagram.picture, "resnet18", Preferences(), window)
    qtbot.addWidget(made)
    return made


def choose(dialog: ExportDialog, kind: str) -> None:
    dialog.format.setCurrentIndex(dialog.format.findData(kind))


def test_svg_holds_what_is_open_on_screen(dialog: ExportDialog, tmp_path: Path) -> None:
    assert dialog.save(tmp_path / "net.svg")
    ids = {element.get("id") for element in ET.parse(tmp_path / "net.svg").iter()}
    assert {"layer2.0:open", "layer2.0.conv1", "layer2.0.downsample.0"} <= ids
    assert "layer1.0.conv1" not in ids


def test_pdf_is_one_page_of_vectors(dialog: ExportDialog, tmp_path: Path) -> None:
    choose(dialog, "pdf")
    assert dialog.save(tmp_path / "net.pdf")
    content = (tmp_path / "net.pdf").read_bytes()
    assert content.startswith(b"%PDF-")
    assert b"/Count 1" in content
    assert b"/Subtype /Image" not in content


@pytest.mark.parametrize("scale", [1, 2, 4])
def test_png_has_the_size_that_was_chosen(dialog: ExportDialog, tmp_path: Path, scale: int) -> None:
    choose(dialog, "png")
    dialog.theme.setCurrentIndex(dialog.theme.findData("dark"))
    dialog.scale.setCurrentIndex(dialog.scale.findData(scale))
    assert dialog.save(tmp_path / "net.png")
    image = QImage(str(tmp_path / "net.png"))
    assert image.width() == round(dialog.preview.picture.width * scale)
    assert image.pixelColor(0, 0).name() == DARK.colours[Ink.PAGE]


def test_choices_that_a_format_lacks_are_off(dialog: ExportDialog) -> None:
    assert (dialog.scale.isEnabled(), dialog.outlines.isEnabled()) == (False, True)
    choose(dialog, "png")
    assert (dialog.scale.isEnabled(), dialog.outlines.isEnabled()) == (True, False)


def test_a_failure_is_explained_and_the_old_file_is_intact(dialog: ExportDialog, tmp_path: Path) -> None:
    assert not dialog.save(tmp_path / "nowhere" / "net.svg")
    assert "net.svg" in dialog.problem.text()
    assert dialog.problem.text().startswith("⚠")


def test_the_last_choices_are_remembered(dialog: ExportDialog, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    choose(dialog, "png")
    dialog.theme.setCurrentIndex(dialog.theme.findData("projector"))
    dialog.save(tmp_path / "net.png")
    preferences.save(dialog.preferences())
    known = preferences.load()
    assert (known.export_format, known.export_theme, known.export_folder) == ("png", "projector", str(tmp_path))


def test_copying_gives_svg_and_image(dialog: ExportDialog) -> None:
    dialog._on_copy()
    data = QGuiApplication.clipboard().mimeData()
    assert data.hasImage()
    assert data.hasFormat("image/svg+xml")


@pytest.mark.parametrize("content", ["", "{", "[]", '{"version": 9}', '{"version": 1, "values": {"theme": 3}}', "\x00"])
def test_broken_preferences_are_as_at_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str) -> None:
    monkeypatch.setenv(preferences.FOLDER_VARIABLE, str(tmp_path))
    (tmp_path / "preferences.json").write_text(content, encoding="utf-8")
    assert preferences.load() == Preferences()


def test_preferences_that_cannot_be_saved_bother_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv(preferences.FOLDER_VARIABLE, str(tmp_path / "file"))
    preferences.save(Preferences(theme="dark"))
    assert preferences.load() == Preferences()
