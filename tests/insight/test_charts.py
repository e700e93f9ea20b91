"""Pictures from inside a network: numbers on the matrix, words that can be read on colours, lines at their levels."""

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from math import hypot, nan
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from resnet_explorer.diagram.lesions import lesion_chart
from resnet_explorer.insight.charts import confusion_picture, filters_picture, on, readable
from resnet_explorer.insight.surface_chart import MOST_LINES, contours, levels, surface_picture
from resnet_explorer.insight.values import (
    Confusion,
    ConfusionRequest,
    Filters,
    FiltersRequest,
    RunLesionsRequest,
    RunReference,
    Slice,
    Surface,
    SurfaceRequest,
)
from resnet_explorer.picture.chart import Chart, Kind, chart
from resnet_explorer.picture.marks import SCALE, Arrow, Box, Group, Ink, Label, Mark, Picture
from resnet_explorer.picture.svg import to_svg
from resnet_explorer.picture.theme import THEMES
from resnet_explorer.readings.lesions import Lesions, LesionStudy
from resnet_explorer.readings.quantities import Place
from resnet_explorer.runs.plan import RunPlan
from resnet_explorer.spec.catalogue import find
from resnet_explorer.spec.change import assign
from tests.narrow import of_kind

RESIDUAL = RunPlan("residual", assign(find("resnet20"), "in_channels=1"))
PLAIN = RunPlan("plain", assign(find("resnet20"), "in_channels=1", "residual=false"))


def groups(marks: tuple[Mark, ...], kind: str) -> Iterator[Group]:
    for mark in marks:
        if isinstance(mark, Group):
            if mark.kind == kind:
                yield mark
            yield from groups(mark.marks, kind)


def colour(cell: Group) -> Ink | None:
    return of_kind(Box, cell.marks[0]).fill


def texts(picture: Picture) -> list[str]:
    def walk(marks: tuple[Mark, ...]) -> Iterator[str]:
        for mark in marks:
            if isinstance(mark, Group):
                yield from walk(mark.marks)
            elif isinstance(mark, Label):
                yield mark.text

    return list(walk(picture.marks))


def ids_are_unique(picture: Picture) -> bool:
    names = [one.get("id") for one in ElementTree.fromstring(to_svg(picture, THEMES["light"])).iter() if one.get("id")]
    return max(Counter(names).values()) == 1


def confusion(counts: np.ndarray) -> Confusion:
    return Confusion(ConfusionRequest("", RESIDUAL), counts, (), (), np.zeros((0, 1, 1, 1), np.uint8), 0.5, "digits", 1)


