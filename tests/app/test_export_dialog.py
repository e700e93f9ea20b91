"""The export dialog saves what it previews, remembers its choices, and explains what fails."""

import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QApplication, QFileDialog, QMessageBox
from pytestqt.qtbot import QtBot

from resnet_explorer.app.main_window import MainWindow
from resnet_explorer.diagram.view import View
from resnet_explorer.insight.part import Inside
from resnet_explorer.picture.chart import STYLES, Axis, Chart, Series
from resnet_explorer.picture.marks import Ink
from resnet_explorer.picture.page import PAGES
from resnet_explorer.picture.theme import DARK, LIGHT, PROJECTOR
from resnet_explorer.training.page import TrainingPage
from resnet_explorer.ui import preferences, style
from resnet_explorer.ui.chart_view import ChartView
from resnet_explorer.ui.export_dialog import ExportDialog, file_name
from resnet_explorer.ui.preferences import Preferences


@pytest.fixture
def dialog(window: MainWindow, qtbot: QtBot) -> ExportDialog:
    window.document.show_view(View(frozenset({"layer2.0"})))
    made = ExportDialog(window.diagram, "resnet18", Preferences(), window)
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


def test_png_has_the_size_that_was_chosen(dialog: ExportDialog, tmp_path: Path) -> None:
    choose(dialog, "png")
    dialog.theme.setCurrentIndex(dialog.theme.findData("dark"))
    for scale in (1, 2, 4):
        dialog.scale.setCurrentIndex(dialog.scale.findData(scale))
        assert dialog.save(tmp_path / "net.png")
        image = QImage(str(tmp_path / "net.png"))
        assert image.width() == round(dialog.preview.picture.width * scale), scale
        assert image.pixelColor(0, 0).name() == DARK.colours[Ink.PAGE], scale


def answer(monkeypatch: pytest.MonkeyPatch, typed: Path, place: int | None = None) -> None:
    """Type a name into the file dialog, and press the button at a place in the question that follows, if any."""
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(typed), ""))

    def press(box: QMessageBox) -> int:
        assert place is not None, box.text()
        box.buttons()[place].click()
        return 0

    monkeypatch.setattr(QMessageBox, "exec", press)


