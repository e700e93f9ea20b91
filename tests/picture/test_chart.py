"""Charts: nothing is clipped, nothing is lost, and places are values."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations, pairwise
from math import inf, nan

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resnet_explorer.picture.chart import (
    PLAIN,
    RESIDUAL,
    STYLES,
    Axis,
    Cell,
    Chart,
    Guide,
    HeatMap,
    Kind,
    Point,
    Row,
    Scale,
    Series,
    Span,
    Strip,
    block_strip,
    chart,
    colour_scale,
    draw,
    draw_over_rows,
    heatmap,
    panned,
    stack,
    toggled,
    zoomed,
)
from resnet_explorer.picture.marks import SCALE, Anchor, Area, Arrow, Box, Group, Ink, Label, Mark, Picture, width
from tests.narrow import present

PATHS = [f"layer{1 + n // 3}.{n % 3}" for n in range(9)]
POINTS = tuple(Point(path, f"block {n + 1}") for n, path in enumerate(PATHS))
BLOCKS = tuple(range(1, 10))
NORMS = tuple(0.01 * 1.45 ** (9 - n) for n in BLOCKS)
NORM = Axis("‖∂L/∂x‖₂", Scale.LOG)


def gradient(y: tuple[float, ...] = NORMS, axis: Axis = NORM) -> Chart:
    series = (
        Series("residual", "ResNet-20", BLOCKS, (0.02,) * 9, RESIDUAL, points=POINTS),
        Series("plain", "plain-20", BLOCKS, y, PLAIN, points=POINTS, note="first/last = 19"),
    )
    return Chart("Gradient norm", Axis("block, from the input to the loss"), axis, series)


def placed(marks: tuple[Mark, ...], x: float = 0.0, y: float = 0.0) -> Iterator[tuple[Mark, float, float]]:
    """Yield every mark with the corner that its coordinates start at."""
    for mark in marks:
        yield mark, x, y
        if isinstance(mark, Group):
            yield from placed(mark.marks, x + mark.x, y + mark.y)


def groups(picture: Picture, kind: str) -> list[Group]:
    return [mark for mark, _, _ in placed(picture.marks) if isinstance(mark, Group) and mark.kind == kind]


def curves(picture: Picture, ink: Ink) -> list[Arrow]:
    found = [mark for group in groups(picture, "series") for mark in group.marks]
    return [mark for mark in found if isinstance(mark, Arrow) and mark.ink is ink]


Rectangle = tuple[float, float, float, float]


def rectangle(label: Label, x: float, y: float) -> Rectangle:
    """Where the letters of a label are: capitals are 0.73 of the size high, and descenders hang 0.2 below."""
    wide = width(label.text, label.size, label.style)
    start = wide * {Anchor.START: 0.0, Anchor.MIDDLE: 0.5, Anchor.END: 1.0}[label.anchor]
    x, y, up, down = x + label.x, y + label.y, 0.73 * label.size, 0.2 * label.size
    if label.turned:
        return x - up, y + start - wide, x + down, y + start
    return x - start, y - up, x - start + wide, y + down


def corners(mark: Mark, x: float, y: float) -> Iterator[tuple[float, float]]:
    match mark:
        case Label():
            left, top, right, bottom = rectangle(mark, x, y)
            yield from ((left, top), (right, bottom))
        case Box() | Group():
            yield from ((x + mark.x, y + mark.y), (x + mark.x + mark.width, y + mark.y + mark.height))
        case Arrow() | Area():
            yield from ((x + px, y + py) for px, py in mark.points)


def assert_tidy(picture: Picture) -> None:
    """Say that all is inside of the picture, and no words lie on others."""
    found = list(placed(picture.marks))
    for mark, x, y in found:
        for px, py in corners(mark, x, y):
            assert -1 <= px <= picture.width + 1 and -1 <= py <= picture.height + 1, mark
    text = [(mark.text, rectangle(mark, x, y)) for mark, x, y in found if isinstance(mark, Label)]
    for (one, a), (other, b) in combinations(text, 2):
        apart = a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]
        assert apart, (one, a, other, b)


VALUES = st.one_of(
    st.floats(-5, 5),
    st.floats(1e-9, 1e6),
    st.sampled_from((0.0, nan, inf, -inf, 1e-45, 5e-324, 1e-30, 1e300, -1e300)),
)
WORDS = st.sampled_from(("ResNet-56", "plain", "a rather long name of a network, which goes on", "∂L/∂x", "W" * 90, ""))
SIZES = st.tuples(st.integers(480, 1600), st.integers(300, 900), st.sampled_from((1.0, 1.3)))


@st.composite
def any_series(draw: st.DrawFn, key: str, look: int) -> Series:
    y = draw(st.lists(VALUES, max_size=12))
    x = tuple(range(len(y)))
    has_band = draw(st.booleans())
    low, high = (tuple(v / 2 for v in y), tuple(v * 2 for v in y)) if has_band else (None, None)
    return Series(
        key, draw(WORDS), x, tuple(y), STYLES[look], draw(st.sampled_from(Kind)), low, high, None, draw(WORDS),
        hidden=draw(st.booleans()), faint=draw(st.booleans()),
    )  # fmt: skip


@st.composite
def charts(draw: st.DrawFn) -> Chart:
    series = tuple(draw(any_series(f"s{n}", n)) for n in range(draw(st.integers(0, 8))))
    axis = st.builds(Axis, WORDS, st.sampled_from(Scale), st.sampled_from(("", "%", "GFLOP/s")))
    guides = st.lists(st.builds(Guide, st.floats(-3, 14), WORDS, st.booleans()), max_size=4)
    spans = st.sampled_from(
        ((), (Span(-0.5, 3.5, "stage 1 · 16×32²"), Span(3.5, 6.5, "stage 2"), Span(6.5, 12, "W" * 40)))
    )
    return Chart(
        draw(WORDS), draw(axis), draw(axis), series, " ".join(draw(st.lists(WORDS, max_size=4))),
        tuple(draw(guides)), draw(spans), tuple(draw(st.lists(WORDS, max_size=3))), draw(st.booleans()),
    )  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(charts(), SIZES)
def test_no_words_touch_and_nothing_leaves_the_picture(made: Chart, size: tuple[int, int, float]) -> None:
    assert_tidy(chart(made, *size))


@settings(max_examples=40, deadline=None)
@given(charts(), SIZES, st.floats(-0.9, 0.9), st.floats(0.05, 20), st.floats(-400, 400))
def test_a_zoomed_chart_is_as_tidy(
    made: Chart, size: tuple[int, int, float], part: float, factor: float, by: float
) -> None:
    _, scale = draw(made, *size)
    middle = ((scale.frame.left + scale.frame.right) / 2, (scale.frame.top + scale.frame.bottom) / 2)
    near = zoomed(made, scale, factor, middle[0] * (1 + part), middle[1])
    _, scale = draw(near, *size)
    assert_tidy(chart(panned(near, scale, by, by / 2), *size))


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.lists(VALUES, min_size=7, max_size=7), min_size=1, max_size=60),
    st.lists(st.floats(0, 1e6), min_size=7, max_size=7, unique=True).map(sorted),
    st.sampled_from(Scale),
    WORDS,
    SIZES,
)
def test_heat_maps_and_strips_are_tidy(
    values: list[list[float]], x: list[float], scale: Scale, text: str, size: tuple[int, int, float]
) -> None:
    rows = tuple(Row(f"{text} {n}", tuple(row), f"layer1.{n}") for n, row in enumerate(values))
    axis = Axis(text, scale, "%")
    assert_tidy(heatmap(HeatMap(text, Axis("step"), axis, tuple(x), rows, "block", text), *size))
    strips = tuple(
        Strip(key, text, tuple(Cell(row.path, row.label, row.values[n], n == 0) for row in rows), STYLES[n])
        for n, key in enumerate(("one", "other"))
    )
    assert_tidy(block_strip(strips, axis, size[0], text, size[2]))


def test_labels_stand_beside_the_curves_and_names_too_long_in_rows_above() -> None:
    made = gradient()
    scale = draw(made, 700, 400).scale
    assert all(group.x > scale.frame.right for group in groups(chart(made, 700, 400), "legend"))
    wordy = replace(
        made, series=tuple(replace(one, label=one.label + " of which much is said" * 2) for one in made.series)
    )
    picture, scale = draw(wordy, 700, 400)
    assert all(group.y + group.height <= scale.frame.top for group in groups(picture, "legend"))


# What is lost is said


def test_zeros_are_marked_on_the_bottom_edge_of_a_log_axis() -> None:
    """As for plain-110 without norms in float32: the gradients of the first blocks underflow to 0."""
    made = gradient((0.0, 0.0, 0.0, *NORMS[3:]))
    picture, scale = draw(made, 700, 400)
    found = [group for group in groups(picture, "point") if "underflow" in group.title]
    assert [group.path for group in found] == PATHS[:3]
    for group in found:
        (mark,) = group.marks
        assert isinstance(mark, Area) and max(group.y + y for _, y in mark.points) == pytest.approx(scale.frame.bottom)
    assert len(groups(picture, "point")) == 18, "no point is dropped"
    assert any("▽" in mark.text for mark in picture.marks if isinstance(mark, Label))
    assert len(curves(picture, Ink.SERIES2)) == 1, "the line falls to the edge and comes back"


def test_values_below_a_log_axis_are_marked_too() -> None:
    made = gradient((1e-30, *NORMS[1:]), replace(NORM, low=1e-3))
    titles = [group.title for group in groups(chart(made, 700, 400), "point")]
    assert "plain-20, block 1: 1×10⁻³⁰" in titles and len(titles) == 18


@pytest.mark.parametrize(("odd", "text"), [(nan, "not a number"), (inf, "infinite")])
@pytest.mark.parametrize("axis", [NORM, Axis("loss")])
def test_what_is_no_number_breaks_the_line_and_is_marked_on_the_top_edge(odd: float, text: str, axis: Axis) -> None:
    picture, scale = draw(gradient((*NORMS[:4], odd, *NORMS[5:]), axis), 700, 400)
    assert len(curves(picture, Ink.SERIES2)) == 2
    (found,) = [group for group in groups(picture, "point") if text in group.title]
    assert found.path == PATHS[4] and abs(found.y + found.height / 2 - scale.frame.top) < 10
    assert any(text in mark.text for mark in picture.marks if isinstance(mark, Label))


def test_every_point_names_its_block_its_value_and_its_band() -> None:
    made = gradient()
    low, high = (tuple(value * factor for value in NORMS) for factor in (0.5, 2))
    plain = replace(made.series[1], low=low, high=high)
    found = groups(chart(replace(made, series=(made.series[0], plain)), 700, 400), "point")
    assert [group.path for group in found if group.side == "plain:"] == PATHS
    assert "plain-20, block 9: 0.01 (0.005 to 0.02)" in [group.title for group in found]


def test_a_hidden_series_keeps_its_name_and_comes_back() -> None:
    made = gradient()
    without = toggled(made, "plain")
    names = [group.path for group in groups(chart(without, 700, 400), "legend")]
    assert names == [group.path for group in groups(chart(made, 700, 400), "legend")] == ["residual", "plain"]
    assert not curves(chart(without, 700, 400), Ink.SERIES2)
    assert toggled(without, "plain") == made


def test_raw_data_is_hidden_with_the_smoothed_curve_that_it_is_behind() -> None:
    raw = Series("raw", "plain-20", BLOCKS, NORMS, PLAIN, faint=True)
    made = replace(gradient(), series=(*gradient().series, raw))
    assert [one.key for one in toggled(made, "plain").shown] == ["residual"]
    assert [group.path for group in groups(chart(made, 700, 400), "legend")] == ["residual", "plain"]


def test_series_differ_by_colour_and_also_without_it() -> None:
    assert len({look.ink for look in STYLES}) == len(STYLES) == 8
    assert len({look.marker for look in STYLES}) == 8
    assert all(one.dash is not other.dash for one, other in pairwise(STYLES))


def test_lengths_must_agree() -> None:
    with pytest.raises(ValueError, match="one length"):
        Series("loss", "loss", (1, 2, 3), (1.0, 2.0))


# Places are values


@given(st.sampled_from(Scale), st.floats(1e-6, 1e6), st.floats(1.5, 1e6), st.floats(0, 1))
def test_places_and_values_are_each_others_inverse(scale: Scale, low: float, ratio: float, part: float) -> None:
    made = replace(gradient(), x_axis=Axis("step", scale, low=low, high=low * ratio))
    axis = draw(made, 900, 500).scale.x
    px = axis.start + part * (axis.end - axis.start)
    assert axis.px(axis.value(px)) == pytest.approx(px, abs=1e-3)
    assert axis.pxs([axis.value(px)]) == pytest.approx([px], abs=1e-3)


def test_points_lie_where_their_values_are() -> None:
    picture, scale = draw(gradient(), 700, 400)
    found = [group for group in groups(picture, "point") if group.side == "plain:"]
    for group, x, y in zip(found, BLOCKS, NORMS, strict=True):
        middle = group.x + group.width / 2, group.y + group.height / 2
        assert middle == pytest.approx((scale.x.px(x), scale.y.px(y)))


def test_a_crosshair_reads_the_nearest_point_of_each_series() -> None:
    scale = draw(gradient(), 700, 400).scale
    read = scale.at(scale.x.px(4.4))
    assert read is not None and read.x == 4
    assert [(one.key, one.y) for one in read.values] == [("residual", 0.02), ("plain", NORMS[3])]
    assert {one.path for one in read.values} == {PATHS[3]}
    assert draw(Chart("empty", Axis(), Axis(), ()), 480, 300).scale.at(100) is None


@given(st.floats(0.1, 0.9), st.floats(0.1, 0.9), st.floats(0.5, 4))
def test_zoom_keeps_the_place_under_the_mouse(x: float, y: float, factor: float) -> None:
    made = gradient()
    scale = draw(made, 700, 400).scale
    px = (
        scale.frame.left + x * (scale.frame.right - scale.frame.left),
        scale.frame.top + y * (scale.frame.bottom - scale.frame.top),
    )
    near = zoomed(made, scale, factor, *px)
    low = present(near.x_axis.low)
    length = present(near.x_axis.high) - low
    assert length == pytest.approx((scale.x.high - scale.x.low) / factor)
    assert low + x * length == pytest.approx(scale.x.value(px[0]))
    assert replace(near, x_axis=made.x_axis, y_axis=made.y_axis) == made


def test_outside_of_the_frame_one_axis_is_zoomed() -> None:
    made = gradient()
    scale = draw(made, 700, 400).scale
    assert zoomed(made, scale, 2, scale.frame.left - 5, 200).x_axis == made.x_axis
    assert zoomed(made, scale, 2, 300, scale.frame.bottom + 5).y_axis == made.y_axis


def test_stacked_bars_stand_on_each_other() -> None:
    shares = (60.0, 70.0, 85.0)
    rest = tuple(100 - share for share in shares)
    series = (
        Series("shortcut", "shortcut", (1, 2, 3), shares, RESIDUAL, Kind.BARS),
        Series("branch", "branch", (1, 2, 3), rest, PLAIN, Kind.BARS),
    )
    axis = Axis("share", unit="%", low=0, high=100)
    picture, scale = draw(Chart("Terms", Axis("block"), axis, series, stacked=True), 700, 400)
    bars = groups(picture, "bar")
    for lower, upper, share in zip(bars[:3], bars[3:], shares, strict=True):
        assert upper.y == pytest.approx(scale.frame.top) and lower.y + lower.height == pytest.approx(scale.frame.bottom)
        assert lower.y == pytest.approx(upper.y + upper.height) == pytest.approx(scale.y.px(share))


# Colours


def test_colours_rise_with_values_and_are_one_for_all_pictures() -> None:
    colours = colour_scale(NORM, (nan, 0.0, 1e-4, 1e4, inf))
    assert (colours.low, colours.high) == pytest.approx((1e-4, 1e4))
    inks = [colours.ink(10.0**exponent) for exponent in range(-4, 5)]
    assert inks == sorted(inks, key=lambda ink: SCALE.index(ink or SCALE[0])) and len(set(inks)) == 9
    assert (colours.ink(0.0), colours.ink(1e-9), colours.ink(inf), colours.ink(nan)) == (
        SCALE[0],
        SCALE[0],
        SCALE[-1],
        None,
    )


@pytest.mark.parametrize("steps", [10, 400])
def test_a_heat_map_says_every_value_however_many_there_are(steps: int) -> None:
    rows = tuple(
        Row(f"block {n}", tuple(10.0 ** ((step * n) % 7 - 3) for step in range(steps)), f"layer1.{n}")
        for n in range(20)
    )
    picture = heatmap(HeatMap("Norms", Axis("step"), NORM, tuple(range(steps)), rows, "block"), 900, 500)
    drawn = groups(picture, "row")
    assert [group.path for group in drawn] == [row.path for row in rows]
    for group in drawn:
        cells = [mark for mark in group.marks if isinstance(mark, Group)]
        assert all(one.x + one.width == other.x for one, other in pairwise(cells)), "no gap"
        assert cells[0].x == 0 and cells[-1].x + cells[-1].width == group.width
    assert groups(picture, "cell")[0].title.startswith("block 0, step ")
    assert len(groups(picture, "cell")) <= 20 * 300


def test_blocks_of_a_strip_are_under_the_points_of_the_chart() -> None:
    drawn, scale = draw(gradient(), 700, 400)
    cells = tuple(Cell(path, f"block {n}", 0.1 * n, True) for n, path in enumerate(PATHS, 1))
    strip = block_strip((Strip("residual", "ResNet-20", cells),), NORM, 700, "Blocks", under=scale)
    blocks = groups(strip, "block")
    assert [group.path for group in blocks] == PATHS
    assert [group.x + group.width / 2 for group in blocks] == pytest.approx(scale.x.pxs(BLOCKS))
    assert all(sum(isinstance(mark, Arrow) and mark.curved for mark in group.marks) == 1 for group in blocks)
    both = stack(drawn, strip)
    assert both.height == drawn.height + strip.height and len(groups(both, "block")) == 9
    assert_tidy(both)


@pytest.mark.parametrize("text", [1.0, 1.5])
def test_rows_of_blocks_leave_a_chart_most_of_the_room(text: float) -> None:
    """They are lower where there is little room, and left out where there is none for them."""
    rows = tuple(
        Strip(key, key, tuple(Cell(path, path, 0.1 * n, True) for n, path in enumerate(PATHS, 1)), STYLES[look])
        for look, key in enumerate(("ResNet-20", "plain-20"))
    )
    arcs = []
    for wide, high in ((1800, 1400), (1000, 900), (700, 560), (400, 260)):
        picture, scale = draw_over_rows(gradient(), rows, NORM, "Blocks", wide, high, text)
        left, top, right, bottom = scale.frame
        blocks = groups(picture, "block")
        assert not blocks or ((right - left) * (bottom - top) >= 0.55 * wide * high and bottom - top >= 180)
        assert picture.height == pytest.approx(high)
        assert_tidy(picture)
        arcs.append(sum(isinstance(mark, Arrow) and mark.curved for group in blocks for mark in group.marks))
    assert arcs[0] == 18 and arcs[-1] == 0 and len(blocks) == 0
