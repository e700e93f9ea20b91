"""Classes that only exported source has; nothing imports this file: ``resnet_explorer.source`` reads its text.

Its lines have at most 88 characters, as all of that source. Two classes are shorter here than in ``layers.py``, where
they record in autograd what the published code records.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

# fmt: off


class StdConv2d(nn.Conv2d):
    """A convolution whose filters are brought to mean 0 and variance 1 before use."""

    def forward(self, x: Tensor) -> Tensor:
        var, mean = torch.var_mean(self.weight, (1, 2, 3), correction=0, keepdim=True)
        weight = (self.weight - mean) * torch.rsqrt(var + 1e-8)
        return functional.conv2d(
            x, weight, self.bias, self.stride, self.padding, self.dilation, self.groups
        )


class EvoNormS0(nn.Module):
    """x sigmoid(v x) over the standard deviation of its group, scaled and shifted."""

    def __init__(self, channels: int, groups: int) -> None:
        super().__init__()
        self.groups = groups
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.v = nn.Parameter(torch.ones(channels))

    def forward(self, x: Tensor) -> Tensor:
        grouped = x.unflatten(1, (self.groups, -1))
        var = grouped.var(dim=(2, 3, 4), correction=0, keepdim=True)
        y = (x * torch.sigmoid(x * self.v.view(-1, 1, 1))).view_as(grouped)
        y = (y * torch.rsqrt(var + 1e-5)).flatten(1, 2)
        return y * self.weight.view(-1, 1, 1) + self.bias.view(-1, 1, 1)


class SE(nn.Module):
    """x times a gate for each channel, which sees the means of all channels."""

    def __init__(self, channels: int, hidden: int) -> None:
        super().__init__()
        self.fc1 = nn.Conv2d(channels, hidden, 1)
        self.fc2 = nn.Conv2d(hidden, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        means = x.mean(dim=(2, 3), keepdim=True)
        return x * torch.sigmoid(self.fc2(functional.relu(self.fc1(means))))


class ECA(nn.Module):
    """x times a gate for each channel, which sees the means of a few neighbours."""

    def __init__(self, kernel: int) -> None:
        super().__init__()
        self.conv = nn.Conv1d(1, 1, kernel, padding=kernel // 2, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        means = x.mean(dim=(2, 3)).unsqueeze(1)
        return x * torch.sigmoid(self.conv(means)).view(len(x), -1, 1, 1)


class ChannelAttention(nn.Module):
    """x times a gate for each channel, which sees all means and largest values."""

    def __init__(self, channels: int, hidden: int) -> None:
        super().__init__()
        self.fc1 = nn.Conv2d(channels, hidden, 1, bias=False)
        self.fc2 = nn.Conv2d(hidden, channels, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        mean, most = x.mean(dim=(2, 3), keepdim=True), x.amax(dim=(2, 3), keepdim=True)
        both = self.fc2(functional.relu(self.fc1(torch.cat((mean, most), dim=3))))
        return x * torch.sigmoid(both.sum(dim=3, keepdim=True))


class SpatialAttention(nn.Module):
    """x times a gate for each position, which sees its neighbours."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(2, 1, 7, padding=3, bias=False)
        self.bn = nn.BatchNorm2d(1)

    def forward(self, x: Tensor) -> Tensor:
        mean, most = x.mean(dim=1, keepdim=True), x.amax(dim=1, keepdim=True)
        return x * torch.sigmoid(self.bn(self.conv(torch.cat((mean, most), dim=1))))


