"""What is shown is a value: going to a scene and reading it back gives the same one."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from PySide6.QtWidgets import QApplication
from shiboken6 import delete

from resnet_explorer.app.app import build
from resnet_explorer.app.main_window import MainWindow
from resnet_explorer.scenes.scene import Scene, decode, encode
from tests.geometry.desk import DeskJobs
from tests.scenes.values import scenes

MANY = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


def open_window(app: QApplication) -> MainWindow:
    """Return the window on ResNet-18; its jobs go on only when they are told to."""
    window = build(app)
    window.__dict__["jobs"] = DeskJobs()
    window.diagram.animated = False
    window.resize(1280, 800)
    window.show()
    window.build_panels()
    app.processEvents()
    return window


@pytest.fixture(scope="module")
def shared(qapp: QApplication, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MainWindow]:
    """One window for all scenes, its pages built as they are first looked at."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RESNET_EXPLORER_CONFIG", str(tmp_path_factory.mktemp("config")))
        window = open_window(qapp)
        yield window
        window.end()
        delete(window)


@MANY
@given(scenes())
def test_going_to_a_scene_and_reading_it_gives_the_same(shared: MainWindow, scene: Scene) -> None:
    shared.go_to(scene)
    assert shared.scene() == scene


@MANY
@given(scenes())
def test_a_scene_comes_back_equal_from_its_json(scene: Scene) -> None:
    assert decode(encode(scene)) == scene
