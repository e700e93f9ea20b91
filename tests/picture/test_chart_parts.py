"""What charts are made of: ticks, numbers, cut and thinned curves, labels moved apart, broken lines."""

from itertools import pairwise
from math import dist, isfinite, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resnet_explorer.picture.chart import STEPS, Axis, Marker, Scale
from resnet_explorer.picture.chart.frame import axis_titles
from resnet_explorer.picture.chart.markers import MOST, Frame, lines, polygon, sign, thin
from resnet_explorer.picture.chart.model import number, ticks
from resnet_explorer.picture.chart.text import apart, sizes
from resnet_explorer.picture.marks import DASHES, Area, Box, Dash, Group, Ink, Label, broken, placed


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6), st.integers(2, 12))
def test_linear_ticks_are_at_1_2_and_5_times_powers_of_ten(low: float, length: float, most: int) -> None:
    found = ticks(Axis(), low, low + length, most).ticks
    assert len(found) <= most + 1 and all(
        low - 1e-6 * length <= tick.value <= low + length * 1.000001 for tick in found
    )
    steps = [other.value - one.value for one, other in pairwise(found)]
    if steps:
        assert f"{steps[0]:.4e}"[0] in "125"
        assert steps == pytest.approx([steps[0]] * len(steps), rel=1e-3)
    assert len({tick.label for tick in found}) == len(found)


@given(st.floats(0, 100), st.floats(1, 30), st.integers(2, 12))
def test_ticks_of_steps_are_whole_numbers(low: float, length: float, most: int) -> None:
    found = ticks(STEPS, low, low + length, most).ticks
    assert found and all(tick.value.is_integer() and tick.label == f"{tick.value:.0f}" for tick in found)


def test_log_ticks_are_decades_with_real_superscripts() -> None:
    labels = [tick.label for tick in ticks(Axis(scale=Scale.LOG), 1e-4, 1e3, 9).ticks]
    assert labels == ["10⁻⁴", "10⁻³", "10⁻²", "10⁻¹", "10⁰", "10¹", "10²", "10³"]
    assert [tick.label for tick in ticks(Axis(scale=Scale.LOG), 0.02, 0.6, 8).ticks] == [
        "0.02",
        "0.05",
        "0.1",
        "0.2",
        "0.5",
    ]
    far = [tick.value for tick in ticks(Axis(scale=Scale.LOG), 1e-300, 1e10, 6).ticks]
    assert len(far) <= 7 and all(isfinite(value) for value in far)


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0412, "0.0412"), (13_935.4, "13,935"), (4.12e-9, "4.12×10⁻⁹"), (-0.5, "−0.5"), (0, "0"), (nan, "not a number")],
)
def test_numbers_in_words(value: float, text: str) -> None:
    assert number(value) == text


@given(st.lists(st.tuples(st.floats(-50, 150), st.floats(-50, 150)), min_size=3, max_size=30))
def test_curves_are_cut_at_the_frame(points: list[tuple[float, float]]) -> None:
    frame = Frame(0, 0, 100, 100)
    parts = lines(points, frame)
    assert all(frame.holds(*point, by=1e-6) for part in parts for point in part)
    assert all(frame.holds(*point, by=1e-6) for point in polygon(points, frame))


@given(st.lists(st.one_of(st.floats(-1e6, 1e6), st.just(nan)), min_size=1, max_size=3000))
def test_a_long_curve_keeps_its_lowest_and_highest_points(values: list[float]) -> None:
    kept = thin(values)
    assert len(kept) <= 1.6 * MOST and kept == sorted(set(kept)) and {0, len(values) - 1} <= set(kept)
    known = [value for value in values if value == value]
    if known:
        seen = [values[index] for index in kept if values[index] == values[index]]
        assert (min(seen), max(seen)) == (min(known), max(known))
    if len(known) < len(values):
        assert any(values[index] != values[index] for index in kept)


