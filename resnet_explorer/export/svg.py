"""Marks to SVG: real text, a ``<g>`` with id, class and title for each thing, no raster, no CSS.

Presentation attributes, a viewBox, at most two decimals and explicit arrow heads: what every program draws alike.
"""

from html import escape
from typing import assert_never

from resnet_explorer.drawing.arrows import DASHES, head, shaft
from resnet_explorer.drawing.marks import Anchor, Area, Arrow, Box, Dash, Group, Ink, Label, Mark, Picture, address
from resnet_explorer.drawing.text import Style
from resnet_explorer.drawing.theme import Theme
from resnet_explorer.export.outlines import Outlines

FONTS = "Inter, 'Helvetica Neue', Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif"
SHARP = 8
"""Lines of more points are curves; where they turn back, a mitre would stand out as a spike."""


def to_svg(picture: Picture, theme: Theme, outlines: bool = False) -> str:
    """Return the text of an SVG file that shows the picture; text as outlines where asked, else editable."""
    writer = _Writer(theme, Outlines() if outlines else None)
    writer.marks(picture.marks, "", "")
    size = f'width="{_n(picture.width)}" height="{_n(picture.height)}"'
    links = ' xmlns:xlink="http://www.w3.org/1999/xlink"' if outlines else ""
    start = (
        f'<svg xmlns="http://www.w3.org/2000/svg"{links} {size} viewBox="0 0 {_n(picture.width)} {_n(picture.height)}"'
        f' font-family="{FONTS}" role="img">'
    )
    words = f"<title>{escape(picture.title)}</title><desc>{escape(picture.description)}</desc>"
    defs = writer.outlines.defs() if writer.outlines else ""
    page = f'<rect width="100%" height="100%" fill="{theme.colours[Ink.PAGE]}"/>'
    return "\n".join(['<?xml version="1.0" encoding="UTF-8"?>', start, words, defs, page, *writer.lines, "</svg>", ""])


def _n(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".") if value % 1 else str(int(value))


class _Writer:
    """Collects the lines of one file."""

    def __init__(self, theme: Theme, outlines: Outlines | None) -> None:
        self.lines: list[str] = []
        self.outlines = outlines
        self._colours = theme.colours
        self._weight = theme.line_weight

    def marks(self, marks: tuple[Mark, ...], parent: str, side: str) -> None:
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
        path, side = address(parent, group), group.side or side
        name = f"{side}{path or group.kind}{group.suffix}"
        title = f"{path}: {group.title}" if path else group.title
        self.lines.append(
            f'<g id="{escape(name)}" class="{group.kind}" transform="translate({_n(group.x)} {_n(group.y)})">'
            f"<title>{escape(title)}</title>"
        )
        self.marks(group.marks, path, side)
        self.lines.append("</g>")

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
        dashes = f' stroke-dasharray="{" ".join(map(_n, DASHES[dash]))}"' if dash in DASHES else ""
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
        self.lines.append(
            f'<text {place} font-size="{_n(label.size)}" fill="{fill}"{anchor}{style}>'
            f"{escape(label.text, quote=False)}</text>"
        )

    def _arrow(self, arrow: Arrow) -> None:
        first, *rest = [f"{_n(x)} {_n(y)}" for x, y in shaft(arrow)]
        line = f"M{first}{'C' if arrow.curved else 'L'}{' '.join(rest)}"
        stroke = self._stroke(arrow.ink, arrow.thickness, arrow.dash)
        stroke += f' stroke-opacity="{_n(arrow.opacity)}"' if arrow.opacity < 1 else ""
        stroke += ' stroke-linejoin="round"' if len(rest) >= SHARP and not arrow.curved else ""
        self.lines.append(f'<path d="{line}" fill="none"{stroke}/>')
        if arrow.head:
            corners = "L".join(f"{_n(x)} {_n(y)}" for x, y in head(arrow))
            self.lines.append(f'<path d="M{corners}Z" fill="{self._colours[arrow.ink]}"/>')

    def _area(self, area: Area) -> None:
        corners = "L".join(f"{_n(x)} {_n(y)}" for x, y in area.points)
        opacity = f' fill-opacity="{_n(area.opacity)}"' if area.opacity < 1 else ""
        stroke = self._stroke(area.line, area.thickness, Dash.SOLID) if area.line else ""
        self.lines.append(f'<path d="M{corners}Z" fill="{self._colours[area.fill]}"{opacity}{stroke}/>')
