"""Charts of quantities per block: the newest step of several runs, one run over its steps, and schedules."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from resnet_explorer.picture import chart
from resnet_explorer.picture.chart.model import number
from resnet_explorer.readings.quantities import WORDS, Place, Quantity, QuantityWords
from resnet_explorer.readings.text import compact
from resnet_explorer.runs.plan import Metric, Run, describe_conditions, describe_recipe
from resnet_explorer.runs.recipe import ONE_CYCLE_UP, Recipe, Schedule
from resnet_explorer.training.chart_data import PLAINLY, Options, Traced, joined, replay_words
from resnet_explorer.training.smoothing import MOST_POINTS

BLOCKWISE: Mapping[str, QuantityWords] = {str(quantity): text for quantity, text in WORDS.items()}
"""The texts of what can be measured at each block."""
MOST_COLUMNS = 400
"""A heat map shows so many of the measured steps, evenly spread, and always the newest."""


def block_plot(shown: Sequence[Traced], quantity: str, options: Options = PLAINLY) -> chart.Chart:
    """Return a quantity at each block, at the newest measured step of each run."""
    labels = BLOCKWISE[quantity]
    newest = [(trace, metric) for trace in shown if (metric := _newest(trace.run)) and has(metric, quantity)]
    steps = sorted({metric.step + 1 for _, metric in newest})
    when = f"step {steps[0]:,}" if len(steps) == 1 else "the newest measured step of each run" if steps else ""
    missing = [trace.name for trace in shown if all(trace is not other for other, _ in newest)]
    conditions = describe_conditions([trace.run for trace in shown])
    return chart.Chart(
        labels.label,
        chart.Axis("block, from the input (left) to the loss (right)"),
        chart.Axis(labels.symbol, chart.Scale.LOG if labels.log else chart.Scale.LINEAR),
        tuple(_series(trace, metric, quantity, len(steps) > 1) for trace, metric in newest),
        joined((replay_words(shown, options.replayed), when, "one batch, not smoothed", *conditions)),
        spans=_spans([trace.run for trace, _ in newest]),
        notes=(f"Not measured: {', '.join(missing)}.",) if missing else (),
        key=f"{quantity}:",
    )


def _series(trace: Traced, metric: Metric, quantity: str, says_step: bool) -> chart.Series:
    y = values(metric, quantity)
    places = enumerate(_places(trace.run, len(y)), 1)
    points = [chart.Point(place.path, f"block {n} · {place.path}") for n, place in places]
    ends = [value for value in (y[0], y[-1]) if value == value]
    ratio = f"first/last = {number(float(f'{ends[0] / ends[1]:.3g}'))}" if len(ends) == 2 and ends[1] else ""
    note = ", ".join(filter(None, (ratio, f"step {metric.step + 1:,}" if says_step else "")))
    x = list(range(1, len(y) + 1))
    return chart.Series(trace.key, trace.name, x, y, trace.look, points=points, note=note, hidden=trace.hidden)


def values(metric: Metric, quantity: str) -> list[float]:
    """Return a quantity at each block of a measured step; NaN where a block does not have it."""
    blocks = metric.blocks or {}
    return [float("nan") if value is None else value for value in blocks.get(Quantity(quantity), ())]


def has(metric: Metric, quantity: str) -> bool:
    """Return whether any block has a quantity: a plain network has no terms."""
    return any(value == value for value in values(metric, quantity))


def _newest(run: Run) -> Metric | None:
    return next((metric for metric in reversed(run.metrics) if metric.blocks), None)


def _places(run: Run, count: int) -> Sequence[Place]:
    """Return the blocks of a run; without addresses where they are unknown."""
    places = run.environment.places if run.environment else ()
    return places if len(places) == count else [Place("", 0, ())] * count


def _spans(runs: Sequence[Run]) -> tuple[chart.Span, ...]:
    """Return the stages, where all runs have them at the same blocks."""
    layouts = {tuple(place.stage for place in run.environment.places) if run.environment else () for run in runs}
    if len(layouts) != 1 or not runs or runs[0].environment is None:
        return ()
    spans = []
    for stage, members in groupby(enumerate(runs[0].environment.places, 1), key=lambda pair: pair[1].stage):
        blocks = list(members)
        label = f"stage {stage} · {compact(blocks[0][1].shape)}"
        spans.append(chart.Span(blocks[0][0] - 0.5, blocks[-1][0] + 0.5, label, f"layer{stage}"))
    return tuple(spans)


def block_strips(shown: Sequence[Traced], quantity: str) -> tuple[chart.Strip, ...]:
    """Return the runs' blocks in rows, coloured by a quantity at their newest measured step."""
    strips = []
    for trace in shown:
        metric = _newest(trace.run)
        if metric and has(metric, quantity):
            y = values(metric, quantity)
            pairs = enumerate(zip(_places(trace.run, len(y)), y, strict=True), 1)
            is_residual = trace.run.plan.spec.has_shortcuts
            cells = [chart.Cell(place.path, f"block {n}", value, is_residual) for n, (place, value) in pairs]
            strips.append(chart.Strip(trace.key, trace.name, tuple(cells), trace.look))
    return tuple(strips)


