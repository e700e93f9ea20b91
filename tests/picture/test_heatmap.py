"""Heat maps: every value has its colour, in cells of their own or with equal neighbours, on pages of any size."""

from itertools import pairwise
from math import nan

import pytest

from resnet_explorer.picture.chart import Axis, HeatMap, Row, Scale, colour_scale, heatmap
from resnet_explorer.picture.chart.heatmap import SINGLE, bar_height, heat_picture, level_bar, upright_bar, value_text
from resnet_explorer.picture.chart.text import sizes
from resnet_explorer.picture.marks import Group, Label, Picture, placed, width
from tests.narrow import of_kind


def norms(columns: int, rows: int = 2, key: str = "", y_title: str = "block") -> HeatMap:
    """Return values that are the same in each ten columns."""
    values = tuple(float(column // 10) for column in range(columns))
    made = tuple(Row(f"layer1.{row}", values, f"layer1.{row}") for row in range(rows))
    return HeatMap("Norms", Axis("step"), Axis("norm"), tuple(map(float, range(columns))), made, y_title, key=key)


def cells(picture: Picture) -> list[Group]:
    return [group for group, *_ in placed(picture.marks) if group.kind == "cell"]


def test_a_cell_for_each_value_or_one_for_neighbours_of_one_colour() -> None:
    few = cells(heatmap(norms(30), 900, 400))
    assert len(few) == 60 and few[0].title == "layer1.0, step 0: 0"
    rows = 1 + SINGLE // 30
    many = cells(heatmap(norms(30, rows), 900, 400))
    assert len(many) == 3 * rows and many[0].title == "layer1.0, step 0 to 9: 0"
    first_row = many[:3]
    assert all(one.x + one.width == other.x for one, other in pairwise(first_row)), "no seam between them"


def test_neighbours_of_one_colour_say_their_range() -> None:
    values = (1.0, 1.0001, 5.0) * 700
    shown = HeatMap("Norms", Axis("step"), Axis("norm"), tuple(map(float, range(3))), tuple(
        Row(f"{row}", values[:3]) for row in range(SINGLE)
    ))  # fmt: skip
    assert cells(heatmap(shown, 900, 400))[0].title == "0, step 0 to 1: 1 to 1"


def test_what_is_not_a_number_is_said() -> None:
    shown = HeatMap(
        "Norms", Axis("step"), Axis("norm", Scale.LOG), (0.0, 1.0), (Row("a", (nan, nan)), Row("b", (0.0, 1.0)))
    )
    picture = heatmap(shown, 900, 400)
    titles = [group.title for group, *_ in placed(picture.marks) if group.kind == "row"]
    assert titles == ["a: no value", "b: 0 (underflow) to 1"]
    assert [cell.title for cell in cells(picture)][:3] == [
        "a, step 0: not a number",
        "a, step 1: not a number",
        "b, step 0: 0 (underflow)",
    ]
    texts = [mark.text for mark in picture.marks if isinstance(mark, Label)]
    assert "▽ 0 · × not a number" in " ".join(texts)


@pytest.mark.parametrize("size", [(40.0, 30.0), (120.0, 60.0), (3000.0, 40.0)])
def test_the_smallest_page_still_has_every_row(size: tuple[float, float]) -> None:
    """Titles give way first; where even that is not enough the map is drawn all the same."""
    picture = heatmap(norms(30, 12), *size)
    rows = [group for group, *_ in placed(picture.marks) if group.kind == "row"]
    assert len(rows) == 12 and all(group.height > 0 for group in rows[:1])
    assert (picture.width, picture.height) == size


def test_a_bar_without_a_title_is_narrower() -> None:
    colours = colour_scale(Axis("norm"), (0.0, 1.0))
    named, bare = (upright_bar(colours, axis, 200, sizes(1.0)) for axis in (Axis("norm"), Axis()))
    assert named.width > bare.width
    assert [mark.text for mark in bare.marks if isinstance(mark, Label)] == [
        mark.text for mark in named.marks if isinstance(mark, Label) and not mark.turned
    ]


def test_a_level_bar_is_as_high_as_is_said_and_begins_with_its_title() -> None:
    colours = colour_scale(Axis("norm"), (0.0, 1.0))
    named, bare = (level_bar(colours, axis, 500, sizes(1.0)) for axis in (Axis("norm"), Axis()))
    assert named.height == bare.height == bar_height(sizes(1.0))
    assert of_kind(Label, named.marks[0]).text == "norm" and named.width > bare.width


def test_values_are_said_with_their_unit() -> None:
    assert value_text(Axis("time", unit="ms"), 1.5) == "1.5 ms"
    assert (value_text(Axis("norm", Scale.LOG), 0.0), value_text(Axis("norm"), 0.0)) == ("0 (underflow)", "0")


@pytest.mark.parametrize(("count", "columns"), [(1, 1), (2, 1), (3, 2), (5, 2)])
def test_many_maps_stand_in_two_columns(count: int, columns: int) -> None:
    maps = [norms(4, key=f"net{number}") for number in range(count)]
    picture = heat_picture(maps, 900, 600)
    inner = [of_kind(Group, mark) for mark in picture.marks]
    assert len({group.x for group in inner}) == columns and len({(group.x, group.y) for group in inner}) == count
    assert all(group.x + group.width <= 900 and group.y + group.height <= 600 + 1e-9 for group in inner)
    ids = [path + group.suffix for group, path, *_ in placed(picture.marks) if group.kind == "scale"]
    assert len(set(ids)) == count, "each bar of colours has an id of its own"
    assert picture.description.count("Norms: norm by block and step") == count


def test_no_maps_are_an_empty_picture() -> None:
    assert heat_picture([], 900, 600).marks == ()


def test_names_of_columns_do_not_touch_and_stay_on_the_page() -> None:
    """A name that would lie on the one before it, or go past the bar of colours, is left out."""
    names = ("first", "an epoch with a name that is very long indeed", "last")
    axis = Axis("epoch", ticks=tuple(enumerate(names)))
    shown = HeatMap("Norms", axis, Axis("norm"), (0.0, 1.0, 2.0), (Row("block 1", (1.0, 2.0, 3.0)),))
    for wide in (240.0, 400.0, 900.0):
        picture = heatmap(shown, wide, 300)
        spans = [
            (mark.x - width(mark.text, mark.size) / 2, mark.x + width(mark.text, mark.size) / 2)
            for mark in picture.marks
            if isinstance(mark, Label) and mark.text in names
        ]
        assert all(one[1] < other[0] for one, other in pairwise(spans)) and all(end <= wide for _, end in spans)
        assert len(spans) == 3 or wide < 900


def test_round_columns_are_named() -> None:
    picture = heatmap(norms(30), 900, 400)
    texts = [mark.text for mark in picture.marks if isinstance(mark, Label)]
    assert {"0", "10", "20"} <= set(texts)


def test_a_name_that_is_wider_than_the_map_is_left_out() -> None:
    for name, is_shown in (("epoch 1", True), ("epoch 1 " * 40, False)):
        axis = Axis("epoch", ticks=((1.0, name),))
        picture = heatmap(HeatMap("Norms", axis, Axis("norm"), (1.0,), (Row("block 1", (1.0,)),)), 400, 300)
        assert any(isinstance(mark, Label) and mark.text == name for mark in picture.marks) == is_shown
