"""A theme for the back row: all text has a contrast of at least 7 to 1 (WCAG 2.2, AAA) with what it stands on."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache

from resnet_explorer.picture.marks import SCALE, Ink
from resnet_explorer.picture.theme import Theme

ENOUGH = 7.0
_GROUNDS = (Ink.PAGE, Ink.CARD, Ink.OPEN)
_FILLS = (Ink.CONV, Ink.NORM, Ink.POOL, Ink.LINEAR, Ink.GATE)
"""What has light text on it (ON_DARK), and what is text in the same colour."""
_TEXTS = (
    Ink.TEXT, Ink.MUTED, Ink.ACCENT, Ink.SHORTCUT, Ink.CHANGED, Ink.GONE, Ink.STEM, Ink.HEAD,
    *(Ink(f"series{number}") for number in range(1, 9)), *_FILLS,
)  # fmt: skip

LAST_PALE, FIRST_DEEP = 5, 9
"""Text has a contrast of 4.5 on colours of the scale up to the first index; from the second on in the page's colour."""
WASH = 0.3
"""The opacity of the plate under text on the colours between."""


def text_inks(ink: Ink) -> tuple[Ink, Ink]:
    """Return the inks of the text on a colour of the scale, and of the plate under it."""
    return (Ink.TEXT, Ink.PAGE) if SCALE.index(ink) < len(SCALE) // 2 else (Ink.PAGE, Ink.TEXT)


@cache
def luminance(colour: str) -> float:
    """Return the relative luminance of a colour (``#rrggbb``), from 0 to 1."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(colour: str, other: str) -> float:
    """Return the contrast of two colours, from 1 to 21."""
    low, high = sorted((luminance(colour), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def mixed(colour: str, other: str, part: float) -> str:
    """Return a colour with a part of another one in it, from 0 to 1, mixed as a screen mixes what is translucent."""
    pairs = [(int(colour[place : place + 2], 16), int(other[place : place + 2], 16)) for place in (1, 3, 5)]
    return "#" + "".join(f"{round(a + (b - a) * part):02x}" for a, b in pairs)


def _away(colour: str, grounds: Iterable[str], towards: str) -> str:
    """Return a colour, mixed with black or white as little as it takes to stand out from all grounds."""
    known = tuple(grounds)
    steps = (mixed(colour, towards, step / 50) for step in range(51))
    return next((mixed for mixed in steps if min(contrast(mixed, ground) for ground in known) >= ENOUGH), towards)


def _text_contrast(colours: Mapping[Ink, str], step: int, colour: str) -> float:
    """Return the contrast of text where a step of the scale has a colour: on its plate, without one where it can be."""
    text, plate = (colours[ink] for ink in text_inks(SCALE[step]))
    is_plain = step <= LAST_PALE or step >= FIRST_DEEP
    return contrast(text, colour if is_plain else mixed(colour, plate, WASH))


def _scale(colours: Mapping[Ink, str]) -> dict[Ink, str]:
    """Return the colours of the scale, each half drawn to its end until text can be read on all of its steps."""
    half, last = len(SCALE) // 2, len(SCALE) - 1

    def at(place: float) -> str:
        below = min(int(place), last - 1)
        return mixed(colours[SCALE[below]], colours[SCALE[below + 1]], place - below)

    made: dict[Ink, str] = {}
    for end, steps in ((0, range(half)), (last, range(half, last + 1))):
        tries = ({step: at(end + (step - end) * part / 50) for step in steps} for part in range(50, 0, -1))
        readable = (shown for shown in tries if all(_text_contrast(colours, *item) >= ENOUGH for item in shown.items()))
        made |= {SCALE[step]: colour for step, colour in next(readable).items()}
    return made


def for_stage(theme: Theme) -> Theme:
    """Return a theme whose words can be read from far: its colours, darker on a light page, lighter on a dark one."""
    colours = dict(theme.colours)
    towards = "#ffffff" if theme.dark else "#000000"
    grounds = [colours[ink] for ink in _GROUNDS]
    for ink in _TEXTS:
        colours[ink] = _away(colours[ink], grounds, towards)
    on = grounds[0] if theme.dark else "#ffffff"
    colours[Ink.ON_DARK] = colours[Ink.ON_SHORTCUT] = on
    colours[Ink.ACTIVATION] = _away(colours[Ink.ACTIVATION], [colours[Ink.ON_LIGHT]], "#ffffff")
    colours |= _scale(colours)
    colours[Ink.GRID] = mixed(colours[Ink.GRID], colours[Ink.TEXT], 0.08)
    return replace(theme, colours=colours, line_weight=max(1.25, theme.line_weight))


def band(theme: Theme) -> Theme:
    """Return the colours of the band under a slide: light words on a dark ground."""
    ground = "#22384f" if theme.dark else "#0d2b4a"
    colours = dict(theme.colours)
    light = {Ink.TEXT: "#ffffff", Ink.MUTED: "#c9d8e8", Ink.LINE: "#8fa9c4", Ink.ACCENT: "#ffd166"}
    colours |= dict.fromkeys(_GROUNDS, ground) | light
    return replace(theme, colours=colours)
