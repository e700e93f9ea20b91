"""The layers that torch.nn lacks.

Exported source has these classes as they stand here, but for ``extra_repr`` and annotations, unless ``written.py`` has
one of the same name: hence docstrings that need no reference, and numbers instead of names.
"""

from math import sqrt

import torch
from torch import Tensor, nn
from torch.nn import functional


# Option A: He et al. 2015, section 3.3.
class ZeroPad(nn.Module):
    """Every stride-th position, with channels of zeros before and after."""

    def __init__(self, extra: int, stride: int) -> None:
        super().__init__()
        self.extra, self.stride = extra, stride

    def forward(self, x: Tensor) -> Tensor:
        before = self.extra // 2
        x = x[:, :, :: self.stride, :: self.stride]
        return functional.pad(x, (0, 0, 0, 0, before, self.extra - before))

    def extra_repr(self) -> str:
        return f"extra={self.extra}, stride={self.stride}"


# PyramidNet: Han et al. 2017, section 3.3.
class PadChannels(nn.Module):
    """x with channels of zeros behind its own."""

    def __init__(self, extra: int) -> None:
        super().__init__()
        self.extra = extra

    def forward(self, x: Tensor) -> Tensor:
        return functional.pad(x, (0, 0) * (x.dim() - 2) + (0, self.extra))

    def extra_repr(self) -> str:
        return f"extra={self.extra}"


class StdConv2d(nn.Conv2d):
    """A convolution whose filters are normalised to mean 0 and variance 1 before use (Qiao et al. 2019, equation 4).

    ``eps`` is BiT's 1e-8, added to the variance.
    """

    eps = 1e-8

    def forward(self, x: Tensor) -> Tensor:
        rows = self.weight.flatten(1).unsqueeze(0)
        # torch's own, since functional.batch_norm refuses filters of a single weight.
        normed = torch.batch_norm(rows, None, None, None, None, True, 0.0, self.eps, False)
        weight = normed.view_as(self.weight)
        return functional.conv2d(x, weight, self.bias, self.stride, self.padding, self.dilation, self.groups)


# Brock et al. 2021, equation 7: biases start at 0, as gains do where a branch is to start at 0.
class ScaledStdConv2d(nn.Conv2d):
    """A convolution by gamma gain (w - mean) / sqrt(fan-in var), of each filter."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        stride: int = 1,
        padding: int = 0,
        dilation: int = 1,
        groups: int = 1,
        bias: bool = True,
        gamma: float = 1.0,
    ) -> None:
        sizes = (kernel_size, stride, padding, dilation, groups)
        super().__init__(in_channels, out_channels, *sizes, bias)
        self.gain = nn.Parameter(torch.ones(out_channels, 1, 1, 1))
        self.scale = gamma * self.weight[0].numel() ** -0.5
        if self.bias is not None:
            nn.init.zeros_(self.bias)

    def forward(self, x: Tensor) -> Tensor:
        rows = self.weight.reshape(1, len(self.weight), -1)
        scale = (self.gain * self.scale).view(-1)
        # torch's own, since functional.batch_norm refuses filters of a single weight.
        normed = torch.batch_norm(rows, scale, None, None, None, True, 0.0, 1e-5, False)
        return functional.conv2d(
            x,
            normed.view_as(self.weight),
            self.bias,
            self.stride,
            self.padding,
            self.dilation,
            self.groups,
        )


# Zhang and Sennrich 2019, equation 4, over the channels of each position: timm's ``RmsNorm2d``, with its epsilon.
# ``torch.nn.RMSNorm`` normalises the last axes and records one node or seven, depending on PyTorch's version.
class RMSNorm2d(nn.Module):
    """x over the root mean square of its position's channels, scaled."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))

    def forward(self, x: Tensor) -> Tensor:
        normed = x * torch.rsqrt(x.square().mean(dim=1, keepdim=True) + 1e-6)
        return normed * self.weight.view(-1, 1, 1)

    def extra_repr(self) -> str:
        return f"{self.weight.numel()}"


# max(gamma x / rms(x) + beta, tau) for each channel of an image: Singh and Krishnan 2020, equations 1 to 3. The epsilon
# is that of timm, whose weights were trained with it; the paper has 1e-6.
class FRN(nn.Module):
    """x over its root mean square, scaled, shifted and cut off below at tau."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.tau = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor) -> Tensor:
        normed = x * torch.rsqrt(x.square().mean(dim=(2, 3), keepdim=True) + 1e-5)
        y = normed * self.weight.view(-1, 1, 1) + self.bias.view(-1, 1, 1)
        return torch.maximum(y, self.tau.view(-1, 1, 1))

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
        scale, shift, v = (value.view(1, -1, 1, 1) for value in (self.weight, self.bias, self.v))
        variance = x.reshape(x.shape[0], self.groups, -1).var(dim=2, unbiased=False)
        std = torch.sqrt(variance + self.eps).repeat_interleave(x.shape[1] // self.groups, dim=1)
        return x * torch.sigmoid(x * v) / std[:, :, None, None] * scale + shift

    def extra_repr(self) -> str:
        return f"{self.weight.numel()}, groups={self.groups}"


# Zhang 2019, section 3.2.
class BlurPool2d(nn.Module):
    """A 1-2-1 blur at every stride-th position, reflected at the border."""

    kernel: Tensor

    def __init__(self, stride: int) -> None:
        super().__init__()
        self.stride = stride
        row = torch.tensor([0.25, 0.5, 0.25])
        self.register_buffer("kernel", torch.outer(row, row), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        channels = x.shape[1]
        kernel = self.kernel.expand(channels, 1, 3, 3)
        x = functional.pad(x, (1, 1, 1, 1), "reflect")
        return functional.conv2d(x, kernel, stride=self.stride, groups=channels)

    def extra_repr(self) -> str:
        return f"stride={self.stride}"


class SamePool(nn.Module):
    """The mean of 2×2 at every position, with zeros behind the last ones."""

    def forward(self, x: Tensor) -> Tensor:
        return functional.avg_pool2d(functional.pad(x, (0, 1, 0, 1)), 2, stride=1)


class ChannelConv1d(nn.Conv1d):
    """A 1-D convolution over the channels of a map of 1x1 (ECA: Wang et al. 2020, equation 9)."""

    def __init__(self, kernel: int) -> None:
        super().__init__(1, 1, kernel, padding=kernel // 2, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return a map of the same shape, (N, C, 1, 1)."""
        return super().forward(x.flatten(2).transpose(1, 2)).transpose(1, 2).unsqueeze(3)


