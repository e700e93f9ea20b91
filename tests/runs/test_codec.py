"""Runs in and out of JSON: what goes in comes out, whatever a crash left of it."""

import json
from math import isnan

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resnet_explorer.errors import ExplorerError
from resnet_explorer.images.choice import DataChoice, DataKind
from resnet_explorer.readings.quantities import Place, Quantity
from resnet_explorer.runs.folder import dumps, loads, metric_from_line, metric_to_line, metrics_from
from resnet_explorer.runs.plan import Metric, Run, RunEnvironment, RunPlan
from resnet_explorer.runs.recipe import Optimiser, Recipe, Schedule
from resnet_explorer.spec import InputShape
from resnet_explorer.spec.catalogue import find
from tests.specs import NAMES, small_specs

SETTING = RunEnvironment(
    "digits", ("0", "1"), (Place("layer1.0", 1, (1, 8, 8, 8)),), 1500, 297, "2.6", "0.1", "CPU", "now", ("a note",)
)
NUMBERS = st.floats(allow_nan=False)
PARTS = st.floats(0, 1)
RECIPES = st.builds(
    Recipe,
    steps=st.integers(0, 1000),
    batch=st.integers(1, 512),
    optimiser=st.sampled_from([Optimiser.SGD, Optimiser.ADAM, Optimiser.ADAMW]),
    learning_rate=st.floats(1e-9, 10),
    schedule=st.sampled_from(Schedule),
    milestones=st.sets(st.integers(1, 900), max_size=3).map(lambda found: tuple(sorted(found))),
    no_decay_on_norms=st.booleans(),
    flip=st.booleans(),
    ema=st.floats(0, 0.99),
)
NETS = small_specs().filter(lambda spec: spec.dims == 2)
PLANS = st.builds(
    RunPlan,
    NAMES,
    NETS,
    st.builds(InputShape, st.just(1), st.integers(1, 64), st.integers(1, 64)),
    st.sampled_from([DataChoice(), DataChoice(DataKind.CIFAR10, "/some/where")]),
    RECIPES,
    st.integers(0, 2**40),
    st.sampled_from(["cpu", "cuda:1"]),
    st.none() | NETS,
    st.integers(0, 8),
)
METRICS = st.builds(
    Metric,
    st.integers(0, 10**7),
    NUMBERS,
    st.none() | PARTS,
    st.floats(0, 10),
    st.integers(0, 10**9).map(lambda value: value / 10**6),
    st.none() | NUMBERS,
    st.none() | PARTS,
    st.none()
    | st.dictionaries(st.sampled_from(Quantity), st.lists(st.none() | NUMBERS, max_size=4).map(tuple), max_size=3),
)


@settings(max_examples=30, deadline=None)
@given(PLANS)
def test_a_plan_comes_back(plan: RunPlan) -> None:
    assert loads(dumps(plan, SETTING), "here") == (plan, SETTING)


@settings(max_examples=60)
@given(METRICS)
def test_a_step_comes_back(metric: Metric) -> None:
    line = metric_to_line(metric)
    assert line.endswith("\n") and line.count("\n") == 1 and metric_from_line(line) == metric


def test_a_loss_that_is_no_number_comes_back() -> None:
    found = metric_from_line(metric_to_line(Metric(0, float("nan"), 0.1, 0.1, 0.0)))
    assert found and isnan(found.loss)


@settings(max_examples=30)
@given(st.lists(METRICS, max_size=5, unique_by=lambda one: one.step), st.data())
def test_a_torn_end_costs_the_last_step_alone(metrics: list[Metric], data: st.DataObject) -> None:
    metrics.sort(key=lambda one: one.step)
    content = "".join(map(metric_to_line, metrics)).encode()
    last = len(metric_to_line(metrics[-1]).encode()) if metrics else 0
    cut = data.draw(st.integers(2, last - 1)) if metrics else 0
    whole = metrics[:-1] if metrics else []
    assert metrics_from(content[: len(content) - cut]) == tuple(whole)
    assert metrics_from(content) == tuple(metrics)


def test_of_a_step_made_twice_the_last_counts() -> None:
    first, second = Metric(1, 1.0, None, 0.1, 1.0), Metric(1, 2.0, None, 0.1, 2.0)
    other = Metric(0, 5.0, None, 0.1, 0.5)
    assert metrics_from("".join(map(metric_to_line, (first, second, other))).encode()) == (other, second)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"format": "something else"}, "holds no run"),
        ({"version": 2}, "newer version"),
        ({"plan": {}}, "cannot be read"),
        ({"plan": None}, "cannot be read"),
        ({"setting": {"data": 3}}, "cannot be read"),
    ],
)
def test_what_is_no_run_is_a_sentence(change: dict[str, object], text: str) -> None:
    content = json.loads(dumps(RunPlan("a", find("resnet20")), SETTING)) | change
    with pytest.raises(ExplorerError, match=text):
        loads(json.dumps(content), "folder")


@pytest.mark.parametrize("text", ["", "[]", "{", '{"a": ' + "[" * 100_000, "nothing"])
def test_any_other_text_is_a_sentence(text: str) -> None:
    with pytest.raises(ExplorerError, match="folder holds no run"):
        loads(text, "folder")


def test_a_run_tells_how_it_ends() -> None:
    plan = RunPlan("a", find("resnet20"), recipe=Recipe(2))
    run = Run(plan, None, (Metric(0, 4.0, None, 0.1, 0.0), Metric(1, 2.0, None, 0.1, 1.0)))
    assert run.is_finished and run.final_loss() == 3.0 and run.last and run.last.step == 1
    strange = Run(plan, None, (*run.metrics[:1], Metric(1, float("nan"), None, 0.1, 1.0)))
    assert strange.final_loss() == float("inf") == Run(plan, None, ()).final_loss()
