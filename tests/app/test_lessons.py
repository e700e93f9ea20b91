"""Lessons on the real window: each step shows its scene, whatever was done in between, and nothing is left behind."""

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QFileDialog, QMessageBox, QWidget
from pytestqt.qtbot import QtBot
from shiboken6 import delete

from resnet_explorer import assets
from resnet_explorer.app.app import build
from resnet_explorer.app.lesson_answers import judge
from resnet_explorer.app.lesson_card import LessonCard
from resnet_explorer.app.lesson_list import LessonList
from resnet_explorer.app.lesson_player import LessonPlayer
from resnet_explorer.app.lesson_strip import LessonStrip
from resnet_explorer.app.lessons import open_lesson
from resnet_explorer.app.main_window import MainWindow
from resnet_explorer.diagram.view import View
from resnet_explorer.errors import ExplorerError
from resnet_explorer.lessons import course, questions
from resnet_explorer.lessons.values import QuestionKind
from resnet_explorer.network import compile_spec
from resnet_explorer.scenes.scene import Scene, State
from resnet_explorer.spec import InputShape
from resnet_explorer.spec.catalogue import find
from resnet_explorer.ui.frame import Frame
from resnet_explorer.ui.stage import Stage
from tests.geometry.desk import DeskJobs
from tests.narrow import of_kind, present
from tests.slides import problems

LESSON = """+++
title = "What a block adds"
minutes = 5
knows = "A block adds its input to what its layers compute."
topics = [1]
+++

## Two nets
[scene]
network = "plain20"
[/scene]
It has {params()} parameters. Which one fits its *training* images better?
[ask]
choice = ["the deeper one", "the shallower one", "both the same"]
answer = "the shallower one"
why = "Plain nets of {depth()} layers fit better."
show = { network = "plain56", page = "training" }
[/ask]

## A block
[scene]
network = "resnet50"
select = "layer2.0"
open = ["layer2.0"]
[/scene]
[formula] add [/formula]
How large is its projection?
[ask]
number = "parameters"
answer = 'params("layer2.0.downsample.0")'
within = 0.05
why = "256 × 512 weights."
[/ask]

## Find it
[scene]
network = "resnet18"
[/scene]
Where does the size halve for the last time?
[ask]
click = "Click the block."
answer = "layer4.0"
[/ask]

## The gradient
[scene]
page = "gradients"
experiment = "batch-norm"
[/scene]
It grows towards the input.

## Yours
[scene]
page = "diagram"
drawers = { Build = true }
[/scene]
[hands over]
Remove the shortcuts.
"""
LINE = LESSON.split("\n").index('network = "resnet50"') + 1
"""The line in which a test names a network that there is not."""


@pytest.fixture(scope="module")
def shared(qapp: QApplication, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MainWindow]:
    """One window for all lessons, whose jobs do nothing: what is shown is recorded."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RESNET_EXPLORER_CONFIG", str(tmp_path_factory.mktemp("config")))
        window = build(qapp)
        window.__dict__["jobs"] = DeskJobs()
        window.resize(1280, 800)
        window.show()
        window.build_panels()
        window.set_reduced_motion()
        qapp.processEvents()
        yield window
        window.end()
        delete(window)


@pytest.fixture
def window(shared: MainWindow) -> Iterator[MainWindow]:
    """The shared window without a lesson, on ResNet-18."""
    yield shared
    shared.present(False)
    if shared.lesson is not None:
        shared.lesson.leave()
    shared.document.undo_stack.clear()
    shared.go_to(Scene(State(find("resnet18"), InputShape())))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The lesson's file."""
    path = tmp_path / "blocks.md"
    path.write_text(LESSON, encoding="utf-8")
    return path


def opened(window: MainWindow, lesson: Path | str) -> LessonPlayer:
    return present(open_lesson(window, lesson))


def card(window: MainWindow) -> LessonCard:
    return of_kind(LessonCard, present(window.drawer_beside("Lesson")).widget)


def assert_shows(window: MainWindow, scene: Scene, what: object) -> None:
    """Check that the window shows a scene, with no drawer open that it does not open."""
    shown = window.scene()
    assert (shown.state, shown.view, shown.selection, shown.page) == (
        scene.state,
        scene.view,
        scene.selection,
        scene.page,
    ), what
    assert shown.part(scene.page) == scene.part(scene.page), what
    assert {title for title, on in shown.drawers.items() if on} == {
        title for title, on in scene.drawers.items() if on
    }, what


