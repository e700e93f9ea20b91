"""Marks to SVG: real text, a ``<g>`` with id, class and title for each thing, no raster, no CSS.

Presentation attributes, a viewBox, at most two decimals and explicit arrow heads: what every program draws alike.
"""

from collections.abc import Iterable
from functools import cache
from hashlib import blake2s
from html import escape
from typing import TYPE_CHECKING, assert_never

from resnet_explorer import assets
from resnet_explorer.picture import marks
from resnet_explorer.picture.marks import Anchor, Area, Arrow, Box, Dash, Group, Ink, Label, Mark, Picture, Style
from resnet_explorer.picture.theme import Theme

if TYPE_CHECKING:
    from fontTools.ttLib import TTFont


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


class Outlines:
    """Collects the lines of text that one file uses; equal lines and equal glyphs are stored once."""

    def __init__(self) -> None:
        self._lines: dict[tuple[str, Style], str] = {}

    def place(
        self, text: str, x: float, y: float, size: float, style: Style, anchor: Anchor, turned: bool = False
    ) -> str:
        """Return the element that draws a line of text, its anchor at (x, y), in the colour it inherits."""
        back = marks.width(text, size, style) * _SHARE[anchor]
        x, y, turn = (x, y + back, "rotate(-90) ") if turned else (x - back, y, "")
        digest = blake2s(text.encode(), digest_size=6).hexdigest()
        name = self._lines.setdefault((text, style), f"text-{style}-{digest}")
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
        x += marks.width(character, _EM, style)
    return f'<g id="{name}">{"".join(uses)}</g>'


FONTS = "Inter, 'Helvetica Neue', Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif"
SHARP = 8
"""Lines of more points are curves; where they turn back, a mitre would stand out as a spike."""


def to_svg(picture: Picture, theme: Theme, outlines: bool = False, scale: float = 1.0) -> str:
    """Return the text of an SVG file that shows the picture; text as outlines where asked, else editable.

    ``scale`` is the size of the file in px to that of the picture.
    """
    writer = Writer(theme, Outlines() if outlines else None)
    writer.marks(picture.marks, "", "")
    size = f'width="{_n(picture.width * scale)}" height="{_n(picture.height * scale)}"'
    links = ' xmlns:xlink="http://www.w3.org/1999/xlink"' if outlines else ""
    start = (
        f'<svg xmlns="http://www.w3.org/2000/svg"{links} {size} viewBox="0 0 {_n(picture.width)} {_n(picture.height)}"'
        f' font-family="{FONTS}" role="img">'
    )
    text = f"<title>{escape(picture.title)}</title><desc>{escape(picture.description)}</desc>"
    defs = writer.outlines.defs() if writer.outlines else ""
    page = f'<rect width="100%" height="100%" fill="{theme.colours[Ink.PAGE]}"/>'
    return "\n".join(['<?xml version="1.0" encoding="UTF-8"?>', start, text, defs, page, *writer.lines, "</svg>", ""])


def elements(drawn: Iterable[Mark], theme: Theme) -> list[str]:
    """Return the SVG elements that show some marks, for a file that is made of more than a picture."""
    writer = Writer(theme, None)
    writer.marks(tuple(drawn), "", "")
    return writer.lines


def _n(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".") if value % 1 else str(int(value))


def place(group: Group) -> str:
    """Return the attribute that puts a group in its place."""
    return f'transform="translate({_n(group.x)} {_n(group.y)})"'


