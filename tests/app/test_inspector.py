"""The inspector on the real window: it shows what is said of the selection."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from resnet_explorer import assets
from resnet_explorer.app import formula
from resnet_explorer.app.formula import Formula
from resnet_explorer.app.main_window import MainWindow
from resnet_explorer.scenes.scene import State
from resnet_explorer.spec import InputShape
from resnet_explorer.spec.catalogue import CATALOGUE
from tests.narrow import present


@pytest.fixture(autouse=True)
def inspector_is_open(request: pytest.FixtureRequest) -> None:
    """Open the inspector's drawer, which is closed on a small screen."""
    if "window" in request.fixturenames:
        window: MainWindow = request.getfixturevalue("window")
        window.panels.open(window.panels.drawer("Inspector"))


def visible(window: MainWindow) -> list[str]:
    labels = window.inspector.findChildren(QLabel)
    return [label.text().replace("\N{NO-BREAK SPACE}", " ") for label in labels if label.isVisible()]


def test_it_begins_with_the_network(window: MainWindow) -> None:
    assert window.inspector.title.text() == "ResNet-18"
    assert {"Parameters", "11,689,512"} <= set(visible(window))
    assert not window.inspector.path.isVisible()


def test_it_shows_the_selected_block_with_branch_and_shortcut_apart(window: MainWindow) -> None:
    window.document.select("layer2.0")
    inspector = window.inspector
    assert (inspector.title.text(), inspector.path.text()) == ("conv3_x · block 1", "layer2.0")
    assert inspector.split.text() == "F(x) 221,696 · shortcut 8,448"
    assert [shown.key for shown in inspector.formulas] == ["projection_v1", "branch_v1_2", "gradient_projection", ""]
    assert {"230,144", "179,830,784", "9.91 %"} <= set(visible(window))


def test_a_layer_shows_how_its_figures_are_counted(window: MainWindow) -> None:
    window.document.select("layer2.0.conv1")
    assert {"3·3·64·128 = 73,728", "73,728 × 28·28 = 57,802,752", "HOW THEY ARE COUNTED"} <= set(visible(window))
    assert not window.inspector.split.isVisible()
    window.document.select("layer2.0.relu1")
    assert not window.inspector.gradient.isVisible()
    assert "HOW THEY ARE COUNTED" not in visible(window)


def test_a_selection_that_another_network_lacks_shows_the_network(window: MainWindow) -> None:
    window.document.select("layer4.1.conv2")
    window.document.propose(State(CATALOGUE["resnet20"].spec, InputShape(1, 32, 32)), "choose ResNet-20")
    assert window.inspector.title.text() == "ResNet-20"


def test_nothing_is_wider_than_the_panel_in_any_theme(window: MainWindow) -> None:
    for theme in ("light", "projector"):
        window.choose_theme(theme)
        for path in ("", "layer4.0", "layer4.0.conv2", "fc"):
            window.document.select(path)
            widest = present(window.inspector.widget()).minimumSizeHint().width()
            assert widest <= window.inspector.viewport().width(), (theme, path)
    window.choose_theme("light")


def test_figures_can_be_selected_by_mouse_and_read_aloud(window: MainWindow) -> None:
    window.document.select("layer2.0")
    named = {label.accessibleName(): label for label in window.inspector.findChildren(QLabel)}
    label = named["Parameters: 230,144"]
    assert label.textInteractionFlags() & Qt.TextInteractionFlag.TextSelectableByMouse
    assert label.textFormat() == Qt.TextFormat.PlainText
    assert label.toolTip()


def test_a_new_selection_is_shown_from_its_top(window: MainWindow) -> None:
    window.resize(1280, 400)
    window.document.select("layer2.0.conv1")
    bar = window.inspector.verticalScrollBar()
    bar.setValue(bar.maximum())
    window.document.select("layer2.0.conv2")
    assert bar.value() == 0


def test_formulas_are_painted_in_the_themes_text_colour(window: MainWindow) -> None:
    window.choose_theme("dark")
    window.document.select("layer2.0")
    image: QImage = window.inspector.formulas[0].grab().toImage()
    brightest = max(
        image.pixelColor(x, y).lightness() for x in range(image.width()) for y in range(0, image.height(), 2)
    )
    assert brightest > 200
    window.choose_theme("light")


def test_formulas_grow_with_the_text(window: MainWindow) -> None:
    window.document.select("layer2.0")
    before = window.inspector.formulas[0].height()
    window.choose_theme("projector")
    assert window.inspector.formulas[0].height() > before
    window.choose_theme("light")


def test_a_formula_can_be_copied_as_latex(window: MainWindow) -> None:
    window.document.select("layer1.0")
    window.inspector.formulas[0].copy_latex()
    assert QGuiApplication.clipboard().text() == r"y = \mathrm{ReLU}\left(F(x; W) + x\right)"


def test_a_formula_whose_drawing_is_missing_shows_its_latex(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*parts: str) -> None:
        raise FileNotFoundError(parts)

    shown = Formula()
    qtbot.addWidget(shown)
    monkeypatch.setattr(assets, "path", gone)
    for cached in (formula._texts, formula._renderer):
        cached.cache_clear()
    shown.show_formula("relu", "#000000")
    shown.resize(100, shown.height())
    image = shown.grab().toImage()
    assert any(image.pixelColor(x, y).lightness() < 128 for x in range(60) for y in range(image.height()))
    for cached in (formula._texts, formula._renderer):
        cached.cache_clear()
