"""Requests to train and to run a learning rate range test, and the result of the latter (Smith 2017, section 3.3)."""

from dataclasses import dataclass
from typing import ClassVar

from resnet_explorer.engine.jobs import Place, job
from resnet_explorer.readings.plottable import Plottable
from resnet_explorer.runs.plan import RunPlan

LIMIT = 4.0
"""The test stops where the smoothed loss exceeds its minimum by this factor."""


@dataclass(frozen=True, slots=True)
class RateTest(Plottable):
    """The learning rates tried, in rising order, and the smoothed training loss at each."""

    chart_by: ClassVar[str] = "resnet_explorer.training.charts:chart_of_rates"
    rates: tuple[float, ...]
    losses: tuple[float, ...]

    @property
    def suggested(self) -> float | None:
        """Return a tenth of the rate with the lowest smoothed loss; None where the loss never fell.

        That rate is nearly too large, and a training stays at its rate for longer than this test does.
        """
        best = min(range(len(self.losses)), key=self.losses.__getitem__, default=0)
        return self.rates[best] / 10 if best else None

    @property
    def text(self) -> str:
        """Return the suggestion in a sentence."""
        if self.suggested is None:
            return "The loss decreased at none of these rates."
        return f"Try {self.suggested:.2g}: a tenth of the rate with the lowest smoothed loss."


@job("resnet_explorer.training.loop:train_run", Place.POOL)
@dataclass(frozen=True, slots=True)
class TrainRun:
    """Train a network in a folder from where it stopped, until ``until`` steps are made in all.

    Partial results are a ``Chunk`` of steps, the result is an ``Ending``. Cancelling pauses: the state is saved first,
    and the same job continues from there. ``known_steps``: the number of steps the caller already has; later ones that
    are kept are sent first. ``decode`` is how many threads decode images beside it: as many as usual, none with 0.
    """

    plan: RunPlan
    folder: str
    until: int | None = None
    tensorboard: bool = False
    known_steps: int | None = None
    decode: int | None = None

    @property
    def device(self) -> str:
        return self.plan.device


@job("resnet_explorer.training.trainer:find_rate", keeps="resnet_explorer.training.values:RateTest")
@dataclass(frozen=True, slots=True)
class FindRate:
    """Try rising learning rates on a network; the result is a ``RateTest``."""

    plan: RunPlan
    lowest: float = 1e-6
    highest: float = 10.0
    steps: int = 100

    @property
    def device(self) -> str:
        return self.plan.device
