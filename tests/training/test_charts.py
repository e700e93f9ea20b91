"""The training lab's charts: every run is told apart, nothing is lost in thinning, captions say what is shown."""

from dataclasses import replace
from math import inf, isnan, log, nan
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resnet_explorer.picture.chart import PLAIN, RESIDUAL, Chart, Kind, Marker, Scale, Series, chart, heatmap
from resnet_explorer.readings.quantities import Place, Quantity
from resnet_explorer.runs.plan import Metric, Run, RunEnvironment, RunPlan
from resnet_explorer.runs.recipe import Recipe, Schedule
from resnet_explorer.spec.catalogue import find
from resnet_explorer.training.block_charts import block_plot, block_strips, heat, rates
from resnet_explorer.training.chart_data import Options, looks, traced
from resnet_explorer.training.charts import TrainingCharts
from resnet_explorer.training.part import Across, Measure

OPEN = {Marker.OPEN_SQUARE, Marker.OPEN_DIAMOND, Marker.OPEN_CIRCLE, Marker.OPEN_TRIANGLE}
BARE = Options(smoothing=0.0)


def setting(blocks: int = 9, **changes: Any) -> RunEnvironment:
    places = tuple(Place(f"layer{1 + n * 3 // blocks}.{n}", 1 + n * 3 // blocks, (1, 8, 8, 8)) for n in range(blocks))
    made = RunEnvironment(
        "digits, scaled", tuple("0123456789"), places, 1500, 297, "2.14", "1.0", "a machine", "2026-01-01"
    )
    return replace(made, **changes)


def run(
    name: str = "resnet-20", losses: list[float] | None = None, *, seed: int = 0, every: int = 10, steps: int = 150
) -> Run:
    values = [2.3 * 0.98**step + 0.1 for step in range(steps)] if losses is None else losses
    metrics = tuple(
        Metric(
            step, loss, 0.75, 0.02, 0.1 * (step + 1),
            loss + 0.5 if step % every == every - 1 else None, 0.5 if step % every == every - 1 else None,
            {Quantity.OUTPUT: tuple(1.5**n * (step + 1) for n in range(9))} if step % every == 0 else None,
        )
        for step, loss in enumerate(values)
    )  # fmt: skip
    plan = RunPlan(name, find(name.replace("-", "")), recipe=Recipe(steps=steps), seed=seed)
    return Run(plan, setting(), metrics)


def cut(one: Run, steps: int) -> Run:
    return replace(one, metrics=one.metrics[:steps])


def curves(runs: list[Run], measure: Measure = Measure.TRAIN_LOSS, options: Options | None = None) -> Chart:
    return TrainingCharts().curves(traced(runs), measure, options or Options())


def series(made: Chart, key: str) -> Series:
    return next(one for one in made.series if one.key == key)


def test_validation_images_are_called_so() -> None:
    """A fine-tuning that has some judges them after each epoch, not the test images."""
    tested, validated = run(), replace(run("plain-20"), environment=setting(judged="validation"))
    for runs, kind in (([tested], "Test"), ([validated], "Validation"), ([tested, validated], "Test or validation")):
        for made, title in ((curves(runs, Measure.TEST_ERROR), "error"), (curves(runs, Measure.TEST_LOSS), "loss")):
            short = kind.lower().replace("validation", "val")
            assert made.title == f"{kind} {title}" and made.y_axis.title == f"{short} {title}"
            assert f"of all {kind.lower()} images" in made.subtitle
    assert curves([validated]).title == "Training loss"


@given(st.lists(st.booleans(), min_size=1, max_size=8))
def test_residual_and_plain_networks_never_look_alike(kinds: list[bool]) -> None:
    found = looks(kinds)
    assert len(set(found)) == len(kinds)
    if max(kinds.count(True), kinds.count(False)) <= 4:
        assert [look.marker in OPEN for look in found] == [not kind for kind in kinds]


def test_a_pair_looks_as_everywhere_else() -> None:
    assert looks((True, False)) == (RESIDUAL, PLAIN) and looks((False, True)) == (PLAIN, RESIDUAL)


def test_runs_of_one_name_are_told_apart_by_their_seeds() -> None:
    found = traced([run(), run(seed=4), run("plain-20")], frozenset({"run2"}))
    assert [one.name for one in found] == ["resnet-20, seed 0", "resnet-20, seed 4", "plain-20"]
    assert [one.hidden for one in found] == [False, True, False]


def test_losses_are_thin_as_they_are_and_thick_smoothed() -> None:
    made = curves([run(), run("plain-20")])
    assert [(one.key, one.faint) for one in made.series] == [
        ("run1-raw", True), ("run1", False), ("run2-raw", True), ("run2", False),
    ]  # fmt: skip
    assert "smoothed 0.9" in made.subtitle and "seed 0, the same order for all" in made.subtitle
    assert "digits, scaled" in made.subtitle and "replayed" not in made.subtitle
    assert series(made, "run1-raw").y[-1] == pytest.approx(run().metrics[-1].loss)
    assert list(series(made, "run1").x)[-1] == 150


def test_a_replay_says_so_and_where_it_was_recorded() -> None:
    charts = TrainingCharts()
    shown, replayed = traced([run()]), Options(replayed=True)
    pictures = [charts.curves(shown, measure, replayed).subtitle for measure in Measure]
    pictures += [charts.seeds(shown, Measure.TRAIN_LOSS, replayed).subtitle, rates(shown, replayed).subtitle]
    pictures += [block_plot(shown, Quantity.OUTPUT, replayed).subtitle]
    found = heat(shown[0], Quantity.OUTPUT, replayed)
    assert found and all(
        text.startswith("replayed, recorded on a machine, PyTorch 2.14") for text in [*pictures, found.subtitle]
    )


@pytest.mark.parametrize(
    ("measure", "level"),
    [
        (Measure.TRAIN_LOSS, log(10)),
        (Measure.TEST_LOSS, log(10)),
        (Measure.TRAIN_ERROR, 90.0),
        (Measure.TEST_ERROR, 90.0),
    ],
)
def test_chance_is_a_line(measure: Measure, level: float) -> None:
    made = curves([run()], measure)
    assert [(guide.label, guide.vertical) for guide in made.guides] == [("chance", False)]
    assert made.guides[0].value == pytest.approx(level)
    assert not curves([run()], Measure.RATE).guides


def test_test_curves_have_points_where_they_were_judged() -> None:
    made = curves([run(every=25)], Measure.TEST_ERROR)
    assert list(made.series[0].x) == [25, 50, 75, 100, 125, 150] and list(made.series[0].y) == [50.0] * 6
    assert made.series[0].style.marker is not Marker.NONE and "smoothed" not in made.subtitle


def test_the_x_axis_counts_steps_epochs_or_seconds() -> None:
    given = run(steps=46)
    by = {across: curves([given], Measure.RATE, Options(across)).series[0].x for across in Across}
    assert by[Across.STEPS][-1] == 46 and by[Across.SECONDS][-1] == pytest.approx(4.6)
    assert by[Across.EPOCHS][-1] == pytest.approx(46 / 23)  # 1,500 // 64 batches
    unknown = replace(given, environment=None)
    assert curves([unknown], Measure.RATE, Options(Across.EPOCHS)).x_axis.title == "step"


def test_speed_is_steps_in_a_second_even_where_the_clock_stands_still() -> None:
    made = curves([run(steps=40)], Measure.SPEED)
    assert list(series(made, "run1").y) == pytest.approx([10.0] * 39)
    coarse = replace(run(), metrics=tuple(replace(one, seconds=(one.step // 4) * 0.4) for one in run(steps=41).metrics))
    assert list(series(curves([coarse], Measure.SPEED), "run1").y) == pytest.approx([10.0] * 10)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32 - 1), st.lists(st.integers(0, 1500), min_size=1, max_size=6), st.sampled_from(Measure))
def test_a_run_that_goes_on_or_back_is_drawn_as_if_it_were_new(seed: int, ends: list[int], measure: Measure) -> None:
    random = np.random.default_rng(seed)
    whole = run(losses=[nan if random.random() < 0.01 else float(one) for one in random.random(1500)])
    seconds = np.cumsum(random.random(1500))
    others = zip(whole.metrics, random.random(1500).tolist(), seconds.tolist(), strict=True)
    whole = replace(whole, metrics=tuple(replace(one, accuracy=share, seconds=at) for one, share, at in others))
    charts = TrainingCharts()
    for end in ends:
        given = cut(whole, end)
        made, fresh = charts.curves(traced([given]), measure), curves([given], measure)
        assert made.subtitle == fresh.subtitle and len(made.series) == len(fresh.series)
        for one, other in zip(made.series, fresh.series, strict=True):
            assert list(one.x) == list(other.x)
            np.testing.assert_allclose(one.y, other.y, rtol=1e-9)


def test_another_run_under_the_same_key_is_read_anew() -> None:
    charts = TrainingCharts()
    charts.curves(traced([run()]), Measure.TRAIN_LOSS)
    other = run(losses=[9.0] * 150)
    assert list(charts.curves(traced([other]), Measure.TRAIN_LOSS, BARE).series[0].y) == [9.0] * 150
    assert charts.curves(traced([run()]), Measure.TRAIN_LOSS) == curves([run()])


def test_long_runs_are_thinned_and_keep_their_peak_and_their_end() -> None:
    losses = [1.0 + 0.1 * (step % 7) for step in range(20_000)]
    losses[12_345] = 5.5
    made = curves([run(losses=losses, every=1000)])
    raw = series(made, "run1-raw")
    assert all(len(one.x) <= 500 for one in made.series) and raw.x[-1] == 20_000
    assert 5.5 in raw.y and 12_346 in raw.x
    near = curves([run(losses=losses, every=1000)], options=Options(within=(12_300, 12_400)))
    inside = [x for x in series(near, "run1-raw").x if 12_300 <= x <= 12_400]
    assert len(inside) == 101 and (near.x_axis.low, near.x_axis.high) == (12_300, 12_400)


def test_what_is_not_a_number_stays_a_gap_and_is_said() -> None:
    made = curves([run(losses=[2.0, 1.9, nan, 1.7, 1.6])], options=BARE)
    assert [isnan(one) for one in made.series[0].y] == [False, False, True, False, False]
    lost = curves([cut(run(losses=[2.0, 30.0, 4e9, inf, nan]), 5), run("plain-20")])
    assert series(lost, "run1").note == "diverged" and "are cut off" in lost.notes[0]
    assert lost.y_axis.high == pytest.approx(3 * log(10))
    assert curves([cut(run(losses=[2.0, 4e9]), 2)], options=Options(log=True)).y_axis == replace(
        lost.y_axis, scale=Scale.LOG, low=None, high=None
    )


def test_a_run_says_how_far_it_is() -> None:
    made = curves([run(), cut(run("plain-20"), 12), cut(run("plain-56"), 0)], options=BARE)
    notes = [one.note for one in made.series]
    assert notes[0].startswith("ends at ") and notes[1].endswith(", at step 12 of 150") and notes[2] == "not begun"
    ended = replace(cut(run(), 12), problem="The disk is full.")
    assert "ended early, at step 12" in curves([ended], options=BARE).series[0].note


def test_notes_of_a_run_stand_under_the_chart() -> None:
    noted = replace(run(), environment=setting(notes=("bfloat16 is not used on this machine.",)))
    assert "bfloat16 is not used on this machine." in curves([noted, noted]).notes


@pytest.mark.parametrize("schedule", Schedule)
def test_a_schedule_is_drawn_before_it_runs(schedule: Schedule) -> None:
    recipe = Recipe(steps=64_000, learning_rate=0.1, schedule=schedule, warmup=400, milestones=(32_000, 48_000))
    plan = RunPlan("resnet-20", find("resnet20"), recipe=recipe)
    made = rates(traced([Run(plan, None, ())]))
    (one,) = made.series
    assert len(one.x) <= 500 and (one.x[0], one.x[-1]) == (1, 64_000)
    assert list(one.y) == [recipe.rate_at(int(x) - 1) for x in one.x] and max(one.y) == pytest.approx(0.1, rel=1e-4)


def test_equal_schedules_are_one_curve_with_a_sign_where_each_run_is() -> None:
    warm = run("resnet-56")
    warm = replace(warm, plan=replace(warm.plan, recipe=Recipe(schedule=Schedule.COSINE)))
    made = rates(traced([run(), cut(run("plain-20"), 40), cut(run("plain-56"), 40), cut(warm, 0)]))
    lines = [one for one in made.series if one.kind is Kind.LINE]
    assert [one.label for one in lines] == ["resnet-20 and 2 more", "resnet-56"]
    signs = [(one.x[0], one.y[0]) for one in made.series if one.kind is Kind.SCATTER]
    assert signs == [(150, 0.02), (40, 0.02), (40, 0.02)]
    assert [guide.label for guide in made.guides] == ["step 40", "step 150"]


def test_blocks_of_the_newest_measured_step() -> None:
    made = block_plot(traced([run(), cut(run("plain-20"), 35), cut(run("plain-56"), 0)]), Quantity.OUTPUT)
    assert [one.note for one in made.series] == ["first/last = 0.039, step 141", "first/last = 0.039, step 31"]
    assert list(made.series[0].x) == list(range(1, 10)) and made.series[0].y[0] == 141
    assert made.series[0].points and made.series[0].points[4].path == "layer2.4"
    assert [span.path for span in made.spans] == ["layer1", "layer2", "layer3"]
    assert made.notes == ("Not measured: plain-56.",) and made.y_axis.scale is Scale.LOG
    assert block_plot(traced([run()]), Quantity.SHARE).series == ()


def test_stages_are_named_where_they_agree_alone() -> None:
    other = replace(run("plain-20"), environment=setting(8))
    assert block_plot(traced([run(), other]), Quantity.OUTPUT).spans == ()


def test_strips_know_which_blocks_have_shortcuts() -> None:
    found = block_strips(traced([run(), run("plain-20")]), Quantity.OUTPUT)
    assert [strip.cells[0].has_shortcut for strip in found] == [True, False] and len(found[0].cells) == 9


def test_a_heat_map_shows_blocks_by_steps_and_always_the_newest() -> None:
    made = heat(traced([run(steps=5000, every=5)])[0], Quantity.OUTPUT)
    assert made and len(made.rows) == 9 and made.x[-1] == 4996 and 200 <= len(made.x) <= 400
    assert all(len(row.values) == len(made.x) for row in made.rows) and made.rows[0].values[-1] == 4996
    assert made.value.scale is Scale.LOG and heatmap(made, 700, 300).marks
    assert heat(traced([run()])[0], Quantity.SHARE) is None


def test_a_heat_map_leaves_out_a_step_that_has_no_update() -> None:
    """The last step of a run that diverges is measured, but makes none."""
    sound = Metric(0, 2.3, 0.1, 0.1, 0.1, blocks={Quantity.UPDATE: (0.5,) * 9, Quantity.OUTPUT: (1.0,) * 9})
    diverged = Metric(1, inf, 0.1, 0.1, 0.2, blocks={Quantity.OUTPUT: (1.0,) * 9})
    made = heat(traced([replace(run(), metrics=(sound, diverged))])[0], Quantity.UPDATE)
    assert made and list(made.x) == [1] and list(made.rows[0].values) == [0.5]


def test_seeds_are_a_median_and_a_band() -> None:
    runs = [run(losses=[level] * 150, seed=seed) for seed, level in enumerate((1.0, 2.0, 6.0))]
    made = TrainingCharts().seeds(traced([*runs, run("plain-20")]), Measure.TRAIN_LOSS)
    assert [one.label for one in made.series] == [
        "resnet-20",
        "plain-20",
    ] and made.title == "Training loss, 1 to 3 seeds"
    one = made.series[0]
    assert one.low is not None and one.high is not None
    count = len(one.y)
    assert list(one.y) == pytest.approx([2.0] * count) and list(one.low) == pytest.approx([1.0] * count)
    assert list(one.high) == pytest.approx([6.0] * count) and one.note == "1 to 6"
    assert made.series[1].low is None and "smoothed 0.9" in made.subtitle and "seeds 0, 1, 2" in made.subtitle
    assert made.guides[0].label == "chance"


def test_a_seed_that_diverged_counts_as_the_worst() -> None:
    runs = [run(losses=[level] * 150, seed=seed) for seed, level in enumerate((1.0, 2.0, nan))]
    made = TrainingCharts().seeds(traced(runs), Measure.TRAIN_LOSS)
    assert list(made.series[0].y) == pytest.approx([2.0] * len(made.series[0].y))
    assert made.series[0].note == "1 to 2, 1 of 3 diverged"


def test_seeds_are_compared_at_the_steps_that_all_have_made() -> None:
    made = TrainingCharts().seeds(traced([run(), cut(run(seed=1), 40), cut(run("plain-20"), 0)]), Measure.TRAIN_LOSS)
    assert made.series[0].x[-1] == 40 and len(made.series[1].x) == 0


@pytest.mark.parametrize("measure", Measure)
@pytest.mark.parametrize("options", [Options(), Options(Across.SECONDS, log=True, smoothing=0.0)])
def test_everything_can_be_drawn(measure: Measure, options: Options) -> None:
    odd = [
        run(),
        cut(run("plain-20"), 0),
        cut(run("plain-56"), 1),
        run("resnet-56", [nan] * 5),
        run("plain-32", [inf, 1.0]),
    ]
    for runs in ([], odd[1:2], odd):
        charts = TrainingCharts()
        for made in (charts.curves(traced(runs), measure, options), charts.seeds(traced(runs), measure, options)):
            assert chart(made, 600, 300).marks
        assert chart(rates(traced(runs), options), 600, 300).marks
        assert chart(block_plot(traced(runs), Quantity.OUTPUT, options), 600, 300).marks
