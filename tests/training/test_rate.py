"""The range test: rising rates, an early end, and a suggestion that trains."""

from dataclasses import replace

import pytest

from resnet_explorer.errors import ExplorerError
from resnet_explorer.readings.progress import Partial
from resnet_explorer.runs.recipe import Recipe
from resnet_explorer.training.trainer import find_rate
from resnet_explorer.training.values import FindRate, RateTest
from tests.training_runs import RECIPES, plan, run


def test_the_suggested_rate_trains_and_a_far_larger_one_does_not() -> None:
    asked = plan(Recipe(batch=32))
    *told, found = find_rate(FindRate(asked, 1e-5, 100.0, 80))
    assert isinstance(found, RateTest) and found.suggested is not None
    assert 1e-3 < found.suggested < 1 and f"{found.suggested:.2g}" in found.text
    assert found.rates[0] == pytest.approx(1e-5) and len(found.rates) < 80, "it stops where the loss grows"
    factors = [two / one for one, two in zip(found.rates, found.rates[1:], strict=False)]
    assert factors == pytest.approx([1e7 ** (1 / 79)] * len(factors))
    assert sum(isinstance(one, Partial) for one in told) == len(found.rates)
    recipe = Recipe(60, 32, learning_rate=found.suggested, evaluate_every=0, measure_every=0)
    good, bad = run(plan(recipe)), run(plan(replace(recipe, learning_rate=found.rates[-1] * 10)))
    assert good.final_loss() < 1.2 < bad.final_loss()


def test_the_first_loss_is_that_of_the_run() -> None:
    *_, found = find_rate(FindRate(plan(), steps=2))
    assert isinstance(found, RateTest)
    assert found.losses[0] == pytest.approx(run(plan(replace(RECIPES["sgd"], steps=1))).metrics[0].loss)


def test_no_fall_is_no_suggestion() -> None:
    assert RateTest((0.1, 1.0), (1.0, 2.0)).suggested is None and RateTest((), ()).suggested is None
    assert RateTest((0.1, 1.0, 10.0), (3.0, 2.0, 4.0)).suggested == pytest.approx(0.1)
    assert "none" in RateTest((0.1,), (1.0,)).text


@pytest.mark.parametrize("how", [(1.0, 0.1, 10), (0.0, 1.0, 10), (0.1, 1.0, 1), (0.1, float("inf"), 9)])
def test_rates_that_do_not_grow_are_refused(how: tuple[float, float, int]) -> None:
    with pytest.raises(ExplorerError, match="have to grow"):
        next(find_rate(FindRate(plan(), *how)))
