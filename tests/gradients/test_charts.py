"""The pictures of a training: one axis and one scale of colours for all steps and networks."""

import re
from dataclasses import replace
from math import nan

import pytest

from resnet_explorer.gradients.charts import heat_maps, looks_of, loss_chart, step_plot, value_axis
from resnet_explorer.gradients.descent import RECIPE, Descent, DescentRequest, DescentStep
from resnet_explorer.picture.chart import PLAIN, RESIDUAL, STYLES
from resnet_explorer.picture.chart.heatmap import heat_picture
from resnet_explorer.picture.marks import Group
from resnet_explorer.picture.svg import to_svg
from resnet_explorer.picture.theme import LIGHT
from resnet_explorer.readings.quantities import Place, Quantity
from resnet_explorer.spec.catalogue import find, twin

NET, DEEP = find("resnet20"), find("resnet56")
PAIR = (NET, twin(NET))
PLACES = (Place("layer1.0", 1, (16, 8, 8)), Place("layer2.0", 2, (32, 4, 4)))


def values(first: float, last: float, share: float | None) -> dict[Quantity, tuple[float | None, ...]]:
    shown = dict.fromkeys(Quantity, (first, last))
    return {**shown, Quantity.SHARE: (share, share)}


STEPS = (
    DescentStep(0, (2.0, 3.0), (0.1, 0.1), (values(1e-3, 1.0, 0.5), values(10.0, 1e3, None))),
    DescentStep(1, (1.0, 2.5), (0.1, 0.1)),
    DescentStep(2, (0.5, 2.0), (0.1, 0.1), (values(1e-2, 0.0, 0.75), values(5.0, nan, None))),
)
ASKED = DescentRequest(PAIR, recipe=replace(RECIPE, steps=4, measure_every=2))
RUN = Descent(ASKED, (PLACES, PLACES), STEPS, "digits", "2.6", 1.0)


def test_all_steps_and_networks_share_one_axis() -> None:
    axis = value_axis(RUN, Quantity.INPUT)
    assert axis.low == pytest.approx(1e-3) and axis.high == pytest.approx(1e3)
    assert {shown.value for shown in heat_maps(RUN, Quantity.INPUT)} == {axis}
    first, last = (step_plot(RUN, Quantity.INPUT, step) for step in RUN.measured)
    assert first.y_axis == last.y_axis and first.y_axis.low is not None and 0 < first.y_axis.low < 1e-3


def test_the_plot_of_a_step_has_that_steps_values_and_says_which_it_is() -> None:
    made = step_plot(RUN, Quantity.INPUT, STEPS[2])
    assert list(made.series[0].y) == [1e-2, 0.0] and made.title.endswith("step 2 of 4")
    assert [series.style for series in made.series] == [RESIDUAL, PLAIN] and "digits" in made.subtitle


def test_heat_maps_have_a_row_for_each_block_and_a_column_for_each_measured_step() -> None:
    residual, plain = heat_maps(RUN, Quantity.INPUT)
    assert list(residual.x) == [0, 2] and [row.path for row in plain.rows] == ["layer1.0", "layer2.0"]
    assert list(residual.rows[1].values) == [1.0, 0.0]


def test_a_network_without_the_quantity_has_no_heat_map() -> None:
    (shown,) = heat_maps(RUN, Quantity.SHARE)
    assert shown.key == "resnet20"


@pytest.mark.parametrize(
    ("count", "places"), [(1, [(0, 0)]), (2, [(0, 0), (0, 150)]), (3, [(0, 0), (200, 0), (0, 150)])]
)
def test_maps_stand_under_each_other_and_many_in_two_columns(count: int, places: list[tuple[float, float]]) -> None:
    maps = (*heat_maps(RUN, Quantity.INPUT), *heat_maps(RUN, Quantity.SHARE))[:count]
    picture = heat_picture(maps, 400, 300 if count > 1 else 150)
    found = [mark for mark in picture.marks if isinstance(mark, Group)]
    assert [(mark.x, mark.y) for mark in found] == places
    assert max(mark.x + mark.width for mark in found) <= 400


def test_no_two_marks_of_a_file_have_one_id() -> None:
    written = to_svg(heat_picture(heat_maps(RUN, Quantity.INPUT), 600, 400), LIGHT)
    ids = re.findall(r'id="([^"]+)"', written)
    assert len(ids) == len(set(ids)) > 10


def test_the_losses_are_smoothed_and_the_step_is_marked() -> None:
    made = loss_chart(RUN, STEPS[1], small=True)
    raw, mean, *_ = made.series
    assert list(raw.y) == [2.0, 1.0, 0.5] and list(mean.y) == pytest.approx([2.0, 1.5, 3.5 / 3])
    assert raw.faint and made.guides[0].value == 1 and mean.note == "now 1.17" and made.x_axis.high == 4


def test_a_pair_has_the_looks_of_residual_and_plain_and_more_networks_one_each() -> None:
    assert looks_of((twin(NET), NET)) == (PLAIN, RESIDUAL)
    assert looks_of((*PAIR, DEEP, twin(DEEP))) == STYLES[:4] and looks_of((NET, DEEP)) == STYLES[:2]
