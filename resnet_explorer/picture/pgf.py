"""Marks to PGF: a picture that LaTeX draws itself, in the document's fonts, with the packages pgf and xcolor alone.

Coordinates are those of the picture, in px from its upper left corner, as in its SVG: two vectors scale and turn them.
"""

from typing import assert_never

from resnet_explorer import __version__
from resnet_explorer.errors import ExportError
from resnet_explorer.picture import marks
from resnet_explorer.picture.latex import to_latex
from resnet_explorer.picture.marks import Anchor, Area, Arrow, Box, Dash, Group, Ink, Label, Mark, Picture, Point, Style
from resnet_explorer.picture.svg import SHARP
from resnet_explorer.picture.theme import Theme

POINTS_PER_PX = 0.75
"""Big points (72 to an inch) of a px (96 to an inch)."""
MOST = 16_000
"""TeX's lengths end at 16,383 pt."""
SET_AT = 10 * 72 / 72.27
"""In big points: text is set at 10 pt and scaled, so that fonts with few sizes keep its proportions."""
_ROUND = 0.5523
"""How far the handles of a Bézier stand from the ends of a quarter circle of radius 1."""
_STYLES = {Style.REGULAR: "", Style.ITALIC: r"\itshape ", Style.SEMIBOLD: r"\bfseries "}
_SIDES = {Anchor.START: "left,", Anchor.MIDDLE: "", Anchor.END: "right,"}

_START = r"""% {title}
{about}% Written by ResNet Explorer {version}. In the preamble: \usepackage{{pgf}}; where the picture stands:
%     \input{{FILE.pgf}}    or, as wide as the text:    \resizebox{{\linewidth}}{{!}}{{\input{{FILE.pgf}}}}
\begingroup%
{colours}
\begin{{pgfpicture}}%
\pgfsetxvec{{\pgfpoint{{{unit}bp}}{{0bp}}}}%
\pgfsetyvec{{\pgfpoint{{0bp}}{{-{unit}bp}}}}%
\def\rxmove#1#2{{\pgfpathmoveto{{\pgfpointxy{{#1}}{{#2}}}}}}%
\def\rxline#1#2{{\pgfpathlineto{{\pgfpointxy{{#1}}{{#2}}}}}}%
\def\rxcurve#1#2#3#4#5#6{{\pgfpathcurveto{{\pgfpointxy{{#1}}{{#2}}}}{{\pgfpointxy{{#3}}{{#4}}}}{{\pgfpointxy{{#5}}{{#6}}}}}}%
\def\rxpen#1#2#3{{\pgfsetstrokecolor{{rx-#1}}\pgfsetlinewidth{{#2bp}}\pgfsetdash{{#3}}{{0bp}}}}%
\def\rxtext#1#2#3#4#5#6{{\begin{{pgfscope}}\pgftransformshift{{\pgfpointxy{{#2}}{{#3}}}}\pgftransformscale{{#4}}%
\pgftext[base,#1]{{\fontsize{{10}}{{12}}\selectfont\color{{rx-#5}}#6}}\end{{pgfscope}}}}%
\pgfpathrectanglecorners{{\pgfpointxy{{0}}{{0}}}}{{\pgfpointxy{{{width}}}{{{height}}}}}%
\pgfusepath{{use as bounding box}}%
"""


def to_pgf(picture: Picture, theme: Theme, scale: float = 1.0) -> str:
    r"""Return the text of a file that a LaTeX document draws by ``\input``; fonts are those of the document.

    ``scale`` is the size in px of what is drawn to that of the picture, 96 px to an inch. Raises ExportError where the
    picture is larger than TeX's longest length.
    """
    if max(picture.width, picture.height) * max(scale, 1.0) > MOST:
        size = f"{picture.width * scale:,.0f} × {picture.height * scale:,.0f} of {MOST:,} px"
        remedy = "Fold its stages, close blocks, or choose a page such as a slide."
        raise ExportError("pgf", f"The picture is too large for TeX: {size}.", remedy)
    writer = Writer(theme, scale)
    writer.marks((Box(0, 0, picture.width, picture.height, Ink.PAGE), *picture.marks))
    colours = "\n".join(
        rf"\definecolor{{rx-{ink}}}{{HTML}}{{{theme.colours[ink][1:].upper()}}}%" for ink in sorted(writer.inks)
    )
    start = _START.format(
        title=_comment(picture.title),
        about=f"% {_comment(picture.description)}\n" if picture.description else "",
        version=__version__,
        colours=colours,
        unit=_n(POINTS_PER_PX * scale, 5),
        width=_n(picture.width),
        height=_n(picture.height),
    )
    lines = (start.rstrip("\n"), *(f"{line}%" for line in writer.lines), r"\end{pgfpicture}%", r"\endgroup", "")
    return "\n".join(lines)


def _comment(text: str) -> str:
    return " ".join(text.split())


def _n(value: float, digits: int = 2) -> str:
    return f"{value:.{digits}f}".rstrip("0").rstrip(".") if value % 1 else str(int(value))


