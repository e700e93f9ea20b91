"""Exported SVG: golden files, ids and titles for every layer, real text, and the same pixels as the screen."""

import os
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from PySide6.QtCore import QByteArray, QRectF
from PySide6.QtGui import QColor, QGuiApplication, QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

from resnet_explorer.diagram.diagram import diagram
from resnet_explorer.diagram.view import View
from resnet_explorer.network import compile_spec
from resnet_explorer.picture.marks import Box, Ink, Picture
from resnet_explorer.picture.svg import elements, to_svg
from resnet_explorer.picture.theme import DARK, LIGHT, PROJECTOR, THEMES, Theme
from resnet_explorer.readings import analyse
from resnet_explorer.spec import InputShape
from resnet_explorer.spec.catalogue import find
from resnet_explorer.spec.change import assign
from resnet_explorer.ui.clipboard import to_image

GOLDEN = Path(__file__).parent / "golden"
SVG = "{http://www.w3.org/2000/svg}"
CASES = {
    "resnet18-layer2.0-light": ("resnet18", View(frozenset({"layer2.0"})), LIGHT),
    "resnet50-stem-head-dark": ("resnet50", View(frozenset({"stem", "head"})), DARK),
    "cbam_resnet50-layer2.0-light": ("cbam_resnet50", View(frozenset({"layer2.0"})), LIGHT),
    "resnet110-gated-dark": ("resnet110_exclusive_gate", View(frozenset({"layer2.0", "layer2.1"})), DARK),
    "preresnet164-light": ("preresnet164", View(frozenset({"layer1.0", "layer1.1", "head"})), LIGHT),
    "resnetblur50d-changes-light": ("resnetblur50d", View(frozenset({"stem", "layer2.0"}), changes=True), LIGHT),
    "resnet50d-changes-dark": ("resnet50d", View(frozenset({"stem", "layer2.0"}), changes=True), DARK),
    "resnet20-compare-projector": ("resnet20", View(frozenset({"layer2.0"}), compare=True), PROJECTOR),
}


def picture(name: str, view: View) -> Picture:
    spec = find(name)
    side = 32 if spec.stem == "cifar" else 224
    return diagram(analyse(compile_spec(spec), InputShape(1, side, side)), view)


@pytest.mark.parametrize("case", CASES)
def test_golden(case: str) -> None:
    """To accept a change on purpose: look at the pictures, then run with UPDATE_GOLDEN=1."""
    name, view, theme = CASES[case]
    text = to_svg(picture(name, view), theme)
    file = GOLDEN / f"{case}.svg"
    if os.environ.get("UPDATE_GOLDEN"):
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "name", ["resnet18", "resnet152", "plain20", "cbam_resnet50", "ecaresnet26t", "resnet110_shortcut_gate", "wrn16_8"]
)
def test_every_layer_is_a_titled_group_under_its_path(name: str) -> None:
    network = compile_spec(find(name))
    root = ET.fromstring(to_svg(picture(name, View.all_open(network)), LIGHT))
    groups = {group.get("id"): group for group in root.iter(f"{SVG}g")}
    for block in network.blocks:
        for path, part in zip(block.layer_paths, block.form.parts, strict=True):
            assert groups[path].get("class") == part.layer.kind
            title = groups[path].find(f"{SVG}title")
            assert title is not None and title.text is not None and title.text.startswith(f"{path}: {part.layer.kind}")


@pytest.mark.parametrize("compare", [False, True])
@pytest.mark.parametrize("outlines", [False, True])
def test_ids_are_unique_and_nothing_is_a_raster(compare: bool, outlines: bool) -> None:
    network = compile_spec(find("resnet34"))
    text = to_svg(picture("resnet34", View.all_open(network, compare=compare)), LIGHT, outlines)
    root = ET.fromstring(text)
    ids = [element.get("id") for element in root.iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    tags = {element.tag.removeprefix(SVG) for element in root.iter()}
    assert tags <= {"svg", "g", "title", "desc", "rect", "path", "text", "defs", "use"}
    assert ("text" in tags) is not outlines
    assert root.get("viewBox")


def test_names_from_a_file_are_escaped() -> None:
    from dataclasses import replace

    spec = replace(assign(find("resnet18"), "width=48"), name='<b>&"x"')
    text = to_svg(diagram(analyse(compile_spec(spec), InputShape()), View()), LIGHT)
    assert '<b>&"x"' in "".join(ET.fromstring(text).itertext())


@pytest.mark.parametrize("theme", THEMES.values(), ids=lambda theme: theme.name)
def test_the_file_shows_what_the_screen_shows(qapp: QGuiApplication, theme: Theme) -> None:
    """Fewer than 2 % of the pixels differ between the painted picture and the SVG (as outlines) drawn by Qt."""
    drawn = picture("resnet18", View(frozenset({"layer2.0", "stem"})))
    painted = to_image(drawn, theme)
    rendered = QImage(painted.size(), QImage.Format.Format_ARGB32_Premultiplied)
    rendered.fill(QColor(theme.colours[Ink.PAGE]))
    painter = QPainter(rendered)
    QSvgRenderer(QByteArray(to_svg(drawn, theme, outlines=True).encode())).render(painter, QRectF(rendered.rect()))
    painter.end()
    different = sum(
        abs(QColor(painted.pixel(x, y)).lightness() - QColor(rendered.pixel(x, y)).lightness()) > 48
        for x in range(0, painted.width(), 3)
        for y in range(0, painted.height(), 3)
    )
    assert different / (painted.width() * painted.height() / 9) < 0.02


def test_the_largest_catalogue_picture_is_under_600_kilobytes() -> None:
    network = compile_spec(find("resnet152"))
    assert len(to_svg(picture("resnet152", View.all_open(network)), LIGHT).encode()) < 600_000


def test_elements_are_what_a_file_has_between_its_page_and_its_end() -> None:
    drawn = picture("resnet18", View())
    assert "\n".join(elements(drawn.marks, LIGHT)) in to_svg(drawn, LIGHT)
    assert elements([], LIGHT) == [] and elements([Box(0, 0, 9, 9, None)], LIGHT) == [], "what has no ink is not drawn"
