"""A run's steps as columns of numbers, and its curves; both grow with the run, and read only new steps."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite, log
from typing import NamedTuple

import numpy as np

from resnet_explorer.picture.chart import STYLES, Guide, SeriesStyle
from resnet_explorer.runs.plan import Metric, Run, describe_conditions, describe_machine
from resnet_explorer.training.part import Across, Measure
from resnet_explorer.training.smoothing import Array, Smoother, Thinner, thinned


class MeasureWords(NamedTuple):
    """A measure's title, axis label, unit, and what its values are of; ``smooth`` curves are smoothed."""

    title: str
    axis: str
    unit: str
    of: str
    smooth: bool = False


MEASURES: Mapping[Measure, MeasureWords] = {
    Measure.TRAIN_LOSS: MeasureWords("Training loss", "training loss", "", "of each batch, before its step", True),
    Measure.TRAIN_ERROR: MeasureWords("Training error", "training error", "%", "of each batch, before its step", True),
    Measure.TEST_LOSS: MeasureWords("Test loss", "test loss", "", "of all test images"),
    Measure.TEST_ERROR: MeasureWords("Test error", "test error", "%", "of all test images"),
    Measure.RATE: MeasureWords("Learning rate", "learning rate", "", "of each step"),
    Measure.SPEED: MeasureWords("Speed", "steps per second", "", "pauses left out", True),
}


def measure_words(measure: Measure, shown: Sequence["Traced"]) -> MeasureWords:
    """Return the words of a measure for some runs: those of validation where such images are judged."""
    labels, kinds = MEASURES[measure], {trace.run.environment.judged for trace in shown if trace.run.environment}
    if measure not in (Measure.TEST_LOSS, Measure.TEST_ERROR) or kinds <= {"test"}:
        return labels
    kind = " or ".join(sorted(kinds))
    title, of = (text.replace("test", kind) for text in (labels.title.lower(), labels.of))
    axis = labels.axis.replace("test", kind.replace("validation", "val"))  # what a low chart has room for
    return labels._replace(title=title.capitalize(), axis=axis, of=of)


@dataclass(frozen=True, slots=True)
class Options:
    """How curves are drawn; ``within`` is the visible part of the x axis."""

    across: Across = Across.STEPS
    log: bool = False
    smoothing: float = 0.9
    replayed: bool = False
    within: tuple[float, float] | None = None


PLAINLY = Options()


@dataclass(frozen=True, slots=True, eq=False)
class Traced:
    """A run with its key, which is the same in all charts, its name and its line style."""

    key: str
    name: str
    run: Run
    look: SeriesStyle
    hidden: bool = False


def looks(residual: Sequence[bool]) -> tuple[SeriesStyle, ...]:
    """Return line styles: residual networks are solid or dash-dotted with filled markers, plain ones dashed or dotted.

    Plain ones have open markers; more than four of a kind use styles of the other kind.
    """
    free = {True: [*STYLES[0::2], *reversed(STYLES[1::2])], False: [*STYLES[1::2], *reversed(STYLES[0::2])]}
    styles: list[SeriesStyle] = []
    for kind in residual:
        styles.append(next((style for style in free[kind] if style not in styles), STYLES[len(styles) % len(STYLES)]))
    return tuple(styles)


def traced(runs: Sequence[Run], hidden: frozenset[str] = frozenset()) -> tuple[Traced, ...]:
    """Return runs with key and line style by their places; runs of equal name are distinguished by their seeds."""
    names = Counter(run.plan.name for run in runs)
    styles = looks([run.plan.spec.has_shortcuts for run in runs])
    traces = []
    for place, (run, style) in enumerate(zip(runs, styles, strict=True), 1):
        name = f"{run.plan.name}, seed {run.plan.seed}" if names[run.plan.name] > 1 else run.plan.name
        traces.append(Traced(f"run{place}", name, run, style, f"run{place}" in hidden))
    return tuple(traces)


NAN = float("nan")
STEP, SECONDS, VALUE = 0, 1, 2
_Row = tuple[float, ...]


class _Table:
    """Rows of numbers that grow at their end."""

    def __init__(self, width: int) -> None:
        self._rows: Array = np.empty((256, width))
        self.count = 0

    def add(self, rows: Sequence[_Row] | Array) -> None:
        if not len(rows):
            return
        while self.count + len(rows) > len(self._rows):
            self._rows = np.concatenate((self._rows, np.empty_like(self._rows)))
        self._rows[self.count : self.count + len(rows)] = rows
        self.count += len(rows)

    def row(self, index: int) -> Sequence[float]:
        return [float(value) for value in self._rows[index]]

    def column(self, index: int) -> Array:
        """Return a view of a column."""
        return self._rows[: self.count, index]


