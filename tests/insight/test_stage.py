"""A trained network on the stage: every view is read from the back row, and the keys go to the next one."""

from types import SimpleNamespace
from typing import cast

import pytest
from PySide6.QtGui import QImage, QPainter
from pytestqt.qtbot import QtBot

from resnet_explorer.insight.page import InsideView
from resnet_explorer.insight.part import Inside
from resnet_explorer.insight.stage import InsideShow
from resnet_explorer.insight.values import Confusion, Surface
from resnet_explorer.picture.marks import Group
from resnet_explorer.ui.slide_images import image_key, image_rows, paint_images
from resnet_explorer.ui.stage import KEYS
from resnet_explorer.ui.stage_layout import lay_out
from resnet_explorer.ui.window import Window
from tests.inside_jobs import InsideJobsHere
from tests.inside_subject import plan
from tests.insight.conftest import NAMES, PATIENCE, answered
from tests.slides import problems


def staged(page: InsideView, jobs: InsideJobsHere) -> InsideShow:
    return InsideShow(cast(Window, SimpleNamespace(jobs=jobs)), page)


def unreadable(show: InsideShow) -> list[str]:
    """Return what cannot be read on a wide or a narrow screen."""
    keys = [f"{show.keys} · {text}" for text in KEYS]
    laid_out = [lay_out(show.slide(), show.controls, keys, aspect) for aspect in (16 / 9, 4 / 3)]
    return [problem for layout in laid_out for problem in problems(layout)]


def test_every_view_follows_and_is_read_from_the_back_row(page: InsideView, qtbot: QtBot, jobs: InsideJobsHere) -> None:
    answered(page, qtbot, Confusion)
    show = staged(page, jobs)
    assert show.view is Inside.CONFUSION and Inside.SURFACE not in show.views, "slow ones only with a result"
    seen = []
    for view in (Inside.CONFUSION, Inside.MISTAKES, Inside.CAM, Inside.FILTERS, Inside.FEATURES):
        assert show.view is view
        qtbot.waitUntil(lambda: show._result(show.view) is not None, timeout=PATIENCE)
        slide = show.slide()
        seen.append(slide.title)
        assert not unreadable(show), view
        assert slide.sentence.endswith(".") and "seed 0" in slide.note
        show.turn(1)
    assert show.view is Inside.CONFUSION and len(set(seen)) == 5
    assert page.view is Inside.CONFUSION and page.controls.image.value() == 0, "the page stays as it is"
    show.leave()


def test_arrows_go_from_image_to_image_and_at_the_end_to_the_next_view(
    page: InsideView, qtbot: QtBot, jobs: InsideJobsHere
) -> None:
    page.show_view(Inside.CAM)
    show = staged(page, jobs)
    qtbot.waitUntil(lambda: show._result(Inside.CAM) is not None and show.images > 0, timeout=PATIENCE)
    first = show.slide()
    assert len(first.images) == 3 and "test image 0" in first.facts
    show.step(1)
    assert show.image == 1
    qtbot.waitUntil(lambda: "test image 1" in show.slide().facts, timeout=PATIENCE)
    show.show_image(296)
    show.step(1)
    assert show.view is Inside.FILTERS
    show.leave()


def test_loss_surface_and_lesions_are_shown_with_their_results(
    page: InsideView, qtbot: QtBot, jobs: InsideJobsHere
) -> None:
    page.show_view(Inside.SURFACE)
    page.controls.points.stepBy(-16)
    page.controls.images.show_value(32)
    page._show()
    show = staged(page, jobs)
    assert "Measuring" in show.slide().draw(700, 280).title or "…" in show.slide().draw(700, 280).title
    answered(page, qtbot, Surface)
    assert "still measuring" in show.slide().note
    for view in (Inside.SURFACE, Inside.LESIONS):
        page.show_view(view)
        show.view = view
        qtbot.waitUntil(lambda: getattr(show._result(show.view), "complete", False), timeout=PATIENCE)
        assert not unreadable(show), view
        assert "measuring" not in show.slide().note
    show.leave()


def test_without_a_run_the_stage_says_so(page: InsideView, jobs: InsideJobsHere) -> None:
    page.show_none("Choose a trained run.")
    show = staged(page, jobs)
    show.step(1)
    assert show.slide().draw(700, 280).title == "Choose a trained run." and show.views == [show.view]
    page.show_run("run", plan("classes=none", name="backbone"), NAMES)
    assert "does not classify" in show.slide().draw(700, 280).title
    show.leave()


@pytest.mark.parametrize("count", [1, 3, 24, 40, 97])
def test_rows_of_images_fill_the_room_without_overlap(count: int) -> None:
    picture = image_rows([f"automobile → truck\n{n} %" for n in range(count)], 680, 280)
    places = [(mark.x, mark.y, mark.width) for mark in picture.marks if isinstance(mark, Group)]
    assert len(places) == count
    for x, y, side in places:
        assert x >= 0 and y >= 0 and x + side <= 680.01 and y + side <= 280.01 and side >= 20
        assert not any(0 < abs(x - a) < side - 1 and abs(y - b) < side for a, b, _ in places)


def test_images_are_painted_pixel_by_pixel(qapp: object) -> None:
    picture = image_rows([""], 100, 50)
    image = QImage(2, 1, QImage.Format.Format_RGB32)
    image.setPixelColor(0, 0, "#ff0000")
    image.setPixelColor(1, 0, "#0000ff")
    sheet = QImage(100, 50, QImage.Format.Format_RGB32)
    sheet.fill(0)
    painter = QPainter(sheet)
    paint_images(painter, picture, {image_key(0): image}, 1.0)
    painter.end()
    row = [sheet.pixelColor(x, 25).name() for x in (30, 48, 52, 70)]
    assert row == ["#ff0000", "#ff0000", "#0000ff", "#0000ff"], "not smoothed, and not stretched"
    assert sheet.pixelColor(50, 5).name() == "#000000"
