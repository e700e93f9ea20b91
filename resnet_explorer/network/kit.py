"""The layers that a spec asks for, wherever they stand: its convolution, its norm, its activation."""

from resnet_explorer.network.kinds import Layer
from resnet_explorer.network.kinds.activations import ACTIVATIONS
from resnet_explorer.network.kinds.convolutions import Conv2d
from resnet_explorer.network.kinds.norms import NORMS
from resnet_explorer.network.tree import Chain, Part
from resnet_explorer.spec import Conv, Norm, ResNetSpec


def parts(*layers: tuple[str, Layer]) -> tuple[Part, ...]:
    """Return layers as parts under their names."""
    return tuple(Part(name, layer) for name, layer in layers)


def conv(
    spec: ResNetSpec,
    name: str,
    channels: int,
    out: int,
    kernel: int,
    stride: int = 1,
    groups: int = 1,
    dilation: int = 1,
) -> Part:
    """Return a convolution that keeps the map's size where its stride is 1."""
    padding = dilation * (kernel // 2)
    standardised = spec.conv is Conv.STANDARDISED
    return Part(name, Conv2d(channels, out, kernel, stride, padding, groups, False, dilation, standardised))


def norm(spec: ResNetSpec, name: str, channels: int) -> tuple[Part, ...]:
    """Return the norm, or nothing where the spec has none."""
    return () if spec.norm is Norm.NONE else (Part(name, NORMS[spec.norm](spec, channels)),)


def activation(spec: ResNetSpec, number: str = "", *, in_place: bool = True) -> tuple[Part, ...]:
    """Return the activation, or nothing where the norm before it activates."""
    if spec.norm.activates:
        return ()
    name, make = ACTIVATIONS[spec.activation]
    return (Part(f"{name}{number}", make(in_place)),)


def norm_activation(spec: ResNetSpec, number: str, channels: int) -> Chain:
    """Return norm and activation, as they stand before a pre-activated convolution: x itself is left alone."""
    normed = norm(spec, f"bn{number}", channels)
    return (*normed, *activation(spec, number, in_place=bool(normed)))
