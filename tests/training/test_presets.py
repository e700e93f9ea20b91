"""The presets of the training lab, the words on their conditions, and the sentence of what was measured."""

from dataclasses import replace
from math import log, nan

import pytest

from resnet_explorer.errors import ExplorerError
from resnet_explorer.images.choice import DataKind
from resnet_explorer.network.compile import compile_spec
from resnet_explorer.readings.read import depth
from resnet_explorer.readings.text import last_steps
from resnet_explorer.runs.plan import MAX_RUNS, Metric, Run, RunEnvironment, RunPlan, describe_recipe
from resnet_explorer.runs.recipe import Optimiser, Recipe, Schedule
from resnet_explorer.spec.catalogue import find
from resnet_explorer.training.presets import PRESETS, TrainingPreset
from resnet_explorer.training.text import conditions, measured
from tests.cases import each

ALL = list(PRESETS.values())
SETTING = RunEnvironment("digits", tuple("0123456789"), (), 1500, 297, "2.14", "1.0", "a machine", "2026-01-01")


@each("preset", ALL)
def test_a_preset_is_whole(preset: TrainingPreset) -> None:
    plans = preset.plans(7, "somewhere" if preset.needs else "")
    names = [plan.name for plan in plans]
    assert 2 <= len(plans) <= MAX_RUNS and len(set(names)) == len(names)
    assert all(plan.seed == 7 and plan.threads == 1 and plan.spec.classes == 10 for plan in plans)
    assert len({(plan.data, plan.image, plan.recipe.batch, plan.recipe.steps) for plan in plans}) == 1
    assert preset.question and preset.look_for.endswith(".") and preset.minutes > 0
    assert all(one.text and one.address.startswith("https://arxiv.org/abs/") for one in preset.references)


@each("preset", ALL)
def test_names_say_the_depth_that_the_networks_have(preset: TrainingPreset) -> None:
    for name, spec in preset.networks:
        kind, _, rest = name.partition(",")[0].partition("-")
        if kind in ("plain", "resnet"):
            assert depth(compile_spec(spec)).weight_layers == int(rest) and spec.residual == (kind == "resnet")


@pytest.mark.parametrize("key", ["degradation", "vanishing", "figure-6", "depth"])
def test_twins_start_from_equal_branches(key: str) -> None:
    preset = PRESETS[key]
    plans = preset.plans(0, "somewhere" if preset.needs else "")
    assert {plan.like for plan in plans} == {next(plan.spec for plan in plans if plan.spec.residual)}


def test_degradation_is_the_papers_recipe_made_short() -> None:
    plans = PRESETS["degradation"].plans()
    recipe = plans[0].recipe
    assert [plan.name for plan in plans] == ["plain-20", "plain-56", "resnet-20", "resnet-56"]
    assert (recipe.steps, recipe.batch, recipe.momentum, recipe.weight_decay) == (150, 64, 0.9, 1e-4)
    assert all(plan.spec.widths == (8, 16, 32) and plan.spec.in_channels == 1 for plan in plans)


def test_figure_6_is_section_4_2_of_the_paper() -> None:
    preset = PRESETS["figure-6"]
    plans = {plan.name: plan for plan in preset.plans(0, "somewhere")}
    recipe = plans["resnet-56"].recipe
    assert (recipe.steps, recipe.batch, recipe.learning_rate) == (64_000, 128, 0.1)
    assert (recipe.schedule, recipe.milestones, recipe.gamma) == (Schedule.STEPS, (32_000, 48_000), 0.1)
    assert (recipe.pad, recipe.flip, recipe.momentum, recipe.weight_decay) == (4, True, 0.9, 1e-4)
    assert plans["resnet-110"].recipe.rate_at(0) == pytest.approx(0.01)
    assert plans["resnet-110"].recipe.rate_at(400) == pytest.approx(0.1)
    assert preset.needs is DataKind.CIFAR10 and plans["plain-20"].data.root == "somewhere"
    assert plans["plain-20"].spec == find("plain20")
    with pytest.raises(ExplorerError, match="folder"):
        preset.plans(0)


@pytest.mark.parametrize(
    ("key", "axis", "values"),
    [
        ("vanishing", "norm", {"none"}),
        ("stochastic-depth", "stochastic_depth", {0.0, 0.5}),
        ("zero-init", "zero_init", {False, True}),
        ("init", "init", {"he-fan-in", "xavier", "pytorch-default"}),
    ],
)
def test_what_a_preset_varies(key: str, axis: str, values: set[object]) -> None:
    assert {getattr(plan.spec, axis) for plan in PRESETS[key].plans()} == values


def run(name: str, loss: float, seed: int = 0, made: int = 30, *, steps: int = 30, problem: str = "") -> Run:
    plan = RunPlan(name, find(name.replace("-", "")), recipe=Recipe(steps=steps), seed=seed)
    metrics = tuple(Metric(step, loss, 0.5, 0.02, 0.1 * step) for step in range(made))
    judged = (replace(metrics[-1], test_accuracy=0.75),) if metrics else ()
    return Run(plan, SETTING, (*metrics[:-1], *judged), problem=problem)


