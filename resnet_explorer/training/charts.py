"""Charts of the curves of several runs; steps read once are kept, so that long runs are drawn as fast."""

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import isfinite

import numpy as np

from resnet_explorer.picture.chart import STEPS, STYLES, Axis, Chart, Guide, Marker, Scale, Series, SeriesStyle
from resnet_explorer.picture.chart.model import number
from resnet_explorer.runs.plan import Run, RunPlan, describe_conditions
from resnet_explorer.training import chart_data as data
from resnet_explorer.training.part import Across, Measure
from resnet_explorer.training.smoothing import Array, thinned
from resnet_explorer.training.text import format_loss, without_seed
from resnet_explorer.training.values import RateTest

_Member = tuple[data.Traced, data.Curve]


def _seed_series(group: Sequence[_Member], style: SeriesStyle, measure: Measure, across: Across) -> Series:
    first = group[0][0]
    x, rows = _common(group, across)
    middle, low, high = _spread(rows)
    kept = thinned(middle)
    if kept:
        low, high = np.fmin.reduceat(low, kept), np.fmax.reduceat(high, kept)
    many = len(group) > 1
    return Series(
        first.key,
        first.run.plan.name,
        x[kept].tolist(),
        middle[kept].tolist(),
        _line_style(style, measure),
        low=low.tolist() if many else None,
        high=high.tolist() if many else None,
        note=_seed_note(group, rows),
        hidden=all(trace.hidden for trace, _ in group),
    )


def _common(group: Sequence[_Member], across: Across) -> tuple[Array, Array]:
    """Return the steps that all runs have made, and each run's values there."""
    curves = [curve.whole(across, data.epoch_steps(trace.run)) for trace, curve in group]
    count = min(len(x) for x, _ in curves)
    return curves[0][0][:count], np.stack([y[:count] for _, y in curves])


def _spread(rows: Array) -> tuple[Array, Array, Array]:
    """Return median, minimum and maximum of each column; a diverged run counts as infinite."""
    if len(rows) == 1 or not rows.size:
        return rows[0], rows[0], rows[0]
    held = np.where(np.isnan(rows), np.inf, rows)
    middle = np.median(held, axis=0)
    finite = np.where(np.isfinite(rows), rows, np.nan)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        low, high = np.nanmin(finite, axis=0), np.nanmax(finite, axis=0)
    return np.where(np.isfinite(middle), middle, np.nan), low, high


def _seed_note(group: Sequence[_Member], rows: Array) -> str:
    """Return the range of the final values, and how many runs diverged."""
    lost = int((~np.isfinite(rows[:, -1])).sum()) if rows.size else 0
    finals = np.sort(rows[np.isfinite(rows[:, -1]), -1]) if rows.size else rows
    ends = ""
    if finals.size:
        ends = f"{finals[0]:.3g}" if finals.size == 1 else f"{finals[0]:.3g} to {finals[-1]:.3g}"
    return ", ".join(filter(None, (ends, f"{lost} of {len(group)} diverged" if lost else "")))


CUT = 3.0
"""A linear loss axis ends at this multiple of chance level, where a run goes further."""
AXES = {Across.STEPS: STEPS, Across.EPOCHS: Axis("epoch"), Across.SECONDS: Axis("time", unit="s")}


class TrainingCharts:
    """Charts of runs that may still go on; one of these belongs to one view."""

    def __init__(self) -> None:
        self._columns: dict[str, data.Columns] = {}
        self._curves: dict[tuple[str, Measure], data.Curve] = {}

    def curves(self, shown: Sequence[data.Traced], measure: Measure, options: data.Options = data.PLAINLY) -> Chart:
        """Return a measure of each run: thin as measured and thick smoothed, or its points for test measures."""
        options = replace(options, across=_across(shown, options.across))
        curves = ((trace, self._curve(trace, measure, options.smoothing)) for trace in shown)
        series = [line for trace, curve in curves for line in _series(trace, curve, measure, options)]
        labels = data.measure_words(measure, shown)
        axis, notes = _value_axis(shown, series, measure, options)
        said = (note for trace in shown if trace.run.environment for note in trace.run.environment.notes)
        x_axis = AXES[options.across]
        low, high = options.within or (None, None)
        return Chart(
            labels.title,
            replace(x_axis, low=low, high=high),
            axis,
            tuple(series),
            data.caption(shown, measure, options),
            guides=data.chance(shown, measure),
            notes=tuple(dict.fromkeys((*notes, *said))),
            key=f"{measure}:",
        )

    def seeds(self, shown: Sequence[data.Traced], measure: Measure, options: data.Options = data.PLAINLY) -> Chart:
        """Return the median and the range of a measure over runs that differ only in their seed, for each network."""
        options = replace(options, across=_across(shown, options.across))
        groups: dict[object, list[_Member]] = {}
        for trace in shown:
            member = trace, self._curve(trace, measure, options.smoothing)
            groups.setdefault(without_seed(trace.run), []).append(member)
        styles = data.looks([group[0][0].run.plan.spec.has_shortcuts for group in groups.values()])
        across = Across.STEPS if options.across is Across.SECONDS else options.across
        pairs = zip(groups.values(), styles, strict=True)
        series = tuple(_seed_series(group, style, measure, across) for group, style in pairs)
        labels = data.measure_words(measure, shown)
        axis, notes = _value_axis(shown, series, measure, options)
        counts = sorted({len(group) for group in groups.values()})
        seeds = " to ".join(map(str, dict.fromkeys((counts[0], counts[-1])))) if counts else "no"
        subtitle = (
            data.replay_words(shown, options.replayed),
            "median over the seeds, band from minimum to maximum",
            f"each run smoothed {options.smoothing:g}" if labels.smooth and options.smoothing > 0 else "",
            labels.of,
            *describe_conditions([trace.run for trace in shown]),
        )
        return Chart(
            f"{labels.title}, {seeds} seed{'' if counts == [1] else 's'}",
            Axis("epoch") if across is Across.EPOCHS else STEPS,
            axis,
            series,
            data.joined(subtitle),
            guides=data.chance(shown, measure),
            notes=notes,
            key=f"{measure}:seeds:",
        )

    def _curve(self, trace: data.Traced, measure: Measure, smoothing: float) -> data.Curve:
        columns = self._columns.get(trace.key)
        if columns is None or not columns.follows(trace.run):
            columns = self._columns[trace.key] = data.Columns()
        columns.read(trace.run)
        weight = smoothing if data.MEASURES[measure].smooth else 0.0
        curve = self._curves.get((trace.key, measure))
        if curve is None or curve.columns is not columns or curve.smoothing != weight:
            curve = self._curves[trace.key, measure] = data.Curve(columns, measure, weight)
        curve.read(trace.run.last.step if trace.run.last else -1)
        return curve


