"""Text as outlines: no program can pick a wrong font.

Each glyph that a file uses is stored once, each line of text once as a row of glyphs, and both are placed by
``<use>``. The ids depend on nothing but the text and its style, so several files can share a page. The
``<svg>`` element has to declare ``xmlns:xlink="http://www.w3.org/1999/xlink"``: older programs ask for it.
"""

from functools import cache
from hashlib import blake2s
from html import escape
from typing import TYPE_CHECKING

from resnet_explorer import assets
from resnet_explorer.drawing.marks import Anchor
from resnet_explorer.drawing.text import Style, width

if TYPE_CHECKING:
    from fontTools.ttLib import TTFont  # type: ignore[import-untyped, unused-ignore]

_FILES = {
    Style.REGULAR: "Inter-Regular.ttf",
    Style.ITALIC: "Inter-Italic.ttf",
    Style.SEMIBOLD: "Inter-SemiBold.ttf",
}
_EM = 1000.0
"""Outlines are stored at 1,000 px an em, so that whole numbers are fine enough."""
_SHARE = {Anchor.START: 0.0, Anchor.MIDDLE: 0.5, Anchor.END: 1.0}
_MISSING = ".notdef"


@cache
def _font(style: Style) -> "TTFont":
    from fontTools.ttLib import TTFont

    return TTFont(assets.path("fonts", _FILES[style]), lazy=True)


@cache
def _outline(character: str, style: Style) -> str:
    """Return the path data of a character at the origin; empty for a space."""
    from fontTools.pens.svgPathPen import SVGPathPen  # type: ignore[import-untyped, unused-ignore]
    from fontTools.pens.transformPen import TransformPen  # type: ignore[import-untyped, unused-ignore]

    font = _font(style)
    glyphs, scale = font.getGlyphSet(), _EM / font["head"].unitsPerEm
    pen = SVGPathPen(glyphs, ntos=lambda value: str(round(value)))
    name = font.getBestCmap().get(ord(character), _MISSING)
    glyphs[name].draw(TransformPen(pen, (scale, 0, 0, -scale, 0, 0)))
    return str(pen.getCommands())


def _glyph_id(character: str, style: Style) -> str:
    return f"glyph-{style}-{ord(character):04x}"


def _text_id(text: str, style: Style) -> str:
    return f"text-{style}-{blake2s(text.encode(), digest_size=6).hexdigest()}"


class Outlines:
    """Collects the lines of text that one file uses; equal lines and equal glyphs are stored once."""

    def __init__(self) -> None:
        self._lines: dict[tuple[str, Style], str] = {}

    def place(
        self, text: str, x: float, y: float, size: float, style: Style, anchor: Anchor, turned: bool = False
    ) -> str:
        """Return the element that draws a line of text, its anchor at (x, y), in the colour it inherits."""
        back = width(text, size, style) * _SHARE[anchor]
        x, y, turn = (x, y + back, "rotate(-90) ") if turned else (x - back, y, "")
        name = self._lines.setdefault((text, style), _text_id(text, style))
        place = f"translate({_n(x)} {_n(y)}) {turn}scale({size / _EM:.6g})"
        return f'<use xlink:href="#{name}" role="img" aria-label="{escape(text)}" transform="{place}"/>'

    def defs(self) -> str:
        """Return the outlines that ``place`` has referred to."""
        used = sorted({(character, style) for text, style in self._lines for character in text})
        outlines = ((_glyph_id(*glyph), _outline(*glyph)) for glyph in used)
        paths = (f'<path id="{name}" d="{outline}"/>' for name, outline in outlines if outline)
        lines = (_line(name, text, style) for (text, style), name in self._lines.items())
        return f"<defs>{''.join(paths)}{''.join(lines)}</defs>"


def _line(name: str, text: str, style: Style) -> str:
    uses, x = [], 0.0
    for character in text:
        if _outline(character, style):
            place = f' x="{round(x)}"' if x else ""
            uses.append(f'<use xlink:href="#{_glyph_id(character, style)}"{place}/>')
        x += width(character, _EM, style)
    return f'<g id="{name}">{"".join(uses)}</g>'


def _n(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
