"""The layers of ``layers.py`` for signals and videos: as there, but for the number of axes.

Exported source has these classes as it has those of ``layers.py``; there a name such as ``conv2d`` is that of the
network's own dimensions.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from resnet_explorer.module import layers


# Option A: He et al. 2015, section 3.3.
class ZeroPad(nn.Module):
    """Every stride-th position, with channels of zeros before and after."""

    def __init__(self, extra: int, stride: int, frames: int = 0) -> None:
        super().__init__()
        self.extra, self.stride, self.frames = extra, stride, frames

    def forward(self, x: Tensor) -> Tensor:
        before, axes = self.extra // 2, x.ndim - 2
        steps = [slice(None, None, self.stride)] * axes
        if self.frames:
            steps[0] = slice(None, None, self.frames)
        x = x[(slice(None), slice(None), *steps)]
        return functional.pad(x, (*(0, 0) * axes, before, self.extra - before))

    def extra_repr(self) -> str:
        return f"extra={self.extra}, stride={self.stride}"


# Qiao et al. 2019, equation 4.
def standardised(weight: Tensor) -> Tensor:
    """Return filters with a mean of 0 and a variance of 1."""
    rows = weight.flatten(1).unsqueeze(0)
    # torch's own, since functional.batch_norm refuses filters of a single weight.
    return torch.batch_norm(rows, None, None, None, None, True, 0.0, 1e-8, False).view_as(weight)


class StdConv1d(nn.Conv1d):
    """A convolution whose filters are normalised to mean 0 and variance 1 before use."""

    def forward(self, x: Tensor) -> Tensor:
        weight = standardised(self.weight)
        return functional.conv1d(x, weight, self.bias, self.stride, self.padding, self.dilation, self.groups)


class StdConv3d(nn.Conv3d):
    """A convolution whose filters are normalised to mean 0 and variance 1 before use."""

    def forward(self, x: Tensor) -> Tensor:
        weight = standardised(self.weight)
        return functional.conv3d(x, weight, self.bias, self.stride, self.padding, self.dilation, self.groups)


# Zhang and Sennrich 2019, equation 4, over the channels of each position.
class RMSNorm(nn.Module):
    """x over the root mean square of its position's channels, scaled."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))

    def forward(self, x: Tensor) -> Tensor:
        normed = x * torch.rsqrt(x.square().mean(dim=1, keepdim=True) + 1e-6)
        return normed * self.weight.view(-1, *(1,) * (x.ndim - 2))

    def extra_repr(self) -> str:
        return f"{self.weight.numel()}"


# max(gamma x / rms(x) + beta, tau) for each channel: Singh and Krishnan 2020, equations 1 to 3.
class FRN(nn.Module):
    """x over its root mean square, scaled, shifted and cut off below at tau."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.tau = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor) -> Tensor:
        axes = tuple(range(2, x.ndim))
        shape = (-1, *(1,) * len(axes))
        normed = x * torch.rsqrt(x.square().mean(dim=axes, keepdim=True) + 1e-5)
        y = normed * self.weight.view(shape) + self.bias.view(shape)
        return torch.maximum(y, self.tau.view(shape))

    def extra_repr(self) -> str:
        return f"{self.weight.numel()}"


class EvoNormS0(nn.Module):
    """Gamma x sigmoid(v x) / std of the group + beta (Liu et al. 2020, table 2)."""

    def __init__(self, channels: int, groups: int, eps: float = 1e-5) -> None:
        super().__init__()
        self.groups, self.eps = groups, eps
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.v = nn.Parameter(torch.ones(channels))

    def forward(self, x: Tensor) -> Tensor:
        shape = (1, -1, *(1,) * (x.ndim - 2))
        scale, shift, v = (value.view(shape) for value in (self.weight, self.bias, self.v))
        variance = x.reshape(x.shape[0], self.groups, -1).var(dim=2, unbiased=False)
        std = torch.sqrt(variance + self.eps).repeat_interleave(x.shape[1] // self.groups, dim=1)
        for axis in range(2, x.ndim):
            std = std.unsqueeze(axis)
        return x * torch.sigmoid(x * v) / std * scale + shift

    def extra_repr(self) -> str:
        return f"{self.weight.numel()}, groups={self.groups}"


# Zhang 2019, section 3.2.
class BlurPool(nn.Module):
    """A 1-2-1 blur at every stride-th position, reflected at the border; an axis whose kernel is 1 stays sharp."""

    weight: Tensor

    def __init__(self, stride: int | tuple[int, ...], kernel: tuple[int, ...]) -> None:
        super().__init__()
        self.stride, weight = stride, torch.ones(1)
        self.border = [size // 2 for size in reversed(kernel) for _ in range(2)]
        for size in kernel:
            row = torch.tensor([0.25, 0.5, 0.25] if size == 3 else [1.0])
            weight = weight.unsqueeze(-1) * row
        self.register_buffer("weight", weight.unsqueeze(0), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        channels = x.shape[1]
        weight = self.weight.expand(channels, *self.weight.shape[1:])
        x = functional.pad(x, self.border, "reflect")
        convolve = functional.conv1d if x.ndim == 3 else functional.conv3d
        return convolve(x, weight, stride=self.stride, groups=channels)

    def extra_repr(self) -> str:
        return f"stride={self.stride}"


class SamePool(nn.Module):
    """The mean of each window at every position, with zeros behind the last ones."""

    def __init__(self, kernel: tuple[int, ...]) -> None:
        super().__init__()
        self.kernel = kernel
        self.border = [number for size in reversed(kernel) for number in (0, size - 1)]

    def forward(self, x: Tensor) -> Tensor:
        pool = functional.avg_pool1d if x.ndim == 3 else functional.avg_pool3d
        return pool(functional.pad(x, self.border), self.kernel, stride=1)


class ChannelConv1d(nn.Conv1d):
    """A 1-D convolution over the channels of a map of one position (ECA: Wang et al. 2020, equation 9)."""

    def __init__(self, kernel: int) -> None:
        super().__init__(1, 1, kernel, padding=kernel // 2, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return a map of the same shape, (N, C, 1) or (N, C, 1, 1, 1)."""
        mixed = super().forward(x.flatten(2).transpose(1, 2)).transpose(1, 2)
        return mixed.view(x.shape) if x.ndim > 3 else mixed


class ChannelStats(nn.Module):
    """Each channel's mean and largest value, side by side along the last axis (CBAM: Woo et al. 2018, equation 2)."""

    def forward(self, x: Tensor) -> Tensor:
        axes = tuple(range(2, x.ndim))
        return torch.cat((x.mean(dim=axes, keepdim=True), x.amax(dim=axes, keepdim=True)), dim=axes[-1])


class SumPairs(nn.Module):
    """The sum over the last axis: what the mean and the largest value have become."""

    def forward(self, x: Tensor) -> Tensor:
        return x.sum(dim=x.ndim - 1, keepdim=True)


class Gain(layers.Gain):
    """x times learnt factors."""

    def __init__(self, channels: int, initial: float, dims: int) -> None:
        super().__init__(channels, initial)
        self.weight = nn.Parameter(torch.full((channels, *(1,) * dims), initial))