def drawer_of(window: MainWindow) -> None:
    frame: Frame = window.shown_page() or window.panels
    drawer = frame.drawers[0]
    frame.open(drawer, not drawer.handle.isChecked())


INTERFERENCES: tuple[Callable[[MainWindow], object], ...] = (
    lambda window: window.document.propose(State(find("resnet34"), InputShape(1, 64, 64)), "choose"),
    lambda window: window.show_page("timing" if window.scene().page != "timing" else "training"),
    drawer_of,
    lambda window: window.document.show_view(View(compare=not window.document.view.compare)),
)


def walk(window: MainWindow, player: LessonPlayer, qtbot: QtBot) -> None:
    """Go through a lesson forwards, backwards, in random order, and with a user who interferes."""
    player._settled.setInterval(0)
    scenes = course.scenes(player.lesson, window.scene())
    places = list(range(player.count))
    mixed = random.Random(player.lesson.key).sample(places, len(places))
    for number, place in enumerate([*places, *reversed(places), *mixed]):
        player.go(place)
        assert_shows(window, scenes[place], (player.lesson.key, place, number))
        assert "⚠" not in player.text(player.step.text) and not card(window).problem.isVisible()
        if number >= 2 * len(places):
            INTERFERENCES[number % len(INTERFERENCES)](window)
            qtbot.waitUntil(lambda: player.is_away)
            if number % 2:
                player.back_to_lesson()
                assert_shows(window, scenes[place], ("after", place))
                assert not player.is_away


def answers(player: LessonPlayer, place: int) -> Iterator[tuple[str, bool]]:
    """Yield the right answer to a step's question, and wrong ones."""
    question = present(player.lesson.steps[place].question)
    scene = player.scenes[place]
    right = questions.answer(question, scene)
    if isinstance(right, int | float) and question.kind is QuestionKind.NUMBER:
        yield f"{right:.12g}", True
        yield f"{right * (1 + 2 * question.within) + 1:.12g}", False
        yield f"{right * (1 - 2 * question.within) - 1:.12g}", False
        return
    texts = right if isinstance(right, tuple) else (str(right),)
    network = compile_spec(scene.state.spec)
    others = question.options or tuple(block.path for block in network.blocks)
    inside = {path for path in others if any(text in (path, *network.ancestors(path)) for text in texts)}
    yield from ((text, True) for text in texts)
    yield from ((text, False) for text in others if text not in texts and text not in inside)


def assert_questions(player: LessonPlayer) -> None:
    """Check that the right answers are right, and every wrong one is refused."""
    for place, step in enumerate(player.lesson.steps):
        if step.question is not None:
            for text, is_right in answers(player, place):
                assert judge(step.question, text, player.scenes[place]).is_right is is_right, (step.title, text)


def test_each_step_shows_its_scene_forwards_backwards_and_with_a_user_who_interferes(
    window: MainWindow, file: Path, qtbot: QtBot, qtlog: Any
) -> None:
    player = opened(window, file)
    walk(window, player, qtbot)
    assert_questions(player)
    assert_quiet(qtlog)


def assert_quiet(qtlog: Any) -> None:
    """Check that Qt warned of nothing but of what its offscreen plugin lacks."""
    assert not [record.message for record in qtlog.records if "propagateSizeHints" not in record.message]


def bundled() -> list[str]:
    folder = assets.path("lessons")
    return sorted(path.stem for path in folder.glob("*.md"))


@pytest.mark.parametrize("key", bundled())
def test_every_lesson_of_the_course_can_be_given(window: MainWindow, key: str, qtbot: QtBot, qtlog: Any) -> None:
    player = opened(window, key)
    walk(window, player, qtbot)
    assert_questions(player)
    for place, step in enumerate(player.lesson.steps):
        player.go(place)
        if step.question is not None:
            player.answer("")
            player.show_why(True)
    player.answers.clear()
    stage, strip = staged(window)
    for place, step in enumerate(player.lesson.steps):
        player.go(place)
        assert_fits(stage, strip)
        if step.question is not None:
            player.answer("")
            assert_fits(stage, strip)
    assert_quiet(qtlog)


