"""The layers inside gates that see the whole map, which torch.nn lacks."""

import torch
from torch import Tensor, nn
from torch.nn import functional


class SpatialSoftmax(nn.Module):
    """A weight for each position of a map; they add up to 1."""

    def forward(self, x: Tensor) -> Tensor:
        return x.flatten(2).softmax(dim=2).view_as(x)


class ContextPool(nn.Module):
    """The mean of each channel over all positions, weighted (GC: Cao et al. 2019, equation 4)."""

    def forward(self, x: Tensor, weights: Tensor) -> Tensor:
        """Return (N, C, 1, 1) for (N, C, H, W) and (N, 1, H, W)."""
        context = torch.bmm(x.flatten(2), weights.flatten(2).transpose(1, 2))
        return context.view(*context.shape[:2], *(1 for _ in x.shape[2:]))


class Affinity(nn.Module):
    """The similarity of each position's θ to every position's φ, scaled (Wang et al. 2018, section 3.2)."""

    def __init__(self, scale: float) -> None:
        super().__init__()
        self.scale = scale

    def forward(self, theta: Tensor, phi: Tensor) -> Tensor:
        """Return (N, H W, H, W): a channel for each position that is compared with."""
        product = torch.bmm(phi.flatten(2).transpose(1, 2), theta.flatten(2)) * self.scale
        return product.view(*product.shape[:2], *theta.shape[2:])

    def extra_repr(self) -> str:
        return f"scale={self.scale:g}"


class Gather(nn.Module):
    """For each position the sum of what all positions give, weighted (Wang et al. 2018, equation 1)."""

    def forward(self, weights: Tensor, given: Tensor) -> Tensor:
        return torch.bmm(given.flatten(2), weights.flatten(2)).view_as(given)


class LayerNorm2d(nn.Module):
    """Layer normalisation of the channels of a map of 1×1."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor) -> Tensor:
        return functional.layer_norm(x.flatten(1), self.weight.shape, self.weight, self.bias, 1e-6).view_as(x)

    def extra_repr(self) -> str:
        return f"{self.weight.numel()}"


class ZeroBatchNorm2d(nn.BatchNorm2d):
    """A batch norm whose scale starts at 0."""

    def reset_parameters(self) -> None:
        super().reset_parameters()
        nn.init.zeros_(self.weight)


class SumGates(nn.Module):
    """A number for each position plus one for each channel (BAM: Park et al. 2018, equation 2)."""

    def forward(self, positions: Tensor, channels: Tensor) -> Tensor:
        return positions + channels
