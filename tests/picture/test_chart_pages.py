"""Charts for pages of any shape, and what is read of their curves."""

from dataclasses import replace
from math import nan

import pytest

from resnet_explorer.picture.chart import (
    Axis,
    Cell,
    Chart,
    Guide,
    Series,
    Strip,
    block_strip,
    chart,
    compose,
    draw,
    zoomed,
)
from resnet_explorer.picture.chart.layout import lay_out, x_axis_ticks
from resnet_explorer.picture.chart.scale import Range
from resnet_explorer.picture.chart.text import FRAME_AREA, sizes
from resnet_explorer.picture.marks import Label
from tests.narrow import present
from tests.picture.test_chart import BLOCKS, NORM, NORMS, PATHS, POINTS, assert_tidy, gradient, groups, placed


@pytest.mark.parametrize("page", [(336.0, 264.0), (800.0, 450.0), (160.0, 160.0)])
def test_a_chart_for_a_page_has_its_shape_its_words_and_all_its_blocks(page: tuple[float, float]) -> None:
    """Where words do not fit the picture is larger than its page, which is shown smaller then."""
    cells = tuple(
        Cell(path, f"block {n}", value, True) for n, (path, value) in enumerate(zip(PATHS, NORMS, strict=True))
    )
    alone = compose(gradient(), *page)
    assert alone.width / alone.height == pytest.approx(page[0] / page[1]) and alone.width >= page[0]
    assert_tidy(alone)
    both = compose(gradient(), *page, (Strip("residual", "ResNet-20", cells),), NORM, "Blocks")
    assert len(groups(both, "block")) == 9 and both.width >= page[0]
    texts = [mark.text for mark, *_ in placed(both.marks) if isinstance(mark, Label)]
    assert "‖∂L/∂x‖₂" in texts and (page[0] < 300 or "block, from the input to the loss" in texts)


def test_a_strip_without_values_says_so() -> None:
    strips = tuple(
        Strip(name, name, tuple(Cell(path, path, value) for path, value in zip(PATHS[:2], values, strict=True)))
        for name, values in (("known", (0.5, 0.25)), ("unknown", (nan, nan)))
    )
    text = block_strip(strips, NORM, 600, "Blocks").description
    assert "known: 0.5 in the first block, 0.25 in the last" in text and "unknown: no value" in text


def test_where_no_label_fits_an_axis_has_no_ticks() -> None:
    ticks, end = x_axis_ticks(Axis(low=0, high=1e6), Range(123456.0, 123457.0), 0.0, 12.0, 14.0, sizes(1.0))
    assert ticks.ticks == () and end == 20.0


@pytest.mark.parametrize(("x", "read"), [(-5.0, 1), (1.2, 1), (1.5, 1), (1.51, 2), (3.9, 4), (99.0, 9)])
def test_a_crosshair_reads_the_nearest_point_of_each_curve(x: float, read: int) -> None:
    scale = draw(gradient(), 800, 500).scale
    reading = present(scale.at(scale.x.px(x)))
    assert (reading.x, [value.x for value in reading.values]) == (read, [read, read])
    assert [value.y for value in reading.values] == [0.02, NORMS[read - 1]]


def test_a_curve_that_ends_early_is_read_at_its_end() -> None:
    long, short = gradient().series
    part = replace(short, x=BLOCKS[2:5], y=NORMS[2:5], points=POINTS[2:5])
    scale = draw(replace(gradient(), series=(long, part)), 800, 500).scale
    assert [[value.x for value in present(scale.at(scale.x.px(x))).values] for x in (1, 9)] == [[1, 3], [9, 5]]


def test_large_text_takes_notes_before_it_takes_the_curves_their_part() -> None:
    """On a slide the conditions stand beside the chart; the curves keep the part that is theirs in any picture."""
    noted = replace(gradient(), subtitle="digits, batch 64", notes=("median of 3 seeds; band from low to high",) * 3)
    frame = lay_out(noted, 420, 520, 1.3).frame
    assert (frame.right - frame.left) * (frame.bottom - frame.top) >= FRAME_AREA * 420 * 520
    texts = [" ".join(mark.text for mark, *_ in placed(chart(noted, 420, 520, size).marks) if isinstance(mark, Label))
             for size in (1.0, 1.3)]  # fmt: skip
    assert ["median of 3 seeds" in text for text in texts] == [True, False]


def test_zoom_ends_where_numbers_do() -> None:
    """Neither too fine for differences to show, nor wider than there are numbers: the axis stays as it is."""
    for axis in (Axis("y"), NORM):
        shown = gradient(axis=axis)
        scale = draw(shown, 800, 500).scale
        x, y = (scale.frame.left + scale.frame.right) / 2, (scale.frame.top + scale.frame.bottom) / 2
        for factor in (1e12, 1e-305):
            assert zoomed(shown, scale, factor, x, y).y_axis == shown.y_axis
        assert zoomed(shown, scale, 2.0, x, y).y_axis != shown.y_axis


def test_names_at_the_ends_of_curves_stand_where_the_last_visible_point_is() -> None:
    """Points right of the view, and those that are no number, have no end to stand at."""
    residual, plain = gradient().series
    broken = replace(plain, y=(*NORMS[:7], nan, nan))
    shown = replace(gradient(), series=(residual, broken), x_axis=Axis("block", low=1, high=5))
    names = [mark for mark, *_ in placed(chart(shown, 900, 500).marks) if isinstance(mark, Label) and "20" in mark.text]
    assert {mark.text for mark in names} >= {"ResNet-20", "plain-20"}


@pytest.mark.parametrize(
    ("left", "right", "is_at_left"),
    [((3.0,), (3.0,), False), ((3.0, 3.0), (1.15, 0.85), True), ((1.15, 0.85), (1.15, 0.85), False)],
)
def test_words_of_a_level_line_cover_no_curve_where_there_is_room(
    left: tuple[float, ...], right: tuple[float, ...], is_at_left: bool
) -> None:
    """Level curves that step at the middle, close to the line where they cover its words."""
    ends = enumerate(zip(left, right, strict=True))
    series = tuple(Series(str(n), "", (0.0, 0.5, 0.5, 1.0), (one, one, other, other)) for n, (one, other) in ends)
    axis, guides = Axis("loss", low=0.0, high=4.0), (Guide(1.0, "chance", vertical=False),)
    picture, scale = draw(Chart("Loss", Axis("part"), axis, series, guides=guides), 600, 300)
    (guide,) = groups(picture, "guide")
    (words,) = (mark for mark in guide.marks if isinstance(mark, Label))
    assert (words.x < scale.x.px(0.5)) == is_at_left
