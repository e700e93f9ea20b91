"""The pictures of the gradient lab's other experiments: training, paths, neighbouring inputs, lesions."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import chain, groupby
from math import isfinite
from typing import Any

from resnet_explorer.diagram.lesions import lesion_chart
from resnet_explorer.gradients.descent import Descent, DescentStep, Paths
from resnet_explorer.gradients.values import LAGS, GradientResult, NetworkGradients, Shattering
from resnet_explorer.picture.chart import (
    PLAIN,
    RESIDUAL,
    STEPS,
    STYLES,
    Axis,
    Cell,
    Chart,
    Guide,
    HeatMap,
    Kind,
    Point,
    Row,
    Scale,
    Series,
    SeriesStyle,
    Span,
    Strip,
    colour_scale,
)
from resnet_explorer.picture.chart.heatmap import BESIDE_FROM
from resnet_explorer.readings.lesions import LesionStudy
from resnet_explorer.readings.quantities import WORDS, Place, Quantity
from resnet_explorer.readings.text import compact
from resnet_explorer.runs.plan import describe_recipe
from resnet_explorer.spec import ResNetSpec
from resnet_explorer.spec.catalogue import title
from resnet_explorer.spec.codec import setting

NAN = float("nan")


def axis_of(quantity: Quantity) -> Axis:
    """Return the axis of a quantity's values."""
    return Axis(WORDS[quantity].symbol, Scale.LOG if WORDS[quantity].log else Scale.LINEAR)


def gradient_plot(result: GradientResult, quantity: Quantity) -> Chart:
    """Return the chart of a quantity: for each network the median over the seeds, and the range as a band."""
    request = result.request
    seeds = f"{result.done} of {len(request.seeds)} seeds" if not result.complete else f"{result.done} seeds"
    seeds = "seed 0" if request.seeds == (0,) else seeds
    how = f"median of {seeds}, band from smallest to largest" if result.done > 1 else seeds
    return Chart(
        WORDS[quantity].label,
        Axis("block, from the input (left) to the loss (right)"),
        axis_of(quantity),
        tuple(_series(network, quantity, look) for network, look in _having(result, quantity)),
        f"{how} · norm {setting(request.specs[0], 'norm')}, init {request.specs[0].init} · {request.mode} mode · batch "
        f"{request.image.batch} · {result.data} · {request.device}, {request.precision}, {result.seconds:.1f} s",
        spans=spans(result),
        notes=result.notes,
    )


def chart_of_gradients(result: GradientResult, quantity: str = Quantity.OUTPUT) -> Chart:
    """Return the chart of a quantity by its key, such as ``input-gradient``."""
    return gradient_plot(result, Quantity(quantity))


def looks_of(specs: Sequence[ResNetSpec]) -> tuple[SeriesStyle, ...]:
    """Return each network's look: of one or two, a residual one's and a plain one's are always the same."""
    if len(specs) <= 2 and len({spec.has_shortcuts for spec in specs}) == len(specs):
        return tuple(RESIDUAL if spec.has_shortcuts else PLAIN for spec in specs)
    return tuple(STYLES[index % len(STYLES)] for index in range(len(specs)))


def _series(network: NetworkGradients, quantity: Quantity, look: SeriesStyle) -> Series:
    values = [NAN if value is None else value for value in network.median(quantity)]
    spread = [pair or (NAN, NAN) for pair in network.spread(quantity)]
    ratio, growth = network.ratio(quantity), network.growth(quantity)
    note = f"first/last = {_number(ratio)}" if ratio is not None else ""
    note += f", {growth:.2f}× a block" if note and growth is not None and WORDS[quantity].log else ""
    points = [Point(place.path, f"{network.title}, block {n} · {place.path}") for n, place in _numbered(network)]
    low, high = ([pair[side] for pair in spread] for side in (0, 1))
    many = len(network.samples) > 1
    return Series(
        network.spec.name, network.title, [n for n, _ in _numbered(network)], values, look,
        low=low if many else None, high=high if many else None, points=points, note=note,
    )  # fmt: skip


def _number(value: float) -> str:
    return f"{value:,.0f}" if 100 <= value < 1e6 else f"{value:.3g}"


def _numbered(network: NetworkGradients) -> list[tuple[int, Place]]:
    return list(enumerate(network.places, start=1))


