"""Curves that can be read: smoothed as TensorBoard does it, and thinned to the few points that a chart can show."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from resnet_explorer.errors import ExplorerError

Array = NDArray[np.float64]
Indices = NDArray[np.int64]
MOST_WEIGHT = 0.99
MOST_POINTS = 500
"""Points of a curve: more are not seen, and take long to paint."""
_CHUNK = 64
"""So many values are averaged at once; powers of a weight below 1 stay far from overflow however many there are."""


class Smoother:
    """An exponential moving average that goes on: ``add`` returns the smoothed values of what is new.

    s ← w·s + (1 − w)·x, divided by 1 − wⁿ, since s starts at 0: the bias correction of Kingma and Ba 2015 (section 3),
    as TensorBoard has it. What is not finite stays as it is, and the average goes on after it. Raises ExplorerError
    for a weight that is not from 0 to 0.99.
    """

    def __init__(self, weight: float) -> None:
        if not 0 <= weight <= MOST_WEIGHT:
            raise ExplorerError("smoothing", f"A smoothing of {weight} cannot be.", f"Choose 0 to {MOST_WEIGHT}.")
        self._weight, self._sum, self._count = weight, 0.0, 0
        ages = np.arange(_CHUNK)
        lower = np.tril(weight ** np.maximum(0.0, ages[:, None] - ages))
        self._mixing = (1 - weight) * lower
        self._fading = weight ** (ages + 1.0)

    def add(self, values: Any) -> Array:
        """Return the smoothed values of the next ones."""
        given = np.asarray(values, np.float64)
        if self._weight == 0:
            return given.copy()
        smoothed = given.copy()
        finite = np.isfinite(given)
        smoothed[finite] = self._next(given[finite])
        return smoothed

    def _next(self, values: Array) -> Array:
        count = len(values)
        rows = np.pad(values, (0, -count % _CHUNK)).reshape(-1, _CHUNK) @ self._mixing.T
        starts = np.empty(len(rows))
        for index, row in enumerate(rows):
            starts[index] = self._sum
            self._sum = float(row[-1] + self._fading[-1] * self._sum)
        sums = (rows + np.outer(starts, self._fading)).ravel()[:count]
        self._sum = float(sums[-1]) if count else self._sum
        numbers = self._count + 1 + np.arange(count)
        self._count += count
        return np.asarray(sums / (1 - self._weight**numbers))


class Thinner:
    """The few points of a growing curve that a chart needs: ``add`` takes what is new, ``indices`` are the points.

    They hold the first and the last point, and of each part the lowest and the highest, so that no peak is lost; a
    part with a value that is not a number keeps one, so that the line stays broken there. At most ``most`` points;
    parts are as long as a power of two and grow together, so that only the newest are looked at again.
    """

    def __init__(self, most: int = MOST_POINTS) -> None:
        self._most = max(8, most)
        self._size = 1
        self._count = 0
        self._kept: Indices = np.empty(0, np.int64)
        self._values: Array = np.empty(0)

    @property
    def indices(self) -> list[int]:
        """Return the points to draw, in order."""
        ends = [0, self._count - 1] if self._count else []
        return [int(index) for index in np.union1d(self._kept, np.asarray(ends, np.int64))]

    def add(self, values: Any) -> None:
        """Add the next values."""
        given = np.asarray(values, np.float64)
        first, self._count = self._count, self._count + len(given)
        room = self._most - 2
        while self._count > self._size * max(1, room // 2) and self._count > room:
            self._grow()
        self._take(np.arange(first, self._count), given)
        while len(self._kept) > room:
            self._grow()

    def _grow(self) -> None:
        """Merge every two parts."""
        self._size *= 2
        indices, values = self._kept, self._values
        self._kept, self._values = np.empty(0, np.int64), np.empty(0)
        self._take(indices, values)

    def _take(self, indices: Indices, values: Array) -> None:
        """Keep the extremes of more points; the last part is reconsidered."""
        if not len(indices):
            return
        settled = int(np.searchsorted(self._kept, indices[0] // self._size * self._size))
        indices = np.concatenate((self._kept[settled:], indices))
        values = np.concatenate((self._values[settled:], values))
        chosen = _extremes(indices // self._size, values)
        self._kept = np.concatenate((self._kept[:settled], indices[chosen]))
        self._values = np.concatenate((self._values[:settled], values[chosen]))


def _extremes(parts: Indices, values: Array) -> Indices:
    """Return the minimum, the maximum and the first NaN of each part; parts are numbered in rising order."""
    is_first = np.diff(parts, prepend=parts[0] - 1) > 0
    starts, order = np.flatnonzero(is_first), np.cumsum(is_first) - 1
    lows = values == np.fmin.reduceat(values, starts)[order]
    highs = values == np.fmax.reduceat(values, starts)[order]
    return np.unique(np.concatenate([_firsts(order, chosen) for chosen in (lows, highs, np.isnan(values))]))


def _firsts(order: Indices, chosen: NDArray[np.bool_]) -> Indices:
    """Return the first chosen place of each part."""
    places = np.flatnonzero(chosen)
    return places[np.unique(order[places], return_index=True)[1]]


def thinned(values: Any, most: int = MOST_POINTS) -> list[int]:
    """Return the indices of the points of a curve that a chart needs; see ``Thinner``."""
    thinner = Thinner(most)
    thinner.add(values)
    return thinner.indices