class GlobalContext(nn.Module):
    """x times a gate for each channel, which sees a weighted mean of all positions."""

    def __init__(self, channels: int, hidden: int) -> None:
        super().__init__()
        self.conv_attn = nn.Conv2d(channels, 1, 1)
        self.fc1 = nn.Conv2d(channels, hidden, 1)
        self.norm = nn.GroupNorm(1, hidden, eps=1e-6)
        self.fc2 = nn.Conv2d(hidden, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        weights = self.conv_attn(x).flatten(2).softmax(dim=2).transpose(1, 2)
        context = torch.bmm(x.flatten(2), weights).unsqueeze(3)
        hidden = functional.relu(self.norm(self.fc1(context)))
        return x * torch.sigmoid(self.fc2(hidden))


class AddedContext(nn.Module):
    """x plus a number for each channel, which sees a weighted mean of all positions."""

    def __init__(self, channels: int, hidden: int) -> None:
        super().__init__()
        self.conv_attn = nn.Conv2d(channels, 1, 1)
        self.fc1 = nn.Conv2d(channels, hidden, 1)
        self.norm = nn.GroupNorm(1, hidden, eps=1e-6)
        self.fc2 = nn.Conv2d(hidden, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        weights = self.conv_attn(x).flatten(2).softmax(dim=2).transpose(1, 2)
        context = torch.bmm(x.flatten(2), weights).unsqueeze(3)
        more: Tensor = self.fc2(functional.relu(self.norm(self.fc1(context))))
        return x + more


class NonLocal(nn.Module):
    """x plus, at each position, a sum over all others that are similar."""

    def __init__(self, channels: int, hidden: int) -> None:
        super().__init__()
        self.t = nn.Conv2d(channels, hidden, 1)
        self.p = nn.Conv2d(channels, hidden, 1)
        self.g = nn.Conv2d(channels, hidden, 1)
        self.z = nn.Conv2d(hidden, channels, 1)
        self.norm = nn.BatchNorm2d(channels)
        nn.init.zeros_(self.norm.weight)

    def forward(self, x: Tensor) -> Tensor:
        t, p, g = self.t(x), self.p(x), self.g(x)
        scores = p.flatten(2).transpose(1, 2) @ t.flatten(2) * x.shape[1] ** -0.5
        y: Tensor = self.norm(self.z((g.flatten(2) @ scores.softmax(dim=1)).view_as(g)))
        return x + y


class BAM(nn.Module):
    """x plus x times a weight of each value, from its channel and from its position."""

    def __init__(self, channels: int, hidden: int) -> None:
        super().__init__()
        self.reduce = nn.Conv2d(channels, hidden, 1)
        self.bn0 = nn.BatchNorm2d(hidden)
        self.conv1 = nn.Conv2d(hidden, hidden, 3, padding=4, dilation=4)
        self.bn1 = nn.BatchNorm2d(hidden)
        self.conv2 = nn.Conv2d(hidden, hidden, 3, padding=4, dilation=4)
        self.bn2 = nn.BatchNorm2d(hidden)
        self.conv3 = nn.Conv2d(hidden, 1, 1)
        self.fc1 = nn.Conv2d(channels, hidden, 1)
        self.bn = nn.BatchNorm2d(hidden)
        self.fc2 = nn.Conv2d(hidden, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        y = functional.relu(self.bn0(self.reduce(x)))
        y = functional.relu(self.bn1(self.conv1(y)))
        y = functional.relu(self.bn2(self.conv2(y)))
        means = x.mean(dim=(2, 3), keepdim=True)
        channels = self.fc2(functional.relu(self.bn(self.fc1(means))))
        return x + x * torch.sigmoid(self.conv3(y) + channels)


class Path(nn.Sequential):
    """Layers in a row, by their names."""

    def __init__(self, **layers: nn.Module) -> None:
        super().__init__()
        for name, layer in layers.items():
            self.add_module(name, layer)


class Scales(nn.Module):
    """Slices of the channels, each but the last through a path of its own.

    Without a pool for the last slice each path also adds what the one before gave.
    """

    def __init__(
        self, paths: int, path: Callable[[], nn.Module], pool: nn.Module | None = None
    ) -> None:
        super().__init__()
        self.paths = nn.ModuleList(path() for _ in range(paths))
        self.pool = pool

    def forward(self, x: Tensor) -> Tensor:
        *slices, last = x.chunk(len(self.paths) + 1, 1)
        ends: list[Tensor] = []
        for path, y in zip(self.paths, slices, strict=True):
            ends.append(path(ends[-1] + y if ends and self.pool is None else y))
        return torch.cat((*ends, last if self.pool is None else self.pool(last)), 1)


class SelectiveKernels(nn.Module):
    """Paths weighted, for each channel, by attention that sees the sum of all."""

    def __init__(self, *paths: nn.Module, attn: nn.Module) -> None:
        super().__init__()
        self.paths = nn.ModuleList(paths)
        self.attn = attn

    def forward(self, x: Tensor) -> Tensor:
        ends = torch.stack([path(x) for path in self.paths], 1)
        numbers = self.attn(ends.sum(1).mean(dim=(2, 3), keepdim=True))
        weights = numbers.unflatten(1, (len(self.paths), -1)).softmax(dim=1)
        y: Tensor = (ends * weights).sum(1)
        return y


class SplitSelectiveKernels(nn.Module):
    """Paths that see slices, weighted by attention that sees the sum of all paths."""

    def __init__(self, *paths: nn.Module, attn: nn.Module) -> None:
        super().__init__()
        self.paths = nn.ModuleList(paths)
        self.attn = attn

    def forward(self, x: Tensor) -> Tensor:
        slices = x.chunk(len(self.paths), 1)
        pairs = zip(self.paths, slices, strict=True)
        ends = torch.stack([path(part) for path, part in pairs], 1)
        numbers = self.attn(ends.sum(1).mean(dim=(2, 3), keepdim=True))
        weights = numbers.unflatten(1, (len(self.paths), -1)).softmax(dim=1)
        y: Tensor = (ends * weights).sum(1)
        return y


class SplitAttention(nn.Module):
    """Splits of the channels weighted by layers that see the sum of all splits."""

    def __init__(self, radix: int, groups: int, **layers: nn.Module) -> None:
        super().__init__()
        self.radix, self.groups = radix, groups
        for name, layer in layers.items():
            self.add_module(name, layer)

    def forward(self, x: Tensor) -> Tensor:
        splits = x.unflatten(1, (self.radix, -1))
        y = splits.sum(1).mean(dim=(2, 3), keepdim=True)
        for layer in self.children():
            y = layer(y)
        y = y.view(len(x), self.groups, self.radix, -1).transpose(1, 2)
        weights = y.softmax(dim=1).reshape(*splits.shape[:3], 1, 1)
        total: Tensor = (splits * weights).sum(1)
        return total


class GroupedSE(nn.Module):
    """x times a gate for each channel, from layers that see the channels' means."""

    def __init__(self, **layers: nn.Module) -> None:
        super().__init__()
        for name, layer in layers.items():
            self.add_module(name, layer)

    def forward(self, x: Tensor) -> Tensor:
        y = x.mean(dim=(2, 3), keepdim=True)
        for layer in self.children():
            y = layer(y)
        return x * torch.sigmoid(y)


class Shake(torch.autograd.Function):
    """a and b mixed by alpha; the gradient is shared by beta."""

    @staticmethod
    def forward(ctx: Any, a: Tensor, b: Tensor, alpha: Tensor, beta: Tensor) -> Tensor:
        ctx.save_for_backward(beta)
        return torch.lerp(b, a, alpha)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        (beta,) = ctx.saved_tensors
        return gradient * beta, gradient * (1 - beta), None, None


class Branches(nn.ModuleList):
    """Two branches, mixed at random in training, and half and half in inference."""

    def __init__(self, branch: Callable[[], nn.Module]) -> None:
        super().__init__([branch(), branch()])

    def forward(self, x: Tensor) -> Tensor:
        a, b = self[0](x), self[1](x)
        if not self.training:
            return torch.lerp(a, b, 0.5)
        alpha, beta = torch.rand(2, len(x), 1, 1, 1, dtype=x.dtype, device=x.device)
        mixed: Tensor = Shake.apply(a, b, alpha, beta)
        return mixed


class ShiftedConvs(nn.Module):
    """Two convolutions side by side, the second on the map shifted by a pixel."""

    def __init__(self, conv1: nn.Module, conv2: nn.Module) -> None:
        super().__init__()
        self.conv1, self.conv2 = conv1, conv2

    def forward(self, x: Tensor) -> Tensor:
        shifted = functional.pad(x, (-1, 1, -1, 1))
        return torch.cat((self.conv1(x), self.conv2(shifted)), 1)


class StochasticDepth(nn.Module):
    """Zero for whole images in training, with a chance that the network sets."""

    chance = 0.0

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return x
        kept = torch.rand(len(x), 1, 1, 1, device=x.device) >= self.chance
        return x * kept / (1 - self.chance)


class Gate(nn.Module):
    """The sigmoid of a 1×1 convolution whose bias starts at -6.0."""

    def __init__(self, channels: int, out: int, stride: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, out, 1, stride)
        nn.init.constant_(self.conv.bias, -6.0)

    def forward(self, x: Tensor) -> Tensor:
        return torch.sigmoid(self.conv(x))
