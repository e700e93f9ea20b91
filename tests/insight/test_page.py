"""Looking inside in the window: what is asked and when, that views are linked, and that nothing is lost on the way."""

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QComboBox, QWidget
from pytestqt.qtbot import QtBot

from resnet_explorer.insight.controls import TRUE
from resnet_explorer.insight.page import InsideView
from resnet_explorer.insight.part import Inside
from resnet_explorer.insight.pictures import Shown, coloured, seen
from resnet_explorer.insight.values import (
    Cam,
    CamRequest,
    Confusion,
    ConfusionRequest,
    Features,
    FiltersRequest,
    Gallery,
    RunLesionsRequest,
    Surface,
    SurfaceRequest,
)
from resnet_explorer.picture.theme import THEMES
from resnet_explorer.readings.lesions import LesionStudy
from resnet_explorer.scenes.scene import State
from resnet_explorer.ui.document import Document
from tests.inside_jobs import InsideJobsHere
from tests.inside_subject import IMAGE, plan
from tests.insight.conftest import NAMES, OTHERS, PATIENCE, answered, framed


def test_without_a_run_it_says_what_to_do_and_asks_nothing(jobs: InsideJobsHere, qtbot: QtBot) -> None:
    view = InsideView(Document(State(plan().spec, IMAGE)), jobs)  # type: ignore[arg-type]  # has what a view needs
    frame = framed(view)
    qtbot.addWidget(frame)
    frame.show()
    for one in Inside:
        view.show_view(one)
    assert "Choose a trained run" in view.state.text() and not jobs.asked and not view.save_button.isEnabled()


def test_the_matrix_comes_at_once_and_a_cell_leads_to_its_images(page: InsideView, qtbot: QtBot) -> None:
    found = answered(page, qtbot, Confusion)
    assert isinstance(found, Confusion) and page.run.text() == "small"
    assert page.stack.picture and "Confusion matrix of small" in page.stack.picture.title
    one = found.mistakes[0]
    page.stack.confusion.matrix.clicked(f"true{one.truth}.given{one.truth}")
    before = page.view
    assert before is Inside.CONFUSION, "what is right is no mistake"
    page.stack.confusion.matrix.clicked(f"true{one.truth}.given{one.predicted}")
    assert page.view is Inside.MISTAKES
    assert page.stack.mistakes.count() == found.counts[one.truth, one.predicted]
    assert page.all.isVisible() and f"images of {one.truth} are predicted as {one.predicted}" in page.state.text()
    qtbot.mouseClick(page.all, Qt.MouseButton.LeftButton)
    assert page.stack.mistakes.count() == len(found.mistakes)


def test_a_mistake_leads_to_where_the_network_looked(page: InsideView, qtbot: QtBot, jobs: InsideJobsHere) -> None:
    found = answered(page, qtbot, Confusion)
    assert isinstance(found, Confusion)
    page.show_view(Inside.MISTAKES)
    assert len([one for one in jobs.asked if isinstance(one, ConfusionRequest)]) == 1, "both views share the answer"
    page.stack.mistakes.setCurrentRow(2)
    page.stack.mistakes.setFocus()
    qtbot.keyClick(page.stack.mistakes, Qt.Key.Key_Return)
    assert page.view is Inside.CAM
    cam = answered(page, qtbot, Cam)
    assert isinstance(cam, Cam) and cam.request.image == found.mistakes[2].image
    assert cam.truth == found.mistakes[2].truth and cam.predicted == found.mistakes[2].predicted
    assert "(wrong)" in page.state.text()


def test_images_are_stepped_through_by_keys_buttons_and_clicks(page: InsideView, qtbot: QtBot) -> None:
    page.show_view(Inside.CAM)
    answered(page, qtbot, Cam)
    qtbot.waitUntil(lambda: page.answers.newest(Gallery) is not None, timeout=PATIENCE)
    page.stack.cam.setFocus()
    for _ in range(3):
        qtbot.keyClick(page.stack.cam, Qt.Key.Key_Right)
    qtbot.keyClick(page.stack.cam, Qt.Key.Key_Left)
    assert page.controls.image.value() == 2 and page.gallery.grid.currentRow() == 2
    qtbot.mouseClick(page.controls.after, Qt.MouseButton.LeftButton)
    assert page.controls.image.value() == 3
    page.gallery.grid.setCurrentRow(7)
    assert page.controls.image.value() == 7
    page.show_image(10**6)
    assert page.controls.image.value() == 296, "there are 297"
    cam = answered(page, qtbot, Cam)
    assert isinstance(cam, Cam) and cam.request.image == 296
    qtbot.waitUntil(lambda: page.gallery.grid.currentRow() == 296 - 240, timeout=PATIENCE)


