"""The result of a range test: which learning rates a network bears (Smith 2017, section 3.3)."""

from dataclasses import dataclass

LOWEST, HIGHEST, STEPS = 1e-6, 10.0, 100
LIMIT = 4.0
"""The test stops where the smoothed loss is so many times its best."""


@dataclass(frozen=True, slots=True)
class RateTest:
    """The rates that were tried in rising order, the smoothed training loss at each, and the rate to begin with.

    ``suggested`` is a tenth of the rate with the least smoothed loss: that rate is about to be too large, and a
    training stays at its rate for longer than this test does. None where the loss never fell.
    """

    rates: tuple[float, ...]
    losses: tuple[float, ...]
    suggested: float | None

    @property
    def words(self) -> str:
        """Return the suggestion in a sentence."""
        if self.suggested is None:
            return "The loss fell at none of these rates."
        return f"Try {self.suggested:.2g}: a tenth of the rate with the least smoothed loss."


def suggestion(rates: tuple[float, ...], losses: tuple[float, ...]) -> float | None:
    """Return a tenth of the rate with the least loss; None where that is the first one."""
    if not losses:
        return None
    best = min(range(len(losses)), key=losses.__getitem__)
    return rates[best] / 10 if best else None
