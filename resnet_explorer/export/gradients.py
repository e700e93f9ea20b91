"""A measurement of gradients as a table: a line for each network, seed and block."""

import csv
import io

from resnet_explorer.analysis.gradients import GradientResult
from resnet_explorer.analysis.quantities import Quantity


def gradients_csv(result: GradientResult) -> str:
    """Return every quantity of every block and seed as CSV, with the conditions in comment lines before it."""
    text = io.StringIO()
    for line in (*result.conditions, *result.notes):
        text.write(f"# {line}\n")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["network", "seed", "loss", "block", "path", "stage", *(quantity.value for quantity in Quantity)])
    for network in result.networks:
        for sample in network.samples:
            for number, place in enumerate(network.places):
                values = [sample.values[quantity][number] for quantity in Quantity]
                cells = ["" if value is None else repr(value) for value in values]
                head = [network.spec.name, sample.seed, repr(sample.loss), number + 1, place.path, place.stage]
                writer.writerow([*head, *cells])
    return text.getvalue()