def chart_of_runs(runs: Sequence[Run], measure: str = Measure.TRAIN_LOSS) -> Chart:
    """Return a measure of runs step by step, by its key: ``train-loss``, ``test-error`` and so on."""
    return TrainingCharts().curves(data.traced(runs), Measure(measure))


def chart_of_rates(test: RateTest, plan: RunPlan | None = None) -> Chart:
    """Return the smoothed loss at each rate that a range test tried, and the rate that it suggests."""
    said = f" · {plan.data.title} · batch {plan.recipe.batch} · seed {plan.seed}" if plan else ""
    style = STYLES[0]._replace(marker=Marker.NONE)
    return Chart(
        "Learning rate range test",
        Axis("learning rate", Scale.LOG),
        Axis("training loss, smoothed"),
        (Series("loss", plan.name if plan else "loss", test.rates, test.losses, style),),
        f"Smith 2017, section 3.3{said}",
        guides=(Guide(test.suggested, f"{test.suggested:.2g}"),) if test.suggested is not None else (),
        key="rate-test:",
    )


def _across(shown: Sequence[data.Traced], wanted: Across) -> Across:
    """Return what the x axis counts: steps where the number of training images is unknown."""
    unknown = any(trace.run.environment is None for trace in shown)
    return Across.STEPS if wanted is Across.EPOCHS and unknown else wanted


def _series(trace: data.Traced, curve: data.Curve, measure: Measure, options: data.Options) -> Iterator[Series]:
    where = options.across, data.epoch_steps(trace.run), options.within
    smooths, hidden = data.MEASURES[measure].smooth and options.smoothing > 0, trace.hidden
    if smooths:
        yield Series(
            f"{trace.key}-raw", trace.name, *curve.points(False, *where), trace.look, hidden=hidden, faint=True
        )
    x, y = curve.points(smooths, *where)
    style = _line_style(trace.look, measure)
    yield Series(trace.key, trace.name, x, y, style, hidden=hidden, note=_note(trace.run, y, measure))


def _line_style(style: SeriesStyle, measure: Measure) -> SeriesStyle:
    """Return a style with markers only for what is measured now and then."""
    judged = measure in (Measure.TEST_LOSS, Measure.TEST_ERROR)
    return style if judged else style._replace(marker=Marker.NONE)


def _note(run: Run, y: Sequence[float], measure: Measure) -> str:
    """Return the newest value, and the state of the run."""
    state = data.describe_state(run)
    if not y or not isfinite(y[-1]) or measure is Measure.RATE:
        return state
    unit = " steps/s" if measure is Measure.SPEED else f" {data.MEASURES[measure].unit}".rstrip()
    ends = "ends at " if not state and measure is not Measure.SPEED else ""
    is_loss = measure in (Measure.TRAIN_LOSS, Measure.TEST_LOSS)
    value = format_loss(y[-1]) if is_loss else number(float(f"{y[-1]:.3g}"))
    return f"{ends}{value}{unit}" + (f", {state}" if state else "")


def _value_axis(
    shown: Sequence[data.Traced], series: Sequence[Series], measure: Measure, options: data.Options
) -> tuple[Axis, tuple[str, ...]]:
    """Return the y axis and notes; a linear axis includes chance level, and is cut where a run diverges."""
    labels = data.measure_words(measure, shown)
    if options.log:
        return Axis(labels.axis, Scale.LOG, labels.unit), ()
    axis = Axis(labels.axis, unit=labels.unit, low=0.0)
    counts = [count for trace in shown if (count := data.classes(trace.run)) and count > 1]
    level = max((data.chance_level(count, measure) or 0.0 for count in counts), default=0.0)
    if not level:
        return axis, ()
    if labels.unit:
        return (replace(axis, high=100.0) if _highest(series) > level / 2 else axis), ()
    if _highest(series) > CUT * level:
        end = CUT * level
        return replace(axis, high=end), (f"The axis ends at {end:.1f}: higher losses are cut off.",)
    if _highest(series) < level / 2:
        return axis, ()
    return replace(axis, high=1.04 * min(CUT * level, max(_highest(series, True), 1.06 * level))), ()


def _highest(series: Sequence[Series], with_faint: bool = False) -> float:
    """Return the highest finite value of the visible curves."""
    shown = [line for line in series if not line.hidden and (with_faint or not line.faint)]
    return max((y for line in shown for y in line.y if isfinite(y)), default=0.0)