def test_the_layer_is_the_documents_selection_and_goes_back_to_it(page: InsideView, qtbot: QtBot) -> None:
    page.show_view(Inside.FEATURES)
    answered(page, qtbot, Features)
    page._document.select("layer2.0.add")
    found = answered(page, qtbot, Features)
    assert isinstance(found, Features) and found.request.path == "layer2.0" == page.controls.layer.currentText()
    assert page.stack.maps.count() == 16 and "16 maps of 4×4" in page.state.text()
    page.controls.layer.setCurrentIndex(page.controls.layer.findData("conv1"))
    assert page._document.selection == "conv1"
    found = answered(page, qtbot, Features)
    assert isinstance(found, Features) and found.maps.shape == (8, 8, 8)
    before = page.stack.maps.images[0].image
    page.controls.scaling.setCurrentIndex(1)
    assert page.stack.maps.images[0].image != before, "each map has a scale of its own"


def test_the_evidence_is_for_the_class_that_is_chosen(page: InsideView, qtbot: QtBot) -> None:
    page.show_view(Inside.CAM)
    answered(page, qtbot, Cam)
    page.controls.target.setCurrentIndex(page.controls.target.findData(4))
    found = answered(page, qtbot, Cam)
    assert isinstance(found, Cam) and found.target == 4
    page.controls.target.setCurrentIndex(page.controls.target.findData(TRUE))
    qtbot.waitUntil(
        lambda: isinstance(page._request, CamRequest) and page._request.target is not None, timeout=PATIENCE
    )
    found = answered(page, qtbot, Cam)
    assert isinstance(found, Cam) and found.target == found.truth


