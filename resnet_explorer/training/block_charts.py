"""Charts of quantities per block: the newest step of several runs, one run over its steps, and schedules."""

from collections.abc import Mapping, Sequence
from itertools import groupby

from resnet_explorer.picture import chart
from resnet_explorer.picture.chart.model import number
from resnet_explorer.readings.quantities import WORDS, Place, Quantity, QuantityWords
from resnet_explorer.readings.text import compact
from resnet_explorer.runs.plan import Metric, Run, describe_conditions, describe_recipe
from resnet_explorer.runs.recipe import ONE_CYCLE_UP, Recipe, Schedule
from resnet_explorer.training.chart_data import PLAINLY, Options, Traced, joined, replay_words, runs_of
from resnet_explorer.training.smoothing import MOST_POINTS

NAN = float("nan")
BLOCKWISE: Mapping[str, QuantityWords] = {str(quantity): text for quantity, text in WORDS.items()}
"""The texts of what can be measured at each block."""
MOST_COLUMNS = 400
"""A heat map shows so many of the measured steps, evenly spread, and always the newest."""


def block_plot(shown: Sequence[Traced], quantity: str, options: Options = PLAINLY) -> chart.Chart:
    """Return a quantity at each block, at the newest measured step of each run."""
    labels = BLOCKWISE[quantity]
    known = [(trace, metric) for trace in shown if (metric := _newest(trace.run)) and has(metric, quantity)]
    steps = sorted({metric.step + 1 for _, metric in known})
    when = f"step {steps[0]:,}" if len(steps) == 1 else "the newest measured step of each run" if steps else ""
    missing = [one.name for one in shown if all(one is not other for other, _ in known)]
    conditions = describe_conditions(runs_of(shown))
    return chart.Chart(
        labels.label,
        chart.Axis("block, from the input (left) to the loss (right)"),
        chart.Axis(labels.symbol, chart.Scale.LOG if labels.log else chart.Scale.LINEAR),
        tuple(_series(one, metric, quantity, len(steps) > 1) for one, metric in known),
        joined((replay_words(shown, options.replayed), when, "one batch, not smoothed", *conditions)),
        spans=_spans([one.run for one, _ in known]),
        notes=(f"Not measured: {', '.join(missing)}.",) if missing else (),
        key=f"{quantity}:",
    )


def _series(one: Traced, metric: Metric, quantity: str, says_step: bool) -> chart.Series:
    y = values(metric, quantity)
    points = [
        chart.Point(place.path, f"block {n} · {place.path}") for n, place in enumerate(_places(one.run, len(y)), 1)
    ]
    known = [value for value in (y[0], y[-1]) if value == value]
    ratio = f"first/last = {number(float(f'{known[0] / known[1]:.3g}'))}" if len(known) == 2 and known[1] else ""
    note = ", ".join(word for word in (ratio, f"step {metric.step + 1:,}" if says_step else "") if word)
    x = list(range(1, len(y) + 1))
    return chart.Series(one.key, one.name, x, y, one.look, points=points, note=note, hidden=one.hidden)


def values(metric: Metric, quantity: str) -> list[float]:
    """Return a quantity at each block of a measured step; NaN where a block does not have it."""
    blocks = metric.blocks or {}
    return [NAN if one is None else one for one in blocks.get(Quantity(quantity), ())]


def has(metric: Metric, quantity: str) -> bool:
    """Return whether any block has a quantity: a plain network has no terms."""
    return any(value == value for value in values(metric, quantity))


def _newest(run: Run) -> Metric | None:
    return next((metric for metric in reversed(run.metrics) if metric.blocks), None)


def _places(run: Run, count: int) -> Sequence[Place]:
    """Return the blocks of a run; without addresses where they are unknown."""
    known = run.environment.places if run.environment else ()
    return known if len(known) == count else [Place("", 0, ())] * count


def _spans(runs: Sequence[Run]) -> tuple[chart.Span, ...]:
    """Return the stages, where all runs have them at the same blocks."""
    layouts = {tuple(place.stage for place in run.environment.places) if run.environment else () for run in runs}
    if len(layouts) != 1 or not runs or runs[0].environment is None:
        return ()
    spans = []
    for stage, members in groupby(enumerate(runs[0].environment.places, 1), key=lambda pair: pair[1].stage):
        known = list(members)
        label = f"stage {stage} · {compact(known[0][1].shape)}"
        spans.append(chart.Span(known[0][0] - 0.5, known[-1][0] + 0.5, label, f"layer{stage}"))
    return tuple(spans)


