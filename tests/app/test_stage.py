"""The stage: every page composed for the back row, driven by keys alone, and left without a trace."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot
from shiboken6 import delete

from resnet_explorer.app.main_window import MainWindow
from resnet_explorer.app.stage import DiagramShow
from resnet_explorer.autograd.stage import GraphShow
from resnet_explorer.diagram.large import large_overview
from resnet_explorer.diagram.large_block import large_block
from resnet_explorer.gradients.values import GradientRequest
from resnet_explorer.network import compile_spec
from resnet_explorer.picture.contrast import band, contrast, for_stage
from resnet_explorer.picture.marks import Group, Ink, Mark
from resnet_explorer.picture.theme import THEMES
from resnet_explorer.readings import analyse
from resnet_explorer.scenes.scene import State
from resnet_explorer.spec import InputShape
from resnet_explorer.spec.catalogue import CATALOGUE, find
from resnet_explorer.spec.search import default_input
from resnet_explorer.training.stage import HEAT, TrainingShow
from resnet_explorer.ui import stage as stages
from resnet_explorer.ui.slide import HIGH, first_sentence
from resnet_explorer.ui.stage import Stage
from tests import pages
from tests.narrow import of_kind, present
from tests.slides import SMALLEST, labels, problems

PATIENCE = 120_000
SIZES = ((1280, 720), (1920, 1080), (1024, 768))


def staged(window: MainWindow, size: tuple[int, int] = (1280, 720)) -> Stage:
    """Return the stage, of that size."""
    window.actions_by_key["present"].trigger()
    stage = present(window.stage)
    stage.setWindowState(Qt.WindowState.WindowNoState)
    stage.resize(*size)
    return stage


def press(qtbot: QtBot, stage: Stage, *keys: Qt.Key) -> None:
    for key in keys:
        qtbot.keyClick(stage, key)


def test_everything_on_every_stage_is_read_from_the_back_row(window: MainWindow, qtbot: QtBot) -> None:
    stage = staged(window)
    for page in range(6):
        press(qtbot, stage, Qt.Key(Qt.Key.Key_1 + page))
        for key in (Qt.Key.Key_E, Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_Right, Qt.Key.Key_Return, Qt.Key.Key_T):
            press(qtbot, stage, key)
            for size in SIZES:
                stage.resize(*size)
                assert not problems(present(stage.layout_)), (stage.key, key, size, present(stage.slide).title)


def test_every_network_and_each_of_its_blocks_fits_on_a_slide() -> None:
    room = (695.0, 284.0)
    for name in CATALOGUE:
        spec = find(name)
        analysis = analyse(compile_spec(spec), default_input(spec))
        forms = {block.form: block for block in analysis.network.blocks}
        blocks = [large_block(analysis, block, room) for block in forms.values()]
        for picture in (large_overview(analysis, room), *blocks):
            scale = min(room[0] / picture.width, room[1] / picture.height)
            assert min(label.size for label, _, _ in labels(picture.marks)) * scale >= HIGH * SMALLEST, (
                name,
                picture.title,
            )


def test_keys_go_through_the_blocks_open_them_and_take_the_shortcuts_away(window: MainWindow, qtbot: QtBot) -> None:
    stage = staged(window)
    show = of_kind(DiagramShow, stage.presentation)
    press(qtbot, stage, Qt.Key.Key_Right, Qt.Key.Key_PageDown, Qt.Key.Key_Right)
    assert show.path == "layer1.1"
    press(qtbot, stage, Qt.Key.Key_PageUp)
    assert show.path == "layer1.0"
    press(qtbot, stage, Qt.Key.Key_Return)
    assert present(stage.slide).title == "conv2_x · block 1"
    press(qtbot, stage, Qt.Key.Key_Right, Qt.Key.Key_Right)
    assert present(stage.slide).title == "conv3_x · block 1", "the next one is open too"
    press(qtbot, stage, Qt.Key.Key_Return, Qt.Key.Key_T)
    assert present(stage.slide).title == "ResNet-18, plain twin"
    kinds = {group.kind for part in present(stage.layout_).parts for group in groups(part.picture.marks)}
    assert "gone" in kinds and "shortcut" not in kinds


def test_a_block_that_is_open_on_the_desk_is_open_on_the_stage(window: MainWindow) -> None:
    window.document.show_view(window.document.view.toggled("layer1.0"))
    window.document.select("layer1.0.conv1")
    assert present(staged(window).slide).title == "conv2_x · block 1"


def groups(marks: tuple[Mark, ...]) -> Iterator[Group]:
    for mark in marks:
        if isinstance(mark, Group):
            yield mark
            yield from groups(mark.marks)


def test_leaving_restores_page_selection_view_theme_and_focus(window: MainWindow, qtbot: QtBot) -> None:
    window.choose_theme("dark")
    window.document.select("layer2.1")
    window.document.show_view(window.document.view.toggled("layer1.0"))
    window.show_page("training")
    page = pages.training(window)
    page.setup.setFocus()
    page.second.list.setFocus()
    before = window.document.view, window.document.selection, window.tabs.currentIndex(), window.size()
    focus, moment, chart = window.focusWidget(), page.replay.seconds, page.first.chart.chart
    stage = staged(window)
    press(qtbot, stage, Qt.Key.Key_Left, Qt.Key.Key_Space, Qt.Key.Key_1, Qt.Key.Key_Right, Qt.Key.Key_Return)
    press(qtbot, stage, Qt.Key.Key_5, Qt.Key.Key_Right, Qt.Key.Key_7, Qt.Key.Key_Right, Qt.Key.Key_Escape)
    assert window.stage is None and not window.actions_by_key["present"].isChecked()
    assert (window.document.view, window.document.selection, window.tabs.currentIndex(), window.size()) == before
    assert window.focusWidget() is focus and window.preferences.theme == "dark"
    assert page.replay.seconds == moment and page.first.chart.chart is chart
    assert window.menuBar().isVisible() and not window.isFullScreen()


def test_the_stage_is_left_although_what_had_the_keyboard_is_gone(fresh_window: MainWindow, qtbot: QtBot) -> None:
    """An exception while a window closes is a crash of the process."""
    line = QLineEdit(fresh_window)
    line.show()
    line.setFocus()
    stage = staged(fresh_window)
    delete(line)
    press(qtbot, stage, Qt.Key.Key_Escape)
    assert fresh_window.stage is None


def test_f5_leaves_too_and_comes_back_where_the_window_is(window: MainWindow, qtbot: QtBot) -> None:
    press(qtbot, staged(window), Qt.Key.Key_6, Qt.Key.Key_F5)
    assert window.stage is None and window.shown_page() is None
    window.show_page("timing")
    assert staged(window).key == "timing"
    window.present(False)
    assert window.stage is None


def test_a_blank_screen_a_pointer_and_lines(window: MainWindow, qtbot: QtBot) -> None:
    stage = staged(window)
    press(qtbot, stage, Qt.Key.Key_B)
    assert stage.is_blank and stage.grab().toImage().pixelColor(640, 30).name() == "#000000"
    press(qtbot, stage, Qt.Key.Key_B, Qt.Key.Key_L)
    assert not stage.is_blank
    before = stage.grab().toImage()
    qtbot.mouseMove(stage, QPoint(600, 300))
    stage._mouse = QPointF(600, 300) / stage.scale
    assert stage.grab().toImage() != before
    press(qtbot, stage, Qt.Key.Key_L, Qt.Key.Key_P)
    qtbot.mousePress(stage, Qt.MouseButton.LeftButton, pos=QPoint(300, 300))
    qtbot.mouseRelease(stage, Qt.MouseButton.LeftButton, pos=QPoint(300, 300))
    assert len(stage.lines) == 1
    press(qtbot, stage, Qt.Key.Key_E)
    assert not stage.lines


def test_controls_are_used_with_the_mouse_and_fade(window: MainWindow, qtbot: QtBot) -> None:
    window.show_page("training")
    stage = staged(window)
    show = of_kind(TrainingShow, stage.presentation)
    stage.show_controls()
    assert [place.control.text for place in present(stage.layout_).places] == [
        "Play",
        "step 150 of 150",
        "Training loss",
    ]
    slider = present(stage.layout_).places[1]
    at = QPointF(slider.left + 75, slider.top + 10) * stage.scale
    qtbot.mouseClick(stage, Qt.MouseButton.LeftButton, pos=at.toPoint())
    assert show.part == pytest.approx(0.5, abs=0.01)
    assert "step 75" in present(stage.layout_).places[1].control.text
    stage._idle.setInterval(1)
    stage._fading.setDuration(1)
    stage.show_controls()
    qtbot.waitUntil(lambda: stage._shown == 0)


def test_a_recording_plays_and_its_curves_follow(window: MainWindow, qtbot: QtBot) -> None:
    window.show_page("training")
    stage = staged(window)
    show = of_kind(TrainingShow, stage.presentation)
    assert "recorded · CPU · seed 0" in present(stage.slide).note
    press(qtbot, stage, Qt.Key.Key_Left)
    assert show.part == pytest.approx(0.9) and "135" in show.controls[1].text
    press(qtbot, stage, Qt.Key.Key_Right, Qt.Key.Key_Right)
    assert show.kind == "training-error"
    press(qtbot, stage, Qt.Key.Key_Up, Qt.Key.Key_Space)
    assert show.controls[0].text == "Pause" and show.part == 0.0
    qtbot.waitUntil(lambda: show.part > 0.0)
    press(qtbot, stage, Qt.Key.Key_Space)
    show.go(1.0)
    press(qtbot, stage, *[Qt.Key.Key_Right] * 4)
    assert show.kind == HEAT and present(stage.slide).facts == "plain-20"
    assert "row" in {group.kind for group in groups(present(stage.layout_).body.picture.marks)}
    assert not problems(present(stage.layout_))
    press(qtbot, stage, Qt.Key.Key_Space)
    press(qtbot, stage, Qt.Key.Key_Space)
    assert show.controls[0].text == "Play"


def test_measurements_and_the_graph_are_shown(window: MainWindow, qtbot: QtBot) -> None:
    """With the engine: a small network's times, its backward pass, and an experiment of the gradient lab."""
    window.document.propose(State(find("resnet20"), InputShape(1, 32, 32)), "choose ResNet-20")
    pages.timing(window).repeats.setCurrentIndex(0)
    stage = staged(window)
    press(qtbot, stage, Qt.Key.Key_3)
    qtbot.waitUntil(lambda: pages.graph(window).canvas.recorded is not None, timeout=PATIENCE)
    show = of_kind(GraphShow, stage.presentation)
    for _ in range(12):
        press(qtbot, stage, Qt.Key.Key_Right)
        assert not problems(present(stage.layout_)), present(stage.slide).title
    assert show.at == 12 and "step 12" in present(stage.slide).facts
    press(qtbot, stage, Qt.Key.Key_4)
    qtbot.waitUntil(lambda: "limited by memory" in present(stage.slide).sentence, timeout=PATIENCE)
    press(qtbot, stage, Qt.Key.Key_Right)
    assert "% of the time" in present(stage.slide).sentence and not problems(present(stage.layout_))
    press(qtbot, stage, Qt.Key.Key_5)
    page = pages.gradients(window)
    qtbot.waitUntil(lambda: page.shown is not None, timeout=PATIENCE)
    own = page.shown
    press(qtbot, stage, Qt.Key.Key_Right)
    assert present(stage.slide).title == "With batch norm" and not problems(present(stage.layout_))
    assert "recorded" in present(stage.slide).note
    press(qtbot, stage, Qt.Key.Key_Escape)
    assert page.preset is None and isinstance(page.shown, type(own)) and isinstance(page._requested, GradientRequest)


