"""The inspector says what the selection is, in words, formulas and figures."""

import pytest
from PySide6.QtGui import QImage

from resnet_explorer.analysis import analyse
from resnet_explorer.analysis.explain import explain
from resnet_explorer.blueprint import compile_spec
from resnet_explorer.drawing.theme import DARK, Ink
from resnet_explorer.gui.main_window import MainWindow
from resnet_explorer.spec import InputShape
from resnet_explorer.spec.axes import assign
from resnet_explorer.spec.catalogue import CATALOGUE, find


def told(name: str, path: str, *settings: str):
    spec = find(name)
    for setting in settings:
        spec = assign(spec, setting)
    return explain(analyse(compile_spec(spec), InputShape()), path)


def fact(explanation, label: str) -> str:
    return next(entry.value for entry in explanation.facts if entry.label == label)


def test_a_projecting_block_tells_branch_and_shortcut_apart() -> None:
    block = told("resnet18", "layer2.0")
    assert (block.branch, block.shortcut) == (221_696, 8_448)
    assert "64×56² → 128×28²" in block.words
    assert "1×1 convolution with stride 2" in block.words
    assert block.formulas[0] == "residual_projection"


def test_an_identity_shortcut_costs_nothing() -> None:
    block = told("resnet18", "layer1.0")
    assert (block.formulas[0], block.shortcut) == ("residual_identity", 0)
    assert told("resnet18", "layer1.0.shortcut").kind == "Identity shortcut"


def test_option_a_pads_and_option_c_projects_everywhere() -> None:
    assert told("resnet20", "layer2.0").formulas[0] == "residual_padding"
    assert told("resnet20", "layer2.0.downsample.0").kind.startswith("ZeroPad")
    assert told("resnet18", "layer1.0", "shortcut=C").formulas[0] == "residual_projection"


def test_a_plain_block_is_called_plain() -> None:
    block = told("plain18", "layer2.0")
    assert block.formulas[0] == "plain"
    assert block.shortcut is None
    assert block.gradients == ("gradient_plain",)


def test_a_convolutions_figures_are_worked_out() -> None:
    conv = told("resnet18", "layer2.0.conv1")
    assert fact(conv, "Parameters") == "3·3·64·128 = 73,728"
    assert fact(conv, "MACs") == "73,728·28·28 = 57,802,752"
    assert len([entry for entry in conv.facts if entry.label == "Parameters"]) == 1


def test_the_network_explains_its_name() -> None:
    assert "= 18; 3 projections are not counted" in told("resnet18", "").words
    assert "= 50" in told("resnet50", "").words


def test_the_gradient_is_told_honestly() -> None:
    words = told("resnet18", "layer1.0").gradient_words
    assert "gates both paths" in words  # v1: the ReLU after the addition


@pytest.mark.parametrize("name", CATALOGUE)
def test_everything_can_be_explained(name: str) -> None:
    network = compile_spec(find(name))
    analysis = analyse(network, InputShape(1, 33, 65))
    paths = [stage.path for stage in network.stages]
    for block in network.blocks[:4] + network.blocks[-2:]:
        paths += [block.path, *block.layer_paths]
        paths += [block.shortcut_path] if block.form.shortcut is not None else []
    for path in paths:
        explanation = explain(analysis, path)
        assert explanation.path == path
        assert explanation.title
        assert explanation.words


def test_a_path_of_another_network_shows_the_network() -> None:
    assert told("resnet18", "layer9.7").title == "ResNet-18"


def test_formulas_are_painted_in_the_themes_text_colour(window: MainWindow) -> None:
    window.choose_theme("dark")
    window.document.select("layer2.0")
    image: QImage = window.inspector.formulas[0].grab().toImage()
    brightest = max(
        image.pixelColor(x, y).lightness() for x in range(image.width()) for y in range(0, image.height(), 2)
    )
    assert DARK.colours[Ink.TEXT] == "#e8edf2"
    assert brightest > 200
    window.choose_theme("light")


def test_the_widget_shows_what_is_told(window: MainWindow) -> None:
    window.document.select("layer2.0")
    assert window.inspector.title.text() == "conv3_x · block 1"
    assert window.inspector.path.text() == "layer2.0"
    assert "F(x) 221,696 · shortcut 8,448" in window.inspector._split.text()
    window.document.select("layer2.0.relu1")
    assert not window.inspector.gradient.isVisible()
