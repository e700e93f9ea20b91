"""The layers of parallel paths that torch.nn lacks, and the fork itself, whose forward reads as the equation.

Exported source has the classes of ``written.py`` in their place.
"""

from typing import Any

import torch
from torch import Tensor, nn


class Slice(nn.Module):
    """A view of some channels."""

    def __init__(self, start: int, channels: int) -> None:
        super().__init__()
        self.start, self.channels = start, channels

    def forward(self, x: Tensor) -> Tensor:
        return x.narrow(1, self.start, self.channels)

    def extra_repr(self) -> str:
        return f"{self.start}, {self.channels}"


class Carry(nn.Module):
    """A slice plus the end of the path before (Res2Net: Gao et al. 2019, equation 1)."""

    def forward(self, x: Tensor, before: Tensor) -> Tensor:
        return before + x


class Concat(nn.Module):
    """The channels of all maps, one after the other."""

    def forward(self, *maps: Tensor) -> Tensor:
        return torch.cat(maps, 1)


class SumPaths(nn.Module):
    """The sum of all maps."""

    def forward(self, first: Tensor, *others: Tensor) -> Tensor:
        for other in others:
            first = first + other
        return first


class PathSoftmax(nn.Module):
    """The weights of each channel's paths, which add up to 1 (Li et al. 2019, equation 5)."""

    def __init__(self, paths: int, groups: int) -> None:
        super().__init__()
        self.paths, self.groups = paths, groups

    def forward(self, x: Tensor) -> Tensor:
        """Return (N, paths · C, 1, 1) in the order of the paths; x has groups first, then paths."""
        apart = x.view(len(x), self.groups, self.paths, -1).transpose(1, 2)
        return apart.softmax(dim=1).reshape(x.shape)

    def extra_repr(self) -> str:
        return f"paths={self.paths}, groups={self.groups}"


class WeightedSum(nn.Module):
    """The sum of all maps, each channel times its weight; the weights come last."""

    def forward(self, *maps: Tensor) -> Tensor:
        *paths, weights = maps
        channels = paths[0].shape[1]
        total = paths[0] * weights.narrow(1, 0, channels)
        for number, path in enumerate(paths[1:], start=1):
            total = total + path * weights.narrow(1, number * channels, channels)
        return total


class Shake(torch.autograd.Function):
    """α a + (1 - α) b forward, and the gradient in shares of β and 1 - β backward (Gastaldi 2017, section 2.2)."""

    @staticmethod
    def forward(ctx: Any, a: Tensor, b: Tensor, alpha: Tensor, beta: Tensor) -> Tensor:
        ctx.save_for_backward(beta)
        return torch.lerp(b, a, alpha)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor, None, None]:
        (beta,) = ctx.saved_tensors
        return gradient * beta, gradient * (1 - beta), None, None


class ShakeMix(nn.Module):
    """The mix of two maps: in shares that are drawn for each image in training, half and half otherwise."""

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        if not self.training:
            return torch.lerp(a, b, 0.5)
        alpha, beta = (torch.rand(len(a), *(1,) * (a.ndim - 1), dtype=a.dtype, device=a.device) for _ in range(2))
        mixed: Tensor = Shake.apply(a, b, alpha, beta)
        return mixed
