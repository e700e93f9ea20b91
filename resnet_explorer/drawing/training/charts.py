"""The curves of several runs as charts; what was read of a run is kept, so that a longer one is drawn as fast."""

from collections.abc import Sequence
from dataclasses import replace
from math import isfinite

from resnet_explorer.analysis.training import Run
from resnet_explorer.analysis.training_words import loss_words
from resnet_explorer.drawing.chart import Axis, Chart, Guide, Look, Marker, Scale, Series
from resnet_explorer.drawing.chart.numbers import number
from resnet_explorer.drawing.training.captions import caption, chance, chance_level, classes, notes_of, state_words
from resnet_explorer.drawing.training.columns import Columns, Curve, epoch_steps
from resnet_explorer.drawing.training.options import MEASURES, PLAINLY, Across, Measure, Options, Traced, measure_words
from resnet_explorer.drawing.training.over_seeds import seeds_chart

CUT = 3.0
"""A linear axis of losses ends at so many times the loss of guessing, where a run goes further."""
AXES = {Across.STEPS: Axis("step"), Across.EPOCHS: Axis("epoch"), Across.SECONDS: Axis("time", unit="s")}


class TrainingCharts:
    """Charts of runs that may still go on; one of these belongs to one view."""

    def __init__(self) -> None:
        self._columns: dict[str, Columns] = {}
        self._curves: dict[tuple[str, Measure], Curve] = {}

    def curves(self, shown: Sequence[Traced], measure: Measure, options: Options = PLAINLY) -> Chart:
        """Return a measure of each run: thin as it is and thick smoothed, or its points where it was judged."""
        options = replace(options, across=_across(shown, options.across))
        series: list[Series] = []
        for one in shown:
            curve = self._curve(one, measure, options.smoothing)
            series += _series(one, curve, measure, options)
        words = measure_words(measure, shown)
        axis, notes = _value_axis(shown, series, measure, options)
        x_axis = AXES[options.across]
        low, high = options.within or (None, None)
        return Chart(
            words.title,
            replace(x_axis, low=low, high=high),
            axis,
            tuple(series),
            caption(shown, measure, options),
            guides=chance(shown, measure),
            notes=(*notes, *notes_of(shown)),
            key=f"{measure}:",
        )

    def seeds(self, shown: Sequence[Traced], measure: Measure, options: Options = PLAINLY) -> Chart:
        """Return the median and the range of a measure over runs that differ in the seed alone, for each network."""
        options = replace(options, across=_across(shown, options.across))
        curves = [self._curve(one, measure, options.smoothing) for one in shown]
        chart = seeds_chart(shown, curves, measure, options)
        axis, notes = _value_axis(shown, chart.series, measure, options)
        guides: tuple[Guide, ...] = chance(shown, measure)
        return replace(chart, y_axis=axis, guides=guides, notes=(*chart.notes, *notes))

    def forget(self, keys: Sequence[str]) -> None:
        """Drop what was read of runs that are no longer shown."""
        for key in keys:
            self._columns.pop(key, None)
        self._curves = {pair: curve for pair, curve in self._curves.items() if pair[0] in self._columns}

    def _curve(self, one: Traced, measure: Measure, smoothing: float) -> Curve:
        """Return the curve of a run, up to its newest step."""
        columns = self._columns.get(one.key)
        if columns is None or not columns.follows(one.run):
            columns = self._columns[one.key] = Columns()
        columns.read(one.run)
        weight = smoothing if MEASURES[measure].smooth else 0.0
        curve = self._curves.get((one.key, measure))
        if curve is None or curve.columns is not columns or curve.smoothing != weight:
            curve = self._curves[one.key, measure] = Curve(columns, measure, weight)
        curve.read(one.run.last.step if one.run.last else -1)
        return curve


def _across(shown: Sequence[Traced], asked: Across) -> Across:
    """Return what the x axis counts: steps where a run does not say how many images it has."""
    unknown = any(one.run.setting is None for one in shown)
    return Across.STEPS if asked is Across.EPOCHS and unknown else asked


def _series(one: Traced, curve: Curve, measure: Measure, options: Options) -> list[Series]:
    epoch = epoch_steps(one.run)
    smooths = MEASURES[measure].smooth and options.smoothing > 0
    found = []
    if smooths:
        x, y = curve.points(False, options.across, epoch, options.within)
        found.append(Series(f"{one.key}-raw", one.name, x, y, one.look, hidden=one.hidden, faint=True))
    x, y = curve.points(smooths, options.across, epoch, options.within)
    look = one.look if measure in (Measure.TEST_LOSS, Measure.TEST_ERROR) else bare(one.look)
    found.append(Series(one.key, one.name, x, y, look, hidden=one.hidden, note=_note(one.run, y, measure)))
    return found


def bare(look: Look) -> Look:
    """Return a look without a sign at each point."""
    return look._replace(marker=Marker.NONE)


def _note(run: Run, y: Sequence[float], measure: Measure) -> str:
    """Return the newest value, and how far a run is."""
    state = state_words(run)
    if not y or not isfinite(y[-1]) or measure is Measure.RATE:
        return state
    unit = " steps/s" if measure is Measure.SPEED else f" {MEASURES[measure].unit}".rstrip()
    ends = "ends at " if not state and measure is not Measure.SPEED else ""
    is_loss = measure in (Measure.TRAIN_LOSS, Measure.TEST_LOSS)
    value = loss_words(y[-1]) if is_loss else number(float(f"{y[-1]:.3g}"))
    return f"{ends}{value}{unit}" + (f", {state}" if state else "")


def _value_axis(
    shown: Sequence[Traced], series: Sequence[Series], measure: Measure, options: Options
) -> tuple[Axis, tuple[str, ...]]:
    """Return the y axis; a linear one shows where chance is, and is cut where a run diverges, which is said."""
    words = measure_words(measure, shown)
    if options.log:
        return Axis(words.axis, Scale.LOG, words.unit), ()
    axis = Axis(words.axis, unit=words.unit, low=0.0)
    counts = [count for one in shown if (count := classes(one.run)) and count > 1]
    level = max((chance_level(count, measure) or 0.0 for count in counts), default=0.0)
    if not level:
        return axis, ()
    if words.unit:
        return (replace(axis, high=100.0) if _highest(series) > level / 2 else axis), ()
    if _highest(series) > CUT * level:
        end = CUT * level
        return replace(axis, high=end), (f"The axis ends at {end:.1f}: higher losses are cut off.",)
    if _highest(series) < level / 2:
        return axis, ()
    return replace(axis, high=1.04 * min(CUT * level, max(_highest(series, True), 1.06 * level))), ()


def _highest(series: Sequence[Series], with_faint: bool = False) -> float:
    """Return the highest value of the curves that are shown, infinity left out."""
    shown = [one for one in series if not one.hidden and (with_faint or not one.faint)]
    return max((y for one in shown for y in one.y if isfinite(y)), default=0.0)
