"""What any experiment of the gradient lab found as CSV and JSON: a line for each thing that was measured."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from resnet_explorer import codec
from resnet_explorer.gradients.descent import Descent, Paths
from resnet_explorer.gradients.text import found
from resnet_explorer.gradients.values import LAGS, GradientResult, NetworkGradients, Sample, Shattering
from resnet_explorer.images.choice import DataChoice
from resnet_explorer.layers.table import csv_text
from resnet_explorer.readings.lesions import LesionStudy
from resnet_explorer.readings.quantities import WORDS, Quantity
from resnet_explorer.readings.text import figure
from resnet_explorer.spec.codec import WRITERS

CSV_HEADER = ("network", "block", "path", "stage", "quantity", "seed", "value", "underflow")


def gradients_to_csv(result: GradientResult) -> str:
    """Return a line for every network, quantity, seed and block; a value that is not there or not finite is empty."""
    lines = (
        line
        for network in result.networks
        for quantity in _measured(network)
        for sample in network.samples
        for line in _lines(network, quantity, sample)
    )
    return csv_text(CSV_HEADER, lines)


def _measured(network: NetworkGradients) -> list[Quantity]:
    """Return the quantities that were measured: without a training no step's update is."""
    return [quantity for quantity in Quantity if all(quantity in sample.values for sample in network.samples)]


def _lines(network: NetworkGradients, quantity: Quantity, sample: Sample) -> Iterator[tuple[object, ...]]:
    under = sample.underflow.get(quantity, (False,) * len(network.places))
    values = zip(network.places, sample.values[quantity], under, strict=True)
    for number, (place, value, is_under) in enumerate(values, start=1):
        words = "yes" if is_under else ""
        yield network.spec.name, number, place.path, place.stage, quantity, sample.seed, value, words


def describe(result: GradientResult) -> dict[str, object]:
    """Return the whole result in the shape of its JSON."""
    asked = result.request
    return {
        "conditions": {
            "torch": result.torch,
            "device": asked.device,
            "precision": asked.precision,
            "mode": asked.mode,
            "loss": asked.loss,
            "rate": asked.rate,
            "seeds": asked.seeds,
            "batch": asked.image.batch,
            "input": [asked.image.height, asked.image.width],
            "data": result.data,
            "seconds": round(result.seconds, 3),
        },
        "notes": result.notes,
        "networks": [_network(one) for one in result.networks],
    }


def _network(one: NetworkGradients) -> dict[str, object]:
    return {
        "name": one.spec.name,
        "title": one.title,
        "spec": one.spec,
        "blocks": [{"path": place.path, "stage": place.stage, "output": place.shape} for place in one.places],
        "loss": [sample.loss for sample in one.samples],
        "accuracy": [sample.accuracy for sample in one.samples],
        "quantities": {quantity: _quantity(one, quantity) for quantity in _measured(one)},
    }


def _quantity(one: NetworkGradients, quantity: Quantity) -> dict[str, object]:
    return {
        "label": WORDS[quantity].label,
        "first_over_last": one.ratio(quantity),
        "growth_per_block": one.growth(quantity),
        "median": one.median(quantity),
        "values": one.series(quantity),
        "underflow": one.underflows(quantity),
    }


def gradients_to_json(result: GradientResult) -> str:
    """Return ``describe`` as text."""
    return codec.encode(describe(result), WRITERS)


def to_text(result: GradientResult, quantity: Quantity) -> str:
    """Return a quantity as a table to be read in a terminal: a line for each block, a column for each network."""
    lines = [f"{WORDS[quantity].label}, {WORDS[quantity].symbol}", *result.conditions, ""]
    titles = [one.title for one in result.networks]
    wide = [max(len(title), 22) for title in titles]
    lines.append(
        "block  path         " + "  ".join(title.rjust(room) for title, room in zip(titles, wide, strict=True))
    )
    most = max(result.networks, key=lambda one: len(one.places))
    for index, place in enumerate(most.places):
        cells = (_cell(one, quantity, index).rjust(room) for one, room in zip(result.networks, wide, strict=True))
        lines.append(f"{index + 1:>5}  {place.path:<12} {'  '.join(cells)}".rstrip())
    return "\n".join([*lines, "", found(result, quantity), *result.notes]) + "\n"


