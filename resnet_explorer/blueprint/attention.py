"""The gates of a branch: which channels, or which positions, count."""

from collections.abc import Callable, Mapping
from math import log2

from resnet_explorer.blueprint.kinds.activations import ReLU
from resnet_explorer.blueprint.kinds.blocks import ChannelStats, Multiply, Sigmoid, SpatialStats, SumPairs
from resnet_explorer.blueprint.kinds.convolutions import ChannelConv1d, Conv2d
from resnet_explorer.blueprint.kinds.norms import BatchNorm2d
from resnet_explorer.blueprint.kinds.pools import AdaptiveAvgPool2d
from resnet_explorer.blueprint.kit import parts
from resnet_explorer.blueprint.tree import Chain, Gated, Part
from resnet_explorer.spec import Attention, ResNetSpec


def hidden(spec: ResNetSpec, channels: int) -> int:
    """Return the channels of the attention's hidden layer: reduced, then rounded to a multiple.

    timm's rule (``make_divisible`` without a lower bound), which with a multiple of 1 is that of Hu et al. 2018.
    """
    multiple = spec.reduction_multiple
    return max(multiple, int(channels / spec.reduction + multiple / 2) // multiple * multiple)


def eca_kernel(channels: int) -> int:
    """Return the odd number of neighbours that ECA looks at (Wang et al. 2020, equation 12: gamma 2, b 1)."""
    size = int(abs(log2(channels) + 1) / 2)
    return max(size if size % 2 else size + 1, 3)


def _gated(name: str, *inner: Part) -> Gated:
    return Gated(
        name,
        tuple(Part(f"{name}.{part.name}", part.layer) for part in inner),
        Part(f"{name}.scale", Multiply()),
    )


def _none(spec: ResNetSpec, channels: int) -> Chain:
    return ()


def _se(spec: ResNetSpec, channels: int) -> Chain:
    """Squeeze-and-excitation (Hu et al. 2018, equations 2 to 4)."""
    inner = hidden(spec, channels)
    return (
        _gated(
            "se",
            *parts(
                ("pool", AdaptiveAvgPool2d()),
                ("fc1", Conv2d(channels, inner, 1, bias=True)),
                ("relu", ReLU()),
                ("fc2", Conv2d(inner, channels, 1, bias=True)),
                ("gate", Sigmoid()),
            ),
        ),
    )


def _eca(spec: ResNetSpec, channels: int) -> Chain:
    """Efficient channel attention (Wang et al. 2020, equation 9)."""
    conv = ChannelConv1d(eca_kernel(channels))
    return (_gated("eca", *parts(("pool", AdaptiveAvgPool2d()), ("conv", conv), ("gate", Sigmoid()))),)


def _cbam(spec: ResNetSpec, channels: int) -> Chain:
    """Channel attention, then spatial attention (Woo et al. 2018, equations 2 and 3)."""
    inner = hidden(spec, channels)
    return (
        _gated(
            "cbam_channel",
            *parts(
                ("pool", ChannelStats()),
                ("fc1", Conv2d(channels, inner, 1)),
                ("relu", ReLU()),
                ("fc2", Conv2d(inner, channels, 1)),
                ("sum", SumPairs()),
                ("gate", Sigmoid()),
            ),
        ),
        _gated(
            "cbam_spatial",
            *parts(
                ("pool", SpatialStats()),
                ("conv", Conv2d(2, 1, 7, padding=3)),
                ("bn", BatchNorm2d(1)),
                ("gate", Sigmoid()),
            ),
        ),
    )


_KINDS: Mapping[Attention, Callable[[ResNetSpec, int], Chain]] = {
    Attention.NONE: _none,
    Attention.SE: _se,
    Attention.ECA: _eca,
    Attention.CBAM: _cbam,
}


def attention(spec: ResNetSpec, channels: int) -> Chain:
    """Return the gates that a spec puts at the end of a branch of that many channels."""
    return _KINDS[spec.attention](spec, channels)
