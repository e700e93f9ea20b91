"""Runs of one network from several seeds as one curve: their median, and the band from the least to the greatest."""

import warnings
from collections.abc import Sequence

import numpy as np

from resnet_explorer.analysis.smoothing import Array, thinned
from resnet_explorer.analysis.training import Run
from resnet_explorer.analysis.training_conditions import condition_words
from resnet_explorer.drawing.chart import Axis, Chart, Look, Marker, Series
from resnet_explorer.drawing.training.captions import joined, replay_words, runs_of
from resnet_explorer.drawing.training.columns import Curve, epoch_steps
from resnet_explorer.drawing.training.options import Across, Measure, Options, Traced, looks, measure_words

_Member = tuple[Traced, Curve]


def seeds_chart(shown: Sequence[Traced], curves: Sequence[Curve], measure: Measure, options: Options) -> Chart:
    """Return the median of each network's runs as a line, and their range as a band."""
    groups: dict[object, list[_Member]] = {}
    for one, curve in zip(shown, curves, strict=True):
        groups.setdefault(_alike(one.run), []).append((one, curve))
    members = list(groups.values())
    found = looks([group[0][0].run.plan.spec.residual for group in members])
    across = Across.STEPS if options.across is Across.SECONDS else options.across
    words = measure_words(measure, shown)
    series = tuple(_series(group, look, measure, across) for group, look in zip(members, found, strict=True))
    smooth = words.smooth and options.smoothing > 0
    how = f"each run smoothed {options.smoothing:g}" if smooth else ""
    many = "median over the seeds, band from the least to the greatest"
    told = (replay_words(shown, options.replayed), many, how, words.of, *condition_words(runs_of(shown)))
    return Chart(
        f"{words.title}, {_seed_count(members)}",
        Axis("epoch" if across is Across.EPOCHS else "step"),
        Axis(words.axis, unit=words.unit),
        series,
        joined(told),
        key=f"{measure}:seeds:",
    )


def _alike(run: Run) -> object:
    """Return what runs have in common that differ in the seed alone."""
    plan = run.plan
    return plan.name, plan.spec, plan.recipe, plan.data, plan.image


def _seed_count(groups: Sequence[Sequence[_Member]]) -> str:
    counts = sorted({len(group) for group in groups})
    if not counts:
        return "no seeds"
    words = str(counts[0]) if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
    return f"{words} seed{'' if counts == [1] else 's'}"


def _series(group: Sequence[_Member], look: Look, measure: Measure, across: Across) -> Series:
    first = group[0][0]
    x, rows = _common(group, across)
    middle, low, high = _spread(rows)
    kept = thinned(middle)
    if kept:
        low, high = np.fmin.reduceat(low, kept), np.fmax.reduceat(high, kept)
    judged = measure in (Measure.TEST_LOSS, Measure.TEST_ERROR)
    many = len(group) > 1
    return Series(
        first.key,
        first.run.plan.name,
        x[kept].tolist(),
        middle[kept].tolist(),
        look if judged else look._replace(marker=Marker.NONE),
        low=low.tolist() if many else None,
        high=high.tolist() if many else None,
        note=_note(group, rows),
        hidden=all(one.hidden for one, _ in group),
    )


def _common(group: Sequence[_Member], across: Across) -> tuple[Array, Array]:
    """Return the steps that all runs have made, and each run's values there."""
    curves = [curve.whole(across, epoch_steps(one.run)) for one, curve in group]
    count = min(len(x) for x, _ in curves)
    return curves[0][0][:count], np.stack([y[:count] for _, y in curves])


def _spread(rows: Array) -> tuple[Array, Array, Array]:
    """Return the median, the least and the greatest of each column; a run that diverged is above all others."""
    if len(rows) == 1 or not rows.size:
        return rows[0], rows[0], rows[0]
    held = np.where(np.isnan(rows), np.inf, rows)
    middle = np.median(held, axis=0)
    finite = np.where(np.isfinite(rows), rows, np.nan)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        low, high = np.nanmin(finite, axis=0), np.nanmax(finite, axis=0)
    return np.where(np.isfinite(middle), middle, np.nan), low, high


def _note(group: Sequence[_Member], rows: Array) -> str:
    """Return how many seeds there are, where they end, and how many diverged."""
    lost = int((~np.isfinite(rows[:, -1])).sum()) if rows.size else 0
    known = np.sort(rows[np.isfinite(rows[:, -1]), -1]) if rows.size else rows
    ends = ""
    if known.size:
        ends = f"{known[0]:.3g}" if known.size == 1 else f"{known[0]:.3g} to {known[-1]:.3g}"
    words = [ends] if ends else []
    words += [f"{lost} of {len(group)} diverged"] if lost else []
    return ", ".join(words)
