"""Lessons on the stage: a strip under the picture, driven by a clicker, and answered by a click."""

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from resnet_explorer.app.lesson_strip import LessonStrip
from resnet_explorer.app.main_window import MainWindow
from tests.app.lessons.conftest import assert_fits, assert_shows, opened, staged
from tests.narrow import present


def test_a_lesson_is_given_on_the_stage_by_a_clicker(window: MainWindow, file: Path, qtbot: QtBot) -> None:
    player = opened(window, file)
    stage, strip = staged(window)
    scenes = player.scenes
    keys = Qt.Key

    def press(*pressed: Qt.Key) -> None:
        for key in pressed:
            qtbot.keyClick(stage, key)

    for place, key in enumerate((keys.Key_Home, keys.Key_PageDown, keys.Key_Space, keys.Key_N, keys.Key_PageDown)):
        press(key)
        assert player.place == place and stage.key == scenes[place].page
        assert_fits(stage, strip)
    press(keys.Key_PageUp)
    assert player.place == 3 and stage.key == "gradients"
    press(keys.Key_1)
    qtbot.waitUntil(lambda: player.is_away)
    assert stage.key == "diagram" and "Home: back to the lesson" in texts(strip)
    press(keys.Key_Home)
    assert stage.key == "gradients" and not player.is_away
    player.go(0)
    press(keys.Key_2)
    assert present(player.given).is_right and stage.key == "diagram"
    assert_fits(stage, strip)
    press(keys.Key_W)
    assert stage.key == "training"
    press(keys.Key_PageDown, keys.Key_1, keys.Key_3, keys.Key_Period, keys.Key_Backspace, keys.Key_1, keys.Key_K)
    assert "131k▏ parameters" in texts(strip)
    press(keys.Key_Return)
    assert present(player.given).is_right
    press(keys.Key_PageDown, keys.Key_Right, keys.Key_Return)
    assert present(player.given).text == "Stem"
    assert window.document.selection == "layer4.0" and stage.presentation is not None
    press(keys.Key_Escape)
    assert window.stage is None and window.lesson is player
    assert_shows(window, replace(scenes[2], selection="layer4.0"), "after the stage")


def texts(strip: LessonStrip) -> str:
    return " ".join(getattr(mark, "text", "") for mark in present(strip.laid).picture.marks)


def test_a_click_on_the_stage_answers(window: MainWindow, file: Path, qtbot: QtBot) -> None:
    player = opened(window, file)
    player.go(2)
    stage, strip = staged(window)
    body = present(stage.layout_).body
    points = (QPoint(x, y) for y in range(60, 500, 6) for x in range(20, 1260, 6))
    place = next(point for point in points if stage.path_at(point.toPointF() / stage.scale).startswith("layer4.0"))
    assert body.picture.marks
    qtbot.mouseClick(stage, Qt.MouseButton.LeftButton, pos=place)
    assert present(player.given).is_right
    player.go(0)
    option = next(place for place, part in present(strip.laid).places if part.text.endswith("the shallower one"))
    qtbot.mouseClick(strip, Qt.MouseButton.LeftButton, pos=(option.center() * stage.scale).toPoint())
    assert present(player.given).text == "the shallower one"
    for text, at in (("›", 1), ("‹", 0)):
        way = next(place for place, part in present(strip.laid).places if part.text == text)
        qtbot.mouseClick(strip, Qt.MouseButton.LeftButton, pos=(way.center() * stage.scale).toPoint())
        assert player.place == at
    way = next(place for place, part in present(strip.laid).places if part.text == "Leave")
    qtbot.mouseClick(strip, Qt.MouseButton.LeftButton, pos=(way.center() * stage.scale).toPoint())
    assert window.lesson is None and window.stage is stage and stage.strip is None and stage.key == "diagram"
