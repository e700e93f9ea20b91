"""SVG text where the reader has no Inter: every label says how wide it is, and no label runs into another.

Browsers keep to the length that is written. librsvg does not: there the room that is left is enough for DejaVu Sans.
"""

import os
import re
import shutil
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from PySide6.QtGui import QGuiApplication, QImage

from resnet_explorer.picture.marks import Style, width

GOLDEN = sorted((Path(__file__).parent / "golden").glob("*.svg"))
SVG = "{http://www.w3.org/2000/svg}"
FONTS = Path("/usr/share/fonts/truetype/dejavu")
STYLES = {"600": Style.SEMIBOLD, None: Style.REGULAR}


@pytest.mark.parametrize("file", GOLDEN, ids=lambda file: file.stem)
def test_every_label_says_how_wide_it_is(file: Path) -> None:
    for label in ET.parse(file).iter(f"{SVG}text"):
        assert label.get("lengthAdjust") == "spacingAndGlyphs"
        style = Style.ITALIC if label.get("font-style") else STYLES[label.get("font-weight")]
        wide = width(label.text or "", float(label.get("font-size") or 0), style)
        assert float(label.get("textLength") or 0) == pytest.approx(wide, abs=0.006)


@pytest.mark.skipif(
    not shutil.which("rsvg-convert") or not (FONTS / "DejaVuSans-Bold.ttf").exists(),
    reason="needs rsvg-convert and DejaVu Sans",
)
@pytest.mark.parametrize("file", GOLDEN, ids=lambda file: file.stem)
def test_no_label_runs_into_another_with_dejavu_sans_alone(qapp: QGuiApplication, file: Path, tmp_path: Path) -> None:
    """Half-transparent text is darker where two labels overlap."""
    for name in ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf"):
        (tmp_path / name).symlink_to(FONTS / name)
    fonts = f"<fontconfig><dir>{tmp_path}</dir><cachedir>{tmp_path}</cachedir></fontconfig>"
    (tmp_path / "fonts.conf").write_text(fonts)
    bare = re.sub(r"<(rect|path)[^>]*/>", "", file.read_text(encoding="utf-8"))
    bare = re.sub(r'fill="#[0-9a-f]{6}"', 'fill="#000" fill-opacity="0.5"', bare)
    command = ["rsvg-convert", "--background-color=white"]
    environment = {**os.environ, "FONTCONFIG_FILE": str(tmp_path / "fonts.conf")}
    drawn = subprocess.run(command, input=bare.encode(), env=environment, capture_output=True, check=True).stdout
    image = QImage.fromData(drawn).convertToFormat(QImage.Format.Format_Grayscale8)
    rows = [bytes(image.constScanLine(y)) for y in range(image.height())]  # type: ignore[call-overload]  # a buffer
    pixels = [pixel for row in rows for pixel in row[: image.width()]]
    assert min(pixels) < 140, "no text"
    assert sum(pixel < 110 for pixel in pixels) == 0
