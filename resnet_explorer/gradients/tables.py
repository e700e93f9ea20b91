"""Results of the gradient lab as CSV, JSON and text: a line for each measured value, a sentence with the figures."""

from collections.abc import Callable, Iterator, Mapping
from statistics import fmean
from typing import Any, NamedTuple

from resnet_explorer import codec
from resnet_explorer.gradients.descent import Descent, Paths
from resnet_explorer.gradients.values import LAGS, GradientResult, NetworkGradients, Shattering
from resnet_explorer.images.choice import DataChoice
from resnet_explorer.layers.table import csv_text
from resnet_explorer.readings.lesions import LesionStudy
from resnet_explorer.readings.quantities import TERMS, WORDS, Quantity
from resnet_explorer.readings.text import LAST_STEPS, figure, last_steps
from resnet_explorer.spec.catalogue import title
from resnet_explorer.spec.codec import WRITERS


def _measured(network: NetworkGradients) -> list[Quantity]:
    """Return the quantities that were measured; the measured update needs a training."""
    return [quantity for quantity in Quantity if all(quantity in sample.values for sample in network.samples)]


def _content(result: GradientResult) -> dict[str, object]:
    request = result.request
    return {
        "conditions": {
            "torch": result.torch,
            "device": request.device,
            "precision": request.precision,
            "mode": request.mode,
            "loss": request.loss,
            "rate": request.rate,
            "seeds": request.seeds,
            "batch": request.image.batch,
            "input": list(request.image.sizes(request.specs[0].dims)),
            "data": result.data,
            "seconds": round(result.seconds, 3),
        },
        "notes": result.notes,
        "networks": [_network(network) for network in result.networks],
    }


def _network(network: NetworkGradients) -> dict[str, object]:
    return {
        "name": network.spec.name,
        "title": network.title,
        "spec": network.spec,
        "blocks": [{"path": place.path, "stage": place.stage, "output": place.shape} for place in network.places],
        "loss": [sample.loss for sample in network.samples],
        "accuracy": [sample.accuracy for sample in network.samples],
        "quantities": {
            quantity: {
                "label": WORDS[quantity].label,
                "first_over_last": network.ratio(quantity),
                "growth_per_block": network.growth(quantity),
                "median": network.median(quantity),
                "values": network.series(quantity),
                "underflow": network.underflows(quantity),
            }
            for quantity in _measured(network)
        },
    }


def gradients_to_json(result: GradientResult) -> str:
    """Return conditions, notes, and every quantity of every network, block and seed."""
    return codec.encode(_content(result), WRITERS)


def to_text(result: GradientResult, quantity: Quantity) -> str:
    """Return a quantity as a table to be read in a terminal: a line for each block, a column for each network."""
    lines = [f"{WORDS[quantity].label}, {WORDS[quantity].symbol}", *result.conditions, ""]
    titles = [network.title for network in result.networks]
    wide = [max(len(title), 22) for title in titles]
    lines.append(f"block  path         {'  '.join(map(str.rjust, titles, wide))}")
    most = max(result.networks, key=lambda network: len(network.places))
    for index, place in enumerate(most.places):
        cells = [_cell(network, quantity, index) for network in result.networks]
        lines.append(f"{index + 1:>5}  {place.path:<12} {'  '.join(map(str.rjust, cells, wide))}".rstrip())
    return "\n".join([*lines, "", describe_gradients(result, quantity), *result.notes]) + "\n"


def _cell(network: NetworkGradients, quantity: Quantity, index: int) -> str:
    if index >= len(network.places) or not (values := network.at(quantity, index)):
        return "–"
    low, high = figure(values[0]), figure(values[-1])
    spread = f" ({low} … {high})" if low != high else ""
    underflow = " underflow" if network.underflows(quantity)[index] else ""
    return figure(network.median(quantity)[index]) + underflow + spread


LabResult = GradientResult | Descent | Paths | Shattering | LesionStudy
Line = tuple[object, ...]


