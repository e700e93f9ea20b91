"""The tensors of a network: the names and shapes that its state_dict has, without PyTorch."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from resnet_explorer.blueprint import Network
from resnet_explorer.blueprint.layers import Bias, ChannelConv1d, Conv2d, Gain, Layer, Linear, Shape
from resnet_explorer.blueprint.norms import FRN, BatchNorm2d, EvoNormS0, GroupNorm, InstanceNorm2d

Tensors = Iterator[tuple[str, Shape]]


def _conv(layer: Conv2d) -> Tensors:
    yield "weight", (layer.out_channels, layer.in_channels // layer.groups, layer.kernel, layer.kernel)
    if layer.bias:
        yield "bias", (layer.out_channels,)


def _linear(layer: Linear) -> Tensors:
    yield "weight", (layer.out_features, layer.in_features)
    yield "bias", (layer.out_features,)


def _each(*names: str) -> Callable[[Any], Tensors]:
    return lambda layer: iter([(name, (layer.channels,)) for name in names])


def _batch(layer: BatchNorm2d) -> Tensors:
    yield from _each("weight", "bias", "running_mean", "running_var")(layer)
    yield "num_batches_tracked", ()


_TENSORS: Mapping[type[Layer], Callable[[Any], Tensors]] = {
    Conv2d: _conv,
    Linear: _linear,
    BatchNorm2d: _batch,
    GroupNorm: _each("weight", "bias"),
    InstanceNorm2d: _each("weight", "bias"),
    FRN: _each("weight", "bias", "tau"),
    EvoNormS0: _each("weight", "bias", "v"),
    Gain: lambda layer: iter([("weight", (layer.channels, 1, 1))]),
    Bias: lambda layer: iter([("bias", (1,))]),
    ChannelConv1d: lambda layer: iter([("weight", (1, 1, layer.kernel))]),
}


def tensors(network: Network) -> dict[str, Shape]:
    """Return the shape of every tensor that the module's state_dict has, by name, in no particular order."""
    found: dict[str, Shape] = {}
    for block in network.blocks:
        for path, part in zip(block.layer_paths, block.form.parts, strict=True):
            if type(part.layer) in _TENSORS:
                found |= {f"{path}.{name}": shape for name, shape in _TENSORS[type(part.layer)](part.layer)}
    return found
