"""Text as outlines: the right shapes at the right places, in every colour, in Qt as elsewhere."""

import os
import subprocess
import sys
from xml.etree import ElementTree

import pytest

from resnet_explorer.picture.marks import Anchor, Style, width
from resnet_explorer.picture.svg import Outlines

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
_SVG = "{http://www.w3.org/2000/svg}"
_HREF = "{http://www.w3.org/1999/xlink}href"


def _file(outlines: Outlines, *placed: str) -> str:
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="300" '
        f'height="60" viewBox="0 0 300 60">{outlines.defs()}<g fill="#d55e00">{"".join(placed)}</g></svg>'
    )


def _ink(svg: str) -> tuple[int, int, int, int]:
    """Return left, top, right and bottom of what Qt paints in orange, in px."""
    from PySide6.QtGui import QImage, QPainter
    from PySide6.QtSvg import QSvgRenderer

    renderer = QSvgRenderer(svg.encode())
    assert renderer.isValid()
    image = QImage(300, 60, QImage.Format.Format_RGB32)
    image.fill(0xFFFFFFFF)
    painter = QPainter(image)
    renderer.render(painter)
    painter.end()
    inked = [(x, y) for x in range(300) for y in range(60) if image.pixelColor(x, y).blue() < 100]
    assert inked, "Qt painted nothing"
    assert all(image.pixelColor(*point).red() > 200 for point in inked)
    xs, ys = zip(*inked, strict=True)
    return min(xs), min(ys), max(xs), max(ys)


@pytest.mark.parametrize("style", Style)
@pytest.mark.parametrize(("anchor", "left"), [(Anchor.START, 150.0), (Anchor.MIDDLE, 0.5), (Anchor.END, 1.0)])
def test_qt_paints_the_text_where_it_was_placed(qapp: object, style: Style, anchor: Anchor, left: float) -> None:
    outlines, wide = Outlines(), width("Hello", 20, style)
    inked = _ink(_file(outlines, outlines.place("Hello", 150, 40, 20, style, anchor)))
    start = 150 - (0 if anchor is Anchor.START else left * wide)
    assert inked[0] == pytest.approx(start + 1.5, abs=2)
    assert inked[2] == pytest.approx(start + wide - 1.5, abs=2)
    assert inked[3] == pytest.approx(39, abs=1), "letters stand on the baseline"
    assert inked[1] == pytest.approx(40 - 0.75 * 20, abs=2)


@pytest.mark.parametrize(("anchor", "part"), [(Anchor.START, 0.0), (Anchor.MIDDLE, 0.5), (Anchor.END, 1.0)])
def test_turned_text_runs_upwards(qapp: object, anchor: Anchor, part: float) -> None:
    outlines, wide = Outlines(), width("Hello", 20)
    placed = outlines.place("Hello", 150, 55 - part * wide, 20, Style.REGULAR, anchor, turned=True)
    left, top, right, bottom = _ink(_file(outlines, placed))
    assert [top, bottom] == pytest.approx([55 - wide + 1.5, 55 - 1.5], abs=2)
    assert left == pytest.approx(150 - 0.75 * 20, abs=2) and right == pytest.approx(149, abs=1)


def test_glyphs_and_lines_are_stored_once() -> None:
    outlines = Outlines()
    placed = [
        outlines.place(text, 0, 20 * n, 12, Style.REGULAR, Anchor.START)
        for n, text in enumerate(("block 1", "block 2", "block 1"))
    ]
    root = ElementTree.fromstring(_file(outlines, *placed))
    paths = [path.attrib["id"] for path in root.iter(f"{_SVG}path")]
    assert len(paths) == len(set(paths)) == len(set("block12"))
    assert len(root.findall(f"{_SVG}defs/{_SVG}g")) == 2


def test_every_reference_has_its_target() -> None:
    outlines = Outlines()
    placed = outlines.place("Wₛ x 漢", 0, 20, 12, Style.ITALIC, Anchor.START)
    root = ElementTree.fromstring(_file(outlines, placed))
    ids = {element.attrib["id"] for element in root.iter() if "id" in element.attrib}
    targets = {use.attrib[_HREF].removeprefix("#") for use in root.iter(f"{_SVG}use")}
    assert targets <= ids
    assert not list(root.iter(f"{_SVG}symbol")), "Qt draws symbols blank"


def test_text_is_read_aloud_and_escaped() -> None:
    placed = Outlines().place('a < "b" & c', 0, 0, 12, Style.REGULAR, Anchor.START)
    element = ElementTree.fromstring(placed.replace("xlink:href", "href"))
    assert element.attrib["aria-label"] == 'a < "b" & c'
    assert element.attrib["role"] == "img"


def test_ids_of_two_files_agree() -> None:
    first, second = Outlines(), Outlines()
    second.place("other", 0, 0, 12, Style.REGULAR, Anchor.START)
    assert first.place("same", 0, 0, 12, Style.REGULAR, Anchor.START) == second.place(
        "same", 0, 0, 12, Style.REGULAR, Anchor.START
    )


def test_an_empty_file_has_empty_definitions() -> None:
    assert Outlines().defs() == "<defs></defs>"


def test_fonttools_is_loaded_only_for_outlines() -> None:
    code = "import sys, resnet_explorer.picture.svg; print('fontTools' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