class Table(NamedTuple):
    """An experiment's name, the titles of its columns with their units, its lines, and its figures in a sentence."""

    name: str
    header: tuple[str, ...]
    lines: Callable[[Any], Iterator[Line]]
    describe: Callable[[Any], str]


def table_of(result: LabResult) -> Table:
    """Return how a result is written as a table and in a sentence."""
    return _TABLES[type(result)]


def file_name(result: LabResult) -> str:
    """Return the name of a file for a result, without its ending: ``resnet56-paths``."""
    specs = (result.request.spec,) if isinstance(result, Paths) else result.request.specs
    return "-".join([*(spec.name for spec in specs[:1]), table_of(result).name])


def to_csv(result: LabResult) -> str:
    """Return a line for each measured value; a value that is missing or not finite is empty."""
    table = table_of(result)
    return csv_text(table.header, table.lines(result))


def to_json(result: LabResult) -> str:
    """Return the request, where it ran and on what, and the lines of the table by the titles of their columns."""
    table = table_of(result)
    content: dict[str, object] = {
        "experiment": table.name,
        "request": result.request,
        "data": result.data,
        "torch": result.torch,
        "seconds": round(result.seconds, 3),
    }
    if isinstance(result, GradientResult):
        content |= _content(result)
    else:
        content["measured"] = [dict(zip(table.header, line, strict=True)) for line in table.lines(result)]
    return codec.encode(content, {**WRITERS, DataChoice: lambda data: data.text})


def _gradients(result: GradientResult) -> Iterator[Line]:
    for network in result.networks:
        for quantity in _measured(network):
            for sample in network.samples:
                under = sample.underflow.get(quantity, (False,) * len(network.places))
                values = zip(network.places, sample.values[quantity], under, strict=True)
                for number, (place, value, is_under) in enumerate(values, start=1):
                    where = network.spec.name, number, place.path, place.stage
                    yield *where, quantity, sample.seed, value, "yes" if is_under else ""


def _descent(result: Descent) -> Iterator[Line]:
    for index, spec in enumerate(result.request.specs):
        for step in result.steps:
            yield spec.name, step.number, None, None, None, "training-loss", step.losses[index]
            yield spec.name, step.number, None, None, None, "accuracy", step.accuracies[index]
            values: Mapping[Quantity, tuple[float | None, ...]] = step.values[index] if step.values else {}
            for quantity, row in values.items():
                for number, (place, value) in enumerate(zip(result.places[index], row, strict=True), start=1):
                    yield spec.name, step.number, number, place.path, place.stage, quantity.value, value


def _paths(result: Paths) -> Iterator[Line]:
    columns = zip(result.counts, result.norms, result.shares, result.singles, result.product, strict=True)
    for length, values in enumerate(columns):
        yield result.request.spec.name, length, *values


def _shattering(result: Shattering) -> Iterator[Line]:
    for network in result.networks:
        for seed, row in zip(result.request.seeds, network.cosines, strict=False):
            for lag, value in zip(LAGS, row, strict=True):
                yield network.spec.name, None, seed, "cosine", lag, value
    for line in result.lines:
        for seed, row in zip(result.request.seeds, line.correlations, strict=False):
            for lag, value in zip(LAGS, row, strict=True):
                yield line.kind, line.depth, seed, "autocorrelation", lag, value


def _lesions(result: LesionStudy) -> Iterator[Line]:
    for network in result.networks:
        name = network.spec.name
        yield name, "none", None, None, None, network.whole
        yield name, "none, the test's own statistics", None, None, None, network.batch
        for lesion, values in (("dropped", network.dropped), ("swapped with the next", network.swapped)):
            for number, (place, value) in enumerate(zip(network.places, values, strict=True), start=1):
                yield name, lesion, number, place.path, place.stage, value