class ChannelStats(nn.Module):
    """Each channel's mean and largest value, side by side (CBAM: Woo et al. 2018, equation 2)."""

    def forward(self, x: Tensor) -> Tensor:
        """Return (N, C, 1, 2) for (N, C, H, W)."""
        return torch.cat((x.mean(dim=(2, 3), keepdim=True), x.amax(dim=(2, 3), keepdim=True)), dim=3)


class SumPairs(nn.Module):
    """The sum over the last axis: what the mean and the largest value have become."""

    def forward(self, x: Tensor) -> Tensor:
        """Return (N, C, 1, 1) for (N, C, 1, 2)."""
        return x.sum(dim=3, keepdim=True)


class SpatialStats(nn.Module):
    """Each position's mean and largest value over the channels (CBAM: Woo et al. 2018, equation 3)."""

    def forward(self, x: Tensor) -> Tensor:
        """Return (N, 2, H, W) for (N, C, H, W)."""
        return torch.cat((x.mean(dim=1, keepdim=True), x.amax(dim=1, keepdim=True)), dim=1)


# Radenovic et al. 2018, equation 3.
class GeM(nn.Module):
    """The generalised mean of each channel, with one learnt exponent."""

    def __init__(self) -> None:
        super().__init__()
        self.p = nn.Parameter(torch.full((1,), 3.0))

    def forward(self, x: Tensor) -> Tensor:
        powers = x.clamp(min=1e-6).pow(self.p)
        return powers.mean(dim=(2, 3), keepdim=True).pow(self.p.reciprocal())


# CLIP: Radford et al. 2021; other sizes are interpolated as in timm.
class AttentionPool2d(nn.Module):
    """Attention of a map's mean to its positions, each with a learnt vector."""

    q_weight: Tensor
    q_bias: Tensor
    k_weight: Tensor
    k_bias: Tensor
    v_weight: Tensor
    v_bias: Tensor

    def __init__(self, channels: int, side: int, width: int) -> None:
        super().__init__()
        self.side, self.width = side, width
        rows, std = side**2 + 1, channels**-0.5
        self.positions = nn.Parameter(torch.randn(rows, channels) * std)
        for name in ("q", "k", "v"):
            weight = nn.Parameter(torch.randn(channels, channels) * std)
            self.register_parameter(f"{name}_weight", weight)
            self.register_parameter(f"{name}_bias", nn.Parameter(torch.zeros(channels)))

    def forward(self, x: Tensor) -> Tensor:
        n, channels, h, w = x.shape
        x = x.flatten(2).permute(2, 0, 1)
        x = torch.cat((x.mean(dim=0, keepdim=True), x))
        x = x + self._positions(h, w).unsqueeze(1)
        heads = (-1, n * channels // self.width, self.width)
        query = functional.linear(x[:1], self.q_weight, self.q_bias).view(heads)
        keys = functional.linear(x, self.k_weight, self.k_bias).view(heads)
        values = functional.linear(x, self.v_weight, self.v_bias).view(heads)
        query = query.transpose(0, 1) * self.width**-0.5
        weights = torch.softmax(torch.bmm(query, keys.permute(1, 2, 0)), dim=2)
        return torch.bmm(weights, values.transpose(0, 1)).view(n, channels)

    def _positions(self, h: int, w: int) -> Tensor:
        if h == w == self.side:
            return self.positions
        grid = self.positions[1:].view(1, self.side, self.side, -1).permute(0, 3, 1, 2)
        grid = functional.interpolate(grid, (h, w), mode="bicubic", antialias=True)
        rows = grid.permute(0, 2, 3, 1).reshape(h * w, -1)
        return torch.cat((self.positions[:1], rows))

    def extra_repr(self) -> str:
        return f"{self.positions.shape[1]}, side={self.side}, width={self.width}"


# insightface's iResNet: the scale is saved, but never trained.
class FixedScaleNorm(nn.BatchNorm1d):
    """A batch norm of features whose scale stays 1."""

    def __init__(self, features: int) -> None:
        super().__init__(features)
        del self.weight
        self.register_buffer("weight", torch.ones(features))


class Scale(nn.Module):
    """The input times a constant."""

    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, x: Tensor) -> Tensor:
        return x * self.factor

    def extra_repr(self) -> str:
        near = abs(self.factor - 1 / sqrt(2)) < 1e-4
        return "1/√2" if near else f"{self.factor:g}"


# One factor (SkipInit: De and Smith 2020), or one for each channel (LayerScale: Touvron et al. 2021).
class Gain(nn.Module):
    """x times learnt factors."""

    def __init__(self, channels: int, initial: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.full((channels, 1, 1), initial))

    def forward(self, x: Tensor) -> Tensor:
        return x * self.weight

    def extra_repr(self) -> str:
        return f"{self.weight.numel()}"


# Fixup: Zhang et al. 2019, section 3.
class Bias(nn.Module):
    """x plus one learnt number."""

    def __init__(self) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.bias
