"""Contour lines of a grid of values: where the value crosses a level."""

from collections.abc import Iterator, Sequence
from math import ceil, floor, log10
from typing import Any

MOST = 20
"""Lines that can be told apart."""
_STEPS = ((1.0, 1.5, 2.0, 3.0, 5.0, 7.0), (1.0, 2.0, 5.0), (1.0,))


def levels(low: float, high: float) -> tuple[float, ...]:
    """Return round values between two, evenly spread on a logarithmic scale, as many as can be told apart."""
    if not 0 < low < high:
        return ()
    found: list[float] = []
    for steps in _STEPS:
        powers = range(floor(log10(low)), ceil(log10(high)) + 1)
        found = [step * 10.0**power for power in powers for step in steps if low < step * 10.0**power < high]
        if len(found) <= MOST:
            break
    return tuple(found[:: ceil(len(found) / MOST)] if found else ())


def contours(x: Sequence[float], y: Sequence[float], values: Any, at: float) -> Iterator[list[tuple[float, float]]]:
    """Yield the lines along which values[row of y, column of x] are ``at``, interpolated between logarithms.

    What is not a number has no lines around it.
    """
    import numpy as np
    from contourpy import contour_generator  # with numpy, which the start does not need

    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.ma.masked_invalid(np.log10(np.asarray(values, np.float64)))
    for curve in contour_generator(x, y, logs).lines(log10(at)):
        yield [(float(one), float(other)) for one, other in np.asarray(curve)]