def describe_gradients(result: GradientResult, quantity: Quantity = Quantity.INPUT) -> str:
    """Return a sentence with the figures of a quantity."""
    seeds = f"{result.done} seed{'' if result.done == 1 else 's'}"
    texts = "; ".join(f"{network.title}: {_network_text(network, quantity)}" for network in result.networks)
    return f"{WORDS[quantity].symbol}, median of {seeds}. {texts}."


def _lesions_text(result: LesionStudy) -> str:
    lesions = "; ".join(network.text for network in result.networks)
    return f"Of {result.networks[0].tested:,} test images {lesions}."


def _network_text(network: NetworkGradients, quantity: Quantity) -> str:
    values = network.median(quantity)
    if quantity in TERMS:
        finite = [value for value in values if value is not None]
        return f"{figure(finite[0])} at the first block, {figure(finite[-1])} at the last" if finite else "no shortcuts"
    growth = network.growth(quantity)
    text = f"first/last block {figure(network.ratio(quantity))}"
    return text if growth is None else f"{text}, × {figure(growth)} with each block towards the input"


def _descent_text(result: Descent) -> str:
    texts = []
    for index, spec in enumerate(result.request.specs):
        losses = result.losses(index)[-LAST_STEPS:]
        heat = result.heat(index, Quantity.OUTPUT)
        texts.append(f"{title(spec)} {figure(fmean(losses)) if losses else 'unknown'}{_first_over_last(heat)}")
    return f"Mean loss of {last_steps([len(result.steps)])}: {'; '.join(texts)}."


def _first_over_last(heat: tuple[tuple[int, Any], ...]) -> str:
    """Return the first block's gradient over the last's, at the first and the last measured step."""
    ratios = [(step, row[0] / row[-1]) for step, row in heat if row and row[0] is not None and row[-1]]
    if len(ratios) < 2:
        return ""
    (_, first), (step, last) = ratios[0], ratios[-1]
    return f" (‖∂L/∂y‖ first/last block {figure(first)} at step 0, {figure(last)} at step {step})"


def _paths_text(result: Paths) -> str:
    low, high = result.carriers
    share = figure(100 * result.portion(result.carriers))
    paper = result.paper_carriers
    by_paper = f"; by the paper's curve, paths of {paper[0]} to {paper[1]}" if paper else ""
    return (
        f"95 % of the gradient comes along paths of {low} to {high} of {result.blocks} branches, which are "
        f"{share} % of all paths{by_paper}. The sum over all lengths is autograd's gradient to {result.error:.0e}."
    )


def _shattering_text(result: Shattering) -> str:
    networks = [f"{title(network.spec)} {figure(round(network.mean[0], 3))}" for network in result.networks]
    deepest = max((line.depth for line in result.lines), default=0)
    lines = [f"{line.kind} {figure(round(line.mean[0], 3))}" for line in result.lines if line.depth == deepest]
    texts = [f"Mean cosine of the gradients at neighbouring points: {'; '.join(networks)}."] if networks else []
    if lines:
        texts.append(f"Autocorrelation at lag 1 with {deepest} fully connected layers: {'; '.join(lines)}.")
    return " ".join(texts)


_TABLES: Mapping[type, Table] = {
    GradientResult: Table(
        "gradients",
        ("network", "block", "path", "stage", "quantity", "seed", "value", "underflow"),
        _gradients,
        describe_gradients,
    ),
    Descent: Table(
        "training", ("network", "step", "block", "path", "stage", "quantity", "value"), _descent, _descent_text
    ),
    Paths: Table(
        "paths",
        ("network", "length (branches)", "paths (share of all)", "gradient along all (norm)",
         "gradient along all (signed share)", "gradient along one (mean norm)", "the paper's product (norm)"),
        _paths,
        _paths_text,
    ),
    Shattering: Table(
        "shattering",
        ("network", "depth (layers)", "seed", "measure", "distance (points)", "similarity (-1 to 1)"),
        _shattering,
        _shattering_text,
    ),
    LesionStudy: Table(
        "lesions", ("network", "lesion", "block", "path", "stage", "test error (share)"), _lesions, _lesions_text
    ),
}  # fmt: skip
