"""Numbers, shapes and hyper-parameters in the words that every view shares."""

from resnet_explorer.blueprint.layers import (
    ChannelConv1d,
    Conv2d,
    Dropout,
    Gain,
    GatedAdd,
    Layer,
    Linear,
    Scale,
    Shape,
)
from resnet_explorer.blueprint.norms import EvoNormS0, GroupNorm
from resnet_explorer.blueprint.pools import AvgPool2d, BlurPool2d, ConstantPad2d, MaxPool2d, ZeroPad

_PREFIXES = ((1e18, "E"), (1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))
_ROUNDS_UP = 0.99995
"""From here on four digits show the next power of ten: 999,950 is 1.000 M, not 1000.0 k."""


def size(shape: Shape) -> str:
    """Return a shape without its batch: ``64×56×56``, or ``1000`` for features."""
    return "×".join(str(length) for length in shape[1:])


def compact(shape: Shape) -> str:
    """Return a shape without its batch as short as can be: ``64×56²`` for a square map."""
    if len(shape) == 4 and shape[2] == shape[3] and shape[2] > 1:
        return f"{shape[1]}×{shape[2]}²"
    return size(shape)


def si(number: float, unit: str = "") -> str:
    """Return a count with four digits and its SI prefix, ready for a unit: ``1.814 G`` + ``MACs``, ``18 ``."""
    for factor, prefix in _PREFIXES:
        if number >= factor * _ROUNDS_UP:
            scaled = number / factor
            digits = 3 if scaled < 10 * _ROUNDS_UP else 2 if scaled < 100 * _ROUNDS_UP else 1
            return f"{scaled:.{digits}f} {prefix}{unit}"
    return f"{number:,.0f} {unit}"


def mib(count: int) -> str:
    """Return bytes in KiB, MiB or GiB, or in bytes below 1 KiB."""
    for factor, unit in ((2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB")):
        if count >= factor:
            return f"{count / factor:,.1f} {unit}"
    return f"{count} B"


def share(part: int, whole: int) -> float:
    """Return a part in percent of the whole; 0 where the whole is 0."""
    return 100 * part / whole if whole else 0.0


def percent(part: float) -> str:
    """Return a part of 1 in percent: ``3.5 %``."""
    return f"{100 * part:.1f} %"


def hyper(layer: Layer) -> str:
    """Return a layer's hyper-parameters in few words: ``3×3 /2 g32 d2`` for stride 2, 32 groups, dilation 2."""
    match layer:
        case Conv2d():
            words = f"{layer.kernel}×{layer.kernel}" + (f" /{layer.stride}" if layer.stride > 1 else "")
            words += f" g{layer.groups}" if layer.groups > 1 else ""
            return words + (f" d{layer.dilation}" if layer.dilation > 1 else "")
        case MaxPool2d() | AvgPool2d():
            return f"{layer.kernel}×{layer.kernel}" + (f" /{layer.stride}" if layer.stride > 1 else "")
        case BlurPool2d():
            return "3×3" + (f" /{layer.stride}" if layer.stride > 1 else "")
        case ZeroPad():
            stride = f"/{layer.stride}, " if layer.stride > 1 else ""
            more = layer.out_channels - layer.in_channels
            return f"{stride}+{more} ch" if more >= 0 else f"{stride}drops {-more} ch"
        case ConstantPad2d():
            return f"+{layer.padding} px"
        case Linear():
            return f"{layer.in_features}→{layer.out_features}"
        case GroupNorm() | EvoNormS0():
            return "1 group" if layer.groups == 1 else f"{layer.groups} groups"
        case ChannelConv1d():
            return f"k{layer.kernel}"
        case Scale():
            return f"×{layer.factor:g}"
        case Gain():
            return "1 factor" if layer.channels == 1 else f"{layer.channels} factors"
        case Dropout():
            return f"p {layer.chance:g}"
        case GatedAdd():
            return "exclusive" if layer.exclusive else "shortcut only"
        case _:
            return ""
