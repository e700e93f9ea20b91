"""No picture tells things apart by colour alone: where anyone sees two colours as one, something else differs."""

from collections.abc import Iterator
from itertools import combinations
from math import dist

import pytest

from resnet_explorer.diagram.view import View
from resnet_explorer.picture.marks import Arrow, Box, Dash, Group, Ink, Label, Mark
from resnet_explorer.picture.theme import THEMES
from tests.picture.test_svg import picture
from tests.picture.test_theme import NEAR, SIGHT, perceived

LAYERS = (Ink.CONV, Ink.NORM, Ink.ACTIVATION, Ink.POOL, Ink.LINEAR, Ink.GATE)
PARTS = (Ink.STEM, Ink.STAGE1, Ink.STAGE2, Ink.STAGE3, Ink.STAGE4, Ink.HEAD)
ARCS = (Ink.SHORTCUT, Ink.GONE)
PICTURES = {
    "resnet50": View(frozenset({"stem", "layer1.0", "layer2.0", "head"})),
    "cbam_resnet50": View(frozenset({"layer2.0"})),
    "resnet110_exclusive_gate": View(frozenset({"layer2.0"})),
    "resnet18": View(compare=True),
}


def nearest(inks: tuple[Ink, ...]) -> tuple[float, str]:
    """Return how far apart in Oklab the two nearest of some inks are, for anyone in any theme, and which they are."""
    return min(
        (dist(perceived(theme.colours[one], sight), perceived(theme.colours[other], sight)),
         f"{one} and {other}, {sight}, {theme.name}")
        for one, other in combinations(inks, 2) for sight in SIGHT for theme in THEMES.values()
    )  # fmt: skip


def inside(mark: Mark) -> Iterator[Mark]:
    yield mark
    for inner in mark.marks if isinstance(mark, Group) else ():
        yield from inside(inner)


@pytest.mark.parametrize("inks", [LAYERS, PARTS], ids=["layers", "parts"])
def test_what_has_a_colour_of_its_own_has_its_name_in_it(inks: tuple[Ink, ...]) -> None:
    distance, which = nearest(inks)
    print(f"{distance:.3f}: {which}")
    assert distance < NEAR, "else no name were needed"
    seen: set[Ink] = set()
    for name, view in PICTURES.items():
        for group in (mark for top in picture(name, view).marks for mark in inside(top) if isinstance(mark, Group)):
            boxes = [mark for mark in group.marks if isinstance(mark, Box)]
            own = {ink for box in boxes for ink in (box.fill, box.line) if ink in inks and box.height > 8}
            seen |= own
            assert not own or group.kind == "fold" or any(isinstance(mark, Label) for mark in inside(group)), (
                name,
                group.title,
            )
    assert seen >= set(inks) - {Ink.GATE}, "the pictures show these"


def test_arcs_differ_in_their_dashes_and_those_that_are_gone_in_a_colour_that_everyone_sees() -> None:
    dashes: dict[Ink, set[Dash]] = {ink: set() for ink in ARCS}
    for name, view in PICTURES.items():
        for mark in (mark for top in picture(name, view).marks for mark in inside(top)):
            if isinstance(mark, Arrow) and mark.ink in ARCS and mark.curved:
                dashes[mark.ink].add(mark.dash)
    assert dashes == {Ink.SHORTCUT: {Dash.SOLID, Dash.DASHED, Dash.DOTTED}, Ink.GONE: {Dash.DOTTED}}
    distance, which = nearest(ARCS)
    print(f"{distance:.3f}: {which}")
    assert distance > NEAR