@pytest.mark.parametrize("name", THEMES)
def test_text_stands_out_by_7_to_1(name: str) -> None:
    colours = for_stage(THEMES[name]).colours
    for ground in (Ink.PAGE, Ink.CARD, Ink.OPEN):
        for ink in (Ink.TEXT, Ink.MUTED, Ink.SHORTCUT, Ink.CONV, Ink.GATE, *(Ink(f"series{n}") for n in range(1, 9))):
            assert contrast(colours[ink], colours[ground]) >= 7, (ink, ground)
    for fill in (Ink.CONV, Ink.NORM, Ink.POOL, Ink.LINEAR, Ink.GATE, Ink.SHORTCUT):
        assert contrast(colours[Ink.ON_DARK], colours[fill]) >= 7, fill
    assert contrast(colours[Ink.ON_LIGHT], colours[Ink.ACTIVATION]) >= 7
    low = band(THEMES[name]).colours
    assert min(contrast(low[ink], low[Ink.PAGE]) for ink in (Ink.TEXT, Ink.MUTED)) >= 7


def test_the_stage_goes_to_the_second_screen(window: MainWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    here, other = window.screen(), object()
    monkeypatch.setattr(QGuiApplication, "screens", lambda: [here, other])
    assert stages.screen_of(window) is other
    monkeypatch.setattr(QGuiApplication, "screens", lambda: [here])
    assert stages.screen_of(window) is here


def test_a_sentence_ends_where_the_next_begins() -> None:
    assert first_sentence("A 3.5 % e.g. of it. Then more.") == "A 3.5 % e.g. of it."
    assert first_sentence("Only one") == "Only one"