@given(st.lists(st.floats(0, 100), min_size=1, max_size=9), st.integers(4, 11))
def test_labels_are_moved_apart_no_more_than_needed(wanted: list[float], high: float) -> None:
    tops = apart(wanted, [high] * len(wanted), 0, 100)
    spans = sorted((top, top + high) for top in tops)
    assert all(one[1] <= other[0] + 1e-6 for one, other in pairwise(spans))
    assert spans[0][0] >= -1e-6 and spans[-1][1] <= 100 + 1e-6
    in_order = sorted(wanted)
    if all(b - a >= high for a, b in pairwise(in_order)) and in_order[0] >= high / 2 and in_order[-1] <= 100 - high / 2:
        assert tops == pytest.approx([want - high / 2 for want in wanted])


@pytest.mark.parametrize("dash", DASHES)
def test_a_broken_line_runs_on_around_its_corners(dash: Dash) -> None:
    """However many points a line has, it is broken as the straight line of its length is."""
    straight = list(broken(((0, 0), (300, 0)), dash))
    bent = list(broken((*((float(x), 0.0) for x in range(0, 151)), *((150.0, float(y)) for y in range(1, 151))), dash))
    drawn = [sum(dist(*stroke) for stroke in strokes) for strokes in (straight, bent)]
    assert drawn[0] == pytest.approx(drawn[1]) and drawn[0] < 300 * 0.75


def test_a_long_curve_is_thinned_and_stays_broken_where_it_was() -> None:
    values = [float(n % 7) for n in range(3000)]
    values[1234] = nan
    kept = thin(values)
    assert len(kept) < 1.6 * MOST and {0, 1234, 2999} <= set(kept)
    assert thin(values[:MOST]) == list(range(MOST)), "a short one is drawn as it is"
    assert thin([nan] * 1000, 10) == [0, *range(200, 1000, 200), 999]


@pytest.mark.parametrize("marker", Marker)
def test_each_series_has_a_sign_of_its_own_around_its_point(marker: Marker) -> None:
    drawn = sign(marker, 50, 40, 4, Ink.TEXT)
    if marker is Marker.NONE:
        assert drawn == []
        return
    (mark,) = drawn
    if isinstance(mark, Box):
        assert (mark.x + mark.width / 2, mark.y + mark.height / 2) == (50, 40)
    else:
        assert isinstance(mark, Area) and all(dist(point, (50, 40)) < 2 * 4 for point in mark.points)
    is_open = marker.startswith("open")
    assert (mark.fill, mark.line) == ((Ink.PAGE, Ink.TEXT) if is_open else (Ink.TEXT, None))
    assert all(sign(other, 50, 40, 4, Ink.TEXT) != drawn for other in Marker if other is not marker)
    (hollow,) = sign(marker, 50, 40, 4, Ink.TEXT, hollow=True)
    assert isinstance(hollow, Box | Area) and hollow.fill is Ink.PAGE


def test_groups_are_found_with_their_absolute_paths_and_places() -> None:
    """A path that begins with a point continues that of the group around it; one without a path is its parent's."""
    inner = Group(".conv1", "layer", "", 3, 4, 1, 1, (Group("", "box", "", 1, 1, 1, 1, ()),))
    outer = Group("layer1.0", "block", "", 10, 20, 9, 9, (Box(0, 0, 1, 1, Ink.TEXT), inner))
    found = [
        (path, group.kind, x, y) for group, path, x, y in placed((outer, Group("fc", "layer", "", 5, 6, 1, 1, ())))
    ]
    assert found == [
        ("layer1.0", "block", 10, 20),
        ("layer1.0.conv1", "layer", 13, 24),
        ("layer1.0.conv1", "box", 14, 25),
        ("fc", "layer", 5, 6),
    ]


def test_a_title_of_an_axis_is_left_out_where_there_is_none() -> None:
    frame = Frame(50, 10, 350, 210)
    for x, y, said in (
        ("block", "norm", ["block", "norm"]),
        ("", "norm", ["norm"]),
        ("block", "", ["block"]),
        ("", "", []),
    ):
        made = axis_titles(Axis(x), Axis(y), frame, 215, 400, 250, sizes(1.0))
        assert [mark.text for mark in made if isinstance(mark, Label)] == said