def heat(trace: Traced, quantity: str, options: Options = PLAINLY) -> chart.HeatMap | None:
    """Return a quantity of a run by blocks and measured steps; None where it has not been measured."""
    measured = [metric for metric in trace.run.metrics if metric.blocks and Quantity(quantity) in metric.blocks]
    every = max(1, -(-len(measured) // MOST_COLUMNS))
    chosen = measured[::-1][::every][::-1]
    columns = [values(metric, quantity) for metric in chosen]
    if not any(value == value for column in columns for value in column):
        return None
    labels, places = BLOCKWISE[quantity], _places(trace.run, len(columns[0]))
    blocks = enumerate(zip(places, zip(*columns, strict=True), strict=True), 1)
    rows = tuple(chart.Row(place.path or f"block {n}", row, place.path) for n, (place, row) in blocks)
    conditions = describe_conditions([trace.run])
    return chart.HeatMap(
        f"{trace.name}: {labels.label[:1].lower()}{labels.label[1:]}, block by block",
        chart.STEPS,
        chart.Axis(labels.symbol, chart.Scale.LOG if labels.log else chart.Scale.LINEAR),
        [metric.step + 1 for metric in chosen],
        rows,
        "block, from the input (top) to the loss",
        joined((replay_words([trace], options.replayed), "one batch a step, not smoothed", *conditions)),
        key=f"{trace.key}:{quantity}",
    )


FEW = 2
"""Up to this many steps have labelled lines; more only have a marker on the curve."""


def rates(shown: Sequence[Traced], options: Options = PLAINLY) -> chart.Chart:
    """Return each schedule once, with the names of its runs, and a marker at the position of each run."""
    groups: dict[tuple[float, ...], list[Traced]] = {}
    for trace in shown:
        groups.setdefault(tuple(schedule(trace.run.plan.recipe)[1]), []).append(trace)
    at = sorted({trace.run.last.step + 1 for trace in shown if trace.run.last})
    guides = tuple(chart.Guide(step, f"step {step:,}") for step in at) if len(at) <= FEW else ()
    recipes = {trace.run.plan.recipe for trace in shown}
    recipe = describe_recipe(recipes.pop()) if len(recipes) == 1 else ""
    axis = chart.Axis("learning rate", chart.Scale.LOG) if options.log else chart.Axis("learning rate", low=0.0)
    return chart.Chart(
        "Learning rate",
        chart.STEPS,
        axis,
        tuple(series for members in groups.values() for series in _rate_series(members)),
        joined((replay_words(shown, options.replayed), "as planned", recipe)),
        guides=guides,
        key="rates:",
    )


def schedule(recipe: Recipe) -> tuple[list[int], list[float]]:
    """Return steps, counted from 1, and rates of a schedule, thinned for long ones but for its turning points."""
    steps = recipe.steps
    every = max(1, -(-steps // (MOST_POINTS - 100)))
    turns = {recipe.warmup, recipe.warmup - 1, *(recipe.milestones if recipe.schedule is Schedule.STEPS else ())}
    turns |= {step - 1 for step in turns} | {round(ONE_CYCLE_UP * steps) - 1, steps - 1}
    chosen = sorted({*range(0, steps, every), *(step for step in turns if 0 <= step < steps)})
    return [step + 1 for step in chosen], [recipe.rate_at(step) for step in chosen]


def _rate_series(members: Sequence[Traced]) -> Iterator[chart.Series]:
    first, count = members[0], len(members)
    x, y = schedule(first.run.plan.recipe)
    label = ", ".join(trace.name for trace in members) if count <= FEW else f"{first.name} and {count - 1} more"
    bare = first.look._replace(marker=chart.Marker.NONE)
    yield chart.Series(first.key, label, x, y, bare, hidden=all(trace.hidden for trace in members))
    for trace in members:
        if last := trace.run.last:
            at, hidden = ([last.step + 1], [last.rate]), trace.hidden
            yield chart.Series(f"{trace.key}-now", "", *at, trace.look, chart.Kind.SCATTER, hidden=hidden)
