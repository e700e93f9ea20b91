"""The window that all tests of lessons share, and a small lesson."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QWidget
from shiboken6 import delete

from resnet_explorer.app.app import build
from resnet_explorer.app.lesson_card import LessonCard
from resnet_explorer.app.lesson_player import LessonPlayer
from resnet_explorer.app.lesson_strip import LessonStrip
from resnet_explorer.app.lessons import open_lesson
from resnet_explorer.app.main_window import MainWindow
from resnet_explorer.scenes.scene import Scene, State
from resnet_explorer.spec import InputShape
from resnet_explorer.spec.catalogue import find
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


def focus(window: MainWindow) -> QWidget:
    return present(window.focusWidget())


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


def staged(window: MainWindow) -> tuple[Stage, LessonStrip]:
    window.actions_by_key["present"].trigger()
    stage = present(window.stage)
    stage.setWindowState(Qt.WindowState.WindowNoState)
    stage.resize(1280, 720)
    return stage, of_kind(LessonStrip, stage.strip)


def assert_fits(stage: Stage, strip: LessonStrip) -> None:
    layout, laid = present(stage.layout_), present(strip.laid)
    high = laid.picture.height
    assert not problems(layout), problems(layout)
    placed = layout.band._replace(picture=laid.picture, y=layout.band.y - high)
    assert not problems(layout._replace(band=placed)), "the strip"
    assert layout.body.y + layout.body.picture.height * layout.body.scale <= placed.y + 1
    assert layout.body.picture.height * layout.body.scale >= 0.3 * 416, "the picture keeps its room"
