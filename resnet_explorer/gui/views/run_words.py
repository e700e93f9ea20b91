"""Runs as rows of a table: how far each is, and what it has come to."""

from collections.abc import Sequence

from resnet_explorer.analysis.gradient_words import LAST_STEPS, last_steps
from resnet_explorer.analysis.training import Run
from resnet_explorer.drawing.training import Traced
from resnet_explorer.gui.trainer import LiveRun
from resnet_explorer.gui.views.run_table import RunRow
from resnet_explorer.gui.views.training_bar import duration

NONE = "–"


def rows(shown: Sequence[Traced], live: Sequence[LiveRun]) -> list[RunRow]:
    """Return a row for each run; ``live`` are the same runs where they are trained here, else none."""
    return [_row(one, live[index] if index < len(live) else None) for index, one in enumerate(shown)]


def _row(one: Traced, live: LiveRun | None) -> RunRow:
    run, last = one.run, one.run.last
    steps = f"{len(run.metrics):,} / {run.plan.recipe.steps:,}"
    texts = (one.name, steps, _loss(run), _error(run), _tested(run), _pace(run), _state(run, live))
    tip = run.problem or (f"In {run.folder}" if run.folder and last else one.name)
    return RunRow(one.look, texts, tip, f"Mean of {last_steps([len(run.metrics)])}" if last else "")


def _loss(run: Run) -> str:
    return f"{run.final_loss(LAST_STEPS):.3f}" if run.metrics else NONE


def _error(run: Run) -> str:
    known = [one.accuracy for one in run.metrics[-LAST_STEPS:] if one.accuracy is not None]
    return f"{100 * (1 - sum(known) / len(known)):.1f} %" if known else NONE


def _tested(run: Run) -> str:
    known = next((one.test_accuracy for one in reversed(run.metrics) if one.test_accuracy is not None), None)
    return NONE if known is None else f"{100 * (1 - known):.1f} %"


def _pace(run: Run) -> str:
    if len(run.metrics) < 2:
        return NONE
    last, first = run.metrics[-1], run.metrics[max(0, len(run.metrics) - 50)]
    spent = last.seconds - first.seconds
    return f"{(last.step - first.step) / spent:.1f}" if spent > 0 else NONE


def _state(run: Run, live: LiveRun | None) -> str:
    if live is None:
        return ("whole" if run.is_whole else run.problem or "stopped") if run.metrics else "not begun"
    if live.problem:
        return live.problem
    left = live.left
    return f"{live.stand}, about {duration(left)} left" if live.stand == "running" and left else str(live.stand)
