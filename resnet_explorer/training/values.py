"""Requests to train and to run a learning rate range test, and the result of the latter (Smith 2017, section 3.3)."""

from dataclasses import dataclass

from resnet_explorer.engine.jobs import Place, job
from resnet_explorer.runs.plan import RunPlan

LOWEST, HIGHEST, STEPS = 1e-6, 10.0, 100
LIMIT = 4.0
"""The test stops where the smoothed loss exceeds its minimum by this factor."""


@dataclass(frozen=True, slots=True)
class RateTest:
    """The learning rates tried, in rising order, the smoothed training loss at each, and a suggested rate.

    ``suggested`` is a tenth of the rate with the lowest smoothed loss: that rate is nearly too large, and a training
    stays at its rate for longer than this test does. None where the loss never fell.
    """

    rates: tuple[float, ...]
    losses: tuple[float, ...]
    suggested: float | None

    @property
    def text(self) -> str:
        """Return the suggestion in a sentence."""
        if self.suggested is None:
            return "The loss decreased at none of these rates."
        return f"Try {self.suggested:.2g}: a tenth of the rate with the lowest smoothed loss."


def suggestion(rates: tuple[float, ...], losses: tuple[float, ...]) -> float | None:
    """Return a tenth of the rate with the lowest loss; None where that is the first one."""
    if not losses:
        return None
    best = min(range(len(losses)), key=losses.__getitem__)
    return rates[best] / 10 if best else None


@job("resnet_explorer.training.loop:train_run", Place.POOL)
@dataclass(frozen=True, slots=True)
class TrainRun:
    """Train a network in a folder from where it stopped, until ``until`` steps are made in all.

    Partial results are a ``Chunk`` of steps, the result is an ``Ending``. Cancelling pauses: the state is saved first,
    and the same job continues from there. ``known_steps``: the number of steps
    the caller already has; later ones that are kept are sent first.
    """

    plan: RunPlan
    folder: str
    until: int | None = None
    tensorboard: bool = False
    known_steps: int | None = None

    @property
    def device(self) -> str:
        return self.plan.device


@job("resnet_explorer.training.trainer:find_rate")
@dataclass(frozen=True, slots=True)
class FindRate:
    """Try rising learning rates on a network; the result is a ``RateTest``."""

    plan: RunPlan
    lowest: float = LOWEST
    highest: float = HIGHEST
    steps: int = STEPS

    @property
    def device(self) -> str:
        return self.plan.device