def _luminance(colour: str) -> float:
    """Return the relative luminance of a colour (WCAG 2.2)."""
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    red, green, blue = (one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("theme", THEMES)
def test_words_can_be_read_on_every_colour_that_carries_any(theme: str) -> None:
    """WCAG 2.2, AA: 4.5 to 1."""
    colours = THEMES[theme].colours
    for ink in SCALE:
        ground = readable(ink)
        low, high = sorted(_luminance(colours[one]) for one in (ground, on(ground)))
        assert (high + 0.05) / (low + 0.05) >= 4.45, (ink, ground)
        assert abs(SCALE.index(ground) - SCALE.index(ink)) <= 2


def test_the_matrix_says_every_number_and_what_it_counts() -> None:
    counts = np.array([[27, 0, 1], [2, 30, 0], [0, 13, 4]])
    picture = confusion_picture(confusion(counts), ("cat", "dog", ""), 500, 400)
    rows = list(groups(picture.marks, "row"))
    assert [row.path for row in rows] == ["true0", "true1", "true2"]
    cells = [[of_kind(Group, cell) for cell in row.marks] for row in rows]
    shown = [[next((m.text for m in cell.marks if isinstance(m, Label)), "0") for cell in row] for row in cells]
    assert shown == [[str(count) for count in row] for row in counts.tolist()]
    assert cells[2][1].title == "13 of 17 images of “2” were predicted as “dog”"
    assert "61 of 77 correct" in " ".join(texts(picture))
    assert ids_are_unique(picture)


def test_a_class_without_images_and_many_classes_are_drawn_too() -> None:
    empty = confusion_picture(confusion(np.array([[3, 1], [0, 0]])), (), 400, 300)
    assert "1: no images" in [row.title for row in groups(empty.marks, "row")]
    many = confusion_picture(confusion(np.eye(100, dtype=np.int64) * 50), (), 700, 600)
    assert len(list(groups(many.marks, "row"))) == 100 and "50" not in texts(many)[10:30]
    assert ids_are_unique(many)


def test_filters_are_grids_of_their_weights_by_their_own_largest() -> None:
    weights = np.array([[[[0.0, 1.0], [-1.0, 0.5]]], [[[0.0, 0.01], [-0.01, 0.005]]]], np.float32)
    picture = filters_picture(Filters(FiltersRequest("", RESIDUAL), "conv1", weights), 400, 300)
    one, other = groups(picture.marks, "filter")
    inks = [[mark.fill for mark in filter_.marks[1:] if isinstance(mark, Box)] for filter_ in (one, other)]
    assert inks[0] == inks[1] and inks[0][1] is SCALE[-1] and inks[0][2] is SCALE[0]
    assert one.path == "conv1" and "from −1 to 1" in one.title and ids_are_unique(picture)


@pytest.mark.parametrize(("count", "planes", "side"), [(64, 3, 7), (8, 1, 3), (1, 1, 1), (300, 12, 3)])
def test_filters_stay_inside_of_the_picture(count: int, planes: int, side: int) -> None:
    weights = np.random.default_rng(0).normal(size=(count, planes, side, side)).astype(np.float32)
    picture = filters_picture(Filters(FiltersRequest("", RESIDUAL), "conv1", weights), 700, 500)
    drawn = list(groups(picture.marks, "filter"))
    assert len(drawn) == min(count, 256)
    assert all(one.x + one.width <= 700 and (one.y + one.height <= 500 or count > 256) for one in drawn)


@given(st.floats(1e-6, 1e3), st.floats(1.001, 1e6))
def test_levels_are_round_rising_and_not_too_many(low: float, factor: float) -> None:
    found = levels(low, low * factor)
    assert len(found) <= MOST_LINES and all(low < one < low * factor for one in found)
    assert all(one < other for one, other in pairwise(found))
    assert all(f"{one:.3e}"[2:5] in ("000", "500") for one in found)


def test_contour_lines_of_a_cone_are_circles() -> None:
    """The logarithm of 10^r is r: the line at 10^0.5 has the radius 0.5."""
    steps = np.linspace(-1, 1, 41)
    values = 10.0 ** np.hypot(*np.meshgrid(steps, steps))
    (line,) = contours(steps.tolist(), steps.tolist(), values, 10**0.5)
    assert line[0] == line[-1], "it is closed"
    assert all(hypot(x, y) == pytest.approx(0.5, abs=0.002) for x, y in line)


def test_contour_lines_leave_out_what_is_not_known() -> None:
    steps = [0.0, 1.0, 2.0]
    values = [[1.0, 10.0, 100.0], [1.0, 10.0, 100.0], [nan, nan, nan]]
    (line,) = contours(steps, steps, values, 10**1.5)
    assert {x for x, _ in line} == {1.5} and max(y for _, y in line) == 1.0


def surface(count: int = 2, known_rows: int = 5, size: int = 5) -> Surface:
    steps = np.linspace(-1, 1, size)
    bowl = (0.01 * 1000.0 ** np.hypot(*np.meshgrid(steps, steps))).astype(np.float32)
    known = np.zeros((size, size), np.bool_)
    known[:known_rows] = True
    looks = (RunReference("a", RESIDUAL), RunReference("b", PLAIN))[:count]
    losses = np.where(known, bowl, np.float32(nan))
    return Surface(
        SurfaceRequest(looks, size),
        tuple(Slice(one, losses, known, float(bowl[size // 2, size // 2])) for one in looks),
        256,
        "digits",
        1.0,
    )


def test_planes_stand_side_by_side_on_one_scale_with_all_conditions() -> None:
    picture = surface_picture(surface(), 900, 500)
    panels = list(groups(picture.marks, "surface"))
    assert len(panels) == 2 and panels[0].x + panels[0].width <= panels[1].x and panels[0].y == panels[1].y
    assert all(len(list(groups(panel.marks, "cell"))) == 25 for panel in panels)
    assert len(list(groups(picture.marks, "scale"))) == 1
    text = " ".join(texts(picture))
    for said in ("residual", "plain", "256 training images", "5×5 points", "seed 0", "running", "Li et al. 2018"):
        assert said in text
    assert picture.marks and all(isinstance(one, Group | Label) for one in picture.marks) and ids_are_unique(picture)


def test_low_losses_are_at_the_low_end_of_the_scale_and_the_second_direction_goes_up() -> None:
    made = surface(1)
    made.slices[0].losses[0, 0] = 1e4
    panel = next(groups(surface_picture(made, 600, 500).marks, "surface"))
    cells = {cell.path: cell for cell in groups(panel.marks, "cell")}
    assert colour(cells[".2-2"]) is SCALE[0] and colour(cells[".0-0"]) is SCALE[-1]
    assert cells[".0-0"].y > cells[".4-0"].y and cells[".0-0"].x < cells[".0-4"].x
    assert cells[".0-0"].title == "loss 10,000 at −1, −1"


def test_what_is_not_measured_yet_is_left_empty_and_lines_are_inside_of_their_frame() -> None:
    panel = next(groups(surface_picture(surface(2, known_rows=3), 900, 500).marks, "surface"))
    assert len(list(groups(panel.marks, "cell"))) == 15
    frame = next(mark for mark in panel.marks if isinstance(mark, Box) and mark.fill is None)
    lines = [mark for mark in panel.marks if isinstance(mark, Arrow)]
    assert len(lines) > 4
    for x, y in (point for line in lines for point in line.points):
        assert frame.x <= x <= frame.x + frame.width and frame.y <= y <= frame.y + frame.height


def test_a_loss_far_out_does_not_take_the_colours_from_those_in_the_middle() -> None:
    made = surface(1)
    made.slices[0].losses[4, 4] = 1e9
    picture = surface_picture(made, 600, 500)
    colours = {cell.path: colour(cell) for cell in groups(picture.marks, "cell")}
    assert colours[".2-2"] is SCALE[0] and colours[".2-3"] is not SCALE[0] and colours[".4-4"] is SCALE[-1]
    assert "Losses above 1,000 have its colour." in texts(picture)


@pytest.mark.parametrize("value", [nan, float("inf"), 0.0])
def test_losses_that_are_no_usual_numbers_are_drawn(value: float) -> None:
    made = surface(1)
    made.slices[0].losses[1, 1] = value
    panel = next(groups(surface_picture(made, 500, 400).marks, "surface"))
    cell = next(one for one in groups(panel.marks, "cell") if one.path == ".1-1")
    assert (colour(cell) in SCALE) == (value == value)
    flat = Surface(made.request, (), 0, "", 0.0)
    assert surface_picture(flat, 500, 400).title == "The loss around the trained weights"


PLACES = tuple(Place(f"layer{stage}.{n}", stage, (1, 8 * stage, 8, 8)) for stage in (1, 2) for n in (0, 1))


def wounded(plan: RunPlan, whole: float, dropped: tuple[float | None, ...]) -> Lesions:
    swapped = (0.5, None, None, None) if dropped[0] is not None else (None,) * 4
    return Lesions(plan.name, plan.spec, PLACES, whole, None, dropped, swapped, 297, "digits")


def study(*networks: Lesions) -> LesionStudy:
    looks = tuple(RunReference("", RunPlan(one.name, one.spec)) for one in networks)
    return LesionStudy(RunLesionsRequest(looks), networks, "2.6", 1.0)


def curves(made: Chart) -> dict[str, list[tuple[float, float]]]:
    return {one.key: list(zip(one.x, one.y, strict=True)) for one in made.series}


def test_lesions_stand_at_their_blocks_swaps_between_two_and_the_whole_network_across() -> None:
    made = lesion_chart(study(wounded(RESIDUAL, 0.02, (0.2, 0.04, 0.03, 0.02)), wounded(PLAIN, 0.1, (0.9,) * 4)))
    found = curves(made)
    assert found["run0"] == [(1, 20.0), (2, 4.0), (3, 3.0), (4, 2.0)] and found["swap0"] == [(1.5, 50.0)]
    assert found["whole1"] == [(0.5, 10.0), (4.5, 10.0)] and [span.label[:7] for span in made.spans] == [
        "stage 1",
        "stage 2",
    ]
    assert [guide.value for guide in made.guides] == [90.0], "ten classes"
    picture = chart(made, 1000, 600)
    text = " ".join(texts(picture))
    for said in ("297 test images", "digits", "as it is 2.0 %, typically 3.5 %", "a guess", "evaluation mode"):
        assert said in text
    titles = [one.title for one in groups(picture.marks, "point")]
    assert "plain, two swapped, layer1.0 and layer1.1: 50 %" in titles
    assert "residual, a block dropped, layer2.1: 2 %" in titles


@pytest.mark.parametrize("other", [PLAIN, RunPlan("wide", assign(RESIDUAL.spec, "width=32")), RESIDUAL])
def test_two_networks_differ_by_colour_dash_and_marker_and_their_swaps_by_colour_and_marker(other: RunPlan) -> None:
    made = lesion_chart(study(wounded(RESIDUAL, 0.02, (0.1,) * 4), wounded(other, 0.1, (0.3,) * 4)))
    looks = {one.key: one.style for one in made.series}
    assert all(one != another for one, another in zip(looks["run0"], looks["run1"], strict=True))
    assert looks["swap0"].ink is looks["run0"].ink and looks["swap0"].ink is not looks["swap1"].ink
    assert len({looks[key].marker for key in ("run0", "run1", "swap0", "swap1")}) == 4
    assert {one.key for one in made.series if one.kind is Kind.SCATTER} == {"swap0", "swap1"}


def test_lesions_that_are_not_known_yet_are_left_out() -> None:
    made = lesion_chart(study(wounded(PLAIN, 0.1, (0.9, None, None, None))))
    assert curves(made)["run0"] == [(1, 90.0)]
    nothing = lesion_chart(study(wounded(PLAIN, 0.1, (None,) * 4)))
    assert curves(nothing)["run0"] == [] and chart(nothing, 600, 400).title == made.title
