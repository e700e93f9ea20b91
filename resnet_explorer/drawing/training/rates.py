"""The learning rate over the steps, as it is planned: before the runs begin, and with where they are."""

from collections.abc import Sequence

from resnet_explorer.analysis.recipe import ONE_CYCLE_UP, Recipe, Schedule
from resnet_explorer.analysis.smoothing import MOST_POINTS
from resnet_explorer.analysis.training_conditions import recipe_words
from resnet_explorer.drawing.chart import Axis, Chart, Guide, Kind, Marker, Scale, Series
from resnet_explorer.drawing.training.captions import joined, replay_words
from resnet_explorer.drawing.training.options import PLAINLY, Options, Traced

FEW = 2
"""So many different steps are named at their lines; more have a sign on the curve alone."""


def rates(shown: Sequence[Traced], options: Options = PLAINLY) -> Chart:
    """Return each schedule once, with the names of the runs that have it, and a sign where each run is."""
    groups: dict[tuple[float, ...], list[Traced]] = {}
    for one in shown:
        groups.setdefault(tuple(schedule(one.run.plan.recipe)[1]), []).append(one)
    series: list[Series] = []
    for members in groups.values():
        series += _series(members)
    at = sorted({one.run.last.step + 1 for one in shown if one.run.last})
    guides = tuple(Guide(step, f"step {step:,}") for step in at) if len(at) <= FEW else ()
    recipes = {one.run.plan.recipe for one in shown}
    words = recipe_words(recipes.pop()) if len(recipes) == 1 else ""
    return Chart(
        "Learning rate",
        Axis("step"),
        Axis("learning rate", Scale.LOG if options.log else Scale.LINEAR, low=None if options.log else 0.0),
        tuple(series),
        joined((replay_words(shown, options.replayed), "as planned", words)),
        guides=guides,
        key="rates:",
    )


def schedule(recipe: Recipe) -> tuple[list[int], list[float]]:
    """Return the steps, counted from 1, and rates that draw a schedule: all of them, or those where it turns."""
    steps = recipe.steps
    every = max(1, -(-steps // (MOST_POINTS - 100)))
    turns = {recipe.warmup, recipe.warmup - 1, *(recipe.milestones if recipe.schedule is Schedule.STEPS else ())}
    turns |= {one - 1 for one in turns} | {round(ONE_CYCLE_UP * steps) - 1, steps - 1}
    chosen = sorted({*range(0, steps, every), *(one for one in turns if 0 <= one < steps)})
    return [step + 1 for step in chosen], [recipe.rate_at(step) for step in chosen]


def _series(members: Sequence[Traced]) -> list[Series]:
    first, count = members[0], len(members)
    x, y = schedule(first.run.plan.recipe)
    label = ", ".join(one.name for one in members) if count <= FEW else f"{first.name} and {count - 1} more"
    bare = first.look._replace(marker=Marker.NONE)
    found = [Series(first.key, label, x, y, bare, hidden=all(one.hidden for one in members))]
    for one in members:
        if one.run.last:
            here = [one.run.last.step + 1], [one.run.last.rate]
            found.append(Series(f"{one.key}-now", "", *here, one.look, Kind.SCATTER, hidden=one.hidden))
    return found
