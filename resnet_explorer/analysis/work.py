"""The work of a layer's forward pass: arithmetic in FLOPs, and the bytes that it has to move.

FLOPs are 2 for each MAC, and 1 for each addition, multiplication, division, comparison, exponential, root or error
function of the layers that have no MACs. Bytes are the ideal of the roofline model (Williams, Waterman and Patterson
2009, section 2): inputs, outputs and weights in float32, each moved once, as if nothing were read twice and nothing
stayed in a cache from one layer to the next.
"""

from collections.abc import Sequence
from math import prod
from typing import NamedTuple

from resnet_explorer.analysis.results import Analysis, Row
from resnet_explorer.blueprint.kinds import BYTES_PER_VALUE, Role


class Work(NamedTuple):
    """What a layer, a block or a network computes and moves in a forward pass."""

    macs: int
    flops: int
    bytes: int

    @property
    def intensity(self) -> float | None:
        """Return the FLOPs for each byte moved; None where nothing is moved."""
        return self.flops / self.bytes if self.bytes else None


def work(analysis: Analysis, *, training: bool) -> tuple[Work, ...]:
    """Return the work of each row, in training or in eval mode: there dropout does nothing, and batch norm less."""
    found: list[Work] = []
    gate = 0
    for row in analysis.rows:
        read, layer = row.reading, row.part.layer
        flops = 0 if layer.idles(training) else 2 * read.macs + layer.flops(read.input, read.output, training)
        found.append(Work(read.macs, flops, BYTES_PER_VALUE * _moved(row, gate, training)))
        gate = prod(read.output)  # a gate's last layer runs just before the product
    return tuple(found)


def added(parts: Sequence[Work]) -> Work:
    """Return the work of layers that run one after the other, each with its own way to memory and back."""
    return Work(*(sum(values) for values in zip(*parts, strict=True)))


def _moved(row: Row, gate: int, training: bool) -> int:
    """Return how many values a layer moves; a product has the gate as its second input."""
    layer, read = row.part.layer, row.reading
    if layer.idles(training):
        return 0
    output = prod(read.output)
    more = gate if layer.role is Role.GATE and layer.is_round else layer.operands * output
    return prod(read.input) + more + output + read.params
