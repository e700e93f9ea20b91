"""What is said of runs at their end: a table, what was measured, and what went wrong."""

from collections.abc import Sequence
from math import isfinite

from resnet_explorer.analysis.gradient_words import LAST_STEPS, figure
from resnet_explorer.analysis.training import Run
from resnet_explorer.analysis.training_words import conditions, measured

FAILED = 1
INTERRUPTED = 130
_TITLES = ("network", "seed", "steps", "training loss", "test error", "steps/s")


def told(runs: Sequence[Run]) -> str:
    """Return the conditions, a line for each run, and what was measured."""
    rows = [_TITLES, *(_row(run) for run in runs)]
    wide = [max(len(row[column]) for row in rows) for column in range(len(_TITLES))]
    lines = ["  ".join((row[0].ljust(wide[0]), *map(str.rjust, row[1:], wide[1:]))).rstrip() for row in rows]
    return "\n".join((conditions(runs), "", *lines, "", measured(runs))) + "\n"


def _row(run: Run) -> tuple[str, ...]:
    recipe = run.plan.recipe
    made = f"{len(run.metrics):,}" if run.is_whole else f"{len(run.metrics):,} of {recipe.steps:,}"
    return run.plan.name, str(run.plan.seed), made, loss_words(run), error_words(run), speed_words(run)


def loss_words(run: Run) -> str:
    """Return the training loss at a run's end."""
    loss = run.final_loss(LAST_STEPS)
    return "none" if not run.metrics else figure(loss) if isfinite(loss) else "diverged"


def test_error(run: Run) -> float | None:
    """Return the test error of a run that was judged last, in percent; None where none was."""
    judged = (one.test_accuracy for one in reversed(run.metrics) if one.test_accuracy is not None)
    accuracy = next(judged, None)
    return None if accuracy is None else 100 * (1 - accuracy)


def error_words(run: Run) -> str:
    """Return the test error of a run that was judged last."""
    error = test_error(run)
    return "none" if error is None else f"{figure(error)} %"


def speed_words(run: Run) -> str:
    """Return the steps a second over a whole run."""
    return figure(len(run.metrics) / run.metrics[-1].seconds) if run.last and run.last.seconds > 0 else "none"


def complaints(problems: dict[int, str], names: Sequence[str]) -> list[str]:
    """Return a sentence for each thing that went wrong, with the runs that it ended."""
    found: dict[str, list[str]] = {}
    for place, why in sorted(problems.items()):
        found.setdefault(why, []).append(names[place])
    return [f"{', '.join(who)}: {why}" for why, who in found.items()]