def test_the_ending_of_the_name_decides_the_format(
    dialog: ExportDialog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One of another format is asked about; a name without one of ours gets that of the format."""
    cases = [
        ("rn50.pdf", 0, "rn50.pdf", b"%PDF-"),
        ("rn50.pdf", 1, "rn50.svg", b"<?xml"),
        ("rn50.pdf", 2, None, b""),
        ("net", None, "net.svg", b"<?xml"),
        ("net.v2", None, "net.v2.svg", b"<?xml"),
        ("net.svg", None, "net.svg", b"<?xml"),
    ]
    for number, (typed, place, saved, start) in enumerate(cases):
        folder = tmp_path / str(number)
        folder.mkdir()
        choose(dialog, "svg")
        answer(monkeypatch, folder / typed, place)
        dialog._on_save()
        assert [path.name for path in folder.iterdir()] == [saved] * (saved is not None)
        assert saved is None or (folder / saved).read_bytes().startswith(start)


def test_saved_is_not_an_error(dialog: ExportDialog, tmp_path: Path) -> None:
    dialog.save(tmp_path / "net.svg")
    assert dialog.problem.isHidden()
    assert "Saved net.svg" in dialog.said.text()
    dialog.save(tmp_path / "nowhere" / "net.svg")
    assert (dialog.problem.isHidden(), dialog.said.isHidden()) == (False, True)


@pytest.fixture
def chart(window: MainWindow, qtbot: QtBot) -> ChartView:
    made = ChartView(window.document)
    qtbot.addWidget(made)
    made.resize(240, 160)
    x = list(range(1, 11))
    series = [Series(f"s{n}", f"ResNet-{n}", x, [n + 1.0] * 10, STYLES[n]) for n in range(5)]
    made.show_chart(Chart("Training loss, smoothed", Axis("training step"), Axis("loss"), tuple(series)))
    return made


def test_a_chart_is_composed_for_the_page_with_legend_and_titles(
    window: MainWindow, qtbot: QtBot, chart: ChartView, tmp_path: Path
) -> None:
    dialog = ExportDialog(chart, "training-loss", Preferences(export_format="png"), window)
    qtbot.addWidget(dialog)
    assert dialog.page.findData("own") < 0
    for page in ("slide", "column", "columns"):
        dialog.page.setCurrentIndex(dialog.page.findData(page))
        assert dialog.save(tmp_path / "chart.png")
        image = QImage(str(tmp_path / "chart.png"))
        assert (image.width(), image.height()) == (PAGES[page].width * 2, PAGES[page].height * 2)
        svg = dialog.data("svg").decode()
        assert all(text in svg for text in ("training step", ">loss<", *(f"ResNet-{n}" for n in range(5))))


def test_a_size_of_ones_own_has_that_size_and_says_what_cannot_be(dialog: ExportDialog) -> None:
    dialog.page.setCurrentIndex(dialog.page.findData("custom"))
    dialog.custom_width.value_entered.emit(1000)
    dialog.custom_height.value_entered.emit(500)
    root = ET.fromstring(dialog.data("svg"))
    assert (root.get("width"), root.get("height")) == ("1000", "500")
    dialog.custom_height.value_entered.emit(12)
    assert "160" in dialog.problem.text()
    assert dialog.preferences().export_height == 500


def test_a_charts_file_is_named_after_the_chart() -> None:
    assert file_name("Training loss, smoothed: 3 runs") == "training-loss-smoothed-3-runs"
    assert file_name("∂L/∂x") == "l-x"
    assert file_name("…") == "picture"


def test_the_dialog_fits_a_small_screen_with_large_text(window: MainWindow, qtbot: QtBot, qapp: QApplication) -> None:
    window.resize(1024, 700)
    for theme in (PROJECTOR, LIGHT):
        style.apply(qapp, replace(theme, font_points=theme.font_points * 1.5))
        dialog = ExportDialog(window.diagram, "resnet18", Preferences(export_page="custom"), window)
        qtbot.addWidget(dialog)
        dialog.show()
        style.apply(qapp, LIGHT)
        assert (dialog.width() <= 1024, dialog.height() <= 700) == (True, True)
        assert dialog.preview.visibleRegion().boundingRect().width() >= 200


def test_the_picture_of_every_page_is_the_one_that_is_shown(window: MainWindow) -> None:
    for key in ("diagram", "training", "tuning"):
        window.show_page(key)
        assert window.canvas.isVisibleTo(window), key
    page = window.page("training")
    assert isinstance(page, TrainingPage)
    window.show_page("training")
    page.views.setCurrentWidget(page.inside)
    page.inside.show_view(Inside.SURFACE)
    assert window.canvas is page.inside.stack.surface
    assert not page.pictures.canvas.isVisibleTo(window)


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


def test_a_chart_is_exported_for_matplotlib_and_a_diagram_is_not(
    window: MainWindow, qtbot: QtBot, chart: ChartView, dialog: ExportDialog, tmp_path: Path
) -> None:
    assert dialog.format.findData("py") < 0
    of_chart = ExportDialog(chart, "training-loss", Preferences(), window)
    qtbot.addWidget(of_chart)
    choose(of_chart, "py")
    assert not of_chart.theme.isEnabled()
    assert of_chart.save(tmp_path / "loss.py")
    text = (tmp_path / "loss.py").read_text(encoding="utf-8")
    compile(text, "loss.py", "exec")
    assert "'ResNet-4'" in text
    assert "px" not in of_chart.facts.text()


def test_a_picture_is_saved_for_latex_as_it_is_composed(dialog: ExportDialog, tmp_path: Path) -> None:
    choose(dialog, "pgf")
    assert dialog.save(tmp_path / "net.pgf") and dialog.theme.isEnabled() and not dialog.outlines.isEnabled()
    text = (tmp_path / "net.pgf").read_text(encoding="utf-8")
    zoom = dialog._zoom * 0.75
    assert f"\\pgfsetxvec{{\\pgfpoint{{{zoom:.5f}".rstrip("0") in text and text.endswith("\\endgroup\n")