def _cell(one: NetworkGradients, quantity: Quantity, index: int) -> str:
    """Return the median with the least and the greatest value."""
    if index >= len(one.places) or not one.at(quantity, index):
        return "–"
    low, high = (figure(end) for end in (one.at(quantity, index)[0], one.at(quantity, index)[-1]))
    spread = f" ({low} … {high})" if low != high else ""
    return figure(one.median(quantity)[index]) + (" underflow" if one.underflows(quantity)[index] else "") + spread


LabResult = GradientResult | Descent | Paths | Shattering | LesionStudy
Line = tuple[object, ...]


class Table(NamedTuple):
    """An experiment's name, the titles of its columns with their units, and how its lines are made."""

    name: str
    header: tuple[str, ...]
    lines: Callable[[Any], Iterator[Line]]


def table_of(result: LabResult) -> Table:
    """Return what a result's table is called, and how it is made."""
    return _TABLES[type(result)]


def file_name(result: LabResult) -> str:
    """Return the name of a file for a result, without its ending: ``resnet56-paths``."""
    specs = (result.request.spec,) if isinstance(result, Paths) else result.request.specs
    return "-".join([*(spec.name for spec in specs[:1]), table_of(result).name])


def to_csv(result: LabResult) -> str:
    """Return a line for each thing that was measured; a value that is not there or not finite is empty."""
    if isinstance(result, GradientResult):
        return gradients_to_csv(result)
    table = table_of(result)
    return csv_text(table.header, table.lines(result))


def to_json(result: LabResult) -> str:
    """Return the request, where it ran and on what, and the lines of the table by the titles of their columns."""
    table = table_of(result)
    told: dict[str, object] = {
        "experiment": table.name,
        "request": result.request,
        "data": result.data,
        "torch": result.torch,
        "seconds": round(result.seconds, 3),
    }
    if isinstance(result, GradientResult):
        told |= describe(result)
    else:
        told["measured"] = [dict(zip(table.header, line, strict=True)) for line in table.lines(result)]
    return codec.encode(told, {**WRITERS, DataChoice: lambda data: data.text})


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
    for one in result.networks:
        for seed, row in zip(result.request.seeds, one.cosines, strict=False):
            for lag, value in zip(LAGS, row, strict=True):
                yield one.spec.name, None, seed, "cosine", lag, value
    for line in result.lines:
        for seed, row in zip(result.request.seeds, line.correlations, strict=False):
            for lag, value in zip(LAGS, row, strict=True):
                yield line.kind, line.depth, seed, "autocorrelation", lag, value


def _lesions(result: LesionStudy) -> Iterator[Line]:
    for one in result.networks:
        name = one.spec.name
        yield name, "none", None, None, None, one.whole
        yield name, "none, the test's own statistics", None, None, None, one.batch
        for lesion, values in (("dropped", one.dropped), ("swapped with the next", one.swapped)):
            for number, (place, value) in enumerate(zip(one.places, values, strict=True), start=1):
                yield name, lesion, number, place.path, place.stage, value


_GRADIENTS = Table("gradients", CSV_HEADER, lambda result: iter(()))
_TABLES: Mapping[type, Table] = {
    GradientResult: _GRADIENTS,
    Descent: Table("training", ("network", "step", "block", "path", "stage", "quantity", "value"), _descent),
    Paths: Table(
        "paths",
        ("network", "length (branches)", "paths (share of all)", "gradient along all (norm)",
         "gradient along all (signed share)", "gradient along one (mean norm)", "the paper's product (norm)"),
        _paths,
    ),
    Shattering: Table(
        "shattering",
        ("network", "depth (layers)", "seed", "measure", "distance (points)", "similarity (-1 to 1)"),
        _shattering,
    ),
    LesionStudy: Table(
        "lesions", ("network", "lesion", "block", "path", "stage", "test error (share)"), _lesions
    ),
}  # fmt: skip
