"""Colours of the scale with something written on them."""

from resnet_explorer.drawing.marks import SCALE, Ink

LAST_PALE, FIRST_DEEP = 5, 9
"""On colours up to the one, words have a contrast of 4.5 to 1; on those from the other, words in the page's colour."""


def readable(ink: Ink) -> Ink:
    """Return the nearest colour of the scale on which words can be read; other inks as they are."""
    if ink not in SCALE:
        return ink
    step = SCALE.index(ink)
    if LAST_PALE < step < FIRST_DEEP:
        step = LAST_PALE if 2 * step < LAST_PALE + FIRST_DEEP else FIRST_DEEP
    return SCALE[step]


def on(ink: Ink) -> Ink:
    """Return the ink for what is written on a colour of the scale."""
    return Ink.PAGE if ink in SCALE[(LAST_PALE + FIRST_DEEP) // 2 + 1 :] else Ink.TEXT
