"""What is painted on screen can be read: no text under 9 px, and names of blocks and stages stay."""

import pytest
from PySide6.QtGui import QGuiApplication, QImage, QPainter

from resnet_explorer.diagram.diagram import diagram
from resnet_explorer.diagram.view import View
from resnet_explorer.network import compile_spec
from resnet_explorer.picture.marks import Arrow, Ink, Label, Picture
from resnet_explorer.picture.theme import LIGHT
from resnet_explorer.readings import analyse
from resnet_explorer.spec import InputShape
from resnet_explorer.spec.catalogue import find
from resnet_explorer.ui import painter


@pytest.fixture
def painted(qapp: QGuiApplication, monkeypatch: pytest.MonkeyPatch) -> list[Label]:
    labels: list[Label] = []
    monkeypatch.setattr(painter.Brush, "_label", lambda brush, label: labels.append(label))
    return labels


@pytest.mark.parametrize("scale", [2.0, 1.0, 0.9, 0.7, 0.5, 0.4])
def test_text_is_readable_or_left_out_and_names_stay(painted: list[Label], scale: float) -> None:
    drawn = diagram(analyse(compile_spec(find("resnet18")), InputShape()), View(frozenset({"layer2.0"})))
    image = QImage(round(drawn.width * scale), round(drawn.height * scale), QImage.Format.Format_RGB32)
    surface = QPainter(image)
    painter.paint(surface, drawn, LIGHT, scale=scale)
    surface.end()
    assert min(label.size for label in painted) * scale >= 8.9
    texts = [label.text for label in painted]
    assert {"Stem", "Head", "conv2_x", "conv5_x"} <= set(texts)
    assert texts.count("block 1") + texts.count("1") == 4


def test_a_curve_is_not_kept_once_it_is_painted(qapp: QGuiApplication) -> None:
    """One that grows is another curve at every step: a thousand of them would take gigabytes."""
    image = QImage(200, 100, QImage.Format.Format_RGB32)
    before = painter._shape.cache_info().currsize
    for step in range(20):
        curve = Arrow(tuple((0.1 * x, float((x * step) % 97)) for x in range(500)), Ink.TEXT, 1.0, head=False)
        surface = QPainter(image)
        painter.paint(surface, Picture(200, 100, (curve,), "curve"), LIGHT, scale=1.0)
        surface.end()
    assert painter._shape.cache_info().currsize == before
