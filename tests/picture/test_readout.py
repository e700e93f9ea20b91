"""What is read off a chart: the values at the nearest x beside a line, and the value of one thing in its frame."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from resnet_explorer.picture.chart import PLAIN, RESIDUAL, STYLES, Axis, Chart, Guide, HeatMap, Kind, Point, Row, Series
from resnet_explorer.picture.chart.frame import draw
from resnet_explorer.picture.chart.heatmap import heatmap
from resnet_explorer.picture.chart.readout import Readout, Spot, read_at, read_spot, spots, steps
from resnet_explorer.picture.marks import Box, Group, Label, Mark
from tests.narrow import present

WIDE, HIGH = 600.0, 400.0
X = (1.0, 2.0, 4.0)
PATHS = ("layer1.0", "layer1.1", "layer2.0")
POINTS = tuple(Point(path, path) for path in PATHS)
RESNET = Series("residual", "ResNet-20", X, (0.5, 0.25, 0.125), RESIDUAL, points=POINTS)
TWIN = Series("plain", "plain-20", X, (4.0, 2.0, 1.0), PLAIN, low=(3.0, 2.0, 1.0), high=(5.0, 2.0, 1.0), points=POINTS)
CHART = Chart("Gradient norm", Axis("block, from the input"), Axis("norm"), (RESNET, TWIN))


def read(chart: Chart, x: float, wide: float = WIDE) -> Readout:
    scale = draw(chart, wide, HIGH).scale
    return present(read_at(scale, scale.x.px(x), wide))


def texts(marks: tuple[Mark, ...]) -> Iterator[str]:
    for mark in marks:
        if isinstance(mark, Label):
            yield mark.text
        elif isinstance(mark, Group):
            yield from texts(mark.marks)


@pytest.mark.parametrize(("x", "nearest"), [(0.0, 1), (1.0, 1), (1.4, 1), (1.6, 2), (2.9, 2), (3.1, 4), (9.0, 4)])
def test_the_nearest_x_is_read(x: float, nearest: int) -> None:
    assert read(CHART, x).text.startswith(f"block {nearest} · ")


def test_all_values_are_said_with_their_ranges_and_the_block_that_they_share() -> None:
    found = read(CHART, 1.0)
    assert found.text == "block 1 · layer1.0: ResNet-20 0.5, plain-20 4 (3 to 5)"
    assert found.path == "layer1.0"
    assert list(texts(found.marks)) == ["block 1 · layer1.0", "ResNet-20", "0.5", "plain-20", "4 (3 to 5)"]
    assert read(CHART, 2.0).text.endswith("plain-20 2"), "a range of one value is none"


def test_values_of_different_blocks_belong_to_none() -> None:
    other = replace(TWIN, points=tuple(Point(f"layer3.{n}", "") for n in range(3)))
    found = read(replace(CHART, series=(RESNET, other)), 1.0)
    assert found.path == "" and found.text.startswith("block 1: ")


def test_a_curve_without_a_point_there_says_where_it_has_one() -> None:
    short = replace(TWIN, x=X[1:], y=(2.0, 1.0), low=None, high=None, points=None)
    found = read(replace(CHART, series=(RESNET, short)), 1.0)
    assert found.text.endswith("plain-20 2 at 2")
    dots = [mark for mark in found.marks[0].marks if isinstance(mark, Box)]
    assert len(dots) == 2, "the line's own frame, and a dot for the curve that has a point on it"


def test_names_and_units_of_the_axes_are_said() -> None:
    named = Axis("step", unit="k", ticks=((1.0, "first"),))
    chart = replace(CHART, x_axis=named, y_axis=Axis("time", unit="ms"))
    assert read(chart, 1.0).text.startswith("first · layer1.0: ResNet-20 0.5 ms")
    assert read(chart, 2.0).text.startswith("step 2 k · layer1.1")


def test_bars_and_hidden_and_faint_curves() -> None:
    """Faint curves are seeds beside their median: they are drawn, and not said."""
    bars = Series("bars", "bars", X, (1.0, 1.0, 1.0), STYLES[2], Kind.BARS)
    faint, hidden = replace(RESNET, key="seed", label="seed 1", faint=True), replace(TWIN, hidden=True)
    found = read(replace(CHART, series=(RESNET, faint, hidden, bars)), 2.0)
    assert found.text == "block 2 · ResNet-20 0.25, bars 1" or found.text.endswith(": ResNet-20 0.25, bars 1")


def test_what_there_is_no_room_for_is_counted() -> None:
    many = tuple(replace(RESNET, key=f"{n}", label=f"net {n}") for n in range(60))
    found = read(replace(CHART, series=many), 1.0)
    shown = [text for text in texts(found.marks) if text.startswith("net ")]
    rest = [text for text in texts(found.marks) if text.startswith("and ")]
    assert rest == [f"and {60 - len(shown)} more"] and 0 < len(shown) < 60
    box = found.marks[1]
    assert box.y + box.height <= HIGH
    assert found.text.count("net ") == 60, "in words all are said"


@pytest.mark.parametrize("x", X)
def test_the_box_stays_in_the_picture(x: float) -> None:
    line, box = read(CHART, x).marks
    assert box.x >= 0 and box.x + box.width <= WIDE
    assert not box.x < line.x + line.width / 2 < box.x + box.width, "beside the line, not on it"


def test_nothing_is_read_where_nothing_is_shown() -> None:
    empty = draw(replace(CHART, series=(replace(RESNET, hidden=True),)), WIDE, HIGH).scale
    assert read_at(empty, 300.0, WIDE) is None and steps(empty) == []
    zoomed = draw(replace(CHART, x_axis=Axis("block", low=2.4, high=2.6)), WIDE, HIGH).scale
    assert read_at(zoomed, zoomed.x.px(2.5), WIDE) is None, "the nearest point is out of view"


def test_steps_are_the_points_in_view() -> None:
    dots = Series("dots", "dots", (1.5, 3.0), (1.0, 1.0), STYLES[2], Kind.SCATTER)
    chart = replace(CHART, series=(RESNET, replace(TWIN, x=(1.0, 2.0, 3.0)), dots))
    assert steps(draw(chart, WIDE, HIGH).scale) == [1.0, 2.0, 3.0, 4.0]
    assert steps(draw(replace(chart, x_axis=Axis(low=1.5, high=3.5)), WIDE, HIGH).scale) == [2.0, 3.0]


def test_cells_of_a_heat_map_are_read_one_by_one() -> None:
    rows = (Row("layer1.0", (1.0, 0.1), "layer1.0"), Row("layer1.1", (0.5, 0.2), "layer1.1"))
    found = spots(heatmap(HeatMap("Norms", Axis("step"), Axis("norm"), (0.0, 10.0), rows), WIDE, HIGH))
    assert [spot.title for spot in found] == [
        *("layer1.0, step 0: 1", "layer1.0, step 10: 0.1", "layer1.1, step 0: 0.5", "layer1.1, step 10: 0.2")
    ]
    assert {spot.path for spot in found} == {"layer1.0", "layer1.1"}
    first, second = found[0].frame, found[2].frame
    assert first.bottom <= second.top, "absolute places: the second row is under the first"


def test_points_of_a_cloud_are_spots_and_guides_are_none() -> None:
    dots = Series("dots", "dots", X, (1.0, 2.0, 3.0), STYLES[2], Kind.SCATTER, points=POINTS)
    picture = draw(replace(CHART, series=(dots,), guides=(Guide(2.0, "here"),)), WIDE, HIGH).picture
    assert {spot.kind for spot in spots(picture)} == {"point"} and len(spots(picture)) == 3


@pytest.mark.parametrize("top", [2.0, 200.0])
def test_a_spot_has_a_frame_and_its_value_above_or_below(top: float) -> None:
    spot = Spot("cell", "layer1.0", "layer1.0, step 0: 0.25", draw(CHART, WIDE, HIGH).scale.frame)
    spot = spot._replace(frame=spot.frame._replace(left=100.0, right=140.0, top=top, bottom=top + 30))
    ring, box = read_spot(spot, WIDE).marks
    assert (ring.x, ring.y, ring.width, ring.height) == (100, top, 40, 30)
    assert list(texts((box,))) == ["layer1.0, step 0", "0.25"]
    assert (box.y >= top + 30) if top < 50 else (box.y + box.height <= top)
    assert read_spot(spot, WIDE).text == "layer1.0, step 0: 0.25" and read_spot(spot, WIDE).path == "layer1.0"


def test_a_spot_without_a_value_is_its_name() -> None:
    spot = Spot("block", "", "stem", draw(CHART, WIDE, HIGH).scale.frame)
    assert list(texts(read_spot(spot, WIDE).marks)) == ["stem"]
