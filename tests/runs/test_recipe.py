"""Learning rates over the steps, against PyTorch's own schedules and the paper; what cannot be is refused."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.optim import SGD
from torch.optim.lr_scheduler import CosineAnnealingLR, LinearLR, LRScheduler, MultiStepLR, OneCycleLR, SequentialLR

from resnet_explorer.errors import ExplorerError
from resnet_explorer.runs.recipe import NAMES, Optimiser, Recipe, Schedule
from tests.cases import each


def rates(steps: int, schedule: Callable[[SGD], LRScheduler], rate: float = 0.1) -> list[float]:
    """Return the rate of each step by a schedule of PyTorch."""
    moved = SGD([torch.nn.Parameter(torch.zeros(1))], rate)
    by = schedule(moved)
    found = []
    for _ in range(steps):
        found.append(moved.param_groups[0]["lr"])
        moved.step()
        by.step()
    return found


def ours(recipe: Recipe) -> list[float]:
    return [recipe.rate_at(step) for step in range(recipe.steps)]


@pytest.mark.parametrize("steps", [100, 10, 64])
def test_one_cycle_is_pytorchs(steps: int) -> None:
    recipe = Recipe(steps, learning_rate=0.1, schedule=Schedule.ONE_CYCLE)
    expected = rates(steps, lambda moved: OneCycleLR(moved, 0.1, total_steps=steps))
    assert ours(recipe) == pytest.approx(expected, rel=1e-9)


def test_one_cycle_peaks_where_pytorch_does() -> None:
    found = ours(Recipe(100, learning_rate=0.1, schedule=Schedule.ONE_CYCLE))
    assert found[0] == pytest.approx(0.004) and found.index(max(found)) == 29 and found[-1] == pytest.approx(4e-7)


@pytest.mark.filterwarnings("ignore:The epoch parameter")  # what SequentialLR does itself
def test_warm_up_and_cosine_are_pytorchs() -> None:
    def schedule(moved: SGD) -> LRScheduler:
        parts = [LinearLR(moved, 0.01, 1.0, 5), CosineAnnealingLR(moved, 95)]
        return SequentialLR(moved, parts, [5])

    recipe = Recipe(100, learning_rate=0.1, schedule=Schedule.COSINE, warmup=5, warmup_from=0.01)
    expected = rates(100, schedule)
    assert ours(recipe) == pytest.approx(expected, rel=1e-6)
    assert ours(recipe)[:6] == pytest.approx([0.001, 0.0208, 0.0406, 0.0604, 0.0802, 0.1])
    assert recipe.rate_at(52) == pytest.approx(0.050827, abs=1e-6) and recipe.rate_at(100) == pytest.approx(0)


def test_the_papers_schedule() -> None:
    """He et al. 2015, section 4.2: 0.1, divided by 10 at 32k and 48k iterations, ended at 64k."""
    recipe = Recipe(64_000, 128, learning_rate=0.1, schedule=Schedule.STEPS, milestones=(32_000, 48_000))
    seen = [recipe.rate_at(step) for step in (0, 31_999, 32_000, 47_999, 48_000, 63_999)]
    assert seen == pytest.approx([0.1, 0.1, 0.01, 0.01, 0.001, 0.001])
    small = Recipe(20, learning_rate=0.1, schedule=Schedule.STEPS, milestones=(5, 15))
    assert ours(small) == pytest.approx(rates(20, lambda moved: MultiStepLR(moved, [5, 15])))


@given(st.sampled_from(Schedule), st.integers(1, 400), st.integers(0, 50), st.floats(1e-6, 10))
def test_no_rate_is_above_the_peak_or_below_0(schedule: Schedule, steps: int, warmup: int, rate: float) -> None:
    recipe = Recipe(steps, learning_rate=rate, schedule=schedule, warmup=warmup, milestones=(3, 9))
    assert all(0 <= one <= rate * (1 + 1e-9) for one in (recipe.rate_at(step) for step in range(steps + 3)))


@each(
    "how",
    [
        *(
            {"steps": -1},
            {"batch": 0},
            {"learning_rate": 0.0},
            {"learning_rate": float("nan")},
            {"momentum": 1.0},
            {"weight_decay": -1.0},
        ),
        *({"milestones": (5, 3)}, {"milestones": (0,)}, {"gamma": 0.0}, {"warmup": -1}, {"warmup_from": 2.0}),
        *(
            {"pad": 65},
            {"smoothing": 1.0},
            {"clip": float("inf")},
            {"ema": 1.0},
            {"evaluate_every": -1},
            {"measure_every": -1},
        ),
        {"optimiser": Optimiser.NESTEROV, "momentum": 0.0},
    ],
)
def test_a_recipe_that_cannot_be_is_refused(how: dict[str, Any]) -> None:
    with pytest.raises(ExplorerError) as caught:
        Recipe(**how)
    assert NAMES[caught.value.where] in how and caught.value.remedy