def block_strips(shown: Sequence[Traced], quantity: str) -> tuple[chart.Strip, ...]:
    """Return the runs' blocks in rows, coloured by a quantity at their newest measured step."""
    strips = []
    for trace in shown:
        metric = _newest(trace.run)
        if metric and has(metric, quantity):
            y = values(metric, quantity)
            pairs = zip(_places(trace.run, len(y)), y, strict=True)
            is_residual = trace.run.plan.spec.residual
            cells = (
                chart.Cell(place.path, f"block {n}", value, is_residual) for n, (place, value) in enumerate(pairs, 1)
            )
            strips.append(chart.Strip(trace.key, trace.name, tuple(cells), trace.look))
    return tuple(strips)


def heat(one: Traced, quantity: str, options: Options = PLAINLY) -> chart.HeatMap | None:
    """Return a quantity of a run by blocks and measured steps; None where it has not been measured."""
    measured = [metric for metric in one.run.metrics if metric.blocks]
    every = max(1, -(-len(measured) // MOST_COLUMNS))
    chosen = measured[::-1][::every][::-1]
    columns = [values(metric, quantity) for metric in chosen]
    if not any(value == value for column in columns for value in column):
        return None
    labels, places = BLOCKWISE[quantity], _places(one.run, len(columns[0]))
    rows = tuple(
        chart.Row(place.path or f"block {n + 1}", [column[n] for column in columns], place.path)
        for n, place in enumerate(places)
    )
    conditions = describe_conditions([one.run])
    return chart.HeatMap(
        f"{one.name}: {labels.label[:1].lower()}{labels.label[1:]}, block by block",
        chart.Axis("step"),
        chart.Axis(labels.symbol, chart.Scale.LOG if labels.log else chart.Scale.LINEAR),
        [metric.step + 1 for metric in chosen],
        rows,
        "block, from the input (top) to the loss",
        joined((replay_words([one], options.replayed), "one batch a step, not smoothed", *conditions)),
        key=f"{one.key}:{quantity}",
    )


FEW = 2
"""Up to this many steps have labelled lines; more only have a marker on the curve."""


def rates(shown: Sequence[Traced], options: Options = PLAINLY) -> chart.Chart:
    """Return each schedule once, with the names of its runs, and a marker at the position of each run."""
    groups: dict[tuple[float, ...], list[Traced]] = {}
    for trace in shown:
        groups.setdefault(tuple(schedule(trace.run.plan.recipe)[1]), []).append(trace)
    series: list[chart.Series] = []
    for members in groups.values():
        series += _rate_series(members)
    at = sorted({one.run.last.step + 1 for one in shown if one.run.last})
    guides = tuple(chart.Guide(step, f"step {step:,}") for step in at) if len(at) <= FEW else ()
    recipes = {one.run.plan.recipe for one in shown}
    recipe = describe_recipe(recipes.pop()) if len(recipes) == 1 else ""
    return chart.Chart(
        "Learning rate",
        chart.Axis("step"),
        chart.Axis(
            "learning rate", chart.Scale.LOG if options.log else chart.Scale.LINEAR, low=None if options.log else 0.0
        ),
        tuple(series),
        joined((replay_words(shown, options.replayed), "as planned", recipe)),
        guides=guides,
        key="rates:",
    )


def schedule(recipe: Recipe) -> tuple[list[int], list[float]]:
    """Return steps, counted from 1, and rates of a schedule, thinned for long ones but for its turning points."""
    steps = recipe.steps
    every = max(1, -(-steps // (MOST_POINTS - 100)))
    turns = {recipe.warmup, recipe.warmup - 1, *(recipe.milestones if recipe.schedule is Schedule.STEPS else ())}
    turns |= {one - 1 for one in turns} | {round(ONE_CYCLE_UP * steps) - 1, steps - 1}
    chosen = sorted({*range(0, steps, every), *(one for one in turns if 0 <= one < steps)})
    return [step + 1 for step in chosen], [recipe.rate_at(step) for step in chosen]


def _rate_series(members: Sequence[Traced]) -> list[chart.Series]:
    first, count = members[0], len(members)
    x, y = schedule(first.run.plan.recipe)
    label = ", ".join(one.name for one in members) if count <= FEW else f"{first.name} and {count - 1} more"
    bare = first.look._replace(marker=chart.Marker.NONE)
    found = [chart.Series(first.key, label, x, y, bare, hidden=all(one.hidden for one in members))]
    for member in members:
        if member.run.last:
            here = [member.run.last.step + 1], [member.run.last.rate]
            found.append(
                chart.Series(f"{member.key}-now", "", *here, member.look, chart.Kind.SCATTER, hidden=member.hidden)
            )
    return found
