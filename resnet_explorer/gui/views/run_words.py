"""Runs as rows of a table: how far each is, and what it has come to."""

from collections.abc import Sequence

from resnet_explorer.analysis.gradient_words import LAST_STEPS, last_steps
from resnet_explorer.analysis.progress import RunStatistics, duration
from resnet_explorer.analysis.training import Run
from resnet_explorer.analysis.words import percent
from resnet_explorer.drawing.training import Traced
from resnet_explorer.gui.trainer import LiveRun
from resnet_explorer.gui.views.run_table import RunRow

NONE = "–"


def rows(shown: Sequence[Traced], live: Sequence[LiveRun]) -> list[RunRow]:
    """Return a row for each run; ``live`` are the same runs where they are trained here, else none."""
    return [_row(one, live[index] if index < len(live) else None) for index, one in enumerate(shown)]


def _row(one: Traced, live: LiveRun | None) -> RunRow:
    run, last = one.run, one.run.last
    steps = f"{len(run.metrics):,} / {run.plan.recipe.steps:,}"
    now = RunStatistics(run.metrics, run.plan.recipe.steps)
    tested = next((one.test_accuracy for one in reversed(run.metrics) if one.test_accuracy is not None), None)
    figures = (
        NONE if last is None else f"{run.final_loss(LAST_STEPS):.3f}",
        NONE if now.error is None else percent(now.error),
        NONE if tested is None else percent(1 - tested),
        NONE if now.per_second is None else f"{now.per_second:.1f}",
    )
    texts = (one.name, steps, *figures, _state(run, live))
    tip = run.problem or (f"In {run.folder}" if run.folder and last else one.name)
    return RunRow(one.look, texts, tip, f"Mean of {last_steps([len(run.metrics)])}" if last else "")


def _state(run: Run, live: LiveRun | None) -> str:
    if live is None:
        return ("whole" if run.is_whole else run.problem or "stopped") if run.metrics else "not begun"
    if live.problem:
        return live.problem
    left = live.statistics.seconds_left
    return f"{live.stand}, about {duration(left)} left" if live.stand == "running" and left else str(live.stand)
