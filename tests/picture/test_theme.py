"""Text can be read in every theme: contrasts as WCAG 2.2 (1.4.3 and 1.4.11) asks for."""

from itertools import combinations, pairwise
from math import dist

import pytest

from resnet_explorer.picture.chart import STYLES
from resnet_explorer.picture.marks import SCALE, Ink
from resnet_explorer.picture.theme import CHROME, THEMES, Theme
from tests.cases import each

TEXT = 4.5
NEAR = 0.055
"""Colours that are less far apart in Oklab need a second cue."""
GRAPHICS = 3.0


SERIES = tuple(Ink(f"series{number}") for number in range(1, 9))
SIGHT = {
    "all cones": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "no long cones": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "no short cones": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
    "no medium cones": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.01182, 0.04294, 0.968881)),
}
"""What of linear red, green and blue is seen (Machado, Oliveira and Fernandes 2009, severity 1)."""


def linear(colour: str) -> tuple[float, float, float]:
    parts = [int(colour[index : index + 2], 16) / 255 for index in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return red, green, blue


def luminance(colour: str) -> float:
    """Relative luminance of sRGB (WCAG 2.2, glossary)."""
    red, green, blue = linear(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def perceived(colour: str, sight: str) -> tuple[float, float, float]:
    """Lightness and two hues of Oklab (Ottosson 2020), as someone with that sight sees them."""
    red, green, blue = (
        min(1.0, max(0.0, sum(f * part for f, part in zip(row, linear(colour), strict=True)))) for row in SIGHT[sight]
    )
    long = (0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue) ** (1 / 3)
    medium = (0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue) ** (1 / 3)
    short = (0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue) ** (1 / 3)
    return (
        0.2104542553 * long + 0.7936177850 * medium - 0.0040720468 * short,
        1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short,
    )


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", THEMES.values(), ids=lambda theme: theme.name)
def test_text_and_fills_can_be_read(theme: Theme) -> None:
    ink = theme.colours
    for text in (Ink.TEXT, Ink.MUTED, Ink.SHORTCUT, Ink.ACCENT):
        for ground in (ink[Ink.PAGE], ink[Ink.CARD], ink[Ink.OPEN], CHROME[theme.name][0]):
            assert contrast(ink[text], ground) >= TEXT, (text, ground)
    for fill in (Ink.CONV, Ink.NORM, Ink.POOL, Ink.LINEAR, Ink.GATE):
        assert contrast(ink[Ink.ON_DARK], ink[fill]) >= TEXT, fill
    assert contrast(ink[Ink.ON_LIGHT], ink[Ink.ACTIVATION]) >= TEXT
    assert contrast(ink[Ink.ON_SHORTCUT], ink[Ink.SHORTCUT]) >= TEXT


@pytest.mark.parametrize("theme", THEMES.values(), ids=lambda theme: theme.name)
def test_outlines_and_arcs_stand_out(theme: Theme) -> None:
    ink = theme.colours
    for line in (Ink.STEM, Ink.STAGE1, Ink.STAGE2, Ink.STAGE3, Ink.STAGE4, Ink.HEAD, Ink.SHORTCUT, Ink.GATE):
        assert contrast(ink[line], ink[Ink.CARD]) >= GRAPHICS, line


@pytest.mark.parametrize("theme", THEMES.values(), ids=lambda theme: theme.name)
def test_the_names_of_curves_can_be_read_in_their_own_colours(theme: Theme) -> None:
    ink = theme.colours
    for series in SERIES:
        for ground in (ink[Ink.PAGE], ink[Ink.CARD]):
            assert contrast(ink[series], ground) >= TEXT, (series, ground)
    assert contrast(ink[Ink.GRID], ink[Ink.PAGE]) < contrast(ink[Ink.LINE], ink[Ink.PAGE])


@each("sight", SIGHT)
@each("theme", THEMES.values())
def test_curves_can_be_told_apart_by_everyone(theme: Theme, sight: str) -> None:
    """A step of 0.02 in Oklab is just seen; residual and plain are nine times as far apart.

    Curves whose colours are near differ in their dashes too, and all of them in their markers. Without short cones
    (1 in 10,000 people) near colours are allowed.
    """
    seen = {style.ink: perceived(theme.colours[style.ink], sight) for style in STYLES}
    for one, other in combinations(STYLES, 2):
        distance = dist(seen[one.ink], seen[other.ink])
        assert one.marker != other.marker and (distance > NEAR or one.dash != other.dash), (one, other)
        assert distance > NEAR or sight == "no short cones", (one, other)
    assert dist(seen[STYLES[0].ink], seen[STYLES[1].ink]) > 0.18


@each("sight", SIGHT)
@each("theme", THEMES.values())
def test_the_colours_of_values_are_in_order_for_everyone(theme: Theme, sight: str) -> None:
    """Lightness runs one way in even steps, away from the page's."""
    light = [perceived(theme.colours[ink], sight)[0] for ink in SCALE]
    steps = [(other - one) * (1 if theme.dark else -1) for one, other in pairwise(light)]
    assert min(steps) > 0.02 and max(steps) < 2.5 * min(steps)
