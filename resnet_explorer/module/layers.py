"""The layers that torch.nn lacks; each says in a sentence what it computes, and where it was published."""

from math import sqrt

import torch
from torch import Tensor, nn
from torch.nn import functional


class ZeroPad(nn.Module):
    """Option A: every ``stride``-th position, and channels of zeros before and after to fill up.

    He et al. 2015, section 3.3 (A).
    """

    def __init__(self, extra: int, stride: int) -> None:
        super().__init__()
        self.extra, self.stride = extra, stride

    def forward(self, x: Tensor) -> Tensor:
        """Return (N, C + extra, ceil(H / stride), ceil(W / stride)) for (N, C, H, W)."""
        before = self.extra // 2
        return functional.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, before, self.extra - before))

    def extra_repr(self) -> str:
        """Return what is printed between the parentheses."""
        return f"extra={self.extra}, stride={self.stride}"


class StdConv2d(nn.Conv2d):
    """A convolution whose filters are brought to mean 0 and variance 1 before use (Qiao et al. 2019, equation 4).

    ``eps`` is BiT's 1e-8, added to the variance.
    """

    eps = 1e-8

    def forward(self, x: Tensor) -> Tensor:
        """Return what a convolution with the standardised filters gives."""
        rows = self.weight.flatten(1).unsqueeze(0)
        # torch's own, since functional.batch_norm refuses filters of a single weight.
        normed = torch.batch_norm(rows, None, None, None, None, True, 0.0, self.eps, False)
        weight = normed.view_as(self.weight)
        return functional.conv2d(x, weight, self.bias, self.stride, self.padding, self.dilation, self.groups)


class FRN(nn.Module):
    """max(gamma x / rms(x) + beta, tau) for each channel of an image (Singh and Krishnan 2020, equations 1 to 3).

    ``eps`` is timm's, since its weights were trained with it; the paper's is 1e-6.
    """

    def __init__(self, channels: int, eps: float = 1e-5) -> None:
        super().__init__()
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.tau = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor) -> Tensor:
        """Return a map of the same shape."""
        scale, shift, least = (value.view(1, -1, 1, 1) for value in (self.weight, self.bias, self.tau))
        normed = x * torch.rsqrt(x.square().mean(dim=(2, 3), keepdim=True) + self.eps)
        return torch.maximum(normed * scale + shift, least)

    def extra_repr(self) -> str:
        """Return what is printed between the parentheses."""
        return f"{self.weight.numel()}"


class RMSNorm2d(nn.Module):
    """Gamma x / rms(x) over the channels of each position (Zhang and Sennrich 2019, equation 4).

    ``torch.nn.RMSNorm`` normalises the last axes, so that maps would have to be turned there and back, and records one
    node or seven by PyTorch's version; this is timm's ``RmsNorm2d``, with its ``eps``.
    """

    def __init__(self, channels: int, eps: float = 1e-6) -> None:
        super().__init__()
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(channels))

    def forward(self, x: Tensor) -> Tensor:
        """Return a map of the same shape."""
        normed = x * torch.rsqrt(x.square().mean(dim=1, keepdim=True) + self.eps)
        return normed * self.weight.view(1, -1, 1, 1)

    def extra_repr(self) -> str:
        """Return what is printed between the parentheses."""
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
        """Return a map of the same shape."""
        scale, shift, v = (value.view(1, -1, 1, 1) for value in (self.weight, self.bias, self.v))
        variance = x.reshape(x.shape[0], self.groups, -1).var(dim=2, unbiased=False)
        std = torch.sqrt(variance + self.eps).repeat_interleave(x.shape[1] // self.groups, dim=1)
        return x * torch.sigmoid(x * v) / std[:, :, None, None] * scale + shift

    def extra_repr(self) -> str:
        """Return what is printed between the parentheses."""
        return f"{self.weight.numel()}, groups={self.groups}"


class BlurPool2d(nn.Module):
    """A 1-2-1 blur at every ``stride``-th position, reflected at the border (Zhang 2019, section 3.2)."""

    kernel: Tensor

    def __init__(self, stride: int) -> None:
        super().__init__()
        self.stride = stride
        row = torch.tensor([0.25, 0.5, 0.25])
        self.register_buffer("kernel", torch.outer(row, row), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return (N, C, ceil(H / stride), ceil(W / stride)) for (N, C, H, W)."""
        channels = x.shape[1]
        kernel = self.kernel.to(x.dtype).expand(channels, 1, 3, 3)
        return functional.conv2d(functional.pad(x, (1, 1, 1, 1), "reflect"), kernel, None, self.stride, groups=channels)

    def extra_repr(self) -> str:
        """Return what is printed between the parentheses."""
        return f"stride={self.stride}"


class SamePool(nn.Module):
    """The mean of 2x2 at every position, with zeros behind the last row and column: the map keeps its size."""

    def forward(self, x: Tensor) -> Tensor:
        """Return a map of the same shape."""
        return functional.avg_pool2d(functional.pad(x, (0, 1, 0, 1)), 2, 1)


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


class Scale(nn.Module):
    """The input times a constant."""

    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, x: Tensor) -> Tensor:
        """Return a map of the same shape."""
        return x * self.factor

    def extra_repr(self) -> str:
        """Return what is printed between the parentheses."""
        near = abs(self.factor - 1 / sqrt(2)) < 1e-4
        return "1/√2" if near else f"{self.factor:g}"


class Gain(nn.Module):
    """The input times learnt factors: one (SkipInit: De and Smith 2020), or one a channel (Touvron et al. 2021)."""

    def __init__(self, channels: int, initial: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.full((channels, 1, 1), initial))

    def forward(self, x: Tensor) -> Tensor:
        """Return a map of the same shape."""
        return x * self.weight

    def extra_repr(self) -> str:
        """Return what is printed between the parentheses."""
        return f"{self.weight.numel()}"


class Bias(nn.Module):
    """The input plus one learnt number that starts at 0 (Fixup: Zhang et al. 2019, section 3)."""

    def __init__(self) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        """Return a tensor of the same shape."""
        return x + self.bias