class Columns:
    """The steps of a run as columns: loss, error and rate, test loss and error, and the seconds of each step."""

    def __init__(self) -> None:
        self._steps, self._losses, self._errors, self._paces = _Table(5), _Table(3), _Table(3), _Table(3)
        self._before = (-1, 0.0)

    def follows(self, run: Run) -> bool:
        """Return whether ``run`` is the run read so far, at any step of it."""
        shared = min(len(run.metrics), self._steps.count)
        if not shared:
            return True
        metric, row = run.metrics[shared - 1], self._steps.row(shared - 1)
        return (metric.step, metric.seconds) == (row[STEP], row[SECONDS]) and repr(metric.loss) == repr(row[VALUE])

    def read(self, run: Run) -> None:
        new = run.metrics[self._steps.count :]
        self._steps.add([(m.step, m.seconds, m.loss, _error(m.accuracy), m.rate) for m in new])
        self._losses.add([(m.step, m.seconds, m.test_loss) for m in new if m.test_loss is not None])
        self._errors.add([(m.step, m.seconds, _error(m.test_accuracy)) for m in new if m.test_accuracy is not None])
        self._paces.add(list(self._timed(new)))

    def _timed(self, new: Iterable[Metric]) -> Iterable[_Row]:
        """Yield the seconds of each step: a mean over several where the clock did not advance between them."""
        for metric in new:
            step, seconds = self._before
            if step < 0 or metric.seconds < seconds:
                self._before = (metric.step, metric.seconds)
            elif metric.seconds > seconds and metric.step > step:
                yield metric.step, metric.seconds, (metric.seconds - seconds) / (metric.step - step)
                self._before = (metric.step, metric.seconds)

    def of(self, measure: Measure, last: float) -> tuple[Array, Array, Array]:
        """Return steps, seconds and values of a measure up to a step; for the speed, the seconds a step took."""
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
    """Return the number of steps in an epoch; an incomplete batch is dropped."""
    images = run.environment.train if run.environment else 0
    return max(1, images // run.plan.recipe.batch)


class Curve:
    """A measure of a run: its points, measured and smoothed, each thinned to what a chart needs."""

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
        """Read up to a step, which may be earlier than before."""
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
        """Return values as they are drawn: seconds per step as steps per second."""
        return 1 / values if self._measure is Measure.SPEED else values

    def points(
        self, is_smoothed: bool, across: Across, epoch: float, within: tuple[float, float] | None = None
    ) -> tuple[list[float], list[float]]:
        """Return x and y of the points to draw; ``epoch`` is the number of steps in an epoch."""
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
        steps, seconds = (column[chosen] for column in self._x)
        return seconds if across is Across.SECONDS else (steps + 1) / (epoch if across is Across.EPOCHS else 1)


def caption(shown: Sequence[Traced], measure: Measure, options: Options) -> str:
    """Return the subtitle: what was measured, on which images, from which seeds, and how it is shown."""
    text, weight = measure_words(measure, shown), options.smoothing
    how = f"thick: smoothed {weight:g}, thin: each step" if weight > 0 else "each step, not smoothed"
    conditions = describe_conditions([trace.run for trace in shown])
    return joined((replay_words(shown, options.replayed), text.of, how if text.smooth else "", *conditions))


def joined(texts: Iterable[str]) -> str:
    """Return the non-empty texts as one line."""
    return " · ".join(filter(None, texts))


def replay_words(shown: Sequence[Traced], is_replayed: bool) -> str:
    """Return where replayed runs were recorded; empty for live ones."""
    if not is_replayed:
        return ""
    made = describe_machine([trace.run for trace in shown])
    return f"replayed, recorded on {made}" if made else "replayed"


def classes(run: Run) -> int | None:
    """Return the number of classes of a run; None for a backbone."""
    return len(run.environment.classes) if run.environment and run.environment.classes else run.plan.spec.classes


def chance(shown: Sequence[Traced], measure: Measure) -> tuple[Guide, ...]:
    """Return guides at chance level: ln(classes) for the loss, 1 − 1/classes for the error."""
    counts = sorted({count for trace in shown if (count := classes(trace.run)) and count > 1})
    guides = []
    for count in counts:
        value = chance_level(count, measure)
        text = "chance" if len(counts) == 1 else f"chance, {count} classes"
        guides += [Guide(value, text, vertical=False)] if value is not None else []
    return tuple(guides)


def chance_level(count: int, measure: Measure) -> float | None:
    """Return the loss or the error, in percent, at chance level for ``count`` classes; None for other measures."""
    if measure in (Measure.TRAIN_LOSS, Measure.TEST_LOSS):
        return log(count)
    return 100 * (1 - 1 / count) if measure in (Measure.TRAIN_ERROR, Measure.TEST_ERROR) else None


def describe_state(run: Run) -> str:
    """Return the state of an unfinished run; empty for a finished one."""
    last = run.last
    if last is not None and not isfinite(last.loss):
        return "diverged"
    if run.problem:
        return f"ended early, at step {last.step + 1:,}" if last else "ended early"
    if run.is_finished:
        return ""
    return f"at step {last.step + 1:,} of {run.plan.recipe.steps:,}" if last else "not begun"
