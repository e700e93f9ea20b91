"""Lessons on the real window: each step shows its scene, whatever was done in between, and nothing is left behind."""

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QMessageBox
from pytestqt.qtbot import QtBot

from resnet_explorer import assets
from resnet_explorer.app.lesson_answers import judge
from resnet_explorer.app.lesson_card import LessonCard
from resnet_explorer.app.lesson_list import LessonList
from resnet_explorer.app.lesson_player import LessonPlayer
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
from tests.app.lessons.conftest import LESSON, LINE, assert_fits, assert_shows, card, focus, opened, staged
from tests.narrow import present


def drawer_of(window: MainWindow) -> None:
    """Open or close a drawer of the page; where it has none, look at another page."""
    frame: Frame = window.shown_page() or window.panels
    if not frame.drawers:
        window.show_page("gradients")
        return
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
    go_through_by_keys(window, player, made, qtbot)
    made.leave.setFocus()
    qtbot.keyClick(made.leave, Qt.Key.Key_Space)
    assert window.lesson is None and window.document.selection == "" and window.document.undo_stack.count() == 0
    window.remember(replace(window.preferences, lessons_folder=""))


def go_through_by_keys(window: MainWindow, player: LessonPlayer, made: LessonCard, qtbot: QtBot) -> None:
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


def test_a_session_holds_the_users_own_work_while_a_lesson_drives_the_window(
    window: MainWindow, file: Path, tmp_path: Path
) -> None:
    window.document.propose(State(find("resnet34"), InputShape(1, 64, 64)), "choose ResNet-34")
    own, history = window.scene(), window.document.history
    player = opened(window, file)
    player.go(1)
    kept = window.sessions._take()()
    assert (kept.scene, kept.history) == (own, history)
    shown = window.scene()
    assert window.sessions.save(tmp_path / "step.rnx"), "a file holds what is shown"
    player.go(2)
    assert window.sessions.open(tmp_path / "step.rnx")
    assert window.lesson is None and window.scene() == shown
    window.document.undo_stack.undo()
    assert window.document.state == own.state


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
