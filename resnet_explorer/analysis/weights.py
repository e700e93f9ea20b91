"""Figures of a tensor: what the inspector shows of weights."""

from collections.abc import Mapping
from dataclasses import dataclass

from resnet_explorer.analysis.identify import Identified
from resnet_explorer.blueprint.kinds import Shape

BINS = 32
LIMIT = 4 * 2**30
"""Bytes of a file that are read without asking: more than any published ResNet."""


@dataclass(frozen=True, slots=True)
class TensorStats:
    """A tensor's name and shape, its norm, moments and range, and a histogram of equal bins from least to greatest.

    Figures are those of the finite values; ``strange`` counts the others (infinite, or not a number).
    """

    name: str
    shape: Shape
    norm: float
    mean: float
    std: float
    least: float
    greatest: float
    histogram: tuple[int, ...]
    strange: int = 0


@dataclass(frozen=True, slots=True)
class Weights:
    """A file of weights: where it lies, the network it belongs to, and the figures of its tensors by our names.

    ``strange`` of the ``values`` in the file are not finite. ``notes`` say what was read of it. Where it holds several
    networks, ``keys`` names them, ``key`` this one.
    """

    source: str
    found: Identified
    stats: Mapping[str, TensorStats]
    strange: int = 0
    values: int = 0
    notes: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    key: str | None = None

    def of_layer(self, path: str) -> tuple[TensorStats, ...]:
        """Return the figures of a layer's tensors."""
        return tuple(stats for name, stats in self.stats.items() if name.rpartition(".")[0] == path)


def strange_text(strange: int, values: int) -> str:
    """Return a sentence on values that are infinite or not a number; empty where all are finite."""
    return f"{strange:,} of {values:,} values are not finite (infinite, or not a number)." if strange else ""
