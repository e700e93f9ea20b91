"""What is said around the lab's pictures: images, recipe, seeds, smoothing, and whether it is a replay."""

from collections.abc import Iterable, Sequence
from math import isfinite, log

from resnet_explorer.analysis.training import Run
from resnet_explorer.analysis.training_conditions import condition_words, machine_words
from resnet_explorer.drawing.chart import Guide
from resnet_explorer.drawing.training.options import Measure, Options, Traced, measure_words


def caption(shown: Sequence[Traced], measure: Measure, options: Options) -> str:
    """Return the line under a title: what was measured, on what, from which seeds, and how it is shown."""
    words = measure_words(measure, shown)
    how = smoothing_words(options.smoothing) if words.smooth else ""
    return joined((replay_words(shown, options.replayed), words.of, how, *condition_words(runs_of(shown))))


def joined(words: Iterable[str]) -> str:
    """Return the words that are not empty as one line."""
    return " · ".join(word for word in words if word)


def smoothing_words(weight: float) -> str:
    """Return how thick and thin lines differ."""
    return f"thick: smoothed {weight:g}, thin: each step" if weight > 0 else "each step, not smoothed"


def replay_words(shown: Sequence[Traced], is_replayed: bool) -> str:
    """Return that runs were recorded, and on what; nothing where they run now."""
    if not is_replayed:
        return ""
    made = machine_words(runs_of(shown))
    return f"replayed, recorded on {made}" if made else "replayed"


def runs_of(shown: Sequence[Traced]) -> list[Run]:
    """Return the runs."""
    return [one.run for one in shown]


def notes_of(shown: Sequence[Traced]) -> tuple[str, ...]:
    """Return what could not be done as a recipe asks, each sentence once."""
    return tuple(dict.fromkeys(note for one in shown if one.run.setting for note in one.run.setting.notes))


def classes(run: Run) -> int | None:
    """Return how many classes a run tells apart; None for a backbone."""
    return len(run.setting.classes) if run.setting and run.setting.classes else run.plan.spec.classes


def chance(shown: Sequence[Traced], measure: Measure) -> tuple[Guide, ...]:
    """Return where a network is that only guesses: ln(classes) for the loss, 1 − 1/classes for the error."""
    counts = sorted({count for one in shown if (count := classes(one.run)) and count > 1})
    guides = []
    for count in counts:
        value = chance_level(count, measure)
        words = "chance" if len(counts) == 1 else f"chance, {count} classes"
        guides += [Guide(value, words, vertical=False)] if value is not None else []
    return tuple(guides)


def chance_level(count: int, measure: Measure) -> float | None:
    """Return the loss or the error, in percent, of guessing among so many classes; None for other measures."""
    if measure in (Measure.TRAIN_LOSS, Measure.TEST_LOSS):
        return log(count)
    return 100 * (1 - 1 / count) if measure in (Measure.TRAIN_ERROR, Measure.TEST_ERROR) else None


def state_words(run: Run) -> str:
    """Return how far a run is, or how it ended, where it is not whole."""
    last = run.last
    if last is not None and not isfinite(last.loss):
        return "diverged"
    if run.problem:
        return f"ended early, at step {last.step + 1:,}" if last else "ended early"
    if run.is_whole:
        return ""
    return f"at step {last.step + 1:,} of {run.plan.recipe.steps:,}" if last else "not begun"
