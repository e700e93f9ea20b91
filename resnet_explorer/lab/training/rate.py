"""The range test: which learning rates a network bears (Smith 2017, section 3.3)."""

from collections.abc import Iterator
from math import isfinite

from resnet_explorer.analysis.progress import Partial, Progress
from resnet_explorer.analysis.rate_test import HIGHEST, LIMIT, LOWEST, STEPS, RateTest, suggestion
from resnet_explorer.analysis.training import RunPlan
from resnet_explorer.errors import ExplorerError
from resnet_explorer.lab.training.conditions import conditions
from resnet_explorer.lab.training.feed import Feed, check
from resnet_explorer.lab.training.trainer import Trainer

SMOOTH = 0.9
"""The share of the past in the smoothed loss."""


def find_rate(
    plan: RunPlan, lowest: float = LOWEST, highest: float = HIGHEST, steps: int = STEPS
) -> Iterator[Progress | Partial[RateTest] | RateTest]:
    """Yield progress and what is known so far, and last the losses of a training whose rate grows at each step.

    The rate grows by the same factor from ``lowest`` to ``highest``; the test stops where the smoothed loss is
    ``LIMIT`` times its best, or is no number. Raises ExplorerError where the rates do not grow.
    """
    if not (0 < lowest < highest and isfinite(highest) and steps > 1):
        raise ExplorerError(
            "rate", "The rates of a range test have to grow.", "Choose a higher end, and 2 steps or more."
        )
    check(plan)
    rates = [lowest * (highest / lowest) ** (step / (steps - 1)) for step in range(steps)]
    yield Progress(0, steps, "fetching the images")
    with conditions(plan):
        trainer = Trainer(plan)
        feed = Feed(plan, trainer.layout)
        yield from feed.fit()
        yield from _tried(trainer, feed, rates)


def _tried(trainer: Trainer, feed: Feed, rates: list[float]) -> Iterator[Progress | Partial[RateTest] | RateTest]:
    losses: list[float] = []
    mean = 0.0
    for number, rate in enumerate(rates):
        metric, is_sound = trainer.step(feed, number, rate, measured=False, listens=False)
        mean = SMOOTH * mean + (1 - SMOOTH) * metric.loss
        smoothed = mean / (1 - SMOOTH ** (number + 1))
        if not is_sound or (losses and smoothed > LIMIT * min(losses)):
            break
        losses.append(smoothed)
        yield Progress(number + 1, len(rates), f"rate {rate:.2g}, loss {smoothed:.3g}")
        yield Partial(_result(rates, losses))
    yield _result(rates, losses)


def _result(rates: list[float], losses: list[float]) -> RateTest:
    tried = tuple(rates[: len(losses)])
    return RateTest(tried, tuple(losses), suggestion(tried, tuple(losses)))
