"""Classes that only the exported source of signal and video networks has; nothing imports this file.

They are those of ``written.py`` for any number of axes: ``resnet_explorer.source`` reads their text, and writes ``1d``
or ``3d`` where it says ``2d``. Its lines have at most 88 characters, as all of that source.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

# fmt: off


class StdConv2d(nn.Conv2d):
    """A convolution whose filters are brought to mean 0 and variance 1 before use."""

    def forward(self, x: Tensor) -> Tensor:
        axes = tuple(range(1, self.weight.ndim))
        var, mean = torch.var_mean(self.weight, axes, correction=0, keepdim=True)
        weight = (self.weight - mean) * torch.rsqrt(var + 1e-8)
        return functional.conv2d(
            x, weight, self.bias, self.stride, self.padding, self.dilation, self.groups
        )


class RMSNorm(nn.Module):
    """x over the root mean square of its position's channels, scaled."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))

    def forward(self, x: Tensor) -> Tensor:
        normed = x * torch.rsqrt(x.square().mean(dim=1, keepdim=True) + 1e-6)
        return normed * self.weight.view(-1, *(1,) * (x.ndim - 2))


class EvoNormS0(nn.Module):
    """x sigmoid(v x) over the standard deviation of its group, scaled and shifted."""

    def __init__(self, channels: int, groups: int) -> None:
        super().__init__()
        self.groups = groups
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.v = nn.Parameter(torch.ones(channels))

    def forward(self, x: Tensor) -> Tensor:
        shape, axes = (-1, *(1,) * (x.ndim - 2)), tuple(range(2, x.ndim + 1))
        grouped = x.unflatten(1, (self.groups, -1))
        var = grouped.var(dim=axes, correction=0, keepdim=True)
        y = (x * torch.sigmoid(x * self.v.view(shape))).view_as(grouped)
        y = (y * torch.rsqrt(var + 1e-5)).flatten(1, 2)
        return y * self.weight.view(shape) + self.bias.view(shape)


class BlurPool(nn.Module):
    """A 1-2-1 blur at every stride-th position, reflected at the border."""

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
        weight = self.weight.expand(x.shape[1], *self.weight.shape[1:])
        x = functional.pad(x, self.border, "reflect")
        return functional.conv2d(x, weight, stride=self.stride, groups=x.shape[1])


class SamePool(nn.Module):
    """The mean of each window at every position, with zeros behind the last ones."""

    def __init__(self, kernel: tuple[int, ...]) -> None:
        super().__init__()
        self.kernel = kernel
        self.border = [size for k in reversed(kernel) for size in (0, k - 1)]

    def forward(self, x: Tensor) -> Tensor:
        x = functional.pad(x, self.border)
        return functional.avg_pool2d(x, self.kernel, stride=1)


class SE(nn.Module):
    """x times a gate for each channel, which sees the means of all channels."""

    def __init__(self, channels: int, hidden: int) -> None:
        super().__init__()
        self.fc1 = nn.Conv2d(channels, hidden, 1)
        self.fc2 = nn.Conv2d(hidden, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        means = x.mean(dim=tuple(range(2, x.ndim)), keepdim=True)
        return x * torch.sigmoid(self.fc2(functional.relu(self.fc1(means))))


class ECA(nn.Module):
    """x times a gate for each channel, which sees the means of a few neighbours."""

    def __init__(self, kernel: int) -> None:
        super().__init__()
        self.conv = nn.Conv1d(1, 1, kernel, padding=kernel // 2, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        means = x.flatten(2).mean(dim=2).unsqueeze(1)
        gate = torch.sigmoid(self.conv(means))
        return x * gate.view(*x.shape[:2], *(1,) * (x.ndim - 2))


class ChannelAttention(nn.Module):
    """x times a gate for each channel, which sees all means and largest values."""

    def __init__(self, channels: int, hidden: int) -> None:
        super().__init__()
        self.fc1 = nn.Conv2d(channels, hidden, 1, bias=False)
        self.fc2 = nn.Conv2d(hidden, channels, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        axes = tuple(range(2, x.ndim))
        mean, most = x.mean(dim=axes, keepdim=True), x.amax(dim=axes, keepdim=True)
        both = self.fc2(functional.relu(self.fc1(torch.cat((mean, most), dim=-1))))
        return x * torch.sigmoid(both.sum(dim=-1, keepdim=True))


class SpatialAttention(nn.Module):
    """x times a gate for each position, which sees its neighbours."""

    def __init__(
        self, kernel: int | tuple[int, ...], padding: int | tuple[int, ...]
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(2, 1, kernel, padding=padding, bias=False)
        self.bn = nn.BatchNorm2d(1)

    def forward(self, x: Tensor) -> Tensor:
        mean, most = x.mean(dim=1, keepdim=True), x.amax(dim=1, keepdim=True)
        return x * torch.sigmoid(self.bn(self.conv(torch.cat((mean, most), dim=1))))


class StochasticDepth(nn.Module):
    """Zero for whole samples in training, with a chance that the network sets."""

    chance = 0.0

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return x
        shape = (len(x), *(1,) * (x.ndim - 1))
        kept = torch.rand(shape, device=x.device) >= self.chance
        return x * kept / (1 - self.chance)


class Gate(nn.Module):
    """The sigmoid of a convolution of side 1 whose bias starts at -6.0."""

    def __init__(self, channels: int, out: int, stride: int | tuple[int, ...]) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, out, 1, stride)
        nn.init.constant_(self.conv.bias, -6.0)

    def forward(self, x: Tensor) -> Tensor:
        return torch.sigmoid(self.conv(x))


class Gain(nn.Module):
    """x times learnt factors."""

    def __init__(self, channels: int, initial: float, dims: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.full((channels, *(1,) * dims), initial))

    def forward(self, x: Tensor) -> Tensor:
        return x * self.weight
