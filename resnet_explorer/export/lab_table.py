"""What any experiment of the gradient lab found as CSV and JSON: a line for each thing that was measured."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from resnet_explorer import codec
from resnet_explorer.analysis.descent import Descent
from resnet_explorer.analysis.gradients import GradientResult
from resnet_explorer.analysis.lesions import LesionStudy
from resnet_explorer.analysis.paths import Paths
from resnet_explorer.analysis.quantities import Quantity
from resnet_explorer.analysis.shattering import LAGS, Shattering
from resnet_explorer.export import gradient_table
from resnet_explorer.export.table import csv_text
from resnet_explorer.spec.codec import WRITERS
from resnet_explorer.spec.data_choice import DataChoice

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
        return gradient_table.to_csv(result)
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
        told |= gradient_table.describe(result)
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


_GRADIENTS = Table("gradients", gradient_table.CSV_HEADER, lambda result: iter(()))
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
