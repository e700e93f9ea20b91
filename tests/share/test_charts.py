"""What the labs' pages show of recorded results is taken home as they show it."""

import pytest

from resnet_explorer.gradients.presets import PRESETS
from resnet_explorer.picture.chart import Chart
from resnet_explorer.share.article import Drawing, Figure
from resnet_explorer.share.elements import Store
from resnet_explorer.share.figures import MOST, figure
from resnet_explorer.share.scene import page_parts
from resnet_explorer.training.lesson_readings import loss
from tests.share.scenes import scene


def charts(page: str, **values: object) -> list[Chart]:
    return [part.chart for part in page_parts(scene("plain56", page=page, **values)) if isinstance(part, Figure)]


@pytest.mark.parametrize("experiment", PRESETS)
def test_every_experiment_of_the_gradient_lab(experiment: str) -> None:
    [first, *_] = charts("gradients", experiment=experiment)
    assert first.series and first.subtitle


def test_a_heat_map_is_a_drawing() -> None:
    parts = page_parts(scene("plain56", page="gradients", experiment="degradation", view="heat map"))
    assert [type(part) for part in parts[:2]] == [Drawing, Drawing]


def test_conditions_that_were_not_recorded_show_nothing() -> None:
    assert page_parts(scene("plain56", page="gradients", conditions={"network": 20})) == ()


def test_a_training_ends_where_lessons_say_it_does() -> None:
    shown = scene("plain56", page="training")
    curve = next(series for series in charts("training")[0].series if series.label == "plain-56" and not series.faint)
    assert curve.y[-1] == pytest.approx(loss(shown, "plain-56"), rel=0.1)


def test_a_replay_shows_no_more_than_its_moment() -> None:
    part, whole = charts("training", replay=0.3)[0], charts("training")[0]
    assert max(max(series.x) for series in part.series) < 0.4 * max(max(series.x) for series in whole.series)
    assert part.x_axis.high == pytest.approx(max(max(series.x) for series in whole.series), rel=0.02)


def test_fine_tuning_with_and_without_weights() -> None:
    first, second = charts("tuning")
    assert first.title == "Training loss" and second.title.endswith("error")


def test_the_plan_of_a_fine_tuning() -> None:
    [rates] = charts("tuning", view="Groups")
    assert rates.series
    [network] = page_parts(scene("resnet20", page="tuning", view="Network"))
    assert isinstance(network, Drawing) and "In epoch 1: " in network.picture.description


def test_a_long_curve_is_read_out_in_steps() -> None:
    store = Store()
    figure(charts("training")[0], store)
    [made] = store.data["charts"]
    assert len(made["read"]) == len(made["wide"]["x"]) == len(made["narrow"]["y"]) <= MOST
    assert all(len(row) == 1 + len(made["series"]) for row in made["read"])
