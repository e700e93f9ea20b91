"""Charts as SVG: golden files, ids, titles, and the same picture as on screen."""

import os
from math import inf, nan
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from PySide6.QtCore import QByteArray, QPointF, QRectF
from PySide6.QtGui import QColor, QGuiApplication, QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

from resnet_explorer.picture.chart import (
    PLAIN,
    RESIDUAL,
    STYLES,
    Axis,
    Cell,
    Chart,
    Guide,
    HeatMap,
    Kind,
    Point,
    Row,
    Scale,
    Series,
    Span,
    Strip,
    block_strip,
    chart,
    draw,
    heatmap,
    stack,
)
from resnet_explorer.picture.marks import Ink, Picture
from resnet_explorer.picture.svg import to_svg
from resnet_explorer.picture.theme import DARK, LIGHT, PROJECTOR, THEMES, Theme
from resnet_explorer.ui.clipboard import to_image, to_pdf
from resnet_explorer.ui.scene import hit

GOLDEN = Path(__file__).parent / "golden"
SVG = "{http://www.w3.org/2000/svg}"
PATHS = tuple(f"layer{1 + n // 3}.{n % 3}" for n in range(9))
POINTS = tuple(Point(path, f"block {n}") for n, path in enumerate(PATHS, 1))
BLOCKS = tuple(range(1, 10))
NORM = Axis("‖∂L/∂x‖₂", Scale.LOG)
SPANS = (Span(0.5, 3.5, "stage 1 · 16×32²"), Span(3.5, 6.5, "stage 2 · 32×16²"), Span(6.5, 9.5, "stage 3 · 64×8²"))


def gradient() -> Chart:
    residual = tuple(0.01 * 1.2 ** (9 - n) for n in BLOCKS)
    plain = tuple(0.012 * 1.9 ** (9 - n) for n in BLOCKS)
    pairs = (("residual", "ResNet-20", residual, RESIDUAL), ("plain", "plain-20", plain, PLAIN))
    series = tuple(
        Series(key, label, BLOCKS, y, look, low=tuple(v / 1.4 for v in y), high=tuple(v * 1.4 for v in y),
               points=POINTS, note=f"first/last = {y[0] / y[-1]:.0f}")
        for key, label, y, look in pairs
    )  # fmt: skip
    axis = Axis("block, from the input (left) to the loss (right)")
    return Chart(
        "Gradient norm at the input of each block", axis, NORM, series,
        "median of 3 seeds, band = lowest to highest", spans=SPANS,
    )  # fmt: skip


def odd() -> Chart:
    """What has no place on a logarithmic axis: zeros, what is not a number, infinity."""
    y = (0.0, 0.0, 1e-7, nan, 1e-5, 1e-4, inf, 1e-2, 0.1)
    series = Series("plain", "plain-110", BLOCKS, y, PLAIN, points=POINTS)
    hidden = Series("residual", "ResNet-110", BLOCKS, (0.1,) * 9, RESIDUAL, hidden=True)
    return Chart("Underflow", Axis("block"), NORM, (series, hidden), guides=(Guide(4.5, "float32 ends"),))


def roofline() -> Chart:
    layers = Series("conv", "convolutions", (20.0, 60.0, 90.0), (70.0, 80.0, 88.0), STYLES[0], Kind.SCATTER)
    norms = Series("norm", "norms", (0.25, 0.3, 0.5), (3.9, 5.0, 7.5), STYLES[1], Kind.SCATTER)
    limit = Series("limit", "limit", (0.1, 5.3, 1000.0), (1.8, 95.0, 95.0), STYLES[2]._replace(marker=STYLES[0].marker))
    axes = Axis("intensity", Scale.LOG, "FLOP per byte"), Axis("speed", Scale.LOG, "GFLOP/s")
    return Chart("Roofline", *axes, (layers, norms, limit), guides=(Guide(95, "95 GFLOP/s", vertical=False),))


def paths() -> Chart:
    lengths = tuple(range(6))
    all_paths = Series("paths", "of all paths", lengths, (1, 5, 10, 10, 5, 1), RESIDUAL, Kind.BARS)
    share = Series("gradient", "of the gradient", lengths, (8, 12, 7, 3, 1.5, 0.5), PLAIN, Kind.BARS)
    return Chart("Paths by length", Axis("branches taken"), Axis("share"), (all_paths, share), notes=("2⁵ paths",))


def training(steps: int = 90) -> HeatMap:
    rows = tuple(
        Row(f"block {n}", (nan, 0.0, *(10 ** (1 - n / 3 - step / 60) for step in range(steps - 2))), path)
        for n, path in enumerate(PATHS, 1)
    )
    return HeatMap("Gradient norm in training", Axis("step"), NORM, tuple(range(steps)), rows, "block")