def test_leaving_and_undoing_bring_back_what_the_user_had(window: MainWindow, file: Path, qtbot: QtBot) -> None:
    document = window.document
    document.propose(State(find("resnet34"), InputShape(1, 96, 96)), "choose")
    document.select("layer3.1")
    document.show_view(replace(document.view, expanded=frozenset({"layer3.1"})))
    window.panels.open(window.panels.drawer("Code"))
    window.show_page("gradients")
    before, layout = window.scene(), window.panels.layout_state()
    for leave in (lambda player: player.leave(), lambda player: document.undo_stack.setIndex(1)):
        player = opened(window, file)
        for place in range(player.count):
            player.go(place)
            document.propose(State(find("resnet18"), InputShape(1, 32 + place, 32)), "choose")
        assert window.actions_by_key["undo"].isEnabled()
        leave(player)
        qtbot.waitUntil(lambda: window.lesson is None)
        assert window.scene() == before and window.panels.layout_state() == layout
        assert (document.undo_stack.count(), document.undo_stack.index()) == (1, 1)
        assert not present(window.drawer_beside("Lesson")).isVisible()
    window.panels.open(window.panels.drawer("Code"), False)
    player = opened(window, file)
    document.undo_stack.clear()  # as when a session is opened
    window.go_to(Scene(State(find("resnet34"), InputShape(1, 64, 64))))
    player.leave()
    assert document.state.image.height == 64, "what was opened stays"


