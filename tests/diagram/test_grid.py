"""The overview uses the room that there is, and stays readable in it."""

from itertools import combinations

import pytest
from PySide6.QtCore import QRectF

from resnet_explorer.diagram.diagram import diagram
from resnet_explorer.diagram.grid import READABLE
from resnet_explorer.diagram.view import View
from resnet_explorer.network import compile_spec
from resnet_explorer.picture.marks import Group, Label, Mark, width
from resnet_explorer.picture.page import largest_zoom
from resnet_explorer.readings import analyse
from resnet_explorer.spec import InputShape
from resnet_explorer.spec.catalogue import CATALOGUE, find
from tests.cases import each

LAPTOP, DESK = (920.0, 646.0), (1276.0, 927.0)
LARGE_DESK = (3196.0, 1737.0)
"""The room that the window leaves at 1280×800, at 1920×1080 and at 3840×2160."""


def zoom(name: str, room: tuple[float, float], view: View | None = None) -> float:
    side = CATALOGUE[name].size
    drawn = diagram(analyse(compile_spec(find(name)), InputShape(1, side, side)), view or View(), room)
    return min(largest_zoom(*room), room[0] / drawn.width, room[1] / drawn.height)


@each("name", CATALOGUE)
def test_captions_of_every_network_can_be_read_on_a_laptop(name: str) -> None:
    assert zoom(name, LAPTOP) >= READABLE


@pytest.mark.parametrize("name", ["resnet18", "resnet34", "resnet50", "resnet101", "resnet56"])
def test_a_desk_shows_networks_larger(name: str) -> None:
    assert zoom(name, DESK) >= 1.35
    assert zoom(name, LARGE_DESK) >= 2.0


@pytest.mark.parametrize("name", ["resnet18", "resnet50", "resnet152", "resnet20"])
def test_both_twins_are_in_sight_with_readable_names(name: str) -> None:
    assert zoom(name, LAPTOP, View(compare=True)) >= 0.7


def overlaps(marks: tuple[Mark, ...]) -> bool:
    cards = [mark for mark in marks if isinstance(mark, Group) and mark.kind in ("block", "stage")]
    places = [QRectF(card.x, card.y, card.width, card.height) for card in cards]
    return any(one.intersects(two) for one, two in combinations(places, 2))


@pytest.mark.parametrize("room", [(300.0, 900.0), (700.0, 700.0), (2000.0, 300.0)])
def test_cards_in_lines_do_not_overlap_and_hold_their_titles(room: tuple[float, float]) -> None:
    drawn = diagram(analyse(compile_spec(find("resnet50")), InputShape()), View(), room)
    whole = next(mark for mark in drawn.marks if isinstance(mark, Group))
    overview = next(mark for mark in whole.marks if isinstance(mark, Group))
    assert not overlaps(overview.marks)
    for stage in (mark for mark in overview.marks if isinstance(mark, Group) and mark.kind == "stage"):
        titles = [mark for mark in stage.marks if isinstance(mark, Label) and mark.y == 20]
        assert sum(width(title.text, title.size, title.style) for title in titles) <= stage.width - 24
