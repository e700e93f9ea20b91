"""Images of other channels than a network was trained on: the ways, what each keeps, what each costs."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod

from resnet_explorer.analysis.read import analyse
from resnet_explorer.analysis.tuning.choices import GreyWay, Preprocess
from resnet_explorer.blueprint import Network, compile_spec
from resnet_explorer.blueprint.kinds.convolutions import Conv2d
from resnet_explorer.errors import ExplorerError
from resnet_explorer.spec import InputShape, ResNetSpec
from resnet_explorer.spec.limits import MAX_IN_CHANNELS

ADAPTER = "adapter"
"""The path of the 1x1 convolution before the network."""
LUMINANCE = (0.299, 0.587, 0.114)
"""ITU-R BT.601: how eyes, and ``convert("L")`` of Pillow, weigh red, green and blue."""
PORTS = (GreyWay.SUM, GreyWay.MEAN, GreyWay.LUMINANCE)
"""The ways that give the network another first convolution."""


def adapts(spec: ResNetSpec, channels: int) -> bool:
    """Return whether images of so many channels need a way into the network at all."""
    return channels != spec.in_channels


def check_way(spec: ResNetSpec, channels: int, way: GreyWay) -> None:
    """Raise ExplorerError where images of so many channels cannot take this way into the network."""
    if not 1 <= channels <= MAX_IN_CHANNELS:
        raise ExplorerError("channels", f"{channels} channels cannot be.", f"Choose 1 to {MAX_IN_CHANNELS:,}.")
    if not adapts(spec, channels):
        return
    grey = channels == 1 or (channels, spec.in_channels) == (3, 1)
    if way is GreyWay.REPEAT and not grey:
        raise ExplorerError(
            "gray", f"{channels} channels cannot be repeated into {spec.in_channels}.", "Choose sum, or an adapter."
        )
    if way is GreyWay.LUMINANCE and spec.in_channels != len(LUMINANCE):
        raise ExplorerError("gray", "Luminance weighs red, green and blue alone.", "Choose sum.")


def mixing(way: GreyWay, channels: int, into: int) -> tuple[tuple[float, ...], ...]:
    """Return how much of each image's channel (columns) each of the network's ``into`` channels (rows) gets.

    The mean and the luminance weight the rows by 1 / ``into`` and by the colours' luminance.
    """
    return spread({GreyWay.MEAN: (1 / into,) * into, GreyWay.LUMINANCE: LUMINANCE}.get(way, (1.0,) * into), channels)


def spread(weights: Sequence[float], channels: int) -> tuple[tuple[float, ...], ...]:
    """Return how the weight of each of a network's channels (rows) is spread over an image's channels (columns).

    Equal channels come out as the repeated channel does, and more channels than the network's take its kernels in
    turn, each kernel shared by those that take it.
    """
    into = len(weights)
    if channels < into:
        return tuple((weight / channels,) * channels for weight in weights)
    takers = [range(row, channels, into) for row in range(into)]
    return tuple(
        tuple(weight / len(mine) if column in mine else 0.0 for column in range(channels))
        for weight, mine in zip(weights, takers, strict=True)
    )


def normalisation(
    preprocess: Preprocess, spec: ResNetSpec, channels: int, way: GreyWay
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return mean and deviation of each channel that is normed: the network's where it is repeated, else the image's.

    One grey channel is normed by the luminance of the colours' values, since so it was made of them; more channels
    take them in turn.
    """
    wide = spec.in_channels if way is GreyWay.REPEAT else channels
    return _spread(preprocess.mean, wide), _spread(preprocess.std, wide)


def _spread(values: tuple[float, ...], channels: int) -> tuple[float, ...]:
    if len(values) == channels:
        return values
    if channels == 1 and len(values) == len(LUMINANCE):
        return (sum(value * weight for value, weight in zip(values, LUMINANCE, strict=True)),)
    return tuple(values[channel % len(values)] for channel in range(channels))


def first_convolution(network: Network) -> tuple[str, Conv2d]:
    """Return the path of the convolution that sees the image, and the layer."""
    stem = network.stem
    return next(
        (path, part.layer)
        for path, part in zip(stem.layer_paths, stem.form.parts, strict=True)
        if isinstance(part.layer, Conv2d)
    )


def ported(spec: ResNetSpec, channels: int, way: GreyWay) -> ResNetSpec:
    """Return the network that takes images of so many channels this way, its adapter left out."""
    return replace(spec, in_channels=channels) if way in PORTS and adapts(spec, channels) else spec


@dataclass(frozen=True, slots=True)
class ChannelCost:
    """What a way costs: parameters and MACs of what sees the image, of the whole, and the bytes of a normed image."""

    way: GreyWay
    first_params: int
    params: int
    macs: int
    image_bytes: int
    possible: bool


def channel_costs(spec: ResNetSpec, image: InputShape, channels: int) -> tuple[ChannelCost, ...]:
    """Return the costs of every way for one image; what is not possible has those of the network as it is."""
    return tuple(_cost(spec, replace(image, batch=1), channels, way) for way in GreyWay)


def _cost(spec: ResNetSpec, image: InputShape, channels: int, way: GreyWay) -> ChannelCost:
    try:
        check_way(spec, channels, way)
        possible = True
    except ExplorerError:
        possible, way_taken = False, GreyWay.REPEAT
    else:
        way_taken = way
    tuned = ported(spec, channels, way_taken)
    network = compile_spec(tuned)
    total, first = analyse(network, image).total, first_convolution(network)[1].params
    extra = channels * spec.in_channels if way_taken is GreyWay.ADAPTER and adapts(spec, channels) else 0
    wide = spec.in_channels if way_taken is GreyWay.REPEAT else channels
    pixels = image.height * image.width
    return ChannelCost(
        way, first + extra, total.params + extra, total.macs + extra * pixels, 4 * prod((wide, pixels)), possible
    )
