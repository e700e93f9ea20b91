"""What the gradient lab measured as CSV, JSON and text for a terminal."""

from collections.abc import Iterator

from resnet_explorer import codec
from resnet_explorer.analysis.gradient_words import figure, found
from resnet_explorer.analysis.gradients import GradientResult, NetworkGradients, Sample
from resnet_explorer.analysis.quantities import WORDS, Quantity
from resnet_explorer.export.table import csv_text
from resnet_explorer.spec.codec import WRITERS

CSV_HEADER = ("network", "block", "path", "stage", "quantity", "seed", "value", "underflow")


def to_csv(result: GradientResult) -> str:
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


def to_json(result: GradientResult) -> str:
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