class Writer:
    """Collects the elements that draw marks in the colours of a theme: one line each."""

    def __init__(self, theme: Theme, outlines: Outlines | None) -> None:
        self.lines: list[str] = []
        self.outlines = outlines
        self._colours = theme.colours
        self._weight = theme.line_weight

    def marks(self, marks: tuple[Mark, ...], parent: str, side: str) -> None:
        """Add marks; the paths of their groups may continue ``parent``'s."""
        for mark in marks:
            match mark:
                case Group():
                    self._group(mark, parent, side)
                case Box():
                    self._box(mark)
                case Label():
                    self._label(mark)
                case Arrow():
                    self._arrow(mark)
                case Area():
                    self._area(mark)
                case _:
                    assert_never(mark)

    def _group(self, group: Group, parent: str, side: str) -> None:
        path, side = marks.address(parent, group), group.side or side
        self.lines.append(self.opening(group, path, side))
        self.marks(group.marks, path, side)
        self.lines.append("</g>")

    def opening(self, group: Group, path: str, side: str) -> str:
        """Return how the element of a group begins: in a file with its id, its kind and its title."""
        name = escape(f"{side}{path or group.kind}{group.suffix}")
        title = escape(f"{path}: {group.title}" if path else group.title)
        return f'<g id="{name}" class="{group.kind}" {place(group)}><title>{title}</title>'

    def _box(self, box: Box) -> None:
        if box.fill is None and box.line is None:
            return
        fill = self._colours[box.fill] if box.fill else "none"
        radius = f' rx="{_n(box.radius)}"' if box.radius else ""
        stroke = self._stroke(box.line, box.thickness, box.dash) if box.line else ""
        self.lines.append(
            f'<rect x="{_n(box.x)}" y="{_n(box.y)}" width="{_n(box.width)}" height="{_n(box.height)}"{radius}'
            f' fill="{fill}"{stroke}/>'
        )

    def _stroke(self, ink: Ink, thickness: float, dash: Dash) -> str:
        dashes = f' stroke-dasharray="{" ".join(map(_n, marks.DASHES[dash]))}"' if dash in marks.DASHES else ""
        return f' stroke="{self._colours[ink]}" stroke-width="{_n(thickness * self._weight)}"{dashes}'

    def _label(self, label: Label) -> None:
        fill = self._colours[label.ink]
        if self.outlines:
            at = (label.x, label.y, label.size, label.style, label.anchor, label.turned)
            placed = self.outlines.place(label.text, *at)
            self.lines.append(placed.replace("<use ", f'<use fill="{fill}" ', 1))
            return
        anchor = f' text-anchor="{label.anchor}"' if label.anchor is not Anchor.START else ""
        style = {Style.SEMIBOLD: ' font-weight="600"', Style.ITALIC: ' font-style="italic"'}.get(label.style, "")
        turn = f' transform="rotate(-90 {_n(label.x)} {_n(label.y)})"' if label.turned else ""
        place = f'x="{_n(label.x)}" y="{_n(label.y)}"{turn}'
        length = f' textLength="{_n(marks.width(label.text, label.size, label.style))}" lengthAdjust="spacingAndGlyphs"'
        self.lines.append(
            f'<text {place} font-size="{_n(label.size)}" fill="{fill}"{anchor}{style}{length if label.text else ""}>'
            f"{escape(label.text, quote=False)}</text>"
        )

    def _arrow(self, arrow: Arrow) -> None:
        first, *rest = [f"{_n(x)} {_n(y)}" for x, y in marks.shaft(arrow)]
        line = f"M{first}{'C' if arrow.curved else 'L'}{' '.join(rest)}"
        stroke = self._stroke(arrow.ink, arrow.thickness, arrow.dash)
        stroke += f' stroke-opacity="{_n(arrow.opacity)}"' if arrow.opacity < 1 else ""
        stroke += ' stroke-linejoin="round"' if len(rest) >= SHARP and not arrow.curved else ""
        self.lines.append(f'<path d="{line}" fill="none"{stroke}/>')
        if arrow.head:
            corners = "L".join(f"{_n(x)} {_n(y)}" for x, y in marks.head(arrow))
            self.lines.append(f'<path d="M{corners}Z" fill="{self._colours[arrow.ink]}"/>')

    def _area(self, area: Area) -> None:
        corners = "L".join(f"{_n(x)} {_n(y)}" for x, y in area.points)
        opacity = f' fill-opacity="{_n(area.opacity)}"' if area.opacity < 1 else ""
        stroke = self._stroke(area.line, area.thickness, Dash.SOLID) if area.line else ""
        self.lines.append(f'<path d="M{corners}Z" fill="{self._colours[area.fill]}"{opacity}{stroke}/>')
