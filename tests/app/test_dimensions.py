"""Signals and videos in the window: the input's letters follow the dimensions, and every page stays alive."""

import pytest
from pytestqt.qtbot import QtBot

from resnet_explorer.app.main_window import MainWindow
from resnet_explorer.scenes.scene import State
from resnet_explorer.spec.catalogue import find
from resnet_explorer.spec.search import default_input


def shown(window: MainWindow) -> list[str]:
    return [key for key, field in window.build.input.fields.items() if not field.isHidden()]


def test_the_input_has_the_axes_of_the_network(window: MainWindow) -> None:
    build = window.build
    assert shown(window) == ["batch", "in_channels", "height", "width"]
    build._change("dims", 3)
    assert shown(window) == ["batch", "in_channels", "frames", "height", "width"]
    assert window.document.state.image.sizes(3) == (16, 112, 112)
    build.input.edited.emit("frames", 8)
    assert window.document.state.image.frames == 8
    build._change("dims", 1)
    assert shown(window) == ["batch", "in_channels", "width"] and build.input.slider.isHidden()
    assert window.document.state.image.sizes(1) == (1000,)


@pytest.mark.parametrize("name", ["mc3_18", "r2plus1d_18", "resnet18_1d"])
def test_every_page_shows_a_network_for_signals_or_videos(name: str, window: MainWindow, qtbot: QtBot) -> None:
    spec = find(name)
    window.document.propose(State(spec, default_input(spec)), "choose it")
    for index in range(window.tabs.count()):
        window.tabs.setCurrentIndex(index)
        qtbot.wait(20)
    for path in ("", "stem", "layer1", "layer2.0", "layer2.0.downsample.0", "head"):
        window.document.select(path)
    assert window.document.state.spec == spec
