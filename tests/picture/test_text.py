"""Text is as wide as Qt draws it with the bundled font."""

import os
import subprocess
import sys
import time
from collections.abc import Callable

import pytest
from fontTools.ttLib import TTFont

from resnet_explorer import assets
from resnet_explorer.picture import marks
from resnet_explorer.picture.marks import UNKNOWN_WIDTH, Style, width
from tests.cases import each

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
_FILES = {
    Style.REGULAR: "Inter-Regular.ttf",
    Style.ITALIC: "Inter-Italic.ttf",
    Style.SEMIBOLD: "Inter-SemiBold.ttf",
}
_LINES = (
    "conv3_x · block 1",
    "11,689,512 parameters · 1.81 GMACs",
    "AVATAR To We, Type.",
    "F(x; W) + Wₛ x",
    "64×56² → 128×28²",
    "∂L/∂x ≤ ∞, ‖y‖ ≈ ∑ √2 − 1",
    "Größe, łódź, façade, Ångström",
    "αβγδ μ σ² Ω",
    "● ○ ■ □ ✓ ✗ … – —",
)
Advance = Callable[[str, int], float]


@pytest.fixture(params=Style)
def measured(request: pytest.FixtureRequest, qapp: object) -> tuple[Style, Advance]:
    """Return a style and the advance that Qt itself gives a line in it; no installed font can stand in."""
    from PySide6.QtGui import QFont, QRawFont

    style: Style = request.param
    file = str(assets.path("fonts", _FILES[style]))

    def advance(line: str, size: int) -> float:
        font = QRawFont(file, size, QFont.HintingPreference.PreferNoHinting)
        glyphs = font.glyphIndexesForString(line)
        assert 0 not in glyphs, f"the font lacks a character of {line!r}"
        return sum(point.x() for point in font.advancesForGlyphIndexes(glyphs))

    return style, advance


@each("size", [8, 11, 20, 40])
@each("line", _LINES)
def test_width_is_that_of_the_font_file(measured: tuple[Style, Advance], line: str, size: int) -> None:
    style, advance = measured
    assert width(line, size, style) == pytest.approx(advance(line, size), rel=0.005)


@pytest.mark.parametrize("style", Style)
@pytest.mark.parametrize("line", _LINES)
def test_width_is_that_of_a_painted_line(qapp: object, line: str, style: Style) -> None:
    from PySide6.QtGui import QFont, QFontDatabase, QFontMetricsF

    for file in _FILES.values():
        assert QFontDatabase.addApplicationFont(str(assets.path("fonts", file))) >= 0
    font = QFont("Inter")
    font.setPixelSize(12)
    font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    font.setKerning(False)
    font.setItalic(style is Style.ITALIC)
    font.setWeight(QFont.Weight.DemiBold if style is Style.SEMIBOLD else QFont.Weight.Normal)
    metrics = QFontMetricsF(font)
    assert width(line, 12, style) == pytest.approx(metrics.horizontalAdvance(line), rel=0.02)


def test_qt_knows_the_files_as_inter(qapp: object) -> None:
    from PySide6.QtGui import QFontDatabase

    for file in _FILES.values():
        number = QFontDatabase.addApplicationFont(str(assets.path("fonts", file)))
        assert "Inter" in QFontDatabase.applicationFontFamilies(number)


def test_width_grows_with_the_size() -> None:
    assert width("block 1", 24) == pytest.approx(2 * width("block 1", 12))
    assert width("", 12) == 0


def test_an_unknown_character_is_as_wide_as_a_wide_one() -> None:
    assert width("漢", 10) == pytest.approx(10 * UNKNOWN_WIDTH)
    assert width("m漢", 10) == pytest.approx(width("m", 10) + 10 * UNKNOWN_WIDTH)


def test_metrics_of_all_fonts_load_sooner_than_fonttools_opens_one() -> None:
    def seconds(work: Callable[[], object]) -> float:
        start = time.perf_counter()
        work()
        return time.perf_counter() - start

    def ours() -> None:
        marks._metrics.cache_clear()
        width("x", 1)

    def theirs() -> None:
        font = TTFont(assets.path("fonts", _FILES[Style.REGULAR]))
        assert font["hmtx"].metrics and font.getBestCmap()

    assert min(seconds(ours) for _ in range(5)) < min(seconds(theirs) for _ in range(5))


def test_measuring_needs_neither_qt_nor_fonttools() -> None:
    code = (
        "import sys; from resnet_explorer.picture.marks import width; assert width('x', 12) > 0; "
        "print(*{name.split('.')[0] for name in sys.modules} & {'PySide6', 'fontTools', 'torch'})"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "\n"
