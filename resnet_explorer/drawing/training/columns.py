"""A run's steps as columns of numbers, and its curves; both go on with the run, and read only what is new."""

from collections.abc import Iterable, Sequence

import numpy as np

from resnet_explorer.analysis.smoothing import Array, Smoother, Thinner, thinned
from resnet_explorer.analysis.training import Metric, Run
from resnet_explorer.drawing.training.options import Across, Measure

NAN = float("nan")
STEP, SECONDS, VALUE = 0, 1, 2
_Row = tuple[float, ...]


class _Table:
    """Rows of numbers that grow at their end."""

    def __init__(self, width: int) -> None:
        self._rows: Array = np.empty((256, width))
        self.count = 0

    def add(self, rows: Sequence[_Row] | Array) -> None:
        """Take more rows."""
        if not len(rows):
            return
        while self.count + len(rows) > len(self._rows):
            self._rows = np.concatenate((self._rows, np.empty_like(self._rows)))
        self._rows[self.count : self.count + len(rows)] = rows
        self.count += len(rows)

    def row(self, index: int) -> Sequence[float]:
        """Return a row."""
        return [float(value) for value in self._rows[index]]

    def column(self, index: int) -> Array:
        """Return a column, as a view."""
        return self._rows[: self.count, index]


class Columns:
    """The steps of a run: each with loss, error and rate, those that were judged, and the seconds of each step."""

    def __init__(self) -> None:
        self._steps, self._losses, self._errors, self._paces = _Table(5), _Table(3), _Table(3), _Table(3)
        self._before = (-1, 0.0)

    def follows(self, run: Run) -> bool:
        """Say whether a run is this one, further on or not so far."""
        shared = min(len(run.metrics), self._steps.count)
        if not shared:
            return True
        one, row = run.metrics[shared - 1], self._steps.row(shared - 1)
        return (one.step, one.seconds) == (row[STEP], row[SECONDS]) and repr(one.loss) == repr(row[VALUE])

    def read(self, run: Run) -> None:
        """Read the steps that are new."""
        new = run.metrics[self._steps.count :]
        if not new:
            return
        self._steps.add([(one.step, one.seconds, one.loss, _error(one.accuracy), one.rate) for one in new])
        self._losses.add([(one.step, one.seconds, one.test_loss) for one in new if one.test_loss is not None])
        judged = [(one.step, one.seconds, _error(one.test_accuracy)) for one in new if one.test_accuracy is not None]
        self._errors.add(judged)
        self._paces.add(list(self._timed(new)))

    def _timed(self, new: Iterable[Metric]) -> Iterable[_Row]:
        """Yield the seconds that a step took: the mean of a few where the clock did not move between them."""
        for one in new:
            step, seconds = self._before
            if step < 0 or one.seconds < seconds:
                self._before = (one.step, one.seconds)
            elif one.seconds > seconds and one.step > step:
                yield one.step, one.seconds, (one.seconds - seconds) / (one.step - step)
                self._before = (one.step, one.seconds)

    def of(self, measure: Measure, last: float) -> tuple[Array, Array, Array]:
        """Return steps, seconds and values of a measure up to a step; of the speed the seconds of a step."""
        table, index = {
            Measure.TRAIN_LOSS: (self._steps, VALUE),
            Measure.TRAIN_ERROR: (self._steps, VALUE + 1),
            Measure.RATE: (self._steps, VALUE + 2),
            Measure.TEST_LOSS: (self._losses, VALUE),
            Measure.TEST_ERROR: (self._errors, VALUE),
            Measure.SPEED: (self._paces, VALUE),
        }[measure]
        steps = table.column(STEP)
        end = int(np.searchsorted(steps, last, "right"))
        values = table.column(index)[:end]
        if measure is Measure.TRAIN_ERROR and end and np.isnan(values[0]):
            end = 0  # a backbone names no class
        return steps[:end], table.column(SECONDS)[:end], values[:end]


def _error(accuracy: float | None) -> float:
    return NAN if accuracy is None else 100 * (1 - accuracy)


def epoch_steps(run: Run) -> float:
    """Return how many steps make an epoch; what is left of the images, less than a batch, is passed over."""
    images = run.setting.train if run.setting else 0
    return max(1, images // run.plan.recipe.batch)


class Curve:
    """A measure of a run: its points as they are, and smoothed, each thinned to what a chart needs."""

    def __init__(self, columns: Columns, measure: Measure, smoothing: float) -> None:
        self.columns, self.smoothing = columns, smoothing
        self._measure = measure
        self._clear()

    def _clear(self) -> None:
        self._smoother, self._thin, self._thick = Smoother(self.smoothing), Thinner(), Thinner()
        self._smoothed = _Table(1)
        self._x: tuple[Array, Array] = (np.empty(0), np.empty(0))
        self._raw: Array = np.empty(0)

    def read(self, last: float) -> None:
        """Go on to a step, or back to it."""
        steps, seconds, values = self.columns.of(self._measure, last)
        if len(values) < self._smoothed.count:
            self._clear()
        new = values[self._smoothed.count :]
        smooth = self._smoother.add(new)
        self._thin.add(self._shown(new))
        self._thick.add(self._shown(smooth))
        self._smoothed.add(smooth[:, None])
        self._x, self._raw = (steps, seconds), values

    def _shown(self, values: Array) -> Array:
        """Return values as they are drawn: the seconds of a step as steps in a second."""
        return 1 / values if self._measure is Measure.SPEED else values

    def points(
        self, is_smoothed: bool, across: Across, epoch: float, within: tuple[float, float] | None = None
    ) -> tuple[list[float], list[float]]:
        """Return x and y of the points to draw; ``epoch`` is how many steps it has."""
        y = self._smoothed.column(0) if is_smoothed else self._raw
        if within is None:
            chosen = (self._thick if is_smoothed else self._thin).indices
        else:
            x = self._across(across, epoch)
            first = max(0, int(np.searchsorted(x, within[0])) - 1)
            end = int(np.searchsorted(x, within[1], "right")) + 1
            chosen = [first + index for index in thinned(self._shown(y[first:end]))]
        return self._across(across, epoch, chosen).tolist(), self._shown(y[chosen]).tolist()

    def whole(self, across: Across, epoch: float) -> tuple[Array, Array]:
        """Return x and smoothed y of all points."""
        return self._across(across, epoch), self._shown(self._smoothed.column(0))

    def _across(self, across: Across, epoch: float, chosen: list[int] | slice = slice(None)) -> Array:
        """Return x of some points."""
        steps, seconds = (column[chosen] for column in self._x)
        return seconds if across is Across.SECONDS else (steps + 1) / (epoch if across is Across.EPOCHS else 1)
