"""Experiments tell what they know before they end, a few times a second, and the last word is the whole."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from resnet_explorer.gradients.charts import lab_chart
from resnet_explorer.gradients.descent import RECIPE, Descent, DescentRequest, LesionRequest, Paths, PathsRequest
from resnet_explorer.gradients.lab import lesions, shatter, train
from resnet_explorer.gradients.paths import follow
from resnet_explorer.gradients.values import Shattering, ShatterRequest
from resnet_explorer.readings import progress
from resnet_explorer.readings.lesions import LesionStudy
from resnet_explorer.readings.progress import Partial, Throttle
from resnet_explorer.spec import InputShape
from resnet_explorer.spec.catalogue import find, twin
from resnet_explorer.spec.change import assign

NET = assign(find("resnet20"), "in_channels=1", "width=8", "blocks=1,1,1")
V2 = assign(NET, "order=v2")
SMALL = InputShape(32, 8, 8)
SHORT = replace(RECIPE, steps=6, batch=32)
PAIR = (NET, twin(NET))
RUNS: dict[type, Callable[[], Iterator[object]]] = {
    Descent: lambda: train(DescentRequest(PAIR, SMALL, recipe=replace(SHORT, measure_every=2))),
    Paths: lambda: follow(PathsRequest(V2, SMALL, recipe=SHORT)),
    Shattering: lambda: shatter(ShatterRequest(PAIR, SMALL, seeds=(0, 1), depths=(2, 3), width=20)),
    LesionStudy: lambda: lesions(LesionRequest(PAIR, SMALL, recipe=SHORT)),
}


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let everything be told that could be."""
    monkeypatch.setattr(Throttle, "is_due", True)


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize("kind", RUNS)
def test_what_is_known_comes_before_the_end_and_can_be_drawn(kind: type) -> None:
    *before, last = RUNS[kind]()
    known = [step.value for step in before if isinstance(step, Partial)]
    assert isinstance(last, kind) and any(isinstance(one, kind) for one in known)
    assert all(lab_chart(one).series for one in known)
    assert isinstance(known[0], Descent | Shattering), "what trains first shows its training"


@pytest.mark.usefixtures("at_once")
def test_a_training_grows_step_by_step() -> None:
    known = [step.value for step in RUNS[Descent]() if isinstance(step, Partial)]
    assert [len(one.steps) for one in known] == [1, 2, 3, 4, 5]
    assert [len(one.measured) for one in known] == [1, 1, 2, 2, 3]
    assert not any(one.complete for one in known)


@pytest.mark.usefixtures("at_once")
def test_the_exact_sums_over_paths_come_before_single_paths() -> None:
    known = [step.value for step in RUNS[Paths]() if isinstance(step, Partial) and isinstance(step.value, Paths)]
    assert known[0].singles == (None,) * 4 and abs(sum(known[0].shares) - 1) < 1e-4
    assert [sum(one is not None for one in paths.singles) for paths in known] == [0, 1, 2, 3]


def test_the_lines_of_a_shattering_are_in_order_at_last() -> None:
    *_, last = RUNS[Shattering]()
    assert isinstance(last, Shattering)
    assert [line.depth for line in last.lines] == [2, 3] * 3


def test_a_throttle_waits_longer_than_the_message_took(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(progress, "perf_counter", lambda: now[0])
    one = Throttle(pause=0.3)
    assert one.is_due
    with one.reporting():
        now[0] += 0.01
    now[0] += 0.29
    assert not one.is_due
    now[0] += 0.02
    assert one.is_due
    with one.reporting():
        now[0] += 2.0
    now[0] += 19.0
    assert not one.is_due
    now[0] += 2.0
    assert one.is_due
