"""Make resources/fonts from a folder with Inter's static OpenType files (Debian's package fonts-inter).

    pip install fonttools && python packaging/make_fonts.py /usr/share/fonts/opentype/inter

Made from 4.0~beta7. Keeps the characters that the app may write, turns the outlines into TrueType ones, and
stores how wide each character is, so that text can be measured without Qt. Of the layout features only `tnum`
stays; kerning goes, so that a line is exactly as wide as the sum of its characters.

The licence (resources/licences/Inter-OFL.txt) reserves no font name: the modified fonts stay Inter.
"""

import json
import sys
from pathlib import Path
from typing import Any

from fontTools.pens.cu2quPen import Cu2QuPen  # type: ignore[import-untyped, unused-ignore]
from fontTools.pens.ttGlyphPen import TTGlyphPen  # type: ignore[import-untyped, unused-ignore]
from fontTools.subset import Options, Subsetter  # type: ignore[import-untyped, unused-ignore]
from fontTools.ttLib import TTFont, newTable  # type: ignore[import-untyped, unused-ignore]

TARGET = Path(__file__).parents[1] / "resources" / "fonts"
STYLES = {"regular": "Inter-Regular", "italic": "Inter-Italic", "semibold": "Inter-SemiBold"}
RANGES = (
    (0x20, 0x7E),
    (0xA0, 0x17F),  # Latin-1 and Latin Extended-A
    (0x391, 0x3C9),  # Greek
    (0x1D62, 0x1D6A),  # subscript letters
    (0x2010, 0x2027),
    (0x202F, 0x203A),
    (0x2070, 0x209C),  # superscripts and subscripts
    (0x20AC, 0x20AC),
    (0x2C7C, 0x2C7C),  # subscript j
    (0x2190, 0x21FF),  # arrows
    (0x2200, 0x22FF),  # mathematics
    (0x2300, 0x23FF),
    (0x25A0, 0x25FF),  # shapes
    (0x2600, 0x27BF),
)
TOLERANCE = 1.0
"""In font units, of 2,816 to the em: how far a quadratic outline may be from the cubic one."""

LIMITS = (
    *("maxPoints", "maxContours", "maxCompositePoints", "maxCompositeContours", "maxTwilightPoints"),
    *("maxStorage", "maxFunctionDefs", "maxInstructionDefs", "maxStackElements", "maxSizeOfInstructions"),
    *("maxComponentElements", "maxComponentDepth"),
)
"""Fields of maxp that TrueType outlines need; fontTools fills in those of the outlines on saving."""


def main(source: Path) -> None:
    """Write the subset fonts and their metrics."""
    TARGET.mkdir(parents=True, exist_ok=True)
    metrics = {style: _make(source / f"{name}.otf", TARGET / f"{name}.ttf") for style, name in STYLES.items()}
    text = json.dumps(metrics, separators=(",", ":"), ensure_ascii=False)
    (TARGET / "metrics.json").write_text(text + "\n", encoding="utf-8")


def _make(source: Path, target: Path) -> dict[str, object]:
    font = TTFont(source, recalcTimestamp=False)
    _subset(font)
    _to_truetype(font)
    font.save(target)
    return {
        "units_per_em": font["head"].unitsPerEm,
        "advances": {chr(code): font["hmtx"][name][0] for code, name in sorted(font.getBestCmap().items())},
    }


def _subset(font: Any) -> None:
    options = Options(
        layout_features=["tnum"],  # digits of one width, for columns of numbers
        hinting=False,
        notdef_outline=True,
        name_IDs=[*range(8), 13, 14, 16, 17],  # 0 is the copyright, 7 the trademark, 13 the licence
    )
    options.drop_tables.extend(["GDEF", "GPOS", "GSUB"])
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=[code for start, end in RANGES for code in range(start, end + 1)])
    subsetter.subset(font)


def _to_truetype(font: Any) -> None:
    """Replace the font's cubic outlines (CFF) by quadratic ones (glyf)."""
    order, glyphs = font.getGlyphOrder(), font.getGlyphSet()
    table = newTable("glyf")
    table.glyphOrder, table.glyphs = order, {}
    for name in order:
        pen = TTGlyphPen(None)
        glyphs[name].draw(Cu2QuPen(pen, TOLERANCE, reverse_direction=True))
        table.glyphs[name] = pen.glyph(dropImpliedOnCurves=True)
    font["loca"], font["glyf"] = newTable("loca"), table
    del font["CFF "]
    for name in order:  # TrueType wants the true left edge in hmtx
        advance = font["hmtx"][name][0]
        table.glyphs[name].recalcBounds(table)
        font["hmtx"][name] = (advance, getattr(table.glyphs[name], "xMin", 0))
    font["maxp"].tableVersion = 0x00010000
    for limit in LIMITS:
        setattr(font["maxp"], limit, 0)
    font["maxp"].maxZones = 1
    font["post"].formatType = 3.0
    font.sfntVersion = "\x00\x01\x00\x00"


if __name__ == "__main__":
    main(Path(sys.argv[1]))