def spans(result: GradientResult) -> tuple[Span, ...]:
    """Return the stages under the axis; none where the networks' stages end at different blocks."""
    if len({tuple(place.stage for place in network.places) for network in result.networks}) > 1:
        return ()
    spans = []
    for stage, members in groupby(_numbered(result.networks[0]), key=lambda pair: pair[1].stage):
        blocks = list(members)
        label = f"stage {stage} · {compact(blocks[0][1].shape)}"
        spans.append(Span(blocks[0][0] - 0.5, blocks[-1][0] + 0.5, label, f"layer{stage}"))
    return tuple(spans)


def gradient_strips(result: GradientResult, quantity: Quantity) -> tuple[Strip, ...]:
    """Return the networks' blocks in rows, to be coloured by a quantity's median."""
    rows = _having(result, quantity)
    return tuple(Strip(network.spec.name, network.title, _cells(network, quantity), look) for network, look in rows)


def _having(result: GradientResult, quantity: Quantity) -> list[tuple[NetworkGradients, SeriesStyle]]:
    looks = looks_of([network.spec for network in result.networks])
    return [pair for pair in zip(result.networks, looks, strict=True) if pair[0].has(quantity)]


def _cells(network: NetworkGradients, quantity: Quantity) -> tuple[Cell, ...]:
    values: Sequence[float | None] = network.median(quantity)
    return tuple(
        Cell(place.path, f"block {n}", NAN if value is None else value, network.spec.has_shortcuts)
        for (n, place), value in zip(_numbered(network), values, strict=True)
    )


SMOOTH = 10
"""Over how many steps a training loss is averaged."""
MARGIN = 0.06


def loss_chart(result: Descent, step: DescentStep | None = None, *, small: bool = False) -> Chart:
    """Return the training losses; ``step`` is marked. A ``small`` chart goes under another one, which says the rest."""
    request, recipe = result.request, result.request.recipe
    guides = (Guide(step.number, f"step {step.number}"),) if step else ()
    subtitle = "" if small else f"mean of up to {SMOOTH} steps, thin: each step · {conditions(result)}"
    axis = Axis("" if small else "step", low=0.0, high=float(recipe.steps) or None, whole=True)
    series = tuple(chain.from_iterable(_losses(result, index) for index in range(len(request.specs))))
    return Chart("Training loss, step by step", axis, Axis("loss", low=0.0), series, subtitle, guides)


def conditions(result: Descent) -> str:
    """Return what was trained on what, and how, in words."""
    request = result.request
    return (
        f"{result.data} · {describe_recipe(request.recipe)} · seed {request.seed}, the same order for all · "
        f"{request.device}, {result.seconds:.0f} s"
    )


def _losses(result: Descent, index: int) -> tuple[Series, Series]:
    spec, look, losses = result.request.specs[index], looks_of(result.request.specs)[index], result.losses(index)
    mean = [sum(losses[max(0, n - SMOOTH + 1) : n + 1]) / min(SMOOTH, n + 1) for n in range(len(losses))]
    steps = [step.number for step in result.steps]
    note = f"{'ends at' if result.complete else 'now'} {mean[-1]:.2f}" if mean else ""
    return (
        Series(f"{spec.name}-raw", title(spec), steps, losses, look, faint=True),
        Series(spec.name, title(spec), steps, mean, look._replace(marker=look.marker.NONE), note=note),
    )


def step_plot(result: Descent, quantity: Quantity, step: DescentStep) -> Chart:
    """Return a quantity block by block at a step; the axis is that of all steps, so that they compare."""
    made, axis = gradient_plot(result.at(step), quantity), value_axis(result, quantity, MARGIN)
    head = f"{WORDS[quantity].label}, step {step.number} of {result.request.recipe.steps}"
    spec = result.request.specs[0]
    text = f"norm {setting(spec, 'norm')}, init {spec.init} · {conditions(result)}"
    return replace(made, title=head, subtitle=text, y_axis=axis)


def value_axis(result: Descent, quantity: Quantity, margin: float = 0.0) -> Axis:
    """Return the axis of a quantity that holds every network's values at every step, and a part of that more."""
    finite = [
        value
        for step in result.measured
        for values in step.values or ()
        for value in values.get(quantity, ())
        if value is not None and isfinite(value)
    ]
    axis = axis_of(quantity)
    scale = colour_scale(axis, finite)
    low, high = scale.low, scale.high
    if WORDS[quantity].log:
        room = (high / low) ** margin
        return replace(axis, low=low / room, high=high * room)
    room = margin * (high - low)
    return replace(axis, low=low - room, high=high + room)