FOUR = (("plain-20", 0.19), ("plain-56", 1.74), ("resnet-20", 0.01), ("resnet-56", 0.03))


def test_degradation_is_said_with_its_figures() -> None:
    text = measured([run(name, loss) for name, loss in FOUR])
    assert "one seed: plain-20 0.19, plain-56 1.74, resnet-20 0.01, resnet-56 0.03." in text
    assert "plain-56, is worse than plain-20 on its own training images." in text
    assert "The same layers with shortcuts, resnet-56: 0.03." in text and "plain-20 25 %" in text


def test_seeds_are_counted_and_their_range_is_said() -> None:
    runs = [run(name, loss * (1 + seed / 10), seed) for name, loss in FOUR for seed in range(3)]
    text = measured(runs)
    assert "median of 3 seeds" in text and "plain-20 0.21 (0.19 to 0.23)" in text and "on 3 of 3 seeds" in text
    mixed = measured(
        [run("plain-20", 2.0, 0), *(one for one in runs if (one.plan.name, one.plan.seed) != ("plain-20", 0))]
    )
    assert "is worse than plain-20 on 2 of 3 seeds" in mixed


def test_no_degradation_is_said_as_well() -> None:
    text = measured([run("plain-20", 0.3), run("plain-56", 0.2)])
    assert "plain-56, is not worse than plain-20 here." in text


def test_chance_is_recognised() -> None:
    text = measured([run("plain-20", log(10)), run("plain-56", log(10)), run("resnet-56", 0.1)])
    assert text.count("2.30 (chance)") == 2 and "Neither plain net learns" in text
    assert "The same layers with shortcuts, resnet-56: 0.10." in text
    assert "resnet-20 5.80 (worse than chance)" in measured([run("resnet-20", 5.8)])


def test_there_is_no_verdict_before_the_end() -> None:
    text = measured([run("plain-20", 0.2), run("plain-56", 1.8, made=12), run("resnet-56", 0.1, made=0)])
    assert "plain-56 1.80 so far, at step 12 of 30" in text and "no comparison yet" in text and "worse" not in text
    assert "Not begun: resnet-56." in text
    assert measured([]) == measured([run("plain-20", 0.0, made=0)]) == "No step has been made yet."


def test_a_run_that_diverged_is_at_its_end_and_worse_than_any() -> None:
    bad = run("plain-56", nan, made=12, problem="The loss is no number since step 1.")
    text = measured([run("plain-20", 0.2), bad])
    assert "plain-56 diverged" in text and "is worse than plain-20" in text
    assert "plain-56, seed 0: The loss is no number since step 1." in text
    two = measured([run("plain-20", 0.2), bad, run("plain-20", 0.2, 1), run("plain-56", 0.4, 1)])
    assert "1 of 2 seeds diverged" in two


def test_conditions_name_seeds_images_recipe_and_machine() -> None:
    text = conditions([run("plain-20", 1.0), run("resnet-20", 1.0)])
    assert "seed 0, the same order for all" in text and "digits" in text and "a machine, PyTorch 2.14" in text
    other = run("resnet-20", 1.0, 3, steps=31)
    noted = replace(other, environment=replace(SETTING, notes=("No bfloat16 here.",)))
    assert "the recipes differ" in conditions([run("plain-20", 1.0), noted])
    assert conditions([noted]).endswith("No bfloat16 here.") and conditions([]) == ""


def test_a_recipe_in_words_leaves_out_what_is_not_asked() -> None:
    assert describe_recipe(Recipe()) == "batch 64, SGD, rate 0.02, momentum 0.9, weight decay 0.0001"
    one_cycle = Recipe(schedule=Schedule.ONE_CYCLE, warmup=5)
    assert "rate 0.02 (one-cycle, momentum not cycled), warm-up not used, momentum 0.9" in describe_recipe(one_cycle)
    assert "5 steps of warm-up" in describe_recipe(Recipe(schedule=Schedule.COSINE, warmup=5))
    text = describe_recipe(
        Recipe(optimiser=Optimiser.ADAMW, schedule=Schedule.COSINE, warmup=5, pad=4, flip=True, clip=1)
    )
    assert "momentum" not in text and all(
        part in text for part in ("AdamW, rate 0.02 (cosine)", "5 steps of warm-up", "padding 4 px", "clipped at 1")
    )


@pytest.mark.parametrize(
    ("made", "text"),
    [
        ((30, 40), "the last 20 steps"),
        ((3,), "the last 3 steps"),
        ((1,), "the last step"),
        ((3, 30), "the last 3 to 20"),
    ],
)
def test_the_loss_at_the_end_says_over_how_many_steps_it_is_a_mean(made: tuple[int, ...], text: str) -> None:
    runs = [
        run(name, 1.0, made=count, steps=count) for name, count in zip(("plain-20", "resnet-20"), made, strict=False)
    ]
    assert f"Training loss, mean of {text}" in measured(runs) and last_steps(made) in measured(runs)
