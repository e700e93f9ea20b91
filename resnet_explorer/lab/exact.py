"""Sums in float64, whatever the network computes in: the squares of small numbers do not vanish."""

from math import isnan, nan, sqrt

import torch
from torch import Tensor


class Exact:
    """Float64 copies of tensors, in memory that is used again: fetching it anew costs more than a norm."""

    def __init__(self) -> None:
        self._memory: dict[int, Tensor] = {}

    def norm(self, tensor: Tensor) -> float:
        """Return the length of a tensor."""
        return _length(self._copy(tensor, 0))

    def deviation(self, tensor: Tensor) -> float:
        """Return the standard deviation, sqrt(E[x^2] - E[x]^2): faster than torch.std, and as good in float64."""
        values = self._copy(tensor, 0)
        square = float(torch.dot(values, values)) / values.numel() - float(values.mean()) ** 2
        return nan if isnan(square) else sqrt(max(square, 0.0))

    def pair(self, one: Tensor, other: Tensor) -> tuple[float, float, float]:
        """Return the lengths of two tensors, and their scalar product."""
        a, b = self._copy(one, 0), self._copy(other, 1)
        return _length(a), _length(b), float(torch.dot(a, b))

    def _copy(self, tensor: Tensor, slot: int) -> Tensor:
        device = "cpu" if tensor.device.type == "mps" else tensor.device  # Apple's GPUs have no such numbers
        count = tensor.numel()
        if slot not in self._memory or len(self._memory[slot]) < count:
            self._memory[slot] = torch.empty(count, dtype=torch.float64, device=device)
        flat = self._memory[slot][:count]
        flat.view(tensor.shape).copy_(tensor.detach())
        return flat


def _length(values: Tensor) -> float:
    return sqrt(float(torch.dot(values, values)))
