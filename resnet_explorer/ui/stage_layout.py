"""Where everything is on a slide: title and facts above, the picture as large as fits, one sentence in a band below."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from resnet_explorer.picture.chart.text import ASCENT, line, wrap
from resnet_explorer.picture.marks import Anchor, Area, Arrow, Box, Ink, Label, Mark, Picture, Style, width
from resnet_explorer.ui.slide import HIGH, SMALLEST, Control, ControlKind, Slide

EDGE, TOP = 32.0, 16.0
TITLE, FACTS = (22, 20, 18, 16), (13, 12, 11)
SENTENCE, NOTE = (15, 14, 13, 12), (11, SMALLEST)
ANY = 99
"""So many lines are never reached: no text is cut, it is set smaller first and takes another line then."""


class Placed(NamedTuple):
    """A picture on the stage: its corner and its scale in px of the slide."""

    picture: Picture
    x: float
    y: float
    scale: float


class Place(NamedTuple):
    """A live control and its frame in px of the slide: left, top, width, height."""

    control: Control
    left: float
    top: float
    wide: float
    high: float


class Layout(NamedTuple):
    """The parts of a slide, from the top: ``head`` and ``band`` are as wide as the slide."""

    wide: float
    head: Placed
    body: Placed
    band: Placed
    controls: Placed
    places: tuple[Place, ...]

    @property
    def parts(self) -> tuple[Placed, ...]:
        return (self.head, self.body, self.band, self.controls)


def fitted(
    text: str, room: float, sizes: Sequence[int], most: int, style: Style = Style.REGULAR
) -> tuple[int, tuple[str, ...]]:
    """Return the largest size at which a text takes at most so many lines, and these; never cut."""
    for size in sizes:
        lines = wrap(text, room, size, ANY, style)
        if len(lines) <= most:
            return size, lines
    return sizes[-1], wrap(text, room, sizes[-1], ANY, style)


def lay_out(
    slide: Slide, controls: Sequence[Control], keys: Sequence[str], aspect: float, strip: float = 0.0
) -> Layout:
    """Return a slide composed for a screen of an aspect ratio; ``keys`` says what they do, in full and shorter.

    ``strip`` is the height of what stands between picture and band, and takes the place of the slide's sentence.
    """
    wide = HIGH * aspect
    head = _head(slide, wide)
    low = _band(replace(slide, sentence="") if strip else slide, keys, wide)
    top, bottom = head.height, HIGH - low.height
    room = wide - 2 * EDGE + 16, bottom - strip - top - 8
    picture = slide.draw(*room)
    scale = min(room[0] / picture.width, room[1] / picture.height)
    x = (wide - picture.width * scale) / 2
    y = top + (room[1] - picture.height * scale) / 2
    over, places = _controls(controls, wide, low.height)
    return Layout(
        wide,
        Placed(head, 0.0, 0.0, 1.0),
        Placed(picture, x, y, scale),
        Placed(low, 0.0, bottom, 1.0),
        Placed(over, 0.0, bottom, 1.0),
        tuple(place._replace(top=place.top + bottom) for place in places),
    )


def _head(slide: Slide, wide: float) -> Picture:
    room = wide - 2 * EDGE
    size, titles = fitted(slide.title, room, TITLE, 1, Style.SEMIBOLD)
    y = TOP
    marks: list[Mark] = []
    for text in titles:
        marks.append(Label(EDGE, y + ASCENT * size, text, size, style=Style.SEMIBOLD))
        y += line(size)
    beside = EDGE + width(titles[-1], size, Style.SEMIBOLD) + 20 if titles else EDGE
    small = next((one for one in FACTS if beside + width(slide.facts, one) <= wide - EDGE), None)
    if small:
        base = y - line(size) + ASCENT * size
        marks.append(Label(beside, base, slide.facts, small, Ink.MUTED))
    else:
        small, lines = fitted(slide.facts, room, FACTS, 1)
        for text in lines:
            marks.append(Label(EDGE, y + ASCENT * small, text, small, Ink.MUTED))
            y += line(small)
    return Picture(wide, y + 8, tuple(marks), slide.title)


LOW = 26.0
"""The height of the line of keys and note, which the live controls cover."""


def _band(slide: Slide, keys: Sequence[str], wide: float) -> Picture:
    room = wide - 2 * EDGE
    size, lines = fitted(slide.sentence, room, SENTENCE, 2, Style.SEMIBOLD)
    y = 10.0 if lines else 4.0
    marks: list[Mark] = []
    for text in lines:
        marks.append(Label(EDGE, y + ASCENT * size, text, size, style=Style.SEMIBOLD))
        y += line(size)
    note = slide.note
    fits = ((said, small) for said in keys for small in NOTE if width(said, small) + width(note, small) + 24 <= room)
    said, small = next(fits, (keys[-1], 0))
    if not small:  # the note has lines of its own
        small = SMALLEST
        for text in wrap(note, room, small, ANY):
            marks.append(Label(EDGE, y + ASCENT * small, text, small, Ink.MUTED))
            y += line(small)
        note = ""
    base = y + 15.0
    marks.append(Label(EDGE, base, said, small, Ink.MUTED))
    marks += [Label(wide - EDGE, base, note, small, Ink.MUTED, Anchor.END)] if note else []
    high = y + LOW
    ground = Box(0, 0, wide, high, Ink.PAGE)
    return Picture(wide, high, (ground, *marks), slide.sentence, slide.note)


TRACK, PAD, GAP = 150.0, 10.0, 14.0


def _controls(controls: Sequence[Control], wide: float, high: float) -> tuple[Picture, list[Place]]:
    """Return the live controls over the line of keys, and where they are."""
    y, x = high - LOW, EDGE
    marks: list[Mark] = [Box(0, y, wide, LOW, Ink.PAGE)] if controls else []
    places: list[Place] = []
    for control in controls:
        drawn, long = _control(control, x, y)
        marks += drawn
        places.append(Place(control, x, y, long, LOW))
        x += long + GAP
    return Picture(wide, high, tuple(marks), "Controls"), places


def _control(control: Control, x: float, y: float) -> tuple[list[Mark], float]:
    size = NOTE[0]
    text = width(control.text, size, Style.SEMIBOLD)
    base = y + 15.0
    if control.kind is ControlKind.PLAY:
        return [*_play(control, x, y), Label(x + 18, base, control.text, size, style=Style.SEMIBOLD)], 18 + text
    if control.kind is ControlKind.CHOICE:
        before, after = Label(x, base, "‹", size + 3), Label(x + text + 24, base, "›", size + 3)
        return [before, Label(x + 12, base, control.text, size, style=Style.SEMIBOLD), after], text + 34
    middle, at = y + 11.0, x + TRACK * min(1.0, max(0.0, control.part))
    rule = Arrow(((x, middle), (x + TRACK, middle)), Ink.LINE, 2.0, head=False)
    done = Arrow(((x, middle), (max(at, x + 0.1), middle)), Ink.ACCENT, 3.0, head=False)
    knob = Box(at - 5, middle - 5, 10, 10, Ink.ACCENT, None, 0, 5)
    return [rule, done, knob, Label(x + TRACK + PAD, base, control.text, size)], TRACK + PAD + text


def _play(control: Control, x: float, y: float) -> list[Mark]:
    if control.part:
        return [Box(x, y + 6, 3.5, 10, Ink.ACCENT), Box(x + 6.5, y + 6, 3.5, 10, Ink.ACCENT)]
    return [Area(((x, y + 5.5), (x + 10, y + 11), (x, y + 16.5)), Ink.ACCENT)]


def used(place: Place, x: float) -> float:
    """Return what a click at x means to a control: a slider's part, or the side of a choice."""
    if place.control.kind is ControlKind.SLIDER:
        return min(1.0, max(0.0, (x - place.left) / TRACK))
    return -1.0 if x < place.left + place.wide / 2 else 1.0
