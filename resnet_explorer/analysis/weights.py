"""Figures of a tensor: what the inspector shows of weights."""

from dataclasses import dataclass

from resnet_explorer.blueprint.layers import Shape

BINS = 32


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