def heat_maps(result: Descent, quantity: Quantity) -> tuple[HeatMap, ...]:
    """Return a heat map of blocks by steps for each network that has the quantity, all in the same colours."""
    axis, text = value_axis(result, quantity), WORDS[quantity]
    label = f"{text.label[:1].lower()}{text.label[1:]}" if len(result.request.specs) < BESIDE_FROM else text.symbol
    return tuple(
        HeatMap(
            f"{title(spec)}: {label}",
            STEPS,
            axis,
            [step for step, _ in result.heat(index, quantity)],
            _rows(result, index, quantity),
            "block",
            conditions(result),
            key=spec.name,
        )
        for index, spec in enumerate(result.request.specs)
        if any(value is not None for _, row in result.heat(index, quantity) for value in row)
    )


def _rows(result: Descent, index: int, quantity: Quantity) -> tuple[Row, ...]:
    columns = [row for _, row in result.heat(index, quantity)]
    return tuple(
        Row(str(block + 1), [NAN if (value := column[block]) is None else value for column in columns], place.path)
        for block, place in enumerate(result.places[index])
    )


def lab_chart(result: object) -> Chart:
    """Return the chart of a result of any experiment but the gradients block by block."""
    return _CHARTS[type(result)](result)


def _paths(result: Paths) -> Chart:
    lengths = list(range(result.blocks + 1))
    norms, counts = sum(result.norms) or 1.0, result.counts
    first, last = result.norm_carriers
    few = 100 * result.portion(result.norm_carriers)
    bare = PLAIN._replace(marker=PLAIN.marker.NONE)
    series = [
        Series("gradient", "norm of what comes along them", lengths, [100 * norm / norms for norm in result.norms],
               RESIDUAL, Kind.BARS, note=f"95 % of the norms: {first} to {last}"),
        Series("count", "paths of that length", lengths, [100 * share for share in counts], bare, note="binomial"),
    ]  # fmt: skip
    product = [norm or 0.0 for norm in result.product]
    if any(product) and None not in result.product:
        paper = [100 * norm / sum(product) for norm in product]
        look = STYLES[2]._replace(marker=STYLES[2].marker.NONE)
        series.append(Series("paper", "the paper's product", lengths, paper, look, note="assumes they all agree"))
    others = "every path passes the activations after the additions"
    exact = "exact: every path is a network of its own" if result.exact else others
    request = result.request
    return Chart(
        f"{title(request.spec)}: along which paths the gradient comes",
        Axis("branches that a path takes"),
        Axis("share", unit="%", low=0.0),
        tuple(series),
        f"{exact} · the sum over all lengths is autograd's gradient to {result.error:.0e} · the lengths with "
        f"95 % of the norms are {few:.1f} % of all paths · after {request.recipe.steps} steps · {result.data} · "
        f"seed {request.seed}",
    )


def _shattering(result: Shattering) -> Chart:
    series = []
    for network in result.networks:
        look = RESIDUAL if network.spec.has_shortcuts else PLAIN
        series.append(Series(network.spec.name, title(network.spec), LAGS, network.mean, look))
    deepest = [line for line in result.lines if line.depth == max(result.request.depths)]
    for line, look in zip(deepest, STYLES[2:], strict=False):
        faint = look._replace(marker=look.marker.NONE)
        key = f"{line.kind}-{line.depth}"
        series.append(Series(key, f"{line.kind}, {line.depth} layers", LAGS, line.mean, faint))
    request = result.request
    done = min((len(network.cosines) for network in result.networks), default=len(request.seeds))
    seeds = f"{done} of {len(request.seeds)}" if done < len(request.seeds) else f"{done}"
    return Chart(
        "Do gradients at neighbouring inputs agree?",
        Axis("how many points the inputs are apart"),
        Axis("cosine, or autocorrelation", low=-0.3, high=1.0),
        tuple(series),
        f"mean of {seeds} seeds · {result.data} · "
        f"fully connected: 256 points, width {request.width} · {result.seconds:.0f} s",
    )


_CHARTS: Mapping[type, Callable[[Any], Chart]] = {
    Descent: loss_chart,
    Paths: _paths,
    Shattering: _shattering,
    LesionStudy: lesion_chart,
}
