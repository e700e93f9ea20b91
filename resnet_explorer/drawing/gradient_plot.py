"""The gradient lab's picture: a quantity block by block, and under it the blocks coloured by it."""

from collections.abc import Sequence
from itertools import groupby

from resnet_explorer.analysis.gradients import GradientResult, NetworkGradients, Place
from resnet_explorer.analysis.quantities import WORDS, Quantity
from resnet_explorer.analysis.words import compact
from resnet_explorer.drawing.chart import (
    LOOKS,
    PLAIN,
    RESIDUAL,
    Axis,
    Cell,
    Chart,
    Look,
    Point,
    Scale,
    Series,
    Span,
    Strip,
)
from resnet_explorer.spec import ResNetSpec

NAN = float("nan")


def gradient_plot(result: GradientResult, quantity: Quantity) -> Chart:
    """Return the chart of a quantity: for each network the median over the seeds, and the range as a band."""
    words, asked = WORDS[quantity], result.request
    seeds = f"{result.done} of {len(asked.seeds)} seeds" if not result.complete else f"{result.done} seeds"
    seeds = "seed 0" if len(asked.seeds) == 1 and asked.seeds == (0,) else seeds
    how = f"median of {seeds}, band from least to greatest" if result.done > 1 else seeds
    return Chart(
        words.label,
        Axis("block, from the input (left) to the loss (right)"),
        Axis(words.symbol, Scale.LOG if words.log else Scale.LINEAR),
        tuple(_series(one, quantity, look) for one, look in _having(result, quantity)),
        f"{how} · norm {asked.specs[0].norm}, init {asked.specs[0].init} · {asked.mode} mode · batch "
        f"{asked.image.batch} · {result.data} · {asked.device}, {asked.precision}, {result.seconds:.1f} s",
        spans=spans(result),
        notes=result.notes,
    )


def looks(result: GradientResult) -> tuple[Look, ...]:
    """Return each network's look."""
    return looks_of([one.spec for one in result.networks])


def looks_of(specs: Sequence[ResNetSpec]) -> tuple[Look, ...]:
    """Return each network's look: of one or two, a residual one's and a plain one's are always the same."""
    if len(specs) <= 2 and len({spec.residual for spec in specs}) == len(specs):
        return tuple(RESIDUAL if spec.residual else PLAIN for spec in specs)
    return tuple(LOOKS[index % len(LOOKS)] for index in range(len(specs)))


def _series(network: NetworkGradients, quantity: Quantity, look: Look) -> Series:
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
    stages = {tuple(place.stage for place in one.places) for one in result.networks}
    return _spans(result.networks[0]) if len(stages) == 1 else ()


def _spans(network: NetworkGradients) -> tuple[Span, ...]:
    spans = []
    for stage, members in groupby(_numbered(network), key=lambda pair: pair[1].stage):
        known = list(members)
        label = f"stage {stage} · {compact(known[0][1].shape)}"
        spans.append(Span(known[0][0] - 0.5, known[-1][0] + 0.5, label, f"layer{stage}"))
    return tuple(spans)


def gradient_strips(result: GradientResult, quantity: Quantity) -> tuple[Strip, ...]:
    """Return the networks' blocks in rows, to be coloured by a quantity's median."""
    rows = _having(result, quantity)
    return tuple(Strip(one.spec.name, one.title, _cells(one, quantity), look) for one, look in rows)


def _having(result: GradientResult, quantity: Quantity) -> list[tuple[NetworkGradients, Look]]:
    """Return the networks that have such a quantity at all, with their looks: a plain one has no terms."""
    return [pair for pair in zip(result.networks, looks(result), strict=True) if pair[0].has(quantity)]


def _cells(network: NetworkGradients, quantity: Quantity) -> tuple[Cell, ...]:
    values: Sequence[float | None] = network.median(quantity)
    return tuple(
        Cell(place.path, f"block {n}", NAN if value is None else value, network.spec.residual)
        for (n, place), value in zip(_numbered(network), values, strict=True)
    )
