"""Where everything is in a lesson's strip: title and number of the step, its text beside a formula, its question."""

from collections.abc import Callable
from typing import NamedTuple

from PySide6.QtCore import QPointF, QRectF

from resnet_explorer.picture.chart.text import ASCENT, line, wrap
from resnet_explorer.picture.marks import Anchor, Arrow, Box, Ink, Label, Mark, Picture, Style, width
from resnet_explorer.ui.slide import HIGH, SMALLEST
from resnet_explorer.ui.stage_layout import ANY, EDGE

SIZES = (14, 13, 12, 11, SMALLEST)
SHARE = 0.3
"""The text is set smaller where the strip would take more than this share of the height."""
FORMULA = 0.42
"""A formula takes at most this share of the width."""
PAD, GAP = 6.0, 8.0


class Part(NamedTuple):
    """Something to be clicked: its text, and what that does; without that it is only read."""

    text: str
    act: Callable[[], object] | None
    ink: Ink = Ink.TEXT


class Content(NamedTuple):
    """What a strip says; ``formula`` is the natural size of the step's formula, 0 × 0 for none.

    ``ways`` stand at the right of the title: back and on, and out of the lesson.
    """

    title: str
    text: str
    ways: tuple[Part, ...]
    prompt: str = ""
    parts: tuple[Part, ...] = ()
    formula: tuple[float, float] = (0.0, 0.0)
    problem: str = ""


class Laid(NamedTuple):
    """A strip in px of a slide: its picture, what can be clicked, and where the formula is."""

    picture: Picture
    places: tuple[tuple[QRectF, Part], ...]
    formula: QRectF | None

    def action_at(self, at: QPointF) -> Callable[[], object] | None:
        """Return what a click at a point does."""
        return next((part.act for place, part in self.places if place.contains(at)), None)


def lay_out(content: Content, wide: float) -> Laid:
    """Return the strip with the largest text with which it leaves the picture its share of the height."""
    laid = [_Column(content, wide, size).laid() for size in SIZES]
    return next((one for one in laid if one.picture.height <= SHARE * HIGH), laid[-1])


class _Column:
    """Puts the lines of a strip under each other, in one size of text."""

    def __init__(self, content: Content, wide: float, size: int) -> None:
        self._content, self._wide, self._size = content, wide, size
        self._marks: list[Mark] = []
        self._places: list[tuple[QRectF, Part]] = []
        self._y = PAD

    def laid(self) -> Laid:
        content = self._content
        self._head()
        formula = self._text()
        self._lines(content.prompt, style=Style.SEMIBOLD)
        self._parts()
        self._lines(content.problem, ink=Ink.ACCENT)
        ground = Box(0, 0, self._wide, self._y + 2, Ink.PAGE)
        rule = Arrow(((EDGE, self._y + 1.5), (self._wide - EDGE, self._y + 1.5)), Ink.LINE, 0.7, head=False)
        said = ". ".join(filter(None, (content.title, content.text, content.prompt, *(p.text for p in content.parts))))
        picture = Picture(self._wide, self._y + 2, (ground, rule, *self._marks), content.title, said)
        return Laid(picture, tuple(self._places), formula)

    def _head(self) -> None:
        """Set the title, and at the right the ways."""
        size, content, x = self._size + 2, self._content, self._wide - EDGE
        for part in reversed(content.ways):
            wide = width(part.text, self._size)
            self._marks.append(Label(x, self._y + ASCENT * size, part.text, self._size, part.ink, Anchor.END))
            self._places.append((QRectF(x - wide - 6, self._y - 2, wide + 12, line(size)), part))
            x -= wide + 14
        for text in wrap(content.title, x - EDGE - 8, size, ANY, Style.SEMIBOLD):
            self._marks.append(Label(EDGE, self._y + ASCENT * size, text, size, style=Style.SEMIBOLD))
            self._y += line(size)

    def _text(self) -> QRectF | None:
        """Set the text, beside the formula where there is one; return where that is."""
        natural_wide, natural_high = self._content.formula
        room, place, top = self._wide - 2 * EDGE, None, self._y
        if natural_wide:
            scale = min(self._size / 9.0, FORMULA * room / natural_wide)
            place = QRectF(self._wide - EDGE - natural_wide * scale, top, natural_wide * scale, natural_high * scale)
            room -= place.width() + 24
        for text in wrap(self._content.text, room, self._size, ANY):
            self._line(text, Ink.TEXT, Style.REGULAR)
        if place is not None:
            self._y = max(self._y, place.bottom() + 2)
        return place

    def _lines(self, text: str, ink: Ink = Ink.TEXT, style: Style = Style.REGULAR) -> None:
        for part in wrap(text, self._wide - 2 * EDGE, self._size, ANY, style):
            self._line(part, ink, style)

    def _line(self, text: str, ink: Ink, style: Style) -> None:
        self._marks.append(Label(EDGE, self._y + ASCENT * self._size, text, self._size, ink, style=style))
        self._y += line(self._size)

    def _parts(self) -> None:
        """Set what can be clicked side by side, in as many rows as that takes; long texts take several lines."""
        x, row, most = EDGE, 0.0, self._wide - 2 * EDGE
        self._y += 3.0 if self._content.parts else 0.0
        for part in self._content.parts:
            lines = wrap(part.text, most - 2 * PAD, self._size, ANY)
            wide = max(width(text, self._size) for text in lines) + 2 * PAD
            if x > EDGE and x + wide > self._wide - EDGE:
                x, self._y, row = EDGE, self._y + row + 4, 0.0
            high = len(lines) * line(self._size) + 4
            row = max(row, high)
            frame = Ink.LINE if part.ink is Ink.TEXT else None
            self._marks.append(Box(x, self._y, wide, high, None, frame, 1.0, 4.0))
            for place, text in enumerate(lines):
                base = self._y + 2 + place * line(self._size) + ASCENT * self._size
                self._marks.append(Label(x + PAD, base, text, self._size, part.ink))
            self._places.append((QRectF(x, self._y, wide, high), part))
            x += wide + GAP
        self._y += row + 4 if self._content.parts else 0.0