class Writer:
    """Collects the commands that draw marks: one line each, and the inks that they use."""

    def __init__(self, theme: Theme, scale: float = 1.0) -> None:
        self.lines: list[str] = []
        self.inks: set[Ink] = set()
        self._weight, self._unit = theme.line_weight, POINTS_PER_PX * scale

    def marks(self, drawn: tuple[Mark, ...]) -> None:
        """Add marks."""
        for mark in drawn:
            match mark:
                case Group():
                    self._group(mark)
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

    def _group(self, group: Group) -> None:
        self.lines.append(rf"\begin{{pgfscope}}\pgftransformshift{{\pgfpointxy{{{_n(group.x)}}}{{{_n(group.y)}}}}}")
        self.marks(group.marks)
        self.lines.append(r"\end{pgfscope}")

    def _ink(self, ink: Ink) -> str:
        self.inks.add(ink)
        return str(ink)

    def _fill(self, ink: Ink) -> str:
        return rf"\pgfsetfillcolor{{rx-{self._ink(ink)}}}"

    def _pen(self, ink: Ink, thickness: float, dash: Dash) -> str:
        wide = _n(thickness * self._weight * self._unit)
        dashes = "".join(f"{{{_n(length * self._unit)}bp}}" for length in marks.DASHES.get(dash, ()))
        return rf"\rxpen{{{self._ink(ink)}}}{{{wide}}}{{{dashes}}}"

    def _box(self, box: Box) -> None:
        if box.fill is None and box.line is None:
            return
        set_up = self._fill(box.fill) if box.fill else ""
        set_up += self._pen(box.line, box.thickness, box.dash) if box.line else ""
        use = ",".join(["fill"] * (box.fill is not None) + ["stroke"] * (box.line is not None))
        self.lines.append(rf"{set_up}{_outline(box)}\pgfusepath{{{use}}}")

    def _label(self, label: Label) -> None:
        if not label.text:
            return
        sides = _SIDES[label.anchor] + ("rotate=90" if label.turned else "")
        size = _n(label.size * self._unit / SET_AT, 4)
        at = f"{{{_n(label.x)}}}{{{_n(label.y)}}}{{{size}}}{{{self._ink(label.ink)}}}"
        text = f"{_STYLES[label.style]}{to_latex(label.text)}"
        self.lines.append(rf"\rxtext{{{sides}}}{at}{{{text}}}")

    def _arrow(self, arrow: Arrow) -> None:
        points = marks.shaft(arrow)
        line = _curves(points) if arrow.curved else _lines(points)
        pen = self._pen(arrow.ink, arrow.thickness, arrow.dash)
        pen += rf"\pgfsetstrokeopacity{{{_n(arrow.opacity)}}}" if arrow.opacity < 1 else ""
        pen += r"\pgfsetroundjoin" if len(points) > SHARP and not arrow.curved else ""
        self.lines.append(_scoped(rf"{pen}{line}\pgfusepath{{stroke}}"))
        if arrow.head:
            self.lines.append(rf"{self._fill(arrow.ink)}{_lines(marks.head(arrow))}\pgfpathclose\pgfusepath{{fill}}")

    def _area(self, area: Area) -> None:
        set_up = self._fill(area.fill)
        set_up += rf"\pgfsetfillopacity{{{_n(area.opacity)}}}" if area.opacity < 1 else ""
        set_up += self._pen(area.line, area.thickness, Dash.SOLID) if area.line else ""
        use = "fill,stroke" if area.line else "fill"
        self.lines.append(_scoped(rf"{set_up}{_lines(area.points)}\pgfpathclose\pgfusepath{{{use}}}"))


def _scoped(commands: str) -> str:
    """Return commands that leave opacity and joins to what comes after as they were, where they set them."""
    sets = "opacity" in commands or "roundjoin" in commands
    return rf"\begin{{pgfscope}}{commands}\end{{pgfscope}}" if sets else commands


def _at(command: str, *points: Point) -> str:
    return rf"\rx{command}" + "".join(f"{{{_n(x)}}}{{{_n(y)}}}" for x, y in points)


def _lines(points: tuple[Point, ...]) -> str:
    return _at("move", points[0]) + "".join(_at("line", point) for point in points[1:])


def _curves(points: tuple[Point, ...]) -> str:
    return _at("move", points[0]) + "".join(_at("curve", *points[n : n + 3]) for n in range(1, len(points), 3))


def _outline(box: Box) -> str:
    """Return the rectangle, its corners quarter circles where it is rounded."""
    x, y, right, low = box.x, box.y, box.x + box.width, box.y + box.height
    across, down = min(box.radius, box.width / 2), min(box.radius, box.height / 2)
    if not across or not down:
        return _lines(((x, y), (right, y), (right, low), (x, low))) + r"\pgfpathclose"
    corners = (  # each: where it begins, the corner, where it ends
        ((right - across, y), (right, y), (right, y + down)),
        ((right, low - down), (right, low), (right - across, low)),
        ((x + across, low), (x, low), (x, low - down)),
        ((x, y + down), (x, y), (x + across, y)),
    )
    path = _at("move", (x + across, y))
    for first, corner, last in corners:
        path += _at("line", first) + _at("curve", _towards(first, corner), _towards(last, corner), last)
    return path + r"\pgfpathclose"


def _towards(start: Point, corner: Point) -> Point:
    return start[0] + _ROUND * (corner[0] - start[0]), start[1] + _ROUND * (corner[1] - start[1])