def lab() -> Picture:
    drawn, scale = draw(gradient(), 640, 360)
    strips = tuple(
        Strip(one.key, one.label, tuple(map(Cell, PATHS, PATHS, one.y, [one.style is RESIDUAL] * 9)), one.style)
        for one in gradient().series
    )
    return stack(drawn, block_strip(strips, NORM, 640, "Each block coloured by its norm", under=scale))


CASES: dict[str, tuple[Picture, Theme]] = {
    "chart-gradient-light": (lab(), LIGHT),
    "chart-underflow-dark": (chart(odd(), 560, 320), DARK),
    "chart-roofline-projector": (chart(roofline(), 560, 360, 1.3), PROJECTOR),
    "chart-paths-light": (chart(paths(), 480, 300), LIGHT),
    "chart-heatmap-dark": (heatmap(training(24), 560, 320), DARK),
}


@pytest.mark.parametrize("case", CASES)
def test_golden(case: str) -> None:
    """To accept a change on purpose: look at the pictures, then run with UPDATE_GOLDEN=1."""
    picture, theme = CASES[case]
    text = to_svg(picture, theme)
    file = GOLDEN / f"{case}.svg"
    if os.environ.get("UPDATE_GOLDEN"):
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text(encoding="utf-8")


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("outlines", [False, True])
def test_ids_are_unique_and_nothing_is_a_raster(case: str, outlines: bool) -> None:
    root = ET.fromstring(to_svg(*CASES[case], outlines))
    ids = [element.get("id") for element in root.iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    tags = {element.tag.removeprefix(SVG) for element in root.iter()}
    assert tags <= {"svg", "g", "title", "desc", "rect", "path", "text", "defs", "use"}


def test_every_point_is_a_titled_group_under_its_block() -> None:
    root = ET.fromstring(to_svg(chart(gradient(), 640, 360), LIGHT))
    points = [group for group in root.iter(f"{SVG}g") if group.get("class") == "point"]
    titles = [point.findtext(f"{SVG}title") or "" for point in points]
    for path in PATHS:
        assert [title.split(",")[0] for title in titles if title.startswith(f"{path}: ")] == [
            f"{path}: plain-20",
            f"{path}: ResNet-20",
        ]


def test_words_from_a_file_are_escaped() -> None:
    words = '<b>&"x"'
    made = Chart(words, Axis(words), Axis(words), (Series("s", words, (1, 2), (1.0, 2.0)),), words)
    text = to_svg(chart(made, 640, 360), LIGHT)
    assert "".join(ET.fromstring(text).itertext()).count(words) >= 5


def test_a_point_under_the_mouse_is_its_block(qapp: QGuiApplication) -> None:
    picture, scale = draw(gradient(), 640, 360)
    for path, x, y in zip(PATHS, BLOCKS, gradient().series[1].y, strict=True):
        found = hit(picture, QPointF(scale.x.px(x) + 2, scale.y.px(y) - 2))
        assert found and (found.path, found.group.kind) == (path, "point")
    assert hit(picture, QPointF(scale.x.px(5), scale.frame.top + 12)) is None, "empty ground"


@pytest.mark.parametrize("theme", THEMES.values(), ids=lambda theme: theme.name)
@pytest.mark.parametrize("case", CASES)
def test_the_file_shows_what_the_screen_shows(qapp: QGuiApplication, case: str, theme: Theme) -> None:
    """Fewer than 2 % of the pixels differ between the painted picture and the SVG (as outlines) drawn by Qt."""
    drawn = CASES[case][0]
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


def test_a_turned_title_is_painted_upwards_beside_the_axis(qapp: QGuiApplication) -> None:
    made = Chart("", Axis(), Axis("WWWWWWWWWW"), ())
    picture, scale = draw(made, 480, 300)
    image = to_image(picture, LIGHT)
    left = int(scale.frame.left) - 40
    inked = [(x, y) for x in range(left) for y in range(300) if QColor(image.pixel(x, y)).lightness() < 128]
    xs, ys = zip(*inked, strict=True)
    assert max(ys) - min(ys) > 5 * (max(xs) - min(xs))
    assert (max(ys) + min(ys)) / 2 == pytest.approx((scale.frame.top + scale.frame.bottom) / 2, abs=3)


def test_a_chart_as_pdf_is_vectors(qapp: QGuiApplication) -> None:
    data = to_pdf(CASES["chart-gradient-light"][0], LIGHT)
    assert data.startswith(b"%PDF") and b"/Subtype /Image" not in data