def test_the_loss_surface_is_measured_at_once_beside_the_twin_streams_and_stays_cancelled(
    page: InsideView, qtbot: QtBot, jobs: InsideJobsHere
) -> None:
    page.show_view(Inside.SURFACE)
    assert page.controls.other.currentText() == "plain twin"
    page.controls.points.stepBy(-16)
    page.controls.images.show_value(32)
    page._show()
    assert not jobs.of(SurfaceRequest), "fields that are still changed are no request"
    part = answered(page, qtbot, Surface)
    assert jobs.of(SurfaceRequest) == [page._request], "it is asked for once, when the fields are at rest"
    assert isinstance(part, Surface) and not part.complete and page.line.isVisible() and page.stack.picture
    whole = lambda: getattr(page.answers.to(page._request), "complete", False)  # type: ignore[arg-type]  # noqa: E731
    qtbot.waitUntil(whole, timeout=PATIENCE)
    qtbot.waitUntil(lambda: not page.line.isVisible(), timeout=PATIENCE)
    shown = page.stack.picture
    assert shown and "plain twin" in shown.description and "small" in shown.description
    qtbot.mouseClick(page.controls.measure, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(page.line.cancel, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "Cancelled" in page.state.text(), timeout=PATIENCE)
    page.show_view(Inside.FILTERS)
    page.show_view(Inside.SURFACE)
    assert not page._rest.isActive() and "Cancelled" in page.state.text(), "it stays cancelled"
    page.controls.seed.stepBy(1)
    assert page._rest.isActive(), "another request is measured"


def test_lesions_are_measured_at_once_beside_the_twin_stream_link_blocks_and_are_cancelled(
    page: InsideView, qtbot: QtBot, jobs: InsideJobsHere, tmp_path: Path
) -> None:
    page.show_view(Inside.LESIONS)
    assert page.controls.other.isVisible() and not page.controls.points.isVisible()
    assert not page.save_button.isEnabled()
    part = answered(page, qtbot, LesionStudy)
    assert isinstance(part, LesionStudy) and not part.complete and "still measuring" in page.state.text()
    assert page.line.isVisible() and page.stack.picture
    qtbot.waitUntil(lambda: not page.line.isVisible(), timeout=PATIENCE)
    whole = answered(page, qtbot, LesionStudy)
    assert isinstance(whole, LesionStudy) and whole.complete
    asked = whole.request
    assert isinstance(asked, RunLesionsRequest)
    assert [one.name for one in whole.networks] == ["small", "plain twin"]
    assert "small: " in page.state.text() and "plain twin: " in page.state.text()
    page.stack.lesions.clicked("layer2.0")
    assert page._document.selection == "layer2.0" and len(page.stack.lesions.marked()) == 2
    for suffix, start in ((".svg", b"<svg"), (".png", b"\x89PNG")):
        assert page.save(tmp_path / f"lesions{suffix}") and start in (tmp_path / f"lesions{suffix}").read_bytes()[:200]
    page.controls.other.setCurrentIndex(0)
    assert isinstance(page._request, RunLesionsRequest) and page._request.runs == asked.runs[:1]
    qtbot.waitUntil(page.line.isVisible, timeout=PATIENCE)
    qtbot.mouseClick(page.line.cancel, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "Cancelled" in page.state.text(), timeout=PATIENCE)


def test_another_run_takes_the_lesions_away(page: InsideView, qtbot: QtBot) -> None:
    page.show_view(Inside.LESIONS)
    answered(page, qtbot, LesionStudy)
    before = page.stack.picture
    page.show_run("run", plan(), NAMES, OTHERS)
    assert page.stack.picture is before, "the same run again is not measured again"
    page.show_run("again", plan("width=4", name="narrow"), NAMES)
    assert page.stack.picture is None and not page.save_button.isEnabled()


def test_an_impossible_grid_is_said_and_the_rest_stays(page: InsideView, qtbot: QtBot) -> None:
    page.show_view(Inside.SURFACE)
    page.controls.points.stepBy(-1)
    assert "no middle" in page.problem.text() and page.problem.isVisible()
    page.controls.points.stepBy(-1)
    assert not page.problem.isVisible()
    page.controls.invalid_entered.emit("many")
    assert "is not a number" in page.problem.text()


def test_another_run_forgets_the_answers_about_the_one_before(
    page: InsideView, qtbot: QtBot, jobs: InsideJobsHere
) -> None:
    answered(page, qtbot, Confusion)
    page.show_view(Inside.FILTERS)
    page.show_run("again", plan("width=4", name="narrow"), NAMES)
    assert page.stack.picture is None and page.run.text() == "narrow" and page.controls.other.count() == 1
    qtbot.waitUntil(lambda: page.stack.picture is not None, timeout=PATIENCE)
    assert [one.plan.name for one in jobs.asked if isinstance(one, FiltersRequest)] == ["small", "narrow"]
    assert "4 filters over 1 × 3×3" in page.state.text()


def test_what_cannot_be_looked_at_is_said_in_a_sentence(page: InsideView, qtbot: QtBot) -> None:
    page.show_run("backbone", plan("classes=none", name="backbone"), ())
    page.show_view(Inside.CONFUSION)
    assert "backbone does not classify images" in page.problem.text()
    page.show_run("run", plan(), NAMES)
    page.controls.image.show_value(5000)
    page.show_view(Inside.FEATURES)
    qtbot.waitUntil(lambda: "no test image 5,000; there are 297" in page.problem.text(), timeout=PATIENCE)
    assert not page.line.isVisible()
    page.show_image(3)
    assert isinstance(answered(page, qtbot, Features), Features) and not page.problem.isVisible()


def test_everything_is_saved_as_what_it_can_be(page: InsideView, qtbot: QtBot, tmp_path: Path) -> None:
    answered(page, qtbot, Confusion)
    for suffix, start in ((".svg", b"<svg"), (".pdf", b"%PDF"), (".pgf", b"% "), (".png", b"\x89PNG")):
        file = tmp_path / f"matrix{suffix}"
        assert page.save(file) and start in file.read_bytes()[:200]
    page.show_view(Inside.MISTAKES)
    assert page.save(tmp_path / "mistakes.png") and not QImage(str(tmp_path / "mistakes.png")).isNull()
    assert not page.save(tmp_path / "mistakes.svg") and "It can be .png" in page.problem.text()
    page.show_view(Inside.CAM)
    answered(page, qtbot, Cam)
    assert page.save(tmp_path / "cam.png") and QImage(str(tmp_path / "cam.png")).width() > 800
    assert not page.save(tmp_path / "nowhere" / "cam.png") and "folder does not exist" in page.problem.text()


@pytest.mark.parametrize("theme", THEMES)
def test_every_theme_paints_every_view_and_all_fields_have_names(page: InsideView, qtbot: QtBot, theme: str) -> None:
    page.show_theme(THEMES[theme])
    for view, kind in ((Inside.CONFUSION, Confusion), (Inside.CAM, Cam), (Inside.FEATURES, Features)):
        page.show_view(view)
        answered(page, qtbot, kind)
        assert not page.grab().isNull()
    for field in page.controls.findChildren(QWidget, options=Qt.FindChildOption.FindDirectChildrenOnly):
        assert field.accessibleName() or not isinstance(field, QComboBox), field
    for index in range(page.views.count()):
        tip = page.views.itemData(index, Qt.ItemDataRole.ToolTipRole)
        assert tip.count("(") >= 1, "a sentence, and its source"


def test_images_keep_their_pixels_and_colours() -> None:
    import numpy as np

    colours = seen(np.array([[[255, 0, 0], [0, 255, 0]]], np.uint8))
    assert (colours.pixelColor(0, 0).name(), colours.pixelColor(1, 0).name()) == ("#ff0000", "#00ff00")
    odd = seen(np.arange(15, dtype=np.uint8).reshape(3, 5, 1))
    assert [odd.pixelColor(x, 2).red() for x in range(5)] == [10, 11, 12, 13, 14]
    theme = THEMES["dark"]
    ends = coloured(np.array([[0, 255]], np.uint8), theme)
    assert ends.pixelColor(0, 0).name() == "#262c47" and ends.pixelColor(1, 0).name() == "#f3f3b5"
    assert Shown(ends).caption == ""