def test_a_lesson_is_found_taken_and_left_by_the_keyboard_alone(
    window: MainWindow, file: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (file.parent / "broken.md").write_text(LESSON.replace('"resnet50"', '"resnet5"'), encoding="utf-8")
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *arguments: str(file.parent))
    window.activateWindow()
    qtbot.keyClick(window, Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    listed = next(child for child in window.children() if isinstance(child, LessonList) and child.isVisible())
    listed._on_choose()
    assert window.preferences.lessons_folder == str(file.parent)
    rows = {row.path: row for row in listed.table.rows}
    own = rows[str(file)]
    broken = str(file.parent / "broken.md")
    qtbot.waitUntil(lambda: next(row for row in listed.table.rows if row.path == broken).texts[0][0] == "⚠")
    assert f"line {LINE}: " in next(row for row in listed.table.rows if row.path == broken).tips[0]
    assert own.texts == ("What a block adds", "5", "5", "first course")
    listed.table.setCurrentItem(present(listed.table.topLevelItem(listed.table.rows.index(own))))
    assert "adds its input" in listed.knows.accessibleName()
    qtbot.keyClick(listed.table, Qt.Key.Key_Return)
    player = present(window.lesson)
    made = card(window)
    assert focus(window) is made
    window.activateWindow()  # a window manager does this after a dialog
    qtbot.waitUntil(window.isActiveWindow)
    keys = Qt.Key
    qtbot.keyClick(made, keys.Key_1)
    assert present(player.given).verdict == "✗ the deeper one? The answer: the shallower one"
    qtbot.keyClick(made, keys.Key_W)
    assert window.scene().page == "training" and player.shows_why
    qtbot.keyClick(focus(window), keys.Key_W)
    assert window.scene().page == "diagram" and focus(window) is made
    qtbot.keyClick(focus(window), keys.Key_Right)
    assert player.place == 1
    qtbot.keyClick(made, keys.Key_1)
    assert focus(window) is made.question.field
    qtbot.keyClicks(made.question.field, "31 k")
    qtbot.keyClick(made.question.field, keys.Key_Return)
    assert present(player.given).is_right and focus(window) is made
    qtbot.keyClick(focus(window), keys.Key_PageDown)
    window.diagram.setFocus()
    for _ in range(10):
        if window.document.selection == "layer4.0":
            break
        qtbot.keyClick(window.diagram, keys.Key_Right)
    assert not player.is_away and window.document.selection == "layer4.0"
    qtbot.keyClick(window.diagram, keys.Key_Return)
    assert present(player.given).verdict == "✓ Right: conv5_x · block 1"
    qtbot.keyClick(window.diagram, keys.Key_PageDown)
    assert player.place == 3 and window.scene().page == "gradients"
    qtbot.keyClick(focus(window), keys.Key_Left, Qt.KeyboardModifier.AltModifier)
    assert player.place == 2
    made.leave.setFocus()
    qtbot.keyClick(made.leave, keys.Key_Space)
    assert window.lesson is None and window.document.selection == "" and window.document.undo_stack.count() == 0
    window.remember(replace(window.preferences, lessons_folder=""))


def focus(window: MainWindow) -> QWidget:
    return present(window.focusWidget())


def test_a_click_answers_instead_of_selecting(window: MainWindow, file: Path, qtbot: QtBot) -> None:
    player = opened(window, file)
    player.go(2)
    place = window.diagram.camera.to_widget(window.diagram._places("layer4.1")[0]).center().toPoint()
    qtbot.mouseClick(window.diagram, Qt.MouseButton.LeftButton, pos=place)
    assert present(player.given).verdict.startswith("✗ conv5_x · block 2?")
    assert window.document.selection == "layer4.0", "the right one is shown"
    qtbot.mouseClick(window.diagram, Qt.MouseButton.LeftButton, pos=place)
    assert window.document.selection == "layer4.1", "from now on a click selects"
    qtbot.waitUntil(lambda: card(window)._away.isVisible())
    card(window).to_lesson.click()
    assert window.document.selection == "layer4.0" and not card(window)._away.isVisible()


def test_answers_are_saved_only_where_the_student_asks(
    window: MainWindow, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    player = opened(window, file)
    player.answer("both the same")
    player.go(1)
    with pytest.raises(ExplorerError):
        player.answer("many")
    player.answer("131,072")
    target = tmp_path / "answers.txt"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *arguments: (str(target), "Text (*.txt)"))
    player.go(player.count - 1)
    assert card(window).save.isVisible() and not target.exists()
    card(window).save.click()
    text = target.read_text(encoding="utf-8")
    assert "My answer: both the same\n" in text and "The answer: the shallower one" in text
    assert "My answer: 131,072 (right)" in text and "Plain nets of 20 layers" in text


def test_a_saved_file_is_shown_at_once_and_a_broken_one_says_where(
    window: MainWindow, file: Path, qtbot: QtBot
) -> None:
    player = opened(window, file)
    player.go(1)
    player.answer("1")
    file.write_text(LESSON.replace("How large is its projection?", "It is large."), encoding="utf-8")
    qtbot.waitUntil(lambda: player.step.text == "It is large.")
    assert player.place == 1 and player.given is not None
    file.write_text(LESSON.replace('network = "resnet50"', 'network = "resnet5"'), encoding="utf-8")
    qtbot.waitUntil(lambda: bool(player.problem))
    assert f"line {LINE}: " in card(window).problem.text() and player.step.text == "It is large."
    other = file.with_suffix(".new")
    other.write_text(LESSON.replace("## Two nets", "## One more\nText.\n\n## Two nets"), encoding="utf-8")
    other.replace(file)  # as editors do it
    qtbot.waitUntil(lambda: not player.problem)
    assert player.step.title == "A block" and player.place == 2
    file.write_text(LESSON, encoding="utf-8")
    qtbot.waitUntil(lambda: player.place == 1)


def test_a_broken_lesson_is_explained_and_changes_nothing(
    window: MainWindow, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(QMessageBox, "exec", lambda box: said.append(f"{box.text()} {box.informativeText()}"))
    before = window.scene()
    for wrong in (LESSON.replace("minutes = 5", "minutes = 500"), LESSON.replace('"resnet50"', '"resnet5"')):
        file.write_text(wrong, encoding="utf-8")
        assert open_lesson(window, file) is None
    assert open_lesson(window, "no such lesson") is None
    assert "line 3: " in said[0] and f"line {LINE}: " in said[1]
    assert window.scene() == before and window.lesson is None


def test_what_is_wrong_in_a_text_is_said_with_its_line(window: MainWindow, file: Path, qtbot: QtBot) -> None:
    file.write_text(LESSON.replace("{params()}", "{parms()}"), encoding="utf-8")
    player = opened(window, file)
    assert "⚠" in player.text(player.step.text)
    qtbot.waitUntil(lambda: "line 12: " in player.problem and "'params'" in card(window).problem.text())


def staged(window: MainWindow) -> tuple[Stage, LessonStrip]:
    window.actions_by_key["present"].trigger()
    stage = present(window.stage)
    stage.setWindowState(Qt.WindowState.WindowNoState)
    stage.resize(1280, 720)
    return stage, of_kind(LessonStrip, stage.strip)


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


def assert_fits(stage: Stage, strip: LessonStrip) -> None:
    layout, laid = present(stage.layout_), present(strip.laid)
    high = laid.picture.height
    assert not problems(layout), problems(layout)
    placed = layout.band._replace(picture=laid.picture, y=layout.band.y - high)
    assert not problems(layout._replace(band=placed)), "the strip"
    assert layout.body.y + layout.body.picture.height * layout.body.scale <= placed.y + 1
    assert layout.body.picture.height * layout.body.scale >= 0.3 * 416, "the picture keeps its room"


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
